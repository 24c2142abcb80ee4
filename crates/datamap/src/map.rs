//! From stores, forms and third parties to one list.

use std::collections::{BTreeMap, HashMap};

use plimsoll_model::app::{
    CommittedKind, EffectKind, Exposure, SecretKind, SecretTier, Store, StoreKind, StoredValueKind, WebStorage,
};
use plimsoll_model::{App, Confidence, DataClass, DataItem, Evidence, Holding, Place, Recipient, Witness};
use plimsoll_source::{SourceTree, Span};

use crate::classify::{Classified, Context, classify, is_technical};
use crate::reach::{self, ANYONE, Reader};
use crate::words::words;
use crate::{APP_SECRET, context_of};

/// Places shown per item.
const MAX_EVIDENCE: usize = 4;

/// Everything that the app stores, collects, keeps in browsers and sends away: one item per store and field, sorted by
/// store, in it the heaviest class first.
pub fn build(app: &App, tree: &SourceTree) -> Vec<DataItem> {
    let animals = are_animals(app);
    let mut map = Map { app, tree, animals, index: reach::Index::new(app), items: BTreeMap::new() };
    for store in &app.stores {
        map.store(store);
    }
    map.browser_storage();
    map.committed();
    map.secrets();
    map.collected();
    map.live();
    let mut items: Vec<DataItem> = map.items.into_values().collect();
    for item in &mut items {
        reach::sort(&mut item.reachable_by);
        item.sent_to.sort();
        item.sent_to.dedup();
        item.evidence.truncate(MAX_EVIDENCE);
    }
    items.sort_by(|a, b| {
        (&a.store, std::cmp::Reverse(a.class), &a.field).cmp(&(&b.store, std::cmp::Reverse(b.class), &b.field))
    });
    items
}

/// The third parties, with what of the map goes to each.
pub fn recipients(app: &App, tree: &SourceTree, items: &[DataItem]) -> Vec<Recipient> {
    let map = Map { app, tree, animals: false, index: reach::Index::new(app), items: BTreeMap::new() };
    let mut out: Vec<Recipient> = Vec::new();
    for party in &app.third_parties {
        let sent = || items.iter().filter(|item| item.sent_to.contains(&party.name));
        out.push(Recipient {
            name: party.name.clone(),
            purpose: party.purpose.clone(),
            class: sent().map(|item| item.class).max().unwrap_or_default(),
            fields: sent().map(|item| format!("{}.{}", item.store, item.field)).collect(),
            evidence: vec![map.evidence(Witness::Code, party.span, true, "used here")],
        });
    }
    out.sort();
    out.dedup_by(|a, b| a.name == b.name);
    out
}

/// An animal hospital calls its animals patients too.
pub(crate) fn are_animals(app: &App) -> bool {
    app.stores.iter().any(|store| context_of(store, false).says_animals())
}

struct Map<'a> {
    app: &'a App,
    tree: &'a SourceTree,
    animals: bool,
    index: reach::Index<'a>,
    items: BTreeMap<(String, String), DataItem>,
}

impl Map<'_> {
    fn add(&mut self, held: Holding, store: &str, field: &str, found: Classified, evidence: Evidence) -> &mut DataItem {
        let item = self.items.entry((store.to_owned(), field.to_owned())).or_insert_with(|| DataItem {
            store: store.to_owned(),
            held,
            field: field.to_owned(),
            kind: found.kind.to_owned(),
            class: found.class,
            confidence: found.confidence,
            reachable_by: Vec::new(),
            sent_to: Vec::new(),
            evidence: Vec::new(),
        });
        if (found.confidence, found.class) > (item.confidence, item.class) {
            item.kind = found.kind.to_owned();
            item.class = found.class;
            item.confidence = found.confidence;
        }
        if !item.evidence.contains(&evidence) {
            item.evidence.push(evidence);
        }
        item
    }

    fn evidence(&self, witness: Witness, span: Span, shows_line: bool, note: impl Into<String>) -> Evidence {
        Evidence { witness, place: Some(self.place(span, shows_line)), exchange: None, note: note.into() }
    }

    /// Lines of records are not shown: they hold the data itself.
    fn place(&self, span: Span, shows_line: bool) -> Place {
        let file = self.tree.file(span.file);
        if span.end == 0 {
            return Place { file: file.path.clone(), line: None, end_line: None, snippet: String::new() };
        }
        let (line, end_line) = self.tree.lines(span);
        let mut snippet = String::new();
        if shows_line {
            snippet = file.line_text(line).to_owned();
            for secret in &self.app.secrets {
                if secret.tier == SecretTier::Secret && !secret.value.is_empty() {
                    snippet = secret.value.mask_in(&snippet);
                }
            }
            snippet = snippet.trim().chars().take(200).collect();
        }
        Place { file: file.path.clone(), line: Some(line), end_line: Some(end_line.min(line + 40)), snippet }
    }

    fn store(&mut self, store: &Store) {
        let context = context_of(store, self.animals);
        let readers = self.index.readers(&store.name);
        let direct = reach::direct(store);
        let what = match store.kind {
            StoreKind::Table => "a column of the table",
            StoreKind::View => "a column of the view",
            StoreKind::Collection => "a field of the collection",
            StoreKind::Bucket => "files are kept here",
            StoreKind::File if store.exposure == Exposure::Shipped => {
                "a field of records in a file that visitors' browsers load"
            }
            StoreKind::File => "a field of records in a file",
            StoreKind::Memory if store.exposure == Exposure::Shipped => {
                "a field of records in code that visitors' browsers load"
            }
            StoreKind::Memory => "a field of records that the server keeps in memory",
            StoreKind::Browser => "kept in the browser",
        };
        let witness = match store.kind {
            StoreKind::Table | StoreKind::View => Witness::Schema,
            _ => Witness::Code,
        };
        let held = match (store.exposure, store.kind) {
            (Exposure::Shipped, _) => Holding::Shipped,
            (_, StoreKind::Browser) => Holding::Browser,
            _ => Holding::Stored,
        };
        let shows_line = !matches!(store.kind, StoreKind::File | StoreKind::Memory);
        let mut fields: Vec<(String, Span, Classified)> = Vec::new();
        for field in &store.fields {
            let found = classify(&field.name, &context);
            // Row keys and times say nothing to people who read the map; values of a choice only when they tell something.
            let silent = found.kind.is_empty() && (is_technical(&words(&field.name)) || field.name.contains(" = "));
            if !silent {
                fields.push((field.name.clone(), field.span, found));
            }
        }
        if fields.is_empty() {
            fields.push(("*".into(), store.span, whole(store, &context)));
        }
        let sends = self.sends(store);
        for (name, span, found) in fields {
            let evidence = self.evidence(witness, span, shows_line, what);
            let item = self.add(held, &store.name, &name, found, evidence);
            item.reachable_by.extend(direct.iter().map(|&who| who.to_owned()));
            for reader in readers.iter().filter(|reader| shows(reader, &name, found)) {
                if !item.reachable_by.iter().any(|who| who == reader.who) {
                    item.reachable_by.push(reader.who.to_owned());
                    if reader.who == ANYONE
                        && let Some(first) = item.evidence.first_mut()
                    {
                        first.note = format!("{what}; read by `{}`, which anyone can call", reader.through);
                    }
                }
            }
            for (name, kinds) in &sends {
                if kinds.is_empty() || kinds.contains(&found.kind) {
                    item.sent_to.push(name.clone());
                }
            }
        }
    }

    /// Third parties that receive something of a store, with the kinds of fields that they receive; no kinds: all.
    fn sends(&self, store: &Store) -> Vec<(String, &'static [&'static str])> {
        let mut out: Vec<(String, &'static [&'static str])> = Vec::new();
        let by_purpose =
            |purpose: &'static str| self.app.third_parties.iter().filter(move |party| party.purpose == purpose);
        let keeps = match store.kind {
            StoreKind::Table | StoreKind::View | StoreKind::Bucket | StoreKind::Collection => {
                by_purpose("storage").collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        for party in keeps {
            let supabase = party.name == "Supabase" && store.exposure == Exposure::Direct;
            let firebase = party.name == "Firebase" && matches!(store.kind, StoreKind::Collection | StoreKind::Bucket);
            if supabase || firebase {
                out.push((party.name.clone(), &[]));
            }
        }
        const OUTGOING: &[(EffectKind, &str, &[&str])] = &[
            (EffectKind::SendMessage, "mail", &["email", "name"]),
            (EffectKind::SendMessage, "sms", &["phone"]),
            (EffectKind::CallAi, "ai", &["free-text", "message", "file", "amount"]),
            (EffectKind::Payment, "payment", &["email", "amount", "card"]),
        ];
        for (kind, purpose, fields) in OUTGOING {
            let together =
                self.index.of(&store.name).any(|(entry, _)| entry.effects.iter().any(|effect| effect.kind == *kind));
            if together {
                out.extend(by_purpose(purpose).map(|party| (party.name.clone(), *fields)));
            }
        }
        out.sort();
        out.dedup();
        out
    }

    fn browser_storage(&mut self) {
        for value in &self.app.stored_values {
            let Some(&span) = value.written.first().or(value.read.first()) else { continue };
            // When a token ends, and how often somebody was here, is no token.
            if words(&value.key).iter().any(|word| {
                matches!(word.as_str(), "expiry" | "expires" | "expiration" | "count" | "ts" | "timestamp" | "time")
            }) {
                continue;
            }
            let context = Context::of("browser", [value.key.as_str()]);
            let likely = |kind, class| Classified { kind, class, confidence: Confidence::Likely };
            let found = match value.kind {
                StoredValueKind::SessionToken => likely("token", DataClass::Sensitive),
                StoredValueKind::ApiKey => likely("secret-key", DataClass::Sensitive),
                StoredValueKind::Identity => likely("identity", DataClass::Personal),
                StoredValueKind::Privilege => likely("employment", DataClass::Internal),
                StoredValueKind::Data => {
                    Classified { kind: "record", class: DataClass::Personal, confidence: Confidence::Possible }
                }
                StoredValueKind::Preference => {
                    let found = classify(&value.key, &context);
                    if found.kind.is_empty() || found.class < DataClass::Personal {
                        continue;
                    }
                    found
                }
            };
            let store = match value.storage {
                WebStorage::Local => "localStorage",
                WebStorage::Session => "sessionStorage",
                WebStorage::Cookie => "cookies written by script",
                WebStorage::Other => "browser database",
            };
            let key = if value.key.is_empty() { "*" } else { &value.key };
            let evidence = self.evidence(Witness::Code, span, false, "kept in the visitor's browser");
            let item = self.add(Holding::Browser, store, key, found, evidence);
            item.reachable_by.push("scripts in the visitor's browser".into());
        }
    }

    fn committed(&mut self) {
        let stored =
            self.items.values().filter(|item| item.confidence >= Confidence::Likely).map(|item| item.class).max();
        for file in self.app.committed.iter().filter(|file| !file.git_ignored) {
            let (kind, class) = match file.kind {
                CommittedKind::Database | CommittedKind::Dump | CommittedKind::Backup => {
                    ("database-file", stored.unwrap_or(DataClass::Personal).max(DataClass::Internal))
                }
                CommittedKind::PersonalRecords => ("record", DataClass::Personal),
                CommittedKind::Uploads => ("file", DataClass::Personal),
                CommittedKind::PrivateKey | CommittedKind::EnvFile => (APP_SECRET, DataClass::Sensitive),
                CommittedKind::CookieJar => ("token", DataClass::Sensitive),
                CommittedKind::Log => continue,
            };
            let found = Classified { kind, class, confidence: Confidence::Likely };
            let path = self.tree.file(file.span.file).path.clone();
            let evidence =
                self.evidence(Witness::Code, Span::whole(file.span.file), false, "the file lies in the repository");
            let item = self.add(Holding::Code, &path, "*", found, evidence);
            item.reachable_by.push("everyone with the repository".into());
        }
    }

    fn secrets(&mut self) {
        for secret in &self.app.secrets {
            if secret.tier != SecretTier::Secret || secret.in_sample || secret.git_ignored {
                continue;
            }
            let kind = match secret.kind {
                SecretKind::DefaultAccount => "password",
                _ => APP_SECRET,
            };
            let confidence = if secret.fallback_for.is_some() { Confidence::Possible } else { Confidence::Likely };
            let found = Classified { kind, class: DataClass::Sensitive, confidence };
            let path = self.tree.file(secret.span.file).path.clone();
            let note =
                if secret.in_browser { "written in code that visitors' browsers load" } else { "written in a file" };
            let evidence = self.evidence(Witness::Code, secret.span, false, note);
            let held = if secret.in_browser { Holding::Shipped } else { Holding::Code };
            let item = self.add(held, &path, &secret.what, found, evidence);
            item.reachable_by.push(if secret.in_browser { ANYONE } else { "everyone with the repository" }.to_owned());
        }
    }

    /// Forms and request bodies: a field that is also stored is told there; what is only collected gets its own line.
    fn collected(&mut self) {
        let app = self.app;
        let mut forms: Vec<(String, Vec<(String, Span)>)> = app
            .forms
            .iter()
            .map(|form| (form.name.clone(), form.fields.iter().map(|field| (field.name.clone(), field.span)).collect()))
            .collect();
        for entry in &app.entry_points {
            let fields: Vec<(String, Span)> = entry
                .inputs
                .iter()
                .filter_map(|input| input.strip_prefix("body.").or_else(|| input.strip_prefix("form.")))
                .map(|name| (name.rsplit('.').next().unwrap_or(name).to_owned(), entry.span))
                .collect();
            if !fields.is_empty() {
                forms.push((entry.label(), fields));
            }
        }
        // Hundreds of forms with a dozen fields each are compared with every field kept.
        let mut spelt: HashMap<String, String> = HashMap::new();
        for (form, fields) in forms {
            let subject = form.rsplit(['/', ' ']).next().unwrap_or(&form).split('.').next().unwrap_or("").to_owned();
            let mut context = Context::of(&subject, fields.iter().map(|(name, _)| name.as_str()));
            if self.animals {
                context = context.of_animals();
            }
            for (name, span) in fields {
                // What a list is searched by is not collected.
                if words(&name).first().is_some_and(|first| {
                    matches!(
                        first.as_str(),
                        "filter" | "search" | "sort" | "page" | "query" | "filtro" | "busca" | "filtre"
                    )
                }) {
                    continue;
                }
                let found = classify(&name, &context);
                if found.kind.is_empty()
                    || found.class < DataClass::Personal
                    || found.kind == "record"
                    || found.kind == "free-text"
                {
                    continue;
                }
                let key = words(&name).concat();
                let evidence = self.evidence(Witness::Code, span, true, format!("collected by `{form}`"));
                let mut known = false;
                for item in self.items.values_mut().filter(|item| item.class >= DataClass::Personal) {
                    if !spelt.contains_key(&item.field) {
                        spelt.insert(item.field.clone(), words(&item.field).concat());
                    }
                    let same = spelt.get(&item.field) == Some(&key)
                        || credential(&item.kind) && item.kind == found.kind
                        || item.kind == "password-hash" && found.kind == "password";
                    if same {
                        known = true;
                        if item.evidence.len() < MAX_EVIDENCE {
                            item.evidence.push(evidence.clone());
                        }
                    }
                }
                if !known && found.confidence >= Confidence::Likely {
                    self.add(Holding::Collected, &format!("collected by {form}"), &name, found, evidence);
                }
            }
        }
    }

    /// What the running app showed to a stranger.
    fn live(&mut self) {
        let app = self.app;
        for answer in &app.live.open_entry_points {
            let Some(entry) = answer.entry.and_then(|index| app.entry_points.get(index)) else { continue };
            for item in self.items.values_mut() {
                let read = entry.effects.iter().any(|effect| reach::same_store(&effect.target, &item.store));
                let named = answer.fields.iter().any(|field| words(field) == words(&item.field));
                if read && named {
                    item.reachable_by.push(ANYONE.into());
                    item.confidence = Confidence::Confirmed;
                    item.evidence.insert(
                        0,
                        Evidence {
                            witness: Witness::Live,
                            place: None,
                            exchange: Some(answer.exchange.clone()),
                            note: "in an answer to a request without credentials".into(),
                        },
                    );
                }
            }
        }
    }
}

fn credential(kind: &str) -> bool {
    matches!(kind, "password" | "password-hash" | "token" | "one-time-code")
}

/// Whether a reader sees a field.
fn shows(reader: &Reader<'_>, field: &str, found: Classified) -> bool {
    let own = words(field);
    let names = |list: &[&str]| list.iter().any(|name| words(name) == own);
    if credential(found.kind) {
        // A hash is read to be compared; it is shown where the answer is known to have it.
        return names(&reader.answered);
    }
    reader.fields.is_empty() || names(&reader.fields)
}

/// A store of whose fields nothing is known.
fn whole(store: &Store, context: &Context) -> Classified {
    if store.kind == StoreKind::Bucket {
        // Files that people upload; pictures of goods and of the page itself are named so.
        let name = words(&store.name);
        let own = name.iter().any(|word| {
            matches!(
                word.as_str(),
                "product"
                    | "products"
                    | "public"
                    | "assets"
                    | "logos"
                    | "logo"
                    | "banners"
                    | "blog"
                    | "static"
                    | "menu"
            )
        });
        let class = if own { DataClass::Internal } else { DataClass::Personal };
        let kind = if name.iter().any(|word| {
            matches!(
                word.as_str(),
                "photo" | "photos" | "picture" | "pictures" | "avatar" | "avatars" | "image" | "images"
            )
        }) {
            "image"
        } else {
            "file"
        };
        return Classified { kind, class, confidence: if own { Confidence::Possible } else { Confidence::Likely } };
    }
    // Papers below a person are that person's.
    let name = words(&store.name);
    let papers = name.last().is_some_and(|last| {
        ["document", "documents", "file", "files", "attachment", "attachments", "photos", "uploads"]
            .contains(&last.as_str())
    });
    if papers && name.len() > 1 && context.is_named_after_people() {
        return Classified { kind: "file", class: DataClass::Personal, confidence: Confidence::Likely };
    }
    // Any field of it would say the same.
    classify("content of it", context)
}
