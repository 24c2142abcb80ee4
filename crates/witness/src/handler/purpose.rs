//! What an entry point is for, by its path, its name and what it does.

use std::collections::BTreeSet;

use plimsoll_model::app::{EffectKind, EntryKind, EntryPoint, GuardKind, Purpose};

/// Target of what a service does that keeps the accounts (Supabase, Firebase).
pub(super) const SERVICE: &str = "authentication service";

/// The words of a path or name, lower case, camel case split.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for c in text.chars() {
        if (!c.is_alphanumeric() || (c.is_uppercase() && previous_lower)) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a value of the request is a code that was sent to somebody to be typed in.
fn is_short_code(input: &str) -> bool {
    let Some(name) = input.strip_prefix("body.") else { return false };
    let words = words_of(name);
    words.iter().any(|word| matches!(word.as_str(), "otp" | "pin" | "passcode"))
        || matches!(words.iter().map(String::as_str).collect::<Vec<_>>()[..], ["code"] | ["verification", "code"])
}

/// The purposes of an entry point whose effects are known.
pub(crate) fn purposes_of(entry: &EntryPoint) -> BTreeSet<Purpose> {
    let mut out = entry.purposes.clone();
    let mut words = words_of(&entry.path);
    if let Some(name) = &entry.name {
        words.extend(words_of(name));
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let joined = words.join(" ");
    let says = |list: &[&str]| list.iter().any(|phrase| joined.contains(phrase));
    let does = |kind: EffectKind| entry.effects.iter().any(|effect| effect.kind == kind);
    let acts = entry.can_write()
        || matches!(entry.kind, EntryKind::ServerAction | EntryKind::Function | EntryKind::ServerPage);

    if has(&["logout", "signout", "logoff"]) || says(&["log out", "sign out"]) {
        out.insert(Purpose::Logout);
        return out;
    }
    let is_reset =
        says(&["forgot", "reset password", "password reset", "recover", "resetpassword", "password forgot", "forget"]);
    if acts && is_reset {
        out.insert(Purpose::PasswordReset);
    }
    if acts
        && (says(&["one time", "verify code", "send code", "verify otp", "send otp", "two factor"])
            || has(&["otp", "2fa", "mfa", "totp", "pin"])
            || (has(&["phone", "sms", "mobile"]) && has(&["verify", "verification", "confirm"]))
            || (has(&["verify", "confirm"])
                && entry.inputs.iter().any(|input| is_short_code(input))
                && !has(&["coupon", "promo", "discount", "voucher", "referral", "invite", "invitation", "email"])))
    {
        out.insert(Purpose::OneTimeCode);
    }
    let login_words =
        has(&["login", "signin", "authenticate", "logon", "anmelden", "connexion", "ingresar", "giris", "inloggen"])
            || says(&[
                "log in",
                "sign in",
                "auth token",
                "auth session",
                "verify password",
                "check password",
                "verify pin",
            ]);
    let reads_password = entry.inputs.iter().any(|input| {
        let input = input.to_ascii_lowercase();
        input.contains("password")
            || input.ends_with(".pin")
            || input.ends_with("passwd")
            || input.contains("passwort")
            || input.ends_with(".pass")
    });
    let opens_session = entry
        .effects
        .iter()
        .any(|effect| effect.kind == EffectKind::Create && crate::knowledge::keeps_sessions(&effect.target));
    let register = has(&["register", "signup", "registration", "registrieren", "inscription"])
        || says(&["sign up", "create account", "create user"]);
    // Whoever has to be signed in already is asked for the password once more, not for a login.
    let is_signed_in = entry.holding(GuardKind::Authentication).next().is_some();
    // A page of whatever name that takes a password, looks accounts up and lets in.
    let lets_in = does(EffectKind::IssueSession)
        && reads_password
        && does(EffectKind::Read)
        && !is_signed_in
        && !entry.effects.iter().any(|effect| {
            matches!(effect.kind, EffectKind::SetPassword | EffectKind::CreateAccount)
                || (effect.kind.writes()
                    && effect.fields.iter().any(|field| words_of(field).contains(&"password".into())))
        });
    if acts
        && !is_reset
        && !register
        && (does(EffectKind::VerifyPassword)
            || lets_in
            || (login_words
                && (reads_password || entry.inputs.is_empty() || does(EffectKind::IssueSession) || opens_session)))
    {
        // A change of password verifies the old one.
        // (A page that is its own login shows its form where nobody is signed in yet.)
        let is_own_login = entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword && effect.ahead);
        let confirms = is_signed_in && does(EffectKind::VerifyPassword) && !login_words && !is_own_login;
        if confirms {
            if does(EffectKind::SetPassword) {
                out.insert(Purpose::PasswordChange);
            }
        } else if says(&["change password", "password change", "update password", "changepassword"]) {
            out.insert(Purpose::PasswordChange);
        } else if login_words || opens_session || does(EffectKind::IssueSession) || reads_password {
            out.insert(Purpose::Login);
        }
    }
    if acts && register && (reads_password || does(EffectKind::CreateAccount) || does(EffectKind::Create)) {
        out.insert(Purpose::Register);
    }
    // Whatever its name, it does nothing to the caller's own account but set the password.
    let sets_own = |effect: &plimsoll_model::app::Effect| {
        effect.limited_to_caller
            && effect.kind.writes()
            && !effect.fields.is_empty()
            && effect.fields.iter().all(|field| {
                let words = words_of(field);
                words.iter().any(|word| matches!(word.as_str(), "password" | "passwd" | "updated"))
            })
            && effect.fields.iter().any(|field| words_of(field).contains(&"password".into()))
    };
    // A profile that takes whatever is sent, a password among it.
    let takes_all = |effect: &plimsoll_model::app::Effect| {
        effect.limited_to_caller && effect.kind == EffectKind::Update && effect.writes_whole_input && reads_password
    };
    if acts
        && (says(&["change password", "update password", "password change"])
            || has(&["changepassword", "updatepassword"])
            || (is_signed_in && !is_reset && entry.effects.iter().any(|effect| sets_own(effect) || takes_all(effect))))
    {
        out.insert(Purpose::PasswordChange);
    }
    if entry.inputs.iter().any(|input| input.starts_with("file") || input.contains(".file"))
        || (acts && has(&["upload", "uploads"]) && does(EffectKind::WriteFile))
    {
        out.insert(Purpose::Upload);
    }
    if has(&["webhook", "webhooks", "callback", "ipn", "hook"]) && acts && !has(&["oauth", "auth", "google", "github"])
    {
        out.insert(Purpose::Webhook);
    }
    if has(&["cron", "scheduled", "job", "jobs"]) && says(&["cron", "scheduled"]) {
        out.insert(Purpose::Cron);
    }
    if has(&["seed", "setup", "init", "initialize", "migrate", "install", "bootstrap", "createdb"])
        || says(&["fix schema", "create admin", "first admin", "setup database"])
    {
        out.insert(Purpose::Setup);
    }
    // The status of an order is no sign of life, and neither is a switch.
    let switches = has(&["toggle", "update", "change", "set", "edit", "switch"]);
    let names_data = entry.effects.iter().any(|effect| effect.kind.touches_data() && !effect.target.is_empty());
    if (has(&["health", "healthz", "ping", "heartbeat"])
        || has(&["status", "ready", "version"]) && !names_data && !switches)
        && entry.effects.iter().all(|effect| !effect.kind.writes())
    {
        out.insert(Purpose::Health);
    }
    if has(&["export", "download", "backup", "dump", "csv", "report", "reports"]) {
        out.insert(Purpose::Export);
    }
    if has(&["admin", "administrator", "superadmin", "backoffice"]) {
        out.insert(Purpose::Admin);
    }
    let by_service = |effect: &&plimsoll_model::app::Effect| effect.target == SERVICE;
    if does(EffectKind::CallAi)
        || entry
            .effects
            .iter()
            .filter(|effect| !by_service(effect))
            .any(|effect| effect.kind == EffectKind::SendMessage)
    {
        out.insert(Purpose::PaidApi);
    }
    // Where a provider of logins sends visitors back with a code of its own; it opens nothing but their own account.
    let back_from_login = has(&["callback", "oauth", "oauth2", "sso"])
        && entry.inputs.iter().any(|input| matches!(input.as_str(), "query.code" | "query.state"));
    if back_from_login {
        out.insert(Purpose::PublicByDesign);
    }
    // Whoever renews a login shows the token that was given for it.
    let renews = has(&["refresh"]) && entry.inputs.iter().any(|input| input.to_ascii_lowercase().contains("token"));
    if renews {
        out.insert(Purpose::PublicByDesign);
    }
    // A form that strangers fill in: it takes something, and shows or changes nothing of what others sent. What decides
    // is the address; handlers of a CRM are called after its contacts and leads, too.
    let address = if entry.path.starts_with('/') { words_of(&entry.path) } else { words.clone() };
    let form_named = address.iter().any(|word| {
        matches!(
            word.as_str(),
            "contact"
                | "newsletter"
                | "subscribe"
                | "feedback"
                | "lead"
                | "leads"
                | "quote"
                | "inquiry"
                | "enquiry"
                | "waitlist"
        )
    });
    let shows =
        entry.methods.iter().all(|method| method == "GET") && !entry.methods.is_empty() && does(EffectKind::Read);
    let picks = entry.effects.iter().any(|effect| {
        effect.kind == EffectKind::Delete || (effect.kind == EffectKind::Update && effect.picked_by_input)
    });
    if form_named && !shows && !picks {
        out.insert(Purpose::PublicByDesign);
    }
    // The token of a login is no key of a link.
    let by_session = entry.effects.iter().any(|effect| crate::knowledge::keeps_sessions(&effect.target));
    // What is there to be looked at may be looked at, and changed by nobody who comes along.
    let is_shown = has(&[
        "catalog",
        "catalogue",
        "menu",
        "products",
        "posts",
        "blog",
        "faq",
        "opening",
        "hours",
        "availability",
        "testimonials",
        "sitemap",
        "robots",
        "rss",
        "feed",
        "manifest",
        "webmanifest",
    ]);
    if (is_shown && !entry.effects.iter().any(changes))
        || has(&["public", "share", "shared", "track", "reviews"])
        || says(&["contact us", "opening hours", "by token", "book appointment"])
        // Whoever shows the token of a mail, or asks for another mail, has no login yet.
        || (acts && says(&["verify email", "verifyemail", "confirm email", "email verification", "resend verification"]))
        // Open positions and the form to apply; the applications themselves are not.
        || (has(&["careers", "career", "vacancies"]) && !has(&["applications", "applicants", "candidates"]))
        || entry.inputs.iter().any(|input| {
            // A link that carries its own key; what is done with the key (`params.token.encode`) does not matter.
            ["params.token", "params.slug", "query.token", "params.code", "params.share"]
                .iter()
                .any(|key| input.starts_with(key) && !(by_session && *key == "query.token"))
        })
    {
        out.insert(Purpose::PublicByDesign);
    }
    out
}

/// Whether an effect changes stored data; counting how often something was looked at does not.
fn changes(effect: &plimsoll_model::app::Effect) -> bool {
    let counts = |field: &String| {
        let words = words_of(field);
        words.iter().any(|word| matches!(word.as_str(), "view" | "views" | "hits" | "visits" | "clicks" | "downloads"))
    };
    let counts = effect.kind == EffectKind::Update && !effect.fields.is_empty() && effect.fields.iter().all(counts);
    effect.kind.writes() && !counts
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn words() {
        assert_eq!(words_of("/api/auth/resetPassword/:id"), ["api", "auth", "reset", "password", "id"]);
        assert_eq!(words_of("createAdminUser"), ["create", "admin", "user"]);
        assert_eq!(words_of("get_2fa-code"), ["get", "2fa", "code"]);
    }
}
