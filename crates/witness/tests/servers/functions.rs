//! Functions on platforms: Supabase edge functions, Firebase functions, serverless files.

use plimsoll_model::app::{EffectKind, EntryPoint, GuardStanding, Reach};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

fn entries(files: &[(&str, &str)]) -> Vec<EntryPoint> {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied())).entry_points
}

const ADMIN_CLIENT: &str = r#"
import { createClient } from "https://esm.sh/@supabase/supabase-js@2.39.3";
const admin = createClient(Deno.env.get("SUPABASE_URL") ?? "", Deno.env.get("SUPABASE_SERVICE_ROLE_KEY") ?? "");
"#;

fn edge(name: &str, body: &str) -> (String, String) {
    (format!("supabase/functions/{name}/index.ts"), format!("{ADMIN_CLIENT}{body}"))
}

fn edge_reach(body: &str) -> Reach {
    let (path, text) = edge("x", body);
    let found = entries(&[(path.as_str(), text.as_str())]);
    // One function, or one for each action that it takes: what the most open of them admits.
    found.iter().filter(|entry| !entry.trivial).map(EntryPoint::reach).min().expect("an entry point")
}

#[test]
fn edge_functions_say_who_calls_only_when_they_ask() {
    let cases = [
        // The platform's own check lets everybody with the public key through.
        (
            r#"Deno.serve(async (req) => { const { id } = await req.json(); await admin.from("users").delete().eq("id", id); return new Response("ok"); });"#,
            Reach::Anyone,
        ),
        (
            r#"Deno.serve(async (req) => {
  const token = req.headers.get("Authorization")?.replace("Bearer ", "");
  const { data: { user }, error } = await admin.auth.getUser(token);
  if (error || !user) return new Response("no", { status: 401 });
  await admin.from("orders").insert({ user_id: user.id });
  return new Response("ok");
});"#,
            Reach::SignedIn,
        ),
        // The answer is asked for but not looked at.
        (
            r#"Deno.serve(async (req) => {
  const { data } = await admin.auth.getUser(req.headers.get("Authorization"));
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::Anyone,
        ),
        // Only that some header came is tested.
        (
            r#"Deno.serve(async (req) => {
  if (!req.headers.get("Authorization")) return new Response("no", { status: 401 });
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::Anyone,
        ),
        (
            r#"Deno.serve(async (req) => {
  const { data: { user } } = await admin.auth.getUser(req.headers.get("Authorization"));
  const { data: profile } = await admin.from("profiles").select("role").eq("id", user.id).single();
  if (profile?.role !== "admin") return new Response("no", { status: 403 });
  await admin.auth.admin.createUser({ email: (await req.json()).email });
  return new Response("ok");
});"#,
            Reach::Role,
        ),
        // The right is asked for in the lookup.
        (
            r#"Deno.serve(async (req) => {
  const { data: { user }, error } = await admin.auth.getUser(req.headers.get("Authorization"));
  if (error || !user) return new Response("no", { status: 401 });
  const { data: right, error: failed } = await admin.from("user_roles").select("role").eq("user_id", user.id).eq("role", "admin").maybeSingle();
  if (failed) return new Response("later", { status: 500 });
  if (!right) return new Response("no", { status: 403 });
  await admin.from("profiles").update({ name: "x" }).eq("id", (await req.json()).id);
  return new Response("ok");
});"#,
            Reach::Role,
        ),
        (
            r#"Deno.serve(async (req) => {
  const { data: { user } } = await admin.auth.getUser(req.headers.get("Authorization"));
  if (!user) return new Response("no", { status: 401 });
  const { data: may } = await admin.rpc("has_role", { _user_id: user.id, _role: "admin" });
  if (!may) return new Response("no", { status: 403 });
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::Role,
        ),
        // Every login has claims.
        (
            r#"Deno.serve(async (req) => {
  const { data, error } = await admin.auth.getClaims(req.headers.get("Authorization"));
  if (error || !data?.claims) return new Response("no", { status: 401 });
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::SignedIn,
        ),
        // A shared secret of a scheduler, closed and open when it is missing.
        (
            r#"Deno.serve(async (req) => {
  if (req.headers.get("x-cron-secret") !== Deno.env.get("CRON_SECRET")) return new Response("no", { status: 401 });
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::Machine,
        ),
        (
            r#"Deno.serve(async (req) => {
  const expected = Deno.env.get("CRON_SECRET");
  if (expected && req.headers.get("x-cron-secret") !== expected) return new Response("no", { status: 401 });
  await admin.from("orders").delete().neq("id", 0);
  return new Response("ok");
});"#,
            Reach::Anyone,
        ),
        (
            r#"import Stripe from "npm:stripe@14";
const stripe = new Stripe(Deno.env.get("STRIPE_SECRET_KEY")!);
Deno.serve(async (req) => {
  const event = await stripe.webhooks.constructEventAsync(await req.text(), req.headers.get("stripe-signature")!, Deno.env.get("WHSEC")!);
  await admin.from("orders").update({ paid: true }).eq("id", event.data.object.id);
  return new Response("ok");
});"#,
            Reach::Machine,
        ),
        // Which job is done is no secret.
        (
            r#"import { serve } from "https://deno.land/std@0.168.0/http/server.ts";
serve(async (req) => {
  const { action, id } = await req.json();
  switch (action) {
    case "delete-user": await admin.auth.admin.deleteUser(id); break;
    case "list-users": return Response.json(await admin.auth.admin.listUsers());
  }
  return new Response("ok");
});"#,
            Reach::Anyone,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(edge_reach(body), expected, "{body}");
    }
}

#[test]
fn edge_functions_share_code_and_settings() {
    let shared = r#"
export async function requireUser(req, client) {
  const { data: { user } } = await client.auth.getUser(req.headers.get("Authorization"));
  if (!user) return new Response("no", { status: 401 });
  return { user };
}"#;
    let guarded = edge(
        "a",
        r#"
import { requireUser } from "../_shared/auth.ts";
Deno.serve(async (req) => {
  const auth = await requireUser(req, admin);
  if (auth instanceof Response) return auth;
  await admin.from("orders").delete().eq("id", 1);
  return new Response("ok");
});"#,
    );
    let open = edge(
        "b",
        r#"Deno.serve(async () => { await admin.from("orders").delete().eq("id", 1); return new Response("ok"); });"#,
    );
    let config = "[functions.b]\nverify_jwt = true\n";
    let found = entries(&[
        ("supabase/functions/_shared/auth.ts", shared),
        (guarded.0.as_str(), guarded.1.as_str()),
        (open.0.as_str(), open.1.as_str()),
        ("supabase/config.toml", config),
    ]);
    assert_eq!(found.iter().map(EntryPoint::reach).collect::<Vec<_>>(), [Reach::SignedIn, Reach::Anyone]);
    assert_eq!(found[0].path, "/functions/v1/a");
    let weak = found[1].guards.iter().find(|guard| guard.name == "verify_jwt").map(|guard| &guard.standing);
    assert!(matches!(weak, Some(GuardStanding::FailsOpen(_))), "{weak:?}");
    assert!(found[1].effects.iter().all(|effect| effect.bypasses_policies));
}

#[test]
fn edge_functions_under_policies_and_paid_ones() {
    let found = entries(&[
        (
            "supabase/functions/mine/index.ts",
            r#"import { createClient } from "jsr:@supabase/supabase-js@2";
Deno.serve(async (req) => {
  const client = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_ANON_KEY")!, {
    global: { headers: { Authorization: req.headers.get("Authorization")! } },
  });
  const { data } = await client.from("orders").select("*");
  return Response.json(data);
});"#,
        ),
        (
            "supabase/functions/write/index.ts",
            r#"Deno.serve(async (req) => {
  const { prompt, to } = await req.json();
  const answer = await fetch("https://ai.gateway.lovable.dev/v1/chat/completions", { method: "POST", body: JSON.stringify({ prompt }) });
  await fetch("https://api.resend.com/emails", { method: "POST", body: JSON.stringify({ to, text: "hello" }) });
  return Response.json(await answer.json());
});"#,
        ),
    ]);
    assert!(found[0].effects.iter().any(|effect| effect.kind == EffectKind::Read && effect.governed_by_policies));
    let kinds: Vec<(EffectKind, bool)> =
        found[1].effects.iter().map(|effect| (effect.kind, effect.picked_by_input)).collect();
    assert_eq!(kinds, [(EffectKind::CallAi, false), (EffectKind::SendMessage, true)]);
}

#[test]
fn a_handler_that_is_not_found_is_said() {
    let app = plimsoll_witness::observe(&SourceTree::from_texts([(
        "supabase/functions/odd/index.ts",
        "import { start } from 'npm:some-framework';\nstart('./handler.ts');",
    )]));
    assert!(app.not_checked.iter().any(|gap| gap.what.contains("edge function odd")), "{:?}", app.not_checked);
}

#[test]
fn edge_functions_that_take_the_token_apart() {
    let body = r#"Deno.serve(async (req) => {
  const payload = JSON.parse(atob(req.headers.get("Authorization").split(".")[1]));
  if (!payload.sub) return new Response("no", { status: 401 });
  await admin.from("orders").delete().eq("id", 1);
  return new Response("ok");
});"#;
    let (path, text) = edge("x", body);
    let verified = entries(&[(path.as_str(), text.as_str())]);
    assert_eq!(verified[0].reach(), Reach::SignedIn, "the platform has verified it");
    let config = "[functions.x]\nverify_jwt = false\n";
    let unverified = entries(&[(path.as_str(), text.as_str()), ("supabase/config.toml", config)]);
    assert_eq!(unverified[0].reach(), Reach::Anyone, "nobody has verified it");
}

#[test]
fn firebase_functions_of_both_generations() {
    let found = reach(&[(
        "functions/index.js",
        r#"const functions = require("firebase-functions");
const { onCall, onRequest, HttpsError } = require("firebase-functions/v2/https");
const admin = require("firebase-admin");
admin.initializeApp();
exports.oldOpen = functions.https.onCall(async (data, context) => { await admin.firestore().collection("users").doc(data.id).delete(); });
exports.oldClosed = functions.https.onCall(async (data, context) => {
  if (!context.auth) throw new functions.https.HttpsError("unauthenticated", "no");
  await admin.firestore().collection("users").doc(data.id).delete();
});
exports.newAdmin = onCall({ enforceAppCheck: true }, async (request) => {
  if (request.auth?.token.admin !== true) throw new HttpsError("permission-denied", "no");
  await admin.firestore().collection("users").doc(request.data.id).delete();
});
exports.newOpen = onCall({ enforceAppCheck: true }, async (request) => { await admin.firestore().collection("users").doc(request.data.id).delete(); });
exports.web = onRequest(async (req, res) => {
  const token = await admin.auth().verifyIdToken(req.headers.authorization.split(" ")[1]);
  await admin.firestore().collection("users").doc(token.uid).delete();
  res.send("ok");
});"#,
    )]);
    let expected = [
        ("/oldOpen", Reach::Anyone),
        ("/oldClosed", Reach::SignedIn),
        ("/newAdmin", Reach::Role),
        ("/newOpen", Reach::Anyone),
        ("/web", Reach::SignedIn),
    ];
    assert_eq!(found, pairs(&expected));
}

/// Files, and who reaches what.
type Case = (&'static [(&'static str, &'static str)], &'static [(&'static str, Reach)]);

#[test]
fn functions_of_hosts_and_bare_servers() {
    let db = ("lib/db.js", "import { PrismaClient } from '@prisma/client';\nexport const db = new PrismaClient();");
    let cases: [Case; 5] = [
        (
            &[
                ("vercel.json", "{}"),
                (
                    "api/users/[id].ts",
                    "import { db } from '../../lib/db.js';\nexport default async function handler(req, res) { await db.user.delete({ where: { id: req.query.id } }); res.json({}); }",
                ),
            ],
            &[("/api/users/:id", Reach::Anyone)],
        ),
        (
            &[(
                "netlify/functions/list.js",
                "import { db } from '../../lib/db.js';\nexport const handler = async (event, context) => { if (!context.clientContext.user) return { statusCode: 401 }; return { statusCode: 200, body: JSON.stringify(await db.user.findMany()) }; };",
            )],
            &[("/.netlify/functions/list", Reach::SignedIn)],
        ),
        (
            &[(
                "src/worker.js",
                "import { db } from '../lib/db.js';\nexport default { async fetch(request, env) { if (request.headers.get('x-key') !== env.API_KEY) return new Response('no', { status: 401 }); return Response.json(await db.user.findMany()); } };",
            )],
            &[("/*", Reach::Machine)],
        ),
        (
            &[(
                "server.js",
                "const http = require('http');\nconst { db } = require('./lib/db.js');\nhttp.createServer(async (req, res) => { await db.user.deleteMany(); res.end('ok'); }).listen(3000);",
            )],
            &[("/*", Reach::Anyone)],
        ),
        (
            &[
                ("package.json", r#"{"dependencies":{"astro":"5"}}"#),
                (
                    "src/middleware.ts",
                    "export const onRequest = async (context, next) => { if (context.url.pathname.startsWith('/api/admin') && !context.locals.user) return new Response('no', { status: 401 }); return next(); };",
                ),
                (
                    "src/pages/api/admin/users.ts",
                    "import { db } from '../../../../lib/db.js';\nexport const GET = async () => Response.json(await db.user.findMany());",
                ),
                (
                    "src/pages/api/users.json.ts",
                    "import { db } from '../../../lib/db.js';\nexport const GET = async () => Response.json(await db.user.findMany());",
                ),
            ],
            &[("GET /api/admin/users", Reach::SignedIn), ("GET /api/users", Reach::Anyone)],
        ),
    ];
    for (files, expected) in cases {
        let mut all = files.to_vec();
        all.push(db);
        assert_eq!(reach(&all), pairs(expected));
    }
}

#[test]
fn frameworks_that_are_not_understood_are_said() {
    let app = plimsoll_witness::observe(&SourceTree::from_texts([(
        "package.json",
        r#"{"dependencies":{"elysia":"1.0.0"}}"#,
    )]));
    assert!(app.not_checked.iter().any(|gap| gap.what.starts_with("Elysia") && gap.weighs));
}

#[test]
fn functions_of_base44() {
    let import = "import { createClientFromRequest } from 'npm:@base44/sdk@0.8.25';\n";
    let open = format!(
        "{import}Deno.serve(async (req) => {{
  const base44 = createClientFromRequest(req);
  const {{ email }} = await req.json();
  await base44.asServiceRole.entities.Attempt.create({{ email }});
  return Response.json({{ ok: true }});
}});"
    );
    let signed_in = format!(
        "{import}Deno.serve(async (req) => {{
  const base44 = createClientFromRequest(req);
  const user = await base44.auth.me();
  if (!user) return Response.json({{ error: 'no' }}, {{ status: 401 }});
  const {{ id }} = await req.json();
  await base44.asServiceRole.entities.Order.update(id, {{ state: 'done' }});
  return Response.json({{ ok: true }});
}});"
    );
    let role = signed_in.replace("if (!user)", "if (user?.role !== 'admin')");
    let found = entries(&[
        ("base44/functions/note/entry.ts", &open),
        ("base44/functions/close/entry.ts", &signed_in),
        ("functions/purge.ts", &role),
        ("base44/functions/shared/names.ts", &format!("{import}export const x = 1;")),
    ]);
    let told: Vec<(String, Reach)> = found.iter().map(|entry| (entry.label(), entry.reach())).collect();
    assert_eq!(
        told,
        pairs(&[
            ("/functions/close", Reach::SignedIn),
            ("/functions/note", Reach::Anyone),
            ("/functions/purge", Reach::Role)
        ])
    );
    let effect = &found[0].effects[0];
    assert_eq!((effect.kind, effect.target.as_str()), (EffectKind::Update, "Order"));
    assert!(effect.bypasses_policies && effect.picked_by_input);
}
