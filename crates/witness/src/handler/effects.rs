//! Effects: what events do to the world.

use std::rc::Rc;

use plimsoll_analysis::{
    Argument, Clean, Event, EventKind, Fact, Label, Labels, Site, Symbol, SymbolKind, Value, ValueKind,
};
use plimsoll_ir::Str;
use plimsoll_model::app::{Effect, EffectKind};

use crate::guards::is_privilege_name;
use crate::knowledge::stores::{self, StoreCall};

/// Calls by the end of their path, with what they do.
const CALLS: &[(&str, EffectKind)] = &[
    // passwords and sessions
    ("bcrypt.compare", EffectKind::VerifyPassword),
    ("bcrypt.compareSync", EffectKind::VerifyPassword),
    ("bcryptjs.compare", EffectKind::VerifyPassword),
    ("bcryptjs.compareSync", EffectKind::VerifyPassword),
    ("argon2.verify", EffectKind::VerifyPassword),
    ("check_password_hash", EffectKind::VerifyPassword),
    ("check_password", EffectKind::VerifyPassword),
    ("bcrypt.verify", EffectKind::VerifyPassword),
    ("CryptContext().verify", EffectKind::VerifyPassword),
    ("PasswordHash().verify", EffectKind::VerifyPassword),
    ("pbkdf2_sha256.verify", EffectKind::VerifyPassword),
    ("PasswordHasher().verify", EffectKind::VerifyPassword),
    ("bcrypt.checkpw", EffectKind::VerifyPassword),
    ("password_verify", EffectKind::VerifyPassword),
    ("Hash.check", EffectKind::VerifyPassword),
    ("Auth.attempt", EffectKind::VerifyPassword),
    ("django.contrib.auth.authenticate", EffectKind::VerifyPassword),
    ("auth.authenticate", EffectKind::VerifyPassword),
    ("signInWithPassword", EffectKind::VerifyPassword),
    ("signInWithEmailAndPassword", EffectKind::VerifyPassword),
    ("jsonwebtoken.sign", EffectKind::IssueSession),
    ("SignJWT().sign", EffectKind::IssueSession),
    ("jwt.encode", EffectKind::IssueSession),
    ("create_access_token", EffectKind::IssueSession),
    ("RefreshToken.for_user", EffectKind::IssueSession),
    ("AccessToken.for_user", EffectKind::IssueSession),
    ("login_user", EffectKind::IssueSession),
    ("django.contrib.auth.login", EffectKind::IssueSession),
    ("auth.login", EffectKind::IssueSession),
    ("Auth.login", EffectKind::IssueSession),
    ("createSessionCookie", EffectKind::IssueSession),
    ("createCustomToken", EffectKind::IssueSession),
    ("@req.login", EffectKind::IssueSession),
    ("@req.logIn", EffectKind::IssueSession),
    ("set_password", EffectKind::SetPassword),
    ("auth.resetPasswordForEmail", EffectKind::SendMessage),
    ("sendPasswordResetEmail", EffectKind::SendMessage),
    ("auth.signInWithOtp", EffectKind::SendMessage),
    ("auth.resend", EffectKind::SendMessage),
    ("auth.verifyOtp", EffectKind::VerifyPassword),
    ("confirmPasswordReset", EffectKind::SetPassword),
    ("auth.updateUser", EffectKind::SetPassword),
    ("createUserWithEmailAndPassword", EffectKind::CreateAccount),
    ("auth.signUp", EffectKind::CreateAccount),
    ("updatePassword", EffectKind::SetPassword),
    // files
    ("fs.writeFile", EffectKind::WriteFile),
    ("fs.writeFileSync", EffectKind::WriteFile),
    ("fs/promises.writeFile", EffectKind::WriteFile),
    ("promises.writeFile", EffectKind::WriteFile),
    ("fs.appendFile", EffectKind::WriteFile),
    ("fs.appendFileSync", EffectKind::WriteFile),
    ("fs.createWriteStream", EffectKind::WriteFile),
    ("fs.rename", EffectKind::WriteFile),
    ("fs.renameSync", EffectKind::WriteFile),
    ("fs.unlink", EffectKind::DeleteFile),
    ("fs.unlinkSync", EffectKind::DeleteFile),
    ("promises.unlink", EffectKind::DeleteFile),
    ("fs.rm", EffectKind::DeleteFile),
    ("fs.rmSync", EffectKind::DeleteFile),
    ("os.remove", EffectKind::DeleteFile),
    ("shutil.rmtree", EffectKind::DeleteFile),
    ("move_uploaded_file", EffectKind::WriteFile),
    ("file_put_contents", EffectKind::WriteFile),
    ("unlink", EffectKind::DeleteFile),
    ("api_sign_request", EffectKind::WriteFile),
    ("createPresignedPost", EffectKind::WriteFile),
    ("@vercel/blob.put", EffectKind::WriteFile),
    ("@vercel/blob.del", EffectKind::DeleteFile),
    ("@vercel/blob.list", EffectKind::ReadFile),
    ("uploader.upload", EffectKind::WriteFile),
    ("uploader.upload_stream", EffectKind::WriteFile),
    ("uploader.destroy", EffectKind::DeleteFile),
    ("UTApi().uploadFiles", EffectKind::WriteFile),
    ("UTApi().deleteFiles", EffectKind::DeleteFile),
    ("PutObjectCommand", EffectKind::WriteFile),
    ("DeleteObjectCommand", EffectKind::DeleteFile),
    ("storage.uploadBytes", EffectKind::WriteFile),
    ("storage.uploadBytesResumable", EffectKind::WriteFile),
    ("storage.uploadString", EffectKind::WriteFile),
    ("GetObjectCommand", EffectKind::ReadFile),
    ("ListObjectsV2Command", EffectKind::ReadFile),
    ("fs.readFile", EffectKind::ReadFile),
    ("fs.readFileSync", EffectKind::ReadFile),
    ("promises.readFile", EffectKind::ReadFile),
    ("fs/promises.readFile", EffectKind::ReadFile),
    ("fs.createReadStream", EffectKind::ReadFile),
    ("@res.sendFile", EffectKind::ReadFile),
    ("@res.download", EffectKind::ReadFile),
    ("send_file", EffectKind::ReadFile),
    ("send_from_directory", EffectKind::ReadFile),
    ("FileResponse", EffectKind::ReadFile),
    ("readfile", EffectKind::ReadFile),
    ("Storage.download", EffectKind::ReadFile),
    // processes
    ("child_process.exec", EffectKind::Execute),
    ("child_process.execSync", EffectKind::Execute),
    ("child_process.spawn", EffectKind::Execute),
    ("child_process.spawnSync", EffectKind::Execute),
    ("child_process.execFile", EffectKind::Execute),
    ("os.system", EffectKind::Execute),
    ("subprocess.run", EffectKind::Execute),
    ("subprocess.call", EffectKind::Execute),
    ("subprocess.Popen", EffectKind::Execute),
    ("subprocess.check_output", EffectKind::Execute),
    ("shell_exec", EffectKind::Execute),
    ("passthru", EffectKind::Execute),
    // messages
    (".sendMail", EffectKind::SendMessage),
    ("emails.send", EffectKind::SendMessage),
    ("mail.send", EffectKind::SendMessage),
    ("sgMail.send", EffectKind::SendMessage),
    ("@sendgrid/mail.send", EffectKind::SendMessage),
    ("messages.create", EffectKind::SendMessage),
    ("send_mail", EffectKind::SendMessage),
    (".send_message", EffectKind::SendMessage),
    (".sendmail", EffectKind::SendMessage),
    ("Mail.send", EffectKind::SendMessage),
    ("wp_mail", EffectKind::SendMessage),
    ("sendEmail", EffectKind::SendMessage),
    ("SESClient().send", EffectKind::SendMessage),
    ("Core.SendEmail", EffectKind::SendMessage),
    ("users.inviteUser", EffectKind::CreateAccount),
    // AI
    ("Core.InvokeLLM", EffectKind::CallAi),
    ("Core.GenerateImage", EffectKind::CallAi),
    ("chat.completions.create", EffectKind::CallAi),
    ("responses.create", EffectKind::CallAi),
    ("images.generate", EffectKind::CallAi),
    ("embeddings.create", EffectKind::CallAi),
    ("audio.transcriptions.create", EffectKind::CallAi),
    ("Anthropic().messages.create", EffectKind::CallAi),
    ("sdk.messages.create", EffectKind::CallAi),
    ("ai.generateText", EffectKind::CallAi),
    ("ai.streamText", EffectKind::CallAi),
    ("ai.generateObject", EffectKind::CallAi),
    (".generateContent", EffectKind::CallAi),
    (".generate_content", EffectKind::CallAi),
    (".generateContentStream", EffectKind::CallAi),
    ("genkit().generate", EffectKind::CallAi),
    ("definePrompt()", EffectKind::CallAi),
    ("replicate.run", EffectKind::CallAi),
    // payments
    ("checkout.sessions.create", EffectKind::Payment),
    ("paymentIntents.create", EffectKind::Payment),
    ("charges.create", EffectKind::Payment),
    ("refunds.create", EffectKind::Payment),
    ("subscriptions.create", EffectKind::Payment),
    ("PaymentIntent.create", EffectKind::Payment),
    ("checkout.Session.create", EffectKind::Payment),
];

/// Calls to a service that keeps the accounts: it checks passwords, sends its own messages and limits attempts.
const OF_SERVICE: &[&str] = &[
    "signInWithPassword",
    "signInWithEmailAndPassword",
    "auth.signUp",
    "auth.resetPasswordForEmail",
    "sendPasswordResetEmail",
    "auth.signInWithOtp",
    "auth.resend",
    "auth.verifyOtp",
    "confirmPasswordReset",
    "auth.updateUser",
];

/// Hosts of paid AI services, for calls by plain HTTP.
const AI_HOSTS: &[&str] = &[
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "api.groq.com",
    "api.mistral.ai",
    "openrouter.ai",
    "api.deepseek.com",
    "api.perplexity.ai",
    "api.together.xyz",
    "api.cohere",
    "ai.gateway.lovable.dev",
    "api.replicate.com",
    "api.stability.ai",
    "api.elevenlabs.io",
    "api-inference.huggingface.co",
    "router.huggingface.co",
    "api.x.ai",
    "integrate.api.nvidia.com",
    "ai.api.nvidia.com",
    ".openai.azure.com",
    "models.inference.ai.azure.com",
    "models.github.ai",
    "aiplatform.googleapis.com",
    "gateway.ai.cloudflare.com",
    "ai-gateway.vercel.sh",
    "api.fireworks.ai",
    "api.deepinfra.com",
    "api.cerebras.ai",
    "api.sambanova.ai",
    "api.moonshot.",
    "dashscope.aliyuncs.com",
    "dashscope-intl.aliyuncs.com",
    "open.bigmodel.cn",
    "api.z.ai",
    "api.minimax.",
    "fal.run",
    "api.assemblyai.com",
    "api.deepgram.com",
    "api.heygen.com",
    "api.d-id.com",
    "api.remove.bg",
];

/// Hosts of services that send mail and text messages, for calls by plain HTTP.
const MESSAGE_HOSTS: &[&str] = &[
    "api.resend.com",
    "api.sendgrid.com",
    "api.twilio.com",
    "api.mailgun.net",
    "api.eu.mailgun.net",
    "api.postmarkapp.com",
    "api.brevo.com",
    "api.sendinblue.com",
    "api.mailersend.com",
    "api.smtp2go.com",
    "api.vonage.com",
    "rest.nexmo.com",
    "api.telnyx.com",
    "api.plivo.com",
    "gmail.googleapis.com",
    "api.infobip.com",
    "/sms/2/text/",
    "api.ultramsg.com",
    "graph.facebook.com/v",
    "api.textlocal.in",
    "api.msg91.com",
    "api.solapi.com",
    "api.africastalking.com",
    "rest.clicksend.com",
    "api.sms.ir",
    "fcm.googleapis.com",
];

/// Calls that request a URL.
const FETCHES: &[&str] = &[
    "fetch",
    "axios",
    "axios.get",
    "axios.post",
    "axios.put",
    "axios.request",
    "got",
    "got.get",
    "got.post",
    "node-fetch",
    "undici.request",
    "undici.fetch",
    "http.get",
    "https.get",
    "http.request",
    "https.request",
    "requests.get",
    "requests.post",
    "requests.put",
    "requests.request",
    "httpx.get",
    "httpx.post",
    "httpx.AsyncClient().get",
    "httpx.AsyncClient().post",
    "httpx.Client().get",
    "httpx.Client().post",
    "requests.Session().get",
    "requests.Session().post",
    "requests.session().get",
    "aiohttp.ClientSession().get",
    "aiohttp.ClientSession().post",
    "urllib.request.urlopen",
    "curl_exec",
    "Http.get",
    "Http.post",
    "superagent.get",
    "superagent.post",
    "needle",
    "ky",
    "ky.get",
    "ky.post",
    "$fetch",
];

/// Whether a call sends a message: by a library, or by plain HTTP to a service that does.
pub(crate) fn sends_messages(path: &str, args: &[Argument]) -> bool {
    let known = said_by(path);
    if known.sends_messages {
        return true;
    }
    known.fetches
        && args
            .first()
            .and_then(|arg| arg.value.text_shape())
            .is_some_and(|url| MESSAGE_HOSTS.iter().any(|host| url.contains(host)) || is_letter_to(&url, args))
}

/// Whether a request to an address outside carries a letter.
fn is_letter_to(url: &str, args: &[Argument]) -> bool {
    url.starts_with("https://") && args.iter().skip(1).any(|arg| is_letter(&arg.value, 4))
}

/// What the tables say of the calls under a path.
#[derive(Clone, Copy)]
struct SaidByPath {
    kind: Option<EffectKind>,
    by_service: bool,
    sends_messages: bool,
    fetches: bool,
}

fn said_by(path: &str) -> SaidByPath {
    thread_local! {
        static KNOWN: crate::knowledge::Remembered<SaidByPath> = crate::knowledge::Remembered::default();
    }
    KNOWN.with(|known| {
        known.get_or(path, || {
            // Language models are sent messages, too: `anthropic.messages.create()`.
            let to_model = path.contains("@anthropic-ai/") || path.contains("Anthropic()");
            let mut kinds = CALLS
                .iter()
                .filter(|(name, kind)| ends(path, name) && !(to_model && *kind == EffectKind::SendMessage))
                .map(|(_, kind)| *kind);
            let kind = kinds.next().or_else(|| {
                let asks = ["messages.create", "messages.stream"].iter().any(|name| path.ends_with(name));
                (to_model && asks).then_some(EffectKind::CallAi)
            });
            SaidByPath {
                kind,
                by_service: OF_SERVICE.iter().any(|name| path.ends_with(name)),
                sends_messages: kind.into_iter().chain(kinds).any(|kind| kind == EffectKind::SendMessage),
                fetches: FETCHES.iter().any(|name| ends(path, name)),
            }
        })
    })
}

/// The effect of an event, if it has one.
pub(super) fn effect_of(events: &[Event], index: usize) -> Option<Effect> {
    let mut effect = effect_at(events, index)?;
    // Who shows the ticket of a login finds the row of that login.
    effect.limited_to_caller |=
        effect.kind == EffectKind::Read && effect.picked_by_input && crate::knowledge::keeps_sessions(&effect.target);
    Some(effect)
}

fn effect_at(events: &[Event], index: usize) -> Option<Effect> {
    let event = &events[index];
    match &event.kind {
        EventKind::Call { callee, args } => call(events, index, callee, args),
        EventKind::Method { receiver, name, args } => method(event, receiver, name, args),
        EventKind::Assign { receiver, property, index: key, value } => key
            .as_ref()
            .filter(|_| property.is_empty())
            .and_then(|key| any_field(event, receiver, key))
            .or_else(|| assign(event, receiver, property, value))
            .or_else(|| changed(events, index, receiver)),
        _ => None,
    }
}

/// `setattr(user, key, value)` with whatever names the request brings.
fn any_field(event: &Event, receiver: &Value, key: &Value) -> Option<Effect> {
    let symbol = receiver.as_symbol()?;
    let store = receiver.labels.iter().find_map(|label| match label {
        Label::Record(name, _) if !name.is_empty() => Some(name.to_string()),
        _ => None,
    });
    // What a visit keeps is the caller's, too, and no record. (A session of a database stands further in front.)
    let last = symbol.last_name().to_ascii_lowercase();
    let of_caller = receiver.labels.has_identity() && !last.contains("session");
    let target = store.or_else(|| of_caller.then(|| "User".to_owned()))?;
    // Names that the code lists are the app's own choice.
    if !event.facts.vet(key).labels.has_input(Clean::ALL) {
        return None;
    }
    let mut effect = effect(EffectKind::Update, target, event);
    effect.writes_whole_input = true;
    effect.limited_to_caller = of_caller;
    Some(effect)
}

/// A record whose fields are given new values and which its session then commits (SQLAlchemy): the first of the values
/// stands for all of them.
fn changed(events: &[Event], index: usize, receiver: &Value) -> Option<Effect> {
    let store = |value: &Value| {
        value.labels.iter().find_map(|label| match label {
            Label::Record(name, _) if !name.is_empty() => Some(name.clone()),
            _ => None,
        })
    };
    let (target, symbol) = (store(receiver)?, receiver.as_symbol()?);
    let same = |other: &Event| match &other.kind {
        EventKind::Assign { receiver: other, property, .. } => {
            (other.path() == symbol.path && store(other).as_ref() == Some(&target)).then(|| property.to_string())
        }
        _ => None,
    };
    if events[..index].iter().any(|earlier| same(earlier).is_some()) {
        return None;
    }
    let later = &events[index..];
    let commits = later
        .iter()
        .any(|event| matches!(&event.kind, EventKind::Call { callee, .. } if callee.last_name() == "commit"));
    if !commits {
        return None;
    }
    let mut effect = effect(EffectKind::Update, target.to_string(), &events[index]);
    effect.fields = later.iter().filter_map(same).collect();
    let labels = symbol
        .calls()
        .iter()
        .flat_map(|(_, args, _)| args.iter())
        .fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
    effect.picked_by_input = labels.any(
        |label| matches!(label, Label::Input(name, _) if !name.starts_with("headers") && !name.starts_with("cookies")),
    );
    effect.limited_to_caller = receiver.labels.has_identity();
    Some(effect)
}

fn effect(kind: EffectKind, target: impl Into<String>, event: &Event) -> Effect {
    Effect { by_link: needs_no_body(event), ..Effect::new(kind, target, event.span) }
}

/// Whether nothing before an event tests the request's method or looks into its body, and it takes nothing from there.
fn needs_no_body(event: &Event) -> bool {
    let of_body = |value: &Value| {
        value.path().ends_with(".method")
            || value.deep_labels().any(
                |label| matches!(label, Label::Input(name, _) if name.starts_with("body") || name.starts_with("file")),
            )
    };
    fn tests(fact: &Fact, of_body: &dyn Fn(&Value) -> bool) -> bool {
        match fact {
            Fact::Truthy { value, .. } => of_body(value),
            Fact::Equal { left, right, .. } | Fact::Compared { left, right, .. } => of_body(left) || of_body(right),
            Fact::In { value, among, .. } => of_body(value) || of_body(among),
            Fact::AnyOf { branches, .. } => branches.iter().flatten().any(|fact| tests(fact, of_body)),
            Fact::Passed { .. } => false,
        }
    }
    let tested = event.facts.iter().any(|fact| tests(fact, &of_body));
    let takes = matches!(&event.kind, EventKind::Call { args, .. } if args.iter().any(|arg| of_body(&arg.value)));
    !tested && !takes
}

/// Whether `path` ends with `name` at a boundary.
pub(crate) fn ends(path: &str, name: &str) -> bool {
    crate::knowledge::ends_with_name(path, name)
}

fn call(events: &[Event], index: usize, callee: &Symbol, args: &[Argument]) -> Option<Effect> {
    let event = &events[index];
    let path = callee.path.as_str();
    if is_broadcast(callee, args) {
        let mut effect = effect(EffectKind::Broadcast, "", event);
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        effect.fields = labels
            .iter()
            .filter_map(|label| match label {
                Label::Record(name, clean) if !clean.covers(Clean::ALL) && !name.is_empty() => Some(name.to_string()),
                _ => None,
            })
            .collect();
        effect.target = effect.fields.first().cloned().unwrap_or_default();
        effect.picked_by_input = labels.has_input(Clean::ALL);
        return Some(effect);
    }
    if let SymbolKind::Member(base, name) = &callee.kind
        && let Some(effect) = file_store(event, &base.path, name, args)
    {
        return Some(effect);
    }
    if let Some(found) = super::php::effect_of(path, args) {
        let (kind, target) = found?;
        let mut effect = effect(kind, target, event);
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        effect.picked_by_input = labels.has_input(Clean::NONE);
        effect.limited_to_caller = labels.has_identity();
        return Some(effect);
    }
    // `fs` comes as `fs`, `node:fs`, `fs/promises`, as a default or under a name: the module is what counts.
    let known = said_by(path);
    if let Some(kind) = &known.kind {
        // A service that keeps the accounts checks passwords, and limits attempts, itself.
        let target = if known.by_service {
            super::purpose::SERVICE.to_owned()
        } else {
            args.first().and_then(|arg| arg.value.text_shape()).unwrap_or_default()
        };
        let mut effect = effect(*kind, target, event);
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        effect.picked_by_input = if *kind == EffectKind::SendMessage {
            args.iter().any(|arg| recipient_from_input(&arg.value, 3))
        } else {
            labels.has_input(Clean::NONE)
        };
        effect.limited_to_caller = labels.has_identity();
        return Some(effect);
    }
    if let Some(to) = addressees(callee) {
        let mut effect = effect(EffectKind::SendMessage, "", event);
        effect.picked_by_input =
            to.iter().any(|to| to.deep_labels().any(|label| matches!(label, Label::Input(..))) || is_just_written(to));
        return Some(effect);
    }
    // Django's own form for logging in, and those that inherit from it, check the password where they validate.
    if path.contains("AuthenticationForm") && matches!(callee.last_name().as_str(), "is_valid" | "get_user") {
        return Some(effect(EffectKind::VerifyPassword, "", event));
    }
    // Passport's strategy for names and passwords, run by the handler itself.
    if path == "passport.authenticate"
        && event.arg(0).and_then(Value::as_str).is_some_and(|name| name.starts_with("local"))
    {
        return Some(effect(EffectKind::VerifyPassword, "", event));
    }
    // A home-made check of a password: what was sent against what is stored, in constant time.
    if matches!(callee.last_name().as_str(), "timingSafeEqual" | "compare_digest" | "hash_equals") {
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        let of_record = labels.any(|label| matches!(label, Label::Record(..)));
        let of_input = labels.any(|label| matches!(label, Label::Input(name, _) if name.starts_with("body")));
        return (of_record && of_input).then(|| effect(EffectKind::VerifyPassword, "", event));
    }
    // Laravel's rule compares what is sent with the caller's own password.
    if matches!(callee.last_name().as_str(), "validate" | "validateWithBag" | "make")
        && args.iter().any(|arg| asks_current_password(&arg.value))
    {
        let mut effect = effect(EffectKind::VerifyPassword, "", event);
        effect.limited_to_caller = true;
        return Some(effect);
    }
    // `$statement->fetch()` of PHP takes a row.
    let takes_row =
        path.ends_with(".fetch") && ["prepare()", "query()", "execute()"].iter().any(|part| path.contains(part));
    if !takes_row && known.fetches {
        let url = args
            .first()
            .and_then(|arg| arg.value.text_shape().or_else(|| arg.value.field("url")?.text_shape()))
            .unwrap_or_default();
        let is_one_of = |hosts: &[&str]| hosts.iter().any(|host| url.contains(host));
        let kind = if is_one_of(AI_HOSTS) {
            EffectKind::CallAi
        } else if is_one_of(MESSAGE_HOSTS) || is_letter_to(&url, args) {
            EffectKind::SendMessage
        } else {
            EffectKind::Fetch
        };
        let mut effect = effect(kind, url, event);
        if kind == EffectKind::SendMessage {
            effect.picked_by_input = args.get(1).is_some_and(|options| recipient_from_input(&options.value, 4));
        }
        return Some(effect);
    }
    // What a server keeps of who is signed in.
    let name = callee.last_name();
    if let Some(kind) = table_file(path, &name) {
        let file =
            if kind == EffectKind::WriteFile { args.first() } else { args.iter().find(|arg| arg.name.is_none()) };
        let target = file.map(|file| crate::knowledge::python::file_name(&file.value)).unwrap_or_default();
        return Some(effect(kind, target, event));
    }
    if matches!(name.as_str(), "set" | "cookie" | "set_cookie") && is_session_cookie(args) && !path.contains("Map()") {
        return Some(effect(EffectKind::IssueSession, "cookie", event));
    }
    if name == "save" && path.contains("getIronSession()") {
        return Some(effect(EffectKind::IssueSession, "cookie", event));
    }
    let receiver = match &callee.kind {
        SymbolKind::Member(base, _) => Some(Value::symbol(std::rc::Rc::clone(base), Labels::NONE)),
        _ => None,
    };
    let found = stores::recognise(path, receiver.as_ref(), args)?;
    Some(store_effect(events, index, callee, args, &found))
}

/// Whether a call sends to everyone who is connected: `io.emit(…)`, `socket.broadcast.emit(…)`, `send` on each of a socket
/// server's clients. A room (`io.to(room).emit`) is not everyone.
pub(super) fn is_broadcast(callee: &Symbol, args: &[Argument]) -> bool {
    let named = |names: &[&str]| args.iter().find(|arg| arg.name.as_deref().is_some_and(|name| names.contains(&name)));
    // `emit('x', data, broadcast=True)`: without it only the asker is answered.
    if ends(&callee.path, "flask_socketio.emit") || ends(&callee.path, "flask_socketio.send") {
        let to_all = named(&["broadcast"]).is_some_and(|arg| arg.value.truth() == plimsoll_analysis::Truth::Yes);
        return to_all && named(&["to", "room"]).is_none();
    }
    let SymbolKind::Member(base, name) = &callee.kind else { return false };
    let path = base.path.as_str();
    // The server's own `emit` goes to everyone unless it names a room.
    if matches!(name.as_str(), "emit" | "send")
        && ["SocketIO()", "socketio.AsyncServer()", "socketio.Server()"].iter().any(|server| path.ends_with(server))
    {
        return named(&["to", "room"]).is_none();
    }
    match name.as_str() {
        "emit" => {
            let is_server = path.ends_with("socket.io.Server()")
                || path.ends_with("socket.io()")
                || path.ends_with("app.get()")
                || path.ends_with("socket.broadcast");
            is_server
                || matches!(base.last_name().as_str(), "io" | "sockets")
                    && !path.contains("client")
                    && !path.ends_with("()")
        }
        "send" => {
            let of_server =
                ["WebSocketServer()", "ws.Server()", "WebSocket.Server()"].iter().any(|name| path.contains(name));
            (of_server && path.contains(".clients")) || path == "Set()[]" || path == "Map()[]"
        }
        _ => false,
    }
}

/// To whom Laravel sends: `Mail::to($address)->send(…)`, `Notification::route('mail', $address)->notify(…)`.
fn addressees(callee: &Symbol) -> Option<Vec<Value>> {
    let sends = matches!(callee.last_name().as_str(), "send" | "queue" | "later" | "sendNow" | "notify" | "notifyNow");
    let by = ["Mail.to()", "Mail.cc()", "Mail.bcc()", "Notification.route()"];
    if !sends || !by.iter().any(|by| callee.path.starts_with(by)) {
        return None;
    }
    let named = callee.calls().into_iter().filter(|(name, ..)| matches!(name.as_str(), "to" | "cc" | "bcc" | "route"));
    Some(named.filter_map(|(_, args, _)| args.last().map(|arg| arg.value.clone())).collect())
}

/// Whether a value is a field of a record that the handler has only now made, out of what was sent.
fn is_just_written(value: &Value) -> bool {
    let Some(SymbolKind::Member(record, field)) = value.as_symbol().map(|symbol| &symbol.kind) else { return false };
    let SymbolKind::Call { callee, args, .. } = &record.kind else { return false };
    matches!(callee.last_name().as_str(), "create" | "insert" | "forceCreate" | "firstOrCreate" | "updateOrCreate")
        && args
            .iter()
            .any(|arg| arg.value.field(field).is_some_and(|written| written.deep_labels().has_input(Clean::ALL)))
}

/// Whether what is sent to an address is a letter, whoever's service takes it: it says to whom, and what is to be read there.
fn is_letter(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match &value.kind {
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let has = |names: &[&str]| {
                fields.keys().any(|key| {
                    let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
                    names.contains(&key.to_ascii_lowercase().as_str())
                })
            };
            let is_one =
                has(RECIPIENTS) && has(&["subject", "html", "htmlbody", "htmlcontent", "body", "text", "message"]);
            is_one || fields.values().any(|inner| is_letter(inner, depth - 1))
        }
        ValueKind::Symbol(symbol) => {
            symbol.calls().last().is_some_and(|(_, args, _)| args.iter().any(|arg| is_letter(&arg.value, depth - 1)))
        }
        _ => false,
    }
}

/// Fields for recipients, in small letters and without what stands between words.
const RECIPIENTS: &[&str] = &["to", "toaddress", "toemail", "tonumber", "recipient", "recipients", "torecipients"];

/// Whether a message goes to whom the request names: a field for recipients that holds input.
fn recipient_from_input(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match &value.kind {
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let named = fields.iter().any(|(key, to)| {
                let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
                (RECIPIENTS.contains(&key.as_str()) || matches!(key.as_str(), "personalizations" | "bcc"))
                    && to.deep_labels().any(|label| matches!(label, Label::Input(..)))
            });
            named || fields.values().any(|inner| recipient_from_input(inner, depth - 1))
        }
        // `JSON.stringify({ … })`, `new URLSearchParams({ … })`
        ValueKind::Symbol(symbol) => symbol
            .calls()
            .last()
            .is_some_and(|(_, args, _)| args.iter().any(|arg| recipient_from_input(&arg.value, depth - 1))),
        _ => false,
    }
}

/// Tables that pandas reads and writes as files.
fn table_file(path: &str, name: &str) -> Option<EffectKind> {
    match name {
        "read_csv" | "read_excel" | "read_json" | "read_parquet"
            if path.starts_with("pandas.") || path.starts_with("polars.") =>
        {
            Some(EffectKind::ReadFile)
        }
        "to_csv" | "to_excel" | "to_json" | "to_parquet" if path.contains("pandas.") => Some(EffectKind::WriteFile),
        _ => None,
    }
}

fn is_session_cookie(args: &[Argument]) -> bool {
    let name = args.first().and_then(|arg| {
        arg.value.as_str().map(str::to_owned).or_else(|| Some(arg.value.field("name")?.as_str()?.to_owned()))
    });
    let carries = args
        .iter()
        .skip(1)
        .any(|arg| arg.value.deep_labels().any(|label| matches!(label, Label::Token | Label::Identity)));
    name.is_some_and(|name| is_session_name(&name)) || carries
}

/// Whether the name of a cookie or stored value says that it carries a login.
pub(crate) fn is_session_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if ["csrf", "xsrf", "theme", "lang", "locale", "consent", "sidebar", "banner", "preference", "cart"]
        .iter()
        .any(|word| name.contains(word))
    {
        return false;
    }
    [
        "token",
        "session",
        "sess",
        "auth",
        "jwt",
        "sid",
        "connect.sid",
        "refresh",
        "access",
        "bearer",
        "login",
        "credential",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// Whether `save` is called on a record that was made here, or on a form or serializer of Django's that was given no
/// record to change.
fn makes_record(events: &[Event], index: usize, callee: &Symbol) -> bool {
    let SymbolKind::Member(base, name) = &callee.kind else { return false };
    let Some(class) = base.path.strip_suffix("()").filter(|class| name == "save" && !class.contains('(')) else {
        return false;
    };
    let serializer = class.contains("ModelSerializer:");
    if !(serializer || class.contains("ModelForm:")) {
        return class.contains("Model:");
    }
    events[..index]
        .iter()
        .rev()
        .find(|event| event.path() == class)
        .is_some_and(|made| made.named("instance").is_none() && !(serializer && made.arg(0).is_some()))
}

fn store_effect(events: &[Event], index: usize, callee: &Symbol, args: &[Argument], found: &StoreCall) -> Effect {
    let event = &events[index];
    let mut effect = effect(found.kind, found.target.clone(), event);
    let (mut filters, mut values): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut places = None;
    if let Some(sql) = &found.sql {
        effect.fields = sql_fields(sql, found.kind);
        places = super::placed::placed(sql, found.kind, args);
        match &places {
            Some(places) => filters.extend(places.filters.iter().cloned()),
            None => filters.extend(args.iter().map(|arg| arg.value.clone())),
        }
    } else {
        let name = callee.last_name();
        let by_id = stores::base44_entity(&callee.path).is_some();
        split_arguments(&name, found.kind, by_id, args, &mut filters, &mut values);
    }
    // `new User(values)`, then `.save()`: the values were given where the document was made.
    if args.is_empty()
        && let SymbolKind::Member(base, name) = &callee.kind
        && name == "save"
        && let SymbolKind::Call { callee: made, args: given, .. } = &base.kind
        && made.path.ends_with("model()")
    {
        effect.kind = EffectKind::Create;
        values.extend(given.iter().map(|arg| arg.value.clone()));
    }
    if makes_record(events, index, callee) {
        effect.kind = EffectKind::Create;
    }
    // Earlier calls of the chain (`update(t).set(…)`, `query.filter_by(…)`) and later ones (`.eq('id', id)`, `.run(id)`).
    for (name, args, _) in callee.calls() {
        if is_filter(&name) || is_lookup_of_one(&name) {
            filters.extend(args.iter().map(|arg| arg.value.clone()));
        }
        // Django: a form over a record that was looked up before.
        for instance in args.iter().filter(|arg| arg.name.as_deref() == Some("instance")) {
            let looked_up = instance.value.as_symbol().map(|symbol| symbol.calls()).unwrap_or_default();
            filters.extend(looked_up.iter().flat_map(|(_, args, _)| args.iter()).map(|arg| arg.value.clone()));
        }
    }
    for later in events[index + 1..].iter().take(400) {
        if let EventKind::Call { callee, args } = &later.kind
            && callee.path.starts_with("mysqli_stmt_")
            && args.first().and_then(|arg| arg.value.as_symbol()).is_some_and(|symbol| symbol.passes(event.site))
        {
            filters.extend(args.iter().skip(1).map(|arg| arg.value.clone()));
        }
        if let EventKind::Call { callee, args } = &later.kind
            && callee.passes(event.site)
        {
            let name = callee.last_name();
            if is_filter(&name)
                || matches!(name.as_str(), "run" | "get" | "all" | "bind" | "execute" | "set" | "values" | "returning")
            {
                if matches!(name.as_str(), "set" | "values") {
                    values.extend(args.iter().map(|arg| arg.value.clone()));
                } else {
                    filters.extend(args.iter().map(|arg| arg.value.clone()));
                }
            }
        }
    }
    let filter_labels = filters.iter().fold(Labels::NONE, |all, value| all.union(&value.deep_labels()));
    effect.picked_by_input = filter_labels.any(
        |label| matches!(label, Label::Input(name, _) if !name.starts_with("headers") && !name.starts_with("cookies")),
    );
    effect.picked_by = filter_labels
        .iter()
        .filter_map(|label| match label {
            Label::Input(name, _) if !name.starts_with("headers") && !name.starts_with("cookies") => {
                Some(name.to_string())
            }
            _ => None,
        })
        .collect();
    effect.picked_by_number = filter_labels.any(|label| {
        matches!(label, Label::Input(name, clean)
            if name.strip_prefix("params.").or(name.strip_prefix("query."))
                .is_some_and(|name| !is_day(name) && (*clean == Clean::ALL || is_running_number(name))))
    });
    // Laravel: what hangs on the signed-in user's own record is the user's own.
    let of_caller = callee.path.contains("user().")
        && (callee.path.starts_with("auth()")
            || callee.path.starts_with("Auth.")
            || callee.path.starts_with("@laravel.")
            || callee.path.starts_with("request()."));
    // Django: a form over the caller's own record.
    let of_caller = of_caller
        || callee.calls().iter().any(|(_, args, _)| {
            args.iter().any(|arg| arg.name.as_deref() == Some("instance") && arg.value.deep_labels().has_identity())
        });
    // What was made for the caller just now is the caller's.
    let made_for_caller = !effect.picked_by_input
        && matches!(found.kind, EffectKind::Update | EffectKind::Delete | EffectKind::Create)
        && callee.calls().iter().any(|(name, args, _)| {
            matches!(name.as_str(), "create" | "get_or_create" | "update_or_create")
                && args.iter().any(|arg| needs_identity(&arg.value, 6))
        });
    let of_caller = of_caller || made_for_caller;
    effect.limited_to_caller = filters.iter().any(|value| needs_identity(value, 6)) || of_caller;
    effect.limited_to_tenant = effect.limited_to_caller && filters.iter().any(|value| names_tenant(value, 6));
    effect.caller_replaced = !effect.limited_to_caller && filters.iter().any(|value| replaces_caller(value, 6));
    // What was given out to be shown again opens what it was given out for.
    effect.limited_to_caller |= matches!(found.kind, EffectKind::Read | EffectKind::Update | EffectKind::Delete)
        && by_ticket(&events[index..], callee, args);
    if effect.kind == EffectKind::Create {
        effect.limited_to_caller |= values.iter().any(|value| needs_identity(value, 6));
    }
    // What a prepared statement is given comes later.
    let later = match (&places, &found.sql) {
        (None, Some(sql)) => super::placed::placed_later(sql, found.kind, events, index),
        _ => None,
    };
    for (column, value) in places.iter().chain(&later).flat_map(|places| &places.written) {
        if found.kind == EffectKind::Create {
            effect.limited_to_caller |= needs_identity(value, 6);
        }
        if gives_privilege(column, value, event) {
            effect.privilege_fields.push(column.clone());
        }
    }
    for value in &values {
        if is_whole_input(value) {
            effect.writes_whole_input = true;
        }
        fields_of(value, event, &mut effect);
    }
    effect.bypasses_policies = bypasses(callee);
    effect.governed_by_policies = !effect.bypasses_policies && is_public_client(callee);
    effect
}

/// A day or a time is nobody's record, however far one counts.
fn is_day(name: &str) -> bool {
    let words = super::words_of(name);
    words
        .iter()
        .any(|word| matches!(word.as_str(), "date" | "day" | "week" | "month" | "year" | "time" | "from" | "until"))
}

/// `number`, `invoiceNo`: what is written on a paper and counted up, whatever stands before the digits.
fn is_running_number(name: &str) -> bool {
    let words = super::words_of(name);
    let counts = |word: &String| {
        matches!(word.as_str(), "number" | "no" | "nr" | "num" | "nummer" | "numero" | "numer" | "nro" | "szam")
    };
    words.last().is_some_and(counts)
        && !words.iter().any(|word| matches!(word.as_str(), "page" | "phone" | "mobile" | "card" | "account" | "tax"))
}

/// Whether a query, with what is called on it later, asks for what a secret of the request opens.
fn by_ticket(events: &[Event], callee: &Symbol, args: &[Argument]) -> bool {
    let Some(event) = events.first() else { return false };
    let mut chain: Vec<(Str, Rc<[Argument]>, Site)> = callee.calls();
    chain.push((callee.last_name(), args.to_vec().into(), event.site));
    chain.extend(events[1..].iter().take(400).filter_map(|later| match &later.kind {
        EventKind::Call { callee, args } if callee.passes(event.site) => {
            Some((callee.last_name(), Rc::clone(args), later.site))
        }
        _ => None,
    }));
    crate::guards::chain_by_ticket(&chain, 0)
}

/// Which arguments choose records and which are written.
fn split_arguments(
    name: &str,
    kind: EffectKind,
    by_id: bool,
    args: &[Argument],
    filters: &mut Vec<Value>,
    values: &mut Vec<Value>,
) {
    let writes = kind.writes() && kind != EffectKind::Delete;
    let first = args.first().map(|arg| &arg.value);
    if !writes {
        // Prisma: what is shown beside the record (`include`, `select`) has conditions of its own and limits nothing.
        let beside = ["include", "select"].iter().any(|part| first.is_some_and(|first| first.field(part).is_some()));
        if crate::guards::is_prisma_read(name) && beside {
            filters.extend(first.and_then(|first| first.field("where")));
            return;
        }
        filters.extend(args.iter().map(|arg| arg.value.clone()));
        return;
    }
    // `entities.Order.update(id, values)`
    if name == "update"
        && args.len() == 2
        && first.is_some_and(|first| !matches!(first.kind, ValueKind::Object(_)))
        && by_id
    {
        filters.extend(first.cloned());
        values.extend(args.iter().skip(1).map(|arg| arg.value.clone()));
        return;
    }
    // Prisma: `{ where, data }`, also `{ where, create, update }`.
    if let Some(first) = first
        && (first.field("data").is_some() || first.field("where").is_some())
    {
        filters.extend(first.field("where"));
        for key in ["data", "create", "update"] {
            values.extend(first.field(key));
        }
        // Sequelize: `update(values, { where })`
        if first.field("data").is_none() && args.len() > 1 {
            values.push(first.clone());
        }
        return;
    }
    match name {
        // A map in memory: the key chooses.
        "set" if kind == EffectKind::WriteMemory => {
            filters.extend(args.first().map(|arg| arg.value.clone()));
            values.extend(args.iter().skip(1).map(|arg| arg.value.clone()));
        }
        "delete" if kind == EffectKind::WriteMemory => filters.extend(args.iter().map(|arg| arg.value.clone())),
        // The first argument chooses.
        "find_one_and_update"
        | "find_one_and_replace"
        | "update_one"
        | "update_many"
        | "replace_one"
        | "findByIdAndUpdate"
        | "findOneAndUpdate"
        | "updateOne"
        | "updateMany"
        | "replaceOne"
        | "setDoc"
        | "updateDoc"
        | "addDoc"
        | "updateUserById"
        | "updateUser"
        | "findOneAndReplace" => {
            filters.extend(args.first().map(|arg| arg.value.clone()));
            values.extend(args.iter().skip(1).map(|arg| arg.value.clone()));
        }
        _ => {
            for arg in args {
                if arg.value.field("where").is_some() {
                    filters.extend(arg.value.field("where"));
                } else if arg.name.as_deref() == Some("where") {
                    filters.push(arg.value.clone());
                } else {
                    values.push(arg.value.clone());
                    if let Some(name) = &arg.name {
                        // Keyword arguments of a constructor or `create(…)` are fields.
                        let object = plimsoll_analysis::Object::new(dummy_site(), false);
                        object.fields.borrow_mut().insert(name.clone(), arg.value.clone());
                        values.push(Value::plain(ValueKind::Object(std::rc::Rc::new(object))));
                    }
                }
            }
        }
    }
}

/// Whether a filter names the caller only where the request names nobody: `input.user_id ?? user.id`.
fn replaces_caller(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match &value.kind {
        ValueKind::Or(pair) => {
            let first = pair.0.deep_labels();
            let asked = first.any(|label| {
                matches!(label, Label::Input(name, _) if !name.starts_with("headers") && !name.starts_with("cookies"))
            });
            asked && !first.has_identity() && pair.1.deep_labels().has_identity()
        }
        ValueKind::Object(object) if object.spreads.borrow().is_empty() => {
            let (fields, items) = (object.fields.borrow(), object.items.borrow());
            fields.values().chain(items.iter()).any(|inner| replaces_caller(inner, depth - 1))
        }
        _ => false,
    }
}

fn dummy_site() -> Site {
    Site { module: plimsoll_analysis::ModuleId(0), node: plimsoll_ir::NodeId(0) }
}

/// Whether a method of an object mapper looks up the one record on which the next call is made: what picks it, picks what
/// is then saved or deleted (`const user = await User.findById(id); user.name = …; await user.save()`).
fn is_lookup_of_one(name: &str) -> bool {
    matches!(
        name,
        "findById" | "findOne" | "findByPk" | "findOneOrFail" | "findByIdOrFail" | "findFirst" | "findUnique"
    )
}

fn is_filter(name: &str) -> bool {
    matches!(
        name,
        "eq" | "neq"
            | "match"
            | "in"
            | "is"
            | "filter"
            | "or"
            | "not"
            | "where"
            | "andWhere"
            | "orWhere"
            | "filter_by"
            | "get"
            | "doc"
            | "equals"
            | "whereIn"
            | "find"
            | "single"
            | "maybeSingle"
            | "contains"
            | "gte"
            | "lte"
            | "gt"
            | "lt"
            | "ilike"
            | "like"
            | "findOneBy"
            | "objects"
            | "bind_param"
            | "bindParam"
            | "bindValue"
            | "findOrFail"
            | "firstWhere"
            | "get_or_404"
            | "get_object_or_404"
            | "whereKey"
            | "whereHas"
            | "whereBelongsTo"
    )
}

/// Whether a value is the whole request body (or a spread of it).
fn is_whole_input(value: &Value) -> bool {
    let whole = |labels: &Labels| {
        labels.any(|label| matches!(label, Label::Input(name, clean) if matches!(name.as_str(), "body" | "query" | "input") && !clean.covers(Clean::ALL)))
    };
    match &value.kind {
        ValueKind::Object(object) => {
            object.spreads.borrow().iter().any(is_whole_input)
                || object.fields.borrow().get("$set").is_some_and(is_whole_input)
        }
        ValueKind::Choice(alternatives) => alternatives.iter().any(|(value, _)| is_whole_input(value)),
        ValueKind::Text(_) | ValueKind::Str(_) => false,
        _ => whole(&value.labels),
    }
}

fn fields_of(value: &Value, event: &Event, effect: &mut Effect) {
    let Some(object) = value.as_object() else { return };
    for (name, field) in object.fields.borrow().iter() {
        if let Some(inner) =
            field.as_object().filter(|_| matches!(name.as_str(), "$set" | "data" | "user_metadata" | "app_metadata"))
        {
            let inner = Value::plain(ValueKind::Object(std::rc::Rc::clone(inner)));
            fields_of(&inner, event, effect);
            continue;
        }
        effect.fields.push(name.to_string());
        if gives_privilege(name, field, event) {
            effect.privilege_fields.push(name.to_string());
        }
    }
    let items: Vec<Value> = object.items.borrow().iter().take(4).cloned().collect();
    for item in &items {
        fields_of(item, event, effect);
    }
}

/// Whether a field decides what somebody may do, and the request chooses its value.
fn gives_privilege(name: &str, value: &Value, event: &Event) -> bool {
    let held = event.facts.vet(value);
    let chosen = held.deep_labels().any(|label| matches!(label, Label::Input(_, clean) if !clean.covers(Clean::ALL)))
        || (is_privilege_name(name) && staff_may_be_chosen(value, event));
    // A choice between constants, whatever it depends on, is the app's own.
    let constant = value.as_str().is_some() && !chosen;
    chosen
        && !constant
        && is_privilege_name(name)
        && !matches!(name.to_ascii_lowercase().as_str(), "type" | "level" | "plan" | "rule" | "group" | "scope")
}

/// Whether a choice of the request was held against a list that lets in roles of staff.
fn staff_may_be_chosen(value: &Value, event: &Event) -> bool {
    let inputs = |value: &Value| -> Vec<Str> {
        let name = |label: &Label| match label {
            Label::Input(name, _) => Some(name.clone()),
            _ => None,
        };
        value.deep_labels().iter().filter_map(name).collect()
    };
    let chosen = inputs(value);
    !chosen.is_empty()
        && event.facts.iter().any(|fact| match fact {
            Fact::In { value, among, holds: true, .. } => {
                inputs(value) == chosen
                    && among.items().iter().any(|role| role.as_str().is_some_and(crate::guards::is_staff_role))
            }
            _ => false,
        })
}

/// Whether a value is of nobody's but a known caller's. `user?.id || body.user_id` takes the caller's word where nobody is
/// known; nothing in its place finds nothing.
fn needs_identity(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return value.labels.has_identity();
    }
    let is_nothing = |value: &Value| match &value.kind {
        ValueKind::Null | ValueKind::Bool(false) => true,
        ValueKind::Str(text) => text.is_empty(),
        ValueKind::Num(number) => *number == 0.0,
        _ => false,
    };
    match &value.kind {
        ValueKind::Or(pair) => {
            let both = [&pair.0, &pair.1].map(|side| (needs_identity(side, depth - 1), is_nothing(side)));
            both.iter().any(|(needs, _)| *needs) && both.iter().all(|(needs, nothing)| *needs || *nothing)
        }
        ValueKind::Object(object) => {
            let fields = object.fields.borrow();
            let (items, spreads) = (object.items.borrow(), object.spreads.borrow());
            let mut inner = fields.values().chain(items.iter()).chain(spreads.iter()).take(64);
            value.labels.has_identity() || inner.any(|inner| needs_identity(inner, depth - 1))
        }
        ValueKind::Text(parts) => parts.iter().any(|part| needs_identity(part, depth - 1)),
        _ => value.deep_labels().has_identity(),
    }
}

/// Whether a filter names the organisation of the caller: `{ companyId: me.companyId }`, `eq(orders.orgId, me.orgId)`.
fn names_tenant(value: &Value, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    match &value.kind {
        ValueKind::Object(object) => {
            let (fields, items) = (object.fields.borrow(), object.items.borrow());
            let spreads = object.spreads.borrow();
            fields.iter().take(64).any(|(name, inner)| {
                (plimsoll_model::names::is_tenant(name) && needs_identity(inner, 3)) || names_tenant(inner, depth - 1)
            }) || items.iter().chain(spreads.iter()).take(64).any(|inner| names_tenant(inner, depth - 1))
        }
        ValueKind::Or(pair) | ValueKind::And(pair) => {
            names_tenant(&pair.0, depth - 1) || names_tenant(&pair.1, depth - 1)
        }
        ValueKind::Symbol(symbol) => {
            (value.labels.has_identity() && plimsoll_model::names::is_tenant(&symbol.last_name()))
                || symbol
                    .calls()
                    .iter()
                    .flat_map(|(_, args, _)| args.iter())
                    .any(|arg| names_tenant(&arg.value, depth - 1))
        }
        _ => false,
    }
}

/// Whether the client behind a call carries a key that goes around row-level policies.
fn bypasses(callee: &Symbol) -> bool {
    if ["firebase-admin", "firestore.getFirestore()"].iter().any(|part| callee.path.contains(part))
        && !callee.path.contains("firebase/firestore")
    {
        return true;
    }
    if callee.path.contains(".asServiceRole.") {
        return true;
    }
    callee.calls().iter().any(|(_, args, _)| {
        args.iter().any(|arg| {
            arg.value.deep_labels().any(|label| {
                matches!(label, Label::Env(name) if {
                    let name = name.to_ascii_uppercase();
                    name.contains("SERVICE_ROLE") || name.contains("SERVICE_KEY") || name.contains("SUPABASE_SECRET") || name.contains("ADMIN_KEY")
                })
            })
        })
    })
}

/// Whether the client behind a call was made with a key that is public by design: Supabase's `anon` or publishable key, or
/// Nuxt's client for the caller. With it the database's policies decide, whoever calls.
fn is_public_client(callee: &Symbol) -> bool {
    // Base44's client acts for the caller unless it is told otherwise.
    if stores::base44_entity(&callee.path).is_some() {
        return true;
    }
    callee.calls().iter().any(|(name, args, _)| {
        if name == "serverSupabaseClient" {
            return true;
        }
        let makes_client = name.starts_with("create") && (name.ends_with("Client") || name.ends_with("_client"));
        makes_client
            && args.get(1).is_some_and(|key| {
                let is_public = |name: &str| {
                    let name = name.to_ascii_uppercase();
                    name.contains("ANON") || name.contains("PUBLISHABLE")
                };
                key.value.as_str().is_some_and(|text| text.starts_with("sb_publishable_"))
                    || key.value.deep_labels().any(|label| matches!(label, Label::Env(name) if is_public(name)))
            })
    })
}

/// Column names of an INSERT or UPDATE statement.
fn sql_fields(sql: &str, kind: EffectKind) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        text.split(',')
            .map(|part| {
                part.split(['=', ' '])
                    .find(|word| !word.is_empty())
                    .unwrap_or("")
                    .trim_matches(['"', '`', '[', ']'])
                    .to_owned()
            })
            .filter(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_'))
            .take(64)
            .collect()
    };
    let squeezed = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let upper = squeezed.to_ascii_uppercase();
    match kind {
        EffectKind::Create => {
            let open = squeezed.find('(');
            let close = squeezed.find(')');
            match (open, close) {
                (Some(open), Some(close)) if open < close => words(&squeezed[open + 1..close]),
                _ => Vec::new(),
            }
        }
        EffectKind::Update => {
            let Some(set) = upper.find(" SET ") else { return Vec::new() };
            let end = upper[set..].find(" WHERE ").map_or(squeezed.len(), |at| set + at);
            squeezed.get(set + 5..end).map(words).unwrap_or_default()
        }
        EffectKind::Read => {
            let Some(from) = upper.find(" FROM ") else { return Vec::new() };
            squeezed.get(7.min(from)..from).map(words).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn method(event: &Event, receiver: &Value, name: &str, args: &[Argument]) -> Option<Effect> {
    // A file of records that is kept in memory.
    if let Some(effect) = file_store(event, receiver.path(), name, args) {
        return Some(effect);
    }
    // State in memory.
    if let Some(object) = receiver.as_object().filter(|object| object.is_global.get()) {
        let kind = match name {
            "push" | "unshift" | "append" | "add" => EffectKind::WriteMemory,
            "splice" | "delete" | "pop" | "shift" | "clear" | "remove" => EffectKind::WriteMemory,
            "find" | "filter" | "map" | "forEach" | "some" | "every" | "slice" | "findIndex" | "reduce" => {
                EffectKind::ReadMemory
            }
            _ => return None,
        };
        let target = object.name.borrow().as_deref().unwrap_or_default().to_owned();
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        let mut effect = effect(kind, target, event);
        effect.picked_by_input = labels.has_input(Clean::NONE);
        effect.limited_to_caller = labels.has_identity();
        if kind == EffectKind::WriteMemory {
            for arg in args {
                effect.writes_whole_input |= is_whole_input(&arg.value);
                fields_of(&arg.value, event, &mut effect);
            }
        }
        return Some(effect);
    }
    // Records and clients whose origin is lost: only names that mean nothing else.
    let path = format!("?.{name}");
    if let Some((_, kind)) = CALLS.iter().find(|(call, _)| call.starts_with('.') && ends(&path, call)) {
        return Some(effect(*kind, "", event));
    }
    if let Some(sql) = stores::sql_text(name, args) {
        let (kind, target) = stores::statement(&sql)?;
        let mut effect = effect(kind, target, event);
        let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
        effect.picked_by_input = labels.has_input(Clean::NONE);
        effect.limited_to_caller = labels.has_identity();
        effect.fields = sql_fields(&sql, kind);
        return Some(effect);
    }
    None
}

/// Whether state in memory is only there to spare work: nothing is lost or changed with it.
fn is_cache(object: &plimsoll_analysis::Object) -> bool {
    let name = object.name.borrow();
    let words = super::words_of(name.as_deref().unwrap_or_default());
    words.iter().any(|word| matches!(word.as_str(), "cache" | "caches" | "cached" | "memo"))
}

/// A method on a list of a file of records.
fn file_store(event: &Event, path: &str, name: &str, args: &[Argument]) -> Option<Effect> {
    let table = path.strip_prefix("store:file.")?;
    let end = table.find(['.', '[', '(']).unwrap_or(table.len());
    let kind = match name {
        "push" | "unshift" | "splice" | "pop" | "shift" | "append" | "remove" => EffectKind::WriteMemory,
        "find" | "filter" | "map" | "forEach" | "some" | "every" | "slice" | "findIndex" | "reduce" | "sort" => {
            EffectKind::ReadMemory
        }
        _ => return None,
    };
    let mut effect = effect(kind, &table[..end], event);
    let labels = args.iter().fold(Labels::NONE, |all, arg| all.union(&arg.value.deep_labels()));
    effect.picked_by_input = labels.has_input(Clean::NONE);
    effect.limited_to_caller = labels.has_identity();
    if kind == EffectKind::WriteMemory {
        for arg in args {
            effect.writes_whole_input |= is_whole_input(&arg.value);
            fields_of(&arg.value, event, &mut effect);
        }
    }
    Some(effect)
}

/// An answer that gives records away without any call to a store in the handler: state that was read before.
pub(super) fn given_away(event: &Event, table: &str) -> Effect {
    effect(EffectKind::ReadMemory, table, event)
}

/// `['password' => ['required', 'current_password']]`, `'required|current_password:web'`
fn asks_current_password(rules: &Value) -> bool {
    let names =
        |text: &str| text.split('|').any(|rule| rule == "current_password" || rule.starts_with("current_password:"));
    let Some(object) = rules.as_object() else { return false };
    object.fields.borrow().values().any(|rule| match rule.as_str() {
        Some(text) => names(text),
        None => rule.items().iter().any(|item| item.as_str().is_some_and(names)),
    })
}

/// A comparison of a password by the app's own means.
pub(super) fn compared_password(span: plimsoll_source::Span) -> Effect {
    Effect::new(EffectKind::VerifyPassword, "compared in the clear", span)
}

fn assign(event: &Event, receiver: &Value, property: &str, value: &Value) -> Option<Effect> {
    let path = receiver.path();
    let is_session = path == "flask.session"
        || path == "_SESSION"
        || path.ends_with("req.session")
        || path.ends_with("request.session")
        || path.contains("getIronSession()");
    if path == crate::knowledge::python::VISITOR_STATE {
        let lets_in = crate::knowledge::python::is_login_key(property) && value.truth() != plimsoll_analysis::Truth::No;
        return lets_in.then(|| effect(EffectKind::IssueSession, "session", event));
    }
    if is_session {
        let plumbing = path == "_SESSION" && (crate::knowledge::php::is_session_note(property) || property.is_empty())
            || matches!(
                property,
                "cookie"
                    | "returnTo"
                    | "csrfToken"
                    | "csrf_token"
                    | "flash"
                    | "lang"
                    | "permanent"
                    | "cart"
                    | "messages"
                    | "modified"
            );
        return (!plumbing).then(|| effect(EffectKind::IssueSession, "session", event));
    }
    if let Some(object) = receiver.as_object().filter(|object| object.is_global.get() && !is_cache(object)) {
        // What the app's own machinery keeps of itself is no record of anybody's.
        let about_somebody =
            value.deep_labels().any(|label| matches!(label, Label::Input(..) | Label::Upload(..) | Label::Record(..)));
        if object.class.is_some() && !about_somebody {
            return None;
        }
        let mut effect = effect(EffectKind::WriteMemory, object.name.borrow().as_deref().unwrap_or_default(), event);
        effect.writes_whole_input = is_whole_input(value);
        return Some(effect);
    }
    // `user.role = req.body.role` on a record, saved later.
    let is_record = receiver.labels.any(|label| matches!(label, Label::Record(..)));
    let sets_password = ["password", "passwordhash", "hashedpassword", "passwd"]
        .contains(&property.replace('_', "").to_ascii_lowercase().as_str());
    if is_record && sets_password {
        let mut effect = effect(EffectKind::SetPassword, "", event);
        effect.limited_to_caller = receiver.labels.has_identity();
        return Some(effect);
    }
    if is_record && is_privilege_name(property) && value.deep_labels().has_input(Clean::ALL) {
        let target = receiver.labels.iter().find_map(|label| match label {
            Label::Record(name, _) => Some(name.to_string()),
            _ => None,
        });
        let mut effect = effect(EffectKind::Update, target.unwrap_or_default(), event);
        effect.privilege_fields.push(property.to_owned());
        return Some(effect);
    }
    None
}
