//! Waivers applied to findings.

use plimsoll_config::{FILE, Target, inline, nearest};
use plimsoll_model::{Day, Finding, Standing, UnusedWaiver};
use plimsoll_source::{Glob, SourceTree};

use crate::comments::{self, Comment};
use crate::owner::Subject;

/// Where a waiver holds.
enum Reach {
    /// In the whole app, or in the files of a pattern.
    Files(Option<Glob>),
    /// On lines of a file.
    Lines { file: String, first: u32, last: u32 },
}

/// A waiver of either form.
struct Candidate {
    target: Target,
    reach: Reach,
    reason: String,
    owner: Option<String>,
    until: Day,
    at: String,
    matches: bool,
}

/// Said of a waiver whose owner nobody knows.
const NOBODY: &str = "nobody is named";

/// Most waivers in comments that are read: more are no decisions of anybody.
const MAX_IN_COMMENTS: usize = 2_000;

/// Most waivers one below the other.
const MAX_STACKED: usize = 20;

/// Most waivers that are listed as needing attention.
const MAX_LISTED: usize = 200;

/// Sets the standing of waived findings. Gives the waivers that need attention: expired, unused, malformed, of an unknown
/// rule, or of nobody.
pub(crate) fn apply(subject: &Subject, findings: &mut [Finding], asked_live: bool) -> Vec<UnusedWaiver> {
    let mut attention = Vec::new();
    let mut candidates: Vec<Candidate> = subject
        .config
        .waivers
        .iter()
        .map(|waiver| Candidate {
            target: waiver.target.clone(),
            reach: Reach::Files(waiver.path.clone()),
            reason: waiver.reason.clone(),
            owner: Some(waiver.owner.clone()),
            until: waiver.until,
            at: format!("{FILE}:{}", waiver.line),
            matches: false,
        })
        .collect();
    let app_owner = subject.config.owner.as_ref().map(|said| said.value.clone());
    in_comments(subject, app_owner.as_deref(), &mut candidates, &mut attention);

    for finding in findings.iter_mut().filter(|finding| finding.is_open()) {
        for candidate in &mut candidates {
            if !candidate.is_of(finding) {
                continue;
            }
            candidate.matches = true;
            if finding.is_open() && candidate.until >= subject.today {
                finding.standing = Standing::Waived {
                    reason: candidate.reason.clone(),
                    owner: candidate.owner.clone().unwrap_or_else(|| NOBODY.to_owned()),
                    until: candidate.until.to_string(),
                };
            }
        }
    }
    attention.extend(candidates.iter().filter_map(|candidate| candidate.attention(subject.today, asked_live)));
    attention.sort();
    attention.dedup();
    if attention.len() > MAX_LISTED {
        let more = attention.len() - MAX_LISTED;
        attention.truncate(MAX_LISTED);
        attention.push(UnusedWaiver {
            rule: "others".into(),
            at: "further places".into(),
            why: format!("{more} more waivers need attention and are not listed"),
        });
    }
    attention
}

impl Candidate {
    fn is_of(&self, finding: &Finding) -> bool {
        let named = match &self.target {
            Target::Rule(rule) => finding.rule == *rule,
            Target::Finding(fingerprint) => finding.fingerprint.starts_with(fingerprint.as_str()),
        };
        let mut places = finding.evidence.iter().filter_map(|evidence| evidence.place.as_ref());
        named
            && match &self.reach {
                Reach::Files(None) => true,
                Reach::Files(Some(glob)) => places.any(|place| glob.covers(&place.file)),
                Reach::Lines { file, first, last } => places.any(|place| {
                    place.file == *file && place.line.is_some_and(|line| (*first..=*last).contains(&line))
                }),
            }
    }

    fn attention(&self, today: Day, asked_live: bool) -> Option<UnusedWaiver> {
        let why = match &self.target {
            Target::Rule(rule) if plimsoll_rules::find(rule).is_none() => {
                let near = nearest(rule, plimsoll_rules::RULES.iter().map(|known| known.id));
                let meant = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                format!("there is no such rule{meant}")
            }
            _ if self.until < today && self.matches => {
                format!("it ended on {}: what it waived counts again", self.until)
            }
            _ if self.until < today => {
                format!("it ended on {}, and nothing matches it any more: it can go", self.until)
            }
            _ if !self.matches && asked_live => "it matches no finding: it can go".to_owned(),
            _ if !self.matches => "it matches no finding; the running app was not asked this time".to_owned(),
            _ if self.owner.is_none() => {
                format!("{NOBODY} who answers for it: add `by NAME` before `--`, or `owner` under `[app]` in {FILE}")
            }
            _ => return None,
        };
        Some(UnusedWaiver { rule: self.target.to_string(), at: self.at.clone(), why })
    }
}

/// Waivers in comments of the code.
fn in_comments(
    subject: &Subject,
    app_owner: Option<&str>,
    candidates: &mut Vec<Candidate>,
    attention: &mut Vec<UnusedWaiver>,
) {
    let tree = &subject.tree;
    let found: Vec<(Comment, Vec<(u32, String)>)> = comments::that_mention(tree, "plimsoll:")
        .into_iter()
        .map(|comment| {
            let lines = lines_of(tree, &comment);
            (comment, lines)
        })
        .collect();
    let mut count = 0;
    for (at, (comment, lines)) in found.iter().enumerate() {
        for (line, text) in lines {
            let file = &tree.file(comment.file).path;
            let place = format!("{file}:{line}");
            let read = inline(text, subject.today);
            count += usize::from(read.is_some());
            if count > MAX_IN_COMMENTS {
                attention.push(UnusedWaiver {
                    rule: "any rule".into(),
                    at: place,
                    why: format!("it holds for nothing, as do all after it: no more than {MAX_IN_COMMENTS} are read"),
                });
                return;
            }
            match read {
                None => {}
                Some(Err(malformed)) => attention.push(UnusedWaiver {
                    rule: if malformed.rule.is_empty() { "an unnamed rule".into() } else { malformed.rule },
                    at: place,
                    why: format!("it holds for nothing: {}", malformed.why),
                }),
                Some(Ok(waiver)) => candidates.push(Candidate {
                    target: waiver.target,
                    reach: Reach::Lines {
                        file: file.clone(),
                        first: *line,
                        last: last_line(tree, &found[at..], subject.today),
                    },
                    reason: waiver.reason,
                    owner: waiver.owner.or_else(|| app_owner.map(str::to_owned)),
                    until: waiver.until,
                    at: place,
                    matches: false,
                }),
            }
        }
    }
}

/// The lines of a comment, numbered.
fn lines_of(tree: &SourceTree, comment: &Comment) -> Vec<(u32, String)> {
    let first = tree.file(comment.file).line_of(comment.start);
    let text = tree.file(comment.file).text().get(comment.start as usize..comment.end as usize).unwrap_or("");
    (first..).zip(text.lines().map(str::to_owned)).collect()
}

/// The last line that the first of these comments waives: its own where code stands before it on the line, else the line
/// below. Waivers one below the other all mean the line below the last.
fn last_line(tree: &SourceTree, comments: &[(Comment, Vec<(u32, String)>)], today: Day) -> u32 {
    let mut last = 0;
    for (comment, lines) in comments.iter().take(MAX_STACKED) {
        let file = tree.file(comment.file);
        let start = lines.first().map_or(1, |(line, _)| *line);
        let goes_on = last == 0
            || (comments.first().is_some_and(|(first, _)| first.file == comment.file)
                && start == last
                && lines.iter().any(|(_, text)| inline(text, today).is_some())
                && comment.is_alone(file.text()));
        if !goes_on {
            break;
        }
        let end = lines.last().map_or(start, |(line, _)| *line);
        if !comment.is_alone(file.text()) {
            return end;
        }
        last = end + 1;
    }
    last
}
