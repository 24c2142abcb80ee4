//! What kind of file a text is, and whether browsers get it.

use plimsoll_source::{SourceFile, SourceTree};

/// How values are written in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// `KEY=value` lines.
    Env,
    /// YAML, INI, TOML, properties, Dockerfile, XML: values also without quotes.
    Config,
    /// JSON and other data.
    Data,
    /// Programs.
    Code,
    /// HTML and templates.
    Markup,
    /// SQL.
    Sql,
    /// Markdown and plain text.
    Docs,
    /// Style sheets, pictures as text and the like: nothing but shapes.
    Other,
}

/// A file as the scanners see it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) form: Form,
    /// Proper tests: their secrets are invented.
    pub(crate) is_test: bool,
    /// A script for trying things: secrets in it may be real, names say nothing.
    pub(crate) is_scratch: bool,
    /// Samples, factories, examples.
    pub(crate) is_sample: bool,
    /// A template of an environment file (`.env.example`).
    pub(crate) is_example_env: bool,
    /// Lock files and bundled packages of others.
    pub(crate) is_lock: bool,
    pub(crate) is_minified: bool,
    /// Texts of the user interface in some language.
    pub(crate) is_locale: bool,
    /// Machine-made descriptions: types, schemas, workflows.
    pub(crate) is_ci: bool,
    /// Browsers get it.
    pub(crate) is_client: bool,
    /// It signs or verifies tokens: a constant `SECRET` in it is the key.
    pub(crate) signs: bool,
    pub(crate) is_yaml: bool,
    pub(crate) is_jsx: bool,
    pub(crate) is_python: bool,
}

/// A folder with a `package.json`, for telling browser code from server code.
struct Package {
    /// Folder with a trailing `/`; empty for the root.
    folder: String,
    has_client: bool,
    has_server: bool,
    has_next: bool,
}

/// What the tree as a whole says.
pub(crate) struct World {
    packages: Vec<Package>,
}

impl World {
    pub(crate) fn new(tree: &SourceTree) -> Self {
        const CLIENT: &[&str] = &[
            "\"vite\"",
            "\"react-scripts\"",
            "\"@vue/cli-service\"",
            "\"@angular/core\"",
            "\"svelte\"",
            "\"parcel\"",
            "\"react-dom\"",
            "\"vue\"",
            "\"react-native\"",
            "\"expo\"",
            "\"@ionic/core\"",
            "\"preact\"",
            "\"solid-js\"",
        ];
        const SERVER: &[&str] = &[
            "\"express\"",
            "\"fastify\"",
            "\"koa\"",
            "\"hono\"",
            "\"@nestjs/core\"",
            "\"@sveltejs/kit\"",
            "\"nuxt\"",
            "\"@remix-run/node\"",
            "\"@hapi/hapi\"",
            "\"astro\"",
            "\"@react-router/node\"",
            "\"@trpc/server\"",
            "\"electron\"",
        ];
        let mut packages = Vec::new();
        for (_, file) in tree.iter() {
            if file.name() != "package.json" {
                continue;
            }
            let text = file.text();
            packages.push(Package {
                folder: file.path.strip_suffix("package.json").unwrap_or("").to_owned(),
                has_client: CLIENT.iter().any(|name| text.contains(name)),
                has_server: SERVER.iter().any(|name| text.contains(name)),
                has_next: text.contains("\"next\""),
            });
        }
        // Innermost folder first.
        packages.sort_by(|a, b| b.folder.len().cmp(&a.folder.len()).then(a.folder.cmp(&b.folder)));
        World { packages }
    }

    fn package_of(&self, path: &str) -> Option<&Package> {
        self.packages.iter().find(|package| path.starts_with(&package.folder))
    }
}

const LOCKS: &[&str] = &[
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "composer.lock",
    "poetry.lock",
    "uv.lock",
    "pipfile.lock",
    "cargo.lock",
    "gemfile.lock",
    "go.sum",
    "deno.lock",
    "npm-shrinkwrap.json",
    "packages.lock.json",
    "podfile.lock",
    "flake.lock",
];

impl Place {
    pub(crate) fn new(file: &SourceFile, world: &World, known_client: Option<bool>) -> Self {
        let path = file.path.to_lowercase();
        let name = path.rsplit('/').next().unwrap_or("");
        let segments: Vec<&str> = path.split('/').collect();
        let folders = segments.split_last().map_or(&[][..], |(_, folders)| folders);
        let in_folder = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let stem = name.split('.').next().unwrap_or("");

        let words =
            |text: &str, list: &[&str]| text.split(|c: char| !c.is_alphanumeric()).any(|word| list.contains(&word));
        const ENV_KINDS: &[&str] = &[
            "example",
            "sample",
            "template",
            "dist",
            "local",
            "production",
            "prod",
            "development",
            "dev",
            "staging",
            "test",
            "backup",
            "bak",
        ];
        let is_env = name == ".env"
            || name.starts_with(".env.")
            || name.strip_prefix("env.").is_some_and(|rest| words(rest, ENV_KINDS))
            || extension == "env"
            || name == ".envrc"
            || name == ".flaskenv"
            || name == ".dev.vars";
        let is_example_env = is_env
            && words(
                name,
                &["example", "sample", "template", "dist", "tpl", "defaults", "schema", "test", "testing", "ci"],
            );
        let form = if is_env {
            Form::Env
        } else {
            match extension {
                "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "py" | "php" | "rb" | "go" | "java"
                | "kt" | "kts" | "cs" | "rs" | "swift" | "dart" | "scala" | "vue" | "svelte" | "astro" | "sh"
                | "bash" | "zsh" | "ps1" | "bat" | "cmd" | "gs" | "lua" | "r" | "pl" | "ex" | "exs" | "vb"
                | "groovy" | "gradle" | "tf" | "hcl" | "prisma" | "ipynb" | "pyw" | "phtml" | "razor" | "cshtml"
                | "fs" => Form::Code,
                "html" | "htm" | "ejs" | "hbs" | "handlebars" | "twig" | "jinja" | "jinja2" | "j2" | "njk" | "pug"
                | "mustache" | "erb" | "liquid" | "jsp" | "xhtml" => Form::Markup,
                "yml" | "yaml" | "toml" | "ini" | "cfg" | "conf" | "properties" | "xml" | "plist" | "config"
                | "tfvars" | "cnf" | "netrc" | "npmrc" | "pypirc" | "pgpass" => Form::Config,
                "json" | "jsonc" | "json5" | "csv" | "har" | "webmanifest" | "jsonl" | "ndjson" => Form::Data,
                "sql" => Form::Sql,
                "md" | "mdx" | "txt" | "rst" | "adoc" | "markdown" | "org" | "log" | "mdc" => Form::Docs,
                "css" | "scss" | "sass" | "less" | "svg" | "map" | "lock" | "snap" => Form::Other,
                _ if name.starts_with("dockerfile")
                    || name.starts_with(".npmrc")
                    || name == ".pypirc"
                    || name == ".netrc"
                    || name == "procfile"
                    || name == ".replit"
                    || name == ".htaccess" =>
                {
                    Form::Config
                }
                _ if stem == "readme" || name.contains("readme") || name == "credentials" || name == "notes" => {
                    Form::Docs
                }
                _ => Form::Docs,
            }
        };
        let is_blade = name.ends_with(".blade.php");
        let form = if is_blade { Form::Markup } else { form };

        let is_test = in_folder(&[
            "test",
            "tests",
            "__tests__",
            "spec",
            "specs",
            "e2e",
            "cypress",
            "fixtures",
            "__fixtures__",
            "__mocks__",
            "mocks",
            "mock",
            "testdata",
            "test-data",
            "playwright",
            "stories",
            "__snapshots__",
            "testing",
            "unit-tests",
        ]) || name.contains(".test.")
            || name.contains(".spec.")
            || name.contains(".stories.")
            || name.contains(".cy.")
            || name == "conftest.py"
            || (extension == "py" && (name.starts_with("test_") || name.ends_with("_test.py") || name == "tests.py"))
            || name.ends_with("_test.go")
            || name.ends_with("_spec.rb")
            || ["test.php", "tests.java", "test.java", "test.kt", "tests.cs", "test.cs"]
                .iter()
                .any(|end| file.name().to_lowercase().ends_with(end) && file.name().contains("Test"));
        const TRIES: &[&str] = &[
            "test",
            "tests",
            "testing",
            "try",
            "debug",
            "check",
            "verify",
            "tmp",
            "scratch",
            "penetration",
            "pentest",
            "diagnose",
        ];
        // `test-login.js` tries something; `create-test-user.js` makes an account that stays.
        let is_try = words(stem, TRIES) && !words(stem, &["create", "seed", "add", "setup", "init", "reset"])
            || stem
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .is_some_and(|first| matches!(first, "test" | "debug" | "check" | "verify"));
        let is_scratch = !is_test
            && (form == Form::Code && is_try
                || form == Form::Config && words(name, &["test", "e2e", "ci", "dev", "development", "local"]));
        let is_sample = in_folder(&["example", "examples", "sample", "samples", "factories", "factory"])
            || words(name, &["sample", "samples", "dummy", "fake", "mock", "mocks", "faker", "factory", "mockdata"])
            || name.contains("mockdata")
            || stem.ends_with("factory") && extension == "php";
        let text = file.text();
        let is_lock = LOCKS.contains(&name);
        let is_minified = name.contains(".min.") || name.ends_with(".map") || looks_minified(text);
        let is_locale =
            in_folder(&["locales", "locale", "i18n", "lang", "langs", "translations", "l10n", "messages", "intl"])
                && form != Form::Env
                || words(stem, &["translations", "translation", "i18n", "locale", "locales"])
                || (matches!(extension, "json" | "ts" | "js" | "yml" | "yaml" | "php" | "po" | "properties")
                    && is_language(stem));
        let is_ci = in_folder(&[".github", ".gitlab", ".circleci"])
            || name == ".gitlab-ci.yml"
            || name.starts_with("bitbucket-pipelines");
        let is_jsx = matches!(extension, "jsx" | "tsx" | "vue" | "svelte" | "astro")
            || form == Form::Markup
            || extension == "phtml";
        let is_client = known_client.unwrap_or_else(|| is_client(file, &path, folders, extension, form, world));
        Place {
            form,
            is_test,
            is_scratch,
            is_sample,
            is_example_env,
            is_lock,
            is_minified,
            is_locale,
            is_ci,
            is_client,
            signs: form == Form::Code
                && ["jwt", "jsonwebtoken", "createHmac", "session(", "itsdangerous", "jose"]
                    .iter()
                    .any(|word| text.contains(word)),
            is_yaml: matches!(extension, "yml" | "yaml"),
            is_jsx,
            is_python: matches!(extension, "py" | "pyw" | "ipynb"),
        }
    }

    /// Whether a value found here is there for show: in tests and samples, and in scripts for trying things unless its
    /// shape proves that it is a key. Documents are no samples: what stands in a guide is often the real value.
    pub(crate) fn is_for_show(&self, certain: bool) -> bool {
        self.is_test || self.is_sample || self.is_scratch && !certain
    }
}

/// A two-letter language code, perhaps with a country: `de`, `pt-BR`, `messages_fr`.
fn is_language(stem: &str) -> bool {
    const CODES: &[&str] = &[
        "en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "no", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg",
        "hr", "sr", "sl", "el", "tr", "ru", "uk", "ar", "he", "fa", "hi", "bn", "ur", "ta", "th", "vi", "id", "ms",
        "zh", "ja", "ko", "sw", "am", "ca", "et", "lt", "lv",
    ];
    let tail = stem.strip_prefix("messages_").or_else(|| stem.strip_prefix("messages-")).unwrap_or(stem);
    let head = tail.split(['-', '_']).next().unwrap_or("");
    CODES.contains(&head) && tail.len() <= 6
}

/// Lines far longer than people write, over a text that is not data.
fn looks_minified(text: &str) -> bool {
    if text.len() < 20_000 {
        return false;
    }
    let lines = text.bytes().filter(|&byte| byte == b'\n').count() + 1;
    text.len() / lines > 1_000
}

/// Guesses from path and content whether browsers get a file.
fn is_client(file: &SourceFile, path: &str, folders: &[&str], extension: &str, form: Form, world: &World) -> bool {
    let in_folder = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
    let package = world.package_of(&file.path);
    let served = in_folder(&["public", "static", "www", "wwwroot", "htdocs", "public_html"]);
    match form {
        Form::Markup => return !path.contains("mail") && !path.contains("letter"),
        Form::Env | Form::Config | Form::Sql => return false,
        Form::Docs => return false,
        Form::Data if extension == "har" => return false,
        _ => {}
    }
    if served && !matches!(extension, "php" | "py" | "rb") {
        return true;
    }
    if matches!(extension, "vue" | "svelte") {
        return !path.ends_with(".server.svelte");
    }
    if !matches!(extension, "js" | "jsx" | "mjs" | "ts" | "tsx" | "json" | "astro") {
        return false;
    }
    const SERVER_FOLDERS: &[&str] = &[
        "server",
        "servers",
        "api",
        "backend",
        "functions",
        "netlify",
        "supabase",
        "scripts",
        "script",
        "prisma",
        "db",
        "database",
        "drizzle",
        "migrations",
        "routes-server",
        "middleware",
        "middlewares",
        "controllers",
        "models",
        "cron",
        "workers",
        "worker",
        "lambda",
        "bin",
        "tools",
        "seed",
        "seeds",
        "config-server",
        "actions",
        "electron",
    ];
    if in_folder(SERVER_FOLDERS) {
        return false;
    }
    let text = file.text();
    let head = crate::text::slice(text, 0, 4_000);
    let first = head.trim_start_matches('\u{feff}').trim_start();
    if first.starts_with("'use client'") || first.starts_with("\"use client\"") {
        return true;
    }
    if first.starts_with("'use server'")
        || first.starts_with("\"use server\"")
        || head.contains("import 'server-only'")
        || head.contains("import \"server-only\"")
    {
        return false;
    }
    const NODE: &[&str] = &[
        "from 'express'",
        "from \"express\"",
        "require('express')",
        "require(\"express\")",
        "from 'fs'",
        "from \"fs\"",
        "require('fs')",
        "require(\"fs\")",
        "from 'node:",
        "from \"node:",
        "require('dotenv')",
        "require(\"dotenv\")",
        "from 'dotenv",
        "from \"dotenv",
        "from 'http'",
        "require('http')",
        "require(\"http\")",
        "from 'path'",
        "from \"path\"",
        "require('path')",
        "require(\"path\")",
        "from 'next/server'",
        "from \"next/server\"",
        "from 'next/headers'",
        "from \"next/headers\"",
        "from 'pg'",
        "from \"pg\"",
        "mongoose",
        "nodemailer",
        "Deno.",
        "from 'jsonwebtoken'",
        "from \"jsonwebtoken\"",
        "require('jsonwebtoken')",
        "require(\"jsonwebtoken\")",
        "bcrypt",
        "better-sqlite3",
        "firebase-admin",
        "module.exports",
    ];
    if NODE.iter().any(|mark| head.contains(mark)) {
        return false;
    }
    if in_folder(&["client", "frontend", "front-end", "web", "webapp", "ui"]) {
        return extension != "json" || in_folder(&["src", "data", "assets"]);
    }
    let Some(package) = package else {
        return in_folder(&["dist", "build", "js"]) && extension == "js" || matches!(extension, "jsx" | "tsx");
    };
    let inner = file.path.get(package.folder.len()..).unwrap_or("");
    if package.has_next {
        return in_folder(&["components", "hooks"]) && matches!(extension, "tsx" | "jsx")
            || inner.starts_with("pages/") && !inner.starts_with("pages/api/") && matches!(extension, "tsx" | "jsx");
    }
    if package.has_client && !package.has_server {
        return inner.starts_with("src/")
            || inner.starts_with("app/")
            || inner.starts_with("dist/")
            || inner.starts_with("build/")
            || inner.starts_with("components/")
            || matches!(extension, "jsx" | "tsx");
    }
    if package.has_client && package.has_server {
        return matches!(extension, "jsx" | "tsx")
            || inner.starts_with("src/")
                && in_folder(&[
                    "components",
                    "pages",
                    "hooks",
                    "views",
                    "contexts",
                    "context",
                    "lib",
                    "utils",
                    "services",
                    "store",
                    "data",
                    "routes",
                ])
            || inner.starts_with("dist/") && in_folder(&["assets"]);
    }
    matches!(extension, "jsx" | "tsx")
}
