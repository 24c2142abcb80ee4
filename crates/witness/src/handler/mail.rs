//! Mails as handlers send them: what of a call is shown as a page by the program that reads the mail.

use plimsoll_analysis::{Argument, SymbolKind, Value, ValueKind};

use super::effects;

/// How deep the text of a mail may lie in what a service is sent.
const DEPTH: u32 = 4;

/// The markup of the mail that a call sends, if it sends one with markup.
pub(super) fn markup_of(path: &str, args: &[Argument]) -> Option<Value> {
    if !effects::sends_messages(path, args) {
        return None;
    }
    args.iter().find_map(|arg| markup_in(&arg.value, DEPTH))
}

/// The field for markup: `html` of most libraries, `htmlContent` and the like of services; SendGrid's list of contents
/// says of each which kind it is.
fn markup_in(value: &Value, depth: u32) -> Option<Value> {
    if depth == 0 {
        return None;
    }
    match &value.kind {
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let named = ["html", "htmlContent", "htmlBody", "HtmlBody", "html_body", "Html"];
            if let Some(markup) = named.iter().find_map(|name| fields.get(*name)) {
                return Some(markup.clone());
            }
            // A field for any text, with tags in it.
            let any = ["content", "body", "message", "text"].iter().filter_map(|name| fields.get(*name));
            if let Some(markup) = any.into_iter().find(|text| text.text_shape().is_some_and(|text| text.contains("</")))
            {
                return Some(markup.clone());
            }
            if fields.get("type").and_then(Value::as_str) == Some("text/html") {
                return fields.get("value").cloned();
            }
            let items = object.items.borrow();
            fields.values().chain(items.iter()).find_map(|inner| markup_in(inner, depth - 1))
        }
        ValueKind::Choice(alternatives) => alternatives.iter().find_map(|(value, _)| markup_in(value, depth - 1)),
        // `JSON.stringify({ … })`
        ValueKind::Symbol(symbol) => match &symbol.kind {
            SymbolKind::Call { args, .. } => args.iter().find_map(|arg| markup_in(&arg.value, depth - 1)),
            _ => None,
        },
        _ => None,
    }
}
