//! Files of records: JSON and CSV.

use plimsoll_model::App;
use plimsoll_model::app::{Exposure, StoreKind};
use plimsoll_source::{FileId, SourceFile, SourceTree, Span};
use serde_json::Value;

use super::{add, field, new_store};

const MAX_BYTES: usize = 4_000_000;

pub(super) fn read(tree: &SourceTree, app: &mut App) {
    for (id, file) in tree.iter() {
        if file.git_ignored || file.text().len() > MAX_BYTES || is_tooling(&file.path) {
            continue;
        }
        match file.extension().to_ascii_lowercase().as_str() {
            "json" => json(tree, id, file, app),
            "csv" | "tsv" => csv(tree, id, file, app),
            _ => {}
        }
    }
}

/// Settings of tools, translations, lockfiles: no records of the business.
fn is_tooling(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| {
        matches!(
            part,
            "node_modules"
                | "locales"
                | "i18n"
                | "lang"
                | "translations"
                | "messages"
                | "schemas"
                | "fixtures"
                | "tests"
                | "__tests__"
        ) || (part.starts_with('.') && part.len() > 1)
    }) || name.contains("package")
        || name.contains("tsconfig")
        || name.contains("manifest")
        || name.contains("lock")
        || name.contains("config")
        || name.contains("_journal")
        || name.contains("snapshot")
}

fn json(tree: &SourceTree, id: FileId, file: &SourceFile, app: &mut App) {
    let Ok(value) = serde_json::from_str::<Value>(file.text()) else { return };
    match &value {
        Value::Array(list) => records(tree, id, file, "", list, app),
        Value::Object(map) => {
            // In the order of names, so that the same file gives the same list.
            let mut lists: Vec<(&String, &Vec<Value>)> =
                map.iter().filter_map(|(name, value)| Some((name, value.as_array()?))).collect();
            lists.sort_by_key(|(name, _)| name.as_str());
            for (name, list) in lists.into_iter().take(50) {
                records(tree, id, file, name, list, app);
            }
        }
        _ => {}
    }
}

fn records(tree: &SourceTree, id: FileId, file: &SourceFile, name: &str, list: &[Value], app: &mut App) {
    let mut names: Vec<String> = Vec::new();
    for record in list.iter().filter_map(Value::as_object).take(50) {
        for name in record.keys().take(100) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    if names.len() < 2 {
        return;
    }
    names.sort();
    let title = if name.is_empty() { file.path.clone() } else { format!("{}#{name}", file.path) };
    let mut store = new_store(StoreKind::File, title, Span::whole(id));
    if is_shipped(tree, &file.path) {
        store.exposure = Exposure::Shipped;
    }
    let base = if name.is_empty() { 0 } else { file.text().find(&format!("\"{name}\"")).unwrap_or(0) };
    for name in names {
        let quoted = format!("\"{name}\"");
        let at = file.text()[base..].find(&quoted).map_or(0, |at| base + at);
        let from = u32::try_from(at).unwrap_or(0);
        store.fields.push(field(name, Span::new(id, from, from + u32::try_from(quoted.len()).unwrap_or(0))));
    }
    add(app, store);
}

fn csv(tree: &SourceTree, id: FileId, file: &SourceFile, app: &mut App) {
    let Some(head) = file.text().lines().next().filter(|head| head.len() < 5_000) else { return };
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|&separator| head.matches(separator).count()).unwrap_or(',');
    let names: Vec<&str> =
        head.split(separator).map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()).collect();
    // A first line of data has numbers and addresses in it.
    if names.len() < 2 || names.iter().any(|name| name.contains('@') || name.starts_with(|c: char| c.is_ascii_digit()))
    {
        return;
    }
    let mut store = new_store(StoreKind::File, file.path.clone(), Span::whole(id));
    if is_shipped(tree, &file.path) {
        store.exposure = Exposure::Shipped;
    }
    let span = Span::new(id, 0, u32::try_from(head.len()).unwrap_or(0));
    store.fields = names.into_iter().take(100).map(|name| field(name, span)).collect();
    add(app, store);
}

/// Whether browsers receive a file with the app's own code: a folder served as it is, or the source of a browser app.
pub(super) fn is_shipped(tree: &SourceTree, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let has = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    if has(&[
        "server",
        "api",
        "backend",
        "functions",
        "scripts",
        "prisma",
        "supabase",
        "routes",
        "migrations",
        "seeds",
        "db",
    ]) {
        return false;
    }
    if has(&["public", "static", "www"]) {
        return true;
    }
    let mut folder = path;
    loop {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let manifest = if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
        if let Some(id) = tree.find(&manifest) {
            let text = tree.file(id).text();
            let uses = |name: &str| text.contains(&format!("\"{name}\""));
            let bundled = uses("vite")
                || uses("react-scripts")
                || uses("@vitejs/plugin-react")
                || uses("parcel")
                || uses("@angular/core");
            let serves = ["next", "express", "fastify", "koa", "hono", "@nestjs/core", "@sveltejs/kit", "nuxt"]
                .iter()
                .any(|name| uses(name));
            return bundled
                && (!serves || has(&["client", "frontend", "web", "components", "pages"]))
                && has(&["src", "client", "frontend", "web", "app"]);
        }
        if folder.is_empty() {
            return false;
        }
    }
}
