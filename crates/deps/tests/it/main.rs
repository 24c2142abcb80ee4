//! Tests against data that is larger than a table in the source.

mod hostile;
mod inputs;
mod oracle;
mod plan;
mod traps;
mod versions;

/// A file of the shared research data beside the workspace; prints why a test is skipped where it is absent.
pub(crate) fn shared(path: &str) -> Option<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let nested = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let found = [root, nested].into_iter().map(|root| root.join(path)).find(|path| path.exists());
    if found.is_none() {
        say(&format!("skipped: shared/{path} is not beside the workspace"));
    }
    found
}

/// What was measured, for whoever reads the tests' output (`cargo test … -- --nocapture`).
pub(crate) fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}
