//! Messages to and from the browser: JSON, each ended by a NUL byte.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{BrowserError, Gate, launch, page};

/// Largest message that is read; a larger one ends the connection.
const MAX_MESSAGE: usize = 48 * 1024 * 1024;
/// Messages that may wait to be handled; when it is full the browser waits.
const WAITING: usize = 256;
/// Time to start.
const START: Duration = Duration::from_secs(15);
/// Time for a command that does no work of a page.
pub(crate) const SHORT: Duration = Duration::from_secs(5);

/// A running browser.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    input: ChildStdin,
    inbox: Receiver<Value>,
    next: u64,
    /// Events that came while something else was waited for.
    pub(crate) events: VecDeque<Value>,
    version: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser with an empty profile.
    ///
    /// # Errors
    /// When it does not start or does not speak the protocol.
    pub fn launch(program: &Path) -> Result<Self, BrowserError> {
        let profile = tempfile::Builder::new()
            .prefix("plimsoll-browser-")
            .tempdir()
            .map_err(|error| BrowserError::Start(error.to_string()))?;
        let mut child = launch::start(program, profile.path())?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            launch::end(&mut child);
            return Err(BrowserError::Start("its pipes are missing".to_owned()));
        };
        let (sender, inbox) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let mut source = output;
            let mut buffer: Vec<u8> = Vec::new();
            let mut piece = vec![0u8; 64 * 1024];
            while let Ok(count @ 1..) = source.read(&mut piece) {
                for byte in piece.get(..count).unwrap_or_default() {
                    if *byte != 0 {
                        buffer.push(*byte);
                        continue;
                    }
                    let message = serde_json::from_slice::<Value>(&buffer);
                    buffer.clear();
                    if let Ok(message) = message
                        && sender.send(message).is_err()
                    {
                        return;
                    }
                }
                if buffer.len() > MAX_MESSAGE {
                    return;
                }
            }
        });
        let mut browser = Browser {
            child,
            input,
            inbox,
            next: 0,
            events: VecDeque::new(),
            version: String::new(),
            _profile: profile,
        };
        let said = browser.call("Browser.getVersion", json!({}), None, Instant::now() + START).map_err(|error| {
            let why = match error {
                BrowserError::Ended => "it ended at once".to_owned(),
                other => other.to_string(),
            };
            BrowserError::Start(why)
        })?;
        browser.version = said["product"].as_str().unwrap_or_default().to_owned();
        browser.call("Browser.setDownloadBehavior", json!({ "behavior": "deny" }), None, Instant::now() + SHORT)?;
        Ok(browser)
    }

    /// What it calls itself: `Chrome/156.0.1.2`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Sends a command and returns its number.
    fn send(&mut self, method: &'static str, params: Value, session: Option<&str>) -> Result<u64, BrowserError> {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if let (Some(session), Some(object)) = (session, message.as_object_mut()) {
            object.insert("sessionId".to_owned(), session.into());
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).and_then(|()| self.input.flush()).map_err(|_| BrowserError::Ended)?;
        Ok(self.next)
    }

    /// Sends a command whose answer is of no interest.
    pub(crate) fn tell(&mut self, method: &'static str, params: Value, session: &str) -> Result<(), BrowserError> {
        self.send(method, params, Some(session)).map(|_| ())
    }

    /// Sends a command and waits for its answer; events that come meanwhile are kept.
    pub(crate) fn call(
        &mut self,
        method: &'static str,
        params: Value,
        session: Option<&str>,
        deadline: Instant,
    ) -> Result<Value, BrowserError> {
        let id = self.send(method, params, session)?;
        loop {
            let message = self.receive(deadline)?;
            match result_of(&message, id, method) {
                Some(result) => return result,
                None => self.keep(message),
            }
        }
    }

    /// As [`Browser::call`], for commands that make the page work: its requests are answered meanwhile.
    pub(crate) fn call_with(
        &mut self,
        gate: &mut dyn Gate,
        method: &'static str,
        params: Value,
        session: &str,
        deadline: Instant,
    ) -> Result<Value, BrowserError> {
        let id = self.send(method, params, Some(session))?;
        while let Some(event) = self.events.pop_front() {
            page::handle(self, &event, gate)?;
        }
        loop {
            let message = self.receive(deadline)?;
            match result_of(&message, id, method) {
                Some(result) => return result,
                None => {
                    page::handle(self, &message, gate)?;
                }
            }
        }
    }

    /// The next message, or [`BrowserError::Deadline`].
    pub(crate) fn receive(&mut self, deadline: Instant) -> Result<Value, BrowserError> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.inbox.recv_timeout(left) {
            Ok(message) => Ok(message),
            Err(RecvTimeoutError::Timeout) => Err(BrowserError::Deadline),
            Err(RecvTimeoutError::Disconnected) => Err(BrowserError::Ended),
        }
    }

    fn keep(&mut self, message: Value) {
        // Only events that need an answer are worth keeping, and no page may fill the memory with them.
        if message.get("method").is_some() && self.events.len() < 4 * WAITING {
            self.events.push_back(message);
        }
    }
}

/// The result in a message, when it answers the command of this number.
fn result_of(message: &Value, id: u64, method: &'static str) -> Option<Result<Value, BrowserError>> {
    if message.get("id").and_then(Value::as_u64) != Some(id) {
        return None;
    }
    Some(match message.get("error") {
        Some(error) => {
            let why = error["message"].as_str().unwrap_or("no reason given").chars().take(200).collect();
            Err(BrowserError::Refused { method, why })
        }
        None => Ok(message.get("result").cloned().unwrap_or_default()),
    })
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first, so that it removes what it put elsewhere; then ended in any case.
        let _ = self.send("Browser.close", json!({}), None);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(700) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            while self.inbox.try_recv().is_ok() {}
            std::thread::sleep(Duration::from_millis(20));
        }
        launch::end(&mut self.child);
    }
}
