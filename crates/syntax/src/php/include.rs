//! The paths of `include` and its kin.

use plimsoll_ir::{Import, Kind, NodeId, Range, Str};

use super::Lower;

/// A path as far as it is known without running anything.
#[derive(Clone)]
pub(super) enum Path {
    /// The literal text.
    Literal(String),
    /// So many folders above the folder of this file, and then the text.
    FromHere(usize, String),
    /// Some constant, and then the literal text.
    FromConstant(String),
}

impl Lower<'_> {
    /// Notes the import of an `include`, if its path can be told.
    pub(super) fn note_include(&mut self, path: NodeId, range: Range) {
        let module = match self.path(path) {
            Some(Path::Literal(text)) => text,
            Some(Path::FromHere(0, text)) => {
                let text = text.trim_start_matches('/');
                if text.starts_with("../") { text.to_owned() } else { format!("./{text}") }
            }
            Some(Path::FromHere(up, text)) => "../".repeat(up) + text.trim_start_matches('/'),
            Some(Path::FromConstant(text)) => text.trim_start_matches('/').to_owned(),
            None => return,
        };
        if module.is_empty() {
            return;
        }
        let is_dynamic = self.function.is_some();
        let import = Import { module: module.into(), names: Vec::new(), type_only: false, is_dynamic, range };
        self.b.module.imports.push(import);
    }

    /// Remembers a constant whose value is a path or a part of one.
    pub(super) fn note_constant(&mut self, name: Str, value: NodeId) {
        if let Some(path @ (Path::Literal(_) | Path::FromHere(..))) = self.path(value) {
            self.constants.insert(name, path);
        }
    }

    fn path(&self, id: NodeId) -> Option<Path> {
        // `a . b . c` leans to the left.
        let mut right = Vec::new();
        let mut at = id;
        while let Kind::Binary { op: plimsoll_ir::BinaryOp::Concat, left, right: part } = self.b.module.kind(at) {
            right.push(*part);
            at = *left;
        }
        let mut path = match self.b.module.kind(at) {
            Kind::Template(parts) => {
                let (first, rest) = parts.split_first()?;
                right.extend(rest.iter().rev());
                self.part(*first)?
            }
            _ => self.part(at)?,
        };
        for part in right.into_iter().rev() {
            let Path::Literal(more) = self.part(part)? else { return None };
            match &mut path {
                Path::Literal(text) | Path::FromHere(_, text) | Path::FromConstant(text) => text.push_str(&more),
            }
        }
        Some(path)
    }

    fn part(&self, id: NodeId) -> Option<Path> {
        let node = self.b.module.node(id);
        match &node.kind {
            Kind::Str(text) => Some(Path::Literal(text.to_string())),
            // `$base`, or `{$base}` in a string: a variable.
            Kind::Name(_) if self.cst.slice(node.range.start, node.range.end).starts_with('$') => None,
            Kind::Name(name) => Some(match (name.as_str(), self.constants.get(name)) {
                ("__DIR__", _) => Path::FromHere(0, String::new()),
                ("DIRECTORY_SEPARATOR", _) => Path::Literal("/".to_owned()),
                (_, Some(path)) => path.clone(),
                (_, None) => Path::FromConstant(String::new()),
            }),
            Kind::Call { .. } => self.folder(id).map(|up| Path::FromHere(up, String::new())),
            _ => None,
        }
    }

    /// How many folders above this file's folder `dirname(…)` leads.
    fn folder(&self, id: NodeId) -> Option<usize> {
        let mut up = 0usize;
        let mut at = id;
        loop {
            match self.b.module.kind(at) {
                Kind::Name(name) if name == "__DIR__" => return Some(up),
                Kind::Name(name) if name == "__FILE__" => return up.checked_sub(1),
                Kind::Call { callee, args, .. } => {
                    let Kind::Name(name) = self.b.module.kind(*callee) else { return None };
                    let first = args.first()?.value;
                    match (name.as_str(), args.get(1).map(|arg| self.b.module.kind(arg.value))) {
                        ("dirname", None) => up += 1,
                        #[expect(
                            clippy::cast_possible_truncation,
                            clippy::cast_sign_loss,
                            reason = "checked to be small"
                        )]
                        ("dirname", Some(Kind::Num(levels))) if (1.0..=16.0).contains(levels) => up += *levels as usize,
                        ("realpath", None) => {}
                        _ => return None,
                    }
                    at = first;
                }
                _ => return None,
            }
        }
    }
}
