//! Reading a folder, with bounds.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use crate::{Content, Glob, NotRead, SourceTree, new_file};

/// Bounds on what is read: the subject is hostile input.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Files larger than this are not read whole.
    pub max_file_bytes: u64,
    /// Reading stops after this many files.
    pub max_files: usize,
    /// Reading stops after this many bytes of text in total.
    pub max_total_bytes: u64,
    /// Folders nested deeper than this are not entered.
    pub max_depth: usize,
    /// What the owner says is not part of the app; neither entered nor read, but listed in [`SourceTree::excluded`].
    pub exclude: Vec<Glob>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_file_bytes: 8 << 20,
            max_files: 60_000,
            max_total_bytes: 512 << 20,
            max_depth: 64,
            exclude: Vec::new(),
        }
    }
}

/// Why a subject could not be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The path does not exist.
    #[error("there is no file or folder at `{0}`")]
    Missing(PathBuf),
    /// The path exists but cannot be opened.
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

/// Folders that hold no code of the owner's: other people's packages, caches, version control.
const SKIPPED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "bower_components",
    ".venv",
    "venv",
    "site-packages",
    "__pypackages__",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".vercel",
    ".netlify",
    ".turbo",
    ".parcel-cache",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".tox",
    ".yarn",
    ".pnpm-store",
    "target",
    ".gradle",
    ".terraform",
    ".plimsoll",
];

/// `vendor` is Composer's, Go's and Bundler's folder of packages; elsewhere an ordinary name.
fn is_package_vendor(folder: &Path) -> bool {
    folder.join("autoload.php").is_file() || folder.join("modules.txt").is_file() || folder.join("bundle").is_dir()
}

fn is_skipped(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    SKIPPED.contains(&name) || (name == "vendor" && is_package_vendor(path)) || path.join("pyvenv.cfg").is_file()
}

/// Extensions whose absence from the review would change what can be said about the app.
const CODE: &[&str] = &[
    "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro", "py", "php", "rb", "go", "java",
    "kt", "cs", "html", "htm", "sql", "rules", "prisma", "json", "jsonc", "toml", "yaml", "yml", "lock", "env", "ejs",
    "hbs", "twig", "rs",
];

pub(crate) fn read(root: &Path, limits: &Limits) -> Result<SourceTree, ReadError> {
    let metadata = std::fs::metadata(root).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing(root.to_owned()),
        _ => ReadError::Unreadable { path: root.to_owned(), source },
    })?;
    if metadata.is_dir() {
        std::fs::read_dir(root).map_err(|source| ReadError::Unreadable { path: root.to_owned(), source })?;
    }
    let base = if metadata.is_dir() { root.to_owned() } else { root.parent().unwrap_or(Path::new("")).to_owned() };
    let mut tree = SourceTree { is_git: base.join(".git").exists(), ..SourceTree::default() };

    let mut found: Vec<(String, PathBuf)> = Vec::new();
    let skipped = std::sync::Mutex::new(BTreeSet::new());
    let skipped_base = base.clone();
    let skipped_in = std::sync::Arc::new(skipped);
    let skipped_out = std::sync::Arc::clone(&skipped_in);
    let excluded_in = std::sync::Arc::new(std::sync::Mutex::new(vec![Vec::new(); limits.exclude.len()]));
    let excluded_out = std::sync::Arc::clone(&excluded_in);
    let exclude = limits.exclude.clone();
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .max_depth(Some(limits.max_depth))
        .filter_entry(move |entry| {
            let skip =
                entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir()) && is_skipped(entry.path());
            if skip && let Ok(mut list) = skipped_in.lock() {
                list.insert(relative(&skipped_base, entry.path()));
            }
            if skip || entry.depth() == 0 {
                return !skip;
            }
            let path = relative(&skipped_base, entry.path());
            let Some(pattern) = exclude.iter().position(|glob| glob.names(&path)) else { return true };
            if let Ok(mut lists) = excluded_in.lock()
                && let Some(list) = lists.get_mut(pattern)
            {
                list.push(path);
            }
            false
        })
        .build();
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                tree.not_read.push(NotRead {
                    path: ".".into(),
                    why: format!("could not be listed: {error}"),
                    matters: true,
                });
                continue;
            }
        };
        let Some(kind) = entry.file_type() else { continue };
        let path = relative(&base, entry.path());
        if kind.is_symlink() {
            // A link may point out of the tree, at itself, or at a device. Its target is reviewed where it lies.
            let inside = std::fs::canonicalize(entry.path())
                .is_ok_and(|target| std::fs::canonicalize(&base).is_ok_and(|base| target.starts_with(base)));
            tree.not_read.push(NotRead { path, why: "symbolic link, not followed".into(), matters: !inside });
        } else if kind.is_dir() {
            if entry.depth() == limits.max_depth {
                tree.not_read.push(NotRead { path, why: "folders nested too deep".into(), matters: true });
            }
        } else if kind.is_file() {
            if found.len() == limits.max_files {
                let why = format!("more than {} files: the rest was not read", limits.max_files);
                tree.not_read.push(NotRead { path: ".".into(), why, matters: true });
                break;
            }
            found.push((path, entry.into_path()));
        } else {
            tree.not_read.push(NotRead { path, why: "not a regular file".into(), matters: false });
        }
    }
    if let Ok(list) = skipped_out.lock() {
        tree.skipped_folders = list.iter().cloned().collect();
    }
    if let Ok(lists) = excluded_out.lock() {
        tree.excluded = limits
            .exclude
            .iter()
            .zip(lists.iter())
            .map(|(glob, paths)| {
                let mut paths: Vec<String> = paths.clone();
                paths.sort();
                (glob.text().to_owned(), paths)
            })
            .collect();
    }
    found.sort();

    let kept = not_ignored(root, &base, limits);
    // Sizes first, so that the total bound does not depend on the order in which threads read.
    let mut budget = limits.max_total_bytes;
    let planned: Vec<(String, PathBuf, u64)> = found
        .into_iter()
        .map(|(path, full)| {
            let size = std::fs::metadata(&full).map_or(0, |metadata| metadata.len());
            let cap = if size > limits.max_file_bytes || size > budget { HEAD as u64 } else { size };
            budget -= cap.min(budget);
            (path, full, cap)
        })
        .collect();
    let read: Vec<Result<crate::SourceFile, NotRead>> = planned
        .into_par_iter()
        .map(|(path, full, cap)| {
            let size = std::fs::metadata(&full).map_or(0, |metadata| metadata.len());
            let content = read_content(&full, size, cap).map_err(|error| NotRead {
                path: path.clone(),
                why: format!("could not be read: {error}"),
                matters: true,
            })?;
            let ignored = !kept.contains(&path);
            Ok(new_file(path, content, Some(size), ignored))
        })
        .collect();
    for result in read {
        match result {
            Ok(file) => {
                let is_code = CODE.contains(&file.extension().to_ascii_lowercase().as_str());
                if let Content::TooLarge(_) = file.content {
                    let why = format!("{} bytes are more than is read of one file", file.size);
                    tree.not_read.push(NotRead { path: file.path.clone(), why, matters: is_code });
                } else if is_code && matches!(file.content, Content::Binary(_)) {
                    let why = "named like code, but its bytes are not UTF-8 text".to_owned();
                    tree.not_read.push(NotRead { path: file.path.clone(), why, matters: true });
                }
                tree.files.push(file);
            }
            Err(problem) => tree.not_read.push(problem),
        }
    }
    tree.not_read.sort();
    Ok(tree)
}

pub(crate) fn read_file(root: &Path, name: &str, limits: &Limits) -> Result<SourceTree, ReadError> {
    let unreadable = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => ReadError::Missing(root.to_owned()),
        _ => ReadError::Unreadable { path: root.to_owned(), source },
    };
    let mut tree = SourceTree::default();
    if !std::fs::metadata(root).map_err(unreadable)?.is_dir() {
        return Ok(tree);
    }
    let full = root.join(name);
    let Ok(metadata) = std::fs::symlink_metadata(&full) else { return Ok(tree) };
    let mut not_read = |why: String| tree.not_read.push(NotRead { path: name.to_owned(), why, matters: true });
    if !metadata.is_file() {
        not_read("not a regular file".into());
    } else if metadata.len() > limits.max_file_bytes {
        not_read(format!("{} bytes are more than is read of it", metadata.len()));
    } else {
        match read_content(&full, metadata.len(), metadata.len()) {
            Ok(Content::Text(text)) => {
                tree.files.push(new_file(name.to_owned(), Content::Text(text), Some(metadata.len()), false));
            }
            Ok(_) => not_read("its bytes are not UTF-8 text".into()),
            Err(error) => not_read(format!("could not be read: {error}")),
        }
    }
    Ok(tree)
}

/// How much of a file that is not read whole is kept, for telling kinds apart.
const HEAD: usize = 4096;

fn read_content(path: &Path, size: u64, cap: u64) -> std::io::Result<Content> {
    let whole = cap >= size;
    let mut bytes = Vec::with_capacity(usize::try_from(cap).unwrap_or(HEAD));
    std::fs::File::open(path)?.take(cap).read_to_end(&mut bytes)?;
    if !whole {
        let is_text = !bytes.contains(&0);
        return Ok(if is_text { Content::TooLarge(bytes) } else { Content::Binary(bytes) });
    }
    if bytes.contains(&0) && !bytes.starts_with(&[0xff, 0xfe]) && !bytes.starts_with(&[0xfe, 0xff]) {
        bytes.truncate(HEAD);
        return Ok(Content::Binary(bytes));
    }
    Ok(match decode(bytes) {
        Ok(text) => Content::Text(text),
        Err(mut bytes) => {
            bytes.truncate(HEAD);
            Content::Binary(bytes)
        }
    })
}

/// UTF-8 (a byte order mark stays, so that offsets hold) or UTF-16 with a byte order mark.
fn decode(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    let wide = |swap: bool, bytes: &[u8]| -> Option<String> {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(
                |pair| {
                    if swap { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
                },
            )
            .collect();
        String::from_utf16(&units).ok()
    };
    match bytes.get(..2) {
        Some([0xff, 0xfe]) => wide(false, &bytes).ok_or(bytes),
        Some([0xfe, 0xff]) => wide(true, &bytes).ok_or(bytes),
        _ => String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes),
    }
}

/// The paths that the subject's own `.gitignore` files do not exclude.
fn not_ignored(root: &Path, base: &Path, limits: &Limits) -> BTreeSet<String> {
    WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(true)
        .require_git(false)
        .max_depth(Some(limits.max_depth))
        .filter_entry({
            let (exclude, base) = (limits.exclude.clone(), base.to_owned());
            move |entry| {
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                let path = relative(&base, entry.path());
                let is_cut = (is_folder && is_skipped(entry.path())) || exclude.iter().any(|glob| glob.names(&path));
                entry.depth() == 0 || !is_cut
            }
        })
        .build()
        .take(limits.max_files * 2)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| relative(base, entry.path()))
        .collect()
}

fn relative(base: &Path, path: &Path) -> String {
    let path = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}
