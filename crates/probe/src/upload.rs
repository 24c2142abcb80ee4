//! Upload, then ask for what was uploaded: three small files in which nothing runs. Only with the owner's consent.

use plimsoll_model::Exchange;
use plimsoll_model::app::{LiveUpload, LiveVerdict};
use serde_json::Value;

use crate::access::Leads;
use crate::account::{Signed, cookie_header};
use crate::html::{self, FormParts};
use crate::http::{Request, Response};
use crate::plan::{self, UPLOAD};
use crate::run::Run;
use crate::session::exchange_of;

/// Stands in every file: what comes back with it is the file.
const MARK: &str = "plimsoll canary 3f81c2d94ab07e65";
const BOUNDARY: &str = "plimsoll-boundary-3f81c2d94ab07e65";
const KIND: &str = "multipart/form-data; boundary=plimsoll-boundary-3f81c2d94ab07e65";
/// Addresses that are asked for one file.
const MAX_ADDRESSES: usize = 3;

/// A file: its name, its type, what it is in words, and its content.
const FILES: [(&str, &str, &str, &str); 3] = [
    (
        "plimsoll-canary.html",
        "text/html",
        "a page",
        "<!doctype html><title>canary</title><p>plimsoll canary 3f81c2d94ab07e65</p>",
    ),
    (
        "plimsoll-canary.svg",
        "image/svg+xml",
        "a drawing (SVG)",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><title>plimsoll canary 3f81c2d94ab07e65</title></svg>",
    ),
    (
        "plimsoll-canary.plimsoll",
        "application/x-plimsoll",
        "a file of an unknown type",
        "plimsoll canary 3f81c2d94ab07e65",
    ),
];

/// Where files are taken.
struct Place {
    path: String,
    field: String,
    hidden: Vec<(String, String)>,
    entry: Option<usize>,
    /// The field's name is known: what is refused is the file, and not a field that the route does not take.
    sure: bool,
}

impl Run<'_, '_> {
    /// Uploads as an account, where the owner allows it.
    pub(crate) fn uploads(&mut self, account: &Signed, leads: &Leads) {
        let Some(place) = self.upload_place(leads) else { return };
        let what = "how uploaded files are given back, live";
        if !self.upload_allowed {
            self.gap(what, "nothing is uploaded without `--allow-upload`".to_owned(), false);
            return;
        }
        let (mut refused, mut lost, mut left) = (0, 0, Vec::new());
        for (name, kind, words, content) in FILES {
            let Some(request) = upload(self, account, &place, name, kind, content) else { break };
            let Ok(response) = self.session.send(UPLOAD, &request) else { break };
            if response.status >= 400 {
                // Something that broke did not refuse.
                *(if response.status < 500 { &mut refused } else { &mut lost }) += 1;
                continue;
            }
            let addresses = self.addresses(&response, name);
            match self.given_back(account, addresses) {
                Some((exchange, response)) => {
                    left.push(exchange.url.clone());
                    let (inline, how) = shown_as(&response);
                    let active = name.ends_with(".html") || name.ends_with(".svg");
                    self.facts.live.uploads.push(LiveUpload {
                        exchange,
                        entry: place.entry,
                        what: words.to_owned(),
                        inline: inline && active,
                        how,
                    });
                }
                None => {
                    lost += 1;
                    left.push(format!("{name} by POST {}", place.path));
                }
            }
        }
        let inline = self.facts.live.uploads.iter().filter(|upload| upload.inline).count();
        let given = self.facts.live.uploads.len();
        let verdict = match (inline, given + refused, lost) {
            (1.., ..) => LiveVerdict::Confirmed,
            (0, 1.., 0) if given > 0 || place.sure => LiveVerdict::Passed,
            _ => LiveVerdict::CouldNotTell,
        };
        let delete = match left.is_empty() {
            true => String::new(),
            false => format!("; to be deleted: {}", left.join(", ")),
        };
        self.checked(
            UPLOAD,
            verdict,
            format!("{refused} refused, {given} given back, {inline} of them shown as a page of the app, {lost} not found again{delete}"),
        );
        if verdict == LiveVerdict::CouldNotTell {
            let why = match (given + refused, place.sure) {
                (1.., false) => "files were refused, perhaps only because their field has another name",
                _ => "a file was taken, or something broke, and where it is given back was not seen",
            };
            self.gap(what, why.to_owned(), false);
        }
    }

    /// A form with a field for a file, or a route that takes one.
    fn upload_place(&self, leads: &Leads) -> Option<Place> {
        let origin = self.permit.origin();
        let of_form = |(page, form): &(String, FormParts)| {
            let (field, ..) = form.fields.iter().find(|(_, kind, _)| kind == "file").filter(|_| form.posts)?;
            let path = if form.action.is_empty() { page.clone() } else { html::resolve(page, &origin, &form.action)? };
            let hidden = form.fields.iter().filter(|(name, kind, value)| {
                !name.is_empty() && kind != "file" && (kind == "hidden" || !value.is_empty())
            });
            let known = self.input.uploads.iter().find(|known| crate::run::matches_template(&known.path, &path));
            Some(Place {
                entry: known.map(|known| known.entry),
                field: field.clone(),
                sure: true,
                hidden: hidden.map(|(name, _, value)| (name.clone(), value.clone())).collect(),
                path,
            })
        };
        let seen =
            self.pages.iter().flat_map(|(page, parts)| parts.forms.iter().map(|form| (page.clone(), form.clone())));
        let forms: Vec<(String, FormParts)> = self.account_forms.iter().cloned().chain(seen).collect();
        let by_form = forms.iter().find_map(of_form);
        by_form.or_else(|| {
            self.input.uploads.iter().find_map(|known| {
                let path = match plan::plain_path(&known.path) {
                    Some(path) => path,
                    None => leads.path_of(&known.path)?,
                };
                Some(Place {
                    path,
                    field: known.field.clone().unwrap_or_else(|| "file".to_owned()),
                    sure: known.field.is_some(),
                    hidden: Vec::new(),
                    entry: Some(known.entry),
                })
            })
        })
    }

    /// Where the file may be given back: what the answer names, and the folders that are served as they are.
    fn addresses(&self, response: &Response, name: &str) -> Vec<String> {
        let origin = self.permit.origin();
        let mut named: Vec<String> = response.header("location").map(str::to_owned).into_iter().collect();
        if let Ok(value) = serde_json::from_slice::<Value>(&response.body) {
            texts(&value, 0, &mut named);
        } else if response.media_type().contains("html") {
            let links = html::parts(&response.text()).links;
            named.extend(links.into_iter().filter(|link| link.contains("canary")));
        }
        let mut found: Vec<String> = Vec::new();
        let mut add = |reference: &str| {
            let path = html::resolve("/", &origin, reference).filter(|path| plan::risky(path).is_none());
            if let Some(path) = path.filter(|path| !found.contains(path)) {
                found.push(path);
            }
        };
        for text in &named {
            if text.starts_with('/') || text.starts_with("http") {
                add(text);
            }
        }
        let folders = || self.lists.folders.iter().map(|folder| folder.trim_end_matches('/').to_owned());
        for text in named.iter().filter(|text| text.contains('.') && !text.contains("://")) {
            let file = text.trim_start_matches('/');
            add(&format!("/{file}"));
            folders().take(2).for_each(|folder| add(&format!("{folder}/{file}")));
        }
        folders().take(1).for_each(|folder| add(&format!("{folder}/{name}")));
        found.truncate(MAX_ADDRESSES);
        found
    }

    fn given_back(&mut self, account: &Signed, addresses: Vec<String>) -> Option<(Exchange, Response)> {
        for address in addresses {
            let request = account.get(self.permit, &address)?;
            let response = self.session.send(UPLOAD, &request).ok()?;
            if response.status < 300 && response.text().contains(MARK) && !response.media_type().contains("json") {
                return Some((exchange_of(&request, Some(response.status)), response));
            }
        }
        None
    }
}

/// Short texts in a JSON answer.
fn texts(value: &Value, depth: usize, found: &mut Vec<String>) {
    if depth > 5 || found.len() >= 40 {
        return;
    }
    match value {
        Value::String(text) if (2..=300).contains(&text.len()) && !text.contains(' ') => found.push(text.clone()),
        Value::Array(items) => items.iter().take(20).for_each(|item| texts(item, depth + 1, found)),
        Value::Object(object) => object.values().take(40).for_each(|value| texts(value, depth + 1, found)),
        _ => {}
    }
}

/// Whether a browser shows it as a page of the app, and how it is given back, in words.
fn shown_as(response: &Response) -> (bool, String) {
    let kind = response.media_type();
    let header = |name: &str| response.header(name).unwrap_or_default().to_ascii_lowercase();
    let attachment = header("content-disposition").trim_start().starts_with("attachment");
    let sandbox = header("content-security-policy").split(';').any(|part| part.trim().starts_with("sandbox"));
    let nosniff = header("x-content-type-options").contains("nosniff");
    let active = kind.contains("html") || kind.contains("xml") || kind.contains("svg");
    let guessed = kind.is_empty() && !nosniff;
    let mut how = if kind.is_empty() { "without a type".to_owned() } else { format!("as {kind}") };
    if attachment {
        how.push_str(", to be saved");
    }
    if sandbox {
        how.push_str(", in a sandbox");
    }
    ((active || guessed) && !attachment && !sandbox, how)
}

fn upload<'p>(
    run: &Run<'p, '_>,
    account: &Signed,
    place: &Place,
    name: &str,
    kind: &str,
    content: &str,
) -> Option<Request<'p>> {
    let mut body = String::new();
    let quoted = |text: &str| text.replace(['"', '\r', '\n'], "_");
    for (name, value) in &place.hidden {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
            quoted(name)
        ));
    }
    body.push_str(&format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n",
        quoted(&place.field)
    ));
    let request = Request::upload(run.permit, &place.path, KIND, body.into_bytes()).ok()?.of_account(&account.label);
    let (accept, value) = plan::accept_data();
    // What a browser sends with the app's own form.
    let mut request = request.header(accept, value).header("Origin", run.permit.origin());
    request = request.header("Referer", run.permit.url("/"));
    if let Some(cookies) = cookie_header(&account.jar) {
        request = request.secret_header("Cookie", cookies);
    }
    if let Some(token) = &account.bearer {
        request = request.secret_header("Authorization", format!("Bearer {token}"));
    }
    Some(request)
}
