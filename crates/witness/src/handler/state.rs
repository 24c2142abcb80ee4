//! What a component keeps between two drawings: `useState`, `ref`. A value that is drawn was put there elsewhere in the
//! component, perhaps later in its text.

use std::collections::BTreeMap;

use plimsoll_analysis::{
    Clean, Event, EventKind, Knowledge as _, Label, Labels, Site, Symbol, SymbolKind, Value, ValueKind,
};

use crate::knowledge::{Known, PLACES, ends_with_name};

/// Whether a path is that of what a call gives that makes a place for a value.
fn is_place(path: &str) -> bool {
    path.strip_suffix("()").is_some_and(|call| PLACES.iter().any(|name| ends_with_name(call, name)))
}

/// Labels of everything that is put into each place, by the call that makes it.
#[derive(Debug, Default)]
pub(crate) struct State(BTreeMap<Site, Labels>);

impl State {
    /// What a run puts where.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut state = State::default();
        // Twice: what is put in may come from another place.
        for _ in 0..2 {
            for event in events {
                let (place, value) = match &event.kind {
                    // `setHtml(value)`: the second part of what `useState` gives.
                    EventKind::Call { callee, args } => match (&callee.kind, args.first()) {
                        (SymbolKind::Index(base, index), Some(arg)) if matches!(index.kind, ValueKind::Num(number) if number == 1.0) => {
                            (base, &arg.value)
                        }
                        // `html.set(value)`
                        (SymbolKind::Member(base, name), Some(arg)) if name == "set" => (base, &arg.value),
                        _ => continue,
                    },
                    EventKind::Assign { receiver, value, .. } => match receiver.as_symbol() {
                        Some(symbol) => (symbol, value),
                        None => continue,
                    },
                    _ => continue,
                };
                let Some(site) = place_of(place) else { continue };
                let labels = state.settled(&value.deep_labels());
                let known = state.0.entry(site).or_default();
                *known = known.union(&labels);
            }
        }
        state
    }

    /// A value with the labels of what is put into the places that it comes from.
    pub(crate) fn within(&self, value: &Value) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        value.clone().with(&self.put_into(&value.deep_labels()))
    }

    /// What the places among the labels stand for, with what was done to make it harmless since it was read.
    fn put_into(&self, labels: &Labels) -> Labels {
        labels.iter().fold(Labels::NONE, |all, label| match label {
            Label::Kept(site, clean) => match self.0.get(site) {
                Some(kept) => all.union(&kept.cleaned(*clean)),
                None => all,
            },
            _ => all,
        })
    }

    /// Labels without places that are known by now.
    fn settled(&self, labels: &Labels) -> Labels {
        labels.union(&self.put_into(labels))
    }
}

/// Whether a value is known to hold no markup of others: it was made harmless, or it is the app's own text.
pub(crate) fn is_harmless_markup(value: &Value) -> bool {
    let cleaned = |labels: &Labels| {
        !labels.is_empty()
            && labels.iter().all(|label| match label {
                plimsoll_analysis::Label::Input(_, clean)
                | plimsoll_analysis::Label::Upload(_, clean)
                | plimsoll_analysis::Label::Record(_, clean)
                | plimsoll_analysis::Label::Browser(_, clean)
                | plimsoll_analysis::Label::Answer(clean) => clean.covers(Clean::HTML),
                _ => false,
            })
    };
    match &value.kind {
        ValueKind::Str(_) | ValueKind::Num(_) | ValueKind::Bool(_) | ValueKind::Null => true,
        ValueKind::Text(parts) => parts.iter().all(is_harmless_markup),
        ValueKind::Choice(list) => !list.is_empty() && list.iter().all(|(inner, _)| is_harmless_markup(inner)),
        ValueKind::Or(pair) => is_harmless_markup(&pair.0) && is_harmless_markup(&pair.1),
        ValueKind::And(pair) => is_harmless_markup(&pair.1),
        ValueKind::Symbol(symbol) => {
            let mut at: &Symbol = symbol;
            loop {
                if let SymbolKind::Call { callee, args, .. } = &at.kind
                    && Known.call(&callee.path, None, args).clean.covers(Clean::HTML)
                {
                    return true;
                }
                match at.base() {
                    Some(base) => at = base,
                    None => return cleaned(&value.labels),
                }
            }
        }
        _ => cleaned(&value.labels),
    }
}

/// The call that made the place a symbol is, or is a part of.
fn place_of(symbol: &Symbol) -> Option<Site> {
    let mut at = symbol;
    loop {
        if is_place(&at.path) {
            return at.site();
        }
        at = at.base()?;
    }
}
