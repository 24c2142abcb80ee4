//! What is kept between reviews changes how long they take, and not a byte of what they say.

use std::path::{Path, PathBuf};

/// A copy of the example and a cache folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Place(tempfile::tempdir().expect("a folder"));
        let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/salon-weak"));
        copy(example, &place.app());
        place
    }

    fn app(&self) -> PathBuf {
        self.0.path().join("app")
    }

    fn review(&self, more: &[&str]) -> String {
        let output = crate::program()
            .env("XDG_CACHE_HOME", self.0.path().join("cache"))
            .args(["check", "--format", "json"])
            .arg(self.app())
            .args(more)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).expect("text")
    }

    fn fresh(&self) -> String {
        self.review(&["--no-cache"])
    }

    /// The files of the cache, the key aside.
    fn packs(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.0.path().join("cache/plimsoll"));
        let files = folder.into_iter().flatten().flatten().map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "pack")).collect()
    }

    fn pack(&self) -> PathBuf {
        let packs = self.packs();
        assert_eq!(packs.len(), 1);
        packs[0].clone()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the example").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}

#[test]
fn the_same_bytes_with_and_without_it() {
    let place = Place::new();
    let fresh = place.fresh();
    assert!(place.packs().is_empty(), "--no-cache keeps nothing");
    assert!(place.review(&[]) == fresh, "the first review");
    place.pack();
    assert!(place.review(&[]) == fresh, "the second review");
}

#[test]
fn a_change_is_seen() {
    let place = Place::new();
    let before = place.review(&[]);
    let server = place.app().join("server/index.js");
    let text = std::fs::read_to_string(&server).expect("the server");
    std::fs::write(&server, format!("{text}\nconst md = require('md5');\neval(process.argv[2]);\n")).expect("written");
    let route = place.app().join("server/routes/added.js");
    std::fs::write(
        route,
        "const app = require('express')();\napp.get('/run', (req, res) => { eval(req.query.code); res.end(); });\n",
    )
    .expect("written");
    let after = place.review(&[]);
    assert!(after != before && after.contains("routes/added.js"));
    assert!(after == place.fresh());
    std::fs::remove_file(place.app().join("server/routes/added.js")).expect("removed");
    std::fs::write(&server, text).expect("written");
    assert!(place.review(&[]) == before);
}

/// What a function shows is kept by all that it imports, near or far, and by modules that change what belongs to others.
#[test]
fn a_change_is_seen_in_what_rests_on_it() {
    let place = Place::new();
    let file = |name: &str, text: &str| {
        let path = place.app().join("client/src").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    };
    let same = |what: &str| {
        let kept = place.review(&[]);
        assert!(kept == place.fresh(), "{what}");
        kept
    };
    file("deep/put.ts", "export const put = (where: Element, text: string) => { where.textContent = text; };\n");
    file("deep/settings.ts", "export const settings = { raw: false, put: null as any };\n");
    file("deep/between.ts", "export { put as show } from './put';\n");
    file(
        "deep/greeting.ts",
        "import { show } from './between';\nimport { settings } from './settings';\n\
         export function greet() {\n  const name = new URLSearchParams(location.search).get('name');\n\
         show(document.body, name);\n  if (settings.put) settings.put(document.body, name);\n}\n",
    );
    file("deep/start.ts", "import { settings } from './settings';\nconsole.log(settings);\n");
    let quiet = same("new files");
    file("deep/put.ts", "export const put = (where: Element, text: string) => { where.innerHTML = text; };\n");
    let loud = same("a file two imports away");
    assert!(loud != quiet && loud.contains("deep/put.ts"));
    file("deep/put.ts", "export const put = (where: Element, text: string) => { where.textContent = text; };\n");
    assert!(same("the file as it was") == quiet);
    // Nothing of what `greet` imports changes now.
    let start =
        "import { settings } from './settings';\nsettings.put = (where, text) => { where.innerHTML = text; };\n";
    file("deep/start.ts", start);
    let loud = same("a file that changes what another exports");
    assert!(loud != quiet && loud.contains("deep/start.ts"));
    file("deep/start.ts", &start.replace("innerHTML", "textContent"));
    same("the same in another way");
}

/// Files that change places keep their entries from answering for each other.
#[test]
fn bytes_in_another_place_are_another_file() {
    let place = Place::new();
    place.review(&[]);
    let app = place.app();
    let (one, two) = (app.join("server/db.js"), app.join("server/passwords.js"));
    let texts = (std::fs::read(&one).expect("a file"), std::fs::read(&two).expect("a file"));
    std::fs::write(&one, texts.1).expect("written");
    std::fs::write(&two, texts.0).expect("written");
    assert!(place.review(&[]) == place.fresh());
}

#[test]
fn a_spoilt_or_poisoned_cache_is_not_believed() {
    let place = Place::new();
    let fresh = place.fresh();
    place.review(&[]);
    let good = std::fs::read(place.pack()).expect("a pack");
    let step = (good.len() / 40).max(1);
    for at in (0..good.len()).step_by(step) {
        let mut bad = good.clone();
        bad[at] = !bad[at];
        std::fs::write(place.pack(), bad).expect("written");
        assert!(place.review(&[]) == fresh, "byte {at}");
    }
    std::fs::write(place.pack(), &good[..good.len() / 2]).expect("written");
    assert!(place.review(&[]) == fresh, "half a pack");
    std::fs::write(place.pack(), "plimsoll-cache-1\n").expect("written");
    assert!(place.review(&[]) == fresh, "a head without entries");
    // Entries that were made with another key.
    let other = Place::new();
    other.review(&[]);
    std::fs::copy(other.pack(), place.pack()).expect("copied");
    assert!(place.review(&[]) == fresh, "entries of somebody else");
}

/// The text of a file in which a secret was found is written nowhere else.
#[test]
fn secrets_are_not_kept() {
    let place = Place::new();
    // Put together here: one that says it is fake is taken for a placeholder.
    let secret = ["sk", "live", &["51NcRk8QxTzW", "b0pYhVfGdLmE"].concat()].join("_");
    std::fs::write(place.app().join("server/pay.js"), format!("const stripe = require('stripe')('{secret}');\n"))
        .expect("written");
    std::fs::write(place.app().join("server/greet.js"), "exports.greet = () => 'a good day to you all here';\n")
        .expect("written");
    place.review(&[]);
    let bytes = std::fs::read(place.pack()).expect("a pack");
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("a good day to you all here") && !holds(&secret));
}

#[test]
fn a_folder_that_cannot_be_used_is_no_error() {
    let place = Place::new();
    let fresh = place.fresh();
    std::fs::write(place.0.path().join("cache"), "in the way").expect("written");
    assert!(place.review(&[]) == fresh);
}
