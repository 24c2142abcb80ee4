//! Bounds before parsing: the parser recurses and has no bound of its own, and the text is hostile.

/// Nesting deeper than this is refused: real code stays below 200, and some nested forms take the parser time that
/// grows with the square of their depth.
const MAX_DEPTH: u32 = 600;

/// Stack that one token may take at most, while parsing or lowering. Measured on forms such as `({a=({a=…`,
/// `class A{m(){class…` and `f<f<…`: at most 1.7 KiB for each token counted by [`measure`].
const STACK_PER_TOKEN: usize = 2560;

/// Below this the calling thread's own stack will do: worker threads commonly have 2 MiB.
const OWN_STACK: usize = 640 << 10;

/// No more is asked for; pages that are not touched cost nothing. A text with more tokens than this allows would have
/// to be nested in a way that [`measure`] does not see to overflow it.
const MAX_STACK: usize = if usize::BITS >= 64 { 1 << 30 } else { 64 << 20 };

/// What a text looks like from outside.
pub(super) struct Shape {
    /// How many tokens there are that can make the parser recurse: no text can nest deeper than this.
    pub(super) tokens: usize,
    /// Whether brackets nest deeper than is read.
    pub(super) too_deep: bool,
}

/// Looks over a text in one pass. The count of tokens ignores strings and comments, so that it is an upper bound
/// whatever they hide; the depth of brackets leaves them out, so that what they contain is not mistaken for code.
pub(super) fn measure(text: &str) -> Shape {
    let bytes = text.as_bytes();
    Shape { tokens: count(bytes), too_deep: depth_exceeds(bytes, MAX_DEPTH) }
}

fn count(bytes: &[u8]) -> usize {
    let mut tokens = 0;
    let mut word_start = None;
    for (at, &byte) in bytes.iter().enumerate() {
        let in_word = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
        match (in_word, word_start) {
            (true, None) => word_start = Some(at),
            (false, Some(start)) => {
                tokens += usize::from(is_prefix_word(&bytes[start..at]));
                word_start = None;
            }
            _ => {}
        }
        tokens += usize::from(matches!(
            byte,
            b'(' | b'[' | b'{' | b'<' | b'!' | b'~' | b'+' | b'-' | b'=' | b'?' | b':' | b'*' | b'@' | b'|' | b'&'
        ));
        // `\u0069f` is no keyword, but an escape may begin a word that is counted as nothing: count it itself.
        tokens += usize::from(byte == b'\\');
    }
    tokens + usize::from(word_start.is_some())
}

/// Words after which the parser descends.
fn is_prefix_word(word: &[u8]) -> bool {
    matches!(
        word,
        b"typeof"
            | b"void"
            | b"delete"
            | b"await"
            | b"yield"
            | b"new"
            | b"if"
            | b"else"
            | b"for"
            | b"while"
            | b"with"
            | b"do"
            | b"case"
            | b"extends"
            | b"keyof"
            | b"readonly"
            | b"unique"
            | b"infer"
            | b"async"
            | b"import"
            | b"export"
            | b"abstract"
            | b"declare"
            | b"asserts"
            | b"is"
            | b"in"
            | b"of"
            | b"return"
            | b"throw"
            | b"default"
            | b"class"
            | b"function"
            | b"namespace"
            | b"module"
            | b"static"
            | b"try"
            | b"let"
            | b"const"
            | b"var"
            | b"using"
    )
}

/// Whether brackets nest deeper than `bound`, or as many `<` follow one another without an end.
fn depth_exceeds(bytes: &[u8], bound: u32) -> bool {
    let mut depth = 0_u32;
    let mut angles = 0_u32;
    // Depths at which a template's `${` was opened.
    let mut templates: Vec<u32> = Vec::new();
    // Whether a `/` here would begin a regular expression.
    let mut operand_expected = true;
    // Up to here no regular expression ends: it was looked for once.
    let mut no_regex_before = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' | b'\'' => {
                at = after_string(bytes, at, byte);
                operand_expected = false;
            }
            b'`' => at = template_text(bytes, at, depth, &mut templates, &mut depth, &mut operand_expected),
            b'/' => match bytes.get(at) {
                Some(b'/') => at = find(bytes, at, b'\n'),
                Some(b'*') => at = after_comment(bytes, at + 1),
                _ if operand_expected && at >= no_regex_before => {
                    match after_regex(bytes, at) {
                        Ok(end) => at = end,
                        Err(line_end) => no_regex_before = line_end,
                    }
                    operand_expected = false;
                }
                _ => operand_expected = true,
            },
            b'(' | b'[' | b'{' => {
                depth += 1;
                operand_expected = true;
                if byte == b'{' {
                    angles = 0;
                }
            }
            b')' | b']' => {
                depth = depth.saturating_sub(1);
                operand_expected = false;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                angles = 0;
                operand_expected = true;
                if templates.last() == Some(&depth) {
                    templates.pop();
                    at = template_text(bytes, at, depth, &mut templates, &mut depth, &mut operand_expected);
                }
            }
            b'<' => {
                angles += 1;
                operand_expected = true;
            }
            b'>' => {
                angles = angles.saturating_sub(1);
                operand_expected = true;
            }
            b';' => {
                angles = 0;
                operand_expected = true;
            }
            byte if byte.is_ascii_whitespace() => {}
            byte if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80 => {
                let start = at - 1;
                while bytes.get(at).is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80) {
                    at += 1;
                }
                operand_expected = is_prefix_word(&bytes[start..at]);
            }
            _ => operand_expected = true,
        }
        if depth > bound || angles > bound {
            return true;
        }
    }
    false
}

/// After the closing quote; a string that the line ends is none (an apostrophe in JSX text).
fn after_string(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return from,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    from
}

/// After the text of a template: at its end, or in the expression of its next `${`.
fn template_text(
    bytes: &[u8],
    from: usize,
    open: u32,
    templates: &mut Vec<u32>,
    depth: &mut u32,
    operand_expected: &mut bool,
) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'`' => {
                *operand_expected = false;
                return at + 1;
            }
            b'$' if bytes.get(at + 1) == Some(&b'{') => {
                templates.push(open);
                *depth = open + 1;
                *operand_expected = true;
                return at + 2;
            }
            _ => at += 1,
        }
    }
    at
}

fn after_comment(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() {
        at = find(bytes, at, b'*') + 1;
        if bytes.get(at) == Some(&b'/') {
            return at + 1;
        }
    }
    at
}

/// After a regular expression; one that the line ends is none, and then where the line ends.
fn after_regex(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut at = from;
    let mut in_class = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return Err(at),
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Ok(at + 1),
            _ => {}
        }
        at += 1;
    }
    Err(at)
}

fn find(bytes: &[u8], from: usize, byte: u8) -> usize {
    bytes.get(from..).and_then(|rest| rest.iter().position(|&other| other == byte)).map_or(bytes.len(), |at| from + at)
}

/// Runs `work` where the stack suffices for a text of this shape; `None` when no such thread can be had.
pub(super) fn with_stack<T: Send>(shape: &Shape, work: impl FnOnce() -> T + Send) -> Option<T> {
    let need = shape.tokens.saturating_mul(STACK_PER_TOKEN);
    if need <= OWN_STACK {
        return Some(work());
    }
    let size = (need + OWN_STACK).min(MAX_STACK);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(size).spawn_scoped(scope, work).ok()?;
        thread.join().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{depth_exceeds, measure};

    #[test]
    fn depth_counts_code_only() {
        let deep = |text: &str| depth_exceeds(text.as_bytes(), 3);
        assert!(deep("a((((b))))"));
        assert!(deep("a(b[c{d(e"));
        assert!(!deep("a(((b)))"));
        assert!(!deep("a('((((')"));
        assert!(!deep("// ((((\n/* (((( */ a"));
        assert!(!deep("x = /((((/.test(a)"));
        assert!(!deep("`((((${a}((((`"));
        assert!(deep("`${(`${(a)}`)}`"));
        assert!(!deep("`${a}${b}${c}${d}${e}`"));
        assert!(deep("f<f<f<f<f"));
        assert!(!deep("a<b;c<d;e<f;g<h;i<j"));
        assert!(deep("it's\n(((("), "an apostrophe in JSX text hides nothing");
    }

    #[test]
    fn every_recursion_is_counted() {
        for text in
            ["((((", "!!!!", "a=b=c=d=e", "a?b:c?d:e", "if(a)if", "new new new new a", "a=>b=>c", "<a><b><c><d>"]
        {
            assert!(measure(text).tokens >= 3, "{text}");
        }
    }
}
