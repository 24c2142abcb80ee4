//! The checks, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use plimsoll_model::app::{App, CookieSet, Live, LiveCheck, LiveContent, LiveCors, LiveRedirect, LiveVerdict};
use plimsoll_model::{Exchange, NotChecked};
use regex::Regex;

use crate::access;
use crate::answer::{self, Understood};
use crate::html::{self, PageParts};
use crate::http::{BodyEnd, HttpError, Method, Request, Response};
use crate::input::{ProbeEntry, ProbeInput};
use crate::login::{self, LoginProbe};
use crate::permit::{Permit, ScopeError};
use crate::plan::{self, Lists, SkippedPath};
use crate::policy;
use crate::session::{LogSink, Missed, Options, Session, StopReason, exchange_of, pinned};
use crate::signature;
use crate::soft404::{Baseline, MISSING};
use crate::walk::Starting;

/// Bytes of scripts and source maps that are kept in all.
const MAX_SCRIPT_BYTES: usize = 24 * 1024 * 1024;
/// Bytes that are read of a file that should not be there.
const FILE_BYTES: usize = 64 * 1024;

/// Why there is nothing to report at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The address is out of scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The first request had no answer.
    #[error("{origin} gave no answer: {why}")]
    NoAnswer {
        /// The origin.
        origin: String,
        /// Why.
        why: HttpError,
    },
    /// The run ended before its first request.
    #[error("probing {origin} did not begin: {why}")]
    Stopped {
        /// The origin.
        origin: String,
        /// Why.
        why: StopReason,
    },
}

impl ProbeError {
    /// The gap in coverage that this leaves.
    pub fn not_checked(&self) -> NotChecked {
        NotChecked { what: NotChecked::RUNNING_APP.to_owned(), why: self.to_string(), weighs: true }
    }
}

/// What a run saw.
#[derive(Clone, Debug, Default)]
pub struct LiveFacts {
    /// For the app model.
    pub live: Live,
    /// Cookies that were set, by name.
    pub cookies: Vec<CookieSet>,
    /// Scripts of the pages, by address; inline ones as `PAGE#inline-1`. They are public files of the app, but may hold
    /// secrets: they are for the bundle witness, not for outputs.
    pub scripts: Vec<(String, String)>,
    /// Source maps that are served, by address.
    pub source_maps: Vec<(String, String)>,
    /// What was not checked.
    pub not_checked: Vec<NotChecked>,
    /// Paths left out because a GET could write.
    pub skipped_paths: Vec<SkippedPath>,
    /// Requests sent.
    pub requests_sent: usize,
    /// Id of the run.
    pub run: String,
    /// Why the run ended early, if it did.
    pub stopped: Option<StopReason>,
}

impl LiveFacts {
    /// Puts the facts into the model of the same app that the input was made from: live facts join the entry points that
    /// the source knows.
    pub fn join(mut self, app: &mut App) {
        for answer in &self.live.open_entry_points {
            if let Some(entry) = answer.entry.and_then(|index| app.entry_points.get_mut(index)) {
                entry.seen_live.push(answer.exchange.clone());
            }
        }
        for answer in &self.live.refused_entry_points {
            if let Some(entry) = answer.entry.and_then(|index| app.entry_points.get_mut(index)) {
                entry.refused_live.push(answer.exchange.clone());
            }
        }
        app.looked_at.push(format!(
            "the running app at {}: {} requests",
            self.live.origin.as_deref().unwrap_or("?"),
            self.requests_sent
        ));
        app.serves_pages |= self.live.pages.iter().any(|(exchange, headers)| {
            exchange.status.is_some_and(|status| status < 300)
                && headers.iter().any(|(name, value)| name == "content-type" && value.contains("html"))
        });
        crate::join::settle(app, &mut self.live, &mut self.cookies);
        app.cookies.append(&mut self.cookies);
        app.not_checked.extend(self.not_checked);
        app.live.append(self.live);
    }
}

/// Probes a running app on this computer.
///
/// `log` is called before each request is sent and after each answer; when it fails, nothing more is sent.
///
/// # Errors
/// When the target is out of scope or the app does not answer at all. Everything after the first answer is a fact or a gap
/// in coverage, never an error.
pub fn run(target: &str, input: &ProbeInput, options: &Options, log: LogSink<'_>) -> Result<LiveFacts, ProbeError> {
    run_with(&Permit::loopback(target)?, input, options, log)
}

/// Probes a running app for which there is a permit. Elsewhere than on this computer it asks more slowly.
///
/// # Errors
/// When the app does not answer at all.
pub fn run_with(
    permit: &Permit,
    input: &ProbeInput,
    options: &Options,
    log: LogSink<'_>,
) -> Result<LiveFacts, ProbeError> {
    let permit = permit.clone();
    let mut options = options.clone();
    if !permit.is_loopback() {
        options.per_second = options.per_second.min(crate::session::MAX_PER_SECOND_ELSEWHERE);
        options.wall = options.wall.max(std::time::Duration::from_secs(120));
    }
    let options = &options;
    let lists = Lists::of(&permit, input);
    let mut session = Session::new(options, log);
    let origin = permit.origin();
    let (name, value) = plan::accept_page();
    let first = match Request::new(&permit, Method::Get, "/") {
        Ok(request) => session.send(plan::PAGES, &request.header(name, value)),
        Err(_) => Err(Missed::Unsendable),
    };
    let first = match first {
        Ok(first) => first,
        Err(Missed::Failed(why)) => return Err(ProbeError::NoAnswer { origin, why }),
        Err(Missed::Stopped(why)) => return Err(ProbeError::Stopped { origin, why }),
        Err(_) => return Err(ProbeError::NoAnswer { origin, why: HttpError::Closed }),
    };
    let permit = pinned(&permit, &first);
    let mut run = Run {
        permit: &permit,
        session,
        lists: &lists,
        input,
        known: Baseline::default(),
        facts: LiveFacts::default(),
        pages: Vec::new(),
        first_page: first.text(),
        own_pages: Vec::new(),
        account_forms: Vec::new(),
        upload_allowed: options.allow_upload,
        calls: BTreeSet::new(),
        dev_server: false,
    };
    // It starts while the other checks run.
    let browser = Starting::new(options.browser.as_ref());
    run.facts.live.origin = Some(origin);
    run.facts.skipped_paths.clone_from(&lists.skipped);
    run.pages(first);
    run.debug();
    run.scripts();
    run.files();
    run.entries();
    run.cors();
    run.redirects();
    let way = options.sign_in.as_ref().and_then(|sign_in| run.login_way(sign_in));
    match &options.sign_in {
        Some(sign_in) => run.accounts(sign_in, way.as_ref()),
        None => access::not_asked(&mut run),
    }
    run.walk(browser, options.sign_in.as_ref(), way.as_ref());
    run.policy();
    // Last: they may lock this address out for a while.
    match (&options.sign_in, &options.login_probe) {
        (_, Some(probe)) => run.login(probe),
        (Some(sign_in), None) => run.wrong_passwords(sign_in, way.as_ref()),
        (None, None) => {}
    }
    run.health();
    Ok(run.finish())
}

impl Run<'_, '_> {
    /// Grades the start page's content security policy; the browser's word counts before the policy's words.
    fn policy(&mut self) {
        const NAME: &str = "content-security-policy";
        let sent = |headers: &[(String, String)], name: &str| {
            headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        // Error pages carry what a server in front of the app puts on them.
        let shown = self.facts.live.pages.first().filter(|(exchange, _)| exchange.status == Some(200));
        let Some((_, headers)) = shown.filter(|_| self.session.stopped.is_none()) else {
            let note = "the start page was not seen as a visitor sees it".to_owned();
            return self.checked(plan::GRADE, LiveVerdict::CouldNotTell, note);
        };
        let Some(policy) = sent(headers, NAME) else {
            let only = sent(headers, "content-security-policy-report-only").map(|_| ": it is only reported on");
            let note = format!("grade F: no policy is in force{}", only.unwrap_or_default());
            self.checked(plan::GRADE, LiveVerdict::Confirmed, note);
            return;
        };
        let mut again = None;
        if policy.contains("'nonce-")
            && let Ok(request) = Request::new(self.permit, Method::Get, "/")
        {
            let (name, value) = plan::accept_page();
            let answer = self.session.send(plan::GRADE, &request.header(name, value));
            again = answer.ok().and_then(|answer| answer.header(NAME).map(str::to_owned));
        }
        let beside = policy::Beside {
            again: again.as_deref(),
            uploads: !self.facts.live.uploads.is_empty(),
            ran: self.facts.live.inline_script.as_ref().is_some_and(|seen| seen.ran),
        };
        let (grade, why) = policy::grade(&policy, beside);
        let verdict = match grade {
            'A' | 'B' => LiveVerdict::Passed,
            'F' => LiveVerdict::Confirmed,
            _ => LiveVerdict::Likely,
        };
        let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
        self.checked(plan::GRADE, verdict, format!("grade {grade}{why}"));
    }
}

/// Why a request has no answer, in plain words.
pub(crate) fn why(missed: &Missed) -> String {
    match missed {
        Missed::Stopped(reason) => reason.to_string(),
        Missed::CheckBudget => "the requests of this check were used up".to_owned(),
        Missed::Failed(error) => error.to_string(),
        Missed::Unsendable => "the address cannot be requested".to_owned(),
    }
}

/// How the requests of one check went.
#[derive(Default)]
struct Tally {
    asked: usize,
    failed: Option<String>,
    ended: Option<String>,
}

pub(crate) struct Run<'a, 'l> {
    pub(crate) permit: &'a Permit,
    pub(crate) session: Session<'l>,
    pub(crate) lists: &'a Lists,
    pub(crate) input: &'a ProbeInput,
    pub(crate) known: Baseline,
    pub(crate) facts: LiveFacts,
    /// HTML pages that came, by path.
    pub(crate) pages: Vec<(String, PageParts)>,
    /// The start page.
    pub(crate) first_page: String,
    /// Pages with content of their own that anyone gets: path and text.
    pub(crate) own_pages: Vec<(String, String)>,
    /// Forms that a test account sees, with their pages.
    pub(crate) account_forms: Vec<(String, html::FormParts)>,
    /// The owner allows to upload.
    pub(crate) upload_allowed: bool,
    /// API paths that scripts name.
    calls: BTreeSet<String>,
    dev_server: bool,
}

impl Run<'_, '_> {
    /// One request. `None` when there is no answer; the tally knows why.
    fn ask(
        &mut self,
        tally: &mut Tally,
        check: &'static str,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        at_most: usize,
    ) -> Option<(Exchange, Response)> {
        if tally.ended.is_some() {
            return None;
        }
        let mut request = Request::new(self.permit, method, path).ok()?.at_most(at_most);
        for (name, value) in headers {
            request = request.header(name, value.clone());
        }
        match self.session.send(check, &request) {
            Ok(response) => {
                tally.asked += 1;
                Some((exchange_of(&request, Some(response.status)), response))
            }
            Err(missed @ (Missed::Stopped(_) | Missed::CheckBudget)) => {
                tally.ended = Some(why(&missed));
                None
            }
            Err(missed) => {
                tally.failed.get_or_insert_with(|| format!("{path}: {}", why(&missed)));
                None
            }
        }
    }

    /// Notes how a check ended. A check that was cut short cannot pass.
    fn end(&mut self, check: &str, tally: &Tally, found: Option<LiveVerdict>, note: String) {
        let gap = tally.ended.clone().or_else(|| tally.failed.clone());
        let verdict = match (found, &gap) {
            (Some(verdict), _) => verdict,
            (None, Some(_)) => LiveVerdict::CouldNotTell,
            (None, None) if tally.asked == 0 => LiveVerdict::CouldNotTell,
            (None, None) => LiveVerdict::Passed,
        };
        let note = match &gap {
            Some(gap) => format!("{note}; incomplete: {gap}"),
            None => note,
        };
        if let Some(gap) = gap {
            self.gap(&format!("live check `{check}`, in part"), gap, true);
        }
        self.facts.live.checks.push(LiveCheck { check: check.to_owned(), verdict, note });
    }

    pub(crate) fn gap(&mut self, what: &str, why: String, weighs: bool) {
        self.facts.not_checked.push(NotChecked { what: what.to_owned(), why, weighs });
    }

    fn pages(&mut self, first: Response) {
        let mut tally = Tally { asked: 1, ..Tally::default() };
        let request = Exchange { method: "GET".to_owned(), url: self.permit.url("/"), status: Some(first.status) };
        self.known.root(&first, "/");
        let mut queue: Vec<String> = Vec::new();
        let mut seen: BTreeSet<String> = self.lists.pages.iter().cloned().collect();
        self.page("/", request, &first, &mut queue);
        self.baseline();
        let mut todo: Vec<String> = self.lists.pages.iter().skip(1).cloned().collect();
        let mut number = 1;
        loop {
            for path in queue.drain(..) {
                if seen.insert(path.clone()) {
                    match plan::risky(&path) {
                        Some(why) => self.facts.skipped_paths.push(SkippedPath { path, why }),
                        None => todo.push(path),
                    }
                }
            }
            if todo.is_empty() || number >= plan::MAX_PAGES {
                break;
            }
            let path = todo.remove(0);
            number += 1;
            let accept = [plan::accept_page()];
            let Some((exchange, response)) =
                self.ask(&mut tally, plan::PAGES, Method::Get, &path, &accept, crate::http::MAX_BODY)
            else {
                continue;
            };
            self.page(&path, exchange, &response, &mut queue);
        }
        let html = self.pages.len();
        // Whether headers are missing is for the rules to say; here it only counts whether pages were seen.
        let found = (html == 0).then_some(LiveVerdict::CouldNotTell);
        self.end(plan::PAGES, &tally, found, format!("{} pages asked, {html} of them HTML", tally.asked));
    }

    fn page(&mut self, path: &str, exchange: Exchange, response: &Response, queue: &mut Vec<String>) {
        self.facts.live.pages.push((exchange.clone(), response.headers.clone()));
        let origin = self.permit.origin();
        if (300..400).contains(&response.status) {
            let to = response.header("location").and_then(|to| html::resolve(path, &origin, to));
            queue.extend(to.as_deref().and_then(plan::plain_path));
            return;
        }
        if response.is_encoded() {
            self.gap(
                &format!("the content of {path}"),
                "it came compressed although that was not asked for".to_owned(),
                true,
            );
            return;
        }
        if response.status < 300 && signature::is_listing(&response.body) {
            self.facts.live.exposed_files.push((exchange.clone(), "the list of files of a folder".to_owned()));
        }
        if !response.media_type().contains("html") {
            return;
        }
        let text = response.text();
        let parts = html::parts(&text);
        // A page of its own (not the start page again) that shows data of people: the rules know whether a guard in the
        // browser stands before it.
        let own = response.status < 300 && path != "/" && !self.lists.entries.iter().any(|entry| entry.path == path);
        if response.status < 300 && path != "/" && !self.known.is_missing(response, path) {
            self.own_pages.push((path.to_owned(), text.clone()));
        }
        if own
            && let Understood::Open(answer) = answer::understand(exchange.clone(), None, path, response, &self.known)
            && !answer.personal.is_empty()
        {
            self.facts.live.open_entry_points.push(answer);
        }
        if path == "/" || self.permit.start() == path {
            let links = parts.links.iter().filter_map(|link| html::resolve(path, &origin, link));
            queue.extend(links.filter_map(|link| plan::plain_path(&link)).filter(|link| !is_asset(link)));
        }
        for script in parts.unpinned.iter().take(10) {
            let script = crate::permit::shown(script.split(['?', '#']).next().unwrap_or_default());
            if !self.facts.live.foreign_scripts.iter().any(|(_, known)| *known == script) {
                self.facts.live.foreign_scripts.push((exchange.clone(), script));
            }
        }
        for (number, inline) in parts.inline.iter().enumerate() {
            self.keep_script(format!("{}#inline-{}", self.permit.url(path), number + 1), inline.clone());
        }
        self.pages.push((path.to_owned(), parts));
    }

    fn keep_script(&mut self, url: String, text: String) {
        let kept: usize = self.facts.scripts.iter().chain(&self.facts.source_maps).map(|(_, text)| text.len()).sum();
        if kept + text.len() > MAX_SCRIPT_BYTES {
            self.gap(&url, "the scripts of the app are too large in all".to_owned(), true);
            return;
        }
        self.calls.extend(calls_in(&text));
        self.facts.scripts.push((url, text));
    }

    fn baseline(&mut self) {
        let mut tally = Tally::default();
        let accept = [plan::accept_any()];
        for path in MISSING {
            if let Some((_, response)) = self.ask(&mut tally, plan::BASELINE, Method::Get, path, &accept, FILE_BYTES) {
                self.known.learn(&response, path);
            }
        }
        self.ask(&mut tally, plan::BASELINE, Method::Get, plan::MALFORMED, &accept, FILE_BYTES);
        let note = match (self.known.is_known(), self.known.soft) {
            (false, _) => "no address that cannot exist was answered",
            (true, true) => {
                "addresses that do not exist are answered with success; answers are told apart by their content"
            }
            (true, false) => "addresses that do not exist are answered with an error",
        };
        self.end(plan::BASELINE, &tally, None, note.to_owned());
    }

    fn debug(&mut self) {
        let mut tally = Tally::default();
        let mut found = Vec::new();
        let accept = [plan::accept_any()];
        for path in plan::DEBUG_PAGES {
            // A description of the API is read whole.
            let most = if path.ends_with(".json") { crate::http::MAX_BODY } else { FILE_BYTES };
            let Some((exchange, response)) = self.ask(&mut tally, plan::DEBUG, Method::Get, path, &accept, most) else {
                continue;
            };
            if self.known.is_missing(&response, path) || response.is_encoded() {
                continue;
            }
            if let Some(what) = signature::debug_page(path, &response.body) {
                self.calls.extend(described(&response.body));
                self.dev_server |= path == "/@vite/client";
                found.push((exchange, what.to_owned()));
            }
        }
        if self.dev_server {
            let why = "this address is a development server; what it serves is not what visitors of the built app get";
            self.gap("the built app", why.to_owned(), true);
        }
        let verdict = (!found.is_empty()).then_some(LiveVerdict::Confirmed);
        let note = format!("{} addresses of debug pages asked, {} answered", tally.asked, found.len());
        self.facts.live.details_shown.append(&mut found);
        self.end(plan::DEBUG, &tally, verdict, note);
    }

    fn scripts(&mut self) {
        let mut tally = Tally::default();
        let origin = self.permit.origin();
        let mut todo: Vec<String> = Vec::new();
        for (path, parts) in &self.pages {
            todo.extend(parts.scripts.iter().filter_map(|src| html::resolve(path, &origin, src)));
        }
        let mut seen = BTreeSet::new();
        todo.retain(|path| seen.insert(path.clone()));
        todo.reverse();
        let mut maps = Vec::new();
        let mut fetched = 0;
        let accept = [plan::accept_any()];
        while let Some(path) = todo.pop() {
            if fetched == plan::MAX_SCRIPTS {
                let more = todo.len() + 1;
                self.gap("scripts of the pages", format!("{more} more than the {fetched} that are read"), true);
                break;
            }
            fetched += 1;
            let Some((_, response)) =
                self.ask(&mut tally, plan::SCRIPTS, Method::Get, &path, &accept, crate::http::MAX_BODY)
            else {
                continue;
            };
            if response.status >= 300 || response.media_type().contains("html") {
                continue;
            }
            if response.is_encoded() || response.end != BodyEnd::Complete {
                self.gap(
                    &format!("the script {path}"),
                    "it is compressed, cut off or larger than 4 MB".to_owned(),
                    true,
                );
            }
            if response.is_encoded() {
                continue;
            }
            let text = response.text();
            for found in imports_in(&text) {
                let Some(found) = html::resolve(&path, &origin, &found) else { continue };
                if seen.insert(found.clone()) {
                    todo.insert(0, found);
                }
            }
            let named = response.header("sourcemap").or_else(|| response.header("x-sourcemap")).map(str::to_owned);
            let address = path.split('?').next().unwrap_or_default();
            let map = match named.or_else(|| source_map_of(&text)) {
                Some(named) if named.starts_with("data:") => None,
                Some(named) => html::resolve(&path, &origin, &named),
                None => Some(format!("{address}.map")),
            };
            maps.extend(map);
            self.keep_script(self.permit.url(&path), text);
        }
        maps.sort();
        maps.dedup();
        let mut found = 0;
        for path in maps {
            let Some((exchange, response)) =
                self.ask(&mut tally, plan::SCRIPTS, Method::Get, &path, &accept, crate::http::MAX_BODY)
            else {
                continue;
            };
            if self.known.is_missing(&response, &path) || response.is_encoded() {
                continue;
            }
            let text = response.text();
            if let Some(what) = source_map(&text) {
                found += 1;
                self.facts.live.exposed_files.push((exchange, what));
                self.facts.source_maps.push((self.permit.url(&path), text));
            }
        }
        let verdict = if found > 0 { Some(LiveVerdict::Confirmed) } else { None };
        let read = self.facts.scripts.len();
        // Pages were read and name no script to fetch.
        let nothing = tally.asked == 0 && tally.ended.is_none() && tally.failed.is_none();
        let verdict = if nothing && !self.pages.is_empty() { Some(LiveVerdict::Passed) } else { verdict };
        self.end(plan::SCRIPTS, &tally, verdict, format!("{read} scripts read, {found} source maps served"));
    }

    fn files(&mut self) {
        let mut tally = Tally::default();
        if !self.known.is_known() {
            let note = "not asked: how the app answers for what is not there is not known".to_owned();
            self.gap("files that must not be served", note.clone(), true);
            self.end(plan::FILES, &tally, None, note);
            return;
        }
        let before = self.facts.live.exposed_files.len();
        let headers = [plan::accept_any(), plan::range()];
        for candidate in &self.lists.files {
            let path = &candidate.path;
            let Some((exchange, response)) = self.ask(&mut tally, plan::FILES, Method::Get, path, &headers, FILE_BYTES)
            else {
                continue;
            };
            if self.known.is_missing(&response, path) || response.is_encoded() {
                continue;
            }
            let what = signature::exposed(path, &response.body)
                .or_else(|| is_the_file(path, &candidate.head, &response.body).then_some("a file of the project"));
            let Some(what) = what else { continue };
            // A development server serves the sources on purpose.
            if self.dev_server && (what.contains("source code") || what.contains("package.json")) {
                continue;
            }
            self.facts.live.exposed_files.push((exchange, what.to_owned()));
        }
        for folder in &self.lists.folders {
            let accept = [plan::accept_any()];
            let Some((exchange, response)) =
                self.ask(&mut tally, plan::FILES, Method::Get, folder, &accept, FILE_BYTES)
            else {
                continue;
            };
            if !self.known.is_missing(&response, folder) && signature::is_listing(&response.body) {
                self.facts.live.exposed_files.push((exchange, "the list of files of a folder".to_owned()));
            }
        }
        if self.lists.files_left_out > 0 {
            let why = format!("{} more addresses than the budget of this check", self.lists.files_left_out);
            self.gap("files that must not be served", why, false);
        }
        let found = self.facts.live.exposed_files.len() - before;
        let verdict = (found > 0).then_some(LiveVerdict::Confirmed);
        self.end(plan::FILES, &tally, verdict, format!("{} addresses asked, {found} served", tally.asked));
    }

    fn entries(&mut self) {
        let mut tally = Tally::default();
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut missing = Vec::new();
        let mut unclear = Vec::new();
        for entry in &self.lists.entries {
            self.entry(&mut tally, entry, &entry.path, &mut ids, &mut missing, &mut unclear);
        }
        // What the scripts call and the source does not know.
        let known: BTreeSet<&str> = self.input.entries.iter().map(|entry| entry.path.as_str()).collect();
        let asked: BTreeSet<&str> = self.lists.entries.iter().map(|entry| entry.path.as_str()).collect();
        let calls: Vec<String> = self
            .calls
            .iter()
            .filter(|path| !known.contains(path.as_str()) && !asked.contains(path.as_str()))
            .filter(|path| !self.lists.templates.iter().any(|template| matches_template(&template.path, path)))
            .cloned()
            .collect();
        let mut found = 0;
        for path in calls {
            if let Some(why) = plan::risky(&path) {
                self.facts.skipped_paths.push(SkippedPath { path, why });
                continue;
            }
            if found == plan::MAX_FOUND_CALLS {
                self.gap("API paths that the scripts name", format!("more than {found}"), false);
                break;
            }
            found += 1;
            let entry = ProbeEntry {
                index: usize::MAX,
                methods: Vec::new(),
                path: path.clone(),
                harm: None,
                guarded: false,
                is_login: false,
            };
            // A guess from a string: that it is not there means nothing.
            self.entry(&mut tally, &entry, &path, &mut ids, &mut Vec::new(), &mut Vec::new());
        }
        let unasked = self.templates(&mut tally, &mut ids);
        if unasked > 0 {
            let why = format!("{unasked} routes have parameters for which no value was seen; none is guessed");
            self.gap("routes with parameters, live", why, false);
        }
        if !missing.is_empty() {
            let why = format!(
                "the source has them, but the running app answers as for what is not there: {}",
                listed(&missing)
            );
            self.gap("some routes, live", why, false);
        }
        if !unclear.is_empty() {
            self.gap("some routes, live", listed(&unclear), false);
        }
        if self.lists.entries_left_out > 0 {
            let why = format!("{} more than the budget of this check", self.lists.entries_left_out);
            self.gap("some routes, live", why, true);
        }
        let open = &self.facts.live.open_entry_points;
        let refused = self.facts.live.refused_entry_points.len();
        let verdict = match open.iter().map(|answer| answer.verdict).min() {
            Some(worst) => Some(worst),
            None if refused == 0 => Some(LiveVerdict::CouldNotTell),
            None => None,
        };
        let note = format!("{} requests without credentials: {} answered, {refused} refused", tally.asked, open.len());
        self.end(plan::ENTRIES, &tally, verdict, note);
    }

    fn entry(
        &mut self,
        tally: &mut Tally,
        entry: &ProbeEntry,
        path: &str,
        ids: &mut BTreeMap<String, String>,
        missing: &mut Vec<String>,
        unclear: &mut Vec<String>,
    ) {
        let accept = [plan::accept_data()];
        let Some((mut exchange, mut response)) =
            self.ask(tally, plan::ENTRIES, Method::Get, path, &accept, crate::http::MAX_BODY)
        else {
            return;
        };
        // `/staff` and `/staff/` are one address to the app, and only one of them is answered.
        let to = response.header("location").filter(|_| (300..400).contains(&response.status));
        let to = to.and_then(|to| html::resolve(path, &self.permit.origin(), to));
        let slashed = to.filter(|to| to != path && to.trim_end_matches('/') == path.trim_end_matches('/'));
        let path = slashed.as_deref().unwrap_or(path);
        if slashed.is_some() {
            let again = self.ask(tally, plan::ENTRIES, Method::Get, path, &accept, crate::http::MAX_BODY);
            let Some(again) = again else { return };
            (exchange, response) = again;
        }
        let index = (entry.index != usize::MAX).then_some(entry.index);
        match answer::understand(exchange, index, path, &response, &self.known) {
            Understood::Open(answer) => {
                if answer.content == LiveContent::Json
                    && let Some(id) = answer::first_id(&response.body)
                {
                    ids.insert(path.to_owned(), id);
                }
                self.facts.live.open_entry_points.push(answer);
            }
            Understood::Refused(answer) => self.facts.live.refused_entry_points.push(answer),
            // `/` answers as `/` does; that is no absence.
            Understood::Missing if path == "/" => {}
            Understood::Missing => missing.push(path.to_owned()),
            Understood::Unclear(why) => unclear.push(format!("{path}: {why}")),
        }
    }

    /// Routes with parameters, with values that an open answer or a link showed. Returns how many had none.
    fn templates(&mut self, tally: &mut Tally, ids: &mut BTreeMap<String, String>) -> usize {
        let origin = self.permit.origin();
        let links: BTreeSet<String> = self
            .pages
            .iter()
            .flat_map(|(path, parts)| parts.links.iter().filter_map(|link| html::resolve(path, &origin, link)))
            .filter_map(|link| plan::plain_path(&link))
            .collect();
        let mut unasked = 0;
        let mut asked = 0;
        for template in &self.lists.templates {
            let from_list = || {
                let (before, after) = template.path.split_once("/:")?;
                let id = ids.get(before)?;
                let rest = after.split_once('/').map_or(String::new(), |(_, rest)| format!("/{rest}"));
                // A value of a secret (a share token) is not an id.
                let name = after.split('/').next().unwrap_or_default().to_ascii_lowercase();
                let secret = ["token", "code", "secret", "key", "hash"].iter().any(|word| name.contains(word));
                (!rest.contains(':') && !secret).then(|| format!("{before}/{id}{rest}"))
            };
            let path =
                from_list().or_else(|| links.iter().find(|link| matches_template(&template.path, link)).cloned());
            let Some(path) = path.filter(|path| plan::risky(path).is_none() && asked < plan::MAX_FOUND_PARAMS) else {
                unasked += 1;
                continue;
            };
            asked += 1;
            self.entry(tally, template, &path, &mut BTreeMap::new(), &mut Vec::new(), &mut Vec::new());
        }
        unasked
    }

    fn cors(&mut self) {
        let mut tally = Tally::default();
        for path in &self.lists.cors {
            for (method, headers) in plan::cors_requests(self.permit) {
                let Some((exchange, response)) = self.ask(&mut tally, plan::CORS, method, path, &headers, FILE_BYTES)
                else {
                    continue;
                };
                let origin = headers.iter().find(|(name, _)| *name == "Origin").map(|(_, value)| value.as_str());
                let (Some(origin), Some(allowed)) = (origin, response.header("access-control-allow-origin")) else {
                    continue;
                };
                let verdict = match response.status {
                    200..=399 => LiveVerdict::Confirmed,
                    401 | 403 => LiveVerdict::Likely,
                    // What a page may read of an error is of no use to anyone.
                    _ => continue,
                };
                if allowed != "*" && allowed != origin {
                    continue;
                }
                let credentials = response
                    .header("access-control-allow-credentials")
                    .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
                self.facts.live.cors.push(LiveCors {
                    exchange,
                    origin: origin.to_owned(),
                    allow_origin: allowed.to_owned(),
                    credentials,
                    verdict,
                });
                if method == Method::Get {
                    break;
                }
            }
        }
        let found = self.facts.live.cors.iter().map(|cors| cors.verdict).min();
        let note = match found {
            Some(_) => {
                let reads = self.facts.live.cors.iter().filter(|cors| cors.exchange.method == "GET").count();
                format!(
                    "{} addresses asked with foreign origins; on {reads} they may read the answer",
                    self.lists.cors.len()
                )
            }
            None => format!("{} addresses asked with foreign origins; none is let in", self.lists.cors.len()),
        };
        self.end(plan::CORS, &tally, found, note);
    }

    /// Does a link to this app lead to a stranger's site? Asked with the name of a site that nobody has.
    fn redirects(&mut self) {
        let mut tally = Tally::default();
        let origin = self.permit.origin();
        let mut todo: Vec<(String, String, Option<usize>)> =
            self.lists.redirects.iter().map(|(path, name, index)| (path.clone(), name.clone(), Some(*index))).collect();
        // Links that name where they lead to.
        let links = self.pages.iter().flat_map(|(page, parts)| {
            parts.links.iter().filter_map(|link| html::resolve(page, &origin, link)).collect::<Vec<_>>()
        });
        for link in links {
            let Some((path, query)) = link.split_once('?') else { continue };
            let name =
                query.split('&').filter_map(|pair| pair.split('=').next()).find(|name| plan::names_a_target(name));
            let Some(name) = name.filter(|_| plan::plain_path(path).is_some() && plan::risky(&link).is_none()) else {
                continue;
            };
            if !todo.iter().any(|(known, known_name, _)| known == path && known_name == name) {
                todo.push((path.to_owned(), name.to_owned(), None));
            }
        }
        if todo.is_empty() {
            return;
        }
        let accept = [plan::accept_page()];
        for (path, name, entry) in todo.into_iter().take(plan::MAX_REDIRECTS) {
            let asked = plan::redirect_request(&path, &name);
            let Some((exchange, response)) =
                self.ask(&mut tally, plan::REDIRECTS, Method::Get, &asked, &accept, FILE_BYTES)
            else {
                continue;
            };
            let there = response.header("location").map(|to| to.trim().to_ascii_lowercase());
            let leads = there.is_some_and(|to| {
                let rest = to.strip_prefix(plan::FOREIGN_ORIGIN);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            });
            if (300..400).contains(&response.status) && leads {
                self.facts.live.redirects.push(LiveRedirect { exchange, entry, parameter: name });
            }
        }
        let found = self.facts.live.redirects.len();
        let verdict = (found > 0).then_some(LiveVerdict::Confirmed);
        let note = format!("{} addresses asked with another site as their target, {found} lead there", tally.asked);
        self.end(plan::REDIRECTS, &tally, verdict, note);
    }

    fn login(&mut self, probe: &LoginProbe) {
        let (live, note) = login::probe(&mut self.session, self.permit, probe);
        let verdict = live.as_ref().map_or(LiveVerdict::CouldNotTell, |live| live.verdict);
        if verdict == LiveVerdict::CouldNotTell {
            self.gap("whether the login limits wrong passwords, live", note.clone(), true);
        }
        self.facts.live.login = live;
        self.facts.live.checks.push(LiveCheck { check: plan::LOGIN.to_owned(), verdict, note });
    }

    fn health(&mut self) {
        let mut tally = Tally::default();
        let accept = [plan::accept_page()];
        let answer = self.ask(&mut tally, plan::HEALTH, Method::Get, "/", &accept, FILE_BYTES);
        let (found, note) = match answer {
            Some((_, response)) if response.status < 500 => (None, "the app still answers at the end".to_owned()),
            Some((_, response)) => {
                (Some(LiveVerdict::CouldNotTell), format!("at the end the app answers {}", response.status))
            }
            None => (Some(LiveVerdict::CouldNotTell), "not asked, or no answer, at the end".to_owned()),
        };
        self.end(plan::HEALTH, &tally, found, note);
    }

    fn finish(mut self) -> LiveFacts {
        let observed = std::mem::take(&mut self.session.observed);
        let details = observed.details.len();
        let verdict = match (details, observed.error_pages) {
            (0, 0) => LiveVerdict::CouldNotTell,
            (0, _) => LiveVerdict::Passed,
            _ => LiveVerdict::Confirmed,
        };
        let note = format!("{} error pages seen, {details} with inner details", observed.error_pages);
        let check = LiveCheck { check: "error-details".to_owned(), verdict, note };
        self.facts.live.checks.push(check);
        if observed.cookies_left_out > 0 {
            self.gap("cookies", format!("{} more than are kept", observed.cookies_left_out), true);
        }
        self.facts.cookies = observed.cookies();
        self.facts.live.details_shown.extend(observed.details);
        if let Some(reason) = self.session.stopped.clone() {
            self.gap("the rest of the running app", reason.to_string(), true);
            self.facts.stopped = Some(reason);
        }
        self.facts.live.requests = self.session.sent;
        self.facts.skipped_paths.sort();
        self.facts.skipped_paths.dedup();
        if !self.facts.skipped_paths.is_empty() {
            let paths: Vec<String> = self.facts.skipped_paths.iter().map(|skipped| skipped.path.clone()).collect();
            self.gap("paths where asking could change something", listed(&paths), false);
        }
        self.facts.requests_sent = self.session.sent;
        self.facts.run = self.session.run().to_owned();
        self.facts
    }
}

/// The first few of a list.
fn listed(items: &[String]) -> String {
    let mut text = items.iter().take(8).map(|item| crate::permit::shown(item)).collect::<Vec<_>>().join(", ");
    if items.len() > 8 {
        text.push_str(&format!(" and {} more", items.len() - 8));
    }
    text
}

/// Whether an answer is the project's own file. Tables, data and archives may lie in a public folder on purpose, so for
/// them the content decides; a page is a page.
fn is_the_file(path: &str, head: &[u8], body: &[u8]) -> bool {
    let on_purpose = [".csv", ".json", ".zip", ".tar", ".gz", ".tgz"].iter().any(|end| path.ends_with(end));
    let page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    !on_purpose && !page && head.len() >= 32 && body.starts_with(head)
}

fn is_asset(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((_, end)) => !matches!(end, "html" | "htm" | "php"),
        None => false,
    }
}

pub(crate) fn matches_template(template: &str, path: &str) -> bool {
    let wanted: Vec<&str> = template.split('/').collect();
    let given: Vec<&str> = path.split('/').collect();
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| wanted == given || (wanted.starts_with(':') && !given.is_empty()))
}

/// References to further scripts in a script.
fn imports_in(text: &str) -> Vec<String> {
    static IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:\bfrom|\bimport)\s*\(?\s*["'`](\.{0,2}/[A-Za-z0-9_./@-]+\.m?js)["'`]|["'`](assets/[A-Za-z0-9_./-]+\.js)["'`]"#)
            .ok()
    });
    let Some(import) = IMPORT.as_ref() else { return Vec::new() };
    import
        .captures_iter(text)
        .take(100)
        .filter_map(|found| match (found.get(1), found.get(2)) {
            (Some(path), _) => Some(path.as_str().to_owned()),
            // Lists of chunks are relative to the site, not to the script.
            (None, Some(path)) => Some(format!("/{}", path.as_str())),
            (None, None) => None,
        })
        .collect()
}

/// API paths in string literals of a script.
fn calls_in(text: &str) -> Vec<String> {
    static CALL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"["'`](/(?:api|rest|v\d)/[A-Za-z0-9_/.-]+)(["'`?])"#).ok());
    let Some(call) = CALL.as_ref() else { return Vec::new() };
    call.captures_iter(text)
        .take(200)
        .filter_map(|found| found.get(1))
        .map(|path| path.as_str().to_owned())
        // `/api/items/` followed by a value: the path alone is not what is called.
        .filter(|path| !path.ends_with('/'))
        .collect()
}

/// Addresses without parameters that a description of the API (OpenAPI, Swagger) gives for GET.
fn described(body: &[u8]) -> Vec<String> {
    let Ok(description) = serde_json::from_slice::<serde_json::Value>(body) else { return Vec::new() };
    // `servers` and `basePath` may name a folder; another server is out of scope anyway.
    let server = description["servers"][0]["url"].as_str().or_else(|| description["basePath"].as_str());
    let folder = server.filter(|server| server.starts_with('/')).unwrap_or_default().trim_end_matches('/');
    let paths = description["paths"].as_object().into_iter().flatten();
    let read = paths.filter(|(_, methods)| methods.get("get").is_some());
    read.filter_map(|(path, _)| plan::plain_path(&format!("{folder}{path}"))).take(200).collect()
}

/// Address of the source map that a script names.
fn source_map_of(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("sourceMappingURL=")?;
    let name: String = rest.chars().take(300).take_while(|c| c.is_ascii_graphic() && *c != '*').collect();
    (!name.is_empty()).then_some(name)
}

/// What a source map gives away; `None` when it is none.
fn source_map(text: &str) -> Option<String> {
    let body = text.trim_start().trim_start_matches(")]}'").trim_start();
    if !body.starts_with('{') {
        return None;
    }
    let Ok(map) = serde_json::from_str::<serde_json::Value>(body) else {
        let cut = body.contains("\"version\":3") && body.contains("\"sources\"");
        return cut.then(|| "a source map".to_owned());
    };
    map.get("version")?.as_u64()?;
    let sources = map.get("sources")?.as_array()?;
    let own =
        sources.iter().filter_map(|source| source.as_str()).filter(|source| !source.contains("node_modules")).count();
    let content = map
        .get("sourcesContent")
        .and_then(|list| list.as_array())
        .is_some_and(|list| list.iter().any(|text| text.is_string()));
    Some(if content {
        format!("a source map with the full text of {own} source files of the app")
    } else {
        format!("a source map with the names of {own} source files of the app")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_more() {
        assert_eq!(
            imports_in(
                r#"import{a}from"./b.js";import("../c.mjs");import './d.js'; x=["assets/e-1.js"]; from "react""#
            ),
            ["./b.js", "../c.mjs", "./d.js", "/assets/e-1.js"]
        );
        assert_eq!(
            calls_in(
                r#"fetch("/api/customers"); get(`/api/items/${id}`); get('/api/list?x=1'); "/api/x/" + id; "/assets/y""#
            ),
            ["/api/customers", "/api/list"]
        );
        assert_eq!(source_map_of("x\n//# sourceMappingURL=a.js.map\n").as_deref(), Some("a.js.map"));
        assert_eq!(
            source_map(r#"{"version":3,"sources":["a.js","../node_modules/b.js"],"sourcesContent":["x","y"]}"#)
                .as_deref(),
            Some("a source map with the full text of 1 source files of the app")
        );
        assert_eq!(source_map("<!doctype html>"), None);
        assert_eq!(
            described(br#"{"openapi":"3.1.0","servers":[{"url":"/v2"}],"paths":{"/staff":{"get":{}},"/staff/{id}":{"get":{}},"/order":{"post":{}}}}"#),
            ["/v2/staff"]
        );
        assert!(matches_template("/api/x/:id", "/api/x/7") && !matches_template("/api/x/:id", "/api/x/"));
    }
}
