//! Waivers in comments: `plimsoll: allow RULE until YYYY-MM-DD [by NAME] -- reason`.

use plimsoll_model::Day;

use crate::{MAX_WAIVER_DAYS, Target};

/// A waiver as it stands in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// What it is about.
    pub target: Target,
    /// The last day on which it holds.
    pub until: Day,
    /// Who answers for it, where the comment says so.
    pub owner: Option<String>,
    /// Why.
    pub reason: String,
}

/// A comment that wants to be a waiver and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedWaiver {
    /// The rule it seems to name; empty where that cannot be told.
    pub rule: String,
    /// What is wrong.
    pub why: String,
}

const FORM: &str = "write `plimsoll: allow RULE until YYYY-MM-DD by NAME -- reason`";

/// Words with which other tools silence a finding; only the first is ours.
const WANTS: [&str; 8] = ["allow", "ignore", "disable", "waive", "waiver", "skip", "accept", "suppress"];

/// Reads one line of a comment. `None` where it is no waiver at all: a waiver begins the line, behind nothing but the signs
/// of the comment, so that a sentence *about* waivers is none.
///
/// # Errors
/// When it begins like a waiver but does not hold to the form.
pub fn inline(line: &str, today: Day) -> Option<Result<Inline, MalformedWaiver>> {
    let text = line.trim_start_matches(|c: char| c.is_whitespace() || "/*#-<!;{%".contains(c));
    let rest = text.strip_prefix("plimsoll:")?.trim_start();
    // Prose may begin with the name as well: only a word that wants something silenced is held to the form.
    let first = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if !WANTS.contains(&first) {
        return None;
    }
    let rest = rest.trim_end_matches(|c: char| c.is_whitespace() || "*/->}%#".contains(c)).trim();
    Some(parse(rest, today))
}

fn parse(text: &str, today: Day) -> Result<Inline, MalformedWaiver> {
    let fail = |rule: &str, why: String| Err(MalformedWaiver { rule: rule.to_owned(), why });
    let Some(rest) = strip_word(text, "allow") else {
        return fail("", format!("only `allow` can follow `plimsoll:`; {FORM}"));
    };
    let (head, reason) = match rest.split_once("--") {
        Some((head, reason)) => (head.trim(), reason.trim()),
        None => (rest.trim(), ""),
    };
    let mut words = head.split_whitespace();
    let named = words.next().unwrap_or_default();
    let Some(target) = Target::parse(named) else {
        return fail(&short(named), format!("it names no rule; {FORM}"));
    };
    let rule = target.to_string();
    if words.next() != Some("until") {
        return fail(&rule, format!("it has no end; {FORM}"));
    }
    let written = words.next().unwrap_or_default();
    let Some(until) = Day::parse(written) else {
        return fail(&rule, format!("`{}` is no day; {FORM}", short(written)));
    };
    if until.since(today) > MAX_WAIVER_DAYS {
        return fail(&rule, format!("it runs until {until}; a waiver runs for a year at most"));
    }
    let owner = match words.next() {
        None => None,
        Some("by") => {
            let name = words.collect::<Vec<_>>().join(" ");
            if name.is_empty() {
                return fail(&rule, format!("nobody is named after `by`; {FORM}"));
            }
            Some(name)
        }
        Some(word) => {
            return fail(&rule, format!("`{}` is not understood after the day; {FORM}", short(word)));
        }
    };
    if reason.is_empty() {
        return fail(&rule, format!("it gives no reason; {FORM}"));
    }
    Ok(Inline { target, until, owner, reason: reason.to_owned() })
}

/// What follows a word, where the text begins with it.
fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start())
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Day;

    use super::inline;
    use crate::Target;

    fn today() -> Day {
        Day::parse("2026-06-01").unwrap_or_else(|| Day::from_days(0))
    }

    #[test]
    fn forms_that_hold() {
        for (line, rule, owner, reason) in [
            ("// plimsoll: allow csrf-x until 2026-12-01 -- demo only", "csrf-x", None, "demo only"),
            ("//plimsoll:allow a until 2026-12-01 -- tight", "a", None, "tight"),
            ("# plimsoll: allow a until 2026-12-01 by Jana -- why -- really", "a", Some("Jana"), "why -- really"),
            (" * plimsoll: allow a until 2027-06-01 by Jana  Weber -- x */", "a", Some("Jana Weber"), "x"),
            ("<!-- plimsoll: allow a until 2020-01-01 -- old -->", "a", None, "old"),
            ("{/* plimsoll: allow a until 2026-12-01 -- jsx */}", "a", None, "jsx"),
            ("-- plimsoll: allow a until 2026-12-01 -- sql", "a", None, "sql"),
            ("{{-- plimsoll: allow a until 2026-12-01 -- blade --}}", "a", None, "blade"),
            ("{# plimsoll: allow a until 2026-12-01 -- jinja #}", "a", None, "jinja"),
        ] {
            let Some(Ok(waiver)) = inline(line, today()) else { panic!("{line}: {:?}", inline(line, today())) };
            assert_eq!(waiver.target, Target::Rule(rule.into()), "{line}");
            assert_eq!(waiver.owner.as_deref(), owner, "{line}");
            assert_eq!(waiver.reason, reason, "{line}");
        }
        let one = inline("// plimsoll: allow PL-1A2b3c4d until 2026-12-01 -- x", today());
        assert!(matches!(one, Some(Ok(waiver)) if waiver.target == Target::Finding("1a2b3c4d".into())));
    }

    #[test]
    fn forms_that_do_not() {
        for (line, rule, says) in [
            ("// plimsoll: allow", "", "names no rule"),
            ("// plimsoll: ignore a", "", "only `allow`"),
            ("// plimsoll: allow A.B until 2026-12-01 -- x", "A.B", "names no rule"),
            ("// plimsoll: allow a -- x", "a", "no end"),
            ("// plimsoll: allow a until tomorrow -- x", "a", "is no day"),
            ("// plimsoll: allow a until 2026-02-30 -- x", "a", "is no day"),
            ("// plimsoll: allow a until 2027-06-03 -- x", "a", "a year at most"),
            ("// plimsoll: allow a until 2026-12-01", "a", "no reason"),
            ("// plimsoll: allow a until 2026-12-01 -- ", "a", "no reason"),
            ("// plimsoll: allow a until 2026-12-01 by -- x", "a", "nobody is named"),
            ("// plimsoll: allow a until 2026-12-01 Jana -- x", "a", "not understood"),
        ] {
            let Some(Err(malformed)) = inline(line, today()) else { panic!("{line}") };
            assert_eq!(malformed.rule, rule, "{line}");
            assert!(malformed.why.contains(says), "{line}: {}", malformed.why);
        }
    }

    #[test]
    fn what_is_no_waiver() {
        for line in
            ["// see plimsoll: allow a", "// plimsoll allow a", "// plimsoll://allow", "", "// plimsoll: a tool"]
        {
            assert_eq!(inline(line, today()), None, "{line}");
        }
    }
}
