//! The expressions in the markup of Vue and Svelte components.
//!
//! They become the body of one more function of the component's script, `template`, in the order in which they stand: an
//! element for each tag that has any, with its attributes under their own names (`v-html`, `href` for `:href`, `onclick`
//! for `@click` and `on:click`), `@html` for Svelte's raw markup. A loop over records declares its variable as an element
//! of the list.

use std::panic::{AssertUnwindSafe, catch_unwind};

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;
use plimsoll_ir::{Builder, Function, FunctionId, Key, Kind, Language, Module, NodeId, Property, Range};
use plimsoll_source::FileId;

use super::blocks::{Container, after_braces, closing, find_text, tag};
use super::guard;
use super::lower::Lower;

/// A component with more expressions than this is read up to here.
const MAX_EXPRESSIONS: usize = 4_000;

/// The longest expression that is read.
const MAX_LENGTH: usize = 4_096;

/// Adds the template of a component to the last of its scripts, or to a module of its own.
pub(super) fn append(file: FileId, text: &str, container: Container, modules: &mut Vec<Module>) {
    let has_script = !modules.is_empty();
    let module = modules.pop().unwrap_or_else(|| Builder::new(file, Language::JavaScript).module);
    let mut b = Builder::new(file, Language::JavaScript);
    b.module = module;
    let mut reader = Reader { lower: Lower::new(b), text, read: 0, body: Vec::new() };
    let function = reader.begin();
    reader.markup(container);
    let whole = Range { start: 0, end: 0 };
    let Reader { mut lower, body, .. } = reader;
    if !body.is_empty() {
        let block = lower.b.add(Kind::Block(body.into()), whole.start, whole.end);
        let made = Function { body: block, is_empty: false, ..lower.b.module.function(function).clone() };
        lower.b.set_function(function, made);
    } else {
        // Nothing refers to it yet: it is the last.
        lower.b.module.functions.truncate(function.0 as usize);
    }
    if has_script || !lower.b.module.nodes.is_empty() {
        modules.push(lower.b.module);
    }
}

struct Reader<'s> {
    lower: Lower<'s>,
    text: &'s str,
    read: usize,
    body: Vec<NodeId>,
}

impl<'s> Reader<'s> {
    fn begin(&mut self) -> FunctionId {
        let at = Range { start: 0, end: 0 };
        let body = NodeId(0);
        let function = self.lower.b.reserve_function(Function {
            name: Some("template".into()),
            params: Vec::new(),
            body,
            is_async: false,
            decorators: Vec::new(),
            class: None,
            directives: Vec::new(),
            parent: None,
            range: at,
            head: at,
            is_empty: true,
        });
        self.lower.function = Some(function);
        function
    }

    fn markup(&mut self, container: Container) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && self.read < MAX_EXPRESSIONS {
            match bytes[at] {
                b'<' if bytes[at..].starts_with(b"<!--") => {
                    at = find_text(bytes, at + 4, b"-->").map_or(bytes.len(), |end| end + 3);
                }
                b'<' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => {
                    let tag = tag(self.text, at + 1);
                    let name = tag.name.to_ascii_lowercase();
                    if name == "script" || name == "style" {
                        at = closing(bytes, tag.end, &name);
                        continue;
                    }
                    self.element(tag.name, at, &tag.attributes, tag.end, container);
                    at = tag.end;
                }
                b'{' if container == Container::Svelte => {
                    let end = after_braces(bytes, at);
                    self.braces(at, end);
                    at = end;
                }
                _ => at += 1,
            }
        }
    }

    /// A tag whose attributes hold expressions.
    fn element(
        &mut self,
        name: &str,
        start: usize,
        attributes: &[(String, &'s str)],
        end: usize,
        container: Container,
    ) {
        if container == Container::Vue
            && let Some((_, list)) = attributes.iter().find(|(name, _)| name == "v-for")
            && let Some((variable, iterable)) = list.split_once(" in ").or_else(|| list.split_once(" of "))
        {
            self.each(variable, iterable);
        }
        let mut properties = Vec::new();
        for (attribute, value) in attributes {
            let (key, code) = match container {
                Container::Vue => {
                    let key = match attribute.strip_prefix("v-bind:").or_else(|| attribute.strip_prefix(':')) {
                        Some(bound) => bound.to_owned(),
                        None => match attribute.strip_prefix("v-on:").or_else(|| attribute.strip_prefix('@')) {
                            Some(event) => format!("on{}", event.split('.').next().unwrap_or(event)),
                            None if attribute == "v-html" => attribute.clone(),
                            None => continue,
                        },
                    };
                    (key, *value)
                }
                _ => {
                    let Some(code) = value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) else {
                        continue;
                    };
                    (attribute.replace("on:", "on"), code)
                }
            };
            let Some(value) = self.expression(code) else { continue };
            let range = self.lower.b.module.node(value).range;
            properties.push(Property { key: Key::Named(key.into()), value, range });
        }
        if !properties.is_empty() {
            let tag = self.lower.b.add(Kind::Name(name.into()), offset(start + 1), offset(start + 1 + name.len()));
            let kind = Kind::Element { tag, attributes: properties.into(), children: Box::new([]) };
            let element = self.lower.b.add(kind, offset(start), offset(end));
            self.body.push(element);
        }
    }

    /// `{@html x}`, `{#each list as item}`, `{x}`.
    fn braces(&mut self, start: usize, end: usize) {
        let Some(inside) = self.text.get(start + 1..end.saturating_sub(1)) else { return };
        let trimmed = inside.trim_start();
        if let Some(code) = trimmed.strip_prefix("@html") {
            let Some(value) = self.expression(code) else { return };
            let range = self.lower.b.module.node(value).range;
            let tag = self.lower.b.add(Kind::Name("".into()), range.start, range.start);
            let attributes = Box::new([Property { key: Key::Named("@html".into()), value, range }]);
            let kind = Kind::Element { tag, attributes, children: Box::new([]) };
            let element = self.lower.b.add(kind, offset(start), offset(end));
            self.body.push(element);
        } else if let Some((list, variable)) = trimmed.strip_prefix("#each").and_then(|rest| rest.rsplit_once(" as ")) {
            self.each(variable, list);
        }
    }

    /// The variable of a loop is an element of the list.
    fn each(&mut self, variable: &'s str, iterable: &'s str) {
        let name = variable.trim().trim_start_matches('(');
        let name = name.split([',', ')', '(', ' ']).next().unwrap_or("").trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        let Some(object) = self.expression(iterable).filter(|_| is_name) else { return };
        let range = self.lower.b.module.node(object).range;
        let index = self.lower.b.add(Kind::Opaque(Box::new([])), range.end, range.end);
        let value = self.lower.b.add(Kind::Index { object, index }, range.start, range.end);
        let target = self.lower.b.add(Kind::Name(name.into()), range.start, range.start);
        let declared =
            self.lower.b.add(Kind::Let { target, value: Some(value), constant: true }, range.start, range.end);
        self.body.push(declared);
    }

    /// Lowers the text of an expression, which must be a part of the component's text.
    fn expression(&mut self, code: &'s str) -> Option<NodeId> {
        let start = (code.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        let inner = code.trim();
        if inner.is_empty() || inner.len() > MAX_LENGTH || start > self.text.len() || guard::measure(inner).too_deep {
            return None;
        }
        self.read += 1;
        let start = start + (code.len() - code.trim_start().len());
        let allocator = Allocator::default();
        let parsed =
            catch_unwind(AssertUnwindSafe(|| Parser::new(&allocator, inner, SourceType::ts()).parse_expression().ok()));
        let expression = parsed.ok().flatten()?;
        self.lower.text = inner;
        self.lower.base = offset(start);
        Some(self.lower.expression(&expression))
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use plimsoll_ir::{Kind, Module};
    use plimsoll_source::SourceTree;

    fn modules(path: &str, text: &str) -> Vec<Module> {
        let tree = SourceTree::from_texts([(path, text)]);
        let (id, file) = tree.iter().next().unwrap();
        crate::parse(id, file)
    }

    fn attributes(text: &str, module: &Module) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (_, node) in module.iter() {
            let Kind::Element { attributes, .. } = &node.kind else { continue };
            for property in attributes {
                let plimsoll_ir::Key::Named(key) = &property.key else { continue };
                let range = module.node(property.value).range;
                out.push((key.to_string(), text[range.start as usize..range.end as usize].to_owned()));
            }
        }
        out
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn expressions_stand_where_they_are() {
        let vue = "<template><li v-for=\"(note, i) in notes\" :key=\"i\"><b v-html=\"md(note.body)\"/>\
                   <a :href=\"note.url\" title=\"x\" @click.prevent=\"open(note)\">a</a></li></template>\
                   <script setup>const notes = [];</script>";
        let list = modules("a.vue", vue);
        assert_eq!(list.len(), 1);
        let expected = [
            pair("key", "i"),
            pair("v-html", "md(note.body)"),
            pair("href", "note.url"),
            pair("onclick", "open(note)"),
        ];
        assert_eq!(attributes(vue, &list[0]), expected);
        assert_eq!(list[0].functions.last().and_then(|function| function.name.as_deref()), Some("template"));

        let svelte = "<script>let posts = [];</script>{#each posts as post (post.id)}{@html post.body}<a href={post.url}>{post.name}</a>{/each}";
        let list = modules("a.svelte", svelte);
        assert_eq!(attributes(svelte, &list[0]), [pair("@html", "post.body"), pair("href", "post.url")]);
        assert!(list[0].iter().any(|(_, node)| matches!(node.kind, Kind::Let { constant: true, .. })));
    }

    #[test]
    fn nothing_is_lost_without_expressions() {
        assert!(modules("a.vue", "<template><p>a</p></template>").is_empty());
        let list = modules("a.vue", "<template><p v-html=\"{{{\"/></template><script>const a = 1;</script>");
        assert_eq!((list.len(), list[0].functions.len()), (1, 0));
    }
}
