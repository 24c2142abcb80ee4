//! Apps to measure on, laid out side by side.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Files whose lines count as program code.
const CODE: &[&str] =
    &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte", "astro", "py", "php", "html", "sql"];

/// Folders that no review enters.
const LEFT_OUT: &[&str] = &["node_modules", ".git", ".next", ".venv", "venv", "site-packages"];

/// A file larger than this is a picture or an archive, not worth a copy.
const LARGEST: u64 = 8 << 20;

/// An app on disk.
#[derive(Clone)]
pub(super) struct App {
    folder: PathBuf,
    /// All its files.
    files: Vec<PathBuf>,
    /// Those of program code.
    pub(super) code: Vec<PathBuf>,
    /// Lines of them.
    pub(super) lines: usize,
}

/// What was laid out for one measurement.
pub(super) struct Laid {
    /// Files of program code.
    pub(super) files: usize,
    /// Lines of them.
    pub(super) lines: usize,
    /// Bytes of all files.
    pub(super) bytes: u64,
    /// A file to change for a review with one file changed.
    pub(super) one: Option<PathBuf>,
}

/// The apps: each folder is one.
pub(super) fn apps(folders: &[PathBuf]) -> Result<Vec<App>> {
    let mut out = Vec::new();
    for folder in folders {
        let mut app = App { folder: folder.clone(), files: Vec::new(), code: Vec::new(), lines: 0 };
        collect(folder, &mut app.files)?;
        app.files.sort();
        for path in app.files.iter().filter(|path| is_code(path)) {
            app.lines += lines(path)?;
            app.code.push(path.clone());
        }
        if app.lines > 0 {
            out.push(app);
        }
    }
    if out.is_empty() {
        bail!("there is nothing to measure");
    }
    Ok(out)
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !entry.file_name().to_str().is_some_and(|name| LEFT_OUT.contains(&name)) {
                collect(&entry.path(), out)?;
            }
        } else if kind.is_file() && entry.metadata()?.len() <= LARGEST {
            out.push(entry.path());
        }
    }
    Ok(())
}

fn is_code(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| CODE.contains(&extension))
}

fn lines(path: &Path) -> Result<usize> {
    Ok(std::fs::read(path)?.iter().filter(|&&byte| byte == b'\n').count())
}

/// Copies whole apps, each into a folder of its own, until `size` lines lie there. An app that would go far beyond is left
/// out, and apps come again in another folder when all were taken.
pub(super) fn lay_out(place: &Path, apps: &[App], size: usize) -> Result<Laid> {
    remove(place)?;
    let mut laid = Laid { files: 0, lines: 0, bytes: 0, one: None };
    for round in 0.. {
        let before = laid.lines;
        for (number, app) in apps.iter().enumerate() {
            if laid.lines + app.lines > size + size / 20 {
                continue;
            }
            let to = place.join(format!("app{round}-{number}"));
            for path in &app.files {
                let target = to.join(path.strip_prefix(&app.folder)?);
                std::fs::create_dir_all(target.parent().context("a file lies in a folder")?)?;
                laid.bytes += std::fs::copy(path, &target)?;
            }
            laid.files += app.code.len();
            laid.lines += app.lines;
            // The middle file: neither a root that all import nor a leaf.
            let one = app.code.iter().filter(|path| path.extension().is_some_and(|end| end != "sql" && end != "html"));
            let one: Vec<&PathBuf> = one.collect();
            if let Some(path) = one.get(one.len() / 2) {
                laid.one = Some(to.join(path.strip_prefix(&app.folder)?));
            }
        }
        if laid.lines == before || laid.lines * 20 >= size * 19 {
            break;
        }
    }
    Ok(laid)
}

/// `count` files: copies of the example's code, each copy an app of its own with addresses of its own.
pub(super) fn from_example(root: &Path, count: usize) -> Result<Vec<(PathBuf, String)>> {
    let example = root.join("examples/salon-weak");
    let mut code = Vec::new();
    for folder in ["server", "server/middleware", "server/routes", "public/js"] {
        for entry in std::fs::read_dir(example.join(folder))?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "js") {
                let text = std::fs::read_to_string(&path)?;
                code.push((path.strip_prefix(&example)?.with_extension("ts"), text));
            }
        }
    }
    code.sort();
    let copies = (0..).flat_map(|copy| code.iter().map(move |file| (copy, file)));
    let made = copies.take(count).map(|(copy, (path, text))| {
        let text = text.replace("/api/", &format!("/api/v{copy}/")).replace("salon", &format!("salon{copy}"));
        (PathBuf::from(format!("app{copy}")).join(path), text)
    });
    Ok(made.collect())
}

/// Writes made files `times` times.
pub(super) fn write(place: &Path, sources: &[(PathBuf, String)], times: usize) -> Result<Laid> {
    remove(place)?;
    let mut laid = Laid { files: 0, lines: 0, bytes: 0, one: None };
    for copy in 0..times {
        for (path, text) in sources {
            let path = place.join(format!("part{copy}")).join(path);
            std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            std::fs::write(&path, text)?;
            laid.files += 1;
            laid.lines += text.matches('\n').count();
            laid.bytes += text.len() as u64;
        }
    }
    Ok(laid)
}

/// Removes a folder if it is there.
pub(super) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}
