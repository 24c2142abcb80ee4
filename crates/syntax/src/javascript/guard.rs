//! Bounds before parsing: the parser recurses and has no bound of its own, and the text is hostile.

/// Brackets nested deeper than this are refused: real code stays below 200, and some nested forms take the parser time
/// that grows with the square of their depth.
const MAX_BRACKETS: usize = 600;

/// Stack that one token may take at most, while parsing or lowering. Measured on forms such as `({a=({a=…`,
/// `class A{m(){class…` and `f<f<…`: at most 1.7 KiB for each token counted by [`measure`].
const STACK_PER_TOKEN: usize = 2560;

/// Below this the calling thread's own stack will do: worker threads commonly have 2 MiB.
const OWN_STACK: usize = 640 << 10;

/// No more is asked for; pages that are not touched cost nothing.
const MAX_STACK: usize = if usize::BITS >= 64 { 1 << 30 } else { 64 << 20 };

/// What a text looks like from outside.
pub(super) struct Shape {
    /// How many tokens there are that can make the parser recurse: no text can nest deeper than this.
    pub(super) tokens: usize,
    /// Whether it nests deeper than is read.
    pub(super) too_deep: bool,
}

/// Looks over a text in two passes. The count of tokens ignores strings and comments, so that it is an upper bound
/// whatever they hide; as long as it fits the largest stack, no text can overflow it. The estimate of the depth leaves
/// strings and comments out, so that what they contain is not mistaken for code; it keeps the time of nested forms in
/// bounds, and the stack of the few texts with more tokens than that. (Only such a text could overflow the stack, by
/// making the estimate take code for a string: a lexer cannot tell them apart in JSX text.)
pub(super) fn measure(text: &str) -> Shape {
    let bytes = text.as_bytes();
    let bounds = Bounds { brackets: MAX_BRACKETS, nesting: MAX_STACK / STACK_PER_TOKEN };
    Shape { tokens: count(bytes), too_deep: Scan::new(bytes).exceeds(&bounds) }
}

fn count(bytes: &[u8]) -> usize {
    let mut tokens = 0;
    let mut word_start = None;
    for (at, &byte) in bytes.iter().enumerate() {
        match (is_word(byte), word_start) {
            (true, None) => word_start = Some(at),
            (false, Some(start)) => {
                tokens += usize::from(is_prefix_word(&bytes[start..at]));
                word_start = None;
            }
            _ => {}
        }
        // An escape may spell a part of a keyword.
        tokens += usize::from(is_descending(byte) || byte == b'\\');
    }
    tokens + usize::from(word_start.is_some())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether the parser may descend at this byte.
fn is_descending(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b'[' | b'{' | b'<' | b'!' | b'~' | b'+' | b'-' | b'=' | b'?' | b':' | b'*' | b'@' | b'|' | b'&'
    )
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

/// What [`Scan::exceeds`] measures against.
struct Bounds {
    /// Open brackets, and `<` that follow one another without an end.
    brackets: usize,
    /// Open brackets and operators or keywords since the last separator, in all open brackets together.
    nesting: usize,
}

/// A rough lexer.
struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// For each open bracket, how many tokens led to it since the last separator.
    open: Vec<usize>,
    /// The sum of `open`.
    outer: usize,
    /// Tokens since the last separator in the innermost bracket.
    run: usize,
    /// How many brackets were open where a template's `${` began.
    templates: Vec<usize>,
    /// Whether a `/` here would begin a regular expression.
    operand_expected: bool,
}

impl<'t> Scan<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        Scan { bytes, at: 0, open: Vec::new(), outer: 0, run: 0, templates: Vec::new(), operand_expected: true }
    }

    fn push(&mut self) {
        let run = self.run + 1;
        self.open.push(run);
        self.outer += run;
        self.run = 0;
        self.operand_expected = true;
    }

    fn pop(&mut self) {
        if let Some(run) = self.open.pop() {
            self.outer -= run;
            self.run = run - 1;
        }
    }

    fn exceeds(mut self, bounds: &Bounds) -> bool {
        let bytes = self.bytes;
        let mut angles = 0_usize;
        // Up to here no regular expression ends: it was looked for once.
        let mut no_regex_before = 0;
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' | b'\'' => {
                    self.at = after_string(bytes, self.at, byte);
                    self.operand_expected = false;
                }
                b'`' => self.template_text(),
                b'/' => match bytes.get(self.at) {
                    Some(b'/') => self.at = find(bytes, self.at, b'\n'),
                    Some(b'*') => self.at = after_comment(bytes, self.at + 1),
                    _ if self.operand_expected && self.at >= no_regex_before => {
                        match after_regex(bytes, self.at) {
                            Ok(end) => self.at = end,
                            Err(line_end) => no_regex_before = line_end,
                        }
                        self.operand_expected = false;
                    }
                    _ => self.operand_expected = true,
                },
                b'(' | b'[' | b'{' => {
                    self.push();
                    if byte == b'{' {
                        angles = 0;
                    }
                }
                b')' | b']' => {
                    self.pop();
                    self.operand_expected = false;
                }
                b'}' => {
                    self.pop();
                    angles = 0;
                    self.operand_expected = true;
                    if self.templates.last() == Some(&self.open.len()) {
                        self.templates.pop();
                        self.template_text();
                    }
                }
                b'>' => {
                    angles = angles.saturating_sub(1);
                    self.operand_expected = true;
                }
                b';' | b',' => {
                    if byte == b';' {
                        angles = 0;
                    }
                    if !self.else_follows() {
                        self.run = 0;
                    }
                    self.operand_expected = true;
                }
                byte if byte.is_ascii_whitespace() => {}
                byte if is_word(byte) => {
                    let start = self.at - 1;
                    while bytes.get(self.at).is_some_and(|&byte| is_word(byte)) {
                        self.at += 1;
                    }
                    self.operand_expected = is_prefix_word(&bytes[start..self.at]);
                    self.run += usize::from(self.operand_expected);
                }
                byte => {
                    angles += usize::from(byte == b'<');
                    self.run += usize::from(is_descending(byte));
                    self.operand_expected = true;
                }
            }
            let brackets = self.open.len().max(angles);
            if brackets > bounds.brackets || self.outer + self.run > bounds.nesting {
                return true;
            }
        }
        false
    }

    /// Whether `else` comes next: the statement before it does not end here.
    fn else_follows(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        // The blanks are passed over again later; a separator with more of them than this ends its statement.
        let blanks = rest.iter().take(64).take_while(|byte| byte.is_ascii_whitespace()).count();
        rest.get(blanks..).is_some_and(|rest| rest.starts_with(b"else"))
    }

    /// Passes over the text of a template, to its end or into the expression of its next `${`.
    fn template_text(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'`' => {
                    self.operand_expected = false;
                    self.at += 1;
                    return;
                }
                b'$' if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    self.templates.push(self.open.len());
                    self.push();
                    self.at += 2;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }
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
    use super::{Bounds, Scan, measure};

    fn deep(text: &str) -> bool {
        Scan::new(text.as_bytes()).exceeds(&Bounds { brackets: 3, nesting: usize::MAX })
    }

    #[test]
    fn depth_counts_code_only() {
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
    fn runs_of_operators_end_at_separators() {
        let long = |text: &str| Scan::new(text.as_bytes()).exceeds(&Bounds { brackets: 99, nesting: 9 });
        for form in
            ["!", "a=>", "a=", "a?b:", "if(a)", "if(a)b;else ", "if(a){}else ", "a:", "new ", "do ", "(a=", "<a>"]
        {
            assert!(long(&form.repeat(10)), "{form}");
        }
        for form in ["a=b;", "a?b:c,", "f(!a,!b);", "x=[{a:1,b:2},{c:!3}];"] {
            assert!(!long(&form.repeat(9)), "{form}");
        }
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
