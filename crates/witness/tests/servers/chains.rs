//! Servers that are put together by calls: Fastify, Hono, Koa.

use plimsoll_model::app::{AllowedOrigins, Reach};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

#[test]
fn fastify_plugins_keep_their_hooks_to_themselves() {
    let files = [
        (
            "server.js",
            r#"import Fastify from "fastify";
import fp from "fastify-plugin";
import { PrismaClient } from "@prisma/client";
import staff from "./staff.js";
import notes from "./notes.js";
const db = new PrismaClient();
const app = Fastify();
app.register(fp(async (instance) => {
  instance.decorate("authenticate", async (request, reply) => {
    try { await request.jwtVerify(); } catch (error) { reply.send(error); }
  });
}));
app.register(staff, { prefix: "/staff" });
app.register(notes, { prefix: "/notes" });
app.get("/guarded", { onRequest: [app.authenticate] }, async () => db.staff.findMany());
app.get("/open", async () => db.staff.findMany());"#,
        ),
        (
            "staff.js",
            r#"import { PrismaClient } from "@prisma/client";
const db = new PrismaClient();
export default async function staff(fastify, options) {
  fastify.get("/", async () => db.staff.findMany());
  fastify.addHook("onRequest", async (request, reply) => {
    if (!request.user) { reply.code(401).send({ error: "no" }); }
  });
  fastify.addHook("onSend", async () => {});
}"#,
        ),
        (
            "notes.js",
            "import { PrismaClient } from '@prisma/client';\nconst db = new PrismaClient();\nexport default async function notes(fastify) { fastify.get('/', async () => db.note.findMany()); }",
        ),
    ];
    let expected = [
        ("GET /staff", Reach::SignedIn),
        ("GET /notes", Reach::Anyone),
        ("GET /guarded", Reach::SignedIn),
        ("GET /open", Reach::Anyone),
    ];
    assert_eq!(reach(&files), pairs(&expected));
}

#[test]
fn hono_prefixes_and_middleware() {
    let files = [(
        "src/index.ts",
        r#"import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { verify } from "hono/jwt";
import { PrismaClient } from "@prisma/client";
const db = new PrismaClient();
const auth = createMiddleware(async (c, next) => {
  const user = await db.session.findUnique({ where: { token: c.req.header("Authorization") } });
  if (!user) return c.json({ error: "no" }, 401);
  c.set("user", user);
  await next();
});
const staff = new Hono();
staff.get("/", async (c) => c.json(await db.staff.findMany()));
const app = new Hono().basePath("/api");
app.use("/staff/*", auth);
app.route("/staff", staff);
app.get("/notes", async (c) => c.json(await db.note.findMany()));
export default app;"#,
    )];
    assert_eq!(reach(&files), pairs(&[("GET /api/staff", Reach::SignedIn), ("GET /api/notes", Reach::Anyone)]));
}

#[test]
fn koa_routers_with_a_prefix() {
    let files = [(
        "app.js",
        r#"const Koa = require("koa");
const Router = require("@koa/router");
const { PrismaClient } = require("@prisma/client");
const db = new PrismaClient();
const app = new Koa();
const router = new Router({ prefix: "/api" });
const auth = async (ctx, next) => {
  if (!ctx.state.user) ctx.throw(401);
  await next();
};
router.get("/open", async (ctx) => { ctx.body = await db.staff.findMany(); });
router.get("/closed", auth, async (ctx) => { ctx.body = await db.staff.findMany(); });
app.use(router.routes());"#,
    )];
    assert_eq!(reach(&files), pairs(&[("GET /api/open", Reach::Anyone), ("GET /api/closed", Reach::SignedIn)]));
}

/// What middleware sets counts where nothing but files is served behind it.
#[test]
fn middleware_that_no_route_follows_is_run() {
    let tree = SourceTree::from_texts([
        ("package.json", r#"{"dependencies": {"express": "4.21.2"}}"#),
        (
            "server.js",
            "import express from 'express';
const app = express();
app.use((req, res, next) => {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Content-Security-Policy', \"default-src 'self'\");
  next();
});
app.use(express.static('public'));
app.listen(3000);",
        ),
    ]);
    let app = plimsoll_witness::observe(&tree);
    let names: Vec<&str> = app.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["x-content-type-options", "content-security-policy"], "{:?}", app.headers);
}

/// Functions that are asked for every origin are run.
#[test]
fn whom_a_function_of_origins_lets_in() {
    let cases = [
        ("(origin, cb) => { if (!origin || list.includes(origin)) cb(null, true); else cb(null, true); }", Some(true)),
        (
            "(origin, cb) => { if (list.indexOf(origin) === -1) console.log(origin); return cb(null, true); }",
            Some(true),
        ),
        ("(origin) => origin", Some(true)),
        ("process.env.NODE_ENV === 'production' ? 'https://a.example' : true", None),
        (
            "(origin, cb) => { if (!origin) return cb(null, true); if (list.indexOf(origin) === -1) return cb(new Error('no'), false); return cb(null, true); }",
            None,
        ),
        (
            "(origin, cb) => { if (process.env.NODE_ENV !== 'production' || list.includes(origin)) return cb(null, true); cb(new Error('no')); }",
            None,
        ),
        ("(origin, cb) => { if (!origin || origin === list[0]) cb(null, true); else cb(new Error('no')); }", None),
        ("(origin, cb) => { cb(null, list.includes(origin)); }", None),
        ("(origin, cb) => { if (origin.endsWith('.a.example')) cb(null, true); else cb(new Error('no')); }", None),
        (
            "(origin, cb) => { if (!origin || origin.endsWith('.vercel.app')) cb(null, true); else cb(new Error('no')); }",
            Some(false),
        ),
        (
            "(origin, cb) => { if (list.some((one) => origin.startsWith(one))) cb(null, origin); else cb(new Error('no')); }",
            Some(false),
        ),
        (
            "(origin, cb) => { if (origin.startsWith('http://localhost:')) cb(null, origin); else cb(new Error('no')); }",
            None,
        ),
    ];
    for (decides, anyone) in cases {
        let server = format!(
            "import express from 'express';
import cors from 'cors';
const list = ['https://a.example', 'https://b.example'];
const app = express();
app.use(cors({{ credentials: true, origin: {decides} }}));
app.listen(3000);"
        );
        let package = r#"{"dependencies": {"express": "4.21.2", "cors": "2.8.5"}}"#;
        let tree = SourceTree::from_texts([("package.json", package), ("server.js", server.as_str())]);
        let app = plimsoll_witness::observe(&tree);
        let open = app.cors.iter().find_map(|policy| match policy.origins {
            AllowedOrigins::Reflected => Some(true),
            AllowedOrigins::Weak(_) => Some(false),
            _ => None,
        });
        assert_eq!(open, anyone, "{decides}: {:?}", app.cors);
    }
}
