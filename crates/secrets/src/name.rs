//! What a name of a variable, key or column says about its value.

/// Keywords that open the closer look at a name; found in any case.
pub(crate) const KEYWORDS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "key",
    "credential",
    "users",
    "senha",
    "contrase",
    "clave",
    "kennwort",
    "lösenord",
    "losenord",
    "wachtwoord",
    "mot de passe",
    "mot_de_passe",
    "motdepasse",
    "mdp",
    "hasło",
    "haslo",
    "heslo",
    "jelsz",
    "parola",
    "şifre",
    "sifre",
    "пароль",
    "密码",
    "パスワード",
    "pin",
    "salasana",
    "passord",
    "adgangskode",
    "lozinka",
];

/// What the value is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NameKind {
    /// Signs sessions or tokens: any text works, also a word.
    Signing,
    /// Encrypts: as [`NameKind::Signing`].
    Encryption,
    /// A secret that two parties of the owner's compare (cron, webhook, admin): any text works.
    Shared,
    /// A bare `secret`: what it is depends on what stands around.
    BareSecret,
    /// A password.
    Password,
    /// A short number for signing in: only digits count.
    Pin,
    /// A key or token that a service handed out: random.
    ServiceKey,
}

/// A name that speaks of a secret.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) kind: NameKind,
    /// For people: `session signing key`, `database password`.
    pub(crate) what: String,
    /// Written like a constant or setting: `ADMIN_PASSWORD`.
    pub(crate) is_constant: bool,
    /// The name says that it is what new or first accounts get: `DEFAULT_PASSWORD`, `tempPassword`, `adminPassword`.
    pub(crate) is_account: bool,
}

/// Splits a name at `_`, `-`, `.` and camel-case borders, in lower case: `APIKey` gives `api`, `key`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let last_lower = at > 0 && chars[at - 1].is_lowercase();
        let next_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        let border = c.is_uppercase() && (last_lower || (next_lower && at > 0 && chars[at - 1].is_uppercase()));
        if border && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Words after the noun that do not change what it is.
const TAILS: &[&str] = &[
    "dev",
    "prod",
    "production",
    "development",
    "local",
    "live",
    "staging",
    "default",
    "value",
    "val",
    "plain",
    "plaintext",
    "b64",
    "base64",
    "hex",
    "string",
    "str",
    "const",
    "env",
    "fallback",
    "1",
    "2",
    "3",
    "raw",
    "global",
    "main",
    "primary",
    "secondary",
    "v1",
    "v2",
    "bytes",
];

/// Words before the noun that make it a question, an action or a label.
const HEADS: &[&str] = &[
    "is",
    "has",
    "show",
    "hide",
    "toggle",
    "forgot",
    "reset",
    "confirm",
    "on",
    "handle",
    "min",
    "max",
    "no",
    "invalid",
    "wrong",
    "validate",
    "check",
    "require",
    "requires",
    "required",
    "with",
    "without",
    "label",
    "lbl",
    "txt",
    "placeholder",
    "err",
    "error",
    "msg",
    "enter",
    "repeat",
    "retype",
    "change",
    "changing",
    "confirmation",
    "incorrect",
    "missing",
    "generate",
    "verify",
    "hash",
    "hashed",
    "encrypted",
    "compare",
    "forgotten",
    "weak",
    "strong",
    "public",
    "publishable",
    "csrf",
    "xsrf",
    "primary",
    "foreign",
    "sort",
    "partition",
    "cache",
    "storage",
    "query",
    "route",
    "i18n",
    "translation",
    "site",
    "object",
    "react",
    "row",
    "column",
    "group",
    "data",
    "map",
    "unique",
    "idempotency",
];

/// A word for a password, in the languages of the apps we see.
pub(crate) fn is_password_noun(word: &str) -> bool {
    matches!(
        word,
        "password"
            | "passwd"
            | "pwd"
            | "passphrase"
            | "pass"
            | "passwort"
            | "kennwort"
            | "contraseña"
            | "contrasena"
            | "contrasenia"
            | "clave"
            | "senha"
            | "wachtwoord"
            | "lösenord"
            | "losenord"
            | "hasło"
            | "haslo"
            | "heslo"
            | "jelszó"
            | "jelszo"
            | "parola"
            | "şifre"
            | "sifre"
            | "пароль"
            | "mdp"
            | "motdepasse"
            | "passcode"
            | "userpassword"
            | "adminpassword"
            | "dbpassword"
            | "dbpass"
            | "userpass"
            | "adminpass"
            | "rootpassword"
            | "salasana"
            | "passord"
            | "adgangskode"
            | "lozinka"
            | "密码"
            | "パスワード"
            | "defaultpassword"
            | "pw"
    )
}

/// Services whose name in a variable tells whose key it is.
const SERVICES: &[(&str, &str)] = &[
    ("stripe", "Stripe"),
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("claude", "Anthropic"),
    ("gemini", "Google Gemini"),
    ("google", "Google"),
    ("github", "GitHub"),
    ("gitlab", "GitLab"),
    ("slack", "Slack"),
    ("sendgrid", "SendGrid"),
    ("resend", "Resend"),
    ("twilio", "Twilio"),
    ("mailgun", "Mailgun"),
    ("postmark", "Postmark"),
    ("brevo", "Brevo"),
    ("sendinblue", "Brevo"),
    ("supabase", "Supabase"),
    ("clerk", "Clerk"),
    ("paypal", "PayPal"),
    ("square", "Square"),
    ("plaid", "Plaid"),
    ("mapbox", "Mapbox"),
    ("telegram", "Telegram"),
    ("discord", "Discord"),
    ("cloudinary", "Cloudinary"),
    ("vercel", "Vercel"),
    ("netlify", "Netlify"),
    ("cloudflare", "Cloudflare"),
    ("huggingface", "Hugging Face"),
    ("groq", "Groq"),
    ("deepseek", "DeepSeek"),
    ("elevenlabs", "ElevenLabs"),
    ("paystack", "Paystack"),
    ("flutterwave", "Flutterwave"),
    ("razorpay", "Razorpay"),
    ("mercadopago", "Mercado Pago"),
    ("mpesa", "M-Pesa"),
    ("daraja", "M-Pesa"),
    ("africastalking", "Africa's Talking"),
    ("aws", "AWS"),
    ("s3", "AWS S3"),
    ("azure", "Azure"),
    ("firebase", "Firebase"),
    ("algolia", "Algolia"),
    ("pusher", "Pusher"),
    ("mailchimp", "Mailchimp"),
    ("hubspot", "HubSpot"),
    ("airtable", "Airtable"),
    ("notion", "Notion"),
    ("shopify", "Shopify"),
    ("woocommerce", "WooCommerce"),
    ("auth0", "Auth0"),
    ("okta", "Okta"),
    ("facebook", "Facebook"),
    ("whatsapp", "WhatsApp"),
    ("twitter", "Twitter"),
    ("linkedin", "LinkedIn"),
    ("zoom", "Zoom"),
    ("xero", "Xero"),
    ("quickbooks", "QuickBooks"),
    ("klarna", "Klarna"),
    ("mollie", "Mollie"),
    ("adyen", "Adyen"),
    ("recaptcha", "reCAPTCHA"),
    ("turnstile", "Turnstile"),
    ("hcaptcha", "hCaptcha"),
    ("midtrans", "Midtrans"),
    ("xendit", "Xendit"),
    ("payhere", "PayHere"),
    ("bkash", "bKash"),
    ("mistral", "Mistral"),
    ("cohere", "Cohere"),
    ("replicate", "Replicate"),
    ("pinecone", "Pinecone"),
    ("deepgram", "Deepgram"),
    ("assemblyai", "AssemblyAI"),
    ("weather", "weather service"),
    ("openweather", "OpenWeather"),
    ("maps", "maps"),
    ("minio", "MinIO"),
    ("wordpress", "WordPress"),
    ("sentry", "Sentry"),
    ("vapid", "web push"),
];

fn service(words: &[String]) -> Option<&'static str> {
    words.iter().find_map(|word| SERVICES.iter().find(|(key, _)| *key == word.as_str()).map(|(_, name)| *name))
}

/// Reads a name. `None` where it does not speak of a secret, or speaks about one (label, length, header name).
pub(crate) fn read(name: &str) -> Option<Named> {
    if name.len() > 80 {
        return None;
    }
    let is_constant = name.bytes().any(|byte| byte.is_ascii_uppercase())
        && !name.bytes().any(|byte| byte.is_ascii_lowercase())
        && name.len() > 3;
    let mut words = words(name);
    if words.len() > 8 {
        return None;
    }
    while words.len() > 1 && words.last().is_some_and(|last| TAILS.contains(&last.as_str())) {
        words.pop();
    }
    // Prefixes that frameworks demand say nothing about the use.
    let skip = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["vite" | "expo", "public", ..]
        | ["next" | "nuxt", "public", ..]
        | ["react", "app", ..]
        | ["vue", "app", ..] => 2,
        ["vite" | "gatsby", ..] => 1,
        ["public", ..] if is_constant => 1,
        _ => 0,
    };
    let words: Vec<String> = words.split_off(skip.min(words.len()));
    let last = words.last()?.as_str();
    let joined = words.join("_");
    let has = |word: &str| words.iter().any(|own| own == word);
    let first = words.first()?.as_str();
    if words.len() > 1 && HEADS.contains(&first) {
        return None;
    }
    if has("public")
        || has("publishable")
        || has("anon")
        || (has("site") && last == "key")
        || has("vapid") && !has("private")
    {
        return None;
    }
    let owner = service(&words);
    let named = |kind, what: String| Some(Named { kind, what, is_constant, is_account: false });

    if is_password_noun(last) {
        if last == "pass" && words.len() == 1 && !is_constant && name != "pass" {
            return None;
        }
        let about = if has("smtp") || has("mail") || has("email") || has("imap") || has("mailer") {
            "mail password"
        } else if [
            "db",
            "database",
            "postgres",
            "postgresql",
            "pg",
            "mysql",
            "mariadb",
            "mongo",
            "mongodb",
            "redis",
            "sql",
            "mssql",
            "sa",
            "pgpassword",
        ]
        .iter()
        .any(|word| has(word))
            || last == "dbpassword"
            || last == "dbpass"
        {
            "database password"
        } else if has("ftp") || has("ssh") || has("sftp") {
            "server password"
        } else {
            "password"
        };
        let is_account = about == "password"
            && ([
                "default",
                "temp",
                "temporary",
                "initial",
                "admin",
                "demo",
                "test",
                "seed",
                "master",
                "superadmin",
                "superuser",
                "staff",
                "user",
                "root",
                "mock",
                "standard",
            ]
            .iter()
            .any(|word| has(word))
                || last.starts_with("admin")
                || last.starts_with("default"));
        let what = if is_account && (has("admin") || has("superadmin") || last.starts_with("admin")) {
            "administrator password"
        } else if is_account {
            "default password"
        } else {
            about
        };
        return Some(Named { kind: NameKind::Password, what: what.to_owned(), is_constant, is_account });
    }
    if joined == "pin" || joined == "pin_code" || joined == "pincode" {
        return Some(Named { kind: NameKind::Pin, what: "PIN of a person".into(), is_constant, is_account: true });
    }
    if has("pin")
        && last == "pin"
        && (has("admin") || has("master") || has("access") || has("manager") || has("owner") || has("staff"))
    {
        return Some(Named { kind: NameKind::Password, what: "access code".into(), is_constant, is_account: true });
    }
    if last == "code" && has("access") && (has("admin") || is_constant)
        || joined == "secret_code"
        || joined == "admin_code"
    {
        return Some(Named { kind: NameKind::Password, what: "access code".into(), is_constant, is_account: true });
    }
    let ends = |tail: &str| joined == tail || joined.ends_with(&format!("_{tail}"));
    if ends("encryption_key")
        || ends("encrypt_key")
        || ends("crypt_key")
        || ends("aes_key")
        || ends("cipher_key")
        || ends("encryption_secret")
        || ends("crypto_key")
        || ends("crypto_secret")
        || ends("encryptionkey")
    {
        return named(NameKind::Encryption, "encryption key".into());
    }
    if ends("client_secret")
        || ends("consumer_secret")
        || ends("app_secret")
        || ends("api_secret")
        || ends("key_secret")
        || ends("consumer_key") && has("mpesa")
    {
        return named(NameKind::ServiceKey, service_key(owner, "client secret"));
    }
    if ends("webhook_secret")
        || ends("cron_secret")
        || ends("admin_secret")
        || ends("admin_token")
        || ends("admin_key")
        || ends("internal_secret")
        || ends("internal_token")
        || ends("shared_secret")
        || ends("internal_api_key")
        || ends("admin_api_key")
        || ends("revalidate_secret")
        || ends("revalidation_secret")
        || ends("revalidate_token")
        || ends("cron_key")
        || ends("setup_secret")
        || ends("setup_token")
        || ends("setup_key")
        || ends("hook_secret")
        || ends("preview_secret")
        || ends("seed_secret")
        || ends("seed_token")
    {
        return named(NameKind::Shared, service_key(owner, "shared secret"));
    }
    let is_second_factor = ["totp", "otp", "2fa", "mfa", "factor"].iter().any(|word| has(word));
    if !is_second_factor && last == "secret"
        || ends("secret_key")
        || last == "secretkey"
        || last == "jwtsecret"
        || ends("signing_key")
        || ends("sign_key")
        || ends("jwt_key")
        || ends("app_key")
        || ends("hmac_key")
        || ends("secret_or_key")
        || ends("secret_key_base")
        || ends("jwt_private_key")
        || ends("secret_phrase")
    {
        let signs = [
            "jwt",
            "session",
            "cookie",
            "auth",
            "nextauth",
            "signing",
            "token",
            "refresh",
            "csrf",
            "hmac",
            "jwtsecret",
            "express",
            "passport",
            "sanctum",
            "salt",
            "betterauth",
        ]
        .iter()
        .any(|word| has(word))
            && owner.is_none();
        if signs {
            return named(NameKind::Signing, "session signing key".into());
        }
        if let Some(owner) = owner.filter(|_| !has("flask") && !has("django"))
            && (ends("access_token_secret") || ends("secret") || ends("secret_key"))
        {
            return named(NameKind::ServiceKey, format!("{owner} secret key"));
        }
        if joined == "secret" || joined == "app_key" && !is_constant || joined == "secretkey" {
            return named(NameKind::BareSecret, "secret".into());
        }
        if joined == "secret_key" && !is_constant {
            return named(NameKind::BareSecret, "session signing key".into());
        }
        return named(NameKind::Signing, "session signing key".into());
    }
    if ends("api_key")
        || last == "apikey"
        || ends("access_key")
        || ends("private_key")
        || ends("service_role_key")
        || ends("service_key")
        || ends("auth_token")
        || ends("bearer_token")
        || ends("access_token")
        || ends("bot_token")
        || ends("api_token")
        || ends("apitoken")
        || ends("account_key")
        || ends("license_key")
        || ends("server_key")
        || ends("master_key")
        || ends("secret_access_key")
        || ends("refresh_token")
        || ends("personal_access_token")
        || ends("pat") && is_constant && words.len() > 1
        || ends("passkey")
        || ends("deploy_key")
        || ends("authtoken")
        || ends("security_token")
        || ends("subscription_key")
        || ends("session_key")
        || ends("cookie_key")
        || ends("auth_key")
        || ends("totp_secret")
        || ends("otp_secret")
        || ends("2fa_secret")
        || ends("mfa_secret")
        || ends("two_factor_secret")
        || ends("rest_key")
        || ends("serverkey")
    {
        return named(NameKind::ServiceKey, service_key(owner, "access key"));
    }
    if last == "token" {
        return named(NameKind::ServiceKey, service_key(owner, "access token"));
    }
    if last == "key" && owner.is_some() && words.len() <= 4 {
        return named(NameKind::ServiceKey, service_key(owner, "access key"));
    }
    None
}

fn service_key(owner: Option<&str>, what: &str) -> String {
    owner.map_or_else(|| what.to_owned(), |owner| format!("{owner} {what}"))
}

/// Prefixes that make a build tool copy a variable into the browser's code.
pub(crate) fn is_public_setting(name: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "VITE_",
        "NEXT_PUBLIC_",
        "REACT_APP_",
        "NUXT_PUBLIC_",
        "PUBLIC_",
        "EXPO_PUBLIC_",
        "GATSBY_",
        "VUE_APP_",
        "NG_APP_",
        "STORYBOOK_",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{NameKind, read, words};

    #[test]
    fn splits() {
        assert_eq!(words("APIKey"), ["api", "key"]);
        assert_eq!(words("JWTSecret"), ["jwt", "secret"]);
        assert_eq!(words("STRIPE_SECRET_KEY"), ["stripe", "secret", "key"]);
        assert_eq!(words("db.password-1"), ["db", "password", "1"]);
    }

    #[test]
    fn kinds() {
        let kind = |name: &str| read(name).map(|named| named.kind);
        for (name, expected) in [
            ("JWT_SECRET", NameKind::Signing),
            ("jwtSecret", NameKind::Signing),
            ("SECRET_KEY", NameKind::Signing),
            ("SESSION_SECRET", NameKind::Signing),
            ("FLASK_SECRET_KEY", NameKind::Signing),
            ("ENCRYPTION_KEY", NameKind::Encryption),
            ("CRON_SECRET", NameKind::Shared),
            ("ACCESS_TOKEN_SECRET", NameKind::Signing),
            ("secret", NameKind::BareSecret),
            ("db_password", NameKind::Password),
            ("SMTP_PASS", NameKind::Password),
            ("defaultPassword", NameKind::Password),
            ("STRIPE_SECRET_KEY", NameKind::ServiceKey),
            ("VITE_OPENAI_API_KEY", NameKind::ServiceKey),
            ("githubToken", NameKind::ServiceKey),
        ] {
            assert_eq!(kind(name), Some(expected), "{name}");
        }
        for name in [
            "passwordLabel",
            "PASSWORD_MIN_LENGTH",
            "TOKEN_KEY",
            "showPassword",
            "passwordError",
            "tokenType",
            "PASSWORD_RESET_URL",
            "publicKey",
            "SUPABASE_ANON_KEY",
            "keyboard",
            "compass",
            "passwordHash",
            "STRIPE_PUBLISHABLE_KEY",
            "bypass",
            "tokens",
            "secretName",
            "csrfToken",
            "NEXT_PUBLIC_SUPABASE_ANON_KEY",
            "RECAPTCHA_SITE_KEY",
            "password_confirmation",
            "confirmPassword",
        ] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
