//! Names of fields and stores, split into words.

/// Splits `firstName`, `first_name`, `First-Name2` into lower-case words without accents; digits are words of their own.
pub fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().take(200).collect();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            push(&mut out, &mut word);
            continue;
        }
        let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied().unwrap_or(' ');
        let next_is_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        // `userName`, and the last capital of `IPAddress` that begins a word.
        let hump = c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_is_lower));
        if hump || c.is_numeric() != before.is_numeric() {
            push(&mut out, &mut word);
        }
        fold(c, &mut word);
    }
    push(&mut out, &mut word);
    out
}

fn push(out: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        out.push(std::mem::take(word));
    }
}

/// A letter in lower case without its accent: what people write who avoid accents in names.
fn fold(c: char, out: &mut String) {
    for c in c.to_lowercase() {
        match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ă' | 'ą' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ő' | 'ø' => out.push('o'),
            'ú' | 'ù' | 'û' | 'ü' | 'ű' => out.push('u'),
            'ç' | 'ć' => out.push('c'),
            'ñ' | 'ń' => out.push('n'),
            'ș' | 'ş' | 'š' => out.push('s'),
            'ț' | 'ţ' => out.push('t'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            other => out.push(other),
        }
    }
}

/// The name of a store in a form that is the same for `JobDocument`, `job_documents` and `jobDocuments`.
pub fn store_key(name: &str) -> String {
    // `auth.users` holds the accounts of a platform and is not the app's own `users`.
    let own = if name.starts_with("auth.") { name } else { name.rsplit(['.', '/']).next().unwrap_or(name) };
    let mut words = words(own);
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.concat()
}

/// A plural as its singular, roughly: enough to compare two spellings of one name.
pub(crate) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "ches", "shes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{store_key, words};

    #[test]
    fn split() {
        for (name, expected) in [
            ("firstName", "first name"),
            ("first_name", "first name"),
            ("IPAddress", "ip address"),
            ("address2", "address 2"),
            ("Straße", "strasse"),
            ("születési_dátum", "szuletesi datum"),
            ("customer-email", "customer email"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn one_store_in_three_spellings() {
        for name in ["JobDocument", "job_documents", "jobDocuments", "public.job_documents"] {
            assert_eq!(store_key(name), "jobdocument", "{name}");
        }
        assert_ne!(store_key("auth.users"), store_key("users"));
        assert_eq!(store_key("companies"), store_key("Company"));
        assert_eq!(store_key("status"), "status");
    }
}
