//! Markdown for comments.

use plimsoll_model::Severity;
use plimsoll_report::markdown;
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::sample::{POISON, empty, incomplete, poisoned, sample};

/// What a reader of GitHub-flavoured Markdown sees: raw HTML, links and images that are in the text.
fn markup(text: &str) -> (Vec<String>, Vec<String>) {
    let mut html = Vec::new();
    let mut links = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => html.push(text.trim().to_owned()),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => links.push(dest_url.to_string()),
            _ => {}
        }
    }
    (html, links)
}

#[test]
fn the_app_places_no_markup() {
    for review in [sample(), poisoned(), empty(), incomplete()] {
        let text = markdown(&review);
        let (html, links) = markup(&text);
        assert_eq!(links, Vec::<String>::new());
        let ours = ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<!-- -->"];
        for tag in html {
            let rest = ours.iter().fold(tag.clone(), |rest, ours| rest.replace(ours, ""));
            assert!(!rest.contains('<') || rest.starts_with("Evidence"), "{tag:?} in\n{text}");
        }
        // No mention: an at sign with a name right behind it, outside of code.
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            if let Event::Text(text) = event {
                assert!(!text.contains("@team"), "{text:?}");
            }
        }
    }
}

#[test]
fn tables_keep_their_columns() {
    for review in [sample(), poisoned()] {
        let mut cells = 0;
        let mut head = 0;
        for event in Parser::new_ext(&markdown(&review), Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => cells = 0,
                Event::Start(Tag::TableCell) => cells += 1,
                Event::End(pulldown_cmark::TagEnd::TableHead) => head = cells,
                Event::End(pulldown_cmark::TagEnd::TableRow) => assert_eq!(cells, head),
                _ => {}
            }
        }
        let tables = Parser::new_ext(&markdown(&review), Options::ENABLE_TABLES)
            .filter(|event| matches!(event, Event::Start(Tag::Table(_))))
            .count();
        assert_eq!(tables, 4, "summary, not checked, data, controls");
    }
}

#[test]
fn it_tells_everything() {
    let text = markdown(&sample());
    for part in [
        "## Plimsoll review: bakery-orders",
        "**Overloaded.** This app carries personal data. As it stands it is fit for demo data only.",
        "| personal | demo | **overloaded** | 2 critical, 2 high, 2 medium, 2 low | 2 things |",
        "### Critical: repair before anyone uses this app",
        "#### Anyone on the internet can read the list of customers",
        "- Then give each user only the customers of the own branch.",
        "- `server/routes.ts:41`: `app.get(\"/api/customers\", async (req, res) => {`: no check",
        "seen live `GET http://localhost:3000/api/customers → 200`",
        "Run `npm update qs`, and check",
        "`qs` `6.5.2`, by `bakery-orders → express@4.16.0 → qs@6.5.2`. Advisories: `GHSA-hrpp-h998-j3pp`, `CVE-2099-0001`.",
        "waived by M. Brandt until 2027-01-31",
        "Repair `PL-000000a1` or `PL-000000a3` and this chain breaks.",
        "| Backups | where they are kept is not in the source code | **yes** |",
        "| `customers` | personal | `email`, `phone` | anyone | mail provider |",
        "| Attempts to sign in are limited | failed | internal | 8.2.1, 8.3.1 | `PL-000000a3` |",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn a_comment_holds_it() {
    let mut review = sample();
    let one = review.findings[0].clone();
    for number in 0..400_u32 {
        let mut more = one.clone();
        more.id = format!("PL-{number:08x}");
        more.meaning.push_str(POISON);
        review.findings.push(more);
        review.data.push(review.data[0].clone());
        let mut gap = review.coverage.not_checked[1].clone();
        gap.what = format!("file{number}.vb");
        review.chains.push(review.chains[0].clone());
        review.controls.push(review.controls[0].clone());
        review.verdict.reasons.push(POISON.into());
        review.coverage.looked_at.push(format!("{number} files"));
        review.coverage.not_checked.push(gap);
    }
    review.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    assert_eq!(review.findings[0].severity, Severity::Critical);
    let text = markdown(&review);
    assert!(text.chars().count() <= 65_536, "{}", text.len());
    assert!(text.contains("findings do not fit here"), "what is left out is counted");
    assert!(text.contains(" more** in the full report."));
    assert!(text.contains("| Backups |"), "what decides the verdict is never left out");
}
