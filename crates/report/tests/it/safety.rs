//! What holds for every output.

use plimsoll_model::Review;
use plimsoll_report::TerminalOptions;

use crate::sample::{empty, incomplete, poisoned, sample};

type Output = (&'static str, fn(&Review) -> String);

const OUTPUTS: [Output; 6] = [
    ("json", plimsoll_report::json),
    ("sarif", plimsoll_report::sarif),
    ("html", plimsoll_report::html),
    ("markdown", plimsoll_report::markdown),
    ("terminal", |review| plimsoll_report::terminal(review, &TerminalOptions::default())),
    ("verbose terminal", |review| {
        plimsoll_report::terminal(review, &TerminalOptions { verbose: true, ..TerminalOptions::default() })
    }),
];

#[test]
fn nothing_that_moves_or_hides_text_passes() {
    for (name, output) in OUTPUTS {
        for review in [sample(), poisoned()] {
            let text = output(&review);
            for c in text.chars() {
                let fine = c == '\n' || !(c.is_control() || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
                assert!(fine, "{name}: {:?}", c);
            }
        }
    }
}

#[test]
fn parsed_json_is_as_harmless_as_its_bytes() {
    fn walk(value: &serde_json::Value, check: &mut impl FnMut(&str)) {
        match value {
            serde_json::Value::String(text) => check(text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, check)),
            serde_json::Value::Object(object) => object.values().for_each(|item| walk(item, check)),
            _ => {}
        }
    }
    for output in [plimsoll_report::json, plimsoll_report::sarif] {
        let value = serde_json::from_str(&output(&poisoned())).expect("JSON");
        walk(&value, &mut |text| {
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{2066}', '\r', '\u{7}']), "{text:?}");
        });
    }
}

#[test]
fn same_review_same_bytes() {
    for (name, output) in OUTPUTS {
        for review in [sample as fn() -> Review, empty, incomplete, poisoned] {
            assert_eq!(output(&review()), output(&review()), "{name}");
        }
    }
}

#[test]
fn no_app_is_called_secure() {
    for (name, output) in OUTPUTS {
        if name == "sarif" {
            // The contract's own words: `security-severity` and the tag.
            continue;
        }
        let mut review = sample();
        // Texts of findings and pages may use the word for other things (the Secure attribute of a cookie).
        review.findings.clear();
        review.rules.clear();
        for review in [review, empty(), incomplete()] {
            let text = output(&review).to_lowercase();
            assert!(!text.replace("content-security-policy", "").contains("secur"), "{name}");
        }
    }
}

#[test]
fn every_output_ends_with_one_line_feed() {
    for (name, output) in OUTPUTS {
        for review in [sample(), empty(), incomplete()] {
            let text = output(&review);
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{name}");
        }
    }
}

/// Writes all outputs of the sample reviews under the target folder, to be looked at.
#[test]
fn samples_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("folder");
    for (name, review) in
        [("sample", sample()), ("empty", empty()), ("incomplete", incomplete()), ("poisoned", poisoned())]
    {
        for (kind, ending, output) in [
            ("", "json", OUTPUTS[0].1),
            ("", "sarif", OUTPUTS[1].1),
            ("", "html", OUTPUTS[2].1),
            ("", "md", OUTPUTS[3].1),
            ("", "txt", OUTPUTS[4].1),
            ("-verbose", "txt", OUTPUTS[5].1),
        ] {
            std::fs::write(folder.join(format!("{name}{kind}.{ending}")), output(&review)).expect("written");
        }
    }
}
