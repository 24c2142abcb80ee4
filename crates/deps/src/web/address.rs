//! Addresses of public networks that hand out packages: which package, in which version.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::package::Pinned;
use crate::version::exact_pin;
use crate::{Ecosystem, Version};

/// What an address loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host, in lower case.
    pub host: String,
    /// The packages, with what the address says of their versions. Empty where the host hands out packages and this
    /// address names none that is known.
    pub packages: Vec<(String, Pinned)>,
    /// It is whatever is newest there: no version, or only the beginning of one.
    pub is_moving: bool,
    /// The host has been taken over and handed out hostile programs.
    pub is_hostile: bool,
}

/// Hosts that were bought or broken into and then served hostile programs to the sites that loaded theirs (published in
/// June 2024).
const HOSTILE: &[&str] = &[
    "polyfill.io",
    "bootcdn.net",
    "bootcss.com",
    "staticfile.net",
    "staticfile.org",
    "unionadjs.com",
    "xhsbpza.com",
    "macoms.la",
    "newcrbpc.com",
];

/// What some hosts call libraries.
const GOOGLE: &[(&str, &str)] = &[
    ("angularjs", "angular"),
    ("jqueryui", "jquery-ui"),
    ("jquerymobile", "jquery-mobile"),
    ("d3js", "d3"),
    ("threejs", "three"),
    ("hammerjs", "hammerjs"),
    ("webfont", "webfontloader"),
    ("cesiumjs", "cesium"),
    ("model-viewer", "@google/model-viewer"),
    ("prototype", "prototype"),
    ("mootools", "mootools"),
    ("ext-core", "extjs"),
];

/// The libraries table: names of the network cdnjs (`c`) and of file headers (`h`), with npm's.
struct Libraries {
    cdnjs: HashMap<&'static str, &'static str>,
    headers: HashMap<String, &'static str>,
}

static LIBRARIES: LazyLock<Libraries> = LazyLock::new(|| {
    let mut out = Libraries { cdnjs: HashMap::new(), headers: HashMap::new() };
    for line in include_str!("../../data/libraries.txt").lines() {
        let mut words = line.split(' ');
        let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
        let npm = words.next().unwrap_or(name);
        match kind {
            "c" => {
                out.cdnjs.insert(name, npm);
            }
            "h" => {
                out.headers.insert(squashed(name), npm);
            }
            _ => {}
        }
    }
    out
});

/// A name without what people write differently: `Chart.js`, `chartjs`, `CHART JS`.
pub(super) fn squashed(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// npm's name for what a file's header calls a library. `is_sure`: one of the few libraries whose headers are known.
pub(super) fn by_header(name: &str) -> Option<(&'static str, bool)> {
    let squashed = squashed(name);
    if squashed.len() < 2 {
        return None;
    }
    let bare = squashed.strip_suffix("js").filter(|bare| bare.len() > 1);
    let with = format!("{squashed}js");
    [Some(squashed.as_str()), bare, Some(with.as_str())]
        .into_iter()
        .flatten()
        .find_map(|name| LIBRARIES.headers.get(name))
        .map(|npm| (*npm, true))
        .or_else(|| {
            let lower = name.trim().to_lowercase().replace(' ', "-");
            let names = [lower.as_str(), lower.trim_end_matches(".js")];
            names.into_iter().find_map(|name| LIBRARIES.cdnjs.get(name)).map(|npm| (*npm, false))
        })
}

/// What an address loads; `None` for hosts that hand out no packages.
pub fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let rest = ["https://", "http://", "//"].iter().find_map(|scheme| text.strip_prefix(scheme))?;
    if rest.len() > 2_000 {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    let of = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'));
    let is_hostile = HOSTILE.iter().any(|domain| of(domain));
    let decoded = path.replace("%40", "@").replace("%2F", "/").replace("%2f", "/");
    let path = decoded.trim_start_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let packages: Vec<(String, Pinned)> = match host.as_str() {
        _ if is_hostile => libs(&parts, 2).into_iter().collect(),
        "unpkg.com" | "esm.run" | "www.unpkg.com" => spec(path).into_iter().collect(),
        _ if of("jsdelivr.net") => match parts.first() {
            Some(&"npm") => spec(path.strip_prefix("npm/")?).into_iter().collect(),
            Some(&"combine") => path
                .strip_prefix("combine/")?
                .split(',')
                .filter_map(|part| part.strip_prefix("npm/").and_then(spec))
                .collect(),
            Some(&"gh") => {
                // A repository's tag is no version of the registry's; without one it is whatever is newest.
                let is_fixed = parts.get(2).is_some_and(|part| part.contains('@') && !part.ends_with("@latest"));
                return Some(Address { host, packages: Vec::new(), is_moving: !is_fixed, is_hostile });
            }
            _ => return None,
        },
        "esm.sh" | "cdn.esm.sh" => {
            let mut path = path.trim_start_matches('*');
            while let Some((first, rest)) = path.split_once('/') {
                let is_build = first == "stable" || first == "v" || build_number(first);
                if !is_build {
                    break;
                }
                path = rest.trim_start_matches('*');
            }
            if ["gh/", "jsr/", "pr/"].iter().any(|other| path.starts_with(other)) {
                return None;
            }
            spec(path).into_iter().collect()
        }
        "cdn.skypack.dev" | "cdn.pika.dev" => {
            let path = path.trim_start_matches("pin/").trim_start_matches("-/");
            // `name@v1.2.3-HASH`: the rest is the network's own.
            let cut = path.find("@v").map(|at| (at, &path[at + 2..]));
            match cut {
                Some((at, version)) => {
                    let version = version.split(['-', '/']).next().unwrap_or_default();
                    spec(&format!("{}@{version}", &path[..at])).into_iter().collect()
                }
                None => spec(path).into_iter().collect(),
            }
        }
        "ga.jspm.io" | "jspm.dev" => spec(path.strip_prefix("npm:").unwrap_or(path)).into_iter().collect(),
        "cdnjs.cloudflare.com" => libs(&parts, 2).into_iter().collect(),
        "ajax.googleapis.com" => match parts.as_slice() {
            ["ajax", "libs", name, version, ..] => {
                let npm = GOOGLE.iter().find(|(known, _)| known == name).map_or(*name, |(_, npm)| *npm);
                vec![(npm.to_owned(), pinned(version))]
            }
            _ => return None,
        },
        "ajax.aspnetcdn.com" => aspnet(&parts).into_iter().collect(),
        "code.jquery.com" => jquery(&parts).into_iter().collect(),
        _ if of("bootstrapcdn.com") => match parts.as_slice() {
            ["bootstrap", version, ..] => vec![("bootstrap".to_owned(), pinned(version))],
            ["font-awesome" | "bootswatch", ..] => Vec::new(),
            _ => return None,
        },
        "cdn.datatables.net" => match parts.as_slice() {
            [version, ..] if is_number(version) => vec![("datatables.net".to_owned(), pinned(version))],
            _ => Vec::new(),
        },
        "cdn.plot.ly" => match named_file(path, "plotly") {
            // The address of the newest was left at 1.58.5 in 2021.
            Some(Pinned::Range(_)) => vec![("plotly.js".to_owned(), Pinned::Exact("1.58.5".to_owned()))],
            Some(version) => vec![("plotly.js".to_owned(), version)],
            None => Vec::new(),
        },
        // Makers' own networks: where the version stands, and npm's name.
        "www.gstatic.com" => match parts.as_slice() {
            ["firebasejs", version, ..] => vec![("firebase".to_owned(), pinned(version))],
            _ => return None,
        },
        "cdn.socket.io" => match parts.as_slice() {
            ["socket.io-client" | "socket.io", version, ..] | [version, _] if is_number(version) => {
                vec![("socket.io-client".to_owned(), pinned(version))]
            }
            [file] => named_file(file, "socket.io").map(|it| ("socket.io-client".to_owned(), it)).into_iter().collect(),
            _ => return None,
        },
        "cdn.quilljs.com" => match parts.as_slice() {
            [version, _, ..] if is_number(version) => vec![("quill".to_owned(), pinned(version))],
            _ => return None,
        },
        "cdn.ckeditor.com" => match parts.as_slice() {
            // The builds of version 5 have packages of their own.
            [version, ..] if version.starts_with("4.") => vec![("ckeditor4".to_owned(), pinned(version))],
            _ => Vec::new(),
        },
        "cdn.tiny.cloud" => match parts.as_slice() {
            [_, _, "tinymce", version, ..] => vec![("tinymce".to_owned(), pinned(version))],
            _ => return None,
        },
        "cdn.sheetjs.com" => match parts.first().and_then(|part| part.strip_prefix("xlsx-")) {
            Some(version) => vec![("xlsx".to_owned(), pinned(version))],
            None => Vec::new(),
        },
        "api.mapbox.com" => match parts.as_slice() {
            ["mapbox-gl-js", version, ..] => vec![("mapbox-gl".to_owned(), pinned(version))],
            _ => return None,
        },
        "cdn.tailwindcss.com" => vec![("tailwindcss".to_owned(), pinned(parts.first().copied().unwrap_or_default()))],
        "d3js.org" => match path.split('.').collect::<Vec<_>>().as_slice() {
            ["d3", version, ..] if version.starts_with('v') => {
                vec![("d3".to_owned(), pinned(version.trim_start_matches('v')))]
            }
            _ => return None,
        },
        _ => return None,
    };
    // The bare host is no program.
    if path.is_empty() && !is_hostile && host != "cdn.tailwindcss.com" {
        return None;
    }
    let is_moving = packages.iter().any(|(_, version)| version.exact().is_none());
    Some(Address { host, packages, is_moving, is_hostile })
}

/// `v135`.
fn build_number(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_digit()))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit()) && Version::parse(Ecosystem::Npm, text).is_some()
}

/// `name@version/path`, `@scope/name@version/path`.
fn spec(text: &str) -> Option<(String, Pinned)> {
    let scope = if text.starts_with('@') { text.find('/')? + 1 } else { 0 };
    let end = text[scope..].find('/').map_or(text.len(), |at| scope + at);
    let full = &text[..end];
    let (name, version) = match full[scope..].find('@') {
        Some(at) => (&full[..scope + at], &full[scope + at + 1..]),
        None => (full, ""),
    };
    // `react@18.2.0&dev`, `x@1.0.0+esm`.
    let version = version.split(['&', ',', '+']).next().unwrap_or_default();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-._@/".contains(letter);
    let known = !name.is_empty() && name.len() < 215 && name.chars().all(is_name) && !name.contains("${");
    known.then(|| (name.to_owned(), pinned(version)))
}

/// `ajax/libs/NAME/VERSION/…`, as cdnjs has it.
fn libs(parts: &[&str], at: usize) -> Option<(String, Pinned)> {
    let (name, version) = (parts.get(at)?, parts.get(at + 1)?);
    (parts.first() == Some(&"ajax")).then_some(())?;
    let npm = LIBRARIES.cdnjs.get(*name)?;
    Some(((*npm).to_owned(), pinned(version)))
}

/// `jquery-1.12.4.min.js`, `ui/1.12.1/jquery-ui.min.js`, `mobile/…`, `jquery-migrate-3.3.2.js`.
fn jquery(parts: &[&str]) -> Option<(String, Pinned)> {
    match parts {
        ["ui", version, ..] => Some(("jquery-ui".to_owned(), pinned(version))),
        ["mobile", version, ..] => Some(("jquery-mobile".to_owned(), pinned(version))),
        [file] => {
            if let Some(version) = named_file(file, "jquery-migrate") {
                return Some(("jquery-migrate".to_owned(), version));
            }
            let version = named_file(file, "jquery")?;
            // The address of the newest was left at 1.11.1 in 2014, on purpose.
            let version = if version.exact().is_some() { version } else { Pinned::Exact("1.11.1".to_owned()) };
            Some(("jquery".to_owned(), version))
        }
        _ => None,
    }
}

fn aspnet(parts: &[&str]) -> Option<(String, Pinned)> {
    const NAMES: &[(&str, &str)] = &[
        ("jquery", "jquery"),
        ("jquery.ui", "jquery-ui"),
        ("jquery.validate", "jquery-validation"),
        ("jquery.mobile", "jquery-mobile"),
        ("jquery.migrate", "jquery-migrate"),
        ("bootstrap", "bootstrap"),
        ("knockout", "knockout"),
        ("signalr", "signalr"),
    ];
    // Microsoft's paths are in any case of letters.
    let called = parts.get(1)?;
    let (_, npm) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(called))?;
    let version = parts.get(2).filter(|part| is_number(part)).map(|part| pinned(part));
    let by_file = || parts.last().and_then(|file| named_file(file, called));
    Some(((*npm).to_owned(), version.or_else(by_file)?))
}

/// The version in a file name: `NAME-1.2.3.min.js`. A file without one is the newest.
pub(super) fn named_file(file: &str, name: &str) -> Option<Pinned> {
    let rest = file.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name)).and(file.get(name.len()..))?;
    let rest = rest.strip_suffix(".js").or_else(|| rest.strip_suffix(".mjs"))?;
    let version = rest.trim_start_matches(['-', '.', '_', '@']).trim_start_matches('v');
    let end = version.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(version.len());
    let number = version[..end].trim_end_matches('.');
    if number.contains('.') {
        return Some(pinned(number));
    }
    // `jquery.min.js`, `jquery-latest.js`; any other word is another file.
    let words = ["", "min", "latest", "slim", "latest.min", "slim.min", "basic.min", "basic-latest.min"];
    words.contains(&version.trim_start_matches('.')).then(|| Pinned::Range("*".to_owned()))
}

fn pinned(version: &str) -> Pinned {
    let version = version.trim_start_matches('v');
    if version.is_empty() || !version.starts_with(|first: char| first.is_ascii_digit() || "^~<>=*".contains(first)) {
        // None, or a tag such as `latest`.
        return Pinned::Range("*".to_owned());
    }
    match exact_pin(Ecosystem::Npm, version) {
        Some(exact) => Pinned::Exact(exact),
        None => Pinned::Range(version.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, by_header};

    fn shown(text: &str) -> String {
        let Some(address) = address(text) else { return "-".to_owned() };
        let packages: Vec<String> = address
            .packages
            .iter()
            .map(|(name, version)| match version.exact() {
                Some(version) => format!("{name}@{version}"),
                None => format!("{name}@({})", version.as_written()),
            })
            .collect();
        packages.join(" ")
    }

    #[test]
    fn every_shape() {
        for (text, expected) in [
            ("https://cdn.jsdelivr.net/npm/bootstrap@3.3.7/dist/js/bootstrap.min.js", "bootstrap@3.3.7"),
            ("https://cdn.jsdelivr.net/npm/@babel/standalone@7.0.0/babel.min.js", "@babel/standalone@7.0.0"),
            ("https://cdn.jsdelivr.net/npm/@babel/standalone", "@babel/standalone@(*)"),
            ("https://fastly.jsdelivr.net/npm/vue@2", "vue@(2)"),
            ("//cdn.jsdelivr.net/combine/npm/jquery@3.3.1,npm/moment@2.18.1", "jquery@3.3.1 moment@2.18.1"),
            ("https://cdn.jsdelivr.net/gh/u/r@v1.2/x.js", ""),
            ("https://unpkg.com/axios@0.18.0/dist/axios.min.js", "axios@0.18.0"),
            ("https://unpkg.com/htmx.org", "htmx.org@(*)"),
            ("https://unpkg.com/react@latest/umd/react.js", "react@(*)"),
            ("https://unpkg.com/%40scope/a@1.0.0", "@scope/a@1.0.0"),
            ("https://esm.sh/dompurify@2.0.0?target=es2020", "dompurify@2.0.0"),
            ("https://esm.sh/v135/@supabase/supabase-js@2.39.0/dist/x.mjs", "@supabase/supabase-js@2.39.0"),
            ("https://esm.sh/@supabase/supabase-js@2", "@supabase/supabase-js@(2)"),
            ("https://esm.sh/*preact@10.5.0/hooks", "preact@10.5.0"),
            ("https://esm.sh/gh/u/r", "-"),
            ("https://cdn.skypack.dev/-/lodash@v4.17.4-abcDEF/dist=es2020/lodash.js", "lodash@4.17.4"),
            ("https://cdn.skypack.dev/lodash@4.17.4", "lodash@4.17.4"),
            ("https://ga.jspm.io/npm:react@17.0.1/index.js", "react@17.0.1"),
            ("https://cdnjs.cloudflare.com/ajax/libs/lodash.js/4.17.4/lodash.min.js", "lodash@4.17.4"),
            ("https://cdnjs.cloudflare.com/ajax/libs/socket.io/2.0.3/socket.io.js", "socket.io-client@2.0.3"),
            ("https://cdnjs.cloudflare.com/ajax/libs/no-such-library-there/1.0.0/a.js", ""),
            ("https://code.jquery.com/jquery-1.12.4.min.js", "jquery@1.12.4"),
            ("https://code.jquery.com/jquery-3.3.1.slim.min.js", "jquery@3.3.1"),
            ("https://code.jquery.com/jquery-latest.min.js", "jquery@1.11.1"),
            ("https://code.jquery.com/ui/1.12.1/jquery-ui.js", "jquery-ui@1.12.1"),
            ("https://code.jquery.com/jquery-migrate-1.2.1.js", "jquery-migrate@1.2.1"),
            ("https://ajax.googleapis.com/ajax/libs/angularjs/1.6.0/angular.min.js", "angular@1.6.0"),
            ("https://ajax.googleapis.com/ajax/libs/jquery/1/jquery.min.js", "jquery@(1)"),
            ("https://ajax.aspnetcdn.com/ajax/jQuery/jquery-1.9.0.min.js", "jquery@1.9.0"),
            ("https://ajax.aspnetcdn.com/ajax/jquery.ui/1.8.10/jquery-ui.min.js", "jquery-ui@1.8.10"),
            ("https://maxcdn.bootstrapcdn.com/bootstrap/3.3.7/js/bootstrap.min.js", "bootstrap@3.3.7"),
            ("https://cdn.datatables.net/1.10.16/js/jquery.dataTables.min.js", "datatables.net@1.10.16"),
            ("https://cdn.plot.ly/plotly-latest.min.js", "plotly.js@1.58.5"),
            ("https://cdn.tailwindcss.com/3.4.1", "tailwindcss@3.4.1"),
            ("https://cdn.tailwindcss.com", "tailwindcss@(*)"),
            ("https://d3js.org/d3.v3.min.js", "d3@(3)"),
            ("https://www.gstatic.com/firebasejs/8.10.0/firebase-app.js", "firebase@8.10.0"),
            ("https://www.gstatic.com/charts/loader.js", "-"),
            ("https://cdn.socket.io/4.0.1/socket.io.min.js", "socket.io-client@4.0.1"),
            ("https://cdn.socket.io/socket.io-1.4.5.js", "socket.io-client@1.4.5"),
            ("https://cdn.quilljs.com/1.3.6/quill.js", "quill@1.3.6"),
            ("https://cdn.ckeditor.com/4.16.0/full/ckeditor.js", "ckeditor4@4.16.0"),
            ("https://cdn.tiny.cloud/1/no-api-key/tinymce/5/tinymce.min.js", "tinymce@(5)"),
            ("https://cdn.sheetjs.com/xlsx-0.20.0/package/dist/xlsx.full.min.js", "xlsx@0.20.0"),
            ("https://api.mapbox.com/mapbox-gl-js/v2.0.0/mapbox-gl.js", "mapbox-gl@2.0.0"),
            ("https://js.stripe.com/v3/", "-"),
            ("https://cdn.jsdelivr.net", "-"),
            ("https://unpkg.com.evil.example/lodash@4.17.4", "-"),
            ("/npm/lodash@4.17.4", "-"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn hosts_that_were_taken_over() {
        assert!(address("https://polyfill.io/v3/polyfill.min.js").is_some_and(|it| it.is_hostile));
        assert!(address("https://cdn.polyfill.io/v2/polyfill.js").is_some_and(|it| it.is_hostile));
        assert!(address("https://cdn.bootcss.com/jquery/3.3.1/jquery.js").is_some_and(|it| it.is_hostile));
        assert!(address("https://notpolyfill.io/v3/polyfill.min.js").is_none());
    }

    #[test]
    fn names_in_headers() {
        for (name, npm) in [
            ("jQuery UI", "jquery-ui"),
            ("AngularJS", "angular"),
            ("Vue.js", "vue"),
            ("moment.js", "moment"),
            ("Bootstrap", "bootstrap"),
            ("DOMPurify", "dompurify"),
            ("Chart.js", "chart.js"),
        ] {
            assert_eq!(by_header(name).map(|(npm, _)| npm), Some(npm), "{name}");
        }
        assert_eq!(by_header("My own helpers"), None);
    }
}
