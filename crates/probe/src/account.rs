//! Test accounts: signing in, and keeping each session apart.

use std::collections::BTreeMap;

use base64::Engine as _;
use plimsoll_model::Exchange;
use serde_json::Value;

use crate::html;
use crate::http::{Method, Request, Response};
use crate::login::LoginBody;
use crate::observe::parse_set_cookie;
use crate::permit::Permit;
use crate::plan::{self, ACCOUNTS};
use crate::session::{Session, exchange_of};

/// A value that is sent and never shown: it has no `Debug` of its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    /// Wraps it.
    pub fn new(value: impl Into<String>) -> Self {
        Credential(value.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// An account that the owner made for tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestAccount {
    /// What it is called in reports.
    pub label: String,
    /// Its user name.
    pub user: Credential,
    /// Its password.
    pub password: Credential,
    /// Words that only its own records hold.
    pub marker: Option<String>,
}

/// Consent to sign in and to send a few wrong passwords, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// The accounts, the one with more rights first; two at most are used.
    pub accounts: Vec<TestAccount>,
    /// Where the login is sent to, by the owner's word.
    pub path: Option<String>,
    /// Name of the field for the user, by the owner's word.
    pub user_field: Option<String>,
    /// Name of the field for the password, by the owner's word.
    pub password_field: Option<String>,
}

/// A login that the source shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownLogin {
    /// The entry point, by position in the model.
    pub entry: usize,
    /// Its path.
    pub path: String,
    /// Name of the field for the user.
    pub user_field: Option<String>,
    /// Name of the field for the password.
    pub password_field: Option<String>,
}

/// Cookies of one session.
pub(crate) type Jar = BTreeMap<String, String>;

/// Takes over what an answer sets.
pub(crate) fn absorb(jar: &mut Jar, response: &Response) {
    let nowhere = Exchange { method: String::new(), url: String::new(), status: None };
    for (_, header) in response.headers.iter().filter(|(name, _)| name == "set-cookie").take(100) {
        let Some((name, rest)) = header.split_once('=') else { continue };
        let name = name.trim().to_owned();
        let value = rest.split(';').next().unwrap_or_default().trim().to_owned();
        match parse_set_cookie(header, &nowhere) {
            Some(_) if jar.len() < 50 || jar.contains_key(&name) => {
                jar.insert(name, value);
            }
            Some(_) => {}
            None => {
                jar.remove(&name);
            }
        }
    }
}

/// The `Cookie` header; `None` without cookies.
pub(crate) fn cookie_header(jar: &Jar) -> Option<String> {
    let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// How the app takes a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginWay {
    /// Where it is sent.
    pub(crate) path: String,
    /// The entry point, by position in the model.
    pub(crate) entry: Option<usize>,
    pub(crate) body: LoginBody,
    pub(crate) user_field: String,
    pub(crate) password_field: String,
    /// The page with the form, which is asked first: it may set cookies and hold hidden values.
    pub(crate) page: Option<String>,
}

/// What a visitor holds who has the login page before him.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtTheDoor {
    pub(crate) jar: Jar,
    hidden: Vec<(String, String)>,
}

impl LoginWay {
    /// In words: `form at /login`, `POST /api/login`.
    pub(crate) fn words(&self) -> String {
        match &self.page {
            Some(page) => format!("form at {page}"),
            None => format!("POST {}", self.path),
        }
    }

    /// Opens the login page, where there is one, as a new visitor.
    pub(crate) fn approach(
        &self,
        session: &mut Session<'_>,
        permit: &Permit,
        check: &'static str,
    ) -> Result<AtTheDoor, String> {
        let mut door = AtTheDoor::default();
        let Some(page) = &self.page else { return Ok(door) };
        let request = Request::new(permit, Method::Get, page).map_err(|error| error.to_string())?;
        let (name, value) = plan::accept_page();
        let response = session.send(check, &request.header(name, value)).map_err(|missed| crate::run::why(&missed))?;
        absorb(&mut door.jar, &response);
        let forms = html::parts(&response.text()).forms;
        let form = forms.iter().find(|form| form.signs_in()).ok_or("its login page holds no login form any more")?;
        door.hidden = form
            .fields
            .iter()
            .filter(|(_, kind, _)| kind == "hidden")
            .map(|(name, _, value)| (name.clone(), value.clone()))
            .collect();
        Ok(door)
    }

    /// The request of one attempt.
    pub(crate) fn request<'p>(
        &self,
        permit: &'p Permit,
        door: &AtTheDoor,
        user: &str,
        password: &str,
    ) -> Option<Request<'p>> {
        let (kind, body) = match self.body {
            LoginBody::Json => {
                let mut fields = serde_json::Map::new();
                fields.insert(self.user_field.clone(), user.into());
                fields.insert(self.password_field.clone(), password.into());
                ("application/json", Value::Object(fields).to_string())
            }
            LoginBody::Form => {
                let fields = door.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let fields = fields.chain([(self.user_field.as_str(), user), (self.password_field.as_str(), password)]);
                let pairs: Vec<String> =
                    fields.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
                ("application/x-www-form-urlencoded", pairs.join("&"))
            }
        };
        let mut request = Request::login(permit, &self.path, kind, body.into_bytes()).ok()?;
        if self.body == LoginBody::Form {
            let (name, value) = plan::accept_page();
            // What a browser sends with its own form, and what checks against foreign pages ask for.
            request = request.header(name, value).header("Origin", permit.origin());
            request = request.header("Referer", permit.url(self.page.as_deref().unwrap_or("/")));
        }
        Some(match cookie_header(&door.jar) {
            Some(cookies) => request.secret_header("Cookie", cookies),
            None => request,
        })
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A signed-in test account.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) label: String,
    pub(crate) marker: Option<String>,
    pub(crate) jar: Jar,
    pub(crate) bearer: Option<String>,
    /// Where the login led to, on this origin.
    pub(crate) home: Option<String>,
    /// Under which name the answer held the token.
    pub(crate) token_key: Option<String>,
    pub(crate) exchange: Exchange,
}

impl Signed {
    /// A GET in this session.
    pub(crate) fn get<'p>(&self, permit: &'p Permit, path: &str) -> Option<Request<'p>> {
        let mut request = Request::new(permit, Method::Get, path).ok()?.of_account(&self.label);
        let (name, value) = plan::accept_data();
        request = request.header(name, value);
        if let Some(cookies) = cookie_header(&self.jar) {
            request = request.secret_header("Cookie", cookies);
        }
        if let Some(token) = &self.bearer {
            request = request.secret_header("Authorization", format!("Bearer {token}"));
        }
        Some(request)
    }
}

/// Signs an account in.
pub(crate) fn sign_in(
    session: &mut Session<'_>,
    permit: &Permit,
    way: &LoginWay,
    account: &TestAccount,
) -> Result<Signed, String> {
    let door = way.approach(session, permit, ACCOUNTS)?;
    let request = way
        .request(permit, &door, account.user.reveal(), account.password.reveal())
        .ok_or("the login's address cannot be requested")?
        .of_account(&account.label);
    let response = session.send(ACCOUNTS, &request).map_err(|missed| crate::run::why(&missed))?;
    let exchange = exchange_of(&request, Some(response.status));
    if response.status >= 400 {
        return Err(format!("it was answered with {}", response.status));
    }
    let mut jar = door.jar.clone();
    absorb(&mut jar, &response);
    let fresh = jar.iter().any(|(name, value)| door.jar.get(name) != Some(value));
    let token = serde_json::from_slice::<Value>(&response.body).ok().and_then(|value| token_in(&value, 0));
    if !fresh && token.is_none() {
        return Err("the answer set no cookie and held no token".to_owned());
    }
    if response.status < 300 && response.media_type().contains("html") && html::parts(&response.text()).password_field {
        return Err("the login form came back".to_owned());
    }
    Ok(Signed {
        label: account.label.clone(),
        marker: account.marker.clone().filter(|marker| marker.len() >= 4),
        jar,
        bearer: token.as_ref().map(|(_, token)| token.clone()),
        home: response
            .header("location")
            .and_then(|to| html::resolve(&way.path, &permit.origin(), to))
            .and_then(|to| plan::plain_path(&to)),
        token_key: token.map(|(key, _)| key),
        exchange,
    })
}

/// A token in the answer of a login: under which name, and the token.
fn token_in(value: &Value, depth: usize) -> Option<(String, String)> {
    let object = value.as_object().filter(|_| depth < 4)?;
    let own = object.iter().find_map(|(key, value)| {
        let text = value.as_str().filter(|text| text.len() >= 16 && text.bytes().all(|b| b.is_ascii_graphic()))?;
        is_token(key, text).then(|| (key.clone(), text.to_owned()))
    });
    own.or_else(|| object.values().find_map(|value| token_in(value, depth + 1)))
}

/// Whether a value is a login token, by its name or its shape. A refresh token or one against foreign pages is none.
pub(crate) fn is_token(key: &str, text: &str) -> bool {
    let name: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if ["csrf", "xsrf", "refresh", "reset", "push", "device"].iter().any(|word| name.contains(word)) {
        return false;
    }
    let named = ["token", "jwt", "sessionid", "sid"].iter().any(|word| name.ends_with(word));
    (named && text.len() >= 16 && !text.contains(' ')) || is_jwt(text)
}

/// `eyJ….….…`.
pub(crate) fn is_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() == 2 && text.len() >= 40 && !text.contains(' ')
}

/// What a JWT says of itself that an owner should know. It is decoded, never verified and never kept.
pub(crate) fn jwt_says(token: &str) -> Vec<String> {
    let mut says = Vec::new();
    if !is_jwt(token) {
        return says;
    }
    let part = |number: usize| -> Option<Value> {
        let text = token.split('.').nth(number)?;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    if part(0).is_some_and(|head| head["alg"].as_str().is_some_and(|alg| alg.eq_ignore_ascii_case("none"))) {
        says.push("it is not signed (alg none)".to_owned());
    }
    let Some(claims) = part(1) else { return says };
    match (claims["exp"].as_i64(), claims["iat"].as_i64()) {
        (None, _) => says.push("it never expires".to_owned()),
        (Some(end), Some(start)) if end - start > 86_400 => {
            says.push(format!("it is valid for {} days", (end - start) / 86_400));
        }
        _ => {}
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn jwt(claims: &Value) -> String {
        let code = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", code(&json!({ "alg": "HS256", "typ": "JWT" })), code(claims))
    }

    #[test]
    fn tokens_in_answers() {
        let token = jwt(&json!({ "sub": 1, "role": "owner" }));
        for (answer, key) in [
            (json!({ "token": token }), Some("token")),
            (json!({ "data": { "access_token": "0123456789abcdef0123" } }), Some("access_token")),
            (json!({ "user": { "session": token } }), Some("session")),
            (json!({ "ok": true, "csrfToken": "0123456789abcdef0123" }), None),
            (json!({ "token": "short" }), None),
            (json!({ "message": "a token was sent to you by mail" }), None),
        ] {
            assert_eq!(token_in(&answer, 0).map(|(key, _)| key).as_deref(), key, "{answer}");
        }
    }

    #[test]
    fn what_a_jwt_says() {
        assert_eq!(jwt_says(&jwt(&json!({ "sub": 1 }))), ["it never expires"]);
        assert_eq!(jwt_says(&jwt(&json!({ "iat": 0, "exp": 2_592_000 }))), ["it is valid for 30 days"]);
        assert!(jwt_says(&jwt(&json!({ "iat": 0, "exp": 3_600 }))).is_empty());
        assert!(jwt_says("eyJ.not.jwt").is_empty());
    }

    #[test]
    fn credentials_do_not_print() {
        let account = TestAccount {
            label: "a".into(),
            user: Credential::new("someone"),
            password: Credential::new("hunter2"),
            marker: None,
        };
        let text = format!("{account:?}");
        assert!(!text.contains("hunter2") && !text.contains("someone"), "{text}");
    }
}
