//! The way of the data: people, the app, where data lies, who else receives it. Colour and words say how sensitive it is.

use std::collections::BTreeMap;

use plimsoll_model::{DataClass, DataItem, Holding, Review};

use super::{Canvas, bold, fit};
use crate::words;

const PEOPLE: (i32, i32) = (0, 304);
const APP: (i32, i32) = (362, 136);
const STORES: (i32, i32) = (556, 336);
const PARTIES: (i32, i32) = (950, 174);
const WIDTH: i32 = 1126;
const TOP: i32 = 42;
const GAP: i32 = 14;

/// Stores shown of each kind; the lightest are told together.
const SHOWN: usize = 9;

/// A store as it is drawn.
struct Store<'a> {
    name: String,
    held: Holding,
    items: Vec<&'a DataItem>,
    class: DataClass,
}

impl Store<'_> {
    fn kinds(&self) -> String {
        kinds(&self.items)
    }
}

/// What the items are, heaviest first.
fn kinds(items: &[&DataItem]) -> String {
    let mut sorted: Vec<&&DataItem> = items.iter().collect();
    sorted.sort_by(|a, b| {
        b.class.cmp(&a.class).then(b.confidence.cmp(&a.confidence)).then_with(|| a.field.cmp(&b.field))
    });
    // Beside data of people, keys of rows and amounts are not worth the room.
    let people = sorted.iter().any(|item| item.class >= DataClass::Personal);
    let mut out: Vec<String> = Vec::new();
    for item in sorted.into_iter().filter(|item| !people || item.class >= DataClass::Personal) {
        let word = match item.kind.as_str() {
            "" if item.field == "*" => "records".to_owned(),
            "" => item.field.clone(),
            kind => kind.replace('-', " "),
        };
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out.join(", ")
}

/// People in the order of how many they are.
fn people(review: &Review) -> Vec<(&str, DataClass)> {
    let mut known: BTreeMap<&str, DataClass> = BTreeMap::new();
    for item in &review.data {
        for who in &item.reachable_by {
            let class = known.entry(who).or_default();
            *class = item.class.max(*class);
        }
    }
    let rank = |who: &str| match who {
        "anyone" => 0,
        "any signed-in user" => 1,
        "the owner of the record" => 2,
        "administrators" => 3,
        "another system with a key" => 4,
        "everyone with the repository" => 6,
        "scripts in the visitor's browser" => 7,
        _ => 5,
    };
    let mut people: Vec<(&str, DataClass)> = known.into_iter().filter(|(who, _)| *who != "unknown").collect();
    people.sort_by_key(|(who, _)| rank(who));
    people.truncate(9);
    people
}

fn heading(held: Holding) -> &'static str {
    match held {
        Holding::Stored => "Kept by the app",
        Holding::Collected => "Asked for and not seen to be kept",
        Holding::Browser => "Kept in visitors' browsers",
        Holding::Shipped => "Sent to every visitor with the pages",
        Holding::Code => "Written in the code and its files",
    }
}

/// Stores by where they are, heaviest first; what is too much becomes one more.
fn stores(review: &Review) -> Vec<(Holding, Vec<Store<'_>>)> {
    let mut known: BTreeMap<(Holding, &str), Vec<&DataItem>> = BTreeMap::new();
    for item in &review.data {
        known.entry((item.held, &item.store)).or_default().push(item);
    }
    let mut out: Vec<(Holding, Vec<Store<'_>>)> = Vec::new();
    for ((held, name), items) in known {
        let class = items.iter().map(|item| item.class).max().unwrap_or_default();
        let store = Store { name: name.to_owned(), held, items, class };
        match out.last_mut() {
            Some((last, list)) if *last == held => list.push(store),
            _ => out.push((held, vec![store])),
        }
    }
    for (held, list) in &mut out {
        list.sort_by(|a, b| {
            b.class.cmp(&a.class).then_with(|| b.items.len().cmp(&a.items.len())).then_with(|| a.name.cmp(&b.name))
        });
        if list.len() > SHOWN + 1 {
            let rest = list.split_off(SHOWN);
            let name = format!("and {} more", rest.len());
            let class = rest.iter().map(|store| store.class).max().unwrap_or_default();
            let items = rest.into_iter().flat_map(|store| store.items).collect();
            list.push(Store { name, held: *held, items, class });
        }
    }
    out
}

pub(crate) fn svg(review: &Review, alone: bool) -> Option<String> {
    if review.data.is_empty() {
        return None;
    }
    let (people, stores) = (people(review), stores(review));
    let mut canvas = Canvas::new();
    for (column, title) in [
        (PEOPLE, "Who can reach it"),
        (APP, "The app"),
        (STORES, "Where the data lies"),
        (PARTIES, "Who else receives it"),
    ] {
        canvas.text("column", (column.0, 18), title);
    }

    // Stores first: they decide how high the picture is.
    let mut boxes: Vec<(&Store<'_>, i32)> = Vec::new();
    let mut y = TOP;
    let mut headings: Vec<(&'static str, i32)> = Vec::new();
    for (held, list) in &stores {
        headings.push((heading(*held), y + 12));
        y += 24;
        for store in list {
            boxes.push((store, y));
            y += STORE_HEIGHT + GAP;
        }
        y += 8;
    }
    let parties = parties(review);
    let height = y
        .max(TOP + i32::try_from(people.len()).unwrap_or(0) * (PERSON_HEIGHT + GAP))
        .max(TOP + i32::try_from(parties.len()).unwrap_or(0) * (PARTY_HEIGHT + GAP));
    let bottom = height - GAP;

    // Lines under the boxes.
    let mut parties_at: BTreeMap<&str, i32> = BTreeMap::new();
    for (at, party) in parties.iter().enumerate() {
        parties_at.insert(&party.name, TOP + i32::try_from(at).unwrap_or(0) * (PARTY_HEIGHT + GAP));
    }
    for (at, (_, class)) in people.iter().enumerate() {
        let y = TOP + i32::try_from(at).unwrap_or(0) * (PERSON_HEIGHT + GAP) + PERSON_HEIGHT / 2;
        line(&mut canvas, *class, (PEOPLE.0 + PEOPLE.1, y), (APP.0, y));
    }
    for (store, y) in &boxes {
        let middle = y + STORE_HEIGHT / 2;
        line(&mut canvas, store.class, (APP.0 + APP.1, middle), (STORES.0, middle));
        let mut to: BTreeMap<&str, DataClass> = BTreeMap::new();
        for item in &store.items {
            for party in &item.sent_to {
                let class = to.entry(party).or_default();
                *class = item.class.max(*class);
            }
        }
        for (party, class) in to {
            if let Some(at) = parties_at.get(party) {
                line(&mut canvas, class, (STORES.0 + STORES.1, middle), (PARTIES.0, at + PARTY_HEIGHT / 2));
            }
        }
    }
    let letters: BTreeMap<&str, char> = people.iter().map(|(who, _)| *who).zip('A'..='Z').collect();
    for (at, (who, class)) in people.iter().enumerate() {
        person(&mut canvas, review, who, *class, letters[who], at);
    }
    canvas.rect("hull", (APP.0, TOP), (APP.1, bottom - TOP), 10);
    // Names of folders have their words between hyphens.
    let name = super::wrap(&review.subject.name.replace('-', "- ").replace('_', "_ "), APP.1 - 24, bold(15), 3);
    let mut below = TOP + 10;
    for line in &name {
        below += 20;
        canvas.text("on-hull", (APP.0 + 14, below), &line.replace("- ", "-").replace("_ ", "_"));
    }
    for (at, stack) in review.subject.stack.iter().take(5).enumerate() {
        let y = below + 24 + i32::try_from(at).unwrap_or(0) * 18;
        if y < bottom - 10 {
            canvas.text("on-hull-small", (APP.0 + 14, y), &fit(stack, APP.1 - 24, 13));
        }
    }
    for (text, y) in headings {
        canvas.text("small", (STORES.0, y), text);
    }
    for (store, y) in &boxes {
        draw_store(&mut canvas, store, *y, &letters);
    }
    for party in &parties {
        let y = parties_at[party.name.as_str()];
        canvas.group(&format!("{}: {}", party.name, party.purpose));
        canvas.rect("box", (PARTIES.0, y), (PARTIES.1, PARTY_HEIGHT), 8);
        canvas.text("ink", (PARTIES.0 + 14, y + 20), &fit(&party.name, PARTIES.1 - 24, bold(15)));
        canvas.text("small", (PARTIES.0 + 14, y + 37), &fit(&party.says, PARTIES.1 - 24, 13));
        canvas.end();
    }
    if parties.is_empty() {
        canvas.text("small", (PARTIES.0, TOP + 16), "none seen in the code");
    }
    legend(&mut canvas, height + 10, review);
    let text = format!(
        "{} of data: {} at most. {}.",
        words::count(boxes.len(), "place", "places"),
        words::load(review.verdict.carries),
        people.iter().map(|(who, class)| format!("{who} up to {}", class.word())).collect::<Vec<_>>().join("; ")
    );
    Some(canvas.finish("data-picture", (WIDTH, height + 34), "The way of the data", &text, alone))
}

const STORE_HEIGHT: i32 = 58;
const PERSON_HEIGHT: i32 = 58;
const PARTY_HEIGHT: i32 = 46;

fn line(canvas: &mut Canvas, class: DataClass, from: (i32, i32), to: (i32, i32)) {
    let half = (from.0 + to.0) / 2;
    let way = format!("M{} {}C{half} {} {half} {} {} {}", from.0, from.1, from.1, to.1, to.0, to.1);
    canvas.path(&format!("edge {}", class.word()), &way);
}

fn person(canvas: &mut Canvas, review: &Review, who: &str, class: DataClass, letter: char, at: usize) {
    let y = TOP + i32::try_from(at).unwrap_or(0) * (PERSON_HEIGHT + GAP);
    let items: Vec<&DataItem> =
        review.data.iter().filter(|item| item.reachable_by.iter().any(|known| known == who)).collect();
    let heaviest: Vec<&DataItem> = items.iter().copied().filter(|item| item.class == class).collect();
    canvas.group(&format!("{who}: {}", kinds(&items)));
    canvas.rect("box", (PEOPLE.0 + 1, y), (PEOPLE.1 - 1, PERSON_HEIGHT), 8);
    canvas.rect(&format!("bar {}", class.word()), (PEOPLE.0 + PEOPLE.1 - 6, y), (6, PERSON_HEIGHT), 3);
    mark(canvas, (PEOPLE.0 + 22, y + 20), letter, who == "anyone");
    canvas.text("ink", (PEOPLE.0 + 40, y + 25), &fit(who, PEOPLE.1 - 52, bold(14)));
    canvas.text(
        "small",
        (PEOPLE.0 + 14, y + 46),
        &fit(&format!("{}: {}", class.word(), kinds(&heaviest)), PEOPLE.1 - 28, 13),
    );
    canvas.end();
}

/// The letter of a group of people; the internet's is filled.
fn mark(canvas: &mut Canvas, (x, y): (i32, i32), letter: char, open: bool) {
    let open = if open { " open" } else { "" };
    canvas.circle(&format!("key{open}"), (x, y), 9);
    canvas.text(&format!("letter{open}"), (x, y + 4), &letter.to_string());
}

fn draw_store(canvas: &mut Canvas, store: &Store<'_>, y: i32, letters: &BTreeMap<&str, char>) {
    let (x, width) = STORES;
    let word = store.class.word();
    let mut who: Vec<(char, bool)> = store
        .items
        .iter()
        .flat_map(|item| &item.reachable_by)
        .filter_map(|who| Some((*letters.get(who.as_str())?, who == "anyone")))
        .collect();
    who.sort_unstable();
    who.dedup();
    canvas.group(&format!("{} ({word}): {}", store.name, store.kinds()));
    canvas.rect("box", (x, y), (width, STORE_HEIGHT), 8);
    canvas.rect(&format!("bar {word}"), (x, y), (6, STORE_HEIGHT), 3);
    let room = super::width(word, 13) + 14;
    canvas.text("ink", (x + 18, y + 24), &fit(short(store), width - 30 - room, bold(15)));
    canvas.text(&format!("word end {word}"), (x + width - 12, y + 24), word);
    let marks = i32::try_from(who.len()).unwrap_or(0) * 21;
    canvas.text("small", (x + 18, y + 45), &fit(&store.kinds(), width - 36 - marks, 13));
    for (at, (letter, open)) in who.iter().rev().enumerate() {
        mark(canvas, (x + width - 18 - i32::try_from(at).unwrap_or(0) * 21, y + 41), *letter, *open);
    }
    canvas.end();
}

/// A name without the words that its heading says already.
fn short<'a>(store: &'a Store<'_>) -> &'a str {
    match store.held {
        Holding::Collected => store.name.strip_prefix("collected by ").unwrap_or(&store.name),
        _ => &store.name,
    }
}

/// A recipient as it is drawn.
struct Party {
    name: String,
    purpose: String,
    says: String,
}

fn parties(review: &Review) -> Vec<Party> {
    let mut items: BTreeMap<&str, Vec<&DataItem>> = BTreeMap::new();
    for item in &review.data {
        for party in &item.sent_to {
            items.entry(party).or_default().push(item);
        }
    }
    let mut out: Vec<Party> = review
        .third_parties
        .iter()
        .map(|party| {
            let says = match items.remove(party.name.as_str()) {
                Some(_) => party.purpose.replace('-', " "),
                None => format!("{}; what goes there was not seen", party.purpose.replace('-', " ")),
            };
            Party { name: party.name.clone(), purpose: says.clone(), says }
        })
        .collect();
    // Named only with the data: the owner's own word, or a review from elsewhere.
    out.extend(items.into_keys().map(|name| Party {
        name: name.to_owned(),
        purpose: String::new(),
        says: String::new(),
    }));
    out.truncate(14);
    out
}

fn legend(canvas: &mut Canvas, y: i32, review: &Review) {
    let mut x = 0;
    for class in DataClass::ALL.into_iter().rev() {
        if !review.data.iter().any(|item| item.class == class) {
            continue;
        }
        canvas.rect(&format!("bar {}", class.word()), (x, y), (14, 14), 3);
        let what = match class {
            DataClass::Sensitive => "payment, bank, health, identity, passwords",
            DataClass::Personal => "people's names, contacts, records",
            DataClass::Internal => "business data",
            DataClass::Public => "meant for everyone",
            DataClass::Demo => "nothing real",
        };
        let text = format!("{}: {what}", class.word());
        canvas.text("small", (x + 20, y + 12), &text);
        x += 20 + super::width(&text, 13) + 22;
    }
}
