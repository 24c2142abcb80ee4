//! Ways in which an account can give itself rights in a Supabase database.

use std::collections::BTreeSet;

use plimsoll_model::app::{Command, Gain, GrantWay, Reliance, SelfGrant};
use plimsoll_source::{SourceTree, Span};

use crate::classify;
use crate::database::{asks_role, granted, openness, policy_truth};
use crate::sql::openness::{Alternative, Constraint, Node, Principal, Reader, connected};
use crate::sql::replay::{Function, RawPolicy, Schema, Table};
use crate::uses::Named;

/// All ways that were found.
pub(crate) fn find(schema: &Schema, tree: &SourceTree, uses: &Named) -> Vec<SelfGrant> {
    let mut out = Vec::new();
    if !schema.supabase {
        return out;
    }
    let finder = Finder { schema, tree, uses };
    for table in
        schema.tables.values().filter(|table| table.created && table.view.is_none() && !table.name.contains('.'))
    {
        finder.table(table, &mut out);
    }
    finder.triggers(&mut out);
    out.sort_by_key(|grant| (grant.span, grant.store.clone()));
    out
}

struct Finder<'a> {
    schema: &'a Schema,
    tree: &'a SourceTree,
    uses: &'a Named,
}

impl Finder<'_> {
    fn table(&self, table: &Table, out: &mut Vec<SelfGrant>) {
        if !table.rls {
            return;
        }
        for policy in table.policies.iter().filter(|policy| !policy.restrictive) {
            let truth = policy_truth(self.schema, table, policy, Principal::SignedIn, None);
            if truth.iter().flatten().any(|constraint| matches!(constraint, Constraint::Forged(_))) {
                out.push(SelfGrant {
                    store: table.name.clone(),
                    fields: Vec::new(),
                    gain: Gain::Role,
                    way: GrantWay::OwnMetadata,
                    by: policy.name.clone(),
                    relied_on: Reliance::Policies,
                    span: policy.span,
                });
                continue;
            }
            // Open to every account: that is a finding of its own.
            if matches!(openness(&truth, Principal::SignedIn), plimsoll_model::app::Openness::AnySignedIn) {
                continue;
            }
            if !truth.iter().any(is_own_row) {
                continue;
            }
            if matches!(policy.command, Command::Update | Command::All) {
                self.change(table, policy, out);
            }
            if matches!(policy.command, Command::Insert | Command::All) {
                self.add(table, policy, out);
            }
            self.outcome(table, policy, out);
        }
    }

    /// What the account asks for and others decide (an order, a booking, a request for leave), where the account may write
    /// the price or the decision itself. Where nobody but the account sees the row, it decides for itself.
    fn outcome(&self, table: &Table, policy: &RawPolicy, out: &mut Vec<SelfGrant>) {
        // Who offers something sets its price; who asks for something does not.
        if !classify::is_asked_for(&table.name) || self.is_account(table, policy) || !self.is_judged_by_others(table) {
            return;
        }
        for (command, way) in [(Command::Update, GrantWay::ChangesOwnRow), (Command::Insert, GrantWay::AddsOwnRow)] {
            let applies = policy.command == command || policy.command == Command::All;
            if !applies || !granted(self.schema, table, Principal::SignedIn, command) {
                continue;
            }
            let guarded = self.guarded(table, policy, command);
            // Whoever reaches a row through something else (a family, a team) may be the one who decides.
            if !guarded.iter().any(|name| classify::is_asker(name)) {
                continue;
            }
            let fields: Vec<String> = table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .filter(|name| {
                    !guarded.contains(*name)
                        && self.may_write(table, name, command)
                        && !self.by_trigger(table, name, command)
                        && (classify::is_money_owed(name) || self.is_decision(table, name))
                })
                .map(str::to_owned)
                .collect();
            if !fields.is_empty() {
                out.push(SelfGrant {
                    store: table.name.clone(),
                    fields,
                    gain: Gain::Outcome,
                    way,
                    by: policy.name.clone(),
                    relied_on: Reliance::Code,
                    span: policy.span,
                });
            }
        }
    }

    /// Whether somebody with a role sees or changes all rows of a table of which each account has its own.
    fn is_judged_by_others(&self, table: &Table) -> bool {
        table.policies.iter().filter(|policy| !policy.restrictive && policy.command != Command::Insert).any(|policy| {
            let truth = policy_truth(self.schema, table, policy, Principal::SignedIn, None);
            truth.iter().any(|alternative| {
                asks_role(alternative) && !connected(alternative, Node::Caller).contains(&Node::Row(0))
            })
        })
    }

    /// A state that others give: it begins with a question and can become an answer.
    fn is_decision(&self, table: &Table, name: &str) -> bool {
        let words = classify::words(name);
        if classify::has(&words, &["paid", "approved", "accepted", "verified"]) {
            return !classify::has(&words, &["at", "by", "on", "date", "note", "amount"]);
        }
        if !words.last().is_some_and(|word| word == "status" || word == "state") {
            return false;
        }
        let Some(column) = table.columns.iter().find(|known| known.name == name) else { return false };
        let text = self.tree.text(column.span).to_ascii_lowercase();
        let asks = ["'pending", "'requested'", "'submitted'", "'unpaid'", "'awaiting", "'new'"];
        let begins = text.split("default").nth(1).is_some_and(|default| {
            asks.iter().any(|value| default.trim_start().trim_start_matches('(').starts_with(value))
        });
        let answers = self.allowed_values(table, name).is_none_or(|values| {
            values.iter().any(|value| {
                classify::has(
                    &classify::words(value),
                    &["paid", "approved", "confirmed", "accepted", "completed", "verified", "granted", "settled"],
                )
            })
        });
        begins && answers
    }

    /// Columns that the conditions for new rows look at, restrictive policies included.
    fn guarded(&self, table: &Table, policy: &RawPolicy, command: Command) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        let mut take = |policy: &RawPolicy| {
            let Some((_, expr)) = policy.check.as_ref().or(policy.using.as_ref()) else { return };
            let mut reader = Reader::new(self.schema, Principal::SignedIn, &table.name);
            let _ = reader.read(expr);
            columns.extend(reader.outer_columns);
            let mut written = Vec::new();
            expr.columns(&mut written);
            columns.extend(written.into_iter().filter(|name| table.columns.iter().any(|column| column.name == *name)));
        };
        take(policy);
        for other in table.policies.iter().filter(|other| other.restrictive) {
            if other.command == Command::All || other.command == command {
                take(other);
            }
        }
        columns
    }

    /// Columns named by triggers that run before the change.
    fn by_trigger(&self, table: &Table, column: &str, command: Command) -> bool {
        table.triggers.iter().filter(|trigger| trigger.before && trigger.on.contains(&command)).any(|trigger| {
            let functions = self.schema.functions.get(&trigger.function);
            functions.into_iter().flatten().any(|function| {
                let text = function.text.to_ascii_lowercase();
                has_word(&text, &format!("new.{column}"))
            })
        })
    }

    fn may_write(&self, table: &Table, column: &str, command: Command) -> bool {
        table.grants.get("authenticated").is_some_and(|privileges| {
            privileges.commands.contains(&command)
                || privileges.columns.get(&command).is_some_and(|columns| columns.contains(column))
        })
    }

    fn relied_on(&self, table: &Table, column: &str) -> Reliance {
        let bare = table.name.as_str();
        let mut by_policy = false;
        for other in self.schema.tables.values() {
            for policy in &other.policies {
                for (text, _) in [&policy.using, &policy.check].into_iter().flatten() {
                    let text = text.to_ascii_lowercase();
                    by_policy |= has_word(&text, column) && has_word(&text, bare);
                }
            }
        }
        for function in self.schema.functions.values().flatten().filter(|function| !function.is_trigger) {
            let text = function.text.to_ascii_lowercase();
            by_policy |= has_word(&text, column) && has_word(&text, bare);
        }
        if by_policy {
            Reliance::Policies
        } else if self.uses.mentions_field(column) || (is_about_rights(bare) && self.uses.reads_table(bare)) {
            Reliance::Code
        } else {
            Reliance::Nobody
        }
    }

    /// Whether rows of the table describe accounts, one row an account.
    fn is_account(&self, table: &Table, policy: &RawPolicy) -> bool {
        if !classify::is_account_store(&table.name) {
            return false;
        }
        let words = classify::words(&table.name);
        let certain = [
            "profile",
            "profiles",
            "role",
            "roles",
            "user",
            "users",
            "member",
            "members",
            "membership",
            "memberships",
            "subscription",
            "subscriptions",
            "wallet",
            "wallets",
            "credits",
            "admin",
            "admins",
        ];
        if words.iter().any(|word| certain.contains(&word.as_str())) {
            return true;
        }
        let mentioned = self.guarded(table, policy, policy.command);
        table.columns.iter().any(|column| {
            column.unique
                && mentioned.contains(&column.name)
                && (column.name == "id" || classify::is_owner(&column.name))
        })
    }

    fn change(&self, table: &Table, policy: &RawPolicy, out: &mut Vec<SelfGrant>) {
        if !self.is_account(table, policy) || !granted(self.schema, table, Principal::SignedIn, Command::Update) {
            return;
        }
        let guarded = self.guarded(table, policy, Command::Update);
        let open = |column: &str| {
            !guarded.contains(column)
                && self.may_write(table, column, Command::Update)
                && !self.by_trigger(table, column, Command::Update)
        };
        self.collect(table, policy, GrantWay::ChangesOwnRow, &open, out);
    }

    fn add(&self, table: &Table, policy: &RawPolicy, out: &mut Vec<SelfGrant>) {
        if !granted(self.schema, table, Principal::SignedIn, Command::Insert) {
            return;
        }
        let guarded = self.guarded(table, policy, Command::Insert);
        let open = |column: &str| {
            !guarded.contains(column)
                && self.may_write(table, column, Command::Insert)
                && !self.by_trigger(table, column, Command::Insert)
        };
        if self.is_account(table, policy) && !self.made_at_sign_up(table, &guarded) {
            let before = out.len();
            self.collect(table, policy, GrantWay::AddsOwnRow, &open, out);
            if out.len() > before {
                return;
            }
        }
        self.foreign_tenant(table, policy, &open, out);
    }

    /// A trigger makes the only row that an account can have, so that the account cannot add it itself.
    fn made_at_sign_up(&self, table: &Table, mentioned: &BTreeSet<String>) -> bool {
        let unique = table.columns.iter().any(|column| column.unique && mentioned.contains(&column.name));
        let made = self.schema.tables.get("auth.users").is_some_and(|users| {
            users.triggers.iter().any(|trigger| {
                let functions = self.schema.functions.get(&trigger.function);
                functions.into_iter().flatten().any(|function| function.body.inserts.contains(&table.name))
            })
        });
        unique && made
    }

    /// The columns of an account's own row that decide its rights and that nothing guards.
    fn collect(
        &self,
        table: &Table,
        policy: &RawPolicy,
        way: GrantWay,
        open: &dyn Fn(&str) -> bool,
        out: &mut Vec<SelfGrant>,
    ) {
        let mut found: Vec<(Gain, String, Reliance)> = Vec::new();
        for column in &table.columns {
            let name = column.name.as_str();
            let gain = match classify::privilege(name) {
                Some(gain) => gain,
                None if classify::is_tenant(name) => Gain::Tenant,
                None if matches!(name, "status" | "is_active" | "active") => {
                    if self.is_paid(table) {
                        Gain::Paid
                    } else {
                        Gain::Approval
                    }
                }
                None => continue,
            };
            if !open(name) {
                continue;
            }
            let reliance = self.relied_on(table, name);
            let bare_status = matches!(name, "status" | "is_active" | "active");
            let counts = match gain {
                Gain::Role => !self.harmless(table, name),
                Gain::Tenant => reliance == Reliance::Policies,
                Gain::Approval => reliance == Reliance::Policies || (!bare_status && reliance == Reliance::Code),
                Gain::Paid => reliance != Reliance::Nobody || self.is_paid(table),
                // Judged by the table as a whole.
                Gain::Outcome => false,
            };
            if counts {
                found.push((gain, name.to_owned(), reliance));
            }
        }
        for gain in [Gain::Role, Gain::Tenant, Gain::Approval, Gain::Paid] {
            let fields: Vec<String> =
                found.iter().filter(|(own, ..)| *own == gain).map(|(_, name, _)| name.clone()).collect();
            let reliance = found.iter().filter(|(own, ..)| *own == gain).map(|(.., reliance)| *reliance).max();
            if let Some(relied_on) = reliance {
                out.push(SelfGrant {
                    store: table.name.clone(),
                    fields,
                    gain,
                    way,
                    by: policy.name.clone(),
                    relied_on,
                    span: policy.span,
                });
            }
        }
    }

    fn is_paid(&self, table: &Table) -> bool {
        let words = classify::words(&table.name);
        ["subscription", "subscriptions", "wallet", "wallets", "credit", "credits"]
            .iter()
            .any(|word| words.iter().any(|own| own == word))
    }

    /// The column can only hold values none of which says more than another (`buyer`, `seller`).
    fn harmless(&self, table: &Table, column: &str) -> bool {
        let Some(values) = self.allowed_values(table, column) else { return false };
        !values.iter().any(|value| {
            classify::is_powerful(value) || POWERFUL_AT_WORK.contains(&value.to_ascii_lowercase().as_str())
        })
    }

    /// The values that a check or an enumerated type allows.
    fn allowed_values(&self, table: &Table, column: &str) -> Option<Vec<String>> {
        let column = table.columns.iter().find(|known| known.name == column)?;
        let text = self.tree.text(column.span);
        let lower = text.to_ascii_lowercase();
        if let Some(at) = lower.find("check") {
            let values = literals(text.get(at..).unwrap_or(""));
            if values.len() > 1 {
                return Some(values);
            }
        }
        let ty = column.ty.trim_start_matches("public.").trim().trim_matches('"').to_owned();
        if ty.is_empty() || ["text", "varchar", "boolean", "character"].iter().any(|plain| ty.starts_with(plain)) {
            return None;
        }
        for (_, file) in self.tree.iter().filter(|(_, file)| file.extension() == "sql") {
            let lower = file.text().to_ascii_lowercase();
            for (at, _) in lower.match_indices("create type") {
                let statement = lower.get(at..).and_then(|rest| rest.split(';').next()).unwrap_or("");
                if has_word(statement, &ty) && statement.contains("enum") {
                    return Some(literals(statement));
                }
            }
        }
        None
    }

    /// Rows that carry a tenant's id which the condition for new rows does not look at, although reading goes by it.
    fn foreign_tenant(&self, table: &Table, policy: &RawPolicy, open: &dyn Fn(&str) -> bool, out: &mut Vec<SelfGrant>) {
        for column in table.columns.iter().filter(|column| classify::is_tenant(&column.name) && open(&column.name)) {
            let reads_by_it = table
                .policies
                .iter()
                .filter(|other| !other.restrictive && matches!(other.command, Command::Select | Command::All))
                .any(|other| {
                    let Some((_, using)) = &other.using else { return false };
                    let mut reader = Reader::new(self.schema, Principal::SignedIn, &table.name);
                    let truth = reader.read(using);
                    reader.outer_columns.contains(&column.name)
                        && truth.iter().any(|alternative| connected(alternative, Node::Caller).contains(&Node::Row(0)))
                });
            if reads_by_it {
                out.push(SelfGrant {
                    store: table.name.clone(),
                    fields: vec![column.name.clone()],
                    gain: Gain::Tenant,
                    way: GrantWay::AddsForeignRow,
                    by: policy.name.clone(),
                    relied_on: Reliance::Policies,
                    span: policy.span,
                });
                return;
            }
        }
        self.foreign_record(table, policy, open, out);
    }

    /// Rows that belong to a record of somebody else (the ticket of a comment): whoever may see the record sees them, but
    /// for adding one only its author is looked at.
    fn foreign_record(&self, table: &Table, policy: &RawPolicy, open: &dyn Fn(&str) -> bool, out: &mut Vec<SelfGrant>) {
        let guarded = self.guarded(table, policy, Command::Insert);
        let mut decisive = BTreeSet::new();
        let reading =
            |other: &&RawPolicy| matches!(other.command, Command::Select | Command::All) && !other.restrictive;
        for other in table.policies.iter().filter(reading) {
            let Some((_, using)) = &other.using else { continue };
            let mut reader = Reader::new(self.schema, Principal::SignedIn, &table.name);
            let truth = reader.read(using);
            let own: Vec<&Alternative> = truth.iter().filter(|alternative| is_own_row(alternative)).collect();
            if own.is_empty() && (truth.is_empty() || truth.iter().all(asks_role)) {
                // Nobody, or those with a role.
                continue;
            }
            // Whoever is the addressee or the author is named in the row itself.
            let direct = own.iter().any(|alternative| {
                alternative.iter().any(|constraint| {
                    matches!(
                        constraint,
                        Constraint::Link(Node::Caller, Node::Row(0)) | Constraint::Link(Node::Row(0), Node::Caller)
                    )
                })
            });
            if own.is_empty() || direct || reader.outer_columns.iter().any(|column| guarded.contains(column)) {
                return;
            }
            decisive.extend(reader.outer_columns);
        }
        let fields: Vec<String> =
            decisive.into_iter().filter(|column| column != "id" && column.ends_with("_id") && open(column)).collect();
        if !fields.is_empty() {
            out.push(SelfGrant {
                store: table.name.clone(),
                fields,
                gain: Gain::Tenant,
                way: GrantWay::AddsToForeign,
                by: policy.name.clone(),
                relied_on: Reliance::Policies,
                span: policy.span,
            });
        }
    }

    /// Functions that run at sign-up and give rights by what the visitor sends, by an address, or to the first.
    fn triggers(&self, out: &mut Vec<SelfGrant>) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for table in self.schema.tables.values() {
            let at_sign_up = table.name == "auth.users" || classify::is_account_store(&table.name);
            for trigger in table.triggers.iter().filter(|_| at_sign_up) {
                if !seen.insert(&trigger.function) {
                    continue;
                }
                for function in self.schema.functions.get(&trigger.function).into_iter().flatten() {
                    self.trigger(function, out);
                }
            }
        }
    }

    fn trigger(&self, function: &Function, out: &mut Vec<SelfGrant>) {
        let lower = function.text.to_ascii_lowercase();
        let Some(target) = function
            .body
            .changes
            .iter()
            .find(|name| classify::is_account_store(name))
            .or(function.body.changes.first())
        else {
            // `NEW.role := …` in a trigger of the table itself.
            if let Some(at) = fixed_email(&function.text) {
                self.push_trigger(function, "", GrantWay::FixedEmail, Gain::Role, Vec::new(), &at, out);
            }
            return;
        };
        if let Some((keys, gain, needle)) = metadata(&lower)
            && !whitelisted(&lower)
        {
            let table = self.schema.tables.get(target);
            let key = keys.first().cloned().unwrap_or_default();
            let harmless = table.is_some_and(|table| {
                let column = table
                    .columns
                    .iter()
                    .find(|column| column.name == key || classify::privilege(&column.name) == Some(Gain::Role));
                gain == Gain::Role && column.is_some_and(|column| self.harmless(table, &column.name))
            });
            let relied = table.map_or(Reliance::Code, |table| self.relied_on(table, &key));
            let known = gain == Gain::Role || relied == Reliance::Policies;
            if !harmless && known {
                self.push_trigger(function, target, GrantWay::OwnMetadata, gain, keys, &needle, out);
            }
        }
        if let Some(needle) = fixed_email(&function.text) {
            self.push_trigger(function, target, GrantWay::FixedEmail, Gain::Role, Vec::new(), &needle, out);
        } else if first_account(&lower) {
            self.push_trigger(function, target, GrantWay::FirstAccount, Gain::Role, Vec::new(), "count", out);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call builds one fact")]
    fn push_trigger(
        &self,
        function: &Function,
        store: &str,
        way: GrantWay,
        gain: Gain,
        fields: Vec<String>,
        needle: &str,
        out: &mut Vec<SelfGrant>,
    ) {
        let table = self.schema.tables.get(store);
        let relied_on = match (table, fields.first()) {
            (Some(table), Some(field)) => self.relied_on(table, field),
            (Some(table), None) => self.relied_on(table, "role"),
            (None, _) => Reliance::Code,
        };
        out.push(SelfGrant {
            store: store.to_owned(),
            fields,
            gain,
            way,
            by: function.name.clone(),
            relied_on,
            span: self.inside(function.span, needle),
        });
    }

    /// The place of a text inside a statement; the statement where it is not found.
    fn inside(&self, span: Span, needle: &str) -> Span {
        let text = self.tree.text(span).to_ascii_lowercase();
        let needle = needle.to_ascii_lowercase();
        match text.find(&needle).and_then(|at| Some((u32::try_from(at).ok()?, u32::try_from(needle.len()).ok()?))) {
            Some((at, len)) => Span::new(span.file, span.start + at, span.start + at + len),
            None => span,
        }
    }
}

/// Roles that see other people's records at work, whatever they are called.
const POWERFUL_AT_WORK: &[&str] = &[
    "hr",
    "doctor",
    "teacher",
    "nurse",
    "instructor",
    "supervisor",
    "employee",
    "agent",
    "editor",
    "accountant",
    "operator",
    "driver",
    "coach",
    "professional",
    "gestor",
    "administrador",
    "jefe",
    "chef",
];

/// A table that is there for rights alone.
fn is_about_rights(table: &str) -> bool {
    classify::words(table)
        .iter()
        .any(|word| ["role", "roles", "admin", "admins", "permission", "permissions"].contains(&word.as_str()))
}

/// An alternative that admits the account to a row of its own, or of its tenant, without asking for a role.
fn is_own_row(alternative: &Alternative) -> bool {
    connected(alternative, Node::Caller).contains(&Node::Row(0))
        && !asks_role(alternative)
        && !alternative.iter().any(|constraint| matches!(constraint, Constraint::Unknown(_) | Constraint::State(_)))
}

pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(inside) && !after.is_some_and(inside)
        })
}

/// Texts in single quotes.
fn literals(text: &str) -> Vec<String> {
    text.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `raw_user_meta_data ->> 'role'`: the keys, what the heaviest gives, and the text to point at.
fn metadata(lower: &str) -> Option<(Vec<String>, Gain, String)> {
    let mut found: Vec<(Gain, String, String)> = Vec::new();
    for (at, name) in lower.match_indices("raw_user_meta_data") {
        let rest = lower.get(at + name.len()..).unwrap_or("").trim_start_matches([' ', ')', '\n', '\t']);
        let Some(rest) = rest.strip_prefix("->>").or_else(|| rest.strip_prefix("->")) else { continue };
        let Some(key) = rest.trim_start().strip_prefix('\'').and_then(|rest| rest.split('\'').next()) else { continue };
        let gain = match classify::privilege(key) {
            Some(gain) => gain,
            None if classify::is_tenant(key) => Gain::Tenant,
            None => continue,
        };
        // The text as it stands, white space included, to find its place.
        let end = lower
            .get(at..)
            .and_then(|tail| tail.find(&format!("'{key}'")))
            .map_or(name.len(), |end| end + key.len() + 2);
        let needle = lower.get(at..at + end).unwrap_or(name).to_owned();
        if !found.iter().any(|(_, known, _)| known == key) {
            found.push((gain, key.to_owned(), needle));
        }
    }
    found.sort_by_key(|(gain, ..)| *gain);
    let (gain, _, needle) = found.first()?.clone();
    Some((found.into_iter().map(|(_, key, _)| key).collect(), gain, needle))
}

/// Whether a function compares what it was sent with a list or refuses the powerful values.
fn whitelisted(lower: &str) -> bool {
    let refuses = ["<> 'admin'", "!= 'admin'", "<> 'super", "!= 'super", "= 'admin' then"]
        .iter()
        .any(|text| lower.contains(text));
    let flat = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let lists = flat.match_indices(" in (").filter_map(|(at, _)| flat.get(at..)?.split(')').next()).any(|list| {
        let values = literals(list);
        !values.is_empty() && !values.iter().any(|value| classify::is_powerful(value))
    });
    refuses || lists
}

/// An e-mail address that is compared while a powerful role is given: the text to point at.
fn fixed_email(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("email") {
        return None;
    }
    let values = literals(&lower);
    let address = values.iter().find(|value| value.contains('@') && value.contains('.') && !value.contains(' '))?;
    let gives =
        values.iter().any(|value| !value.contains('@') && classify::is_powerful(value)) || has_word(&lower, "is_admin");
    // A pattern of a whole domain (`%@firm.example`) is an address book, not a person; it is as good as one.
    gives.then(|| format!("'{address}'"))
}

/// "There is no account yet" while a powerful role is given.
fn first_account(lower: &str) -> bool {
    let flat = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    let counts = flat.contains("count(") && ["= 0", "= 1", "< 1"].iter().any(|text| flat.contains(text));
    let none = flat.contains("not exists (select") || flat.contains("not exists ( select");
    (counts || none)
        && literals(lower).iter().any(|value| ["admin", "super_admin", "superadmin", "owner"].contains(&value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::{first_account, fixed_email, has_word, metadata, whitelisted};

    #[test]
    fn texts_of_triggers() {
        assert!(has_word("new.role := old.role", "role") && !has_word("new.roles", "role"));
        assert_eq!(
            metadata("coalesce(new.raw_user_meta_data ->> 'role', 'user')").map(|found| found.0),
            Some(vec!["role".to_owned()])
        );
        assert!(metadata("new.raw_user_meta_data->>'full_name'").is_none());
        assert!(whitelisted("if r not in ('a', 'b') then") && whitelisted("case when r in ('buyer','seller') then r"));
        assert!(!whitelisted("values (new.id, coalesce(r, 'user'))"));
        assert!(fixed_email("IF NEW.email = 'boss@firm.example' THEN r := 'admin'; END IF").is_some());
        assert!(fixed_email("IF NEW.email = 'boss@firm.example' THEN PERFORM 1; END IF").is_none());
        assert!(first_account("if (select count(*) from profiles) = 0 then r := 'admin'"));
    }
}
