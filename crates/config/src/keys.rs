//! The table of sections and keys: the only place where they are listed.

use plimsoll_model::{DataClass, Severity};

use crate::AnswerStatus;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text that is not empty.
    Text,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// A data class.
    Class,
    /// A severity.
    Level,
    /// What is said of a control.
    Status,
    /// A rule's id.
    Rule,
    /// A finding's id or fingerprint.
    Finding,
    /// A pattern of paths.
    Glob,
    /// A list of patterns of paths.
    Globs,
    /// The name of an environment variable.
    Variable,
    /// A path on the app's own server.
    Path,
}

impl Kind {
    /// The words that are possible; empty where any text is.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Kind::Class => DataClass::ALL.map(DataClass::word).to_vec(),
            Kind::Level => Severity::ALL.map(Severity::word).to_vec(),
            Kind::Status => AnswerStatus::ALL.map(AnswerStatus::word).to_vec(),
            Kind::Text
            | Kind::Day
            | Kind::Rule
            | Kind::Finding
            | Kind::Glob
            | Kind::Globs
            | Kind::Variable
            | Kind::Path => Vec::new(),
        }
    }
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What it says, for an owner.
    pub help: &'static str,
    /// A value as it is written in TOML, for `plimsoll init`.
    pub example: &'static str,
}

/// A section.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// `[[name]]`: it may be there several times.
    pub repeated: bool,
    /// What it is for, for an owner.
    pub help: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Keys of which exactly one must be there.
    pub one_of: &'static [&'static str],
    /// Keys of which at least one must be there.
    pub any_of: &'static [&'static str],
}

const fn may(name: &'static str, kind: Kind, example: &'static str, help: &'static str) -> Key {
    Key { name, kind, required: false, help, example }
}

const fn must(name: &'static str, kind: Kind, example: &'static str, help: &'static str) -> Key {
    Key { name, kind, required: true, help, example }
}

/// All sections.
pub static SECTIONS: &[Section] = &[
    Section {
        name: "app",
        repeated: false,
        help: "What the app is.",
        keys: &[
            may("name", Kind::Text, "\"Salon Lindenhof\"", "Name of the app in reports."),
            may(
                "owner",
                Kind::Text,
                "\"Jana Weber\"",
                "Who answers for the app, and for waivers in comments that name nobody.",
            ),
            may(
                "carries",
                Kind::Class,
                "\"personal\"",
                "The most sensitive data it carries. It counts where it is higher than what Plimsoll finds, never where it is lower.",
            ),
        ],
        one_of: &[],
        any_of: &[],
    },
    Section {
        name: "check",
        repeated: false,
        help: "How it is reviewed.",
        keys: &[
            may(
                "fail_on",
                Kind::Level,
                "\"high\"",
                "Exit with 1 when an open finding is at least this severe. `--fail-on` goes before it.",
            ),
            may(
                "url",
                Kind::Text,
                "\"http://localhost:3000\"",
                "Address of the running app on this computer. It is asked only with `plimsoll check --live`.",
            ),
            may(
                "exclude",
                Kind::Globs,
                "[\"old\", \"docs/demo\"]",
                "Folders or files that are not part of the app. `*` stays within one folder, `**` does not; patterns begin at the app's folder. The report names what was left out.",
            ),
            may(
                "private",
                Kind::Globs,
                "[\"@lindenhof/*\"]",
                "Packages whose names are told to nobody, `*` at the end for any rest. Scopes and indexes that have a registry of their own are private as it is.",
            ),
        ],
        one_of: &[],
        any_of: &[],
    },
    Section {
        name: "login",
        repeated: false,
        help: "How the test accounts sign in, where Plimsoll cannot tell it from the app. Nothing is sent without `--sign-in`.",
        keys: &[
            may("path", Kind::Path, "\"/api/login\"", "Where the login is sent to."),
            may("user_field", Kind::Text, "\"email\"", "Name of the field for the user."),
            may("password_field", Kind::Text, "\"password\"", "Name of the field for the password."),
        ],
        one_of: &[],
        any_of: &[],
    },
    Section {
        name: "account",
        repeated: true,
        help: "A test account, made for this only: two at most, the one with more rights first. User and password come from environment variables, or are asked for at the terminal, and are never written anywhere.",
        keys: &[
            must("name", Kind::Text, "\"owner\"", "What it is called in reports."),
            must("user_env", Kind::Variable, "\"PLIMSOLL_OWNER_USER\"", "The variable that holds its user name."),
            must(
                "password_env",
                Kind::Variable,
                "\"PLIMSOLL_OWNER_PASSWORD\"",
                "The variable that holds its password.",
            ),
            may(
                "marker",
                Kind::Text,
                "\"Canary Lane 7\"",
                "Words that only this account's own records hold: whoever else is shown them was shown foreign data.",
            ),
        ],
        one_of: &[],
        any_of: &[],
    },
    Section {
        name: "waiver",
        repeated: true,
        help: "A risk that you accept for a time. It repairs nothing: the finding stays in the report and on the load line.",
        keys: &[
            may("rule", Kind::Rule, "\"login-without-limiter\"", "Id of the rule, for all its findings."),
            may("finding", Kind::Finding, "\"PL-1a2b3c4d\"", "Id or fingerprint of one finding, instead of a rule."),
            may("path", Kind::Glob, "\"server/legacy\"", "Only findings with evidence in these files."),
            must("reason", Kind::Text, "\"Only reachable inside the shop's network.\"", "Why it is acceptable."),
            must("owner", Kind::Text, "\"Jana Weber\"", "Who answers for it."),
            must("until", Kind::Day, "\"2027-03-31\"", "Last day on which it holds, at most a year ahead."),
        ],
        one_of: &["rule", "finding"],
        any_of: &[],
    },
    Section {
        name: "data",
        repeated: true,
        help: "A correction of the data map.",
        keys: &[
            must("store", Kind::Text, "\"bookings\"", "Table, collection, form or file."),
            must("field", Kind::Text, "\"remarks\"", "Field."),
            may("class", Kind::Class, "\"sensitive\"", "Its data class."),
            may("kind", Kind::Text, "\"health\"", "What it is: `email`, `wage`, `health`."),
        ],
        one_of: &[],
        any_of: &["class", "kind"],
    },
    Section {
        name: "answer",
        repeated: true,
        help: "Your dated answer about a control that no tool can see.",
        keys: &[
            must("control", Kind::Text, "\"backups\"", "Id of the control, as the report lists it."),
            must("status", Kind::Status, "\"proven\"", "What you say of it."),
            must("date", Kind::Day, "\"2026-11-02\"", "The day on which you looked."),
            must("by", Kind::Text, "\"Jana Weber\"", "Who looked."),
            must("note", Kind::Text, "\"Restored the backup of 1 November into an empty database.\"", "How you know."),
        ],
        one_of: &[],
        any_of: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::SECTIONS;

    #[test]
    fn alternatives_are_keys_that_are_not_required() {
        for section in SECTIONS {
            for name in section.one_of.iter().chain(section.any_of) {
                assert!(section.keys.iter().any(|key| key.name == *name && !key.required), "{} {name}", section.name);
            }
        }
    }
}
