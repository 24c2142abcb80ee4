//! Starting the app under review, only when the owner asks for it (`--run`).
//!
//! The app runs on a copy of its folder, so that its data stay as they were; what package managers installed is linked, not
//! copied. It gets a free port by `PORT`, its own process group, and no input. When the value is dropped the whole group is
//! ended and the copy removed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plimsoll_source::SourceTree;
use regex::Regex;

/// How long an app may take until it answers.
pub const MAX_START: Duration = Duration::from_secs(90);
/// Bytes of a folder that are copied at most.
pub const MAX_COPY: u64 = 1 << 30;
/// Files that are copied at most.
const MAX_FILES: usize = 100_000;
/// Lines of output that are kept, the last ones.
const KEPT_LINES: usize = 60;
/// Folders that package managers fill: linked into the copy.
const INSTALLED: [&str; 5] = ["node_modules", ".venv", "venv", "vendor", "__pypackages__"];

/// Why an app could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The copy failed.
    #[error("the folder could not be copied: {0}")]
    Copy(String),
    /// The shell could not be started.
    #[error("`{command}` could not be started: {why}")]
    Start {
        /// The command.
        command: String,
        /// Why.
        why: String,
    },
    /// It ended before it answered.
    #[error("`{command}` ended before the app answered ({status}). Its last output:\n{output}")]
    Ended {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        output: String,
    },
    /// Nothing listened in time.
    #[error("`{command}` did not open a port within {} seconds. Its last output:\n{output}", MAX_START.as_secs())]
    Silent {
        /// The command.
        command: String,
        /// The last lines that it wrote.
        output: String,
    },
}

/// A running app; ended when dropped.
#[derive(Debug)]
pub struct Launched {
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<VecDeque<String>>>,
    _copy: tempfile::TempDir,
}

impl Launched {
    /// Starts `command` by the shell in a copy of `folder` and waits until it listens.
    ///
    /// # Errors
    /// See [`LaunchError`]; what was started is ended before an error is returned.
    pub fn start(folder: &Path, command: &str) -> Result<Self, LaunchError> {
        let copy = tempfile::tempdir().map_err(|error| LaunchError::Copy(error.to_string()))?;
        copy_folder(folder, copy.path())?;
        let port = free_port().map_err(|error| LaunchError::Copy(error.to_string()))?;
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(command)
            .current_dir(copy.path())
            .env("PORT", port.to_string())
            // What frameworks read instead of `PORT` and `HOST`.
            .env("FLASK_RUN_PORT", port.to_string())
            .env("STREAMLIT_SERVER_PORT", port.to_string())
            .env("STREAMLIT_SERVER_HEADLESS", "true")
            .env("HOST", "127.0.0.1")
            .env("BROWSER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = shell
            .spawn()
            .map_err(|error| LaunchError::Start { command: command.to_owned(), why: error.to_string() })?;
        let output = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(pipe) = child.stdout.take() {
            listen(pipe, Arc::clone(&output));
        }
        if let Some(pipe) = child.stderr.take() {
            listen(pipe, Arc::clone(&output));
        }
        let mut launched = Launched { child, address: SocketAddr::from(([127, 0, 0, 1], port)), output, _copy: copy };
        launched.wait(port, command)?;
        Ok(launched)
    }

    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last lines that it wrote.
    pub fn output(&self) -> String {
        match self.output.lock() {
            Ok(lines) => lines.iter().cloned().collect::<Vec<_>>().join("\n"),
            Err(_) => String::new(),
        }
    }

    fn wait(&mut self, port: u16, command: &str) -> Result<(), LaunchError> {
        // Ports that something else had open before belong to something else.
        let taken = |port: u16| TcpStream::connect_timeout(&loopback(port), Duration::from_millis(100)).is_ok();
        let mut refused: Vec<u16> = Vec::new();
        let begun = Instant::now();
        let mut settled = false;
        while begun.elapsed() < MAX_START {
            if let Ok(Some(status)) = self.child.try_wait() {
                // What it wrote last is still on its way through the pipes.
                std::thread::sleep(Duration::from_millis(200));
                return Err(LaunchError::Ended {
                    command: command.to_owned(),
                    status: status.to_string(),
                    output: self.output(),
                });
            }
            let told = ports_in(&self.output());
            if begun.elapsed() < Duration::from_millis(300) && !settled {
                refused = told.iter().copied().filter(|&told| told != port && taken(told)).collect();
                settled = true;
            }
            let mut candidates = vec![port];
            candidates.extend(told.into_iter().filter(|told| !refused.contains(told)));
            if let Some(open) = candidates.into_iter().find(|&candidate| taken(candidate)) {
                self.address = loopback(open);
                // A server that has just opened its port may still be loading its routes.
                std::thread::sleep(Duration::from_millis(300));
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(LaunchError::Silent { command: command.to_owned(), output: self.output() })
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
        // The shell's whole group: package managers start servers as children of children.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        // The shell ends before its children do: the group is waited for, first to end by itself, then after the kill.
        if !self.gone(group, Duration::from_secs(3)) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            let _ = self.child.wait();
            self.gone(group, Duration::from_secs(2));
        }
    }
}

impl Launched {
    /// Waits until no process of the group is left, at most so long.
    fn gone(&mut self, group: rustix::process::Pid, limit: Duration) -> bool {
        let begun = Instant::now();
        loop {
            let shell = matches!(self.child.try_wait(), Ok(Some(_)));
            if shell && rustix::process::test_kill_process_group(group).is_err() {
                return true;
            }
            if begun.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Keeps the last lines of a pipe; lines are bounded too.
fn listen(pipe: impl Read + Send + 'static, output: Arc<Mutex<VecDeque<String>>>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.by_ref().take(4_096).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {
                    let Ok(mut lines) = output.lock() else { return };
                    if lines.len() == KEPT_LINES {
                        lines.pop_front();
                    }
                    lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
                }
            }
        }
    });
}

/// Ports that a server says it listens on: `http://localhost:5173/`, `listening on port 3000`.
fn ports_in(output: &str) -> Vec<u16> {
    let Ok(pattern) =
        Regex::new(r"(?i)(?:https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):|\bport:?\s+)(\d{2,5})\b")
    else {
        return Vec::new();
    };
    // Colours stand between the words and the number.
    let plain = Regex::new("\u{1b}\\[[0-9;]*m")
        .map_or_else(|_| output.to_owned(), |colour| colour.replace_all(output, "").into_owned());
    let mut ports: Vec<u16> = pattern.captures_iter(&plain).filter_map(|found| found[1].parse().ok()).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), LaunchError> {
    let failed = |path: &Path, error: std::io::Error| LaunchError::Copy(format!("{}: {error}", path.display()));
    let root = std::fs::canonicalize(from).map_err(|error| failed(from, error))?;
    let (mut bytes, mut files) = (0u64, 0usize);
    let mut folders: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let source = root.join(&folder);
        for item in std::fs::read_dir(&source).map_err(|error| failed(&source, error))? {
            let item = item.map_err(|error| failed(&source, error))?;
            let kind = item.file_type().map_err(|error| failed(&source, error))?;
            let name = item.file_name();
            let target = to.join(&folder).join(&name);
            if INSTALLED.iter().any(|installed| name == *installed) && kind.is_dir() {
                std::os::unix::fs::symlink(item.path(), &target).map_err(|error| failed(&target, error))?;
            } else if kind.is_dir() {
                if name == ".git" {
                    continue;
                }
                std::fs::create_dir(&target).map_err(|error| failed(&target, error))?;
                folders.push(folder.join(&name));
            } else if kind.is_file() {
                files += 1;
                bytes += item.metadata().map_or(0, |data| data.len());
                if files > MAX_FILES || bytes > MAX_COPY {
                    return Err(LaunchError::Copy(format!(
                        "it holds more than {MAX_FILES} files or {} MB; start the app yourself and use --url",
                        MAX_COPY >> 20
                    )));
                }
                std::fs::copy(item.path(), &target).map_err(|error| failed(&target, error))?;
            }
            // Symbolic links are left out: they may lead out of the folder.
        }
    }
    Ok(())
}

/// The usual command that starts an app, from its files; `None` where none is known.
pub fn usual_command(tree: &SourceTree) -> Option<String> {
    let text = |path: &str| tree.find(path).map(|id| tree.file(id).text());
    if let Some(manifest) = text("package.json")
        && let Ok(manifest) = serde_json::from_str::<serde_json::Value>(manifest)
    {
        for script in ["start", "serve", "preview", "dev"] {
            if manifest["scripts"][script].is_string() {
                return Some(format!("npm run {script}"));
            }
        }
        if let Some(main) = manifest["main"].as_str().filter(|main| tree.find(main).is_some()) {
            return Some(format!("node {main}"));
        }
    }
    if tree.find("manage.py").is_some() {
        return Some("python3 manage.py runserver --noreload $PORT".to_owned());
    }
    for (file, library, command) in [
        ("main.py", "fastapi", "python3 -m uvicorn main:app --port $PORT"),
        ("app.py", "fastapi", "python3 -m uvicorn app:app --port $PORT"),
        ("app.py", "streamlit", "python3 -m streamlit run app.py"),
        ("app.py", "flask", "python3 -m flask --app app run"),
        ("main.py", "flask", "python3 -m flask --app main run"),
        ("app.py", "", "python3 app.py"),
        ("main.py", "", "python3 main.py"),
    ] {
        if text(file).is_some_and(|text| text.to_ascii_lowercase().contains(library)) {
            return Some(command.to_owned());
        }
    }
    if tree.find("artisan").is_some() {
        return Some("php artisan serve --host 127.0.0.1 --port $PORT".to_owned());
    }
    if tree.find("public/index.php").is_some() {
        return Some("php -S 127.0.0.1:$PORT -t public".to_owned());
    }
    if tree.find("index.php").is_some() {
        return Some("php -S 127.0.0.1:$PORT".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_what_servers_say() {
        for (text, ports) in [
            ("  ➜  Local:   http://localhost:5173/", vec![5173]),
            ("Server listening on port 3000", vec![3000]),
            (" * Running on http://127.0.0.1:5000", vec![5000]),
            ("\u{1b}[32mhttp://localhost:\u{1b}[1m4321\u{1b}[0m", vec![4321]),
            ("5432 rows imported", vec![]),
        ] {
            assert_eq!(ports_in(text), ports, "{text}");
        }
    }

    #[test]
    fn a_started_app_answers_on_a_copy_and_is_gone_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("index.html"), "hello").expect("a file");
        let command = "echo changed > index.html; exec python3 -m http.server $PORT --bind 127.0.0.1";
        let launched = Launched::start(folder.path(), command).expect("it starts");
        let address = launched.address;
        assert!(TcpStream::connect(address).is_ok());
        drop(launched);
        assert!(TcpStream::connect(address).is_err());
        assert_eq!(std::fs::read_to_string(folder.path().join("index.html")).expect("still there"), "hello");
    }

    #[test]
    fn an_app_that_ends_says_what_it_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Launched::start(folder.path(), "echo no module; exit 3").expect_err("it ended");
        assert!(error.to_string().contains("no module"), "{error}");
    }

    #[test]
    fn usual_commands() {
        let of = |files: Vec<(&str, &str)>| usual_command(&SourceTree::from_texts(files));
        assert_eq!(of(vec![("package.json", r#"{"scripts":{"start":"node ."}}"#)]).as_deref(), Some("npm run start"));
        assert_eq!(of(vec![("manage.py", "")]).as_deref(), Some("python3 manage.py runserver --noreload $PORT"));
        assert_eq!(of(vec![("app.py", "from flask import Flask")]).as_deref(), Some("python3 -m flask --app app run"));
        assert_eq!(of(vec![("index.php", "<?php")]).as_deref(), Some("php -S 127.0.0.1:$PORT"));
        assert_eq!(of(vec![("readme.md", "")]), None);
    }
}
