//! Which language runtimes and systems the app's files ask for, and until when their makers repair them.

use std::sync::LazyLock;

use plimsoll_source::{FileId, SourceFile, SourceTree, Span};

use crate::doc::{self, Value};
use crate::index::Day;
use crate::version::{Interval, Set, constraint};
use crate::web::is_built;
use crate::{Ecosystem, Version};

/// A runtime that a file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// What it is called: `Node.js`.
    pub product: &'static str,
    /// What the file asks for, as written.
    pub asked: String,
    /// The newest release line that this allows.
    pub line: &'static str,
    /// The last day on which that line gets repairs.
    pub ends: Day,
    /// Where.
    pub span: Span,
}

struct Product {
    id: &'static str,
    label: &'static str,
    /// Newest first.
    lines: Vec<Line>,
}

struct Line {
    number: &'static str,
    ends: Option<Day>,
    latest: &'static str,
    codename: &'static str,
}

struct Lifetimes {
    day: Day,
    products: Vec<Product>,
}

static LIFETIMES: LazyLock<Lifetimes> = LazyLock::new(|| {
    let mut out = Lifetimes { day: Day(0), products: Vec::new() };
    for text in include_str!("../data/lifetimes.txt").lines() {
        if let Some(day) = text.strip_prefix("# state of ") {
            out.day = Day::parse(day).unwrap_or_default();
        } else if let Some((id, label)) = text.strip_prefix("= ").and_then(|rest| rest.split_once(' ')) {
            out.products.push(Product { id, label, lines: Vec::new() });
        } else if let Some(product) = out.products.last_mut() {
            let mut words = text.split(' ');
            let (Some(number), Some(ends)) = (words.next(), words.next()) else { continue };
            let (latest, codename) = (words.next().unwrap_or(number), words.next().unwrap_or_default());
            product.lines.push(Line { number, ends: Day::parse(ends), latest, codename });
        }
    }
    out
});

/// The day of the facts about runtimes.
pub fn runtime_facts() -> Day {
    LIFETIMES.day
}

fn product(id: &str) -> Option<&'static Product> {
    LIFETIMES.products.iter().find(|product| product.id == id)
}

fn numbers(text: &str) -> Vec<&str> {
    let text = text.trim_start_matches('v');
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(text.len());
    text[..end].trim_end_matches('.').split('.').filter(|part| !part.is_empty()).collect()
}

impl Product {
    /// The line of one version; `None` for a version that is none, or only the beginning of a line's number.
    fn line_of(&self, version: &str) -> Option<&Line> {
        let asked = numbers(version);
        self.lines.iter().find(|line| {
            let own: Vec<&str> = line.number.split('.').collect();
            !asked.is_empty() && asked.len() >= own.len() && own.iter().zip(&asked).all(|(a, b)| a == b)
        })
    }

    /// The newest line of which a range allows some version.
    fn newest_in(&self, ecosystem: Ecosystem, range: &str) -> Option<&Line> {
        let allowed = constraint(ecosystem, range)?;
        let padded = |text: &str| {
            let missing = 3usize.saturating_sub(text.split('.').count());
            Version::parse(ecosystem, &format!("{text}{}", ".0".repeat(missing)))
        };
        self.lines.iter().find(|line| {
            let (Some(low), Some(high)) = (padded(line.number), padded(line.latest)) else { return false };
            let (low, high) = if low <= high { (low, high) } else { (high, low) };
            allowed.meets(&Set(vec![Interval { low: Some((low, true)), high: Some((high, true)) }]))
        })
    }
}

/// What the app's files ask for, with the end of its line where one is set. Sorted by place.
pub fn runtimes(tree: &SourceTree) -> Vec<Runtime> {
    let mut out = Vec::new();
    for (id, file) in tree.iter() {
        if file.text().is_empty() || is_built(&file.path) {
            continue;
        }
        read(&mut Reader { id, out: &mut out }, file);
    }
    out.sort_by_key(|runtime| runtime.span);
    out
}

struct Reader<'o> {
    id: FileId,
    out: &'o mut Vec<Runtime>,
}

impl Reader<'_> {
    fn push(&mut self, product: &'static Product, line: Option<&'static Line>, asked: &str, range: (usize, usize)) {
        let Some((line, ends)) = line.and_then(|line| Some((line, line.ends?))) else { return };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span::new(self.id, place(range.0), place(range.1));
        self.out.push(Runtime { product: product.label, asked: asked.to_owned(), line: line.number, ends, span });
    }

    /// One version.
    fn version(&mut self, id: &str, asked: &str, range: (usize, usize)) {
        if let Some(product) = product(id) {
            self.push(product, product.line_of(asked), asked, range);
        }
    }

    /// A range, in the words of an ecosystem.
    fn range(&mut self, id: &str, ecosystem: Ecosystem, value: Option<&Value<'_>>) {
        let Some((product, value)) = product(id).zip(value) else { return };
        let Some(asked) = value.text().map(str::trim).filter(|text| !text.is_empty() && text.len() < 200) else {
            return;
        };
        let (start, end) = value.range();
        self.push(product, product.newest_in(ecosystem, asked), asked, (start as usize, end as usize));
    }
}

fn read(out: &mut Reader<'_>, file: &SourceFile) {
    let text = file.text();
    let lower = file.name().to_ascii_lowercase();
    match lower.as_str() {
        ".nvmrc" | ".node-version" => first_line(text, |asked, range| {
            let asked = asked.trim_start_matches("node-").trim_start_matches("nodejs-");
            match node_name(asked) {
                Some(line) => out.version("nodejs", line, range),
                None => out.version("nodejs", asked, range),
            }
        }),
        ".python-version" => first_line(text, |asked, range| out.version("python", asked, range)),
        ".ruby-version" => first_line(text, |asked, range| {
            out.version("ruby", asked.trim_start_matches("ruby-"), range);
        }),
        ".php-version" => first_line(text, |asked, range| out.version("php", asked, range)),
        "runtime.txt" => first_line(text, |asked, range| {
            if let Some(version) = asked.strip_prefix("python-") {
                out.version("python", version, range);
            } else if asked.starts_with(|first: char| first.is_ascii_digit()) {
                // Netlify's form.
                out.version("python", asked, range);
            }
        }),
        ".tool-versions" => {
            for (start, line) in lines(text) {
                let code = line.split('#').next().unwrap_or(line);
                let mut words = code.split_whitespace();
                let (Some(tool), Some(version)) = (words.next(), words.next()) else { continue };
                out.version(tool_name(tool), version, (start, start + code.trim_end().len()));
            }
        }
        "package.json" => {
            let Ok(root) = doc::json(text) else { return };
            // The exact word before the range: Volta's is what runs.
            match root.at(&["volta", "node"]) {
                Some(pin) => out.range("nodejs", Ecosystem::Npm, Some(pin)),
                None => out.range("nodejs", Ecosystem::Npm, root.at(&["engines", "node"])),
            }
        }
        "composer.json" => {
            let Ok(root) = doc::json(text) else { return };
            match root.at(&["config", "platform", "php"]) {
                Some(pin) => out.range("php", Ecosystem::Packagist, Some(pin)),
                None => out.range("php", Ecosystem::Packagist, root.at(&["require", "php"])),
            }
        }
        "pyproject.toml" => {
            let Ok(root) = doc::toml(text) else { return };
            let asked = root.at(&["project", "requires-python"]);
            let asked = asked.or_else(|| root.at(&["tool", "poetry", "dependencies", "python"]));
            out.range("python", Ecosystem::PyPi, asked);
        }
        "pipfile" => {
            let Ok(root) = doc::toml(text) else { return };
            let asked =
                root.at(&["requires", "python_full_version"]).or_else(|| root.at(&["requires", "python_version"]));
            if let Some((value, asked)) = asked.and_then(|value| Some((value, value.text()?))) {
                let (start, end) = value.range();
                out.version("python", asked, (start as usize, end as usize));
            }
        }
        "gemfile" => {
            for (start, line) in lines(text) {
                let Some(rest) = line.trim().strip_prefix("ruby ") else { continue };
                let version = rest.trim().trim_matches(['"', '\'']);
                out.version("ruby", version, (start, start + line.trim_end().len()));
            }
        }
        "netlify.toml" | "fly.toml" | "mise.toml" | ".mise.toml" => {
            let Ok(root) = doc::toml(text) else { return };
            for (path, id) in [
                (&["build", "environment", "NODE_VERSION"][..], "nodejs"),
                (&["build", "environment", "PYTHON_VERSION"], "python"),
                (&["build", "environment", "RUBY_VERSION"], "ruby"),
                (&["build", "environment", "PHP_VERSION"], "php"),
                (&["tools", "node"], "nodejs"),
                (&["tools", "python"], "python"),
                (&["tools", "ruby"], "ruby"),
            ] {
                let Some((value, asked)) = root.at(path).and_then(|value| Some((value, value.text()?))) else {
                    continue;
                };
                let (start, end) = value.range();
                out.version(id, asked, (start as usize, end as usize));
            }
        }
        "vercel.json" | "now.json" => {
            let Ok(root) = doc::json(text) else { return };
            for function in root.entries_of("functions") {
                if let Some((value, asked)) =
                    function.value.get("runtime").and_then(|value| Some((value, value.text()?)))
                {
                    function_runtime(out, asked, value.range());
                }
            }
        }
        "serverless.yml" | "serverless.yaml" | "template.yaml" | "template.yml" | "app.yaml" => {
            for (start, line) in lines(text) {
                let trimmed = line.trim();
                let Some((key, asked)) = trimmed.split_once(':') else { continue };
                if key.eq_ignore_ascii_case("runtime") {
                    let asked = asked.split('#').next().unwrap_or(asked).trim().trim_matches(['"', '\'']);
                    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    function_runtime(out, asked, (place(start), place(start + line.trim_end().len())));
                }
            }
        }
        _ if is_image(&lower, &file.path) => image(out, text),
        _ => {}
    }
}

/// `nodejs14.x`, `python3.7`, `python37`, `ruby2.7`, `php74`.
fn function_runtime(out: &mut Reader<'_>, asked: &str, range: (u32, u32)) {
    let asked = asked.rsplit('/').next().unwrap_or(asked);
    let Some(at) = asked.find(|letter: char| letter.is_ascii_digit()) else { return };
    let (name, version) = asked.split_at(at);
    let id = match name {
        "nodejs" => "nodejs",
        "python" => "python",
        "ruby" => "ruby",
        "php" => "php",
        "dotnet" | "dotnetcore" => "dotnet",
        _ => return,
    };
    let joined = matches!(id, "python" | "php" | "ruby") && !version.contains('.') && version.len() > 1;
    let version = if joined { format!("{}.{}", &version[..1], &version[1..]) } else { version.to_owned() };
    out.version(id, version.trim_end_matches(".x"), (range.0 as usize, range.1 as usize));
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0usize;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

fn first_line(text: &str, mut each: impl FnMut(&str, (usize, usize))) {
    let found = lines(text).find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if let Some((start, line)) = found {
        let asked = line.trim_start_matches('\u{feff}').trim();
        if !asked.is_empty() && asked.len() < 60 {
            each(asked, (start, start + line.trim_end().len()));
        }
    }
}

/// Node.js names its long-lived lines after elements.
fn node_name(asked: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("argon", "4"),
        ("boron", "6"),
        ("carbon", "8"),
        ("dubnium", "10"),
        ("erbium", "12"),
        ("fermium", "14"),
        ("gallium", "16"),
        ("hydrogen", "18"),
        ("iron", "20"),
        ("jod", "22"),
        ("krypton", "24"),
    ];
    let name = asked.strip_prefix("lts/").unwrap_or(asked).to_ascii_lowercase();
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, line)| *line)
}

fn tool_name(tool: &str) -> &str {
    match tool {
        "node" => "nodejs",
        "golang" => "go",
        "dotnet-core" => "dotnet",
        other => other,
    }
}

/// A file that describes an image that is deployed, not one for developing.
fn is_image(name: &str, path: &str) -> bool {
    let named = name == "dockerfile"
        || name == "containerfile"
        || name.starts_with("dockerfile.")
        || name.ends_with(".dockerfile");
    let path = path.to_ascii_lowercase();
    let other = ["dev", "test", "local", "example"];
    named && !other.iter().any(|word| name.contains(word)) && !path.contains(".devcontainer/")
}

/// The images that the last stage is made of.
fn image(out: &mut Reader<'_>, text: &str) {
    let mut defaults: Vec<(&str, &str)> = Vec::new();
    // Name, image, place.
    let mut stages: Vec<(String, String, (usize, usize))> = Vec::new();
    for (start, line) in lines(text) {
        let mut words = line.split_whitespace();
        let Some(instruction) = words.next() else { continue };
        if instruction.eq_ignore_ascii_case("arg") && stages.is_empty() {
            defaults.extend(words.filter_map(|word| word.split_once('=')));
        } else if instruction.eq_ignore_ascii_case("from") {
            let mut words = words.filter(|word| !word.starts_with("--"));
            let Some(image) = words.next() else { continue };
            let name = words.nth(1).unwrap_or_default().to_ascii_lowercase();
            let end = start + line.trim_end().len();
            stages.push((name, filled(image, &defaults), (start, end)));
        }
    }
    let mut at = stages.len().checked_sub(1);
    while let Some((_, image, range)) = at.and_then(|at| stages.get(at)) {
        let earlier = at.and_then(|at| stages[..at].iter().rposition(|(name, ..)| name.eq_ignore_ascii_case(image)));
        if earlier.is_none() {
            named(out, image, *range);
        }
        at = earlier;
    }
}

/// `${NAME}`, `$NAME` and `${NAME:-default}` with the defaults of `ARG`.
fn filled(image: &str, defaults: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = image;
    for _ in 0..8 {
        let Some((head, tail)) = rest.split_once('$') else { break };
        out.push_str(head);
        let (name, behind) = match tail.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or((inner, "")),
            None => tail
                .split_at(tail.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(tail.len())),
        };
        let (name, other) = name.split_once(":-").unwrap_or((name, ""));
        let value = defaults.iter().find(|(known, _)| *known == name).map_or(other, |(_, value)| value);
        out.push_str(value.trim_matches(['"', '\'']));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// An image by its name and tag.
fn named(out: &mut Reader<'_>, image: &str, range: (usize, usize)) {
    let image = image.split('@').next().unwrap_or(image);
    let (path, tag) = match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (image, ""),
    };
    // Whose image it is: only in the makers' own does the tag begin with their version.
    let makers = ["", "library", "docker.io", "docker.io/library", "public.ecr.aws/docker/library", "bitnami"];
    let (owner, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_dotnet = owner.ends_with("microsoft.com/dotnet");
    // `nodejs24-debian13`: the versions stand in the name.
    if owner.ends_with("/distroless") {
        for piece in name.split('-') {
            let at = piece.find(|letter: char| letter.is_ascii_digit()).unwrap_or(piece.len());
            out.version(&piece[..at], &piece[at..], range);
        }
        return;
    }
    let id = match name {
        _ if is_dotnet => "dotnet",
        _ if !makers.contains(&owner) => return,
        "node" => "nodejs",
        "golang" => "go",
        "alpine" => "alpine-linux",
        "amazoncorretto" => "amazon-corretto",
        other => other,
    };
    let Some(product) = product(id) else { return };
    let mut pieces = tag.split('-');
    let first = pieces.next().unwrap_or_default();
    let by_name = |word: &str| product.lines.iter().find(|line| !line.codename.is_empty() && line.codename == word);
    let line = by_name(first).or_else(|| product.line_of(first)).or_else(|| product.line_of(node_name(first)?));
    out.push(product, line, image, range);
    // What is under it: `-buster`, `-slim-bullseye`, `-alpine3.12`.
    let Some(debian) = self::product("debian") else { return };
    for piece in tag.split('-').skip(1) {
        if let Some(version) = piece.strip_prefix("alpine").filter(|version| !version.is_empty()) {
            out.version("alpine-linux", version, range);
        } else if let Some(line) = debian.lines.iter().find(|line| !line.codename.is_empty() && line.codename == piece)
        {
            out.push(debian, Some(line), image, range);
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_source::SourceTree;

    use super::runtimes;

    fn of(path: &str, text: &str) -> Vec<String> {
        let tree = SourceTree::from_texts([(path, text)]);
        runtimes(&tree).into_iter().map(|it| format!("{} {} {}", it.product, it.line, it.ends)).collect()
    }

    const NODE_16: &str = "Node.js 16 2023-09-11";

    #[test]
    fn files_that_name_one_version() {
        for (path, text, expected) in [
            (".nvmrc", "v16.13.1\n", NODE_16),
            (".nvmrc", "lts/gallium", NODE_16),
            (".node-version", "16", NODE_16),
            (".python-version", "3.7.4\n", "Python 3.7 2023-06-27"),
            ("runtime.txt", "python-3.7.4", "Python 3.7 2023-06-27"),
            (".ruby-version", "ruby-2.6.3", "Ruby 2.6 2022-03-31"),
            ("Pipfile", "[requires]\npython_version = \"3.7\"\n", "Python 3.7 2023-06-27"),
            ("Gemfile", "source \"x\"\nruby \"2.6.3\"\n", "Ruby 2.6 2022-03-31"),
            ("netlify.toml", "[build.environment]\nNODE_VERSION = \"16\"\n", NODE_16),
            ("serverless.yml", "provider:\n  name: aws\n  runtime: nodejs16.x\n", NODE_16),
            ("app.yaml", "runtime: python37\n", "Python 3.7 2023-06-27"),
        ] {
            assert_eq!(of(path, text), [expected], "{path}: {text}");
        }
        assert_eq!(of(".tool-versions", "nodejs 16.1.0 # x\npython 3.7.1\nterraform 1.0\n").len(), 2);
        for (path, text) in [(".nvmrc", "lts/*"), (".nvmrc", "node"), (".python-version", "pypy3.9"), (".nvmrc", "")] {
            assert_eq!(of(path, text), [] as [&str; 0], "{path}: {text}");
        }
    }

    #[test]
    fn a_range_is_as_good_as_its_newest() {
        let node = |range: &str| of("package.json", &format!("{{\"engines\":{{\"node\":\"{range}\"}}}}"));
        for range in ["16.x", "^16.3.0", "<=16", ">=14 <17", "14 || 16", "16.13.1"] {
            assert_eq!(node(range), [NODE_16], "{range}");
        }
        for range in [">=14", ">=14.0.0 <100", "*"] {
            assert!(node(range).iter().all(|line| line > &"Node.js 24".to_owned()), "{range}: {:?}", node(range));
        }
        let php = |range: &str| of("composer.json", &format!("{{\"require\":{{\"php\":\"{range}\"}}}}"));
        assert_eq!(php("^7.3"), ["PHP 7.4 2022-11-28"]);
        assert!(php("^7.3|^8.0").iter().all(|line| line.starts_with("PHP 8.")));
        assert_eq!(of("pyproject.toml", "[tool.poetry.dependencies]\npython = \"~3.7\"\n"), ["Python 3.7 2023-06-27"]);
        assert_eq!(of("pyproject.toml", "[project]\nrequires-python = \">=3.6,<3.8\"\n"), ["Python 3.7 2023-06-27"]);
    }

    #[test]
    fn the_last_stage_of_an_image() {
        let image = |text: &str| of("Dockerfile", text);
        assert_eq!(image("FROM node:16\nRUN x\nFROM nginx:1.27\n"), [] as [&str; 0]);
        assert_eq!(image("FROM node:16 AS base\nFROM base AS build\nFROM base\n"), [NODE_16]);
        assert_eq!(image("ARG V=16\nFROM --platform=linux/amd64 node:${V}-slim\n"), [NODE_16]);
        assert_eq!(
            image("FROM docker.io/library/python:3.7-slim-buster\n"),
            ["Python 3.7 2023-06-27", "Debian 10 2024-06-30"]
        );
        assert_eq!(image("FROM gcr.io/distroless/nodejs16-debian10\n"), [NODE_16, "Debian 10 2024-06-30"]);
        assert_eq!(image("FROM ubuntu:bionic\n"), ["Ubuntu 18.04 2023-05-31"]);
        assert_eq!(image("FROM example/python:1.0\n"), [] as [&str; 0]);
        assert_eq!(image("FROM a AS a\nFROM a\n"), [] as [&str; 0]);
        assert_eq!(of("Dockerfile.dev", "FROM node:16\n"), [] as [&str; 0]);
    }
}
