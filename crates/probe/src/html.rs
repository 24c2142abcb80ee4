//! What a page names: scripts, links. Not a parser: it finds start tags and their attributes, bounded, in one pass.

/// Most tags that are looked at on a page.
const MAX_TAGS: usize = 20_000;

/// What was found on a page, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageParts {
    /// `src` of scripts and `href` of module preloads.
    pub(crate) scripts: Vec<String>,
    /// Text of inline scripts.
    pub(crate) inline: Vec<String>,
    /// `href` of links.
    pub(crate) links: Vec<String>,
    /// There is a field for a password.
    pub(crate) password_field: bool,
    /// Forms.
    pub(crate) forms: Vec<FormParts>,
    /// Addresses of scripts of other servers without an integrity hash.
    pub(crate) unpinned: Vec<String>,
}

/// Most forms of a page that are kept.
const MAX_FORMS: usize = 50;

/// A form of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormParts {
    /// Where it is sent, as written.
    pub(crate) action: String,
    /// It is sent with POST by the browser itself.
    pub(crate) posts: bool,
    /// Its fields: name, type in lower case, value.
    pub(crate) fields: Vec<(String, String, String)>,
}

impl FormParts {
    /// Name of the field for a password.
    pub(crate) fn password(&self) -> Option<&str> {
        self.fields.iter().find(|(_, kind, _)| kind == "password").map(|(name, ..)| name.as_str())
    }

    /// Name of the field for the user: the one of that name or type before the password.
    pub(crate) fn user(&self) -> Option<&str> {
        let typed = || self.fields.iter().filter(|(_, kind, _)| matches!(kind.as_str(), "text" | "email" | "tel" | ""));
        let named = |name: &str| {
            let lower = name.to_ascii_lowercase();
            ["mail", "user", "login", "account", "name"].iter().any(|word| lower.contains(word))
        };
        let found = typed().find(|(name, kind, _)| kind == "email" || named(name)).or_else(|| typed().next());
        found.map(|(name, ..)| name.as_str())
    }

    /// Asks for one password and little else: a form for signing in, not for registering.
    pub(crate) fn signs_in(&self) -> bool {
        let passwords = self.fields.iter().filter(|(_, kind, _)| kind == "password").count();
        let texts =
            self.fields.iter().filter(|(_, kind, _)| matches!(kind.as_str(), "text" | "email" | "tel" | "")).count();
        passwords == 1 && texts <= 2 && self.user().is_some()
    }
}

pub(crate) fn parts(html: &str) -> PageParts {
    let mut found = PageParts::default();
    let mut at = 0;
    let mut form: Option<FormParts> = None;
    for _ in 0..MAX_TAGS {
        let Some(open) = html.get(at..).and_then(|rest| rest.find('<')) else { break };
        let start = at + open + 1;
        let rest = html.get(start..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("!--") {
            let length = comment.find("-->").map_or(comment.len(), |end| end + 3);
            at = start + 3 + length;
            continue;
        }
        if rest.get(..5).is_some_and(|end| end.eq_ignore_ascii_case("/form")) {
            found.forms.extend(form.take().filter(|_| found.forms.len() < MAX_FORMS));
        }
        let name: String = rest.chars().take(20).take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() {
            at = start;
            continue;
        }
        let (attributes, length) = attributes(rest.get(name.len()..).unwrap_or_default());
        at = start + name.len() + length;
        let value = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.as_str())
                .filter(|v| !v.is_empty())
        };
        match name.to_ascii_lowercase().as_str() {
            "script" => {
                let text = html.get(at..).unwrap_or_default();
                let end = find_ignoring_case(text, "</script").unwrap_or(text.len());
                match value("src") {
                    Some(src) => {
                        let foreign =
                            src.starts_with("//") || src.starts_with("http://") || src.starts_with("https://");
                        if foreign && value("integrity").is_none() {
                            found.unpinned.push(src.to_owned());
                        }
                        found.scripts.push(src.to_owned());
                    }
                    None => {
                        let inline = text.get(..end).unwrap_or_default();
                        if !inline.trim().is_empty() {
                            found.inline.push(inline.to_owned());
                        }
                    }
                }
                at += end;
            }
            "link" if value("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("modulepreload")) => {
                found.scripts.extend(value("href").map(str::to_owned));
            }
            "a" => found.links.extend(value("href").map(str::to_owned)),
            "form" => {
                found.forms.extend(form.take().filter(|_| found.forms.len() < MAX_FORMS));
                form = Some(FormParts {
                    action: value("action").unwrap_or_default().to_owned(),
                    posts: value("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
                    fields: Vec::new(),
                });
            }
            "input" => {
                let kind = value("type").unwrap_or_default().to_ascii_lowercase();
                found.password_field |= kind == "password";
                if let (Some(form), Some(name)) = (&mut form, value("name"))
                    && form.fields.len() < 100
                {
                    form.fields.push((name.to_owned(), kind, value("value").unwrap_or_default().to_owned()));
                }
            }
            _ => {}
        }
    }
    found.forms.extend(form);
    found
}

/// Attributes up to the end of the tag, and how many bytes that took.
fn attributes(text: &str) -> (Vec<(String, String)>, usize) {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(now) = byte(at) {
        if now == b'>' {
            return (list, at + 1);
        }
        if now.is_ascii_whitespace() || now == b'/' {
            at += 1;
            continue;
        }
        let start = at;
        while byte(at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'=' | b'>' | b'/')) {
            at += 1;
        }
        let name = text.get(start..at).unwrap_or_default().to_ascii_lowercase();
        while byte(at).is_some_and(|b| b.is_ascii_whitespace()) {
            at += 1;
        }
        if byte(at) != Some(b'=') {
            if start == at {
                at += 1;
            }
            push(&mut list, name, "");
            continue;
        }
        at += 1;
        while byte(at).is_some_and(|b| b.is_ascii_whitespace()) {
            at += 1;
        }
        let quote = byte(at).filter(|b| matches!(b, b'"' | b'\''));
        let (from, to) = match quote {
            Some(quote) => {
                let from = at + 1;
                let length = bytes.get(from..).unwrap_or_default().iter().position(|&b| b == quote);
                let to = length.map_or(bytes.len(), |length| from + length);
                at = (to + 1).min(bytes.len());
                (from, to)
            }
            None => {
                let from = at;
                while byte(at).is_some_and(|b| !b.is_ascii_whitespace() && b != b'>') {
                    at += 1;
                }
                (from, at)
            }
        };
        push(&mut list, name, text.get(from..to).unwrap_or_default());
    }
    (list, at)
}

fn push(list: &mut Vec<(String, String)>, name: String, value: &str) {
    if list.len() < 64 && !name.is_empty() {
        list.push((name, value.trim().replace("&amp;", "&")));
    }
}

fn find_ignoring_case(text: &str, lower: &str) -> Option<usize> {
    text.as_bytes().windows(lower.len()).position(|window| window.eq_ignore_ascii_case(lower.as_bytes()))
}

/// The text that a visitor reads, roughly: outside tags, scripts and styles.
pub(crate) fn visible_text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        out.push(' ');
        rest = rest.get(open..).unwrap_or_default();
        let skip = ["<script", "<style"]
            .iter()
            .find(|tag| rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)));
        let from = match skip {
            Some(&"<script") => find_ignoring_case(rest, "</script"),
            Some(_) => find_ignoring_case(rest, "</style"),
            None => Some(0),
        };
        let Some(from) = from else { return out };
        let tail = rest.get(from..).unwrap_or_default();
        let Some(close) = tail.find('>') else { return out };
        rest = tail.get(close + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The path on the same origin that a reference on a page means; `None` when it leads elsewhere. Query and fragment are
/// kept and dropped, respectively.
pub(crate) fn resolve(base: &str, origin: &str, reference: &str) -> Option<String> {
    let reference = reference.trim().split('#').next().unwrap_or_default();
    if reference.is_empty() || reference.len() > 2_048 || !reference.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    if reference.contains('\\') {
        return None;
    }
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let local = if let Some(rest) = reference.strip_prefix("//") {
        rooted(rest.strip_prefix(authority)?)?
    } else if reference.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")) {
        rooted(reference.get(7..)?.strip_prefix(authority)?)?
    } else if reference.starts_with('/') {
        reference.to_owned()
    } else {
        let first = reference.split(['/', '?']).next().unwrap_or_default();
        if first.contains(':') {
            return None;
        }
        let folder = base.split('?').next().unwrap_or("/").rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{reference}")
    };
    let (path, query) = match local.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (local.as_str(), None),
    };
    let mut parts: Vec<&str> = Vec::new();
    let last = path.rsplit('/').next().unwrap_or_default();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut out = format!("/{}", parts.join("/"));
    if matches!(last, "." | "..") && !out.ends_with('/') {
        out.push('/');
    }
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    Some(out)
}

fn rooted(rest: &str) -> Option<String> {
    match rest.chars().next() {
        None => Some("/".to_owned()),
        Some('/') => Some(rest.to_owned()),
        Some('?') => Some(format!("/{rest}")),
        // `127.0.0.1:30000` is not `127.0.0.1:3000`.
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let page = r#"<!doctype html><!-- <script src="/no.js"></script> --><link rel=modulepreload href="/v.js">
            <SCRIPT type=module SRC='/a.js'></SCRIPT><script>const x = "<a href='/not'>";</script>
            <a class="x" href="/shop?a=1&amp;b=2">s</a><a href=about>t</a><input name=p type="password"><a href="/unclosed"#;
        let found = parts(page);
        assert_eq!(found.scripts, ["/v.js", "/a.js"]);
        assert_eq!(found.inline.len(), 1);
        assert_eq!(found.links, ["/shop?a=1&b=2", "about", "/unclosed"]);
        assert!(found.password_field);
        let page = r#"<form method=POST action="/in?next=%2F"><input type=hidden name=csrf value="a&amp;b"><input name=email type=email>
            <INPUT type=Password name=pw></form><form><input type=password name=a><input type=password name=b>"#;
        let forms = parts(page).forms;
        let [login, other] = &forms[..] else { panic!("two forms: {forms:?}") };
        assert!(login.posts && login.signs_in() && !other.signs_in() && !other.posts);
        assert_eq!((login.user(), login.password()), (Some("email"), Some("pw")));
        assert_eq!(login.fields.first().map(|(.., value)| value.as_str()), Some("a&b"));
        assert_eq!(
            visible_text("a<script>x</script>b<style>y</style><p>c").split_whitespace().collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn odd_pages_end() {
        for page in ["<", "<a", "<a =", "<a ===>", "<script", "<script>", "<!--", "< a", "<a href='", "<ä href=x>"] {
            let _ = parts(page);
            let _ = visible_text(page);
        }
        let deep = "<a ".repeat(100_000);
        let _ = parts(&deep);
    }

    #[test]
    fn references() {
        let origin = "http://127.0.0.1:3000";
        for (base, reference, path) in [
            ("/", "/a.js", Some("/a.js")),
            ("/shop/list", "item.js", Some("/shop/item.js")),
            ("/shop/list", "../x.js", Some("/x.js")),
            ("/shop/list", "../../../x.js", Some("/x.js")),
            ("/assets/a.js", "./b.js", Some("/assets/b.js")),
            ("/", "http://127.0.0.1:3000/a.js", Some("/a.js")),
            ("/", "http://127.0.0.1:30001/a.js", None),
            ("/", "http://127.0.0.1:3000.attacker.example/a.js", None),
            ("/", "http://127.0.0.1:3000@attacker.example/a.js", None),
            ("/", "//127.0.0.1:3000/a.js", Some("/a.js")),
            ("/", "//cdn.example/a.js", None),
            ("/", "https://127.0.0.1:3000/a.js", None),
            ("/", "javascript:alert(1)", None),
            ("/", "mailto:a@b.example", None),
            ("/", "data:text/javascript,1", None),
            ("/", "#top", None),
            ("/", "/a?x=1#y", Some("/a?x=1")),
            ("/", "/\\attacker.example", None),
        ] {
            assert_eq!(resolve(base, origin, reference).as_deref(), path, "{base} {reference}");
        }
    }
}
