//! Number literals of Python and PHP.

/// The value of a number literal with its underscores and base prefix, as far as a float can hold it.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|&c| c != '_').collect::<String>().to_ascii_lowercase();
    let text = text.trim_end_matches(['j', 'l']);
    let digits = |digits: &str, base: u32| {
        let mut value = 0.0f64;
        for c in digits.chars() {
            value = value.mul_add(f64::from(base), f64::from(c.to_digit(base)?));
        }
        (!digits.is_empty()).then_some(value)
    };
    if let Some(hex) = text.strip_prefix("0x") {
        return digits(hex, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    if let Some(binary) = text.strip_prefix("0b") {
        return digits(binary, 2);
    }
    // The old octal form, as in `chmod($path, 0777)`.
    if text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text, 8).or_else(|| text.parse().ok());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn literals() {
        let cases = [("12", 12.0), ("1_000", 1000.0), ("0x1F", 31.0), ("0o17", 15.0), ("0777", 511.0), ("0b101", 5.0)];
        for (text, value) in cases.into_iter().chain([("1.5e3", 1500.0), (".5", 0.5), ("3j", 3.0), ("089", 89.0)]) {
            assert_eq!(number(text), Some(value), "{text}");
        }
        assert_eq!(number("0x"), None);
        assert_eq!(number("é"), None);
    }
}
