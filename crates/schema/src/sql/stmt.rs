//! Parts of statements: columns, policies, grants, function heads.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::app::Command;
use plimsoll_source::Span;

use super::body::table_name;
use super::lex::{Dialect, Kind, Piece, dollar_body, name_of, string_of};
use super::replay::{COMMANDS, Privileges, RawPolicy, written};

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its type as written, lower case.
    pub(crate) ty: String,
    pub(crate) span: Span,
    /// Primary key or unique by itself.
    pub(crate) unique: bool,
    /// The table it refers to.
    pub(crate) refers_to: Option<String>,
}

impl Column {
    pub(crate) fn new(span: Span) -> Self {
        Column { name: String::new(), ty: String::new(), span, unique: false, refers_to: None }
    }
}

/// A part of the parenthesis of CREATE TABLE.
pub(crate) enum Part {
    Column(Column),
    /// PRIMARY KEY or UNIQUE over these columns.
    Unique(Vec<String>),
    /// LIKE another table.
    Like(String),
    Other,
}

/// Words that end a column's type.
const AFTER_TYPE: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "references",
    "unique",
    "check",
    "constraint",
    "generated",
    "collate",
    "auto_increment",
    "autoincrement",
    "comment",
    "on",
    "identity",
    "as",
    "key",
    "storage",
    "compression",
];

/// Name of a table, for dialects that put the database's name before it.
pub(crate) fn table_name_in(piece: Piece<'_>, index: usize, dialect: Dialect) -> Option<(String, usize)> {
    if piece.is_op(index, "[") {
        // [dbo].[Users]
        let (mut at, mut name) = (index, String::new());
        while piece.is_op(at, "[") && piece.is_op(at + 2, "]") {
            name = piece.raw(at + 1).to_owned();
            at += 3;
            if !piece.is_op(at, ".") {
                break;
            }
            at += 1;
        }
        return (!name.is_empty()).then_some((name, at));
    }
    let (name, after) = table_name(piece, index)?;
    match dialect {
        Dialect::MySql | Dialect::SqlServer => Some((name.rsplit('.').next().unwrap_or(&name).to_owned(), after)),
        Dialect::Postgres | Dialect::Sqlite => Some((name, after)),
    }
}

/// Reads a column definition or a table constraint.
pub(crate) fn column_or_constraint(part: Piece<'_>, span: &dyn Fn(Piece<'_>) -> Span) -> Part {
    let mut start = 0;
    if part.is(0, "constraint") {
        start = 2;
    }
    let unique = part.are(start, &["primary", "key"])
        || (part.is(start, "unique") && (part.is_op(start + 1, "(") || part.is(start + 1, "key")));
    if unique {
        let Some(open) = (start..part.tokens.len()).find(|&index| part.is_op(index, "(")) else { return Part::Other };
        return Part::Unique(names(part.slice(open + 1, part.close_of(open))));
    }
    if part.is(0, "like") {
        return table_name(part, 1).map_or(Part::Other, |(name, _)| Part::Like(name));
    }
    let table_constraint = start > 0
        || ["foreign", "exclude", "period"].iter().any(|word| part.is(0, word))
        || (part.is(0, "check") && part.is_op(1, "("))
        || (["key", "index", "fulltext", "spatial", "unique"].iter().any(|word| part.is(0, word)) && is_index(part));
    if table_constraint {
        return Part::Other;
    }
    let (name, after) = match part.kind(0) {
        Some(Kind::Op) if part.is_op(0, "[") && part.is_op(2, "]") => (part.raw(1).to_owned(), 3),
        Some(kind @ (Kind::Word | Kind::Quoted)) => (name_of(kind, part.raw(0)), 1),
        Some(kind @ Kind::Str) => (string_of(kind, part.raw(0)), 1),
        _ => return Part::Other,
    };
    let end = part.find_top(after, AFTER_TYPE).unwrap_or(part.tokens.len());
    let mut column = Column::new(span(part));
    column.name = name;
    column.ty = part.slice(after, end).covered().to_ascii_lowercase();
    column.unique = part.find_top(after, &["primary", "unique"]).is_some();
    column.refers_to =
        part.find_top(after, &["references"]).and_then(|at| table_name(part, at + 1)).map(|(name, _)| name);
    Part::Column(column)
}

/// `KEY name (column)` of MySQL, as against a column named `key` or `index`.
fn is_index(part: Piece<'_>) -> bool {
    let open = (1..4).find(|&index| part.is_op(index, "("));
    open.is_some_and(|open| part.kind(open + 1) != Some(Kind::Number))
}

/// Names in a list, operators and sizes left out.
fn names(piece: Piece<'_>) -> Vec<String> {
    piece
        .split_commas()
        .into_iter()
        .filter_map(|part| match part.kind(0)? {
            Kind::Op if part.is_op(0, "[") => Some(part.raw(1).to_owned()),
            kind @ (Kind::Word | Kind::Quoted) => Some(name_of(kind, part.raw(0))),
            _ => None,
        })
        .collect()
}

/// Reads a policy from its name on: `name ON table …`. Returns the table as well.
pub(crate) fn policy(piece: Piece<'_>, index: usize, span: Span) -> Option<(String, RawPolicy)> {
    let kind = piece.kind(index).filter(|kind| matches!(kind, Kind::Word | Kind::Quoted | Kind::Str))?;
    let name = if kind == Kind::Str { string_of(kind, piece.raw(index)) } else { name_of(kind, piece.raw(index)) };
    if !piece.is(index + 1, "on") {
        return None;
    }
    let (table, mut at) = table_name(piece, index + 2)?;
    let mut policy = RawPolicy {
        name,
        command: Command::All,
        roles: Vec::new(),
        restrictive: false,
        using: None,
        check: None,
        span,
    };
    while at < piece.tokens.len() {
        if piece.is(at, "as") {
            policy.restrictive = piece.is(at + 1, "restrictive");
            at += 2;
        } else if piece.is(at, "for") {
            policy.command = match piece.raw(at + 1).to_ascii_lowercase().as_str() {
                "all" => Command::All,
                "select" => Command::Select,
                "insert" => Command::Insert,
                "update" => Command::Update,
                "delete" => Command::Delete,
                _ => return None,
            };
            at += 2;
        } else if piece.is(at, "to") {
            at += 1;
            loop {
                let kind = piece.kind(at)?;
                policy.roles.push(name_of(kind, piece.raw(at)).to_ascii_lowercase());
                at += 1;
                if !piece.is_op(at, ",") {
                    break;
                }
                at += 1;
            }
        } else if piece.is(at, "using") || piece.are(at, &["with", "check"]) {
            let check = piece.is(at, "with");
            let open = at + 1 + usize::from(check);
            if !piece.is_op(open, "(") {
                return None;
            }
            let close = piece.close_of(open);
            let side = written(piece.slice(open + 1, close));
            if check {
                policy.check = Some(side);
            } else {
                policy.using = Some(side);
            }
            at = close + 1;
        } else if piece.are(at, &["rename", "to"]) {
            at += 3;
        } else {
            return None;
        }
    }
    Some((table, policy))
}

/// Parameters of a function: name (`""` where none) and type. OUT parameters are left out.
pub(crate) fn parameters(piece: Piece<'_>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for part in piece.split_commas() {
        let mut index = 0;
        if part.is(0, "out") && part.tokens.len() > 2 {
            continue;
        }
        if ["in", "inout", "variadic"].iter().any(|word| part.is(0, word)) && part.tokens.len() > 1 {
            index = 1;
        }
        let end = (index..part.tokens.len())
            .find(|&at| part.is(at, "default") || part.is_op(at, "=") || part.is_op(at, ":="))
            .unwrap_or(part.tokens.len());
        let rest = part.slice(index, end);
        let Some(kind) = rest.kind(0) else { continue };
        // One word (or `schema.type`, `double precision`) is a type alone.
        let type_only = rest.tokens.len() == 1
            || rest.is_op(1, ".")
            || rest.is_op(1, "(")
            || rest.is_op(1, "[")
            || (rest.is(0, "double") && rest.is(1, "precision"))
            || (rest.is(0, "timestamp") && (rest.is(1, "with") || rest.is(1, "without")));
        let (name, ty) = if type_only {
            (String::new(), rest.covered().to_ascii_lowercase())
        } else {
            (name_of(kind, rest.raw(0)), rest.slice(1, rest.tokens.len()).covered().to_ascii_lowercase())
        };
        out.push((name, ty.trim_start_matches("public.").to_owned()));
    }
    out
}

/// What follows the parameters of CREATE FUNCTION.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) returns: String,
    pub(crate) language: String,
    pub(crate) definer: bool,
    pub(crate) fixed_path: bool,
    pub(crate) body: String,
}

/// Reads what follows the parameters.
pub(crate) fn function_head(piece: Piece<'_>) -> Head {
    let mut head = Head { language: "sql".into(), ..Head::default() };
    let mut index = 0;
    while index < piece.tokens.len() {
        if piece.is(index, "returns") && head.returns.is_empty() {
            let kind = piece.kind(index + 1).unwrap_or(Kind::Op);
            head.returns = name_of(kind, piece.raw(index + 1));
            if piece.is(index + 1, "setof")
                && let Some((ty, _)) = table_name(piece, index + 2)
            {
                head.returns = format!("setof {ty}");
            }
        } else if piece.is(index, "language") {
            head.language = piece.raw(index + 1).trim_matches('\'').to_ascii_lowercase();
            index += 1;
        } else if piece.are(index, &["security", "definer"]) {
            head.definer = true;
        } else if piece.are(index, &["set", "search_path"]) {
            head.fixed_path = true;
        } else if let Some(kind @ (Kind::Dollar | Kind::Str)) = piece.kind(index)
            && piece.is(index.wrapping_sub(1), "as")
        {
            let raw = piece.raw(index);
            head.body = match dollar_body(raw) {
                Some((from, to)) if kind == Kind::Dollar => raw.get(from..to).unwrap_or("").to_owned(),
                _ => string_of(kind, raw),
            };
        } else if piece.is(index, "return") || piece.are(index, &["begin", "atomic"]) {
            let skip = if piece.is(index, "begin") { 2 } else { 0 };
            let mut rest = piece.slice(index + skip, piece.tokens.len());
            if skip > 0 && rest.is(rest.tokens.len().wrapping_sub(1), "end") {
                rest = rest.slice(0, rest.tokens.len() - 1);
            }
            head.body = rest.covered().to_owned();
            break;
        }
        index += 1;
    }
    head
}

/// What a GRANT or REVOKE is about.
#[derive(Debug)]
pub(crate) enum GrantTarget {
    Tables(Vec<String>),
    AllTables(String),
    /// Name and number of parameters, where written.
    Functions(Vec<(String, Option<usize>)>),
    AllFunctions(String),
    Schema(String),
    Other,
}

/// Commands, each with the columns it is limited to.
type Rights = Vec<(Command, Vec<String>)>;

/// A GRANT or REVOKE.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) target: GrantTarget,
    pub(crate) roles: Vec<String>,
    pub(crate) revoke: bool,
    privileges: Rights,
}

impl Change {
    /// Applies it to the rights on a table.
    ///
    /// Taking rights from PUBLIC leaves those that `anon` and `authenticated` were given by name; giving them to PUBLIC
    /// reaches both. Taking a column's right away while the table's right stands has no effect.
    pub(crate) fn apply(&self, grants: &mut BTreeMap<String, Privileges>) {
        for role in &self.roles {
            let reached: Vec<&str> = match role.as_str() {
                "public" if !self.revoke => vec!["anon", "authenticated"],
                other => vec![other],
            };
            for role in reached {
                let entry = grants.entry(role.to_owned()).or_default();
                for (command, columns) in &self.privileges {
                    match (self.revoke, columns.is_empty()) {
                        (true, true) => {
                            entry.commands.remove(command);
                            entry.columns.remove(command);
                        }
                        (true, false) => {
                            if let Some(set) = entry.columns.get_mut(command) {
                                set.retain(|column| !columns.contains(column));
                            }
                        }
                        (false, true) => {
                            entry.commands.insert(*command);
                        }
                        (false, false) => {
                            entry.columns.entry(*command).or_default().extend(columns.iter().cloned());
                        }
                    }
                }
            }
        }
    }

    /// Applies it to the roles that may call a function.
    pub(crate) fn apply_execute(&self, execute: &mut BTreeSet<String>) {
        for role in &self.roles {
            if self.revoke {
                execute.remove(role);
            } else {
                execute.insert(role.clone());
            }
        }
    }
}

/// Privileges, roles and whether it takes away. `None` for `GRANT role TO role`.
pub(crate) fn grant_parts(piece: Piece<'_>) -> Option<(Rights, Vec<String>, bool)> {
    let revoke = piece.is(0, "revoke");
    let mut start = 1;
    if piece.are(1, &["grant", "option", "for"]) {
        // Only the right to pass it on is taken away.
        return None;
    }
    if piece.is(1, "admin") {
        start = 4;
    }
    let on = piece.find_top(start, &["on"])?;
    let mut privileges = Vec::new();
    for part in piece.slice(start, on).split_commas() {
        let columns = if part.is_op(1, "(") { names(part.slice(2, part.close_of(1))) } else { Default::default() };
        match part.raw(0).to_ascii_lowercase().as_str() {
            "all" => privileges.extend(COMMANDS.into_iter().map(|command| (command, columns.clone()))),
            "select" => privileges.push((Command::Select, columns)),
            "insert" => privileges.push((Command::Insert, columns)),
            "update" => privileges.push((Command::Update, columns)),
            "delete" => privileges.push((Command::Delete, columns)),
            _ => {}
        }
    }
    let to = piece.find_top(on, &["to", "from"])?;
    let mut roles = Vec::new();
    for part in piece.slice(to + 1, piece.tokens.len()).split_commas() {
        let index = usize::from(part.is(0, "group"));
        if let Some(kind) = part.kind(index) {
            roles.push(name_of(kind, part.raw(index)).to_ascii_lowercase());
        }
    }
    Some((privileges, roles, revoke))
}

/// Reads a GRANT or REVOKE on an object.
pub(crate) fn grant(piece: Piece<'_>) -> Option<Change> {
    let (privileges, roles, revoke) = grant_parts(piece)?;
    let on = piece.find_top(1, &["on"])? + 1;
    let to = piece.find_top(on, &["to", "from"])?;
    let schema_after = |index: usize| {
        piece.slice(index, to).find_top(0, &["schema"]).map(|at| piece.raw(index + at + 1).to_ascii_lowercase())
    };
    let target = if piece.is(on, "all") {
        let schema = schema_after(on).unwrap_or_else(|| "public".into());
        if piece.is(on + 1, "tables") {
            GrantTarget::AllTables(schema)
        } else if ["functions", "routines", "procedures"].iter().any(|word| piece.is(on + 1, word)) {
            GrantTarget::AllFunctions(schema)
        } else {
            GrantTarget::Other
        }
    } else if piece.is(on, "schema") {
        GrantTarget::Schema(piece.raw(on + 1).to_ascii_lowercase())
    } else if ["function", "procedure", "routine"].iter().any(|word| piece.is(on, word)) {
        let list = piece.slice(on + 1, to);
        GrantTarget::Functions(
            list.split_commas()
                .into_iter()
                .filter_map(|part| {
                    let (name, open) = table_name(part, 0)?;
                    let count =
                        part.is_op(open, "(").then(|| parameters(part.slice(open + 1, part.close_of(open))).len());
                    Some((name, count))
                })
                .collect(),
        )
    } else if ["sequence", "database", "type", "language", "domain", "foreign", "large", "tablespace", "parameter"]
        .iter()
        .any(|word| piece.is(on, word))
    {
        GrantTarget::Other
    } else {
        let list = piece.slice(on + usize::from(piece.is(on, "table")), to);
        GrantTarget::Tables(
            list.split_commas().into_iter().filter_map(|part| table_name(part, 0)).map(|(name, _)| name).collect(),
        )
    };
    Some(Change { target, roles, revoke, privileges })
}

/// Rows of an INSERT INTO storage.buckets: id and whether it is public.
pub(crate) fn bucket_rows(piece: Piece<'_>, open: usize) -> Vec<(String, bool)> {
    let mut columns = vec!["id".to_owned(), "name".to_owned(), "owner".to_owned()];
    let mut at = open;
    if piece.is_op(open, "(") {
        let close = piece.close_of(open);
        columns = names(piece.slice(open + 1, close));
        at = close + 1;
    }
    let position = |name: &str| columns.iter().position(|column| column == name);
    let (Some(id), public) = (position("id").or_else(|| position("name")), position("public")) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    let mut take = |values: Vec<Piece<'_>>| {
        let Some(value) = values.get(id).filter(|value| value.kind(0) == Some(Kind::Str)) else { return };
        let is_public = public.and_then(|public| values.get(public)).is_some_and(|value| {
            value.is(0, "true") || value.raw(0).eq_ignore_ascii_case("'true'") || value.raw(0) == "'t'"
        });
        rows.push((string_of(Kind::Str, value.raw(0)), is_public));
    };
    if piece.is(at, "select") {
        let end = piece.find_top(at, &["where", "from", "on"]).unwrap_or(piece.tokens.len());
        take(piece.slice(at + 1, end).split_commas());
        return rows;
    }
    while at < piece.tokens.len() && !piece.is(at, "values") {
        at += 1;
    }
    at += 1;
    while piece.is_op(at, "(") {
        let close = piece.close_of(at);
        take(piece.slice(at + 1, close).split_commas());
        at = close + 1;
        if !piece.is_op(at, ",") {
            break;
        }
        at += 1;
    }
    rows
}
