//! All modules of the app and how their imports resolve.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_ir::{FunctionId, Import, Kind, Language, Module, NodeId, Str};
use plimsoll_source::{FileId, SourceTree, Span};

/// A module by position in [`Program::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// A place in the code as an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// Module.
    pub module: ModuleId,
    /// Node.
    pub node: NodeId,
}

/// A function of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionRef {
    /// Module.
    pub module: ModuleId,
    /// Function.
    pub function: FunctionId,
}

/// The app's code.
pub struct Program<'t> {
    /// The files it came from.
    pub tree: &'t SourceTree,
    /// All modules in file order.
    pub modules: Vec<Module>,
    by_file: BTreeMap<FileId, Vec<ModuleId>>,
    /// Files by their last path part without extension (for folders' index files: the folder's name).
    by_stem: BTreeMap<String, Vec<FileId>>,
    /// Import targets, by module, in the order of [`Module::imports`].
    targets: Vec<Vec<Option<ModuleId>>>,
    /// For each module, the import that brings a name, and which of its names it is.
    imported: Vec<HashMap<Str, (usize, usize)>>,
    /// For scripts that pages load: the others of these pages.
    beside: BTreeMap<ModuleId, BTreeSet<ModuleId>>,
    /// Which of them declare a name.
    declared: HashMap<Str, Vec<ModuleId>>,
}

/// Scripts of one page beyond these, and pages of one script, are not put together.
const MAX_BESIDE: usize = 200;

const JS_EXTENSIONS: &[&str] =
    &[".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".astro"];

impl<'t> Program<'t> {
    /// Links modules. They must be in the order of their files.
    pub fn new(tree: &'t SourceTree, modules: Vec<Module>) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<ModuleId>> = BTreeMap::new();
        let mut by_stem: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
        for (id, module) in (0u32..).map(ModuleId).zip(&modules) {
            let entry = by_file.entry(module.file).or_default();
            if entry.is_empty() {
                by_stem.entry(stem(&tree.file(module.file).path).to_owned()).or_default().push(module.file);
            }
            entry.push(id);
        }
        let imported = modules
            .iter()
            .map(|module| {
                let mut names = HashMap::new();
                for (index, import) in module.imports.iter().enumerate() {
                    for (at, (_, local)) in import.names.iter().enumerate() {
                        names.entry(local.clone()).or_insert((index, at));
                    }
                }
                names
            })
            .collect();
        let mut program = Program {
            tree,
            modules,
            by_file,
            by_stem,
            targets: Vec::new(),
            imported,
            beside: BTreeMap::new(),
            declared: HashMap::new(),
        };
        program.targets = program
            .modules
            .iter()
            .map(|module| module.imports.iter().map(|import| program.resolve_import(module, import)).collect())
            .collect();
        program
    }

    /// A module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// All modules with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        (0u32..).map(ModuleId).zip(&self.modules)
    }

    /// How much code there is: the nodes of all modules.
    pub fn size(&self) -> u64 {
        self.modules.iter().map(|module| module.nodes.len() as u64).sum()
    }

    /// Path of a module's file.
    pub fn path(&self, id: ModuleId) -> &str {
        &self.tree.file(self.module(id).file).path
    }

    /// The modules of a file.
    pub fn modules_of(&self, file: FileId) -> &[ModuleId] {
        self.by_file.get(&file).map_or(&[], Vec::as_slice)
    }

    /// The module that an import of `module` (by position) leads to; `None` for a package.
    pub fn target(&self, module: ModuleId, import: usize) -> Option<ModuleId> {
        self.targets.get(module.0 as usize)?.get(import).copied().flatten()
    }

    /// Scripts that a page loads one after the other, no modules: what one declares at its top level the others see.
    pub fn load_together(&mut self, scripts: &[ModuleId]) {
        let scripts = scripts.get(..MAX_BESIDE).unwrap_or(scripts);
        for &script in scripts {
            let is_new = !self.beside.contains_key(&script);
            let beside = self.beside.entry(script).or_default();
            if beside.len() < MAX_BESIDE {
                beside.extend(scripts.iter().filter(|other| **other != script));
            }
            if is_new {
                let module = &self.modules[script.0 as usize];
                for name in module.body.iter().filter_map(|node| declared_name(module, *node)) {
                    self.declared.entry(name).or_default().push(script);
                }
            }
        }
    }

    /// The scripts that a script shares its names with.
    pub fn beside(&self, script: ModuleId) -> impl Iterator<Item = ModuleId> + '_ {
        self.beside.get(&script).into_iter().flatten().copied()
    }

    /// The script beside another that declares a name.
    pub(crate) fn declared_beside(&self, script: ModuleId, name: &str) -> Option<ModuleId> {
        let beside = self.beside.get(&script)?;
        self.declared.get(name)?.iter().copied().find(|other| beside.contains(other))
    }

    /// The import that brings a name into a module, and which of its names it is.
    pub(crate) fn import_of(&self, module: ModuleId, local: &str) -> Option<(usize, usize)> {
        self.imported.get(module.0 as usize)?.get(local).copied()
    }

    /// The module that a specifier in `from` leads to.
    pub fn resolve(&self, from: ModuleId, specifier: &str) -> Option<ModuleId> {
        self.resolve_specifier(self.module(from), specifier)
    }

    /// A submodule of a Python package, for `from package import module`.
    pub fn submodule(&self, package: ModuleId, name: &str) -> Option<ModuleId> {
        let folder = self.path(package).strip_suffix("/__init__.py")?;
        self.first_of(&[format!("{folder}/{name}.py"), format!("{folder}/{name}/__init__.py")])
    }

    /// The module that `from folder import module` brings where the folder is no package (it has no `__init__.py`): Python
    /// takes it for one all the same.
    pub fn in_plain_folder(&self, from: ModuleId, import: &Import, name: &str) -> Option<ModuleId> {
        let module = self.module(from);
        if module.language != Language::Python || name == "*" {
            return None;
        }
        // `from . import module`
        let dot = if import.module.ends_with('.') { "" } else { "." };
        self.resolve_specifier(module, &format!("{}{dot}{name}", import.module))
    }

    /// Span of a node.
    pub fn span(&self, site: Site) -> Span {
        self.module(site.module).span(site.node)
    }

    fn resolve_import(&self, module: &Module, import: &Import) -> Option<ModuleId> {
        self.resolve_specifier(module, &import.module)
    }

    fn resolve_specifier(&self, module: &Module, specifier: &str) -> Option<ModuleId> {
        let own = &self.tree.file(module.file).path;
        match module.language {
            Language::JavaScript => self.resolve_javascript(own, specifier),
            Language::Python => self.resolve_python(own, specifier),
            Language::Php => self.resolve_php(own, specifier),
        }
    }

    fn first_of(&self, paths: &[String]) -> Option<ModuleId> {
        paths.iter().find_map(|path| {
            let file = self.tree.find(path)?;
            self.by_file.get(&file)?.first().copied()
        })
    }

    fn javascript_file(&self, base: &str) -> Option<ModuleId> {
        let mut candidates = vec![base.to_owned()];
        candidates.extend(JS_EXTENSIONS.iter().map(|extension| format!("{base}{extension}")));
        // TypeScript sources are imported under the name of what they compile to.
        for compiled in [".js", ".jsx", ".mjs", ".cjs"] {
            if let Some(stripped) = base.strip_suffix(compiled) {
                candidates.extend(JS_EXTENSIONS.iter().map(|extension| format!("{stripped}{extension}")));
            }
        }
        candidates.extend(JS_EXTENSIONS.iter().map(|extension| format!("{base}/index{extension}")));
        self.first_of(&candidates)
    }

    fn resolve_javascript(&self, own: &str, specifier: &str) -> Option<ModuleId> {
        let specifier = specifier.split(['?', '#']).next().unwrap_or(specifier);
        if specifier.starts_with('.') {
            return self.javascript_file(&normalise(&format!("{}/{specifier}", folder(own))));
        }
        if let Some(rest) = specifier.strip_prefix('/') {
            return self.javascript_file(rest).or_else(|| self.by_suffix(own, rest));
        }
        // Path aliases (`@/x`, `~/x`, `$lib/x`, `@shared/x`, `src/x`): the alias names a folder somewhere above.
        let (alias, rest) = specifier.split_once('/')?;
        match alias {
            "@" | "~" | "#" | "@@" | "~~" => self.by_suffix(own, rest),
            "$lib" => self.by_suffix(own, &format!("lib/{rest}")),
            _ => {
                let name = alias.trim_start_matches(['@', '~', '$', '#']);
                if name.is_empty() {
                    return None;
                }
                self.by_suffix(own, &format!("{name}/{rest}")).or_else(|| {
                    // `@components/Button` may stand for `src/ui/components/Button`; a package of that name is likelier
                    // where no such file exists.
                    alias.starts_with(['~', '$', '#']).then(|| self.by_suffix(own, rest)).flatten()
                })
            }
        }
    }

    /// The file whose path ends with `suffix` (extension or index file added) and that is nearest to `own`.
    fn by_suffix(&self, own: &str, suffix: &str) -> Option<ModuleId> {
        let suffix = normalise(suffix);
        // `$lib/db/index.js` is the folder's own module.
        let suffix = match strip_index(&suffix) {
            bare if bare.len() < strip_extension(&suffix).len() => bare.to_owned(),
            _ => suffix,
        };
        let wanted = suffix.rsplit('/').next()?;
        let mut names = vec![wanted.to_owned()];
        for compiled in [".js", ".jsx", ".ts", ".tsx", ".mjs", ".vue", ".svelte", ".php", ".py"] {
            names.extend(wanted.strip_suffix(compiled).map(str::to_owned));
        }
        let mut best: Option<(usize, FileId)> = None;
        for name in &names {
            for &file in self.by_stem.get(name).into_iter().flatten() {
                let path = &self.tree.file(file).path;
                let bare = strip_index(path);
                let bare_suffix = strip_extension(&suffix);
                // `~/session.server` has a dot in its name and no extension.
                let fits = bare == bare_suffix
                    || bare == suffix
                    || bare.ends_with(&format!("/{suffix}"))
                    || bare.ends_with(&format!("/{bare_suffix}"))
                    || path.ends_with(&format!("/{suffix}"));
                if fits {
                    let near = common_folders(own, path);
                    if best.is_none_or(|(score, _)| near > score) {
                        best = Some((near, file));
                    }
                }
            }
        }
        self.by_file.get(&best?.1)?.first().copied()
    }

    fn resolve_python(&self, own: &str, specifier: &str) -> Option<ModuleId> {
        let dots = specifier.chars().take_while(|&c| c == '.').count();
        let name = specifier[dots..].replace('.', "/");
        let files = |base: &str| {
            let base = base.trim_start_matches('/');
            [format!("{base}.py"), format!("{base}/__init__.py")]
        };
        if dots > 0 {
            let mut base = folder(own).to_owned();
            for _ in 1..dots {
                base = folder(&base).to_owned();
            }
            return if name.is_empty() {
                self.first_of(&[normalise(&format!("{base}/__init__.py"))])
            } else {
                self.first_of(&files(&normalise(&format!("{base}/{name}"))))
            };
        }
        // From the file's own folder outwards to the root: scripts run from different folders.
        let mut base = folder(own).to_owned();
        loop {
            let candidate = if base.is_empty() { name.clone() } else { format!("{base}/{name}") };
            if let Some(found) = self.first_of(&files(&candidate)) {
                return Some(found);
            }
            if base.is_empty() {
                return None;
            }
            base = folder(&base).to_owned();
        }
    }

    /// The PHP file that the path of an `include` in `own` leads to while `page` is being served. A path that begins with
    /// `/` is one made of `__DIR__`: it stands for the subject's root.
    pub fn php_file(&self, page: ModuleId, own: ModuleId, path: &str) -> Option<ModuleId> {
        let named = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
        if path.is_empty() || !named || path.contains("://") {
            return None;
        }
        let mut candidates = vec![normalise(path)];
        if !path.starts_with('/') {
            for from in [page, own] {
                candidates.push(normalise(&format!("{}/{path}", folder(self.path(from)))));
            }
            // Its own folder before the root.
            candidates.rotate_left(1);
        }
        self.first_of(&candidates).or_else(|| {
            let bare = normalise(path);
            (bare.contains('/') && !path.contains("..")).then(|| self.by_suffix(self.path(own), &bare)).flatten()
        })
    }

    /// The PHP files of a folder whose names begin and end as given; `folder` as for [`Program::php_file`].
    pub fn php_files_in(
        &self,
        page: ModuleId,
        own: ModuleId,
        folder_path: &str,
        start: &str,
        end: &str,
    ) -> Vec<ModuleId> {
        let mut folders = vec![normalise(folder_path)];
        if !folder_path.starts_with('/') {
            folders.extend([page, own].map(|from| normalise(&format!("{}/{folder_path}", folder(self.path(from))))));
        }
        self.iter()
            .filter(|(id, module)| {
                module.language == Language::Php
                    && self.path(*id).rsplit_once('/').is_some_and(|(at, name)| {
                        folders.iter().any(|folder| folder == at) && name.starts_with(start) && name.ends_with(end)
                    })
            })
            .map(|(id, _)| id)
            .collect()
    }

    fn resolve_php(&self, own: &str, specifier: &str) -> Option<ModuleId> {
        if specifier.contains('\\') {
            let path = specifier.trim_matches('\\').replace('\\', "/");
            let without_root = path.split_once('/').map_or(path.as_str(), |(_, rest)| rest).to_owned();
            return self
                .by_suffix(own, &format!("{path}.php"))
                .or_else(|| self.by_suffix(own, &format!("{without_root}.php")));
        }
        let specifier = specifier.trim_start_matches('/');
        self.first_of(&[normalise(&format!("{}/{specifier}", folder(own))), normalise(specifier)])
            .or_else(|| self.by_suffix(own, &normalise(specifier)))
    }
}

/// The name that a statement declares.
pub(crate) fn declared_name(module: &Module, node: NodeId) -> Option<Str> {
    match module.kind(node) {
        Kind::Function(id) => module.function(*id).name.clone(),
        Kind::Class(id) => module.class(*id).name.clone(),
        Kind::Name(name) => Some(name.clone()),
        Kind::Let { target, .. } => match module.kind(*target) {
            Kind::Name(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn stem(path: &str) -> &str {
    let bare = strip_index(path);
    bare.rsplit('/').next().unwrap_or(bare)
}

fn strip_extension(path: &str) -> &str {
    let name_at = path.rfind('/').map_or(0, |at| at + 1);
    match path[name_at..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name_at + dot],
        _ => path,
    }
}

/// Path without extension, and without `/index` or `/__init__`.
fn strip_index(path: &str) -> &str {
    let bare = strip_extension(path);
    bare.strip_suffix("/index").or_else(|| bare.strip_suffix("/__init__")).unwrap_or(bare)
}

fn common_folders(a: &str, b: &str) -> usize {
    folder(a).split('/').zip(folder(b).split('/')).take_while(|(a, b)| a == b).count()
}

/// Resolves `.` and `..`; a path that climbs out of the subject leads nowhere.
fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
