//! What holds without any finding: how browsers and logins work, and what this app's positions can reach.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::app::{
    App, EffectKind, EntryPoint, Exposure, Purpose, Reach, SameSite, StoreKind, StoredValueKind,
};
use plimsoll_model::{Claim, Confidence, ContentPolicy, DataClass, Finding, Position};

use crate::engine::{Base, By};

/// Data of the app by who may reach it in the ordinary way.
pub(crate) struct Holdings {
    /// Class and names of stores that any login reaches.
    pub(crate) signed_in: Held,
    /// Class and names of stores that the highest role reaches.
    pub(crate) administrator: Held,
    /// There are two kinds of logins.
    pub(crate) roles: bool,
    /// Some entry point asks for a login.
    pub(crate) logins: bool,
    /// Some entry point asks for no login but for a link that was sent to one customer.
    pub(crate) links: bool,
}

/// The heaviest class and where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) class: DataClass,
    pub(crate) stores: Vec<String>,
    pub(crate) changes: bool,
}

impl Held {
    fn take(&mut self, class: DataClass, store: &str, writes: bool) {
        if class > self.class {
            self.class = class;
            self.stores.clear();
        }
        if class == self.class && !store.is_empty() && !self.stores.iter().any(|known| known == store) {
            self.stores.push(store.to_owned());
        }
        self.changes |= writes;
    }

    /// `customers, invoices and others`, or the class.
    pub(crate) fn words(&self) -> String {
        let shown = self.stores.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        match (self.stores.len(), shown.is_empty()) {
            (_, true) => format!("{} data", self.class.word()),
            (4.., _) => format!("{shown} and others ({} data)", self.class.word()),
            _ => format!("{shown} ({} data)", self.class.word()),
        }
    }
}

/// What positions reach by the app's own entry points. `carries` is the heaviest class that the app holds at all.
pub(crate) fn holdings(app: &App, carries: DataClass) -> Holdings {
    let classes: BTreeMap<String, DataClass> = app
        .stores
        .iter()
        .map(|store| {
            let class = store.fields.iter().map(|field| field.class).max().unwrap_or_default();
            (store.name.to_ascii_lowercase(), class)
        })
        .collect();
    let (mut signed_in, mut administrator) = (Held::default(), Held::default());
    let (mut roles, mut logins) = (false, false);
    for entry in &app.entry_points {
        for effect in &entry.effects {
            let stored = matches!(
                effect.kind,
                EffectKind::Read
                    | EffectKind::Create
                    | EffectKind::Update
                    | EffectKind::Delete
                    | EffectKind::Query
                    | EffectKind::ReadMemory
                    | EffectKind::WriteMemory
            );
            if !stored {
                continue;
            }
            let known = classes.get(&effect.target.to_ascii_lowercase()).copied().unwrap_or_default();
            let class = effect.class.max(known).max(DataClass::Internal).min(carries);
            let reach = entry.reach_of(effect);
            roles |= reach == Reach::Role;
            logins |= matches!(reach, Reach::Role | Reach::SignedIn);
            if reach == Reach::SignedIn {
                signed_in.take(class, &effect.target, effect.kind.writes());
            }
            if matches!(reach, Reach::SignedIn | Reach::Role) {
                administrator.take(class, &effect.target, effect.kind.writes());
            }
        }
    }
    // Stores whose policies let users in by who they are.
    for store in &app.stores {
        let class = store.fields.iter().map(|field| field.class).max().unwrap_or_default().min(carries);
        if class > DataClass::Demo && !store.policies.is_empty() {
            logins = true;
            administrator.take(class, &store.name, true);
        }
    }
    // What a login is for is not always seen; the heaviest load is then what it must be assumed to open.
    for held in [&mut signed_in, &mut administrator] {
        if held.class == DataClass::Demo {
            *held = Held { class: carries, stores: Vec::new(), changes: true };
            // What every visitor is sent anyway is no login's to open.
            for store in app.stores.iter().filter(|store| store.exposure != Exposure::Shipped) {
                let class = store.fields.iter().map(|field| field.class).max().unwrap_or_default();
                if class >= carries {
                    held.take(carries, &store.name, true);
                }
            }
        }
    }
    let links = app.entry_points.iter().any(EntryPoint::opens_by_link);
    Holdings { signed_in, administrator, roles, logins, links }
}

/// The highest position that the app knows: who is worth attacking.
pub(crate) fn highest(holdings: &Holdings) -> Position {
    if holdings.roles { Position::Administrator } else { Position::SignedIn }
}

/// Adds what holds without findings. `findings` are all of the review, whether they count or not: what one of them says
/// is no fact, also where it is taken as repaired.
pub(crate) fn add(base: &mut Base, app: &App, holdings: &Holdings, findings: &[Finding]) {
    use Claim::{
        ActsAs, ForeignReadsAllowed, ForeignRequestsAccepted, GuessesUnlimited, Holds, Knows, Lures, NoScriptPolicy,
        ReadSource, Reads, ReadsFiles, RunsCode, RunsScript, Stands, TokenReadable, Writes,
    };
    use Position::{Administrator, Anyone, SignedIn};
    let mut fact = |needs: &[Claim], gain: Claim, text: &str| {
        base.add(needs, &gain, By::Fact, text.to_owned(), Confidence::Likely);
    };
    fact(&[Stands(Administrator)], Stands(SignedIn), "an administrator may do what any user may");
    for position in [SignedIn, Administrator] {
        let who = if position == Administrator { "an administrator" } else { "a user" };
        fact(&[Holds(position)], Stands(position), &format!("whoever holds the login of {who} may do what {who} may"));
        fact(
            &[RunsScript(position)],
            ActsAs(position),
            &format!(
                "the script acts with the login of {who} while the page is open; a cookie marked HttpOnly does not prevent this"
            ),
        );
        fact(
            &[RunsScript(position), TokenReadable],
            Holds(position),
            &format!("the script reads the login token and sends it away: the attacker stays logged in as {who}"),
        );
        let held = if position == Administrator { &holdings.administrator } else { &holdings.signed_in };
        if held.class > DataClass::Demo {
            for claim in [Holds(position), ActsAs(position)] {
                fact(std::slice::from_ref(&claim), Reads(held.class), &format!("{who} sees {}", held.words()));
                if held.changes {
                    fact(&[claim], Writes(held.class), &format!("{who} may change {}", held.words()));
                }
            }
        }
    }
    let open_registration = app.entry_points.iter().any(|entry| {
        entry.purposes.contains(&Purpose::Register)
            && entry.reach() == Reach::Anyone
            && entry
                .effects
                .iter()
                .any(|effect| effect.kind == EffectKind::CreateAccount || effect.kind == EffectKind::Create)
    });
    // Where a finding says that a new account should have had to wait, the way leads through it.
    let skips_approval = findings
        .iter()
        .flat_map(|finding| &finding.grants)
        .any(|grant| !grant.eases && grant.gain == Stands(SignedIn) && grant.needs == [Stands(Anyone)]);
    if (open_registration || !app.open_sign_up.is_empty()) && !skips_approval {
        fact(&[Stands(Anyone)], Stands(SignedIn), "anyone may register an account");
    }
    let top = if holdings.administrator.class > holdings.signed_in.class {
        &holdings.administrator
    } else {
        &holdings.signed_in
    };
    if top.class > DataClass::Demo {
        fact(&[RunsCode], Reads(top.class), &format!("code on the server reads {}", top.words()));
        fact(&[RunsCode], Writes(top.class), &format!("code on the server changes {}", top.words()));
        fact(
            &[Lures, ForeignRequestsAccepted],
            Writes(top.class),
            "the attacker's page makes the visitor's browser send changes",
        );
    }
    fact(&[ReadsFiles], ReadSource, "reads the app's code and settings with it, and the keys that stand there");
    fact(
        &[Knows(Claim::PLAIN_PASSWORDS.to_owned())],
        Holds(highest(holdings)),
        "logs in with a password of somebody else, here and wherever else it is used",
    );
    for text in database_files(app) {
        fact(&[ReadsFiles], Knows(Claim::STORED_PASSWORDS.to_owned()), &text);
    }
    if top.class > DataClass::Demo
        && let Some((text, confidence)) = foreign_reads(app)
    {
        base.add(&[Lures, ForeignReadsAllowed], &Reads(top.class), By::Fact, text.to_owned(), confidence);
    }
    writers(base, app, findings);
    accounts_by_script(base, app);
    for (known, text) in CONDITIONS {
        base.add(&[], &Knows((*known).to_owned()), By::Fact, (*text).to_owned(), Confidence::Possible);
    }
    let plain = Knows(Claim::PLAIN_PASSWORDS.to_owned());
    if !findings.iter().flat_map(|finding| &finding.grants).any(|grant| !grant.eases && grant.gain == plain) {
        base.add(
            &[Knows(Claim::STORED_PASSWORDS.to_owned())],
            &plain,
            By::Fact,
            "if one of these passwords is a common one, a program finds it by its hash".to_owned(),
            Confidence::Possible,
        );
    }
    base.add(
        &[Stands(Anyone), GuessesUnlimited],
        &Holds(SignedIn),
        By::Fact,
        "if one user has a password that is on a list of common ones, a program finds it".to_owned(),
        Confidence::Possible,
    );
    let policy = script_policy(app);
    let said = || findings.iter().flat_map(|finding| &finding.grants).filter(|grant| !grant.eases);
    let says = |claim: &Claim| said().any(|grant| grant.gain == *claim);
    if policy == ScriptPolicy::LetsIn {
        base.add(
            &[],
            &NoScriptPolicy,
            By::Fact,
            "the content security policy allows scripts that stand in the page (`unsafe-inline`): it does not stop this"
                .to_owned(),
            Confidence::Likely,
        );
    }
    if policy == ScriptPolicy::None && !says(&NoScriptPolicy) {
        base.add(
            &[],
            &NoScriptPolicy,
            By::Fact,
            "if the host adds no content security policy, nothing stops a script that was slipped in".to_owned(),
            Confidence::Possible,
        );
    }
}

/// What only whoever tries will know: a step that needs it is told with an "if", and no chain is more than possible with it.
const CONDITIONS: &[(&str, &str)] = &[
    (Claim::DEMO_ACCOUNTS, "if the accounts for trying out are still there, with their first passwords"),
    (Claim::OPEN_DATABASE, "if the database answers to whoever connects from outside"),
    (Claim::IGNORED_WARNING, "if whoever opens the table clicks the warning of the spreadsheet away"),
    (Claim::SHOWN_THERE, "if what is shown there is what was left"),
    (Claim::GUESSED_TOKEN, "if enough of the generator's numbers are seen to work out the next one"),
    (
        Claim::SENDS_COOKIES,
        "if the visitor's browser sends the login along to other websites' requests, as Safari and Firefox do where the cookie says nothing of it",
    ),
];

/// Databases that lie in a file of the server and hold what is kept of passwords.
fn database_files(app: &App) -> Vec<String> {
    let keeps = |kind: &str| kind == "password" || kind == "password-hash";
    let stores = app
        .stores
        .iter()
        .filter(|store| matches!(store.kind, StoreKind::File) && store.fields.iter().any(|field| keeps(&field.kind)));
    stores.take(1).map(|store| format!("reads what the file {} keeps of passwords", store.name)).collect()
}

/// Who can leave what others are shown: entry points that write the stores which findings speak of. Where a finding says
/// that an entry point lets in whom it should not, the way leads through that finding.
fn writers(base: &mut Base, app: &App, findings: &[Finding]) {
    let grants = || findings.iter().flat_map(|finding| &finding.grants).filter(|grant| !grant.eases);
    let stores: BTreeSet<&str> = grants()
        .flat_map(|grant| &grant.needs)
        .filter_map(|claim| if let Claim::Plants(store) = claim { Some(store.as_str()) } else { None })
        .collect();
    let open: BTreeSet<&str> = grants()
        .filter_map(|grant| if let Claim::Calls(label) = &grant.gain { Some(label.as_str()) } else { None })
        .collect();
    // Stores that browsers write directly, as far as their policies let them.
    for store in app.stores.iter().filter(|store| stores.contains(store.name.as_str())) {
        let plants = Claim::Plants(store.name.clone());
        if let Some(position) = store.weakest_direct_writer()
            && !grants().any(|grant| grant.gain == plants)
        {
            let text = format!("leaves a text of his own in {} through the database's public interface", store.name);
            base.add(&[Claim::Stands(position)], &plants, By::Fact, text, Confidence::Likely);
        }
    }
    for entry in &app.entry_points {
        for effect in entry.effects.iter().filter(|effect| effect.leaves_something()) {
            let Some(&store) = stores.iter().find(|store| store.eq_ignore_ascii_case(&effect.target)) else { continue };
            let label = entry.label();
            let plants = Claim::Plants(store.to_owned());
            let text = format!("leaves a text of his own in {store} with {label}");
            if open.contains(label.as_str()) {
                base.add(&[Claim::Calls(label)], &plants, By::Fact, text, Confidence::Likely);
                continue;
            }
            let position = match entry.reach_of(effect) {
                Reach::Anyone => Position::Anyone,
                Reach::SignedIn => Position::SignedIn,
                Reach::Role => Position::Administrator,
                Reach::Machine => continue,
            };
            let mut needs = vec![Claim::Stands(position)];
            if entry.opens_by_link() {
                needs.push(Claim::HasLink);
            }
            base.add(&needs, &plants, By::Fact, text, Confidence::Likely);
        }
    }
}

/// What a script in an administrator's page can do that outlasts the page: it makes an account for the attacker where
/// administrators make accounts.
fn accounts_by_script(base: &mut Base, app: &App) {
    let makes = |entry: &&EntryPoint| {
        entry.effects.iter().any(|effect| {
            let account = effect.kind == EffectKind::CreateAccount
                || effect.kind == EffectKind::Create && is_accounts(app, &effect.target);
            account && entry.reach_of(effect) == Reach::Role
        })
    };
    // Best where the role of the new account can be chosen too.
    let chooses = |entry: &EntryPoint| {
        let named = |name: &str| name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("role"));
        entry.inputs.iter().any(|input| named(input))
            || entry.effects.iter().any(|effect| !effect.privilege_fields.is_empty())
    };
    let entries = app.entry_points.iter().rev().filter(makes);
    let Some(entry) = entries.max_by_key(|entry| chooses(entry)) else { return };
    let administrator = Position::Administrator;
    let text = format!(
        "makes an account of the attacker's own with {}, which is still there when the page is closed",
        entry.label()
    );
    base.add(&[Claim::ActsAs(administrator)], &Claim::Holds(administrator), By::Fact, text, Confidence::Likely);
    // A forged request shows no answer: it must name the new password itself.
    for entry in app.entry_points.iter().filter(makes).filter(|entry| {
        chooses(entry) && entry.inputs.iter().any(|input| input.to_ascii_lowercase().contains("password"))
    }) {
        let text = "logs in with the account and password that the forged request has made".to_owned();
        base.add(&[Claim::Forges(entry.label())], &Claim::Holds(administrator), By::Fact, text, Confidence::Likely);
    }
}

/// Whether a store holds the app's own accounts: it keeps their passwords.
fn is_accounts(app: &App, target: &str) -> bool {
    app.stores.iter().any(|store| {
        store.name.eq_ignore_ascii_case(target)
            && store.fields.iter().any(|field| field.kind == "password" || field.kind == "password-hash")
    })
}

/// What the attacker's page gets when the app lets other websites read its answers.
///
/// Browsers decide by the session cookie: measured with Chromium, a page of another site gets no cookie that says `Lax`,
/// `Strict` or nothing, and reads what a stranger would get; a page of the same site (a sibling subdomain, another port)
/// gets it whatever it says. A login that is sent by script is not sent along at all.
fn foreign_reads(app: &App) -> Option<(&'static str, Confidence)> {
    let mut sessions = app.cookies.iter().filter(|cookie| cookie.is_session).peekable();
    if sessions.peek().is_none() {
        let by_script = app.stored_values.iter().any(|value| value.kind == StoredValueKind::SessionToken);
        return (!by_script).then_some((
            "if browsers send the login along to other websites' requests, the attacker's page reads the app's answers with it",
            Confidence::Possible,
        ));
    }
    Some(if sessions.any(|cookie| cookie.same_site == Some(SameSite::None)) {
        ("the attacker's page reads the app's answers with the visitor's login", Confidence::Likely)
    } else {
        (
            "if the attacker has a page on an address of the same site (another subdomain), it reads the app's answers with the visitor's login",
            Confidence::Possible,
        )
    })
}

/// Whether a content security policy stops a script that was slipped into a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScriptPolicy {
    /// No policy was seen.
    None,
    /// One that lets such scripts run.
    LetsIn,
    /// One that stops them, or whose words are not known.
    Stops,
}

fn script_policy(app: &App) -> ScriptPolicy {
    let in_code = app.headers.iter().filter(|header| header.name == ContentPolicy::HEADER);
    let values = in_code.map(|header| header.value.as_deref()).chain(
        app.live
            .pages
            .iter()
            .flat_map(|(_, headers)| headers)
            .filter(|(name, _)| name == ContentPolicy::HEADER)
            .map(|(_, value)| Some(value.as_str())),
    );
    let stops: Vec<bool> =
        values.map(|value| value.is_none_or(|value| ContentPolicy::parse(value).stops_inline())).collect();
    match stops.as_slice() {
        [] => ScriptPolicy::None,
        // Several policies hold together: one that stops is enough.
        some if some.contains(&true) => ScriptPolicy::Stops,
        _ => ScriptPolicy::LetsIn,
    }
}
