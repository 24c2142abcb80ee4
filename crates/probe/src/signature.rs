//! Positive signs: what a body is, told by its content. A status of 200 alone proves nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled in tests")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

/// How much of a body is searched.
const WINDOW: usize = 512 * 1024;

fn window(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..body.len().min(WINDOW)).unwrap_or_default()).into_owned()
}

/// What a file that must not be served is, by its address and content; `None` when the content does not prove it.
pub(crate) fn exposed(path: &str, body: &[u8]) -> Option<&'static str> {
    if body.is_empty() {
        return None;
    }
    // Kinds that are certain by their first bytes, whatever the name.
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if body.starts_with(b"SQLite format 3\0") {
        return Some("a SQLite database");
    }
    if body.starts_with(b"\0\0\0\x01Bud1") {
        return Some("a .DS_Store file, which lists the names of files");
    }
    let archive = body.starts_with(b"PK\x03\x04")
        || body.starts_with(b"\x1f\x8b")
        || body.get(257..262).is_some_and(|magic| magic == b"ustar");
    if archive && [".zip", ".gz", ".tgz", ".tar", ".bak", ".old"].iter().any(|end| name.ends_with(end)) {
        return Some("an archive (backup)");
    }
    let text = window(body.get(..body.len().min(64 * 1024)).unwrap_or_default());
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    if trimmed.is_empty() || text.contains('\0') {
        return None;
    }
    if trimmed.contains("-----BEGIN ") && trimmed.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if trimmed.starts_with('<') {
        return None;
    }
    static GIT_HEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(ref: refs/|[0-9a-f]{40}\s*$)"));
    static ENV: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^(export )?[A-Z][A-Z0-9_]{2,}\s*=\s*\S"));
    static DUMP: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)(create table|insert into|alter table)\s|^-- \w+ (dump|database dump)|pg_dump"));
    static HTPASSWD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^[\w.@-]+:(\$|\{SHA\})"));
    static LOG: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^\S*\[?\d{4}-\d\d-\d\d[T ]|\[\d\d/\w{3}/\d{4}:|(?i)npm err|\b(error|warn|info)\b")
    });
    static SERVER_CODE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(require\(|from\s+)['"](node:)?(express|fastify|koa|hono|dotenv|pg|mysql2?|mongoose|better-sqlite3|sqlite3?|jsonwebtoken)['"]|createServer\(|\b(app|server)\.listen\(|from (flask|django|fastapi)\b.* import|^import (flask|django|sqlite3|os)\b|Flask\(__name__\)"#,
        )
    });
    static COMPOSE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^services:\s*$"));
    static DOCKER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^FROM \S+"));
    let json = || serde_json::from_str::<serde_json::Value>(trimmed).ok();
    match () {
        () if path.ends_with("/.git/HEAD") => {
            GIT_HEAD.is_match(trimmed).then_some("the git repository (its whole history can be copied)")
        }
        () if path.ends_with("/.git/config") => {
            trimmed.contains("[core]").then_some("the git repository (its whole history can be copied)")
        }
        () if name.starts_with(".env") => {
            (ENV.is_match(trimmed) && !trimmed.starts_with(['{', '['])).then_some("a file of environment settings")
        }
        () if name == ".npmrc" => trimmed.contains("_authToken").then_some("an .npmrc with a token"),
        () if name == ".htpasswd" => HTPASSWD.is_match(trimmed).then_some("a file of password hashes"),
        () if name == "package.json" => {
            let is = trimmed.starts_with('{')
                && trimmed.contains("\"name\"")
                && (trimmed.contains("\"dependencies\"") || trimmed.contains("\"scripts\""));
            is.then_some("package.json: the folder that is served is the project folder")
        }
        () if name.starts_with("docker-compose") || name.starts_with("compose.") => {
            COMPOSE.is_match(trimmed).then_some("a Docker Compose file")
        }
        () if name == "dockerfile" => DOCKER.is_match(trimmed).then_some("a Dockerfile"),
        () if name.ends_with(".sql") || name.ends_with(".dump") => DUMP.is_match(trimmed).then_some("a database dump"),
        () if name.ends_with(".log") => (LOG.is_match(trimmed) && !trimmed.starts_with('{')).then_some("a log file"),
        () if name.ends_with(".json") => {
            let whole = json();
            let personal: usize = personal_values(body).iter().map(|(_, count)| count).sum();
            match whole {
                Some(value) if value.is_object() || value.is_array() => {
                    if value.get("private_key").is_some() {
                        Some("a service account key")
                    } else if personal >= 2 {
                        Some("a data file with records of people")
                    } else {
                        None
                    }
                }
                _ if personal >= 2 && trimmed.starts_with(['{', '[']) => Some("a data file with records of people"),
                _ => None,
            }
        }
        () if name.ends_with(".csv") => (personal_values(body).iter().map(|(_, count)| count).sum::<usize>() >= 2)
            .then_some("a table with records of people"),
        () if [".js", ".mjs", ".cjs", ".ts", ".tsx", ".py", ".rb", ".bak", ".old", ".orig"]
            .iter()
            .any(|end| name.ends_with(end))
            || name.ends_with('~') =>
        {
            if SERVER_CODE.is_match(trimmed) {
                Some("source code of the server")
            } else if ENV.is_match(trimmed) && !name.contains(".js") {
                Some("a copy of a settings file")
            } else {
                DUMP.is_match(trimmed).then_some("a database dump")
            }
        }
        () => None,
    }
}

/// Whether a body is a listing of a folder.
pub(crate) fn is_listing(body: &[u8]) -> bool {
    static LISTING: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)<title>\s*(index of /|directory listing for|listing directory|directory: )|<h1>\s*index of /")
    });
    LISTING.is_match(&window(body))
}

/// What a debug page shows, by its content.
pub(crate) fn debug_page(path: &str, body: &[u8]) -> Option<&'static str> {
    static SETTINGS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)"?(DATABASE_URL|NODE_ENV|SECRET_KEY|JWT_SECRET|SESSION_SECRET|AWS_SECRET_ACCESS_KEY|API_KEY|PATH)"?\s*[:=]|"(heapUsed|memoryUsage|propertySources|activeProfiles)""#,
        )
    });
    let text = window(body);
    let lower = text.to_ascii_lowercase();
    match path {
        "/console" => (lower.contains("werkzeug") || lower.contains("interactive console"))
            .then_some("the Werkzeug debugger's console"),
        "/@vite/client" => {
            (lower.contains("hmr") || lower.contains("import.meta.hot")).then_some("a Vite development server")
        }
        "/phpinfo.php" | "/info.php" => lower.contains("phpinfo()").then_some("phpinfo()"),
        "/server-status" => lower.contains("apache server status").then_some("the web server's status page"),
        "/openapi.json" | "/swagger.json" | "/api-docs.json" => (lower.contains("\"paths\"")
            && (lower.contains("\"openapi\"") || lower.contains("\"swagger\"")))
        .then_some("a description of the whole API"),
        "/actuator" => lower.contains("\"_links\"").then_some("the list of management addresses"),
        _ => SETTINGS.is_match(&text).then_some("a debug page that shows settings"),
    }
}

/// What inner details an error page shows.
pub(crate) fn error_details(body: &[u8]) -> Option<&'static str> {
    static NODE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\bat (?:[\w.<>\[\] $*]+ )?\(?(?:file://|node:|/|[A-Z]:\\)[^\s()]+:\d+:\d+\)?"));
    static PHP: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)(fatal error|warning|notice)(</b>)?: .{1,300} in (<b>)?/\S+"));
    static JAVA: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bat [\w.$]+\([\w]+\.java:\d+\)"));
    static SQL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"SQLITE_(ERROR|CONSTRAINT)|SQLSTATE\[|sqlalchemy\.exc\.|ER_(PARSE|NO_SUCH)_|syntax error at or near")
    });
    let text = window(body);
    if text.contains("Traceback (most recent call last)") {
        return Some("a Python stack trace");
    }
    if text.contains("Werkzeug") && text.contains("Debugger") {
        return Some("the Werkzeug debugger");
    }
    if text.contains("You're seeing this error because you have <code>DEBUG = True</code>")
        || text.contains("DEBUG = True</code> in your")
    {
        return Some("Django's debug page");
    }
    if NODE.is_match(&text) {
        return Some("a Node.js stack trace");
    }
    if PHP.is_match(&text) {
        return Some("a PHP error with a file path");
    }
    if JAVA.is_match(&text) {
        return Some("a Java stack trace");
    }
    SQL.is_match(&text).then_some("an error message of the database")
}

/// How many distinct values look like data of people, by kind, sorted by kind. The values are not kept.
pub(crate) fn personal_values(body: &[u8]) -> Vec<(String, usize)> {
    static EMAIL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,4}"));
    static PHONE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\+\d[\d ()./-]{7,18}\d|\b0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,5}\b"));
    static IBAN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Z]{2}\d{2} ?([A-Z0-9]{4} ?){2,7}[A-Z0-9]{1,4}\b"));
    let text = window(body);
    let count = |regex: &Regex, keep: &dyn Fn(&str) -> bool| {
        regex.find_iter(&text).map(|found| found.as_str()).filter(|found| keep(found)).collect::<BTreeSet<_>>().len()
    };
    let all = |_: &str| true;
    // `logo@2x.png` and `react@18.2.0` are no addresses.
    let address = |found: &str| {
        let end = found.rsplit('.').next().unwrap_or_default();
        end.len() >= 2
            && end.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !["png", "jpg", "jpeg", "svg", "webp", "gif", "js", "css"].contains(&end)
    };
    [("email", count(&EMAIL, &address)), ("iban", count(&IBAN, &all)), ("phone", count(&PHONE, &all))]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| (kind.to_owned(), count))
        .collect()
}

/// Whether a field name says that its value is not for everyone.
pub(crate) fn is_sensitive_field(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    [
        "password",
        "passwd",
        "passwordhash",
        "salary",
        "wage",
        "iban",
        "bankaccount",
        "ssn",
        "socialsecurity",
        "nationalid",
        "taxid",
        "secret",
        "apikey",
        "accesstoken",
        "refreshtoken",
        "resettoken",
        "creditcard",
        "cardnumber",
        "dateofbirth",
        "birthdate",
        "dob",
        "diagnosis",
        "medical",
        "passport",
    ]
    .iter()
    .any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_by_content() {
        for (path, body, found) in [
            ("/.env", "DB_PASSWORD=hunter2\n", true),
            ("/.env", "<!doctype html>\nDB_PASSWORD=hunter2", false),
            ("/.env", "{\"error\":\"not found\"}", false),
            ("/.git/HEAD", "ref: refs/heads/main\n", true),
            ("/.git/HEAD", "Not Found", false),
            ("/.git/config", "[core]\n\tbare = false", true),
            ("/data.db", "SQLite format 3\0xx", true),
            ("/data.db", "hello", false),
            ("/dump.sql", "CREATE TABLE users (id int);", true),
            ("/dump.sql", "nothing here", false),
            ("/server.js", "const express = require('express');", true),
            ("/app.js", "document.querySelector('#x').textContent = 'hi'", false),
            ("/package.json", "{\"name\":\"x\",\"scripts\":{}}", true),
            ("/backup.zip", "PK\u{3}\u{4}rest", true),
            ("/key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA", true),
            ("/db.json", "[{\"email\":\"a@shop.example\"},{\"email\":\"b@shop.example\"}]", true),
            ("/manifest.json", "{\"name\":\"x\"}", false),
            ("/.env", "", false),
            ("/.htpasswd", "anna:$apr1$x$y", true),
            ("/server.log", "2026-01-02T03:04:05 GET /", true),
            ("/server.log", "hello", false),
            ("/docker-compose.yml", "services:\n  web:", true),
            ("/Dockerfile", "FROM node:22", true),
            ("/.npmrc", "//registry.example/:_authToken=x", true),
            ("/serviceAccountKey.json", "{\"private_key\":\"x\"}", true),
            ("/users.csv", "a@shop.example\nb@shop.example", true),
            ("/prices.csv", "a;b", false),
            ("/app.py", "from flask import Flask", true),
            ("/.env.bak", "KEY=value", true),
            ("/.git/HEAD", "0123456789012345678901234567890123456789\n", true),
        ] {
            assert_eq!(exposed(path, body.as_bytes()).is_some(), found, "{path}: {body}");
        }
    }

    #[test]
    fn errors_by_content() {
        assert!(error_details(b"Error: x<br> &nbsp; at Layer.handle (/srv/app/node_modules/router.js:95:5)").is_some());
        assert!(error_details(b"    at file:///srv/app/server.mjs:12:3").is_some());
        assert!(error_details(b"Traceback (most recent call last):").is_some());
        assert!(error_details(b"<b>Warning</b>: x in <b>/srv/a.php</b>").is_some());
        assert!(error_details(b"at com.shop.Main.run(Main.java:12)").is_some());
        assert!(error_details(b"SQLITE_ERROR: no such table").is_some());
        assert!(error_details(b"We open at 9:00 and look at /help").is_none());
        assert!(error_details(b"Cannot GET /x").is_none());
    }

    #[test]
    fn debug_pages() {
        for (path, body, found) in [
            ("/debug", "{\"env\":{\"DATABASE_URL\":\"postgres://x\"}}", true),
            ("/debug", "{\"error\":\"not found\"}", false),
            ("/debug", "How to find your PATH to debugging", false),
            ("/console", "<h1>Interactive Console</h1>", true),
            ("/console", "<h1>Game console</h1>", false),
            ("/@vite/client", "import.meta.hot", true),
            ("/openapi.json", "{\"openapi\":\"3.1.0\",\"paths\":{}}", true),
            ("/actuator", "{\"_links\":{}}", true),
            ("/server-status", "<title>Apache Server Status</title>", true),
        ] {
            assert_eq!(debug_page(path, body.as_bytes()).is_some(), found, "{path}: {body}");
        }
    }

    #[test]
    fn people() {
        assert_eq!(
            personal_values(b"a@b.example, a@b.example, c@d.example +44 7700 900123 icon@2x.png pkg@1.2.3"),
            vec![("email".to_owned(), 2), ("phone".to_owned(), 1)]
        );
        assert_eq!(personal_values(b"{\"iban\":\"GB00TEST00010001\"}"), vec![("iban".to_owned(), 1)]);
        assert!(
            is_sensitive_field("passwordHash") && is_sensitive_field("date_of_birth") && !is_sensitive_field("name")
        );
    }

    #[test]
    fn listings() {
        assert!(is_listing(b"<html><title>Directory listing for /uploads/</title>"));
        assert!(is_listing(b"<h1>Index of /files</h1>"));
        assert!(!is_listing(b"<title>Our uploads</title>"));
    }
}
