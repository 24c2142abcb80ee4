//! Secrets in the scripts that the running app serves.

use plimsoll_model::Exchange;
use plimsoll_model::app::{LiveSecret, SecretTier};
use plimsoll_probe::LiveFacts;
use plimsoll_secrets::Context;
use plimsoll_source::SourceTree;

/// Sources that are taken out of one source map.
const MAX_SOURCES: usize = 2_000;

/// One text to search: the address that brought it, and where in the answer it stood.
struct Served {
    url: String,
    place: &'static str,
}

/// Searches what the probe kept (it bounds the bodies, one by one and in all) with the scanner that reads the source.
pub(crate) fn find(facts: &LiveFacts) -> Vec<LiveSecret> {
    let mut served: Vec<Served> = Vec::new();
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |url: &str, place, extension: &str, text: &str| {
        // Invented names: an address of the app could look like a test or a sample to the scanner.
        texts.push((format!("served/{:06}.{extension}", served.len()), text.to_owned()));
        served.push(Served { url: url.to_owned(), place });
    };
    for (url, text) in &facts.scripts {
        match url.split_once("#inline-") {
            Some((page, _)) => add(page, "script in the page", "js", text),
            None => add(url, "script", "js", text),
        }
    }
    for (url, text) in &facts.source_maps {
        for (extension, source) in sources(text) {
            add(url, "source map", &extension, &source);
        }
    }
    let tree = SourceTree::from_texts(texts);
    let found = plimsoll_secrets::read(&tree, &Context { is_client_file: &|_| Some(true) });
    let mut out: Vec<LiveSecret> = Vec::new();
    for secret in found.secrets.iter().filter(|secret| secret.tier == SecretTier::Secret && !secret.in_sample) {
        for span in std::iter::once(&secret.span).chain(&secret.also) {
            // Files are in the order of their names, which is the order of `served`.
            let Some(at) = served.get(span.file.0 as usize) else { continue };
            let one = LiveSecret {
                kind: secret.kind,
                what: secret.what.clone(),
                value: secret.value.clone(),
                certain: secret.certain,
                exchange: Exchange { method: "GET".into(), url: at.url.clone(), status: status_of(facts, &at.url) },
                place: at.place.to_owned(),
            };
            if !out.contains(&one) {
                out.push(one);
            }
        }
    }
    out
}

/// The status with which an address was answered. Scripts and source maps are only kept of answers with success.
fn status_of(facts: &LiveFacts, url: &str) -> Option<u16> {
    let page = facts.live.pages.iter().find(|(exchange, _)| exchange.url == url);
    page.map_or(Some(200), |(exchange, _)| exchange.status)
}

/// The original files in a source map, each with its extension.
fn sources(map: &str) -> Vec<(String, String)> {
    let map: serde_json::Value = serde_json::from_str(map).unwrap_or_default();
    let list = |name: &str| map[name].as_array().cloned().unwrap_or_default();
    let (names, contents) = (list("sources"), list("sourcesContent"));
    let own = names.into_iter().zip(contents).filter_map(|(name, content)| {
        let name = name.as_str()?.split('?').next()?.to_owned();
        let extension = name.rsplit_once('.').map_or("js", |(_, extension)| extension);
        let known = matches!(extension, "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "vue" | "svelte" | "astro");
        // Other people's packages are public.
        let keep = !name.contains("node_modules/");
        keep.then(|| (if known { extension } else { "js" }.to_owned(), content.as_str().unwrap_or_default().to_owned()))
    });
    own.take(MAX_SOURCES).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_probe::LiveFacts;

    use super::find;

    #[test]
    fn in_scripts_pages_and_source_maps() {
        let key = ["sk", "live", "51H8xQ2eZvKYlo2CbT4mN7pR9s"].join("_");
        let script = format!("const stripe = Stripe(\"{key}\");");
        let map = serde_json::json!({
            "sources": ["../node_modules/x/y.js", "src/pay.ts"],
            "sourcesContent": [script, script],
        });
        let facts = LiveFacts {
            scripts: vec![
                ("http://localhost:3000/app.js".into(), script.clone()),
                ("http://localhost:3000/#inline-1".into(), script.clone()),
                ("http://localhost:3000/other.js".into(), "const stripe = Stripe(\"pk_test_x\");".into()),
            ],
            source_maps: vec![("http://localhost:3000/app.js.map".into(), map.to_string()), ("x".into(), "{".into())],
            ..LiveFacts::default()
        };
        let found = find(&facts);
        let mut places: Vec<(&str, &str)> =
            found.iter().map(|secret| (secret.exchange.url.as_str(), secret.place.as_str())).collect();
        places.sort_unstable();
        assert_eq!(
            places,
            [
                ("http://localhost:3000/", "script in the page"),
                ("http://localhost:3000/app.js", "script"),
                ("http://localhost:3000/app.js.map", "source map"),
            ]
        );
        assert!(found.iter().all(|secret| secret.certain && secret.value.is(&key)));
    }
}
