//! The subject as its owner describes it: the files without what is excluded, and `plimsoll.toml`.

use std::path::{Path, PathBuf};

use plimsoll_config::{AnswerStatus, Config, FILE, nearest};
use plimsoll_loadline::{CATALOGUE, Carried, OwnerAnswer};
use plimsoll_model::{Confidence, DataItem, Day, Evidence, Holding, NotChecked, Place, Review, Witness};
use plimsoll_source::{Limits, SourceTree};

use crate::progress;

/// An app to be reviewed, with its owner's word.
pub(crate) struct Subject {
    pub(crate) path: PathBuf,
    pub(crate) tree: SourceTree,
    pub(crate) config: Config,
    pub(crate) today: Day,
}

/// Today, by the clock of this machine (UTC).
pub(crate) fn today() -> Day {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Day::from_days(i64::try_from(seconds / 86_400).unwrap_or(0))
}

/// How long an answer of the owner is good for.
const MAX_ANSWER_DAYS: i64 = 365;

/// Larger than anybody writes by hand.
const MAX_CONFIG_BYTES: u64 = 256 << 10;

/// Reads the files of an app. What `plimsoll.toml` excludes is not read, so that the file comes first.
pub(crate) fn read(path: &Path) -> Result<Subject, String> {
    let today = today();
    progress::stage("reading the files");
    let limits = Limits { max_file_bytes: MAX_CONFIG_BYTES, ..Limits::default() };
    let file = SourceTree::read_file(path, FILE, &limits).map_err(|error| error.to_string())?;
    let config = plimsoll_config::read(&file, today).map_err(|error| error.to_string())?;
    known_controls(&config)?;
    let exclude = config.exclude.iter().map(|said| said.value.clone()).collect();
    let limits = Limits { exclude, ..Limits::default() };
    let tree = SourceTree::read(path, &limits).map_err(|error| error.to_string())?;
    Ok(Subject { path: path.to_owned(), tree, config, today })
}

impl Subject {
    /// Its name: the owner's, or that of the folder.
    pub(crate) fn name(&self) -> String {
        let folder = || {
            let path = std::fs::canonicalize(&self.path).ok()?;
            Some(path.file_name()?.to_string_lossy().into_owned())
        };
        self.config.name.as_ref().map(|said| said.value.clone()).or_else(folder).unwrap_or_default()
    }

    /// The load: what was found, or what the owner declares where that is higher.
    pub(crate) fn carries(&self, mut carried: Carried) -> Carried {
        let Some(said) = &self.config.carries else { return carried };
        let (word, line, found) = (said.value.word(), said.line, carried.class.word());
        if said.value > carried.class {
            carried.class = said.value;
            carried.why = format!("The owner says that it carries `{word}` data ({FILE}:{line}). {}", carried.why);
        } else if said.value < carried.class {
            carried.why.push_str(&format!(
                " The owner says `{word}` ({FILE}:{line}), but `{found}` was found, and the higher one counts."
            ));
        }
        carried
    }

    /// The owner's answers about controls that no tool can see.
    pub(crate) fn answers(&self) -> Vec<OwnerAnswer> {
        let answers = self.config.answers.iter().map(|answer| OwnerAnswer {
            control: answer.control.clone(),
            met: answer.status == AnswerStatus::Proven,
            date: answer.date.to_string(),
            fresh: self.today.since(answer.date) <= MAX_ANSWER_DAYS,
            by: answer.by.clone(),
            note: answer.note.clone(),
        });
        answers.collect()
    }

    /// Why the running app was not asked.
    pub(crate) fn why_not_asked(&self) -> &'static str {
        if self.config.url.is_some() {
            "the address that plimsoll.toml names is asked only with --live"
        } else {
            "no address was given (--url)"
        }
    }

    /// The data map with the owner's corrections; what he declares and nobody found is added.
    pub(crate) fn correct(&self, items: &mut Vec<DataItem>) {
        for said in &self.config.data {
            let evidence = Evidence {
                witness: Witness::Owner,
                place: Some(Place {
                    file: FILE.to_owned(),
                    line: Some(said.line),
                    end_line: Some(said.line),
                    snippet: String::new(),
                }),
                exchange: None,
                note: "the owner says so".to_owned(),
            };
            let same = |item: &DataItem| {
                item.store.eq_ignore_ascii_case(&said.store) && item.field.eq_ignore_ascii_case(&said.field)
            };
            let mut found = false;
            for item in items.iter_mut().filter(|item| same(item)) {
                found = true;
                item.class = said.class.unwrap_or(item.class);
                item.kind = said.kind.clone().unwrap_or_else(|| item.kind.clone());
                item.confidence = Confidence::Confirmed;
                item.evidence.push(evidence.clone());
            }
            if !found {
                items.push(DataItem {
                    store: said.store.clone(),
                    held: Holding::Stored,
                    field: said.field.clone(),
                    kind: said.kind.clone().unwrap_or_default(),
                    class: said.class.unwrap_or_default(),
                    confidence: Confidence::Confirmed,
                    reachable_by: vec!["unknown".to_owned()],
                    sent_to: Vec::new(),
                    evidence: vec![evidence],
                });
            }
        }
    }

    /// What the review says of the owner's word beside the verdict.
    pub(crate) fn settle(&self, review: &mut Review) {
        if !self.config.data.is_empty() {
            review.verdict.reasons.push(format!(
                "{} in the data map {} by the owner's word ({FILE}).",
                if self.config.data.len() == 1 {
                    "One entry".to_owned()
                } else {
                    format!("{} entries", self.config.data.len())
                },
                if self.config.data.len() == 1 { "is" } else { "are" },
            ));
        }
        self.say_excluded(review);
    }

    fn say_excluded(&self, review: &mut Review) {
        let mut left_out = 0;
        for (at, (pattern, paths)) in self.tree.excluded.iter().enumerate() {
            let line = self.config.exclude.get(at).map_or(1, |said| said.line);
            let gap = match paths.len() {
                0 => NotChecked {
                    what: format!("`{pattern}`, which `exclude` names"),
                    why: format!("nothing in this app is called so ({FILE}:{line})"),
                    weighs: false,
                },
                count => {
                    left_out += count;
                    let mut what = paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
                    if count > 5 {
                        what.push_str(&format!(" and {} more", count - 5));
                    }
                    let why = format!("the owner says that it is not part of the app: `exclude`, {FILE}:{line}");
                    NotChecked { what, why, weighs: false }
                }
            };
            review.coverage.not_checked.push(gap);
        }
        if left_out > 0 {
            let what = if left_out == 1 { "folder or file is" } else { "folders or files are" };
            review.verdict.reasons.push(format!(
                "{left_out} {what} left out because the owner says so; nothing is said about what is in them."
            ));
        }
    }
}

/// Answers to questions that nobody asks would be kept in good faith and count for nothing.
fn known_controls(config: &Config) -> Result<(), String> {
    let asked = || CATALOGUE.iter().filter(|spec| spec.question.is_some()).map(|spec| spec.id);
    for answer in &config.answers {
        let (id, line) = (answer.control.as_str(), answer.line);
        if asked().any(|known| known == id) {
            continue;
        }
        if CATALOGUE.iter().any(|spec| spec.id == id) {
            return Err(format!("{FILE}:{line}: Plimsoll looks at `{id}` itself; an answer cannot prove it"));
        }
        let meant = nearest(id, asked()).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        let known = asked().collect::<Vec<_>>().join(", ");
        return Err(format!("{FILE}:{line}: there is no control `{id}`.{meant} Known: {known}"));
    }
    Ok(())
}

/// A `plimsoll.toml` to fill in, with the questions that only an owner can answer.
pub(crate) fn template() -> String {
    let questions: Vec<(&str, &str)> = CATALOGUE.iter().filter_map(|spec| Some((spec.id, spec.question?.0))).collect();
    plimsoll_config::template(today(), &questions)
}
