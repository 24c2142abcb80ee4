//! The page: self-contained, escaped, complete.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::sample::{empty, incomplete, poisoned, sample};

/// Tags, each with its attributes, as they stand in the text outside the style sheet.
fn tags(html: &str) -> Vec<String> {
    let (before, rest) = html.split_once("<style>").expect("a style sheet");
    let (_, after) = rest.split_once("</style>").expect("its end");
    format!("{before}{after}")
        .split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn only_our_own_markup() {
    let known = [
        "!doctype",
        "a",
        "article",
        "b",
        "body",
        "br",
        "circle",
        "clipPath",
        "code",
        "dd",
        "defs",
        "desc",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "footer",
        "g",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "html",
        "img",
        "li",
        "link",
        "main",
        "meta",
        "nav",
        "ol",
        "p",
        "path",
        "pattern",
        "pre",
        "rect",
        "section",
        "span",
        "strong",
        "style",
        "summary",
        "svg",
        "table",
        "tbody",
        "td",
        "text",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ];
    for review in [sample(), poisoned(), empty(), incomplete()] {
        let html = plimsoll_report::html(&review);
        for tag in tags(&html) {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default().to_owned();
            assert!(known.contains(&name.as_str()), "<{tag}>");
            for attribute in tag.split(' ').skip(1) {
                let name = attribute.split('=').next().unwrap_or_default();
                assert!(!name.starts_with("on") && name != "style", "<{tag}>");
                // Pictures that the browser took are part of the page.
                assert!(name != "src" || tag.starts_with("img src=\"data:image/"), "<{tag}>");
            }
            if let Some((_, address)) = tag.split_once("href=\"") {
                assert!(
                    address.starts_with(['#']) || address.starts_with("https://") || address.starts_with("data:,"),
                    "<{tag}>"
                );
            }
        }
    }
}

#[test]
fn nothing_is_fetched_and_the_policy_says_so() {
    let html = plimsoll_report::html(&sample());
    let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("style").0;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
    assert!(
        html.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'")),
        "the policy allows this style sheet"
    );
    assert!(!style.contains("url(http") && !style.contains("@import") && !style.contains("@font-face"));
    assert!(!html.contains("unsafe-inline"));
    for tag in tags(&html) {
        for loads in ["script", "iframe", "object", "embed", "base", "form", "use", "image", "video"] {
            assert!(tag.split(' ').next() != Some(loads), "<{tag}>");
        }
    }
}

#[test]
fn ids_are_unique_and_links_lead_somewhere() {
    let mut twice = sample();
    let copy = twice.findings[0].clone();
    twice.findings.insert(1, copy);
    for review in [sample(), poisoned(), incomplete(), empty(), twice] {
        let html = plimsoll_report::html(&review);
        let tags = tags(&html);
        let values = |attribute: &str| -> Vec<String> {
            let attribute = format!(" {attribute}=\"");
            tags.iter()
                .filter_map(|tag| tag.split_once(&attribute).and_then(|(_, rest)| rest.split('"').next()))
                .map(str::to_owned)
                .collect()
        };
        let ids = values("id");
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
        for href in values("href") {
            if let Some(target) = href.strip_prefix('#') {
                assert!(ids.iter().any(|id| id == target), "{href} leads nowhere");
            }
        }
    }
}

#[test]
fn headings_go_down_one_step_at_a_time() {
    for review in [sample(), incomplete(), empty()] {
        let mut last = 0;
        for tag in tags(&plimsoll_report::html(&review)) {
            let mut chars = tag.chars();
            let level = match (chars.next(), chars.next().and_then(|c| c.to_digit(10))) {
                (Some('h'), Some(level)) => level,
                _ => continue,
            };
            assert!(level <= last + 1, "h{level} after h{last}: <{tag}>");
            last = level;
        }
    }
}

#[test]
fn it_tells_everything() {
    let html = plimsoll_report::html(&sample());
    for part in [
        "<html lang=\"en\">",
        "This app carries personal data. As it stands it is fit for demo data only.",
        "<desc id=\"mark-text\">Carries personal data, fit for demo data: overloaded.</desc>",
        "Anyone on the internet can read the list of customers",
        "GET http://localhost:3000/api/customers → 200",
        "server/auth.ts:30-52",
        "pkg:npm/qs@6.5.2",
        "bakery-orders → express@4.16.0 → qs@6.5.2",
        "GHSA-hrpp-h998-j3pp, CVE-2099-0001",
        "waived by M. Brandt until 2027-01-31",
        "it expired on 2026-06-30",
        "takes over the administrator&#39;s account",
        "<b>Backups</b>",
        "can decide the verdict",
        "legacy/report.vb",
        "Doors locked only in the browser",
        "not found in what was checked",
        "<span class=\"state\">not checked</span>",
        "password_hash",
        "132 files of source code",
        "advisories of 2026-11-20 (5 days old)",
        "<a class=\"id\" href=\"#finding-1\">PL-000000a1</a>).",
    ] {
        assert!(html.replace("&#38;", "&amp;").contains(part), "{part:?} is missing");
    }
    // The page of a rule is there once, however many findings it has.
    let mut two = sample();
    let mut again = two.findings[0].clone();
    again.id = "PL-000000ff".into();
    two.findings.insert(1, again);
    let html = plimsoll_report::html(&two);
    assert_eq!(
        html.matches("A gateway in front of the app").count(),
        sample().findings.iter().filter(|f| f.is_open() && f.rule != "no-vulnerability-contact").count()
    );
    assert!(html.contains("<p class=\"learn-link\"><a href=\"#page-1\">"));
}

#[test]
fn an_empty_review_shows_all_gaps_as_not_checked() {
    let html = plimsoll_report::html(&empty());
    assert_eq!(html.matches("<li class=\"not-checked\">").count(), 7);
    assert!(html.contains("nothing was looked at"));
}
