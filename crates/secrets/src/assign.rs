//! Values given to a name that speaks of a secret, in any language, and defaults that a program falls back to.

use plimsoll_model::app::{SecretKind, SecretTier};

use crate::Hit;
use crate::gate::{Found, Gate};
use crate::name::{self, NameKind, Named};
use crate::place::{Form, Place};
use crate::shapes::public_line;
use crate::text::{self, is_word};
use crate::value;

/// Adds assignments and defaults.
pub(crate) fn scan(text: &str, place: &Place, found: &Found, hits: &mut Vec<Hit>) {
    if place.form == Form::Other || place.is_test || place.is_locale && place.form != Form::Env {
        return;
    }
    {
        let mut done = 0;
        for (at, _) in found.of(Gate::Name) {
            if at < done {
                continue;
            }
            let (start, end) = identifier(text, at);
            done = end.max(at + 1);
            if place.form == Form::Docs {
                guide_line(text, place, start, end, hits);
                continue;
            }
            // Text that documents code: ` * @example login('x')`.
            if place.form == Form::Code
                && text
                    .get(text::line_around(text, start).start..start)
                    .is_some_and(|head| head.trim_start().starts_with("* "))
            {
                continue;
            }
            assignment(text, place, start, end, hits);
        }
    }
    if matches!(place.form, Form::Code | Form::Markup | Form::Config) {
        let mut done = 0;
        for (at, len) in found.of(Gate::Setting) {
            if at < done {
                continue;
            }
            done = setting(text, place, at, len, hits).unwrap_or(done);
        }
        for (at, len) in found.of(Gate::Call) {
            signing_call(text, place, at, len, hits);
        }
    }
}

/// `NAME=value` in a guide: only a value out of a generator counts, all else is an example.
fn guide_line(text: &str, place: &Place, start: usize, end: usize, hits: &mut Vec<Hit>) {
    let raw = text.get(start..end).unwrap_or("");
    let Some(named) = name::read(raw).filter(|named| named.is_constant) else { return };
    let mut at = end;
    if !text.get(at..).is_some_and(|rest| rest.starts_with('=')) {
        return;
    }
    at += 1;
    let range = text::literal(text, at).unwrap_or_else(|| {
        let line = text.get(at..text::line_around(text, at).end.max(at)).unwrap_or("");
        let len = line.find(|c: char| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '<')).unwrap_or(line.len());
        at..at + len
    });
    let literal = text.get(range.clone()).unwrap_or("");
    let is_key = value::is_random(literal, 24)
        || value::is_hash(literal) && !literal.starts_with('$')
        || value::is_uuid(literal);
    if !is_key || value::is_filler_key(literal) || literal.contains(['{', '}', '$']) {
        return;
    }
    let kind = match named.kind {
        NameKind::Signing | NameKind::Encryption | NameKind::BareSecret => SecretKind::SigningKey,
        NameKind::Password | NameKind::Pin => SecretKind::Password,
        NameKind::Shared | NameKind::ServiceKey => SecretKind::ApiKey,
    };
    hits.push(hit(text, place, kind, &named.what, SecretTier::Secret, range, None, false));
}

/// The name around an offset: letters of any script, digits, `_`, `-`.
fn identifier(text: &str, at: usize) -> (usize, usize) {
    let inside = |c: char| is_word(c) || c == '-' || c == '$';
    let mut start = at;
    while start > 0 && at - start < 80 {
        match text::before(text, start) {
            Some(c) if inside(c) => start -= c.len_utf8(),
            _ => break,
        }
    }
    let mut end = at;
    while end - at < 120 {
        match text::at(text, end) {
            Some(c) if inside(c) => end += c.len_utf8(),
            _ => break,
        }
    }
    // `mot de passe` holds blanks and is no identifier; its keyword is for documents.
    (start, end.max(start))
}

/// How a value was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Given {
    /// `name = 'x'`, `name: 'x'`.
    Assigned,
    /// `name === 'x'`.
    Compared,
    /// `name = other || 'x'`.
    Default,
    /// `'name': 'x'`, `'name' => 'x'`: a key of a mapping.
    Keyed,
}

/// Looks at what follows a name.
fn assignment(text: &str, place: &Place, start: usize, end: usize, hits: &mut Vec<Hit>) {
    let raw = text.get(start..end).unwrap_or("");
    let bare = raw.trim_matches(['-', '$']);
    if bare.is_empty() {
        return;
    }
    let named = name::read(bare);
    if named.is_none() && !place.is_python && place.form != Form::Code {
        return;
    }
    let Some(named) = named else { return };
    let bytes = text.as_bytes();
    let before = text::before(text, start);
    // `${NAME:-x}` is read as a setting; `a=jwt-secret:latest` and `https://token:x` are parts of values.
    if before == Some('{') && text.get(..start).is_some_and(|head| head.ends_with("${"))
        || matches!(place.form, Form::Env | Form::Config) && matches!(before, Some('=' | ':' | '/' | '?' | '&'))
    {
        return;
    }
    let mut at = end;
    // Quoted keys, subscripts: `"name":`, `['name'] =`, `.name)`.
    let quote = text::before(text, start).filter(|c| matches!(c, '\'' | '"' | '`'));
    let mut is_key = false;
    if let Some(quote) = quote {
        if text::at(text, at) == Some('\\') && text::at(text, at + 1) == Some(quote) {
            at += 2;
            is_key = true;
        } else if text::at(text, at) == Some(quote) {
            at += 1;
            is_key = true;
        } else {
            // In the middle of a text.
            if !matches!(place.form, Form::Env | Form::Config)
                && !raw.starts_with('$')
                && text::at(text, at) != Some('=')
            {
                return;
            }
        }
    }
    if bytes.get(at) == Some(&b']') {
        at += 1;
    }
    if bytes.get(at) == Some(&b')') && text::before(text, start).is_some_and(|c| c == '.' || c == '"' || c == '\'') {
        at += 1;
    }
    at = text::skip_blanks(text, at);
    // `define('DB_PASSWORD', 'x')`, `.set("password", "x")`, `('password', 'x')` in a migration of settings.
    if is_key && bytes.get(at) == Some(&b',') {
        let head = text::slice(text, start.saturating_sub(24), start.saturating_sub(1)).trim_end().to_ascii_lowercase();
        if !["define(", "setproperty(", "setdefault(", "putenv(", ".put(", "setenv("]
            .iter()
            .any(|call| head.ends_with(call))
        {
            return;
        }
        at = text::skip_blanks(text, at + 1);
        value_at(text, place, &named, bare, at, Given::Assigned, hits);
        return;
    }
    // Comparisons.
    let rest = text.get(at..).unwrap_or("");
    for operator in ["===", "!==", "==", "!=", ".equals(", ".equalsIgnoreCase(", "<>", " eq "] {
        if rest.starts_with(operator) {
            if matches!(place.form, Form::Code | Form::Markup) {
                let at = text::skip_space(text, at + operator.len());
                value_at(text, place, &named, bare, at, Given::Compared, hits);
            }
            return;
        }
    }
    // Types: `: string =`, `?: string =`, Go's `string =`, `: &'static str =`, `: Final[str] =`.
    let mut operator = at;
    if matches!(bytes.get(operator), Some(b'?' | b'!')) && bytes.get(operator + 1) == Some(&b':') {
        operator += 1;
    }
    if place.form == Form::Code && bytes.get(operator) == Some(&b':') && bytes.get(operator + 1) != Some(&b'=') {
        let after = text::skip_blanks(text, operator + 1);
        let head = text::slice(text, after, after + 48);
        let typed = [
            "string",
            "str",
            "String",
            "Optional[str]",
            "SecretStr",
            "&'static str",
            "&str",
            "Final[str]",
            "Final",
            "ClassVar[str]",
            "any",
            "Any",
            "str | None",
        ]
        .iter()
        .filter(|kind| head.starts_with(**kind))
        .map(|kind| kind.len())
        .max();
        if let Some(len) = typed {
            let next = text::skip_blanks(text, after + len);
            if bytes.get(next) == Some(&b'=') && bytes.get(next + 1) != Some(&b'=') {
                let next = text::skip_space(text, next + 1);
                // Pydantic reads the setting of the field's name; what stands here holds where it is missing.
                if place.is_python
                    && of_settings(text, start)
                    && let Some(range) = wrapped_literal(text, next)
                {
                    let setting = bare.to_ascii_uppercase();
                    push(text, place, &named, bare, range, Given::Default, Some(setting), hits);
                } else {
                    value_at(text, place, &named, bare, next, Given::Assigned, hits);
                }
            }
            return;
        }
    }
    let rest = text.get(operator..).unwrap_or("");
    let len = if rest.starts_with("=>") || rest.starts_with(":=") || rest.starts_with("?=") {
        2
    } else if rest.starts_with("||=") || rest.starts_with("??=") {
        3
    } else if rest.starts_with("::") {
        return;
    } else if rest.starts_with('=') || rest.starts_with(':') {
        1
    } else if rest.starts_with("string = ") {
        9
    } else if place.form == Form::Config && is_dockerfile_space(text, start, rest) {
        0
    } else {
        return;
    };
    // `'a': b ? 'password' : 'text'` — the name is then itself a literal behind `?`.
    if len == 1 && is_key && rest.starts_with(':') && is_ternary(text, start) {
        return;
    }
    let mut at = operator + len;
    at = if place.form == Form::Code || place.form == Form::Markup {
        text::skip_space(text, at)
    } else {
        text::skip_blanks(text, at)
    };
    let given =
        if is_key && (rest.starts_with(':') || rest.starts_with("=>")) { Given::Keyed } else { Given::Assigned };
    value_at(text, place, &named, bare, at, given, hits);
}

/// Whether a line of Python stands in a class that reads settings: `class Settings(BaseSettings):`.
fn of_settings(text: &str, start: usize) -> bool {
    let line = text::line_around(text, start).start;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = start - line;
    own > 0
        && text
            .get(..line)
            .unwrap_or("")
            .lines()
            .rev()
            .take(400)
            .find(|line| !line.trim().is_empty() && indent(line) < own)
            .is_some_and(|head| head.trim_start().starts_with("class ") && head.contains("Settings)"))
}

/// `ENV NAME value` of a Dockerfile.
fn is_dockerfile_space(text: &str, start: usize, rest: &str) -> bool {
    let line = text.get(text::line_around(text, start).start..start).unwrap_or("");
    line.trim() == "ENV" && !rest.is_empty()
}

fn is_ternary(text: &str, start: usize) -> bool {
    let line = text.get(text::line_around(text, start).start..start.saturating_sub(1)).unwrap_or("");
    line.trim_end().ends_with('?')
}

/// A value begins at `at`.
fn value_at(text: &str, place: &Place, named: &Named, raw: &str, at: usize, given: Given, hits: &mut Vec<Hit>) {
    let unquoted_form =
        matches!(place.form, Form::Env | Form::Config) || place.form == Form::Code && is_shell(text, place);
    if let Some(range) = wrapped_literal(text, at) {
        let literal = text.get(range.clone()).unwrap_or("");
        // A literal that goes on is part of an expression: `'a' + b`, `'x' in y`, `'' || 'x'`; `'a' if …` is a condition.
        let after = text::skip_blanks(text, range.end + 1);
        let next = text::at(text, after);
        let is_joined = matches!(next, Some('+'))
            || (next == Some('.') && !unquoted_form && text::at(text, after + 1) == Some(' '));
        if !is_joined {
            let kept = if literal.is_empty() { default_in(text, after) } else { None };
            if let Some(range) = kept {
                push(text, place, named, raw, range, Given::Default, None, hits);
            } else {
                push(text, place, named, raw, range, given, None, hits);
            }
        }
        return;
    }
    if given == Given::Compared {
        return;
    }
    if unquoted_form {
        let line_end = text::line_around(text, at).end;
        let line = text.get(at..line_end.max(at)).unwrap_or("");
        // A mapping or list below: nothing here.
        let mut end = at + line.len();
        if let Some(comment) = line.find(" #").or_else(|| line.find("\t#")) {
            end = at + comment;
        }
        let value = text.get(at..end).unwrap_or("").trim_end();
        if value.is_empty()
            || value.starts_with(['#', '{', '[', '|', '>', '&', '*', '('])
            || place.form == Form::Config && !place.is_yaml && value.ends_with('>')
        {
            return;
        }
        // `${NAME:-default}` of Compose, `${NAME:default}` of Spring.
        if value.starts_with("${") {
            return;
        }
        if place.form == Form::Code && value.contains(['(', '$', '`', ' ', ';']) {
            return;
        }
        push(text, place, named, raw, at..at + value.len(), given, None, hits);
        return;
    }
    // An expression with a default at its end: `input.password || 'x'`.
    if matches!(place.form, Form::Code | Form::Markup)
        && let Some(range) = default_in(text, at)
    {
        push(text, place, named, raw, range, Given::Default, None, hits);
    }
}

fn is_shell(text: &str, place: &Place) -> bool {
    place.form == Form::Code && text.starts_with("#!") && text::slice(text, 0, 40).contains("sh")
}

/// A literal, also inside calls that only change its form: `Buffer.from('x')`, `[]byte("x")`, `new TextEncoder().encode('x')`,
/// `SecretStr("x")`, `Field(default="x")`.
fn wrapped_literal(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    if let Some(range) = text::literal(text, at) {
        return Some(range);
    }
    const WRAPPERS: &[&str] = &[
        "Buffer.from(",
        "[]byte(",
        "new TextEncoder().encode(",
        "SecretStr(",
        "Field(",
        "Encoding.UTF8.GetBytes(",
        "Encoding.ASCII.GetBytes(",
        "bytes(",
        "String.raw",
        "String(",
        "str(",
        "Secret(",
        "Key.hmacShaKeyFor(",
        "CryptoJS.enc.Utf8.parse(",
        "utf8.encode(",
        "(",
        "await ",
        "to_bytes(",
    ];
    let rest = text.get(at..)?;
    let wrapper = WRAPPERS.iter().find(|wrapper| rest.starts_with(**wrapper))?;
    let mut inner = text::skip_space(text, at + wrapper.len());
    if *wrapper == "Field(" && text.get(inner..).is_some_and(|rest| rest.starts_with("default=")) {
        inner = text::skip_space(text, inner + "default=".len());
    }
    text::literal(text, inner)
}

/// The literal behind `||`, `??`, `or`, `?:` before the expression ends.
fn default_in(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let window = text::slice(text, at, at + 200);
    let bytes = window.as_bytes();
    let base = window.as_ptr() as usize - text.as_ptr() as usize;
    let mut depth = 0i32;
    let mut index = 0;
    while index < bytes.len() {
        let rest = &window[index..];
        match bytes[index] {
            b'\'' | b'"' | b'`' => {
                let range = text::literal(text, base + index)?;
                index = range.end - base + 1;
                continue;
            }
            b'(' | b'[' => depth += 1,
            b')' | b']' => {
                depth -= 1;
                if depth < 0 {
                    return None;
                }
            }
            b';' | b',' | b'{' | b'}' if depth == 0 => {
                return None;
            }
            b'=' => return None,
            b'\n' => {
                // Goes on only where the next line begins with the operator.
                let next = window[index..].trim_start();
                if !(next.starts_with("||") || next.starts_with("??") || next.starts_with("or ")) {
                    let before = window[..index].trim_end();
                    if !(before.ends_with("||") || before.ends_with("??")) {
                        return None;
                    }
                }
            }
            // `condition ? 'x' : 'y'`
            b'?' if depth == 0 && !rest.starts_with("??") && !rest.starts_with("?.") && !rest.starts_with("?:") => {
                return text::literal(text, text::skip_space(text, base + index + 1)).filter(|range| !range.is_empty());
            }
            b'|' | b'?'
                if depth == 0 && (rest.starts_with("||") || rest.starts_with("??") || rest.starts_with("?:")) =>
            {
                let next = text::skip_space(text, base + index + 2);
                if let Some(range) = text::literal(text, next).filter(|range| !range.is_empty()) {
                    return Some(range);
                }
                index += 2;
                continue;
            }
            b'o' if depth == 0 && rest.starts_with("or ") && index > 0 && bytes[index - 1] == b' ' => {
                let next = text::skip_space(text, base + index + 3);
                return text::literal(text, next).filter(|range| !range.is_empty());
            }
            _ => {}
        }
        index += 1;
        while index < bytes.len() && !window.is_char_boundary(index) {
            index += 1;
        }
    }
    None
}

/// A read of a setting with a default. Returns where it ends.
fn setting(text: &str, place: &Place, at: usize, len: usize, hits: &mut Vec<Hit>) -> Option<usize> {
    let opened = text.get(at..at + len)?.to_ascii_lowercase();
    let bytes = text.as_bytes();
    let mut name_at = at + len;
    if opened == "${" {
        // `${NAME:?message}` demands the setting, `${NAME:+other}` replaces it.

        // `${NAME:-default}`, `${NAME:default}` in configuration; a template literal in code.
        if place.form != Form::Config {
            return None;
        }
        let (start, end) = identifier(text, name_at);
        let rest = text.get(end..)?;
        if rest.starts_with(":?") || rest.starts_with(":+") || rest.starts_with('?') {
            return None;
        }
        let rest_at = if rest.starts_with(":-") {
            end + 2
        } else if rest.starts_with(':') || rest.starts_with('-') {
            end + 1
        } else {
            return None;
        };
        let close = text.get(rest_at..)?.find('}').map(|found| rest_at + found)?;
        if close - rest_at > 200 {
            return None;
        }
        let setting_name = text.get(start..end)?.trim_end_matches('-').to_owned();
        let end_name = start + setting_name.len();
        let rest_at = if rest.starts_with(":-") || end_name == end { rest_at } else { end_name + 1 };
        if let Some(named) = name::read(&setting_name) {
            push(text, place, &named, &setting_name, rest_at..close, Given::Default, Some(setting_name.clone()), hits);
        }
        return Some(close);
    }
    // `os.environ.get(`, `os.environ[`, `getenv(`: up to the name.
    if opened == "environ" {
        let rest = text.get(name_at..)?;
        let skip = [".get(", "[", "(", ".setdefault("].iter().find(|part| rest.starts_with(**part))?.len();
        name_at += skip;
    } else if opened == "config.get" || opened == "service.get" {
        let rest = text.get(name_at..)?;
        let skip =
            ["<string>(", "OrThrow<string>(", "(", "OrThrow("].iter().find(|part| rest.starts_with(**part))?.len();
        name_at += skip;
    } else if opened == "getenv" || opened == "env.get" || opened == "env.fetch" {
        if bytes.get(name_at) != Some(&b'(') {
            return None;
        }
        name_at += 1;
    }
    name_at = text::skip_space(text, name_at);
    // `envValue($settings, 'NAME', 'default')`: what the setting is read from goes first.
    if bytes.get(name_at) == Some(&b'$') {
        let variable =
            bytes[name_at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let after = name_at + 1 + variable;
        if bytes.get(after) != Some(&b',') {
            return None;
        }
        name_at = text::skip_space(text, after + 1);
    }
    let (name_range, mut end) = if let Some(range) = text::literal(text, name_at) {
        let end = range.end + 1;
        (range, end)
    } else {
        let (start, end) = identifier(text, name_at);
        if start != name_at || end == start {
            return None;
        }
        (start..end, end)
    };
    let setting_name = text.get(name_range)?.to_owned();
    if setting_name.is_empty() || setting_name.len() > 80 || setting_name.contains(char::is_whitespace) {
        return None;
    }
    let mut default = None;
    let after = text::skip_space(text, end);
    if bytes.get(after) == Some(&b',') {
        let mut next = text::skip_space(text, after + 1);
        for word in ["default=", "cast=str,", "default ="] {
            if text.get(next..).is_some_and(|rest| rest.starts_with(word)) {
                next = text::skip_space(text, next + word.len());
            }
        }
        default = text::literal(text, next);
    } else if text.get(after..).is_some_and(|rest| rest.starts_with(") {")) && opened == "env.fetch" {
        default = text::literal(text, text::skip_space(text, after + 3));
    }
    if default.is_none() {
        // Close the call or subscript, then look for `||`, `??`, `or`, `?:`.
        while matches!(bytes.get(end), Some(b')' | b']' | b'!' | b'\'' | b'"')) {
            end += 1;
        }
        default = default_in(text, end);
    }
    let range = default?;
    // The name of the setting decides; else the name that the value is given to.
    let own = name::read(&setting_name);
    let named = match own {
        Some(named) => named,
        None => {
            let line = text::line_around(text, at);
            let head = text.get(line.start..at).unwrap_or("");
            let target = head.split(['=', ':', '(']).next().unwrap_or("").trim();
            let target =
                target.rsplit([' ', '.', '\'', '"', '[']).find(|part| !part.is_empty() && *part != "]").unwrap_or("");
            name::read(target.trim_matches(['\'', '"', ']', '$']))?
        }
    };
    push(text, place, &named, &setting_name, range.clone(), Given::Default, Some(setting_name.clone()), hits);
    Some(range.end)
}

/// Calls whose argument is a key: `jwt.sign(payload, 'x')`, `createHmac('sha256', 'x')`, `cookieParser('x')`.
fn signing_call(text: &str, place: &Place, at: usize, len: usize, hits: &mut Vec<Hit>) {
    let call = text.get(at..at + len).unwrap_or("").to_ascii_lowercase();
    let (argument, what) = match call.as_str() {
        "jwt.sign(" | "jwt.verify(" | "jwt.encode(" | "jwt.decode(" => (1, "session signing key"),
        "createhmac(" => (1, "signing key"),
        "createcipheriv(" | "aes.encrypt(" | "aes.decrypt(" => (1, "encryption key"),
        "cookieparser(" => (0, "session signing key"),
        _ => return,
    };
    let Some(range) = nth_argument(text, at + len, argument) else { return };
    let literal = text.get(range.clone()).unwrap_or("");
    if literal.is_empty() || value::is_reference(literal) {
        return;
    }
    hits.push(hit(text, place, SecretKind::SigningKey, what, SecretTier::Secret, range, None, false));
}

/// The literal that is the nth argument (from 0) of a call whose arguments begin at `at`.
pub(crate) fn nth_argument(text: &str, at: usize, nth: usize) -> Option<std::ops::Range<usize>> {
    let window = text::slice(text, at, at + 600);
    let base = window.as_ptr() as usize - text.as_ptr() as usize;
    let bytes = window.as_bytes();
    let mut depth = 0;
    let mut index = 0;
    let mut argument = 0;
    if nth == 0 {
        return text::literal(text, text::skip_space(text, at));
    }
    while index < bytes.len() {
        match bytes[index] {
            b'\'' | b'"' | b'`' => {
                let range = text::literal(text, base + index)?;
                index = range.end - base + 1;
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                if depth == 0 {
                    return None;
                }
                depth -= 1;
            }
            b',' if depth == 0 => {
                argument += 1;
                if argument == nth {
                    return text::literal(text, text::skip_space(text, base + index + 1))
                        .filter(|range| !range.is_empty());
                }
            }
            _ => {}
        }
        index += 1;
    }
    None
}

/// Decides what a value under a name is, and adds it.
#[expect(clippy::too_many_arguments, reason = "one place where all that is known about a value meets")]
fn push(
    text: &str,
    place: &Place,
    named: &Named,
    raw: &str,
    range: std::ops::Range<usize>,
    given: Given,
    fallback: Option<String>,
    hits: &mut Vec<Hit>,
) {
    let literal = text.get(range.clone()).unwrap_or("");
    let is_beside_login = || named.kind == NameKind::Password && has_login_beside(text, range.start, literal);
    if literal.is_empty()
        || literal.len() > 600
        || value::is_reference(literal)
        || value::is_switch(literal)
        || names_a_variable(literal, raw)
        || literal == raw && literal != "secret" && !is_beside_login()
        || same_word(literal, raw) && !(place.signs && named.is_constant && literal == "secret") && !is_beside_login()
    {
        return;
    }
    let in_code = matches!(place.form, Form::Code | Form::Markup);
    let is_setting_file = matches!(place.form, Form::Env | Form::Config);
    let is_data = matches!(place.form, Form::Data | Form::Sql);
    let has_space = literal.contains(char::is_whitespace);
    // A default is only in effect where the program runs; in documents and examples nothing is.
    let in_effect = (in_code || is_setting_file) && !place.is_example_env && !place.is_sample;
    let placeholder = value::is_placeholder(literal);
    // What a service hands out works only as it was handed out; a key of one's own works whatever it is.
    if placeholder && value::is_handed_out(literal) {
        return;
    }
    let (kind, what, tier) = match named.kind {
        NameKind::Signing | NameKind::Encryption | NameKind::Shared | NameKind::BareSecret => {
            if given == Given::Compared
                && (has_space
                    || value::is_neutral(literal)
                    || literal.len() < 4
                    || named.kind == NameKind::BareSecret && !value::is_random(literal, 8))
            {
                return;
            }
            if is_data && !value::is_random(literal, 12) {
                return;
            }
            if named.kind == NameKind::BareSecret
                && !(named.is_constant && place.signs
                    || value::is_random(literal, 14)
                    || signs_around(text, range.start) && given != Given::Default
                    || given == Given::Default && fallback.is_some()
                    || is_setting_file && value::is_password(literal, false))
            {
                return;
            }
            if has_space
                && !opens_session(text, range.start)
                && (named.kind == NameKind::BareSecret || !named.is_constant && fallback.is_none() || place.is_jsx)
            {
                return;
            }
            // `"SECRET_KEY": "Application"` explains the key to people.
            if given == Given::Keyed
                && in_code
                && literal.split_whitespace().all(|word| word.chars().all(char::is_alphabetic))
                && literal.chars().next().is_some_and(char::is_uppercase)
            {
                return;
            }
            // `secretKey: 'secretKey'` and `'string'`, `'required'` are shapes of data, not values.
            if in_code
                && fallback.is_none()
                && !named.is_constant
                && value::is_neutral(literal)
                && !signs_around(text, range.start)
            {
                return;
            }
            if literal.starts_with('<') {
                return;
            }
            if value::is_locator(literal)
                || literal.len() < 2
                || is_field_name(literal, named) && (fallback.is_none() || !literal.contains('_'))
            {
                return;
            }
            let kind = if named.kind == NameKind::Shared { SecretKind::ApiKey } else { SecretKind::SigningKey };
            let tier = if !in_effect && placeholder || place.is_ci && !value::is_random(literal, 20) {
                SecretTier::Placeholder
            } else {
                SecretTier::Secret
            };
            // An example file shows what a key looks like; only a random one may be somebody's.
            let tier = if (place.is_example_env || place.is_sample) && !value::is_random(literal, 16) {
                SecretTier::Placeholder
            } else {
                tier
            };
            (kind, named.what.clone(), tier)
        }
        NameKind::Pin => {
            let is_pin = (4..=8).contains(&literal.len()) && literal.bytes().all(|byte| byte.is_ascii_digit());
            if !is_pin || !(in_code || is_data) || !(given == Given::Compared || has_user_beside(text, range.start)) {
                return;
            }
            (SecretKind::DefaultAccount, named.what.clone(), SecretTier::Secret)
        }
        NameKind::Password => {
            let about_server =
                named.what == "database password" || named.what == "mail password" || named.what == "server password";
            let strong = is_setting_file
                || matches!(given, Given::Compared | Given::Default)
                || fallback.is_some()
                || named.is_constant && named.is_account
                || has_login_beside(text, range.start, literal);
            let for_apps = value::is_app_password(literal);
            if has_space && !(place.form == Form::Env && about_server) && !for_apps {
                return;
            }
            if !(value::is_password(literal, strong) || place.form == Form::Env && has_space || for_apps) {
                return;
            }
            if place.is_jsx && matches!(given, Given::Assigned | Given::Keyed) && !looks_assigned(text, range.start) {
                return;
            }
            let is_default = value::is_weak_word(literal) && about_server;
            let tier = if placeholder
                && !value::is_weak_word(literal)
                && (!in_effect || about_server || matches!(given, Given::Assigned | Given::Keyed) && is_setting_file)
                || is_default
                || place.is_ci
                || place.is_example_env && (value::is_weak_word(literal) || !value::is_password(literal, false))
                || matches!(literal.to_ascii_lowercase().as_str(), "password" | "pass" | "secret")
                    && (is_setting_file || place.is_example_env)
            {
                SecretTier::Placeholder
            } else {
                SecretTier::Secret
            };
            let is_default = given == Given::Default && fallback.is_none();
            let account =
                named.is_account || is_default || given == Given::Compared || has_user_beside(text, range.start);
            let kind = if account && !about_server { SecretKind::DefaultAccount } else { SecretKind::Password };
            let what = if kind == SecretKind::DefaultAccount && named.what == "password" {
                if given == Given::Compared {
                    "password that the code compares with"
                } else if is_default {
                    "default password"
                } else {
                    "password of an account"
                }
                .to_owned()
            } else {
                named.what.clone()
            };
            (kind, what, tier)
        }
        NameKind::ServiceKey => {
            if has_space || value::is_locator(literal) || value::is_hash(literal) && is_data {
                return;
            }
            let random = value::is_random(literal, 16)
                || value::is_uuid(literal) && !is_data
                || value::is_hash(literal) && literal.len() <= 64 && !literal.starts_with('$');
            if placeholder && !is_data {
                if literal.len() < 6
                    || in_code && fallback.is_none() && !named.is_constant
                    || value::is_neutral(literal)
                {
                    return;
                }
                (SecretKind::ApiKey, named.what.clone(), SecretTier::Placeholder)
            } else if random
                || place.form == Form::Env
                    && literal.len() >= 10
                    && !value::is_wordy(literal)
                    && !value::is_neutral(literal)
            {
                (
                    if named.what.ends_with("access token") && !is_setting_file {
                        SecretKind::Token
                    } else {
                        SecretKind::ApiKey
                    },
                    named.what.clone(),
                    SecretTier::Secret,
                )
            } else if given == Given::Compared && value::is_password(literal, false) && literal.len() >= 6 {
                (SecretKind::ApiKey, named.what.clone(), SecretTier::Secret)
            } else if fallback.is_some()
                && literal.len() >= 8
                && named.what.ends_with("token")
                && value::is_password(literal, false)
            {
                (SecretKind::Token, named.what.clone(), SecretTier::Secret)
            } else {
                return;
            }
        }
    };
    // Values of public settings: the vendor's public keys have shapes of their own; a password there is one.
    let mut seen = hit(text, place, kind, &what, tier, range, fallback, false);
    // An example file with a random value holds somebody's real one.
    seen.in_sample |= place.is_example_env && !(value::is_random(&seen.value, 16) || value::is_hash(&seen.value));
    hits.push(seen);
}

/// `'jwtSecret'` as the value of `JWT_SECRET_FIELD`, `'JWT_SECRET'`, `'x-admin-token'`: the name of something.
fn is_field_name(literal: &str, named: &Named) -> bool {
    let is_upper_name = literal.len() > 3
        && literal.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && literal.contains('_');
    is_upper_name
        || literal.starts_with("x-")
        || literal.starts_with("X-")
        || named.kind == NameKind::BareSecret && value::is_password_word(literal) && literal.len() < 5
}

/// `password_env = "OWNER_PASSWORD_2"`: the setting holds the name of the variable that holds the secret.
fn names_a_variable(literal: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let says_so = ["_env", "-env", "envvar", "env_var", "_variable"].iter().any(|end| name.ends_with(end));
    says_so
        && literal.starts_with(|c: char| c.is_ascii_uppercase())
        && literal.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Name and value are the same words: `SECRET_KEY = 'secretKey'`, `PASSWORD: 'password'`.
fn same_word(literal: &str, name: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (literal, name) = (plain(literal), plain(name));
    // A secret that is the word `secret` is still one where the name says more: `JWT_SECRET = 'secret'`.
    literal == name
}

/// The options of a session follow: `session({ secret: 'two words' })`.
fn opens_session(text: &str, at: usize) -> bool {
    text::slice(text, at.saturating_sub(160), at).to_ascii_lowercase().contains("session(")
}

/// Words of sessions and tokens stand close before: `session({ secret: 'x' })`.
fn signs_around(text: &str, at: usize) -> bool {
    let near = text::slice(text, at.saturating_sub(220), at).to_ascii_lowercase();
    [
        "session(",
        "jwt",
        "cookiesession",
        "nextauth",
        "betterauth",
        "secretorkey",
        "passport",
        "jsonwebtoken",
        "sessionoptions",
        "session:",
        "jwtmodule",
        "csrf",
        "app.secret_key",
        "iron",
        "authoptions",
        "fastifyjwt",
        "fastifysession",
        "app.config",
    ]
    .iter()
    .any(|word| near.contains(word))
}

/// In a file that mixes markup and code: the value belongs to an assignment or object, not to a label or attribute.
fn looks_assigned(text: &str, at: usize) -> bool {
    let line = text::line_around(text, at);
    let head = text.get(line.start..at).unwrap_or("");
    // `<Input password="…">` and `<p>Password: 'x'</p>` are markup.
    let opened = head.rfind('<');
    !matches!(opened, Some(open) if head.get(open..).is_some_and(|tag| tag.len() > 1 && tag.as_bytes()[1].is_ascii_alphabetic() && !tag.contains('>') && !tag.contains('{')))
}

/// A user name or e-mail address stands within a few lines: the password belongs to an account.
pub(crate) fn has_user_beside(text: &str, at: usize) -> bool {
    let range = text::lines_around(text, at, 5, 5);
    let near = text.get(range).unwrap_or("").to_ascii_lowercase();
    ["email", "username", "user_name", "login", "'user'", "\"user\"", "user:", "benutzer", "correo", "usuario", "role"]
        .iter()
        .any(|word| near.contains(word))
        && (near.contains('@')
            || ["username", "user_name", "user:", "'user'", "\"user\"", "login:", "role", "usuario"]
                .iter()
                .any(|word| near.contains(word)))
}

/// A literal login stands within two lines: then a mere word is a password too. Labels (`password: 'Password'`) are
/// capitalised and have none beside.
fn has_login_beside(text: &str, at: usize, literal: &str) -> bool {
    if !literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        return false;
    }
    let near = text.get(text::lines_around(text, at, 2, 2)).unwrap_or("");
    let has_address = near.match_indices('@').any(|(at, _)| {
        text::before(near, at).is_some_and(|c| c.is_ascii_alphanumeric())
            && near.get(at + 1..).is_some_and(|host| {
                host.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
                    .next()
                    .unwrap_or("")
                    .contains('.')
            })
    });
    if has_address {
        return true;
    }
    let is_word_for_password = value::is_password_word(literal);
    let lower = near.to_ascii_lowercase();
    !is_word_for_password
        && ["admin", "demo", "test", "user", "root", "guest", "manager"].iter().any(|login| {
            ["'", "\""].iter().any(|quote| {
                let word = format!("{quote}{login}{quote}");
                lower.find(&word).is_some_and(|found| {
                    lower.get(..found).is_some_and(|head| head.trim_end().ends_with([':', '=', '>', '(', ',']))
                })
            })
        })
        && lower.contains("user")
}

/// A hit in a place.
#[expect(clippy::too_many_arguments, reason = "the parts of a fact")]
pub(crate) fn hit(
    text: &str,
    place: &Place,
    kind: SecretKind,
    what: &str,
    tier: SecretTier,
    range: std::ops::Range<usize>,
    fallback: Option<String>,
    certain: bool,
) -> Hit {
    let literal = text.get(range.clone()).unwrap_or("");
    let in_browser = tier == SecretTier::Secret
        && (place.is_client
            || public_line(text, range.start, place)
            || fallback.as_deref().is_some_and(name::is_public_setting));
    Hit {
        kind,
        what: what.to_owned(),
        tier,
        value: literal.to_owned(),
        start: range.start,
        end: range.end,
        in_browser,
        fallback_for: fallback,
        in_sample: place.is_for_show(certain),
        certain,
    }
}
