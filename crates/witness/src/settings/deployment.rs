//! What files of deployment and build say: how the app is started, what is published beside it, which scripts of others
//! its pages load. And two habits of browser code that the tree itself shows.

use plimsoll_analysis::Program;
use plimsoll_deps::LoadedBy;
use plimsoll_ir::{Kind, Language, Module, NodeId, walk};
use plimsoll_model::App;
use plimsoll_model::app::SettingSeen;
use plimsoll_source::{SourceFile, SourceTree, Span};

fn push(app: &mut App, system: &str, key: &str, value: &str, span: Span) {
    // One decision in several files is one fact.
    let known =
        app.settings.iter_mut().find(|known| known.key == key && known.value == value && known.system == system);
    match known {
        Some(known) => known.also.push(span),
        None => app.settings.push(SettingSeen {
            system: system.into(),
            key: key.into(),
            value: value.into(),
            span,
            also: Vec::new(),
        }),
    }
}

/// The development server that a command starts.
fn development_server(command: &str) -> Option<&'static str> {
    let words: Vec<&str> = command
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '[' | ']'))
        .filter(|word| !word.is_empty())
        .collect();
    let has = |first: &str, second: &str| {
        words.windows(2).any(|pair| (pair[0] == first || pair[0].ends_with(&format!("/{first}"))) && pair[1] == second)
    };
    if has("next", "dev") {
        Some("next dev")
    } else if has("vite", "preview") {
        Some("vite preview")
    } else if has("vite", "dev") || has("vite", "--host") {
        Some("vite")
    } else if has("flask", "run") {
        Some("flask run")
    } else if has("manage.py", "runserver") {
        Some("manage.py runserver")
    } else if words.contains(&"uvicorn") && words.contains(&"--reload") {
        Some("uvicorn --reload")
    } else if words.first() == Some(&"nodemon") || has("npx", "nodemon") {
        Some("nodemon")
    } else if has("artisan", "serve") {
        Some("artisan serve")
    } else {
        None
    }
}

/// How a file that only a deployment reads gives its commands.
enum Commands {
    /// Behind one of these words.
    Behind(&'static [&'static str]),
    /// Behind the name of a process.
    ByProcess,
    /// As values of these keys, in this section where one is named.
    Keys(Option<&'static str>, &'static [&'static str]),
}

impl Commands {
    /// By the file's name; `None` where no deployment reads it.
    fn of(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or(&path);
        // Compose files and images whose name says so are for developing.
        if name.contains("dev") || name.contains("local") || path.contains(".devcontainer") {
            return None;
        }
        match name {
            "procfile" => Some(Commands::ByProcess),
            "render.yaml" | "render.yml" => Some(Commands::Keys(None, &["startCommand:"])),
            "railway.json" | "railway.toml" | "nixpacks.toml" => {
                Some(Commands::Keys(None, &["startCommand", "\"startCommand\"", "cmd"]))
            }
            ".replit" => Some(Commands::Keys(Some("deployment"), &["run"])),
            "fly.toml" => Some(Commands::Keys(Some("processes"), &["app", "web"])),
            _ if name.starts_with("dockerfile") || name.ends_with(".dockerfile") => {
                Some(Commands::Behind(&["CMD", "ENTRYPOINT"]))
            }
            _ => None,
        }
    }

    /// The command in a line.
    fn in_line<'l>(&self, line: &'l str, section: &str) -> Option<&'l str> {
        let line = line.trim();
        match self {
            Commands::Behind(words) => words.iter().find_map(|word| line.strip_prefix(word)),
            Commands::ByProcess => line.split_once(':').map(|(_, command)| command),
            Commands::Keys(wanted, _) if wanted.is_some_and(|wanted| wanted != section) => None,
            Commands::Keys(_, keys) => {
                let rest = keys.iter().find_map(|key| line.strip_prefix(key))?;
                Some(rest.trim_start_matches([' ', '=', ':']))
            }
        }
    }
}

/// What a script of `package.json` runs.
fn package_script(tree: &SourceTree, name: &str) -> Option<String> {
    tree.iter().filter(|(_, file)| file.name() == "package.json").find_map(|(_, file)| {
        let rest = file.text().split_once("\"scripts\"")?.1;
        let rest = rest.split_once(&format!("\"{name}\""))?.1;
        Some(rest.trim_start_matches([':', ' ']).strip_prefix('"')?.split('"').next()?.to_owned())
    })
}

pub(super) fn observe(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter() {
        let text = file.text();
        let extension = file.extension();
        foreign_scripts(id, file, app);
        if matches!(extension, "html" | "htm" | "php" | "ejs" | "hbs" | "jinja" | "jinja2" | "j2" | "twig") {
            continue;
        }
        if text.len() > 200_000 {
            continue;
        }
        if file.name() == "package.json" {
            start_script(id, text, app);
            continue;
        }
        let Some(commands) = Commands::of(&file.path) else { continue };
        let mut section = String::new();
        let mut at = 0usize;
        for line in text.split_inclusive('\n') {
            let start = at;
            at += line.len();
            if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            }
            let Some(command) = commands.in_line(line, &section) else { continue };
            let direct = development_server(command);
            // `npm run dev`, `npm start`: what the script says.
            let by_script = || {
                let words: Vec<&str> = command
                    .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '[' | ']'))
                    .filter(|word| !word.is_empty())
                    .collect();
                let runner = words.iter().position(|word| matches!(*word, "npm" | "yarn" | "pnpm" | "bun"))?;
                let script = words.get(runner + 1..)?.iter().find(|word| !matches!(**word, "run" | "--"))?;
                development_server(&package_script(tree, script)?)
            };
            if let Some(server) = direct.or_else(by_script) {
                let end = start + line.trim_end().len();
                let span = Span::new(id, u32::try_from(start).unwrap_or(0), u32::try_from(end).unwrap_or(0));
                push(app, "The app", "development-server", server, span);
            }
        }
    }
}

/// `start` is what hosts run; a preview of the build there is meant as the server.
fn start_script(id: plimsoll_source::FileId, text: &str, app: &mut App) {
    let Some(scripts) = text.find("\"scripts\"") else { return };
    let Some(at) = text[scripts..].find("\"start\"").map(|at| scripts + at) else { return };
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    let command = text[at..end].split_once(':').map_or("", |(_, command)| command);
    if let Some(server @ ("vite preview" | "next dev" | "nodemon" | "vite")) = development_server(command) {
        let span = Span::new(id, u32::try_from(at).unwrap_or(0), u32::try_from(end).unwrap_or(0));
        push(app, "The app", "development-server", server, span);
    }
}

/// Scripts of other sites in a fixed version, or of package networks in any, without a fingerprint; and those of hosts that
/// were taken over.
fn foreign_scripts(id: plimsoll_source::FileId, file: &SourceFile, app: &mut App) {
    for script in plimsoll_deps::loaded(id, file) {
        let network = plimsoll_deps::address(&script.address);
        let rest = script.address.split_once("//").map_or("", |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if network.as_ref().is_some_and(|network| network.is_hostile) {
            push(app, "page", "script-from-taken-over-host", host, script.span);
            continue;
        }
        if script.by != LoadedBy::Tag || script.has_integrity {
            continue;
        }
        // A version: digits with a dot between them, in one part of the path.
        let is_exact = |network: &plimsoll_deps::Address| !network.packages.is_empty() && !network.is_moving;
        let is_fixed = network.as_ref().is_some_and(is_exact)
            || path.split(['/', '@', '-']).any(|part| {
                let mut numbers = part.split('.');
                numbers.next().is_some_and(|first| !first.is_empty() && first.chars().all(|c| c.is_ascii_digit()))
                    && numbers.next().is_some_and(|second| second.starts_with(|c: char| c.is_ascii_digit()))
            });
        // Without a version it is whatever is newest there. Makers of services (payment, maps) want it so.
        let is_moving = network.as_ref().is_some_and(|network| network.is_moving || !is_fixed);
        if is_fixed || is_moving {
            app.settings.push(SettingSeen {
                system: "page".into(),
                key: "script-without-integrity".into(),
                value: if is_moving { format!("{host}, in whatever version is newest,") } else { host.to_owned() },
                span: script.span,
                also: Vec::new(),
            });
        }
    }
}

/// Build switches, listeners of messages, clients told to work in a browser.
pub(super) fn observe_code(program: &Program<'_>, app: &mut App) {
    for (id, module) in program.iter().filter(|(_, module)| module.language == Language::JavaScript) {
        let path = program.path(id);
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_build = name.starts_with("vite.config.") || name.starts_with("next.config.");
        let is_worker = name.contains("worker") || name == "sw.js" || name == "background.js";
        for (node, at) in module.iter() {
            match &at.kind {
                Kind::Object(properties) => {
                    for property in properties {
                        let plimsoll_ir::Key::Named(key) = &property.key else { continue };
                        let is_on = matches!(module.kind(property.value), Kind::Bool(true))
                            || module.string(property.value) == Some("inline");
                        let span = module.span_of(property.range);
                        if is_build && is_on && matches!(key.as_str(), "sourcemap" | "productionBrowserSourceMaps") {
                            push(app, name, "source-maps", key, span);
                        }
                        if is_on && key == "dangerouslyAllowBrowser" {
                            push(app, "the AI service", "browser-allowed", "true", span);
                        }
                    }
                }
                Kind::Call { callee, args, .. } if !is_worker => {
                    let called = module.path(*callee).unwrap_or_default();
                    let listens = matches!(
                        called.as_str(),
                        "window.addEventListener" | "addEventListener" | "globalThis.addEventListener"
                    ) && args.first().and_then(|arg| module.string(arg.value)) == Some("message");
                    if listens
                        && let Some(listener) = args.get(1)
                        && obeys_anyone(module, listener.value)
                    {
                        push(app, "browser", "message-origin", path, module.span(node));
                    }
                }
                Kind::Assign { target, value, .. }
                    if !is_worker
                        && module.path(*target).is_some_and(|target| target == "window.onmessage")
                        && obeys_anyone(module, *value) =>
                {
                    push(app, "browser", "message-origin", path, module.span(node));
                }
                _ => {}
            }
        }
    }
}

/// Whether a listener uses what was sent and asks for neither `origin` nor `source`, in itself and in what it hands over to.
pub(crate) fn obeys_anyone(module: &Module, listener: NodeId) -> bool {
    let mut bodies = vec![listener];
    let mut known: Vec<String> = Vec::new();
    let (mut uses, mut asks) = (false, false);
    let named = |name: &str| {
        module.functions.iter().find(|function| function.name.as_deref() == Some(name)).map(|function| function.body)
    };
    while let Some(body) = bodies.pop() {
        let mut names: Vec<String> = Vec::new();
        if let Kind::Name(name) = module.kind(body) {
            names.push(name.to_string());
        }
        walk(module, body, &mut |inner| {
            match module.kind(inner) {
                Kind::Member { property, .. } => {
                    uses |= property == "data";
                    asks |= property == "origin" || property == "source";
                }
                Kind::Object(properties) => {
                    for property in properties {
                        if let plimsoll_ir::Key::Named(key) = &property.key {
                            uses |= key == "data";
                            asks |= key == "origin" || key == "source";
                        }
                    }
                }
                Kind::Call { callee, .. } => names.extend(module.path(*callee)),
                _ => {}
            }
            true
        });
        for name in names {
            if known.len() < 12 && !known.contains(&name) {
                bodies.extend(named(&name));
                known.push(name);
            }
        }
    }
    uses && !asks
}

#[cfg(test)]
mod tests {
    use super::{development_server, observe};
    use plimsoll_model::App;
    use plimsoll_source::SourceTree;

    #[test]
    fn commands() {
        assert_eq!(development_server("[\"npx\", \"next\", \"dev\"]"), Some("next dev"));
        assert_eq!(development_server("python manage.py runserver 0.0.0.0:8000"), Some("manage.py runserver"));
        assert_eq!(development_server("gunicorn shop.wsgi"), None);
        assert_eq!(development_server("next start"), None);
    }

    #[test]
    fn only_what_a_deployment_reads() {
        let tree = SourceTree::from_texts([
            ("package.json", "{\"scripts\": {\"dev\": \"vite --host\", \"start\": \"node server.js\"}}"),
            ("Procfile", "web: npm run dev"),
            ("Dockerfile.dev", "CMD [\"npm\", \"run\", \"dev\"]"),
            ("Dockerfile", "CMD [\"npm\", \"start\"]"),
            (".replit", "run = \"npm run dev\"\n[deployment]\nrun = [\"npm\", \"run\", \"start\"]"),
            (
                "public/a.html",
                "<script src=\"https://cdn.example/a@1.2.3/a.js\"></script><script src=\"https://tags.example/t.js\"></script>",
            ),
        ]);
        let mut app = App::default();
        observe(&tree, &mut app);
        let seen: Vec<(&str, &str)> =
            app.settings.iter().map(|setting| (setting.key.as_str(), setting.value.as_str())).collect();
        assert_eq!(seen, [("development-server", "vite"), ("script-without-integrity", "cdn.example")]);
    }
}
