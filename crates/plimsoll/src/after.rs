//! What comes after a finding: the request for the owner's assistant, the check of the repair, the incident page.

use std::fmt::Write as _;

use plimsoll_model::app::{SecretKind, SecretTier};
use plimsoll_model::{App, Evidence, Finding, Review};
use plimsoll_source::SourceTree;

/// Finds a finding by id or by the beginning of its fingerprint.
pub(crate) fn find<'r>(review: &'r Review, id: &str) -> Result<&'r Finding, String> {
    let wanted = id.strip_prefix("PL-").unwrap_or(id);
    let mut found =
        review.findings.iter().filter(|finding| !wanted.is_empty() && finding.fingerprint.starts_with(wanted));
    match (found.next(), found.next()) {
        (Some(finding), None) => Ok(finding),
        (Some(_), Some(_)) => Err(format!("several findings begin with `{id}`")),
        (None, _) => Err(format!("there is no finding `{id}` in this app; `plimsoll check` lists them")),
    }
}

fn place(evidence: &Evidence) -> Option<String> {
    let place = evidence.place.as_ref()?;
    Some(match place.line {
        Some(line) => format!("{}:{line}", place.file),
        None => place.file.clone(),
    })
}

/// A request that an owner pastes into their assistant.
pub(crate) fn prompt(review: &Review, finding: &Finding) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "Please repair one security problem in this app. Change nothing else.\n");
    let _ = writeln!(out, "Problem: {}", finding.title);
    let _ = writeln!(out, "Why it matters: {}\n", finding.meaning);
    let _ = writeln!(out, "Where:");
    for evidence in &finding.evidence {
        if let Some(place) = place(evidence) {
            let _ = writeln!(out, "- {place} ({})", evidence.note);
        }
    }
    let _ = writeln!(out, "\nWhat to do: {}", finding.fix);
    if let Some(rule) = review.rules.iter().find(|rule| rule.id == finding.rule) {
        let page = plimsoll_rules::Page::new(&rule.page);
        if let Some(fence) = page.fences().into_iter().find(|fence| fence.section == "Do this instead") {
            let _ = writeln!(out, "\nThe same mistake done right, in another app:\n\n{}", fence.text);
        }
    }
    let _ = writeln!(
        out,
        "Rules for the repair:\n- The check belongs on the server, before any data is touched; hiding something in the page is no repair.\n- People who may use this today must still be able to.\n- Do not remove the feature, do not silence the check with a comment.\n- List the files you changed.\n\nAfterwards I run `plimsoll verify {} --before report.json`, which looks independently.",
        finding.id
    );
    out
}

/// How a repair stands.
pub(crate) enum Repair {
    /// The rule finds it no more.
    Fixed,
    /// It is still there.
    StillThere,
    /// The rule could not look: why.
    CouldNotTell(String),
}

/// Whether a finding is gone. `before` is the JSON report of the review that found it: without it an id that is not
/// found now may be mistyped, or its line may only have been rewritten, and neither is a repair.
pub(crate) fn verify(review: &Review, id: &str, before: Option<&str>) -> Repair {
    if find(review, id).is_ok() {
        return Repair::StillThere;
    }
    let Some(before) = before else {
        return Repair::CouldNotTell(format!(
            "{id} is not found now, but whether it ever was is not known: give the earlier report with `--before report.json`"
        ));
    };
    let earlier = match Earlier::read(before) {
        Ok(earlier) => earlier,
        Err(why) => return Repair::CouldNotTell(why),
    };
    let Some((_, rule)) = earlier.findings.iter().find(|(known, _)| known == id) else {
        return Repair::CouldNotTell(format!("the earlier report has no finding {id}"));
    };
    // A rewritten line has another id: a finding of the same rule that is new may be the same one.
    let moved = review
        .findings
        .iter()
        .find(|finding| finding.rule == *rule && !earlier.findings.iter().any(|(known, _)| *known == finding.id));
    if let Some(finding) = moved {
        return Repair::CouldNotTell(format!(
            "it is gone, but `{rule}` reports a new one ({}): it may be the same",
            finding.id
        ));
    }
    match review.coverage.not_checked.iter().find(|gap| gap.weighs) {
        Some(gap) => Repair::CouldNotTell(format!("{} was not checked: {}", gap.what, gap.why)),
        None => Repair::Fixed,
    }
}

/// Ids and rules of an earlier review.
struct Earlier {
    findings: Vec<(String, String)>,
}

impl Earlier {
    fn read(json: &str) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| format!("the earlier report is not valid JSON: {error}"))?;
        if value["schema"] != "plimsoll-review/1" {
            return Err("the earlier report is no `plimsoll check --format json` report".into());
        }
        let findings = value["findings"].as_array().into_iter().flatten();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Earlier { findings: findings.map(|finding| (text(&finding["id"]), text(&finding["rule"]))).collect() })
    }
}

/// A page for the day when something has happened: what to close, which keys to change, whom to tell.
pub(crate) fn incident(review: &Review, app: &App, tree: &SourceTree) -> String {
    let mut out = format!(
        "# Incident plan for {}\n\nPrint this page now. Fill in the blanks before you need it.\n",
        review.subject.name
    );
    let _ = writeln!(out, "\n## 1. First hour\n\n- [ ] Write down the time and what was seen: ____________________");
    let _ =
        writeln!(out, "- [ ] Take the app off the internet or switch it to maintenance. Where: ____________________");
    let _ = writeln!(out, "- [ ] Keep the logs and a copy of the database. Delete nothing.");
    let _ = writeln!(out, "\n## 2. Keys and passwords to change\n");
    let mut any = false;
    for secret in app.secrets.iter().filter(|secret| secret.tier == SecretTier::Secret && !secret.in_sample) {
        any = true;
        let (line, _) = tree.lines(secret.span);
        let sign_out = if secret.kind == SecretKind::SigningKey { " (this signs everybody out)" } else { "" };
        let _ =
            writeln!(out, "- [ ] {}{sign_out}, written in {}:{line}", secret.what, tree.file(secret.span.file).path);
    }
    if !any {
        let _ = writeln!(out, "None was found in the code. Keys kept at your host: ____________________");
    }
    let _ = writeln!(out, "\n## 3. Whose data\n");
    let mut stores: Vec<&str> = app
        .entry_points
        .iter()
        .flat_map(|entry| &entry.effects)
        .map(|effect| effect.target.as_str())
        .filter(|target| {
            !matches!(*target, "cookie" | "session")
                && !target.is_empty()
                && target.len() < 40
                && !target.contains(['{', '/', ' '])
        })
        .collect();
    stores.sort_unstable();
    stores.dedup();
    for store in &stores {
        let _ = writeln!(out, "- [ ] {store}: whose records are in it, how many: ____________________");
    }
    if stores.is_empty() {
        let _ = writeln!(out, "No store was recognised. What the app keeps, and of whom: ____________________");
    }
    let _ = writeln!(out, "\n## 4. Whom to tell\n");
    let _ = writeln!(
        out,
        "- [ ] The data protection authority. Under the GDPR within 72 hours after you learned of it, unless a risk to people is unlikely (Art. 33). Which one: ____________________"
    );
    let _ = writeln!(out, "- [ ] The people concerned, without undue delay, when the risk to them is high (Art. 34).");
    let _ = writeln!(out, "- [ ] Insurer, payment provider, franchisor: ____________________");
    let _ = writeln!(out, "\nThis page is no legal advice.");
    out
}
