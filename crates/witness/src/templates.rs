//! Templates: places where escaping is switched off.

use std::collections::BTreeMap;

use plimsoll_analysis::Program;
use plimsoll_ir::Kind;
use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, Flow, Guard, GuardKind, GuardStanding, Side, Sink, Source};
use plimsoll_source::{SourceTree, Span};

use crate::settings::scripted::Scripted;

/// A way to put markup in unescaped: what begins the expression, what ends it, and what must be in between.
struct Raw {
    name: &'static str,
    open: &'static str,
    close: &'static str,
    must: &'static str,
    extensions: &'static [&'static str],
}

const RAW: &[Raw] = &[
    Raw {
        name: "|safe",
        open: "{{",
        close: "}}",
        must: "safe",
        extensions: &["html", "htm", "jinja", "jinja2", "j2", "txt", "njk", "twig"],
    },
    Raw { name: "|raw", open: "{{", close: "}}", must: "raw", extensions: &["twig", "html"] },
    Raw { name: "{!! !!}", open: "{!!", close: "!!}", must: "", extensions: &["php"] },
    Raw { name: "<%- %>", open: "<%-", close: "%>", must: "", extensions: &["ejs", "html"] },
    Raw { name: "{{{ }}}", open: "{{{", close: "}}}", must: "", extensions: &["hbs", "handlebars", "mustache"] },
    Raw { name: "v-html", open: "v-html=\"", close: "\"", must: "", extensions: &["vue", "html"] },
    Raw { name: "{@html}", open: "{@html", close: "}", must: "", extensions: &["svelte"] },
];

/// `cleaned`: names of fields that only ever take text made harmless before it is stored. `markup`: expressions of
/// components that were followed, and whether what they give is harmless. `scripted`: values that are JSON, and whether they
/// hold text of others.
pub(crate) fn observe(
    tree: &SourceTree,
    cleaned: &[String],
    markup: &BTreeMap<Span, bool>,
    scripted: &Scripted,
    app: &mut App,
) {
    for (id, file) in tree.iter() {
        let extension = file.extension().to_ascii_lowercase();
        let text = file.text();
        let macros = macros_in(text);
        for raw in RAW.iter().filter(|raw| raw.extensions.contains(&extension.as_str())) {
            let mut from = 0;
            while let Some(at) = text[from..].find(raw.open) {
                let start = from + at;
                let inside = start + raw.open.len();
                let Some(length) = text[inside..].find(raw.close) else { break };
                let end = inside + length + raw.close.len();
                from = end;
                let expression = text[inside..inside + length].trim();
                if !is_raw(expression, raw) {
                    continue;
                }
                // What is known of the value goes before what its name says.
                let whole = expression.split('|').map(str::trim).collect::<Vec<_>>();
                let known = match whole[..] {
                    [name, _] if raw.name == "|safe" => scripted.get(name).copied(),
                    _ => None,
                };
                if known.map_or_else(|| is_harmless(expression), |holds_text| !holds_text) {
                    continue;
                }
                // Followed, it is known where it comes from.
                let followed = markup.iter().any(|(at, harmless)| {
                    *harmless && at.file == id && (at.start as usize) >= inside && (at.end as usize) <= inside + length
                });
                if followed {
                    continue;
                }
                let field = expression.split(['|', '(', ' ']).next().and_then(|name| name.rsplit('.').next());
                if field.is_some_and(|field| cleaned.iter().any(|known| known == field)) {
                    continue;
                }
                // What a macro is given is what its callers write.
                let of_macro = macros.iter().find(|known| known.body.contains(&start)).and_then(|known| {
                    let root = expression.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
                    Some((known, known.parameter(root, &text[known.body.clone()])?))
                });
                if of_macro.is_some_and(|(known, parameter)| !is_given_text(tree, known, parameter)) {
                    continue;
                }
                let name = expression.split(['|', '(', ' ']).find(|part| !part.is_empty()).unwrap_or(expression);
                let span = Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0));
                app.flows.push(Flow {
                    source: Source::Stored,
                    source_name: name.chars().take(60).collect(),
                    sink: Sink::Html,
                    sink_name: raw.name.to_owned(),
                    from: span,
                    to: span,
                    entry: None,
                    limit: String::new(),
                });
            }
        }
    }
}

/// A macro of Jinja's: its name, its parameters, and where its body stands.
struct Macro<'t> {
    name: &'t str,
    parameters: Vec<&'t str>,
    body: std::ops::Range<usize>,
}

impl Macro<'_> {
    /// The parameter that a name in the body stands for: itself, or that whose elements a loop goes through.
    fn parameter(&self, name: &str, body: &str) -> Option<usize> {
        let mut name = name;
        for _ in 0..4 {
            if let Some(at) = self.parameters.iter().position(|parameter| *parameter == name) {
                return Some(at);
            }
            let (_, rest) = body.split_once(&format!("{{% for {name} in "))?;
            name = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
        }
        None
    }
}

fn macros_in(text: &str) -> Vec<Macro<'_>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("{%") {
        let inner = text[at + 2..].trim_start_matches(['-', ' ']);
        let Some((name, rest)) = inner.strip_prefix("macro ").and_then(|head| head.split_once('(')) else { continue };
        let Some((parameters, _)) = arguments(rest) else { continue };
        let parameters =
            parameters.into_iter().map(|one| one.split(['=', ':']).next().unwrap_or_default().trim()).collect();
        let end = text[at..].find("endmacro").map_or(text.len(), |end| at + end);
        found.push(Macro { name: name.trim(), parameters, body: at..end });
    }
    found
}

/// What stands between the parentheses that were opened before `rest`, split at its commas, and what follows.
fn arguments(rest: &str) -> Option<(Vec<&str>, &str)> {
    let (mut depth, mut quote, mut from) = (0_u32, None, 0);
    let mut list = Vec::new();
    for (at, sign) in rest.char_indices().take(4000) {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')') if depth == 0 => {
                list.push(rest[from..at].trim());
                return Some((list, &rest[at + 1..]));
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                list.push(rest[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// Whether some caller gives a macro's parameter anything but what is written there.
fn is_given_text(tree: &SourceTree, of: &Macro<'_>, parameter: usize) -> bool {
    let call = format!("{}(", of.name);
    let name = of.parameters.get(parameter).copied().unwrap_or_default();
    tree.iter().filter(|(_, file)| RAW[0].extensions.contains(&file.extension()) && file.text().contains("{%")).any(
        |(_, file)| {
            let text = file.text();
            text.match_indices(&call).any(|(at, _)| {
                let before = text[..at].trim_end();
                let is_other = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                if is_other || before.ends_with("macro") {
                    return false;
                }
                let Some((given, _)) = arguments(&text[at + call.len()..]) else { return true };
                let named = given.iter().find_map(|one| {
                    let (key, value) = one.split_once('=')?;
                    (key.trim() == name).then_some(value)
                });
                let value = named.or_else(|| given.get(parameter).filter(|one| !one.contains('=')).copied());
                value.is_some_and(|value| !is_written_out(value))
            })
        },
    )
}

/// Whether an argument is text and numbers that stand there, with addresses of the app's own at most.
fn is_written_out(value: &str) -> bool {
    let mut outside = String::new();
    let mut quote = None;
    for sign in value.chars() {
        match quote {
            Some(open) if open == sign => quote = None,
            Some(_) => {}
            None if matches!(sign, '"' | '\'') => quote = Some(sign),
            None => outside.push(sign),
        }
    }
    outside
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()))
        .all(|word| {
            matches!(
                word,
                "url_for" | "url" | "static" | "true" | "false" | "none" | "True" | "False" | "None" | "_" | "gettext"
            )
        })
}

fn is_raw(expression: &str, raw: &Raw) -> bool {
    raw.must.is_empty() || expression.rsplit('|').next().is_some_and(|filter| filter.trim() == raw.must)
}

/// Expressions that put in no text of others: JSON for scripts, parts of the page itself, what was sanitised.
fn is_harmless(expression: &str) -> bool {
    const WORDS: &[&str] = &[
        "tojson",
        "json",
        "qrcode",
        "json_encode",
        "JSON.stringify",
        "include",
        "partial",
        "yield",
        "csrf",
        "sanitize",
        "purify",
        "escape",
        "markdown_safe",
        "form.",
        "as_p",
        // What a form's author wrote beside a field.
        ".help_text",
        ".label_tag",
        "super()",
        "caller()",
        "content_for",
        "asset",
        "vite",
        "nonce",
        "strip_tags",
        "i18n",
        "$t(",
        "__(",
        "trans(",
        "svg",
        "icon",
    ];
    let lower = expression.to_ascii_lowercase();
    // The page that a layout stands around.
    if lower.split(['|', ' ']).next().is_some_and(|name| matches!(name, "body" | "content" | "page")) {
        return true;
    }
    let is_constant = expression.starts_with(['\'', '"', '`']) && !expression.contains(['$', '+']);
    is_constant || expression.is_empty() || WORDS.iter().any(|word| lower.contains(&word.to_ascii_lowercase()))
}

/// Words in a condition that speak of somebody with more rights than others.
const PRIVILEGED: &[&str] = &[
    "admin",
    "staff",
    "superuser",
    "manager",
    "owner",
    "'hr'",
    "\"hr\"",
    "editor",
    "moderator",
    "perms.",
    "can_edit",
    "supervisor",
];

/// Forms that a template shows to a role only. Where the entry point behind one does not ask for the role, the template's
/// condition is a guard in the browser: it is added to the entry point as such.
pub(crate) fn role_forms(tree: &SourceTree, program: &Program<'_>, app: &mut App) {
    let mut found: Vec<(String, Span, String)> = Vec::new();
    for (id, file) in tree.iter() {
        if !matches!(file.extension(), "html" | "jinja" | "jinja2" | "j2") {
            continue;
        }
        for (condition, start, form) in forms_behind_roles(file.text()) {
            let span = Span::new(id, start, start + 1);
            let action = form.split("action=").nth(1).unwrap_or("");
            let names = match target_of(action) {
                Some(name) => vec![name],
                None if action.trim_start_matches(['"', '\'']).starts_with(['"', '\'']) || action.is_empty() => {
                    renderers(program, &file.path)
                }
                None => Vec::new(),
            };
            found.extend(names.into_iter().map(|name| (name, span, condition.clone())));
        }
    }
    for (name, span, condition) in found {
        for entry in app.entry_points.iter_mut().filter(|entry| entry.name.as_deref() == Some(name.as_str())) {
            let unasked = entry.can_write()
                && entry.effects.iter().any(|effect| {
                    effect.kind.writes()
                        && !entry.holding_at(effect, GuardKind::Role)
                        && !entry.holding_at(effect, GuardKind::Ownership)
                        // Whose name stands on a new record says nothing of who may make one.
                        && (effect.kind == EffectKind::Create || !effect.limited_to_caller)
                });
            if unasked {
                entry.guards.push(Guard {
                    kind: GuardKind::Role,
                    side: Side::Browser,
                    name: condition.clone(),
                    standing: GuardStanding::Enforced,
                    roles: Vec::new(),
                    span,
                });
            }
        }
    }
}

/// Condition, position and opening tag of each form that sends something and stands behind a role.
fn forms_behind_roles(text: &str) -> Vec<(String, u32, String)> {
    let mut out = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(['{', '<']) {
        let start = at + next;
        let rest = &text[start..];
        at = start + 1;
        if let Some(tag) = rest.strip_prefix("{%") {
            let Some(end) = tag.find("%}") else { break };
            let inner = tag[..end].trim_matches(['-', ' ', '\n', '\t']);
            at = start + 2 + end;
            if let Some(condition) = inner.strip_prefix("if ") {
                open.push(condition.trim().to_owned());
            } else if inner.starts_with("endif") {
                open.pop();
            } else if inner.starts_with("else") || inner.starts_with("elif") {
                let other = inner.strip_prefix("elif ").unwrap_or("").trim().to_owned();
                if let Some(top) = open.last_mut() {
                    *top = other;
                }
            }
        } else if rest.len() > 5 && rest.is_char_boundary(5) && rest[..5].eq_ignore_ascii_case("<form") {
            // The tag ends at a `>` outside of template expressions.
            let end = rest.find("\">").or_else(|| rest.find('>')).unwrap_or(rest.len().min(5));
            let form = rest.get(..end + 1).unwrap_or(rest);
            let sends = form.to_ascii_lowercase().contains("post");
            let role = open.iter().find(|condition| {
                let lower = condition.to_ascii_lowercase();
                PRIVILEGED.iter().any(|word| lower.contains(word))
                    && ["role", "user", "admin", "staff", "session", "perms"].iter().any(|word| lower.contains(word))
                    && !lower.contains("!=")
                    && !lower.starts_with("not ")
            });
            if let (true, Some(condition), Ok(start)) = (sends, role, u32::try_from(start)) {
                out.push((condition.clone(), start, form.to_owned()));
            }
        }
    }
    out
}

/// The function that `{{ url_for('board.delete', …) }}` names.
fn target_of(action: &str) -> Option<String> {
    let inside = action.split("url_for(").nth(1)?;
    let quoted = inside.trim_start().strip_prefix(['\'', '"'])?;
    let name = quoted.split(['\'', '"']).next()?;
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

/// Functions that render a template.
fn renderers(program: &Program<'_>, path: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (_, module) in program.iter() {
        for (_, node) in module.iter() {
            let Kind::Call { callee, args, .. } = &node.kind else { continue };
            let renders =
                module.path(*callee).is_some_and(|name| name.ends_with("render_template") || name.ends_with("render"));
            let names_it = renders
                && args.iter().take(2).any(|arg| {
                    module.string(arg.value).is_some_and(|name| path.ends_with(&format!("/{name}")) && !name.is_empty())
                });
            if !names_it {
                continue;
            }
            let inner = module
                .functions
                .iter()
                .filter(|function| function.range.start <= node.range.start && node.range.end <= function.range.end)
                .max_by_key(|function| function.range.start);
            out.extend(inner.and_then(|function| function.name.as_ref()).map(ToString::to_string));
        }
    }
    out.sort();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::observe;
    use plimsoll_model::App;
    use plimsoll_source::SourceTree;

    #[test]
    fn what_a_macro_is_given() {
        let head = "{% macro box(title, inner='', rows=[]) %}{{ inner|safe }}{% for row in rows %}{{ row.tools | safe \
                    }}{% endfor %}{% endmacro %}{{ box('a', '<b>x</b>', rows=[{'tools': '<i>y</i>'}]) }}";
        let count = |caller: &str| {
            let tree = SourceTree::from_texts([("_boxes.html", head), ("page.html", caller)]);
            let mut app = App::default();
            observe(&tree, &[], &BTreeMap::new(), &BTreeMap::new(), &mut app);
            app.flows.len()
        };
        assert_eq!(count("{% extends 'a' %}{{ box(post.title, \"<a href='\" + url_for('x') + \"'>\") }}"), 0);
        assert_eq!(count("{% extends 'a' %}{{ box('t', post.body) }}"), 1);
        assert_eq!(count("{% extends 'a' %}{{ box('t', rows=posts) }}"), 1);
    }

    #[test]
    fn only_raw_text_of_others() {
        let tree = SourceTree::from_texts([
            (
                "templates/a.html",
                "{{ note|safe }} {{ post.notice|safe }} {{ note }} {{ data|tojson|safe }} {{ form.as_p|safe }} \
                 {{ field.help_text|safe }}",
            ),
            ("b.blade.php", "{!! $post->text !!} {{ $post->text }} {!! csrf_field() !!}"),
            ("c.ejs", "<%- include('head') %><%- comment %><%= comment %>"),
        ]);
        let mut app = App::default();
        observe(&tree, &["notice".to_owned()], &BTreeMap::new(), &BTreeMap::new(), &mut app);
        let names: Vec<&str> = app.flows.iter().map(|flow| flow.source_name.as_str()).collect();
        assert_eq!(names, ["$post->text", "comment", "note"]);
    }

    #[test]
    fn json_in_scripts_by_what_it_holds() {
        let text = "<script>let a = {{ names_json|safe }}, b = {{ sums|safe }}, c = {{ other_json|safe }}</script>";
        let tree = SourceTree::from_texts([("templates/a.html", text)]);
        let scripted = BTreeMap::from([("names_json".to_owned(), true), ("sums".to_owned(), false)]);
        let mut app = App::default();
        observe(&tree, &[], &BTreeMap::new(), &scripted, &mut app);
        let names: Vec<&str> = app.flows.iter().map(|flow| flow.source_name.as_str()).collect();
        assert_eq!(names, ["names_json"]);
    }
}
