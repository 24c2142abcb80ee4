//! The plan of upgrades: what it promises holds for lockfiles that nobody wrote, and what it says for some that people do.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_deps::{
    Database, Day, Ecosystem, Index, IndexBuilder, LookUp, LookUpError, PackageFacts, Private, Registry, Version,
    VersionFacts, Wanted, ask, check, plan,
};
use plimsoll_model::{UpgradePlan, UpgradeWay};
use plimsoll_source::SourceTree;
use proptest::prelude::*;

/// An index of advisories: id, ecosystem, package, introduced (`0` for the start), fixed.
fn database(advisories: &[(String, &str, String, String, Option<String>)]) -> Database {
    let mut builder = IndexBuilder::new(Day::parse("2026-11-22").expect("day"));
    for (id, ecosystem, name, introduced, fixed) in advisories {
        let fixed = fixed.as_ref().map_or(String::new(), |fixed| format!(r#",{{"fixed":"{fixed}"}}"#));
        let record = format!(
            r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"{introduced}"}}{fixed}]}}]}}]}}"#
        );
        builder.add_record("record.json", record.as_bytes());
    }
    assert_eq!(builder.unreadable(), []);
    Database::of(Index::from_bytes(builder.finish().expect("records")).expect("index"))
}

fn known(advisories: &[(&str, &str, &str, &str)]) -> Database {
    let list: Vec<_> = advisories
        .iter()
        .enumerate()
        .map(|(at, (ecosystem, name, introduced, fixed))| {
            let fixed = Some((*fixed).to_owned()).filter(|fixed| !fixed.is_empty());
            (format!("X-{at}"), *ecosystem, (*name).to_owned(), (*introduced).to_owned(), fixed)
        })
        .collect();
    database(&list)
}

fn planned(files: &[(&str, &str)], database: &Database) -> UpgradePlan {
    let tree = SourceTree::from_texts(files.iter().copied());
    plan(&tree, &check(&tree, database), Wanted::default())
}

/// `way name from > to`, marked `!` where it is breaking.
fn lines(plan: &UpgradePlan) -> Vec<String> {
    plan.steps
        .iter()
        .flat_map(|step| {
            let mark = if step.breaking { "!" } else { "" };
            step.changes
                .iter()
                .map(move |change| format!("{}{mark} {} {} > {}", step.way.word(), change.name, change.from, change.to))
        })
        .collect()
}

// An app whose lockfile has the form of yarn 1: each request (name and range) is answered by one version.

const VERSIONS: [[u32; 3]; 7] = [[0, 9, 0], [1, 0, 0], [1, 1, 0], [1, 2, 5], [2, 0, 0], [2, 1, 0], [3, 0, 0]];
const RANGES: [&str; 8] = ["^0.9.0", "^1.0.0", "~1.1.0", "1.0.0", ">=1.0.0", "*", "^2.0.0", "2.0.0"];

fn text([major, minor, patch]: [u32; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Written anew here, so that the engine's own reading is not its judge.
fn allows(range: &str, version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').map(|part| part.parse().expect("number")).collect();
    match range {
        "*" => true,
        ">=1.0.0" => numbers[0] >= 1,
        "^0.9.0" => numbers[..2] == [0, 9],
        "^1.0.0" => numbers[0] == 1,
        "^2.0.0" => numbers[0] == 2,
        "~1.1.0" => numbers[..2] == [1, 1],
        exact => exact == version,
    }
}

type Asked = (String, String);

#[derive(Clone, Debug, Default)]
struct World {
    root: Vec<Asked>,
    /// The version that answers a request.
    answers: BTreeMap<Asked, String>,
    /// What a version of a package asks for.
    needs: BTreeMap<(String, String), Vec<Asked>>,
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

const NAMES: usize = 12;

/// Name and version.
type Installed = (String, String);

impl World {
    fn made(dice: &mut Dice) -> Self {
        let mut world = World::default();
        let request = |dice: &mut Dice, from: usize| {
            (format!("p{}", from + dice.roll(NAMES - from)), RANGES[dice.roll(RANGES.len())].to_owned())
        };
        let mut names = BTreeSet::new();
        for _ in 0..1 + dice.roll(4) {
            let asked = request(dice, 0);
            if names.insert(asked.0.clone()) {
                world.root.push(asked);
            }
        }
        let mut queue = world.root.clone();
        while let Some(asked) = queue.pop() {
            if world.answers.contains_key(&asked) {
                continue;
            }
            let fitting: Vec<String> = VERSIONS.map(text).into_iter().filter(|text| allows(&asked.1, text)).collect();
            let version = fitting[dice.roll(fitting.len())].clone();
            world.answers.insert(asked.clone(), version.clone());
            let at: usize = asked.0[1..].parse().expect("number");
            let key = (asked.0.clone(), version);
            if let Entry::Vacant(place) = world.needs.entry(key) {
                let mut needs: Vec<Asked> = Vec::new();
                if at + 1 < NAMES {
                    for _ in 0..dice.roll(4) {
                        let asked = request(dice, at + 1);
                        if !needs.iter().any(|(name, _)| *name == asked.0) {
                            needs.push(asked);
                        }
                    }
                }
                queue.extend(needs.iter().cloned());
                place.insert(needs);
            }
        }
        world
    }

    /// What is installed, with who asks for it (`None`: the app).
    fn installed(&self) -> BTreeMap<Installed, Vec<(Option<Installed>, Asked)>> {
        let mut out: BTreeMap<Installed, Vec<_>> = BTreeMap::new();
        let mut queue: Vec<(Option<Installed>, Asked)> = self.root.iter().map(|asked| (None, asked.clone())).collect();
        while let Some((by, asked)) = queue.pop() {
            let key = (asked.0.clone(), self.answers[&asked].clone());
            let first = !out.contains_key(&key);
            out.entry(key.clone()).or_default().push((by, asked));
            if first {
                queue.extend(self.needs[&key].iter().map(|asked| (Some(key.clone()), asked.clone())));
            }
        }
        out
    }

    /// What is installed by way of others than these.
    fn stays_without(&self, these: &BTreeSet<Installed>) -> BTreeSet<Installed> {
        let mut out = BTreeSet::new();
        let mut queue: Vec<&Asked> = self.root.iter().collect();
        while let Some(asked) = queue.pop() {
            let key = (asked.0.clone(), self.answers[asked].clone());
            if !these.contains(&key) && out.insert(key.clone()) {
                queue.extend(&self.needs[&key]);
            }
        }
        out
    }

    fn tree(&self) -> SourceTree {
        let mut lock = "# yarn lockfile v1\n\n".to_owned();
        for ((name, version), asked) in self.installed() {
            let mut keys: Vec<String> = asked.iter().map(|(_, (name, range))| format!("\"{name}@{range}\"")).collect();
            keys.sort();
            keys.dedup();
            lock.push_str(&format!("{}:\n  version \"{version}\"\n", keys.join(", ")));
            let needs = &self.needs[&(name, version)];
            if !needs.is_empty() {
                lock.push_str("  dependencies:\n");
            }
            for (name, range) in needs {
                lock.push_str(&format!("    {name} \"{range}\"\n"));
            }
            lock.push('\n');
        }
        let direct: Vec<String> = self.root.iter().map(|(name, range)| format!("\"{name}\":\"{range}\"")).collect();
        let manifest = format!("{{\"name\":\"app\",\"dependencies\":{{{}}}}}", direct.join(","));
        SourceTree::from_texts([("yarn.lock", lock), ("package.json", manifest)])
    }

    /// The world after some steps of a plan. A newer version asks for what the older one did: nothing gets better by
    /// itself.
    fn after(&self, plan: &UpgradePlan, without: Option<usize>) -> World {
        let mut world = self.clone();
        for (_, step) in plan.steps.iter().enumerate().filter(|(at, _)| Some(*at) != without) {
            for change in &step.changes {
                let (name, from, to) = (change.name.clone(), change.from.clone(), change.to.clone());
                let old = world.needs[&(name.clone(), from.clone())].clone();
                world.needs.entry((name.clone(), to.clone())).or_insert(old);
                let exact = (name.clone(), to.clone());
                match step.way {
                    UpgradeWay::Upgrade => {
                        for asked in &mut world.root {
                            if asked.0 == name && self.answers[asked] == from {
                                *asked = exact.clone();
                            }
                        }
                        world.answers.insert(exact, to.clone());
                        if step.instruction.contains(&format!("remove the entries of {name} from yarn.lock")) {
                            for (asked, version) in &mut world.answers {
                                if asked.0 == name && *version == from && allows(&asked.1, &to) {
                                    version.clone_from(&to);
                                }
                            }
                        }
                    }
                    UpgradeWay::Refresh => {
                        for (asked, version) in &mut world.answers {
                            if asked.0 == name && *version == from {
                                assert!(allows(&asked.1, &to), "{name} {} does not allow {to}", asked.1);
                                version.clone_from(&to);
                            }
                        }
                    }
                    UpgradeWay::Override => {
                        let answers = self.answers.clone();
                        for asked in world.needs.values_mut().flatten() {
                            if asked.0 == name && answers.get(asked) == Some(&from) {
                                *asked = exact.clone();
                            }
                        }
                        world.answers.insert(exact, to);
                    }
                }
            }
        }
        world
    }
}

fn made_advisories(dice: &mut Dice) -> Vec<(String, &'static str, String, String, Option<String>)> {
    (0..1 + dice.roll(14))
        .map(|at| {
            let low = dice.roll(VERSIONS.len() - 1);
            let introduced = if dice.roll(2) == 0 { "0".to_owned() } else { text(VERSIONS[low]) };
            let high = low + 1 + dice.roll(VERSIONS.len() - low - 1);
            let fixed = (dice.roll(6) > 0).then(|| text(VERSIONS[high]));
            (format!("X-{at}"), "npm", format!("p{}", dice.roll(NAMES)), introduced, fixed)
        })
        .collect()
}

/// Package and id of everything that is found.
fn holes(world: &World, database: &Database) -> BTreeSet<(String, String, String)> {
    let report = check(&world.tree(), database);
    report
        .findings
        .iter()
        .flat_map(|found| {
            found.advisories.iter().map(|hole| (found.name.clone(), found.version.clone(), hole.id.clone()))
        })
        .collect()
}

fn version(text: &str) -> Version {
    Version::parse(Ecosystem::Npm, text).expect("version")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_keeps_what_it_promises(seed in 1u64..u64::MAX) {
        let mut dice = Dice(seed);
        let world = World::made(&mut dice);
        let database = database(&made_advisories(&mut dice));
        let tree = world.tree();
        let plan = plan(&tree, &check(&tree, &database), Wanted::default());

        // Never down.
        for change in plan.steps.iter().flat_map(|step| &step.changes) {
            prop_assert!(version(&change.to) > version(&change.from), "{change:?}");
        }
        let after = world.after(&plan, None);
        for (asked, before) in &world.answers {
            prop_assert!(after.answers.get(asked).is_none_or(|now| version(now) >= version(before)), "{asked:?}");
        }

        // What it says is closed is closed, and what is open afterwards is what it says is left.
        let (before, open) = (holes(&world, &database), holes(&after, &database));
        let left: BTreeSet<(&str, &str)> = plan
            .left
            .iter()
            .flat_map(|left| left.advisories.iter().map(|id| (left.name.as_str(), id.as_str())))
            .collect();
        for cleared in plan.steps.iter().flat_map(|step| &step.clears) {
            for id in &cleared.advisories {
                let hole = (cleared.name.clone(), cleared.version.clone(), id.clone());
                prop_assert!(before.contains(&hole), "{hole:?} was not there");
                prop_assert!(!open.contains(&hole), "{hole:?} is open: {plan:#?}");
            }
        }
        for (name, version, id) in &open {
            prop_assert!(left.contains(&(name, id)), "{name} {version} {id} is open and not said: {plan:#?}");
        }
        let said: usize = plan.holes() + plan.left.iter().map(|left| left.advisories.len()).sum::<usize>();
        prop_assert!(said >= before.len(), "{said} of {} are spoken of", before.len());

        // The fewest: without any one of its steps something stays open.
        for at in 0..plan.steps.len() {
            // What a newer version brings is not known without asking: what comes only by way of packages that other steps
            // replace has a step of its own, needed or not.
            let others = plan.steps.iter().enumerate().filter(|(other, _)| *other != at);
            let replaced: BTreeSet<Installed> = others
                .flat_map(|(_, step)| &step.changes)
                .map(|change| (change.name.clone(), change.from.clone()))
                .collect();
            let stays = world.stays_without(&replaced);
            let changes = &plan.steps[at].changes;
            if !changes.iter().any(|change| stays.contains(&(change.name.clone(), change.from.clone()))) {
                continue;
            }
            let open = holes(&world.after(&plan, Some(at)), &database);
            let cleared = plan.steps.iter().flat_map(|step| &step.clears);
            let missed = cleared.flat_map(|one| one.advisories.iter().map(move |id| (one, id))).any(|(one, id)| {
                open.contains(&(one.name.clone(), one.version.clone(), id.clone()))
            });
            prop_assert!(missed, "step {at} does nothing: {plan:#?}");
        }
    }
}

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{
    "":{"dependencies":{"web":"^1.0.0","old":"^1.0.0"},"devDependencies":{"tool":"^1.0.0"}},
    "node_modules/web":{"version":"1.0.0","dependencies":{"parser":"^2.0.0","pinned":"1.0.0"}},
    "node_modules/old":{"version":"1.0.0"},
    "node_modules/parser":{"version":"2.0.1"},
    "node_modules/pinned":{"version":"1.0.0"},
    "node_modules/tool":{"version":"1.0.0","dev":true}}}"#;
const MANIFEST: &str = r#"{"dependencies":{"web":"^1.0.0","old":"^1.0.0"},"devDependencies":{"tool":"^1.0.0"}}"#;

fn npm_database() -> Database {
    known(&[
        ("npm", "old", "0", "2.0.0"),
        ("npm", "parser", "2.0.0", "2.0.4"),
        ("npm", "pinned", "0", "1.0.3"),
        ("npm", "tool", "0", "1.0.1"),
    ])
}

#[test]
fn what_is_named_is_raised_what_is_allowed_is_refreshed_and_the_rest_is_overridden() {
    let plan = planned(&[("package-lock.json", LOCK), ("package.json", MANIFEST)], &npm_database());
    assert_eq!(
        lines(&plan),
        ["upgrade! old 1.0.0 > 2.0.0", "refresh parser 2.0.1 > 2.0.4", "override pinned 1.0.0 > 1.0.3"]
    );
    let says: Vec<&str> = plan.steps.iter().map(|step| step.instruction.as_str()).collect();
    assert_eq!(
        says,
        [
            "npm install \"old@2.0.0\"",
            "npm update parser",
            "add to package.json: \"overrides\": { \"pinned\": \"1.0.3\" }, then npm install"
        ]
    );
    assert_eq!(plan.steps[0].changes[0].asked_by, ["package.json:1"]);
    assert_eq!(plan.steps[2].changes[0].asked_by, ["web 1.0.0"]);
    assert!(plan.steps[2].notes[0].contains("web 1.0.0 asks for 1.0.0"), "{:?}", plan.steps[2].notes);
    assert!(plan.steps[2].notes[0].contains("cannot be known without asking"), "{:?}", plan.steps[2].notes);
    assert_eq!((plan.development, plan.holes(), plan.left.len()), (1, 3, 0));
}

#[test]
fn an_override_names_the_parent_where_another_version_would_be_lowered() {
    let lock = r#"{"lockfileVersion":3,"packages":{
        "":{"dependencies":{"web":"^1.0.0","lib":"^3.0.0"}},
        "node_modules/web":{"version":"1.0.0","dependencies":{"lib":"1.0.0"}},
        "node_modules/web/node_modules/lib":{"version":"1.0.0"},
        "node_modules/lib":{"version":"3.1.0"}}}"#;
    let manifest = r#"{"dependencies":{"web":"^1.0.0","lib":"^3.0.0"}}"#;
    let files = [("package-lock.json", lock), ("package.json", manifest)];
    let plan = planned(&files, &known(&[("npm", "lib", "0", "1.0.5")]));
    assert_eq!(lines(&plan), ["override lib 1.0.0 > 1.0.5"]);
    assert!(plan.steps[0].instruction.contains(r#""overrides": { "web": { "lib": "1.0.5" } }"#));
}

#[test]
fn a_breaking_step_says_what_a_gentler_one_would_close() {
    let database =
        known(&[("npm", "old", "0", "1.4.0"), ("npm", "old", "0", "2.0.0"), ("npm", "old", "3.0.0", "3.1.0")]);
    let plan = planned(&[("package-lock.json", LOCK), ("package.json", MANIFEST)], &database);
    assert_eq!(lines(&plan), ["upgrade! old 1.0.0 > 2.0.0"]);
    assert_eq!(plan.steps[0].notes, ["without the breaking step: 1.4.0 closes 1 of 2"]);
}

#[test]
fn what_may_be_gone_after_an_upgrade_is_said() {
    let database = known(&[("npm", "web", "0", "1.5.0"), ("npm", "parser", "2.0.0", "2.0.4")]);
    let plan = planned(&[("package-lock.json", LOCK), ("package.json", MANIFEST)], &database);
    assert_eq!(lines(&plan), ["upgrade web 1.0.0 > 1.5.0", "refresh parser 2.0.1 > 2.0.4"]);
    assert_eq!(plan.steps[1].changes[0].unless, ["web"]);
}

#[test]
fn what_nothing_closes_is_left_and_said() {
    let database = known(&[("npm", "old", "0", ""), ("npm", "MAL", "0", "")]);
    let plan = planned(&[("package-lock.json", LOCK), ("package.json", MANIFEST)], &database);
    assert!(plan.steps.is_empty());
    assert_eq!(plan.left[0].why, "no version without these holes is known: replace the package");
    // An attack is removed, not raised.
    let mut builder = IndexBuilder::new(Day::parse("2026-11-22").expect("day"));
    builder.add_record(
        "MAL-1.json",
        br#"{"id":"MAL-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"old"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#,
    );
    let database = Database::of(Index::from_bytes(builder.finish().expect("records")).expect("index"));
    let plan = planned(&[("package-lock.json", LOCK), ("package.json", MANIFEST)], &database);
    assert!(plan.left[0].why.contains("remove it"), "{:?}", plan.left);
}

#[test]
fn where_one_version_is_all_there_can_be_a_held_back_package_is_no_step() {
    let lock = "[[package]]\nname = \"web\"\nversion = \"1.0\"\n[package.dependencies]\nlib = \">=1,<2\"\n\
                [[package]]\nname = \"lib\"\nversion = \"1.0\"\n[metadata]\nlock-version = \"2.0\"\n";
    let manifest = "[tool.poetry.dependencies]\nweb = \"^1.0\"\nlib = \"*\"\n";
    let database = known(&[("PyPI", "lib", "0", "2.1")]);
    let plan = planned(&[("poetry.lock", lock), ("pyproject.toml", manifest)], &database);
    assert_eq!(lines(&plan), [] as [String; 0]);
    assert!(plan.left[0].why.starts_with("web 1.0 asks for >=1,<2, so 2.1 cannot be had"), "{:?}", plan.left);
}

#[test]
fn every_manager_is_told_in_its_own_words() {
    let uv = "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { virtual = \".\" }\n\
              dependencies = [{ name = \"flask\" }]\n[[package]]\nname = \"flask\"\nversion = \"2.0.1\"\n\
              dependencies = [{ name = \"jinja2\" }]\n[[package]]\nname = \"jinja2\"\nversion = \"3.0.0\"\n";
    let cargo = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"time\"]\n\
                 [[package]]\nname = \"time\"\nversion = \"0.1.40\"\nsource = \"registry+https://registry.example\"\n";
    for (files, database, expected) in [
        (
            vec![("requirements.txt", "flask==2.0.1\n")],
            known(&[("PyPI", "flask", "0", "2.2.5")]),
            "write flask==2.2.5 in requirements.txt",
        ),
        (vec![("uv.lock", uv)], known(&[("PyPI", "flask", "0", "2.2.5")]), "uv add \"flask>=2.2.5\""),
        (vec![("uv.lock", uv)], known(&[("PyPI", "jinja2", "0", "3.1.4")]), "uv lock --upgrade-package jinja2"),
        (
            vec![("Cargo.lock", cargo), ("Cargo.toml", "[package]\nname = \"app\"\n[dependencies]\ntime = \"0.1\"\n")],
            known(&[("crates.io", "time", "0", "0.2.23")]),
            "ask for time = \"0.2.23\" in Cargo.toml, then cargo update -p time",
        ),
        (
            vec![("go.mod", "module app\n\ngo 1.24\n\nrequire example.com/lib v1.2.0\n")],
            known(&[("Go", "example.com/lib", "0", "1.2.9")]),
            "go get example.com/lib@v1.2.9",
        ),
        (
            vec![("package.json", r#"{"dependencies":{"old":"^1.0.0"}}"#)],
            known(&[("npm", "old", "0", "1.4.0")]),
            "ask for old ^1.4.0 in package.json",
        ),
    ] {
        let plan = planned(&files, &database);
        let says: Vec<&str> = plan.steps.iter().map(|step| step.instruction.as_str()).collect();
        assert_eq!(says, [expected]);
    }
}

#[test]
fn what_a_command_cannot_hold_does_not_get_into_one() {
    let lock = r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"a\";touch x;\"":"^1.0.0","ok":"1"}},
        "node_modules/a\";touch x;\"":{"version":"1.0.0","dependencies":{"lib":"1.0.0"}},
        "node_modules/ok":{"version":"1.0.0","dependencies":{"lib":"1.0.0"}},
        "node_modules/lib":{"version":"1.0.0"}}}"#;
    let plan = planned(&[("package-lock.json", lock)], &known(&[("npm", "lib", "0", "1.0.5")]));
    assert_eq!(lines(&plan), ["override lib 1.0.0 > 1.0.5"]);
    assert!(!plan.steps[0].instruction.contains("touch"), "{}", plan.steps[0].instruction);
}

/// Newer versions as a registry would tell of them.
struct Told;

impl Registry for Told {
    fn label(&self) -> String {
        "double".to_owned()
    }

    fn covers(&self, ecosystem: Ecosystem) -> bool {
        ecosystem == Ecosystem::Npm
    }

    fn look_up(&self, _: Ecosystem, name: &str) -> Result<LookUp, LookUpError> {
        assert_eq!(name, "web", "only what brings something that is held back is asked for");
        let of = |version: &str| VersionFacts { version: version.to_owned(), published: None, deprecated: false };
        Ok(LookUp::Known(PackageFacts {
            latest: Some("2.0.0".to_owned()),
            versions: ["0.9.0", "1.0.0", "1.3.0", "2.0.0", "3.0.0-rc.1"].map(of).to_vec(),
        }))
    }

    fn brings(&self, _: Ecosystem, _: &str, version: &str) -> Result<Vec<(String, String)>, LookUpError> {
        let pinned = if version == "2.0.0" { "1.0.3" } else { "1.0.2" };
        Ok(vec![("pinned".to_owned(), pinned.to_owned()), ("parser".to_owned(), "2.0.4".to_owned())])
    }
}

#[test]
fn a_newer_version_of_what_brings_it_takes_the_place_of_a_breaking_override() {
    let tree = SourceTree::from_texts([("package-lock.json", LOCK), ("package.json", MANIFEST)]);
    let asked = |advisories: &[(&str, &str, &str, &str)]| {
        let database = known(advisories);
        let report = check(&tree, &database);
        let newer = ask(&tree, &report, &database, false, &Told, &Private::default());
        assert_eq!(newer.not_checked, []);
        plan(&tree, &report, Wanted { newer: Some(&newer), ..Wanted::default() })
    };
    // 1.3.0 brings it without the hole: no override, and one step.
    let plan = asked(&[("npm", "pinned", "0", "1.0.2")]);
    assert_eq!(lines(&plan), ["upgrade web 1.0.0 > 1.3.0"]);
    assert_eq!(plan.holes(), 1);
    // Only the next major does, and the override is small: the override stays.
    let plan = asked(&[("npm", "pinned", "0", "1.0.3")]);
    assert_eq!(lines(&plan), ["override pinned 1.0.0 > 1.0.3"]);
    // Nothing does.
    let plan = asked(&[("npm", "pinned", "0", "1.0.9")]);
    assert_eq!(lines(&plan), ["override pinned 1.0.0 > 1.0.9"]);
}

/// How much there is to do in real projects, for whoever reads the output; and that it holds.
#[test]
fn real_projects_get_a_short_plan() {
    let (Some(index), Some(folder)) = (crate::oracle::shared_index(), crate::shared("advisories/projects")) else {
        return;
    };
    for (name, files) in [
        (
            "express-old",
            [
                ("package-lock.json", "js/express-old/package-lock.json"),
                ("package.json", "js/express-old/package.json"),
            ],
        ),
        (
            "nodegoat",
            [("package-lock.json", "js/nodegoat/package-lock.json"), ("package.json", "js/nodegoat/package.json")],
        ),
    ] {
        let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("readable");
        let tree = SourceTree::from_texts(files.map(|(name, from)| (name, read(from))));
        let report = check(&tree, index);
        let plan = plan(&tree, &report, Wanted { development: true, ..Wanted::default() });
        let of = |way: UpgradeWay| plan.steps.iter().filter(|step| step.way == way).count();
        let found: usize = report.findings.iter().map(|found| found.advisories.len()).sum();
        crate::say(&format!(
            "{name}: {found} holes in {} package versions; {} upgrades, {} refreshed lockfile ({} packages), {} overrides, {} breaking; {} closed, {} left",
            report.findings.len(),
            of(UpgradeWay::Upgrade),
            of(UpgradeWay::Refresh),
            plan.steps
                .iter()
                .filter(|step| step.way == UpgradeWay::Refresh)
                .map(|step| step.changes.len())
                .sum::<usize>(),
            of(UpgradeWay::Override),
            plan.steps.iter().filter(|step| step.breaking).count(),
            plan.holes(),
            plan.left.iter().map(|left| left.advisories.len()).sum::<usize>(),
        ));
        for change in plan.steps.iter().flat_map(|step| &step.changes) {
            let (from, to) = (Version::parse(Ecosystem::Npm, &change.from), Version::parse(Ecosystem::Npm, &change.to));
            assert!(from.is_some() && to > from, "{name}: {change:?}");
        }
        // Every hole is spoken of.
        let mut said: BTreeSet<(String, String, String)> = BTreeSet::new();
        for cleared in plan.steps.iter().flat_map(|step| &step.clears) {
            said.extend(
                cleared.advisories.iter().map(|id| (cleared.name.clone(), cleared.version.clone(), id.clone())),
            );
        }
        for left in &plan.left {
            said.extend(left.advisories.iter().map(|id| (left.name.clone(), left.version.clone(), id.clone())));
        }
        for finding in report.findings.iter().filter(|finding| !finding.is_remark()) {
            for hole in finding.advisories.iter().filter(|hole| matches!(hole.kind, plimsoll_deps::Kind::Vulnerability))
            {
                let key = (finding.name.clone(), finding.version.clone(), hole.id.clone());
                assert!(said.contains(&key), "{name}: {key:?} is neither closed nor left");
            }
        }
    }
}
