//! Checks that look at something else than what is then changed: the caller is asked for a role in the organisation that the
//! request names, and the record is picked by another value of the request.

use std::collections::BTreeSet;

use plimsoll_analysis::{Fact, Facts, Label, Value, ValueKind};
use plimsoll_model::app::{Effect, EffectKind, GuardKind};
use plimsoll_source::SourceTree;

/// Names of values of the request.
type Names = BTreeSet<String>;

/// More values than this are not looked at: what a condition is made of is seldom more than a few queries.
const MAX_VALUES: usize = 600;

/// Whether a record is changed by a value of the request that none of the checks on the way looked at, although they ask what
/// the caller may do with something that the request names. A role in the whole app holds for every record.
pub(super) fn is_beyond(effect: &Effect, facts: &Facts, tree: &SourceTree) -> bool {
    let judged = matches!(effect.kind, EffectKind::Update | EffectKind::Delete)
        && !effect.limited_to_caller
        && !effect.picked_by.is_empty()
        // Of a whole the field is not known.
        && effect.picked_by.iter().all(|name| name.contains('.'));
    if !judged {
        return false;
    }
    let picks: Names = effect.picked_by.iter().cloned().collect();
    let all: Vec<&Fact> = facts.iter().collect();
    !settles(&all, &picks, tree) && all.iter().any(|fact| asks_elsewhere(fact, &picks, tree))
}

/// Whether one of several conditions that all hold says something of the record.
fn settles(facts: &[&Fact], picks: &Names, tree: &SourceTree) -> bool {
    facts.iter().any(|fact| match fact {
        Fact::AnyOf { branches, .. } => {
            !branches.is_empty()
                && branches.iter().all(|branch| settles(&branch.iter().collect::<Vec<_>>(), picks, tree))
        }
        fact => {
            relates(fact, picks)
                || authority(fact, tree).is_some_and(|about| about.is_empty())
                || proves_message(fact, picks, tree)
        }
    })
}

/// Whether a condition proves the whole message that the record is named in (a signature over the body): what such a message
/// names is the sender's to name.
fn proves_message(fact: &Fact, picks: &Names, tree: &SourceTree) -> bool {
    let guards = crate::guards::guards_of(&Facts::default().with([fact.clone()]), tree);
    if !guards.iter().any(|guard| guard.kind == GuardKind::Signature && guard.holds()) {
        return false;
    }
    let about = values(fact).into_iter().fold(Names::new(), |all, value| all.union(&named(value)).cloned().collect());
    let covers = |whole: &String| {
        picks.iter().all(|pick| pick.strip_prefix(whole.as_str()).is_some_and(|rest| rest.starts_with('.')))
    };
    about.iter().any(covers)
}

/// Whether a condition asks what the caller may do, with something that the request names and that is not the record.
fn asks_elsewhere(fact: &Fact, picks: &Names, tree: &SourceTree) -> bool {
    match fact {
        Fact::AnyOf { branches, .. } => branches.iter().flatten().any(|fact| asks_elsewhere(fact, picks, tree)),
        fact => authority(fact, tree).is_some_and(|about| !about.is_empty() && about.is_disjoint(picks)),
    }
}

/// What the request names of that with which a condition asks what the caller may do; `None` where it asks nothing of it.
fn authority(fact: &Fact, tree: &SourceTree) -> Option<Names> {
    let guards = crate::guards::guards_of(&Facts::default().with([fact.clone()]), tree);
    let asks = guards.iter().any(|guard| {
        matches!(guard.kind, GuardKind::Role | GuardKind::Ownership | GuardKind::Signature) && guard.holds()
    });
    asks.then(|| values(fact).into_iter().fold(Names::new(), |all, value| all.union(&named(value)).cloned().collect()))
}

/// Whether a condition sets the record, or the value that picks it, against something else that is not fixed.
fn relates(fact: &Fact, picks: &Names) -> bool {
    let about = |value: &Value| !named(value).is_disjoint(picks);
    let fixed = |value: &Value| value.deep_labels().is_empty();
    match fact {
        // That two things differ says of neither whose it is.
        Fact::Equal { holds: false, .. } | Fact::In { holds: false, .. } => false,
        Fact::Equal { left, right, .. } | Fact::Compared { left, right, .. } => {
            (about(left) && !fixed(right)) || (about(right) && !fixed(left))
        }
        Fact::In { value, among, .. } => (about(value) && !fixed(among)) || (about(among) && !fixed(value)),
        Fact::Passed { value, .. } => about(value),
        // A record that was looked up by more than the value: by the caller, by another record, by the organisation.
        Fact::Truthy { value, .. } => {
            let names = named(value);
            let is_record = value.deep_labels().any(|label| matches!(label, Label::Record(..)));
            is_record && !names.is_disjoint(picks) && (!names.is_subset(picks) || asks_more(value))
        }
        Fact::AnyOf { .. } => false,
    }
}

/// Whether a look-up names the caller or another record besides.
fn asks_more(value: &Value) -> bool {
    let Some(symbol) = value.as_symbol() else { return false };
    symbol
        .calls()
        .iter()
        .flat_map(|(_, args, _)| args.iter())
        .any(|arg| arg.value.deep_labels().any(|label| matches!(label, Label::Identity | Label::Record(..))))
}

/// The values that a single condition is about.
pub(super) fn values(fact: &Fact) -> Vec<&Value> {
    match fact {
        Fact::Truthy { value, .. } | Fact::Passed { value, .. } => vec![value],
        Fact::Equal { left, right, .. } | Fact::Compared { left, right, .. } => vec![left, right],
        Fact::In { value, among, .. } => vec![value, among],
        Fact::AnyOf { .. } => Vec::new(),
    }
}

/// The values of the request that a value is made of or was looked up by.
fn named(value: &Value) -> Names {
    let mut out = Names::new();
    let mut left = MAX_VALUES;
    collect(value, &mut out, &mut left, 0);
    out
}

fn collect(value: &Value, out: &mut Names, left: &mut usize, depth: u32) {
    if *left == 0 || depth > 10 {
        return;
    }
    *left -= 1;
    out.extend(value.labels.iter().filter_map(|label| match label {
        Label::Input(name, _) if !name.starts_with("headers") && !name.starts_with("cookies") => Some(name.to_string()),
        _ => None,
    }));
    match &value.kind {
        ValueKind::Object(object) => {
            let (fields, items) = (object.fields.borrow(), object.items.borrow());
            let spreads = object.spreads.borrow();
            fields
                .values()
                .chain(items.iter())
                .chain(spreads.iter())
                .for_each(|inner| collect(inner, out, left, depth + 1));
        }
        ValueKind::Choice(ways) => ways.iter().for_each(|(inner, _)| collect(inner, out, left, depth + 1)),
        ValueKind::Text(parts) => parts.iter().for_each(|part| collect(part, out, left, depth + 1)),
        ValueKind::Not(inner) => collect(inner, out, left, depth + 1),
        ValueKind::And(pair)
        | ValueKind::Or(pair)
        | ValueKind::Compare(pair)
        | ValueKind::In(pair)
        | ValueKind::Equal(pair, _) => {
            collect(&pair.0, out, left, depth + 1);
            collect(&pair.1, out, left, depth + 1);
        }
        ValueKind::Symbol(symbol) => {
            for (_, args, _) in symbol.calls() {
                args.iter().for_each(|arg| collect(&arg.value, out, left, depth + 1));
            }
        }
        _ => {}
    }
}
