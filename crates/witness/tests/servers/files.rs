//! Frameworks whose routes are files: SvelteKit, Remix and React Router, Nuxt.

use plimsoll_model::app::{GuardStanding, Reach};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

const SVELTE: (&str, &str) = ("package.json", r#"{"devDependencies":{"@sveltejs/kit":"2.0.0"}}"#);
const DB: (&str, &str) =
    ("src/lib/db.ts", "import { PrismaClient } from '@prisma/client';\nexport const db = new PrismaClient();");

#[test]
fn sveltekit_hook_layout_actions_and_endpoints() {
    let files = [
        SVELTE,
        DB,
        (
            "src/hooks.server.ts",
            r#"import { redirect } from "@sveltejs/kit";
import { sequence } from "@sveltejs/kit/hooks";
import { db } from "$lib/db";
const who = async ({ event, resolve }) => {
  const id = event.cookies.get("sid");
  event.locals.user = id ? await db.session.findUnique({ where: { id } }) : null;
  return resolve(event);
};
const guard = async ({ event, resolve }) => {
  if (event.url.pathname.startsWith("/admin") && !event.locals.user) redirect(303, "/login");
  return resolve(event);
};
export const handle = sequence(who, guard);"#,
        ),
        (
            "src/routes/admin/staff/+page.server.ts",
            "import { db } from '$lib/db';\nexport const load = async () => ({ staff: await db.staff.findMany() });",
        ),
        // The prefix mistake.
        (
            "src/routes/api/admin/staff/+server.ts",
            "import { db } from '$lib/db';\nimport { json } from '@sveltejs/kit';\nexport const GET = async () => json(await db.staff.findMany());",
        ),
        (
            "src/routes/team/+layout.server.ts",
            "import { redirect } from '@sveltejs/kit';\nexport const load = async ({ locals }) => { if (!locals.user) throw redirect(303, '/login'); return {}; };",
        ),
        (
            "src/routes/team/list/+page.server.ts",
            r#"import { db } from "$lib/db";
import { fail } from "@sveltejs/kit";
export const load = async () => ({ people: await db.person.findMany() });
export const actions = {
  open: async ({ request }) => { const data = await request.formData(); await db.person.delete({ where: { id: data.get("id") } }); },
  closed: async ({ request, locals }) => {
    if (!locals.user) return fail(401);
    await db.person.deleteMany();
  },
};"#,
        ),
        (
            "src/routes/team/waits/+page.server.ts",
            "import { db } from '$lib/db';\nexport const load = async ({ parent }) => { await parent(); return { people: await db.person.findMany() }; };",
        ),
    ];
    let expected = [
        ("GET /admin/staff", Reach::SignedIn),
        ("GET /api/admin/staff", Reach::Anyone),
        ("GET /team", Reach::SignedIn),
        ("GET /team/list", Reach::Anyone),
        ("POST /team/list?/closed", Reach::SignedIn),
        ("POST /team/list?/open", Reach::Anyone),
        ("GET /team/waits", Reach::SignedIn),
    ];
    assert_eq!(reach(&files), pairs(&expected));
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
    let list = app.entry_points.iter().find(|entry| entry.path == "/team/list").map(|entry| &entry.guards[..]);
    assert!(
        list.is_some_and(|guards| guards.iter().any(|guard| matches!(guard.standing, GuardStanding::FailsOpen(_))))
    );
}

#[test]
fn sveltekit_cookies_are_careful_by_default() {
    let files = [
        SVELTE,
        (
            "src/routes/login/+page.server.ts",
            r#"export const actions = { default: async ({ cookies }) => {
  cookies.set("session", crypto.randomUUID(), { path: "/" });
  cookies.set("auth_token", crypto.randomUUID(), { path: "/", httpOnly: false, secure: false });
} };"#,
        ),
    ];
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
    let flags: Vec<(&str, Option<bool>, Option<bool>)> =
        app.cookies.iter().map(|cookie| (cookie.name.as_str(), cookie.http_only, cookie.secure)).collect();
    assert_eq!(flags, [("session", Some(true), Some(true)), ("auth_token", Some(false), Some(false))]);
}

#[test]
fn remix_loaders_guard_themselves_only() {
    let files = [
        ("package.json", r#"{"dependencies":{"@remix-run/node":"2.0.0","@remix-run/react":"2.0.0"}}"#),
        ("app/db.server.ts", "import { PrismaClient } from '@prisma/client';\nexport const db = new PrismaClient();"),
        (
            "app/session.server.ts",
            r#"import { createCookieSessionStorage, redirect } from "@remix-run/node";
const storage = createCookieSessionStorage({ cookie: { name: "__session", secrets: [process.env.SECRET], httpOnly: true, secure: true, sameSite: "lax" } });
export async function requireUserId(request) {
  const session = await storage.getSession(request.headers.get("Cookie"));
  const userId = session.get("userId");
  if (!userId) throw redirect("/login");
  return userId;
}"#,
        ),
        (
            "app/routes/admin.tsx",
            "import { requireUserId } from '~/session.server';\nimport { db } from '~/db.server';\nexport async function loader({ request }) { const id = await requireUserId(request); return { me: await db.user.findUnique({ where: { id } }), all: await db.note.findMany() }; }",
        ),
        (
            "app/routes/admin.customers.tsx",
            "import { db } from '~/db.server';\nexport const loader = async () => ({ customers: await db.customer.findMany() });\nexport async function action({ request }) { const form = await request.formData(); await db.customer.delete({ where: { id: form.get('id') } }); return null; }",
        ),
        (
            "app/routes/admin.orders.$id.tsx",
            "import { requireUserId } from '~/session.server';\nimport { db } from '~/db.server';\nexport const action = async ({ request, params }) => { await requireUserId(request); await db.order.delete({ where: { id: params.id } }); return null; };",
        ),
    ];
    let expected = [
        ("GET /admin/customers", Reach::Anyone),
        ("POST /admin/customers", Reach::Anyone),
        ("POST /admin/orders/:id", Reach::SignedIn),
        ("GET /admin", Reach::SignedIn),
    ];
    assert_eq!(reach(&files), pairs(&expected));
}

#[test]
fn react_router_reads_its_table_and_middleware() {
    let files = [
        (
            "package.json",
            r#"{"dependencies":{"react-router":"7.9.0"},"devDependencies":{"@react-router/dev":"7.9.0"}}"#,
        ),
        ("app/db.ts", "import { PrismaClient } from '@prisma/client';\nexport const db = new PrismaClient();"),
        (
            "app/routes.ts",
            "import { index, route, prefix } from '@react-router/dev/routes';\nexport default [index('./home.tsx'), ...prefix('staff', [route('list', './staff/list.tsx'), route(':id', './staff/one.tsx')])];",
        ),
        (
            "app/staff/list.tsx",
            "import { db } from '../db';\nexport async function loader() { return db.staff.findMany(); }",
        ),
        (
            "app/staff/one.tsx",
            r#"import { db } from "../db";
import { redirect } from "react-router";
async function auth({ request }, next) {
  const user = await db.session.findFirst({ where: { token: request.headers.get("Cookie") } });
  if (!user) throw redirect("/login");
  return next();
}
export const middleware = [auth];
export async function loader({ params }) { return db.staff.findUnique({ where: { id: params.id } }); }"#,
        ),
    ];
    assert_eq!(reach(&files), pairs(&[("GET /staff/list", Reach::Anyone), ("GET /staff/:id", Reach::SignedIn)]));
}

#[test]
fn nuxt_middleware_and_helpers_without_imports() {
    let files = [
        ("package.json", r#"{"devDependencies":{"nuxt":"3.0.0"}}"#),
        ("server/utils/db.ts", "import { PrismaClient } from '@prisma/client';\nexport const db = new PrismaClient();"),
        (
            "server/utils/auth.ts",
            r#"export async function requireAdmin(event) {
  const { user } = await requireUserSession(event);
  if (user.role !== "admin") throw createError({ statusCode: 403 });
  return user;
}"#,
        ),
        (
            "server/middleware/auth.ts",
            r#"export default defineEventHandler(async (event) => {
  const token = getCookie(event, "token");
  event.context.user = token ? await db.session.findUnique({ where: { token } }) : null;
  if (event.path.startsWith("/api/staff") && !event.context.user) throw createError({ statusCode: 401 });
});"#,
        ),
        ("server/api/staff/index.get.ts", "export default defineEventHandler(async () => db.staff.findMany());"),
        (
            "server/api/customers/[id].delete.ts",
            "export default defineEventHandler(async (event) => { await db.customer.delete({ where: { id: getRouterParam(event, 'id') } }); return { ok: true }; });",
        ),
        (
            "server/api/users.post.ts",
            "export default defineEventHandler(async (event) => { await requireAdmin(event); const body = await readBody(event); return db.user.create({ data: body }); });",
        ),
    ];
    let expected = [
        ("DELETE /api/customers/:id", Reach::Anyone),
        ("GET /api/staff", Reach::SignedIn),
        ("POST /api/users", Reach::Role),
    ];
    assert_eq!(reach(&files), pairs(&expected));
}
