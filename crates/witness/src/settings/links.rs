//! Links in mails whose host is the one that a request names.

use plimsoll_analysis::{Event, Label};
use plimsoll_model::app::SettingSeen;

use super::Notes;

/// Headers that say to which host a request was sent, or from which page: whoever sends it writes them.
const HOSTS: &[&str] = &["host", "hostname", "x-forwarded-host", "origin", "referer", "referrer"];

/// A mail with a fresh token in it, and with a host that the request named.
pub(super) fn note(event: &Event, notes: &mut Notes) {
    let args = event.args();
    if !crate::handler::sends_messages(event.path(), args) {
        return;
    }
    let is_host = |name: &str| {
        name.strip_prefix("headers.").is_some_and(|name| HOSTS.iter().any(|host| name.eq_ignore_ascii_case(host)))
    };
    for arg in args {
        let labels = arg.value.deep_labels();
        let host = labels.iter().find_map(|label| match label {
            Label::Input(name, _) if is_host(name) => Some(name.to_string()),
            _ => None,
        });
        let secret = labels.any(|label| matches!(label, Label::Token | Label::Random | Label::Guessable(_)));
        if let Some(value) = host.filter(|_| secret) {
            notes.seen.push(SettingSeen {
                system: "mail".into(),
                key: "link-host-from-request".into(),
                value,
                span: event.span,
                also: Vec::new(),
            });
            return;
        }
    }
}
