//! What the other witnesses know, as far as it tells where to look.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, EntryKind, EntryPoint, Purpose, Sink, Source, StoredValueKind, WebStorage};
use plimsoll_source::SourceTree;
use regex::Regex;

use crate::account::KnownLogin;

/// Bytes of a project file that are compared with what is served.
const HEAD: usize = 256;

/// An entry point of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeEntry {
    /// Position in [`App::entry_points`].
    pub index: usize,
    /// Methods in capitals; empty when any.
    pub methods: Vec<String>,
    /// Path, parameters as `:name`.
    pub path: String,
    /// Why a GET would not be harmless, where the source says so.
    pub harm: Option<String>,
    /// The source shows a guard that holds.
    pub guarded: bool,
    /// The login.
    pub is_login: bool,
}

/// A file of the project that must not be served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProjectFile {
    /// Path relative to the subject, with `/`.
    pub path: String,
    /// The first bytes of it, where known: an answer that begins with them *is* the file.
    pub head: Vec<u8>,
}

/// Where to look. All empty is allowed: then only what every app has is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeInput {
    /// Entry points.
    pub entries: Vec<ProbeEntry>,
    /// Paths of pages.
    pub pages: Vec<String>,
    /// Paths that the browser side calls with GET.
    pub calls: Vec<String>,
    /// Files that must not be served.
    pub files: Vec<ProjectFile>,
    /// Names of database files that the code opens, relative to the subject or not.
    pub databases: Vec<String>,
    /// Address prefixes under which folders are served: `/uploads`.
    pub folders: Vec<String>,
    /// Logins that take a POST.
    pub logins: Vec<KnownLogin>,
    /// Routes that take a file.
    pub uploads: Vec<KnownUpload>,
    /// Addresses whose query decides where a visitor is sent: path, name in the query, entry point.
    pub redirects: Vec<(String, String, usize)>,
    /// Pages before which a guard stands in the browser: path as in the address bar.
    pub guarded_pages: Vec<String>,
    /// Where the browser side keeps who is signed in.
    pub kept: Vec<KeptValue>,
}

/// A route that takes a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUpload {
    /// The entry point, by position in the model.
    pub entry: usize,
    /// Path, parameters as `:name`.
    pub path: String,
    /// Name of the field for the file, where the source shows it.
    pub field: Option<String>,
}

/// A value in the browser's storage by which the browser side decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptValue {
    /// In `sessionStorage`, not `localStorage`.
    pub session: bool,
    /// Its key.
    pub key: String,
}

impl ProbeInput {
    /// What the app model and the source tree tell.
    pub fn from_app(app: &App, tree: &SourceTree) -> Self {
        let mut input = ProbeInput::default();
        let mut server_files = BTreeSet::new();
        for (index, entry) in app.entry_points.iter().enumerate() {
            server_files.insert(entry.handler.file);
            server_files.insert(entry.span.file);
            match entry.kind {
                EntryKind::StaticFiles if entry.path.starts_with('/') => input.folders.push(entry.path.clone()),
                EntryKind::Route | EntryKind::Function | EntryKind::ServerPage if entry.path.starts_with('/') => {
                    input.entries.push(ProbeEntry {
                        index,
                        methods: entry.methods.clone(),
                        path: entry.path.clone(),
                        harm: harm(entry),
                        guarded: entry.guards.iter().any(|guard| guard.holds()),
                        is_login: entry.purposes.contains(&Purpose::Login),
                    });
                }
                _ => {}
            }
        }
        input.pages = app.pages.iter().map(|page| page.path.clone()).collect();
        input.logins = logins(app);
        input.redirects = redirects(app);
        input.uploads = uploads(app);
        input.guarded_pages =
            app.pages.iter().filter(|page| !page.guards.is_empty()).map(|page| page.path.clone()).collect();
        input.kept = kept(app);
        input.calls = app
            .api_calls
            .iter()
            .filter(|call| matches!(call.method.as_str(), "GET" | "") && call.path.starts_with('/'))
            .map(|call| call.path.clone())
            .collect();
        let committed: BTreeSet<_> = app.committed.iter().map(|file| file.span.file).collect();
        for (position, file) in tree.files.iter().enumerate() {
            let id = plimsoll_source::FileId(u32::try_from(position).unwrap_or(u32::MAX));
            let wanted = is_private_file(&file.path) || committed.contains(&id) || server_files.contains(&id);
            // A `.php` address would run the file instead of showing it.
            if wanted && file.extension() != "php" {
                let bytes = match &file.content {
                    plimsoll_source::Content::Text(text) => text.as_bytes(),
                    plimsoll_source::Content::Binary(bytes) | plimsoll_source::Content::TooLarge(bytes) => bytes,
                };
                let head = bytes.get(..bytes.len().min(HEAD)).unwrap_or_default().to_vec();
                input.files.push(ProjectFile { path: file.path.clone(), head });
            }
            input.databases.extend(database_names(file.text()));
            input.pages.extend(static_page(&file.path));
        }
        input.databases.sort();
        input.databases.dedup();
        input
    }
}

/// Logins that take a POST, those that check a password first.
fn logins(app: &App) -> Vec<KnownLogin> {
    let mut found: Vec<(bool, KnownLogin)> = Vec::new();
    for (index, entry) in app.entry_points.iter().enumerate() {
        let takes_post = entry.methods.is_empty() || entry.methods.iter().any(|method| method == "POST");
        let route = matches!(entry.kind, EntryKind::Route | EntryKind::Function);
        if !entry.purposes.contains(&Purpose::Login) || !takes_post || !route || entry.path.contains([':', '*']) {
            continue;
        }
        let names: Vec<&str> =
            entry.inputs.iter().filter_map(|input| input.rsplit('.').next()).filter(|name| !name.is_empty()).collect();
        let with = |words: &[&str]| {
            let has = |name: &&&str| words.iter().any(|word| name.to_ascii_lowercase().contains(word));
            names.iter().find(has).map(|name| (*name).to_owned())
        };
        let password_field = with(&["password", "passwd", "pwd", "passwort"]);
        let checks = password_field.is_some()
            && entry.effects.iter().any(|effect| matches!(effect.kind, EffectKind::VerifyPassword));
        let login = KnownLogin {
            entry: index,
            path: entry.path.clone(),
            user_field: with(&["email", "mail", "username", "user", "login", "name"]),
            password_field,
        };
        found.push((!checks, login));
    }
    found.sort_by_key(|(later, login)| (*later, login.entry));
    found.into_iter().map(|(_, login)| login).collect()
}

/// Routes that take a file by POST.
fn uploads(app: &App) -> Vec<KnownUpload> {
    let taking = app.entry_points.iter().enumerate().filter(|(_, entry)| {
        entry.purposes.contains(&Purpose::Upload) && entry.methods.iter().any(|method| method == "POST")
    });
    let known = taking.map(|(index, entry)| {
        let field = entry.inputs.iter().find_map(|input| {
            input.strip_prefix("files.").or_else(|| input.strip_prefix("file.")).filter(|name| !name.is_empty())
        });
        KnownUpload { entry: index, path: entry.path.clone(), field: field.map(str::to_owned) }
    });
    known.collect()
}

/// Routes that send a visitor where their query says.
fn redirects(app: &App) -> Vec<(String, String, usize)> {
    let mut found: Vec<(String, String, usize)> = Vec::new();
    for flow in &app.flows {
        let Some((index, entry)) = flow.entry.and_then(|index| Some((index, app.entry_points.get(index)?))) else {
            continue;
        };
        let read = entry.methods.is_empty() || entry.methods.iter().any(|method| method == "GET");
        let query = ["query.", "args.", "GET.", "searchParams."]
            .iter()
            .find_map(|start| flow.source_name.split_once(start).map(|(_, name)| name.to_owned()));
        if let (Sink::Redirect, Source::Request, Some(name), true, None) =
            (flow.sink, flow.source, query, read, harm(entry))
            && !found.iter().any(|(path, known, _)| *path == entry.path && *known == name)
        {
            found.push((entry.path.clone(), name, index));
        }
    }
    found
}

/// Keys of web storage under which identity, rights or a token are kept.
fn kept(app: &App) -> Vec<KeptValue> {
    let mut kept: Vec<KeptValue> = app
        .stored_values
        .iter()
        .filter(|value| {
            matches!(value.kind, StoredValueKind::Identity | StoredValueKind::Privilege | StoredValueKind::SessionToken)
                && matches!(value.storage, WebStorage::Local | WebStorage::Session)
                && !value.key.is_empty()
                && value.key.len() <= 100
        })
        .map(|value| KeptValue { session: value.storage == WebStorage::Session, key: value.key.clone() })
        .collect();
    kept.sort();
    kept.dedup();
    kept.truncate(20);
    kept
}

/// The address of an HTML file in a folder that is served as it is.
fn static_page(path: &str) -> Option<String> {
    let html = path.ends_with(".html") && !path.ends_with("/index.html");
    let parts: Vec<&str> = path.split('/').collect();
    let root =
        parts.iter().position(|part| matches!(*part, "public" | "www" | "htdocs" | "public_html" | "wwwroot"))?;
    html.then(|| format!("/{}", parts.get(root + 1..).unwrap_or_default().join("/")))
}

/// Why asking for it could change something.
fn harm(entry: &EntryPoint) -> Option<String> {
    let purpose = entry.purposes.iter().find_map(|purpose| match purpose {
        Purpose::Logout => Some("it signs out"),
        Purpose::Webhook => Some("it takes notices from another service"),
        Purpose::Cron => Some("it starts a job"),
        Purpose::Setup => Some("it sets the app up"),
        Purpose::PaidApi => Some("it calls a paid service"),
        Purpose::OneTimeCode | Purpose::PasswordReset => Some("it may send messages"),
        _ => None,
    });
    let effect = || {
        entry.effects.iter().find_map(|effect| match effect.kind {
            EffectKind::Create | EffectKind::Update | EffectKind::Delete => Some("its code changes records"),
            EffectKind::SetPassword | EffectKind::CreateAccount => Some("its code changes accounts"),
            EffectKind::WriteFile | EffectKind::DeleteFile => Some("its code changes files"),
            EffectKind::SendMessage | EffectKind::Broadcast => Some("its code sends messages"),
            EffectKind::CallAi | EffectKind::Payment => Some("its code calls a paid service"),
            EffectKind::Execute => Some("its code starts a process"),
            _ => None,
        })
    };
    // One handler for a form and for what it sends: asking for the form is what every link to it does. That the form, once
    // sent, spends money or sends mail is the purpose of its POST.
    let shows_a_form =
        entry.methods.iter().any(|method| method == "GET") && entry.methods.iter().any(|method| method == "POST");
    if shows_a_form { purpose.filter(|_| !only_sends(entry)) } else { purpose.or_else(effect) }.map(str::to_owned)
}

/// Whether all that speaks against asking is what the handler sends away: messages, and requests that cost money.
fn only_sends(entry: &EntryPoint) -> bool {
    let other =
        |purpose: &Purpose| matches!(purpose, Purpose::Logout | Purpose::Webhook | Purpose::Cron | Purpose::Setup);
    !entry.purposes.iter().any(other)
}

/// Files that nobody should get from a web server, by name.
fn is_private_file(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    if name.starts_with(".env") {
        return !["example", "sample", "template", "dist"].iter().any(|word| name.contains(word));
    }
    let ends = [
        ".db", ".sqlite", ".sqlite3", ".sql", ".dump", ".bak", ".old", ".orig", "~", ".pem", ".key", ".p12", ".pfx",
        ".log", ".zip", ".tar", ".tar.gz", ".tgz", ".csv",
    ];
    ends.iter().any(|end| name.ends_with(end))
        || matches!(
            name,
            ".npmrc" | ".htpasswd" | "cookies.txt" | "docker-compose.yml" | "docker-compose.yaml" | "dockerfile"
        )
        || name.contains("firebase-adminsdk")
        || name.contains("service-account")
        || name.contains("serviceaccount")
        || matches!(name, "server.js" | "server.mjs" | "server.ts" | "app.py" | "main.py" | "settings.py" | "config.py")
        || (name.ends_with(".json") && (lower.starts_with("data/") || lower.contains("/data/") || name == "db.json"))
}

/// Names of database files in string literals.
fn database_names(text: &str) -> Vec<String> {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"["'`/]((?:[A-Za-z0-9_.-]+/){0,4}[A-Za-z0-9_-]+\.(?:db|sqlite3?))["'`?]"#).ok());
    let Some(name) = NAME.as_ref() else { return Vec::new() };
    name.captures_iter(text)
        .take(20)
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str().trim_start_matches("./").to_owned())
        .filter(|found| !found.contains("..") && found.len() <= 200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases() {
        assert_eq!(
            database_names("new Database('./data/app.db'); sqlite:///instance/site.sqlite3\" \"x.dbx\" '../up.db'"),
            ["data/app.db", "instance/site.sqlite3"]
        );
    }

    #[test]
    fn private_files() {
        for path in
            [".env", "server/.env.local", "data/app.db", "backup/dump.sql", "server.js", "x/key.pem", "data/users.json"]
        {
            assert!(is_private_file(path), "{path}");
        }
        for path in [".env.example", "src/main.jsx", "README.md", "package.json", "public/logo.png"] {
            assert!(!is_private_file(path), "{path}");
        }
    }
}
