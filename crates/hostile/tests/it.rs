//! Every parser over changed seeds: it comes back, in time, without a panic. Seconds, not hours: the long search is what
//! `fuzz/` is for. `PLIMSOLL_MUTATIONS=N` makes it N times longer.
#![expect(clippy::print_stdout, reason = "how many inputs were tried is worth knowing")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use plimsoll_hostile::{Mutation, Seed, TARGETS, Target, review, seeds};

/// What one input may take in a build without optimisation on a busy machine. A parser that is quadratic or worse in
/// brackets takes longer.
const LIMIT: Duration = Duration::from_secs(20);
/// How long the mutations of one target go on: the numbers are tried in order, so a faster machine tries more of them.
const BUDGET: Duration = Duration::from_secs(2);
/// At least so many inputs for each target, however slow the machine.
const LEAST: u64 = 60;

fn all_seeds() -> Vec<Seed> {
    seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

fn times() -> u32 {
    std::env::var("PLIMSOLL_MUTATIONS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Runs `work` for numbers from 0 on, on a thread of its own, and says which one did not come back.
fn numbered(name: &str, work: impl Fn(u64) -> String + Send + 'static, least: u64, budget: Duration) -> u64 {
    let (sender, receiver) = mpsc::channel::<Result<u64, String>>();
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        let started = Instant::now();
        for number in 0.. {
            if number >= least && started.elapsed() > budget {
                return;
            }
            let begun = Instant::now();
            let result = catch_unwind(AssertUnwindSafe(|| work(number)));
            let took = begun.elapsed();
            let said = match result {
                Err(_) => Err(format!("{number}: a panic (its message is above)")),
                Ok(what) if took > LIMIT => Err(format!("{number}: {what} took {took:?}")),
                Ok(_) => Ok(number),
            };
            let stop = said.is_err();
            if sender.send(said).is_err() || stop {
                return;
            }
        }
    });
    let mut last = 0;
    loop {
        match receiver.recv_timeout(LIMIT * 3) {
            Ok(Ok(number)) => last = number,
            Ok(Err(what)) => panic!("{name}: input {what}"),
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("{name}: input {} does not end", last + 1),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()), "{name}");
    last + 1
}

/// The input of a number: first every seed as it is, then mutations of one after the other.
fn input(seeds: &[Seed], number: u64) -> (String, Vec<u8>) {
    let count = seeds.len();
    let index = usize::try_from(number).unwrap_or(0);
    let seed = &seeds[index % count];
    if index < count {
        return (seed.path.clone(), seed.bytes.clone());
    }
    let other = &seeds[(index / count + index) % count];
    (seed.path.clone(), Mutation(number).apply(&seed.bytes, &other.bytes))
}

#[test]
fn every_parser_survives_changed_input() {
    let seeds = all_seeds();
    for Target { name, run, wants } in TARGETS {
        let wanted: Vec<Seed> = seeds.iter().filter(|seed| wants(seed)).cloned().collect();
        assert!(!wanted.is_empty(), "{name} has no seed");
        let run = *run;
        let least = LEAST.max(wanted.len() as u64);
        let work = move |number| {
            let (path, bytes) = input(&wanted, number);
            run(&bytes);
            path
        };
        let tried = numbered(name, work, least, BUDGET * times());
        println!("{name}: {tried} inputs");
    }
}

/// Whole apps: one file changed, under its own name, everything run over it.
#[test]
fn every_witness_and_rule_survives_a_changed_file() {
    let seeds = all_seeds();
    let least = seeds.len() as u64;
    let work = move |number| {
        let (path, bytes) = input(&seeds, number);
        review(&[(path.as_str(), &bytes), ("package.json", b"{\"dependencies\":{\"express\":\"4.0.0\"}}")]);
        path
    };
    let tried = numbered("review", work, least, BUDGET * times());
    println!("review: {tried} inputs");
}

#[test]
fn mutations_are_the_same_every_time_and_differ() {
    let seeds = all_seeds();
    let (seed, other) = (&seeds[0].bytes, &seeds[1].bytes);
    let made: Vec<Vec<u8>> = (0..50).map(|number| Mutation(number).apply(seed, other)).collect();
    assert_eq!(made, (0..50).map(|number| Mutation(number).apply(seed, other)).collect::<Vec<_>>());
    let distinct: std::collections::BTreeSet<&Vec<u8>> = made.iter().collect();
    assert!(distinct.len() > 40, "{}", distinct.len());
}

/// Delimiters without end, alone: the input that finds recursion and quadratic scans.
#[test]
fn every_parser_survives_repetition() {
    const UNITS: &[&str] = &[
        "(",
        "[",
        "{",
        "<",
        "\"",
        "'",
        "`",
        "${",
        "`${",
        "/*",
        "*/",
        "//",
        "#",
        "--",
        "$$",
        "<!--",
        "<a ",
        "<a b=",
        "<a b='",
        "<script>",
        "<style",
        "<?php ",
        "{{",
        "{%",
        "a:\n",
        "- ",
        "? ",
        "a.",
        "a(",
        "a[",
        "!",
        "-",
        "not ",
        "a=>",
        "x=",
        "f(x,",
        "if(a){",
        "else if(a)",
        "case a:",
        "try{",
        "class A{",
        "function f(){",
        "async ()=>{",
        "await ",
        "new ",
        "@a\n",
        "def f():\n ",
        "lambda:",
        "select ",
        "(select ",
        "case when ",
        "begin ",
        "and ",
        "or ",
        "[[",
        "[a]\n",
        "a=[",
        "a={b=",
        "{\"a\":",
        "[{",
        "\\",
        "\u{feff}",
        "é",
        "\r",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "A: b\r\n",
        "1\r\na\r\n",
        "&amp;",
        "a@b.example ",
        "a,",
        "a;",
        "\0",
    ];
    for Target { name, run, .. } in TARGETS {
        let run = *run;
        let work = move |number| {
            let unit = UNITS[usize::try_from(number).unwrap_or(0) % UNITS.len()];
            let start = match unit {
                "A: b\r\n" => "HTTP/1.1 200 OK\r\n",
                "1\r\na\r\n" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                _ => "",
            };
            let begun = Instant::now();
            run(format!("{start}{}", unit.repeat(20_000 / unit.len())).as_bytes());
            if begun.elapsed() > Duration::from_secs(1) {
                println!("slow: {unit:?} {:?}", begun.elapsed());
            }
            format!("{unit:?}")
        };
        let started = Instant::now();
        let _ = numbered(&format!("{name}, repetition"), work, UNITS.len() as u64, Duration::ZERO);
        println!("{name}: {:?}", started.elapsed());
    }
}

/// `fuzz/` is outside the workspace: nothing else says when a target is missing there.
#[test]
fn every_target_has_its_fuzz_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("fuzz/Cargo.toml");
    for Target { name, .. } in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name} is not in fuzz/Cargo.toml");
        let text =
            std::fs::read_to_string(fuzz.join("fuzz_targets").join(name).with_extension("rs")).unwrap_or_default();
        assert!(text.contains(&format!("plimsoll_hostile::{name}(data)")), "fuzz/fuzz_targets/{name}.rs");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}
