//! Front ends: source text of a language in, plimsoll-ir out.
//!
//! Parsing never fails: what cannot be read is listed in [`Module::problems`], and as much of the tree as could be
//! understood is there. No type of a parser library is part of this interface.

mod cst;
mod javascript;
mod number;
mod php;
mod python;

use plimsoll_ir::{Language, Module};
use plimsoll_source::{FileId, SourceFile};

/// Reads the code of a file: one module, or one for each script block of a page or component. Empty for a file whose
/// language is not known or that was not read as text.
pub fn parse(file: FileId, source_file: &SourceFile) -> Vec<Module> {
    match language_of(&source_file.path) {
        Some(Language::JavaScript) => javascript::parse(file, source_file),
        Some(Language::Python) => vec![python::parse(file, source_file.text())],
        // Blade templates are read as templates, not as code.
        Some(Language::Php) if !php::is_template(source_file.name()) => vec![php::parse(file, source_file.text())],
        Some(Language::Php) | None => Vec::new(),
    }
}

/// The language of a file by its extension; pages and components with script blocks count as JavaScript.
pub fn language_of(path: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Language::JavaScript),
        "vue" | "svelte" | "astro" | "html" | "htm" => Some(Language::JavaScript),
        "py" | "pyw" => Some(Language::Python),
        "php" | "phtml" | "inc" => Some(Language::Php),
        _ => None,
    }
}
