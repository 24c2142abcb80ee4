//! The rules: queries over the app model.
//!
//! A rule is two files side by side: `family/rule_name.rs` (the query) and `family/rule_name.md` (its page, whose code
//! fences run as tests). Rules are pure: they see the [`App`] and report through a [`Sink`]; they open no file, send no
//! request and know no language. `registry.rs` is generated (`cargo xtask gen`).

mod access;
mod gains;
mod habit;
mod page;
mod registry;
mod sink;
mod stores;

pub use page::Page;
pub use registry::RULES;
pub use sink::{Draft, Sink};

use plimsoll_model::{App, Finding, Gap, NotChecked, RuleInfo, Severity};
use plimsoll_source::SourceTree;

/// A rule.
pub struct Rule {
    /// Kebab-case; names the pattern flagged, so that `allow session-cookie-readable-by-script` reads well.
    pub id: &'static str,
    /// One line, for lists.
    pub summary: &'static str,
    /// The gap.
    pub gap: Gap,
    /// Usual severity; a query may say otherwise per finding.
    pub severity: Severity,
    /// CWE numbers, most specific first.
    pub cwe: &'static [u16],
    /// OWASP Top 10 entries.
    pub owasp: &'static [&'static str],
    /// OWASP ASVS 5.0 requirement ids.
    pub asvs: &'static [&'static str],
    /// The page, Markdown.
    pub page: &'static str,
    /// The query.
    pub run: fn(&App, &mut Sink<'_>),
}

impl Rule {
    /// What outputs need to know of it.
    pub fn info(&self) -> RuleInfo {
        RuleInfo {
            id: self.id.to_owned(),
            summary: self.summary.to_owned(),
            gap: self.gap,
            cwe: self.cwe.to_vec(),
            owasp: self.owasp.iter().map(|&entry| entry.to_owned()).collect(),
            asvs: self.asvs.iter().map(|&entry| entry.to_owned()).collect(),
            severity: self.severity,
            page: self.page.to_owned(),
        }
    }
}

/// Finds a rule by id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Runs all rules. A rule that panics becomes a coverage gap, never a lost review.
pub fn run_all(app: &App, tree: &SourceTree) -> (Vec<Finding>, Vec<NotChecked>) {
    let mut findings = Vec::new();
    let mut not_checked = Vec::new();
    for rule in RULES {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut sink = Sink::new(rule, app, tree);
            (rule.run)(app, &mut sink);
            sink.into_findings()
        }));
        match result {
            Ok(found) => findings.extend(found),
            Err(_) => not_checked.push(NotChecked {
                what: format!("rule {}", rule.id),
                why: "it failed on this app; please report it".into(),
                weighs: true,
            }),
        }
    }
    sink::finish(&mut findings);
    (findings, not_checked)
}
