//! Handlers inside wrappers of the app's own, and what stands before all handlers.

use plimsoll_model::App;
use plimsoll_model::app::{CryptoUseKind, EffectKind, EntryPoint, GuardKind, GuardStanding, Reach};
use plimsoll_source::SourceTree;

/// What a tree shows, with the file and line of a span.
struct Seen {
    tree: SourceTree,
    app: App,
}

impl Seen {
    fn of(files: &[(&str, &str)]) -> Self {
        let tree = SourceTree::from_texts(files.iter().copied());
        let app = plimsoll_witness::observe(&tree);
        Seen { tree, app }
    }

    fn entry(&self, label: &str) -> &EntryPoint {
        self.app.entry_points.iter().find(|entry| entry.label() == label).expect(label)
    }

    fn at(&self, span: plimsoll_source::Span) -> String {
        format!("{}:{}", self.tree.file(span.file).path, self.tree.lines(span).0)
    }
}

#[test]
fn a_wrapped_handler_stands_where_it_is_written() {
    let seen = Seen::of(&[
        ("wrap.js", "module.exports = (fn) => (req, res, next) => Promise.resolve(fn(req, res, next)).catch(next);"),
        (
            "guarded.js",
            "module.exports = (check, fn) => async (req, res, next) => {\n  if (!check(req)) return res.status(403).end();\n  try { await fn(req, res, next); } catch (error) { next(error); }\n};",
        ),
        (
            "server.js",
            r#"const express = require("express");
const db = require("better-sqlite3")("x.db");
const wrap = require("./wrap");
const guarded = require("./guarded");
const app = express();
const fromOffice = (req) => req.headers["x-office"] === process.env.OFFICE_KEY;
app.delete("/parts/:id", wrap(async (req, res) => {
  db.prepare("DELETE FROM parts WHERE id = ?").run(req.params.id);
  res.end();
}));
app.get("/parts", guarded(fromOffice, async (req, res) => {
  res.json(db.prepare("SELECT * FROM parts").all());
}));
app.get("/plain", async (req, res) => {
  res.json(db.prepare("SELECT * FROM parts").all());
});"#,
        ),
    ]);
    let places: Vec<String> = ["DELETE /parts/:id", "GET /parts", "GET /plain"]
        .iter()
        .map(|label| seen.at(seen.entry(label).handler))
        .collect();
    assert_eq!(places, ["server.js:7", "server.js:11", "server.js:14"]);
    let deletes = &seen.entry("DELETE /parts/:id").effects[0];
    assert_eq!((deletes.kind, deletes.called_at), (EffectKind::Delete, None), "it happens in the handler itself");
}

#[test]
fn a_ticket_that_is_only_there_keeps_nobody_out() {
    let seen = Seen::of(&[
        ("package.json", r#"{"dependencies":{"next":"15.0.0"}}"#),
        (
            "middleware.ts",
            r#"import { NextResponse } from "next/server";
const seen = new Map<string, number[]>();
function tooMany(request) {
  const list = seen.get(request.headers.get("x-real-ip") ?? "") ?? [];
  if (list.length >= 10) return NextResponse.json({ error: "slow down" }, { status: 429 });
  list.push(Date.now());
  return null;
}
export function middleware(request) {
  if (request.nextUrl.pathname === "/api/login") {
    const answer = tooMany(request);
    if (answer) return answer;
    return NextResponse.next();
  }
  if (!request.cookies.get("session-token")?.value) return NextResponse.json({}, { status: 401 });
  return NextResponse.next();
}
export const config = { matcher: ["/api/:path*"] };"#,
        ),
        (
            "app/api/staff/route.ts",
            r#"import { db } from "@/lib/db";
export async function GET() { return Response.json(await db.query("SELECT * FROM staff")); }"#,
        ),
        (
            "app/api/own/route.ts",
            r#"import { cookies } from "next/headers";
import { unsealData } from "iron-session";
import { db } from "@/lib/db";
export async function GET() {
  const sealed = (await cookies()).get("session-token")?.value;
  if (!sealed) return Response.json({}, { status: 401 });
  const session = await unsealData(sealed, { password: process.env.SEAL });
  if (!session.userId) return Response.json({}, { status: 401 });
  return Response.json(await db.query("SELECT * FROM staff WHERE id = $1", [session.userId]));
}"#,
        ),
        (
            "app/api/login/route.ts",
            r#"import bcrypt from "bcryptjs";
import { db } from "@/lib/db";
export async function POST(request) {
  const { name, password } = await request.json();
  const { rows } = await db.query("SELECT * FROM staff WHERE name = $1", [name]);
  if (!(await bcrypt.compare(password, rows[0].hash))) return Response.json({}, { status: 401 });
  return Response.json({ ok: true });
}"#,
        ),
        ("lib/db.ts", "import { Pool } from 'pg';\nexport const db = new Pool();"),
    ]);
    let staff = seen.entry("GET /api/staff");
    assert_eq!(staff.reach(), Reach::Anyone);
    let fails: Vec<String> = staff
        .guards
        .iter()
        .filter(|guard| matches!(guard.standing, GuardStanding::FailsOpen(_)))
        .map(|guard| seen.at(guard.span))
        .collect();
    assert_eq!(fails, ["middleware.ts:15"]);
    assert_eq!(seen.entry("GET /api/own").reach(), Reach::SignedIn);
    let limits = |label: &str| seen.entry(label).guards.iter().any(|guard| guard.kind == GuardKind::RateLimit);
    assert!(limits("POST /api/login") && !limits("GET /api/staff"), "the limiter stands before one path only");
}

#[test]
fn text_in_base64_is_no_signature() {
    let handler = |check: &str| {
        format!(
            r#"const express = require("express");
const crypto = require("crypto");
const db = require("better-sqlite3")("x.db");
const app = express();
function current(req) {{
  const [body, mac] = (req.headers.authorization || "").split(".");
  if (!body) return null;
  {check}
  return JSON.parse(Buffer.from(body, "base64").toString());
}}
app.get("/wages", (req, res) => {{
  const user = current(req);
  if (!user || user.role !== "boss") return res.status(403).end();
  res.json(db.prepare("SELECT * FROM wages").all());
}});"#
        )
    };
    let unverified = |check: &str| {
        let seen = Seen::of(&[("server.js", &handler(check))]);
        assert_ne!(seen.entry("GET /wages").reach(), Reach::Role, "{check}");
        seen.app.crypto.iter().filter(|used| used.kind == CryptoUseKind::UnverifiedToken).count()
    };
    assert_eq!(unverified(""), 1);
    let signed = "const own = crypto.createHmac('sha256', process.env.KEY).update(body).digest('hex');\n  if (mac !== own) return null;";
    assert_eq!(unverified(signed), 0);
}

#[test]
fn a_function_that_only_the_project_invokes() {
    let seen = Seen::of(&[(
        "functions/index.js",
        r#"const { onCall } = require("firebase-functions/v2/https");
const { getFirestore } = require("firebase-admin/firestore");
const db = getFirestore();
exports.sweep = onCall({ invoker: "private" }, async () => db.collection("drafts").doc("old").delete());
exports.wipe = onCall({ region: "europe-west3" }, async () => db.collection("drafts").doc("old").delete());"#,
    )]);
    let reach: Vec<Reach> = seen.app.entry_points.iter().map(EntryPoint::reach).collect();
    assert_eq!(reach, [Reach::Machine, Reach::Anyone]);
}
