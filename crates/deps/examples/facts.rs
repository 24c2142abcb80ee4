//! Builds the tables of facts in `data/` that are not advisories:
//! `cargo run -p plimsoll-deps --example facts -- FOLDER YYYY-MM-DD crates/deps/data`
//!
//! `FOLDER` has `eol/` (one JSON file for each product of endoflife.date), `cdn/cdnjs-to-npm.json`, `popular/` (lists of
//! package names, most used first) and `retire/jsrepository-v5.json`. The day is that of the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Products of which a web app's files name a version.
const PRODUCTS: &[&str] = &[
    "nodejs",
    "python",
    "php",
    "ruby",
    "go",
    "deno",
    "dotnet",
    "debian",
    "ubuntu",
    "alpine-linux",
    "centos",
    "eclipse-temurin",
    "amazon-corretto",
    "tomcat",
];

/// How many of a list's names are near enough to the top that somebody would imitate them.
const IMITATED: usize = 3_000;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(day), Some(out)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: facts FOLDER YYYY-MM-DD OUT".into());
    };
    let (folder, out) = (Path::new(&folder), Path::new(&out));
    for (name, text) in [
        ("lifetimes.txt", lifetimes(folder, &day)?),
        ("libraries.txt", libraries(folder, &day)?),
        ("popular.txt", popular(folder, &day)?),
    ] {
        std::fs::write(out.join(name), &text)?;
        writeln!(std::io::stdout(), "{name}: {} lines, {} bytes", text.lines().count(), text.len())?;
    }
    Ok(())
}

fn json(path: &Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// `= product label`, then a line for each release line: its number, the day after which it gets no more fixes (`-`: none
/// is set), its last version, its code name.
fn lifetimes(folder: &Path, day: &str) -> Outcome<String> {
    let mut out = format!("# state of {day}\n");
    for product in PRODUCTS {
        let value = json(&folder.join("eol").join(format!("{product}.json")))?;
        writeln!(out, "= {product} {}", value["label"].as_str().unwrap_or(product))?;
        for release in value["releases"].as_array().ok_or("no releases")? {
            let cycle = release["releaseCycle"].as_str().ok_or("no cycle")?;
            let date = |key: &str| release[key].as_str();
            // Debian's volunteers go on with fixes for everyone; elsewhere longer support is for those who pay.
            let longer = date("eoes").filter(|_| *product == "debian");
            let latest = release["latest"].as_str().unwrap_or(cycle);
            let latest = latest.split(['+', ' ']).next().unwrap_or(cycle);
            let codename = release["codename"].as_str().unwrap_or_default().to_lowercase();
            let codename = codename.split(' ').next().unwrap_or_default();
            let ends = longer.or(date("eol")).unwrap_or("-");
            writeln!(out, "{}", format!("{cycle} {ends} {latest} {codename}").trim_end())?;
        }
    }
    Ok(out)
}

/// What libraries for the browser are called where they are handed out (`cdnjs name`), and in the headers of their files;
/// each with the name in npm's registry, which is left out where it is the same.
fn libraries(folder: &Path, day: &str) -> Outcome<String> {
    let mut out = format!("# state of {day}\n");
    let value = json(&folder.join("cdn/cdnjs-to-npm.json"))?;
    let mut line = |kind: char, name: &str, npm: &str| {
        if npm == name { writeln!(out, "{kind} {name}") } else { writeln!(out, "{kind} {name} {npm}") }
    };
    let known: BTreeSet<String> =
        NPM_LISTS.iter().map(|file| names(folder, file)).collect::<Outcome<Vec<_>>>()?.concat().into_iter().collect();
    for (name, entry) in value.as_object().ok_or("no object")?.iter().filter(|(name, _)| !name.contains(' ')) {
        // What is taken from a repository has the library's name; npm's has no `.js` behind it, mostly.
        let lower = name.to_lowercase();
        let bare = lower.trim_end_matches(".js");
        let by_name = || [&*lower, bare].into_iter().find(|name| known.contains(*name));
        let special = NAMES.iter().find(|(cdn, _)| cdn == name).map(|(_, npm)| *npm);
        let npm = special.or_else(|| entry["npm"].as_str()).or_else(by_name);
        if let Some(npm) = npm.filter(|npm| !npm.contains(' ')) {
            line('c', name, npm)?;
        }
    }
    let value = json(&folder.join("retire/jsrepository-v5.json"))?;
    let mut names = BTreeMap::new();
    for (name, entry) in value.as_object().ok_or("no object")? {
        if name.contains(' ') || name == "retire-example" {
            continue;
        }
        let npm = entry["npmname"].as_str().unwrap_or(name);
        names.insert(name.clone(), npm.to_owned());
        let bower = &entry["bowername"];
        let more = bower.as_array().into_iter().flatten().chain(std::iter::once(bower)).filter_map(Value::as_str);
        for other in more.filter(|other| !other.contains(' ')) {
            names.entry(other.to_owned()).or_insert_with(|| npm.to_owned());
        }
    }
    for (name, npm) in &names {
        line('h', name, npm)?;
    }
    Ok(out)
}

/// Where neither the table nor the name tells.
const NAMES: &[(&str, &str)] = &[("jquery-validate", "jquery-validation"), ("datatables", "datatables.net")];

const NPM_LISTS: &[&str] = &["npm-high-impact.txt", "npm-top-downloads.txt", "guarddog-top-npm.txt"];

fn names(folder: &Path, file: &str) -> Outcome<Vec<String>> {
    let text = std::fs::read_to_string(folder.join("popular").join(file))?;
    Ok(text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// `n` npm, `p` Python: names that many use; in capitals those that somebody would imitate.
fn popular(folder: &Path, day: &str) -> Outcome<String> {
    let mut out = format!("# state of {day}\n");
    for (kind, files) in [('n', NPM_LISTS), ('p', &["guarddog-top-pypi.txt"])] {
        let (mut all, mut imitated) = (BTreeSet::new(), BTreeSet::new());
        for file in files {
            let list = names(folder, file)?;
            imitated.extend(list.iter().take(IMITATED).cloned());
            all.extend(list);
        }
        for name in all {
            let kind = if imitated.contains(&name) { kind.to_ascii_uppercase() } else { kind };
            writeln!(out, "{kind} {name}")?;
        }
    }
    Ok(out)
}
