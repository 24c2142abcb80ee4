//! What a value is: a reference, a placeholder, a word of the user interface, a password, something random.

/// How varied the characters are: Shannon entropy in bits per character.
pub(crate) fn entropy(value: &str) -> f32 {
    let mut counts = [0u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "values are short")]
    let len = value.len().max(1) as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            #[expect(clippy::cast_precision_loss, reason = "values are short")]
            let share = count as f32 / len;
            -share * share.log2()
        })
        .sum()
}

/// The value is read from elsewhere: an environment variable, a template, a vault.
pub(crate) fn is_reference(value: &str) -> bool {
    const INSIDE: &[&str] =
        &["${", "{{", "<%", "#{", "$(", "%(", "process.env", "import.meta.env", "os.environ", "getenv"];
    const HEADS: &[&str] = &[
        "env(",
        "env.",
        "config.",
        "secrets.",
        "vault:",
        "op://",
        "arn:",
        "ssm:",
        "ENC[",
        "file:",
        "projects/",
        "sm://",
    ];
    let value = value.trim();
    // Secret managers name a version: `jwt-secret:latest`.
    if value.contains(":latest") {
        return true;
    }
    if INSIDE.iter().any(|part| value.contains(part)) || HEADS.iter().any(|head| value.starts_with(head)) {
        return true;
    }
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && name.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    // `$PASSWORD`, `%PASSWORD%`, `@@PASSWORD@@`, `__PASSWORD__`
    if let Some(name) = value.strip_prefix('$') {
        if is_name(name) {
            return true;
        }
        return name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.bytes().any(|b| b.is_ascii_digit());
    }
    let between = |mark: &str| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).is_some_and(is_name);
    between("%") || between("@@") || between("__") || (value.starts_with('{') && value.ends_with('}'))
}

/// On or off: what a setting is compared with, never what it protects (`RETURN_PASSWORD === 'true'`).
pub(crate) fn is_switch(value: &str) -> bool {
    const WORDS: &[&str] =
        &["true", "false", "yes", "no", "on", "off", "enabled", "disabled", "null", "none", "nil", "undefined"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a value begins like the keys that services hand out.
pub(crate) fn is_handed_out(value: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "whsec_",
        "sk_live_",
        "sk_test_",
        "sk-",
        "rk_live_",
        "pk_",
        "ghp_",
        "github_pat_",
        "xoxb-",
        "AIza",
        "AKIA",
        "SG.",
        "re_",
    ];
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
}

/// Text that stands where a value should be filled in.
pub(crate) fn is_placeholder(value: &str) -> bool {
    const PARTS: &[&str] = &[
        "your",
        "xxx",
        "changeme",
        "change-me",
        "change_me",
        "change me",
        "changethis",
        "change-this",
        "change_this",
        "changeit",
        "replace",
        "example",
        "placeholder",
        "dummy",
        "insert",
        "todo",
        "fixme",
        "...",
        "…",
        "***",
        "•",
        "redacted",
        "to-be-",
        "to_be_",
        "fill-",
        "fill_",
        "enter-",
        "enter_",
        "enter your",
        "-here",
        "_here",
        " here",
        "sample",
        "foobar",
        "lorem",
        "put-",
        "put_",
        "set-me",
        "set_me",
        "setme",
        "update-me",
        "update_me",
        "notreal",
        "not-a-real",
        "not_a_real",
        "fake",
        "goes-here",
        "remplacer",
        "ersetzen",
        "cambiar",
        "reemplaz",
        "substitu",
        "vervang",
        "votre",
        "deine",
        "ihre-",
        "ihr-",
        "seu_",
        "sua_",
        "tu_",
        "tu-",
        "mock",
        "n/a",
        "generate-",
        "generate_",
        "openssl rand",
        "min-32",
        "32-char",
        "at-least",
        "at_least",
        "minimum",
        "long-random",
        "random-string",
        "random_string",
        "a-very-long",
        "some-secret",
        "some_secret",
    ];
    let value = value.trim();
    let lower = value.to_lowercase();
    if lower.is_empty()
        || matches!(lower.as_str(), "none" | "null" | "nil" | "undefined" | "true" | "false" | "tbd" | "-" | "--")
    {
        return true;
    }
    if PARTS.iter().any(|part| lower.contains(part)) {
        return true;
    }
    let wrapped = |open: char, close: char| lower.starts_with(open) && lower.ends_with(close) && lower.len() > 2;
    if lower.starts_with('<')
        || wrapped('<', '>')
        || wrapped('[', ']')
        || lower.starts_with("my-")
        || lower.starts_with("my_")
    {
        return true;
    }
    is_monotonous(&lower)
}

/// One character over and over, or a run of the keyboard or alphabet: no generator makes that.
fn is_monotonous(value: &str) -> bool {
    let body: Vec<char> = value.chars().filter(|c| c.is_alphanumeric()).collect();
    if body.len() < 4 {
        return body.is_empty();
    }
    let distinct: std::collections::BTreeSet<char> = body.iter().copied().collect();
    distinct.len() == 1 || (body.len() >= 16 && distinct.len() <= 3)
}

/// The unmistakable filler inside the random part of a key: `0123456789`, `abcdefgh`, `xxxx`, one character.
pub(crate) fn is_filler_key(random: &str) -> bool {
    const RUNS: &[&str] =
        &["1234567890", "0123456789", "abcdefgh", "abcdef123456", "123456abcdef", "qwerty", "deadbeef", "abc123def456"];
    let lower = random.to_lowercase();
    RUNS.iter().any(|run| lower.contains(run))
        || is_placeholder(random)
        || is_monotonous(&lower)
        || is_patterned(random)
}

/// Kinds of characters that take turns (`aB3dE5fG7`): a person or a language model makes that, no generator.
fn is_patterned(value: &str) -> bool {
    let kinds: Vec<u8> = value
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| if byte.is_ascii_digit() { 0 } else { 1 + u8::from(byte.is_ascii_uppercase()) })
        .collect();
    let distinct: std::collections::BTreeSet<u8> = kinds.iter().copied().collect();
    if kinds.len() < 16 || distinct.len() < 3 {
        return false;
    }
    (2..=5).any(|period| {
        let same = kinds.iter().zip(kinds.iter().skip(period)).filter(|(a, b)| a == b).count();
        same * 20 >= (kinds.len() - period) * 17
    })
}

/// Words that mean "password" or label a field for it, in the languages of the apps we see.
const PASSWORD_WORDS: &[&str] = &[
    "password",
    "passwords",
    "passwort",
    "passwörter",
    "kennwort",
    "contraseña",
    "contrasena",
    "clave",
    "senha",
    "mot",
    "passe",
    "mdp",
    "wachtwoord",
    "lösenord",
    "losenord",
    "adgangskode",
    "passord",
    "salasana",
    "hasło",
    "haslo",
    "heslo",
    "jelszó",
    "jelszo",
    "parola",
    "parolă",
    "şifre",
    "sifre",
    "пароль",
    "lozinka",
    "geslo",
    "κωδικός",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "סיסמה",
    "kata",
    "sandi",
    "token",
    "secret",
    "geheimnis",
    "api",
    "key",
    "apikey",
    "pin",
    "pwd",
    "passwd",
    "passphrase",
    "passcode",
];

/// Words that stand next to a password's name in schemas, forms, messages and types, but are no password.
const NEUTRAL_WORDS: &[&str] = &[
    "missing",
    "ok",
    "configured",
    "loaded",
    "exists",
    "defined",
    "found",
    "provided",
    "unset",
    "required",
    "string",
    "text",
    "hidden",
    "varchar",
    "char",
    "nullable",
    "confirmed",
    "hashed",
    "encrypted",
    "bearer",
    "basic",
    "new",
    "current",
    "old",
    "confirm",
    "reset",
    "forgot",
    "change",
    "update",
    "invalid",
    "wrong",
    "incorrect",
    "error",
    "missing",
    "email",
    "e-mail",
    "mail",
    "username",
    "user",
    "name",
    "login",
    "input",
    "field",
    "label",
    "placeholder",
    "type",
    "number",
    "object",
    "undefined",
    "null",
    "boolean",
    "show",
    "hide",
    "toggle",
    "weak",
    "medium",
    "strong",
    "min",
    "max",
    "length",
    "form",
    "page",
    "route",
    "auth",
    "access",
    "refresh",
    "id",
    "value",
    "data",
    "session",
    "cookie",
    "header",
    "authorization",
    "csrf",
    "xsrf",
    "jwt",
    "oauth",
    "grant",
    "credentials",
    "credential",
    "code",
    "default",
    "custom",
    "off",
    "on",
    "yes",
    "no",
    "any",
    "unknown",
    "never",
    "local",
    "file",
    "env",
    "vault",
    "none",
    "sms",
    "otp",
    "optional",
    "readonly",
    "disabled",
    "enabled",
    "empty",
    "set",
    "match",
    "mismatch",
    "pattern",
    "regex",
    "hash",
    "salt",
    "bcrypt",
    "argon2",
    "scrypt",
    "sha256",
    "sha512",
    "hs256",
    "rs256",
    "hs512",
    "utf8",
    "utf-8",
    "base64",
    "hex",
    "ascii",
    "lock",
    "key",
    "eye",
    "shield",
    "fa",
    "bi",
    "icon",
    "btn",
    "button",
    "link",
    "title",
    "message",
    "col",
    "column",
    "table",
    "param",
    "query",
    "body",
    "url",
    "uri",
    "path",
    "window",
    "this",
    "self",
    "props",
    "state",
    "store",
    "config",
    "settings",
    "options",
    "not",
    "is",
    "has",
    "to",
    "too",
    "short",
    "long",
    "a",
    "the",
    "of",
    "for",
    "and",
    "or",
    "in",
    "at",
    "least",
    "must",
    "be",
    "stored",
    "securely",
    "create",
    "enter",
    "only",
    "sometimes",
    "present",
    "filled",
    "numeric",
    "integer",
    "array",
    "date",
    "protected",
    "public",
    "private",
    "admin",
    "manager",
    "owner",
];

/// Splits at everything that is no letter or digit, and at camel-case borders.
fn loose_words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in value.split(|c: char| !c.is_alphanumeric()) {
        let mut word = String::new();
        let mut was_lower = false;
        for c in part.chars() {
            if c.is_uppercase() && was_lower {
                words.push(std::mem::take(&mut word));
            }
            was_lower = c.is_lowercase();
            word.extend(c.to_lowercase());
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// A label, type, rule or message about a secret rather than a secret: every word of it is one of those.
pub(crate) fn is_neutral(value: &str) -> bool {
    // `Admin@123`: made to satisfy a rule for passwords.
    if value.contains(['@', '!', '$'])
        && !value.contains(char::is_whitespace)
        && value.ends_with(|c: char| c.is_ascii_digit() || c == '!')
        && value.contains(|c: char| c.is_ascii_digit())
    {
        return false;
    }
    let words = loose_words(value);
    !words.is_empty()
        && words.iter().all(|word| {
            PASSWORD_WORDS.contains(&word.as_str())
                || NEUTRAL_WORDS.contains(&word.as_str())
                || word.chars().all(|c| c.is_ascii_digit()) && words.len() > 1 && word.len() <= 3
        })
}

/// A word for "password" itself.
pub(crate) fn is_password_word(word: &str) -> bool {
    let lower = word.to_lowercase();
    let words = loose_words(&lower);
    !words.is_empty()
        && words.iter().all(|word| {
            PASSWORD_WORDS.contains(&word.as_str())
                || matches!(
                    word.as_str(),
                    "your"
                        | "de"
                        | "new"
                        | "user"
                        | "email"
                        | "and"
                        | "or"
                        | "reset"
                        | "hash"
                        | "hashed"
                        | "username"
                        | "login"
                )
        })
}

/// Passwords that people and assistants really set although they are words.
const WEAK: &[&str] = &[
    "admin",
    "administrator",
    "password",
    "passwort",
    "secret",
    "letmein",
    "welcome",
    "qwerty",
    "changeme",
    "root",
    "guest",
    "demo",
    "test",
    "tester",
    "testing",
    "user",
    "toor",
    "postgres",
    "mysql",
    "default",
    "pass",
    "master",
    "supersecret",
    "geheim",
    "iloveyou",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "opensesame",
    "abc",
    "manager",
    "staff",
    "password!",
    "hunter",
    "system",
    "super",
    "temp",
    "login",
    "student",
    "teacher",
    "doctor",
    "employee",
    "owner",
];

/// One of the passwords that are tried first.
pub(crate) fn is_weak_word(value: &str) -> bool {
    WEAK.contains(&value.to_lowercase().as_str())
}

/// A value that examples and beginners use everywhere: finding it in two places says nothing.
pub(crate) fn is_commonplace(value: &str) -> bool {
    let lower = value.to_lowercase();
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    is_weak_word(core)
        || is_password_word(core)
        || [
            "p@ssword",
            "p@ssw0rd",
            "securepass",
            "securepassword",
            "strongpass",
            "strongpassword",
            "testpassword",
            "mypassword",
            "userpassword",
            "newpassword",
            "adminpassword",
        ]
        .iter()
        .any(|common| core.contains(common))
}

/// A hash: bcrypt, argon2, PBKDF2 as Django writes it, or hexadecimal of a digest's length.
pub(crate) fn is_hash(value: &str) -> bool {
    const HEADS: &[&str] = &[
        "$2a$", "$2b$", "$2y$", "$argon2", "pbkdf2", "$pbkdf2", "scrypt:", "$scrypt", "$5$", "$6$", "$1$", "{bcrypt}",
        "sha256$", "sha1$", "sha512-", "sha256-", "sha384-", "md5$",
    ];
    let value = value.trim_start_matches('\\');
    if HEADS.iter().any(|head| value.starts_with(head)) {
        return true;
    }
    matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `8-4-4-4-12` hexadecimal.
pub(crate) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An address, path, selector, media type or number with a unit.
pub(crate) fn is_locator(value: &str) -> bool {
    let lower = value.to_lowercase();
    if lower.contains("://") && !lower.contains('@') {
        return true;
    }
    if lower.starts_with("data:")
        || lower.starts_with("mailto:")
        || lower.starts_with("./")
        || lower.starts_with("../")
        || lower.starts_with("~/")
    {
        return true;
    }
    if value.starts_with('/')
        && value.len() > 1
        && value[1..].chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && !value.contains(['+', '='])
        && is_wordy(value)
    {
        return true;
    }
    if (value.starts_with('#') || value.starts_with('.')) && is_wordy(value) {
        return true;
    }
    const ENDS: &[&str] = &[
        ".js", ".ts", ".tsx", ".jsx", ".json", ".pem", ".key", ".crt", ".txt", ".yml", ".yaml", ".py", ".php", ".html",
        ".svg", ".png", ".env",
    ];
    ENDS.iter().any(|end| lower.ends_with(end))
}

/// Made of words: every part is letters that can be spoken, or short numbers.
pub(crate) fn is_wordy(value: &str) -> bool {
    // Fragments of one or two characters say nothing: random text is full of them.
    let words: Vec<String> = loose_words(value).into_iter().filter(|word| word.len() > 2).collect();
    if words.is_empty() {
        return false;
    }
    let spoken = words.iter().filter(|word| is_spoken(word)).map(String::len).sum::<usize>();
    let total = words.iter().map(String::len).sum::<usize>();
    spoken * 4 >= total * 3
}

/// Letters only, with vowels at the density of a language, or all letters of a short word.
fn is_spoken(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let count = word.chars().count();
    if letters == 0 {
        return count <= 2;
    }
    // `v2`, `user1`, `auth0`
    if letters < count && (count - letters > 2 || letters < 1) {
        return false;
    }
    if !word.is_ascii() {
        return true;
    }
    if letters <= 3 {
        return word.bytes().any(|byte| b"aeiouy".contains(&byte))
            || matches!(word, "jwt" | "sql" | "url" | "css" | "dev" | "src" | "pwd" | "www");
    }
    let vowels = word.bytes().filter(|byte| b"aeiouy".contains(byte)).count();
    let mut run = 0;
    let mut longest = 0;
    for byte in word.bytes() {
        if byte.is_ascii_alphabetic() && !b"aeiouy".contains(&byte) {
            run += 1;
            longest = longest.max(run);
        } else {
            run = 0;
        }
    }
    // Digits stand at the end of words, not inside.
    let core = word.trim_end_matches(|c: char| c.is_ascii_digit());
    vowels * 5 >= letters && longest <= 3 && !core.bytes().any(|byte| byte.is_ascii_digit())
}

/// Random enough to have come out of a generator.
pub(crate) fn is_random(value: &str, min_len: usize) -> bool {
    if value.len() < min_len || !value.is_ascii() || value.contains([' ', '\t', '<', '>', '(', ')', ',', ';']) {
        return false;
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let upper = value.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = value.bytes().filter(u8::is_ascii_lowercase).count();
    if digits == value.len() {
        return false;
    }
    let mixed = (digits >= 2 && upper + lower >= 2) || (upper >= 3 && lower >= 3);
    let enough = if value.len() >= 20 { 3.2 } else { 2.9 };
    mixed && entropy(value) >= enough && !is_wordy(value) && !is_locator(value)
}

/// A password that a mail service makes for one app: four groups of four letters that are no words and no row of the alphabet.
pub(crate) fn is_app_password(value: &str) -> bool {
    const WORDS: &[&str] =
        &["your", "pass", "word", "here", "code", "mail", "this", "with", "test", "some", "text", "abcd"];
    let groups: Vec<&str> = value.split(' ').collect();
    let letters = |group: &str| group.bytes().collect::<std::collections::BTreeSet<_>>().len();
    groups.len() == 4
        && groups.iter().all(|group| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_lowercase()))
        && !groups.iter().any(|group| WORDS.contains(group) || letters(group) == 1)
}

/// Could be typed at a login: no blanks, right length, not a reference, not a label. Words without digits or signs only where
/// the context is strong.
pub(crate) fn is_password(value: &str, strong_context: bool) -> bool {
    let count = value.chars().count();
    if !(3..=72).contains(&count) || value.contains(char::is_whitespace) || is_reference(value) || is_hash(value) {
        return false;
    }
    if value.starts_with("http") && value.contains("://") || is_password_word(value) && !is_weak_word(value) {
        return false;
    }
    if is_weak_word(value) {
        return strong_context;
    }
    if is_neutral(value) || value.chars().all(|c| !c.is_alphanumeric()) {
        return false;
    }
    // `min:8|confirmed`, `auth.password`, `users/password`, `fn()`, `a[0]`
    if value.contains('|') && value.contains(':')
        || value.ends_with("()")
        || value.contains("=>")
        || value.contains("](")
    {
        return false;
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 {
        return digits >= 3 && digits == count && (strong_context || digits >= 4)
            || digits >= 3 && count > digits && strong_context;
    }
    let signs =
        value.chars().filter(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '/' | ':' | '#' | ',')).count();
    let upper_inside = value.chars().skip(1).any(char::is_uppercase) && value.chars().any(char::is_lowercase);
    if digits > 0 {
        // `col-md-6`, `form-control-2`: lower-case parts with a short number are class names and ids.
        const CLASSES: &[&str] = &[
            "col", "form", "input", "btn", "text", "mt", "mb", "px", "py", "flex", "grid", "md", "lg", "sm", "icon",
            "step", "field", "h", "w",
        ];
        let is_class = value.contains('-') && !strong_context && value.split('-').any(|word| CLASSES.contains(&word));
        return !is_class && !is_locator(value);
    }
    if signs > 0 && !is_locator(value) {
        // `Password!` and `p@ssword` are passwords; `Password*` and `Password:` are labels.
        let ends_as_label = value.ends_with(['*', ':', '?', '.', '…']);
        return strong_context
            || !ends_as_label
                && !value.contains(['(', ')', '{', '}', '[', ']', '<', '>', '=', ';', '"', '\'', '`', '\\', '%']);
    }
    strong_context && !is_locator(value) && (upper_inside || letters >= 4)
}

#[cfg(test)]
mod tests {
    use super::{is_hash, is_password, is_placeholder, is_random, is_reference, is_wordy};

    #[test]
    fn references() {
        for value in
            ["${DB_PASS}", "$PASSWORD", "{{ secret }}", "process.env.X", "%DB_PASS%", "op://vault/item", "<%= x %>"]
        {
            assert!(is_reference(value), "{value}");
        }
        for value in ["pa$$w0rd", "$tr0ng", "abc"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn switches() {
        for value in ["true", "FALSE", "off", "none"] {
            assert!(super::is_switch(value), "{value}");
        }
        assert!(!super::is_switch("true-love-9"));
    }

    #[test]
    fn placeholders() {
        for value in [
            "your-key",
            "sk_live_xxxx",
            "changeme",
            "<token>",
            "[TOKEN]",
            "",
            "aaaaaaaa",
            "MY_SECRET_HERE",
            "********",
            "null",
            "replace-me",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["hunter22", "Sommer2024!", "admin123", "f3Kq9zL2"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn passwords_and_labels() {
        for value in ["admin123", "Sommer2024!", "123456", "hr-demo-pass-1x", "P@ssw0rd", "Temp@12"] {
            assert!(is_password(value, false), "{value}");
        }
        for value in [
            "Passwort",
            "password",
            "required",
            "current-password",
            "min:8|confirmed",
            "auth.password",
            "/reset-password",
            "#password",
            "Password is required",
            "string",
            "hashed",
            "Contraseña",
            "varchar(255)",
            "form-control-2",
            "Password*",
            "new_password",
            "ResetPassword",
            "Lösenord",
            "${x}",
            "text",
            "Mot de passe",
            "passwordPlaceholder",
        ] {
            assert!(!is_password(value, false), "{value}");
        }
        for value in ["letmein", "admin", "secret", "opensesame"] {
            assert!(is_password(value, true) && !is_password(value, false), "{value}");
        }
    }

    #[test]
    fn random_or_wordy() {
        for value in ["9f8a7c6d5e4b3a2f1e0d", "Zq3LmP8vXw2KtR7yBn", "x9Kd-02mVq_7TzLp4R"] {
            assert!(is_random(value, 16), "{value}");
        }
        for value in [
            "my-application-name",
            "authentication_token_v2",
            "/api/users/token",
            "userAccessTokenKey",
            "com.example.app.token",
        ] {
            assert!(!is_random(value, 12), "{value}");
        }
        assert!(super::is_filler_key("aB3dE5fG7hI9jK1lM3nO5pQ7") && super::is_filler_key("Fk3Rz8Jb9Qa2Wx5Cv6Nm1Po4"));
        assert!(!super::is_filler_key("Zq3LmP8vXw2KtR7yBnA9dF"));
        assert!(is_wordy("invoice-secret-key-2"));
        assert!(is_hash("$2b$10$abcdefghijklmnopqrstuv") && is_hash(&"ab".repeat(16)));
    }
}
