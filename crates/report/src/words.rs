//! Sentences that every output shares, so that an owner reads the same words everywhere.

use std::collections::BTreeMap;

use plimsoll_model::{
    Chain, Confidence, ControlStatus, DataClass, Environment, Evidence, Finding, Gap, Outcome, Review, Severity,
    Standing, Verdict,
};

/// Used where an app may be unable to show more: the reviewer's promise in one sentence.
pub(crate) const NOT_CHECKED_IS_NOT_CLEAN: &str =
    "Not checked does not mean clean. A weakness in these places would not have been seen.";

/// `1 finding`, `3 findings`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A class of data in a sentence.
pub(crate) fn load(class: DataClass) -> String {
    match class {
        DataClass::Demo => "demo data".to_owned(),
        class => format!("{} data", class.word()),
    }
}

/// The verdict in plain sentences.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    let carries = match verdict.carries {
        DataClass::Demo => "As far as was seen, this app carries nothing real".to_owned(),
        class => format!("This app carries {}", load(class)),
    };
    let fit_for = match verdict.fit_for {
        DataClass::Demo => "demo data only".to_owned(),
        DataClass::Sensitive => "sensitive data".to_owned(),
        class => format!("{} at most", load(class)),
    };
    match verdict.outcome {
        Outcome::Fit if verdict.fit_for > verdict.carries => {
            format!("{carries}. It is fit for that, and for {}.", load(verdict.fit_for))
        }
        Outcome::Fit => format!("{carries}, and is fit for it."),
        Outcome::Overloaded => format!("{carries}. As it stands it is fit for {fit_for}."),
        Outcome::Incomplete => format!(
            "{carries}. Whether it is fit for that could not be decided, because of what was not checked. Until it is, \
             treat it as fit for {fit_for}."
        ),
    }
}

/// The outcome as a short label.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fit => "Fit for its load",
        Outcome::Overloaded => "Overloaded",
        Outcome::Incomplete => "Incomplete: not decided",
    }
}

/// What a severity asks of the owner.
pub(crate) fn urgency(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "repair before anyone uses this app",
        Severity::High => "repair before real data goes in",
        Severity::Medium => "repair soon",
        Severity::Low => "repair when you are there anyway",
    }
}

/// What a confidence means.
pub(crate) fn certainty(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "confirmed: observed, or certain from the text",
        Confidence::Likely => "likely: the code says so",
        Confidence::Possible => "possible: check the evidence",
    }
}

/// A control's state for an owner.
pub(crate) fn control_status(status: ControlStatus) -> &'static str {
    match status {
        ControlStatus::Proven => "proven",
        ControlStatus::Failed => "failed",
        ControlStatus::Unproven => "unproven",
        ControlStatus::NotApplicable => "not applicable",
    }
}

/// Open findings per severity, worst first, without empty ones.
pub(crate) fn severities(review: &Review) -> Vec<(Severity, usize)> {
    Severity::ALL
        .into_iter()
        .map(|severity| (severity, open(review).filter(|finding| finding.severity == severity).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// `2 critical, 1 high`, or that there are none.
pub(crate) fn severity_counts(review: &Review) -> String {
    let counts: Vec<String> =
        severities(review).into_iter().map(|(severity, count)| format!("{count} {}", severity.word())).collect();
    match counts.is_empty() {
        false => counts.join(", "),
        true if review.coverage.looked_at.is_empty() => "none, but nothing was looked at".to_owned(),
        true => "none in what was checked".to_owned(),
    }
}

/// Findings that count.
pub(crate) fn open(review: &Review) -> impl Iterator<Item = &Finding> {
    review.findings.iter().filter(|finding| finding.is_open())
}

/// Findings that do not count: waived and known from the baseline.
pub(crate) fn set_aside(review: &Review) -> impl Iterator<Item = &Finding> {
    review.findings.iter().filter(|finding| !finding.is_open())
}

/// Why a finding does not count; `None` when it does.
pub(crate) fn standing(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Open => None,
        Standing::Baseline => Some("known from the baseline".to_owned()),
        Standing::Waived { reason, owner, until } => Some(format!("waived by {owner} until {until}: {reason}")),
    }
}

/// What is known of one of the gaps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GapState {
    /// Open findings.
    Found(usize),
    /// Findings, all of them waived or in the baseline.
    SetAside(usize),
    /// Its rules ran and found nothing.
    NotFound,
    /// No rule for it ran, or nothing was looked at.
    NotChecked,
}

impl GapState {
    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            GapState::Found(count) => format!("{count} found"),
            GapState::SetAside(count) => format!("{count} waived"),
            GapState::NotFound => "not found in what was checked".to_owned(),
            GapState::NotChecked => "not checked".to_owned(),
        }
    }
}

/// The seven gaps and what is known of each.
pub(crate) fn seven(review: &Review) -> Vec<(Gap, GapState)> {
    Gap::SEVEN
        .into_iter()
        .map(|gap| {
            let all = review.findings.iter().filter(|finding| finding.gap == gap).count();
            let counted = open(review).filter(|finding| finding.gap == gap).count();
            let ran = !review.coverage.looked_at.is_empty() && review.rules.iter().any(|rule| rule.gap == gap);
            let state = match (counted, all, ran) {
                (1.., _, _) => GapState::Found(counted),
                (0, 1.., _) => GapState::SetAside(all),
                (0, 0, true) => GapState::NotFound,
                (0, 0, false) => GapState::NotChecked,
            };
            (gap, state)
        })
        .collect()
}

/// `server/routes.ts:41-44`.
pub(crate) fn place(file: &str, line: Option<u32>, end_line: Option<u32>) -> String {
    match (line, end_line) {
        (Some(line), Some(end)) if end > line => format!("{file}:{line}-{end}"),
        (Some(line), _) => format!("{file}:{line}"),
        (None, _) => file.to_owned(),
    }
}

/// `GET http://localhost:3000/api/customers → 200`; the arrow is given because not every output can show it.
pub(crate) fn exchange(piece: &Evidence, arrow: &str) -> Option<String> {
    piece.exchange.as_ref().map(|exchange| match exchange.status {
        Some(status) => format!("{} {} {arrow} {status}", exchange.method, exchange.url),
        None => format!("{} {} {arrow} no answer", exchange.method, exchange.url),
    })
}

/// Data of one store, as an owner wants to see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreSummary {
    /// Highest class in it.
    pub(crate) class: DataClass,
    /// Fields of it.
    pub(crate) fields: Vec<String>,
    /// Who can reach any of it.
    pub(crate) reachable_by: Vec<String>,
    /// Who receives any of it.
    pub(crate) sent_to: Vec<String>,
}

/// Fields named per store.
const FIELDS_SHOWN: usize = 14;

/// Data by store, most sensitive first.
pub(crate) fn stores(review: &Review) -> Vec<(&str, StoreSummary)> {
    let mut stores: BTreeMap<&str, StoreSummary> = BTreeMap::new();
    // The heaviest fields first: what a list that is cut short must not lose.
    let mut items: Vec<_> = review.data.iter().collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.class));
    for item in items {
        let store = stores.entry(&item.store).or_default();
        store.class = store.class.max(item.class);
        let mut add = |list: fn(&mut StoreSummary) -> &mut Vec<String>, value: &String| {
            let list = list(store);
            if !list.contains(value) {
                list.push(value.clone());
            }
        };
        add(|store| &mut store.fields, &item.field);
        item.reachable_by.iter().for_each(|who| add(|store| &mut store.reachable_by, who));
        item.sent_to.iter().for_each(|who| add(|store| &mut store.sent_to, who));
    }
    for store in stores.values_mut() {
        if store.fields.len() > FIELDS_SHOWN + 1 {
            let more = store.fields.len() - FIELDS_SHOWN;
            store.fields.truncate(FIELDS_SHOWN);
            store.fields.push(format!("{more} more"));
        }
    }
    let mut stores: Vec<_> = stores.into_iter().collect();
    stores.sort_by(|a, b| b.1.class.cmp(&a.1.class).then_with(|| a.0.cmp(b.0)));
    stores
}

/// A package and how it came in: `app → express → qs`.
pub(crate) fn package_path(path: &[String], arrow: &str) -> Option<String> {
    (path.len() > 1).then(|| path.join(&format!(" {arrow} ")))
}

/// How fresh the advisories are: `; advisories of 2026-11-20 (5 days old)`.
pub(crate) fn advisories(environment: &Environment, before: &str) -> String {
    match (&environment.advisories_date, environment.advisories_age_days) {
        (Some(date), Some(days)) if days > 0 => {
            format!("{before}advisories of {date} ({} old)", count(usize::try_from(days).unwrap_or(0), "day", "days"))
        }
        (Some(date), _) => format!("{before}advisories of {date}"),
        (None, _) => format!("{before}no advisories"),
    }
}

/// How much worse the findings of a chain are together than each on its own; `None` where one finding is the chain.
pub(crate) fn compounding(review: &Review, chain: &Chain) -> Option<String> {
    let mut alone: Vec<Severity> = chain
        .cut
        .iter()
        .filter_map(|id| review.findings.iter().find(|finding| finding.id == *id))
        .map(|finding| finding.severity)
        .collect();
    alone.sort_unstable_by_key(|severity| std::cmp::Reverse(*severity));
    // Only what is worse together than its worst part is worth saying; what hangs on a condition is told as less.
    let worst = *alone.first().filter(|worst| alone.len() > 1 && **worst < chain.severity)?;
    let together = chain.severity.word();
    Some(if alone.iter().all(|severity| *severity == worst) {
        let number = if alone.len() == 2 { "Both are".to_owned() } else { format!("Each of these {} is", alone.len()) };
        format!(
            "{number} {} on {} own; together they are {together}.",
            worst.word(),
            if alone.len() == 2 { "their" } else { "its" }
        )
    } else {
        let mut words: Vec<&str> = alone.iter().map(|severity| severity.word()).collect();
        let last = words.pop().unwrap_or_default();
        format!("On their own they are {} and {last}; together they are {together}.", words.join(", "))
    })
}

/// A text with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// What a finding is part of: the worst open chain that needs it, as a sentence, with the chain's position; `None` where it
/// is in no chain, or is one by itself.
pub(crate) fn part_of(review: &Review, id: &str) -> Option<(usize, String)> {
    let mut with = review
        .chains
        .iter()
        .enumerate()
        .filter(|(_, chain)| chain.is_open() && chain.cut.len() > 1 && chain.cut.iter().any(|part| part == id));
    let (at, chain) = with.next()?;
    let others: Vec<&str> = chain.cut.iter().map(String::as_str).filter(|part| *part != id).collect();
    let more = match with.count() {
        0 => String::new(),
        more => format!(" It is part of {}.", count(more, "further chain", "further chains")),
    };
    Some((
        at,
        format!(
            "Together with {} {}: {} {}.{more}",
            others.join(" and "),
            // What hangs on a condition weighs less than its parts, and does not make them lighter.
            match review.findings.iter().find(|finding| finding.id == id) {
                Some(finding) if chain.severity < finding.severity => "it may go further".to_owned(),
                _ => format!("it is {}", chain.severity.word()),
            },
            chain.start,
            chain.impact
        ),
    ))
}

/// What the repair of each finding alone would do to the chains, most useful first, as sentences.
pub(crate) fn repairs(review: &Review) -> Vec<String> {
    let open = review.chains.iter().filter(|chain| chain.is_open()).count();
    if open < 2 {
        return Vec::new();
    }
    review
        .repairs
        .iter()
        .map(|repair| {
            let ends = match repair.ends {
                0 => "what they reach can still be reached another way".to_owned(),
                ends => {
                    format!("{} of what could be reached cannot be reached any more", count(ends, "thing", "things"))
                }
            };
            let chains = match repair.breaks {
                breaks if breaks == open => format!("all {open} chains"),
                breaks => format!("{breaks} of {open} chains"),
            };
            format!("{} alone breaks {chains}; {ends}.", repair.finding)
        })
        .collect()
}

/// The fewest repairs that end all chains, as a sentence; `None` without chains.
pub(crate) fn cheapest_cut(review: &Review) -> Option<String> {
    let cut = &review.cheapest_cut;
    if cut.findings.is_empty() {
        return None;
    }
    let all =
        if review.chains.iter().filter(|chain| chain.is_open()).count() == 1 { "the chain" } else { "all chains" };
    let known = if cut.smallest { "The fewest repairs that end" } else { "Repairs that end" };
    let listed: Vec<String> = cut
        .findings
        .iter()
        .zip(&cut.breaks)
        .map(|(id, breaks)| match breaks {
            0 => id.clone(),
            _ => format!("{id} (part of {breaks})"),
        })
        .collect();
    Some(format!("{known} {all}: {}.", listed.join(", ")))
}

/// How a live check ended, in words.
pub(crate) fn live_verdict(verdict: plimsoll_model::app::LiveVerdict) -> &'static str {
    use plimsoll_model::app::LiveVerdict;
    match verdict {
        LiveVerdict::Confirmed => "a problem, confirmed",
        LiveVerdict::Likely => "a problem, likely",
        LiveVerdict::Passed => "passed",
        LiveVerdict::CouldNotTell => "could not tell",
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{DataClass, Outcome, Verdict};

    #[test]
    fn verdict_in_one_sentence() {
        let say = |carries, fit_for, outcome| {
            super::verdict(&Verdict { carries, fit_for, outcome, reasons: vec![], raise: vec![] })
        };
        for (carries, fit_for, outcome, words) in [
            (
                DataClass::Personal,
                DataClass::Demo,
                Outcome::Overloaded,
                "This app carries personal data. As it stands it is fit for demo data only.",
            ),
            (
                DataClass::Sensitive,
                DataClass::Internal,
                Outcome::Overloaded,
                "This app carries sensitive data. As it stands it is fit for internal data at most.",
            ),
            (
                DataClass::Personal,
                DataClass::Personal,
                Outcome::Fit,
                "This app carries personal data, and is fit for it.",
            ),
            (
                DataClass::Demo,
                DataClass::Internal,
                Outcome::Fit,
                "As far as was seen, this app carries nothing real. It is fit for that, and for internal data.",
            ),
            (
                DataClass::Personal,
                DataClass::Demo,
                Outcome::Incomplete,
                "This app carries personal data. Whether it is fit for that could not be decided, because of what was \
                 not checked. Until it is, treat it as fit for demo data only.",
            ),
        ] {
            assert_eq!(say(carries, fit_for, outcome), words);
        }
    }
}
