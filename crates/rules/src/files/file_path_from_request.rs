//! A visitor chooses which file the server reads or writes.

use std::collections::BTreeSet;

use plimsoll_model::app::{Sink as Ends, Source};
use plimsoll_model::{App, Claim, Gap, Severity};

use crate::{Rule, Sink, gains};

pub(crate) static RULE: Rule = Rule {
    id: "file-path-from-request",
    summary: "a visitor chooses which file the server reads or writes",
    gap: Gap::UnsafeUpload,
    severity: Severity::High,
    cwe: &[22, 73],
    owasp: &["A01:2025"],
    asvs: &["5.3.2"],
    page: include_str!("file_path_from_request.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    let mut seen = BTreeSet::new();
    for flow in &app.flows {
        let Some(entry) = flow.entry.and_then(|index| app.entry_points.get(index)) else { continue };
        let leads_there = flow.sink == Ends::FilePath && is_chosen(flow.source, &flow.source_name);
        if !leads_there || !seen.insert(flow.to) {
            continue;
        }
        let (who, to) = gains::sender(app, flow);
        let name = &flow.source_name;
        let runs_what_it_opens = flow.sink_name == "include";
        let ends_files = ["unlink", "write", "save", "mkdir", "rename"]
            .iter()
            .any(|word| flow.sink_name.to_ascii_lowercase().rsplit('.').next().is_some_and(|last| last.contains(word)));
        let mut draft = sink.at(flow.to, format!("`{name}` is part of the path"));
        draft = if runs_what_it_opens {
            draft.grants(
                [Claim::Stands(who)],
                Claim::RunsCode,
                format!("names a file with a program in it as `{name}`{to}"),
            )
        } else if ends_files {
            let gain = Claim::Writes(gains::heaviest(app));
            draft.grants(
                [Claim::Stands(who)],
                gain,
                format!("names a file of the server as `{name}`{to}: it is replaced"),
            )
        } else {
            draft.grants(
                [Claim::Stands(who)],
                Claim::ReadsFiles,
                format!("names a file of the server as `{name}`{to}: it is sent"),
            )
        };
        draft
            .title(format!(
                "{} reads or writes a file whose path the visitor chooses (`{}`)",
                entry.label(),
                flow.source_name
            ))
            .subject(entry.label())
            .also(entry.handler, "the handler")
            .done();
    }
}

/// A field of the request, or the name that an upload brings along; names made by an upload library are its own.
fn is_chosen(source: Source, name: &str) -> bool {
    match source {
        Source::Request => !name.starts_with("headers") && !name.starts_with("url"),
        Source::Upload => name.contains("originalname") || name.ends_with(".name"),
        _ => false,
    }
}
