//! Secret material cannot be printed.

/// A found secret. It has no `Debug` or `Display` of its content, and no serialisation: all that can be taken from it is
/// a masked form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value found in the app.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The first four characters and the length, for recognising it: `sk_l… (32 characters)`. Values under 12
    /// characters show nothing.
    pub fn masked(&self) -> String {
        let count = self.0.chars().count();
        if count < 12 {
            return format!("… ({count} characters)");
        }
        let head: String = self.0.chars().take(4).collect();
        format!("{head}… ({count} characters)")
    }

    /// Replaces every occurrence of the secret in a text by its masked head.
    pub fn mask_in(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let count = self.0.chars().count();
        let head: String = if count < 12 { String::new() } else { self.0.chars().take(4).collect() };
        text.replace(&self.0, &format!("{head}[redacted]"))
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the secret is the given text: a comparison, not a way out.
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn never_prints_whole() {
        let value = ["sk", "live", "0123456789abcdef"].join("_");
        let secret = Secret::new(value.clone());
        for text in [format!("{secret:?}"), secret.masked(), secret.mask_in(&format!("key = '{value}';"))] {
            assert!(!text.contains("0123456789"), "{text}");
        }
        assert_eq!(secret.mask_in(&format!("k={value}")), "k=sk_l[redacted]");
        assert_eq!(Secret::new("admin123").masked(), "… (8 characters)");
        assert_eq!(Secret::new("admin123").mask_in("p = admin123"), "p = [redacted]");
    }
}
