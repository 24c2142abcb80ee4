//! The words of a content security policy (CSP Level 3), as browsers take them.

/// A policy, split into its directives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentPolicy {
    /// Name and sources, in small letters.
    directives: Vec<(String, Vec<String>)>,
}

impl ContentPolicy {
    /// The header's name, in small letters.
    pub const HEADER: &'static str = "content-security-policy";

    /// Splits a header's value. Every text is a policy; browsers leave out what they do not know.
    pub fn parse(value: &str) -> Self {
        let words = |part: &str| part.split_ascii_whitespace().map(str::to_ascii_lowercase).collect::<Vec<String>>();
        let directives = value.split(';').map(words).filter(|words| !words.is_empty());
        ContentPolicy { directives: directives.map(|mut words| (words.remove(0), words)).collect() }
    }

    /// The sources of a directive; of equal ones the first counts. `None` where the policy does not have it.
    pub fn sources(&self, directive: &str) -> Option<&[String]> {
        self.directives.iter().find(|(name, _)| name == directive).map(|(_, sources)| &sources[..])
    }

    /// Where scripts may come from; `None` where the policy says nothing of scripts, so that all may run.
    pub fn scripts(&self) -> Option<&[String]> {
        self.sources("script-src").or_else(|| self.sources("default-src"))
    }

    /// Whether scripts and handlers that stand in the page itself are stopped. Handlers in attributes have a directive of
    /// their own.
    pub fn stops_inline(&self) -> bool {
        let Some(scripts) = self.scripts() else { return false };
        let attributes = self.sources("script-src-attr").unwrap_or(scripts);
        !allows_inline(scripts) && !allows_inline(attributes)
    }
}

/// Whether sources let scripts run that stand in the page: `'unsafe-inline'` counts for nothing beside a nonce, a hash or
/// `'strict-dynamic'`.
fn allows_inline(sources: &[String]) -> bool {
    let has = |word: &str| sources.iter().any(|source| source == word);
    has("'unsafe-inline'") && !is_bound(sources) && !has("'strict-dynamic'")
}

/// Whether scripts need a nonce or a hash.
pub fn is_bound(sources: &[String]) -> bool {
    sources.iter().any(|source| source.starts_with("'nonce-") || source.starts_with("'sha"))
}

#[cfg(test)]
mod tests {
    use super::ContentPolicy;

    #[test]
    fn the_first_of_equal_directives_counts_whatever_its_case() {
        let policy = ContentPolicy::parse(" Script-Src 'self' ;; script-src *; IMG-SRC Data:");
        assert_eq!(policy.scripts(), Some(&["'self'".to_owned()][..]));
        assert_eq!(policy.sources("img-src"), Some(&["data:".to_owned()][..]));
        assert_eq!(policy.sources("object-src"), None);
        assert_eq!(ContentPolicy::parse("").scripts(), None);
    }

    #[test]
    fn inline_scripts() {
        for (policy, stops) in [
            ("default-src 'self'; style-src 'unsafe-inline'", true),
            ("script-src 'nonce-a' 'unsafe-inline'", true),
            ("script-src 'strict-dynamic' 'unsafe-inline'", true),
            ("script-src 'self' 'unsafe-inline'", false),
            ("script-src 'self'; script-src-attr 'unsafe-inline'", false),
            ("default-src 'unsafe-inline'; script-src 'self'", true),
            ("frame-ancestors 'none'", false),
        ] {
            assert_eq!(ContentPolicy::parse(policy).stops_inline(), stops, "{policy}");
        }
    }
}
