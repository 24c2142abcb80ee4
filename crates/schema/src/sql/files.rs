//! Which SQL files count, and in which order they are replayed.

use plimsoll_source::{FileId, SourceTree};

/// The files to replay in order, and loose files that are left out because migrations exist.
pub(crate) struct Plan {
    pub(crate) replay: Vec<FileId>,
    pub(crate) left_out: Vec<FileId>,
}

/// Migrations by name where there are any; otherwise every other SQL file by path.
pub(crate) fn plan(tree: &SourceTree) -> Plan {
    let is_sql = |path: &str| path.to_ascii_lowercase().ends_with(".sql");
    let is_migration = |path: &str| path.split('/').any(|part| matches!(part, "migrations" | "migration" | "drizzle"));
    let all: Vec<FileId> = tree.iter().filter(|(_, file)| is_sql(&file.path)).map(|(id, _)| id).collect();
    let (mut migrations, loose): (Vec<FileId>, Vec<FileId>) =
        all.into_iter().partition(|&id| is_migration(&tree.file(id).path));
    if migrations.is_empty() {
        return Plan { replay: loose, left_out: Vec::new() };
    }
    // The time in a migration's name is its order; Prisma keeps it in the folder's.
    migrations.sort_by_key(|&id| tree.file(id).path.clone());
    Plan { replay: migrations, left_out: loose }
}
