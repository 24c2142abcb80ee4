//! Where the browser side talks to stores directly, read from the text of the code: `.from('x')`, `collection(db, 'x')`.
//!
//! This is only additional evidence: it never decides alone that something is open.

use std::collections::BTreeSet;

use plimsoll_cache::Cache;
use plimsoll_model::app::{Gain, StoreKind, StoreUse};
use plimsoll_source::{FileId, SourceFile, SourceTree, Span};

use crate::classify;

/// Uses beyond this many are not listed.
const MAX_USES: usize = 5_000;

/// What the code says.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Uses {
    pub(crate) stores: Vec<StoreUse>,
    /// Places where a visitor can make an account.
    pub(crate) sign_up: Vec<Span>,
    /// Names that are read as a member: `.role`.
    members: BTreeSet<String>,
    firestore: Option<Span>,
    storage: Option<Span>,
    realtime: Option<Span>,
    /// The browser side makes a Supabase client.
    pub(crate) supabase: Option<Span>,
    /// Fields of the own account that the browser side writes through its platform.
    pub(crate) own_fields: Vec<(String, Span)>,
}

const CODE: &[&str] = &["js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "html", "astro", "dart"];

impl Uses {
    pub(crate) fn first_client_of(&self, service: &str) -> Option<Span> {
        match service {
            "Firestore" => self.firestore,
            "Storage" => self.storage,
            _ => self.realtime,
        }
    }

    /// Whether code reads a member of this name.
    pub(crate) fn mentions_field(&self, name: &str) -> bool {
        self.members.contains(name)
    }

    /// Adds what another file says. What was kept of it may have been read under another id.
    fn add(&mut self, other: Uses, id: FileId) {
        let here = |span: Span| Span { file: id, ..span };
        let room = MAX_USES.saturating_sub(self.stores.len());
        self.stores.extend(other.stores.into_iter().take(room).map(|used| StoreUse { span: here(used.span), ..used }));
        self.sign_up.extend(other.sign_up.into_iter().map(here));
        self.members.extend(other.members);
        self.own_fields.extend(other.own_fields.into_iter().map(|(name, span)| (name, here(span))));
        for (known, new) in [
            (&mut self.firestore, other.firestore),
            (&mut self.storage, other.storage),
            (&mut self.realtime, other.realtime),
            (&mut self.supabase, other.supabase),
        ] {
            *known = known.or(new.map(here));
        }
    }

    /// The names alone.
    pub(crate) fn named(&self, tree: &SourceTree) -> Named {
        let tables = self.stores.iter().filter(|used| used.kind == Some(StoreKind::Table));
        Named {
            members: self.members.clone(),
            tables: tables.map(|used| used.store.clone()).collect(),
            client: self.supabase.map(|span| tree.file(span.file).path.clone()),
        }
    }

    /// Whether browser code names the collection.
    pub(crate) fn uses_collection(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        self.stores.iter().any(|used| used.store == last || used.store == name)
    }
}

/// Names that the code mentions, without where: what reading SQL asks of it.
#[derive(Debug, Default)]
pub(crate) struct Named {
    members: BTreeSet<String>,
    /// Tables that the browser side uses.
    pub(crate) tables: BTreeSet<String>,
    /// The file in which the browser side makes a Supabase client.
    pub(crate) client: Option<String>,
}

impl Named {
    /// Whether code reads a member of this name.
    pub(crate) fn mentions_field(&self, name: &str) -> bool {
        self.members.contains(name)
    }

    /// Whether browser code names the table.
    pub(crate) fn reads_table(&self, name: &str) -> bool {
        self.tables.contains(name)
    }
}

/// Whether a file holds code, by its name.
pub(crate) fn is_code(file: &SourceFile) -> bool {
    CODE.contains(&file.extension())
}

/// Reads the code of a tree.
pub(crate) fn read(tree: &SourceTree, cache: &Cache) -> Uses {
    let mut uses = Uses::default();
    for (id, file) in tree.iter().filter(|(_, file)| is_code(file) && is_app_code(&file.path)) {
        let parts: [&[u8]; 2] = [file.path.as_bytes(), file.text().as_bytes()];
        uses.add(cache.get_or("uses of stores", id.0, &parts, || of_file(id, file)), id);
    }
    uses
}

fn of_file(id: FileId, file: &SourceFile) -> Uses {
    let mut uses = Uses::default();
    let text = file.text();
    members(text, &mut uses.members);
    if on_server(&file.path, text) {
        return uses;
    }
    clients(id, text, &mut uses);
    for needle in ["auth.updateMe(", "User.updateMyUserData("] {
        own_fields(id, text, needle, &mut uses.own_fields);
    }
    for (needle, kind) in [
        (".from(", Some(StoreKind::Table)),
        (".rpc(", None),
        ("collection(", Some(StoreKind::Collection)),
        ("doc(", Some(StoreKind::Collection)),
    ] {
        calls(id, text, needle, kind, &mut uses.stores);
    }
    for needle in [
        ".signUp(",
        "createUserWithEmailAndPassword(",
        ".signInWithOtp(",
        ".signInWithOAuth(",
        "signInWithPopup(",
        "signInAnonymously(",
    ] {
        for (at, _) in text.match_indices(needle).take(3) {
            uses.sign_up.push(span(id, at, needle.len()));
        }
    }
    uses
}

fn span(id: FileId, at: usize, len: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(id, offset(at), offset(at + len))
}

fn is_app_code(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    !lower.split('/').any(|part| {
        matches!(part, "dist" | "build" | "__tests__" | "tests" | "test" | "e2e" | "coverage" | "mocks" | "stories")
    }) && ![".test.", ".spec.", ".d.ts", ".min.", ".stories."].iter().any(|part| lower.contains(part))
}

/// Code that runs on a server: its keys may pass over policies.
fn on_server(path: &str, text: &str) -> bool {
    path.split('/').any(|part| matches!(part, "functions" | "server" | "api" | "backend" | "scripts"))
        || text.contains("firebase-admin")
        || text.contains("SERVICE_ROLE")
        || text.trim_start().starts_with("\"use server\"")
        || text.trim_start().starts_with("'use server'")
}

fn clients(id: FileId, text: &str, uses: &mut Uses) {
    for (needles, slot) in [
        (&["firebase/firestore", "firebase.firestore(", "firebase-firestore"][..], &mut uses.firestore),
        (&["firebase/storage", "firebase.storage(", "firebase-storage"], &mut uses.storage),
        (&["firebase/database", "firebase.database(", "firebase-database"], &mut uses.realtime),
        (&["@supabase/supabase-js", "@supabase/ssr", "@supabase/auth-helpers"], &mut uses.supabase),
    ] {
        if slot.is_none()
            && let Some((needle, at)) = needles.iter().find_map(|needle| Some((needle, text.find(needle)?)))
        {
            *slot = Some(span(id, at, needle.len()));
        }
    }
}

/// `updateMe({ role: …, name })`: the keys that are written.
fn own_fields(id: FileId, text: &str, needle: &str, out: &mut Vec<(String, Span)>) {
    for (at, _) in text.match_indices(needle).take(40) {
        let Some(rest) = text.get(at + needle.len()..) else { continue };
        let Some(inside) = rest.trim_start().strip_prefix('{') else { continue };
        let mut depth = 0usize;
        let mut quote = None;
        // Whether a key can begin here, and whether it stood in quotes that are still to be closed.
        let (mut fresh, mut in_quotes) = (true, false);
        for (start, letter) in inside.char_indices().take(4_000) {
            if let Some(open) = quote {
                if letter == open {
                    quote = None;
                }
                continue;
            }
            match letter {
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' if depth == 0 => break,
                '}' | ']' | ')' => depth -= 1,
                ',' if depth == 0 => {
                    fresh = true;
                    continue;
                }
                '\'' | '"' | '`' if in_quotes => in_quotes = false,
                '\'' | '"' | '`' if !fresh => quote = Some(letter),
                _ => {}
            }
            if fresh && depth == 0 && (letter.is_alphabetic() || letter == '_') {
                let name: String =
                    inside[start..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                in_quotes = inside[..start].ends_with(['\'', '"']);
                out.push((name, span(id, at, needle.len())));
                fresh = false;
            } else if fresh && !letter.is_whitespace() && !matches!(letter, '\'' | '"') {
                fresh = false;
            }
        }
    }
}

/// `needle` followed by a text, or by a first argument and a text: the names it is called with.
fn calls(id: FileId, text: &str, needle: &str, kind: Option<StoreKind>, out: &mut Vec<StoreUse>) {
    for (at, _) in text.match_indices(needle) {
        if out.len() >= MAX_USES {
            return;
        }
        let before = text.get(..at).unwrap_or("");
        let own_word =
            needle.starts_with('.') || !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let Some(rest) = text.get(at + needle.len()..) else { continue };
        let mut rest = rest.trim_start();
        let mut in_storage = false;
        if needle == ".from(" {
            in_storage = before.trim_end().ends_with("storage");
            if before.ends_with("Array") || before.ends_with("Buffer") {
                continue;
            }
        } else if kind == Some(StoreKind::Collection) {
            // `collection(db, 'x')`: the database comes first.
            let len =
                rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '.')).unwrap_or(0);
            if let Some(after) = rest.get(len..).map(str::trim_start).and_then(|after| after.strip_prefix(','))
                && len > 0
            {
                rest = after.trim_start();
            }
        }
        let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"' | '`')) else { continue };
        let Some(inner) = rest.get(1..).and_then(|rest| rest.split(quote).next()) else { continue };
        let name = inner.split('/').next().unwrap_or(inner);
        let plain = !name.is_empty()
            && name.len() < 80
            && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
        if !own_word || !plain {
            continue;
        }
        let after = rest.get(1 + inner.len() + quote.len_utf8()..).unwrap_or("").trim_start();
        let next = after.strip_prefix(')').map_or("", str::trim_start);
        out.push(StoreUse {
            store: name.to_owned(),
            adds: [".insert(", ".upsert("].iter().any(|call| next.starts_with(call)),
            kind: if in_storage { Some(StoreKind::Bucket) } else { kind },
            span: span(id, at, needle.len()),
        });
    }
}

/// Names read as members, as far as rights are concerned. A bare `.role` counts where a powerful one is asked for in the
/// same line: roles of parts in a page, or of speakers in a chat, are none.
fn members(text: &str, out: &mut BTreeSet<String>) {
    for line in text.lines().filter(|line| line.len() < 2_000) {
        for (at, _) in line.match_indices('.') {
            let rest = line.get(at + 1..).unwrap_or("");
            let len = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
            let Some(name) = rest.get(..len).filter(|name| (3..40).contains(&name.len())) else { continue };
            if out.contains(name) {
                continue;
            }
            let speaks = match classify::privilege(name) {
                Some(Gain::Role) => {
                    let words = classify::words(line);
                    // `allowedRoles.includes(user.role)`
                    let listed = line.contains(".includes(")
                        && words.iter().any(|word| matches!(word.as_str(), "allowed" | "required" | "permitted"));
                    listed || words.iter().any(|word| classify::is_powerful(word) && word != "true")
                }
                Some(_) => true,
                None => false,
            };
            if speaks {
                out.insert(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use plimsoll_cache::Cache;
    use plimsoll_source::SourceTree;

    #[test]
    fn what_an_account_writes_of_itself() {
        let tree = SourceTree::from_texts([(
            "src/a.jsx",
            "await base44.auth.updateMe({ 'user_type': form.type, phone: { kind: 'a, b' }, note: \"x, role: y\", city });",
        )]);
        let names: Vec<String> = read(&tree, &Cache::off()).own_fields.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["user_type", "phone", "note", "city"]);
    }

    #[test]
    fn names_of_stores() {
        let tree = SourceTree::from_texts([(
            "src/a.ts",
            "import { getFirestore } from 'firebase/firestore';\nsupabase.from('notes').select(); supabase.storage.from(\"files\"); \
             Array.from('x'); getDocs(collection(db, 'users')); doc(db, `orders/${id}`); supabase.rpc('f'); if (me.isAdmin) auth.signUp();",
        )]);
        let uses = read(&tree, &Cache::off());
        let names: Vec<&str> = uses.stores.iter().map(|used| used.store.as_str()).collect();
        assert_eq!(names, ["notes", "files", "f", "users", "orders"]);
        let tree = SourceTree::from_texts([("src/a.ts", "db.from('a').select(); db.from('b')\n  .insert(row)")]);
        let adds: Vec<bool> = read(&tree, &Cache::off()).stores.iter().map(|used| used.adds).collect();
        assert_eq!(adds, [false, true]);
        assert!(uses.mentions_field("isAdmin") && uses.firestore.is_some() && !uses.sign_up.is_empty());
        for (line, expected) in [
            ("if (me.role === 'admin')", true),
            ("if (allowedRoles.includes(me.role))", true),
            ("message.role === 'assistant'", false),
            ("el.role", false),
        ] {
            let tree = SourceTree::from_texts([("src/a.ts", line)]);
            assert_eq!(read(&tree, &Cache::off()).mentions_field("role"), expected, "{line}");
        }
    }
}
