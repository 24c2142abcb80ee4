//! Entities of Base44: one JSON file each below `entities/`, with its fields and, under `rls`, whom each operation admits.
//!
//! An operation without a rule (none, `{}` or `true`) is open to everyone who reaches the app, whoever that is; what the
//! platform itself protects (`User`) is not.

use plimsoll_model::app::{
    Command, Exposure, Field, Gain, GrantWay, Openness, Policy, Reliance, Rls, SelfGrant, Store, StoreKind,
};
use plimsoll_model::{DataClass, NotChecked};
use plimsoll_source::{FileId, SourceTree, Span};

use crate::classify;
use crate::firebase::parse::{self, Entry, Expr};
use crate::uses::Uses;

/// What the entities say.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) stores: Vec<Store>,
    pub(crate) self_grants: Vec<SelfGrant>,
    pub(crate) not_checked: Vec<NotChecked>,
    pub(crate) looked_at: Vec<String>,
}

/// The operations of an entity and what they are in a store.
const OPERATIONS: &[(&str, Command)] =
    &[("read", Command::Select), ("create", Command::Insert), ("update", Command::Update), ("delete", Command::Delete)];

/// Fields that the platform keeps itself.
const PLATFORM_FIELDS: &[&str] = &["role", "email", "full_name", "id", "created_by", "created_by_id"];

/// Reads the entities of a tree.
pub(crate) fn read(tree: &SourceTree, uses: &Uses) -> Facts {
    let mut facts = Facts::default();
    let client = tree.iter().find(|(_, file)| file.name() == "package.json" && file.text().contains("\"@base44/sdk\""));
    let has_folder = tree.files.iter().any(|file| file.path.starts_with("base44/") || file.path.contains("/base44/"));
    if client.is_none() && !has_folder {
        return facts;
    }
    let mut count = 0usize;
    for (id, file) in tree.iter().filter(|(_, file)| is_entity(&file.path)) {
        let (value, problems) = parse::json(file.text());
        let Expr::Map(entries) = &value else { continue };
        let Some(name) = text_of(entries, "name") else { continue };
        count += 1;
        if !problems.is_empty() {
            facts.not_checked.push(NotChecked {
                what: file.path.clone(),
                why: "the entity could not be read to its end".into(),
                weighs: true,
            });
        }
        entity(id, file.text(), name, entries, uses, &mut facts);
    }
    written_by_their_owners(uses, &mut facts);
    if count > 0 {
        facts.looked_at.push(format!("{count} entities of Base44"));
    } else if let Some((_, file)) = client {
        facts.not_checked.push(NotChecked {
            what: "who may read and change the entities of Base44".into(),
            why: format!("{} uses them, but their definitions are not in the repository", file.path),
            weighs: true,
        });
    }
    facts
}

/// Fields of the account that the app's own pages let it write, and by which the code decides: nothing but the page stands
/// between an account and another value.
fn written_by_their_owners(uses: &Uses, facts: &mut Facts) {
    let known: Vec<String> = facts.self_grants.iter().flat_map(|grant| grant.fields.clone()).collect();
    let mut seen: Vec<&str> = Vec::new();
    for (field, at) in &uses.own_fields {
        let is_role = classify::privilege(field) == Some(Gain::Role) && uses.mentions_field(field);
        if !is_role
            || PLATFORM_FIELDS.contains(&field.as_str())
            || known.contains(field)
            || seen.contains(&field.as_str())
        {
            continue;
        }
        seen.push(field);
        facts.self_grants.push(SelfGrant {
            store: "User".into(),
            fields: vec![field.clone()],
            gain: Gain::Role,
            way: GrantWay::ChangesOwnRow,
            by: "auth.updateMe".into(),
            relied_on: Reliance::Code,
            span: *at,
        });
    }
}

/// `base44/entities/Order.jsonc`, and `entities/Order.json` of older exports.
fn is_entity(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let in_place = folder.split('/').any(|part| part == "entities");
    in_place && (name.ends_with(".jsonc") || name.ends_with(".json"))
}

fn get<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.key == key)
}

fn text_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a str> {
    match &get(entries, key)?.value {
        Expr::Text(text) => Some(text),
        _ => None,
    }
}

fn map_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a [Entry]> {
    match &get(entries, key)?.value {
        Expr::Map(inner) => Some(inner),
        _ => None,
    }
}

fn span(file: FileId, start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(file, offset(start), offset(end.max(start + 1)))
}

fn entity(file: FileId, text: &str, name: &str, entries: &[Entry], uses: &Uses, facts: &mut Facts) {
    let at = get(entries, "name").map_or(Span::whole(file), |entry| span(file, entry.start, entry.end));
    let properties = map_of(entries, "properties").unwrap_or_default();
    let fields = properties
        .iter()
        .map(|entry| Field {
            name: entry.key.clone(),
            kind: String::new(),
            class: DataClass::Demo,
            span: span(file, entry.start, entry.end),
        })
        .collect();
    let is_user = name == "User";
    let rules = map_of(entries, "rls").unwrap_or_default();
    let mut policies = Vec::new();
    for &(word, command) in OPERATIONS {
        let rule = get(rules, word).or_else(|| get(rules, "write").filter(|_| command != Command::Select));
        let openness = match rule.map(|rule| &rule.value) {
            // Accounts are the platform's own: people see and change themselves, administrators everybody.
            None if is_user => Openness::Limited,
            None => Openness::AnySignedIn,
            Some(value) => admits(value, command),
        };
        let place = rule.map_or(at, |rule| span(file, rule.start, rule.end));
        let condition = rule.map(|_| text.get(place.start as usize..place.end as usize).unwrap_or("").to_owned());
        policies.push(Policy {
            name: match rule {
                Some(rule) => format!("rls.{} of {name}", rule.key),
                None => format!("no rls.{word} for {name}"),
            },
            command,
            roles: Vec::new(),
            using: condition.clone().filter(|_| command != Command::Insert),
            check: condition.filter(|_| command == Command::Insert),
            openness,
            span: place,
        });
    }
    let by_owner = |word: &str| get(rules, word).is_some_and(|rule| is_for_owner(&rule.value));
    let owner_writes = is_user && get(rules, "update").is_none() || by_owner("update") || by_owner("write");
    if owner_writes && (is_user || is_about_people(name, properties)) {
        for property in properties.iter().filter(|property| !PLATFORM_FIELDS.contains(&property.key.as_str())) {
            let Some(gain) = classify::privilege(&property.key) else { continue };
            let is_kept = matches!(&property.value, Expr::Map(inner) if map_of(inner, "rls").is_some());
            let relied_on = if uses.mentions_field(&property.key) { Reliance::Code } else { Reliance::Nobody };
            if is_kept || (gain != Gain::Role && relied_on == Reliance::Nobody) {
                continue;
            }
            facts.self_grants.push(SelfGrant {
                store: name.to_owned(),
                fields: vec![property.key.clone()],
                gain,
                way: GrantWay::ChangesOwnRow,
                by: if is_user { "auth.updateMe".into() } else { format!("rls.update of {name}") },
                relied_on,
                span: span(file, property.start, property.end),
            });
        }
    }
    facts.stores.push(Store {
        kind: StoreKind::Collection,
        name: name.to_owned(),
        fields,
        exposure: Exposure::Direct,
        rls: Rls::On,
        policies,
        public_bucket: false,
        span: at,
    });
}

/// Records that stand for the people who sign in: a name says so, or a field holds the account.
fn is_about_people(name: &str, properties: &[Entry]) -> bool {
    let people = ["user", "profile", "member", "staff", "employee", "person", "account", "team", "pessoa", "perfil"];
    classify::has(&classify::words(name), &people)
        || properties.iter().any(|property| matches!(property.key.as_str(), "user_id" | "user_email" | "userId"))
}

/// Whom a condition admits.
fn admits(value: &Expr, command: Command) -> Openness {
    match value {
        Expr::Bool(true) | Expr::Null => Openness::AnySignedIn,
        Expr::Bool(false) => Openness::Nobody,
        Expr::Map(entries) => every(entries, command),
        _ => Openness::Unknown,
    }
}

/// All entries of a map have to hold: the narrowest decides.
fn every(entries: &[Entry], command: Command) -> Openness {
    entries.iter().map(|entry| one(entry, command)).min_by_key(crate::rank).unwrap_or(Openness::AnySignedIn)
}

fn one(entry: &Entry, command: Command) -> Openness {
    let parts = |value: &Expr| -> Vec<Openness> {
        match value {
            Expr::List(items) => items.iter().map(|item| admits(item, command)).collect(),
            other => vec![admits(other, command)],
        }
    };
    match entry.key.as_str() {
        "$or" => parts(&entry.value).into_iter().max_by_key(crate::rank).unwrap_or(Openness::Nobody),
        "$and" => parts(&entry.value).into_iter().min_by_key(crate::rank).unwrap_or(Openness::AnySignedIn),
        "$nor" => Openness::Limited,
        "user_condition" => match &entry.value {
            Expr::Map(inner) if inner.is_empty() => Openness::AnySignedIn,
            _ => Openness::Limited,
        },
        _ if names_caller(&entry.value) => Openness::Limited,
        // Rows of a state that anyone may see (`"data.status": "published"`); written by anyone, they are open.
        _ if command == Command::Select => Openness::Limited,
        _ => Openness::AnySignedIn,
    }
}

/// Whether a value compares with the caller: `"{{user.id}}"`.
fn names_caller(value: &Expr) -> bool {
    match value {
        Expr::Text(text) => text.contains("{{") && text.contains("user."),
        Expr::List(items) => items.iter().any(names_caller),
        Expr::Map(entries) => entries.iter().any(|entry| names_caller(&entry.value)),
        _ => false,
    }
}

/// Whether one of the alternatives lets the account that a record belongs to do it.
fn is_for_owner(value: &Expr) -> bool {
    match value {
        Expr::Map(entries) => entries.iter().any(|entry| match entry.key.as_str() {
            "$or" => matches!(&entry.value, Expr::List(items) if items.iter().any(is_for_owner)),
            "user_condition" | "$and" | "$nor" => false,
            _ => matches!(&entry.value, Expr::Text(text) if text.contains("user.id") || text.contains("user.email")),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::app::{Command, Openness};
    use plimsoll_source::SourceTree;

    use super::read;

    #[test]
    fn a_role_that_the_page_writes_is_the_accounts_own_choice() {
        let code = |guard: &str| {
            let tree = SourceTree::from_texts([
                ("package.json", r#"{"dependencies": {"@base44/sdk": "0.8"}}"#),
                ("src/Start.jsx", "await base44.auth.updateMe({ user_type: pending.kind, full_name: pending.name });"),
                ("src/Guard.jsx", guard),
            ]);
            read(&tree, &crate::uses::read(&tree, &plimsoll_cache::Cache::off())).self_grants
        };
        let found = code("if (!allowedRoles.includes(user.user_type)) return null;");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].fields, ["user_type"]);
        assert!(code("return user.full_name;").is_empty());
    }

    const ORDER: &str = r#"{
  // what a customer ordered
  "name": "Order",
  "type": "object",
  "properties": { "customer_email": { "type": "string" }, "total": { "type": "number" } },
  "rls": {
    "create": {},
    "read": { "$or": [{ "created_by_id": "{{user.id}}" }, { "user_condition": { "role": "admin" } }] },
    "delete": { "user_condition": { "role": "admin" } }
  }
}"#;
    const USER: &str = r#"{
  "name": "User", "type": "object",
  "properties": {
    "is_admin": { "type": "boolean" },
    "access_level": { "type": "string", "rls": { "write": { "user_condition": { "role": "admin" } } } }
  }
}"#;

    #[test]
    fn what_no_rule_limits_is_open() {
        let tree = SourceTree::from_texts([
            ("package.json", r#"{"dependencies": {"@base44/sdk": "^0.8.0"}}"#),
            ("base44/entities/Order.jsonc", ORDER),
            ("base44/entities/User.jsonc", USER),
            ("src/a.jsx", "if (user.is_admin) show('admin');"),
        ]);
        let facts = read(&tree, &crate::uses::read(&tree, &plimsoll_cache::Cache::off()));
        let order = facts.stores.iter().find(|store| store.name == "Order").expect("read");
        let of =
            |command| order.policies.iter().find(|policy| policy.command == command).map(|policy| &policy.openness);
        assert_eq!(of(Command::Select), Some(&Openness::Limited));
        assert_eq!(of(Command::Insert), Some(&Openness::AnySignedIn));
        assert_eq!(of(Command::Update), Some(&Openness::AnySignedIn));
        assert_eq!(of(Command::Delete), Some(&Openness::Limited));
        assert_eq!(order.fields.len(), 2);
        let granted: Vec<&str> = facts.self_grants.iter().map(|grant| grant.fields[0].as_str()).collect();
        assert_eq!(granted, ["is_admin"]);
        assert!(facts.not_checked.is_empty());
    }

    #[test]
    fn entities_that_are_elsewhere_are_said() {
        let tree = SourceTree::from_texts([("package.json", r#"{"dependencies": {"@base44/sdk": "^0.8.0"}}"#)]);
        assert_eq!(read(&tree, &crate::uses::read(&tree, &plimsoll_cache::Cache::off())).not_checked.len(), 1);
    }
}
