//! SPDX licence expressions (the part that crates use), and whether a list of licences satisfies one.

/// Whether one may use what stands under `expression` when only `allowed` licences are accepted: `OR` is a choice, `AND`
/// demands both. `None` when the expression cannot be read, which is never a permission.
pub(crate) fn is_allowed(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    // Old manifests write a choice as `MIT/Apache-2.0`.
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    let answer = reader.either()?;
    reader.words.is_empty().then_some(answer)
}

struct Reader<'w> {
    words: &'w [&'w str],
    allowed: &'w dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        match self.words {
            [first, rest @ ..] if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn either(&mut self) -> Option<bool> {
        let mut answer = self.both()?;
        while self.next_is("OR") {
            answer |= self.both()?;
        }
        Some(answer)
    }

    fn both(&mut self) -> Option<bool> {
        let mut answer = self.one()?;
        while self.next_is("AND") {
            answer &= self.one()?;
        }
        Some(answer)
    }

    fn one(&mut self) -> Option<bool> {
        if self.next_is("(") {
            let answer = self.either()?;
            return self.next_is(")").then_some(answer);
        }
        let [name, rest @ ..] = self.words else { return None };
        if matches!(*name, ")" | "OR" | "AND" | "WITH") {
            return None;
        }
        self.words = rest;
        let mut licence = (*name).to_owned();
        if self.next_is("WITH") {
            let [exception, rest @ ..] = self.words else { return None };
            self.words = rest;
            licence = format!("{licence} WITH {exception}");
        }
        Some((self.allowed)(&licence))
    }
}

#[test]
fn expressions() {
    let allowed = |name: &str| matches!(name, "MIT" | "Apache-2.0" | "Apache-2.0 WITH LLVM-exception");
    for (expression, expected) in [
        ("MIT", Some(true)),
        ("MIT/Apache-2.0", Some(true)),
        ("GPL-3.0-only", Some(false)),
        ("GPL-3.0-only OR MIT", Some(true)),
        ("GPL-3.0-only AND MIT", Some(false)),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", Some(true)),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", Some(true)),
        ("Apache-2.0 WITH LLVM-exception", Some(true)),
        ("MIT WITH LLVM-exception", Some(false)),
        ("", None),
        ("MIT OR", None),
        ("(MIT", None),
        ("MIT MIT", None),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
