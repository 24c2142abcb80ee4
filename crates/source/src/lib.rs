//! The files of the app under review: read once, bounded, never followed out of the tree.
//!
//! This is the only crate that opens files of the subject. Everything after it works on a
//! [`SourceTree`] in memory, which can also be built from literals (rule pages, tests).

mod glob;
mod line;
mod walk;

pub use glob::{Glob, GlobError};
pub use line::LineIndex;
pub use walk::{Limits, ReadError};

/// A file of the subject, by its position in [`SourceTree::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct FileId(pub u32);

/// A stretch of a file in bytes, `start..end`. An empty span at 0 means the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The stretch `start..end` of `file`.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Span { file, start, end: end.max(start) }
    }

    /// The file as a whole: for evidence that is the file itself (a committed database).
    pub fn whole(file: FileId) -> Self {
        Span { file, start: 0, end: 0 }
    }

    /// Whether `other` lies inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// What a file turned out to be when it was read.
#[derive(Clone, Debug)]
pub enum Content {
    /// UTF-8 text within the size limit.
    Text(String),
    /// Not text: the first bytes, enough to tell a database from a picture.
    Binary(Vec<u8>),
    /// Text, but larger than [`Limits::max_file_bytes`]: its first bytes only.
    TooLarge(Vec<u8>),
}

/// One file of the subject.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the subject, with `/`.
    pub path: String,
    /// Its content as far as it was read.
    pub content: Content,
    /// Size on disk in bytes.
    pub size: u64,
    /// Ignored by the subject's own `.gitignore`: it is on this machine but not in the repository.
    pub git_ignored: bool,
    lines: LineIndex,
}

impl SourceFile {
    /// The text, or `""` where the file is not text that was read.
    pub fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            Content::Binary(_) | Content::TooLarge(_) => "",
        }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The part of the name after its last dot, as written; `""` where there is none.
    pub fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Line number (from 1) of a byte offset.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.lines.line_of(offset)
    }

    /// The text of a line (from 1) without its line break; `""` past the end.
    pub fn line_text(&self, line: u32) -> &str {
        let range = self.lines.range_of(line, self.text().len());
        self.text().get(range).unwrap_or("").trim_end_matches(['\r', '\n'])
    }

    /// How many lines the text has.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }
}

/// Something of the subject that was not looked at, and why. Never dropped: it reaches the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotRead {
    /// Path relative to the subject.
    pub path: String,
    /// Why, in plain words.
    pub why: String,
    /// Whether this was code that the review should have understood (weighs on the verdict),
    /// or only data such as a large picture.
    pub matters: bool,
}

/// All files of the subject, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct SourceTree {
    /// The files; [`FileId`] indexes them.
    pub files: Vec<SourceFile>,
    /// What could not be read.
    pub not_read: Vec<NotRead>,
    /// Folders left out on purpose (`node_modules`, `.git`), by path, for the coverage section.
    pub skipped_folders: Vec<String>,
    /// What [`Limits::exclude`] left out: for each pattern, in its order, the paths it named. A folder stands for all in it.
    pub excluded: Vec<(String, Vec<String>)>,
    /// Whether the subject is a git checkout, so that `git_ignored` means something.
    pub is_git: bool,
}

impl SourceTree {
    /// Reads a folder (or one file) from disk.
    ///
    /// # Errors
    /// When the path does not exist or cannot be listed at all. A single unreadable file is not an
    /// error but an entry in [`SourceTree::not_read`].
    pub fn read(root: &std::path::Path, limits: &Limits) -> Result<Self, ReadError> {
        walk::read(root, limits)
    }

    /// Reads one file at the root of a folder: for a file that says how the rest is to be read. The tree is empty where
    /// there is no such file, and where the path is itself a file.
    ///
    /// # Errors
    /// When the path does not exist or cannot be opened.
    pub fn read_file(root: &std::path::Path, name: &str, limits: &Limits) -> Result<Self, ReadError> {
        walk::read_file(root, name, limits)
    }

    /// A tree from literals, for rule pages and tests.
    pub fn from_texts<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let mut tree = SourceTree::default();
        for (path, text) in files {
            tree.files.push(new_file(path.into(), Content::Text(text.into()), None, false));
        }
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        tree
    }

    /// The file behind an id.
    ///
    /// # Panics
    /// When the id belongs to another tree.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids, in path order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0u32..).map(FileId).zip(&self.files)
    }

    /// Finds a file by its exact relative path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        let index = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        u32::try_from(index).ok().map(FileId)
    }

    /// The text of a span; `""` where it is not text.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text().get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// First and last line (from 1) of a span. A whole-file span is line 1.
    pub fn lines(&self, span: Span) -> (u32, u32) {
        let file = self.file(span.file);
        let start = file.line_of(span.start);
        (start, file.line_of(span.end.max(span.start + 1) - 1).max(start))
    }
}

fn new_file(path: String, content: Content, size: Option<u64>, git_ignored: bool) -> SourceFile {
    let (lines, length) = match &content {
        Content::Text(text) => (LineIndex::new(text), text.len() as u64),
        Content::Binary(head) | Content::TooLarge(head) => (LineIndex::new(""), head.len() as u64),
    };
    SourceFile { path, content, size: size.unwrap_or(length), git_ignored, lines }
}
