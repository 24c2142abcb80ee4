//! From TOML to [`Config`], with every problem at its line.

use std::collections::BTreeMap;

use plimsoll_model::{DataClass, Day, Severity};
use plimsoll_source::{Glob, LineIndex, SourceTree};
use toml_span::value::{Table, Value, ValueInner};

use crate::keys::{Key, Kind, SECTIONS, Section};
use crate::{
    AccountWord, Answer, AnswerStatus, Config, DataWord, FILE, LoginWord, MAX_ACCOUNTS, MAX_WAIVER_DAYS, Said, Target,
    Waiver, nearest,
};

/// One thing wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Why the file cannot be used: nothing of it counts then, because half of what an owner said may be the opposite of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is there, but not as text that can be read.
    #[error("{FILE} cannot be used: {0}")]
    Unreadable(String),
    /// All that is wrong with it, by line.
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
}

fn listed(problems: &[Problem]) -> String {
    let lines: Vec<String> =
        problems.iter().map(|problem| format!("{FILE}:{}: {}", problem.line, problem.message)).collect();
    lines.join("\n")
}

/// Most problems that are listed.
const MAX_PROBLEMS: usize = 20;

/// Reads the file at the root of a tree; an empty configuration where there is none.
///
/// # Errors
/// When it is there and cannot be used.
pub fn read(tree: &SourceTree, today: Day) -> Result<Config, ConfigError> {
    if let Some(problem) = tree.not_read.iter().find(|problem| problem.path == FILE) {
        return Err(ConfigError::Unreadable(problem.why.clone()));
    }
    match tree.find(FILE) {
        None => Ok(Config::default()),
        Some(id) => read_text(tree.file(id).text(), today),
    }
}

/// Reads the text of the file.
///
/// # Errors
/// When it is no TOML, or says something that is not in [`SECTIONS`].
pub fn read_text(text: &str, today: Day) -> Result<Config, ConfigError> {
    let text = with_quoted_days(text.strip_prefix('\u{feff}').unwrap_or(text));
    let lines = LineIndex::new(&text);
    let root = toml_span::parse(&text).map_err(|error| {
        let at = error.line_info.map_or_else(|| line_at(&lines, error.span.start), |(line, _)| number(line + 1));
        ConfigError::Problems(vec![Problem { line: at, message: format!("not valid TOML: {error}") }])
    })?;
    let mut reading = Reading { lines: &lines, today, problems: Vec::new() };
    let config = reading.config(&root);
    let mut problems = reading.problems;
    if problems.is_empty() {
        return Ok(config);
    }
    problems.sort();
    problems.dedup();
    problems.truncate(MAX_PROBLEMS);
    Err(ConfigError::Problems(problems))
}

/// TOML has dates of its own (`until = 2026-12-01`), which the parser does not know: such a value alone on its line is
/// put in quotes. Lines keep their numbers.
fn with_quoted_days(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        let day = line.split_once('=').and_then(|(key, value)| {
            let bare = value.trim_start().get(..10)?;
            let rest = value.trim_start().get(10..)?.trim();
            let is_key = matches!(key.trim(), "until" | "date");
            (is_key && Day::parse(bare).is_some() && (rest.is_empty() || rest.starts_with('#'))).then_some(bare)
        });
        match day {
            Some(day) => out.push_str(&line.replacen(day, &format!("\"{day}\""), 1)),
            None => out.push_str(line),
        }
    }
    out
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn line_at(lines: &LineIndex, offset: usize) -> u32 {
    lines.line_of(number(offset))
}

/// What stands behind a key, checked.
enum Found {
    Text(Said<String>),
    Globs(Vec<Said<Glob>>),
}

/// The keys of one entry of a section, checked against the table.
struct Entry {
    line: u32,
    found: BTreeMap<&'static str, Found>,
}

impl Entry {
    fn said(&self, key: &str) -> Option<&Said<String>> {
        match self.found.get(key) {
            Some(Found::Text(said)) => Some(said),
            _ => None,
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.said(key).map(|said| said.value.clone())
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Said<T>> {
        let said = self.said(key)?;
        Some(Said { value: parse(&said.value)?, line: said.line })
    }
}

struct Reading<'l> {
    lines: &'l LineIndex,
    today: Day,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, line: u32, message: impl Into<String>) {
        self.problems.push(Problem { line, message: message.into() });
    }

    fn line(&self, value: &Value<'_>) -> u32 {
        line_at(self.lines, value.span.start)
    }

    fn config(&mut self, root: &Value<'_>) -> Config {
        let mut config = Config::default();
        let Some(table) = root.as_table() else { return config };
        for (key, value) in table {
            let line = line_at(self.lines, key.span.start);
            let Some(section) = SECTIONS.iter().find(|section| section.name == key.name.as_ref()) else {
                self.unknown_section(&key.name, line);
                continue;
            };
            for entry in self.entries(section, value, line) {
                match section.name {
                    "app" => {
                        config.name = entry.said("name").cloned();
                        config.owner = entry.said("owner").cloned();
                        config.carries = entry.parsed("carries", DataClass::parse);
                    }
                    "check" => {
                        config.fail_on = entry.parsed("fail_on", Severity::parse);
                        config.url = entry.said("url").cloned();
                        if let Some(Found::Globs(globs)) = entry.found.get("exclude") {
                            config.exclude.clone_from(globs);
                        }
                        if let Some(Found::Globs(globs)) = entry.found.get("private") {
                            config.private.clone_from(globs);
                        }
                    }
                    "waiver" => config.waivers.extend(self.waiver(&entry)),
                    "data" => config.data.extend(data(&entry)),
                    "answer" => config.answers.extend(self.answer(&entry)),
                    "login" => {
                        config.login = LoginWord {
                            path: entry.text("path"),
                            user_field: entry.text("user_field"),
                            password_field: entry.text("password_field"),
                        };
                    }
                    "account" => config.accounts.extend(account(&entry)),
                    _ => {}
                }
            }
        }
        // The parser's tables are sorted by name; what counts is the order of the file.
        config.waivers.sort_by_key(|waiver| waiver.line);
        if let Some(third) = config.accounts.get(MAX_ACCOUNTS) {
            self.problem(third.line, "two test accounts are enough: `[[account]]` can be there twice");
        }
        config
    }

    fn unknown_section(&mut self, name: &str, line: u32) {
        // A key of a section, written before any section.
        let home = SECTIONS.iter().find(|section| !section.repeated && section.keys.iter().any(|key| key.name == name));
        let message = match home {
            Some(section) => format!("`{name}` belongs under `[{}]`", section.name),
            None => {
                let names = SECTIONS.iter().map(|section| section.name);
                let meant = nearest(name, names).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
                let known: Vec<String> = SECTIONS.iter().map(written).collect();
                format!("`{}` is not known.{meant} Known: {}", shown(name), known.join(", "))
            }
        };
        self.problem(line, message);
    }

    /// The entries of a section that hold to its table of keys.
    fn entries(&mut self, section: &'static Section, value: &Value<'_>, line: u32) -> Vec<Entry> {
        let tables: Vec<(&Table<'_>, u32)> = match value.as_ref() {
            ValueInner::Table(table) if !section.repeated => vec![(table, line)],
            ValueInner::Array(items) if section.repeated => {
                items.iter().filter_map(|item| Some((item.as_table()?, self.line(item)))).collect()
            }
            _ => Vec::new(),
        };
        let wanted = match value.as_ref() {
            ValueInner::Array(items) if section.repeated => items.len(),
            _ => 1,
        };
        if tables.len() != wanted {
            self.problem(line, format!("`{}` is a section: write `{}`", section.name, written(section)));
        }
        tables.into_iter().filter_map(|(table, line)| self.entry(section, table, line)).collect()
    }

    /// `None` when something in it is wrong; the problems say what.
    fn entry(&mut self, section: &'static Section, table: &Table<'_>, line: u32) -> Option<Entry> {
        let before = self.problems.len();
        let mut entry = Entry { line, found: BTreeMap::new() };
        let mut written_keys = Vec::new();
        for (name, value) in table {
            let Some(key) = section.keys.iter().find(|key| key.name == name.name.as_ref()) else {
                let names: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
                let meant = nearest(&name.name, names.iter().copied());
                let meant = meant.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
                let at = line_at(self.lines, name.span.start);
                let (unknown, section, names) = (shown(&name.name), written(section), names.join(", "));
                self.problem(at, format!("`{unknown}` is not known under `{section}`.{meant} Known: {names}"));
                continue;
            };
            written_keys.push(key.name);
            if let Some(found) = self.value(key, value) {
                entry.found.insert(key.name, found);
            }
        }
        let has = |name: &str| written_keys.contains(&name);
        let mut missing = Vec::new();
        missing.extend(section.keys.iter().filter(|key| key.required && !has(key.name)).map(|key| quoted(key.name)));
        let ticks = |names: &[&str]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" or ");
        let either = [section.one_of, section.any_of].concat();
        if !either.is_empty() && !either.iter().any(|name| has(name)) {
            missing.push(ticks(&either));
        }
        if !missing.is_empty() {
            self.problem(line, format!("`{}` needs {}", written(section), missing.join(", ")));
        }
        if section.one_of.iter().filter(|name| has(name)).count() > 1 {
            self.problem(line, format!("`{}` takes only one of {}", written(section), ticks(section.one_of)));
        }
        (self.problems.len() == before).then_some(entry)
    }

    fn value(&mut self, key: &'static Key, value: &Value<'_>) -> Option<Found> {
        let line = self.line(value);
        if key.kind == Kind::Globs {
            let Some(items) = value.as_array() else {
                self.problem(line, format!("`{}` must be a list: {}", key.name, key.example));
                return None;
            };
            let globs: Vec<Said<Glob>> = items.iter().filter_map(|item| self.glob(key, item)).collect();
            return (globs.len() == items.len()).then_some(Found::Globs(globs));
        }
        let Some(text) = value.as_str() else {
            self.problem(line, format!("`{}` must be a text in quotes: {}", key.name, key.example));
            return None;
        };
        let text = text.trim();
        let words = key.kind.words();
        let wrong = match key.kind {
            _ if text.is_empty() => Some("must not be empty".to_owned()),
            Kind::Class | Kind::Level | Kind::Status if !words.contains(&text) => {
                let meant = nearest(text, words.iter().copied());
                let meant = meant.map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
                Some(format!("must be one of {}, not `{}`{meant}", words.join(", "), shown(text)))
            }
            Kind::Day if Day::parse(text).is_none() => {
                Some(format!("must be a day like \"2026-12-01\", not `{}`", shown(text)))
            }
            Kind::Rule if !matches!(Target::parse(text), Some(Target::Rule(_))) => {
                Some(format!("must be the id of a rule, like {}, not `{}`", key.example, shown(text)))
            }
            Kind::Finding if !matches!(Target::parse(text), Some(Target::Finding(_))) => {
                Some(format!("must be the id or fingerprint of a finding, like {}, not `{}`", key.example, shown(text)))
            }
            Kind::Glob => {
                self.glob(key, value)?;
                None
            }
            // Whoever writes the password itself here must hear of it before it is committed; it is not repeated.
            Kind::Variable if !is_variable(text) => {
                Some(format!("must be the name of an environment variable, like {}, not its content", key.example))
            }
            Kind::Path if !is_path(text) => Some(format!("must be a path like {}", key.example)),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.problem(line, format!("`{}` {wrong}", key.name));
            return None;
        }
        Some(Found::Text(Said { value: text.to_owned(), line }))
    }

    fn glob(&mut self, key: &'static Key, value: &Value<'_>) -> Option<Said<Glob>> {
        let line = self.line(value);
        let Some(text) = value.as_str() else {
            self.problem(line, format!("`{}` holds patterns in quotes: {}", key.name, key.example));
            return None;
        };
        match Glob::new(text.trim()) {
            Ok(value) => Some(Said { value, line }),
            Err(error) => {
                self.problem(line, format!("`{}`: {error}", key.name));
                None
            }
        }
    }

    fn waiver(&mut self, entry: &Entry) -> Option<Waiver> {
        let until = entry.parsed("until", Day::parse)?;
        if until.value.since(self.today) > MAX_WAIVER_DAYS {
            let latest = self.today.plus(MAX_WAIVER_DAYS);
            let message =
                format!("a waiver runs for a year at most: `until` can be {latest} today, not {}", until.value);
            self.problem(until.line, message);
            return None;
        }
        Some(Waiver {
            target: Target::parse(&entry.text("rule").or_else(|| entry.text("finding"))?)?,
            // Checked when the entry was read.
            path: entry.said("path").and_then(|said| Glob::new(&said.value).ok()),
            reason: entry.text("reason")?,
            owner: entry.text("owner")?,
            until: until.value,
            line: entry.line,
        })
    }

    fn answer(&mut self, entry: &Entry) -> Option<Answer> {
        let date = entry.parsed("date", Day::parse)?;
        if date.value > self.today {
            self.problem(date.line, format!("`date` is the day on which you looked; {} is still to come", date.value));
            return None;
        }
        let status = entry.text("status")?;
        Some(Answer {
            control: entry.text("control")?,
            status: AnswerStatus::ALL.into_iter().find(|known| known.word() == status)?,
            date: date.value,
            by: entry.text("by")?,
            note: entry.text("note")?,
            line: entry.line,
        })
    }
}

/// Capitals, digits and `_`: a password is hardly ever written so.
fn is_variable(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// On the app's own server: a whole address could name another one.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn account(entry: &Entry) -> Option<AccountWord> {
    Some(AccountWord {
        name: entry.text("name")?,
        user_env: entry.text("user_env")?,
        password_env: entry.text("password_env")?,
        marker: entry.text("marker"),
        line: entry.line,
    })
}

fn data(entry: &Entry) -> Option<DataWord> {
    Some(DataWord {
        store: entry.text("store")?,
        field: entry.text("field")?,
        class: entry.parsed("class", DataClass::parse).map(|said| said.value),
        kind: entry.text("kind"),
        line: entry.line,
    })
}

fn written(section: &Section) -> String {
    if section.repeated { format!("[[{}]]", section.name) } else { format!("[{}]", section.name) }
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// Text of the file for a message: short, without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{DataClass, Day, Severity};
    use plimsoll_source::SourceTree;

    use super::{ConfigError, read, read_text};
    use crate::{Config, FILE, Target};

    fn today() -> Day {
        Day::parse("2026-06-01").unwrap_or_else(|| Day::from_days(0))
    }

    fn good(text: &str) -> Config {
        read_text(text, today()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    const WHOLE: &str = r#"
[app]
name = "Salon"
owner = "Jana"
carries = "personal"

[check]
fail_on = "high"
url = "http://localhost:3000"
exclude = ["old", "docs/**/demo"]
private = ["@salon/*"]

[[waiver]]
rule = "login-without-limiter"
path = "server"
reason = "inside the shop only"
owner = "Jana"
until = 2026-12-01 # a TOML date

[[waiver]]
finding = "PL-1A2B3C4D"
reason = "known"
owner = "Jana"
until = "2026-05-31"

[[data]]
store = "bookings"
field = "remarks"
class = "sensitive"

[login]
path = "/api/login"
user_field = "mail"

[[account]]
name = "owner"
user_env = "A_USER"
password_env = "A_PASSWORD"
marker = "Canary Lane 7"

[[answer]]
control = "backups-restored"
status = "proven"
date = 2026-06-01
by = "Jana"
note = "did it"
"#;

    #[test]
    fn everything_is_read() {
        let config = good(WHOLE);
        assert_eq!(config.name.map(|said| (said.value, said.line)), Some(("Salon".to_owned(), 3)));
        assert_eq!(config.carries.map(|said| said.value), Some(DataClass::Personal));
        assert_eq!(config.fail_on.map(|said| said.value), Some(Severity::High));
        let exclude: Vec<(&str, u32)> = config.exclude.iter().map(|said| (said.value.text(), said.line)).collect();
        assert_eq!(exclude, [("old", 10), ("docs/**/demo", 10)]);
        assert_eq!(config.private.iter().map(|said| said.value.text()).collect::<Vec<_>>(), ["@salon/*"]);
        let [first, second] = &config.waivers[..] else { panic!("two waivers") };
        assert_eq!(first.target, Target::Rule("login-without-limiter".into()));
        assert_eq!((first.until.to_string().as_str(), first.line), ("2026-12-01", 13));
        assert!(first.path.as_ref().is_some_and(|path| path.covers("server/app.js")));
        // Over, but no error: the review reports it.
        assert_eq!((&second.target, second.line), (&Target::Finding("1a2b3c4d".into()), 20));
        assert_eq!(config.data.first().and_then(|word| word.class), Some(DataClass::Sensitive));
        assert_eq!(config.answers.first().map(|answer| answer.note.as_str()), Some("did it"));
        assert_eq!(config.login.path.as_deref(), Some("/api/login"));
        let account = config.accounts.first().map(|account| (account.password_env.as_str(), account.marker.as_deref()));
        assert_eq!(account, Some(("A_PASSWORD", Some("Canary Lane 7"))));
        let account = "[[account]]\nname = \"a\"\nuser_env = \"A\"\npassword_env = \"B\"\n";
        assert!(
            read_text(&account.repeat(3), today()).is_err_and(|error| error.to_string().contains("two test accounts"))
        );
        assert_eq!(good(""), Config::default());
        assert_eq!(good(&format!("\u{feff}{WHOLE}")).waivers.len(), 2);
        assert_eq!(good(&WHOLE.replace('\n', "\r\n")).waivers.len(), 2);
    }

    #[test]
    fn problems_name_the_line_and_the_known_names() {
        let waiver = "[[waiver]]\nrule = \"a\"\nreason = \"r\"\nowner = \"o\"\nuntil = ";
        let long = format!("{waiver}\"2027-06-03\"");
        let over = format!("{waiver}\"2026-02-30\"");
        for (text, line, says) in [
            (
                "[app]\n\nnmae = \"x\"",
                3,
                "`nmae` is not known under `[app]`. Did you mean `name`? Known: name, owner, carries",
            ),
            (
                "[[wavier]]\nrule = \"a\"",
                1,
                "Did you mean `waiver`? Known: [app], [check], [login], [[account]], [[waiver]], [[data]], [[answer]]",
            ),
            ("name = \"x\"", 1, "`name` belongs under `[app]`"),
            ("[app]\nname = 3", 2, "must be a text in quotes"),
            ("[app]\nname = \" \"", 2, "must not be empty"),
            ("[app]\ncarries = \"sensitve\"", 2, "did you mean `sensitive`?"),
            ("[check]\nfail_on = \"info\"", 2, "must be one of critical, high, medium, low"),
            ("[check]\nexclude = \"old\"", 2, "must be a list"),
            ("[check]\nexclude = [\n  \"a\",\n  \"../b\",\n]", 4, "relative to the app's folder"),
            ("[check]\nexclude = [3]", 2, "patterns in quotes"),
            ("[waiver]\nrule = \"a\"", 1, "write `[[waiver]]`"),
            ("[[app]]\nname = \"a\"", 1, "write `[app]`"),
            ("app = 3", 1, "write `[app]`"),
            ("\n[[waiver]]\nrule = \"a\"\nreason = \"r\"", 2, "`[[waiver]]` needs `owner`, `until`"),
            ("[[waiver]]\nreason = \"r\"\nowner = \"o\"\nuntil = \"2026-07-01\"", 1, "needs `rule` or `finding`"),
            (&long, 5, "a year at most: `until` can be 2027-06-02 today"),
            (&over, 5, "must be a day like"),
            (
                "[[waiver]]\nrule = \"A rule\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"2026-07-01\"",
                2,
                "the id of a rule",
            ),
            ("[[data]]\nstore = \"s\"\nfield = \"f\"", 1, "needs `class` or `kind`"),
            (
                "[[answer]]\ncontrol = \"c\"\nstatus = \"proven\"\ndate = \"2026-06-02\"\nby = \"b\"\nnote = \"n\"",
                4,
                "still to come",
            ),
            ("[login]\npath = \"http://x.example/\"", 2, "must be a path like"),
            ("[[account]]\nname = \"a\"\nuser_env = \"A\"\npassword_env = \"hunter2-hunter2\"", 4, "not its content"),
            ("[app\nname = 1", 1, "not valid TOML"),
            ("[app]\nname = \"a\"\nname = \"b\"", 3, "not valid TOML"),
        ] {
            match read_text(text, today()) {
                Err(ConfigError::Problems(problems)) => {
                    let hit = problems.iter().any(|problem| problem.line == line && problem.message.contains(says));
                    assert!(hit, "{text}\n{problems:?}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let both =
            "[[waiver]]\nrule = \"a\"\nfinding = \"1a2b3c4d\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"2026-07-01\"";
        assert!(read_text(both, today()).is_err_and(|error| error.to_string().contains("only one of")));
    }

    #[test]
    fn hostile_files_are_problems_and_no_panic() {
        let deep = format!("a = {}", "[".repeat(50_000));
        let keys = (0..2_000).map(|n| format!("k{n} = 1\n")).collect::<String>();
        for text in [
            deep.as_str(),
            &keys,
            "[app]\nname = \"\u{0}\"",
            "\"\\u{202e}\" = 1",
            "[[waiver]]",
            "[app]\n[app]",
            "=",
            "\"",
            "[app.name]\nx = 1",
            "[[waiver]]\n[waiver.rule]",
            "waiver = [1, [2]]",
        ] {
            assert!(read_text(text, today()).is_err(), "{}", text.chars().take(40).collect::<String>());
        }
    }

    #[test]
    fn the_file_lies_at_the_root() {
        let tree = SourceTree::from_texts([("sub/plimsoll.toml", "nonsense"), (FILE, "[app]\nname = \"x\"")]);
        assert!(read(&tree, today()).is_ok_and(|config| config.name.is_some()));
        let tree = SourceTree::from_texts([("sub/plimsoll.toml", "nonsense")]);
        assert_eq!(read(&tree, today()), Ok(Config::default()));
    }
}
