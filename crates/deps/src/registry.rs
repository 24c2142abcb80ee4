//! What a registry knows of packages beyond advisories: whether they exist, since when, and what is current.
//!
//! Asking tells somebody the names that an app uses. So nothing is asked unless a command says so, and names that the
//! project marks as private never are: scopes that have a registry of their own, every package of an ecosystem for which
//! the project names another index, and what the owner lists.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::SourceTree;

use crate::index::Day;
use crate::package::{Ecosystem, NotChecked, Origin, Package};

/// A source of facts about packages.
pub trait Registry {
    /// Its address, for people.
    fn label(&self) -> String;

    /// Whether it knows packages of an ecosystem.
    fn covers(&self, ecosystem: Ecosystem) -> bool;

    /// Asks for one package, by its public name.
    ///
    /// # Errors
    /// When there is no answer that can be read.
    fn look_up(&self, ecosystem: Ecosystem, name: &str) -> Result<LookUp, LookUpError>;

    /// Asks what one version of a package brings along when it is installed: all packages, direct and further down, as
    /// name and version.
    ///
    /// # Errors
    /// When the source does not know that, or there is no answer that can be read.
    fn brings(&self, _ecosystem: Ecosystem, _name: &str, _version: &str) -> Result<Vec<(String, String)>, LookUpError> {
        Err(LookUpError::NotCovered)
    }
}

/// Why there is no answer about a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// The source has no packages of this ecosystem.
    #[error("the source knows nothing of this ecosystem")]
    NotCovered,
    /// The source did not answer as it should.
    #[error("{0}")]
    Failed(String),
}

/// An answer about a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// There is no package of this name.
    Unknown,
    /// There is.
    Known(PackageFacts),
}

/// What is known of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageFacts {
    /// The version that one gets today.
    pub latest: Option<String>,
    /// All versions.
    pub versions: Vec<VersionFacts>,
}

/// What is known of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionFacts {
    /// The version.
    pub version: String,
    /// When it was published.
    pub published: Option<Day>,
    /// Its maker says that it should not be used any more.
    pub deprecated: bool,
}

impl PackageFacts {
    /// When the first version was published.
    pub fn first_published(&self) -> Option<Day> {
        self.versions.iter().filter_map(|version| version.published).min()
    }

    /// Whether its maker says of a version, or of the newest one, that it should not be used any more.
    pub fn is_deprecated(&self, version: Option<&str>) -> bool {
        let wanted = version.or(self.latest.as_deref());
        self.versions.iter().any(|known| known.deprecated && Some(known.version.as_str()) == wanted)
    }
}

/// What a project says is not for others to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private {
    /// npm scopes with a registry of their own, with `@`.
    scopes: BTreeSet<String>,
    /// Ecosystems for which the project names another index, and the file that does.
    ecosystems: BTreeMap<Ecosystem, String>,
    /// Names by the owner's word; `*` at the end stands for any rest.
    names: Vec<String>,
}

impl Private {
    /// What the files of a project say, and the names that its owner lists.
    pub fn read(tree: &SourceTree, names: &[String]) -> Self {
        let mut out = Private { names: names.to_vec(), ..Private::default() };
        for (_, file) in tree.iter() {
            let text = file.text();
            let (name, lines) = (file.name(), || text.lines().map(str::trim));
            let mut whole = |ecosystem: Ecosystem| {
                out.ecosystems.entry(ecosystem).or_insert_with(|| file.path.clone());
            };
            // A setting in a comment is taken for one too: what is sent cannot be taken back.
            match name {
                ".npmrc" | ".yarnrc" => {
                    for line in lines() {
                        match line.split_once(":registry").filter(|(scope, _)| scope.starts_with('@')) {
                            Some((scope, _)) => drop(out.scopes.insert(scope.to_ascii_lowercase())),
                            None if line.trim_start_matches(['#', ';', ' ']).starts_with("registry") => {
                                whole(Ecosystem::Npm);
                            }
                            None => {}
                        }
                    }
                }
                // Their sections name scopes in several shapes; whichever it is, nothing of npm is sent.
                ".yarnrc.yml" if text.contains("npmScopes") || text.contains("npmRegistryServer") => {
                    whole(Ecosystem::Npm);
                }
                "bunfig.toml" if text.contains("install.scopes") || text.contains("registry") => whole(Ecosystem::Npm),
                "pip.conf" | "pip.ini" => whole(Ecosystem::PyPi),
                "pyproject.toml" | "uv.toml" | "uv.lock" | "poetry.lock" | "Pipfile" | "pdm.lock" => {
                    let names_index = match name {
                        "poetry.lock" => text.contains("type = \"legacy\""),
                        "Pipfile" => text.matches("[[source]]").count() > 1,
                        "uv.lock" | "pdm.lock" => false,
                        _ => [
                            "[[tool.uv.index]]",
                            "[[index]]",
                            "index-url",
                            "[[tool.poetry.source]]",
                            "[[tool.pdm.source]]",
                        ]
                        .iter()
                        .any(|word| text.contains(word)),
                    };
                    if names_index {
                        whole(Ecosystem::PyPi);
                    }
                }
                "composer.json" if text.contains("\"repositories\"") => whole(Ecosystem::Packagist),
                "Gemfile" | "gems.rb" if lines().filter(|line| line.starts_with("source")).count() > 1 => {
                    whole(Ecosystem::RubyGems);
                }
                "config.toml" | "config" if file.path.contains(".cargo/") && text.contains("[source") => {
                    whole(Ecosystem::CratesIo);
                }
                "pom.xml" if text.contains("<repositories>") => whole(Ecosystem::Maven),
                "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts"
                    if text.contains("maven {") || text.contains("maven(") =>
                {
                    whole(Ecosystem::Maven);
                }
                _ if name.ends_with(".txt") || name.ends_with(".in") => {
                    let option = |line: &str| {
                        ["-i ", "--index-url", "--extra-index-url", "--find-links", "-f "]
                            .iter()
                            .any(|word| line.starts_with(word))
                    };
                    if lines().any(option) {
                        whole(Ecosystem::PyPi);
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// Why a package is not asked for; `None` where it may be.
    pub fn keeps(&self, ecosystem: Ecosystem, name: &str) -> Option<String> {
        if let Some(file) = self.ecosystems.get(&ecosystem) {
            return Some(format!("{file} names an index of the project's own"));
        }
        let scope = name.split_once('/').map(|(scope, _)| scope.to_ascii_lowercase());
        if let Some(scope) = scope.filter(|scope| ecosystem == Ecosystem::Npm && self.scopes.contains(scope)) {
            return Some(format!("{scope} has a registry of its own"));
        }
        let listed = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        self.names.iter().any(listed).then(|| "the owner says that it is private".to_owned())
    }
}

/// What was asked and learnt.
#[derive(Clone, Debug, Default)]
pub struct LookedUp {
    /// Answers, by ecosystem and name as the registry has it.
    pub answers: BTreeMap<(Ecosystem, String), LookUp>,
    /// What was not asked or not answered.
    pub not_checked: Vec<NotChecked>,
}

/// Failures in a row after which nothing more is asked.
const PATIENCE: usize = 5;

/// The packages that lockfiles and manifests name, without a word about advisories.
pub fn packages(tree: &SourceTree) -> (Vec<Package>, Vec<NotChecked>) {
    let inventory = crate::lockfile::read(tree);
    (inventory.packages, inventory.not_checked)
}

/// Asks for packages, once for each name. Packages of the app itself, of repositories and private ones are not asked for.
pub fn look_up(packages: &[Package], registry: &dyn Registry, private: &Private) -> LookedUp {
    let mut out = LookedUp::default();
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed: Vec<(String, String)> = Vec::new();
    let (mut in_a_row, mut left) = (0, 0usize);
    let names: BTreeSet<(Ecosystem, String)> = packages
        .iter()
        .filter(|package| package.origin == Origin::Registry)
        .map(|package| (package.ecosystem, package.ecosystem.normalized(&package.name)))
        .collect();
    for (ecosystem, name) in names {
        if !registry.covers(ecosystem) {
            *kept.entry(format!("{} has no facts about {ecosystem}", registry.label())).or_default() += 1;
        } else if let Some(why) = private.keeps(ecosystem, &name) {
            *kept.entry(why).or_default() += 1;
        } else if in_a_row >= PATIENCE {
            left += 1;
        } else {
            match registry.look_up(ecosystem, &name) {
                Ok(answer) => {
                    in_a_row = 0;
                    out.answers.insert((ecosystem, name), answer);
                }
                Err(error) => {
                    in_a_row += 1;
                    failed.push((name, error.to_string()));
                }
            }
        }
    }
    let packages = |count: usize| if count == 1 { "1 package".to_owned() } else { format!("{count} packages") };
    let gap = |what: String, why: String| NotChecked { what, why, matters: false };
    for (why, count) in kept {
        out.not_checked.push(gap(format!("whether {} exist and are kept up", packages(count)), why));
    }
    if let Some((name, why)) = failed.first() {
        let what = format!("whether {} exist and are kept up", packages(failed.len() + left));
        out.not_checked.push(gap(what, format!("{} did not answer; {name}: {why}", registry.label())));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[derive(Default)]
    struct Double {
        asked: RefCell<Vec<String>>,
        down: bool,
    }

    impl Registry for Double {
        fn label(&self) -> String {
            "double".to_owned()
        }

        fn covers(&self, ecosystem: Ecosystem) -> bool {
            ecosystem != Ecosystem::Hex
        }

        fn look_up(&self, _: Ecosystem, name: &str) -> Result<LookUp, LookUpError> {
            self.asked.borrow_mut().push(name.to_owned());
            if self.down { Err(LookUpError::Failed("no".to_owned())) } else { Ok(LookUp::Unknown) }
        }
    }

    fn asked(files: &[(&str, &str)], names: &[&str]) -> (Vec<String>, LookedUp) {
        let tree = SourceTree::from_texts(files.iter().copied());
        let packages = crate::lockfile::read(&tree).packages;
        let double = Double::default();
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let out = look_up(&packages, &double, &Private::read(&tree, &names));
        (double.asked.take(), out)
    }

    const MANIFEST: &str = r#"{"dependencies":{"express":"4.0.0","@acme/secret":"1.0.0","@Other/a":"1.0.0","left":"file:../left","forked":"git+https://git.example/x.git"}}"#;

    #[test]
    fn private_scopes_local_packages_and_repositories_are_never_sent() {
        let (sent, out) = asked(
            &[("package.json", MANIFEST), (".npmrc", "@acme:registry=https://registry.example/\n")],
            &["@Other/*"],
        );
        assert_eq!(sent, ["express"]);
        let why: Vec<&str> = out.not_checked.iter().map(|gap| gap.why.as_str()).collect();
        assert_eq!(why, ["@acme has a registry of its own", "the owner says that it is private"]);
    }

    #[test]
    fn with_an_index_of_its_own_nothing_of_the_ecosystem_is_sent() {
        for (file, text) in [
            (".npmrc", "registry=https://registry.example/"),
            ("web/.npmrc", "  registry = https://registry.example/"),
            (".yarnrc.yml", "npmScopes:\n  acme:\n    npmRegistryServer: https://registry.example"),
            ("bunfig.toml", "[install.scopes]\nacme = \"https://registry.example\""),
        ] {
            let (sent, out) = asked(&[("package.json", MANIFEST), (file, text)], &[]);
            assert_eq!(sent, [] as [String; 0], "{file}");
            assert!(out.not_checked[0].why.contains(file), "{file}");
        }
        for (file, text) in [
            ("base.txt", "--extra-index-url https://registry.example/simple"),
            ("pip.conf", "[global]"),
            ("pyproject.toml", "[[tool.uv.index]]\nurl = \"https://registry.example\""),
        ] {
            let (sent, _) = asked(&[("requirements.txt", "acme-internal==1.0\n"), (file, text)], &[]);
            assert_eq!(sent, [] as [String; 0], "{file}");
        }
        assert_eq!(asked(&[("requirements.txt", "Flask==1.0\n")], &[]).0, ["flask"]);
    }

    #[test]
    fn a_registry_that_is_down_is_asked_a_few_times_only() {
        let manifest: Vec<String> = (0..40).map(|at| format!("\"p{at}\":\"1.0.0\"")).collect();
        let manifest = format!("{{\"dependencies\":{{{}}}}}", manifest.join(","));
        let tree = SourceTree::from_texts([("package.json", manifest.as_str())]);
        let double = Double { down: true, ..Double::default() };
        let out = look_up(&crate::lockfile::read(&tree).packages, &double, &Private::default());
        assert_eq!(double.asked.take().len(), PATIENCE);
        assert!(out.not_checked[0].what.contains("40 packages"), "{:?}", out.not_checked);
    }

    #[test]
    fn facts() {
        let version = |version: &str, day: u32, deprecated: bool| VersionFacts {
            version: version.to_owned(),
            published: Some(Day(day)),
            deprecated,
        };
        let facts = PackageFacts {
            latest: Some("2.0.0".to_owned()),
            versions: vec![version("2.0.0", 20_000, true), version("1.0.0", 19_000, false)],
        };
        assert_eq!(facts.first_published(), Some(Day(19_000)));
        assert!(facts.is_deprecated(None) && facts.is_deprecated(Some("2.0.0")) && !facts.is_deprecated(Some("1.0.0")));
    }
}
