//! What an owner reads at a terminal.

use plimsoll_report::{TerminalOptions, terminal};
use unicode_width::UnicodeWidthStr;

use crate::sample::{empty, incomplete, poisoned, sample};

fn options(width: usize) -> TerminalOptions {
    TerminalOptions { width, ..TerminalOptions::default() }
}

/// Text with the line breaks of wrapping undone.
fn flow(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn verdict_first_then_worst_first() {
    let text = terminal(&sample(), &options(100));
    let order = [
        "Plimsoll review · bakery-orders",
        "personal   ◀ carries this",
        "demo       ◀ fit for this",
        "OVERLOADED",
        "This app carries personal data. As it stands it is fit for demo data only.",
        "Customer records can be read by anyone",
        "2 critical, 2 high, 2 medium, 2 low",
        "2 CRITICAL: repair before anyone uses this app",
        "Anyone on the internet can read the list of customers",
        "The payment key is sent to every visitor",
        "2 HIGH: repair before real data goes in",
        "Passwords can be tried without limit",
        "2 MEDIUM: repair soon",
        "2 LOW",
        "WAIVED OR KNOWN",
        "ATTACK CHAIN",
        "NOT CHECKED: 2 things",
        "DATA THIS APP CARRIES",
        "CONTROLS: 1 proven, 2 failed, 1 unproven",
        "WHAT TO DO NEXT",
        "plimsoll prompt PL-000000a1",
        "plimsoll verify PL-000000a1",
        "plimsoll explain entry-point-without-authentication",
    ];
    let mut from = 0;
    for part in order {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("{part:?} is missing or too early in\n{text}"));
        from += at + part.len();
    }
    let verdict = text.find("As it stands").expect("verdict");
    assert!(text[..verdict].lines().count() < 16, "the verdict is on the first screen");
}

#[test]
fn a_finding_tells_everything() {
    let text = flow(&terminal(&sample(), &options(100)));
    for part in [
        "What it means The address /api/customers answers",
        "server/routes.ts:41 │ app.get(\"/api/customers\", async (req, res) => { no check of who is calling",
        "Seen live: GET http://localhost:3000/api/customers → 200 without signing in: 48 records",
        "and 2 more places (--verbose)",
        "What to do Put the check that the other addresses use",
        "│ app.get(\"/api/customers\", requireSession, async (req, res) => {",
        "- Then give each user only the customers of the own branch.",
        "PL-000000a1 · entry-point-without-authentication · confirmed: observed, or certain from the text",
        "server/auth.ts:30-52",
        "qs 6.5.2 (production), by bakery-orders → express@4.16.0 → qs@6.5.2 GHSA-hrpp-h998-j3pp, CVE-2099-0001",
        "waived by M. Brandt until 2027-01-31: values of a test account, checked by hand",
        "1 finding is known from the baseline",
        "Waiver of missing-csrf-token at plimsoll.toml:12 needs attention: it expired on 2026-06-30",
        "Anyone on the internet → takes over the administrator's account",
        "1. Reads the customer list, which names the administrator's email (PL-000000a1)",
        "Repair PL-000000a1 or PL-000000a3 and this chain breaks.",
        "Not checked does not mean clean.",
        "Backups: where they are kept is not in the source code [can decide the verdict]",
        "Looked at: 132 files of source code, 41 entry points",
        "personal customers: email, phone. Reachable by: anyone. Sent to: mail provider",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn low_findings_are_condensed_unless_verbose() {
    let short = flow(&terminal(&sample(), &options(100)));
    assert!(
        short.contains("The session cookie travels with requests from other websites (server/index.ts:24) PL-000000a7")
    );
    assert!(!short.contains("Other websites can send requests in a user's name."));
    let long = flow(&terminal(&sample(), &TerminalOptions { verbose: true, ..options(100) }));
    assert!(long.contains("Other websites can send requests in a user's name."));
    assert!(long.contains("server/storage.ts:90"), "all evidence");
    assert!(long.contains("not applicable: Uploaded files are checked"));
}

#[test]
fn no_line_is_too_wide() {
    for review in [sample(), poisoned(), empty(), incomplete()] {
        for width in [50, 60, 75, 76, 80, 100, 120] {
            for verbose in [false, true] {
                for unicode in [false, true] {
                    let text = terminal(&review, &TerminalOptions { width, verbose, unicode, colour: false });
                    for line in text.lines() {
                        assert!(line.width() <= width, "{width}: {line:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn ascii_where_nothing_else_is_shown() {
    let mut review = sample();
    review.subject.name = "Bäckerei “Zoë” 日本".into();
    let text = terminal(&review, &TerminalOptions { unicode: false, ..options(80) });
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("Baeckerei \"Zoe\" ??"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    for width in [60, 120] {
        let plain = terminal(&sample(), &options(width));
        let coloured = terminal(&sample(), &TerminalOptions { colour: true, ..options(width) });
        assert!(!plain.contains('\u{1b}'));
        assert!(coloured.contains("\u{1b}[1;97;41m"));
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            stripped.push_str(&rest[..at]);
            let end = rest[at..].find('m').expect("a colour ends with m");
            rest = &rest[at + end + 1..];
        }
        stripped.push_str(rest);
        // A style may end behind the trailing space that the plain line does not have.
        let trim = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trim(&stripped), trim(&plain));
    }
}

#[test]
fn an_empty_review_claims_nothing() {
    let text = flow(&terminal(&empty(), &options(80)));
    assert!(text.contains("Findings none, but nothing was looked at"), "{text}");
    assert!(text.contains("Looked at: nothing."), "{text}");
}

#[test]
fn an_incomplete_review_says_so() {
    let text = flow(&terminal(&incomplete(), &options(80)));
    assert!(text.contains("INCOMPLETE: NOT DECIDED"), "{text}");
    assert!(text.contains("could not be decided, because of what was not checked"), "{text}");
    assert!(text.contains("Findings none in what was checked"), "{text}");
    assert!(text.contains("plimsoll check --url"), "{text}");
}

#[test]
fn a_page_for_the_terminal() {
    let page = &sample().rules[2].page;
    for width in [50, 60, 100] {
        let text = plimsoll_report::explain(page, &options(width));
        for line in text.lines() {
            assert!(line.width() <= width, "{width}: {line:?}");
        }
        let flat = flow(&text);
        for part in [
            "What it finds A route that answers before anyone has asked who is calling.",
            "the weakness <https://cwe.example/306>.",
            "• Anyone who knows the address can read it.",
            "1. they list them, 2. they call them.",
            "Express │ a middleware",
        ] {
            assert!(flat.contains(part), "{width}: {part:?} is missing in\n{text}");
        }
    }
    let wide = plimsoll_report::explain(page, &options(110));
    assert!(
        wide.contains("  server/routes.ts\n  │ app.get(\"/api/customers\", (_, res) => res.json(all())); // finding"),
        "{wide}"
    );
    assert!(!plimsoll_report::explain("a \u{1b}[2J b", &options(80)).contains('\u{1b}'));
    assert!(plimsoll_report::explain(page, &TerminalOptions { unicode: false, ..options(80) }).is_ascii());
    assert_eq!(plimsoll_report::explain("", &options(80)), "");
}
