//! Code imports a package that nothing installs.

use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "package-declared-nowhere",
    summary: "code imports a package that nothing installs",
    gap: Gap::VulnerableDependency,
    severity: Severity::Low,
    cwe: &[1357, 829],
    owasp: &["A03:2025"],
    asvs: &["15.2.4"],
    page: include_str!("package_declared_nowhere.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for package in app.strange_packages.iter().filter(|package| !package.declared) {
        let name = &package.name;
        let mut note = format!("imports `{name}`, which no manifest and no lockfile names");
        if let Some(like) = &package.like {
            note.push_str(&format!("; many use `{like}`"));
        }
        let fix = match &package.like {
            Some(like) => {
                format!("Import `{like}` if that is what was meant. Do not install `{name}` to make the error go away.")
            }
            None => format!(
                "Look up by whom and since when `{name}` is published before anybody installs it; if nobody knows it, write these lines without it."
            ),
        };
        sink.at(package.span, note)
            .all(package.also.iter().copied(), "and here")
            .title(format!("`{name}` is imported, but nothing installs it: does it exist?"))
            .severity(if package.like.is_some() { Severity::Medium } else { Severity::Low })
            .confidence(Confidence::Possible)
            .fix(fix)
            .subject(name.clone())
            .done();
    }
}
