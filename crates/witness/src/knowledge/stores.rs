//! Calls that read or change stored records: SQL drivers, query builders, ORMs, document stores, backends-as-a-service.

use plimsoll_analysis::{Argument, Symbol, Value, ValueKind};
use plimsoll_model::app::EffectKind;

/// A call to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreCall {
    /// What it does.
    pub kind: EffectKind,
    /// Table, collection, model; empty when unknown.
    pub target: String,
    /// Text of the statement with `{}` for what is not constant, for raw SQL.
    pub sql: Option<String>,
}

/// Method names of ORMs, document stores and query builders, with what they do.
const METHODS: &[(&str, EffectKind)] = &[
    // Prisma
    ("findUnique", EffectKind::Read),
    ("findUniqueOrThrow", EffectKind::Read),
    ("findFirst", EffectKind::Read),
    ("findFirstOrThrow", EffectKind::Read),
    ("findMany", EffectKind::Read),
    ("aggregate", EffectKind::Read),
    ("groupBy", EffectKind::Read),
    ("createMany", EffectKind::Create),
    ("updateMany", EffectKind::Update),
    ("deleteMany", EffectKind::Delete),
    ("upsert", EffectKind::Update),
    // Mongoose, Mongo driver
    ("findById", EffectKind::Read),
    ("findOne", EffectKind::Read),
    ("countDocuments", EffectKind::Read),
    ("distinct", EffectKind::Read),
    ("insertOne", EffectKind::Create),
    ("insertMany", EffectKind::Create),
    ("updateOne", EffectKind::Update),
    ("replaceOne", EffectKind::Update),
    ("findByIdAndUpdate", EffectKind::Update),
    ("findOneAndUpdate", EffectKind::Update),
    ("findOneAndReplace", EffectKind::Update),
    ("bulkWrite", EffectKind::Update),
    ("deleteOne", EffectKind::Delete),
    // The same in Python
    ("find_one", EffectKind::Read),
    ("count_documents", EffectKind::Read),
    ("insert_one", EffectKind::Create),
    ("insert_many", EffectKind::Create),
    ("update_one", EffectKind::Update),
    ("update_many", EffectKind::Update),
    ("replace_one", EffectKind::Update),
    ("bulk_write", EffectKind::Update),
    ("find_one_and_update", EffectKind::Update),
    ("find_one_and_replace", EffectKind::Update),
    ("find_one_and_delete", EffectKind::Delete),
    ("delete_one", EffectKind::Delete),
    ("delete_many", EffectKind::Delete),
    // Google Sheets
    ("get_all_records", EffectKind::Read),
    ("get_all_values", EffectKind::Read),
    ("row_values", EffectKind::Read),
    ("col_values", EffectKind::Read),
    ("append_row", EffectKind::Create),
    ("append_rows", EffectKind::Create),
    ("insert_row", EffectKind::Create),
    ("insert_rows", EffectKind::Create),
    ("update_cell", EffectKind::Update),
    ("update_cells", EffectKind::Update),
    ("update_acell", EffectKind::Update),
    ("delete_rows", EffectKind::Delete),
    // DynamoDB
    ("get_item", EffectKind::Read),
    ("put_item", EffectKind::Create),
    ("update_item", EffectKind::Update),
    ("delete_item", EffectKind::Delete),
    ("findByIdAndDelete", EffectKind::Delete),
    ("findByIdAndRemove", EffectKind::Delete),
    ("findOneAndDelete", EffectKind::Delete),
    // Sequelize, TypeORM
    ("findAll", EffectKind::Read),
    ("findByPk", EffectKind::Read),
    ("findAndCountAll", EffectKind::Read),
    ("findOneBy", EffectKind::Read),
    ("findBy", EffectKind::Read),
    ("bulkCreate", EffectKind::Create),
    ("findOrCreate", EffectKind::Create),
    // Firestore, modular
    ("getDoc", EffectKind::Read),
    ("getDocs", EffectKind::Read),
    ("onSnapshot", EffectKind::Read),
    ("addDoc", EffectKind::Create),
    ("setDoc", EffectKind::Update),
    ("updateDoc", EffectKind::Update),
    ("deleteDoc", EffectKind::Delete),
    // Django, SQLAlchemy
    ("get_or_404", EffectKind::Read),
    ("first_or_404", EffectKind::Read),
    ("get_object_or_404", EffectKind::Read),
    ("get_list_or_404", EffectKind::Read),
    ("get_or_create", EffectKind::Create),
    ("update_or_create", EffectKind::Update),
    ("bulk_create", EffectKind::Create),
    ("bulk_update", EffectKind::Update),
    ("create_user", EffectKind::CreateAccount),
    ("create_superuser", EffectKind::CreateAccount),
    // Eloquent
    ("findOrFail", EffectKind::Read),
    ("firstOrFail", EffectKind::Read),
    ("paginate", EffectKind::Read),
    ("updateOrCreate", EffectKind::Update),
    ("firstOrCreate", EffectKind::Create),
    ("forceDelete", EffectKind::Delete),
    ("truncate", EffectKind::Delete),
];

/// Methods whose names are too common: they count only on something that is known to be a store.
const COMMON: &[(&str, EffectKind)] = &[
    ("find", EffectKind::Read),
    ("get", EffectKind::Read),
    ("first", EffectKind::Read),
    ("stream", EffectKind::Read),
    ("all", EffectKind::Read),
    ("count", EffectKind::Read),
    ("filter", EffectKind::Read),
    ("filter_by", EffectKind::Read),
    ("where", EffectKind::Read),
    ("select", EffectKind::Read),
    ("values", EffectKind::Read),
    ("values_list", EffectKind::Read),
    ("exclude", EffectKind::Read),
    ("latest", EffectKind::Read),
    ("create", EffectKind::Create),
    ("insert", EffectKind::Create),
    ("add", EffectKind::Create),
    ("save", EffectKind::Update),
    ("update", EffectKind::Update),
    ("set", EffectKind::Update),
    ("delete", EffectKind::Delete),
    ("remove", EffectKind::Delete),
    ("destroy", EffectKind::Delete),
    ("del", EffectKind::Delete),
];

/// Further common names, of Eloquent.
const ELOQUENT: &[(&str, EffectKind)] = &[
    ("pluck", EffectKind::Read),
    ("exists", EffectKind::Read),
    ("latest", EffectKind::Read),
    ("whereIn", EffectKind::Read),
    ("with", EffectKind::Read),
    ("forceCreate", EffectKind::Create),
    ("createMany", EffectKind::Create),
    ("firstOrNew", EffectKind::Read),
    ("insertGetId", EffectKind::Create),
    ("increment", EffectKind::Update),
    ("decrement", EffectKind::Update),
    ("sync", EffectKind::Update),
    ("attach", EffectKind::Update),
    ("detach", EffectKind::Update),
    ("fill", EffectKind::Update),
    ("forceFill", EffectKind::Update),
    ("restore", EffectKind::Update),
];

/// Whether a path begins at an Eloquent model, a table of Laravel's query builder or the signed-in user's record.
fn is_eloquent(path: &str) -> bool {
    ["Model:", "Authenticatable:", "Pivot:", "DB.table()", "user()."].iter().any(|part| path.contains(part))
}

/// Parts of a path that show a store.
const STORE_PATHS: &[&str] = &[
    "PrismaClient()",
    "prisma.",
    "mongoose.model()",
    "mongoose.models",
    ".Model:",
    "Model:",
    "Model()",
    ".objects",
    ".query",
    "db.session",
    "SQLAlchemy().session",
    "Session()",
    "sessionmaker()",
    ".collection()",
    "firestore.collection()",
    "firestore.doc()",
    ".doc()",
    "getRepository()",
    "knex()",
    "sequelize.define()",
    "Sequelize().define()",
    "drizzle()",
    "DB.table()",
    "Eloquent",
    "@db",
    "ref()",
    "lowdb",
    "SQLModel",
    "ModelForm:",
    "ModelSerializer:",
    "collection()",
    "Authenticatable:",
    "Pivot:",
    "user().",
    "MongoClient()",
    "MotorClient()",
    "PyMongo()",
    ".worksheet()",
    ".get_worksheet()",
    "get_object_or_404()",
    "get_or_404()",
    "first_or_404()",
];

/// Methods that run SQL text given to them.
const SQL_METHODS: &[&str] = &[
    "query",
    "execute",
    "exec",
    "executemany",
    "executescript",
    "prepare",
    "run",
    "all",
    "get",
    "each",
    "raw",
    "$queryRaw",
    "$executeRaw",
    "$queryRawUnsafe",
    "$executeRawUnsafe",
    "sql",
    "unsafe",
    "mysqli_query",
    "pg_query",
    "pg_query_params",
    "text",
    "select",
    "statement",
    "insert",
    "update",
    "delete",
    "whereRaw",
    "selectRaw",
    "orderByRaw",
    "literal",
    "RawSQL",
    "extra",
    "queryForObject",
    "queryOne",
    "one",
    "any",
    "none",
    "many",
    "oneOrNone",
    "manyOrNone",
    "fetch",
    "fetchrow",
    "fetchval",
    "get_results",
    "get_row",
    "get_var",
    "read_sql",
    "read_sql_query",
    "runAsync",
    "getAsync",
    "allAsync",
    "dbRun",
    "dbGet",
    "dbAll",
    "runQuery",
    "executeQuery",
];

/// Beginning of the path of what a server keeps in memory while it runs.
pub(crate) const MEMORY: &str = "store:memory.";

/// Whether a list or map of this name keeps count of the server's own work rather than records.
pub(crate) fn is_bookkeeping(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "cache",
        "cached",
        "caches",
        "memo",
        "rate",
        "limit",
        "limits",
        "limiter",
        "limiters",
        "attempt",
        "attempts",
        "hits",
        "throttle",
        "throttled",
        "bucket",
        "buckets",
        "window",
        "windows",
        "socket",
        "sockets",
        "connection",
        "connections",
        "listener",
        "listeners",
        "handler",
        "handlers",
        "subscriber",
        "subscribers",
        "subscriptions",
        "callbacks",
        "plugins",
        "middlewares",
        "routes",
        "timer",
        "timers",
        "timeouts",
        "intervals",
        "inflight",
        "pending",
        "queue",
        "queues",
        "lock",
        "locks",
        "metric",
        "metrics",
        "counter",
        "counters",
        "stats",
        "samples",
        "timings",
        "checks",
        "alerts",
        "requests",
        "responses",
        "peers",
        "streams",
        "workers",
        "pool",
        "pools",
        "instances",
        "registry",
        "blacklist",
        "blocked",
        "allowed",
        "whitelist",
        "options",
        "config",
        "columns",
        "fields",
        "headers",
        "types",
        "mimetypes",
        "extensions",
    ];
    crate::handler::words_of(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// A map or set in the server's memory.
fn memory(path: &str, name: &str) -> Option<StoreCall> {
    let table = path.strip_prefix(MEMORY)?;
    let end = table.find(['.', '[', '(']).unwrap_or(table.len());
    // Only methods of the map itself; what is read of a record is the record's.
    let kind = match (table.matches('.').count(), name) {
        (1, "get" | "values" | "entries" | "keys" | "forEach" | "has") => EffectKind::ReadMemory,
        (1, "set" | "add" | "delete" | "clear") => EffectKind::WriteMemory,
        _ => return None,
    };
    Some(StoreCall { kind, target: table[..end].to_owned(), sql: None })
}

/// Recognises a call.
pub(crate) fn recognise(path: &str, receiver: Option<&Value>, args: &[Argument]) -> Option<StoreCall> {
    let name = path.rsplit(['.', '/']).next().unwrap_or(path);
    // A query builder that is called itself: knex('table').
    if let Some(sql) = sql_text(name, args) {
        let (kind, target) = statement(&sql)?;
        return Some(StoreCall { kind, target, sql: Some(sql) });
    }
    let place = place_of(path);
    if place.runs_statements
        && let Some(found) = built_statement(args)
    {
        return Some(found);
    }
    let kind = match place.way? {
        Way::Memory => return memory(path, name),
        Way::Supabase => return supabase(path, name, receiver),
        Way::Sheet(kind) => {
            let sheet = args.iter().find(|arg| matches!(arg.name.as_deref(), Some("worksheet" | "path")));
            let target = sheet.and_then(|arg| arg.value.as_str()).unwrap_or("sheet").to_owned();
            return Some(StoreCall { kind, target, sql: None });
        }
        Way::Base44(kind) => return Some(StoreCall { kind, target: base44_entity(path)?.to_owned(), sql: None }),
        Way::Procedure if receiver.is_some_and(|receiver| !receiver.path().is_empty()) => {
            let target = first_string(args).map(|name| format!("{name}()")).unwrap_or_default();
            return Some(StoreCall { kind: EffectKind::Query, target, sql: None });
        }
        Way::Procedure => return None,
        Way::Accounts(kind) => return Some(StoreCall { kind, target: "auth.users".into(), sql: None }),
        Way::Drizzle => return drizzle(path, name, receiver, args),
        Way::Method(kind) | Way::CommonMethod(kind) => kind,
    };
    let mut target = target_of(path, receiver, args).unwrap_or_default();
    if target.is_empty() && matches!(place.way, Some(Way::Method(_))) && path.contains("orksheet()") {
        "sheet".clone_into(&mut target);
    }
    Some(StoreCall { kind, target, sql: None })
}

/// How a call is one of a store, as far as its path says it.
#[derive(Clone, Copy)]
enum Way {
    Memory,
    Supabase,
    /// `st.connection("gsheets").read(worksheet="Leads")`
    Sheet(EffectKind),
    Base44(EffectKind),
    /// `.rpc("name")`
    Procedure,
    /// Administration of accounts.
    Accounts(EffectKind),
    Drizzle,
    /// By a name that only stores have.
    Method(EffectKind),
    /// By a name that says so on the path of a store only.
    CommonMethod(EffectKind),
}

/// What a path says of the calls made under it.
#[derive(Clone, Copy, Default)]
struct StorePlace {
    /// What is given to it may be a statement of SQLAlchemy.
    runs_statements: bool,
    way: Option<Way>,
}

fn place_of(path: &str) -> StorePlace {
    thread_local! {
        static PLACES: super::Remembered<StorePlace> = super::Remembered::default();
    }
    PLACES.with(|known| {
        known.get_or(path, || {
            let name = path.rsplit(['.', '/']).next().unwrap_or(path);
            if path.starts_with(MEMORY) {
                return StorePlace { runs_statements: false, way: Some(Way::Memory) };
            }
            if is_of_something_else(path) {
                return StorePlace::default();
            }
            StorePlace { runs_statements: runs_statements(path, name), way: way_of(path, name) }
        })
    })
}

fn way_of(path: &str, name: &str) -> Option<Way> {
    // In Python it is `create_client(…).table("x")`.
    let python = || path.contains("create_client()") && (path.contains(".table()") || path.contains(".from_()"));
    if path.contains(".from()") || python() {
        return Some(Way::Supabase);
    }
    if path.contains("streamlit.connection()") {
        match name {
            "read" => return Some(Way::Sheet(EffectKind::Read)),
            "create" => return Some(Way::Sheet(EffectKind::Create)),
            "update" => return Some(Way::Sheet(EffectKind::Update)),
            "clear" => return Some(Way::Sheet(EffectKind::Delete)),
            _ => {}
        }
    }
    if base44_entity(path).is_some() {
        return Some(Way::Base44(match name {
            "list" | "filter" | "get" => EffectKind::Read,
            "create" | "bulkCreate" | "importEntities" => EffectKind::Create,
            "update" | "bulkUpdate" | "updateMany" => EffectKind::Update,
            "delete" | "deleteMany" => EffectKind::Delete,
            _ => return None,
        }));
    }
    // No table of methods has the name.
    if name == "rpc" {
        return Some(Way::Procedure);
    }
    if path.contains(".auth.admin.") {
        return Some(Way::Accounts(match name {
            "createUser" | "inviteUserByEmail" | "generateLink" => EffectKind::CreateAccount,
            "updateUserById" => EffectKind::SetPassword,
            "deleteUser" => EffectKind::Delete,
            "listUsers" | "getUserById" => EffectKind::Read,
            _ => return None,
        }));
    }
    // Firebase's administration of accounts.
    if path.contains("getAuth()") || path.contains("admin.auth()") || path.contains("adminAuth") {
        return Some(Way::Accounts(match name {
            "createUser" => EffectKind::CreateAccount,
            "updateUser" | "setCustomUserClaims" => EffectKind::SetPassword,
            "deleteUser" | "deleteUsers" => EffectKind::Delete,
            "listUsers" | "getUser" | "getUserByEmail" => EffectKind::Read,
            _ => return None,
        }));
    }
    if path.contains("drizzle()") || path.contains(".select().from()") || path.contains(".insert().values()") {
        return Some(Way::Drizzle);
    }
    let of = |table: &[(&str, EffectKind)]| table.iter().find(|(method, _)| *method == name).map(|(_, kind)| *kind);
    let eloquent = || of(ELOQUENT).filter(|_| is_eloquent(path));
    let common = || {
        of(COMMON).filter(|_| {
            STORE_PATHS.iter().any(|part| path.contains(part))
                || (OF_MODELS.contains(&name) && model_out_of_sight(path).is_some())
        })
    };
    of(METHODS).map(Way::Method).or_else(|| eloquent().or_else(common).map(Way::CommonMethod))
}

/// Of the common names those that the models of object mappers have, and few other classes.
const OF_MODELS: &[&str] = &["find", "create", "count", "update", "delete", "destroy", "remove", "insert"];

/// The model that a path begins at where its definition was not found: one that is imported from a file of the app that is
/// not there, or that comes with the request (`req.tenantDb.Invoice.find()`). What such a call does is not nothing.
fn model_out_of_sight(path: &str) -> Option<&str> {
    let (base, _) = path.rsplit_once('.')?;
    let of_app = base.starts_with("./") || base.starts_with("../") || base.starts_with("@/") || base.starts_with("~/");
    if !(of_app || base.starts_with("@req.")) || base.contains('(') {
        return None;
    }
    let last = base.rsplit('/').next().unwrap_or(base);
    let last =
        [".js", ".ts", ".mjs", ".cjs", ".model"].iter().fold(last, |last, end| last.strip_suffix(end).unwrap_or(last));
    let name = last.rsplit('.').next().unwrap_or(last);
    const OTHERS: &[&str] = &[
        "Service",
        "Factory",
        "Logger",
        "Manager",
        "Controller",
        "Helper",
        "Client",
        "Utils",
        "Handler",
        "Builder",
        "Provider",
        "Queue",
        "Cache",
        "Config",
        "Error",
        "Context",
        "Store",
    ];
    let begins_big =
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase());
    let among_models = of_app && (base.contains("/models/") || base.contains("/model/") || base.ends_with(".model"));
    ((begins_big || among_models) && !name.is_empty() && !OTHERS.iter().any(|other| name.ends_with(other)))
        .then_some(name)
}

/// The entity of a call to Base44's client: `….entities.Order.list()`.
pub(crate) fn base44_entity(path: &str) -> Option<&str> {
    let (client, rest) = path.split_once(".entities.")?;
    let (entity, call) = rest.split_once('.')?;
    (client.contains("@base44/sdk") && !call.contains('.') && !entity.contains('(')).then_some(entity)
}

fn runs_statements(path: &str, name: &str) -> bool {
    matches!(name, "execute" | "scalars" | "scalar" | "exec" | "scalar_one_or_none")
        && (path.contains("Session()")
            || path.contains("sessionmaker()")
            || path.contains("db.session")
            || path.contains("SQLAlchemy().session")
            || path.contains("AsyncSession")
            || path.contains(".connect()")
            || path.contains(".begin()"))
}

/// SQLAlchemy's statements, built apart and run by a session: `session.execute(select(User).where(…))`.
fn built_statement(args: &[Argument]) -> Option<StoreCall> {
    let symbol = args.first()?.value.as_symbol()?.clone();
    let (verb, of, _) = symbol.calls().into_iter().next()?;
    let kind = match verb.as_str() {
        "select" => EffectKind::Read,
        "update" => EffectKind::Update,
        "delete" => EffectKind::Delete,
        "insert" => EffectKind::Create,
        _ => return None,
    };
    let target = of.first().and_then(|arg| class_name(&arg.value)).unwrap_or_default();
    Some(StoreCall { kind, target, sql: None })
}

/// Whether a call goes on with what was read: `.single()`, `.eq(…)`, `.limit(…)` and the like.
pub(crate) fn is_behind_read(receiver: Option<&Value>) -> bool {
    receiver.is_some_and(|receiver| {
        receiver.labels.any(|label| matches!(label, plimsoll_analysis::Label::Record(..)))
            && receiver.as_symbol().is_some_and(|symbol| symbol.calls().len() > 1)
    })
}

/// The table, collection or model of a call.
pub(crate) fn target_of(path: &str, receiver: Option<&Value>, args: &[Argument]) -> Option<String> {
    let symbol = receiver.and_then(Value::as_symbol);
    if let Some(symbol) = symbol {
        for (name, call_args, _) in symbol.calls().iter().rev() {
            if matches!(
                name.as_str(),
                "from"
                    | "worksheet"
                    | "Table"
                    | "collection"
                    | "table"
                    | "model"
                    | "define"
                    | "getRepository"
                    | "ref"
                    | "knex"
                    | "into"
                    | "collectionGroup"
            ) && let Some(target) = name_of(call_args.first().map(|arg| &arg.value))
            {
                return Some(target);
            }
            if matches!(name.as_str(), "query" | "doc" | "get" | "get_or_404" | "get_object_or_404" | "get_list_or_404")
                && let Some(target) = call_args.first().and_then(|arg| class_name(&arg.value))
            {
                return Some(target);
            }
        }
    }
    // firebase: `getDocs(collection(db, 'users'))`, `updateDoc(doc(db, 'users', id), …)`, `query(collection(…), …)`
    if let Some(first) = args.first()
        && let Some(symbol) = first.value.as_symbol()
    {
        for (name, call_args, _) in symbol.calls().iter().rev() {
            if matches!(name.as_str(), "collection" | "doc" | "collectionGroup" | "ref") {
                let found = call_args.iter().filter_map(|arg| arg.value.as_str()).next();
                if let Some(found) = found {
                    return Some(found.split('/').next().unwrap_or(found).to_owned());
                }
            }
            if name == "query"
                && let Some(inner) = call_args.first()
            {
                return target_of(path, None, std::slice::from_ref(inner));
            }
        }
    }
    if let Some(first) = args.first()
        && let Some(class) = class_name(&first.value)
    {
        return Some(class);
    }
    if let Some(model) = model_out_of_sight(path) {
        return Some(model.to_owned());
    }
    // `…Model:User.query.filter_by()` and `…Model:User().save`
    if let Some((_, after)) = path.rsplit_once(':') {
        let end = after.find(['.', '(']).unwrap_or(after.len());
        return Some(after[..end].to_owned());
    }
    // `auth()->user()->invoices()->create(…)`
    if let Some((_, after)) = path.split_once("user().") {
        let end = after.find(['.', '(']).unwrap_or(after.len());
        let relation = &after[..end];
        let is_method = METHODS.iter().chain(COMMON).chain(ELOQUENT).any(|(name, _)| *name == relation);
        return Some(if is_method { "users".to_owned() } else { relation.to_owned() });
    }
    // `prisma.customer.findMany`
    let parts: Vec<&str> = path.split('.').collect();
    if parts.len() >= 3 {
        let candidate = parts[parts.len() - 2];
        if !candidate.ends_with("()")
            && !matches!(candidate, "query" | "session" | "objects" | "db" | "client" | "shortcuts")
        {
            return Some(candidate.to_owned());
        }
        if matches!(candidate, "query" | "objects") {
            let before = parts[parts.len() - 3];
            if !before.ends_with("()") {
                return Some(before.to_owned());
            }
        }
    }
    None
}

fn class_name(value: &Value) -> Option<String> {
    // An instance carries the name of its class.
    if let ValueKind::Object(object) = &value.kind
        && object.class.is_some()
    {
        return object.name.borrow().as_ref().map(ToString::to_string);
    }
    let path = value.path();
    let Some((_, name)) = path.rsplit_once(':') else {
        // A class of a library: `django.contrib.auth.models.User`.
        let (_, name) = path.rsplit_once('.')?;
        let is_class = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(char::is_alphanumeric)
            && name.chars().any(|c| c.is_ascii_lowercase());
        return is_class.then(|| name.to_owned());
    };
    let end = name.find(['.', '(']).unwrap_or(name.len());
    Some(name[..end].to_owned())
}

/// The name that an argument gives a store: a constant text, a Drizzle table, a class.
fn name_of(value: Option<&Value>) -> Option<String> {
    let value = value?;
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(symbol) = value.as_symbol() {
        for (name, args, _) in symbol.calls().iter().rev() {
            if name.ends_with("Table")
                && let Some(text) = args.first().and_then(|arg| arg.value.as_str())
            {
                return Some(text.to_owned());
            }
        }
    }
    class_name(value)
}

fn first_string(args: &[Argument]) -> Option<&str> {
    args.first().and_then(|arg| arg.value.as_str())
}

/// Paths on which the common names mean something else.
fn is_of_something_else(path: &str) -> bool {
    const OTHER: &[&str] = &[
        "localStorage",
        "sessionStorage",
        "searchParams",
        "headers",
        "cookies",
        "formData",
        "axios",
        "fetch",
        "Map()",
        "Set()",
        "URLSearchParams",
        "express()",
        "Router()",
        "@res",
        "@req.headers",
        "document.",
        "classList",
        "jQuery",
        "$()",
        "stripe",
        "Stripe()",
        "openai",
        "OpenAI()",
        "resend",
        "Resend()",
        "i18n",
        "gsap",
        "chart",
        "crypto.",
        "@req.get",
        "React.",
        "react.",
        "zod.",
        "z.",
        "flask.session",
        "logging",
        "console.",
        "process.",
        "os.environ",
        "requests.",
        "config.",
        "flask.request",
        "_SESSION",
        "Session.",
        "session()",
    ];
    OTHER.iter().any(|other| path.starts_with(other))
        || [
            "localStorage.",
            "sessionStorage.",
            ".headers.",
            ".searchParams.",
            ".cookies.",
            "etSession().",
            "SessionStorage()",
            // How a form is drawn.
            ".widget.",
            ".attrs.",
        ]
        .iter()
        .any(|other| path.contains(other))
}

fn supabase(path: &str, name: &str, receiver: Option<&Value>) -> Option<StoreCall> {
    let kind = match name {
        "select" => {
            // `insert(…).select()` returns what was inserted; the effect was counted there.
            if [".insert()", ".update()", ".upsert()", ".delete()"].iter().any(|write| path.contains(write)) {
                return None;
            }
            EffectKind::Read
        }
        "insert" => EffectKind::Create,
        "update" | "upsert" => EffectKind::Update,
        "delete" => EffectKind::Delete,
        "upload" | "createSignedUploadUrl" => EffectKind::WriteFile,
        "download" | "createSignedUrl" | "createSignedUrls" | "list" => EffectKind::ReadFile,
        "remove" if path.contains(".storage.") => EffectKind::DeleteFile,
        _ => return None,
    };
    let symbol = receiver.and_then(Value::as_symbol)?;
    let target = symbol
        .calls()
        .iter()
        .rev()
        .find(|(name, ..)| matches!(name.as_str(), "from" | "from_" | "table"))
        .and_then(|(_, args, _)| name_of(args.first().map(|arg| &arg.value)))
        .unwrap_or_default();
    Some(StoreCall { kind, target, sql: None })
}

fn drizzle(path: &str, name: &str, receiver: Option<&Value>, args: &[Argument]) -> Option<StoreCall> {
    let table = |args: &[Argument]| name_of(args.first().map(|arg| &arg.value)).unwrap_or_default();
    let earlier = |wanted: &str| {
        let symbol: &Symbol = receiver.and_then(Value::as_symbol)?;
        symbol.calls().iter().rev().find(|(name, ..)| name == wanted).map(|(_, args, _)| table(args))
    };
    match name {
        "from" if path.contains(".select") => {
            Some(StoreCall { kind: EffectKind::Read, target: table(args), sql: None })
        }
        "values" => {
            Some(StoreCall { kind: EffectKind::Create, target: earlier("insert").unwrap_or_default(), sql: None })
        }
        "set" => Some(StoreCall { kind: EffectKind::Update, target: earlier("update").unwrap_or_default(), sql: None }),
        "delete" => Some(StoreCall { kind: EffectKind::Delete, target: table(args), sql: None }),
        "findFirst" | "findMany" => {
            let target = path.split('.').rev().nth(1).unwrap_or_default().to_owned();
            Some(StoreCall { kind: EffectKind::Read, target, sql: None })
        }
        _ => None,
    }
}

/// The SQL text given to a call, when it is one.
pub(crate) fn sql_text(name: &str, args: &[Argument]) -> Option<String> {
    // Asked of every call.
    let says = |word: &str| name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
    if args.is_empty() || !(SQL_METHODS.contains(&name) || says("query") || says("sql")) {
        return None;
    }
    args.iter().take(3).find_map(|arg| {
        let text = match &arg.value.kind {
            // `{ text: '…', values: […] }`, `text("…")`
            ValueKind::Object(_) => arg.value.field("text").or_else(|| arg.value.field("sql"))?.text_shape()?,
            ValueKind::Symbol(symbol) => {
                let (name, args, _) = symbol.calls().pop()?;
                if name != "text" && name != "sql" {
                    return None;
                }
                args.first()?.value.text_shape()?
            }
            _ => arg.value.text_shape()?,
        };
        statement(&text).map(|_| text)
    })
}

/// Kind and table of an SQL statement; `None` where the text is no statement.
pub(crate) fn statement(text: &str) -> Option<(EffectKind, String)> {
    let text = text.trim_start().trim_start_matches('(').trim_start();
    let mut words = text.split(|c: char| c.is_whitespace() || c == '(' || c == ';').filter(|word| !word.is_empty());
    let verb = words.next()?.to_ascii_uppercase();
    let next_is = |word: Option<&str>, wanted: &[&str]| {
        word.is_some_and(|word| wanted.contains(&word.to_ascii_uppercase().as_str()))
    };
    let clean = |word: &str| {
        let bare: String = word.chars().filter(|c| !matches!(c, '"' | '`' | '\'' | '[' | ']' | ',' | ')')).collect();
        bare.strip_prefix("public.").map_or(bare.clone(), str::to_owned)
    };
    let after = |keyword: &str| -> String {
        let upper = text.to_ascii_uppercase();
        let mut from = 0;
        while let Some(at) = upper[from..].find(keyword) {
            let at = from + at;
            let end = at + keyword.len();
            let bounded = upper[..at].chars().next_back().is_none_or(char::is_whitespace)
                && upper[end..].chars().next().is_none_or(char::is_whitespace);
            if bounded {
                return text[end..].split_whitespace().next().map(clean).unwrap_or_default();
            }
            from = end;
        }
        String::new()
    };
    match verb.as_str() {
        "SELECT" => {
            let rest: Vec<&str> = words.take(400).collect();
            // A sentence that begins with "Select" is no statement.
            if !rest.iter().any(|word| word.eq_ignore_ascii_case("from"))
                && !rest.iter().any(|word| word.contains(['*', '@']))
                && rest.len() > 3
            {
                return None;
            }
            Some((EffectKind::Read, after("FROM")))
        }
        "INSERT" | "REPLACE" => {
            next_is(words.next(), &["INTO", "OR", "IGNORE"]).then(|| (EffectKind::Create, after("INTO")))
        }
        "UPDATE" => {
            let table = words.next().map(clean)?;
            words.take(6).any(|word| word.eq_ignore_ascii_case("set")).then_some((EffectKind::Update, table))
        }
        "DELETE" => next_is(words.next(), &["FROM"]).then(|| (EffectKind::Delete, after("FROM"))),
        "TRUNCATE" => Some((
            EffectKind::Delete,
            words.find(|word| !word.eq_ignore_ascii_case("table")).map(clean).unwrap_or_default(),
        )),
        "DROP" => next_is(words.next(), &["TABLE", "DATABASE", "SCHEMA", "VIEW"])
            .then(|| (EffectKind::Delete, words.next_back().map(clean).unwrap_or_default())),
        "WITH" => Some((EffectKind::Query, String::new())),
        "CREATE" | "ALTER" | "PRAGMA" => next_is(
            words.next(),
            &[
                "TABLE",
                "INDEX",
                "UNIQUE",
                "VIEW",
                "JOURNAL_MODE",
                "FOREIGN_KEYS",
                "TRIGGER",
                "VIRTUAL",
                "TEMP",
                "TYPE",
                "DATABASE",
            ],
        )
        .then(|| (EffectKind::Query, String::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{EffectKind, statement};

    #[test]
    fn statements() {
        let cases = [
            ("SELECT id, name FROM users WHERE id = ?", Some((EffectKind::Read, "users"))),
            ("  select * from \"public\".orders", Some((EffectKind::Read, "orders"))),
            ("INSERT INTO `customers` (a) VALUES (?)", Some((EffectKind::Create, "customers"))),
            ("INSERT OR IGNORE INTO t VALUES (1)", Some((EffectKind::Create, "t"))),
            ("UPDATE users SET role = {}", Some((EffectKind::Update, "users"))),
            ("DELETE FROM sessions", Some((EffectKind::Delete, "sessions"))),
            ("Select your favourite colour please", None),
            ("Update your profile picture now", None),
            ("Delete this customer?", None),
            ("Create a new account", None),
        ];
        for (text, expected) in cases {
            let found = statement(text);
            assert_eq!(found.as_ref().map(|(kind, table)| (*kind, table.as_str())), expected, "{text}");
        }
    }
}
