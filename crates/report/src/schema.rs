//! The JSON Schema of the review: shape by hand, words from the model.

use std::sync::LazyLock;

use plimsoll_model::{Confidence, ControlStatus, DataClass, Gap, Outcome, Severity, Witness};

/// The shape. Where a list of words belongs it has `["@name"]`.
const SHAPE: &str = include_str!("review.schema.json");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = SHAPE.to_owned();
    for (name, words) in words() {
        text = text.replace(&format!("[\"@{name}\"]"), &list(&words));
    }
    text
});

pub(crate) fn text() -> &'static str {
    &TEXT
}

fn words() -> [(&'static str, Vec<&'static str>); 7] {
    use {Confidence as C, ControlStatus as S, Outcome as O, Witness as W};
    [
        ("data_class", DataClass::ALL.map(DataClass::word).to_vec()),
        ("severity", Severity::ALL.map(Severity::word).to_vec()),
        ("confidence", [C::Confirmed, C::Likely, C::Possible].map(C::word).to_vec()),
        ("gap", Gap::ALL.map(Gap::word).to_vec()),
        ("outcome", [O::Fit, O::Overloaded, O::Incomplete].map(O::word).to_vec()),
        ("witness", [W::Code, W::Schema, W::Package, W::Bundle, W::Live, W::Owner].map(W::word).to_vec()),
        ("control_status", [S::Proven, S::Failed, S::Unproven, S::NotApplicable].map(S::word).to_vec()),
    ]
}

/// On one line where it fits, else one word a line; the only long list stands six columns in.
fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let line = format!("[{}]", quoted.join(", "));
    if line.len() <= 100 { line } else { format!("[\n        {}\n      ]", quoted.join(",\n        ")) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_list_of_words_is_filled_in() {
        assert!(!super::text().contains("\"@"));
        for (name, _) in super::words() {
            assert!(super::SHAPE.contains(&format!("[\"@{name}\"]")), "{name}");
        }
    }
}
