//! What an answer gives away of a record: the whole row, or the columns that were chosen.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::{Argument, Event, EventKind, Label, Symbol, SymbolKind, Truth, Value, ValueKind};
use plimsoll_model::app::{App, EffectKind, Flow, Source, StoreKind};
use plimsoll_source::SourceTree;

use crate::knowledge::stores;

/// Which columns of a store's rows an answer carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Columns {
    /// The store.
    pub(super) store: String,
    /// The chosen ones; all where `None`.
    pub(super) chosen: Option<Vec<String>>,
    /// Those left out.
    pub(super) without: Vec<String>,
}

impl Columns {
    /// As text in a flow, until the columns of the store are known.
    pub(super) fn encoded(&self) -> String {
        match &self.chosen {
            Some(list) => format!("only {}", list.join(" ")),
            None => format!("without {}", self.without.join(" ")),
        }
    }
}

/// The columns of records in a value.
pub(super) fn columns_in(value: &Value, depth: u32) -> Vec<Columns> {
    if depth == 0 {
        return Vec::new();
    }
    let stores = || -> Vec<String> {
        value
            .labels
            .iter()
            .filter_map(|label| match label {
                Label::Record(name, _) if !name.is_empty() => Some(name.to_string()),
                _ => None,
            })
            .collect()
    };
    match &value.kind {
        ValueKind::Symbol(symbol) => {
            if super::flows::is_sent(symbol) {
                return Vec::new();
            }
            if let SymbolKind::Member(base, name) = &symbol.kind
                && !super::flows::is_row_member(name)
                && !is_method_of_row(name)
            {
                // What a function made for somebody's record (`RefreshToken.for_user(user)`) is not that record.
                if super::flows::is_derived(base) {
                    return Vec::new();
                }
                let chosen = Some(vec![name.to_string()]);
                return stores()
                    .into_iter()
                    .map(|store| Columns { store, chosen: chosen.clone(), without: Vec::new() })
                    .collect();
            }
            if super::flows::is_derived(symbol) {
                return Vec::new();
            }
            let (mut chosen, without) = projection(symbol);
            if let Some(column) = column_at(symbol) {
                chosen = Some(vec![column]);
            }
            stores()
                .into_iter()
                .map(|store| Columns { store, chosen: chosen.clone(), without: without.clone() })
                .collect()
        }
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let named = fields.values().flat_map(|field| columns_in(field, depth - 1));
            let items: Vec<Columns> =
                object.items.borrow().iter().flat_map(|item| columns_in(item, depth - 1)).collect();
            let spread: Vec<Columns> = object
                .spreads
                .borrow()
                .iter()
                .flat_map(|spread| columns_in(spread, depth - 1))
                .map(|mut columns| {
                    // A field that is set beside a spread stands in place of the row's own.
                    columns.without.extend(fields.keys().map(|name| name.to_string()));
                    if let Some(chosen) = &mut columns.chosen {
                        chosen.retain(|name| !fields.contains_key(name.as_str()));
                    }
                    columns
                })
                .collect();
            named.chain(items).chain(spread).collect()
        }
        ValueKind::Choice(alternatives) => {
            alternatives.iter().flat_map(|(value, _)| columns_in(value, depth - 1)).collect()
        }
        ValueKind::Or(pair) => [columns_in(&pair.0, depth - 1), columns_in(&pair.1, depth - 1)].concat(),
        ValueKind::And(pair) => columns_in(&pair.1, depth - 1),
        _ => Vec::new(),
    }
}

/// The column that an element of one row is: `row[2]` is the third of those that were selected.
pub(crate) fn column_at(symbol: &Symbol) -> Option<String> {
    let SymbolKind::Index(row, index) = &symbol.kind else { return None };
    let ValueKind::Num(position) = index.kind else { return None };
    if !(row.path.ends_with("fetchone()") || row.path.ends_with("one_or_none()")) || position < 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns are few")]
    let position = position as usize;
    projection(row).0?.get(position).cloned()
}

fn is_method_of_row(name: &str) -> bool {
    matches!(name, "toObject" | "lean" | "exec" | "get" | "all" | "first" | "single")
}

/// What the calls on the way to a row chose: `(only these, without these)`.
fn projection(symbol: &Symbol) -> (Option<Vec<String>>, Vec<String>) {
    let (mut chosen, mut without): (Option<Vec<String>>, Vec<String>) = (None, Vec::new());
    for (name, args, _) in symbol.calls() {
        if let Some(sql) = stores::sql_text(&name, &args) {
            chosen = sql_columns(&sql);
            continue;
        }
        match name.as_str() {
            "select" | "returning" | "only" => {
                let Some(first) = args.first().map(|arg| &arg.value) else { continue };
                match (first.as_str(), first.as_object()) {
                    (Some(text), _) => from_text(text, &mut chosen, &mut without),
                    (None, Some(object)) if object.is_array => {
                        let names = first.items();
                        chosen = Some(names.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect());
                    }
                    (None, Some(_)) => from_flags(first, &mut chosen, &mut without),
                    _ => {}
                }
            }
            "count" | "countDocuments" | "aggregate" | "exists" | "distinct" | "estimatedDocumentCount" => {
                chosen = Some(Vec::new());
            }
            _ => {
                options(&args, &mut chosen, &mut without);
                // Mongo: the second argument of a search.
                if matches!(name.as_str(), "find" | "findOne" | "findById")
                    && let Some(second) = args.get(1).map(|arg| &arg.value)
                {
                    match second.as_str() {
                        Some(text) => from_text(text, &mut chosen, &mut without),
                        None => from_flags(second, &mut chosen, &mut without),
                    }
                }
            }
        }
    }
    (chosen, without)
}

/// Prisma's `select` and `omit`, Drizzle's `columns`, Sequelize's `attributes`.
fn options(args: &[Argument], chosen: &mut Option<Vec<String>>, without: &mut Vec<String>) {
    for arg in args {
        for key in ["select", "columns", "projection", "fields"] {
            if let Some(value) = arg.value.field(key) {
                from_flags(&value, chosen, without);
            }
        }
        if let Some(value) = arg.value.field("omit") {
            let mut kept = None;
            from_flags(&value, &mut kept, &mut Vec::new());
            without.extend(kept.into_iter().flatten());
        }
        if let Some(value) = arg.value.field("attributes") {
            let texts =
                |value: &Value| value.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
            match value.field("exclude") {
                Some(excluded) => {
                    let excluded: Vec<String> = texts(&excluded);
                    without.extend(excluded);
                }
                None if !value.items().is_empty() => *chosen = Some(texts(&value)),
                None => {}
            }
        }
    }
}

fn from_text(text: &str, chosen: &mut Option<Vec<String>>, without: &mut Vec<String>) {
    if text.contains('*') {
        return;
    }
    let words: Vec<&str> = text.split([' ', ',', '\n']).map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| word.starts_with('-')) {
        without.extend(words.iter().map(|word| word.trim_start_matches('-').to_owned()));
    } else if words.iter().any(|word| word.starts_with('+')) {
        // `+password` adds a column that is hidden by default.
    } else if !words.is_empty() {
        *chosen = Some(words.iter().map(|word| (*word).to_owned()).collect());
    }
}

fn from_flags(value: &Value, chosen: &mut Option<Vec<String>>, without: &mut Vec<String>) {
    let Some(object) = value.as_object() else { return };
    let fields = object.fields.borrow();
    if fields.is_empty() {
        return;
    }
    let is_off = |value: &Value| value.truth() == Truth::No;
    if fields.iter().all(|(name, value)| is_off(value) || name == "_id") {
        without.extend(fields.keys().map(|name| name.to_string()));
    } else {
        let kept = fields.iter().filter(|(_, value)| !is_off(value)).map(|(name, _)| name.to_string());
        *chosen = Some(kept.collect());
    }
}

/// The columns that a SELECT, or a RETURNING, names; all where `None`.
fn sql_columns(sql: &str) -> Option<Vec<String>> {
    let squeezed = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let upper = squeezed.to_ascii_uppercase();
    let list = if let Some(at) = upper.find(" RETURNING ") {
        squeezed.get(at + 11..)?
    } else {
        let start = upper.find("SELECT ")? + 7;
        let end = upper[start..].find(" FROM ").map_or(squeezed.len(), |at| start + at);
        squeezed.get(start..end)?
    };
    let mut depth = 0u32;
    let mut all = false;
    let mut names = Vec::new();
    let mut word = String::new();
    for c in list.chars().chain([',']) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '*' if depth == 0 => all = true,
            ',' if depth == 0 => {
                let name = word.rsplit([' ', '.']).next().unwrap_or("").trim_matches(['"', '`', '[', ']']);
                if !name.is_empty() {
                    names.push(name.to_owned());
                }
                word.clear();
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if all || list.contains("{}") { None } else { Some(names) }
}

/// Whether a column holds what nobody but the server may know.
pub(crate) fn is_credential_column(name: &str) -> bool {
    // `action = PASSWORD_CHANGE` is a condition on a column, and no column.
    if name.contains([' ', '=']) {
        return false;
    }
    let bare: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let about = [
        "at",
        "expires",
        "expiry",
        "expiresin",
        "required",
        "changed",
        "hint",
        "strength",
        "enabled",
        "set",
        "date",
        "count",
        "length",
        "policy",
        "updated",
        "reset",
        "type",
        "iv",
    ];
    if about.iter().any(|end| bare.ends_with(end)) && bare != "password" && !bare.ends_with("secret") {
        return false;
    }
    if ["must", "has", "is", "force", "needs", "require", "show", "min", "max", "csrf", "old", "new", "confirm"]
        .iter()
        .any(|start| bare.starts_with(start) && !bare.starts_with("hash"))
    {
        return false;
    }
    bare.contains("password")
        || bare.contains("passwd")
        || matches!(
            bare.as_str(),
            "hash"
                | "pwhash"
                | "passhash"
                | "pwdhash"
                | "hashedpw"
                | "pin"
                | "pinhash"
                | "otp"
                | "otpcode"
                | "salt"
                | "pwd"
                | "totpsecret"
                | "mfasecret"
                | "twofactorsecret"
                | "twofasecret"
                | "secretkey"
                | "apisecret"
                | "refreshtoken"
                | "accesstoken"
                | "sessiontoken"
                | "resettoken"
                | "resetcode"
                | "verificationtoken"
                | "verificationcode"
                | "verifytoken"
                | "magictoken"
        )
        || bare.contains("resettoken")
        || bare.contains("resetcode")
}

/// Whether a column holds what somebody was sent to show again: a link's token, an invitation, a code.
pub(crate) fn is_ticket_column(name: &str) -> bool {
    let words = super::words_of(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&[
        "expires",
        "expiry",
        "expired",
        "expiration",
        "at",
        "count",
        "type",
        "csrf",
        "xsrf",
        "used",
        "id",
        "device",
        "push",
    ]) {
        return false;
    }
    has(&["token", "otp", "invitetoken", "accesstoken", "sharetoken", "resettoken"])
        || (has(&["code", "key", "hash", "secret", "link"])
            && has(&[
                "invite",
                "invitation",
                "verification",
                "verify",
                "reset",
                "confirm",
                "confirmation",
                "access",
                "share",
                "magic",
                "activation",
                "activate",
                "recovery",
                "secret",
                "api",
            ]))
}

/// What the program says of the columns of its stores, gathered while it runs.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Known {
    /// Store, normalised, to its columns.
    pub(crate) columns: BTreeMap<String, BTreeSet<String>>,
    /// Stores whose rows leave credentials out by themselves.
    hiding: BTreeSet<String>,
    /// A schema has its own way to become an answer.
    pub(crate) transforms: bool,
    /// Store and column, with whether every declaration gives it a type that holds no text of somebody's choice.
    closed: BTreeMap<(String, String), bool>,
}

/// One name for `User`, `users` and `app_users`.
pub(crate) fn normalised(store: &str) -> String {
    let bare: String = store
        .rsplit('.')
        .next()
        .unwrap_or(store)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    bare.strip_suffix("ies").map(|stem| format!("{stem}y")).unwrap_or_else(|| bare.trim_end_matches('s').to_owned())
}

impl Known {
    /// Adds what was seen later.
    pub(crate) fn append(&mut self, later: Known) {
        for (store, columns) in later.columns {
            self.columns.entry(store).or_default().extend(columns);
        }
        self.hiding.extend(later.hiding);
        self.transforms |= later.transforms;
    }

    fn add(&mut self, store: &str, column: &str) {
        // The accounts of a service are no table of the app, whatever that one is called.
        if !store.is_empty() && !store.starts_with("auth.") {
            self.columns.entry(normalised(store)).or_default().insert(column.to_owned());
        }
    }

    /// Takes what one event says.
    pub(crate) fn note(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Call { callee, args } => {
                self.definition(&callee.last_name(), args);
                for arg in args.iter() {
                    self.members(&arg.value, 3);
                }
            }
            EventKind::Method { args, .. } => args.iter().for_each(|arg| self.members(&arg.value, 3)),
            EventKind::Assign { receiver, property, .. }
                if property == "toJSON" || (property == "transform" && receiver.path().contains("toJSON")) =>
            {
                self.transforms = true;
            }
            _ => {}
        }
    }

    /// Credentials read of a record: `user.password_hash`.
    fn members(&mut self, value: &Value, depth: u32) {
        if depth == 0 {
            return;
        }
        match &value.kind {
            ValueKind::Symbol(symbol) => {
                if let SymbolKind::Member(_, name) = &symbol.kind
                    && is_credential_column(name)
                {
                    for label in value.labels.iter() {
                        if let Label::Record(store, _) = label {
                            self.add(store, name);
                        }
                    }
                }
            }
            ValueKind::Choice(alternatives) => {
                alternatives.iter().for_each(|(value, _)| self.members(value, depth - 1));
            }
            ValueKind::Or(pair) | ValueKind::And(pair) => {
                self.members(&pair.0, depth - 1);
                self.members(&pair.1, depth - 1);
            }
            _ => {}
        }
    }

    /// Definitions of tables and models.
    fn definition(&mut self, name: &str, args: &[Argument]) {
        let first = args.first().map(|arg| &arg.value);
        let columns: Option<(String, Value)> = match name {
            _ if name.ends_with("Table") || name == "define" => {
                first.and_then(Value::as_str).map(str::to_owned).zip(args.get(1).map(|arg| arg.value.clone()))
            }
            "model" => first.and_then(Value::as_str).map(str::to_owned).zip(args.get(1).and_then(|schema| {
                let symbol = schema.value.as_symbol()?;
                let (_, args, _) = symbol.calls().into_iter().find(|(name, ..)| name == "Schema")?;
                let options = args.get(1).map(|arg| arg.value.clone()).unwrap_or_default();
                if options.field("toJSON").is_some_and(|to| to.field("transform").is_some()) {
                    self.transforms = true;
                }
                Some(args.first()?.value.clone())
            })),
            _ => None,
        };
        if let Some((store, value)) = columns
            && let Some(object) = value.as_object()
        {
            for (column, field) in object.fields.borrow().iter() {
                self.add(&store, column);
                if is_credential_column(column) && field.bool_field("select") == Some(false) {
                    self.hiding.insert(format!("{} {column}", normalised(&store)));
                }
            }
        }
        for text in args.iter().filter_map(|arg| arg.value.text_shape()) {
            self.tables(&text);
        }
    }

    /// The tables that a text declares.
    fn tables(&mut self, text: &str) {
        create_tables(text, &mut |table, column, kind| {
            self.add(table, column);
            let closed = super::computed::is_closed_type(kind);
            let known = self.closed.entry((normalised(table), column.to_owned())).or_insert(closed);
            *known &= closed;
        });
    }

    /// What the schema and the files say besides.
    fn complete(&mut self, app: &App, tree: &SourceTree) {
        for store in app.stores.iter().filter(|store| store.kind != StoreKind::Browser) {
            for field in &store.fields {
                self.add(&store.name, &field.name);
            }
        }
        for entry in &app.entry_points {
            for effect in &entry.effects {
                if matches!(effect.kind, EffectKind::Create | EffectKind::Update | EffectKind::CreateAccount) {
                    for field in &effect.fields {
                        self.add(&effect.target, field);
                    }
                }
            }
        }
        for file in tree.files.iter().filter(|file| file.path.ends_with(".sql")) {
            self.tables(file.text());
        }
        for file in tree.files.iter().filter(|file| file.path.ends_with(".prisma")) {
            let mut model: Option<String> = None;
            for line in file.text().lines() {
                let mut words = line.split_whitespace();
                match (words.next(), words.next(), &model) {
                    (Some("model"), Some(name), _) => model = Some(name.to_owned()),
                    (Some("}"), ..) => model = None,
                    (Some(column), Some(kind), Some(store)) if kind.starts_with("String") => {
                        let store = store.clone();
                        self.add(&store, column);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Columns of `CREATE TABLE` statements in a text: table, column, and the type with what follows it.
fn create_tables(text: &str, add: &mut dyn FnMut(&str, &str, &str)) {
    let upper = text.to_ascii_uppercase();
    let mut from = 0;
    while let Some(at) = upper[from..].find("CREATE TABLE") {
        let start = from + at + 12;
        from = start;
        let Some(open) = text[start..].find('(').map(|at| start + at) else { return };
        let Some(name) = text[start..open].split_whitespace().next_back() else { continue };
        let name = name.trim_matches(['"', '`', '[', ']']);
        let (mut depth, mut part) = (0i32, String::new());
        for c in text[open..].chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if (c == ',' && depth == 1) || depth == 0 {
                let declared = part.trim_start_matches('(').trim_start();
                let (column, kind) = declared.split_once(char::is_whitespace).unwrap_or((declared, ""));
                let column = column.trim_matches(['"', '`', '[', ']']);
                if !column.is_empty() && column.chars().all(|c| c.is_alphanumeric() || c == '_') {
                    add(name, column, kind);
                }
                part.clear();
                if depth == 0 {
                    break;
                }
                continue;
            }
            part.push(c);
        }
    }
}

/// Decides, once the columns of all stores are known, which answers carry credentials.
/// `hidden` are columns that models leave out by themselves.
pub(crate) fn settle(
    mut known: Known,
    hidden: &[(String, String)],
    app: &mut App,
    tree: &SourceTree,
) -> BTreeMap<String, BTreeSet<String>> {
    known.complete(app, tree);
    known.hiding.extend(hidden.iter().map(|(store, column)| format!("{} {column}", normalised(store))));
    let flows = std::mem::take(&mut app.flows);
    app.flows =
        flows.into_iter().filter_map(|flow| credential(flow, &known)).filter_map(|flow| shown(flow, &known)).collect();
    known.columns
}

/// What is shown of columns that hold only numbers, dates or words of a fixed list is no text of others.
fn shown(mut flow: Flow, known: &Known) -> Option<Flow> {
    let Some(columns) = flow.limit.strip_prefix(super::computed::COLUMNS) else { return Some(flow) };
    let closed = |column: &str| {
        let (stores, name) = column.split_once('.').unwrap_or(("", column));
        let among = |stores: &mut dyn Iterator<Item = &str>| {
            stores
                .filter_map(|store| known.closed.get(&(store.to_owned(), name.to_owned())).copied())
                .reduce(|all, one| all && one)
        };
        // Of several tables behind a statement, any may have the column; one that none of those has was joined.
        among(&mut stores.split('+')).or_else(|| among(&mut known.columns.keys().map(String::as_str))).unwrap_or(false)
    };
    if !columns.is_empty() && columns.split(' ').all(closed) {
        return None;
    }
    flow.limit = String::new();
    Some(flow)
}

fn credential(mut flow: Flow, known: &Known) -> Option<Flow> {
    if flow.source != Source::Credential {
        return Some(flow);
    }
    // A service that keeps the accounts never gives passwords back; a file of records as a whole is no table.
    if flow.source_name.starts_with("auth.") || flow.source_name == "data file" {
        return None;
    }
    let store = normalised(&flow.source_name);
    let words: Vec<&str> = flow.limit.split(' ').collect();
    let names: Vec<String> = match words.split_first() {
        Some((&"only", list)) => {
            list.iter().filter(|name| is_credential_column(name)).map(|name| (*name).to_owned()).collect()
        }
        Some((_, without)) if !known.transforms => known
            .columns
            .get(&store)
            .into_iter()
            .flatten()
            .filter(|name| is_credential_column(name) && !without.contains(&name.as_str()))
            .filter(|name| !known.hiding.contains(&format!("{store} {name}")))
            .cloned()
            .collect(),
        _ => Vec::new(),
    };
    // One of several spellings that was taken out stands for all of them (`passwordHash`, `password_hash`); one that the
    // store does not have takes nothing out.
    let bare = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let has = |name: &str| {
        known.columns.get(&store).is_none_or(|columns| columns.iter().any(|column| bare(column) == bare(name)))
    };
    let taken =
        words.first() == Some(&"without") && words.iter().skip(1).any(|name| is_credential_column(name) && has(name));
    if names.is_empty() || taken {
        return None;
    }
    flow.limit = String::new();
    flow.source_name = format!("{}.{}", flow.source_name, names.join(", "));
    Some(flow)
}

#[cfg(test)]
mod tests {
    use super::{is_credential_column, normalised, sql_columns};

    #[test]
    fn columns_of_statements() {
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let cases = [
            ("SELECT * FROM users", None),
            ("SELECT u.*, COUNT(*) AS n FROM users u", None),
            ("SELECT id, u.name, COUNT(*) AS n FROM users u", list(&["id", "name", "n"])),
            ("INSERT INTO users (a, password) VALUES (?, ?) RETURNING id, a", list(&["id", "a"])),
            ("UPDATE users SET a = 1 RETURNING *", None),
        ];
        for (sql, expected) in cases {
            assert_eq!(sql_columns(sql), expected, "{sql}");
        }
    }

    #[test]
    fn names() {
        for name in ["password", "password_hash", "passwordHash", "resetToken", "otp", "hashed_password"] {
            assert!(is_credential_column(name), "{name}");
        }
        for name in ["password_changed_at", "mustChangePassword", "hashtag", "shipping", "opening", "passwordExpires"] {
            assert!(!is_credential_column(name), "{name}");
        }
        assert_eq!(normalised("public.Users"), normalised("user"));
        assert_eq!(normalised("companies"), "company");
    }
}
