//! Pages: each in a context of its own, with storage and cookies that no other page shares.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::wire::{Browser, SHORT};
use crate::{BrowserError, Gate, PageAnswer, PageRequest, passed};

/// How long nothing must happen until a page counts as settled.
const QUIET: Duration = Duration::from_millis(250);

/// A page in a context of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    context: String,
    target: String,
    session: String,
}

/// How a page is opened.
#[derive(Clone, Debug)]
pub struct PageOptions {
    /// Whether its scripts run.
    pub scripts: bool,
    /// A script that runs in every document before the page's own.
    pub first: Option<String>,
    /// Width of the window in pixels.
    pub width: u32,
    /// Height of the window in pixels.
    pub height: u32,
}

impl Default for PageOptions {
    fn default() -> Self {
        PageOptions { scripts: true, first: None, width: 1_024, height: 720 }
    }
}

/// Whether a page came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It loaded and asks for nothing more.
    Quiet,
    /// Time was up first.
    TimeUp,
}

/// A cookie in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserCookie {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// Whether scripts of the page may read it.
    pub http_only: bool,
}

/// What an expression gave, as JSON.
pub type WorldValue = Value;

impl Browser {
    /// Opens an empty page in a fresh context: no cookies, no storage.
    ///
    /// # Errors
    /// When the browser fails or does not answer.
    pub fn open(&mut self, options: &PageOptions) -> Result<Page, BrowserError> {
        let end = Instant::now() + SHORT;
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let made = self.call("Target.createBrowserContext", json!({ "disposeOnDetach": true }), None, end)?;
        let context = text(&made, "browserContextId");
        let made = self.call(
            "Target.createTarget",
            json!({ "url": "about:blank", "browserContextId": context, "width": options.width, "height": options.height }),
            None,
            end,
        )?;
        let target = text(&made, "targetId");
        let attached = self.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }), None, end)?;
        let page = Page { context, target, session: text(&attached, "sessionId") };
        // Before anything can be asked: every request stops here.
        self.on(&page, "Fetch.enable", json!({ "patterns": [{ "urlPattern": "*", "requestStage": "Request" }] }))?;
        self.on(&page, "Page.enable", json!({}))?;
        self.on(&page, "Network.enable", json!({ "maxTotalBufferSize": 0, "maxResourceBufferSize": 0 }))?;
        self.on(&page, "Network.setBypassServiceWorker", json!({ "bypass": true }))?;
        self.on(&page, "Network.setCacheDisabled", json!({ "cacheDisabled": true }))?;
        if !options.scripts {
            self.on(&page, "Emulation.setScriptExecutionDisabled", json!({ "value": true }))?;
        }
        if let Some(script) = &options.first {
            self.on(&page, "Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))?;
        }
        Ok(page)
    }

    fn on(&mut self, page: &Page, method: &'static str, params: Value) -> Result<Value, BrowserError> {
        self.call(method, params, Some(&page.session), Instant::now() + SHORT)
    }

    /// Goes to an address and waits until the page is settled or the deadline has passed.
    ///
    /// # Errors
    /// When the browser fails. A page that does not load is no error.
    pub fn visit(
        &mut self,
        page: &Page,
        url: &str,
        gate: &mut dyn Gate,
        deadline: Instant,
    ) -> Result<Settled, BrowserError> {
        match self.call_with(gate, "Page.navigate", json!({ "url": url }), &page.session, deadline) {
            Ok(_) => self.settle(page, gate, deadline),
            Err(BrowserError::Deadline) => Ok(Settled::TimeUp),
            Err(error) => Err(error),
        }
    }

    /// Waits until the page asks for nothing more and its main thread is idle.
    ///
    /// # Errors
    /// When the browser fails.
    pub fn settle(&mut self, page: &Page, gate: &mut dyn Gate, deadline: Instant) -> Result<Settled, BrowserError> {
        loop {
            if !self.until_quiet(gate, deadline)? {
                return Ok(Settled::TimeUp);
            }
            // Quiet on the wire may be a page that still computes: its main thread has to answer, twice drawn.
            let idle = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(document.readyState))))";
            let limit = deadline.min(Instant::now() + Duration::from_secs(2));
            let state = match self.evaluate_until(page, idle, gate, limit) {
                Ok(state) => state,
                // Without scripts nobody answers; a document that was left while it was asked does not either.
                Err(BrowserError::Deadline | BrowserError::Refused { .. }) if passed(deadline) => {
                    return Ok(Settled::TimeUp);
                }
                Err(BrowserError::Deadline | BrowserError::Refused { .. }) => return Ok(Settled::Quiet),
                Err(error) => return Err(error),
            };
            if state == "complete" {
                return Ok(Settled::Quiet);
            }
            if passed(deadline) {
                return Ok(Settled::TimeUp);
            }
        }
    }

    /// Answers requests until none came for a while; false when the deadline passed first.
    fn until_quiet(&mut self, gate: &mut dyn Gate, deadline: Instant) -> Result<bool, BrowserError> {
        while let Some(event) = self.events.pop_front() {
            handle(self, &event, gate)?;
        }
        let mut last = Instant::now();
        loop {
            if passed(deadline) {
                return Ok(false);
            }
            let rest = last + QUIET;
            match self.receive(rest.min(deadline)) {
                Ok(event) => {
                    if handle(self, &event, gate)? {
                        last = Instant::now();
                    }
                }
                Err(BrowserError::Deadline) if passed(rest) => return Ok(true),
                Err(BrowserError::Deadline) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The value of an expression, in a world of its own: the page's scripts can neither see nor change it.
    ///
    /// # Errors
    /// When the browser fails, the page does not answer, or the expression throws.
    pub fn evaluate(
        &mut self,
        page: &Page,
        expression: &str,
        gate: &mut dyn Gate,
        deadline: Instant,
    ) -> Result<WorldValue, BrowserError> {
        self.evaluate_until(page, expression, gate, deadline)
    }

    fn evaluate_until(
        &mut self,
        page: &Page,
        expression: &str,
        gate: &mut dyn Gate,
        deadline: Instant,
    ) -> Result<Value, BrowserError> {
        let tree = self.call_with(gate, "Page.getFrameTree", json!({}), &page.session, deadline)?;
        let frame = tree["frameTree"]["frame"]["id"].clone();
        let world = self.call_with(
            gate,
            "Page.createIsolatedWorld",
            json!({ "frameId": frame, "worldName": "plimsoll" }),
            &page.session,
            deadline,
        )?;
        let left = deadline.saturating_duration_since(Instant::now()).as_millis();
        let params = json!({
            "expression": expression,
            "contextId": world["executionContextId"],
            "returnByValue": true,
            "awaitPromise": true,
            "timeout": u64::try_from(left).unwrap_or(u64::MAX),
        });
        let said = self.call_with(gate, "Runtime.evaluate", params, &page.session, deadline)?;
        if said.get("exceptionDetails").is_some() {
            let why = said["exceptionDetails"]["exception"]["description"].as_str().unwrap_or("it threw");
            return Err(BrowserError::Refused { method: "Runtime.evaluate", why: why.chars().take(200).collect() });
        }
        Ok(said["result"]["value"].clone())
    }

    /// Types a text into the element that has the focus, as a person would.
    ///
    /// # Errors
    /// When the browser fails.
    pub fn type_text(&mut self, page: &Page, text: &str, gate: &mut dyn Gate) -> Result<(), BrowserError> {
        let end = Instant::now() + SHORT;
        self.call_with(gate, "Input.insertText", json!({ "text": text }), &page.session, end).map(|_| ())
    }

    /// Presses Enter. What the page asks for then waits until [`Browser::settle`].
    ///
    /// # Errors
    /// When the browser fails.
    pub fn press_enter(&mut self, page: &Page) -> Result<(), BrowserError> {
        for kind in ["keyDown", "keyUp"] {
            let params =
                json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
            self.on(page, "Input.dispatchKeyEvent", params)?;
        }
        Ok(())
    }

    /// A picture of what the window shows, as JPEG.
    ///
    /// # Errors
    /// When the browser fails.
    pub fn picture(&mut self, page: &Page, gate: &mut dyn Gate, deadline: Instant) -> Result<Vec<u8>, BrowserError> {
        let params = json!({ "format": "jpeg", "quality": 55 });
        let made = self.call_with(gate, "Page.captureScreenshot", params, &page.session, deadline)?;
        let data = made["data"].as_str().unwrap_or_default();
        STANDARD
            .decode(data)
            .map_err(|error| BrowserError::Refused { method: "Page.captureScreenshot", why: error.to_string() })
    }

    /// Cookies in the page's context.
    ///
    /// # Errors
    /// When the browser fails.
    pub fn cookies(&mut self, page: &Page) -> Result<Vec<BrowserCookie>, BrowserError> {
        let params = json!({ "browserContextId": page.context });
        let said = self.call("Storage.getCookies", params, None, Instant::now() + SHORT)?;
        let cookies = said["cookies"].as_array().into_iter().flatten().map(|cookie| BrowserCookie {
            name: cookie["name"].as_str().unwrap_or_default().to_owned(),
            value: cookie["value"].as_str().unwrap_or_default().to_owned(),
            http_only: cookie["httpOnly"].as_bool().unwrap_or(false),
        });
        Ok(cookies.take(500).collect())
    }

    /// Closes a page and forgets everything of its context.
    ///
    /// # Errors
    /// When the browser fails.
    pub fn close(&mut self, page: Page) -> Result<(), BrowserError> {
        let params = json!({ "browserContextId": page.context });
        self.call("Target.disposeBrowserContext", params, None, Instant::now() + SHORT).map(|_| ())
    }
}

/// Handles an event; true when it was a request or the page moved on.
pub(crate) fn handle(browser: &mut Browser, event: &Value, gate: &mut dyn Gate) -> Result<bool, BrowserError> {
    let Some(method) = event.get("method").and_then(Value::as_str) else { return Ok(false) };
    let session = event.get("sessionId").and_then(Value::as_str).unwrap_or_default();
    match method {
        "Fetch.requestPaused" => {
            let Some(id) = event["params"]["requestId"].as_str() else { return Ok(false) };
            match gate.ask(request(&event["params"])) {
                PageAnswer::Give { status, headers, body } => {
                    let headers: Vec<Value> = headers
                        .into_iter()
                        .filter(|(name, _)| !is_framing(name))
                        .map(|(name, value)| json!({ "name": name, "value": value }))
                        .collect();
                    let params = json!({
                        "requestId": id,
                        "responseCode": status,
                        "responseHeaders": headers,
                        "body": STANDARD.encode(body),
                    });
                    browser.tell("Fetch.fulfillRequest", params, session)?;
                }
                PageAnswer::Refuse => {
                    let params = json!({ "requestId": id, "errorReason": "BlockedByClient" });
                    browser.tell("Fetch.failRequest", params, session)?;
                }
            }
            Ok(true)
        }
        // A message box would stop everything.
        "Page.javascriptDialogOpening" => {
            browser.tell("Page.handleJavaScriptDialog", json!({ "accept": false }), session)?;
            Ok(true)
        }
        "Page.frameNavigated" | "Page.loadEventFired" | "Page.frameStartedLoading" => Ok(true),
        _ => Ok(false),
    }
}

/// Headers that describe how the answer was sent, which the browser has not seen.
fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn request(params: &Value) -> PageRequest {
    let request = &params["request"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = request["headers"].as_object().into_iter().flatten();
    let entries = request["postDataEntries"].as_array().cloned().unwrap_or_default();
    let mut body: Vec<u8> =
        entries.iter().filter_map(|entry| STANDARD.decode(entry["bytes"].as_str()?).ok()).flatten().collect();
    if body.is_empty() {
        body = text(&request["postData"]).into_bytes();
    }
    PageRequest {
        method: text(&request["method"]),
        url: text(&request["url"]),
        headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
        body,
        kind: text(&params["resourceType"]),
    }
}
