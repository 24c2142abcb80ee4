//! Text from a visitor becomes part of a database command.

use std::collections::BTreeMap;

use plimsoll_model::app::{EffectKind, Flow, Purpose, Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Position, Severity};
use plimsoll_source::FileId;

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "sql-from-input",
    summary: "text from a visitor becomes part of a database command",
    gap: Gap::Injection,
    severity: Severity::High,
    cwe: &[89],
    owasp: &["A03:2025"],
    asvs: &["1.2.4"],
    page: include_str!("sql_from_input.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // How statements are put together is one habit of a file. A helper that runs every statement is not where the mistake
    // is: that is where the text was put together.
    let mut seen = std::collections::BTreeSet::new();
    let mut files: BTreeMap<FileId, Vec<&Flow>> = BTreeMap::new();
    for flow in &app.flows {
        let is_visitors = matches!(flow.source, Source::Request | Source::Upload);
        if is_visitors && flow.sink == Ends::Sql && seen.insert((flow.from, flow.to)) {
            files.entry(flow.from.file).or_default().push(flow);
        }
    }
    for flows in files.into_values() {
        let Some((first, rest)) = flows.split_first() else { continue };
        let title = match rest.len() {
            0 => format!("What a visitor sends (`{}`) becomes part of a database command", first.source_name),
            more => {
                format!("What a visitor sends (`{}`) becomes part of {} database commands", first.source_name, more + 1)
            }
        };
        let mut draft = sink.at(first.from, format!("`{}` ends here", first.source_name)).title(title);
        if first.from != first.to {
            draft = draft.also(first.to, "the database runs it here");
        }
        for flow in rest {
            draft = draft.also(flow.from, format!("`{}` ends here", flow.source_name));
        }
        // The statement whose sender needs least counts.
        let weakest = flows.iter().map(|flow| (gains::sender(app, flow), flow)).min_by_key(|((who, _), _)| *who);
        if let Some(((who, to), flow)) = weakest {
            let name = &flow.source_name;
            draft = draft.grants(
                [Claim::Stands(who)],
                Claim::Reads(gains::heaviest(app)),
                format!("sends a piece of a database command as `{name}`{to}: it answers with any table"),
            );
            if gains::has_accounts(app) {
                draft = draft.grants(
                    [Claim::Stands(who)],
                    Claim::Knows(Claim::STORED_PASSWORDS.to_owned()),
                    format!("sends a piece of a database command as `{name}`{to}: it answers with the accounts"),
                );
            }
        }
        let login = flows.iter().find_map(|flow| {
            let entry = app.entry_points.get(flow.entry?)?;
            let compares = entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword);
            (entry.purposes.contains(&Purpose::Login) && !compares).then_some(entry)
        });
        if let Some(entry) = login {
            draft = draft.grants(
                [Claim::Stands(Position::Anyone)],
                Claim::Holds(gains::victim(app)),
                format!(
                    "writes a condition that always holds into {} and is logged in without a password",
                    entry.label()
                ),
            );
        }
        draft.done();
    }
}
