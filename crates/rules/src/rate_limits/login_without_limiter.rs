//! A login accepts any number of wrong passwords.

use crate::access::{is_by_account_service, logins_given_away};
use crate::{Rule, Sink};
use plimsoll_model::app::{EffectKind, EntryPoint, GuardKind, GuardStanding, LiveLogin, LiveVerdict, Purpose, Reach};
use plimsoll_model::{App, Claim, Confidence, Gap, Severity};

pub(crate) static RULE: Rule = Rule {
    id: "login-without-limiter",
    summary: "a login accepts any number of wrong passwords",
    gap: Gap::MissingRateLimit,
    severity: Severity::High,
    cwe: &[307, 799],
    owasp: &["A07:2025"],
    asvs: &["6.3.1"],
    page: include_str!("login_without_limiter.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    // What was tried on the running app goes before what the code shows.
    let tried = app.live.login.as_ref().filter(|login| login.verdict != LiveVerdict::CouldNotTell);
    if let Some(login) = tried {
        from_the_running_app(app, login, sink);
    }
    let unlimited: Vec<(&EntryPoint, &str)> = app
        .entry_points
        .iter()
        .enumerate()
        .filter(|(index, _)| tried.is_none_or(|login| login.entry != Some(*index)))
        .filter_map(|(_, entry)| Some((entry, what_is_guessed(entry)?)))
        .collect();
    // Where the app has no limiter at all, that is one decision; where it has some, each login they miss is its own.
    let has_limiters = app.entry_points.iter().any(|entry| entry.holding(GuardKind::RateLimit).next().is_some());
    let at_once = if has_limiters { 1 } else { unlimited.len().max(1) };
    for group in unlimited.chunks(at_once) {
        let Some(((first, kind), rest)) = group.split_first() else { continue };
        let title = match rest.len() {
            0 => format!("Anyone may try passwords without end: {} ({kind})", first.label()),
            more => format!("Anyone may try passwords without end: {} ({kind}) and {more} more", first.label()),
        };
        let mut draft = sink
            .at(first.span, format!("{} has no limiter in front of it", first.label()))
            .title(title)
            .subject(first.label());
        for (entry, kind) in group {
            draft = draft
                .also(entry.span, format!("{} ({kind}) has no limiter in front of it", entry.label()))
                .also(entry.handler, "the handler");
            let checked = entry.effects.iter().filter(|effect| effect.kind == EffectKind::VerifyPassword);
            draft = draft.all(checked.map(|effect| effect.span), "the password is checked here");
            if let Some(guard) = entry.guards.iter().find(|guard| guard.kind == GuardKind::RateLimit) {
                let why = match &guard.standing {
                    GuardStanding::FailsOpen(why) => format!("this limiter does not hold: {why}"),
                    _ => "this limiter does not hold".to_owned(),
                };
                draft = draft.also(guard.span, why);
            }
            if *kind == "login" {
                let text = format!("tries passwords without end at {}", entry.label());
                draft = draft.grants([], Claim::GuessesUnlimited, text);
            }
        }
        draft.done();
    }
}

/// What can be guessed there without end, if anything.
fn what_is_guessed(entry: &EntryPoint) -> Option<&'static str> {
    let kind = if entry.purposes.contains(&Purpose::Login) {
        "login"
    } else if entry.purposes.contains(&Purpose::OneTimeCode) {
        "one-time code check"
    } else if entry.purposes.contains(&Purpose::PasswordReset) {
        "password reset"
    } else {
        return None;
    };
    // Where no password is asked for, none can be tried.
    if !logins_given_away(entry).is_empty() {
        return None;
    }
    // Only where the app itself checks the password: services such as Supabase limit attempts themselves.
    let by_service = entry.effects.iter().any(is_by_account_service);
    let own =
        entry.effects.iter().any(|effect| matches!(effect.kind, EffectKind::VerifyPassword | EffectKind::IssueSession));
    // A ticket of a login service, or one that renews a login, cannot be guessed as a password can. Of a whole body the
    // fields are not known.
    let by_password = entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword)
        || entry.inputs.is_empty()
        || entry.inputs.iter().any(|input| {
            let input = input.to_ascii_lowercase();
            input == "body" || ["pass", "pwd", "pin", "code", "secret"].iter().any(|word| input.contains(word))
        });
    // A page that only shows the form tries nothing.
    if by_service || entry.trivial || entry.opaque || (kind == "login" && !(own && by_password)) {
        return None;
    }
    // Setting a second factor up or switching it off asks the one who is signed in already.
    let own_factor = kind == "one-time code check"
        && entry.reach() != Reach::Anyone
        && ["setup", "enable", "disable", "activate", "enroll"].iter().any(|word| entry.path.contains(word));
    if own_factor {
        return None;
    }
    // An administrator's reset of somebody's password is no public form.
    let asks_for_name = entry.inputs.iter().any(|input| {
        let last = input.rsplit('.').next().unwrap_or(input).to_ascii_lowercase();
        last == "body" || ["mail", "phone", "username", "login"].iter().any(|word| last.contains(word))
    });
    let is_public = entry.reach() == Reach::Anyone && asks_for_name;
    let by_staff =
        entry.reach() == Reach::Role || !is_public && entry.effects.iter().any(|effect| effect.bypasses_policies);
    if kind == "password reset" && by_staff {
        return None;
    }
    // The link of a mail carries a long secret: who tries it guesses nothing, and no mail is sent.
    if kind == "password reset" && shows_long_secret(entry) {
        return None;
    }
    let is_limited = entry.holding(GuardKind::RateLimit).next().is_some()
        || entry.effects.iter().any(|effect| entry.holding_at(effect, GuardKind::RateLimit));
    (!is_limited).then_some(kind)
}

/// Whether a reset asks for the token of a link, and neither for a short code nor for the name of an account.
fn shows_long_secret(entry: &EntryPoint) -> bool {
    let asks = |words: &[&str]| {
        entry.inputs.iter().any(|input| {
            let last = input.rsplit('.').next().unwrap_or(input).to_ascii_lowercase();
            words.iter().any(|word| last.contains(word))
        })
    };
    asks(&["token"])
        && !asks(&["code", "otp", "pin", "mail", "phone", "user"])
        && !entry.effects.iter().any(|effect| effect.kind == EffectKind::SendMessage)
}

/// Wrong passwords were sent: whether something limited them is known.
fn from_the_running_app(app: &App, login: &LiveLogin, sink: &mut Sink<'_>) {
    if login.verdict == LiveVerdict::Passed {
        return;
    }
    let entry = login.entry.and_then(|index| app.entry_points.get(index));
    let name = entry.map_or_else(|| login.exchange.url.clone(), plimsoll_model::app::EntryPoint::label);
    let note = match &login.bypassed {
        Some(how) => format!("wrong passwords are limited, but {how}"),
        None => format!("{} wrong passwords in a row were all answered alike", login.attempts),
    };
    let mut draft = match entry {
        Some(entry) => {
            let mut draft = sink.at(entry.span, format!("{name} has no limiter that holds"));
            draft = draft.also(entry.handler, "the handler");
            for guard in entry.guards.iter().filter(|guard| guard.kind == GuardKind::RateLimit) {
                draft = draft.also(guard.span, "the code has this limiter, and it did not hold");
            }
            draft.also_live(&login.exchange, note)
        }
        None => sink.live(&login.exchange, note),
    };
    if login.verdict == LiveVerdict::Likely {
        draft = draft.confidence(Confidence::Likely);
    }
    draft
        .title(format!("Anyone may try passwords without end: {name} (login)"))
        .subject(name.clone())
        .grants([], Claim::GuessesUnlimited, format!("tries passwords without end at {name}"))
        .done();
}
