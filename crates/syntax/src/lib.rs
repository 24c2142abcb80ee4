//! Front ends: source text of a language in, plimsoll-ir out.

mod cst;
mod number;
mod php;
mod python;

use plimsoll_ir::Module;
use plimsoll_source::{FileId, SourceFile};

/// Parses a file by its extension: one module, one for each script block, or none where it holds no program code.
pub fn parse(file: FileId, source_file: &SourceFile) -> Vec<Module> {
    let text = source_file.text();
    match source_file.extension().to_ascii_lowercase().as_str() {
        "py" | "pyw" => vec![python::parse(file, text)],
        // Blade templates are read as templates, not as code.
        "php" | "phtml" | "inc" if !php::is_template(source_file.name()) => vec![php::parse(file, text)],
        _ => Vec::new(),
    }
}
