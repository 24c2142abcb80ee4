//! Calls that the browser side makes to the app's own server, and the entry points that they reach.

use std::collections::{BTreeSet, HashMap};

use plimsoll_analysis::{Event, EventKind, Program, SymbolKind, Value, ValueKind};
use plimsoll_ir::Language;
use plimsoll_model::App;
use plimsoll_model::app::{ApiCall, EntryKind, EntryPoint};
use plimsoll_source::Span;

/// A call as the events show it, before it is known what it reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seen {
    /// Where the address is written.
    span: Span,
    /// Method in capitals; empty when unknown.
    method: String,
    target: Target,
    sends_credentials: bool,
    /// The function that is run when the page does this: a component, a hook, a script.
    from: Span,
}

/// What a call names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
enum Target {
    /// An address, `{}` for what is not constant.
    Address(String),
    /// A procedure by its dotted path, as far as the client's name in front may be cut off.
    Procedure(String),
    /// A function that the framework makes callable, by its head.
    Function(Span),
}

/// What a library's call sends: method, and where the address stands.
struct Request<'v> {
    method: String,
    address: Vec<&'v Value>,
    options: Option<&'v Value>,
    base: Option<String>,
}

const VERBS: &[&str] = &["get", "post", "put", "patch", "delete", "head"];

/// Names under which libraries that request addresses are reached.
fn is_client(path: &str) -> bool {
    let first = path.split(['.', '(']).next().unwrap_or(path);
    matches!(first, "axios" | "ky" | "superagent" | "got" | "$" | "jQuery" | "jquery" | "wretch" | "ofetch")
        || first.ends_with("/axios")
        || path.starts_with("axios/")
        || path.starts_with("redaxios")
}

fn request<'v>(event: &'v Event) -> Option<Request<'v>> {
    let EventKind::Call { callee, args } = &event.kind else { return None };
    let path = callee.path.as_str();
    let name = callee.last_name();
    let first = args.first().map(|arg| &arg.value);
    let second = args.get(1).map(|arg| &arg.value);
    let method_in = |options: Option<&Value>| {
        options
            .and_then(|options| options.field("method").or_else(|| options.field("type")))
            .and_then(|method| method.as_str().map(str::to_uppercase))
    };
    let simple = |address: &'v Value, options: Option<&'v Value>| Request {
        // Options that are not known may name any method.
        method: match (method_in(options), options.map(|options| &options.kind)) {
            (Some(method), _) => method,
            (None, None | Some(ValueKind::Object(_) | ValueKind::Null)) => "GET".to_owned(),
            (None, Some(_)) => String::new(),
        },
        address: vec![address],
        options,
        base: None,
    };
    let bare = path.rsplit(['.', '/']).next().unwrap_or(path);
    if matches!(bare, "fetch" | "$fetch" | "useFetch" | "useLazyFetch" | "fetcher" | "ofetch")
        && !path.contains("()")
        && !path.starts_with('@')
    {
        return Some(simple(first?, second));
    }
    if matches!(path, "swr" | "useSWR" | "swr.useSWR") || path.ends_with("swr/immutable") {
        return Some(Request { method: "GET".into(), address: vec![first?], options: None, base: None });
    }
    // TanStack Query without a function of its own: the key is the address.
    if matches!(name.as_str(), "useQuery" | "useSuspenseQuery" | "useInfiniteQuery" | "fetchQuery" | "prefetchQuery")
        && !path.contains("()")
    {
        let described = first.filter(|first| first.field("queryFn").is_none())?;
        let key = described.field("queryKey").map_or_else(|| described.items(), |key| key.items());
        return key_request(&key).map(|address| Request {
            method: "GET".into(),
            address: Vec::new(),
            options: None,
            base: Some(address),
        });
    }
    if is_client(path) {
        let base = callee
            .calls()
            .iter()
            .find_map(|(_, args, _)| {
                args.first()?.value.field("baseURL").or_else(|| args.first()?.value.field("prefixUrl"))
            })
            .and_then(|base| base.text_shape());
        let verb = name.to_ascii_lowercase();
        if VERBS.contains(&verb.as_str()) || verb == "getjson" {
            let method = if verb == "getjson" { "GET".to_owned() } else { verb.to_uppercase() };
            return Some(Request { method, address: vec![first?], options: args.last().map(|arg| &arg.value), base });
        }
        let is_itself = matches!(name.as_str(), "axios" | "ky" | "request" | "ajax" | "ofetch")
            || matches!(&callee.kind, SymbolKind::Call { .. });
        if !is_itself {
            return None;
        }
        return match first?.field("url") {
            Some(_) => Some(Request {
                method: method_in(first).unwrap_or_else(|| "GET".into()),
                address: Vec::new(),
                base: first?.field("url").and_then(|url| url.text_shape()).map(|url| joined(base.as_deref(), &url)),
                options: first,
            }),
            None => Some(Request { base, ..simple(first?, second) }),
        };
    }
    match name.as_str() {
        "open" if path.contains("XMLHttpRequest()") => Some(Request {
            method: first.and_then(Value::as_str).unwrap_or_default().to_uppercase(),
            address: vec![second?],
            options: None,
            base: None,
        }),
        "sendBeacon" => Some(Request { method: "POST".into(), address: vec![first?], options: None, base: None }),
        "EventSource" => Some(Request { method: "GET".into(), address: vec![first?], options: None, base: None }),
        "WebSocket" if matches!(path, "WebSocket" | "window.WebSocket") => {
            Some(Request { method: "SOCKET".into(), address: vec![first?], options: None, base: None })
        }
        "invoke" if path.ends_with("functions.invoke") => Some(Request {
            method: "POST".into(),
            address: vec![first?],
            options: second,
            base: Some("/functions/v1".into()),
        }),
        _ => None,
    }
}

/// The address that a query's key is: its parts, joined.
fn key_request(key: &[Value]) -> Option<String> {
    let first = key.first()?.text_shape().filter(|first| first.starts_with('/') || first.contains("/api/"))?;
    let mut out = first;
    for part in key.iter().skip(1) {
        match &part.kind {
            ValueKind::Object(_) => break,
            _ => {
                out.push('/');
                out.push_str(&part.text_shape().unwrap_or_else(|| "{}".into()));
            }
        }
    }
    Some(out)
}

fn joined(base: Option<&str>, address: &str) -> String {
    match base {
        Some(base) if !address.contains("://") && !address.is_empty() => {
            format!("{}/{}", base.trim_end_matches('/'), address.trim_start_matches('/'))
        }
        Some(base) if address.is_empty() => base.to_owned(),
        _ => address.to_owned(),
    }
}

/// The text of an address; a `URL` or `Request` made of one counts as it.
fn shape(value: &Value) -> Option<String> {
    if let Some(text) = value.text_shape() {
        return Some(text);
    }
    let (name, args, _) = value.as_symbol()?.calls().pop()?;
    matches!(name.as_str(), "URL" | "Request" | "toString").then(|| args.first()?.value.text_shape()).flatten()
}

/// Ends of calls that a client of tRPC makes.
const PROCEDURE_CALLS: &[&str] = &[
    "useQuery",
    "useMutation",
    "useInfiniteQuery",
    "useSuspenseQuery",
    "useSubscription",
    "query",
    "mutate",
    "fetch",
    "queryOptions",
    "mutationOptions",
];

/// Gathers the calls in the events of one run.
pub(crate) fn note(events: &[Event], program: &Program<'_>, out: &mut Vec<Seen>) {
    // Where the run began: the function whose body returned last.
    let root = events.iter().rev().find(|event| matches!(event.kind, EventKind::Return { .. })).and_then(|event| {
        let module = program.module(event.site.module);
        let function = module.functions.iter().find(|function| function.body == event.site.node)?;
        Some(module.span_of(function.head))
    });
    for (index, event) in events.iter().enumerate() {
        let in_javascript = program.module(event.site.module).language == Language::JavaScript;
        if !in_javascript {
            continue;
        }
        let from = root.unwrap_or_else(|| Span::whole(event.span.file));
        if let EventKind::Enter { function, .. } = &event.kind {
            let module = program.module(function.module);
            let head = module.span_of(module.function(function.function).head);
            // A function of the same file is only its own helper.
            if head.file != event.span.file {
                let target = Target::Function(head);
                out.push(Seen { span: event.span, method: String::new(), target, sends_credentials: false, from });
            }
            continue;
        }
        if let EventKind::Call { callee, .. } = &event.kind
            && callee.path.contains("@trpc/")
            && PROCEDURE_CALLS.contains(&callee.last_name().as_str())
            && let Some(path) = callee.path.rsplit("()").next()
        {
            let path = path.trim_matches('.');
            let procedure = path.rsplit_once('.').map_or("", |(procedure, _)| procedure).to_owned();
            let method = if callee.last_name().to_ascii_lowercase().contains("mutat") { "POST" } else { "GET" };
            out.push(Seen {
                span: event.span,
                method: method.into(),
                target: Target::Procedure(procedure),
                sends_credentials: false,
                from,
            });
            continue;
        }
        let Some(request) = request(event) else { continue };
        let address = match request.address.first() {
            Some(value) => shape(value).map(|address| joined(request.base.as_deref(), &address)),
            None => request.base.clone(),
        };
        let Some(address) = address else { continue };
        let span = place(events, index, &address);
        out.push(Seen {
            span,
            method: request.method,
            sends_credentials: request.options.is_some_and(|options| sends_credentials(options, 3)),
            target: Target::Address(address),
            from,
        });
    }
}

/// Where the address was handed to the app's own helpers that send it: `apiRequest('GET', '/api/x')`.
fn place(events: &[Event], index: usize, address: &str) -> Span {
    let event = &events[index];
    let Some(mut function) = event.function else { return event.span };
    let mut found = event.span;
    let carries = |args: &[plimsoll_analysis::Argument]| {
        args.iter().any(|arg| {
            shape(&arg.value).is_some_and(|text| {
                let text = text.trim_matches('/');
                text.len() > 1 && text != "{}" && address.contains(text)
            })
        })
    };
    let mut hops = 0;
    for event in events[..index].iter().rev() {
        if let EventKind::Enter { function: entered, args } = &event.kind
            && *entered == function
        {
            hops += 1;
            if hops > 6 || !carries(args) {
                break;
            }
            found = event.span;
            match event.function {
                Some(outer) => function = outer,
                None => break,
            }
        }
    }
    found
}

fn sends_credentials(options: &Value, depth: u32) -> bool {
    let Some(object) = options.as_object().filter(|_| depth > 0) else { return false };
    let fields = object.fields.borrow();
    fields.iter().any(|(name, value)| match name.as_str() {
        "credentials" => value.as_str().is_some_and(|mode| mode != "omit"),
        "withCredentials" => value.truth() == plimsoll_analysis::Truth::Yes,
        "Authorization" | "authorization" | "x-access-token" => true,
        "headers" => sends_credentials(value, depth - 1),
        _ => false,
    })
}

/// The path of an address of the app's own: parameters as `:x`, without origin and query. `None` for addresses elsewhere.
fn own_path(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next().unwrap_or(address);
    let path = match address.split_once("://") {
        Some((_, rest)) => match rest.split_once('/') {
            Some((_, path)) => format!("/{path}"),
            None => "/".to_owned(),
        },
        // `${API}/orders`: what stands before is where the server is.
        None => match address.strip_prefix("{}") {
            Some(rest) if rest.starts_with('/') => rest.to_owned(),
            Some(rest) if !rest.is_empty() && !rest.starts_with("{}") => format!("/{rest}"),
            Some(_) => return None,
            None => format!("/{}", address.trim_start_matches("./").trim_start_matches('/')),
        },
    };
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| match part.find("{}") {
            None => part.to_owned(),
            Some(0) => ":x".to_owned(),
            // `/orders${query}`: what is put behind a word is a query.
            Some(at) if part.ends_with("{}") && part.matches("{}").count() == 1 => part[..at].to_owned(),
            Some(_) => ":x".to_owned(),
        })
        .collect();
    (!parts.is_empty() && parts.iter().any(|part| part != ":x")).then(|| format!("/{}", parts.join("/")))
}

/// How well a path fits an entry point: how many of its parts are the same words; `None` where it does not.
fn fit(path: &str, entry: &str) -> Option<usize> {
    fit_parts(path, entry.split('/').filter(|part| !part.is_empty()))
}

fn fit_parts<'a>(path: &str, known: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut called = path.split('/').filter(|part| !part.is_empty());
    let is_rest = |part: &str| part.starts_with('*') || part.contains("...") || part.starts_with(":path*");
    let mut same = 0;
    for part in known {
        if is_rest(part) {
            return Some(same);
        }
        let own = called.next()?;
        let is_parameter =
            part.starts_with(':') || part.starts_with('[') || part.starts_with('<') || part.starts_with('{');
        if own.eq_ignore_ascii_case(part) {
            same += 2;
        } else if !is_parameter {
            return None;
        } else if own.starts_with(':') {
            same += 1;
        }
    }
    called.next().is_none().then_some(same)
}

fn answers(entry: &EntryPoint, method: &str) -> bool {
    method.is_empty()
        || entry.methods.is_empty()
        || entry.methods.iter().any(|known| known == method || (method == "HEAD" && known == "GET"))
}

/// The entry point that a request reaches. A base path that is only known where the app runs may stand before what was
/// read (`${API}/orders` for `/api/orders`), so the end of a path may fit too.
fn reached(app: &App, method: &str, path: &str, is_based: bool) -> Option<usize> {
    let candidates = || {
        app.entry_points.iter().enumerate().filter(|(_, entry)| {
            entry.path.starts_with('/')
                && !matches!(entry.kind, EntryKind::StaticFiles)
                && (entry.kind == EntryKind::Socket) == (method == "SOCKET")
                && (method == "SOCKET" || answers(entry, method))
        })
    };
    let exact = candidates()
        .filter_map(|(index, entry)| Some((fit(path, &entry.path)?, index)))
        .max_by_key(|(same, index)| (*same, usize::MAX - index));
    if let Some((same, index)) = exact
        && (same > 0 || path == app.entry_points[index].path)
    {
        return Some(index);
    }
    if !is_based {
        return None;
    }
    let mut ends: Vec<usize> = candidates()
        .filter(|(_, entry)| {
            let parts: Vec<&str> = entry.path.split('/').filter(|part| !part.is_empty()).collect();
            (1..parts.len().min(4)).any(|skip| {
                parts[..skip].iter().all(|part| !part.starts_with(':'))
                    && fit_parts(path, parts[skip..].iter().copied()).is_some_and(|same| same > 1)
            })
        })
        .map(|(index, _)| index)
        .collect();
    ends.truncate(2);
    match ends[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// Ties calls to entry points and puts them into the model.
pub(crate) fn settle(mut seen: Vec<Seen>, app: &mut App) {
    seen.sort();
    seen.dedup();
    let own_files: BTreeSet<Span> = app.entry_points.iter().map(|entry| entry.handler).collect();
    // The same address is called from many places.
    let mut reaches: HashMap<(String, String, bool), Option<usize>> = HashMap::new();
    let mut calls: Vec<ApiCall> = Vec::new();
    for call in seen {
        let (path, entry) = match &call.target {
            Target::Address(address) => {
                let Some(path) = own_path(address) else { continue };
                let is_based = address.starts_with("{}") || address.contains("://");
                let asked = (call.method.clone(), path.clone(), is_based);
                let entry = *reaches.entry(asked).or_insert_with(|| reached(app, &call.method, &path, is_based));
                // Another server's address is no call to this app's; neither is a file of the page.
                let is_local =
                    address.starts_with('/') || address.contains("://localhost") || address.contains("://127.0.0.1");
                let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.ends_with(".php"));
                if entry.is_none() && (!is_local || is_file) {
                    continue;
                }
                (path, entry)
            }
            Target::Procedure(procedure) => {
                let ends = |name: &str| procedure == name || procedure.ends_with(&format!(".{name}"));
                let entry = app.entry_points.iter().position(|entry| {
                    entry.framework == "tRPC" && entry.kind == EntryKind::ServerAction && ends(&entry.path)
                });
                if entry.is_none() {
                    continue;
                }
                (procedure.clone(), entry)
            }
            Target::Function(head) => {
                let Some(entry) = own_files
                    .contains(head)
                    .then(|| {
                        app.entry_points.iter().position(|entry| {
                            entry.handler == *head && entry.kind == EntryKind::ServerAction && entry.framework != "tRPC"
                        })
                    })
                    .flatten()
                else {
                    continue;
                };
                (app.entry_points[entry].path.clone(), Some(entry))
            }
        };
        let method = if call.method == "SOCKET" { String::new() } else { call.method };
        // Calls of one place are neighbours.
        let known = calls
            .iter_mut()
            .rev()
            .take_while(|known| known.span == call.span)
            .find(|known| known.path == path && known.method == method && known.entry == entry);
        match known {
            Some(known) => {
                known.sends_credentials |= call.sends_credentials;
                if !known.from.contains(&call.from) {
                    known.from.push(call.from);
                }
            }
            None => calls.push(ApiCall {
                method,
                path,
                entry,
                sends_credentials: call.sends_credentials,
                span: call.span,
                from: vec![call.from],
            }),
        }
    }
    app.api_calls.append(&mut calls);
}

#[cfg(test)]
mod tests {
    use super::{fit, own_path};

    #[test]
    fn paths() {
        assert_eq!(own_path("/api/orders/{}?x={}").as_deref(), Some("/api/orders/:x"));
        assert_eq!(own_path("{}/orders{}").as_deref(), Some("/orders"));
        assert_eq!(own_path("http://localhost:3000/api/a").as_deref(), Some("/api/a"));
        assert_eq!(own_path("{}{}"), None);
        assert_eq!(fit("/api/orders/7", "/api/orders/:id"), Some(4));
        assert_eq!(fit("/api/orders/:x", "/api/orders/:id"), Some(5));
        assert_eq!(fit("/api/orders", "/api/orders/:id"), None);
        assert_eq!(fit("/api/files/a/b", "/api/files/*"), Some(4));
    }
}
