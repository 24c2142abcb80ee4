//! Developer habits, one command each; `cargo xtask` without arguments lists them.
//!
//! The house rules (layers, dependencies, no forgotten file) are ordinary tests of this crate.
#![expect(clippy::print_stdout, reason = "a command for developers speaks to the terminal")]

mod bench;
mod bench_advisories;
mod corpus;
mod generate;
mod new_rule;
mod rule_text;
mod setup;
mod workspace;

#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod licence;
#[cfg(test)]
mod tidy;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND
  test                          install what the tests need if it is missing, then run all of them
  gen [--check]                 write the generated files, or fail when one is stale
  new-rule FAMILY/NAME          scaffold a rule: its query, its page, its place in the registry
  corpus DIR [--labels DIR]     review labelled apps and score recall, traps and precision (labels also from PLIMSOLL_LABELS)
         [--verbose] [--debug]
  bench [APP...] [--write]      measure speed and memory on apps side by side (on made files without one), over growing
                                 sizes; --write: docs/benchmark.md and its plot
  bench-advisories [OSV]        measure an index of 200,000 advisories, with those of an OSV bucket's copy on top";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["gen"] => generate::write(),
        ["gen", "--check"] => generate::check(),
        ["new-rule", name] => new_rule::scaffold(&workspace::root(), name),
        ["test"] => {
            setup::ensure()?;
            workspace::cargo(&["test", "--workspace", "--locked"])
        }
        ["corpus", ref rest @ ..] => corpus::command(rest),
        ["bench-advisories"] => bench_advisories::command(None),
        ["bench-advisories", osv] => bench_advisories::command(Some(std::path::Path::new(osv))),
        ["bench", ref rest @ ..] => bench::command(rest),
        [] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}
