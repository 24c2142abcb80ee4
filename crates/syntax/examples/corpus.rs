//! Parses every script of a folder and states what could not be read and how fast it went:
//! `cargo run --release -p plimsoll-syntax --example corpus -- FOLDER…`.
#![expect(clippy::print_stdout, reason = "a tool for developers, not part of the product")]

use std::time::Instant;

use plimsoll_source::{Limits, SourceTree};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for root in std::env::args().skip(1) {
        let tree = SourceTree::read(root.as_ref(), &Limits::default())?;
        let (mut files, mut bytes, mut nodes, mut modules, mut lost) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
        let started = Instant::now();
        let mut problems = Vec::new();
        for (id, file) in tree.iter() {
            if plimsoll_syntax::language_of(&file.path).is_none() {
                continue;
            }
            let found = plimsoll_syntax::parse(id, file);
            files += 1;
            bytes += file.text().len();
            modules += found.len();
            for module in found {
                nodes += module.nodes.len();
                for problem in &module.problems {
                    lost += usize::from(problem.lost_code);
                    let line = file.line_of(problem.range.start);
                    problems.push(format!("  {}:{line} lost={} {}", file.path, problem.lost_code, problem.what));
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let speed = bytes as f64 / 1e6 / seconds;
        println!(
            "{root}: {files} files, {modules} modules, {bytes} bytes, {nodes} nodes, {} problems ({lost} lost code), \
             {seconds:.3} s, {speed:.1} MB/s",
            problems.len()
        );
        problems.iter().for_each(|line| println!("{line}"));
    }
    Ok(())
}
