//! Input that is broken or wants to break the reader: the exit code, a line about what was not read, bounded time, no panic.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Levels of nesting.
const DEEP: usize = 100_000;
/// What one review of a broken folder may take, in a build without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What a review said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) errors: String,
    pub(crate) took: Duration,
}

impl Said {
    /// `what: why` of everything that was not checked.
    pub(crate) fn not_checked(&self) -> Vec<String> {
        let lines = self.report.pointer("/coverage/not_checked").and_then(Value::as_array);
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        lines.into_iter().flatten().map(|line| format!("{}: {}", text(line, "what"), text(line, "why"))).collect()
    }

    /// Every finding.
    pub(crate) fn findings(&self) -> Vec<&Value> {
        self.report["findings"].as_array().into_iter().flatten().collect()
    }
}

/// Reviews a folder with the program; ends it when it takes longer than `limit`.
pub(crate) fn review(folder: &Path, more: &[&str], limit: Duration) -> Said {
    let started = Instant::now();
    let out = tempfile::NamedTempFile::new().expect("a file");
    let errors = tempfile::NamedTempFile::new().expect("a file");
    let mut child = crate::program()
        .args(["check", "--format", "json"])
        .arg(folder)
        .args(more)
        .stdin(Stdio::null())
        .stdout(out.reopen().expect("a file"))
        .stderr(errors.reopen().expect("a file"))
        .spawn()
        .expect("the program starts");
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if started.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{}: still running after {limit:?}", folder.display());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = std::fs::read_to_string(out.path()).expect("UTF-8");
    Said {
        code: status.code(),
        report: serde_json::from_str(&text).unwrap_or_default(),
        errors: std::fs::read_to_string(errors.path()).unwrap_or_default(),
        took: started.elapsed(),
    }
}

/// Reviews files in a new folder.
fn review_files(files: &[(&str, &[u8])]) -> Said {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, bytes).expect("a file");
    }
    review(folder.path(), &[], LIMIT)
}

/// Never a panic, never a green verdict, and a report that can be read.
fn is_incomplete(name: &str, said: &Said) {
    assert_eq!(said.code, Some(3), "{name}: {} {:?}", said.errors, said.not_checked());
    assert!(!said.errors.contains("panicked"), "{name}: {}", said.errors);
    assert_eq!(said.report["verdict"]["verdict"], "incomplete", "{name}");
    for line in said.not_checked() {
        assert!(!line.starts_with("rule "), "{name}: a rule failed: {line}");
    }
}

/// The same, with a line about the file.
fn is_said(name: &str, file: &str, said: &Said) {
    is_incomplete(name, said);
    let lines = said.not_checked();
    assert!(
        lines.iter().any(|line| line.starts_with(file)),
        "{name}: nothing says that {file} was not read: {lines:?}"
    );
}

#[test]
fn bytes_that_are_no_text_are_said() {
    let binary: Vec<u8> = (0..4096u32).map(|number| number.to_le_bytes()[0]).collect();
    is_said("a binary named .js", "a.js", &review_files(&[("a.js", &binary)]));
    for file in ["a.js", "a.py", "a.php", "a.html", "a.sql", "package.json"] {
        is_said("invalid UTF-8", file, &review_files(&[(file, b"let a = \"\xff\xfe\xfa\";")]));
    }
}

#[test]
fn a_file_of_200_megabytes_is_said_and_not_read() {
    for start in [&b""[..], b"const a = 1;\n"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("server.js");
        std::fs::write(&path, start).expect("a file");
        std::fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(200 << 20)).expect("sparse");
        is_said("200 MB", "server.js", &review(folder.path(), &[], LIMIT));
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_and_out_of_the_folder_are_said_and_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret.js"), "const outside = 1;").expect("a file");
    let link = |from: &str, to: &Path| {
        std::os::unix::fs::symlink(to, folder.path().join(from)).expect("a link");
    };
    std::fs::create_dir(folder.path().join("inner")).expect("a folder");
    std::fs::write(folder.path().join("a.js"), "const a = 1;").expect("a file");
    link("inner/up", Path::new(".."));
    link("self", Path::new("self"));
    link("out", outside.path());
    let said = review(folder.path(), &[], LIMIT);
    for name in ["inner/up", "self", "out"] {
        is_said("links", name, &said);
    }
    assert!(!said.report.to_string().contains("secret.js"));
}

/// `open` many times, then `middle`, then `close` as often.
fn nested(start: &str, open: &str, middle: &str, close: &str, end: &str) -> Vec<u8> {
    [start, &open.repeat(DEEP), middle, &close.repeat(DEEP), end].concat().into_bytes()
}

#[test]
fn code_nested_without_end_is_said() {
    for (file, text) in [
        ("a.js", nested("x = ", "(", "1", ")", ";")),
        ("a.js", nested("x = ", "[", "", "]", ";")),
        ("a.js", nested("", "if (a) {", "", "}", "")),
        ("a.js", nested("a", ".b()", "", "", "")),
        ("a.js", nested("x = ", "`${", "", "}`", "")),
        ("a.js", nested("", "function f() {", "", "}", "")),
        ("a.ts", nested("x = ", "{a:", "1", "}", ";")),
        ("a.tsx", nested("x = ", "<a>", "", "</a>", "")),
        ("a.py", nested("x = ", "[", "", "]", "\n")),
        ("a.py", nested("x = ", "f(", "", ")", "\n")),
        ("a.py", nested("x = ", "not ", "a", "", "\n")),
        ("a.php", nested("<?php $x = ", "[", "", "]", ";")),
        ("a.php", nested("<?php $x = ", "f(", "", ")", ";")),
        ("a.php", nested("<?php ", "if (a) {", "", "}", "")),
    ] {
        let name = String::from_utf8_lossy(&text[..20]).into_owned();
        is_said(&name, file, &review_files(&[(file, &text)]));
    }
}

#[test]
fn pages_and_settings_nested_without_end_are_said() {
    for (file, text) in [
        ("package.json", nested("", "[", "", "]", "")),
        ("package-lock.json", nested("", "{\"a\":", "1", "}", "")),
        ("composer.lock", nested("", "{\"packages\":[", "", "]}", "")),
        ("pnpm-lock.yaml", nested("", "[", "", "]", "")),
        ("pnpm-lock.yaml", nested("", "- ", "a", "", "")),
        ("a.html", nested("<!doctype html>", "<div>", "", "</div>", "")),
        ("pyproject.toml", nested("a = ", "[", "", "]", "")),
        ("poetry.lock", nested("a = ", "{b=", "1", "}", "")),
    ] {
        let name = format!("{file} {}", String::from_utf8_lossy(&text[..12]));
        is_said(&name, file, &review_files(&[(file, &text)]));
    }
}

/// Brackets around one value, chains of operators, data that is not interpreted: read flat and to the end, so there is
/// nothing to say about them. Data and settings alone are no app, which is never fit.
#[test]
fn flat_readers_come_to_their_end() {
    for (file, text) in [
        ("a.html", nested("", "<script>", "", "", "")),
        ("a.py", nested("x = ", "(", "1", ")", "\n")),
        ("a.php", nested("<?php $x = ", "(", "1", ")", ";")),
        ("a.js", nested("x = ", "1 + ", "1", "", ";")),
        ("a.vue", nested("", "<template>", "", "</template>", "")),
    ] {
        let said = review_files(&[(file, &text)]);
        assert!(matches!(said.code, Some(0 | 3)), "{file}: {:?} {}", said.code, said.errors);
        assert!(!said.errors.contains("panicked"), "{file}: {}", said.errors);
    }
    for (file, text) in [
        ("data.json", nested("", "[", "", "]", "")),
        ("compose.yaml", nested("", "[", "", "]", "")),
        ("compose.yaml", nested("", "a: {", "", "}", "")),
        (".env", nested("", "A=${", "", "}", "")),
    ] {
        is_incomplete(file, &review_files(&[(file, &text)]));
    }
}

#[test]
fn sql_nested_without_end_is_said() {
    let table = "create table t (id uuid primary key, owner uuid);\nalter table t enable row level security;\n";
    let review = |statement: &[u8]| {
        let text = [table.as_bytes(), statement].concat();
        let said = review_files(&[("supabase/migrations/1_init.sql", &text)]);
        assert!(!said.errors.contains("panicked"), "{}", said.errors);
        said
    };
    for statement in [
        nested("create policy p on t for select using (", "(", "true", ")", ");"),
        nested("create policy p on t for select using (", "not ", "true", "", ");"),
        nested("create function f() returns int as $$ ", "begin ", "", "end;", " $$ language plpgsql;"),
    ] {
        let name = String::from_utf8_lossy(&statement[..24]).into_owned();
        let said = review(&statement);
        // A condition that could not be read may be called open; it must never be called closed without a word.
        assert!(matches!(said.code, Some(1 | 3)), "{name}: {:?} {:?}", said.code, said.not_checked());
        let named = said.not_checked().iter().any(|line| line.contains("1_init.sql"));
        assert!(named || !said.findings().is_empty(), "{name}: nothing is said: {:?}", said.not_checked());
    }
    // These decide nothing about who may read what, however deep they are: the review only has to end.
    for statement in [
        nested("create table u (a int check (", "(", "a", ")", "));\nalter table u enable row level security;"),
        nested("select ", "case when a then ", "1", " end", ";"),
        nested("", "/*", "", "*/", ""),
    ] {
        let said = review(&statement);
        assert!(matches!(said.code, Some(0 | 1 | 3)), "{:?} {}", said.code, said.errors);
    }
}
