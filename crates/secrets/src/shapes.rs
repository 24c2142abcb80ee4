//! Keys that are known by their shape.
//!
//! Sources: the vendors' own pages on key formats and their secret-scanning notes. Every entry declares keywords; its
//! pattern is tried only where a keyword stands, anchored there unless the entry says how far to look back.

use std::sync::LazyLock;

use plimsoll_model::app::{SecretKind, SecretTier};
use regex::Regex;

use crate::Hit;
use crate::gate::{Found, Gate};
use crate::name;
use crate::place::{Form, Place};
use crate::text;
use crate::value;

/// A key's shape.
pub(crate) struct Shape {
    /// In any case; at least one must stand in the text.
    pub(crate) keywords: &'static [&'static str],
    /// Anchored at the keyword, or within [`Shape::back`] bytes before it. Group `v` is the value where it is not the whole match.
    pattern: &'static str,
    /// For people.
    what: &'static str,
    kind: SecretKind,
    tier: SecretTier,
    /// How far before the keyword the pattern may begin.
    back: usize,
    /// Entropy in bits per character that the value needs; 0 where the shape suffices.
    entropy: f32,
}

const fn key(keywords: &'static [&'static str], pattern: &'static str, what: &'static str) -> Shape {
    Shape { keywords, pattern, what, kind: SecretKind::ApiKey, tier: SecretTier::Secret, back: 0, entropy: 2.8 }
}

const fn public(keywords: &'static [&'static str], pattern: &'static str, what: &'static str) -> Shape {
    Shape { keywords, pattern, what, kind: SecretKind::ApiKey, tier: SecretTier::PublicByDesign, back: 0, entropy: 0.0 }
}

/// Position of the entry for JSON Web Tokens, whose claims decide.
const JWT: &str = "JSON Web Token";
/// The entry for connection strings, whose parts decide.
const CONNECTION: &str = "connection string";
/// The entry for private keys.
const PEM: &str = "private key";
/// Passwords on command lines and in lists of connection settings.
const COMMAND: &str = "database password";
/// Tokens written into a header.
const BEARER: &str = "access token";
/// Google's API keys: public in a Firebase web configuration.
const GOOGLE: &str = "Google API key";

/// All shapes. Keywords are matched in any case, patterns in the case that the vendor writes.
pub(crate) static TABLE: &[Shape] = &[
    key(&["sk_live_"], r"sk_live_[0-9A-Za-z]{16,250}", "Stripe secret key"),
    key(&["sk_test_"], r"sk_test_[0-9A-Za-z]{16,250}", "Stripe test key"),
    key(&["rk_live_"], r"rk_live_[0-9A-Za-z]{16,250}", "Stripe restricted key"),
    key(&["rk_test_"], r"rk_test_[0-9A-Za-z]{16,250}", "Stripe restricted test key"),
    key(&["whsec_"], r"whsec_[0-9A-Za-z+/=]{20,250}", "webhook signing secret"),
    public(&["pk_live_", "pk_test_"], r"pk_(?:live|test)_[0-9A-Za-z$=]{16,250}", "publishable key"),
    key(&["akia", "asia"], r"(?:AKIA|ASIA)[0-9A-Z]{16}\b", "AWS access key id"),
    Shape {
        keywords: &["aws_secret", "secretaccesskey", "secret_access_key", "aws_sec"],
        pattern: r#"(?i:aws_secret_access_key|aws_secret_key|aws_secret|secret_?access_?key)["']?\s*(?:=>|[:=,])\s*["']?(?P<v>[A-Za-z0-9/+]{40})\b"#,
        what: "AWS secret access key",
        kind: SecretKind::ApiKey,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 3.8,
    },
    key(&["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[0-9A-Za-z]{36,255}", "GitHub token"),
    key(&["github_pat_"], r"github_pat_[0-9A-Za-z_]{60,255}", "GitHub token"),
    key(&["glpat-"], r"glpat-[0-9A-Za-z_\-]{20,64}", "GitLab token"),
    key(
        &["sk-proj-", "sk-svcacct-", "sk-admin-"],
        r"sk-(?:proj|svcacct|admin)-[0-9A-Za-z_\-]{30,250}",
        "OpenAI API key",
    ),
    key(&["sk-ant-"], r"sk-ant-[a-z0-9]{2,12}-[0-9A-Za-z_\-]{24,250}", "Anthropic API key"),
    key(&["sk-or-v1-"], r"sk-or-v1-[0-9a-f]{48,80}", "OpenRouter API key"),
    key(&["sk-"], r"sk-[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}", "OpenAI API key"),
    key(&["sk-"], r"sk-[0-9a-f]{32}\b", "DeepSeek API key"),
    key(&["sk-"], r"sk-[0-9A-Za-z]{40,64}\b", "OpenAI API key"),
    key(&["aiza"], r"AIza[0-9A-Za-z_\-]{35}", GOOGLE),
    key(&["gocspx-"], r"GOCSPX-[0-9A-Za-z_\-]{28}", "Google OAuth client secret"),
    key(&["ya29."], r"ya29\.[0-9A-Za-z_\-]{30,250}", "Google access token"),
    key(
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"],
        r"(?:xox[bpars]|xapp)-[0-9A-Za-z\-]{16,250}",
        "Slack token",
    ),
    key(
        &["hooks.slack.com/services/"],
        r"hooks\.slack\.com/services/T[0-9A-Za-z]{6,12}/B[0-9A-Za-z]{6,12}/[0-9A-Za-z]{20,30}",
        "Slack webhook address",
    ),
    key(&["sg."], r"SG\.[0-9A-Za-z_\-]{20,24}\.[0-9A-Za-z_\-]{39,50}", "SendGrid API key"),
    key(&["re_"], r"re_[0-9A-Za-z]{6,12}_[0-9A-Za-z]{20,32}\b", "Resend API key"),
    key(&["re_"], r"re_[0-9A-Za-z]{28,40}\b", "Resend API key"),
    key(&["sk"], r"SK[0-9a-f]{32}\b", "Twilio API key"),
    key(&["key-"], r"key-[0-9a-f]{32}\b", "Mailgun API key"),
    key(&["xkeysib-"], r"xkeysib-[0-9a-f]{64}-[0-9A-Za-z]{16}", "Brevo API key"),
    key(&["xsmtpsib-"], r"xsmtpsib-[0-9a-f]{64}-[0-9A-Za-z]{16}", "Brevo SMTP key"),
    key(&["sb_secret_"], r"sb_secret_[0-9A-Za-z_\-]{20,80}", "Supabase secret key"),
    public(&["sb_publishable_"], r"sb_publishable_[0-9A-Za-z_\-]{20,80}", "Supabase publishable key"),
    key(&["sbp_"], r"sbp_[0-9a-f]{40}\b", "Supabase access token"),
    key(&["eaaa"], r"EAAA[0-9A-Za-z_\-]{56,80}", "Square access token"),
    key(&["sq0csp-"], r"sq0csp-[0-9A-Za-z_\-]{43}", "Square application secret"),
    public(&["sq0idp-"], r"sq0idp-[0-9A-Za-z_\-]{22}", "Square application id"),
    key(
        &["access-sandbox-", "access-production-", "access-development-"],
        r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "Plaid access token",
    ),
    key(&["sk.eyj"], r"sk\.eyJ[0-9A-Za-z_\-]{40,}\.[0-9A-Za-z_\-]{18,}", "Mapbox secret token"),
    public(&["pk.eyj"], r"pk\.eyJ[0-9A-Za-z_\-]{40,}\.[0-9A-Za-z_\-]{18,}", "Mapbox public token"),
    Shape {
        keywords: &[":aa"],
        pattern: r"\b[0-9]{8,10}:AA[0-9A-Za-z_\-]{33}\b",
        what: "Telegram bot token",
        kind: SecretKind::ApiKey,
        tier: SecretTier::Secret,
        back: 10,
        entropy: 3.0,
    },
    key(
        &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
        r"discord(?:app)?\.com/api/webhooks/[0-9]{16,20}/[0-9A-Za-z_\-]{60,72}",
        "Discord webhook address",
    ),
    Shape {
        keywords: &["discord"],
        pattern: r#"(?i:discord)[0-9A-Za-z_. "'\]]{0,40}[:=]\s*["']?(?P<v>[MNO][0-9A-Za-z_\-]{23,27}\.[0-9A-Za-z_\-]{6}\.[0-9A-Za-z_\-]{27,40})"#,
        what: "Discord bot token",
        kind: SecretKind::ApiKey,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 3.0,
    },
    key(
        &["cloudinary://"],
        r"cloudinary://[0-9]{10,20}:[0-9A-Za-z_\-]{20,40}@[0-9A-Za-z_\-]+",
        "Cloudinary address with secret",
    ),
    Shape {
        keywords: &["-----begin"],
        pattern: r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----(?:[\s\\]|[A-Za-z0-9+/=:,\-])*",
        what: PEM,
        kind: SecretKind::PrivateKey,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 0.0,
    },
    key(&["npm_"], r"npm_[0-9A-Za-z]{36}\b", "npm token"),
    key(&["pypi-age"], r"pypi-AgE[0-9A-Za-z_\-]{50,250}", "PyPI token"),
    key(&["nfp_"], r"nfp_[0-9A-Za-z]{36,44}\b", "Netlify token"),
    key(
        &["vcp_", "vercel_blob_rw_"],
        r"(?:vcp_[0-9A-Za-z]{40,64}|vercel_blob_rw_[0-9A-Za-z]{14,20}_[0-9A-Za-z]{20,40})",
        "Vercel token",
    ),
    key(&["hf_"], r"hf_[0-9A-Za-z]{34,38}\b", "Hugging Face token"),
    key(&["gsk_"], r"gsk_[0-9A-Za-z]{48,56}\b", "Groq API key"),
    key(&["r8_"], r"r8_[0-9A-Za-z]{37,40}\b", "Replicate token"),
    key(&["pplx-"], r"pplx-[0-9A-Za-z]{40,60}\b", "Perplexity API key"),
    key(&["xai-"], r"xai-[0-9A-Za-z]{70,90}\b", "xAI API key"),
    key(&["tvly-"], r"tvly-(?:dev-|prod-)?[0-9A-Za-z]{28,40}\b", "Tavily API key"),
    key(&["flwseck"], r"FLWSECK(?:_TEST)?-[0-9A-Za-z\-]{12,60}(?:-X)?", "Flutterwave secret key"),
    public(&["flwpubk"], r"FLWPUBK(?:_TEST)?-[0-9A-Za-z\-]{12,60}(?:-X)?", "Flutterwave public key"),
    public(&["rzp_live_", "rzp_test_"], r"rzp_(?:live|test)_[0-9A-Za-z]{14,20}", "Razorpay key id"),
    key(&["app_usr-"], r"APP_USR-[0-9]{12,20}-[0-9]{4,8}-[0-9a-f]{24,40}-[0-9]{6,12}", "Mercado Pago access token"),
    key(&["shpat_", "shpss_", "shpca_", "shppa_"], r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}", "Shopify token"),
    key(&["pat"], r"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}", "Airtable token"),
    key(&["secret_", "ntn_"], r"(?:secret_[0-9A-Za-z]{43}|ntn_[0-9A-Za-z]{40,50})\b", "Notion token"),
    key(&["lin_api_"], r"lin_api_[0-9A-Za-z]{40}", "Linear API key"),
    key(&["figd_"], r"figd_[0-9A-Za-z_\-]{38,50}", "Figma token"),
    key(&["dop_v1_"], r"dop_v1_[0-9a-f]{64}", "DigitalOcean token"),
    key(&["atatt3"], r"ATATT3[0-9A-Za-z_\-=]{100,250}", "Atlassian token"),
    key(&["-us"], r"\b[0-9a-f]{32}-us[0-9]{1,2}\b", "Mailchimp API key").looking_back(32),
    key(&["sntrys_"], r"sntrys_[0-9A-Za-z_=+/\-]{60,250}", "Sentry token"),
    key(&["phx_"], r"phx_[0-9A-Za-z]{40,60}\b", "PostHog personal key"),
    public(&["phc_"], r"phc_[0-9A-Za-z]{40,60}\b", "PostHog project key"),
    key(&["pscale_tkn_", "pscale_pw_"], r"pscale_(?:tkn|pw)_[0-9A-Za-z_\-]{30,64}", "PlanetScale credential"),
    key(&["live_", "test_"], r"(?:live|test)_[0-9A-Za-z]{30,34}\b", "Mollie API key"),
    key(&["accountkey="], r"AccountKey=(?P<v>[0-9A-Za-z+/]{86}==)", "Azure storage key"),
    key(&["ak_"], r"(?:ak|atsk)_[0-9a-f]{64}\b", "Africa's Talking API key"),
    Shape {
        keywords: &["pgpassword=", "mysql_pwd=", "sshpass -p"],
        pattern: r#"(?i:PGPASSWORD=|MYSQL_PWD=|sshpass -p\s?)["'\\]{0,2}(?P<v>[^\s"'\\;&|)]{4,80})"#,
        what: COMMAND,
        kind: SecretKind::Password,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 0.0,
    },
    Shape {
        keywords: &["password=", "pwd="],
        pattern: r#"(?i:(?:jdbc:[a-z0-9]+:[^"'\n]{0,140}[;&?]|\b(?:user id|uid|server|data source|host)\s?=[^"'\n]{0,140};)\s?(?:password|pwd)\s?=\s?)(?P<v>[^;"'\s&<>\\]{3,80})"#,
        what: COMMAND,
        kind: SecretKind::ConnectionString,
        tier: SecretTier::Secret,
        back: 180,
        entropy: 0.0,
    },
    Shape {
        keywords: &["bearer "],
        pattern: r"(?i:bearer) (?P<v>[0-9A-Za-z_\-.=+/]{24,250})",
        what: BEARER,
        kind: SecretKind::Token,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 0.0,
    },
    Shape {
        keywords: &["eyj"],
        pattern: r"eyJ[0-9A-Za-z_\-]{8,}\.eyJ[0-9A-Za-z_\-]{8,}\.[0-9A-Za-z_\-]{16,}",
        what: JWT,
        kind: SecretKind::Token,
        tier: SecretTier::Secret,
        back: 0,
        entropy: 3.0,
    },
    Shape {
        keywords: &["://"],
        pattern: r#"(?i:postgres(?:ql)?(?:\+[a-z0-9]+)?|mysql2?(?:\+[a-z0-9]+)?|mariadb(?:\+[a-z0-9]+)?|mongodb(?:\+srv)?|rediss?|amqps?|mssql(?:\+[a-z0-9]+)?|sqlserver|smtps?|clickhouse|cockroachdb|ftp|sftp|ldaps?|libsql|prisma|https?)://[^\s:@/"'`<>\\]{0,80}:(?P<v>[^\s@/"'`<>]{1,120})@(?P<host>[^\s/"'`?:,)\\]{1,120})"#,
        what: CONNECTION,
        kind: SecretKind::ConnectionString,
        tier: SecretTier::Secret,
        back: 20,
        entropy: 0.0,
    },
];

impl Shape {
    const fn looking_back(self, back: usize) -> Self {
        Shape { back, ..self }
    }
}

static PATTERNS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    TABLE
        .iter()
        .map(|shape| {
            let pattern = if shape.back == 0 { format!("^(?:{})", shape.pattern) } else { shape.pattern.to_owned() };
            regex::RegexBuilder::new(&pattern).unicode(false).build().or_else(|_| Regex::new(&pattern)).ok()
        })
        .collect()
});

/// How far after the keyword a value may reach.
const AHEAD: usize = 420;
/// A private key with its line breaks.
const AHEAD_PEM: usize = 8_000;
/// Longest token.
const AHEAD_JWT: usize = 3_000;

/// Adds everything that has a known shape.
pub(crate) fn scan(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    let mut pem_end = 0;
    for &(at, len, gate) in &found.at {
        let Gate::Shape(index) = gate else { continue };
        let (Some(shape), Some(Some(pattern))) = (TABLE.get(index), PATTERNS.get(index)) else { continue };
        // In front of the keyword there must be no part of a longer word: `task-`, `require_`.
        if shape.back == 0
            && shape.kind != SecretKind::PrivateKey
            && text::before(text, at).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            // Names such as `AWS_SECRET_ACCESS_KEY` stand inside longer ones.
            if !shape.pattern.contains("(?P<v>") {
                continue;
            }
        }
        // Keys inside a private key's text are that key; a token's parts are that token.
        if at < pem_end || shape.what == JWT && text::before(text, at).is_some_and(|c| matches!(c, '-' | '.')) {
            continue;
        }
        let ahead = match shape.what {
            PEM => AHEAD_PEM,
            JWT => AHEAD_JWT,
            _ => AHEAD,
        };
        let start = if shape.back == 0 { at } else { at.saturating_sub(shape.back) };
        let window = text::slice(text, start, at + len + ahead);
        let base = window.as_ptr() as usize - text.as_ptr() as usize;
        // Looking back, the match must contain this very keyword.
        let hit = if shape.back == 0 {
            pattern.captures(window)
        } else {
            pattern
                .captures(window)
                .filter(|hit| hit.get(0).is_some_and(|all| base + all.start() <= at && at < base + all.end()))
        };
        let Some(hit) = hit else { continue };
        let Some(value) = hit.name("v").or_else(|| hit.get(0)) else { continue };
        let text_value = value.as_str();
        let span = (base + value.start(), base + value.end());
        if shape.what == PEM {
            pem_end = span.1;
        }
        let judged = match shape.what {
            JWT => judge_jwt(text_value),
            PEM => judge_pem(text_value),
            CONNECTION => {
                let host = hit.name("host").map_or("", |host| host.as_str());
                let whole = hit.get(0).map_or("", |all| all.as_str());
                judge_connection(whole, text_value, host, place)
            }
            COMMAND => judge_command(text_value, shape.kind),
            // A token with claims has a shape of its own.
            BEARER => (!text_value.starts_with("eyJ") && value::is_random(text_value, 24)).then(|| Judged {
                tier: if value::is_filler_key(text_value) { SecretTier::Placeholder } else { SecretTier::Secret },
                what: BEARER.to_owned(),
                kind: SecretKind::Token,
                certain: false,
            }),
            GOOGLE => Some(judge_google(text, span.0, place)),
            _ => Some(Judged { tier: shape.tier, what: shape.what.to_owned(), kind: shape.kind, certain: true }),
        };
        let Some(mut judged) = judged else { continue };
        if shape.what == PEM && text::slice(text, at.saturating_sub(600), at).contains("service_account") {
            judged.what = "Google service-account key".to_owned();
        }
        if judged.tier == SecretTier::Secret && shape.entropy > 0.0 {
            let random = text_value.rsplit(['_', '-', '.']).max_by_key(|part| part.len()).unwrap_or(text_value);
            if value::is_filler_key(random) || value::entropy(text_value) < shape.entropy {
                judged.tier = SecretTier::Placeholder;
            } else if NEEDS_VENDOR.contains(&shape.what) && !mentions(text, span.0, shape.what) {
                continue;
            }
        }
        let in_browser = judged.tier == SecretTier::Secret && (place.is_client || public_line(text, span.0, place));
        hits.push(Hit {
            kind: judged.kind,
            what: judged.what,
            tier: judged.tier,
            value: text_value.to_owned(),
            start: span.0,
            end: span.1,
            in_browser,
            fallback_for: None,
            in_sample: place.is_for_show(judged.certain),
            certain: judged.certain,
        });
    }
}

/// Shapes that other things have too: the text around must speak of the vendor.
const NEEDS_VENDOR: &[&str] = &[
    "Africa's Talking API key",
    "Mailgun API key",
    "Airtable token",
    "Notion token",
    "Twilio API key",
    "Mollie API key",
    "Mailchimp API key",
];

/// Whether the text around speaks of the vendor that is the first word of a description.
fn mentions(text: &str, at: usize, what: &str) -> bool {
    let vendor = what.split([' ', '\'']).next().unwrap_or("").to_ascii_lowercase();
    text::slice(text, at.saturating_sub(2_000), at + 2_000).to_ascii_lowercase().contains(&vendor)
}

/// A setting whose prefix makes the build tool copy it into the browser's code.
pub(crate) fn public_line(text: &str, at: usize, place: &Place) -> bool {
    if !matches!(place.form, Form::Env | Form::Config) {
        return false;
    }
    let line = text::line_around(text, at);
    let line = text
        .get(line)
        .unwrap_or("")
        .trim_start()
        .trim_start_matches("export ")
        .trim_start_matches("ENV ")
        .trim_start_matches("ARG ")
        .trim_start_matches("- ");
    name::is_public_setting(line)
}

struct Judged {
    tier: SecretTier,
    what: String,
    kind: SecretKind,
    certain: bool,
}

/// The claims tell what a token opens.
fn judge_jwt(token: &str) -> Option<Judged> {
    let payload = token.split('.').nth(1)?;
    let claims = String::from_utf8(decode_base64url(payload)?).ok()?;
    if !claims.starts_with('{') {
        return None;
    }
    let compact: String = claims.chars().filter(|c| !c.is_whitespace()).collect();
    let judged = |tier, what: &str, kind, certain| Some(Judged { tier, what: what.to_owned(), kind, certain });
    let is_local = compact.contains("\"iss\":\"supabase-demo\"");
    if compact.contains("\"role\":\"service_role\"") {
        let tier = if is_local { SecretTier::Placeholder } else { SecretTier::Secret };
        return judged(tier, "Supabase service-role key", SecretKind::ApiKey, true);
    }
    if compact.contains("\"role\":\"anon\"") {
        return judged(SecretTier::PublicByDesign, "Supabase anon key", SecretKind::ApiKey, true);
    }
    // The token of jwt.io's front page and its variations.
    if compact.contains("\"sub\":\"1234567890\"") || compact.contains("JohnDoe") || compact.len() < 12 {
        return judged(SecretTier::Placeholder, JWT, SecretKind::Token, true);
    }
    judged(SecretTier::Secret, JWT, SecretKind::Token, true)
}

/// Base64 in its address-safe alphabet, without padding.
fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let mut bits = 0u32;
    let mut held = 0u32;
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(out)
}

/// A password given to a program: not a variable, not a default of local databases.
fn judge_command(password: &str, kind: SecretKind) -> Option<Judged> {
    if value::is_reference(password) || password.contains(['$', '{', '}', '<', '>', '%', '`']) {
        return None;
    }
    let filler = value::is_placeholder(password) || value::is_weak_word(password) || value::is_password_word(password);
    let tier = if filler { SecretTier::Placeholder } else { SecretTier::Secret };
    Some(Judged { tier, what: COMMAND.to_owned(), kind, certain: false })
}

/// A private key needs a body: headers alone stand in code that looks for keys, and in examples.
fn judge_pem(text: &str) -> Option<Judged> {
    let body = text.split_once("KEY").map_or("", |(_, body)| body);
    let body = body.split("-----END").next().unwrap_or("");
    let body = body.split_once("-----").map_or(body, |(_, body)| body);
    let letters = body.replace("\\n", "").bytes().filter(u8::is_ascii_alphanumeric).count();
    if letters < 40 {
        return None;
    }
    let compact: String = body.replace("\\n", "").chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let tier = if value::is_placeholder(body) || value::entropy(&compact) < 4.0 {
        SecretTier::Placeholder
    } else {
        SecretTier::Secret
    };
    Some(Judged { tier, what: PEM.to_owned(), kind: SecretKind::PrivateKey, certain: true })
}

/// A connection string is as secret as its password; the defaults of local databases are no secret.
fn judge_connection(whole: &str, password: &str, host: &str, place: &Place) -> Option<Judged> {
    let scheme = whole.split("://").next().unwrap_or("").to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let user = whole.split("://").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or("");
    let is_web = scheme.starts_with("http");
    if is_web && (password.contains('*') || place.form == Form::Docs && value::is_wordy(password) || user.is_empty()) {
        return None;
    }
    // `https://host:8080@…` in code that builds addresses; a port is no password.
    if password.bytes().all(|byte| byte.is_ascii_digit()) && is_web {
        return None;
    }
    let filler = value::is_reference(password)
        || value::is_placeholder(password)
        || password.contains(['{', '}', '$', '(', ')', '[', ']', '|', '+', ' '])
        || value::is_placeholder(&host)
        || host.contains(['{', '$', '[', '('])
        || user.contains(['{', '$', '[', '<', '('])
        || matches!(host.as_str(), "host" | "hostname" | "server" | "db-host" | "dbhost")
        || matches!(
            password.to_ascii_lowercase().as_str(),
            "password" | "pass" | "pwd" | "passwd" | "secret" | "pw" | "db_password" | "dbpass"
        )
        || host.ends_with("example.com");
    let is_local = matches!(
        host.as_str(),
        "localhost"
            | "127.0.0.1"
            | "0.0.0.0"
            | "db"
            | "database"
            | "postgres"
            | "postgresql"
            | "mysql"
            | "mongo"
            | "mongodb"
            | "redis"
            | "mariadb"
            | "rabbitmq"
            | "host.docker.internal"
            | "::1"
    );
    let is_local = is_local || !host.contains('.');
    let lower = password.to_ascii_lowercase();
    // In documents most addresses are invented; invented passwords say that they are passwords.
    let invented =
        ["pass", "secret", "abc1", "1234", "qwerty", "token", "test"].iter().any(|word| lower.contains(word));
    let filler = filler || invented && place.form == Form::Docs;
    let is_default = place.is_ci
        || invented
        || value::is_wordy(password)
        || value::is_weak_word(password)
        || password.eq_ignore_ascii_case(user)
        || password.len() < 4;
    let tier = if filler || is_local && is_default { SecretTier::Placeholder } else { SecretTier::Secret };
    let what = match scheme.split('+').next().unwrap_or("") {
        "postgres" | "postgresql" => "PostgreSQL address with password",
        "mysql" | "mysql2" | "mariadb" => "MySQL address with password",
        "mongodb" => "MongoDB address with password",
        "redis" | "rediss" => "Redis address with password",
        "smtp" | "smtps" => "mail server address with password",
        "http" | "https" => "web address with password",
        _ => "address with password",
    };
    Some(Judged { tier, what: what.to_owned(), kind: SecretKind::ConnectionString, certain: !is_local })
}

/// Firebase's web configuration carries the same kind of key as maps and Gemini do; there it is public by design.
fn judge_google(text: &str, at: usize, place: &Place) -> Judged {
    let near = text::slice(text, at.saturating_sub(700), at + 700).to_ascii_lowercase();
    let line = text.get(text::line_around(text, at)).unwrap_or("").to_ascii_lowercase();
    let is_firebase = [
        "authdomain",
        "firebase",
        "messagingsenderid",
        "storagebucket",
        "auth_domain",
        "storage_bucket",
        "mobilesdk_app_id",
    ]
    .iter()
    .any(|mark| near.contains(mark));
    let is_ai =
        ["gemini", "generativelanguage", "genai", "google_ai", "generative"].iter().any(|mark| line.contains(mark))
            || !is_firebase
                && ["gemini", "generativelanguage", "googlegenerativeai"].iter().any(|mark| near.contains(mark));
    let is_maps = ["maps", "places", "geocod"].iter().any(|mark| line.contains(mark))
        || !is_firebase && near.contains("maps.googleapis");
    let judged = |tier, what: &str| Judged { tier, what: what.to_owned(), kind: SecretKind::ApiKey, certain: true };
    if is_ai {
        return judged(SecretTier::Secret, "Google Gemini API key");
    }
    if is_firebase {
        return judged(SecretTier::PublicByDesign, "Firebase web API key");
    }
    if is_maps {
        // Maps keys are sent to every visitor; they are limited by referrer, not kept secret. The address of the
        // library of maps is loaded by browsers alone, whichever program writes the page.
        let tier = if place.is_client || public_line(text, at, place) || line.contains("maps/api/js") {
            SecretTier::PublicByDesign
        } else {
            SecretTier::Secret
        };
        return judged(tier, "Google Maps API key");
    }
    judged(SecretTier::Secret, GOOGLE)
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, TABLE, decode_base64url};

    #[test]
    fn every_pattern_compiles_and_has_keywords() {
        for (shape, pattern) in TABLE.iter().zip(PATTERNS.iter()) {
            assert!(pattern.is_some(), "{}", shape.pattern);
            assert!(!shape.keywords.is_empty(), "{}", shape.what);
            for keyword in shape.keywords {
                assert_eq!(*keyword, keyword.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn decodes() {
        assert_eq!(decode_base64url("eyJhIjoxfQ").as_deref(), Some(&b"{\"a\":1}"[..]));
        assert_eq!(decode_base64url("a!b"), None);
    }
}
