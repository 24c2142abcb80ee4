//! The JSON Schema of the review: its shape is written by hand, its lists of words come from the model.

use plimsoll_model::{Confidence, ControlStatus, DataClass, Gap, Holding, Outcome, Severity, UpgradeWay, Witness};

/// What stands before a list of words, with its name.
const MARK: &str = "\"$comment\": \"words: ";

/// The schema with every marked list of words as the model has it.
pub(crate) fn with_words(schema: &str) -> String {
    let mut out = String::with_capacity(schema.len());
    let mut rest = schema;
    while let Some((before, marked)) = rest.split_once(MARK) {
        out.push_str(before);
        out.push_str(MARK);
        let list_of = |name: &str| words().into_iter().find(|(known, _)| *known == name).map(|(_, words)| list(&words));
        let parts = marked.split_once('"').zip(marked.split_once('[')).zip(marked.split_once(']'));
        rest = match parts {
            Some((((name, _), (head, _)), (_, tail))) => match list_of(name) {
                Some(list) => {
                    out.push_str(head);
                    out.push_str(&list);
                    tail
                }
                None => marked,
            },
            None => marked,
        };
    }
    out.push_str(rest);
    out
}

fn words() -> [(&'static str, Vec<&'static str>); 10] {
    use plimsoll_model::app::LiveVerdict as V;
    use {Confidence as C, ControlStatus as S, Outcome as O, Witness as W};
    [
        ("data_class", DataClass::ALL.map(DataClass::word).to_vec()),
        ("severity", Severity::ALL.map(Severity::word).to_vec()),
        ("confidence", [C::Confirmed, C::Likely, C::Possible].map(C::word).to_vec()),
        ("gap", Gap::ALL.map(Gap::word).to_vec()),
        ("outcome", [O::Fit, O::Overloaded, O::Incomplete].map(O::word).to_vec()),
        ("witness", [W::Code, W::Schema, W::Package, W::Bundle, W::Live, W::Owner].map(W::word).to_vec()),
        ("holding", Holding::ALL.map(Holding::word).to_vec()),
        ("live_verdict", [V::Confirmed, V::Likely, V::Passed, V::CouldNotTell].map(V::word).to_vec()),
        ("upgrade_way", UpgradeWay::ALL.map(UpgradeWay::word).to_vec()),
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
    use super::{MARK, with_words, words};

    #[test]
    fn the_published_schema_has_every_list_and_the_model_s_words() {
        let published = crate::json_schema();
        assert_eq!(with_words(published), published);
        for (name, _) in words() {
            assert_eq!(published.matches(&format!("{MARK}{name}\"")).count(), 1, "{name}");
        }
        let old =
            r#"{ "$comment": "words: severity", "enum": ["blocker"] }, { "$comment": "words: none", "enum": [] }"#;
        let new = r#"{ "$comment": "words: severity", "enum": ["critical", "high", "medium", "low"] }, { "$comment": "words: none", "enum": [] }"#;
        assert_eq!(with_words(old), new);
    }
}
