//! What a rebuild of the snapshot would change, package by package:
//! `cargo run -p plimsoll-deps --example differences -- crates/deps/data/builtin.idx NEW`

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use plimsoll_deps::{Advisory, Ecosystem, Index};

type Entries = BTreeMap<(Ecosystem, String, String), Advisory>;

fn read(path: &str) -> Result<Entries, Box<dyn std::error::Error>> {
    let mut out = Entries::new();
    Index::open(Path::new(path))?.each_entry(|ecosystem, name, advisories| {
        out.extend(advisories.into_iter().map(|it| ((ecosystem, name.to_owned(), it.id.clone()), it)));
    })?;
    Ok(out)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(old), Some(new)) = (arguments.next(), arguments.next()) else {
        return Err("usage: differences OLD NEW".into());
    };
    let (old, new) = (read(&old)?, read(&new)?);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} and {} advisories about a package", old.len(), new.len())?;
    for (key, was) in &old {
        match new.get(key) {
            None => writeln!(out, "- {} {} {}: {}", key.0, key.1, key.2, was.affected())?,
            Some(is) if is != was => {
                writeln!(out, "~ {} {} {}: {} => {}", key.0, key.1, key.2, was.affected(), is.affected())?;
            }
            Some(_) => {}
        }
    }
    for (key, is) in new.iter().filter(|(key, _)| !old.contains_key(key)) {
        writeln!(out, "+ {} {} {}: {}", key.0, key.1, key.2, is.affected())?;
    }
    Ok(())
}
