//! The app asks for a package whose name is nearly that of one that many use.

use plimsoll_model::{App, Confidence, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "package-named-like-another",
    summary: "a package has nearly the name of one that many use",
    gap: Gap::VulnerableDependency,
    severity: Severity::Medium,
    cwe: &[1357, 829],
    owasp: &["A03:2025"],
    asvs: &["15.2.4"],
    page: include_str!("package_named_like_another.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for package in app.strange_packages.iter().filter(|package| package.declared) {
        let (name, Some(like)) = (&package.name, &package.like) else { continue };
        sink.at(package.span, format!("asks for `{name}`; many use `{like}`"))
            .all(package.also.iter().copied(), "and here")
            .title(format!("`{name}` is nearly `{like}`: is it the one that was meant?"))
            .confidence(Confidence::Possible)
            .fix(format!("If `{like}` was meant, replace `{name}` by it, and change every password and key of computers where `{name}` was installed. If not, note why in a waiver."))
            .subject(name.clone())
            .done();
    }
}
