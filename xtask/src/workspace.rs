//! The workspace: where it is, and cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The root of the workspace.
///
/// Asked at run time (cargo sets it): a path compiled in would be that of another checkout sharing the build folder.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("xtask"));
    own.parent().map(Path::to_owned).unwrap_or_default()
}

fn cargo_command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs cargo at the root, with its output on the terminal.
pub(crate) fn cargo(args: &[&str]) -> Result<()> {
    let status = cargo_command().args(args).status().context("cargo cannot be started")?;
    if status.success() { Ok(()) } else { bail!("cargo {} failed", args.join(" ")) }
}

/// Builds the program and says where it is.
pub(crate) fn program(release: bool) -> Result<PathBuf> {
    let mut args = vec!["build", "--locked", "--package", "plimsoll", "--bin", "plimsoll", "--message-format=json"];
    if release {
        args.push("--release");
    }
    let output = cargo_command().args(&args).stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the program does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message.pointer("/target/name").is_some_and(|name| name == "plimsoll"))
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .context("cargo named no program")
}

/// `cargo metadata` of the whole lockfile, for all platforms.
#[cfg(test)]
pub(crate) fn metadata() -> serde_json::Value {
    let output =
        cargo_command().args(["metadata", "--format-version", "1", "--locked"]).output().expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("metadata is JSON")
}

/// Files under version control, relative to the root.
#[cfg(test)]
pub(crate) fn tracked() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git can be started");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
