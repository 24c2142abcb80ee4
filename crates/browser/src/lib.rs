//! A small client for Chromium's DevTools protocol.
//!
//! What holds, whatever a page does:
//!
//! 1. The browser has no network. Its only proxy is an address where nothing listens, for loopback too, and no name is
//!    looked up. Every request of a page is stopped before it is sent and handed to the caller's [`Gate`], which answers
//!    it or refuses. What the protocol does not hand over (WebSockets, workers' own requests) reaches nothing.
//! 2. It listens nowhere: the protocol runs over two pipes, so no other program of the machine can drive it.
//! 3. It starts with an empty profile in a folder of its own, which is removed afterwards, and sees none of the user's
//!    settings. Its whole process group is ended when the value is dropped.
//! 4. Everything is bounded: messages, time, requests (by the gate). A page that hangs costs its deadline, no more.

mod launch;
mod page;
mod wire;

use std::time::Instant;

pub use launch::{ProgramPath, find};
pub use page::{BrowserCookie, Page, PageOptions, Settled, WorldValue};
pub use wire::Browser;

/// Why the browser did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// It did not start.
    #[error("the browser did not start: {0}")]
    Start(String),
    /// It ended, or its pipe did.
    #[error("the browser ended")]
    Ended,
    /// It did not answer in time.
    #[error("the browser did not answer in time")]
    Deadline,
    /// It answered with an error.
    #[error("the browser refused `{method}`: {why}")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// Its words.
        why: String,
    },
}

/// A request that a page wants to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Method.
    pub method: String,
    /// Whole address, without fragment.
    pub url: String,
    /// Headers as the browser would send them, cookies included.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// What for, in the protocol's words: `Document`, `Script`, `Stylesheet`, `Image`, `XHR`, `Fetch` …
    pub kind: String,
}

impl PageRequest {
    /// First value of a header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What becomes of a page's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAnswer {
    /// This is the answer.
    Give {
        /// Status.
        status: u16,
        /// Headers; several of one name are kept.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// It is not sent.
    Refuse,
}

/// Decides about every request of every page, and answers it.
pub trait Gate {
    /// Answers or refuses.
    fn ask(&mut self, request: PageRequest) -> PageAnswer;
}

impl<F: FnMut(PageRequest) -> PageAnswer> Gate for F {
    fn ask(&mut self, request: PageRequest) -> PageAnswer {
        self(request)
    }
}

/// A gate that lets nothing through.
#[derive(Clone, Copy, Debug)]
pub struct Closed;

impl Gate for Closed {
    fn ask(&mut self, _: PageRequest) -> PageAnswer {
        PageAnswer::Refuse
    }
}

/// Whether a moment has passed.
fn passed(deadline: Instant) -> bool {
    Instant::now() >= deadline
}
