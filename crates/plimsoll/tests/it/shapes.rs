//! Whole small apps of shapes that a rule's page cannot hold.

use crate::findings;

fn files(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// An app without a server whose accounts are part of what every visitor receives.
fn login_in_the_browser(kept: &str) -> Vec<(String, String)> {
    let auth = format!(
        "import team from './data/team.json';\n\
         export function signIn(email, password) {{\n\
           const member = team.find((one) => one.email === email);\n\
           if (!member || member.password !== password) throw new Error('Wrong');\n\
           {kept}\n\
         }}\n\
         export const currentUser = () => JSON.parse(localStorage.getItem('app.session'));\n"
    );
    files(&[
        ("package.json", r#"{"dependencies":{"react":"19.0.0"},"devDependencies":{"vite":"7.0.0"}}"#),
        ("index.html", "<!doctype html><script type=\"module\" src=\"/src/auth.js\"></script>"),
        ("src/auth.js", &auth),
        (
            "src/data/team.json",
            r#"[{"name":"Ann Example","email":"ann@example.org","salt":"00","hash":"aa","role":"owner"},
                {"name":"Bo Example","email":"bo@example.org","salt":"01","hash":"bb","role":"staff"}]"#,
        ),
    ])
}

#[test]
fn a_login_that_only_the_browser_checks() {
    let kept = "localStorage.setItem('app.session', JSON.stringify({ email: member.email, role: member.role }));";
    let app = login_in_the_browser(kept);
    assert_eq!(findings(&app, "guard-only-in-browser").len(), 1);
    assert_eq!(findings(&app, "business-data-in-browser-code"), [("src/data/team.json".to_owned(), Some(1))]);
    // The key is named like a token, but what is kept is who the user is.
    assert!(findings(&app, "session-token-in-web-storage").is_empty());
}

#[test]
fn a_server_that_checks_is_no_login_in_the_browser() {
    let mut app = login_in_the_browser("localStorage.setItem('app.session', '1');");
    app.push((
        "server.js".to_owned(),
        "const app = require('express')();\napp.get('/api/me', (req, res) => req.session.user ? res.json(1) : res.status(401).end());\n"
            .to_owned(),
    ));
    assert!(findings(&app, "guard-only-in-browser").is_empty());
}

#[test]
fn a_token_in_a_kept_record_is_a_token() {
    let kept = "localStorage.setItem('me', JSON.stringify({ email, accessToken: member.accessToken }));";
    assert_eq!(findings(&login_in_the_browser(kept), "session-token-in-web-storage").len(), 1);
}

/// A template tag that lets only its own class through, shown what came from the server by one of several ways.
fn escaping_tag(render: &str) -> Vec<(String, String)> {
    files(&[(
        "public/page.js",
        &format!(
            "class Safe {{ constructor(s) {{ this.s = s; }} }}\n\
             {render}\n\
             const html = (parts, ...values) =>\n\
               new Safe(parts.reduce((out, part, at) => out + part + (at < values.length ? render(values[at]) : ''), ''));\n\
             async function ask(url) {{\n\
               const answer = await fetch(url);\n\
               const data = await answer.json().catch(() => ({{}}));\n\
               if (answer.status === 401) {{ return new Promise(() => {{}}); }}\n\
               return data;\n\
             }}\n\
             const me = await ask('/me');\n\
             document.body.innerHTML = render(html`<b>${{me.name}}</b>`);\n"
        ),
    )])
}

#[test]
fn an_escaping_tag_is_no_way_for_markup_and_a_leaky_one_is() {
    let escapes = "function render(v) { if (v instanceof Safe) return v.s; return String(v).replace(/[&<>\"']/g, (c) => `&#${c.charCodeAt(0)};`); }";
    assert!(findings(&escaping_tag(escapes), "markup-from-untrusted-text").is_empty());
    let leaks = "function render(v) { if (v instanceof Safe) return v.s; return String(v); }";
    assert_eq!(findings(&escaping_tag(leaks), "markup-from-untrusted-text").len(), 1);
}

#[test]
fn numbers_dates_and_lengths_are_no_markup_and_texts_are() {
    let helpers = "const MAP = { '&': '&amp;' };\n\
                   const esc = (value) => String(value ?? '').replace(/[&<>\"']/g, (c) => MAP[c]);\n\
                   const date = (value) => new Date(value).toLocaleDateString('en-GB');\n";
    let found = |shown: &str, wrap: (&str, &str)| {
        let body = format!("const r = await (await fetch('/x')).json(); document.body.innerHTML = {shown};");
        let script = format!("{helpers}{}{body}{}\n", wrap.0, wrap.1);
        !findings(&files(&[("public/page.js", &script)]), "markup-from-untrusted-text").is_empty()
    };
    // While the script loads, in a function that is called then, and in one that only an event would call.
    for wrap in [("", ""), ("async function f() { ", " } f();"), ("async function f() { ", " }")] {
        for harmless in [
            "`<b>${esc(r.name)}</b>`",
            "`<b>${date(r.day)}</b>`",
            "`<b>${Number(r.total).toFixed(2)}</b>`",
            "`<b>${r.rows.length}</b>`",
            "`<b>${r.rows.filter((row) => row.open).length}</b>`",
            "r.map((row) => `<b data-id=\"${row.id}\">${esc(row.name)}</b>`).join('')",
            "[['Open', r.rows.length], ['Sum', r.sum.toLocaleString()]].map(([n, v]) => `<b>${n} ${v}</b>`).join('')",
            "`<b>${r.paid ? 'paid' : 'open'}</b>`",
        ] {
            assert!(!found(harmless, wrap), "{harmless}");
        }
        for harmful in [
            "`<b>${r.name}</b>`",
            "`<b>${r.name.trim().slice(0, 20)}</b>`",
            "r.map((row) => `<b>${row.name}</b>`).join('')",
        ] {
            assert!(found(harmful, wrap), "{harmful} {wrap:?}");
        }
    }
}
