//! The scripts that the running app serves, as files to read: those of its pages, and the sources in their source maps.

use plimsoll_model::Exchange;
use plimsoll_probe::LiveFacts;
use plimsoll_source::SourceTree;

/// Sources that are taken out of one source map.
const MAX_SOURCES: usize = 2_000;

/// Where one text came from.
pub(crate) struct Served {
    /// The request that brought it.
    pub(crate) exchange: Exchange,
    /// Where in the answer it stood: `script`, `script in the page`, `source map`.
    pub(crate) place: &'static str,
}

/// What the probe kept (it bounds the bodies, one by one and in all), each text a file, in the order of the list.
pub(crate) fn read(facts: &LiveFacts) -> (SourceTree, Vec<Served>) {
    let mut served: Vec<Served> = Vec::new();
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut add = |url: &str, place, extension: &str, text: &str| {
        // Invented names: an address of the app could look like a test or a sample to the scanner.
        texts.push((format!("served/{:06}.{extension}", served.len()), text.to_owned()));
        let exchange = Exchange { method: "GET".into(), url: url.to_owned(), status: status_of(facts, url) };
        served.push(Served { exchange, place });
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
    // Files are in the order of their names, which is the order of `served`.
    (SourceTree::from_texts(texts), served)
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
