//! Working accounts that are published: in documents, on pages, in seeds and set-up code.

use std::ops::Range;
use std::sync::LazyLock;

use plimsoll_model::app::{SecretKind, SecretTier};
use regex::Regex;

use crate::Hit;
use crate::assign::{has_user_beside, hit, nth_argument};
use crate::gate::{Found, Gate};
use crate::place::{Form, Place};
use crate::text;
use crate::value;

/// Adds published accounts.
pub(crate) fn scan(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    if place.is_test || place.form == Form::Other || place.is_example_env {
        return;
    }
    match place.form {
        Form::Docs => prose(text, text, place, found, hits),
        Form::Markup => {
            let plain = without_tags(text);
            prose(text, &plain, place, found, hits);
            if matches!(place.form, Form::Markup) {
                inputs(text, place, found, hits);
            }
            calls(text, place, found, hits);
        }
        Form::Code => {
            if place.is_jsx {
                let plain = without_tags(text);
                prose(text, &plain, place, found, hits);
                inputs(text, place, found, hits);
            } else {
                comments(text, place, found, hits);
            }
            calls(text, place, found, hits);
            beside_mail(text, place, found, hits);
            user_lists(text, place, found, hits);
        }
        Form::Sql => sql(text, place, found, hits),
        Form::Data | Form::Env | Form::Config | Form::Other => {}
    }
    if place.form == Form::Data {
        // A chat or notebook in JSON: documents inside strings.
        if is_transcript(text) {
            prose(text, text, place, found, hits);
        }
    }
}

/// Conversations exported from an assistant.
fn is_transcript(text: &str) -> bool {
    let head = text::slice(text, 0, 4_000);
    (head.contains("\"role\"") && head.contains("\"content\""))
        || head.contains("\"cells\"")
        || head.contains("\"messages\"")
}

/// Replaces tags by blanks of the same length, so that offsets hold.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut copied = 0;
    while at < bytes.len() {
        let is_open = bytes[at] == b'<' && matches!(bytes.get(at + 1), Some(b'/' | b'a'..=b'z' | b'A'..=b'Z'));
        if !is_open {
            at += 1;
            continue;
        }
        // A tag is at most 400 bytes and does not hold another `<`.
        let limit = (at + 400).min(bytes.len());
        let close = bytes[at + 1..limit].iter().position(|&byte| byte == b'>' || byte == b'<');
        match close {
            Some(len) if bytes[at + 1 + len] == b'>' => {
                let end = at + len + 2;
                out.push_str(text.get(copied..at).unwrap_or(""));
                for &byte in &bytes[at..end] {
                    out.push(if byte == b'\n' { '\n' } else { ' ' });
                }
                at = end;
                copied = end;
            }
            _ => at += 1,
        }
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    out
}

const PASSWORD: &str = r"(?:passwords?|passwort|passwörter|kennwort|pass ?code|pwd|pw|passwd|contraseñas?|contrasenas?|clave|senhas?|mot de passe|mots de passe|mdp|wachtwoord|lösenord|adgangskode|passord|salasana|hasło|heslo|jelszó|parolă|parola|şifre|пароль|lozinka|geslo|密码|密碼|パスワード|비밀번호|kata sandi|mật khẩu)";
const USER: &str = r"(?:e-?mails?|e-post|user ?names?|user|login(?: ?id)?|benutzer(?:name)?|usuario|usuário|utilisateur|identifiant|gebruiker(?:snaam)?|användarnamn|brukernavn|bruger(?:navn)?|correo|account|konto|nutzer(?:name)?|логин|nome utente|felhasználónév|kullanıcı(?: adı)?|użytkownik|admin|username)";

/// What may stand between a login and its password, and the password.
const PAIR_TAIL: &str = r#"[`*_"'\x20\t\)]{0,40}
        (?:\x20*(?:/|\||:|,|→|=>|–|—|\x20-\x20|\x20and\x20|\x20with\x20|\x20und\x20|\x20mit\x20|\x20y\x20|\x20e\x20|\x20et\x20|\()\x20*)
        (?:(?i:the\x20)?(?i:password|passwort|pass|pw|pwd|contraseña|senha|mot\x20de\x20passe|wachtwoord|lösenord|hasło|jelszó|parola)[`*_"']{0,4}(?:\x20*(?:\x20is\x20|:|=)|\x20+)[`*_"'\x20\t]*)?
        [`*_"'\x20\t]{0,40}
        (?P<pass>[^\s`*"'|,()<>{}\[\]/\\]{3,64})"#;

/// A login followed by its password: an address (`admin@x.org / hunter22`), then a name (`` `admin` / `admin1` ``).
static PAIRS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        format!(r"(?x)(?P<user>[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{{2,12}}){PAIR_TAIL}"),
        r#"\b(?P<user>[A-Za-z][A-Za-z0-9._\-]{2,30})(?:[`*_"' ]{0,6}/[`*_"' ]{0,6}|[`"']?:[`"']?)(?P<pass>[^\s`*"'|,()<>{}\[\]/\\:]{3,64})"#.to_owned(),
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// A label for a password and its value: `Password: hunter22`, `**Passwort:** `hunter22``.
static LABELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r#"(?i)(?P<label>{PASSWORD})(?:\s?\([^)\n]{{0,30}}\))?[`*_"'\)\x20\t]{{0,60}}(?::|=|：|->|→|\bis\b|\bist\b|\bes\b|\best\b|\bär\b|–)[\x20\t]*(?P<mark>[`*_"'\x20\t\\]*)(?P<pass>[^\s`*"'|,()<>{{}}\[\]\\]{{3,64}})"#
    ))
    .ok()
});

static USER_LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)\b{USER}\b[^\n]{{0,12}}[:=|：]|[a-z0-9._%+\-]+@[a-z0-9.\-]+\.[a-z]{{2,12}}")).ok()
});

/// Words near which a login and a password are an account of this app.
const CONTEXT: &[&str] = &[
    "credential",
    "default admin",
    "default account",
    "default login",
    "default user",
    "default password",
    "demo account",
    "demo login",
    "demo user",
    "demo credential",
    "test account",
    "test user",
    "test login",
    "test credential",
    "log in",
    "login",
    "logins",
    "sign in",
    "signin",
    "sign-in",
    "password",
    "zugangsdaten",
    "anmeld",
    "passwort",
    "testkonto",
    "benutzer",
    "identifiant",
    "connexion",
    "mot de passe",
    "comptes",
    "credencial",
    "contraseña",
    "iniciar sesi",
    "acceso",
    "usuario",
    "senha",
    "acesso",
    "contas",
    "wachtwoord",
    "inloggen",
    "inlog",
    "lösenord",
    "logga in",
    "konto",
    "hasło",
    "zalogu",
    "jelszó",
    "bejelentkez",
    "parola",
    "şifre",
    "giriş",
    "пароль",
    "вход",
    "accounts",
    "administrator",
    "superuser",
    "demo-zugang",
    "testzugang",
    "adgangskode",
    "passord",
    "accesso",
    "アカウント",
    "账号",
    "密码",
];

fn has_context(text: &str, at: usize, before: usize, after: usize) -> bool {
    let near = text.get(text::lines_around(text, at, before, after)).unwrap_or("").to_lowercase();
    CONTEXT.iter().any(|word| near.contains(word))
}

/// Documents and the visible text of pages. `plain` has the offsets of `text`.
fn prose(text: &str, plain: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    let Some(labelled) = &*LABELLED else { return };
    let mut offset = 0;
    let mut table: Option<(usize, usize)> = None;
    let mut head: Option<(usize, usize)> = None;
    let mut in_fence = false;
    let is_code = place.form == Form::Code;
    // Patterns run only on lines with a keyword; pairs without an address only near one.
    let mut names = found.of(Gate::Name).map(|(at, _)| at).peekable();
    let mut contexts = found.of(Gate::Near).map(|(at, _)| at).peekable();
    let mut addresses = found.of(Gate::At).map(|(at, _)| at).peekable();
    let mut since_keyword = usize::MAX;
    for line in plain.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let trimmed = line.trim_start();
        let mut has_name = false;
        let mut has_address = false;
        while names.next_if(|&at| at < offset).is_some() {
            has_name = true;
        }
        while addresses.next_if(|&at| at < offset).is_some() {
            has_address = true;
        }
        let mut has_context = false;
        while contexts.next_if(|&at| at < offset).is_some() {
            has_context = true;
        }
        since_keyword = if has_name || has_address || has_context { 0 } else { since_keyword.saturating_add(1) };
        if place.form == Form::Docs && (trimmed.starts_with("```") || trimmed.starts_with("~~~")) {
            in_fence = !in_fence;
        }
        // Logs and data have no end of lines with colons; a line of a book is enough.
        if line.len() > 4_000 {
            long_line(text, plain, start, line, place, hits);
            continue;
        }
        let lower_has = |c: char| line.contains(c);
        if place.form == Form::Docs && trimmed.matches('|').count() >= 2 {
            let is_rule = trimmed.contains("--") && trimmed.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'));
            if is_rule {
                // The line before was the head.
                table = head.take();
                continue;
            }
            head = table_header(trimmed);
            if let Some((column, columns)) = table {
                table_row(text, start, line, column, columns, place, hits);
                continue;
            }
        } else {
            table = None;
            head = None;
        }
        if lower_has('@') || lower_has('/') || lower_has(':') || lower_has('(') {
            let first = usize::from(!has_address);
            // Both, or only the one that its gate lets through.
            let count = (2 - first).saturating_sub(usize::from(since_keyword > 8));
            for found in PAIRS.iter().skip(first).take(count).flat_map(|pair| pair.captures_iter(line)) {
                pair_hit(text, plain, start, line, &found, in_fence, is_code, place, hits);
            }
        }
        for found in labelled.captures_iter(line).take(if has_name { usize::MAX } else { 0 }) {
            label_hit(text, plain, start, line, &found, in_fence, is_code, place, hits);
        }
    }
}

/// A transcript in JSON is one line: its `\n` are the line ends. Only pairs with an address and marked labels count.
fn long_line(text: &str, plain: &str, start: usize, line: &str, place: &Place, hits: &mut Vec<Hit>) {
    if !line.contains("\\n") || line.len() > 2_000_000 {
        return;
    }
    let Some(labelled) = &*LABELLED else { return };
    let mut offset = start;
    for part in line.split("\\n") {
        if part.len() < 2_000 {
            if part.contains('@') {
                for found in PAIRS.iter().take(1).flat_map(|pair| pair.captures_iter(part)) {
                    pair_hit(text, plain, offset, part, &found, false, true, place, hits);
                }
            }
            for found in labelled.captures_iter(part) {
                let is_marked = found.name("mark").is_some_and(|mark| mark.as_str().contains('`'));
                let Some(pass) = found.name("pass") else { continue };
                if is_marked
                    && value::is_password(trim_value(pass.as_str()), false)
                    && !value::is_placeholder(pass.as_str())
                {
                    add(
                        text,
                        place,
                        offset + pass.start(),
                        trim_value(pass.as_str()).len(),
                        "account in a document",
                        hits,
                    );
                }
            }
        }
        offset += part.len() + 2;
    }
}

/// Cuts signs of a sentence off a value.
fn trim_value(value: &str) -> &str {
    let value = value.trim_end_matches(['.', ';', ':', '。', '，']);
    if value.ends_with('!') && value.len() < 5 { value.trim_end_matches('!') } else { value }
}

#[expect(clippy::too_many_arguments, reason = "what is known about a line")]
fn pair_hit(
    text: &str,
    plain: &str,
    start: usize,
    line: &str,
    found: &regex::Captures,
    in_fence: bool,
    is_code: bool,
    place: &Place,
    hits: &mut Vec<Hit>,
) {
    let (Some(user), Some(pass)) = (found.name("user"), found.name("pass")) else { return };
    let login = user.as_str();
    let secret = trim_value(pass.as_str());
    let is_mail = login.contains('@');
    let at = start + pass.start();
    if value::is_placeholder(secret)
        || secret.contains('@')
            && secret.contains('.')
            && secret.split('@').nth(1).is_some_and(|host| host.contains('.'))
    {
        return;
    }
    // Phone numbers, dates, versions, prices.
    if secret.starts_with('+')
        || secret.bytes().filter(u8::is_ascii_digit).count() > 6
            && secret.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte))
            && secret != "12345678"
            && secret != "123456789"
    {
        return;
    }
    let between = line.get(user.end()..pass.start()).unwrap_or("");
    // Parts of an address: `postgres://user:pass@host/db`. Bodies of requests in guides are examples.
    if in_address(line, user.start())
        || in_address(line, pass.start())
        || between.contains("\":")
        || between.contains("':")
    {
        return;
    }
    // The next key of an object; code of tests; a walk through signing up.
    let rest = line.get(pass.end()..).unwrap_or("");
    if rest.trim_start_matches(['"', '\'', '`']).starts_with(':') && rest.starts_with(['"', '\'', '`'])
        || in_fence && is_test_code(plain, start)
        || between.contains(['\'', '"']) && between.contains(',') && value::is_commonplace(secret)
        || is_signing_up(plain, start)
    {
        return;
    }
    let line_lower = line.to_lowercase();
    let says_password = PASSWORD_MARKS.iter().any(|mark| line_lower.contains(mark));
    if is_code {
        // Source lines: quotes and calls between login and password are code, which other rules read.
        if between.contains(['\'', '"', '`', '(']) || !is_mail && !line_is_text(line) {
            return;
        }
    }
    if is_mail {
        let strong = between.contains('/') || between.contains('|') || says_password;
        let ok = if strong {
            value::is_password(secret, true) && !is_prose_word(secret, line, pass.end())
        } else {
            value::is_password(secret, false) && secret.chars().any(|c| c.is_ascii_digit())
        };
        if !ok
            || !has_context(plain, start, 8, 2) && !between.contains('/')
            || place.form != Form::Docs && !has_context(plain, start, 6, 3)
        {
            return;
        }
        // `a@b.org:8080`, `git@host:path`
        if login.starts_with("git@")
            || login.starts_with("noreply")
            || between.trim() == "," && !says_password
            || secret.ends_with(".git")
        {
            return;
        }
        add(text, place, at, secret.len(), "login and password of an account", hits);
        return;
    }
    // Without an address: `admin / admin123`.
    let separator = between.trim_matches(['`', '*', '_', '"', '\'', ' ', '\t', ')']);
    let is_role = LOGINS.contains(&login.to_lowercase().as_str());
    let slashed = separator == "/" || separator == ":" && is_role && !between.contains(' ') && secret != "pass";
    if !slashed
        || value::is_password_word(login)
        || value::is_password_word(secret) && !value::is_weak_word(secret)
        || says_nothing(login)
    {
        return;
    }
    // `Admin/User` lists roles.
    let secret_lower = secret.to_lowercase();
    if LOGINS.contains(&secret_lower.as_str()) && !login.eq_ignore_ascii_case(secret) {
        return;
    }
    if line.contains("://") || login.contains("http") || !has_context(plain, start, 5, 1) {
        return;
    }
    let looks_good =
        secret.chars().any(|c| c.is_ascii_digit()) && value::is_password(secret, false) && secret.len() >= 5
            || is_role && value::is_weak_word(secret);
    // Paths such as `client/server1` have no blanks around the slash; `admin/admin1` has a login before it and looks it.
    let spaced = between.contains(" / ") || between.contains('`') && between.contains(' ');
    let looks_it = value::is_weak_word(secret)
        || secret.to_lowercase().contains(&login.to_lowercase())
        || value::is_commonplace(secret)
        || secret.chars().any(char::is_uppercase);
    // `admin/login` is where administrators log in.
    let is_page = !spaced && secret_lower == "login";
    if looks_good && !is_page && (spaced || is_role && looks_it) && !line_is_path(line, user.start(), pass.end()) {
        add(text, place, at, secret.len(), "login and password of an account", hits);
    }
}

/// The word around an offset is an address with a scheme.
fn in_address(line: &str, at: usize) -> bool {
    let head = line.get(..at).unwrap_or("");
    let start =
        head.rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<')).map_or(0, |found| found + 1);
    head.get(start..).is_some_and(|word| word.contains("://"))
}

/// Steps that make a new account with invented values.
fn is_signing_up(plain: &str, at: usize) -> bool {
    let near = plain.get(text::lines_around(plain, at, 3, 2)).unwrap_or("").to_lowercase();
    [
        "/register",
        "/signup",
        "/sign-up",
        "click: create account",
        "new user registration",
        "create a new account",
        "registration form",
    ]
    .iter()
    .any(|word| near.contains(word))
        && !["default", "demo", "existing", "admin"].iter().any(|word| near.contains(word))
}

/// Code of a test inside a document.
fn is_test_code(plain: &str, at: usize) -> bool {
    let near = plain.get(text::lines_around(plain, at, 10, 6)).unwrap_or("");
    [
        "expect(",
        "describe(",
        "it('",
        "it(\"",
        "test('",
        "test(\"",
        "assert",
        "beforeAll",
        "beforeEach",
        "def test_",
        "cy.",
    ]
    .iter()
    .any(|word| near.contains(word))
}

const PASSWORD_MARKS: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "contraseña",
    "senha",
    "mot de passe",
    "wachtwoord",
    "lösenord",
    "hasło",
    "jelszó",
    "parola",
    "şifre",
    "пароль",
    "pwd",
    "credential",
    "zugangsdaten",
];

/// Names that accounts have when they are made for a start.
const LOGINS: &[&str] = &[
    "admin",
    "administrator",
    "root",
    "user",
    "demo",
    "test",
    "guest",
    "manager",
    "superadmin",
    "staff",
    "employee",
    "owner",
    "client",
    "customer",
    "teacher",
    "student",
    "doctor",
    "tester",
    "user1",
    "admin1",
    "superuser",
    "operator",
    "support",
    "moderator",
    "editor",
];

/// Words before a slash that are no login.
fn says_nothing(login: &str) -> bool {
    matches!(
        login.to_lowercase().as_str(),
        "email"
            | "username"
            | "login"
            | "sign"
            | "and"
            | "or"
            | "http"
            | "https"
            | "user name"
            | "ctrl"
            | "port"
            | "localhost"
            | "node"
            | "version"
            | "name"
    )
}

/// The line reads like text: no statement signs.
fn line_is_text(line: &str) -> bool {
    !line.contains([';', '{', '}', '=', '"', '`']) && !line.contains("//")
}

/// The match is a part of a path: more slashes touch it.
fn line_is_path(line: &str, start: usize, end: usize) -> bool {
    let after = line.get(end..).and_then(|rest| rest.chars().next());
    let before = line.get(..start).and_then(|head| head.chars().next_back());
    matches!(after, Some('/' | '\\')) || matches!(before, Some('/' | '.' | '-' | '@' | '\\'))
}

/// A word of the sentence rather than a password: letters only, not marked, and the sentence goes on.
fn is_prose_word(secret: &str, line: &str, end: usize) -> bool {
    if !secret.chars().all(char::is_alphabetic) || value::is_weak_word(secret) {
        return false;
    }
    let rest = line.get(end..).unwrap_or("");
    !rest.starts_with(['`', '*', '"', '\'']) && !rest.trim_matches([' ', '\t', ')', '.', '|', '_']).is_empty()
}

#[expect(clippy::too_many_arguments, reason = "what is known about a line")]
fn label_hit(
    text: &str,
    plain: &str,
    start: usize,
    line: &str,
    found: &regex::Captures,
    in_fence: bool,
    is_code: bool,
    place: &Place,
    hits: &mut Vec<Hit>,
) {
    let (Some(label), Some(pass)) = (found.name("label"), found.name("pass")) else { return };
    let mark = found.name("mark").map_or("", |mark| mark.as_str());
    let secret = trim_value(pass.as_str());
    let at = start + pass.start();
    let before = line.get(..label.start()).and_then(|head| head.chars().next_back());
    // `DB_PASSWORD=x` in a document shows settings; `user.password` is code.
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '/' | '\'' | '"' | '#')) {
        return;
    }
    let rest = line.get(pass.end()..).unwrap_or("");
    // The label was the key of an object in a guide: `"password": …`.
    if rest.starts_with(['"', '\'', '`']) && rest[1..].trim_start().starts_with(':') {
        return;
    }
    let lower = secret.to_lowercase();
    let is_invented =
        ["mysecure", "mypass", "mysecret", "mystrong", "mysuper"].iter().any(|head| lower.starts_with(head));
    if in_address(line, pass.start())
        || in_fence && is_test_code(plain, start)
        || is_invented
        || is_signing_up(plain, start)
    {
        return;
    }
    let label_end = line.get(label.end()..pass.start()).unwrap_or("");
    if value::is_placeholder(secret)
        || value::is_reference(secret)
        || label_end.contains('=') && !in_fence && !mark.contains('`')
    {
        return;
    }
    if is_code {
        // Only text that a page shows: no quoted keys, no statements.
        let head = line.get(..label.start()).unwrap_or("");
        if mark.contains(['\'', '"', '`'])
            || label_end.contains('=')
            || head.contains(['\'', '"', '`']) && !head.contains(' ')
            || rest.trim_start().starts_with(['(', '='])
            || head.trim_end().ends_with(['(', '{']) && head.trim().len() < 3
        {
            return;
        }
        if secret.ends_with([',', ';'])
            || line.trim_end().ends_with([',', ';']) && !line.contains('>') && !line.contains(['\'', '"', '`'])
        {
            return;
        }
    }
    let is_marked = mark.contains(['`', '*', '"', '\'']) || rest.starts_with(['`', '*', '"', '\'']);
    let ends_here = rest.trim_start_matches(['`', '*', '_', ')', '"', '\'', '.', ' ', '\t', '\\', '!']).is_empty()
        || rest.starts_with([',', ')', '|', ';', '/', '<', '\\'])
        || rest.trim_start().starts_with(['(', '|', '/', '-', '–', '<', ',', '→', '\\', '{']);
    let has_digit = secret.chars().any(|c| c.is_ascii_digit());
    if !is_marked && !ends_here {
        return;
    }
    let near = plain.get(text::lines_around(plain, start, 4, 3)).unwrap_or("");
    let has_user = USER_LABEL.as_ref().is_some_and(|pattern| pattern.is_match(near));
    let context = has_context_without_label(plain, start, label.as_str());
    const RULES: &[&str] = &[
        "min",
        "minimum",
        "least",
        "mindestens",
        "characters",
        "zeichen",
        "length",
        "must",
        "hash",
        "hashed",
        "bcrypt",
        "policy",
        "strength",
        "expire",
        "expires",
        "reset",
    ];
    let is_rule = rest.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| RULES.contains(&word));
    if is_rule {
        return;
    }
    let good = value::is_password(secret, has_user)
        && (has_digit || is_marked && has_user || value::is_weak_word(secret) && has_user);
    if good && (has_user || context || is_marked && has_digit) && !value::is_locator(secret) {
        add(text, place, at, secret.len(), "login and password of an account", hits);
    }
}

/// Words of accounts around a label, without the label itself.
fn has_context_without_label(plain: &str, at: usize, label: &str) -> bool {
    let near = plain.get(text::lines_around(plain, at, 8, 3)).unwrap_or("").to_lowercase();
    let near = near.replacen(&label.to_lowercase(), " ", 1);
    CONTEXT.iter().any(|word| near.contains(word))
}

/// The column of passwords in a table's head, and how many columns there are.
fn table_header(line: &str) -> Option<(usize, usize)> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let column = cells.iter().position(|cell| {
        let plain: String = cell.chars().filter(|c| !matches!(c, '*' | '`' | '_')).collect();
        plain.chars().count() < 30
            && plain.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(crate::name::is_password_noun)
            && !plain.to_lowercase().contains("hash")
    })?;
    // `Pass` also heads tables of test results: a column of logins must stand beside.
    const LOGIN: &[&str] = &[
        "user",
        "mail",
        "login",
        "account",
        "konto",
        "benutzer",
        "usuario",
        "usuário",
        "utilisateur",
        "gebruiker",
        "användare",
        "role",
        "rolle",
        "correo",
        "name",
    ];
    let beside = cells
        .iter()
        .enumerate()
        .any(|(index, cell)| index != column && LOGIN.iter().any(|word| cell.to_lowercase().contains(word)));
    (cells.len() >= 2 && beside).then_some((column, cells.len()))
}

fn table_row(text: &str, start: usize, line: &str, column: usize, columns: usize, place: &Place, hits: &mut Vec<Hit>) {
    let trimmed = line.trim();
    if trimmed.contains("---") && !trimmed.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return;
    }
    let inner_start = line.find('|').filter(|&at| line[..at].trim().is_empty()).map_or(0, |at| at + 1);
    let inner = &line[inner_start..];
    let mut offset = inner_start;
    for (index, cell) in inner.split('|').enumerate() {
        if index == column && index < columns {
            let value_text = cell.trim_matches([' ', '\t', '`', '*', '_', '"', '\'']);
            // `READY`, `PASS`: no password is shouted.
            if value_text.chars().all(char::is_uppercase) {
                return;
            }
            let Some(found) = cell.find(value_text).filter(|_| !value_text.is_empty()) else { return };
            if value::is_password(value_text, true)
                && !value::is_placeholder(value_text)
                && !value::is_locator(value_text)
            {
                add(text, place, start + offset + found, value_text.len(), "login and password of an account", hits);
            }
            return;
        }
        offset += cell.len() + 1;
    }
}

fn add(text: &str, place: &Place, at: usize, len: usize, what: &str, hits: &mut Vec<Hit>) {
    let mut seen = hit(text, place, SecretKind::DefaultAccount, what, SecretTier::Secret, at..at + len, None, false);
    // What a page shows is seen by every visitor, wherever it was put together.
    seen.in_browser |=
        place.is_jsx && matches!(place.form, Form::Code | Form::Markup) && what == "login and password of an account";
    if seen.in_browser {
        what_on_page(&mut seen);
    }
    hits.push(seen);
}

fn what_on_page(seen: &mut Hit) {
    if seen.what == "login and password of an account" {
        seen.what = "login and password shown on a page".into();
    }
}

/// `<input type="password" value="hunter22">`.
fn inputs(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    for (at, _) in found.of(Gate::Name) {
        let head = text::slice(text, at.saturating_sub(10), at);
        if !head.ends_with("type=\"") && !head.ends_with("type='") {
            continue;
        }
        let open = text::slice(text, at.saturating_sub(400), at);
        let open_at = open.rfind('<').map_or(at, |found| at - (open.len() - found));
        let window = text::slice(text, open_at, open_at + 600);
        let tag = window.split('>').next().unwrap_or("");
        for attribute in [" value=", " defaultValue=", "\nvalue=", "\tvalue="] {
            let Some(found) = tag.find(attribute) else { continue };
            let value_at = open_at + found + attribute.len();
            let Some(range) = text::literal(text, value_at) else { continue };
            let literal = text.get(range.clone()).unwrap_or("");
            if value::is_password(literal, true)
                && !value::is_placeholder(literal)
                && !value::is_reference(literal)
                && !literal.contains(['{', '<', '$'])
            {
                add(text, place, range.start, range.len(), "login and password of an account", hits);
            }
        }
    }
}

/// Calls that set or hash a constant password.
fn calls(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    for (at, len) in found.of(Gate::Call) {
        let call = text.get(at..at + len).unwrap_or("").to_ascii_lowercase();
        let head = text::slice(text, at.saturating_sub(24), at).to_ascii_lowercase();
        // Examples in comments: `* x`, `>>> x`.
        let line = text.get(text::line_around(text, at).start..at).unwrap_or("").trim_start();
        if line.starts_with("* ") || line.starts_with(">>>") {
            continue;
        }
        let open = at + len;
        let what = "password of an account that the code makes";
        let candidate = match call.as_str() {
            "hash(" => {
                let hashes = [
                    "bcrypt.",
                    "bcryptjs.",
                    "argon2.",
                    "argon.",
                    "pwd_context.",
                    "hasher.",
                    "hash.",
                    "password.",
                    "ph.",
                    "scrypt.",
                ]
                .iter()
                .any(|object| head.ends_with(object))
                    || ["password_", "pwd_"].iter().any(|name| head.ends_with(name));
                hashes.then(|| constant(text, at, open)).flatten()
            }
            "::make(" => head.ends_with("hash").then(|| constant(text, at, open)).flatten(),
            "_hash(" => (head.ends_with("password")
                || head.ends_with("generate_password")
                || head.ends_with("get_password")
                || head.ends_with("pw"))
            .then(|| constant(text, at, open))
            .flatten(),
            "bcrypt(" | "hashsync(" | "make_password(" | "set_password(" | "hash_password(" | "hashpassword("
            | "encodepassword(" => {
                // `def set_password(` and the like have no literal.
                constant(text, at, open)
            }
            "setpassword(" => constant(text, at, open),
            "encode(" => (head.ends_with("encoder.")).then(|| constant(text, at, open)).flatten(),
            "crypt(" if place.form == Form::Sql => constant(text, at, open),
            "create_superuser(" => positional_password(text, open, 2),
            "create_user(" => positional_password(text, open, 2),
            "emailandpassword(" => positional_password(text, open, 2),
            "usestate(" | "ref(" => {
                let line = text::line_around(text, at);
                let before = text.get(line.start..at).unwrap_or("").to_lowercase();
                let names = before
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| matches!(word, "password" | "passwort" | "pwd" | "passwd" | "senha"));
                names.then(|| text::literal(text, open)).flatten()
            }
            _ => None,
        };
        let Some(range) = candidate else { continue };
        let literal = text.get(range.clone()).unwrap_or("");
        let strong = !matches!(call.as_str(), "setpassword(" | "usestate(" | "ref(" | "encode(");
        if !value::is_password(literal, strong || has_user_beside(text, at))
            || value::is_reference(literal)
            || literal.contains(['{', '$']) && literal.contains('}')
        {
            continue;
        }
        if value::is_placeholder(literal) && !value::is_weak_word(literal) {
            continue;
        }
        add(text, place, range.start, range.len(), what, hits);
    }
}

/// The literal that a call is given first, itself or by a name that was set to it above.
fn constant(text: &str, at: usize, open: usize) -> Option<Range<usize>> {
    let start = text::skip_space(text, open);
    if let Some(literal) = text::literal(text, start) {
        return Some(literal);
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let rest = text.get(start..)?;
    let name = rest.get(..rest.find(|c: char| !is_part(c))?)?;
    let ends = rest.get(name.len()..)?.trim_start().starts_with([',', ')']);
    if name.is_empty() || !ends || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    // The nearest place above that sets it says what it is.
    let above = text.get(at.saturating_sub(FAR)..at)?;
    let offset = at - above.len();
    for (found, _) in above.rmatch_indices(name) {
        let before = above.get(..found).and_then(|head| head.chars().next_back());
        let after = above.get(found + name.len()..)?;
        // `const pass: string = …`
        let set = match after.split_once('=') {
            Some((between, value)) if between.trim().is_empty() || between.trim() == ": string" => value,
            _ => continue,
        };
        if before.is_some_and(is_part) || before == Some('.') || set.starts_with(['=', '>']) {
            continue;
        }
        let value = offset + (above.len() - set.len());
        let line = text::line_around(text, value);
        // `process.env.ADMIN_PASSWORD || 'hunter22'`: what it is where nothing is set.
        let fallback = || {
            let expression = text.get(value..line.end)?;
            let or = expression.find("||").or_else(|| expression.find("??"))?;
            text::literal(text, text::skip_space(text, value + or + 2))
        };
        return text::literal(text, text::skip_space(text, value)).or_else(fallback);
    }
    None
}

/// Further above nobody looks for what a name was set to.
const FAR: usize = 20_000;

/// The password among positional arguments, where all before it are given in the call.
fn positional_password(text: &str, open: usize, nth: usize) -> Option<Range<usize>> {
    nth_argument(text, open, nth)
}

/// A literal e-mail address and, behind it in the same call or list, a literal password:
/// `user("Ann", "ann@x.org", "hunter22", "admin")` in a file that makes accounts.
fn beside_mail(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    if found.of(Gate::At).next().is_none() {
        return;
    }
    let lower = text.to_ascii_lowercase();
    let makes_accounts = place.is_jsx && lower.contains("demo") && lower.contains("login")
        || [
            "password_hash",
            "hashpassword",
            "hash_password",
            "bcrypt",
            "argon2",
            "scrypt",
            "set_password",
            "create_user",
            "createuser",
            "passwordhash",
            "emailandpassword",
            "signup(",
            "sign_up(",
            "signin(",
        ]
        .iter()
        .any(|word| lower.contains(word));
    if !makes_accounts {
        return;
    }
    let mut done = 0;
    for (at, _) in found.of(Gate::At) {
        if at < done {
            continue;
        }
        let line = text::line_around(text, at);
        done = line.end;
        let mut index = line.start;
        let mut after_mail = false;
        let mut others = 0;
        while index < line.end {
            let Some(c) = text::at(text, index) else { break };
            if !matches!(c, '\'' | '"' | '`') {
                index += c.len_utf8();
                continue;
            }
            let Some(range) = text::literal(text, index) else { break };
            let literal = text.get(range.clone()).unwrap_or("");
            index = range.end + 1;
            if looks_like_mail(literal) {
                after_mail = true;
                others = 0;
                continue;
            }
            if after_mail {
                others += 1;
                let before = text::slice(text, range.start.saturating_sub(14), range.start).to_ascii_lowercase();
                let is_keyed = before.trim_end_matches(['\'', '"', '`']).trim_end().ends_with([':', '=']);
                let good = value::is_password(literal, false)
                    && literal.len() >= 6
                    && literal.chars().any(|c| c.is_ascii_digit())
                    && literal.chars().any(char::is_alphabetic)
                    && !is_date_or_id(literal)
                    && !value::is_placeholder(literal);
                if good && others <= 2 && !is_keyed {
                    add(text, place, range.start, range.len(), "password of an account that the code makes", hits);
                    after_mail = false;
                }
            }
        }
    }
}

fn looks_like_mail(literal: &str) -> bool {
    let Some((user, host)) = literal.split_once('@') else { return false };
    !user.is_empty() && host.contains('.') && !literal.contains(char::is_whitespace) && literal.len() < 80
}

/// Dates, identifiers, phone numbers, colours.
fn is_date_or_id(literal: &str) -> bool {
    let digits = literal.bytes().filter(u8::is_ascii_digit).count();
    let is_date = literal.len() >= 8
        && literal.as_bytes().get(4) == Some(&b'-')
        && literal.as_bytes().get(..4).is_some_and(|year| year.iter().all(u8::is_ascii_digit));
    let is_id = literal.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
        && digits * 2 >= literal.len();
    is_date
        || is_id
        || value::is_uuid(literal)
        || literal.starts_with('#')
        || literal.starts_with('+')
        || literal.starts_with("u_")
        || literal.len() <= 4
}

/// `VALID_USERS = {"ann": "hunter22"}`.
fn user_lists(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    static ENTRY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"["'](?P<user>[A-Za-z0-9._@\-]{2,60})["']\s*:\s*["'](?P<pass>[^"'\n]{3,64})["']"#).ok()
    });
    let Some(entry) = &*ENTRY else { return };
    let mut done = 0;
    for (at, len) in found.of(Gate::Name) {
        if at < done {
            continue;
        }
        let word = text.get(at..at + len).unwrap_or("").to_ascii_lowercase();
        if word != "users" && word != "credential" && word != "pass" {
            continue;
        }
        let line = text::line_around(text, at);
        let tail_end = text::line_around(text, at).end;
        let tail = text.get(at + len..tail_end).unwrap_or("");
        // The name ends, and a mapping is opened on this line.
        let named = tail.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start();
        let opens = named.strip_prefix('=').or_else(|| named.strip_prefix(": dict =")).map(str::trim_start);
        let Some(opens) = opens else { continue };
        if !opens.starts_with('{') {
            continue;
        }
        let head = text.get(line.start..at).unwrap_or("").trim_start();
        if head.contains(['(', '"', '\'', '.']) {
            continue;
        }
        let block_start = tail_end - opens.len();
        let block = text::slice(text, block_start, block_start + 2_000);
        let block = block.split("\n}").next().unwrap_or("");
        let block = block.split_once('}').map_or(block, |(inner, _)| {
            if inner.contains('{') && inner.matches('{').count() > 1 { block } else { inner }
        });
        for found in entry.captures_iter(block) {
            let (Some(user), Some(pass)) = (found.name("user"), found.name("pass")) else { continue };
            let key = user.as_str().to_ascii_lowercase();
            if crate::name::read(&key).is_some()
                || ["name", "role", "email", "username", "id", "type"].contains(&key.as_str())
            {
                continue;
            }
            if value::is_password(pass.as_str(), false)
                && !value::is_placeholder(pass.as_str())
                && !looks_like_mail(pass.as_str())
                && pass.as_str().chars().any(|c| c.is_ascii_digit())
            {
                add(
                    text,
                    place,
                    block_start + pass.start(),
                    pass.len(),
                    "password of an account that the code makes",
                    hits,
                );
            }
        }
        done = block_start + block.len();
    }
}

/// Comments and printed text of programs: `# Login: admin / admin123`, `console.log('Admin: a@b.org / hunter22')`.
fn comments(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    let Some(labelled) = &*LABELLED else { return };
    let mut done = 0;
    for &(at, _, gate) in &found.at {
        if at < done || !matches!(gate, Gate::At | Gate::Name) {
            continue;
        }
        let range = text::line_around(text, at);
        done = range.end;
        let line = text.get(range.clone()).unwrap_or("");
        let trimmed = line.trim_start();
        let is_comment = ["//", "#", "*", "/*", "--", "<!--"].iter().any(|mark| trimmed.starts_with(mark));
        let is_printed = ["print", "console.", "log", "echo", "puts", "write", "stdout", "info(", "println"]
            .iter()
            .any(|word| trimmed.to_ascii_lowercase().contains(word));
        if !is_comment && !is_printed || line.len() > 300 {
            continue;
        }
        if line.contains('@') {
            for found in PAIRS.iter().flat_map(|pair| pair.captures_iter(line)) {
                pair_hit(text, text, range.start, line, &found, false, true, place, hits);
            }
        }
        for found in labelled.captures_iter(line) {
            let Some(pass) = found.name("pass") else { continue };
            let secret = trim_value(pass.as_str()).trim_end_matches([';', ')']);
            let label = found.name("label").map_or(0, |label| label.start());
            let before = line.get(..label).and_then(|head| head.chars().next_back());
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-')) {
                continue;
            }
            let between = line.get(label..pass.start()).unwrap_or("");
            if between.contains(['=', '"', '\'']) || secret.contains(['$', '{', '%', '+', '(']) {
                continue;
            }
            let has_digit = secret.chars().any(|c| c.is_ascii_digit());
            if has_digit
                && value::is_password(secret, false)
                && !value::is_placeholder(secret)
                && (is_printed || has_user_beside(text, at))
            {
                add(text, place, range.start + pass.start(), secret.len(), "account in a comment or message", hits);
            }
        }
    }
}

/// `INSERT INTO users (email, password) VALUES ('a@b.org', 'hunter22')`.
fn sql(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    calls(text, place, found, hits);
    for (at, len) in found.of(Gate::Call) {
        if !text.get(at..at + len).is_some_and(|call| call.eq_ignore_ascii_case("insert into")) {
            continue;
        }
        let statement = text::slice(text, at, at + 4_000);
        let Some(open) = statement.find('(') else { continue };
        let Some(close) = statement.get(open..).and_then(|rest| rest.find(')')).map(|found| open + found) else {
            continue;
        };
        let columns: Vec<String> = statement
            .get(open + 1..close)
            .unwrap_or("")
            .split(',')
            .map(|name| name.trim().trim_matches(['"', '`', '[', ']']).to_lowercase())
            .collect();
        let Some(column) = columns.iter().position(|name| {
            matches!(
                name.as_str(),
                "password"
                    | "passwd"
                    | "pwd"
                    | "pass"
                    | "user_password"
                    | "senha"
                    | "contrasena"
                    | "password_hash"
                    | "passwort"
            )
        }) else {
            continue;
        };
        let base = statement.as_ptr() as usize - text.as_ptr() as usize;
        let mut index = close + 1;
        let rest = statement.get(index..).unwrap_or("");
        let Some(values) = rest.to_ascii_lowercase().find("values").filter(|&found| found < 40) else { continue };
        index += values + 6;
        // Rows: `( … ), ( … );`
        let bytes = statement.as_bytes();
        let mut depth = 0;
        let mut field = 0;
        while index < bytes.len() {
            match bytes[index] {
                b'\'' => {
                    let Some(range) = text::literal(text, base + index) else { break };
                    if depth == 1 && field == column {
                        let literal = text.get(range.clone()).unwrap_or("");
                        if value::is_password(literal, true) && !value::is_placeholder(literal) {
                            add(
                                text,
                                place,
                                range.start,
                                range.len(),
                                "password of an account that the code makes",
                                hits,
                            );
                        }
                    }
                    index = range.end - base + 1;
                    continue;
                }
                b'(' => {
                    depth += 1;
                    if depth == 1 {
                        field = 0;
                    }
                }
                b')' => depth -= 1,
                b',' if depth == 1 => field += 1,
                b';' if depth == 0 => break,
                _ => {}
            }
            index += 1;
        }
    }
}
