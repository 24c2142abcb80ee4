//! What a run asks, before it asks: every request that is known beforehand, how many more may come from what is found, and
//! what is left out because a GET can write.

use std::collections::BTreeSet;

use crate::http::Method;
use crate::input::{ProbeEntry, ProbeInput};
use crate::permit::{Permit, ScopeError};
use crate::session::{MAX_PER_CHECK, Options};
use crate::soft404;

/// How the app answers for what is not there.
pub(crate) const BASELINE: &str = "missing-pages";
/// Headers of pages, and the cookies that come with them.
pub(crate) const PAGES: &str = "page-headers";
/// Scripts of pages and their source maps.
pub(crate) const SCRIPTS: &str = "scripts";
/// Files that must not be served.
pub(crate) const FILES: &str = "exposed-files";
/// Pages for developers.
pub(crate) const DEBUG: &str = "debug-pages";
/// Addresses that send a visitor where their query says.
pub(crate) const REDIRECTS: &str = "redirects";
/// CORS decisions.
pub(crate) const CORS: &str = "cors";
/// Entry points without credentials.
pub(crate) const ENTRIES: &str = "open-entry-points";
/// Signing in the test accounts.
pub(crate) const ACCOUNTS: &str = "test-accounts";
/// What test accounts are answered.
pub(crate) const ACCESS: &str = "account-access";
/// Which cookie is the session, and whether the token is taken from the address.
pub(crate) const SESSIONS: &str = "sessions";
/// What comes back of uploaded files.
pub(crate) const UPLOAD: &str = "uploads";
/// Whether a page's policy stops a script that is slipped into it.
pub(crate) const POLICY: &str = "content-policy";
/// How much the start page's policy stops, from A to F.
pub(crate) const GRADE: &str = "content-policy-grade";
/// Pages in a browser.
pub(crate) const BROWSER: &str = "browser";
/// Signing in with the browser.
pub(crate) const BROWSER_LOGIN: &str = "browser-login";
/// Wrong passwords.
pub(crate) const LOGIN: &str = "login-limit";
/// Is the app still well at the end?
pub(crate) const HEALTH: &str = "health";

pub(crate) const MAX_PAGES: usize = 10;
pub(crate) const MAX_SCRIPTS: usize = 15;
pub(crate) const MAX_CORS_PATHS: usize = 5;
pub(crate) const MAX_REDIRECTS: usize = 6;
pub(crate) const MAX_FOUND_CALLS: usize = 15;
pub(crate) const MAX_FOUND_PARAMS: usize = 10;
/// Entry points that a test account is sent to.
pub(crate) const MAX_ACCOUNT_PATHS: usize = 24;
/// Objects that a test account is sent to.
pub(crate) const MAX_OBJECTS: usize = 12;
/// Pages that are opened in the browser.
pub(crate) const MAX_VISITS: usize = 4;

/// A stranger's origin.
pub(crate) const FOREIGN_ORIGIN: &str = "https://plimsoll-probe.example";

/// An address with a malformed percent sign: a framework answers 400, and with its development settings a stack trace.
pub(crate) const MALFORMED: &str = "/plimsoll-3f81c2d94ab07e65/%E0%A4%A";

/// One request that will be sent, unless the budget or an earlier answer makes it needless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRequest {
    /// Check that asks.
    pub check: &'static str,
    /// Method.
    pub method: &'static str,
    /// Address.
    pub url: String,
    /// Headers beside those that every request has.
    pub headers: Vec<(String, String)>,
}

/// Requests that depend on what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLater {
    /// Check that asks.
    pub check: &'static str,
    /// What.
    pub what: &'static str,
    /// At most so many.
    pub at_most: usize,
}

/// A path that is not requested, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedPath {
    /// The path.
    pub path: String,
    /// Why.
    pub why: String,
}

/// A dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The origin.
    pub origin: String,
    /// Requests, in order.
    pub requests: Vec<PlannedRequest>,
    /// What may come in addition.
    pub later: Vec<PlannedLater>,
    /// What is left out.
    pub skipped: Vec<SkippedPath>,
    /// Requests that will not be exceeded.
    pub max_requests: usize,
}

/// Lists every request that [`crate::run`] would send, without sending any.
///
/// # Errors
/// When the target is not an address on this computer.
pub fn plan(target: &str, input: &ProbeInput, options: &Options) -> Result<Plan, ScopeError> {
    let permit = Permit::loopback(target)?;
    let lists = Lists::of(&permit, input);
    let mut requests = Vec::new();
    let mut add = |check: &'static str, method: Method, path: &str, headers: &[(&'static str, String)]| {
        requests.push(PlannedRequest {
            check,
            method: method.word(),
            url: permit.url(path),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        });
    };
    add(PAGES, Method::Get, "/", &[accept_page()]);
    for path in soft404::MISSING {
        add(BASELINE, Method::Get, path, &[accept_any()]);
    }
    add(BASELINE, Method::Get, MALFORMED, &[accept_any()]);
    for path in lists.pages.iter().skip(1) {
        add(PAGES, Method::Get, path, &[accept_page()]);
    }
    for path in DEBUG_PAGES {
        add(DEBUG, Method::Get, path, &[accept_any()]);
    }
    for file in &lists.files {
        add(FILES, Method::Get, &file.path, &[accept_any(), range()]);
    }
    for folder in &lists.folders {
        add(FILES, Method::Get, folder, &[accept_any()]);
    }
    for entry in &lists.entries {
        add(ENTRIES, Method::Get, &entry.path, &[accept_data()]);
    }
    for path in &lists.cors {
        for (method, headers) in cors_requests(&permit) {
            add(CORS, method, path, &headers);
        }
    }
    for (path, name, _) in &lists.redirects {
        add(REDIRECTS, Method::Get, &redirect_request(path, name), &[accept_page()]);
    }
    if let Some(probe) = &options.login_probe {
        for _ in 0..probe.attempts() {
            requests.push(PlannedRequest {
                check: LOGIN,
                method: "POST",
                url: permit.url(&probe.path),
                headers: Vec::new(),
            });
        }
    }
    let mut later_signed_in = Vec::new();
    if let Some(sign_in) = &options.sign_in {
        let accounts = sign_in.accounts.len().min(2);
        let mut more = |check, what, at_most| later_signed_in.push(PlannedLater { check, what, at_most });
        more(ACCOUNTS, "login page and login (POST) for each test account", 2 * accounts);
        more(
            ACCESS,
            "entry points and objects in each test account's session, objects also without one",
            accounts * (MAX_ACCOUNT_PATHS + MAX_OBJECTS) + MAX_OBJECTS,
        );
        more(CORS, "two answers for a test account with a foreign origin", 2);
        more(SESSIONS, "one page with each cookie left out, and with the token in the address", 8);
        if options.allow_upload {
            more(UPLOAD, "three files in which nothing runs (POST), and asking for them", 12);
        }
        more(
            LOGIN,
            "wrong passwords (POST) for an account that does not exist, one for the first test account, and the login page",
            crate::login::MAX_ATTEMPTS + 4,
        );
    }
    if options.browser.is_some() {
        later_signed_in.push(PlannedLater {
            check: BROWSER,
            what: "what pages ask for in the browser",
            at_most: MAX_PER_CHECK,
        });
        if options.sign_in.is_some() {
            later_signed_in.push(PlannedLater {
                check: BROWSER_LOGIN,
                what: "signing in with the browser (one POST to the login)",
                at_most: 20,
            });
        }
    }
    requests.push(PlannedRequest {
        check: HEALTH,
        method: Method::Get.word(),
        url: permit.url("/"),
        headers: vec![("Accept".to_owned(), accept_page().1)],
    });
    let mut later = vec![
        PlannedLater { check: PAGES, what: "pages that the start page links to or redirects to", at_most: MAX_PAGES },
        PlannedLater { check: GRADE, what: "the start page once more, where its policy names a nonce", at_most: 1 },
        PlannedLater { check: SCRIPTS, what: "scripts that the pages name", at_most: MAX_SCRIPTS },
        PlannedLater { check: SCRIPTS, what: "source maps of these scripts", at_most: MAX_SCRIPTS },
        PlannedLater { check: REDIRECTS, what: "links of pages that name where they lead to", at_most: MAX_REDIRECTS },
        PlannedLater {
            check: ENTRIES,
            what: "API paths that the scripts or the app's own description name",
            at_most: MAX_FOUND_CALLS,
        },
        PlannedLater {
            check: ENTRIES,
            what: "routes with a value that an answer or a link showed",
            at_most: MAX_FOUND_PARAMS,
        },
    ];
    later.append(&mut later_signed_in);
    Ok(Plan {
        origin: permit.origin(),
        requests,
        later,
        skipped: lists.skipped,
        max_requests: options.max_requests.min(crate::session::MAX_REQUESTS),
    })
}

pub(crate) fn accept_any() -> (&'static str, String) {
    ("Accept", "*/*".to_owned())
}

pub(crate) fn accept_page() -> (&'static str, String) {
    ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8".to_owned())
}

pub(crate) fn accept_data() -> (&'static str, String) {
    ("Accept", "application/json, text/html;q=0.8, */*;q=0.5".to_owned())
}

pub(crate) fn range() -> (&'static str, String) {
    ("Range", "bytes=0-8191".to_owned())
}

/// An address of which the query names another site: one of nobody, and nothing that does anything.
pub(crate) fn redirect_request(path: &str, name: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{name}={}", FOREIGN_ORIGIN.replace(':', "%3A").replace('/', "%2F"))
}

/// Whether a name in a query is one under which apps keep where to go next.
pub(crate) fn names_a_target(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    matches!(
        plain.as_str(),
        "next" | "url" | "uri" | "to" | "dest" | "destination" | "goto" | "target" | "continue" | "forward" | "out"
    ) || ["redirect", "return", "callbackurl"].iter().any(|start| plain.starts_with(start))
}

/// The requests of the CORS check for one path, in order: the first that is let in ends them.
pub(crate) fn cors_requests(permit: &Permit) -> Vec<(Method, Vec<(&'static str, String)>)> {
    // An origin that starts with the app's own: a prefix test in the app would let it in.
    let lookalike = format!("{}.plimsoll-probe.example", permit.origin());
    let origin = |value: &str| ("Origin", value.to_owned());
    vec![
        (
            Method::Options,
            vec![
                origin(FOREIGN_ORIGIN),
                ("Access-Control-Request-Method", "GET".to_owned()),
                ("Access-Control-Request-Headers", "authorization".to_owned()),
            ],
        ),
        (Method::Get, vec![origin(FOREIGN_ORIGIN)]),
        (Method::Get, vec![origin("null")]),
        (Method::Get, vec![origin(&lookalike)]),
    ]
}

/// A file to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) path: String,
    /// First bytes of the project's own file.
    pub(crate) head: Vec<u8>,
}

/// What is asked for, per check. Both [`plan`] and the run read from here, so that they cannot disagree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    pub(crate) pages: Vec<String>,
    pub(crate) files: Vec<Candidate>,
    pub(crate) folders: Vec<String>,
    pub(crate) entries: Vec<ProbeEntry>,
    /// Entry points with parameters: asked only with values that were seen.
    pub(crate) templates: Vec<ProbeEntry>,
    pub(crate) cors: Vec<String>,
    /// Path, name in the query, entry point.
    pub(crate) redirects: Vec<(String, String, usize)>,
    pub(crate) skipped: Vec<SkippedPath>,
    /// Entries and files beyond the budget of a check.
    pub(crate) entries_left_out: usize,
    pub(crate) files_left_out: usize,
}

const FIXED_FILES: [&str; 36] = [
    "/.env",
    "/.env.local",
    "/.env.production",
    "/.env.development",
    "/.git/HEAD",
    "/.git/config",
    "/.DS_Store",
    "/.htpasswd",
    "/.npmrc",
    "/package.json",
    "/server.js",
    "/index.js",
    "/app.py",
    "/config.js",
    "/config.py",
    "/settings.py",
    "/docker-compose.yml",
    "/Dockerfile",
    "/database.sqlite",
    "/database.db",
    "/db.sqlite",
    "/db.sqlite3",
    "/data.db",
    "/app.db",
    "/db.json",
    "/data/database.sqlite",
    "/data/app.db",
    "/dump.sql",
    "/backup.sql",
    "/database.sql",
    "/backup.zip",
    "/backup.tar.gz",
    "/server.log",
    "/serviceAccountKey.json",
    "/.env.bak",
    "/users.csv",
];

const FIXED_FOLDERS: [&str; 5] = ["/uploads/", "/files/", "/backups/", "/data/", "/logs/"];

pub(crate) const DEBUG_PAGES: [&str; 9] = [
    "/debug",
    "/api/debug",
    "/console",
    "/actuator",
    "/actuator/env",
    "/server-status",
    "/openapi.json",
    "/swagger.json",
    "/@vite/client",
];

/// Ends of names that only files have.
const DATA_FILES: [&str; 14] = [
    ".sql", ".db", ".sqlite", ".sqlite3", ".json", ".csv", ".zip", ".gz", ".tar", ".bak", ".env", ".log", ".pem",
    ".key",
];

/// Folders whose content is usually served at the root.
const WEB_ROOTS: [&str; 9] = ["public", "static", "dist", "build", "www", "htdocs", "public_html", "wwwroot", "client"];

impl Lists {
    pub(crate) fn of(permit: &Permit, input: &ProbeInput) -> Self {
        let mut lists = Lists::default();
        lists.find_pages(permit, input);
        lists.find_entries(input);
        lists.find_files(input);
        let mut cors = vec!["/".to_owned()];
        let (api, other): (Vec<&ProbeEntry>, Vec<&ProbeEntry>) =
            lists.entries.iter().partition(|entry| entry.path.contains("/api/"));
        for entry in api.into_iter().chain(other) {
            if cors.len() < MAX_CORS_PATHS && !cors.contains(&entry.path) {
                cors.push(entry.path.clone());
            }
        }
        lists.cors = cors;
        let plain = input.redirects.iter().filter(|(path, name, _)| {
            plain_path(path).is_some() && plain_path(&format!("/{name}")).is_some() && risky(path).is_none()
        });
        lists.redirects = plain.take(MAX_REDIRECTS / 2).cloned().collect();
        lists.skipped.sort();
        lists.skipped.dedup();
        lists
    }

    fn find_pages(&mut self, permit: &Permit, input: &ProbeInput) {
        // The start page is asked in any case: the person named it.
        self.pages.push("/".to_owned());
        let start = permit.start().to_owned();
        let known = input.pages.iter().filter_map(|page| plain_path(page));
        for path in std::iter::once(start).chain(known) {
            if self.pages.contains(&path) {
                continue;
            }
            if let Some(why) = risky(&path) {
                self.skipped.push(SkippedPath { path, why });
            } else if self.pages.len() < MAX_PAGES - 3 {
                self.pages.push(path);
            }
        }
    }

    fn find_entries(&mut self, input: &ProbeInput) {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for entry in &input.entries {
            let readable = entry.methods.is_empty() || entry.methods.iter().any(|method| method == "GET");
            if !readable || !seen.insert(entry.path.clone()) {
                continue;
            }
            if let Some(harm) = &entry.harm {
                self.skipped.push(SkippedPath { path: entry.path.clone(), why: harm.clone() });
            } else if let Some(why) = risky(&entry.path) {
                self.skipped.push(SkippedPath { path: entry.path.clone(), why });
            } else if plain_path(&entry.path).is_some() {
                entries.push(entry.clone());
            } else if entry.path.contains(':') && !entry.path.contains('*') {
                self.templates.push(entry.clone());
            }
        }
        for call in &input.calls {
            let Some(path) = plain_path(call) else { continue };
            if !seen.insert(path.clone()) {
                continue;
            }
            match risky(&path) {
                Some(why) => self.skipped.push(SkippedPath { path, why }),
                None => entries.push(ProbeEntry {
                    index: usize::MAX,
                    methods: vec!["GET".to_owned()],
                    path,
                    harm: None,
                    guarded: false,
                    is_login: false,
                }),
            }
        }
        let most = MAX_PER_CHECK - MAX_FOUND_CALLS - MAX_FOUND_PARAMS;
        self.entries_left_out = entries.len().saturating_sub(most);
        entries.truncate(most);
        self.entries = entries;
    }

    fn find_files(&mut self, input: &ProbeInput) {
        let mut folders: Vec<String> = FIXED_FOLDERS.iter().map(|&folder| folder.to_owned()).collect();
        for folder in &input.folders {
            let Some(path) = plain_path(folder) else { continue };
            let path = format!("{}/", path.trim_end_matches('/'));
            if path != "/" && !folders.contains(&path) && folders.len() < 10 && risky(&path).is_none() {
                folders.push(path);
            }
        }
        let most = MAX_PER_CHECK - folders.len();
        let mut files: Vec<Candidate> = Vec::new();
        let mut left_out = 0;
        let mut add = |path: String, head: &[u8]| {
            if !path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\' | b'%'))
                || path.len() > 300
            {
                return;
            }
            if let Some(known) = files.iter_mut().find(|known| known.path == path) {
                if known.head.is_empty() {
                    known.head = head.to_vec();
                }
            } else if files.len() < most {
                files.push(Candidate { path, head: head.to_vec() });
            } else {
                left_out += 1;
            }
        };
        for path in FIXED_FILES {
            add(path.to_owned(), &[]);
        }
        // What the project really has, the likeliest address first. A name that says "delete" could be a route; a data file
        // cannot.
        for file in &input.files {
            let data = DATA_FILES.iter().any(|end| file.path.ends_with(end));
            for path in addresses_of(&file.path) {
                if data || risky(&path).is_none() {
                    add(path, &file.head);
                }
            }
        }
        for name in &input.databases {
            for path in addresses_of(name) {
                add(path, &[]);
            }
            // The code joins the folder to the name; these are where databases lie.
            for folder in ["data", "db", "instance"].iter().filter(|_| !name.contains('/')) {
                add(format!("/{folder}/{name}"), &[]);
            }
        }
        self.files = files;
        self.files_left_out = left_out;
        self.folders = folders;
    }
}

/// Under which addresses a file of the project could be served: inside a web root without it, and as it lies.
fn addresses_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches('/');
    let mut found = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    let folders = parts.len().saturating_sub(1);
    if let Some(root) = parts.iter().take(folders).rposition(|part| WEB_ROOTS.contains(part)) {
        found.push(format!("/{}", parts.get(root + 1..).unwrap_or_default().join("/")));
    }
    found.push(format!("/{path}"));
    found
}

/// A path that can be requested as it is: no parameters, no wildcards, no query.
pub(crate) fn plain_path(path: &str) -> Option<String> {
    let plain = path.starts_with('/')
        && path.len() <= 300
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.~@+,".contains(&b));
    plain.then(|| path.to_owned())
}

/// Words in a path that say that asking could change something.
const RISKY: [&str; 62] = [
    "logout",
    "signout",
    "logoff",
    "delete",
    "remove",
    "destroy",
    "reset",
    "drop",
    "create",
    "seed",
    "migrate",
    "init",
    "install",
    "setup",
    "purge",
    "clear",
    "flush",
    "cancel",
    "pay",
    "send",
    "invite",
    "confirm",
    "verify",
    "unsubscribe",
    "restart",
    "shutdown",
    "run",
    "trigger",
    "cron",
    "webhook",
    "webhooks",
    "createdb",
    "initdb",
    "seeddb",
    "resetdb",
    "wipe",
    "kill",
    "exec",
    "execute",
    "sync",
    "refund",
    "charge",
    "approve",
    "reject",
    "truncate",
    "erase",
    "revoke",
    "rotate",
    "regenerate",
    "generate",
    "rebuild",
    "deploy",
    "sendmail",
    "sendemail",
    "stop",
    "start",
    "accept",
    "decline",
    "activate",
    "deactivate",
    "bootstrap",
    "impersonate",
];

/// Stems that are risky however the word goes on: `deleteall`, `resetpassword`.
const RISKY_STEMS: [&str; 9] =
    ["delet", "remov", "destroy", "logout", "signout", "purg", "truncat", "unsubscrib", "reset"];

/// Why a path is not asked for with GET; `None` when it may be.
pub(crate) fn risky(path: &str) -> Option<String> {
    let (address, query) = path.split_once('?').map_or((path, ""), |(address, query)| (address, query));
    let query = query.to_ascii_lowercase();
    if query.split('&').any(|pair| ["action=", "do=", "cmd=", "op="].iter().any(|key| pair.starts_with(key))) {
        return Some("its query names an action".to_owned());
    }
    let words = words(address);
    let word = words
        .iter()
        .find(|word| RISKY.contains(&word.as_str()) || RISKY_STEMS.iter().any(|stem| word.starts_with(stem)));
    if let Some(word) = word {
        return Some(format!("`{word}` in its path: asking could change something"));
    }
    let pair = words.windows(2).find(|pair| {
        matches!(pair, [first, second] if matches!((first.as_str(), second.as_str()), ("log" | "sign", "out" | "off")))
    });
    pair.map(|pair| format!("`{}` in its path: asking could change something", pair.join("-")))
}

/// Words of a path in lower case: `/api/deleteUser_2` gives `api`, `delete`, `user`, `2`.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in path.chars() {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_can_write() {
        for path in [
            "/createdb",
            "/api/users/delete",
            "/api/deleteUser",
            "/logout",
            "/sign-out",
            "/auth/log_out",
            "/x?action=drop",
            "/list?page=1&do=it",
            "/api/resetpassword",
            "/admin/seed",
            "/cron/daily",
        ] {
            assert!(risky(path).is_some(), "{path}");
        }
        for path in
            ["/", "/api/payments", "/api/customers", "/created-by", "/api/runs", "/login", "/signup", "/x?page=2"]
        {
            assert!(risky(path).is_none(), "{path}: {:?}", risky(path));
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(addresses_of("public/backup.sql"), ["/backup.sql", "/public/backup.sql"]);
        assert_eq!(addresses_of("server/.env"), ["/server/.env"]);
        assert_eq!(addresses_of("dist"), ["/dist"]);
    }

    #[test]
    fn lists_keep_the_budget() {
        let permit = Permit::loopback("localhost:1").expect("loopback");
        let mut input = ProbeInput::default();
        for number in 0..500 {
            input.entries.push(ProbeEntry {
                index: number,
                methods: vec!["GET".to_owned()],
                path: format!("/api/thing{number}"),
                harm: None,
                guarded: false,
                is_login: false,
            });
            input.pages.push(format!("/page{number}"));
            input.folders.push(format!("/folder{number}"));
            input.files.push(crate::input::ProjectFile { path: format!("data{number}.db"), head: Vec::new() });
        }
        let lists = Lists::of(&permit, &input);
        assert!(lists.files.len() + lists.folders.len() <= MAX_PER_CHECK);
        assert!(lists.entries.len() + MAX_FOUND_CALLS + MAX_FOUND_PARAMS <= MAX_PER_CHECK);
        assert!(lists.pages.len() <= MAX_PAGES);
        assert!(lists.entries_left_out > 0 && lists.files_left_out > 0);
    }
}
