//! What the review shows of the running app.

use plimsoll_model::app::LiveVerdict;
use plimsoll_model::{App, Contradiction, Evidence, LiveLine, LiveReport, Place, Witness};
use plimsoll_source::{SourceTree, Span};

/// The section on the running app; nothing where it was not looked at.
pub(crate) fn of(app: &App, tree: &SourceTree) -> Option<LiveReport> {
    let live = &app.live;
    let origin = live.origin.clone()?;
    let line = |exchange: &plimsoll_model::Exchange, account: Option<&String>, outcome| LiveLine {
        exchange: exchange.clone(),
        account: account.cloned(),
        outcome,
    };
    let mut answers: Vec<LiveLine> = Vec::new();
    for answer in live.open_entry_points.iter().filter(|answer| answer.verdict != LiveVerdict::Passed) {
        answers.push(line(&answer.exchange, None, "answered"));
    }
    answers.extend(live.refused_entry_points.iter().map(|answer| line(&answer.exchange, None, "refused")));
    for access in &live.access {
        let outcome = if access.allowed() { "answered" } else { "refused" };
        answers.push(line(&access.exchange, Some(&access.account), outcome));
    }
    for table in &live.tables {
        match table.verdict {
            LiveVerdict::Confirmed => answers.push(line(&table.exchange, None, "answered")),
            LiveVerdict::Passed => answers.push(line(&table.exchange, None, "refused")),
            LiveVerdict::Likely | LiveVerdict::CouldNotTell => {}
        }
    }
    answers.sort_by(|a, b| (&a.exchange.url, &a.account, &a.exchange).cmp(&(&b.exchange.url, &b.account, &b.exchange)));
    answers.dedup();
    Some(LiveReport {
        origin,
        requests: live.requests,
        accounts: live.accounts.iter().map(|account| (account.label.clone(), account.how.clone())).collect(),
        checks: live.checks.clone(),
        answers,
        disagreements: live
            .disagreements
            .iter()
            .map(|one| Contradiction {
                about: one.about.clone(),
                evidence: vec![
                    Evidence {
                        witness: Witness::Code,
                        place: Some(place(tree, one.span)),
                        exchange: None,
                        note: one.code.clone(),
                    },
                    Evidence {
                        witness: Witness::Live,
                        place: None,
                        exchange: Some(one.exchange.clone()),
                        note: one.live.clone(),
                    },
                ],
            })
            .collect(),
        pictures: live.pictures.clone(),
    })
}

/// Without the line's text, which could hold a secret that only the rules' sink masks.
fn place(tree: &SourceTree, span: Span) -> Place {
    let (line, end_line) = tree.lines(span);
    Place {
        file: tree.file(span.file).path.clone(),
        line: Some(line),
        end_line: Some(end_line),
        snippet: String::new(),
    }
}
