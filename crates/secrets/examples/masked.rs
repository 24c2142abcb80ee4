//! Prints what the witness sees in folders, masked: `masked FOLDER…`. For measuring on labelled apps.
#![expect(clippy::print_stdout, reason = "a tool for people")]

use std::time::Instant;

use plimsoll_secrets::{Context, read};
use plimsoll_source::{Limits, SourceTree, Span};

fn main() {
    for folder in std::env::args().skip(1) {
        let Ok(tree) = SourceTree::read(std::path::Path::new(&folder), &Limits::default()) else {
            println!("cannot read {folder}");
            continue;
        };
        let bytes: usize = tree.files.iter().map(|file| file.text().len()).sum();
        let start = Instant::now();
        let facts = read(&tree, &Context::default());
        let spent = start.elapsed().as_secs_f64();
        let place = |span: Span| format!("{}:{}", tree.file(span.file).path, tree.lines(span).0);
        println!("## {folder}");
        for seen in &facts.secrets {
            println!(
                "{:?} {:?} {}{}{}{}{} | {} | {} {}",
                seen.tier,
                seen.kind,
                seen.what,
                if seen.in_browser { " BROWSER" } else { "" },
                if seen.in_sample { " sample" } else { "" },
                if seen.git_ignored { " ignored" } else { "" },
                seen.fallback_for.as_ref().map_or(String::new(), |name| format!(" fallback:{name}")),
                seen.value.masked(),
                place(seen.span),
                seen.also.iter().map(|span| place(*span)).collect::<Vec<_>>().join(" ")
            );
        }
        for file in &facts.committed {
            println!(
                "FILE {:?} {} | {}{}",
                file.kind,
                place(file.span),
                file.note,
                if file.git_ignored { " ignored" } else { "" }
            );
        }
        for what in &facts.not_checked {
            println!("NOT {} : {}", what.what, what.why);
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = bytes as f64 / 1e6 / spent;
        println!("-- {} files, {bytes} bytes, {spent:.3} s, {rate:.1} MB/s", tree.files.len());
    }
}
