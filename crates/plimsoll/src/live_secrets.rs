//! Secrets in the scripts that the running app serves.

use plimsoll_model::app::{LiveSecret, SecretTier};
use plimsoll_probe::LiveFacts;
use plimsoll_secrets::Context;

use crate::served;

/// Searches what the probe kept (it bounds the bodies, one by one and in all) with the scanner that reads the source.
pub(crate) fn find(facts: &LiveFacts) -> Vec<LiveSecret> {
    let (tree, served) = served::read(facts);
    let found = plimsoll_secrets::read(&tree, &Context { is_client_file: &|_| Some(true) });
    let mut out: Vec<LiveSecret> = Vec::new();
    for secret in found.secrets.iter().filter(|secret| secret.tier == SecretTier::Secret && !secret.in_sample) {
        for span in std::iter::once(&secret.span).chain(&secret.also) {
            let Some(at) = served.get(span.file.0 as usize) else { continue };
            let one = LiveSecret {
                kind: secret.kind,
                what: secret.what.clone(),
                value: secret.value.clone(),
                certain: secret.certain,
                exchange: at.exchange.clone(),
                place: at.place.to_owned(),
            };
            if !out.contains(&one) {
                out.push(one);
            }
        }
    }
    out
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
