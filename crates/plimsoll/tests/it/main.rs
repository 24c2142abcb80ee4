//! The rule pages run as tests, and the command line as an owner would use it.

mod advisories;
mod bad_input;
mod cache;
mod live;
mod nowhere;
mod owner;
mod probe;
mod run;
mod shapes;
mod stories;
mod tables;
mod twins;
mod unreachable;
mod upgrades;

use std::process::Command;

use plimsoll_source::SourceTree;

/// Where what a rule finds begins, one for each finding.
fn findings(files: &[(String, String)], rule: &str) -> Vec<(String, Option<u32>)> {
    found(files, rule).into_iter().filter_map(|places| places.into_iter().next()).collect()
}

/// The places of each finding of a rule; the same mistake in several files is one finding.
fn found(files: &[(String, String)], rule: &str) -> Vec<Vec<(String, Option<u32>)>> {
    let tree = SourceTree::from_texts(files.iter().cloned());
    let mut app = plimsoll_witness::observe(&tree);
    plimsoll_datamap::annotate(&mut app);
    let (findings, _) = plimsoll_rules::run_all(&app, &tree);
    findings
        .iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| {
            let places = finding.evidence.iter().filter_map(|evidence| evidence.place.clone());
            places.map(|place| (place.file, place.line)).collect()
        })
        .collect()
}

/// Each page shows code that its rule must flag, at the marked line, and the same code done right that it must not.
#[test]
fn pages_hold_what_they_say() {
    let mut wrong = Vec::new();
    for rule in plimsoll_rules::RULES {
        // What `cargo xtask new-rule` leaves to be written. Until then nothing else about the page is worth saying.
        let open = rule.page.matches("TO WRITE").count();
        if open > 0 || rule.summary.contains("TO WRITE") {
            wrong.push(format!(
                "{}: the rule is scaffolded but not written yet. Replace every TO WRITE ({open} on its page) in its .md and .rs",
                rule.id
            ));
            continue;
        }
        let page = plimsoll_rules::Page::new(rule.page);
        for (section, expected) in [("Example", true), ("Do this instead", false)] {
            let files: Vec<(String, String)> = page
                .fences()
                .into_iter()
                .filter(|fence| fence.section == section)
                .map(|fence| (fence.path.to_owned(), fence.text))
                .collect();
            if files.is_empty() {
                wrong.push(format!("{}: no code under {section}", rule.id));
                continue;
            }
            let found = found(&files, rule.id).concat();
            let marker = format!("finding: {}", rule.id);
            let marked: Vec<(String, Option<u32>)> = files
                .iter()
                .flat_map(|(path, text)| {
                    let lines = text.lines().enumerate().filter(|(_, line)| line.contains(&marker));
                    lines.map(|(at, _)| (path.clone(), u32::try_from(at + 1).ok())).collect::<Vec<_>>()
                })
                .collect();
            if expected && found.is_empty() {
                wrong.push(format!("{}: its example is not flagged", rule.id));
            } else if expected && !marked.iter().all(|place| found.contains(place)) {
                wrong.push(format!("{}: marked at {marked:?}, found at {found:?}", rule.id));
            }
            if !expected && !found.is_empty() {
                wrong.push(format!("{}: the repaired code is flagged at {found:?}", rule.id));
            }
        }
        for heading in ["What it finds", "Why it matters", "How we know", "What we cannot see"] {
            if page.section(heading).is_empty() {
                wrong.push(format!("{}: nothing under {heading}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The index is read from the rules' texts; this compares it with the rules as they are compiled.
#[test]
fn the_index_of_rules_says_what_the_rules_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    let index = std::fs::read_to_string(path).expect("docs/rules.md; `cargo xtask gen` writes it");
    for rule in plimsoll_rules::RULES {
        let row = index.lines().find(|line| line.starts_with(&format!("| [`{}`]", rule.id)));
        let row = row.unwrap_or_else(|| panic!("{} is not in docs/rules.md", rule.id));
        assert!(row.contains(&rule.summary.replace('|', "\\|")) && row.contains(rule.severity.word()), "{row}");
        let (before, _) = index.split_once(row).expect("the row is there");
        let heading = before.lines().rev().find(|line| line.starts_with("## ")).unwrap_or_default();
        assert!(heading.ends_with(&format!("(`{}`)", rule.gap.word())), "{}: under {heading}", rule.id);
    }
    assert_eq!(index.matches("| [`").count(), plimsoll_rules::RULES.len());
}

/// The program; what it keeps it keeps among the tests' own files.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).env("PLIMSOLL_ADVISORIES", "");
    command
}

fn plimsoll(args: &[&str]) -> (Option<i32>, String) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let output = program().args(args).current_dir(root).output();
    output.map_or((None, String::new()), |output| {
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    })
}

#[test]
fn weak_example_is_overloaded_and_repaired_one_has_nothing_of_medium_or_above() {
    let (code, weak) = plimsoll(&["check", "examples/salon-weak", "--format", "json"]);
    assert_eq!(code, Some(1));
    for gap in plimsoll_model::Gap::SEVEN {
        assert!(weak.contains(&format!("\"gap\": \"{}\"", gap.word())), "no finding of {}", gap.word());
    }
    let (code, _) = plimsoll(&["check", "examples/salon-repaired", "--format", "json", "--fail-on", "medium"]);
    assert_eq!(code, Some(3), "incomplete, and no finding of medium or above");
}

#[test]
fn same_input_same_bytes() {
    let args = ["check", "examples/salon-weak", "--format", "sarif"];
    assert!(plimsoll(&args) == plimsoll(&args));
}

#[test]
fn no_output_shows_a_secret_whole() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let env = std::fs::read_to_string(format!("{root}/examples/salon-weak/.env")).unwrap_or_default();
    let values: Vec<&str> = env
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.contains("SECRET") || name.contains("PASSWORD"))
        .map(|(_, value)| value.trim())
        .filter(|value| value.len() >= 12)
        .collect();
    // The signing key in the code and the passwords that the README publishes.
    let config = std::fs::read_to_string(format!("{root}/examples/salon-weak/server/config.js")).unwrap_or_default();
    let readme = std::fs::read_to_string(format!("{root}/examples/salon-weak/README.md")).unwrap_or_default();
    let key = config.lines().find(|line| line.contains("JWT_SECRET")).and_then(|line| line.split('\'').nth(1));
    let published =
        readme.lines().filter(|line| line.contains('@')).filter_map(|line| line.split('|').nth(3)).map(str::trim);
    let values: Vec<&str> = values.into_iter().chain(key).chain(published).collect();
    assert!(values.len() >= 4, "the example has a key and published passwords");
    for format in ["terminal", "json", "sarif", "html", "markdown"] {
        let (_, text) = plimsoll(&["check", "examples/salon-weak", "--format", format]);
        for value in &values {
            assert!(!text.contains(value), "{format} shows a secret of the example");
        }
    }
}

#[test]
fn bad_input_has_its_exit_code() {
    assert_eq!(plimsoll(&["check", "no/such/folder"]).0, Some(2));
    assert_eq!(plimsoll(&["check", "examples/salon-weak", "--url", "http://192.0.2.1/"]).0, Some(2));
    assert_eq!(plimsoll(&["explain", "no-such-rule"]).0, Some(2));
    let empty = std::env::temp_dir().join(format!("plimsoll-empty-{}", std::process::id()));
    assert!(std::fs::create_dir_all(&empty).is_ok());
    assert_eq!(plimsoll(&["check", &empty.to_string_lossy()]).0, Some(3));
    assert!(std::fs::remove_dir(&empty).is_ok());
}

/// The first finding's id in a JSON report.
fn first_id(json: &str) -> String {
    json.split("\"id\": \"PL-")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|id| format!("PL-{id}"))
        .unwrap_or_default()
}

#[test]
fn prompt_verify_and_incident_plan() {
    let (_, json) = plimsoll(&["check", "examples/salon-weak", "--format", "json"]);
    let id = first_id(&json);
    let (code, prompt) = plimsoll(&["prompt", &id, "examples/salon-weak"]);
    assert_eq!(code, Some(0));
    assert!(prompt.contains("What to do:") && prompt.contains(&id), "{prompt}");
    assert_eq!(plimsoll(&["verify", &id, "examples/salon-weak"]).0, Some(1), "it is still there");
    let before = std::env::temp_dir().join(format!("plimsoll-before-{}.json", std::process::id()));
    assert!(std::fs::write(&before, &json).is_ok());
    let file = before.to_string_lossy().into_owned();
    let verify = |id: &str, path: &str| plimsoll(&["verify", id, path, "--before", &file]).0;
    assert_eq!(verify(&id, "examples/salon-repaired"), Some(0), "the repaired app has it no more");
    assert_eq!(verify(&id, "examples/salon-weak"), Some(1));
    assert_eq!(verify("PL-00000000", "examples/salon-repaired"), Some(3), "nobody ever found that");
    assert!(std::fs::remove_file(&before).is_ok());
    assert_eq!(plimsoll(&["verify", &id, "examples/salon-repaired"]).0, Some(3), "gone, but was it ever there?");
    assert_eq!(plimsoll(&["prompt", "PL-00000000", "examples/salon-weak"]).0, Some(2));
    let (code, plan) = plimsoll(&["incident", "plan", "examples/salon-weak"]);
    assert_eq!(code, Some(0));
    assert!(plan.contains("server/config.js") && plan.contains("72 hours"), "{plan}");
}
