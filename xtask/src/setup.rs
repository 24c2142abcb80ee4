//! What the tests need beside Rust: Node (with npm) and Chromium, from the system's packages.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// Oldest Node that the example apps run with.
const NODE: u32 = 20;

/// Makes sure that Node, npm and Chromium are there. Installs only what is missing.
///
/// # Errors
/// When something is missing and cannot be installed; the message says what a person can do.
pub(crate) fn ensure() -> Result<()> {
    let mut missing = Vec::new();
    if !node_is_recent() {
        missing.push("nodejs");
    }
    if !answers("npm") {
        missing.push("npm");
    }
    if !has_chromium() {
        missing.push("chromium");
    }
    if missing.is_empty() {
        return Ok(());
    }
    println!("The tests need {}: installing from the system's packages.", missing.join(", "));
    let tried = install(&missing);
    let mut left = Vec::new();
    if !node_is_recent() {
        left.push(match node_version() {
            Some(found) => format!("Node {NODE} or later (found: {found})"),
            None => format!("Node {NODE} or later"),
        });
    }
    if !answers("npm") {
        left.push("npm".to_owned());
    }
    if !has_chromium() {
        left.push("Chromium".to_owned());
    }
    if left.is_empty() {
        return Ok(());
    }
    let why = tried.err().map_or_else(|| "the packages do not hold it".to_owned(), |error| error.to_string());
    bail!(
        "the tests need {}, and it could not be installed: {why}. Install it and run `cargo xtask test` again",
        left.join(", ")
    )
}

fn answers(program: &str) -> bool {
    version_of(program).is_some()
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn node_version() -> Option<String> {
    version_of("node")
}

fn node_is_recent() -> bool {
    node_version().and_then(|version| major(&version)).is_some_and(|major| major >= NODE)
}

/// `v20.19.2` is 20.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn has_chromium() -> bool {
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].iter().any(|name| answers(name))
}

fn install(packages: &[&str]) -> Result<()> {
    if version_of("apt-get").is_none() {
        bail!("there is no apt-get on this system");
    }
    let is_root =
        Command::new("id").arg("-u").output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0");
    if !is_root && version_of("sudo").is_none() {
        bail!("apt-get needs root, and there is no sudo");
    }
    let run = |args: &[&str]| -> Result<()> {
        let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
        if !is_root {
            command.arg("apt-get");
        }
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => bail!("`apt-get {}` failed", args.join(" ")),
            Err(error) => bail!("`apt-get` cannot be started: {error}"),
        }
    };
    // The list of packages may be old or absent; where updating fails, what is cached may still do.
    let updated = run(&["update"]);
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);
    run(&args).or_else(|error| updated.and(Err(error)))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_of_node() {
        for (text, expected) in
            [("v20.19.2", Some(20)), ("v18.0.0", Some(18)), ("22", Some(22)), ("", None), ("x", None)]
        {
            assert_eq!(major(text), expected, "{text}");
        }
    }
}
