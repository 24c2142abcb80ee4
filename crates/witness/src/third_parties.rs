//! Third parties that receive data: by the packages that the code imports and the hosts that it names.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use plimsoll_analysis::Program;
use plimsoll_ir::Kind;
use plimsoll_model::app::ThirdParty;
use plimsoll_model::{App, DataClass};
use plimsoll_source::{SourceTree, Span};

/// Name, purpose, beginnings of packages, hosts.
struct Party(&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const PARTIES: &[Party] = &[
    Party(
        "Stripe",
        "payment",
        &["stripe", "@stripe/", "Stripe"],
        &["api.stripe.com", "js.stripe.com", "checkout.stripe.com"],
    ),
    Party("PayPal", "payment", &["@paypal/", "paypalrestsdk", "paypal-rest-sdk"], &["paypal.com", "paypalobjects.com"]),
    Party("Square", "payment", &["square", "squareup"], &["connect.squareup.com"]),
    Party("Mollie", "payment", &["@mollie/", "mollie"], &["api.mollie.com"]),
    Party("Razorpay", "payment", &["razorpay"], &["razorpay.com"]),
    Party("Paystack", "payment", &["paystack", "react-paystack"], &["api.paystack.co"]),
    Party("Flutterwave", "payment", &["flutterwave"], &["api.flutterwave.com"]),
    Party("M-Pesa", "payment", &["mpesa"], &["safaricom.co.ke"]),
    Party("Mercado Pago", "payment", &["mercadopago", "@mercadopago/"], &["api.mercadopago.com"]),
    Party("Klarna", "payment", &["@klarna/"], &["api.klarna.com"]),
    Party("SendGrid", "mail", &["@sendgrid/", "sendgrid", "SendGrid"], &["api.sendgrid.com", "smtp.sendgrid.net"]),
    Party("Mailgun", "mail", &["mailgun", "mailgun.js", "mailgun-js"], &["api.mailgun.net", "api.eu.mailgun.net"]),
    Party("Resend", "mail", &["resend"], &["api.resend.com"]),
    Party("Postmark", "mail", &["postmark"], &["api.postmarkapp.com"]),
    Party(
        "Brevo",
        "mail",
        &["@getbrevo/", "sib-api-v3-sdk", "sib_api_v3_sdk"],
        &["api.brevo.com", "api.sendinblue.com"],
    ),
    Party("Mailchimp", "mail", &["@mailchimp/", "mailchimp"], &["api.mailchimp.com", "mandrillapp.com"]),
    Party("EmailJS", "mail", &["@emailjs/", "emailjs-com"], &["api.emailjs.com"]),
    Party("Amazon SES", "mail", &["@aws-sdk/client-ses"], &["email.us-east-1.amazonaws.com"]),
    Party("Gmail", "mail", &[], &["smtp.gmail.com"]),
    Party("Twilio", "sms", &["twilio"], &["api.twilio.com"]),
    Party("Vonage", "sms", &["@vonage/", "vonage", "nexmo"], &["rest.nexmo.com"]),
    Party("WhatsApp", "sms", &["whatsapp-web.js"], &["graph.facebook.com", "api.whatsapp.com"]),
    Party("Telegram", "sms", &["telegraf", "node-telegram-bot-api"], &["api.telegram.org"]),
    Party("Slack", "sms", &["@slack/", "slack_sdk"], &["hooks.slack.com", "slack.com/api"]),
    Party("OpenAI", "ai", &["openai", "@ai-sdk/openai", "OpenAI", "langchain_openai"], &["api.openai.com"]),
    Party("Anthropic", "ai", &["anthropic", "@anthropic-ai/", "@ai-sdk/anthropic"], &["api.anthropic.com"]),
    Party(
        "Google Gemini",
        "ai",
        &[
            "@google/generative-ai",
            "@google/genai",
            "google.generativeai",
            "google.genai",
            "@genkit-ai/googleai",
            "@genkit-ai/google-genai",
            "@ai-sdk/google",
        ],
        &["generativelanguage.googleapis.com"],
    ),
    Party("Groq", "ai", &["groq-sdk", "groq", "@ai-sdk/groq"], &["api.groq.com"]),
    Party("Mistral", "ai", &["@mistralai/", "mistralai"], &["api.mistral.ai"]),
    Party("OpenRouter", "ai", &["@openrouter/"], &["openrouter.ai"]),
    Party("DeepSeek", "ai", &[], &["api.deepseek.com"]),
    Party("Lovable AI", "ai", &[], &["ai.gateway.lovable.dev"]),
    Party("Replicate", "ai", &["replicate"], &["api.replicate.com"]),
    Party("Hugging Face", "ai", &["@huggingface/"], &["api-inference.huggingface.co"]),
    Party("NVIDIA", "ai", &[], &["integrate.api.nvidia.com"]),
    Party("ElevenLabs", "ai", &["elevenlabs"], &["api.elevenlabs.io"]),
    Party(
        "Google Analytics",
        "analytics",
        &["react-ga", "react-ga4", "@next/third-parties", "ga-4-react"],
        &["google-analytics.com", "googletagmanager.com"],
    ),
    Party(
        "Vercel Analytics",
        "analytics",
        &["@vercel/analytics", "@vercel/speed-insights"],
        &["va.vercel-scripts.com"],
    ),
    Party("PostHog", "analytics", &["posthog-js", "posthog-node", "posthog"], &["app.posthog.com", "i.posthog.com"]),
    Party("Mixpanel", "analytics", &["mixpanel", "mixpanel-browser"], &["api.mixpanel.com"]),
    Party("Plausible", "analytics", &["next-plausible", "plausible-tracker"], &["plausible.io"]),
    Party("Hotjar", "analytics", &["@hotjar/", "react-hotjar"], &["static.hotjar.com"]),
    Party("Microsoft Clarity", "analytics", &["@microsoft/clarity"], &["clarity.ms"]),
    Party("Meta Pixel", "analytics", &["react-facebook-pixel"], &["connect.facebook.net"]),
    Party("Segment", "analytics", &["@segment/"], &["cdn.segment.com", "api.segment.io"]),
    Party("Amplitude", "analytics", &["@amplitude/", "amplitude-js"], &["api.amplitude.com"]),
    Party(
        "Sentry",
        "error-tracking",
        &["@sentry/", "sentry_sdk", "Sentry"],
        &["ingest.sentry.io", "browser.sentry-cdn.com"],
    ),
    Party("Bugsnag", "error-tracking", &["@bugsnag/", "bugsnag"], &["notify.bugsnag.com"]),
    Party("Rollbar", "error-tracking", &["rollbar"], &["api.rollbar.com"]),
    Party("LogRocket", "error-tracking", &["logrocket"], &["cdn.logrocket.io"]),
    Party(
        "Google Maps",
        "maps",
        &["@googlemaps/", "@react-google-maps/", "@vis.gl/react-google-maps", "googlemaps"],
        &["maps.googleapis.com", "maps.google.com"],
    ),
    Party("Mapbox", "maps", &["mapbox-gl", "react-map-gl", "@mapbox/"], &["api.mapbox.com"]),
    Party("OpenStreetMap", "maps", &[], &["nominatim.openstreetmap.org", "tile.openstreetmap.org"]),
    Party("Supabase", "storage", &["@supabase/", "supabase"], &["supabase.co"]),
    Party(
        "Firebase",
        "storage",
        &["firebase", "firebase-admin", "firebase_admin"],
        &[
            "firebaseio.com",
            "firebasestorage.googleapis.com",
            "identitytoolkit.googleapis.com",
            "securetoken.googleapis.com",
        ],
    ),
    Party("Amazon S3", "storage", &["@aws-sdk/client-s3", "boto3", "aws-sdk"], &["s3.amazonaws.com"]),
    Party("Cloudinary", "storage", &["cloudinary", "next-cloudinary"], &["api.cloudinary.com"]),
    Party("UploadThing", "storage", &["uploadthing", "@uploadthing/"], &["api.uploadthing.com"]),
    Party("Vercel Blob", "storage", &["@vercel/blob"], &[]),
    Party("MongoDB Atlas", "storage", &[], &["mongodb.net"]),
    Party("Neon", "storage", &["@neondatabase/"], &["neon.tech"]),
    Party("Airtable", "storage", &["airtable", "pyairtable"], &["api.airtable.com"]),
    Party("Google Sheets", "storage", &["gspread", "google-spreadsheet"], &["sheets.googleapis.com"]),
    Party("Notion", "storage", &["@notionhq/"], &["api.notion.com"]),
    Party("Clerk", "auth", &["@clerk/"], &["clerk.com"]),
    Party("Auth0", "auth", &["@auth0/", "auth0"], &["auth0.com"]),
    Party("Google Sign-In", "auth", &["@react-oauth/google", "google-auth-library"], &["accounts.google.com"]),
    Party("Calendly", "storage", &["react-calendly"], &["calendly.com"]),
    Party("HubSpot", "storage", &["@hubspot/"], &["api.hubapi.com"]),
    Party("reCAPTCHA", "auth", &["react-google-recaptcha"], &["google.com/recaptcha"]),
];

pub(crate) fn observe(program: &Program<'_>, app: &mut App) {
    let mut found: BTreeMap<usize, Span> = BTreeMap::new();
    let mut note = |party: usize, span: Span| {
        let known = found.entry(party).or_insert(span);
        *known = (*known).min(span);
    };
    for (id, module) in program.iter() {
        for (at, import) in module.imports.iter().enumerate() {
            if import.type_only || program.target(id, at).is_some() {
                continue;
            }
            for (index, party) in PARTIES.iter().enumerate() {
                if party.2.iter().any(|package| is_package(&import.module, package)) {
                    note(index, module.span_of(import.range));
                }
            }
        }
        for (node, at) in module.iter() {
            let Kind::Str(text) = &at.kind else { continue };
            if let Some(party) = by_host(text) {
                note(party, module.span(node));
            }
        }
    }
    scripts(program.tree, &mut note);
    for (index, span) in found {
        let party = &PARTIES[index];
        app.third_parties.push(ThirdParty {
            name: party.0.to_owned(),
            purpose: party.1.to_owned(),
            class: DataClass::Demo,
            span,
        });
    }
    app.third_parties.sort_by(|a, b| (&a.name, a.span).cmp(&(&b.name, b.span)));
}

fn is_package(module: &str, package: &str) -> bool {
    if package.ends_with('/') {
        return module.starts_with(package);
    }
    module == package || module.strip_prefix(package).is_some_and(|rest| rest.starts_with(['/', '.', '\\']))
}

/// The party whose host an address names. A link in a page's text is no address that data goes to.
fn by_host(text: &str) -> Option<usize> {
    if text.len() > 2_000 || !text.contains('.') || text.contains(' ') {
        return None;
    }
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    // The host itself, and what it is a part of.
    let parts = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
    let of_hosts = std::iter::once(host).chain(parts).filter_map(|host| HOSTS.get(host)).flatten();
    of_hosts.filter(|(_, below)| path.starts_with(below)).map(|(party, _)| *party).min()
}

/// The parties behind a host, with the beginning of the path that is theirs.
static HOSTS: LazyLock<HashMap<&str, Vec<(usize, &str)>>> = LazyLock::new(|| {
    let mut hosts: HashMap<&str, Vec<(usize, &str)>> = HashMap::new();
    for (party, address) in
        PARTIES.iter().enumerate().flat_map(|(at, party)| party.3.iter().map(move |host| (at, host)))
    {
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        hosts.entry(host).or_default().push((party, path));
    }
    hosts
});

/// Scripts that a page loads from a third party.
fn scripts(tree: &SourceTree, note: &mut dyn FnMut(usize, Span)) {
    for (id, file) in tree.iter() {
        if !matches!(file.extension(), "html" | "htm" | "php" | "ejs" | "hbs" | "twig" | "astro" | "svelte" | "vue") {
            continue;
        }
        let text = file.text();
        for (at, _) in text.match_indices("src=") {
            let rest = &text[at + 4..];
            let address = rest.trim_start_matches(['"', '\'']).split(['"', '\'', ' ', '>']).next().unwrap_or("");
            if let Some(party) = by_host(address) {
                let from = u32::try_from(at).unwrap_or(0);
                note(party, Span::new(id, from, from + u32::try_from(address.len() + 5).unwrap_or(0)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTIES, by_host, is_package};

    #[test]
    fn hosts_and_packages() {
        let name = |text| by_host(text).map(|party| PARTIES[party].0);
        assert_eq!(name("https://api.openai.com/v1/chat"), Some("OpenAI"));
        assert_eq!(name("https://abc.supabase.co"), Some("Supabase"));
        assert_eq!(name("https://example.test/?next=api.openai.com"), None);
        assert_eq!(name("https://api.openai.com.example.test/"), None);
        assert_eq!(name("ask api.openai.com how"), None);
        assert!(is_package("openai/resources", "openai") && is_package("firebase_admin.auth", "firebase_admin"));
        assert!(!is_package("openai-mock", "openai") && !is_package("stripes", "stripe"));
    }
}
