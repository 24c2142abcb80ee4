//! Finding and starting the browser.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::BrowserError;

/// Path of a browser program.
pub type ProgramPath = PathBuf;

/// Names under which distributions install Chromium, and its close relatives.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The first browser in a list of folders as `PATH` holds it.
pub fn find(path: &std::ffi::OsStr) -> Option<ProgramPath> {
    NAMES
        .iter()
        .find_map(|name| std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Nothing listens on the discard port of loopback; a browser that sends everything there sends nothing.
const NOWHERE: &str = "--proxy-server=http://127.0.0.1:9";

/// Switches that every start gets. `--no-sandbox` is added only for root, where Chromium refuses to start without.
const SWITCHES: [&str; 20] = [
    "--headless",
    "--remote-debugging-pipe",
    NOWHERE,
    // Without this, loopback would go around the proxy.
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-breakpad",
    "--mute-audio",
    "--no-pings",
    "--password-store=basic",
    "--disable-dev-shm-usage",
];

/// Starts it with the protocol on its descriptors 3 and 4, which the shell makes out of the child's input and output: the
/// standard library opens no others.
pub(crate) fn start(program: &Path, profile: &Path) -> Result<Child, BrowserError> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#).arg("sh").arg(program).args(SWITCHES);
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        // Nothing of the user's: no settings, no proxies, no language, no display.
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", profile)
        .env("TMPDIR", profile)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    command.spawn().map_err(|error| BrowserError::Start(error.to_string()))
}

/// Ends a child and what it started.
pub(crate) fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
