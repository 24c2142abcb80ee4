//! `check --backend ADDRESS`: the project that the owner names by hand, and its public key from the app's own files.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use plimsoll_probe::{Backend, Credential, World};
use plimsoll_source::SourceTree;
use regex::Regex;

/// Reads the address, and looks whether the app is one of that project.
///
/// # Errors
/// In words for the owner: no such service, or a project that the app never names.
pub(crate) fn named(address: &str, tree: &SourceTree, world: &mut dyn World) -> Result<Backend, String> {
    let is_named = |project: &str| tree.iter().any(|(_, file)| file.text().contains(project));
    Backend::parse(address, &is_named, world).map_err(|error| error.to_string())
}

/// The public key of a Supabase project: the one of the anonymous role, and of this project where the key says of which it is.
pub(crate) fn public_key(backend: &Backend, tree: &SourceTree) -> Option<Credential> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\bsb_publishable_[A-Za-z0-9_-]{16,80}|\beyJ[A-Za-z0-9_-]{10,400}\.[A-Za-z0-9_-]{10,600}\.[A-Za-z0-9_-]{10,200}").ok()
    });
    let shape = SHAPE.as_ref()?;
    let is_public = |key: &str| {
        let Some(claims) = key.split('.').nth(1) else { return key.starts_with("sb_publishable_") };
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(claims) else { return false };
        let Ok(claims) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return false };
        let of_it = backend.project().is_none_or(|project| claims["ref"].as_str().is_none_or(|own| own == project));
        // Never the key that passes every policy, even where it lies about.
        claims["role"] == "anon" && of_it
    };
    let files = tree.iter().flat_map(|(_, file)| shape.find_iter(file.text()));
    files.map(|found| found.as_str()).find(|key| is_public(key)).map(Credential::new)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    struct Nowhere(Ipv4Addr);

    impl World for Nowhere {
        fn addresses(&mut self, _: &str) -> std::io::Result<Vec<IpAddr>> {
            Ok(vec![self.0.into()])
        }

        fn texts(&mut self, _: &str) -> std::io::Result<Vec<String>> {
            Ok(Vec::new())
        }
    }

    fn tree(text: &str) -> SourceTree {
        SourceTree::from_texts([("src/client.ts", text)])
    }

    #[test]
    fn only_a_project_that_the_app_names_is_asked() {
        let open = || Nowhere(Ipv4Addr::new(8, 8, 4, 4));
        let app = tree("createClient('https://abcdefghijkl.supabase.co', KEY)");
        let project = named("https://abcdefghijkl.supabase.co/", &app, &mut open()).expect("its own");
        assert_eq!(project.project(), Some("abcdefghijkl"));
        for (address, says) in [
            ("https://zzzzzzzzzzzz.supabase.co", "no file of this app names"),
            ("http://abcdefghijkl.supabase.co", "is no project"),
            ("https://abcdefghijkl.supabase.co.shop.example", "is no project"),
            ("https://a.b.supabase.co", "is no project"),
            ("https://firestore.googleapis.com", "is no project"),
            ("https://shop.example", "is no project"),
            ("ftp://abcdefghijkl.supabase.co", "cannot be checked"),
        ] {
            let error = named(address, &app, &mut open()).err().unwrap_or_default();
            assert!(error.contains(says), "{address}: {error}");
        }
        struct Never;
        impl World for Never {
            fn addresses(&mut self, host: &str) -> std::io::Result<Vec<IpAddr>> {
                panic!("{host} was looked up")
            }

            fn texts(&mut self, _: &str) -> std::io::Result<Vec<String>> {
                Ok(Vec::new())
            }
        }
        assert!(named("https://zzzzzzzzzzzz.supabase.co", &app, &mut Never).is_err());
        let inside = named("https://abcdefghijkl.supabase.co", &app, &mut Nowhere(Ipv4Addr::new(169, 254, 169, 254)));
        assert!(inside.is_err_and(|error| error.contains("link-local")));
        for address in ["https://firestore.googleapis.com/v1/projects/shop-1", "https://shop-1.firebaseio.com"] {
            assert!(named(address, &tree("projectId: 'shop-1'"), &mut open()).is_ok(), "{address}");
        }
    }

    #[test]
    fn the_key_of_the_anonymous_role_and_no_other() {
        let key = |claims: &str| {
            format!("eyJhbGciOiJIUzI1NiJ9.{}.{}", BASE64_URL_SAFE_NO_PAD.encode(claims), "not-a-signature")
        };
        let anon = key(r#"{"role":"anon","ref":"abcdefghijkl"}"#);
        let of_another = key(r#"{"role":"anon","ref":"mnopqrstuvwx"}"#);
        let service = key(r#"{"role":"service_role","ref":"abcdefghijkl"}"#);
        let app = |keys: &[&str]| tree(&format!("'https://abcdefghijkl.supabase.co' {}", keys.join(" ")));
        let project = |tree: &SourceTree| {
            named("https://abcdefghijkl.supabase.co", tree, &mut Nowhere(Ipv4Addr::new(8, 8, 4, 4))).expect("a project")
        };
        let found = |keys: &[&str]| {
            let tree = app(keys);
            public_key(&project(&tree), &tree)
        };
        assert_eq!(found(&[&service, &of_another, &anon]), Some(Credential::new(anon)));
        assert_eq!(found(&[&service, &of_another]), None);
        assert!(found(&["sb_publishable_0000000000000000"]).is_some());
        assert_eq!(found(&["sb_secret_0000000000000000"]), None);
    }
}
