//! Rules of Firestore, Realtime Database and Cloud Storage.
//!
//! Any `allow` that holds is enough, so each statement is read on its own; `firebase.json` says which files are put into
//! force. A file that the service refuses leaves older rules in force, and nobody knows which.

mod eval;
pub(crate) mod parse;

use std::collections::BTreeSet;

use plimsoll_model::NotChecked;
use plimsoll_model::app::{
    Command, Exposure, Gain, GrantWay, Openness, Policy, Reliance, Rls, RulesFile, SelfGrant, Store, StoreKind,
};
use plimsoll_source::{FileId, SourceTree, Span};

use crate::classify;
use crate::sql::openness::Principal;
use crate::uses::Uses;
use eval::{Alternative, Evaluator, Fact, Method, Subject, Truth};
use parse::{Allow, Block, Entry, Expr, Segment};

/// What the rules files say.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) stores: Vec<Store>,
    pub(crate) self_grants: Vec<SelfGrant>,
    pub(crate) files: Vec<RulesFile>,
    pub(crate) not_checked: Vec<NotChecked>,
    pub(crate) looked_at: Vec<String>,
}

const FIRESTORE: &str = "Firestore";
const STORAGE: &str = "Storage";
const REALTIME: &str = "Realtime Database";

/// One thing that a statement allows to accounts.
struct Grant {
    collection: String,
    /// The pattern ends in `{…=**}`.
    recursive: bool,
    method: Method,
    truth: Truth,
    label: String,
    span: Span,
}

/// Reads all rules files of a tree.
pub(crate) fn read(tree: &SourceTree, uses: &Uses) -> Facts {
    let mut facts = Facts::default();
    let deployed = deployed_files(tree, &mut facts);
    let mut grants: Vec<Grant> = Vec::new();
    let mut relied_on: BTreeSet<(String, String)> = BTreeSet::new();
    for service in [FIRESTORE, STORAGE, REALTIME] {
        let all: Vec<FileId> = tree
            .iter()
            .filter(|(_, file)| service_of(&file.path, file.text()) == Some(service))
            .map(|(id, _)| id)
            .collect();
        let named: Vec<FileId> = all.iter().copied().filter(|id| deployed.contains(&tree.file(*id).path)).collect();
        for id in &all {
            let is_named = named.contains(id);
            if !named.is_empty() && !is_named {
                facts.not_checked.push(NotChecked {
                    what: tree.file(*id).path.clone(),
                    why: "firebase.json puts another file into force, so this one was not read".into(),
                    weighs: false,
                });
                continue;
            }
            let mut reading = Reading {
                tree,
                file: *id,
                service,
                facts: &mut facts,
                grants: &mut grants,
                relied_on: &mut relied_on,
                deployed: is_named,
            };
            reading.read();
        }
        if let Some(span) = uses.first_client_of(service)
            && all.is_empty()
        {
            facts.not_checked.push(NotChecked {
                what: format!("who may read and change the data in {service}"),
                why: format!(
                    "browser code talks to it directly ({}), and its rules are not in the repository",
                    tree.file(span.file).path
                ),
                weighs: true,
            });
        }
    }
    self_grants(&grants, &relied_on, uses, &mut facts);
    facts
}

/// The service whose rules a file holds.
fn service_of(path: &str, text: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if path.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__" | "emulator" | "fixtures")) {
        return None;
    }
    if name.ends_with(".rules") || name.ends_with(".rules.txt") {
        if text.contains("service firebase.storage") || name.starts_with("storage") {
            return Some(STORAGE);
        }
        if text.contains("cloud.firestore") || name.starts_with("firestore") {
            return Some(FIRESTORE);
        }
    }
    let is_json = matches!(
        name.as_str(),
        "database.rules.json"
            | "firebase.rules.json"
            | "database-rules.json"
            | "rtdb.rules.json"
            | "firebase-rules.json"
    );
    (is_json && text.contains("\"rules\"")).then_some(REALTIME)
}

/// Paths that `firebase.json` names. A named file that is not there is said so.
fn deployed_files(tree: &SourceTree, facts: &mut Facts) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (_, file) in tree.iter().filter(|(_, file)| file.name() == "firebase.json") {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (Expr::Map(entries), _) = parse::json(file.text()) else { continue };
        for section in entries.iter().filter(|entry| ["firestore", "storage", "database"].contains(&entry.key.as_str()))
        {
            let parts: Vec<&Expr> = match &section.value {
                Expr::List(items) => items.iter().collect(),
                value => vec![value],
            };
            for part in parts {
                let Expr::Map(settings) = part else { continue };
                let rules = settings.iter().find(|setting| setting.key == "rules");
                let Some(Expr::Text(path)) = rules.map(|setting| &setting.value) else { continue };
                let path = path.trim_start_matches("./");
                let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
                if tree.find(&path).is_none() {
                    facts.not_checked.push(NotChecked {
                        what: path.clone(),
                        why: format!("{} puts it into force, but it is not in the repository", file.path),
                        weighs: true,
                    });
                }
                out.insert(path);
            }
        }
    }
    out
}

/// Lines that a version control system leaves in a file whose merge was not finished.
fn conflict_marker(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut first = None;
    let mut ends = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<< ") && first.is_none() {
            first = Some((at, at + line.trim_end().len()));
        }
        ends |= line.starts_with(">>>>>>> ");
        at += line.len();
    }
    first.filter(|_| ends)
}

/// The same text with merge markers turned into spaces: both sides are read.
fn without_markers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let marker = line.starts_with("<<<<<<< ")
            || line.starts_with(">>>>>>> ")
            || line.trim_end() == "======="
            || line.starts_with("||||||| ");
        if marker {
            out.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(line);
        }
    }
    out
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Reading<'a> {
    tree: &'a SourceTree,
    file: FileId,
    service: &'static str,
    facts: &'a mut Facts,
    grants: &'a mut Vec<Grant>,
    relied_on: &'a mut BTreeSet<(String, String)>,
    deployed: bool,
}

impl Reading<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, offset(start), offset(end.max(start + 1)))
    }

    fn read(&mut self) {
        let text = self.tree.file(self.file).text();
        let path = self.tree.file(self.file).path.clone();
        if parse::is_blank(text) {
            return;
        }
        let marker = conflict_marker(text);
        let cleaned = if marker.is_some() { without_markers(text) } else { text.to_owned() };
        let problems = if self.service == REALTIME { self.realtime(&cleaned) } else { self.rules(&cleaned) };
        let problem = match (marker, problems.first()) {
            (Some((start, end)), _) => {
                Some((self.span(start, end), "lines of an unfinished merge stand in it".to_owned()))
            }
            (None, Some(problem)) => {
                Some((self.span(problem.at.min(text.len().saturating_sub(1)), problem.at), problem.what.clone()))
            }
            (None, None) => None,
        };
        if let Some((span, why)) = &problem {
            let line = self.tree.lines(*span).0;
            self.facts.not_checked.push(NotChecked {
                what: format!("{path}:{line}: the rules in force"),
                why: format!("the file cannot be put into force as it is ({why}), so older rules may still hold"),
                weighs: true,
            });
        }
        self.facts.looked_at.push(format!("{} rules in {path}", self.service));
        self.facts.files.push(RulesFile {
            service: self.service,
            deployed: self.deployed,
            problem,
            span: Span::whole(self.file),
        });
    }

    fn rules(&mut self, text: &str) -> Vec<parse::Problem> {
        let ruleset = parse::rules(text);
        for service in &ruleset.services {
            let expected = if self.service == STORAGE { "firebase.storage" } else { "cloud.firestore" };
            if service.name == expected {
                self.block(text, &service.body, &mut Vec::new(), &mut vec![&service.body], 0);
            }
        }
        ruleset.problems
    }

    fn block<'r>(
        &mut self,
        text: &str,
        block: &'r Block,
        path: &mut Vec<Segment>,
        around: &mut Vec<&'r Block>,
        depth: usize,
    ) {
        if depth > 60 {
            return;
        }
        for allow in &block.allows {
            self.allow(text, allow, path, around);
        }
        for inner in &block.matches {
            let before = path.len();
            path.extend(inner.path.iter().cloned());
            around.push(&inner.body);
            self.block(text, &inner.body, path, around, depth + 1);
            around.pop();
            path.truncate(before);
        }
    }

    fn allow(&mut self, text: &str, allow: &Allow, path: &[Segment], around: &[&Block]) {
        let variables: Vec<String> = path
            .iter()
            .filter_map(|segment| match segment {
                Segment::Variable(name) | Segment::Recursive(name) => Some(name.clone()),
                Segment::Literal(_) => None,
            })
            .collect();
        // `/databases/{database}/documents` and `/b/{bucket}/o` name the whole.
        let literal = |index: usize, word: &str| path.get(index) == Some(&Segment::Literal(word.into()));
        let whole = (literal(0, "databases") && literal(2, "documents")) || (literal(0, "b") && literal(2, "o"));
        let inner = if whole { path.get(3..).unwrap_or_default() } else { path };
        let names = inner.iter().map(|segment| match segment {
            Segment::Literal(name) => name.as_str(),
            Segment::Variable(_) | Segment::Recursive(_) => "*",
        });
        let collection = eval::collection_of(names);
        let recursive = matches!(inner.last(), Some(Segment::Recursive(_)));
        let methods: BTreeSet<Method> =
            allow.methods.iter().flat_map(|word| Method::of(word).iter().copied()).collect();
        let span = self.span(allow.start, allow.end);
        let condition = text.get(allow.start..allow.end).unwrap_or("").split_once(':').map(|(_, condition)| {
            condition.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("if ").to_owned()
        });
        let label = pattern(inner);
        let mut found: Vec<(Method, Openness)> = Vec::new();
        for method in methods {
            let anonymous =
                Evaluator::new(Principal::Anonymous, method, around, &variables).read(allow.condition.as_ref());
            let signed_in =
                Evaluator::new(Principal::SignedIn, method, around, &variables).read(allow.condition.as_ref());
            let grant = Grant {
                collection: collection.clone(),
                recursive,
                method,
                truth: signed_in,
                label: label.clone(),
                span,
            };
            found.push((method, self.note(grant, &anonymous)));
        }
        self.store(&collection, recursive, span, &label, condition, found);
    }

    /// Whom a method's condition admits; keeps what it says for the search for self-granted rights.
    fn note(&mut self, grant: Grant, anonymous: &Truth) -> Openness {
        for fact in grant.truth.iter().flatten() {
            if let Fact::Own(collection, field) | Fact::Kin(collection, field) = fact {
                self.relied_on.insert((collection.clone(), field.clone()));
            }
        }
        let open = match openness(anonymous, Principal::Anonymous, grant.method) {
            Openness::Nobody => openness(&grant.truth, Principal::SignedIn, grant.method),
            open => open,
        };
        self.grants.push(grant);
        open
    }

    fn store(
        &mut self,
        collection: &str,
        recursive: bool,
        span: Span,
        label: &str,
        condition: Option<String>,
        found: Vec<(Method, Openness)>,
    ) {
        let name = match (collection.is_empty(), recursive) {
            (true, _) if self.service == STORAGE => "all files".to_owned(),
            (true, _) => "all collections".to_owned(),
            (false, true) => format!("{collection}/**"),
            (false, false) => collection.to_owned(),
        };
        let kind = if self.service == STORAGE { StoreKind::Bucket } else { StoreKind::Collection };
        let mut policies: Vec<Policy> = Vec::new();
        for (method, openness) in found {
            let command = match method {
                Method::Get | Method::List => Command::Select,
                Method::Create => Command::Insert,
                Method::Update => Command::Update,
                Method::Delete => Command::Delete,
            };
            match policies.iter_mut().find(|policy| policy.command == command) {
                Some(known) if crate::rank(&known.openness) < crate::rank(&openness) => known.openness = openness,
                Some(_) => {}
                None => policies.push(Policy {
                    name: format!("match {label}"),
                    command,
                    roles: Vec::new(),
                    using: condition.clone().filter(|_| command != Command::Insert),
                    check: condition.clone().filter(|_| command == Command::Insert),
                    openness,
                    span,
                }),
            }
        }
        match self
            .facts
            .stores
            .iter_mut()
            .find(|store| store.name == name && store.kind == kind && store.span.file == self.file)
        {
            Some(store) => store.policies.append(&mut policies),
            None => self.facts.stores.push(Store {
                kind,
                fields: Vec::new(),
                name,
                exposure: Exposure::Direct,
                rls: Rls::On,
                policies,
                public_bucket: false,
                span,
            }),
        }
    }

    fn realtime(&mut self, text: &str) -> Vec<parse::Problem> {
        let (value, mut problems) = parse::json(text);
        let Expr::Map(entries) = &value else {
            return problems;
        };
        match entries.iter().find(|entry| entry.key == "rules").map(|entry| &entry.value) {
            Some(Expr::Map(rules)) => self.node(rules, &mut Vec::new(), &mut problems, 0),
            _ => problems.push(parse::Problem { at: 0, what: "it has no \"rules\"".into() }),
        }
        problems
    }

    fn node(&mut self, entries: &[Entry], path: &mut Vec<String>, problems: &mut Vec<parse::Problem>, depth: usize) {
        if depth > 60 {
            return;
        }
        let variables: Vec<String> = path.iter().filter(|part| part.starts_with('$')).cloned().collect();
        let collection =
            eval::collection_of(path.iter().map(|part| if part.starts_with('$') { "*" } else { part.as_str() }));
        for entry in entries {
            let methods: &[Method] = match entry.key.as_str() {
                ".read" => &[Method::Get],
                ".write" => &[Method::Create, Method::Update, Method::Delete],
                key if key.starts_with('.') => continue,
                key => {
                    if let Expr::Map(inner) = &entry.value {
                        path.push(key.to_owned());
                        self.node(inner, path, problems, depth + 1);
                        path.pop();
                    }
                    continue;
                }
            };
            let (condition, text) = match &entry.value {
                Expr::Text(text) => {
                    let (condition, wrong) = parse::condition(text);
                    problems.extend(wrong.into_iter().map(|problem| parse::Problem { at: entry.start, ..problem }));
                    (condition, text.clone())
                }
                Expr::Bool(value) => (Expr::Bool(*value), value.to_string()),
                _ => {
                    problems.push(parse::Problem { at: entry.start, what: format!("{} is no condition", entry.key) });
                    continue;
                }
            };
            let span = self.span(entry.start, entry.end);
            let label = format!("/{} {}", path.join("/"), entry.key);
            let mut found = Vec::new();
            for &method in methods {
                let anonymous = Evaluator::new(Principal::Anonymous, method, &[], &variables).read(Some(&condition));
                let signed_in = Evaluator::new(Principal::SignedIn, method, &[], &variables).read(Some(&condition));
                let grant = Grant {
                    collection: collection.clone(),
                    recursive: false,
                    method,
                    truth: signed_in,
                    label: label.clone(),
                    span,
                };
                found.push((method, self.note(grant, &anonymous)));
            }
            self.store(&collection, collection.is_empty(), span, &label, Some(text), found);
        }
    }
}

fn pattern(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Literal(name) => out.push_str(&format!("/{name}")),
            Segment::Variable(name) => out.push_str(&format!("/{{{name}}}")),
            Segment::Recursive(name) => out.push_str(&format!("/{{{name}=**}}")),
        }
    }
    if out.is_empty() { "/".into() } else { out }
}

/// Whom a condition admits: the widest of its alternatives.
fn openness(truth: &Truth, principal: Principal, method: Method) -> Openness {
    let mut widest = Openness::Nobody;
    for alternative in truth {
        let found = open_of(alternative, principal, method);
        if crate::rank(&found) > crate::rank(&widest) {
            widest = found;
        }
    }
    widest
}

fn open_of(alternative: &Alternative, principal: Principal, method: Method) -> Openness {
    let reads = matches!(method, Method::Get | Method::List);
    let mut written = None;
    for fact in alternative {
        match fact {
            Fact::Own(..) | Fact::Named(_) => return Openness::Limited,
            // What stays as it is was checked when it was written.
            Fact::Tie(Subject::Written(field)) if method == Method::Update && !stays(alternative, field) => {
                written = Some(field.clone());
            }
            Fact::Tie(_) => return Openness::Limited,
            Fact::Public(_) if reads => return Openness::Limited,
            _ => {}
        }
    }
    if alternative.iter().any(|fact| matches!(fact, Fact::Unknown(_))) {
        return Openness::Unknown;
    }
    if let Some(field) = written {
        return Openness::Hole(format!(
            "only the new `{field}` is compared: a caller can take over what belongs to others"
        ));
    }
    if principal == Principal::Anonymous { Openness::Anyone } else { Openness::AnySignedIn }
}

/// Whether a field keeps the value that is stored.
fn stays(alternative: &Alternative, field: &str) -> bool {
    alternative.iter().any(|fact| matches!(fact, Fact::Fixed(fixed, values) if fixed == field && values.is_empty()))
}

/// Whether an alternative leaves a field to the caller.
fn leaves_open(alternative: &Alternative, field: &str) -> bool {
    let first = field.split('.').next().unwrap_or(field);
    !alternative.iter().any(|fact| match fact {
        Fact::Fixed(fixed, values) => {
            let same = fixed == field || fixed.split('.').next() == Some(first);
            same && !values.iter().any(|value| classify::is_powerful(value))
        }
        Fact::Only(names) => !names.contains(first),
        Fact::Unknown(_) => true,
        _ => false,
    })
}

/// Ways in which an account can write what rules rely on.
fn self_grants(grants: &[Grant], relied_on: &BTreeSet<(String, String)>, uses: &Uses, facts: &mut Facts) {
    for grant in grants {
        if let Some(field) = left_to_writer(grants, grant) {
            push(
                facts,
                SelfGrant {
                    store: grant.collection.clone(),
                    fields: vec![field],
                    gain: Gain::Tenant,
                    way: GrantWay::AddsToForeign,
                    by: grant.label.clone(),
                    relied_on: Reliance::Policies,
                    span: grant.span,
                },
            );
        }
        // Taking over: only what is being written is compared.
        for alternative in &grant.truth {
            if let Openness::Hole(_) = open_of(alternative, Principal::SignedIn, grant.method)
                && let Some(field) = alternative.iter().find_map(|fact| match fact {
                    Fact::Tie(Subject::Written(field)) => Some(field.clone()),
                    _ => None,
                })
                && leaves_open(alternative, &field)
            {
                push(
                    facts,
                    SelfGrant {
                        store: grant.collection.clone(),
                        fields: vec![field],
                        gain: Gain::Tenant,
                        way: GrantWay::TakesOver,
                        by: grant.label.clone(),
                        relied_on: Reliance::Policies,
                        span: grant.span,
                    },
                );
            }
        }
        if !matches!(grant.method, Method::Create | Method::Update) || grant.collection.is_empty() {
            continue;
        }
        let mut wanted: Vec<(String, Reliance)> = relied_on
            .iter()
            .filter(|(collection, _)| {
                *collection == grant.collection
                    || (grant.recursive && collection.starts_with(&format!("{}/", grant.collection)))
            })
            .map(|(_, field)| (field.clone(), Reliance::Policies))
            .collect();
        if classify::is_account_store(&grant.collection) {
            for field in ["role", "isAdmin", "is_admin"] {
                if !wanted.iter().any(|(known, _)| known == field)
                    && uses.mentions_field(field)
                    && uses.uses_collection(&grant.collection)
                {
                    wanted.push((field.to_owned(), Reliance::Code));
                }
            }
        }
        for (field, reliance) in wanted {
            if field.is_empty() && !(grant.method == Method::Create && membership(&grant.collection)) {
                continue;
            }
            let hole = grant.truth.iter().any(|alternative| {
                let needs_more = alternative.iter().any(|fact| match fact {
                    Fact::Own(collection, inner) | Fact::Kin(collection, inner) => {
                        !(inner.is_empty() && *collection == grant.collection)
                    }
                    Fact::Named(_) | Fact::Unknown(_) => true,
                    Fact::Tie(Subject::Other(_)) => true,
                    _ => false,
                });
                let tied = alternative.iter().any(|fact| matches!(fact, Fact::Tie(_)));
                !needs_more && tied && (field.is_empty() || leaves_open(alternative, &field))
            });
            if !hole {
                continue;
            }
            let last = field.rsplit('.').next().unwrap_or(&field);
            let gain = match classify::privilege(last) {
                Some(gain) => gain,
                None if field.is_empty() => Gain::Role,
                None if classify::is_tenant(last) => Gain::Tenant,
                None if ["status", "active", "disabled", "enabled"]
                    .iter()
                    .any(|word| last.to_ascii_lowercase().contains(word)) =>
                {
                    Gain::Approval
                }
                None if last.to_ascii_lowercase().contains("role")
                    || last.to_ascii_lowercase().contains("permission") =>
                {
                    Gain::Role
                }
                // An e-mail, a name, a list of friends: whose rows it opens is not told by its name.
                None => continue,
            };
            push(
                facts,
                SelfGrant {
                    store: grant.collection.clone(),
                    fields: if field.is_empty() { Vec::new() } else { vec![field] },
                    gain,
                    way: if grant.method == Method::Create { GrantWay::AddsOwnRow } else { GrantWay::ChangesOwnRow },
                    by: grant.label.clone(),
                    relied_on: reliance,
                    span: grant.span,
                },
            );
        }
    }
}

/// The field that says whose a document is when it is read, where whoever adds one writes into it what he likes. Those who
/// may read everything by their role add documents for others as a matter of course.
fn left_to_writer(grants: &[Grant], adding: &Grant) -> Option<String> {
    if adding.method != Method::Create || adding.collection.is_empty() || adding.recursive {
        return None;
    }
    let own = |alternative: &Alternative| -> BTreeSet<Fact> {
        alternative.iter().filter(|fact| matches!(fact, Fact::Own(..) | Fact::Named(_))).cloned().collect()
    };
    // A folder of files may have the name of a collection: it is in another file of rules.
    let same = |grant: &&Grant| grant.collection == adding.collection && grant.span.file == adding.span.file;
    let reading: Vec<&Alternative> = grants
        .iter()
        .filter(same)
        .filter(|grant| matches!(grant.method, Method::Get | Method::List))
        .flat_map(|grant| &grant.truth)
        .collect();
    let tied: BTreeSet<&String> = reading
        .iter()
        .flat_map(|alternative| alternative.iter())
        .filter_map(|fact| if let Fact::Tie(Subject::Stored(field)) = fact { Some(field) } else { None })
        .collect();
    // Named in more than one field: the one who sends and the one who receives.
    let [field] = tied.into_iter().collect::<Vec<_>>()[..] else { return None };
    let by_role: Vec<BTreeSet<Fact>> = reading
        .iter()
        .filter(|alternative| !alternative.iter().any(|fact| matches!(fact, Fact::Tie(_) | Fact::Kin(..))))
        .map(|alternative| own(alternative))
        .collect();
    let left = adding.truth.iter().any(|alternative| {
        let asked = own(alternative);
        !asked.is_empty()
            && !by_role.iter().any(|role| role.is_subset(&asked))
            && !alternative.iter().any(|fact| {
                matches!(fact, Fact::Tie(_) | Fact::Kin(..) | Fact::Unknown(_) | Fact::Named(_) | Fact::Until(_))
            })
            && leaves_open(alternative, field)
    });
    left.then(|| field.clone())
}

/// Whether being in a collection is a right.
fn membership(collection: &str) -> bool {
    let last = collection.rsplit('/').next().unwrap_or(collection);
    let words = classify::words(last);
    words.iter().any(|word| {
        ["admin", "admins", "staff", "member", "members", "moderators", "managers", "roles", "operators", "owners"]
            .contains(&word.as_str())
    })
}

/// The same statement and fields once: `allow write` stands for creating and changing.
fn push(facts: &mut Facts, grant: SelfGrant) {
    let known = facts
        .self_grants
        .iter_mut()
        .find(|known| known.span == grant.span && known.store == grant.store && known.gain == grant.gain);
    match known {
        Some(known) => {
            for field in grant.fields {
                if !known.fields.contains(&field) {
                    known.fields.push(field);
                }
            }
            known.way = known.way.min(grant.way);
        }
        None => facts.self_grants.push(grant),
    }
}
