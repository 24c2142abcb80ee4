//! Names of the fields of TypeScript interfaces and object types. The code tree drops types; where only a type tells
//! what a record holds, its text does.

use std::collections::BTreeMap;

use plimsoll_source::{SourceTree, Span};

/// A field of a type: name, place, its type as written.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) ty: String,
}

/// Types by name; the first declaration counts.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    objects: BTreeMap<String, Vec<Part>>,
    unions: BTreeMap<String, Vec<String>>,
}

impl Shapes {
    pub(crate) fn read(tree: &SourceTree) -> Self {
        let mut shapes = Shapes::default();
        for (id, file) in tree.iter().filter(|(_, file)| matches!(file.extension(), "ts" | "tsx")) {
            let mut open: Option<(String, i32, Vec<Part>)> = None;
            let mut offset = 0usize;
            for line in file.text().split_inclusive('\n') {
                let start = offset;
                offset += line.len();
                let code = line.split("//").next().unwrap_or("").trim();
                let depth_change = |code: &str| {
                    code.chars().fold(0i32, |depth, c| match c {
                        '{' => depth + 1,
                        '}' => depth - 1,
                        _ => depth,
                    })
                };
                if let Some((name, depth, parts)) = &mut open {
                    if *depth == 1
                        && let Some((field, ty)) = code.split_once(':')
                        && parts.len() < 200
                    {
                        let field = field
                            .trim()
                            .trim_end_matches('?')
                            .trim_start_matches("readonly ")
                            .trim_matches(['"', '\'']);
                        if !field.is_empty() && field.chars().all(|c| c.is_alphanumeric() || c == '_') {
                            let from = u32::try_from(start + line.len() - line.trim_start().len()).unwrap_or(0);
                            let span = Span::new(id, from, from + u32::try_from(code.len()).unwrap_or(0));
                            parts.push(Part {
                                name: field.to_owned(),
                                span,
                                ty: ty.trim().trim_end_matches([';', ',']).to_owned(),
                            });
                        }
                    }
                    *depth += depth_change(code);
                    if *depth <= 0 {
                        let (name, parts) = (std::mem::take(name), std::mem::take(parts));
                        open = None;
                        if !parts.is_empty() {
                            shapes.objects.entry(name).or_insert(parts);
                        }
                    }
                    continue;
                }
                let code = code.trim_start_matches("export ").trim_start_matches("declare ");
                let name = |rest: &str| rest.trim().split([' ', '=', '{', '<']).next().unwrap_or("").to_owned();
                if let Some(rest) = code.strip_prefix("interface ") {
                    if code.ends_with('{') {
                        open = Some((name(rest), 1, Vec::new()));
                    }
                } else if let Some(rest) = code.strip_prefix("type ")
                    && let Some((head, body)) = rest.split_once('=')
                {
                    if body.trim().ends_with('{') && depth_change(body) == 1 {
                        open = Some((name(head), 1, Vec::new()));
                    } else if body.contains('\'') || body.contains('"') {
                        shapes.unions.entry(name(head)).or_insert_with(|| literals(body));
                    }
                }
            }
        }
        shapes
    }

    /// The fields of a type as written: `User`, `Omit<User, 'uid'>`, `Partial<User>`.
    pub(super) fn of(&self, ty: &str) -> Vec<&Part> {
        let ty = ty.trim().trim_start_matches(':').trim();
        for wrapper in ["Partial<", "Readonly<", "Required<", "Omit<", "Pick<", "Array<"] {
            let Some(rest) = ty.strip_prefix(wrapper) else { continue };
            let (inner, names) = rest.split_once(',').unwrap_or((rest, ""));
            let names = literals(names);
            let mut parts = self.of(inner.trim_end_matches('>'));
            match wrapper {
                "Omit<" => parts.retain(|part| !names.contains(&part.name)),
                "Pick<" => parts.retain(|part| names.contains(&part.name)),
                _ => {}
            }
            return parts;
        }
        self.objects.get(ty.trim_end_matches("[]")).map(|parts| parts.iter().collect()).unwrap_or_default()
    }

    /// The words that a field's type admits.
    pub(super) fn choices(&self, ty: &str) -> Vec<String> {
        match self.unions.get(ty.trim()) {
            Some(words) => words.clone(),
            None => literals(ty),
        }
    }
}

fn literals(text: &str) -> Vec<String> {
    text.split(['\'', '"']).skip(1).step_by(2).take(40).map(str::to_owned).collect()
}
