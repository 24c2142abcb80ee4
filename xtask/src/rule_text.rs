//! Rules as their text says.
//!
//! Read from the text, not from the compiled crate: `gen` must work when the registry is the thing that is broken. A test
//! of the program compares the generated index with the compiled rules.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use plimsoll_model::{Gap, Severity};

/// A rule as its `.rs` file declares it.
pub(crate) struct RuleText {
    /// `policy_open_to_all`.
    pub(crate) stem: String,
    /// Folder of its family.
    pub(crate) family: String,
    /// `policy-open-to-all`.
    pub(crate) id: String,
    /// One line.
    pub(crate) summary: String,
    /// The gap.
    pub(crate) gap: Gap,
    /// Usual severity.
    pub(crate) severity: Severity,
}

/// Where the rules are.
pub(crate) fn folder(root: &Path) -> PathBuf {
    root.join("crates/rules/src")
}

/// All rules, sorted by file name, which is the order of ids.
pub(crate) fn all(root: &Path) -> Result<Vec<RuleText>> {
    let mut rules = Vec::new();
    for family in std::fs::read_dir(folder(root))? {
        let family = family?.path();
        if !family.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&family)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "rs") {
                rules.push(read(&file).with_context(|| file.display().to_string())?);
            }
        }
    }
    rules.sort_by(|a, b| a.stem.cmp(&b.stem));
    Ok(rules)
}

fn read(file: &Path) -> Result<RuleText> {
    if !file.with_extension("md").is_file() {
        bail!("it has no page beside it");
    }
    let name = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = name(file.file_stem()).context("no name")?;
    let family = name(file.parent().and_then(Path::file_name)).context("no family")?;
    let text = std::fs::read_to_string(file)?;
    let declaration = text.split_once(": Rule = Rule {").context("it declares no `RULE: Rule`")?.1;
    let id = string(declaration, "id")?;
    if id != stem.replace('_', "-") {
        bail!("its id `{id}` is not its file name with `-`");
    }
    let gap = variant(declaration, "gap", "Gap::")?;
    let severity = variant(declaration, "severity", "Severity::")?;
    Ok(RuleText {
        stem,
        family,
        id,
        summary: string(declaration, "summary")?,
        gap: Gap::ALL
            .into_iter()
            .find(|known| format!("{known:?}") == gap)
            .with_context(|| format!("unknown gap {gap}"))?,
        severity: Severity::ALL
            .into_iter()
            .find(|known| format!("{known:?}") == severity)
            .with_context(|| format!("unknown severity {severity}"))?,
    })
}

fn field<'t>(declaration: &'t str, name: &str) -> Result<&'t str> {
    let start = declaration.find(&format!("\n    {name}:")).with_context(|| format!("no field `{name}`"))?;
    Ok(declaration[start + name.len() + 6..].trim_start())
}

fn string(declaration: &str, name: &str) -> Result<String> {
    let text = field(declaration, name)?.strip_prefix('"').with_context(|| format!("`{name}` is no string literal"))?;
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(out),
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    bail!("`{name}` has no end")
}

fn variant(declaration: &str, name: &str, prefix: &str) -> Result<String> {
    let text = field(declaration, name)?
        .strip_prefix(prefix)
        .with_context(|| format!("`{name}` is not a {prefix} variant"))?;
    Ok(text.chars().take_while(char::is_ascii_alphanumeric).collect())
}
