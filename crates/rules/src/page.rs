//! A rule's page.

/// The sections of a page. Headings are fixed, so that prompts, SARIF help and tests can take their part.
pub struct Page<'a> {
    text: &'a str,
}

/// A fenced file of a tiny app on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence<'a> {
    /// Section heading under which it stands.
    pub section: &'a str,
    /// Path of the file, from `path=` in the fence's info string.
    pub path: &'a str,
    /// Its text.
    pub text: String,
}

impl<'a> Page<'a> {
    /// Wraps the Markdown of a page.
    pub fn new(text: &'a str) -> Self {
        Page { text }
    }

    /// The text of a section (`Why it matters`), without its heading; `""` where there is none.
    pub fn section(&self, heading: &str) -> &'a str {
        let mut start = None;
        let mut offset = 0;
        let mut fenced = false;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim_end();
            if trimmed.starts_with("```") {
                fenced = !fenced;
            }
            if !fenced && trimmed.starts_with("## ") {
                if let Some(start) = start {
                    return self.text[start..offset].trim();
                }
                if trimmed[3..].trim() == heading {
                    start = Some(offset + line.len());
                }
            }
            offset += line.len();
        }
        start.map_or("", |start| self.text[start.min(self.text.len())..].trim())
    }

    /// The first paragraph of a section, on one line, without fences.
    pub fn paragraph(&self, heading: &str) -> String {
        let section = self.section(heading);
        let first = section.split("\n\n").find(|part| !part.trim_start().starts_with("```")).unwrap_or("");
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// All fences that name a path, in order.
    pub fn fences(&self) -> Vec<Fence<'a>> {
        let mut out: Vec<Fence<'a>> = Vec::new();
        let mut section = "";
        let mut open = false;
        let mut keep = false;
        for line in self.text.lines() {
            if let Some(info) = line.strip_prefix("```") {
                if open {
                    open = false;
                    keep = false;
                } else {
                    open = true;
                    let path = info.split_whitespace().find_map(|word| word.strip_prefix("path="));
                    if let Some(path) = path {
                        keep = true;
                        out.push(Fence { section, path, text: String::new() });
                    }
                }
            } else if open {
                if keep && let Some(fence) = out.last_mut() {
                    fence.text.push_str(line);
                    fence.text.push('\n');
                }
            } else if let Some(heading) = line.strip_prefix("## ") {
                section = heading.trim();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    const PAGE: &str = "# t\n\n## Why it matters\n\nOne\ntwo.\n\nThree.\n\n## Example\n\n```js path=a.js\nx();\n```\n\n```\nplain\n```\n\n## Do this instead\n\nWords.\n";

    #[test]
    fn sections_and_fences() {
        let page = Page::new(PAGE);
        assert_eq!(page.paragraph("Why it matters"), "One two.");
        assert_eq!(page.section("Do this instead"), "Words.");
        assert_eq!(page.section("Nowhere"), "");
        let fences = page.fences();
        assert_eq!(fences.len(), 1);
        assert_eq!((fences[0].section, fences[0].path, fences[0].text.as_str()), ("Example", "a.js", "x();\n"));
    }
}
