//! What test accounts are answered: sessions by ablation, tokens, and two accounts before the same object.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Exchange;
use plimsoll_model::app::{
    CookieSet, LiveAccess, LiveAccount, LiveCheck, LiveContent, LiveCors, LiveToken, LiveVerdict, TokenPlace,
};
use sha2::{Digest, Sha256};

use crate::account::{self, LoginWay, SignIn, Signed};
use crate::answer::{self, Understood};
use crate::html;
use crate::http::{Method, Request, Response};
use crate::login::LoginBody;
use crate::plan::{self, ACCESS, SESSIONS};
use crate::run::{Run, matches_template};
use crate::session::{Missed, exchange_of};
use crate::signature;

/// Cookies that are left out one by one.
const MAX_ABLATED: usize = 5;

/// An answer that the first account was given.
struct Given {
    path: String,
    entry: Option<usize>,
    object: bool,
    hash: [u8; 32],
    /// The address whose answer led there.
    from: Option<String>,
}

/// What the first account's answers showed that leads to objects.
#[derive(Default)]
pub(crate) struct Leads {
    /// First id of a list, by the address of the list.
    ids: BTreeMap<String, String>,
    /// Further ids of a list, by the address of the list.
    more: BTreeMap<String, Vec<String>>,
    /// First id of a list inside an answer, by the name of the list: id and the address that showed it.
    lists: BTreeMap<String, (String, String)>,
    /// Values of fields in records, by the field's name: values of different shapes and the address that showed them.
    fields: BTreeMap<String, (Vec<String>, String)>,
    /// Links and the page that holds them.
    links: BTreeMap<String, String>,
}

impl Run<'_, '_> {
    /// How the app takes a login: a form on a page that was seen, the owner's word, or what the source shows.
    pub(crate) fn login_way(&self, sign_in: &SignIn) -> Option<LoginWay> {
        let origin = self.permit.origin();
        let known = |path: &str| self.input.logins.iter().find(|login| login.path == path);
        let form = self.pages.iter().find_map(|(page, parts)| {
            let form = parts.forms.iter().find(|form| form.posts && form.signs_in())?;
            let action =
                if form.action.is_empty() { page.clone() } else { html::resolve(page, &origin, &form.action)? };
            if sign_in.path.as_ref().is_some_and(|said| *said != action) {
                return None;
            }
            Some(LoginWay {
                entry: known(action.split('?').next().unwrap_or_default()).map(|login| login.entry),
                path: action,
                body: LoginBody::Form,
                user_field: sign_in.user_field.clone().or_else(|| form.user().map(str::to_owned))?,
                password_field: sign_in.password_field.clone().or_else(|| form.password().map(str::to_owned))?,
                page: Some(page.clone()),
            })
        });
        if form.is_some() {
            return form;
        }
        let login = match &sign_in.path {
            Some(path) => known(path),
            None => self.input.logins.first(),
        };
        let path = sign_in.path.clone().or_else(|| login.map(|login| login.path.clone()))?;
        let field = |said: &Option<String>, seen: Option<&String>, usual: &str| {
            said.clone().or_else(|| seen.cloned()).unwrap_or_else(|| usual.to_owned())
        };
        Some(LoginWay {
            path,
            entry: login.map(|login| login.entry),
            body: LoginBody::Json,
            user_field: field(&sign_in.user_field, login.and_then(|login| login.user_field.as_ref()), "email"),
            password_field: field(
                &sign_in.password_field,
                login.and_then(|login| login.password_field.as_ref()),
                "password",
            ),
            page: None,
        })
    }

    /// Signs the accounts in and looks at what each is answered.
    pub(crate) fn accounts(&mut self, sign_in: &SignIn, way: Option<&LoginWay>) {
        let what = "what a signed-in user may see of others, live";
        let Some(way) = way else {
            let why = "neither a login form nor a login route was found; name it under `[login]`";
            self.gap(what, why.to_owned(), !sign_in.accounts.is_empty());
            self.checked(plan::ACCOUNTS, LiveVerdict::CouldNotTell, why.to_owned());
            return;
        };
        if sign_in.accounts.is_empty() {
            self.gap(what, "no test accounts were given".to_owned(), false);
            return;
        }
        let mut signed: Vec<Signed> = Vec::new();
        for account in sign_in.accounts.iter().take(2) {
            match account::sign_in(&mut self.session, self.permit, way, account) {
                Ok(one) => signed.push(one),
                Err(why) => {
                    self.gap(&format!("the test account `{}`", account.label), format!("{}: {why}", way.words()), true);
                }
            }
        }
        for one in &signed {
            self.facts.live.accounts.push(LiveAccount {
                label: one.label.clone(),
                how: way.words(),
                exchange: one.exchange.clone(),
            });
        }
        let verdict = if signed.is_empty() { LiveVerdict::CouldNotTell } else { LiveVerdict::Passed };
        self.checked(
            plan::ACCOUNTS,
            verdict,
            format!("{} of {} signed in by {}", signed.len(), sign_in.accounts.len().min(2), way.words()),
        );
        let Some(first) = signed.first().cloned() else { return };
        let (given, leads) = self.given(&first);
        self.sessions(&first, &given);
        self.foreign_read(&first, &given);
        if given.is_empty() {
            self.gap(what, format!("signed in, `{}` was given nothing that a stranger is not", first.label), true);
            return;
        }
        self.objects_without_session(&given);
        match signed.get(1) {
            Some(second) => self.second(second, &first, &given),
            None => self.gap(what, "only one test account could be signed in".to_owned(), false),
        }
        // Last: it is the one thing here that leaves something behind.
        self.uploads(&first, &leads);
    }

    pub(crate) fn checked(&mut self, check: &str, verdict: LiveVerdict, note: String) {
        self.facts.live.checks.push(LiveCheck { check: check.to_owned(), verdict, note });
    }

    /// One GET in a session. `None` when there was no answer.
    fn as_account(&mut self, check: &'static str, account: &Signed, path: &str) -> Option<(Exchange, Response)> {
        let request = account.get(self.permit, path)?;
        match self.session.send(check, &request) {
            Ok(response) => Some((exchange_of(&request, Some(response.status)), response)),
            Err(Missed::Failed(error)) => {
                self.gap(&format!("{path} for the account `{}`", account.label), error.to_string(), false);
                None
            }
            Err(_) => None,
        }
    }

    /// What the first account is given that a stranger is not: entry points that refused, and objects that its own answers
    /// name.
    fn given(&mut self, first: &Signed) -> (Vec<Given>, Leads) {
        let refused: Vec<(String, Option<usize>)> = self
            .facts
            .live
            .refused_entry_points
            .iter()
            .filter_map(|answer| {
                let path = answer.exchange.url.strip_prefix(&self.permit.origin())?;
                Some((path.to_owned(), answer.entry))
            })
            .collect();
        let mut given = Vec::new();
        let mut leads = Leads::default();
        // Where the login leads to is where the links are.
        let home = first.home.clone().filter(|home| refused.iter().all(|(path, _)| path != home));
        if let Some(home) = home.filter(|home| plan::risky(home).is_none()) {
            self.give(first, &home, None, None, &mut given, &mut leads);
        }
        for (path, entry) in refused.into_iter().take(plan::MAX_ACCOUNT_PATHS) {
            self.give(first, &path, entry, None, &mut given, &mut leads);
        }
        // Objects by the values that these answers showed; an object's page may lead to further ones.
        let templates: Vec<(String, Option<usize>)> = self
            .lists
            .templates
            .iter()
            .map(|template| (template.path.clone(), (template.index != usize::MAX).then_some(template.index)))
            .collect();
        let mut done: BTreeSet<String> = BTreeSet::new();
        let mut tried: BTreeSet<String> = BTreeSet::new();
        let mut asked = 0;
        loop {
            let mut moved = false;
            for (template, entry) in &templates {
                if asked >= plan::MAX_OBJECTS || done.contains(template) {
                    continue;
                }
                let paths = object_paths(template, &leads);
                if paths.is_empty() {
                    continue;
                }
                done.insert(template.clone());
                moved = true;
                // Values of other shapes only where the first one leads nowhere.
                for (path, from) in paths.into_iter().filter(|(path, _)| plan::risky(path).is_none()).take(2) {
                    asked += 1;
                    let before = given.len();
                    self.give(first, &path, *entry, Some(from), &mut given, &mut leads);
                    if given.len() > before {
                        break;
                    }
                }
            }
            if moved {
                continue;
            }
            // Some kind of object is still not seen: another one of a kind that is may lead there.
            let missing = templates.iter().any(|(template, _)| !done.contains(template));
            let seen: BTreeSet<&str> = given.iter().map(|one| one.path.as_str()).collect();
            let other = leads.links.iter().find_map(|(link, page)| {
                let (_, entry) = templates.iter().find(|(template, _)| matches_template(template, link))?;
                let fit = !seen.contains(link.as_str()) && !tried.contains(link) && plan::risky(link).is_none();
                fit.then(|| (link.clone(), page.clone(), *entry))
            });
            let other = other.or_else(|| {
                let more =
                    |list: &str, fit: &dyn Fn(&str) -> bool| leads.more.get(list)?.iter().find(|id| fit(id)).cloned();
                templates.iter().find_map(|(template, entry)| {
                    let (list, _) = template.split_once("/:").filter(|(_, after)| !after.contains('/'))?;
                    let fit = |id: &str| {
                        let path = format!("{list}/{id}");
                        !seen.contains(path.as_str()) && !tried.contains(&path) && plan::risky(&path).is_none()
                    };
                    Some((format!("{list}/{}", more(list, &fit)?), list.to_owned(), *entry))
                })
            });
            let Some((link, page, entry)) = other.filter(|_| missing && asked < plan::MAX_OBJECTS) else { break };
            asked += 1;
            tried.insert(link.clone());
            self.give(first, &link, entry, Some(page), &mut given, &mut leads);
        }
        (given, leads)
    }

    /// One address as the first account; `from` is the address that led to it, where it is an object.
    fn give(
        &mut self,
        first: &Signed,
        path: &str,
        entry: Option<usize>,
        from: Option<String>,
        given: &mut Vec<Given>,
        leads: &mut Leads,
    ) {
        let object = from.is_some();
        let Some((exchange, response)) = self.as_account(ACCESS, first, path) else { return };
        let access = access_of(exchange, &response, first, entry, object, false, None);
        let allowed = access.allowed() && !self.known.is_missing(&response, path);
        self.facts.live.access.push(access);
        if !allowed {
            return;
        }
        given.push(Given { path: path.to_owned(), entry, object, hash: Sha256::digest(&response.body).into(), from });
        let mut ids = answer::ids(&response.body);
        if !ids.is_empty() {
            leads.ids.insert(path.to_owned(), ids.remove(0));
            leads.more.insert(path.to_owned(), ids);
        }
        for (name, values) in answer::short_values(&response.body) {
            leads.fields.entry(name).or_insert_with(|| (values, path.to_owned()));
        }
        for (name, id) in answer::inner_ids(&response.body) {
            leads.lists.entry(name).or_insert_with(|| (id, path.to_owned()));
        }
        if response.media_type().contains("html") {
            let origin = self.permit.origin();
            let parts = html::parts(&response.text());
            if self.account_forms.len() < 40 {
                self.account_forms.extend(parts.forms.into_iter().map(|form| (path.to_owned(), form)));
            }
            let found = parts.links;
            let found = found.iter().filter_map(|link| html::resolve(path, &origin, link));
            for link in found.filter_map(|link| plan::plain_path(&link)).take(300) {
                leads.links.entry(link).or_insert_with(|| path.to_owned());
            }
        }
    }

    /// What a foreign site could read with a signed-in visitor's session: the decision on answers that only he gets.
    fn foreign_read(&mut self, first: &Signed, given: &[Given]) {
        let paths: Vec<&str> = given.iter().filter(|one| !one.object).map(|one| one.path.as_str()).take(2).collect();
        let mut read = 0;
        for path in paths {
            let Some(request) = first.get(self.permit, path) else { continue };
            let request = request.header("Origin", plan::FOREIGN_ORIGIN);
            let Ok(response) = self.session.send(plan::CORS, &request) else { return };
            let allowed = response.header("access-control-allow-origin").filter(|_| response.status < 400);
            let Some(allowed) = allowed.filter(|allowed| matches!(*allowed, "*" | plan::FOREIGN_ORIGIN)) else {
                continue;
            };
            let credentials = response.header("access-control-allow-credentials");
            read += 1;
            self.facts.live.cors.push(LiveCors {
                exchange: exchange_of(&request, Some(response.status)),
                origin: plan::FOREIGN_ORIGIN.to_owned(),
                allow_origin: allowed.to_owned(),
                credentials: credentials.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")),
                verdict: LiveVerdict::Confirmed,
            });
        }
        if let Some(check) = self.facts.live.checks.iter_mut().find(|check| check.check == plan::CORS && read > 0) {
            check.verdict = LiveVerdict::Confirmed;
            check.note.push_str("; a foreign origin may also read what only a signed-in account is given");
        }
    }

    /// Objects that the first account was given, asked by nobody.
    fn objects_without_session(&mut self, given: &[Given]) {
        for one in given.iter().filter(|one| one.object) {
            let (name, value) = plan::accept_data();
            let Ok(request) = Request::new(self.permit, Method::Get, &one.path) else { continue };
            let request = request.header(name, value);
            let Ok(response) = self.session.send(ACCESS, &request) else { continue };
            let exchange = exchange_of(&request, Some(response.status));
            match answer::understand(exchange, one.entry, &one.path, &response, &self.known) {
                Understood::Open(answer) => self.facts.live.open_entry_points.push(answer),
                Understood::Refused(answer) => self.facts.live.refused_entry_points.push(answer),
                Understood::Missing | Understood::Unclear(_) => {}
            }
        }
    }

    /// What the second account is given of what the first one was.
    fn second(&mut self, second: &Signed, first: &Signed, given: &[Given]) {
        let (mut let_in, mut refused, mut foreign) = (0, 0, 0);
        let mut closed: BTreeSet<&str> = BTreeSet::new();
        for one in given {
            let Some((exchange, response)) = self.as_account(ACCESS, second, &one.path) else { continue };
            let same = response.status < 300 && Sha256::digest(&response.body).as_slice() == one.hash;
            let mut access =
                access_of(exchange, &response, second, one.entry, one.object, true, first.marker.as_deref());
            access.same = same;
            access.from_refused = one.from.as_deref().is_some_and(|from| closed.contains(from));
            if access.allowed() && !self.known.is_missing(&response, &one.path) {
                let_in += 1;
                foreign += usize::from(access.marked);
            } else {
                refused += 1;
                closed.insert(&one.path);
            }
            self.facts.live.access.push(access);
        }
        // The first account's session may have ended meanwhile; then the comparison says nothing.
        if let Some(path) = given.first().map(|one| one.path.clone())
            && let Some((_, response)) = self.as_account(ACCESS, first, &path)
            && response.status >= 300
        {
            let why = format!("the session of `{}` ended during the comparison", first.label);
            self.gap("what a signed-in user may see of others, live", why, true);
        }
        let verdict = match (foreign, refused) {
            (1.., _) => LiveVerdict::Confirmed,
            (0, 1..) if let_in == 0 => LiveVerdict::Passed,
            _ if first.marker.is_some() => LiveVerdict::Passed,
            _ => LiveVerdict::CouldNotTell,
        };
        let note = format!(
            "`{}` asked for {} addresses that `{}` was given: let in to {let_in}, refused on {refused}, {foreign} with words that only the first account's records hold{}",
            second.label,
            given.len(),
            first.label,
            if first.marker.is_none() {
                " (no marker was named, so shared and foreign data cannot be told apart)"
            } else {
                ""
            }
        );
        self.checked(ACCESS, verdict, note);
    }

    /// Which cookie is the session: the one without which the account is a stranger.
    fn sessions(&mut self, first: &Signed, given: &[Given]) {
        if let Some(key) = &first.token_key {
            self.facts.live.tokens.push(LiveToken {
                place: TokenPlace::Answer,
                key: key.clone(),
                exchange: first.exchange.clone(),
                says: first.bearer.as_deref().map(account::jwt_says).unwrap_or_default(),
            });
        }
        let Some(page) = given.first().map(|one| one.path.clone()) else {
            self.checked(
                SESSIONS,
                LiveVerdict::CouldNotTell,
                "no page was found that only a signed-in account gets".to_owned(),
            );
            return;
        };
        let still_in = |run: &mut Self, account: &Signed| {
            run.as_account(SESSIONS, account, &page).map(|(_, response)| response.status < 300)
        };
        let mut needed: Vec<String> = Vec::new();
        let names: Vec<String> = first.jar.keys().cloned().collect();
        // A token in a header may make every cookie needless: without it, the cookies show what they are worth.
        let cookies_alone = Signed { bearer: None, ..first.clone() };
        let by_cookies =
            first.bearer.is_none() || (!names.is_empty() && still_in(self, &cookies_alone).unwrap_or(false));
        if by_cookies {
            for name in names.iter().take(MAX_ABLATED) {
                let mut without = cookies_alone.clone();
                without.jar.remove(name);
                if still_in(self, &without) == Some(false) {
                    needed.push(name.clone());
                }
            }
        }
        self.session.observed.sessions_are(&needed);
        if first.bearer.is_some() && !by_cookies {
            self.token_in_address(first, &page);
        }
        let note = match (&needed[..], by_cookies) {
            ([], false) => "the session is a token that scripts send along; no cookie carries it".to_owned(),
            ([], true) => {
                format!("{} cookies left out one by one; none of them alone carries the session", names.len())
            }
            (some, _) => format!(
                "without {} the account is a stranger: {} the session",
                some.join(" or "),
                if some.len() == 1 { "it carries" } else { "they carry" }
            ),
        };
        let verdict = if needed.is_empty() && by_cookies { LiveVerdict::CouldNotTell } else { LiveVerdict::Passed };
        self.checked(SESSIONS, verdict, note);
    }

    /// Whether the token is also taken from the address, under a name that the app's own scripts use.
    fn token_in_address(&mut self, first: &Signed, page: &str) {
        let Some(token) = first
            .bearer
            .as_deref()
            .filter(|token| token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b)))
        else {
            return;
        };
        let scripts: String = self.facts.scripts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
        let names = ["token", "access_token", "auth_token", "jwt", "auth"];
        let named = |name: &&&str| ["?", "&"].iter().any(|sign| scripts.contains(&format!("{sign}{name}=")));
        for name in names.iter().filter(named).take(2) {
            let sign = if page.contains('?') { '&' } else { '?' };
            let Ok(request) = Request::new(self.permit, Method::Get, &format!("{page}{sign}{name}={token}")) else {
                continue;
            };
            let (accept, value) = plan::accept_data();
            let request = request.header(accept, value).hiding(token).of_account(&first.label);
            let Ok(response) = self.session.send(SESSIONS, &request) else { continue };
            if response.status < 300 && !self.known.is_missing(&response, page) {
                self.facts.live.tokens.push(LiveToken {
                    place: TokenPlace::Address,
                    key: (*name).to_owned(),
                    exchange: exchange_of(&request, Some(response.status)),
                    says: Vec::new(),
                });
                return;
            }
        }
    }

    /// Wrong passwords, after everything that needs a session: they may lock the address out for a while.
    pub(crate) fn wrong_passwords(&mut self, sign_in: &SignIn, way: Option<&LoginWay>) {
        let what = "whether the login limits wrong passwords, live";
        let Some(way) = way else {
            self.gap(what, "neither a login form nor a login route was found".to_owned(), true);
            return;
        };
        let (live, note) = crate::login::probe_way(
            &mut self.session,
            self.permit,
            way,
            sign_in.accounts.first(),
            !self.facts.live.accounts.is_empty(),
        );
        let verdict = live.as_ref().map_or(LiveVerdict::CouldNotTell, |live| live.verdict);
        if verdict == LiveVerdict::CouldNotTell {
            self.gap(what, note.clone(), true);
        }
        self.facts.live.login = live;
        self.checked(plan::LOGIN, verdict, note);
    }
}

fn access_of(
    mut exchange: Exchange,
    response: &Response,
    account: &Signed,
    entry: Option<usize>,
    object: bool,
    second: bool,
    marker: Option<&str>,
) -> LiveAccess {
    let kind = response.media_type();
    let refused_page = kind.contains("html") && html::parts(&response.text()).password_field;
    // A login page in place of what was asked for is a refusal, whatever its status.
    if refused_page && response.status < 300 {
        exchange.status = Some(401);
    }
    let content = match kind.as_str() {
        kind if kind.contains("json") => LiveContent::Json,
        kind if kind.contains("html") => LiveContent::Html,
        "text/csv" => LiveContent::Table,
        _ => LiveContent::Other,
    };
    LiveAccess {
        exchange,
        entry,
        account: account.label.clone(),
        second,
        content,
        object,
        same: false,
        from_refused: false,
        marked: marker.is_some_and(|marker| response.text().contains(marker)),
        personal: signature::personal_values(&response.body),
    }
}

impl Leads {
    /// A path of this shape with values that the answers showed.
    pub(crate) fn path_of(&self, template: &str) -> Option<String> {
        let found = object_paths(template, self).into_iter().map(|(path, _)| path);
        found.into_iter().find(|path| plan::risky(path).is_none())
    }
}

/// Paths of an object and what led there: a template with the id that its list showed, with the id of a list of that name
/// in another answer, with the value of a field of the parameter's name, or a link of that shape.
fn object_paths(template: &str, leads: &Leads) -> Vec<(String, String)> {
    let link = leads.links.iter().find(|(link, _)| matches_template(template, link));
    let mut found = filled(template, leads);
    found.extend(link.map(|(link, page)| (link.clone(), page.clone())));
    found
}

fn filled(template: &str, leads: &Leads) -> Vec<(String, String)> {
    let Some((before, after)) = template.split_once("/:") else { return Vec::new() };
    let rest = after.split_once('/').map_or(String::new(), |(_, rest)| format!("/{rest}"));
    let name = after.split('/').next().unwrap_or_default().to_ascii_lowercase();
    // A value of a secret (a share token) is not an id.
    let secret = ["token", "code", "secret", "key", "hash"].iter().any(|word| name.contains(word));
    if rest.contains(':') || secret {
        return Vec::new();
    }
    let with = |value: &String, from: &String| (format!("{before}/{value}{rest}"), from.clone());
    let lists = [before.to_owned(), format!("{before}/")];
    if let Some(found) = lists.iter().find_map(|list| Some(with(leads.ids.get(list)?, list))) {
        return vec![found];
    }
    let folder = before.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    if let Some((id, from)) = leads.lists.get(&folder) {
        return vec![with(id, from)];
    }
    // `id` alone could be the id of anything.
    let field = leads.fields.get(&name).filter(|_| name != "id");
    field.into_iter().flat_map(|(values, from)| values.iter().map(|value| with(value, from))).collect()
}

/// Why the accounts were left out, for a run without consent.
pub(crate) fn not_asked(run: &mut Run<'_, '_>) {
    let why = "nobody signs in and no password is tried without `--sign-in`";
    run.gap("whether the login limits wrong passwords, live", why.to_owned(), false);
    run.gap("what a signed-in user may see of others, live", why.to_owned(), false);
}

/// Marks the cookies that carry the session, by ablation; without a result the names stand.
pub(crate) fn mark(cookies: &mut BTreeMap<String, CookieSet>, needed: &[String]) {
    if needed.is_empty() {
        return;
    }
    for cookie in cookies.values_mut() {
        cookie.is_session = needed.contains(&cookie.name);
        if cookie.is_session {
            cookie.by = "the account is a stranger without it".to_owned();
        }
    }
}
