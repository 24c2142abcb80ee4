//! The map: what was understood of an app. Every entry point by who can call it, what stands before it, what it touches.

use askama::Template;
use base64::Engine as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::TerminalOptions;
use crate::clean::Cleaning;
use crate::html::STYLE;
use crate::layout::Style;
use crate::words;

/// What was understood of an app, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Map {
    /// Always `plimsoll-map/1`.
    pub schema: &'static str,
    /// Name of the app.
    pub name: String,
    /// Frameworks and languages recognised.
    pub stack: Vec<String>,
    /// Entry points, by file and line.
    pub entry_points: Vec<MapEntry>,
    /// Stores that browsers can talk to directly, and what their policies say.
    pub stores: Vec<MapStore>,
    /// What was not understood, as `what: why`.
    pub not_checked: Vec<String>,
}

/// One entry point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapEntry {
    /// `GET /api/orders/:id`, or the name of an action.
    pub label: String,
    /// `route`, `action`, `function`, `page`, `socket`, `files`.
    pub kind: &'static str,
    /// `Express`, `Next.js` …
    pub framework: String,
    /// Who can call it as a whole: `anyone`, `signed-in`, `role`, `machine`.
    pub reach: &'static str,
    /// What it is for: `login`, `upload` …
    pub purposes: Vec<String>,
    /// Where it is declared.
    pub at: String,
    /// Guards in the order they run.
    pub guards: Vec<MapGuard>,
    /// What it does.
    pub effects: Vec<MapEffect>,
    /// Request fields that it reads.
    pub inputs: Vec<String>,
    /// Field names known to be in the answer.
    pub returns: Vec<String>,
    /// It could not be followed to its end.
    pub opaque: bool,
    /// Places of the browser side that call it, with the pages they belong to.
    pub called_from: Vec<MapCaller>,
    /// How often it was seen on the running app.
    pub seen_live: usize,
}

/// A place of the browser side that calls an entry point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapCaller {
    /// Where.
    pub at: String,
    /// Pages that make the call: address, else component.
    pub pages: Vec<String>,
    /// All of these pages are locked in the browser.
    pub locked: bool,
}

/// A guard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapGuard {
    /// `authentication`, `role`, `ownership`, `rate limit`, `request forgery`, `signature`.
    pub kind: &'static str,
    /// Its name as written.
    pub name: String,
    /// `enforced`, `known by name`, or why it lets through.
    pub standing: String,
    /// It stands before everything the handler does.
    pub whole: bool,
    /// It runs on the server.
    pub server: bool,
    /// Where.
    pub at: String,
}

/// An effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapEffect {
    /// `reads`, `creates`, `issues a session` …
    pub does: &'static str,
    /// On what; may be empty.
    pub target: String,
    /// Fields, where known.
    pub fields: Vec<String>,
    /// Who can make it happen.
    pub reach: &'static str,
    /// Limited to the caller's own records.
    pub own_only: bool,
    /// The record is picked by what the caller sends.
    pub picked_by_caller: bool,
    /// Where.
    pub at: String,
}

/// A store with direct access.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MapStore {
    /// Its name.
    pub name: String,
    /// One line for each policy: command, name, whom it admits.
    pub policies: Vec<String>,
    /// Row-level security is off.
    pub unprotected: bool,
    /// Where it is defined.
    pub at: String,
}

/// Groups in the order of who is let in most freely.
const GROUPS: [(&str, &str, &str); 4] = [
    ("anyone", "Anyone on the internet", "no login is asked for"),
    ("signed-in", "Anyone with a login", "some login is asked for, whichever"),
    ("role", "Certain roles", "a role or permission is asked for"),
    ("machine", "Machines", "a secret or signature is asked for"),
];

impl Map {
    fn clean(&self, cleaning: Cleaning) -> Map {
        let line = |text: &String| cleaning.line(text);
        let lines = |texts: &[String]| texts.iter().map(|text| cleaning.line(text)).collect::<Vec<_>>();
        Map {
            schema: self.schema,
            name: line(&self.name),
            stack: lines(&self.stack),
            entry_points: self
                .entry_points
                .iter()
                .map(|entry| MapEntry {
                    label: line(&entry.label),
                    framework: line(&entry.framework),
                    purposes: lines(&entry.purposes),
                    at: line(&entry.at),
                    guards: entry
                        .guards
                        .iter()
                        .map(|guard| MapGuard {
                            name: line(&guard.name),
                            standing: line(&guard.standing),
                            at: line(&guard.at),
                            ..guard.clone()
                        })
                        .collect(),
                    effects: entry
                        .effects
                        .iter()
                        .map(|effect| MapEffect {
                            target: line(&effect.target),
                            fields: lines(&effect.fields),
                            at: line(&effect.at),
                            ..effect.clone()
                        })
                        .collect(),
                    called_from: entry
                        .called_from
                        .iter()
                        .map(|caller| MapCaller {
                            at: line(&caller.at),
                            pages: lines(&caller.pages),
                            locked: caller.locked,
                        })
                        .collect(),
                    inputs: lines(&entry.inputs),
                    returns: lines(&entry.returns),
                    ..entry.clone()
                })
                .collect(),
            stores: self
                .stores
                .iter()
                .map(|store| MapStore {
                    name: line(&store.name),
                    policies: lines(&store.policies),
                    at: line(&store.at),
                    ..store.clone()
                })
                .collect(),
            not_checked: lines(&self.not_checked),
        }
    }

    fn groups(&self) -> Vec<(&'static str, &'static str, Vec<&MapEntry>)> {
        GROUPS
            .into_iter()
            .map(|(reach, title, gloss)| {
                let entries = self.entry_points.iter().filter(|entry| entry.reach == reach).collect::<Vec<_>>();
                (title, gloss, entries)
            })
            .filter(|(_, _, entries)| !entries.is_empty())
            .collect()
    }
}

impl MapEntry {
    /// What it touches, one clause for each kind of effect and store.
    fn touches(&self) -> String {
        let mut clauses: Vec<String> = Vec::new();
        for effect in &self.effects {
            let whose = if effect.own_only { " (the caller's own)" } else { "" };
            let clause = format!("{} {}{whose}", effect.does, effect.target).trim().to_owned();
            if !clauses.contains(&clause) {
                clauses.push(clause);
            }
        }
        match (clauses.is_empty(), self.opaque) {
            (true, true) => "could not be followed".to_owned(),
            (true, false) => "nothing stored".to_owned(),
            (false, true) => format!("{}; more could not be followed", clauses.join(", ")),
            (false, false) => clauses.join(", "),
        }
    }

    /// Who calls it from the browser side: pages, else places.
    fn callers(&self) -> String {
        let mut named: Vec<String> = Vec::new();
        for caller in &self.called_from {
            let lock = if caller.locked { " (locked in the browser)" } else { "" };
            let text = match &caller.pages[..] {
                [] => caller.at.clone(),
                pages => format!("{}{lock} at {}", pages.join(", "), caller.at),
            };
            if !named.contains(&text) {
                named.push(text);
            }
        }
        let more = named.len().saturating_sub(4);
        named.truncate(4);
        let rest = if more == 0 {
            String::new()
        } else {
            format!("; and {}", words::count(more, "other place", "other places"))
        };
        format!("{}{rest}", named.join("; "))
    }

    /// Its guards, with what is wrong with them.
    fn guarded(&self) -> String {
        let guards: Vec<String> = self
            .guards
            .iter()
            .map(|guard| {
                let part = if guard.whole { "" } else { ", for a part" };
                let side = if guard.server { "" } else { ", in the browser" };
                match guard.standing.as_str() {
                    "enforced" => format!("{} by {}{part}{side}", guard.kind, guard.name),
                    standing => format!("{} by {} ({standing}{part}{side})", guard.kind, guard.name),
                }
            })
            .collect();
        if guards.is_empty() { "no guard".to_owned() } else { guards.join("; ") }
    }
}

/// The map for a person at a terminal.
pub(crate) fn terminal(map: &Map, options: &TerminalOptions) -> String {
    let map = map.clean(options.cleaning());
    let mut canvas = options.canvas();
    let stack = if map.stack.is_empty() { String::new() } else { format!(" ({})", map.stack.join(", ")) };
    let count = words::count(map.entry_points.len(), "entry point", "entry points");
    canvas.prose(0, Style::Bold, &format!("{}{stack}: {count}", map.name));
    for (title, gloss, entries) in map.groups() {
        let style = if title.starts_with("Anyone on") { Style::Red } else { Style::Bold };
        canvas.gap();
        canvas.heading(&format!("{title}: {} ({gloss})", entries.len()), style);
        for entry in entries {
            canvas.gap();
            let purposes =
                if entry.purposes.is_empty() { String::new() } else { format!(" [{}]", entry.purposes.join(", ")) };
            let live = if entry.seen_live > 0 { ", seen on the running app" } else { "" };
            canvas.hang("", Style::Plain, 0, Style::Bold, &format!("{}{purposes}", entry.label));
            canvas.hang("  does", Style::Dim, 10, Style::Plain, &entry.touches());
            canvas.hang("  guard", Style::Dim, 10, Style::Plain, &entry.guarded());
            if !entry.called_from.is_empty() {
                canvas.hang("  called", Style::Dim, 10, Style::Plain, &entry.callers());
            }
            canvas.hang("  where", Style::Dim, 10, Style::Dim, &format!("{} ({}{live})", entry.at, entry.framework));
        }
    }
    if !map.stores.is_empty() {
        canvas.gap();
        canvas.heading("What browsers reach in the database without the server", Style::Bold);
        for store in &map.stores {
            canvas.gap();
            canvas.prose(0, Style::Bold, &format!("{} ({})", store.name, store.at));
            if store.unprotected {
                canvas.prose(2, Style::Red, "row-level security is off: anyone who has the public key");
            }
            for policy in &store.policies {
                canvas.prose(2, Style::Plain, policy);
            }
        }
    }
    if !map.not_checked.is_empty() {
        canvas.gap();
        canvas.heading("Not understood", Style::Yellow);
        for gap in &map.not_checked {
            canvas.hang("  -", Style::Plain, 4, Style::Plain, gap);
        }
    }
    canvas.finish()
}

/// The map as JSON, `"schema": "plimsoll-map/1"`.
pub(crate) fn json(map: &Map) -> String {
    let mut text = serde_json::to_string_pretty(&map.clean(Cleaning::default())).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Template)]
#[template(path = "map.html")]
struct View<'a> {
    map: &'a Map,
    groups: Vec<(&'static str, &'static str, Vec<&'a MapEntry>)>,
    style: &'static str,
    style_hash: String,
}

/// The map as one self-contained HTML page.
pub(crate) fn html(map: &Map) -> String {
    let map = map.clean(Cleaning::default());
    let view = View {
        map: &map,
        groups: map.groups(),
        style: STYLE,
        style_hash: base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes())),
    };
    view.render().unwrap_or_else(|error| format!("<!doctype html><title>Plimsoll</title><p>{error}</p>"))
}
