//! Statements applied one after the other: the final schema is what counts, not what a migration once said.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::NotChecked;
use plimsoll_model::app::Command;
use plimsoll_source::{FileId, Span};

use super::body::{self, Body, table_name};
use super::effect::{self, Value};
use super::expr::{Expr, Select, parse, parse_select};
use super::lex::{Dialect, Kind, Piece, dollar_body, lex, name_of, statements, string_of};
use super::openness::{Principal, Truth};
use super::stmt::{self, Column};

/// DO blocks inside DO blocks and strings inside strings are followed this far.
const MAX_NESTING: usize = 4;
/// Statements beyond this many per file are not replayed.
const MAX_STATEMENTS: usize = 200_000;
/// Loops over tables and policies in DO blocks expand to at most this many statements.
const MAX_EXPANSION: usize = 2_000;

/// Roles that requests from outside can have.
pub(crate) const OUTSIDE: [&str; 2] = ["anon", "authenticated"];
/// The four commands.
pub(crate) const COMMANDS: [Command; 4] = [Command::Select, Command::Insert, Command::Update, Command::Delete];

/// What a role may do with a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Privileges {
    /// On the whole table.
    pub(crate) commands: BTreeSet<Command>,
    /// On single columns.
    pub(crate) columns: BTreeMap<Command, BTreeSet<String>>,
}

/// A policy as written.
#[derive(Clone, Debug)]
pub(crate) struct RawPolicy {
    pub(crate) name: String,
    pub(crate) command: Command,
    /// Empty means everyone.
    pub(crate) roles: Vec<String>,
    pub(crate) restrictive: bool,
    pub(crate) using: Option<(String, Expr)>,
    pub(crate) check: Option<(String, Expr)>,
    pub(crate) span: Span,
}

/// A trigger.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    pub(crate) before: bool,
    pub(crate) on: BTreeSet<Command>,
    pub(crate) function: String,
}

/// A view's definition.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) select: Option<Select>,
    /// Runs with the rights of who asks.
    pub(crate) invoker: bool,
}

/// A table or view.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rls: bool,
    pub(crate) policies: Vec<RawPolicy>,
    pub(crate) grants: BTreeMap<String, Privileges>,
    /// The statement that last took rights away or gave them.
    pub(crate) grants_span: Option<Span>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) view: Option<View>,
    pub(crate) span: Span,
    pub(crate) dialect: Dialect,
    /// A CREATE statement was seen; otherwise only other statements mention it.
    pub(crate) created: bool,
}

/// A function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Names of the parameters, `""` for unnamed ones.
    pub(crate) params: Vec<String>,
    /// The parameters as written, for telling overloads apart.
    pub(crate) signature: String,
    pub(crate) definer: bool,
    pub(crate) fixed_path: bool,
    pub(crate) is_trigger: bool,
    /// What it returns: `void`, `table`, a type, `setof` and a type.
    pub(crate) returns: String,
    pub(crate) body: Body,
    /// Body text, for looking up column names in trigger functions.
    pub(crate) text: String,
    pub(crate) execute: BTreeSet<String>,
    pub(crate) span: Span,
}

/// A storage bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) public: bool,
    pub(crate) span: Span,
}

/// A place in the file that is being replayed.
#[derive(Clone, Copy)]
struct At<'t> {
    file: FileId,
    path: &'t str,
    /// Offset of the piece's text in the file.
    base: usize,
    /// The span to use for everything inside, where text was generated (`EXECUTE format(…)`).
    fixed: Option<Span>,
    dialect: Dialect,
    nesting: usize,
}

impl At<'_> {
    fn span(&self, piece: Piece<'_>) -> Span {
        if let Some(span) = self.fixed {
            return span;
        }
        let start = piece.tokens.first().map_or(0, |token| token.start);
        let end = piece.tokens.last().map_or(start, |token| token.end);
        let offset = |at: usize| u32::try_from(self.base + at).unwrap_or(u32::MAX);
        Span::new(self.file, offset(start), offset(end))
    }
}

/// The schema after the statements so far.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// A Supabase project: requests from outside have the roles `anon` and `authenticated`.
    pub(crate) supabase: bool,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) functions: BTreeMap<String, Vec<Function>>,
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) not_checked: Vec<NotChecked>,
    pub(crate) problems: Vec<(Span, String)>,
    /// Schemas that the roles may use; `public` unless taken away.
    no_usage: BTreeSet<String>,
    /// Rights on tables that new tables do not get: role and command.
    default_tables_revoked: BTreeSet<(String, Command)>,
    /// Roles that do not get EXECUTE on new functions.
    default_functions_revoked: BTreeSet<String>,
    /// Existing tables are not touched by CREATE TABLE; this counts what a file added.
    pub(crate) statements: usize,
    /// What the conditions of policies were found to mean, by table and position, for a principal.
    pub(crate) truths: RefCell<BTreeMap<(String, usize, Principal), Truth>>,
}

impl Schema {
    /// An empty schema.
    pub(crate) fn new(supabase: bool) -> Self {
        Schema { supabase, ..Schema::default() }
    }

    /// Replays a file.
    pub(crate) fn replay(&mut self, file: FileId, path: &str, text: &str, dialect: Dialect) {
        self.truths.get_mut().clear();
        let at = At { file, path, base: 0, fixed: None, dialect, nesting: 0 };
        self.run(text, at);
    }

    /// Replays a text that stands at `base` in a file.
    pub(crate) fn replay_at(&mut self, file: FileId, base: usize, text: &str, dialect: Dialect) {
        self.run(text, At { file, path: "", base, fixed: None, dialect, nesting: 0 });
    }

    fn run(&mut self, text: &str, at: At<'_>) {
        let tokens = lex(text, at.dialect);
        let piece = Piece { text, tokens: &tokens };
        for (count, (from, to)) in statements(piece).into_iter().enumerate() {
            if count == MAX_STATEMENTS {
                self.skipped(at, "it has too many statements", true);
                return;
            }
            self.apply(piece.slice(from, to), at);
        }
    }

    fn skipped(&mut self, at: At<'_>, why: &str, weighs: bool) {
        let entry = NotChecked { what: at.path.to_owned(), why: why.to_owned(), weighs };
        if !self.not_checked.contains(&entry) {
            self.not_checked.push(entry);
        }
    }

    fn problem(&mut self, span: Span, at: At<'_>, what: &str) {
        self.problems.push((span, what.to_owned()));
        self.skipped(at, what, true);
    }

    fn apply(&mut self, piece: Piece<'_>, at: At<'_>) {
        self.statements += 1;
        let word = piece.raw(0).to_ascii_lowercase();
        match word.as_str() {
            "create" => self.create(piece, at),
            "alter" => self.alter(piece, at),
            "drop" => self.drop(piece),
            "grant" | "revoke" => self.grant(piece, at),
            "do" => self.do_block(piece, at),
            "select" | "perform" | "call" => self.call(piece, at),
            "insert" if piece.are(1, &["into"]) => self.insert(piece, at),
            "update" | "delete" => self.change_buckets(piece),
            "exec" if piece.is(1, "sp_rename") => {}
            _ if at.nesting > 0 => {}
            _ => {
                let doubtful = (0..piece.tokens.len().min(400))
                    .any(|index| ["policy", "grant", "revoke"].iter().any(|word| piece.is(index, word)));
                if doubtful {
                    let span = at.span(piece);
                    self.problem(span, at, "a statement about policies or rights was not understood");
                }
            }
        }
    }

    fn create(&mut self, piece: Piece<'_>, at: At<'_>) {
        let mut next = 1;
        let mut replace = false;
        if piece.are(next, &["or", "replace"]) {
            next += 2;
            replace = true;
        }
        let temporary = piece.is(next, "temp") || piece.is(next, "temporary");
        while [
            "temp",
            "temporary",
            "unlogged",
            "global",
            "local",
            "materialized",
            "recursive",
            "constraint",
            "foreign",
            "definer",
            "sql",
            "security",
            "algorithm",
            "virtual",
            "external",
        ]
        .iter()
        .any(|word| piece.is(next, word))
        {
            next += 1;
        }
        if piece.is(next, "table") {
            if !temporary {
                self.create_table(piece, next + 1, at);
            }
        } else if piece.is(next, "view") {
            self.create_view(piece, next + 1, at);
        } else if piece.is(next, "policy") {
            self.create_policy(piece, next + 1, at);
        } else if piece.is(next, "function") || piece.is(next, "procedure") {
            self.create_function(piece, next + 1, at);
        } else if piece.is(next, "trigger") {
            self.create_trigger(piece, next + 1, replace);
        } else if piece.is(next, "unique") || piece.is(next, "index") {
            self.create_index(piece, next);
        }
    }

    fn name(&self, piece: Piece<'_>, index: usize, dialect: Dialect) -> Option<(String, usize)> {
        stmt::table_name_in(piece, index, dialect)
    }

    fn new_table(&self, name: &str, span: Span, dialect: Dialect) -> Table {
        let mut grants = BTreeMap::new();
        let by_default = self.supabase && !name.contains('.');
        for role in OUTSIDE {
            let mut privileges = Privileges::default();
            if by_default || name.starts_with("storage.") || name.starts_with("graphql_public.") {
                privileges.commands = COMMANDS
                    .into_iter()
                    .filter(|&command| !self.default_tables_revoked.contains(&(role.to_owned(), command)))
                    .collect();
            }
            grants.insert(role.to_owned(), privileges);
        }
        Table {
            name: name.to_owned(),
            columns: Vec::new(),
            rls: name.starts_with("storage."),
            policies: Vec::new(),
            grants,
            grants_span: None,
            triggers: Vec::new(),
            view: None,
            span,
            dialect,
            created: false,
        }
    }

    /// The table, made up when no CREATE was seen: it may have been made in a dashboard.
    fn table(&mut self, name: &str, span: Span, dialect: Dialect) -> &mut Table {
        if !self.tables.contains_key(name) {
            let table = self.new_table(name, span, dialect);
            self.tables.insert(name.to_owned(), table);
        }
        self.tables.entry(name.to_owned()).or_insert_with(|| unreachable_table(name, span, dialect))
    }

    fn create_table(&mut self, piece: Piece<'_>, index: usize, at: At<'_>) {
        let index = if piece.are(index, &["if", "not", "exists"]) { index + 3 } else { index };
        let Some((name, after)) = self.name(piece, index, at.dialect) else { return };
        let span = at.span(piece);
        if piece.are(after, &["partition", "of"]) {
            return;
        }
        let open = if piece.is_op(after, "(") { Some(after) } else { None };
        let mut columns = Vec::new();
        if let Some(open) = open {
            let inner = piece.slice(open + 1, piece.close_of(open));
            for part in inner.split_commas() {
                match stmt::column_or_constraint(part, &|piece| at.span(piece)) {
                    stmt::Part::Column(column) => columns.push(column),
                    stmt::Part::Unique(names) => {
                        if let [only] = names.as_slice()
                            && let Some(column) = columns.iter_mut().find(|column: &&mut Column| &column.name == only)
                        {
                            column.unique = true;
                        }
                    }
                    stmt::Part::Like(table) => {
                        if let Some(other) = self.tables.get(&table) {
                            columns.extend(other.columns.clone());
                        }
                    }
                    stmt::Part::Other => {}
                }
            }
        }
        if let Some(query) = piece.find_top(after, &["select"]).filter(|&query| piece.is(query - 1, "as"))
            && let Some(select) = parse_select(piece.slice(query, piece.tokens.len()))
        {
            columns.extend(self.output_columns(&select, span, 0));
        }
        let parents = piece.find_top(after, &["inherits"]).and_then(|at| table_name(piece, at + 2));
        if let Some(parent) = parents.and_then(|(parent, _)| self.tables.get(&parent)) {
            columns.extend(parent.columns.clone());
        }
        let dialect = at.dialect;
        let table = self.table(&name, span, dialect);
        if !table.created {
            table.created = true;
            table.span = span;
            table.dialect = dialect;
        }
        // A second CREATE is skipped or refused by the database; its columns still tell what the data is.
        for column in columns {
            if !table.columns.iter().any(|known| known.name == column.name) {
                table.columns.push(column);
            }
        }
    }

    /// Output columns of a query, for views and `CREATE TABLE … AS`.
    fn output_columns(&self, select: &Select, span: Span, depth: usize) -> Vec<Column> {
        let mut out: Vec<Column> = Vec::new();
        if depth > 8 {
            return out;
        }
        let of_from = |from: &super::expr::From| -> Vec<Column> {
            if let Some(inner) = &from.select {
                return self.output_columns(inner, span, depth + 1);
            }
            let name = join_name(&from.name);
            if let Some((_, inner)) = select.with.iter().find(|(with, _)| *with == name) {
                return self.output_columns(inner, span, depth + 1);
            }
            match self.tables.get(&name) {
                Some(table) => table.columns.clone(),
                None if name == "auth.users" => auth_users(span),
                None => Vec::new(),
            }
        };
        for star in &select.stars {
            for from in &select.from {
                if star.is_empty() || *star == from.alias {
                    out.extend(of_from(from));
                }
            }
        }
        for (item, name) in &select.items {
            let Some(name) = name else { continue };
            let mut column = Column { name: name.clone(), ..Column::new(span) };
            if let Expr::Col(parts) = item
                && let Some(last) = parts.last()
            {
                let source = select
                    .from
                    .iter()
                    .filter(|from| parts.len() == 1 || parts.first() == Some(&from.alias))
                    .flat_map(of_from)
                    .find(|column| &column.name == last);
                if let Some(source) = source {
                    column.ty = source.ty;
                }
            }
            out.push(column);
        }
        for column in &mut out {
            column.span = span;
            column.unique = false;
        }
        out
    }

    fn create_view(&mut self, piece: Piece<'_>, index: usize, at: At<'_>) {
        let index = if piece.are(index, &["if", "not", "exists"]) { index + 3 } else { index };
        let Some((name, after)) = self.name(piece, index, at.dialect) else { return };
        let Some(query) = piece.find_top(after, &["as"]) else { return };
        let options = piece.slice(after, query).covered().to_ascii_lowercase();
        let invoker = option_is_on(&options);
        let body = piece.slice(query + 1, piece.tokens.len());
        let end =
            body.find_top(0, &["with"]).filter(|&at| at > 0 && body.is(at - 1 + 2, "data") || body.is(at + 1, "check"));
        let select = parse_select(body.slice(0, end.unwrap_or(body.tokens.len())));
        let span = at.span(piece);
        let mut columns = select.as_ref().map(|select| self.output_columns(select, span, 0)).unwrap_or_default();
        if piece.is_op(after, "(") {
            let names = piece.slice(after + 1, piece.close_of(after));
            columns = (0..names.tokens.len())
                .filter_map(|index| {
                    let kind = names.kind(index).filter(|kind| matches!(kind, Kind::Word | Kind::Quoted))?;
                    Some(Column { name: name_of(kind, names.raw(index)), ..Column::new(span) })
                })
                .collect();
        }
        if select.is_none() && self.supabase {
            self.problem(span, at, &format!("the query of the view `{name}` was not understood"));
        }
        let kept = self.tables.remove(&name);
        let mut table = self.new_table(&name, span, at.dialect);
        if let Some(kept) = kept.filter(|kept| kept.view.is_some()) {
            // CREATE OR REPLACE keeps the rights that were given.
            table.grants = kept.grants;
            table.grants_span = kept.grants_span;
        }
        table.created = true;
        table.columns = columns;
        table.view = Some(View { select, invoker });
        self.tables.insert(name, table);
    }

    fn create_policy(&mut self, piece: Piece<'_>, index: usize, at: At<'_>) {
        let span = at.span(piece);
        let mut index = index;
        if piece.are(index, &["if", "not", "exists"]) {
            index += 3;
            self.problem(span, at, "PostgreSQL has no CREATE POLICY IF NOT EXISTS: the statement fails");
        }
        let parsed = stmt::policy(piece, index, span);
        let Some((table, policy)) = parsed else {
            self.problem(span, at, "a CREATE POLICY statement was not understood");
            return;
        };
        let name = policy.name.clone();
        let wrong = match policy.command {
            Command::Insert if policy.using.is_some() => Some("USING is refused for INSERT"),
            Command::Select | Command::Delete if policy.check.is_some() => {
                Some("WITH CHECK is refused for SELECT and DELETE")
            }
            _ => None,
        };
        if let Some(why) = wrong {
            self.problem(span, at, &format!("PostgreSQL refuses the policy \"{name}\": {why}"));
        }
        let target = self.table(&table, span, at.dialect);
        if target.policies.iter().any(|known| known.name == name) {
            // PostgreSQL refuses the second one and keeps the first.
            self.problem(span, at, &format!("the policy \"{name}\" on `{table}` exists already: the statement fails"));
            return;
        }
        target.policies.push(policy);
    }

    fn create_function(&mut self, piece: Piece<'_>, index: usize, at: At<'_>) {
        let index = if piece.are(index, &["if", "not", "exists"]) { index + 3 } else { index };
        let Some((name, open)) = self.name(piece, index, at.dialect) else { return };
        if !piece.is_op(open, "(") {
            return;
        }
        let close = piece.close_of(open);
        let params = stmt::parameters(piece.slice(open + 1, close));
        let head = stmt::function_head(piece.slice(close + 1, piece.tokens.len()));
        let body = body::read(&head.body, &head.language);
        if body.too_deep {
            self.skipped(at, &format!("the function {name} has blocks nested too deep to be followed"), true);
        }
        let mut execute: BTreeSet<String> = ["public"].into_iter().map(str::to_owned).collect();
        if self.supabase && !name.contains('.') {
            execute.extend(OUTSIDE.into_iter().map(str::to_owned));
        }
        execute.retain(|role| !self.default_functions_revoked.contains(role));
        let signature = params.iter().map(|(_, ty)| ty.as_str()).collect::<Vec<_>>().join(",");
        let mut function = Function {
            name: name.clone(),
            params: params.into_iter().map(|(name, _)| name).collect(),
            signature,
            definer: head.definer,
            fixed_path: head.fixed_path,
            is_trigger: head.returns.starts_with("trigger") || head.returns.starts_with("event_trigger"),
            returns: head.returns.to_ascii_lowercase(),
            body,
            text: head.body,
            execute,
            span: at.span(piece),
        };
        let overloads = self.functions.entry(name).or_default();
        match overloads.iter_mut().find(|known| known.signature == function.signature) {
            Some(known) => {
                function.execute = std::mem::take(&mut known.execute);
                *known = function;
            }
            None => overloads.push(function),
        }
    }

    fn create_trigger(&mut self, piece: Piece<'_>, index: usize, replace: bool) {
        let index = if piece.are(index, &["if", "not", "exists"]) { index + 3 } else { index };
        let Some(kind) = piece.kind(index) else { return };
        let name = name_of(kind, piece.raw(index));
        let Some(on) = piece.find_top(index, &["on"]) else { return };
        let Some((table, _)) = table_name(piece, on + 1) else { return };
        let mut commands = BTreeSet::new();
        for at in index + 1..on {
            for (word, command) in
                [("insert", Command::Insert), ("update", Command::Update), ("delete", Command::Delete)]
            {
                if piece.is(at, word) {
                    commands.insert(command);
                }
            }
        }
        let before = (index..on).any(|at| piece.is(at, "before") || piece.is(at, "instead"));
        let Some(execute) = piece.find_top(on, &["execute"]) else { return };
        let Some((function, _)) = table_name(piece, execute + 2) else { return };
        let span = Span::whole(FileId(0));
        let known = self.tables.contains_key(&table);
        let target = self.table(&table, span, Dialect::Postgres);
        if !known {
            // Only a trigger speaks of it (`auth.users`): not a table of the app.
            target.created = false;
        }
        if replace {
            target.triggers.retain(|trigger| trigger.name != name);
        }
        target.triggers.push(Trigger { name, before, on: commands, function });
    }

    fn create_index(&mut self, piece: Piece<'_>, next: usize) {
        // Only a unique index on one plain column says something: a second row of the same owner is refused.
        if !piece.is(next, "unique") || piece.find_top(next, &["where"]).is_some() {
            return;
        }
        let Some(on) = piece.find_top(next, &["on"]) else { return };
        let Some((table, mut open)) = table_name(piece, on + 1) else { return };
        if piece.is(open, "using") {
            open += 2;
        }
        let inner = piece.slice(open + 1, piece.close_of(open));
        if let ([token], Some(table)) = (inner.tokens, self.tables.get_mut(&table)) {
            let name = name_of(token.kind, inner.raw(0));
            for column in table.columns.iter_mut().filter(|column| column.name == name) {
                column.unique = true;
            }
        }
    }

    fn alter(&mut self, piece: Piece<'_>, at: At<'_>) {
        if piece.is(1, "table") {
            self.alter_table(piece, at);
        } else if piece.is(1, "policy") {
            self.alter_policy(piece, at);
        } else if piece.is(1, "view") || piece.are(1, &["materialized", "view"]) {
            let index = if piece.is(1, "view") { 2 } else { 3 };
            let index = if piece.are(index, &["if", "exists"]) { index + 2 } else { index };
            let Some((name, after)) = table_name(piece, index) else { return };
            let rest = piece.slice(after, piece.tokens.len()).covered().to_ascii_lowercase();
            if piece.are(after, &["rename", "to"]) {
                self.rename_table(&name, piece, after + 2);
            } else if rest.contains("security_invoker")
                && let Some(view) = self.tables.get_mut(&name).and_then(|table| table.view.as_mut())
            {
                view.invoker = !piece.is(after, "reset") && option_is_on(&rest);
            }
        } else if piece.is(1, "function") || piece.is(1, "procedure") || piece.is(1, "routine") {
            self.alter_function(piece);
        } else if piece.are(1, &["default", "privileges"]) {
            self.default_privileges(piece);
        }
    }

    fn alter_table(&mut self, piece: Piece<'_>, at: At<'_>) {
        let mut index = 2;
        if piece.are(index, &["if", "exists"]) {
            index += 2;
        }
        if piece.is(index, "only") {
            index += 1;
        }
        let Some((name, after)) = self.name(piece, index, at.dialect) else { return };
        if piece.are(after, &["rename", "to"]) {
            self.rename_table(&name, piece, after + 2);
            return;
        }
        if piece.are(after, &["set", "schema"]) {
            let schema = piece.raw(after + 2).to_ascii_lowercase();
            let bare = name.rsplit('.').next().unwrap_or(&name).to_owned();
            let target = if schema == "public" { bare } else { format!("{schema}.{bare}") };
            self.move_table(&name, target);
            return;
        }
        let span = at.span(piece);
        let dialect = at.dialect;
        let actions = piece.slice(after, piece.tokens.len());
        let table = self.table(&name, span, dialect);
        for action in actions.split_commas() {
            alter_action(table, action, at);
        }
    }

    fn rename_table(&mut self, from: &str, piece: Piece<'_>, index: usize) {
        if let Some((to, _)) = table_name(piece, index) {
            let to = match from.rsplit_once('.') {
                Some((schema, _)) => format!("{schema}.{to}"),
                None => to,
            };
            self.move_table(from, to);
        }
    }

    fn move_table(&mut self, from: &str, to: String) {
        if let Some(mut table) = self.tables.remove(from) {
            table.name.clone_from(&to);
            if to.contains('.') != from.contains('.') {
                let fresh = self.new_table(&to, table.span, table.dialect);
                table.grants = fresh.grants;
            }
            self.tables.insert(to, table);
        }
    }

    fn alter_policy(&mut self, piece: Piece<'_>, at: At<'_>) {
        let span = at.span(piece);
        let Some((table, changed)) = stmt::policy(piece, 2, span) else {
            self.problem(span, at, "an ALTER POLICY statement was not understood");
            return;
        };
        let rename = piece.find_top(3, &["rename"]).filter(|&index| piece.is(index + 1, "to"));
        let policies = self.tables.get_mut(&table).map(|table| &mut table.policies);
        let Some(policy) = policies.and_then(|policies| policies.iter_mut().find(|policy| policy.name == changed.name))
        else {
            let name = &changed.name;
            self.problem(span, at, &format!("ALTER POLICY names \"{name}\", which does not exist"));
            return;
        };
        if let Some(rename) = rename {
            if let Some(kind) = piece.kind(rename + 2) {
                policy.name = name_of(kind, piece.raw(rename + 2));
            }
            return;
        }
        if !changed.roles.is_empty() {
            policy.roles = changed.roles;
        }
        if changed.using.is_some() {
            policy.using = changed.using;
            policy.span = span;
        }
        if changed.check.is_some() {
            policy.check = changed.check;
            policy.span = span;
        }
    }

    fn alter_function(&mut self, piece: Piece<'_>) {
        let Some((name, open)) = table_name(piece, 2) else { return };
        let close = if piece.is_op(open, "(") { piece.close_of(open) + 1 } else { open };
        let head = stmt::function_head(piece.slice(close, piece.tokens.len()));
        let invoker = (close..piece.tokens.len()).any(|index| piece.are(index, &["security", "invoker"]));
        for function in self.functions.get_mut(&name).into_iter().flatten() {
            function.definer = (function.definer || head.definer) && !invoker;
            function.fixed_path |= head.fixed_path;
        }
        if piece.are(close, &["rename", "to"])
            && let Some((to, _)) = table_name(piece, close + 2)
            && let Some(mut functions) = self.functions.remove(&name)
        {
            functions.iter_mut().for_each(|function| function.name.clone_from(&to));
            self.functions.insert(to, functions);
        }
    }

    fn drop(&mut self, piece: Piece<'_>) {
        let mut index = 1 + usize::from(piece.is(1, "materialized") || piece.is(1, "foreign"));
        let what = piece.raw(index).to_ascii_lowercase();
        index += 1;
        if piece.are(index, &["if", "exists"]) {
            index += 2;
        }
        match what.as_str() {
            "table" | "view" => {
                for part in piece.slice(index, piece.tokens.len()).split_commas() {
                    if let Some((name, _)) = table_name(part, 0) {
                        self.tables.remove(&name);
                    }
                }
            }
            "policy" | "trigger" => {
                let Some(kind) = piece.kind(index) else { return };
                let name = name_of(kind, piece.raw(index));
                let table = piece.find_top(index + 1, &["on"]).and_then(|on| table_name(piece, on + 1));
                let Some(table) = table.and_then(|(table, _)| self.tables.get_mut(&table)) else { return };
                if what == "policy" {
                    table.policies.retain(|policy| policy.name != name);
                } else {
                    table.triggers.retain(|trigger| trigger.name != name);
                }
            }
            "function" | "procedure" | "routine" => {
                for part in piece.slice(index, piece.tokens.len()).split_commas() {
                    let Some((name, open)) = table_name(part, 0) else { continue };
                    let cascade = (open..piece.tokens.len()).any(|index| piece.is(index, "cascade"));
                    if part.is_op(open, "(") {
                        let params = stmt::parameters(part.slice(open + 1, part.close_of(open)));
                        if let Some(functions) = self.functions.get_mut(&name) {
                            let signature = params.iter().map(|(_, ty)| ty.as_str()).collect::<Vec<_>>().join(",");
                            let exact = functions.iter().any(|function| function.signature == signature);
                            functions.retain(|function| {
                                if exact {
                                    function.signature != signature
                                } else {
                                    function.params.len() != params.len()
                                }
                            });
                        }
                    } else {
                        self.functions.remove(&name);
                    }
                    if cascade && self.functions.get(&name).is_none_or(Vec::is_empty) {
                        self.drop_users_of(&name);
                    }
                }
            }
            "schema" => {
                let schema = piece.raw(index).to_ascii_lowercase();
                if (index..piece.tokens.len()).any(|at| piece.is(at, "cascade")) {
                    let inside = |name: &str| match name.split_once('.') {
                        Some((own, _)) => own == schema,
                        None => schema == "public",
                    };
                    self.tables.retain(|name, _| !inside(name));
                    self.functions.retain(|name, _| !inside(name));
                }
            }
            _ => {}
        }
    }

    /// DROP FUNCTION … CASCADE takes the policies and triggers that use the function with it.
    fn drop_users_of(&mut self, function: &str) {
        for table in self.tables.values_mut() {
            table.triggers.retain(|trigger| trigger.function != function);
            table.policies.retain(|policy| {
                let mentions = |side: &Option<(String, Expr)>| {
                    side.as_ref().is_some_and(|(text, _)| {
                        text.match_indices(function).any(|(at, _)| {
                            let after = text.get(at + function.len()..).unwrap_or("").trim_start();
                            let before = text.get(..at).unwrap_or("").chars().next_back();
                            after.starts_with('(')
                                && !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                        })
                    })
                };
                !mentions(&policy.using) && !mentions(&policy.check)
            });
        }
    }

    fn grant(&mut self, piece: Piece<'_>, at: At<'_>) {
        let Some(change) = stmt::grant(piece) else {
            // `GRANT role TO role`.
            return;
        };
        let span = at.span(piece);
        match &change.target {
            stmt::GrantTarget::Tables(names) => {
                for name in names {
                    let table = self.table(name, span, at.dialect);
                    change.apply(&mut table.grants);
                    table.grants_span = Some(span);
                }
            }
            stmt::GrantTarget::AllTables(schema) => {
                for table in self.tables.values_mut().filter(|table| in_schema(&table.name, schema)) {
                    change.apply(&mut table.grants);
                    table.grants_span = Some(span);
                }
            }
            stmt::GrantTarget::Functions(names) => {
                for (name, params) in names {
                    let overloads = self.functions.get_mut(name).map(Vec::as_mut_slice).unwrap_or_default();
                    let single = overloads.len() == 1;
                    for function in overloads {
                        if single || params.is_none_or(|count| function.params.len() == count) {
                            change.apply_execute(&mut function.execute);
                        }
                    }
                }
            }
            stmt::GrantTarget::AllFunctions(schema) => {
                for function in self.functions.values_mut().flatten() {
                    if in_schema(&function.name, schema) {
                        change.apply_execute(&mut function.execute);
                    }
                }
            }
            stmt::GrantTarget::Schema(schema) => {
                for role in &change.roles {
                    let key = format!("{schema}/{role}");
                    if change.revoke {
                        self.no_usage.insert(key);
                    } else {
                        self.no_usage.remove(&key);
                    }
                }
            }
            stmt::GrantTarget::Other => {}
        }
    }

    fn default_privileges(&mut self, piece: Piece<'_>) {
        let Some(verb) = piece.find_top(2, &["grant", "revoke"]) else { return };
        let Some(schema) = piece.slice(0, verb).find_top(0, &["schema"]) else { return };
        if !piece.is(schema + 1, "public") {
            return;
        }
        let clause = piece.slice(verb, piece.tokens.len());
        let Some((privileges, roles, revoke)) = stmt::grant_parts(clause) else { return };
        let on = clause.find_top(0, &["on"]).map_or(0, |on| on + 1);
        for role in roles {
            if clause.is(on, "tables") {
                for command in privileges.iter().map(|(command, _)| *command) {
                    let key = (role.clone(), command);
                    if revoke {
                        self.default_tables_revoked.insert(key);
                    } else {
                        self.default_tables_revoked.remove(&key);
                    }
                }
            } else if clause.is(on, "functions") || clause.is(on, "routines") {
                if revoke {
                    self.default_functions_revoked.insert(role);
                } else {
                    self.default_functions_revoked.remove(&role);
                }
            }
        }
    }

    /// Whether a role may use the schema of a table at all.
    pub(crate) fn may_use_schema(&self, table: &str, role: &str) -> bool {
        let schema = table.split_once('.').map_or("public", |(schema, _)| schema);
        !self.no_usage.contains(&format!("{schema}/{role}"))
    }

    fn insert(&mut self, piece: Piece<'_>, at: At<'_>) {
        let Some((name, open)) = table_name(piece, 2) else { return };
        if name != "storage.buckets" {
            return;
        }
        let span = at.span(piece);
        for (id, public) in stmt::bucket_rows(piece, open) {
            let overwrite = piece.find_top(open, &["conflict"]).is_none_or(|at| {
                let text = piece.slice(at, piece.tokens.len()).covered().to_ascii_lowercase();
                text.contains("update") && text.contains("public")
            });
            match self.buckets.get_mut(&id) {
                Some(known) if overwrite => *known = Bucket { public, span },
                Some(_) => {}
                None => {
                    self.buckets.insert(id, Bucket { public, span });
                }
            }
        }
    }

    /// `UPDATE storage.buckets SET public = … WHERE id = '…'` and DELETE.
    fn change_buckets(&mut self, piece: Piece<'_>) {
        let target = if piece.is(0, "update") { 1 } else { 2 };
        let Some((name, _)) = table_name(piece, target) else { return };
        if name != "storage.buckets" {
            return;
        }
        let condition = piece.find_top(0, &["where"]).unwrap_or(piece.tokens.len());
        let named: Vec<String> = (condition..piece.tokens.len())
            .filter_map(|index| {
                Some(string_of(piece.kind(index)?, piece.raw(index))).filter(|_| piece.kind(index) == Some(Kind::Str))
            })
            .collect();
        let hit = |id: &String| named.is_empty() || named.contains(id);
        if piece.is(0, "delete") {
            self.buckets.retain(|id, _| !hit(id));
            return;
        }
        for index in 0..condition {
            if piece.is(index, "public") && piece.is_op(index + 1, "=") {
                let public = piece.is(index + 2, "true");
                self.buckets.iter_mut().filter(|(id, _)| hit(id)).for_each(|(_, bucket)| bucket.public = public);
            }
        }
    }

    fn do_block(&mut self, piece: Piece<'_>, at: At<'_>) {
        let Some(body) = (1..piece.tokens.len()).find(|&index| piece.kind(index) == Some(Kind::Dollar)) else {
            return;
        };
        let (Some(token), raw) = (piece.tokens.get(body), piece.raw(body)) else { return };
        let Some((from, to)) = dollar_body(raw) else { return };
        if at.nesting >= MAX_NESTING {
            self.skipped(at, "blocks nested too deep", true);
            return;
        }
        let inner = raw.get(from..to).unwrap_or("");
        let inside = At { base: at.base + token.start + from, nesting: at.nesting + 1, ..at };
        self.block(inner, inside, at.span(piece), BTreeMap::new());
    }

    /// `SELECT reset_policies('orders')`: a call of a function that changes policies or rights, as a script makes it.
    fn call(&mut self, piece: Piece<'_>, at: At<'_>) {
        let Some((name, open)) = self.name(piece, 1, at.dialect) else { return };
        if !piece.is_op(open, "(") || at.nesting >= MAX_NESTING {
            return;
        }
        let arguments = effect::arguments(piece.slice(open + 1, piece.close_of(open)));
        let called = self.functions.get(&name).into_iter().flatten().find(|one| one.params.len() == arguments.len());
        let Some(function) = called.filter(|one| changes_rights(&one.text)) else { return };
        let text = function.text.clone();
        let known = function.params.iter().cloned().zip(arguments);
        let variables = known.filter_map(|(name, value)| Some((name, Value::Text(value?)))).collect();
        let span = at.span(piece);
        self.block(&text, At { fixed: Some(span), nesting: at.nesting + 1, ..at }, span, variables);
    }

    /// The statements of a PL/pgSQL block, conditions ignored: `IF NOT EXISTS … THEN CREATE POLICY …` runs once.
    fn block(&mut self, text: &str, at: At<'_>, whole: Span, mut variables: BTreeMap<String, Value>) {
        let tokens = lex(text, Dialect::Postgres);
        let piece = Piece { text, tokens: &tokens };
        let mut loops: Vec<effect::Loop> = Vec::new();
        let (mut from, mut expanded) = (0, 0_usize);
        for index in 0..=piece.tokens.len() {
            let breaks = index == piece.tokens.len()
                || piece.is_op(index, ";")
                || ["begin", "then", "loop", "else"].iter().any(|word| piece.is(index, word));
            if !breaks {
                continue;
            }
            let part = piece.slice(from, index);
            from = index + 1;
            if part.tokens.is_empty() {
                continue;
            }
            let first = part.raw(0).to_ascii_lowercase();
            match first.as_str() {
                "for" | "foreach" if piece.is(index, "loop") => {
                    loops.push(effect::read_loop(part, &variables, self));
                }
                "end" if part.is(1, "loop") => {
                    loops.pop();
                }
                "create" | "alter" | "drop" | "grant" | "revoke" | "insert" | "update" | "delete" | "perform" => {
                    self.apply(part, at);
                }
                "execute" => {
                    let statements = effect::expand(part, &loops, &variables);
                    let Some(statements) = statements else {
                        let text = part.covered().to_ascii_lowercase();
                        let matters = ["policy", "grant", "revoke", "security", "table"];
                        if matters.iter().any(|word| text.contains(word)) || !text.contains('\'') {
                            self.problem(at.span(part), at, "a statement built at run time was not understood");
                        }
                        continue;
                    };
                    for statement in statements {
                        expanded += 1;
                        if expanded > MAX_EXPANSION {
                            self.skipped(at, "a loop runs too often", true);
                            return;
                        }
                        let span = if at.fixed.is_some() { whole } else { at.span(part) };
                        let generated = At { base: 0, fixed: Some(span), nesting: at.nesting + 1, ..at };
                        if generated.nesting <= MAX_NESTING {
                            self.run(&statement, generated);
                        }
                    }
                }
                _ => effect::assign(part, &mut variables),
            }
        }
    }
}

/// One action of ALTER TABLE.
fn alter_action(table: &mut Table, action: Piece<'_>, at: At<'_>) {
    let words = |list: &[&str]| action.are(0, list);
    if words(&["enable", "row", "level", "security"]) {
        table.rls = true;
    } else if words(&["disable", "row", "level", "security"]) {
        table.rls = false;
        table.span = if table.created { table.span } else { at.span(action) };
    } else if words(&["rename"]) {
        let from = 1 + usize::from(action.is(1, "column"));
        if let (Some(old), Some(new)) = (action.kind(from), action.kind(from + 2))
            && action.is(from + 1, "to")
        {
            let (old, new) = (name_of(old, action.raw(from)), name_of(new, action.raw(from + 2)));
            table.columns.iter_mut().filter(|column| column.name == old).for_each(|column| {
                column.name.clone_from(&new);
                column.span = at.span(action);
            });
        }
    } else if words(&["drop"]) {
        let mut index = 1 + usize::from(action.is(1, "column"));
        if action.is(1, "constraint") {
            return;
        }
        if action.are(index, &["if", "exists"]) {
            index += 2;
        }
        if let Some(kind) = action.kind(index) {
            let name = name_of(kind, action.raw(index));
            table.columns.retain(|column| column.name != name);
        }
    } else if words(&["add"]) || words(&["modify"]) || words(&["change"]) {
        let mut index = 1 + usize::from(action.is(1, "column"));
        if action.are(index, &["if", "not", "exists"]) {
            index += 3;
        }
        if action.is(0, "change") {
            if let Some(kind) = action.kind(index) {
                let old = name_of(kind, action.raw(index));
                table.columns.retain(|column| column.name != old);
            }
            index += 1;
        }
        let mut rest = action.slice(index, action.tokens.len());
        if rest.is_op(0, "(") {
            rest = rest.slice(1, rest.close_of(0));
        }
        match stmt::column_or_constraint(rest, &|piece| at.span(piece)) {
            stmt::Part::Column(column) => {
                if !table.columns.iter().any(|known| known.name == column.name) {
                    table.columns.push(column);
                }
            }
            stmt::Part::Unique(names) => {
                if let [only] = names.as_slice() {
                    table.columns.iter_mut().filter(|column| &column.name == only).for_each(|column| {
                        column.unique = true;
                    });
                }
            }
            stmt::Part::Like(_) | stmt::Part::Other => {}
        }
    } else if words(&["alter"]) {
        let index = 1 + usize::from(action.is(1, "column"));
        let set = index + 1 + usize::from(action.are(index + 1, &["set", "data"])) * 2;
        if action.is(set, "type")
            && let Some(kind) = action.kind(index)
        {
            let name = name_of(kind, action.raw(index));
            let ty = action.slice(set + 1, action.tokens.len()).covered().to_ascii_lowercase();
            table.columns.iter_mut().filter(|column| column.name == name).for_each(|column| column.ty.clone_from(&ty));
        }
    }
}

fn unreachable_table(name: &str, span: Span, dialect: Dialect) -> Table {
    Table {
        name: name.to_owned(),
        columns: Vec::new(),
        rls: false,
        policies: Vec::new(),
        grants: BTreeMap::new(),
        grants_span: None,
        triggers: Vec::new(),
        view: None,
        span,
        dialect,
        created: false,
    }
}

/// Whether the body of a function can change who may do what.
fn changes_rights(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["policy", "row level security", "grant ", "revoke "].iter().any(|word| lower.contains(word))
}

/// `security_invoker`, `security_invoker = on`, `= true`.
fn option_is_on(options: &str) -> bool {
    options.split_once("security_invoker").is_some_and(|(_, rest)| {
        let value = rest.trim_start_matches([' ', '=', '\'', '\n', '\t']);
        !["false", "off", "0", "no"].iter().any(|word| value.starts_with(word))
    })
}

pub(crate) fn in_schema(name: &str, schema: &str) -> bool {
    match name.split_once('.') {
        Some((own, _)) => own == schema,
        None => schema == "public",
    }
}

/// Schema and name as one string, `public` left out.
pub(crate) fn join_name(parts: &[String]) -> String {
    match parts {
        [schema, name] if schema == "public" => name.clone(),
        parts => parts.join("."),
    }
}

/// What a view over Supabase's user table can show.
fn auth_users(span: Span) -> Vec<Column> {
    [
        "id",
        "email",
        "phone",
        "encrypted_password",
        "raw_user_meta_data",
        "raw_app_meta_data",
        "last_sign_in_at",
        "created_at",
    ]
    .into_iter()
    .map(|name| Column { name: name.to_owned(), ..Column::new(span) })
    .collect()
}

/// An expression in a piece, with its text.
pub(crate) fn written(piece: Piece<'_>) -> (String, Expr) {
    (piece.covered().to_owned(), parse(piece))
}
