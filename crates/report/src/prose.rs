//! The little markup that findings' own texts may have: paragraphs, list items, fenced or indented code, `code` in a
//! line. Not Markdown: a name such as `__init__.py` must come out as it is.

/// A part of a text of several lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// One paragraph.
    Paragraph(String),
    /// One item of a list.
    Item {
        /// Columns before the marker.
        depth: usize,
        /// `-`, `*` or a number with its dot.
        marker: &'a str,
        /// Its text.
        text: String,
    },
    /// Code, line by line.
    Code(Vec<&'a str>),
}

/// The parts of a text.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut out: Vec<Block<'_>> = Vec::new();
    let mut fenced = false;
    // A line that follows prose directly goes on with it.
    let mut goes_on = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
            if fenced {
                out.push(Block::Code(Vec::new()));
            }
            goes_on = false;
        } else if fenced {
            if let Some(Block::Code(lines)) = out.last_mut() {
                lines.push(line);
            }
        } else if trimmed.is_empty() {
            goes_on = false;
        } else if let Some((marker, rest)) = list_item(trimmed) {
            let depth = line.len() - line.trim_start().len();
            out.push(Block::Item { depth: depth.min(12), marker, text: rest.to_owned() });
            goes_on = true;
        } else if line.starts_with("    ") && !goes_on {
            match out.last_mut() {
                Some(Block::Code(lines)) => lines.push(line),
                _ => out.push(Block::Code(vec![line])),
            }
        } else {
            match out.last_mut() {
                Some(Block::Paragraph(text) | Block::Item { text, .. }) if goes_on => {
                    text.push(' ');
                    text.push_str(trimmed);
                }
                _ => out.push(Block::Paragraph(trimmed.to_owned())),
            }
            goes_on = true;
        }
    }
    out
}

/// The marker and the rest of `- item` and `1. item`.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let (marker, rest) = line.split_once(' ')?;
    let number =
        marker.strip_suffix(['.', ')']).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    (marker == "-" || marker == "*" || number).then_some((marker, rest.trim()))
}

/// A stretch of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inline<'a> {
    /// Words.
    Text(&'a str),
    /// What stands between two backticks.
    Code(&'a str),
}

/// The stretches of a line. A backtick without a partner is text.
pub(crate) fn inline(text: &str) -> Vec<Inline<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        if code.trim().is_empty() {
            break;
        }
        if !before.is_empty() {
            out.push(Inline::Text(before));
        }
        out.push(Inline::Code(code));
        rest = behind;
    }
    if !rest.is_empty() {
        out.push(Inline::Text(rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Block, Inline, blocks, inline};

    #[test]
    fn parts_of_a_text() {
        let item = |depth, marker, text: &str| Block::Item { depth, marker, text: text.into() };
        assert_eq!(
            blocks(
                "One\ntwo.\n\nThree:\n```ts\nif (a) {\n\n}\n```\n- first\n  goes on\n  - inner\n2. second\n\n    code\n    more"
            ),
            [
                Block::Paragraph("One two.".into()),
                Block::Paragraph("Three:".into()),
                Block::Code(vec!["if (a) {", "", "}"]),
                item(0, "-", "first goes on"),
                item(2, "-", "inner"),
                item(0, "2.", "second"),
                Block::Code(vec!["    code", "    more"]),
            ]
        );
        assert_eq!(blocks("```\nopen"), [Block::Code(vec!["open"])]);
        assert_eq!(blocks(""), []);
        assert_eq!(inline("run `npm ci` now"), [Inline::Text("run "), Inline::Code("npm ci"), Inline::Text(" now")]);
        assert_eq!(inline("odd ` tick"), [Inline::Text("odd ` tick")]);
        assert_eq!(inline("``` x"), [Inline::Text("``` x")]);
    }
}
