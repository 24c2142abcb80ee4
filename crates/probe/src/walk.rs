//! Pages in a browser: what a visitor sees, guards that stand only in the browser, and what signing in leaves there.
//!
//! The browser has no network. Whatever its pages ask for comes here and goes through the gate of the run: its scope, its
//! budget, its log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plimsoll_browser::{Browser, BrowserError, Closed, Gate, Page, PageAnswer, PageOptions, PageRequest, Settled};
use plimsoll_model::Exchange;
use plimsoll_model::app::{
    GuardPassed, LiveContent, LiveGuard, LiveInline, LiveToken, LiveVerdict, Picture, TokenPlace,
};
use serde_json::{Value, json};

use crate::account::{self, LoginWay, SignIn, TestAccount};
use crate::answer::{self, Understood};
use crate::html;
use crate::http::{Method, Request, Response};
use crate::input::KeptValue;
use crate::permit::Permit;
use crate::plan::{self, BROWSER, BROWSER_LOGIN, SkippedPath};
use crate::run::Run;
use crate::session::{Session, exchange_of};
use crate::signature;

/// Longest for one page.
const MAX_VISIT: Duration = Duration::from_secs(5);
/// Time of the run that is kept for the checks after this one.
const KEPT: Duration = Duration::from_secs(6);
/// Most requests of one visit.
const MAX_ASKED: usize = 30;
/// Most documents of one visit.
const MAX_MOVES: usize = 8;
/// Most pictures of a run.
const MAX_PICTURES: usize = 4;
/// Pictures of answers of entry points.
const MAX_ANSWERS: usize = 2;
/// Largest picture.
const MAX_PICTURE: usize = 400 * 1024;
/// Visible text from which a page is more than a frame.
const SOME_TEXT: usize = 60;

const INLINE: &str = include_str!("walk/inline.js");
const STATE: &str = include_str!("walk/state.js");
const REDACT: &str = include_str!("walk/redact.js");
const FOCUS: &str = include_str!("walk/focus.js");

/// A browser that is starting while other checks run.
pub(crate) struct Starting(Option<JoinHandle<Result<Browser, BrowserError>>>);

impl Starting {
    pub(crate) fn new(program: Option<&PathBuf>) -> Self {
        let program = program.cloned();
        Starting(program.map(|program| std::thread::spawn(move || Browser::launch(&program))))
    }
}

/// One request of a page and how it was answered.
#[derive(Clone, Debug)]
struct Asked {
    exchange: Exchange,
    kind: String,
    /// Data of people or fields that are not for everyone came with it, without credentials.
    open: bool,
}

/// Stands between the browser and the app.
struct Scope<'r, 'l> {
    session: &'r mut Session<'l>,
    permit: &'r Permit,
    known: &'r crate::soft404::Baseline,
    /// Scripts and style sheets that were answered: they are the same for every visit.
    cache: &'r mut BTreeMap<String, Response>,
    check: &'static str,
    /// Where one POST may go, while a test account signs in.
    login: Option<&'r LoginWay>,
    account: Option<&'r str>,
    asked: Vec<Asked>,
    /// Origins of other servers that the page wanted to ask.
    foreign: BTreeSet<String>,
    skipped: Vec<SkippedPath>,
    /// Requests that change something and were not sent.
    held_back: usize,
    /// Requests beyond those that one visit may make.
    left_out: usize,
    login_sent: bool,
}

impl Scope<'_, '_> {
    /// A request of the app's own origin that may be sent.
    fn own(&mut self, request: &PageRequest, path: &str) -> Option<Response> {
        let wanted = matches!(request.kind.as_str(), "Document" | "Script" | "Stylesheet" | "XHR" | "Fetch");
        if !wanted || path.starts_with("/favicon") {
            return None;
        }
        if self.asked.len() >= MAX_ASKED {
            self.left_out += 1;
            return None;
        }
        let still = matches!(request.kind.as_str(), "Script" | "Stylesheet") && request.method == "GET";
        if let Some(known) = self.cache.get(path).filter(|_| still) {
            return Some(known.clone());
        }
        let built = match request.method.as_str() {
            "GET" => {
                if let Some(why) = plan::risky(path) {
                    self.skipped.push(SkippedPath { path: path.to_owned(), why });
                    return None;
                }
                Request::new(self.permit, Method::Get, path).ok()?
            }
            "POST"
                if self.login.is_some_and(|way| same_path(&way.path, path) || login_like(path)) && !self.login_sent =>
            {
                self.login_sent = true;
                let json = request.header("content-type").is_some_and(|kind| kind.contains("json"));
                let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
                Request::login(self.permit, path, kind, request.body.clone()).ok()?
            }
            _ => {
                self.held_back += 1;
                return None;
            }
        };
        let mut built = built;
        for name in ["Accept", "Origin", "Referer", "X-Requested-With", "X-CSRF-Token", "X-XSRF-Token"] {
            if let Some(value) = request.header(name) {
                built = built.header(name, value);
            }
        }
        let mut stranger = true;
        for name in ["Cookie", "Authorization"] {
            if let Some(value) = request.header(name) {
                stranger = false;
                built = built.secret_header(name, value);
            }
        }
        if let Some(label) = self.account {
            built = built.of_account(label);
        }
        let response = self.session.send(self.check, &built).ok()?;
        let exchange = exchange_of(&built, Some(response.status));
        let data = matches!(request.kind.as_str(), "XHR" | "Fetch");
        let open = data
            && stranger
            && {
                let understood = answer::understand(exchange.clone(), None, path, &response, self.known);
                matches!(understood, Understood::Open(answer) if answer.verdict == LiveVerdict::Confirmed && answer.content != LiveContent::Html)
            };
        self.asked.push(Asked { exchange, kind: request.kind.clone(), open });
        if response.is_encoded() {
            return None;
        }
        if still && response.status == 200 {
            self.cache.insert(path.to_owned(), response.clone());
        }
        Some(response)
    }
}

impl Gate for Scope<'_, '_> {
    fn ask(&mut self, request: PageRequest) -> PageAnswer {
        let origin = self.permit.origin();
        let path = match request.url.strip_prefix(&origin) {
            Some("") => "/",
            // `http://127.0.0.1:30001` begins like `http://127.0.0.1:3000`.
            Some(path) if path.starts_with('/') => path,
            _ => {
                let other: String = request.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
                if self.foreign.len() < 50 && other.starts_with("http") {
                    self.foreign.insert(crate::permit::shown(&other));
                }
                return PageAnswer::Refuse;
            }
        };
        let path = path.to_owned();
        match self.own(&request, &path) {
            Some(response) => {
                PageAnswer::Give { status: response.status, headers: response.headers, body: response.body }
            }
            None => PageAnswer::Refuse,
        }
    }
}

/// What a page is and shows.
#[derive(Clone, Debug, Default)]
struct Seen {
    path: String,
    hash: String,
    text: String,
    password: bool,
    local: Vec<(String, String)>,
    session: Vec<(String, String)>,
    links: Vec<String>,
    asked: Vec<Asked>,
    foreign: BTreeSet<String>,
    login_sent: bool,
    held_back: usize,
}

impl Seen {
    /// Looks like a place to sign in.
    fn is_login(&self) -> bool {
        self.password || login_like(&self.path) || login_like(&self.hash)
    }
}

/// The walk: a browser and what it has learnt.
struct Walk<'w, 'a, 'l> {
    run: &'w mut Run<'a, 'l>,
    browser: Browser,
    cache: BTreeMap<String, Response>,
    visits: usize,
    /// Some page could not be seen as it is.
    cut: bool,
}

impl Run<'_, '_> {
    /// Opens pages in the browser. What it cannot do is listed as not checked.
    pub(crate) fn walk(&mut self, starting: Starting, sign_in: Option<&SignIn>, way: Option<&LoginWay>) {
        let what = "pages as a browser shows them";
        let Some(thread) = starting.0 else {
            self.gap(what, "no Chromium was found on this computer; guards in the browser, tokens in its storage and pictures are left out".to_owned(), false);
            self.checked(BROWSER, LiveVerdict::CouldNotTell, "no browser".to_owned());
            return;
        };
        let browser = match thread.join() {
            Ok(Ok(browser)) => browser,
            Ok(Err(error)) => {
                self.gap(what, error.to_string(), true);
                self.checked(BROWSER, LiveVerdict::CouldNotTell, error.to_string());
                return;
            }
            Err(_) => {
                self.gap(what, "starting the browser failed".to_owned(), true);
                return;
            }
        };
        if !self
            .facts
            .live
            .pages
            .iter()
            .any(|(_, headers)| headers.iter().any(|(name, value)| name == "content-type" && value.contains("html")))
        {
            self.checked(BROWSER, LiveVerdict::CouldNotTell, "the app serves no pages that were found".to_owned());
            return;
        }
        let mut walk = Walk { run: self, browser, cache: BTreeMap::new(), visits: 0, cut: false };
        let ended = walk.all(sign_in, way);
        let (visits, cut) = (walk.visits, walk.cut);
        let guards = self.facts.live.guards.len();
        let worst = self.facts.live.guards.iter().map(|guard| guard.verdict).min();
        match ended {
            Ok(()) => {
                let verdict = worst.unwrap_or(if cut { LiveVerdict::CouldNotTell } else { LiveVerdict::Passed });
                self.checked(
                    BROWSER,
                    verdict,
                    format!("{visits} pages opened; {guards} guards that stand only in the browser"),
                );
            }
            Err(error) => {
                self.gap(what, format!("after {visits} pages: {error}"), true);
                self.checked(BROWSER, worst.unwrap_or(LiveVerdict::CouldNotTell), error.to_string());
            }
        }
    }
}

impl Walk<'_, '_, '_> {
    fn all(&mut self, sign_in: Option<&SignIn>, way: Option<&LoginWay>) -> Result<(), BrowserError> {
        let start = self.visit("/", &PageOptions::default(), None, None, |walk, page, seen| {
            walk.inline(page);
            walk.picture(
                page,
                &format!("The start page, as anyone sees it{}", if seen.password { ": a login" } else { "" }),
            );
            Ok(())
        })?;
        let shell =
            html::visible_text(&self.run.first_page).split_whitespace().map(str::len).sum::<usize>() < SOME_TEXT;
        let opened = self.stored_values(&start, shell)?;
        if let Some(account) = sign_in.and_then(|sign_in| sign_in.accounts.first()) {
            self.sign_in(&start, account, way, opened)?;
        }
        // Last, because they take as much time as there is.
        self.own_pages()?;
        self.open_answers()
    }

    fn time_for_more(&self) -> bool {
        self.visits < plan::MAX_VISITS + 4 && self.run.session.stopped.is_none() && self.left() > Duration::from_secs(1)
    }

    /// Time for pages: some of the run's is kept for what comes after them.
    fn left(&self) -> Duration {
        self.run.session.left().saturating_sub(KEPT)
    }

    /// Opens a page in a fresh context, looks at it, and closes it.
    fn visit(
        &mut self,
        address: &str,
        options: &PageOptions,
        account: Option<&str>,
        login: Option<&LoginWay>,
        then: impl FnOnce(&mut Self, &Page, &Seen) -> Result<(), BrowserError>,
    ) -> Result<Seen, BrowserError> {
        self.visits += 1;
        let page = self.browser.open(options)?;
        let url = self.run.permit.url(address);
        let seen = self.look(&page, Some(&url), account, login);
        let seen = match seen {
            Ok(seen) => {
                let done = then(self, &page, &seen);
                let _ = self.browser.close(page);
                done?;
                seen
            }
            // One page that hangs is no reason to leave the others out.
            Err(BrowserError::Deadline | BrowserError::Refused { .. }) => {
                self.browser.close(page)?;
                self.cut = true;
                self.run.gap(
                    &format!("the page {address} in the browser"),
                    "it did not come to rest".to_owned(),
                    false,
                );
                Seen::default()
            }
            Err(error) => return Err(error),
        };
        Ok(seen)
    }

    /// Goes to an address, or stays, waits until the page rests, and says what it is.
    fn look(
        &mut self,
        page: &Page,
        url: Option<&str>,
        account: Option<&str>,
        login: Option<&LoginWay>,
    ) -> Result<Seen, BrowserError> {
        let deadline = Instant::now() + MAX_VISIT.min(self.left());
        let mut scope = Scope {
            session: &mut self.run.session,
            permit: self.run.permit,
            known: &self.run.known,
            cache: &mut self.cache,
            check: if account.is_some() { BROWSER_LOGIN } else { BROWSER },
            login,
            account,
            asked: Vec::new(),
            foreign: BTreeSet::new(),
            skipped: Vec::new(),
            held_back: 0,
            left_out: 0,
            login_sent: false,
        };
        let settled = match url {
            Some(url) => self.browser.visit(page, url, &mut scope, deadline)?,
            None => self.browser.settle(page, &mut scope, deadline)?,
        };
        let limit = Instant::now() + Duration::from_secs(2);
        let state = self.browser.evaluate(page, STATE, &mut scope, limit)?;
        let Scope { asked, foreign, mut skipped, held_back, left_out, login_sent, .. } = scope;
        // A page that was not given all that it asked for, or that moves on and on, is not the page that a visitor sees.
        let moves = asked.iter().filter(|asked| asked.kind == "Document").count();
        self.cut |= left_out > 0 || moves > MAX_MOVES;
        if moves > MAX_MOVES {
            self.run.gap("a page in the browser", format!("it moved on more than {MAX_MOVES} times"), true);
        }
        if left_out > 0 {
            let why = format!("it asked for more than the {MAX_ASKED} requests of one visit");
            self.run.gap("a page in the browser", why, true);
        }
        if settled == Settled::TimeUp {
            self.run.gap(
                "a page in the browser",
                "it did not come to rest in time; what it showed until then counts".to_owned(),
                false,
            );
        }
        self.run.facts.skipped_paths.append(&mut skipped);
        let text = |name: &str| state[name].as_str().unwrap_or_default().to_owned();
        let pairs = |name: &str| -> Vec<(String, String)> {
            let list = state[name].as_array().into_iter().flatten();
            list.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))).collect()
        };
        let links = state["links"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Seen {
            path: text("path"),
            hash: text("hash"),
            text: text("text"),
            password: state["password"].as_bool().unwrap_or(false),
            local: pairs("local"),
            session: pairs("session"),
            links: links.collect(),
            asked,
            foreign,
            login_sent,
            held_back,
        })
    }

    /// Whether the page's policy stops a script that is slipped into it: it marks the document and does nothing else.
    fn inline(&mut self, page: &Page) {
        let limit = Instant::now() + Duration::from_secs(2);
        let Ok(Value::Bool(ran)) = self.browser.evaluate(page, INLINE, &mut Closed, limit) else { return };
        let exchange = Exchange { method: "GET".to_owned(), url: self.run.permit.url("/"), status: Some(200) };
        self.run.facts.live.inline_script = Some(LiveInline { exchange, ran });
        let (verdict, note) = match ran {
            true => (LiveVerdict::Confirmed, "a program slipped into the start page as markup ran in the browser"),
            false => (LiveVerdict::Passed, "a program slipped into the start page as markup was stopped by its policy"),
        };
        self.run.checked(plan::POLICY, verdict, note.to_owned());
    }

    /// Takes a picture in which personal data are replaced; without a picture nothing is lost.
    fn picture(&mut self, page: &Page, title: &str) {
        if self.run.facts.live.pictures.len() >= MAX_PICTURES {
            return;
        }
        let limit = Instant::now() + Duration::from_secs(2);
        // Not replaced, not taken.
        if self.browser.evaluate(page, REDACT, &mut Closed, limit).is_err() {
            return;
        }
        let Ok(url) = self.browser.evaluate(page, "location.href", &mut Closed, limit) else { return };
        let Ok(jpeg) = self.browser.picture(page, &mut Closed, limit) else { return };
        if jpeg.len() <= MAX_PICTURE && jpeg.starts_with(&[0xff, 0xd8]) {
            let url = url.as_str().unwrap_or_default().split(['?', '#']).next().unwrap_or_default().to_owned();
            self.run.facts.live.pictures.push(Picture { title: title.to_owned(), url, jpeg });
        }
    }

    /// Pages with content of their own that send a visitor away by script: without scripts they show it.
    fn own_pages(&mut self) -> Result<(), BrowserError> {
        // Anyone gets them with status 200, and they are not the start page under another name.
        let mut pages: Vec<(String, String)> =
            self.run.own_pages.iter().filter(|(path, _)| path != "/" && !login_like(path)).cloned().collect();
        // Those first that show data of people, or before which the code has a guard.
        pages.sort_by_key(|(path, body)| {
            let guarded = self.run.input.guarded_pages.contains(path);
            signature::personal_values(html::visible_text(body).as_bytes()).is_empty() && !guarded
        });
        if pages.len() > plan::MAX_VISITS {
            let why = format!("{} more than the {} that are opened", pages.len() - plan::MAX_VISITS, plan::MAX_VISITS);
            self.run.gap("some pages in the browser", why, false);
            pages.truncate(plan::MAX_VISITS);
        }
        for (path, body) in pages {
            if !self.time_for_more() {
                self.run.gap("some pages in the browser", "the time or the number of visits was up".to_owned(), false);
                break;
            }
            let with = self.visit(&path, &PageOptions::default(), None, None, |_, _, _| Ok(()))?;
            let stayed = with.path.split('?').next() == Some(path.as_str());
            let sent_away = !with.path.is_empty() && (!stayed || with.password) && with.is_login();
            if !sent_away {
                continue;
            }
            let personal = signature::personal_values(html::visible_text(&body).as_bytes());
            let enough = html::visible_text(&body).split_whitespace().map(str::len).sum::<usize>() > SOME_TEXT;
            let calls: Vec<Exchange> =
                with.asked.iter().filter(|asked| asked.open).map(|asked| asked.exchange.clone()).collect();
            let verdict = match (personal.is_empty(), calls.is_empty()) {
                (false, _) | (_, false) => LiveVerdict::Confirmed,
                // A frame without anybody's data in it protects nothing that matters.
                _ => continue,
            };
            if !enough && calls.is_empty() {
                continue;
            }
            let off = PageOptions { scripts: false, ..PageOptions::default() };
            let title = format!("{path} without scripts: the page that a login is meant to stand before");
            self.visit(&path, &off, None, None, |walk, page, _| {
                walk.picture(page, &title);
                Ok(())
            })?;
            self.run.facts.live.guards.push(LiveGuard {
                page: path.clone(),
                exchange: Exchange { method: "GET".to_owned(), url: self.run.permit.url(&path), status: Some(200) },
                passed: GuardPassed::WithoutScripts,
                personal,
                calls,
                verdict,
            });
        }
        Ok(())
    }

    /// Pictures of what strangers are given without a login: what an owner believes at a glance.
    fn open_answers(&mut self) -> Result<(), BrowserError> {
        let origin = self.run.permit.origin();
        let confirmed = self.run.facts.live.open_entry_points.iter().filter(|answer| {
            answer.verdict == LiveVerdict::Confirmed && matches!(answer.content, LiveContent::Json | LiveContent::Html)
        });
        let paths: BTreeSet<String> =
            confirmed.filter_map(|answer| answer.exchange.url.strip_prefix(&origin).map(str::to_owned)).collect();
        for path in paths.into_iter().take(MAX_ANSWERS) {
            if !self.time_for_more() {
                break;
            }
            let off = PageOptions { scripts: false, ..PageOptions::default() };
            let title = format!("{path}, as anyone is given it without a login");
            self.visit(&path, &off, None, None, |walk, page, _| {
                walk.picture(page, &title);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Writes what the browser side looks for into its storage. Says which values opened the app.
    fn stored_values(&mut self, start: &Seen, shell: bool) -> Result<bool, BrowserError> {
        let kept = self.run.input.kept.clone();
        if kept.is_empty() || !start.is_login() || !shell || !self.time_for_more() {
            return Ok(false);
        }
        let first = opening(&kept);
        let options = PageOptions { first: Some(first), ..PageOptions::default() };
        let mut found = None;
        let seen = self.visit("/", &options, None, None, |walk, page, seen| {
            if !seen.is_login() && seen.text.len() > start.text.len().max(SOME_TEXT) {
                walk.picture(
                    page,
                    "What opens after one value is written into the browser's storage, without any password",
                );
                found = Some(());
            }
            Ok(())
        })?;
        if found.is_none() {
            return Ok(false);
        }
        let keys: Vec<String> = kept.iter().map(area_and_key).collect();
        self.opened(&seen, GuardPassed::StoredValue(keys.join(", ")));
        Ok(true)
    }

    /// Notes that the browser alone decided.
    fn opened(&mut self, seen: &Seen, passed: GuardPassed) {
        let personal = signature::personal_values(seen.text.as_bytes());
        let calls: Vec<Exchange> =
            seen.asked.iter().filter(|asked| asked.open).map(|asked| asked.exchange.clone()).collect();
        let own_server = seen.asked.iter().any(|asked| matches!(asked.kind.as_str(), "XHR" | "Fetch"));
        // The page drew more without asking anybody: what it shows was shipped with it. With a server behind it, only
        // what that server answered counts.
        let verdict = if !calls.is_empty() || (!own_server && seen.foreign.is_empty()) {
            LiveVerdict::Confirmed
        } else if !own_server {
            LiveVerdict::Likely
        } else {
            return;
        };
        let page = if seen.hash.is_empty() { seen.path.clone() } else { format!("{}{}", seen.path, seen.hash) };
        self.run.facts.live.guards.push(LiveGuard {
            page,
            exchange: Exchange { method: "GET".to_owned(), url: self.run.permit.url("/"), status: Some(200) },
            passed,
            personal,
            calls,
            verdict,
        });
    }

    /// Signs the first account in as a person would, and looks at what that leaves in the browser.
    fn sign_in(
        &mut self,
        start: &Seen,
        account: &TestAccount,
        way: Option<&LoginWay>,
        opened: bool,
    ) -> Result<(), BrowserError> {
        let place = self.login_page(start, way);
        let Some(place) = place.filter(|_| self.time_for_more()) else {
            let why = if start.password {
                "the time or the number of visits was up"
            } else {
                "no page with a login form was found"
            };
            self.run.gap("what signing in leaves in the browser", why.to_owned(), false);
            return Ok(());
        };
        // Any POST that looks like a login may go out once; the browser side knows better than we where it goes.
        let fallback = LoginWay {
            path: place.clone(),
            entry: None,
            body: crate::login::LoginBody::Json,
            user_field: String::new(),
            password_field: String::new(),
            page: None,
        };
        let way = way.cloned().unwrap_or(fallback);
        let label = account.label.clone();
        let mut after = None;
        let before = self.visit(&place, &PageOptions::default(), Some(&label), Some(&way), |walk, page, seen| {
            if !seen.password {
                return Ok(());
            }
            for (which, text) in [("user", account.user.reveal()), ("password", account.password.reveal())] {
                let limit = Instant::now() + Duration::from_secs(2);
                let focused =
                    walk.browser.evaluate(page, &format!("({FOCUS})({})", json!(which)), &mut Closed, limit)?;
                if focused != true {
                    return Ok(());
                }
                walk.browser.type_text(page, text, &mut Closed)?;
            }
            walk.press_and_look(page, &label, &way, &mut after)
        })?;
        let Some(after) = after else {
            self.run.gap(
                "what signing in leaves in the browser",
                "the login form could not be filled in".to_owned(),
                false,
            );
            return Ok(());
        };
        let inside = !after.password && after.text != before.text;
        if !inside {
            let why = if after.held_back > 0 {
                "its request does not look like a login and was held back"
            } else {
                "the form stayed"
            };
            self.run.gap(
                "what signing in leaves in the browser",
                format!("signing in did not work there: {why}"),
                false,
            );
            return Ok(());
        }
        let exchange = Exchange { method: "GET".to_owned(), url: self.run.permit.url(&place), status: Some(200) };
        for (place, pairs) in [(TokenPlace::LocalStorage, &after.local), (TokenPlace::SessionStorage, &after.session)] {
            for (key, value) in pairs {
                let Some(token) = token_of(key, value) else { continue };
                self.run.facts.live.tokens.push(LiveToken {
                    place,
                    key: crate::permit::shown(key),
                    exchange: exchange.clone(),
                    says: account::jwt_says(&token),
                });
            }
        }
        let asked_data = after.asked.iter().any(|asked| asked.kind != "Stylesheet" && asked.kind != "Script");
        if !after.login_sent && !asked_data && after.held_back == 0 && after.foreign.is_empty() {
            self.decided_here(&place, &before, &after, opened)?;
        }
        Ok(())
    }

    /// Signing in asked no server at all. The proof: the same values, written into a fresh browser, open the same page.
    fn decided_here(&mut self, place: &str, before: &Seen, after: &Seen, opened: bool) -> Result<(), BrowserError> {
        self.opened(after, GuardPassed::NothingAsked);
        if opened || !self.time_for_more() {
            return Ok(());
        }
        let new = |old: &[(String, String)], now: &[(String, String)]| -> Vec<(String, String)> {
            now.iter().filter(|pair| !old.contains(pair)).cloned().collect()
        };
        let (local, session) = (new(&before.local, &after.local), new(&before.session, &after.session));
        if local.is_empty() && session.is_empty() {
            return Ok(());
        }
        let script = |area: &str, pairs: &[(String, String)]| -> String {
            pairs
                .iter()
                .map(|(key, value)| format!("try {{ {area}.setItem({}, {}) }} catch {{}}\n", json!(key), json!(value)))
                .collect()
        };
        let first = script("localStorage", &local) + &script("sessionStorage", &session);
        let options = PageOptions { first: Some(first), ..PageOptions::default() };
        let mut open = false;
        let seen = self.visit(place, &options, None, None, |walk, page, seen| {
            open = !seen.password && seen.text.len() > SOME_TEXT;
            if open {
                walk.picture(
                    page,
                    "What opens after one value is written into the browser's storage, without any password",
                );
            }
            Ok(())
        })?;
        if open {
            let keys: Vec<String> = local
                .iter()
                .map(|(key, _)| area_and_key(&KeptValue { session: false, key: key.clone() }))
                .chain(session.iter().map(|(key, _)| area_and_key(&KeptValue { session: true, key: key.clone() })))
                .collect();
            self.opened(&seen, GuardPassed::StoredValue(keys.join(", ")));
        }
        Ok(())
    }

    fn press_and_look(
        &mut self,
        page: &Page,
        label: &str,
        way: &LoginWay,
        after: &mut Option<Seen>,
    ) -> Result<(), BrowserError> {
        // Pressing the key only starts it; the requests are answered while the page comes to rest.
        self.browser.press_enter(page)?;
        *after = Some(self.look(page, None, Some(label), Some(way))?);
        Ok(())
    }

    /// A page with a visible login form: the start page, the form's own, or one whose name says so.
    fn login_page(&self, start: &Seen, way: Option<&LoginWay>) -> Option<String> {
        if start.password {
            return Some("/".to_owned());
        }
        if let Some(page) = way.and_then(|way| way.page.clone()) {
            return Some(page);
        }
        let with_form = |named: bool| {
            let mut pages =
                self.run.pages.iter().filter(|(path, parts)| parts.password_field && login_like(path) == named);
            pages.next().map(|(path, _)| path.clone())
        };
        with_form(true).or_else(|| with_form(false)).or_else(|| {
            let origin = self.run.permit.origin();
            start
                .links
                .iter()
                .filter_map(|link| link.strip_prefix(&origin))
                .find(|path| login_like(path))
                .map(str::to_owned)
        })
    }
}

fn area_and_key(kept: &KeptValue) -> String {
    format!("{} `{}`", if kept.session { "sessionStorage" } else { "localStorage" }, crate::permit::shown(&kept.key))
}

/// A script that writes a plausible value under each key, before the page's own scripts run. The values are nobody's.
fn opening(kept: &[KeptValue]) -> String {
    let role = |role: &str| {
        json!({
            "id": 1, "email": "someone@plimsoll-probe.example", "name": "Someone", "role": role, "roles": [role],
            "isAdmin": true, "is_admin": true, "admin": true, "loggedIn": true, "isLoggedIn": true, "authenticated": true,
            "token": "plimsoll-not-a-token",
        })
        .to_string()
    };
    kept.iter()
        .map(|kept| {
            let lower = kept.key.to_ascii_lowercase();
            let value = if lower.contains("token") || lower.contains("jwt") {
                "plimsoll-not-a-token".to_owned()
            } else if lower.contains("role") {
                "admin".to_owned()
            } else if ["loggedin", "logged_in", "isauth", "authenticated", "isadmin", "is_admin"]
                .iter()
                .any(|word| lower.contains(word))
            {
                "true".to_owned()
            } else {
                role("owner")
            };
            let area = if kept.session { "sessionStorage" } else { "localStorage" };
            format!("try {{ {area}.setItem({}, {}) }} catch {{}}\n", json!(kept.key), json!(value))
        })
        .collect()
}

/// A token under a key of the storage, or in an object that is kept there.
fn token_of(key: &str, value: &str) -> Option<String> {
    if account::is_token(key, value) && !value.starts_with(['{', '[']) {
        return Some(value.to_owned());
    }
    let object: Value = serde_json::from_str(value).ok()?;
    object.as_object()?.iter().find_map(|(name, value)| {
        let text = value.as_str()?;
        account::is_token(name, text).then(|| text.to_owned())
    })
}

/// Whether a path or fragment is that of a login.
fn login_like(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let joined = words.windows(2).any(|pair| matches!(pair, ["log" | "sign", "in"]));
    joined
        || words.iter().any(|word| {
            matches!(*word, "login" | "signin" | "auth" | "authenticate" | "session" | "sessions" | "token")
        })
}

fn same_path(a: &str, b: &str) -> bool {
    a.split('?').next() == b.split('?').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_login() {
        for path in ["/login", "/#/sign-in", "/api/auth/callback", "/users/log_in", "/api/sessions"] {
            assert!(login_like(path), "{path}");
        }
        for path in ["/", "/catalogue", "/logs", "/design", "/authors", "/signing"] {
            assert!(!login_like(path), "{path}");
        }
    }

    #[test]
    fn tokens_in_storage() {
        assert!(token_of("token", "0123456789abcdef").is_some());
        assert!(token_of("auth", r#"{"user":{"id":1},"accessToken":"0123456789abcdef"}"#).is_some());
        assert!(token_of("user", r#"{"id":1,"name":"a"}"#).is_none());
        assert!(token_of("theme", "dark").is_none());
    }
}
