//! Files that do not belong in a repository, by magic bytes, name and content.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::NotChecked;
use plimsoll_model::app::{CommittedFile, CommittedKind, SecretKind, SecretTier};
use plimsoll_source::{Content, FileId, SourceFile, SourceTree, Span};

use crate::Hit;
use crate::place::{Form, Place};
use crate::text;

/// What was found.
pub(crate) struct Committed {
    pub(crate) files: Vec<CommittedFile>,
    pub(crate) not_checked: Vec<NotChecked>,
    /// Files that are nothing but a private key: the file is the fact, not the text in it.
    pub(crate) key_files: BTreeSet<FileId>,
}

/// At most this many files of users' uploads are listed one by one.
const MAX_UPLOADS: usize = 100;

/// Looks at every file.
pub(crate) fn read(tree: &SourceTree, scanned: &[(FileId, Place, Vec<Hit>)]) -> Committed {
    let mut files = Vec::new();
    let mut not_checked = Vec::new();
    let mut key_files = BTreeSet::new();
    let by_file: BTreeMap<FileId, (&Place, &[Hit])> =
        scanned.iter().map(|(id, place, hits)| (*id, (place, hits.as_slice()))).collect();
    let is_clean_copy = !tree.is_git && !tree.skipped_folders.iter().any(|folder| is_made_by_tools(folder));
    let mut uploads = 0usize;
    let mut uploads_left = 0usize;
    for (id, file) in tree.iter() {
        if file.size == 0 {
            continue;
        }
        let path = file.path.to_lowercase();
        let (place, hits) = by_file.get(&id).map_or((None, &[][..]), |(place, hits)| (Some(*place), *hits));
        let Some((kind, mut note)) = classify(file, &path, place, hits) else {
            if matches!(path.rsplit('.').next(), Some("xlsx" | "xls" | "ods"))
                && !matches!(file.content, Content::Text(_))
                && is_about_people(&path)
            {
                let what = format!("the spreadsheet {}", file.path);
                not_checked.push(NotChecked { what, why: "its rows were not read".into(), weighs: false });
            }
            continue;
        };
        if kind == CommittedKind::Uploads {
            uploads += 1;
            if uploads > MAX_UPLOADS {
                uploads_left += 1;
                continue;
            }
        }
        if kind == CommittedKind::PrivateKey
            && matches!(file.content, Content::Text(_))
            && !place.is_some_and(|place| place.is_client)
        {
            key_files.insert(id);
        }
        let mut git_ignored = file.git_ignored;
        // A copy without history and without anything that tools leave behind is an export: what it holds was committed,
        // also where a later `.gitignore` covers it. Settings files are the exception: people copy those along.
        if git_ignored && is_clean_copy && kind != CommittedKind::EnvFile {
            git_ignored = false;
            note.push_str("; listed in .gitignore, yet part of this copy");
        }
        files.push(CommittedFile { kind, note, git_ignored, span: Span::whole(id) });
    }
    if uploads_left > 0 {
        let what = format!("{uploads_left} more uploaded files");
        not_checked.push(NotChecked { what, why: format!("only the first {MAX_UPLOADS} are listed"), weighs: false });
    }
    Committed { files, not_checked, key_files }
}

/// Folders that only appear where somebody works: installed packages, build output, caches.
fn is_made_by_tools(folder: &str) -> bool {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    matches!(
        name,
        "node_modules"
            | ".venv"
            | "venv"
            | ".next"
            | ".nuxt"
            | ".svelte-kit"
            | ".turbo"
            | ".pytest_cache"
            | "target"
            | "vendor"
            | ".mypy_cache"
            | ".ruff_cache"
            | ".git"
    )
}

fn head(file: &SourceFile) -> &[u8] {
    match &file.content {
        Content::Text(text) => text.as_bytes().get(..4_096.min(text.len())).unwrap_or(b""),
        Content::Binary(head) | Content::TooLarge(head) => head,
    }
}

fn classify(file: &SourceFile, path: &str, place: Option<&Place>, hits: &[Hit]) -> Option<(CommittedKind, String)> {
    let name = path.rsplit('/').next().unwrap_or("");
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let folders: Vec<&str> = path.split('/').rev().skip(1).collect();
    let bytes = head(file);
    let in_folder = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
    let is_test =
        place.is_some_and(|place| place.is_test) || in_folder(&["tests", "test", "fixtures", "__tests__", "testdata"]);

    if bytes.starts_with(b"SQLite format 3\0") {
        return Some((CommittedKind::Database, sqlite_note(bytes, file.size)));
    }
    let is_binary = matches!(file.content, Content::Binary(_));
    if bytes.starts_with(b"PGDMP") {
        return Some((CommittedKind::Dump, format!("PostgreSQL dump, {}", size(file.size))));
    }
    if bytes.starts_with(b"REDIS0") {
        return Some((CommittedKind::Database, format!("Redis snapshot, {}", size(file.size))));
    }
    if bytes.get(4..19).is_some_and(|mark| mark == b"Standard Jet DB" || mark == b"Standard ACE DB") {
        return Some((CommittedKind::Database, format!("Access database, {}", size(file.size))));
    }
    if is_binary && matches!(extension, "ibd" | "frm" | "myd" | "myi") || matches!(name, "ibdata1" | "ib_logfile0") {
        return Some((CommittedKind::Database, format!("raw MySQL file, {}", size(file.size))));
    }
    if is_binary && extension == "wt" || name == "wiredtiger" {
        return Some((CommittedKind::Database, format!("raw MongoDB file, {}", size(file.size))));
    }
    if is_binary
        && (matches!(extension, "realm" | "mdf" | "ldf" | "duckdb" | "leveldb" | "bson") || name.ends_with(".mv.db"))
    {
        return Some((CommittedKind::Database, format!("database file, {}", size(file.size))));
    }
    // Keys.
    let is_store = matches!(extension, "p12" | "pfx" | "jks" | "keystore" | "ppk");
    if is_binary && (is_store || bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed])) {
        return Some((CommittedKind::PrivateKey, format!("key store, {}", size(file.size))));
    }
    if let Some(key) = hits.iter().find(|hit| hit.kind == SecretKind::PrivateKey && hit.tier == SecretTier::Secret)
        && (key.end - key.start) * 10 > usize::try_from(file.size).unwrap_or(usize::MAX) * 3
        && place.is_none_or(|place| !matches!(place.form, Form::Code | Form::Data))
    {
        let note = if is_test { "private key among tests" } else { "private key" };
        return Some((CommittedKind::PrivateKey, note.to_owned()));
    }
    // Saved sessions.
    let text = file.text();
    if text.starts_with("# Netscape HTTP Cookie File") || text.starts_with("# HTTP Cookie File") {
        let cookies = text
            .lines()
            .filter(|line| {
                line.matches('\t').count() >= 6 && (!line.starts_with('#') || line.starts_with("#HttpOnly_"))
            })
            .count();
        // An empty jar holds nothing.
        return (cookies > 0).then(|| (CommittedKind::CookieJar, format!("cookie jar, {cookies} cookies")));
    }
    if extension == "har" && text.contains("\"entries\"") {
        return Some((CommittedKind::CookieJar, "recorded browser traffic (HAR)".to_owned()));
    }
    if extension == "json"
        && text.len() < 1 << 20
        && text.contains("\"cookies\"")
        && text.contains("\"origins\"")
        && text.contains("\"sameSite\"")
    {
        return Some((CommittedKind::CookieJar, "saved browser session".to_owned()));
    }
    // Settings.
    if place.is_some_and(|place| place.form == Form::Env) {
        let real = hits.iter().filter(|hit| hit.tier == SecretTier::Secret && !hit.in_sample).count();
        if real == 0 {
            return None;
        }
        let kind = if place.is_some_and(|place| place.is_example_env) { "example settings" } else { "settings" };
        return Some((
            CommittedKind::EnvFile,
            format!("{kind} with {real} real {}", if real == 1 { "value" } else { "values" }),
        ));
    }
    if is_test || place.is_some_and(|place| place.is_lock) {
        return None;
    }
    if extension == "sql" || extension == "dump" || name.ends_with(".sql.txt") {
        return dump(text, file.size, matches!(file.content, Content::TooLarge(_)).then_some(bytes));
    }
    if name.ends_with(".sql.gz") || name.ends_with(".dump.gz") || name.ends_with(".sql.zip") {
        return Some((CommittedKind::Dump, format!("packed dump, {}", size(file.size))));
    }
    if let Some(found) = backup(name, extension, &folders, bytes, file.size) {
        return Some(found);
    }
    if let Some(found) = upload(path, extension, &folders, name) {
        return Some(found);
    }
    if extension == "log" && file.size > 200 && !text.trim().is_empty() {
        return Some((CommittedKind::Log, format!("log, {} lines", file.line_count())));
    }
    if matches!(extension, "csv" | "tsv")
        || extension == "txt"
            && text.len() > 100
            && text.lines().take(3).all(|line| line.matches([';', '\t', ',']).count() >= 3)
    {
        return table_of_people(text);
    }
    if matches!(extension, "json" | "jsonl" | "ndjson")
        && !matches!(name, "package.json" | "tsconfig.json")
        && place.is_none_or(|place| !place.is_locale)
    {
        return objects_of_people(text);
    }
    if matches!(extension, "xlsx" | "xls" | "ods")
        && is_about_people(path)
        && !in_folder(&["templates", "template"])
        && !name.contains("template")
    {
        return Some((
            CommittedKind::PersonalRecords,
            format!("spreadsheet named after people, {}, not read", size(file.size)),
        ));
    }
    None
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MB", bytes >> 20) } else { format!("{} KB", bytes.div_ceil(1024)) }
}

/// Table names stand as text in the first page.
fn sqlite_note(bytes: &[u8], bytes_total: u64) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut tables = Vec::new();
    for (at, _) in text.match_indices("CREATE TABLE") {
        let rest = text.get(at + 12..).unwrap_or("").trim_start().trim_start_matches("IF NOT EXISTS").trim_start();
        let name: String = rest
            .trim_start_matches(['"', '`', '[', '\''])
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .take(40)
            .collect();
        if !name.is_empty() && !name.starts_with("sqlite_") && !tables.contains(&name) {
            tables.push(name);
        }
    }
    tables.sort();
    if tables.is_empty() {
        return format!("SQLite, {}", size(bytes_total));
    }
    let named: Vec<&str> = tables.iter().map(String::as_str).take(6).collect();
    let more = if tables.len() > 6 { " …" } else { "" };
    format!("SQLite, {}, at least {} tables: {}{more}", size(bytes_total), tables.len(), named.join(", "))
}

/// Tables that hold people.
const PEOPLE_TABLES: &[&str] = &[
    "user",
    "customer",
    "client",
    "member",
    "patient",
    "employee",
    "staff",
    "account",
    "contact",
    "lead",
    "order",
    "booking",
    "appointment",
    "profile",
    "student",
    "guest",
    "kunden",
    "cliente",
    "usuario",
    "personal",
    "payment",
    "invoice",
    "tenant",
];

fn dump(text: &str, bytes_total: u64, too_large: Option<&[u8]>) -> Option<(CommittedKind, String)> {
    let large;
    let text = if let Some(head) = too_large {
        large = String::from_utf8_lossy(head).into_owned();
        &large
    } else {
        text
    };
    let start = text::slice(text, 0, 4_000);
    let by_tool = [
        "-- MySQL dump",
        "-- MariaDB dump",
        "PostgreSQL database dump",
        "phpMyAdmin SQL Dump",
        "-- Dumping data",
        "-- Adminer",
        "HeidiSQL",
        "BEGIN TRANSACTION;\nCREATE TABLE",
        "-- Dump completed",
    ]
    .iter()
    .find(|mark| start.contains(**mark));
    let lower = text.to_ascii_lowercase();
    let mut rows = 0usize;
    let mut tables: BTreeSet<String> = BTreeSet::new();
    for word in ["insert into", "copy "] {
        for (at, _) in lower.match_indices(word) {
            let rest = lower.get(at + word.len()..).unwrap_or("").trim_start();
            let name: String = rest
                .trim_start_matches(['`', '"', '['])
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"'))
                .collect();
            let name = name.rsplit('.').next().unwrap_or("").trim_matches('"').to_owned();
            if PEOPLE_TABLES.iter().any(|people| name.contains(people)) {
                rows += 1;
                tables.insert(name);
            }
        }
    }
    // In whatever language the tables are named: rows with hashes of passwords are accounts.
    let hashes = ["'$2y$", "'$2a$", "'$2b$", "'$argon2"].iter().map(|mark| text.matches(mark).count()).sum::<usize>();
    if by_tool.is_some() && hashes > 0 && tables.is_empty() {
        return Some((CommittedKind::Dump, format!("dump, {}, {hashes} password hashes", size(bytes_total))));
    }
    if tables.is_empty() {
        return None;
    }
    let mails = mails_in(text);
    let real = mails.iter().filter(|mail| !is_sample_mail(mail)).count();
    let named: Vec<&str> = tables.iter().map(String::as_str).take(5).collect();
    if by_tool.is_some() || too_large.is_some() && rows > 0 {
        return Some((CommittedKind::Dump, format!("dump, {}, rows of {}", size(bytes_total), named.join(", "))));
    }
    // Hand-written seeds have a handful of invented people.
    (real >= 8).then(|| (CommittedKind::Dump, format!("{real} e-mail addresses in rows of {}", named.join(", "))))
}

fn backup(
    name: &str,
    extension: &str,
    folders: &[&str],
    bytes: &[u8],
    bytes_total: u64,
) -> Option<(CommittedKind, String)> {
    let in_backup = folders.iter().any(|folder| matches!(*folder, "backup" | "backups" | "bak" | "dumps"));
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let named = words
        .iter()
        .any(|word| matches!(*word, "backup" | "backups" | "bak" | "dump" | "export" | "respaldo" | "sicherung"));
    let is_archive = matches!(extension, "zip" | "gz" | "tgz" | "tar" | "7z" | "rar" | "bz2" | "xz")
        && (bytes.starts_with(b"PK")
            || bytes.starts_with(&[0x1f, 0x8b])
            || bytes.starts_with(b"7z")
            || bytes.starts_with(b"Rar!")
            || !bytes.is_ascii()
            || extension == "tar");
    if is_archive && (named || in_backup || folders.is_empty()) && !folders.contains(&"public") {
        return Some((CommittedKind::Backup, format!("archive, {}", size(bytes_total))));
    }
    if matches!(extension, "bak" | "backup" | "bkp" | "dmp") || name.ends_with(".sql.old") {
        return Some((CommittedKind::Backup, format!("backup copy, {}", size(bytes_total))));
    }
    (in_backup && matches!(extension, "json" | "csv" | "sql" | "db"))
        .then(|| (CommittedKind::Backup, format!("in a folder of backups, {}", size(bytes_total))))
}

/// Files of users have the folder that the app stores uploads in.
fn upload(path: &str, extension: &str, folders: &[&str], name: &str) -> Option<(CommittedKind, String)> {
    const PAPERS: &[&str] =
        &["pdf", "doc", "docx", "xls", "xlsx", "odt", "ods", "csv", "heic", "zip", "eml", "msg", "rtf", "tif", "tiff"];
    const PICTURES: &[&str] = &["jpg", "jpeg", "png", "webp", "gif", "mp4", "mp3", "m4a", "ogg", "webm", "wav", "mov"];
    let is_paper = PAPERS.contains(&extension);
    if !is_paper && !PICTURES.contains(&extension) {
        return None;
    }
    let has = |folder: &str| folders.contains(&folder);
    let store = [
        "uploads",
        "upload",
        "user_uploads",
        "useruploads",
        "user-uploads",
        "uploaded",
        "uploaded_files",
        "attachments",
        "user_files",
        "userfiles",
        "receipts",
        "invoices_pdf",
        "outbox",
    ]
    .iter()
    .any(|name| has(name))
        || path.contains("storage/app/")
        || has("media")
            && !["src", "assets", "static", "public", "components", "app", "images", "docs", "themes"]
                .iter()
                .any(|name| has(name));
    if !store || has("node_modules") || has("docs") || has("assets") || has("src") && !has("uploads") {
        return None;
    }
    // Pictures that belong to the program.
    const OWN: &[&str] = &[
        "placeholder",
        "default",
        "logo",
        "icon",
        "banner",
        "avatar",
        "favicon",
        "hero",
        "background",
        "sample",
        "demo",
        "no-image",
        "noimage",
        "blank",
        "seed",
    ];
    if !is_paper && OWN.iter().any(|word| name.contains(word)) {
        return None;
    }
    Some((
        CommittedKind::Uploads,
        if is_paper {
            format!("uploaded document ({extension})")
        } else {
            format!("uploaded picture or recording ({extension})")
        },
    ))
}

fn is_about_people(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    name.split(|c: char| !c.is_alphabetic()).any(|word| {
        matches!(
            word,
            "customers"
                | "customer"
                | "clients"
                | "clientes"
                | "kunden"
                | "members"
                | "employees"
                | "staff"
                | "payroll"
                | "salaries"
                | "leads"
                | "contacts"
                | "users"
                | "patients"
                | "students"
                | "mitarbeiter"
                | "empleados"
                | "funcionarios"
                | "contactos"
                | "personal"
                | "attendees"
                | "guests"
                | "participants"
                | "applicants"
                | "candidates"
                | "medlemmar"
                | "kunder"
                | "klanten"
        )
    })
}

/// Domains that exist for examples, and the ones that writers of examples take.
fn is_sample_mail(mail: &str) -> bool {
    let host = mail.rsplit('@').next().unwrap_or("").to_ascii_lowercase();
    let user = mail.split('@').next().unwrap_or("").to_ascii_lowercase();
    [
        "example.com",
        "example.org",
        "example.net",
        "test.com",
        "email.com",
        "mail.com",
        "domain.com",
        "company.com",
        "demo.com",
        "sample.com",
        "acme.com",
        "foo.com",
        "bar.com",
        "localhost",
        "yourcompany.com",
        "fake.com",
    ]
    .contains(&host.as_str())
        || [".test", ".example", ".invalid", ".local", ".localhost"].iter().any(|end| host.ends_with(end))
        || host.contains("example")
        || matches!(
            user.as_str(),
            "john"
                | "jane"
                | "john.doe"
                | "jane.doe"
                | "john.smith"
                | "jane.smith"
                | "test"
                | "user"
                | "info"
                | "contact"
                | "admin"
                | "noreply"
                | "support"
                | "hello"
        )
}

/// E-mail addresses of a text, at most 500, in order.
fn mails_in(text: &str) -> BTreeSet<&str> {
    let mut mails = BTreeSet::new();
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    for (at, _) in text.match_indices('@') {
        let head = text::slice(text, at.saturating_sub(64), at);
        let start = head
            .rfind(|c: char| !inside(c))
            .map_or(0, |found| found + head[found..].chars().next().map_or(1, char::len_utf8));
        let user = head.get(start..).unwrap_or("");
        let tail = text::slice(text, at + 1, at + 80);
        let host = tail.split(|c: char| !inside(c)).next().unwrap_or("").trim_end_matches('.');
        if user.is_empty()
            || !host.contains('.')
            || host
                .rsplit('.')
                .next()
                .is_none_or(|top| top.len() < 2 || !top.bytes().all(|byte| byte.is_ascii_alphabetic()))
        {
            continue;
        }
        if let Some(mail) = text.get(at - user.len()..at + 1 + host.len()) {
            mails.insert(mail);
            if mails.len() >= 500 {
                break;
            }
        }
    }
    mails
}

/// At least this many people make a list.
const MIN_PEOPLE: usize = 5;

fn note_people(count: usize, real: usize, columns: &str) -> String {
    let looks = if real * 2 < count { "; sample-looking addresses" } else { "" };
    format!("records of {count} people ({columns}){looks}")
}

fn table_of_people(text: &str) -> Option<(CommittedKind, String)> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
    let header = lines.next()?.to_lowercase();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|&separator| header.matches(separator).count())?;
    let columns: Vec<String> = header.split(separator).map(|cell| cell.trim().trim_matches('"').to_owned()).collect();
    let find = |words: &[&str]| columns.iter().position(|column| words.iter().any(|word| column.contains(word)));
    let mail = find(&["email", "e-mail", "correo", "mail"]);
    let person = find(&["name", "nombre", "nome", "nom", "naam", "namn", "vorname"]);
    let phone = find(&["phone", "telefon", "telefono", "teléfono", "mobile", "tel", "handy"]);
    let more = find(&[
        "birth",
        "geburt",
        "dob",
        "address",
        "adresse",
        "dirección",
        "salary",
        "gehalt",
        "iban",
        "ssn",
        "passport",
    ]);
    let person_like = [mail, person, phone, more].iter().flatten().count();
    if person_like < 2 || mail.is_none() && (person.is_none() || phone.is_none() && more.is_none()) {
        return None;
    }
    let mut rows = lines.clone().take(100_000).count();
    if rows < MIN_PEOPLE {
        return None;
    }
    let mails = mails_in(text);
    let real = if mail.is_some() && mails.len() < MIN_PEOPLE {
        // The column for addresses is empty: people are who has a name and something else of their own.
        let (name, other) = (person?, phone.or(more)?);
        let filled = |line: &&str| {
            let cells: Vec<&str> = line.split(separator).collect();
            [name, other].iter().all(|&index| cells.get(index).is_some_and(|cell| cell.trim().len() > 1))
        };
        rows = lines.clone().take(100_000).filter(filled).count();
        if rows < MIN_PEOPLE {
            return None;
        }
        rows
    } else if mail.is_some() {
        rows.min(mails.iter().filter(|mail| !is_sample_mail(mail)).count() * rows / mails.len().max(1))
    } else {
        rows
    };
    let named: Vec<&str> = [mail, person, phone, more]
        .iter()
        .flatten()
        .filter_map(|&index| columns.get(index))
        .map(String::as_str)
        .take(4)
        .collect();
    Some((CommittedKind::PersonalRecords, note_people(rows, real, &named.join(", "))))
}

fn objects_of_people(text: &str) -> Option<(CommittedKind, String)> {
    if text.len() > 4 << 20 || !text.contains('@') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let keyed = |word: &str| {
        lower
            .match_indices(word)
            .filter(|(at, _)| {
                let end = at + word.len();
                lower.as_bytes().get(end) == Some(&b'"')
                    && text::slice(&lower, end + 1, end + 6).trim_start().starts_with(':')
            })
            .count()
    };
    let mails = keyed("email").max(keyed("mail"));
    let names = keyed("name");
    let phones = keyed("phone").max(keyed("tel")).max(keyed("telefon")).max(keyed("mobile"));
    if mails < MIN_PEOPLE || names.max(phones) < MIN_PEOPLE {
        return None;
    }
    let found = mails_in(text);
    if found.len() < MIN_PEOPLE {
        return None;
    }
    let real = found.iter().filter(|mail| !is_sample_mail(mail)).count();
    let columns = if phones >= MIN_PEOPLE { "e-mail, name, phone" } else { "e-mail, name" };
    Some((CommittedKind::PersonalRecords, note_people(found.len(), real, columns)))
}
