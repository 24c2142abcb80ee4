//! Labels: where a value comes from.

use std::rc::Rc;

use plimsoll_ir::Str;

use crate::program::Site;

/// Places where a value has been made harmless, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Clean(pub u16);

impl Clean {
    /// Made harmless for nothing.
    pub const NONE: Clean = Clean(0);
    /// For markup.
    pub const HTML: Clean = Clean(1);
    /// For a path of files.
    pub const PATH: Clean = Clean(2);
    /// For a URL component.
    pub const URL: Clean = Clean(4);
    /// For SQL text.
    pub const SQL: Clean = Clean(8);
    /// For a shell.
    pub const SHELL: Clean = Clean(16);
    /// For the inside of a quoted SQL string.
    pub const QUOTED: Clean = Clean(32);
    /// For a query of a document store: it is text or a number, never an object with operators.
    pub const SCALAR: Clean = Clean(64);
    /// For the inside of a condition that is sent as text: no comma or bracket ends it.
    pub const FILTER: Clean = Clean(128);
    /// One of a fixed list: no text of the visitor's own, but still the visitor's choice.
    pub const LISTED: Clean = Clean(u16::MAX ^ 0x8000);
    /// A number, an enumerated value, a verified shape: harmless for everything.
    pub const ALL: Clean = Clean(u16::MAX);

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Clean) -> Clean {
        Clean(self.0 | other.0)
    }

    /// Whether this set covers `what`.
    pub fn covers(self, what: Clean) -> bool {
        self.0 & what.0 == what.0
    }
}

/// One origin of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// Chosen by whoever sends the request: `body.email`, `query.id`, `params.id`, `headers.x`, `cookies.x`, `body`.
    Input(Str, Clean),
    /// An uploaded file's name, type or content.
    Upload(Str, Clean),
    /// Who the caller is, as the server knows it: session, verified token, framework's current user.
    Identity,
    /// Read from a token without verifying it.
    UnverifiedIdentity,
    /// An environment variable or setting.
    Env(Str),
    /// Read from a store.
    Record(Str, Clean),
    /// Text of an error.
    ErrorDetail,
    /// A password, its hash, or another stored credential.
    Credential,
    /// Made by a guessable generator.
    Guessable(Str),
    /// Made by a proper generator.
    Random,
    /// A token just made.
    Token,
    /// The address bar, a message or web storage in the browser.
    Browser(Str, Clean),
    /// Answer of a request that the browser made.
    Answer(Clean),
    /// What a component was given by whatever shows it.
    Given(Clean),
    /// Whatever is put, at any time, into the place that the call there makes (`useState`, `ref`).
    Kept(Site, Clean),
}

impl Label {
    pub(crate) fn with(&self, clean: Clean) -> Label {
        match self {
            Label::Input(name, old) => Label::Input(name.clone(), old.and(clean)),
            Label::Upload(name, old) => Label::Upload(name.clone(), old.and(clean)),
            Label::Record(name, old) => Label::Record(name.clone(), old.and(clean)),
            Label::Browser(name, old) => Label::Browser(name.clone(), old.and(clean)),
            Label::Answer(old) => Label::Answer(old.and(clean)),
            Label::Given(old) => Label::Given(old.and(clean)),
            Label::Kept(site, old) => Label::Kept(*site, old.and(clean)),
            other => other.clone(),
        }
    }
}

/// A set of labels, sorted; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Labels(Option<Rc<Vec<Label>>>);

/// More labels than this on one value say nothing more.
const MAX_LABELS: usize = 24;

impl Labels {
    /// No labels.
    pub const NONE: Labels = Labels(None);

    /// One label.
    pub fn one(label: Label) -> Self {
        Labels(Some(Rc::new(vec![label])))
    }

    /// The labels in order.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.0.iter().flat_map(|list| list.iter())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|list| list.is_empty())
    }

    /// Whether they are the same list, not only alike.
    pub(crate) fn is(&self, other: &Labels) -> bool {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => Rc::ptr_eq(left, right),
            (left, right) => left.is_none() && right.is_none(),
        }
    }

    /// Both sets.
    #[must_use]
    pub fn union(&self, other: &Labels) -> Labels {
        match (&self.0, &other.0) {
            (None, _) => other.clone(),
            (_, None) => self.clone(),
            (Some(left), Some(right)) => {
                if Rc::ptr_eq(left, right) || right.iter().all(|label| left.binary_search(label).is_ok()) {
                    return self.clone();
                }
                let mut all: Vec<Label> = left.iter().chain(right.iter()).cloned().collect();
                all.sort();
                all.dedup();
                all.truncate(MAX_LABELS);
                Labels(Some(Rc::new(all)))
            }
        }
    }

    /// The same labels, marked as harmless for `clean`.
    #[must_use]
    pub fn cleaned(&self, clean: Clean) -> Labels {
        let Some(list) = &self.0 else { return Labels::NONE };
        let mut all: Vec<Label> = list.iter().map(|label| label.with(clean)).collect();
        all.sort();
        all.dedup();
        Labels(Some(Rc::new(all)))
    }

    /// The labels for which `keep` holds.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&Label) -> bool) -> Labels {
        let kept: Vec<Label> = self.iter().filter(|label| keep(label)).cloned().collect();
        if kept.is_empty() { Labels::NONE } else { Labels(Some(Rc::new(kept))) }
    }

    /// Whether any label satisfies the test.
    pub fn any(&self, test: impl Fn(&Label) -> bool) -> bool {
        self.iter().any(test)
    }

    /// Whether the caller's identity is in it.
    pub fn has_identity(&self) -> bool {
        self.any(|label| matches!(label, Label::Identity))
    }

    /// Whether request input is in it that is not harmless for `what`.
    pub fn has_input(&self, what: Clean) -> bool {
        self.any(|label| matches!(label, Label::Input(_, clean) | Label::Upload(_, clean) if what == Clean::NONE || !clean.covers(what)))
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<T: IntoIterator<Item = Label>>(iter: T) -> Self {
        let mut all: Vec<Label> = iter.into_iter().collect();
        all.sort();
        all.dedup();
        if all.is_empty() { Labels::NONE } else { Labels(Some(Rc::new(all))) }
    }
}
