//! Names of tables, fields and functions as words.

/// The words of a name: `isAdmin`, `is_admin` and `is-admin` are `is`, `admin`.
pub fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut lower_before = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            lower_before = false;
            out.push(String::new());
            continue;
        }
        if (letter.is_uppercase() && lower_before) || out.is_empty() {
            out.push(String::new());
        }
        lower_before = letter.is_lowercase() || letter.is_numeric();
        if let Some(last) = out.last_mut() {
            last.extend(letter.to_lowercase());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Whether one of the words, or its singular, is in a list.
pub fn has(words: &[String], list: &[&str]) -> bool {
    words
        .iter()
        .any(|word| list.contains(&word.as_str()) || word.strip_suffix('s').is_some_and(|one| list.contains(&one)))
}

/// Whether a name is that of the organisation that a record or a user belongs to: `companyId`, `school`, `tenant_id`.
pub fn is_tenant(name: &str) -> bool {
    const TENANTS: &[&str] = &[
        "tenant",
        "org",
        "organization",
        "organisation",
        "company",
        "business",
        "workspace",
        "franchise",
        "school",
        "clinic",
        "hospital",
        "shop",
        "restaurant",
        "agency",
        "firm",
        "branch",
        "hotel",
        "salon",
        "gym",
        "institute",
        "society",
        "store",
        "team",
    ];
    let words = words(name);
    match &words[..] {
        [tenant] => TENANTS.contains(&tenant.as_str()),
        [tenant, id] => id == "id" && TENANTS.contains(&tenant.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{has, is_tenant, words};

    #[test]
    fn an_organisation_is_named_by_itself_or_its_number() {
        assert!(["companyId", "tenant_id", "organizationId", "school"].iter().all(|name| is_tenant(name)));
        assert!(!["companyName", "userId", "id", "schoolYearId"].iter().any(|name| is_tenant(name)));
    }

    #[test]
    fn names_are_split_at_humps_and_signs() {
        for name in ["isAdmin", "is_admin", "is-admin", "IsAdmin"] {
            assert_eq!(words(name), ["is", "admin"], "{name}");
        }
        assert_eq!(words("address2Line"), ["address2", "line"]);
        assert!(words("__").is_empty());
    }

    #[test]
    fn plurals_are_found() {
        assert!(has(&words("user_roles"), &["role"]));
        assert!(!has(&words("controls"), &["role"]));
    }
}
