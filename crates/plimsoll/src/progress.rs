//! One line on standard error while something takes long, and nothing where nobody watches.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long work may take before anything is shown.
const PATIENCE: Duration = Duration::from_millis(700);

/// What is being done now.
static STAGE: Mutex<&'static str> = Mutex::new("working");

/// Says what is being done now.
pub(crate) fn stage(what: &'static str) {
    if let Ok(mut stage) = STAGE.lock() {
        *stage = what;
    }
}

/// Shows what is being done until it is dropped.
pub(crate) struct Progress {
    done: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows it on standard error where that is a terminal that can go back to the start of a line.
    pub(crate) fn start() -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = std::env::var_os("NO_COLOR").is_none();
        if std::io::stderr().is_terminal() && !is_dumb {
            Progress::on(std::io::stderr(), colour, PATIENCE)
        } else {
            Progress { done: Arc::default(), thread: None }
        }
    }

    fn on(mut out: impl Write + Send + 'static, colour: bool, patience: Duration) -> Self {
        let done: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let shared = Arc::clone(&done);
        let thread = std::thread::Builder::new().name("progress".into()).spawn(move || {
            let (done, woken) = &*shared;
            let Ok(mut over) = done.lock() else { return };
            let mut shown = 0;
            while !*over {
                let Ok((guard, wait)) = woken.wait_timeout(over, patience) else { return };
                over = guard;
                if *over || !wait.timed_out() {
                    continue;
                }
                let stage = STAGE.lock().map_or("working", |stage| *stage);
                let text = format!("plimsoll: {stage} …");
                let width = text.chars().count();
                let pad = " ".repeat(shown - width.min(shown));
                let (dim, plain) = if colour { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
                // A terminal that went away is no reason to stop.
                let _ = write!(out, "\r{dim}{text}{plain}{pad}").and_then(|()| out.flush());
                shown = width;
            }
            if shown > 0 {
                // Spaces rather than an escape sequence: they clear the line on every terminal.
                let _ = write!(out, "\r{}\r", " ".repeat(shown)).and_then(|()| out.flush());
            }
        });
        Progress { done, thread: thread.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Ok(mut over) = self.done.0.lock() {
            *over = true;
        }
        self.done.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::Progress;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Ok(mut all) = self.0.lock() {
                all.extend(bytes);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            self.0.lock().map_or(String::new(), |all| String::from_utf8_lossy(&all).into_owned())
        }
    }

    #[test]
    fn short_work_shows_nothing_and_long_work_leaves_nothing() {
        let screen = Screen::default();
        drop(Progress::on(screen.clone(), false, Duration::from_secs(60)));
        assert_eq!(screen.text(), "");
        let progress = Progress::on(screen.clone(), false, Duration::from_millis(5));
        for _ in 0..400 {
            if !screen.text().is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(progress);
        let text = screen.text();
        assert!(text.starts_with("\rplimsoll: ") && !text.contains(['\n', '\u{1b}']), "{text:?}");
        let last = text.trim_end_matches('\r').rsplit('\r').next().unwrap_or("x");
        assert!(text.ends_with('\r') && last.trim().is_empty() && !last.is_empty(), "{text:?}");
    }
}
