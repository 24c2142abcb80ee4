//! The plan of upgrades, wherever it is told.

use plimsoll_model::UpgradePlan;
use plimsoll_report::TerminalOptions;

use crate::sample::{POISON, empty, poisoned, sample, upgrades};

#[test]
fn every_format_of_a_review_has_the_plan() {
    let review = sample();
    for (name, text) in [
        ("terminal", plimsoll_report::terminal(&review, &TerminalOptions { width: 110, ..TerminalOptions::default() })),
        ("markdown", plimsoll_report::markdown(&review)),
        ("html", plimsoll_report::html(&review)),
        ("json", plimsoll_report::json(&review)),
    ] {
        for part in ["express", "5.0.1", "qs", "tough-cookie", "CVE-2023-28155"] {
            assert!(text.contains(part), "{name} does not speak of {part}");
        }
    }
    assert!(!plimsoll_report::terminal(&empty(), &TerminalOptions::default()).contains("LIBRARIES"));
    assert!(!plimsoll_report::json(&empty()).contains("upgrades"));
}

#[test]
fn the_terminal_tells_the_steps_in_order() {
    let text =
        plimsoll_report::plan_terminal("bakery", &upgrades(), &TerminalOptions { width: 100, ..Default::default() });
    let expected = [
        "3 steps close 6 holes; 1 left; 7 more in tools for development",
        "1. Raise express from 4.16.0 to 5.0.1 (high)",
        "closes 1 hole (CVE-2099-0002)",
        "attackers use one of these holes today",
        "POST /login, which anyone can call, uses express",
        "a breaking step: what uses it may have to be adapted",
        "without the breaking step: 4.19.2 closes 2 of 3",
        "2. Bring package-lock.json up to date: qs 6.5.3, ms 0.7.3, ws 7.5.10 and 1 more (high)",
        "look first whether the steps above have made a part needless (qs)",
        "3. Set tough-cookie from 2.3.4 to 4.1.3 for what brings it (high)",
        "left: request 2.88.0 (CVE-2023-28155): no version without these holes is known",
    ];
    let mut rest = text.as_str();
    for part in expected {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing or out of order in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn one_prompt_holds_the_whole_plan() {
    let text = plimsoll_report::plan_prompt(&upgrades());
    for part in [
        "npm install \"express@5.0.1\"",
        "npm update qs ms ws ip",
        "All of them: qs 6.5.2 to 6.5.3, ms 0.7.0 to 0.7.3, ws 7.0.0 to 7.5.10, ip 1.1.5 to 1.1.9",
        "\"overrides\": { \"tough-cookie\": \"4.1.3\" }",
        "Never go below the version that is named",
        "request 2.88.0",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    assert!(plimsoll_report::plan_prompt(&UpgradePlan::default()).starts_with("There is nothing to ask for"));
    // A name from a lockfile cannot begin a line of its own in what an assistant reads.
    let poisoned = plimsoll_report::plan_prompt(&poisoned().upgrades);
    assert!(POISON.contains("\n# x"));
    assert!(!poisoned.contains("\n# x"), "{poisoned}");
}

#[test]
fn the_plan_as_json() {
    let text = plimsoll_report::plan_json("bakery", &upgrades());
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["schema"], "plimsoll-plan/1");
    assert_eq!(value["subject"], "bakery");
    assert_eq!(value["steps"][0]["way"], "upgrade");
    assert_eq!(value["steps"][1]["changes"][0]["unless"], serde_json::json!(["express"]));
    assert_eq!(value["steps"][2]["clears"][0]["advisories"], serde_json::json!(["CVE-2023-26136"]));
    assert_eq!(value["left"][0]["name"], "request");
}
