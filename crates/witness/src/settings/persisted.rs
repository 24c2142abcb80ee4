//! State of the browser side that a library keeps in web storage: Zustand's `persist`, `redux-persist`, hooks and atoms over
//! a key. The app writes no `setItem` of its own.

use plimsoll_analysis::{Event, EventKind, Program, Value, ValueKind};
use plimsoll_ir::{Key, Kind, Module, NodeId, walk};
use plimsoll_model::app::{StoredValue, StoredValueKind, WebStorage};
use plimsoll_source::Span;

use super::storage;

/// What was seen of Redux: which parts of the state exist, and which are kept.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Seen {
    /// Names of parts of the state that hold a token, with the field.
    tokens: Vec<(String, String)>,
    kept: Vec<Kept>,
}

impl Seen {
    /// Adds what was seen later.
    pub(super) fn append(&mut self, later: Seen) {
        self.tokens.extend(later.tokens);
        self.kept.extend(later.kept);
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    storage: WebStorage,
    key: String,
    /// Only these parts; all where nothing is said.
    only: Vec<String>,
    not: Vec<String>,
    span: Span,
}

/// Hooks and atoms that keep one value under a key.
const BY_KEY: &[(&str, WebStorage)] = &[
    ("useLocalStorage", WebStorage::Local),
    ("useLocalStorageState", WebStorage::Local),
    ("useReadLocalStorage", WebStorage::Local),
    ("useStorage", WebStorage::Local),
    ("atomWithStorage", WebStorage::Local),
    ("useSessionStorage", WebStorage::Session),
];

pub(super) fn note(event: &Event, program: &Program<'_>, seen: &mut Seen, stored: &mut Vec<StoredValue>) {
    let EventKind::Call { callee, .. } = &event.kind else { return };
    let path = callee.path.as_str();
    let name = callee.last_name();
    let mut keep = |storage: WebStorage, key: String, span: Span| {
        stored.push(StoredValue {
            storage,
            key,
            kind: StoredValueKind::SessionToken,
            written: vec![span],
            read: Vec::new(),
            by_library: None,
        });
    };
    if name == "persist" && path.contains("zustand") {
        let options = event.arg(1).cloned().unwrap_or_default();
        let Some(storage) = storage_of(&options, program) else { return };
        let made = event.arg(0).map(|value| fields_made(value, program)).unwrap_or_default();
        let only = options.field("partialize").map(|part| fields_made(&part, program));
        let token = made
            .iter()
            .find(|field| storage::is_token_name(field) && only.as_ref().is_none_or(|only| only.contains(field)));
        if let Some(token) = token {
            let key = options.field("name").and_then(|name| name.text_shape()).unwrap_or_default();
            keep(storage, format!("{key}: {token}"), event.span);
        }
    } else if name == "createSlice" {
        let options = event.arg(0).cloned().unwrap_or_default();
        let part = options.field("name").and_then(|name| name.text_shape()).unwrap_or_default();
        let state = options.field("initialState").unwrap_or_default();
        if let Some(object) = state.as_object() {
            let fields = object.fields.borrow();
            seen.tokens.extend(
                fields
                    .keys()
                    .filter(|field| storage::is_token_name(field))
                    .map(|field| (part.clone(), field.to_string())),
            );
        }
    } else if name == "persistReducer" {
        let options = event.arg(0).cloned().unwrap_or_default();
        let by = options.field("storage").unwrap_or_default();
        // Other places (a phone's own store, a cookie jar) are not web storage.
        let storage = match by.path() {
            path if path.contains("session") => WebStorage::Session,
            path if path.contains("redux-persist/lib/storage") || path.contains("localStorage") => WebStorage::Local,
            _ => return,
        };
        let names = |field: &str| -> Vec<String> {
            options.field(field).map_or_else(Vec::new, |list| {
                list.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            })
        };
        seen.kept.push(Kept {
            storage,
            key: options.field("key").and_then(|key| key.text_shape()).unwrap_or_default(),
            only: names("whitelist"),
            not: names("blacklist"),
            span: event.span,
        });
    } else if let Some((_, storage)) = BY_KEY.iter().find(|(hook, _)| *hook == name) {
        let key = event.arg(0).and_then(Value::text_shape).unwrap_or_default();
        if storage::is_token_name(&key) {
            keep(*storage, key, event.span);
        }
    }
}

/// What Redux keeps of a login.
pub(super) fn finish(seen: Seen, stored: &mut Vec<StoredValue>) {
    for kept in seen.kept {
        let token = seen
            .tokens
            .iter()
            .find(|(part, _)| (kept.only.is_empty() || kept.only.contains(part)) && !kept.not.contains(part));
        if let Some((part, field)) = token {
            stored.push(StoredValue {
                storage: kept.storage,
                key: format!("persist:{}: {part}.{field}", kept.key),
                kind: StoredValueKind::SessionToken,
                written: vec![kept.span],
                read: Vec::new(),
                by_library: None,
            });
        }
    }
}

/// Where Zustand keeps it: the browser's `localStorage`, unless it is told another place.
fn storage_of(options: &Value, program: &Program<'_>) -> Option<WebStorage> {
    let Some(told) = options.field("storage").or_else(|| options.field("getStorage")) else {
        return Some(WebStorage::Local);
    };
    // `createJSONStorage(() => sessionStorage)`
    let closures = told.as_symbol().map(|symbol| symbol.calls()).unwrap_or_default();
    let given = closures.iter().flat_map(|(_, args, _)| args.iter()).map(|arg| arg.value.clone()).chain([told.clone()]);
    for value in given {
        let Some(closure) = value.as_closure() else { continue };
        let module = program.module(closure.module);
        let mut found = None;
        walk(module, module.function(closure.function).body, &mut |id| {
            let named = match module.kind(id) {
                Kind::Name(name) => Some(name),
                Kind::Member { property, .. } => Some(property),
                _ => None,
            };
            match named.map(|name| name.as_str()) {
                Some("localStorage") => found = Some(WebStorage::Local),
                Some("sessionStorage") => found = Some(WebStorage::Session),
                _ => {}
            }
            true
        });
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Names of the fields, functions aside, of the object that a function gives back.
fn fields_made(value: &Value, program: &Program<'_>) -> Vec<String> {
    if let ValueKind::Object(object) = &value.kind {
        return object.fields.borrow().keys().map(ToString::to_string).collect();
    }
    let Some(closure) = value.as_closure() else { return Vec::new() };
    let module = program.module(closure.module);
    let Kind::Block(statements) = module.kind(module.function(closure.function).body) else { return Vec::new() };
    let returned = statements.iter().rev().find_map(|&statement| match module.kind(statement) {
        Kind::Return(Some(value)) => Some(*value),
        _ => None,
    });
    returned.map(|node| fields_of(module, node)).unwrap_or_default()
}

fn fields_of(module: &Module, node: NodeId) -> Vec<String> {
    let Kind::Object(properties) = module.kind(node) else { return Vec::new() };
    properties
        .iter()
        .filter(|property| !matches!(module.kind(property.value), Kind::Function(_)))
        .filter_map(|property| match &property.key {
            Key::Named(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}
