//! Flows: values from an input that reach a sink without being made harmless.

use plimsoll_analysis::{Argument, Clean, Event, EventKind, Fact, Label, Labels, Symbol, SymbolKind, Value, ValueKind};
use plimsoll_model::app::{Flow, Sink, Source};

use super::effects::ends;
use super::state::State;
use super::vetting;
use crate::knowledge::stores;

/// A sink that is a call: end of the path, which positional argument, what it is, what would make a value harmless.
struct CallSink {
    name: &'static str,
    arg: usize,
    sink: Sink,
    clean: Clean,
}

const fn sink(name: &'static str, arg: usize, sink: Sink, clean: Clean) -> CallSink {
    CallSink { name, arg, sink, clean }
}

const CALLS: &[CallSink] = &[
    sink("child_process.exec", 0, Sink::Shell, Clean::SHELL),
    sink("child_process.execSync", 0, Sink::Shell, Clean::SHELL),
    sink("os.system", 0, Sink::Shell, Clean::SHELL),
    sink("os.popen", 0, Sink::Shell, Clean::SHELL),
    sink("shell_exec", 0, Sink::Shell, Clean::SHELL),
    sink("passthru", 0, Sink::Shell, Clean::SHELL),
    sink("system", 0, Sink::Shell, Clean::SHELL),
    sink("popen", 0, Sink::Shell, Clean::SHELL),
    sink("proc_open", 0, Sink::Shell, Clean::SHELL),
    sink("eval", 0, Sink::Eval, Clean::ALL),
    sink("Function", 0, Sink::Eval, Clean::ALL),
    sink("vm.runInNewContext", 0, Sink::Eval, Clean::ALL),
    sink("vm.runInThisContext", 0, Sink::Eval, Clean::ALL),
    sink("pickle.loads", 0, Sink::Deserialise, Clean::ALL),
    sink("pickle.load", 0, Sink::Deserialise, Clean::ALL),
    sink("dill.loads", 0, Sink::Deserialise, Clean::ALL),
    sink("dill.load", 0, Sink::Deserialise, Clean::ALL),
    sink("joblib.load", 0, Sink::Deserialise, Clean::ALL),
    sink("jsonpickle.decode", 0, Sink::Deserialise, Clean::ALL),
    sink("pandas.read_pickle", 0, Sink::Deserialise, Clean::ALL),
    sink("yaml.load", 0, Sink::Deserialise, Clean::ALL),
    sink("unserialize", 0, Sink::Deserialise, Clean::ALL),
    sink("node-serialize.unserialize", 0, Sink::Deserialise, Clean::ALL),
    sink("fs.readFile", 0, Sink::FilePath, Clean::PATH),
    sink("fs.readFileSync", 0, Sink::FilePath, Clean::PATH),
    sink("fs.createReadStream", 0, Sink::FilePath, Clean::PATH),
    sink("fs.writeFile", 0, Sink::FilePath, Clean::PATH),
    sink("fs.writeFileSync", 0, Sink::FilePath, Clean::PATH),
    sink("fs.unlink", 0, Sink::FilePath, Clean::PATH),
    sink("fs.unlinkSync", 0, Sink::FilePath, Clean::PATH),
    sink("promises.readFile", 0, Sink::FilePath, Clean::PATH),
    sink("promises.writeFile", 0, Sink::FilePath, Clean::PATH),
    sink("promises.unlink", 0, Sink::FilePath, Clean::PATH),
    sink("@res.sendFile", 0, Sink::FilePath, Clean::PATH),
    sink("@res.download", 0, Sink::FilePath, Clean::PATH),
    sink("flask.send_file", 0, Sink::FilePath, Clean::PATH),
    sink("FileResponse", 0, Sink::FilePath, Clean::PATH),
    sink("httpx.post", 0, Sink::Url, Clean::URL),
    sink("httpx.AsyncClient().get", 0, Sink::Url, Clean::URL),
    sink("httpx.AsyncClient().post", 0, Sink::Url, Clean::URL),
    sink("httpx.Client().get", 0, Sink::Url, Clean::URL),
    sink("httpx.Client().post", 0, Sink::Url, Clean::URL),
    sink("requests.Session().get", 0, Sink::Url, Clean::URL),
    sink("requests.Session().post", 0, Sink::Url, Clean::URL),
    sink("requests.session().get", 0, Sink::Url, Clean::URL),
    sink("requests.head", 0, Sink::Url, Clean::URL),
    sink("requests.put", 0, Sink::Url, Clean::URL),
    sink("aiohttp.ClientSession().get", 0, Sink::Url, Clean::URL),
    sink("aiohttp.ClientSession().post", 0, Sink::Url, Clean::URL),
    sink("requests.request", 1, Sink::Url, Clean::URL),
    sink("streamlit.components.v1.html", 0, Sink::Html, Clean::HTML),
    sink("readfile", 0, Sink::FilePath, Clean::PATH),
    sink("file_get_contents", 0, Sink::FilePath, Clean::PATH),
    sink("include", 0, Sink::FilePath, Clean::PATH),
    sink("fetch", 0, Sink::Url, Clean::URL),
    sink("node-fetch", 0, Sink::Url, Clean::URL),
    sink("axios", 0, Sink::Url, Clean::URL),
    sink("axios.get", 0, Sink::Url, Clean::URL),
    sink("axios.post", 0, Sink::Url, Clean::URL),
    sink("got", 0, Sink::Url, Clean::URL),
    sink("requests.get", 0, Sink::Url, Clean::URL),
    sink("requests.post", 0, Sink::Url, Clean::URL),
    sink("httpx.get", 0, Sink::Url, Clean::URL),
    sink("urllib.request.urlopen", 0, Sink::Url, Clean::URL),
    sink("curl_init", 0, Sink::Url, Clean::URL),
    sink("@res.redirect", 0, Sink::Redirect, Clean::URL),
    sink("flask.redirect", 0, Sink::Redirect, Clean::URL),
    sink("shortcuts.redirect", 0, Sink::Redirect, Clean::URL),
    sink("HttpResponseRedirect", 0, Sink::Redirect, Clean::URL),
    sink("RedirectResponse", 0, Sink::Redirect, Clean::URL),
    sink("NextResponse.redirect", 0, Sink::Redirect, Clean::URL),
    sink("Response.redirect", 0, Sink::Redirect, Clean::URL),
    sink("next/navigation.redirect", 0, Sink::Redirect, Clean::URL),
    sink("@sveltejs/kit.redirect", 1, Sink::Redirect, Clean::URL),
    sink("@remix-run/node.redirect", 0, Sink::Redirect, Clean::URL),
    sink("@remix-run/cloudflare.redirect", 0, Sink::Redirect, Clean::URL),
    sink("react-router.redirect", 0, Sink::Redirect, Clean::URL),
    sink("react-router-dom.redirect", 0, Sink::Redirect, Clean::URL),
    sink("sendRedirect", 1, Sink::Redirect, Clean::URL),
    sink("@c.redirect", 0, Sink::Redirect, Clean::URL),
    sink("@ctx.redirect", 0, Sink::Redirect, Clean::URL),
    sink("@reply.redirect", 0, Sink::Redirect, Clean::URL),
    sink("redirect().away", 0, Sink::Redirect, Clean::URL),
    sink("redirect().to", 0, Sink::Redirect, Clean::URL),
    sink("Redirect.to", 0, Sink::Redirect, Clean::URL),
    sink("Redirect.away", 0, Sink::Redirect, Clean::URL),
    sink("flask.render_template_string", 0, Sink::Template, Clean::ALL),
    sink("jinja2.Template", 0, Sink::Template, Clean::ALL),
    sink("ejs.render", 0, Sink::Template, Clean::ALL),
    sink("handlebars.compile", 0, Sink::Template, Clean::ALL),
    sink("markupsafe.Markup", 0, Sink::Html, Clean::HTML),
    sink("flask.Markup", 0, Sink::Html, Clean::HTML),
    sink("safestring.mark_safe", 0, Sink::Html, Clean::HTML),
    sink("django.http.HttpResponse", 0, Sink::Html, Clean::HTML),
    sink("HTMLResponse", 0, Sink::Html, Clean::HTML),
    sink("insertAdjacentHTML", 1, Sink::Html, Clean::HTML),
    sink("createContextualFragment", 0, Sink::Html, Clean::HTML),
    sink("setTimeout", 0, Sink::Eval, Clean::ALL),
];

/// Names of methods and properties that put markup into a page.
pub(crate) fn is_markup_sink(name: &str) -> bool {
    matches!(name, "innerHTML" | "outerHTML" | "srcdoc" | "html" | "insertAdjacentHTML" | "setHTMLUnsafe")
}

/// The flows of a run.
pub(crate) fn flows_of(events: &[Event]) -> Vec<Flow> {
    let mut out = Vec::new();
    let mut state: Option<State> = None;
    for (index, event) in events.iter().enumerate() {
        let before = out.len();
        match &event.kind {
            EventKind::Call { callee, args } => {
                if writes_page(&callee.path)
                    && let Some(value) = event.arg(0)
                {
                    let kept = state.get_or_insert_with(|| State::of(events)).within(value);
                    written_page(event, &kept, &mut out);
                }
                call(events, index, callee, args, &mut out);
            }
            EventKind::Method { receiver, name, args } => {
                if writes_page(&format!("{}.{name}", receiver.path()))
                    && let Some(value) = event.arg(0)
                {
                    let kept = state.get_or_insert_with(|| State::of(events)).within(value);
                    written_page(event, &kept, &mut out);
                }
                method(event, receiver, name, args, &mut out);
            }
            EventKind::Assign { receiver, property, value, .. } => {
                if is_markup_sink(property) && !matches!(receiver.kind, ValueKind::Object(_)) {
                    let kept = state.get_or_insert_with(|| State::of(events)).within(value);
                    push(event, &kept, Sink::Html, property, Clean::HTML, &mut out);
                } else if matches!(property.as_str(), "href" | "location") && receiver.path().ends_with("location") {
                    push(event, value, Sink::Redirect, "location", Clean::URL, &mut out);
                }
            }
            EventKind::Attribute { name, value, tag } => {
                if name == "dangerouslySetInnerHTML" {
                    let html = value.field("__html").unwrap_or_else(|| value.clone());
                    // Rules of style and data for search engines are no markup.
                    let is_data = tag == "style" || (tag == "script" && html.path().ends_with("JSON.stringify()"));
                    if !is_data {
                        let kept = state.get_or_insert_with(|| State::of(events)).within(&html);
                        push(event, &kept, Sink::Html, "dangerouslySetInnerHTML", Clean::HTML, &mut out);
                    }
                } else if name == "srcDoc" || name == "srcdoc" {
                    push(event, value, Sink::Html, "srcdoc", Clean::HTML, &mut out);
                }
            }
            EventKind::Output { value } => {
                super::php::output(event, value, "echo", &mut out);
                super::php::token_shown(events, index, value, &mut out);
            }
            EventKind::Compose { value } => super::php::composed(event, value, &mut out),
            EventKind::Return { value } => {
                page(event, value, &mut out);
                answer(event, value, "return", &mut out);
            }
            EventKind::Enter { .. } => {}
        }
        if out[before..].iter().any(|flow| flow.sink == Sink::Response)
            && let Some(told) = told_at(events, index)
        {
            out[before..].iter_mut().filter(|flow| flow.sink == Sink::Response).for_each(|flow| flow.from = told);
        }
        if let Some(flow) = out[before..].iter_mut().find(|flow| flow.sink == Sink::Sql)
            && let Some(built) = built_at(events, index)
        {
            flow.from = built;
        }
    }
    out
}

/// `window.open().document.write`, `frame.contentDocument.writeln`
fn writes_page(path: &str) -> bool {
    let Some(page) = path.strip_suffix(".write").or_else(|| path.strip_suffix(".writeln")) else { return false };
    page.ends_with("document") || page.ends_with("contentDocument")
}

/// A page that is put together and written, as for printing: what a component was given is data of the app, too.
fn written_page(event: &Event, value: &Value, out: &mut Vec<Flow>) {
    let before = out.len();
    push(event, value, Sink::Html, "document.write", Clean::HTML, out);
    let is_given = |label: &Label| matches!(label, Label::Given(clean) if !clean.covers(Clean::HTML));
    if out.len() == before && event.facts.vet(value).deep_labels().any(is_given) {
        out.push(Flow {
            source: Source::Stored,
            source_name: "the component's data".into(),
            sink: Sink::Html,
            sink_name: "document.write".into(),
            from: event.span,
            to: event.span,
            entry: None,
            limit: "given".into(),
        });
    }
}

/// Text with tags in it that is put together and returned: a page, where the framework sends it as one.
fn page(event: &Event, value: &Value, out: &mut Vec<Flow>) {
    match &value.kind {
        ValueKind::Choice(alternatives) => alternatives.iter().for_each(|(value, _)| page(event, value, out)),
        // `return page, 404`
        ValueKind::Object(object) if object.is_array => {
            if let Some(first) = object.items.borrow().first() {
                page(event, first, out);
            }
        }
        ValueKind::Text(parts) if parts.iter().any(|part| part.as_str().is_some_and(|text| text.contains('<'))) => {
            push(event, value, Sink::Html, RETURNED, Clean::HTML, out);
        }
        _ => {}
    }
}

/// The sink of text that a handler returns.
pub(crate) const RETURNED: &str = "return";

/// Where an answer was handed to the app's own helper that sends it: the last call on the way there that stands in another
/// file.
fn told_at(events: &[Event], index: usize) -> Option<plimsoll_source::Span> {
    let mut function = events[index].function?;
    for event in events[..index].iter().rev() {
        if matches!(&event.kind, EventKind::Enter { function: entered, .. } if *entered == function) {
            if event.span.file != events[index].span.file {
                return Some(event.span);
            }
            function = event.function?;
        }
    }
    None
}

/// Where the text of a statement was handed to the app's own helper that runs it.
fn built_at(events: &[Event], index: usize) -> Option<plimsoll_source::Span> {
    let shape = |args: &[Argument]| {
        args.iter()
            .find(|arg| matches!(arg.value.kind, ValueKind::Text(_)))
            .and_then(|arg| arg.value.text_shape())
            .filter(|text| stores::statement(text).is_some())
    };
    let text = shape(events[index].args())?;
    let mut function = events[index].function?;
    let mut found = None;
    for event in events[..index].iter().rev() {
        if let EventKind::Enter { function: entered, args } = &event.kind
            && *entered == function
            && shape(args).as_deref() == Some(text.as_str())
        {
            found = Some(event.span);
            match event.function {
                Some(outer) => function = outer,
                None => break,
            }
        }
    }
    found
}

/// The sinks that calls under a path are, by position in the table.
fn sinks_at(path: &str) -> std::rc::Rc<[usize]> {
    thread_local! {
        static KNOWN: crate::knowledge::Remembered<std::rc::Rc<[usize]>> = crate::knowledge::Remembered::default();
    }
    let find =
        || CALLS.iter().enumerate().filter(|(_, entry)| ends(path, entry.name)).map(|(index, _)| index).collect();
    KNOWN.with(|known| known.get_or(path, find))
}

fn call(events: &[Event], index: usize, callee: &Symbol, args: &[Argument], out: &mut Vec<Flow>) {
    let event = &events[index];
    let path = callee.path.as_str();
    super::php::call(event, path, args, out);
    for entry in sinks_at(path).iter().map(|&at| &CALLS[at]) {
        let Some(value) = event.arg(entry.arg).or_else(|| event.named("url")) else { continue };
        match entry.sink {
            // A path or address with a fixed beginning: only the rest is chosen.
            Sink::Url | Sink::Redirect if has_fixed_origin(value) => {}
            // Express keeps such a path below the folder.
            Sink::FilePath if args.iter().any(|arg| arg.value.field("root").is_some()) => {}
            // PHP reads addresses with the functions that read files.
            Sink::FilePath
                if matches!(path, "file_get_contents" | "readfile") && super::php::begins_with_address(value) => {}
            Sink::Url | Sink::Redirect | Sink::FilePath => {
                let chosen = addressed(value).unwrap_or_else(|| value.clone());
                let labels = vetting::untested(events, index, &chosen, entry.sink);
                push(event, &Value::of(labels), entry.sink, entry.name, entry.clean, out);
            }
            Sink::Eval if value.as_closure().is_some() => {}
            Sink::Html if entry.name == "django.http.HttpResponse" && event.named("content_type").is_some() => {}
            _ => push(event, value, entry.sink, entry.name, entry.clean, out),
        }
    }
    let name = callee.last_name();
    python(event, path, &name, args, out);
    if matches!(name.as_str(), "spawn" | "run" | "call" | "Popen" | "check_output")
        && (path.contains("child_process") || path.contains("subprocess"))
    {
        let shell = event.named("shell").is_some_and(|value| value.truth() == plimsoll_analysis::Truth::Yes)
            || args.last().is_some_and(|arg| arg.value.bool_field("shell") == Some(true));
        if shell && let Some(value) = event.arg(0) {
            push(event, value, Sink::Shell, &name, Clean::SHELL, out);
        }
    }
    let is_tagged = matches!(name.as_str(), "sql" | "$queryRaw" | "$executeRaw");
    if !is_tagged {
        sql(event, &name, args, out);
    }
    // Document stores: an object of the request used as the whole filter brings its own operators.
    if matches!(
        name.as_str(),
        "find"
            | "findOne"
            | "updateOne"
            | "deleteOne"
            | "deleteMany"
            | "updateMany"
            | "findOneAndUpdate"
            | "countDocuments"
            | "find_one"
            | "update_one"
            | "delete_one"
            | "delete_many"
            | "update_many"
            | "find_one_and_update"
            | "count_documents"
    ) && (path.contains("MongoClient()")
        || path.contains("MotorClient()")
        || path.contains("PyMongo()")
        || path.contains("mongoose")
        || path.contains(".collection()")
        || path.contains("Model"))
        && let Some(filter) = event.arg(0)
        && !matches!(filter.kind, ValueKind::Str(_) | ValueKind::Text(_))
        && !filter.path().starts_with("@laravel")
    {
        let open = |value: &Value, whole: bool| {
            !matches!(value.kind, ValueKind::Text(_))
                && value.labels.any(|label| {
                    matches!(label, Label::Input(name, clean) if !clean.covers(Clean::SCALAR)
                        && if whole { matches!(name.as_str(), "body" | "query") } else { name.starts_with("body") })
                })
        };
        if open(filter, true) {
            push(event, filter, Sink::NoSql, &name, Clean::SCALAR, out);
        } else if let Some(object) = filter.as_object() {
            // An operator in place of a password or code matches every record.
            for (field, value) in object.fields.borrow().iter() {
                if (super::rows::is_credential_column(field) || super::rows::is_ticket_column(field))
                    && open(value, false)
                {
                    push(event, value, Sink::NoSql, &name, Clean::SCALAR, out);
                }
            }
        }
    }
    if is_log(path) {
        logged(event, &name, args, out);
    }
    if let Some(markup) = super::mail::markup_of(path, args) {
        push(event, &markup, Sink::Mail, &name, Clean::HTML, out);
    }
    if let Some(code) = redeemed(path, args)
        && !is_tied(events, index)
    {
        push(event, &code, Sink::CodeExchange, &name, Clean::ALL, out);
    }
    // PostgREST takes a whole condition as text: a comma in it begins another condition.
    if name == "or"
        && path.contains(".from()")
        && let Some(condition) = event.arg(0).filter(|condition| matches!(condition.kind, ValueKind::Text(_)))
    {
        push(event, condition, Sink::NoSql, "or", Clean::FILTER, out);
    }
    let to_socket = path == "@socket.send" || path == "@socket.emit";
    if to_socket || super::effects::is_broadcast(callee, args) {
        for arg in args {
            answer(event, &unwrapped(&arg.value), if to_socket { "send" } else { "broadcast" }, out);
        }
    }
    if path.starts_with("@res.")
        || path.starts_with("@reply.")
        || path.starts_with("@c.")
        || path.starts_with("@ctx.")
        || is_answer_maker(path)
    {
        respond(events, index, path, &name, args, out);
    }
    if matches!(name.as_str(), "html" | "append" | "prepend" | "after" | "before")
        && (path.starts_with("$()") || path.starts_with("jQuery()") || path.starts_with("jquery()"))
        && let Some(value) = event.arg(0)
    {
        push(event, value, Sink::Html, &name, Clean::HTML, out);
    }
    let mut answered = |mut stores: Vec<String>, limit: &str| {
        stores.sort();
        stores.dedup();
        out.extend(stores.into_iter().map(|store| Flow {
            source: Source::Stored,
            source_name: store,
            sink: Sink::Response,
            sink_name: name.to_string(),
            from: event.span,
            to: event.span,
            entry: None,
            limit: limit.to_owned(),
        }));
    };
    // A template is an answer; whole rows in it need not be shown.
    if ends(path, "render_template") {
        answered(args.iter().skip(1).flat_map(|arg| rows(&arg.value, 3)).collect(), "");
    }
    // A file that a record names is part of that record.
    if sends_file(path, &name) {
        answered(args.iter().flat_map(|arg| record_names(&arg.value)).collect(), "the file that it names");
    }
    // A value behind a record: `stmt.all(…)` of unsafely built text was reported where it was built.
    if matches!(name.as_str(), "setHeader" | "set" | "header")
        && path.starts_with("@res")
        && event.arg(0).and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("location"))
        && let Some(value) = event.arg(1)
        && !has_fixed_origin(value)
    {
        let labels = vetting::untested(events, index, value, Sink::Redirect);
        push(event, &Value::of(labels), Sink::Redirect, "Location", Clean::URL, out);
    }
}

/// Sinks of Python libraries that need more than a position.
fn python(event: &Event, path: &str, name: &str, args: &[Argument], out: &mut Vec<Flow>) {
    let yes = |name: &str| event.named(name).is_some_and(|value| value.truth() == plimsoll_analysis::Truth::Yes);
    if (path.starts_with("streamlit.") && yes("unsafe_allow_html"))
        || (name == "Markdown" && path.contains("dash") && yes("dangerously_allow_html"))
    {
        let text = event.arg(0).or_else(|| event.named("body")).or_else(|| event.named("children"));
        if let Some(value) = text {
            // What a visitor types is shown to nobody else; what is stored is.
            let stored = value.deep_labels().filtered(|label| matches!(label, Label::Record(..)));
            push(event, &Value::of(stored), Sink::Html, name, Clean::HTML, out);
        }
    }
    // What a script shows of its errors stands on the visitor's page.
    let shows = path.starts_with("streamlit.")
        && matches!(
            name,
            "error" | "exception" | "warning" | "info" | "write" | "text" | "code" | "markdown" | "toast"
        );
    if shows && args.iter().any(|arg| arg.value.deep_labels().any(|label| matches!(label, Label::ErrorDetail))) {
        answer_error(event, name, out);
    }
    if path == "flask.flash" || path.starts_with("django.contrib.messages.") {
        for arg in args {
            if arg.value.deep_labels().any(|label| matches!(label, Label::Random | Label::Guessable(_))) {
                answer(event, &arg.value, "flash", out);
            }
        }
    }
    if path == "open"
        && let Some(target) = event.arg(0)
    {
        push(event, target, Sink::FilePath, "open", Clean::PATH, out);
    }
    if path == "exec"
        && let Some(code) = event.arg(0)
    {
        push(event, code, Sink::Eval, "exec", Clean::ALL, out);
    }
    if name == "save"
        && let Some(target) = event.arg(0)
        && target.deep_labels().any(|label| matches!(label, Label::Upload(..)))
        && !path.contains("django")
    {
        push(event, target, Sink::FilePath, "save", Clean::PATH, out);
    }
    // Cells that begin with `=` become formulas.
    let cells: Vec<&Value> =
        if path.contains("add_worksheet()") && matches!(name, "write" | "write_row" | "write_column") {
            let off = path_option(event, "strings_to_formulas");
            if off { Vec::new() } else { args.iter().skip(1).take(4).map(|arg| &arg.value).collect() }
        } else if path.contains("openpyxl.Workbook()") && matches!(name, "append" | "cell") {
            args.iter().map(|arg| &arg.value).collect()
        } else if path.starts_with("csv.") && matches!(name, "writerow" | "writerows") {
            args.iter().map(|arg| &arg.value).collect()
        } else {
            Vec::new()
        };
    for value in cells {
        if let Some(store) = value.deep_labels().iter().find_map(|label| match label {
            Label::Record(name, clean) if *clean != Clean::ALL => Some(name.to_string()),
            _ => None,
        }) {
            out.push(Flow {
                source: Source::Stored,
                source_name: store,
                sink: Sink::Formula,
                sink_name: name.to_owned(),
                from: event.span,
                to: event.span,
                entry: None,
                limit: String::new(),
            });
        }
    }
}

/// Whether an option of the workbook that a call belongs to is switched off.
fn path_option(event: &Event, option: &str) -> bool {
    let EventKind::Call { callee, .. } = &event.kind else { return false };
    callee.calls().iter().any(|(_, args, _)| {
        args.iter().any(|arg| {
            arg.value.bool_field(option) == Some(false)
                || arg.value.field("options").is_some_and(|options| options.bool_field(option) == Some(false))
        })
    })
}

fn method(event: &Event, receiver: &Value, name: &str, args: &[Argument], out: &mut Vec<Flow>) {
    if name == "insertAdjacentHTML"
        && let Some(value) = event.arg(1)
    {
        push(event, value, Sink::Html, name, Clean::HTML, out);
    }
    if name == "html"
        && !matches!(receiver.kind, ValueKind::Object(_))
        && let Some(value) = event.arg(0)
    {
        push(event, value, Sink::Html, name, Clean::HTML, out);
    }
    sql(event, name, args, out);
}

fn sql(event: &Event, name: &str, args: &[Argument], out: &mut Vec<Flow>) {
    if stores::sql_text(name, args).is_none() {
        return;
    }
    for arg in args.iter().take(2) {
        // Values travel apart from the text (`query(text, [values])`); only the text's own parts matter.
        let text = match &arg.value.kind {
            ValueKind::Text(_) => arg.value.clone(),
            ValueKind::Choice(alternatives) => {
                match alternatives.iter().find(|(value, _)| matches!(value.kind, ValueKind::Text(_))) {
                    Some((value, _)) => value.clone(),
                    None => continue,
                }
            }
            ValueKind::Symbol(symbol) if symbol.last_name() == "text" || symbol.last_name() == "sql" => {
                match symbol.calls().pop().and_then(|(_, args, _)| args.first().map(|arg| arg.value.clone())) {
                    Some(value) if matches!(value.kind, ValueKind::Text(_)) => value,
                    _ => continue,
                }
            }
            ValueKind::Object(_) => match arg.value.field("text").or_else(|| arg.value.field("sql")) {
                Some(value) if matches!(value.kind, ValueKind::Text(_)) => value,
                _ => continue,
            },
            _ => continue,
        };
        push(event, &super::php::in_quotes(&text), Sink::Sql, name, Clean::SQL, out);
    }
}

/// Calls that make an answer: framework helpers.
fn is_answer_maker(path: &str) -> bool {
    [
        "NextResponse.json",
        "Response.json",
        "flask.jsonify",
        "JsonResponse",
        "@sveltejs/kit.json",
        "Response",
        "NextResponse",
        "json_encode",
        "HttpResponse",
        "response.json",
        "response().json",
        "Inertia.render",
        "inertia",
        "wp_send_json",
    ]
    .iter()
    .any(|name| ends(path, name))
}

/// Whether the answer was said to be something else than a page: a table, a download, plain text.
fn is_no_page(events: &[Event], index: usize) -> bool {
    let is_html = |value: Option<&Value>| value.and_then(Value::as_str).is_none_or(|kind| kind.contains("html"));
    events[..index].iter().filter(|earlier| earlier.path().starts_with("@res.")).any(|earlier| {
        match earlier.path().rsplit('.').next() {
            Some("attachment") => true,
            Some("type" | "contentType") => !is_html(earlier.arg(0)),
            Some("set" | "setHeader" | "header") => {
                earlier.arg(0).and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case("content-type"))
                    && !is_html(earlier.arg(1))
            }
            _ => false,
        }
    })
}

fn respond(events: &[Event], index: usize, path: &str, name: &str, args: &[Argument], out: &mut Vec<Flow>) {
    let event = &events[index];
    if !matches!(
        name,
        "json"
            | "send"
            | "end"
            | "write"
            | "render"
            | "jsonify"
            | "JsonResponse"
            | "html"
            | "text"
            | "body"
            | "Response"
            | "NextResponse"
            | "HttpResponse"
            | "json_encode"
            | "inertia"
    ) {
        return;
    }
    let values: Vec<&Value> = match name {
        "render" | "inertia" => args.iter().skip(1).map(|arg| &arg.value).collect(),
        "jsonify" => args.iter().map(|arg| &arg.value).collect(),
        _ => args.iter().take(1).map(|arg| &arg.value).collect(),
    };
    for value in values {
        // Text that is put together and sent as a page.
        let as_page = matches!(name, "send" | "html" | "end" | "write")
            && !path.contains(".json")
            && matches!(value.kind, ValueKind::Text(_));
        if as_page && !is_no_page(events, index) {
            push(event, value, Sink::Html, name, Clean::HTML, out);
        }
        if !is_error_status(path, event) {
            answer(event, value, name, out);
        } else if value.deep_labels().any(|label| matches!(label, Label::ErrorDetail)) {
            answer_error(event, name, out);
        }
    }
}

/// Calls that answer with a file.
fn sends_file(path: &str, name: &str) -> bool {
    match name {
        "send_from_directory" | "send_file" => path.starts_with("flask"),
        "FileResponse" => true,
        "sendFile" => path.starts_with("@res"),
        "download" => path.starts_with("@res") || path.starts_with("response()") || path.starts_with("Storage."),
        "file" => path.starts_with("response()"),
        _ => false,
    }
}

/// Stores of the records that a value was made from.
fn record_names(value: &Value) -> Vec<String> {
    let of = |label: &Label| match label {
        Label::Record(name, _) if !name.is_empty() => Some(name.to_string()),
        _ => None,
    };
    value.deep_labels().iter().filter_map(of).collect()
}

/// What `JSON.stringify` was given; other values as they are.
fn unwrapped(value: &Value) -> Value {
    match value.as_symbol().map(|symbol| &symbol.kind) {
        Some(SymbolKind::Call { callee, args, .. }) if callee.path == "JSON.stringify" => {
            args.first().map(|arg| arg.value.clone()).unwrap_or_default()
        }
        _ => value.clone(),
    }
}

fn answer_error(event: &Event, name: &str, out: &mut Vec<Flow>) {
    out.push(Flow {
        source: Source::ErrorDetail,
        source_name: "error".into(),
        sink: Sink::Response,
        sink_name: name.to_owned(),
        from: event.span,
        to: event.span,
        entry: None,
        limit: String::new(),
    });
}

/// Whether a call writes to the log of the server.
fn is_log(path: &str) -> bool {
    let Some((of, name)) = path.rsplit_once('.') else { return false };
    let of = of.rsplit(['.', '/']).next().unwrap_or(of);
    matches!(name, "log" | "info" | "debug" | "warn" | "error" | "trace" | "warning")
        && matches!(of, "console" | "logger" | "log" | "logging" | "winston" | "pino()" | "createLogger()")
}

/// Passwords and their hashes that are written to the log.
fn logged(event: &Event, name: &str, args: &[Argument], out: &mut Vec<Flow>) {
    let mut add = |source_name: String, limit: String| {
        out.push(Flow {
            source: Source::Credential,
            source_name,
            sink: Sink::Log,
            sink_name: name.to_owned(),
            from: event.span,
            to: event.span,
            entry: None,
            limit,
        });
    };
    // The value itself; what is made of it (its length, whether it fits, what a service answered to it) says little.
    let is_password = |value: &Value| {
        value
            .as_symbol()
            .is_some_and(|symbol| matches!(symbol.last_name().as_str(), "password" | "newPassword" | "passwd" | "pwd"))
            && value.labels.any(|label| matches!(label, Label::Input(..)))
    };
    for arg in args {
        let fields = arg.value.as_object().map(|object| object.fields.borrow().values().cloned().collect::<Vec<_>>());
        let mut values = fields.unwrap_or_default();
        values.push(arg.value.clone());
        for value in &values {
            // A field of the request is as certain as a column that is named.
            if is_password(value) {
                add("body".to_owned(), "only password".to_owned());
            }
            if is_one_record(value) {
                super::rows::columns_in(value, 4).iter().for_each(|found| add(found.store.clone(), found.encoded()));
            }
        }
    }
}

/// Whether a value is one record as a look-up gave it, and nothing that was made of it.
fn is_one_record(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Choice(ways) => ways.iter().any(|(value, _)| is_one_record(value)),
        ValueKind::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call { callee, .. } => matches!(
                callee.last_name().as_str(),
                "findOne" | "findById" | "findByPk" | "findUnique" | "findFirst" | "findOneBy"
            ),
            _ => false,
        },
        _ => false,
    }
}

/// What an answer gives away.
pub(crate) fn answer(event: &Event, value: &Value, name: &str, out: &mut Vec<Flow>) {
    let labels = value.deep_labels();
    let mut add = |source: Source, source_name: String, limit: String| {
        out.push(Flow {
            source,
            source_name,
            sink: Sink::Response,
            sink_name: name.to_owned(),
            from: event.span,
            to: event.span,
            entry: None,
            limit,
        });
    };
    if labels.any(|label| matches!(label, Label::ErrorDetail)) {
        add(Source::ErrorDetail, "error".into(), String::new());
    }
    let whole = rows(value, 3);
    let mut columns = super::rows::columns_in(value, 4);
    columns.sort();
    columns.dedup();
    for found in &columns {
        // Kept until it is known which columns the store has.
        add(Source::Credential, found.store.clone(), found.encoded());
        if !whole.contains(&found.store) {
            add(Source::Stored, found.store.clone(), "single fields".into());
        }
    }
    for row in whole {
        add(Source::Stored, row, String::new());
    }
    if labels.any(|label| matches!(label, Label::Token)) {
        add(Source::FreshToken, "token".into(), String::new());
    }
    if labels.any(|label| matches!(label, Label::Random | Label::Guessable(_))) {
        add(Source::FreshToken, "random".into(), String::new());
    }
}

/// Names of stores whose whole records are in a value.
fn rows(value: &Value, depth: u32) -> Vec<String> {
    if depth == 0 {
        return Vec::new();
    }
    let own = || -> Vec<String> {
        value
            .labels
            .iter()
            .filter_map(|label| match label {
                Label::Record(name, clean) if !clean.covers(Clean::ALL) && !name.is_empty() => Some(name.to_string()),
                _ => None,
            })
            .collect()
    };
    match &value.kind {
        // What the framework's own answer gives back (`return res.json(row)`) was told where it was sent.
        ValueKind::Symbol(symbol) if is_sent(symbol) => Vec::new(),
        ValueKind::Symbol(symbol) => match &symbol.kind {
            // An address is made of a record's id, and shows nothing of the record.
            SymbolKind::Call { callee, .. }
                if matches!(
                    callee.last_name().as_str(),
                    "redirect" | "url_for" | "reverse" | "reverse_lazy" | "HttpResponseRedirect" | "RedirectResponse"
                ) =>
            {
                Vec::new()
            }
            // A single field of a record is not the record.
            SymbolKind::Member(base, name) if !is_row_member(name) && base.path != "store:file" => Vec::new(),
            _ if is_derived(symbol) => Vec::new(),
            _ => own(),
        },
        ValueKind::Unknown => own(),
        ValueKind::Object(object) => {
            let inner: Vec<Value> = object
                .fields
                .borrow()
                .values()
                .chain(object.items.borrow().iter())
                .chain(object.spreads.borrow().iter())
                .cloned()
                .collect();
            inner.iter().flat_map(|inner| rows(inner, depth - 1)).collect()
        }
        ValueKind::Choice(alternatives) => alternatives.iter().flat_map(|(value, _)| rows(value, depth - 1)).collect(),
        ValueKind::Or(pair) => rows(&pair.0, depth - 1),
        ValueKind::And(pair) => rows(&pair.1, depth - 1),
        _ => Vec::new(),
    }
}

/// Whether a record's method of Django's gives a text about it: `user.get_full_name()`, `order.get_status_display()`.
fn tells_of_record(name: &str) -> bool {
    matches!(name, "get_full_name" | "get_short_name" | "get_username" | "get_absolute_url")
        || (name.starts_with("get_") && name.ends_with("_display"))
}

/// Whether a value was only made from a record by a plain function: `redirect(url_for('home', id=user.id))`.
pub(super) fn is_derived(symbol: &Symbol) -> bool {
    match &symbol.kind {
        SymbolKind::Call { callee, .. } if tells_of_record(&callee.last_name()) => true,
        SymbolKind::Call { callee, args, .. } => {
            callee.calls().is_empty()
                && args.iter().any(|arg| arg.value.deep_labels().any(|label| matches!(label, Label::Record(..))))
                && stores::recognise(&callee.path, None, args).is_none()
        }
        _ => false,
    }
}

/// Whether a value is what sending an answer gives back: what goes out with it was told where it was handed over. A
/// redirect of Laravel shows none of the records that its address and its note to the next page were made of.
pub(super) fn is_sent(symbol: &Symbol) -> bool {
    const ANSWERS: &[&str] =
        &["@res.", "@reply.", "response().", "redirect(", "back()", "Redirect.", "Inertia.", "inertia()"];
    ANSWERS.iter().any(|answer| symbol.path.starts_with(answer)) && symbol.path.ends_with("()")
}

pub(super) fn is_row_member(name: &str) -> bool {
    matches!(
        name,
        "rows"
            | "data"
            | "recordset"
            | "docs"
            | "result"
            | "results"
            | "user"
            | "users"
            | "0"
            | "row"
            | "record"
            | "records"
            | "dataValues"
            | "_doc"
    )
}

/// Whether something that came back with the code was looked at before it is redeemed, or the secret that only the browser
/// which asked was given (PKCE) goes along.
fn is_tied(events: &[Event], index: usize) -> bool {
    let tie = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        ["state", "nonce", "verifier"].iter().any(|word| last.ends_with(word))
    };
    let about = |value: &Value| {
        tie(value.path().trim_end_matches("()"))
            || value.deep_labels().any(|label| matches!(label, Label::Input(name, _) if tie(name)))
    };
    // That it was sent at all (`if (!code || !state)`) says nothing about who sent it.
    fn is_bare(value: &Value) -> bool {
        match &value.kind {
            ValueKind::Not(inner) => is_bare(inner),
            ValueKind::Symbol(symbol) => match &symbol.kind {
                SymbolKind::Call { .. } => symbol.path.ends_with(".get()"),
                _ => true,
            },
            _ => matches!(value.kind, ValueKind::Unknown),
        }
    }
    fn within(fact: &Fact, about: &dyn Fn(&Value) -> bool) -> bool {
        match fact {
            Fact::AnyOf { branches, .. } => branches.iter().flatten().any(|fact| within(fact, about)),
            Fact::Truthy { value, .. } if is_bare(value) => false,
            fact => super::beyond::values(fact).into_iter().any(about),
        }
    }
    // Taken apart or written down, it is not looked at.
    let reads_only = |event: &Event| {
        let name = event.path().rsplit(['.', '/']).next().unwrap_or_default().to_owned();
        matches!(
            name.as_str(),
            "decodeURIComponent" | "parse" | "atob" | "from" | "String" | "log" | "error" | "warn" | "info" | "debug"
        )
    };
    let event = &events[index];
    let verifies = |arg: &Argument| {
        let fields = [arg.value.clone(), arg.value.field("body").unwrap_or_default()];
        fields.iter().any(|value| ["code_verifier", "codeVerifier"].iter().any(|name| value.field(name).is_some()))
    };
    event.facts.iter().any(|fact| within(fact, &about))
        || event.args().iter().any(verifies)
        || events[..index]
            .iter()
            .filter(|earlier| !reads_only(earlier))
            .any(|earlier| earlier.args().iter().any(|arg| about(&arg.value)))
        || event.args().iter().any(|arg| about(&arg.value))
}

/// The code of a sign-in service that a call redeems: `client.getToken(code)`, or a request with
/// `grant_type: 'authorization_code'`. Libraries that serve the whole sign-in are not among them.
fn redeemed(path: &str, args: &[Argument]) -> Option<Value> {
    fn granted(value: &Value, depth: u32) -> Option<Value> {
        if depth == 0 {
            return None;
        }
        match &value.kind {
            ValueKind::Object(object) => {
                let fields = object.fields.borrow();
                if fields.get("grant_type").and_then(Value::as_str) == Some("authorization_code") {
                    return fields.get("code").cloned();
                }
                fields.values().find_map(|inner| granted(inner, depth - 1))
            }
            // `new URLSearchParams({ … })`, `JSON.stringify({ … })`
            ValueKind::Symbol(symbol) => symbol
                .calls()
                .iter()
                .flat_map(|(_, args, _)| args.iter())
                .find_map(|arg| granted(&arg.value, depth - 1)),
            _ => None,
        }
    }
    if path.ends_with("OAuth2().getToken") || path.ends_with("OAuth2Client().getToken") {
        let first = args.first().map(|arg| arg.value.clone())?;
        return Some(first.field("code").unwrap_or(first));
    }
    let name = path.rsplit(['.', '/']).next().unwrap_or(path);
    let asks = matches!(name, "fetch" | "$fetch" | "ofetch" | "post" | "request" | "axios" | "got" | "ky");
    args.iter().filter(|_| asks).find_map(|arg| granted(&arg.value, 4))
}

/// Whether an address begins with a fixed scheme and host, or a fixed path.
fn has_fixed_origin(value: &Value) -> bool {
    match &value.kind {
        ValueKind::Text(parts) => match parts.first() {
            Some(first) => {
                // `${base}/orders/${id}`: what is chosen stands behind the host.
                let chosen = |part: &Value| part.deep_labels().has_input(Clean::NONE);
                // A default in whose place something may be sent is not fixed.
                let text = if chosen(first) { "" } else { first.as_str().unwrap_or("") };
                let behind = parts
                    .iter()
                    .take_while(|part| !chosen(part))
                    .skip(1)
                    .any(|part| part.as_str().is_some_and(|text| text.starts_with(['/', '?'])));
                if behind {
                    return true;
                }
                // `https://api.example/…` or `/path?…`; a lone `/` could become `//host`.
                (text.contains("://") && text.len() > 8 && text.splitn(4, '/').nth(3).is_some())
                    || (text.starts_with('/') && text.len() > 1 && !text.starts_with("//"))
                    || text.ends_with('?')
                    || first.labels.any(|label| matches!(label, Label::Env(_)))
            }
            None => false,
        },
        ValueKind::Symbol(symbol) => {
            // `new URL(path, base)`: the second argument gives the origin.
            match &symbol.kind {
                // A whole address as its first argument goes around the base.
                SymbolKind::Call { callee, args, .. } => {
                    callee.last_name() == "URL"
                        && args.len() > 1
                        && (args[0].value.as_str().is_some() || has_fixed_origin(&args[0].value))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// The part of an address that decides where it leads: the first argument of `new URL(path, base)`.
fn addressed(value: &Value) -> Option<Value> {
    match &value.as_symbol()?.kind {
        SymbolKind::Call { callee, args, .. } if callee.last_name() == "URL" => Some(args.first()?.value.clone()),
        _ => None,
    }
}

pub(super) fn push(event: &Event, value: &Value, sink: Sink, name: &str, clean: Clean, out: &mut Vec<Flow>) {
    let labels: Labels = event.facts.vet(value).deep_labels();
    let mut seen: Vec<Source> = Vec::new();
    // The most exact name first.
    let mut ordered: Vec<&Label> = labels.iter().collect();
    ordered.sort_by_key(|label| match label {
        Label::Input(name, _) => usize::MAX - name.len(),
        _ => usize::MAX,
    });
    for label in ordered {
        let (source, source_name) = match label {
            Label::Input(name, known) if !known.covers(clean) => (Source::Request, name.to_string()),
            Label::Upload(name, known) if !known.covers(clean) => (Source::Upload, name.to_string()),
            Label::Record(name, known) if !known.covers(clean) => (Source::Stored, name.to_string()),
            Label::Browser(name, known) if !known.covers(clean) => (Source::Browser, name.to_string()),
            Label::Answer(known) if !known.covers(clean) => (Source::Stored, "answer".to_owned()),
            Label::ErrorDetail if sink == Sink::Html => (Source::ErrorDetail, "error".to_owned()),
            _ => continue,
        };
        // Records reach paths, addresses and queries all the time; only markup is a sink for what others wrote.
        if source == Source::Stored && sink != Sink::Html {
            continue;
        }
        if !seen.contains(&source) {
            seen.push(source);
            out.push(Flow {
                source,
                source_name,
                sink,
                sink_name: name.to_owned(),
                from: event.span,
                to: event.span,
                entry: None,
                limit: String::new(),
            });
        }
    }
}

/// Whether an event sends a successful answer.
pub(super) fn is_success_answer(event: &Event) -> bool {
    let path = event.path();
    let sends = (path.starts_with("@res.")
        || path.starts_with("@reply.")
        || path.starts_with("@c.")
        || path.starts_with("@ctx."))
        && matches!(
            path.rsplit('.').next(),
            Some("json" | "send" | "render" | "sendFile" | "end" | "html" | "text" | "download")
        );
    if sends {
        return !is_error_status(path, event);
    }
    if matches!(&event.kind, EventKind::Return { .. } | EventKind::Output { .. }) {
        return true;
    }
    is_answer_maker(path) && !is_error_status(path, event)
}

fn is_error_status(path: &str, event: &Event) -> bool {
    let EventKind::Call { callee, args } = &event.kind else { return false };
    let code = |value: &Value| matches!(value.kind, ValueKind::Num(number) if number >= 400.0);
    if path.contains(".status()") || path.contains(".code()") {
        return callee.calls().iter().any(|(name, args, _)| {
            matches!(name.as_str(), "status" | "code") && args.first().is_some_and(|arg| code(&arg.value))
        });
    }
    args.iter().any(|arg| {
        arg.value.field("status").is_some_and(|status| code(&status))
            || (arg.name.as_deref() == Some("status") && code(&arg.value))
    }) || args.get(1).is_some_and(|arg| code(&arg.value))
}

/// Names of the stores whose records an answer carries.
pub(super) fn records_in(event: &Event) -> Vec<String> {
    let mut out: Vec<String> = match &event.kind {
        EventKind::Call { args, .. } => args.iter().flat_map(|arg| rows(&arg.value, 3)).collect(),
        EventKind::Return { value } => rows(value, 3),
        _ => Vec::new(),
    };
    out.sort();
    out.dedup();
    // The file as a whole is named only where none of its tables is.
    if out.len() > 1 {
        out.retain(|name| name != "data file");
    }
    out
}

/// Whether an event sends something that is not constant.
pub(super) fn answers_with_data(event: &Event) -> bool {
    if !is_success_answer(event) {
        return false;
    }
    match &event.kind {
        EventKind::Call { args, .. } => args.iter().any(|arg| {
            let labels = arg.value.deep_labels();
            labels.any(|label| {
                matches!(label, Label::Record(..) | Label::Credential | Label::Token | Label::Answer(_) | Label::Env(_))
            })
        }),
        EventKind::Return { value } | EventKind::Output { value } => value
            .deep_labels()
            .any(|label| matches!(label, Label::Record(..) | Label::Credential | Label::Token | Label::Env(_))),
        _ => false,
    }
}
