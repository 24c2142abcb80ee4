//! Patterns for paths, as an owner writes them.

/// A pattern of paths relative to the subject: `*` and `?` stay within one folder, `**` does not. It begins at the root
/// (`old` is not `server/old`; that is `**/old`), and a folder that it names stands for everything inside.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    matcher: globset::GlobMatcher,
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a pattern of paths: {why}")]
pub struct GlobError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty, leaves the subject (`/etc`, `../x`), or its brackets and braces do not close.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let fail = |why: String| GlobError { pattern: pattern.to_owned(), why };
        let plain = pattern.strip_prefix("./").unwrap_or(pattern);
        let plain = plain.strip_suffix('/').unwrap_or(plain);
        if plain.is_empty() || plain == "." {
            return Err(fail("it names nothing".into()));
        }
        if plain.starts_with('/') || plain.contains('\\') || plain.split('/').any(|part| part == "..") {
            return Err(fail("paths are relative to the app's folder, with `/`".into()));
        }
        let glob = globset::GlobBuilder::new(plain)
            .literal_separator(true)
            .build()
            .map_err(|error| fail(error.kind().to_string()))?;
        Ok(Glob { text: pattern.to_owned(), matcher: glob.compile_matcher() })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names this very path.
    pub fn names(&self, path: &str) -> bool {
        self.matcher.is_match(path)
    }

    /// Whether it names the path or a folder that the path lies in.
    pub fn covers(&self, path: &str) -> bool {
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        self.names(path) || folders.into_iter().any(|folder| self.names(folder))
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn what_patterns_cover() {
        for (pattern, path, expected) in [
            ("old", "old/server/app.js", true),
            ("old/", "old/app.js", true),
            ("./old", "old", true),
            ("old", "server/old/app.js", false),
            ("**/old", "server/old/app.js", true),
            ("**/old", "old/app.js", true),
            ("old", "older/app.js", false),
            ("server/*.js", "server/app.js", true),
            ("server/*.js", "server/api/app.js", false),
            ("server/**", "server/api/app.js", true),
            ("pages/[[]id].js", "pages/[id].js", true),
        ] {
            let glob = Glob::new(pattern).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(glob.covers(path), expected, "{pattern} {path}");
        }
        for wrong in ["", ".", "/etc", "../other", "a/../..", "a[", "{a", "a\\b"] {
            assert!(Glob::new(wrong).is_err(), "{wrong}");
        }
    }
}
