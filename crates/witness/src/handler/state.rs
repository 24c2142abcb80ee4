//! What a component keeps between two drawings: `useState`, `ref`. A value that is drawn was put there elsewhere in the
//! component, perhaps later in its text.

use std::collections::BTreeMap;

use plimsoll_analysis::{Clean, Event, EventKind, Knowledge as _, Labels, Site, Symbol, SymbolKind, Value, ValueKind};

use crate::knowledge::Known;

/// Calls that make a place for a value.
fn is_place(path: &str) -> bool {
    ["useState()", "useRef()", "ref()", "shallowRef()", "reactive()", "writable()", "signal()", "createSignal()"]
        .iter()
        .any(|name| crate::knowledge::ends_with_name(path, name))
}

/// Labels of everything that is put into each place, by the call that makes it.
#[derive(Debug, Default)]
pub(crate) struct State(BTreeMap<Site, Labels>);

impl State {
    /// What a run puts where.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut state = State::default();
        // Twice: what is put in may come from another place.
        for _ in 0..2 {
            for event in events {
                let (place, value) = match &event.kind {
                    // `setHtml(value)`: the second part of what `useState` gives.
                    EventKind::Call { callee, args } => match (&callee.kind, args.first()) {
                        (SymbolKind::Index(base, index), Some(arg)) if matches!(index.kind, ValueKind::Num(number) if number == 1.0) => {
                            (base, &arg.value)
                        }
                        // `html.set(value)`
                        (SymbolKind::Member(base, name), Some(arg)) if name == "set" => (base, &arg.value),
                        _ => continue,
                    },
                    EventKind::Assign { receiver, value, .. } => match receiver.as_symbol() {
                        Some(symbol) => (symbol, value),
                        None => continue,
                    },
                    _ => continue,
                };
                let Some(site) = place_of(place) else { continue };
                let labels = state.labels(value, 6);
                let known = state.0.entry(site).or_default();
                *known = known.union(&labels);
            }
        }
        state
    }

    /// A value with the labels of the places that it is made from.
    pub(crate) fn within(&self, value: &Value) -> Value {
        if self.0.is_empty() {
            return value.clone();
        }
        value.clone().with(&self.labels(value, 6))
    }

    fn labels(&self, value: &Value, depth: u32) -> Labels {
        let mut out = value.labels.clone();
        if depth == 0 {
            return out;
        }
        let mut add = |inner: &Value| out = out.union(&self.labels(inner, depth - 1));
        match &value.kind {
            ValueKind::Symbol(symbol) => {
                let inner = self.of_symbol(symbol, depth - 1);
                return out.union(&inner);
            }
            ValueKind::Text(parts) => parts.iter().for_each(&mut add),
            ValueKind::Choice(list) => list.iter().for_each(|(inner, _)| add(inner)),
            ValueKind::Or(pair) | ValueKind::And(pair) => {
                add(&pair.0);
                add(&pair.1);
            }
            ValueKind::Object(object) => {
                let fields = object.fields.borrow().values().take(32).cloned().collect::<Vec<_>>();
                let items = object.items.borrow().iter().take(8).cloned().collect::<Vec<_>>();
                fields.iter().chain(&items).for_each(&mut add);
            }
            _ => {}
        }
        out
    }

    fn of_symbol(&self, symbol: &Symbol, depth: u32) -> Labels {
        let mut out = Labels::NONE;
        let mut at = symbol;
        loop {
            if let Some(site) = at.site()
                && is_place(&at.path)
                && let Some(kept) = self.0.get(&site)
            {
                out = out.union(kept);
            }
            if let SymbolKind::Call { callee, args, .. } = &at.kind {
                // What makes text harmless stops what comes from further in.
                if Known.call(&callee.path, None, args).clean.covers(Clean::HTML) {
                    return out;
                }
                if depth > 0 && !is_place(&at.path) {
                    for arg in args.iter().filter(|arg| arg.value.as_closure().is_none()) {
                        out = out.union(&self.labels(&arg.value, depth - 1));
                    }
                }
            }
            match at.base() {
                Some(base) => at = base,
                None => return out,
            }
        }
    }
}

/// Whether a value is known to hold no markup of others: it was made harmless, or it is the app's own text.
pub(crate) fn is_harmless_markup(value: &Value) -> bool {
    let cleaned = |labels: &Labels| {
        !labels.is_empty()
            && labels.iter().all(|label| match label {
                plimsoll_analysis::Label::Input(_, clean)
                | plimsoll_analysis::Label::Upload(_, clean)
                | plimsoll_analysis::Label::Record(_, clean)
                | plimsoll_analysis::Label::Browser(_, clean)
                | plimsoll_analysis::Label::Answer(clean) => clean.covers(Clean::HTML),
                _ => false,
            })
    };
    match &value.kind {
        ValueKind::Str(_) | ValueKind::Num(_) | ValueKind::Bool(_) | ValueKind::Null => true,
        ValueKind::Text(parts) => parts.iter().all(is_harmless_markup),
        ValueKind::Choice(list) => !list.is_empty() && list.iter().all(|(inner, _)| is_harmless_markup(inner)),
        ValueKind::Or(pair) => is_harmless_markup(&pair.0) && is_harmless_markup(&pair.1),
        ValueKind::And(pair) => is_harmless_markup(&pair.1),
        ValueKind::Symbol(symbol) => {
            let mut at: &Symbol = symbol;
            loop {
                if let SymbolKind::Call { callee, args, .. } = &at.kind
                    && Known.call(&callee.path, None, args).clean.covers(Clean::HTML)
                {
                    return true;
                }
                match at.base() {
                    Some(base) => at = base,
                    None => return cleaned(&value.labels),
                }
            }
        }
        _ => cleaned(&value.labels),
    }
}

/// The call that made the place a symbol is, or is a part of.
fn place_of(symbol: &Symbol) -> Option<Site> {
    let mut at = symbol;
    loop {
        if is_place(&at.path) {
            return at.site();
        }
        at = at.base()?;
    }
}
