//! What a package manager wants to be told.

use crate::package::Ecosystem;
use crate::version::{Version, constraint};

/// Who writes the lockfile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Berry,
    Bun,
    Deno,
    /// A list of pinned requirements: the file itself is changed.
    Requirements,
    Pipenv,
    Poetry,
    Uv,
    Pdm,
    Composer,
    Bundler,
    Cargo,
    Go,
    /// Maven and Gradle: versions stand in the build file.
    Build,
    Mix,
    Pub,
    /// A manifest without a lockfile.
    Manifest,
    /// Anything else: a page that loads a library, a copy of one, a lockfile whose tool is not known.
    File,
}

impl Manager {
    /// By the file's name and what it was recognised as.
    pub(super) fn of(name: &str, format: &str) -> Self {
        match name {
            "package-lock.json" | "npm-shrinkwrap.json" => Manager::Npm,
            "pnpm-lock.yaml" => Manager::Pnpm,
            "yarn.lock" if format.ends_with(" v1") => Manager::Yarn,
            "yarn.lock" => Manager::Berry,
            "bun.lock" => Manager::Bun,
            "deno.lock" => Manager::Deno,
            "Pipfile.lock" => Manager::Pipenv,
            "poetry.lock" => Manager::Poetry,
            "uv.lock" => Manager::Uv,
            "pdm.lock" => Manager::Pdm,
            "composer.lock" => Manager::Composer,
            "Gemfile.lock" | "gems.locked" => Manager::Bundler,
            "Cargo.lock" => Manager::Cargo,
            "go.mod" => Manager::Go,
            "pom.xml" | "gradle.lockfile" => Manager::Build,
            "mix.lock" => Manager::Mix,
            "pubspec.lock" => Manager::Pub,
            _ if format.starts_with("requirements") => Manager::Requirements,
            "package.json" | "pyproject.toml" | "Pipfile" | "composer.json" | "Cargo.toml" | "Gemfile" | "gems.rb"
            | "pubspec.yaml" | "pubspec.yml" | "environment.yml" | "environment.yaml" | "mix.exs" => Manager::Manifest,
            _ if name.ends_with(".in") => Manager::Manifest,
            _ => Manager::File,
        }
    }

    /// Whether two versions of one package can be installed beside each other.
    pub(super) fn keeps_several(self) -> bool {
        matches!(
            self,
            Manager::Npm
                | Manager::Pnpm
                | Manager::Yarn
                | Manager::Berry
                | Manager::Bun
                | Manager::Deno
                | Manager::Cargo
        )
    }

    /// Whether a package can be set to a version that those who bring it do not ask for.
    pub(super) fn can_override(self) -> bool {
        !matches!(
            self,
            Manager::Deno
                | Manager::Pipenv
                | Manager::Poetry
                | Manager::Bundler
                | Manager::Cargo
                | Manager::Manifest
                | Manager::File
        )
    }

    /// The highest version of each line is chosen that somebody asks for: a higher request is all it takes.
    pub(super) fn raises_freely(self) -> bool {
        matches!(self, Manager::Go | Manager::Requirements | Manager::Build | Manager::File)
    }

    /// How to raise a package that the app names itself.
    pub(super) fn upgrade(self, ecosystem: Ecosystem, what: &Target<'_>) -> String {
        let Target { name, alias, to, dev, dir, file, .. } = *what;
        let spec = if alias == name { format!("{name}@{to}") } else { format!("{alias}@npm:{name}@{to}") };
        let at = |flag: &str| if dir.is_empty() { String::new() } else { format!(" {flag} {dir}") };
        let dev_flag = |flag: &str| if dev { format!(" {flag}") } else { String::new() };
        match self {
            Manager::Npm => format!("npm install{} \"{spec}\"{}", dev_flag("--save-dev"), at("--workspace")),
            Manager::Pnpm => format!("pnpm{} add{} \"{spec}\"", at("--dir"), dev_flag("--save-dev")),
            Manager::Yarn => format!("yarn{} add{} \"{spec}\"", at("--cwd"), dev_flag("--dev")),
            Manager::Berry => format!("yarn{} add{} \"{spec}\"", at("--cwd"), dev_flag("--dev")),
            Manager::Bun => format!("bun add{} \"{spec}\"{}", dev_flag("--dev"), at("--cwd")),
            Manager::Deno => format!("deno add{} \"npm:{name}@{to}\"", dev_flag("--dev")),
            Manager::Requirements => format!("write {name}=={to} in {file}"),
            Manager::Pipenv => format!("pipenv install{} \"{name}>={to}\"", dev_flag("--dev")),
            Manager::Poetry => format!("poetry add{} \"{name}@^{to}\"", dev_flag("--group dev")),
            Manager::Uv => format!("uv add{} \"{name}>={to}\"", dev_flag("--dev")),
            Manager::Pdm => format!("pdm add{} \"{name}>={to}\"", dev_flag("--dev")),
            Manager::Composer => {
                format!("composer require{} \"{name}:^{to}\" --with-all-dependencies", dev_flag("--dev"))
            }
            Manager::Bundler => {
                format!("ask for gem \"{name}\", \">= {to}\" in the Gemfile, then bundle update {name}")
            }
            Manager::Cargo => format!("ask for {name} = \"{to}\" in Cargo.toml, then cargo update -p {name}"),
            Manager::Go => format!("go get {name}@v{to}"),
            Manager::Build => format!("set {name} to {to} in the build file"),
            Manager::Mix => format!("ask for {{:{name}, \"~> {to}\"}} in mix.exs, then mix deps.update {name}"),
            Manager::Pub => format!("ask for {name}: ^{to} in pubspec.yaml, then dart pub upgrade {name}"),
            Manager::File => format!("use {name} {to} in {file}"),
            Manager::Manifest => {
                let range = match ecosystem {
                    Ecosystem::PyPi => format!(">={to}"),
                    Ecosystem::RubyGems => format!(">= {to}"),
                    Ecosystem::Hex => format!("~> {to}"),
                    _ => format!("^{to}"),
                };
                format!("ask for {name} {range} in {file}")
            }
        }
    }

    /// How to bring packages to newer versions that are allowed already.
    pub(super) fn refresh(self, names: &[&str], targets: &[(&str, &str)]) -> String {
        let list = names.join(" ");
        match self {
            Manager::Npm => format!("npm update {list}"),
            Manager::Pnpm => format!("pnpm update {list} --depth Infinity"),
            // Yarn 1 keeps what stands in the lockfile until its entry is gone.
            Manager::Yarn => format!("remove the entries of {} from yarn.lock, then yarn install", names.join(", ")),
            Manager::Berry => format!("yarn up --recursive {list}"),
            Manager::Bun => format!("bun update {list}"),
            Manager::Deno => "deno install --reload after removing their entries from deno.lock".to_owned(),
            Manager::Requirements => {
                let lines: Vec<String> = targets.iter().map(|(name, to)| format!("{name}=={to}")).collect();
                format!("write {}", lines.join(", "))
            }
            Manager::Pipenv => format!("pipenv upgrade {list}"),
            Manager::Poetry => format!("poetry update {list}"),
            Manager::Uv => {
                let flags: Vec<String> = names.iter().map(|name| format!("--upgrade-package {name}")).collect();
                format!("uv lock {}", flags.join(" "))
            }
            Manager::Pdm => format!("pdm update {list} --update-all"),
            Manager::Composer => format!("composer update {list} --with-all-dependencies"),
            Manager::Bundler => format!("bundle update {list} --conservative"),
            Manager::Cargo => {
                let lines: Vec<String> = names.iter().map(|name| format!("-p {name}")).collect();
                format!("cargo update {}", lines.join(" "))
            }
            Manager::Go => {
                let lines: Vec<String> = targets.iter().map(|(name, to)| format!("{name}@v{to}")).collect();
                format!("go get {}", lines.join(" "))
            }
            Manager::Build => {
                let lines: Vec<String> = targets.iter().map(|(name, to)| format!("{name} {to}")).collect();
                format!("set {} in the build file", lines.join(", "))
            }
            Manager::Mix => format!("mix deps.update {list}"),
            Manager::Pub => format!("dart pub upgrade {list}"),
            Manager::Manifest | Manager::File => format!("install {list} anew"),
        }
    }

    /// How to set a package that others bring. `parents` are those for whom alone it is set; empty for everybody.
    pub(super) fn set(self, what: &Target<'_>, parents: &[Parent<'_>]) -> String {
        let Target { name, to, file, .. } = *what;
        let keyed = |key: &dyn Fn(&Parent<'_>) -> String| -> String {
            if parents.is_empty() {
                return format!("\"{name}\": \"{to}\"");
            }
            parents.iter().map(|parent| format!("{}: \"{to}\"", key(parent))).collect::<Vec<_>>().join(", ")
        };
        match self {
            Manager::Npm => {
                let inner = if parents.is_empty() {
                    format!("\"{name}\": \"{to}\"")
                } else {
                    let one = |parent: &Parent<'_>| format!("\"{}\": {{ \"{name}\": \"{to}\" }}", parent.versioned());
                    parents.iter().map(one).collect::<Vec<_>>().join(", ")
                };
                format!("add to package.json: \"overrides\": {{ {inner} }}, then npm install")
            }
            Manager::Bun => {
                format!("add to package.json: \"overrides\": {{ \"{name}\": \"{to}\" }}, then bun install")
            }
            Manager::Pnpm => {
                let inner = keyed(&|parent| format!("\"{}>{name}\"", parent.versioned()));
                format!("add to package.json: \"pnpm\": {{ \"overrides\": {{ {inner} }} }}, then pnpm install")
            }
            Manager::Yarn => {
                let inner = keyed(&|parent| format!("\"**/{}/{name}\"", parent.name));
                format!("add to package.json: \"resolutions\": {{ {inner} }}, then yarn install")
            }
            Manager::Berry => {
                let inner = keyed(&|parent| match parent.alone {
                    true => format!("\"{}/{name}\"", parent.name),
                    false => format!("\"{}@npm:{}/{name}\"", parent.name, parent.version),
                });
                format!("add to package.json: \"resolutions\": {{ {inner} }}, then yarn install")
            }
            Manager::Requirements => format!("write {name}=={to} in {file}"),
            Manager::Uv => {
                format!(
                    "add to pyproject.toml under [tool.uv]: override-dependencies = [\"{name}=={to}\"], then uv lock"
                )
            }
            Manager::Pdm => {
                format!("add to pyproject.toml under [tool.pdm.resolution.overrides]: {name} = \"{to}\", then pdm lock")
            }
            Manager::Composer => format!("composer require \"{name}:{to} as {}\"", what.from),
            Manager::Go => format!("go get {name}@v{to}"),
            Manager::Build => format!("set {name} to {to} in the build file's dependency management"),
            Manager::Mix => format!("add {{:{name}, \"~> {to}\", override: true}} in mix.exs, then mix deps.get"),
            Manager::Pub => format!("add to pubspec.yaml under dependency_overrides: {name}: ^{to}, then dart pub get"),
            _ => String::new(),
        }
    }
}

/// What is to be changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) name: &'a str,
    /// The name that the manifest uses.
    pub(super) alias: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) dev: bool,
    /// The folder of the manifest, relative to the lockfile's; `""` for the same.
    pub(super) dir: &'a str,
    pub(super) file: &'a str,
}

/// A package that brings another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parent<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    /// The lockfile has it in this version only.
    pub(super) alone: bool,
}

impl Parent<'_> {
    fn versioned(&self) -> String {
        if self.alone { self.name.to_owned() } else { format!("{}@{}", self.name, self.version) }
    }
}

/// Whether a name or version can stand in a command: what stands in a lockfile is not trusted.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.len() <= 214
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@/._:+~-".contains(&byte))
}

/// Whether a step may ask for changes in the app: to another major version, or to what such a version is before 1.0.
pub(super) fn is_breaking(ecosystem: Ecosystem, from: &Version, from_text: &str, to: &Version) -> bool {
    let by_caret = matches!(ecosystem, Ecosystem::Npm | Ecosystem::CratesIo | Ecosystem::Hex | Ecosystem::Pub);
    if by_caret
        && from.major() == Some(0)
        && to.major() == Some(0)
        && let Some(line) = constraint(ecosystem, &format!("^{}", from_text.trim_start_matches(['v', '='])))
    {
        return !line.contains(to);
    }
    from.major() != to.major()
}
