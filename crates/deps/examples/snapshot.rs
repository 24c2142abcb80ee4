//! Builds the snapshot that is part of the crate:
//! `cargo run --release -p plimsoll-deps --example snapshot -- OSV_FOLDER YYYY-MM-DD crates/deps/data/builtin.idx`
//!
//! `OSV_FOLDER` has the layout of the public OSV bucket; nothing else goes in, so that the same folder and day make the
//! same file, byte for byte. `examples/differences.rs` says what another folder would change.

use std::io::Write as _;
use std::path::Path;

use plimsoll_deps::{Day, Ecosystem, IndexBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(day), Some(out)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: snapshot OSV_FOLDER YYYY-MM-DD OUT".into());
    };
    let mut builder = IndexBuilder::new(Day::parse(&day).ok_or("not a day")?);
    builder.mark_partial(Ecosystem::Npm);
    builder.add_folder(Path::new(&folder))?;
    for (name, why) in builder.unreadable() {
        writeln!(std::io::stderr(), "unreadable: {name}: {why}")?;
    }
    let records = builder.records();
    builder.write(Path::new(&out))?;
    writeln!(std::io::stdout(), "{records} records, {} bytes", std::fs::metadata(&out)?.len())?;
    Ok(())
}
