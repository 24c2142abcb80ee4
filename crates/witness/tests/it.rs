//! What the model says of small apps: which guards really hold, and for whom.

#[path = "servers/callers.rs"]
mod callers;
#[path = "browser/calls.rs"]
mod calls;
#[path = "servers/chains.rs"]
mod chains;
#[path = "servers/dispatch.rs"]
mod dispatch;
#[path = "servers/files.rs"]
mod files;
#[path = "servers/forms.rs"]
mod forms;
#[path = "servers/functions.rs"]
mod functions;
#[path = "servers/graphql.rs"]
mod graphql;
#[path = "browser/kept.rs"]
mod kept;
#[path = "servers/laravel.rs"]
mod laravel;
#[path = "servers/livewire.rs"]
mod livewire;
#[path = "servers/next.rs"]
mod next;
#[path = "servers/once.rs"]
mod once;
#[path = "servers/pages.rs"]
mod pages;
#[path = "servers/panels.rs"]
mod panels;
#[path = "servers/procedures.rs"]
mod procedures;
mod python;
#[path = "servers/records.rs"]
mod records;
#[path = "servers/signing_in.rs"]
mod signing_in;
#[path = "browser/sockets.rs"]
mod sockets;
#[path = "browser/taken.rs"]
mod taken;
#[path = "servers/tenants.rs"]
mod tenants;
#[path = "browser/together.rs"]
mod together;
#[path = "servers/wrapped.rs"]
mod wrapped;

use plimsoll_model::app::{GuardKind, GuardStanding, Purpose, Reach, Sink as Ends};
use plimsoll_source::SourceTree;

/// `(label, reach)` of every entry point.
fn reach(files: &[(&str, &str)]) -> Vec<(String, Reach)> {
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()));
    app.entry_points.iter().map(|entry| (entry.label(), entry.reach())).collect()
}

fn pairs(expected: &[(&str, Reach)]) -> Vec<(String, Reach)> {
    expected.iter().map(|(label, reach)| ((*label).to_owned(), *reach)).collect()
}

#[test]
fn flask_hooks_guard_their_own_blueprint_only() {
    let app = r#"
from functools import wraps
from flask import Flask, Blueprint, g, session, redirect, abort, jsonify
import sqlite3
db = sqlite3.connect("x.db")
app = Flask(__name__)
staff = Blueprint("staff", __name__, url_prefix="/staff")
board = Blueprint("board", __name__, url_prefix="/board")

def load_user():
    g.user = None
    if "user_id" in session:
        g.user = db.execute("SELECT id, role FROM users WHERE id = ?", (session["user_id"],)).fetchone()

def role_required(*roles):
    def decorate(view):
        @wraps(view)
        def wrapped(*args, **kwargs):
            if g.user is None:
                return redirect("/login")
            if roles and g.user["role"] not in roles:
                abort(403)
            return view(*args, **kwargs)
        return wrapped
    return decorate

app.before_request(load_user)

@staff.before_request
@role_required("hr")
def only_staff():
    return None

@staff.get("/people")
def people():
    return jsonify(db.execute("SELECT * FROM people").fetchall())

@board.get("/open")
def board_open():
    return jsonify(db.execute("SELECT * FROM notes").fetchall())

@board.get("/closed")
@role_required("hr")
def board_closed():
    return jsonify(db.execute("SELECT * FROM notes").fetchall())

for blueprint in (staff, board):
    app.register_blueprint(blueprint)
"#;
    let expected =
        [("GET /staff/people", Reach::Role), ("GET /board/open", Reach::Anyone), ("GET /board/closed", Reach::Role)];
    assert_eq!(reach(&[("app.py", app)]), pairs(&expected));
}

#[test]
fn minified_scripts_are_named_and_not_followed_but_long_data_is() {
    let minified = "var a=function(b,c){return b(c)};".repeat(1_000);
    let data = format!("const STAFF=[{}];", "{name:'Ann Example',email:'ann@example.com'},".repeat(1_000));
    let files = [("public/app.js", minified.as_str()), ("src/staff.js", &data), ("server.js", "console.log(1)\n")];
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()));
    let named: Vec<_> = app.not_checked.iter().filter(|gap| gap.why.contains("a tool made it")).collect();
    assert!(named.len() == 1 && named[0].what.starts_with("public/app.js") && !named[0].weighs);
    assert!(app.looked_at.contains(&"2 files of program code".to_owned()), "{:?}", app.looked_at);

    let alone = plimsoll_witness::observe(&SourceTree::from_texts([("public/app.js", minified.as_str())]));
    assert!(alone.not_checked.iter().any(|gap| gap.what.starts_with("public/app.js") && gap.weighs));
}

#[test]
fn express_order_and_home_made_sessions() {
    let app = r#"
const express = require("express");
const db = require("better-sqlite3")("x.db");
const app = express();
function requireLogin(req, res, next) {
  const token = req.headers.cookie;
  const user = db.prepare("SELECT u.* FROM sessions s JOIN users u ON u.id = s.user_id WHERE token = ?").get(token);
  if (!user) return res.status(401).end();
  req.user = user;
  next();
}
function passThrough(req, res, next) {
  // if (!req.user) return res.status(401).end();
  next();
}
app.get("/before", (req, res) => res.json(db.prepare("SELECT * FROM customers").all()));
app.get("/debug", passThrough, (req, res) => res.json(db.prepare("SELECT * FROM customers").all()));
app.use(requireLogin);
app.get("/after", (req, res) => res.json(db.prepare("SELECT * FROM customers").all()));
"#;
    let expected = [("GET /before", Reach::Anyone), ("GET /debug", Reach::Anyone), ("GET /after", Reach::SignedIn)];
    assert_eq!(reach(&[("server.js", app)]), pairs(&expected));
}

#[test]
fn guards_that_let_through() {
    let app = r#"
const express = require("express");
const db = require("better-sqlite3")("x.db");
const app = express();
app.post("/hook", (req, res) => {
  const expected = process.env.HOOK_SECRET;
  if (expected && req.headers["x-secret"] !== expected) return res.status(401).end();
  db.prepare("UPDATE orders SET paid = 1 WHERE id = ?").run(req.body.id);
  res.end();
});
app.post("/forgets-to-stop", (req, res) => {
  if (!req.session.userId) res.status(401).json({ error: "no" });
  db.prepare("DELETE FROM orders WHERE id = ?").run(req.body.id);
});
"#;
    let app = plimsoll_witness::observe(&SourceTree::from_texts([("server.js", app)]));
    let hook = &app.entry_points[0];
    assert_eq!(hook.reach(), Reach::Anyone);
    let weak = hook.guards.iter().find(|guard| guard.kind == GuardKind::Signature).map(|guard| &guard.standing);
    assert!(matches!(weak, Some(GuardStanding::FailsOpen(_))), "{weak:?}");
    assert_eq!(app.entry_points[1].reach(), Reach::Anyone, "the answer is sent, but the handler goes on");
}

#[test]
fn next_middleware_guards_what_its_matcher_covers() {
    let files = [
        ("package.json", r#"{"dependencies":{"next":"15.0.0"}}"#),
        (
            "middleware.ts",
            r#"import { NextResponse } from "next/server";
import { getToken } from "next-auth/jwt";
export async function middleware(request) {
  const token = await getToken({ req: request });
  if (request.nextUrl.pathname.startsWith("/admin") && !token) return NextResponse.redirect(new URL("/login", request.url));
  return NextResponse.next();
}
export const config = { matcher: ["/admin/:path*", "/api/admin/:path*"] };"#,
        ),
        (
            "app/admin/users/page.tsx",
            "import { prisma } from '@/db';\nexport default async function Page() { return <p>{(await prisma.user.findMany()).length}</p>; }",
        ),
        (
            "app/api/admin/users/route.ts",
            "import { prisma } from '@/db';\nexport async function GET() { return Response.json(await prisma.user.findMany()); }",
        ),
    ];
    // The prefix mistake: the hook protects `/admin`, not `/api/admin`.
    let expected = [("GET /admin/users", Reach::SignedIn), ("GET /api/admin/users", Reach::Anyone)];
    assert_eq!(reach(&files), pairs(&expected));
}

/// What PHP apps of several files share.
const PHP_CONFIG: &str = "<?php
define('DB_NAME', 'shop');
$conn = new mysqli('localhost', 'root', '', DB_NAME);
session_start();
";

const PHP_FUNCTIONS: &str = "<?php
function isLoggedIn() { return isset($_SESSION['user_id']); }
function isAdmin() { return isLoggedIn() && $_SESSION['role'] === 'admin'; }
function requireLogin() { if (!isLoggedIn()) { header('Location: login.php'); exit(); } }
function requireAdmin() { requireLogin(); if (!isAdmin()) { http_response_code(403); die('no'); } }
function clean($conn, $text) { return mysqli_real_escape_string($conn, trim($text)); }
";

#[test]
fn php_pages_and_their_guards() {
    let files = [
        ("includes/config.php", PHP_CONFIG),
        ("includes/functions.php", PHP_FUNCTIONS),
        (
            "includes/auth.php",
            "<?php\nif (!isset($_SESSION['user_id'])) {\n  header('Location: login.php');\n  exit;\n}\n",
        ),
        (
            "admin/users.php",
            "<?php\nrequire_once '../includes/config.php';\nrequire_once __DIR__ . '/../includes/functions.php';\nrequireAdmin();\nmysqli_query($conn, \"DELETE FROM users WHERE id=\" . (int) $_GET['id']);\n",
        ),
        (
            "admin/export.php",
            "<?php\ninclude '../includes/config.php';\n$rows = mysqli_query($conn, 'SELECT * FROM users');\necho json_encode(mysqli_fetch_all($rows));\n",
        ),
        (
            "dashboard.php",
            "<?php\nrequire_once 'includes/config.php';\nrequire_once 'includes/auth.php';\n$res = $conn->query('SELECT * FROM orders WHERE user_id = ' . $_SESSION['user_id']);\n",
        ),
        (
            "forgets.php",
            "<?php\nrequire 'includes/config.php';\nrequire 'includes/functions.php';\nif (!isLoggedIn()) { header('Location: login.php'); }\n$conn->query('UPDATE orders SET paid = 1');\n",
        ),
        (
            "api/or_die.php",
            "<?php\nrequire '../includes/config.php';\nisset($_SESSION['user_id']) or die('no');\n$conn->query('DELETE FROM carts');\n",
        ),
    ];
    let expected = [
        ("GET /admin/export.php", Reach::Anyone),
        ("GET /admin/users.php", Reach::Role),
        ("GET /api/or_die.php", Reach::SignedIn),
        ("GET /dashboard.php", Reach::SignedIn),
        ("GET /forgets.php", Reach::Anyone),
    ];
    assert_eq!(reach(&files), pairs(&expected));
}

#[test]
fn php_folder_that_is_served() {
    let files = [
        ("public/index.php", "<?php\nrequire __DIR__ . '/../src/db.php';\necho 'hello';\n"),
        (
            "public/admin/list.php",
            "<?php\nrequire dirname(__DIR__, 2) . '/src/db.php';\n$db->query('SELECT * FROM staff');\n",
        ),
        ("src/db.php", "<?php\n$db = new PDO('sqlite:x');\n$db->query('SELECT 1 FROM staff');\n"),
    ];
    let expected = [("GET /admin/list.php", Reach::Anyone), ("GET /index.php", Reach::Anyone)];
    assert_eq!(reach(&files), pairs(&expected));
}

/// `(sink, line)` of every flow of one PHP page.
fn php_flows(code: &str) -> Vec<(Ends, u32)> {
    let tree = SourceTree::from_texts([("page.php", code)]);
    let app = plimsoll_witness::observe(&tree);
    let mut out: Vec<(Ends, u32)> = app.flows.iter().map(|flow| (flow.sink, tree.lines(flow.to).0)).collect();
    out.sort();
    out.dedup();
    out
}

#[test]
fn php_flows_and_what_stops_them() {
    let cases: [(&str, &[Ends]); 34] = [
        ("mysqli_query($c, \"SELECT * FROM t WHERE id = \" . $_GET['id']);", &[Ends::Sql]),
        ("$c->query(\"SELECT * FROM t WHERE name = '$_POST[name]'\");", &[Ends::Sql]),
        ("$x = mysqli_real_escape_string($c, $_GET['x']); $c->query(\"SELECT * FROM t WHERE n = '$x'\");", &[]),
        ("$x = mysqli_real_escape_string($c, $_GET['x']); $c->query(\"SELECT * FROM t WHERE n = $x\");", &[Ends::Sql]),
        ("$c->prepare(\"SELECT * FROM t WHERE n = '{$_GET['n']}'\");", &[Ends::Sql]),
        ("$s = $c->prepare('SELECT * FROM t WHERE n = ?'); $s->execute([$_GET['n']]);", &[]),
        ("$id = intval($_GET['id']); $c->query(\"SELECT * FROM t WHERE id = $id\");", &[]),
        ("$c->query(sprintf('SELECT * FROM t WHERE id = %d', $_GET['id']));", &[]),
        ("$c->query(sprintf(\"SELECT * FROM t WHERE n = '%s'\", $_GET['n']));", &[Ends::Sql]),
        (
            "$s = $_GET['s']; if (!in_array($s, ['a', 'b'])) { $s = 'a'; } $c->query(\"SELECT * FROM t ORDER BY $s\");",
            &[],
        ),
        ("$s = in_array($_GET['s'], ['a', 'b']) ? $_GET['s'] : 'a'; $c->query(\"SELECT * FROM t ORDER BY $s\");", &[]),
        ("if (!ctype_digit($_GET['n'])) { die('no'); } $c->query('SELECT * FROM t LIMIT ' . $_GET['n']);", &[]),
        ("if ($a) { $x = $_GET['x']; } else { $x = 1; $c->query(\"SELECT * FROM t WHERE id = $x\"); }", &[]),
        ("echo $_GET['q'];", &[Ends::Html]),
        ("echo '<b>' . htmlspecialchars($_GET['q']) . '</b>';", &[]),
        ("echo \"<b>{$_GET['q']}</b>\";", &[Ends::Html]),
        ("echo (int) $_GET['page'];", &[]),
        ("echo $_SERVER['HTTP_USER_AGENT'];", &[]),
        ("?><form action=\"<?= $_SERVER['PHP_SELF'] ?>\"><?php", &[Ends::Html]),
        (
            "$r = $c->query('SELECT * FROM posts'); while ($row = $r->fetch_assoc()) { echo $row['body']; }",
            &[Ends::Html],
        ),
        ("$r = $c->query('SELECT * FROM posts'); while ($row = $r->fetch_assoc()) { echo $row['id']; }", &[]),
        ("system('ping ' . $_GET['host']);", &[Ends::Shell]),
        ("system('ping ' . escapeshellarg($_GET['host']));", &[]),
        ("$o = `ls {$_GET['d']}`;", &[Ends::Shell]),
        ("include 'pages/' . $_GET['page'] . '.php';", &[Ends::FilePath]),
        ("readfile('files/' . basename($_GET['f']));", &[]),
        ("unlink('files/' . $_GET['f']);", &[Ends::FilePath]),
        ("header('Location: ' . $_GET['next']); exit;", &[Ends::Redirect]),
        ("header('Location: view.php?id=' . $_GET['id']); exit;", &[]),
        ("$o = unserialize($_COOKIE['prefs']);", &[Ends::Deserialise]),
        ("eval($_POST['code']);", &[Ends::Eval]),
        ("$h = curl_init(); curl_setopt($h, CURLOPT_URL, $_GET['url']);", &[Ends::Url]),
        ("$h = curl_init(); curl_setopt($h, CURLOPT_URL, 'https://api.example/v1?q=' . $_GET['q']);", &[]),
        ("mail('a@b.example', 'Hi', 'Text', 'From: ' . $_POST['email']);", &[Ends::Mail]),
    ];
    for (code, expected) in cases {
        let found: Vec<Ends> =
            php_flows(&format!("<?php\n$c = new mysqli();\n{code}\n")).into_iter().map(|(sink, _)| sink).collect();
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn php_cookies_uploads_and_limits() {
    let files = [
        (
            "login.php",
            "<?php\nsession_start();\n$db = new PDO('sqlite:x');\nif ($_SESSION['login_attempts'] > 5) { die('later'); }\n$s = $db->prepare('SELECT * FROM users WHERE name = ?');\n$s->execute([$_POST['username']]);\n$row = $s->fetch();\nif ($row && password_verify($_POST['password'], $row['password'])) { $_SESSION['user_id'] = $row['id']; }\n",
        ),
        (
            "up.php",
            "<?php\nmove_uploaded_file($_FILES['f']['tmp_name'], 'uploads/' . $_FILES['f']['name']);\nsetcookie('auth_token', $_POST['t'], time() + 60, '/', '', true, true);\n",
        ),
        (
            "checked.php",
            "<?php\n$ext = strtolower(pathinfo($_FILES['f']['name'], PATHINFO_EXTENSION));\nif (!in_array($ext, ['jpg', 'png'])) { die('no'); }\nmove_uploaded_file($_FILES['f']['tmp_name'], 'uploads/x.' . $ext);\n",
        ),
    ];
    let tree = SourceTree::from_texts(files);
    let app = plimsoll_witness::observe(&tree);
    let session = app.cookies.iter().find(|cookie| cookie.name == "PHPSESSID");
    assert_eq!(session.map(|cookie| (cookie.http_only, cookie.secure)), Some((Some(false), Some(false))));
    let token = app.cookies.iter().find(|cookie| cookie.name == "auth_token");
    assert_eq!(token.map(|cookie| (cookie.http_only, cookie.secure)), Some((Some(true), Some(true))));
    let uploads: Vec<&str> = app
        .settings
        .iter()
        .filter(|setting| setting.key == "upload-without-bounds")
        .map(|setting| tree.file(setting.span.file).path.as_str())
        .collect();
    assert_eq!(uploads, ["up.php"]);
    let login = app.entry_points.iter().find(|entry| entry.path == "/login.php");
    let limit = login.and_then(|login| login.guards.iter().find(|guard| guard.kind == GuardKind::RateLimit));
    assert!(matches!(limit.map(|guard| &guard.standing), Some(GuardStanding::FailsOpen(_))), "{limit:?}");
    assert!(login.is_some_and(|login| login.purposes.contains(&Purpose::Login)));
}

#[test]
fn laravel_routes_groups_and_controllers() {
    let files = [
        ("artisan", "#!/usr/bin/env php\n"),
        (
            "bootstrap/app.php",
            "<?php\nreturn Application::configure()->withMiddleware(function (Middleware $middleware) {\n  $middleware->alias(['role' => \\App\\Http\\Middleware\\RoleMiddleware::class]);\n  $middleware->validateCsrfTokens(except: ['hooks/*']);\n})->create();\n",
        ),
        (
            "app/Http/Middleware/RoleMiddleware.php",
            "<?php\nnamespace App\\Http\\Middleware;\nuse Illuminate\\Http\\Request;\nclass RoleMiddleware {\n  public function handle(Request $request, $next, string ...$roles) {\n    $user = $request->user();\n    if (!$user) { return redirect('/login'); }\n    if (!in_array($user->role, $roles)) { abort(403); }\n    return $next($request);\n  }\n}\n",
        ),
        (
            "app/Models/Invoice.php",
            "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass Invoice extends Model { protected $guarded = []; }\n",
        ),
        (
            "app/Http/Controllers/InvoiceController.php",
            "<?php\nnamespace App\\Http\\Controllers;\nuse App\\Models\\Invoice;\nuse Illuminate\\Http\\Request;\nclass InvoiceController extends Controller {\n  public function index() { return Invoice::where('user_id', auth()->id())->get(); }\n  public function show(Invoice $invoice) { abort_if($invoice->user_id !== auth()->id(), 403); $invoice->update(['seen' => 1]); return $invoice; }\n  public function store(Request $request) { return Invoice::create($request->all()); }\n  public function update(Request $request, Invoice $invoice) { $invoice->update($request->validate(['title' => 'required'])); }\n  public function destroy(Invoice $invoice) { $this->authorize('delete', $invoice); $invoice->delete(); }\n}\n",
        ),
        (
            "routes/web.php",
            "<?php\nuse App\\Http\\Controllers\\InvoiceController;\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/open', fn () => \\App\\Models\\Invoice::all());\nRoute::post('/hooks/pay', function (Request $request) { \\App\\Models\\Invoice::find($request->input('id'))->delete(); });\nRoute::middleware(['auth'])->prefix('app')->group(function () {\n  Route::resource('invoices', InvoiceController::class)->except(['create', 'edit']);\n  Route::group(['prefix' => 'admin', 'middleware' => 'role:admin'], function () {\n    Route::delete('/invoices/{invoice}', [InvoiceController::class, 'destroy'])->name('x');\n  });\n});\n",
        ),
        (
            "routes/api.php",
            "<?php\nRoute::get('/all', 'InvoiceController@index')->middleware('auth:sanctum', 'throttle:60,1');\n",
        ),
    ];
    let expected = [
        ("GET /api/all", Reach::SignedIn),
        ("GET /open", Reach::Anyone),
        ("POST /hooks/pay", Reach::Anyone),
        ("GET /app/invoices", Reach::SignedIn),
        ("POST /app/invoices", Reach::SignedIn),
        ("GET /app/invoices/:invoice", Reach::SignedIn),
        ("PUT/PATCH /app/invoices/:invoice", Reach::SignedIn),
        ("DELETE /app/invoices/:invoice", Reach::Role),
        ("DELETE /app/admin/invoices/:invoice", Reach::Role),
    ];
    assert_eq!(reach(&files), pairs(&expected));
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
    let entry = |label: &str| app.entry_points.iter().find(|entry| entry.label() == label);
    let has = |label: &str, kind: GuardKind| {
        entry(label).is_some_and(|entry| entry.guards.iter().any(|guard| guard.kind == kind && guard.holds()))
    };
    assert!(has("GET /app/invoices/:invoice", GuardKind::Ownership));
    assert!(has("GET /api/all", GuardKind::RateLimit));
    assert!(has("POST /app/invoices", GuardKind::Csrf) && !has("POST /hooks/pay", GuardKind::Csrf));
    assert!(
        entry("GET /app/invoices").is_some_and(|entry| entry.effects.iter().all(|effect| effect.limited_to_caller))
    );
    let whole =
        |label: &str| entry(label).is_some_and(|entry| entry.effects.iter().any(|effect| effect.writes_whole_input));
    assert!(whole("POST /app/invoices") && !whole("PUT/PATCH /app/invoices/:invoice"));
}

#[test]
fn php_frameworks_that_are_not_understood_are_named() {
    let files = [
        ("composer.json", r#"{"require": {"symfony/framework-bundle": "^7"}}"#),
        (
            "src/Controller/A.php",
            "<?php\nuse Symfony\\Component\\HttpFoundation\\Response;\nclass A { function x() { return 1; } }\n",
        ),
    ];
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
    assert!(app.not_checked.iter().any(|gap| gap.what.contains("Symfony")), "{:?}", app.not_checked);
}

#[test]
fn record_given_away_behind_a_comparison_with_its_owner_is_limited_to_the_caller() {
    let app = r#"
import express from "express";
import { pool } from "./db.js";
const app = express();
function login(req, res, next) { if (!req.session.userId) return res.status(401).end(); next(); }
app.get("/checked/:id", login, async (req, res) => {
  const { rows } = await pool.query("SELECT * FROM notes WHERE id = $1", [req.params.id]);
  if (rows[0].user_id !== req.session.userId) return res.status(403).end();
  res.json(rows[0]);
});
app.get("/open/:id", login, async (req, res) => {
  const { rows } = await pool.query("SELECT * FROM notes WHERE id = $1", [req.params.id]);
  if (!rows.length) return res.status(404).end();
  res.json(rows[0]);
});
"#;
    let app = plimsoll_witness::observe(&SourceTree::from_texts([("server.js", app)]));
    let limited: Vec<(String, bool)> = app
        .entry_points
        .iter()
        .map(|entry| (entry.path.clone(), entry.effects.iter().all(|effect| effect.limited_to_caller)))
        .collect();
    assert_eq!(limited, [("/checked/:id".to_owned(), true), ("/open/:id".to_owned(), false)]);
}

#[test]
fn hashes_made_for_passwords_are_seen() {
    let slow = |path: &str, text: &str| {
        let app = plimsoll_witness::observe(&SourceTree::from_texts([(path, text)]));
        app.crypto.iter().any(|used| used.kind == plimsoll_model::app::CryptoUseKind::SlowPasswordHash)
    };
    for (path, text) in [
        ("a.js", "import bcrypt from 'bcryptjs';\nexport const make = (password) => bcrypt.hash(password, 12);\n"),
        ("a.js", "const crypto = require('crypto');\nexports.make = (p, s) => crypto.scryptSync(p, s, 32);\n"),
        (
            "a.py",
            "from werkzeug.security import generate_password_hash\ndef make(p):\n    return generate_password_hash(p)\n",
        ),
        ("a.php", "<?php\n$hash = password_hash($_POST['password'], PASSWORD_DEFAULT);\n"),
    ] {
        assert!(slow(path, text), "{text}");
    }
    for (path, text) in [
        (
            "a.js",
            "const crypto = require('crypto');\nexports.sum = (t) => crypto.createHash('sha256').update(t).digest('hex');\n",
        ),
        ("a.js", "export const check = (hash) => hash.verify();\n"),
    ] {
        assert!(!slow(path, text), "{text}");
    }
}
