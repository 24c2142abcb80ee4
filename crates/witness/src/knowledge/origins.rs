//! Where values come from.

use plimsoll_analysis::{Clean, Label, Labels};

/// Members of a request object that carry what the client sends. `(member, name of the input)`.
const REQUEST: &[(&str, &str)] = &[
    ("body", "body"),
    ("rawBody", "body"),
    ("json()", "body"),
    ("json", "body"),
    ("receive_json()", "body"),
    ("receive_text()", "body"),
    ("receive_bytes()", "body"),
    ("iter_json()", "body"),
    ("iter_text()", "body"),
    ("formData()", "body"),
    ("text()", "body"),
    ("data", "body"),
    ("POST", "body"),
    ("form", "body"),
    ("values", "body"),
    ("get_json()", "body"),
    ("input()", "body"),
    ("all()", "body"),
    ("post()", "body"),
    ("validated()", "body"),
    ("query", "query"),
    ("query()", "query"),
    ("queries()", "query"),
    ("args", "query"),
    ("GET", "query"),
    ("query_params", "query"),
    ("nextUrl.searchParams", "query"),
    ("searchParams", "query"),
    ("params", "params"),
    ("param()", "params"),
    ("path_params", "params"),
    ("view_args", "params"),
    ("route()", "params"),
    ("headers", "headers"),
    ("header()", "headers"),
    ("get()", "headers"),
    ("META", "headers"),
    ("cookies", "cookies"),
    ("COOKIES", "cookies"),
    ("signedCookies", "cookies"),
    ("cookie()", "cookies"),
    ("url", "url"),
    ("originalUrl", "url"),
    ("path", "url"),
    ("hostname", "headers"),
    ("referrer", "headers"),
    ("request.body", "body"),
    ("request.query", "query"),
    ("request.headers", "headers"),
    ("req.json()", "body"),
    ("req.parseBody()", "body"),
    ("req.formData()", "body"),
    ("req.text()", "body"),
    ("req.valid()", "body"),
    ("req.query()", "query"),
    ("req.param()", "params"),
    ("req.header()", "headers"),
    ("stream()", "body"),
    ("queryStringParameters", "query"),
    ("pathParameters", "params"),
];

/// Members of a request that hold uploaded files.
const UPLOADS: &[&str] = &["file", "files", "FILES", "file()", "files()", "request.files", "request.file"];

/// Members of a request that a framework or the app's own middleware fills with who the caller is.
const IDENTITIES: &[&str] = &[
    "user",
    "userId",
    "user_id",
    "auth",
    "admin",
    "account",
    "currentUser",
    "isAuthenticated()",
    "state.user",
    "locals.user",
    "locals.session",
    "auth_user",
    "oidc.user",
    "user()",
    "session.user",
    "locals.auth()",
    "locals.getSession()",
    "locals.safeGetSession()",
    "locals.userId",
    "member",
    "employee",
    "identity",
    "var.user",
    "clientContext.user",
    "context.user",
    "context.userId",
    "context.session",
    "context.auth",
    "locals.currentUser",
    "locals.account",
    "locals.safeGetSession().user",
    "locals.safeGetSession().session",
];

/// Members of a session object that say nothing about who the caller is.
const SESSION_PLUMBING: &[&str] = &[
    "cookie",
    "destroy",
    "regenerate",
    "save",
    "reload",
    "touch",
    "id",
    "flash",
    "csrfToken",
    "csrf_token",
    "csrfSecret",
    "returnTo",
    "views",
    "lang",
    "locale",
    "modified",
    "permanent",
    "pop",
    "clear",
    "cart",
    "messages",
    "sid",
    "flashes",
    "set_expiry",
];

/// Calls whose result says who the caller is; compared with the end of the path.
const IDENTITY_CALLS: &[&str] = &[
    "getServerSession()",
    "unstable_getServerSession()",
    ".auth.getUser()",
    "createClientFromRequest().auth.me()",
    "createClientFromRequest().auth.isAuthenticated()",
    ".auth.getSession()",
    ".auth.getClaims()",
    "NextAuth().auth()",
    "nextjs.auth()",
    "nextjs/server.auth()",
    "server.currentUser()",
    "nextjs.currentUser()",
    "express.getAuth()",
    "server.getAuth()",
    "jsonwebtoken.verify()",
    "jose.jwtVerify()",
    ".verifyIdToken()",
    ".verifySessionCookie()",
    "jwt.getToken()",
    ".validateSession()",
    ".api.getSession()",
    "getIronSession()",
    "unsealData()",
    "iron.unseal()",
    "jose.jwtDecrypt()",
    "jose.compactVerify()",
    "hono/jwt.verify()",
    ".jwt.verify()",
    ".jwtVerify()",
    ".getKindeServerSession().getUser()",
    "auth0.getSession()",
    "flask_login.current_user",
    "get_jwt_identity()",
    "flask_jwt_extended.get_jwt()",
    "flask_jwt_extended.current_user",
    "jwt.decode()",
    "Auth.user()",
    "Auth.id()",
    "Auth.check()",
    "auth().user()",
    "auth().id()",
    "auth().check()",
    "auth().user",
    "Auth.guard().user()",
    "Auth.guard().id()",
    "Auth.guard().check()",
    "auth().guard().user()",
    "auth().guard().check()",
    "Sanctum.currentUser()",
    "Auth.getUser()",
    "auth.currentUser",
    "getAuth().currentUser",
    "wp_get_current_user()",
    "is_user_logged_in()",
    "current_user_can()",
    "context.auth",
    "@request.auth",
    "getCurrentUser()",
    "requireUser()",
    "firebase.auth().currentUser",
    "werkzeug.security.verify_token()",
    "URLSafeTimedSerializer().loads()",
    "fastapi_users.FastAPIUsers().current_user()",
    "serverSupabaseUser()",
    "serverSupabaseSession()",
    "getUserSession().user",
    "requireUserSession()",
    "createCookieSessionStorage().getSession().get()",
    "createSessionStorage().getSession().get()",
    "createDatabaseSessionStorage().getSession().get()",
    "Authenticator().isAuthenticated()",
    "super.canActivate()",
    "getContext().req.user",
    "getServerAuthSession()",
    "djwt.verify()",
    "@clerk/backend.verifyToken()",
    ".authenticateRequest().toAuth()",
];

/// Calls of the browser side whose result is what some server answered.
const ANSWERS: &[&str] = &[
    "useQuery()",
    "useSuspenseQuery()",
    "useInfiniteQuery()",
    "useSWR()",
    "swr()",
    "useLoaderData()",
    "useFetch()",
    "useLazyFetch()",
    "useAsyncData()",
    "$fetch()",
];

/// The labels that a symbol has by its path.
pub(super) fn labels(path: &str) -> Labels {
    // `@req…` is given by a framework; `@scope/package…` is imported.
    if let Some(rest) = path.strip_prefix('@')
        && !rest.split('.').next().unwrap_or(rest).contains('/')
    {
        return request(rest);
    }
    // Laravel's request, also by its helper and its facade.
    if let Some(member) = path.strip_prefix("request().").or_else(|| path.strip_prefix("Request.")) {
        return super::php::laravel(member);
    }
    if matches!(path, "request()") {
        return Labels::NONE;
    }
    if let Some(table) = path.strip_prefix("store:file.") {
        let end = table.find(['.', '[', '(']).unwrap_or(table.len());
        return one(Label::Record(table[..end].into(), Clean::NONE));
    }
    if let Some(known) = super::python::labels(path) {
        return known;
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    if path.starts_with("process.env.") || path.starts_with("import.meta.env.") || path.starts_with("Bun.env.") {
        return one(Label::Env(last.trim_end_matches("()").into()));
    }
    // SvelteKit's and Nuxt's ways to read settings.
    if path.starts_with("$env/") || path.starts_with("useRuntimeConfig().") || path.starts_with("Netlify.env.") {
        return one(Label::Env(last.trim_end_matches("()").into()));
    }
    if let Some(helper) = path.strip_prefix("h3.").unwrap_or(path).strip_suffix("()")
        && let Some(labels) = nitro(helper)
    {
        return labels;
    }
    match path {
        "_GET" => return input("query"),
        "_POST" | "_REQUEST" => return input("body"),
        "_COOKIE" => return input("cookies"),
        // PHP keeps only the last part of the name that the browser sends.
        "_FILES" => return one(Label::Upload("file".into(), Clean::PATH)),
        "_SERVER.PHP_SELF" | "_SERVER.REQUEST_URI" | "_SERVER.PATH_INFO" => return input("url"),
        "_SERVER.QUERY_STRING" => return input("query"),
        "getallheaders()" | "apache_request_headers()" => return input("headers"),
        "mysqli_error()"
        | "mysqli_stmt_error()"
        | "mysqli_connect_error()"
        | "pg_last_error()"
        | "mysql_error()"
        | "sqlite_last_error()" => {
            return one(Label::ErrorDetail);
        }
        "file_get_contents" => return Labels::NONE,
        "document.cookie" => return one(Label::Browser("cookie".into(), Clean::NONE)),
        _ => {}
    }
    if let Some(member) = path.strip_prefix("_SESSION.") {
        let first = member.split(['.', '[', '(']).next().unwrap_or(member);
        return if super::php::is_session_note(first) { Labels::NONE } else { session_member(member) };
    }
    if path.ends_with(".connect_error") || path.ends_with(".errorInfo()") || path.ends_with("mysqli().error") {
        return one(Label::ErrorDetail);
    }
    if let Some(member) = path.strip_prefix("flask.session.") {
        let member = member.strip_prefix("get()").map_or(member, |_| "get()");
        return session_member(member);
    }
    if let Some(member) = path.strip_prefix("flask.request.") {
        return request(&format!("req.{member}"));
    }
    if path.strip_prefix("flask.g.").is_some_and(is_of_caller) {
        return one(Label::Identity);
    }
    if path.starts_with("configparser.ConfigParser()") {
        return one(Label::Env("configuration".into()));
    }
    if path.starts_with("_SERVER.HTTP_") {
        return input("headers");
    }
    if IDENTITY_CALLS.iter().any(|call| ends_with_name(path, call)) {
        return one(Label::Identity);
    }
    if ["jsonwebtoken.decode()", "jwt-decode()", "jwt-decode.jwtDecode()", "jose.decodeJwt()", "jwt_decode()"]
        .iter()
        .any(|call| path.ends_with(call))
    {
        return one(Label::UnverifiedIdentity);
    }
    if path.ends_with("headers.cookies().get()") || path.ends_with("headers.cookies()") {
        return input("cookies");
    }
    if path.ends_with("headers.headers()") || path.ends_with("headers.headers().get()") {
        return input("headers");
    }
    if matches!(last, "random()") && path.starts_with("Math.") {
        return one(Label::Guessable("Math.random".into()));
    }
    if path.starts_with("random.") && path.ends_with("()") && !path.contains("SystemRandom") {
        return one(Label::Guessable(path.trim_end_matches("()").into()));
    }
    if matches!(path, "rand()" | "mt_rand()" | "uniqid()" | "lcg_value()" | "str_shuffle()") {
        return one(Label::Guessable(path.trim_end_matches("()").into()));
    }
    if [
        "randomBytes()",
        "randomUUID()",
        "randomInt()",
        "getRandomValues()",
        "nanoid()",
        "random_bytes()",
        "token_hex()",
        "token_urlsafe()",
        "bin2hex()",
    ]
    .iter()
    .any(|call| path.ends_with(call))
    {
        return one(Label::Random);
    }
    if ["location.search", "location.hash", "location.href", "document.URL", "document.referrer", "window.name"]
        .iter()
        .any(|end| path.ends_with(end))
        || ["useSearchParams()", "useParams()"].iter().any(|end| path.ends_with(end))
    {
        return one(Label::Browser("address".into(), Clean::NONE));
    }
    if path.ends_with("localStorage.getItem()") || path.ends_with("sessionStorage.getItem()") {
        return one(Label::Browser("storage".into(), Clean::NONE));
    }
    if matches!(path, "fetch()" | "axios()" | "window.fetch()" | "$.get()" | "$.ajax()" | "$.getJSON()" | "$.post()")
        || (path.starts_with("axios.") && path.ends_with("()") && !path.contains("isAxiosError"))
        || ANSWERS.iter().any(|call| ends_with_name(path, call))
    {
        return one(Label::Answer(Clean::NONE));
    }
    Labels::NONE
}

/// What Nitro's helpers read of a request: `readBody(event)`.
fn nitro(helper: &str) -> Option<Labels> {
    let name = match helper {
        "readBody" | "readValidatedBody" | "readRawBody" | "readFormData" => "body",
        "readMultipartFormData" => return Some(one(Label::Upload("file".into(), Clean::NONE))),
        "getQuery" | "getValidatedQuery" => "query",
        "getRouterParam" | "getRouterParams" | "getValidatedRouterParams" => "params",
        "getCookie" | "parseCookies" => "cookies",
        "getHeader" | "getHeaders" | "getRequestHeader" | "getRequestHeaders" => "headers",
        "getRequestURL" | "getRequestPath" => "url",
        _ => return None,
    };
    Some(input(name))
}

/// Names under which the app's own middleware keeps who calls.
const OF_CALLER: &[&str] = &[
    "user",
    "user_id",
    "current_user",
    "account",
    "account_id",
    "identity",
    "principal",
    "claims",
    "role",
    "roles",
    "user_role",
    "permissions",
    "scopes",
    "org_id",
    "organization_id",
    "organisation_id",
    "tenant",
    "tenant_id",
    "company_id",
];

fn is_of_caller(member: &str) -> bool {
    OF_CALLER.contains(&member.split(['.', '[', '(']).next().unwrap_or(member))
}

/// Labels below a request: `rest` is the path without `@`.
fn request(rest: &str) -> Labels {
    let Some((root, member)) = rest.split_once('.') else {
        return match rest {
            // Parameters of the path, the query and the form, where a framework passes them on their own.
            "params" => input("params"),
            "searchParams" => input("query"),
            "body" | "formData" | "input" => input("body"),
            "query" => input("query"),
            "message" => input("message"),
            "user" | "identity" => one(Label::Identity),
            _ => Labels::NONE,
        };
    };
    if root == "laravel" {
        return super::php::laravel(member);
    }
    if matches!(root, "params" | "searchParams" | "body" | "formData" | "input" | "query" | "message" | "identity") {
        return Labels::NONE; // inherited from the base and named there
    }
    if matches!(root, "res" | "reply" | "response" | "next" | "hookreply" | "resolve") {
        return Labels::NONE;
    }
    // The request in an event, in the arguments of a loader, in Nest's execution context.
    for inside in ["request.", "switchToHttp().getRequest().", "node.req.", "parent()."] {
        if let Some(inner) = member.strip_prefix(inside) {
            let root = if inside == "parent()." { "event.locals" } else { "req" };
            return request(&format!("{root}.{inner}"));
        }
    }
    if let Some(name) = ["env.", "platform.env.", "context.cloudflare.env.", "context.env."]
        .iter()
        .find_map(|prefix| member.strip_prefix(prefix))
    {
        return one(Label::Env(name.split('.').next().unwrap_or(name).trim_end_matches("()").into()));
    }
    if root == "env" {
        return one(Label::Env(member.split('.').next().unwrap_or(member).into()));
    }
    // What a client sends over a socket is handed to the functions that listen.
    if root == "socket" {
        let listens = ["on()", "once()", "onAny()", "addEventListener()"].contains(&member);
        if listens || member.starts_with("handshake.") || member == "onmessage" {
            return input(if listens { "message" } else { "handshake" });
        }
    }
    // The context of tRPC and of GraphQL carries what the app put there; by these names, who calls.
    if root == "trpc" && matches!(member, "session" | "user" | "auth" | "userId" | "currentUser") {
        return one(Label::Identity);
    }
    if member == "url.searchParams" {
        return input("query");
    }
    if let Some(member) = member.strip_prefix("session.").or_else(|| member.strip_prefix("request.session.")) {
        return session_member(member);
    }
    if IDENTITIES.contains(&member) {
        return one(Label::Identity);
    }
    // What the app's own middleware has put beside the request (Starlette): the client cannot write there.
    if member.strip_prefix("state.").is_some_and(is_of_caller) {
        return one(Label::Identity);
    }
    if UPLOADS.contains(&member) {
        return one(Label::Upload("file".into(), Clean::NONE));
    }
    match REQUEST.iter().find(|(name, _)| *name == member) {
        // `req.get('X')` and Hono's `c.get('user')` look alike; the latter is the app's own context.
        Some((name, _)) if *name == "get()" && root == "c" => one(Label::Identity),
        Some((_, name)) => input(name),
        None => Labels::NONE,
    }
}

fn session_member(member: &str) -> Labels {
    let first = member.split(['.', '[']).next().unwrap_or(member);
    if is_plumbing(first.trim_end_matches("()")) { Labels::NONE } else { one(Label::Identity) }
}

/// Whether a member of a session says nothing about who the caller is.
pub(crate) fn is_plumbing(member: &str) -> bool {
    SESSION_PLUMBING.contains(&member)
        || member.contains("csrf")
        || member.contains("attempt")
        || member.contains("fail")
}

fn one(label: Label) -> Labels {
    Labels::one(label)
}

fn input(name: &str) -> Labels {
    one(Label::Input(name.into(), Clean::NONE))
}

/// Whether `path` ends with `name` at a boundary of names.
pub(crate) fn ends_with_name(path: &str, name: &str) -> bool {
    // Asked with hundreds of names for every call: most differ in their last letter.
    if path.as_bytes().last() != name.as_bytes().last() {
        return false;
    }
    path.strip_suffix(name).is_some_and(|before| {
        before.is_empty() || name.starts_with(['.', '@']) || before.ends_with(['.', '/', ':', '@'])
    })
}
