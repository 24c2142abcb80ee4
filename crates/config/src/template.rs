//! The file that `plimsoll init` writes.

use std::fmt::Write as _;

use plimsoll_model::Day;

use crate::keys::{Kind, SECTIONS, Section};

/// A `plimsoll.toml` in which every key stands as a comment, with its meaning. Days in it are near today. `questions` are
/// controls that only the owner can answer for, each with what to ask; they follow at the end.
pub fn template(today: Day, questions: &[(&str, &str)]) -> String {
    let mut out = String::from(
        "# What you, the owner, say of this app. All of it is optional; take away the `#` before what you want to say.\n\
         # Whatever stands here, Plimsoll's report says that you said it.\n",
    );
    for section in SECTIONS {
        let _ = write!(out, "\n# {}\n", section.help);
        // A single section without keys says nothing and may stand; an entry without keys would be an error.
        let (open, close, sign) = if section.repeated { ("# [[", "]]", "# ") } else { ("[", "]", "# ") };
        let _ = writeln!(out, "{open}{}{close}", section.name);
        for key in section.keys {
            let words = key.kind.words();
            let words = if words.is_empty() { String::new() } else { format!(" One of: {}.", words.join(", ")) };
            let help = format!("{}{words}{}", key.help, alternative(section, key.name));
            let example = match (key.kind, key.name) {
                (Kind::Day, "until") => format!("\"{}\"", today.plus(90)),
                (Kind::Day, _) => format!("\"{today}\""),
                _ => key.example.to_owned(),
            };
            let _ = writeln!(out, "{sign}{} = {example} # {help}", key.name);
        }
    }
    if !questions.is_empty() {
        out.push_str("\n# Questions that no tool can answer. An answer counts for a year.\n");
    }
    for (control, question) in questions {
        let _ = writeln!(
            out,
            "\n# {question}\n# [[answer]]\n# control = \"{control}\"\n# status = \"proven\"\n# date = \"{today}\"\n# by = \
             \"\"\n# note = \"\""
        );
    }
    out
}

fn alternative(section: &Section, name: &str) -> &'static str {
    let is_second = section.one_of.iter().position(|known| *known == name).is_some_and(|at| at > 0);
    if is_second { " Write the one or the other." } else { "" }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Day;

    use super::template;
    use crate::{Config, read_text};

    #[test]
    fn it_can_be_read_as_it_is_and_with_everything_said() {
        let today = Day::parse("2026-11-25").unwrap_or_else(|| Day::from_days(0));
        assert_eq!(read_text(&template(today, &[("backups", "Where are they?")]), today), Ok(Config::default()));
        let said: String = template(today, &[("backups", "Where are they?")])
            .lines()
            .map(|line| {
                line.strip_prefix("# ").filter(|rest| rest.starts_with('[') || rest.contains(" = ")).unwrap_or(line)
            })
            .filter(|line| !line.starts_with("finding ="))
            .map(|line| format!("{}\n", line.replace("\"\"", "\"filled in\"")))
            .collect();
        let config = read_text(&said, today).unwrap_or_else(|error| panic!("{error}\n{said}"));
        assert_eq!((config.waivers.len(), config.data.len(), config.answers.len(), config.exclude.len()), (1, 1, 2, 2));
    }
}
