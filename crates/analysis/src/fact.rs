//! Facts: what must hold for control to reach a place.

use std::collections::HashSet;
use std::rc::Rc;

use plimsoll_source::Span;

use crate::value::{Truth, Value, ValueKind};

/// One condition that holds.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A value counts as true (or as false).
    Truthy {
        /// The value.
        value: Value,
        /// True or false.
        holds: bool,
        /// Where it was tested.
        span: Span,
    },
    /// Two values are equal (or not).
    Equal {
        /// Left.
        left: Value,
        /// Right.
        right: Value,
        /// Equal or not.
        holds: bool,
        /// Where.
        span: Span,
    },
    /// One value is among others (or not).
    In {
        /// The value.
        value: Value,
        /// The others.
        among: Value,
        /// Among them or not.
        holds: bool,
        /// Where.
        span: Span,
    },
    /// A comparison by order was made; which way does not matter.
    Compared {
        /// Left.
        left: Value,
        /// Right.
        right: Value,
        /// Where.
        span: Span,
    },
    /// A call that refuses on its own returned: `jwt.verify`, a middleware of a library.
    Passed {
        /// Path of what was called.
        path: String,
        /// Its result.
        value: Value,
        /// Where.
        span: Span,
    },
    /// At least one of the branches holds.
    AnyOf {
        /// Each a conjunction. Shared: facts are copied at every branch of the program.
        branches: Rc<[Vec<Fact>]>,
        /// How many of these lie in each other at most. What is alternatives of alternatives of alternatives says nothing
        /// that could be read, and doubles with every level.
        depth: u8,
        /// Where.
        span: Span,
    },
}

impl Fact {
    /// Where it was established.
    pub fn span(&self) -> Span {
        match self {
            Fact::Truthy { span, .. }
            | Fact::Equal { span, .. }
            | Fact::In { span, .. }
            | Fact::Compared { span, .. }
            | Fact::Passed { span, .. }
            | Fact::AnyOf { span, .. } => *span,
        }
    }
}

/// Alternatives nested deeper than this are dropped: nothing more is known than what they have in common.
const MAX_NESTING: u8 = 4;

/// One of several branches holds; `None` where that would be nested too deep.
fn any_of(branches: Vec<Vec<Fact>>, span: Span) -> Option<Fact> {
    let inner = branches.iter().flatten().map(|fact| match fact {
        Fact::AnyOf { depth, .. } => *depth,
        _ => 0,
    });
    let depth = inner.max().unwrap_or(0) + 1;
    (depth <= MAX_NESTING).then(|| Fact::AnyOf { branches: branches.into(), depth, span })
}

/// Facts in the order in which they were established. Cheap to clone; each fact keeps its identity, so that what two
/// paths have in common can be told.
#[derive(Clone, Debug, Default)]
pub struct Facts(Rc<Vec<Rc<Fact>>>);

/// More facts than this on one path: the oldest are what guards are made of, so the newest are dropped.
const MAX_FACTS: usize = 96;

impl Facts {
    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter().map(|fact| &**fact)
    }

    /// In order, as they are kept: the same fact on several paths is the same one.
    pub fn shared(&self) -> impl Iterator<Item = &Rc<Fact>> {
        self.0.iter()
    }

    /// Each fact of several lists once, in the order in which they are met: lists along a path share most of theirs.
    pub fn distinct<'a>(lists: impl Iterator<Item = &'a Facts>) -> impl Iterator<Item = &'a Fact> {
        let mut seen = HashSet::new();
        lists.flat_map(|facts| facts.0.iter()).filter(move |fact| seen.insert(Rc::as_ptr(fact))).map(|fact| &**fact)
    }

    /// Whether they are the same list, not only alike.
    pub fn is(&self, other: &Facts) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With more facts behind.
    #[must_use]
    pub fn with(&self, more: impl IntoIterator<Item = Fact>) -> Facts {
        let mut more = more.into_iter().peekable();
        if self.0.len() >= MAX_FACTS || more.peek().is_none() {
            return self.clone();
        }
        let mut list = Vec::with_capacity((self.0.len() + 1 + more.size_hint().0).min(MAX_FACTS));
        list.extend(self.0.iter().cloned());
        list.extend(more.take(MAX_FACTS - list.len()).map(Rc::new));
        Facts(Rc::new(list))
    }

    /// With the facts of another list that are not in this one.
    #[must_use]
    pub fn and(&self, other: &Facts) -> Facts {
        if other.is_empty() || self.is(other) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut list = (*self.0).clone();
        for fact in other.0.iter() {
            if list.len() < MAX_FACTS && !list.iter().any(|mine| Rc::ptr_eq(mine, fact)) {
                list.push(Rc::clone(fact));
            }
        }
        Facts(Rc::new(list))
    }

    /// What both have in common.
    #[must_use]
    pub fn common(&self, other: &Facts) -> Facts {
        if Rc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        Facts(Rc::new(
            self.0.iter().filter(|fact| other.0.iter().any(|theirs| Rc::ptr_eq(fact, theirs))).cloned().collect(),
        ))
    }

    /// The facts that this list has more than `base`.
    pub fn beyond(&self, base: &Facts) -> Facts {
        Facts(Rc::new(
            self.0.iter().filter(|fact| !base.0.iter().any(|theirs| Rc::ptr_eq(fact, theirs))).cloned().collect(),
        ))
    }

    /// Several paths joined: what all have in common, plus one `AnyOf` over what each has beyond that.
    pub fn joined(paths: &[Facts], span: Span) -> Facts {
        let Some((first, rest)) = paths.split_first() else { return Facts::default() };
        let common = rest.iter().fold(first.clone(), |common, path| common.common(path));
        if rest.is_empty() {
            return common;
        }
        let branches: Vec<Vec<Fact>> =
            paths.iter().map(|path| path.beyond(&common).iter().cloned().collect()).collect();
        // One path without any condition of its own: nothing more is known.
        if branches.len() > 6 || branches.iter().any(Vec::is_empty) {
            return common;
        }
        common.with(any_of(branches, span))
    }
}

/// Parts of a condition that are looked at. Parts are shared between alternatives, so that a value can be far larger as a
/// tree than in memory; what is beyond this is only known as a whole. Conditions that people write have a few dozen.
const MAX_PARTS: usize = 300;

/// What follows when a value counts as true (`holds`) or as false. `None`: it cannot.
pub fn assume(value: &Value, holds: bool, span: Span) -> Option<Vec<Fact>> {
    assume_within(value, holds, span, &mut MAX_PARTS.clone())
}

fn assume_within(value: &Value, holds: bool, span: Span, parts: &mut usize) -> Option<Vec<Fact>> {
    if *parts == 0 {
        return Some(vec![Fact::Truthy { value: value.clone(), holds, span }]);
    }
    *parts -= 1;
    match &value.kind {
        ValueKind::Not(inner) => assume_within(inner, !holds, span, parts),
        ValueKind::And(pair) => both_or_any(&pair.0, &pair.1, holds, true, span, parts),
        ValueKind::Or(pair) => both_or_any(&pair.0, &pair.1, holds, false, span, parts),
        ValueKind::Equal(pair, equal) => {
            Some(vec![Fact::Equal { left: pair.0.clone(), right: pair.1.clone(), holds: *equal == holds, span }])
        }
        ValueKind::In(pair) => Some(vec![Fact::In { value: pair.0.clone(), among: pair.1.clone(), holds, span }]),
        ValueKind::Compare(pair) => Some(vec![Fact::Compared { left: pair.0.clone(), right: pair.1.clone(), span }]),
        ValueKind::Choice(alternatives) => {
            // Alternatives that contradict are dropped; what the remaining ones rest on holds.
            let mut paths = Vec::new();
            for (alternative, facts) in alternatives.iter() {
                if let Some(more) = assume_within(alternative, holds, span, parts) {
                    paths.push(facts.with(more));
                }
            }
            if paths.is_empty() {
                return None;
            }
            let joined = Facts::joined(&paths, span);
            let mut facts: Vec<Fact> = joined.iter().cloned().collect();
            facts.push(Fact::Truthy { value: value.clone(), holds, span });
            Some(facts)
        }
        _ => match (value.truth(), holds) {
            (Truth::Yes, false) | (Truth::No, true) => None,
            // Constants establish nothing.
            (Truth::Yes | Truth::No, _) if value.labels.is_empty() => Some(Vec::new()),
            _ => Some(vec![Fact::Truthy { value: value.clone(), holds, span }]),
        },
    }
}

fn both_or_any(
    left: &Value,
    right: &Value,
    holds: bool,
    is_and: bool,
    span: Span,
    parts: &mut usize,
) -> Option<Vec<Fact>> {
    let a = assume_within(left, holds, span, parts);
    let b = assume_within(right, holds, span, parts);
    if holds == is_and {
        // `a && b` true, `a || b` false: both.
        let mut all = a?;
        all.extend(b?);
        return Some(all);
    }
    match (a, b) {
        (None, None) => None,
        // The second is only reached when the first did not decide, so it adds the first's opposite.
        (None, Some(facts)) => {
            let mut all = assume_within(left, !holds, span, parts).unwrap_or_default();
            all.extend(facts);
            Some(all)
        }
        (Some(facts), None) => Some(facts),
        (Some(a), Some(b)) => {
            let mut second = assume_within(left, !holds, span, parts).unwrap_or_default();
            second.extend(b);
            // Flatten `x || y || z`, so that each branch is one alternative.
            let mut branches = Vec::new();
            match <[Fact; 1]>::try_from(a) {
                Ok([Fact::AnyOf { branches: inner, .. }]) => branches.extend(inner.iter().cloned()),
                Ok([single]) => branches.push(vec![single]),
                Err(list) => branches.push(list),
            }
            branches.push(second);
            if branches.iter().any(Vec::is_empty) {
                Some(Vec::new())
            } else {
                Some(any_of(branches, span).into_iter().collect())
            }
        }
    }
}
