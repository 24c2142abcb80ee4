//! What the model says of small apps: which guards really hold, and for whom.

use plimsoll_model::app::{GuardKind, GuardStanding, Reach};
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
