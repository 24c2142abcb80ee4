//! Scripts in pages that a server fills in: Jinja, Django, Handlebars, EJS, PHP and their like.
//!
//! Such a script is no JavaScript until its tags are replaced. When it cannot be read as it stands, it is read with
//! placeholders of the same length in place of the tags, so that every offset holds.

use std::ops::Range;

/// The text with its tags replaced, and where they are; none when there are none.
pub(super) fn fill(text: &str) -> Option<(String, Vec<Range<usize>>)> {
    let mut out = String::with_capacity(text.len());
    let mut tags = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    // Openings whose end was looked for in vain: not looked for again.
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(open) = text.get(at..).and_then(|rest| rest.find(['{', '<'])).map(|found| at + found) {
        let rest = text.get(open..).unwrap_or("");
        let Some(&(begin, end, is_output)) = TAGS.iter().find(|(begin, _, _)| rest.starts_with(begin)) else {
            at = open + 1;
            continue;
        };
        let inner = rest.get(begin.len()..).unwrap_or("");
        let length = if unclosed.contains(&end) { None } else { inner.find(end) };
        let Some(length) = length else {
            unclosed.push(end);
            at = open + begin.len();
            continue;
        };
        let tag = open..open + begin.len() + length + end.len();
        // `{{#if}}`, `{{/if}}`, `{{else}}` and comments put out nothing by themselves.
        let inner = inner.get(..length).unwrap_or("").trim();
        let is_output = is_output && !inner.starts_with(['#', '/', '!', '^', '>']) && inner != "else";
        out.push_str(text.get(copied..tag.start).unwrap_or(""));
        for byte in text.get(tag.clone()).unwrap_or("").bytes() {
            out.push(match (is_output, byte) {
                (_, b'\n') if !is_output => '\n',
                (true, _) => '_',
                (false, _) => ' ',
            });
        }
        copied = tag.end;
        at = tag.end;
        tags.push(tag);
    }
    if tags.is_empty() {
        return None;
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    Some((out, tags))
}

/// How tags begin and end, longest beginning first, and whether they put out a value.
const TAGS: &[(&str, &str, bool)] = &[
    ("{{{", "}}}", true),
    ("{{", "}}", true),
    ("{!!", "!!}", true),
    ("{%", "%}", false),
    ("{#", "#}", false),
    ("<%=", "%>", true),
    ("<%-", "%>", true),
    ("<%", "%>", false),
    ("<?=", "?>", true),
    ("<?php", "?>", false),
];

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn tags_keep_their_length() {
        let text = "a = {{ é|tojson }};{% if b %}\nc('<%= d %>');{% endif %}{{#x}}{{ unclosed";
        let (filled, tags) = fill(text).unwrap_or_default();
        assert_eq!(filled.len(), text.len());
        assert_eq!(filled, "a = _______________;          \nc('________');                 {{ unclosed");
        assert_eq!(tags.len(), 5);
        assert_eq!(fill("a = { b: 1 } < c"), None);
    }
}
