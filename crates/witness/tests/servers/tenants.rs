//! Rights that hold inside one organisation, and logins that a library serves.

use plimsoll_model::app::{AllowedOrigins, EffectKind, GuardKind, Purpose, Reach};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

const PACKAGE: (&str, &str) = ("package.json", r#"{"dependencies": {"next": "15.5.9", "next-auth": "4.24.11"}}"#);
const BASE: (&str, &str) = (
    "lib/base.ts",
    r#"import { PrismaClient } from '@prisma/client';
export const prisma = new PrismaClient();
export { getServerSession } from 'next-auth';"#,
);

/// A route handler that knows its caller.
fn route(body: &str) -> String {
    format!(
        "import {{ prisma, getServerSession }} from '@/lib/base';
export async function PUT(request, {{ params }}) {{
  const session = await getServerSession();
  if (!session?.user?.id) return Response.json({{}}, {{ status: 401 }});
  const {{ id, taskId }} = await params;
  const {{ teamId, title }} = await request.json();
  {body}
  return Response.json({{ ok: true }});
}}"
    )
}

#[test]
fn a_check_of_one_thing_says_nothing_of_another() {
    let owned = "const project = await prisma.project.findUnique({ where: { id }, include: { team: { include: { members: { where: { userId: session.user.id } } } } } });
  const member = project?.team.members[0];
  if (!member || member.role !== 'LEAD') return Response.json({}, { status: 403 });";
    let lead =
        "const lead = await prisma.member.findFirst({ where: { userId: session.user.id, teamId, role: 'LEAD' } });
  if (!lead) return Response.json({}, { status: 403 });";
    let cases = [
        (format!("{owned}\n  await prisma.project.update({{ where: {{ id }}, data: {{ title }} }});"), false),
        (format!("{owned}\n  await prisma.task.update({{ where: {{ id: taskId }}, data: {{ title }} }});"), true),
        (
            format!(
                "{owned}\n  await prisma.task.update({{ where: {{ id: taskId, projectId: id }}, data: {{ title }} }});"
            ),
            false,
        ),
        (format!("{lead}\n  await prisma.task.delete({{ where: {{ id: taskId }} }});"), true),
        (
            format!(
                "const task = await prisma.task.findUnique({{ where: {{ id: taskId }} }});
  if (!task) return Response.json({{}}, {{ status: 404 }});
  if (task.ownerId !== session.user.id) {{ {lead} }}
  await prisma.task.delete({{ where: {{ id: taskId }} }});"
            ),
            true,
        ),
        (
            format!(
                "{lead}\n  const task = await prisma.task.findUnique({{ where: {{ id: taskId }} }});
  if (task.teamId !== lead.teamId) return Response.json({{}}, {{ status: 403 }});
  await prisma.task.delete({{ where: {{ id: taskId }} }});"
            ),
            false,
        ),
        // A role in the whole app holds for every record.
        (
            "const me = await prisma.user.findUnique({ where: { id: session.user.id } });
  if (me.role !== 'ADMIN') return Response.json({}, { status: 403 });
  await prisma.task.delete({ where: { id: taskId } });"
                .to_owned(),
            false,
        ),
    ];
    for (body, beyond) in cases {
        let file = route(&body);
        let tree =
            SourceTree::from_texts([PACKAGE, BASE, ("app/api/projects/[id]/tasks/[taskId]/route.ts", file.as_str())]);
        let app = plimsoll_witness::observe(&tree);
        let effects = app.entry_points.iter().flat_map(|entry| &entry.effects);
        let mut written = effects.filter(|effect| effect.kind.writes());
        let effect = written.next().expect("a change");
        assert_eq!(effect.beyond_guards, beyond, "{body}");
    }
}

#[test]
fn what_hangs_on_a_record_for_the_caller_is_a_check() {
    let guards = |body: &str| {
        let file = route(body);
        let tree = SourceTree::from_texts([PACKAGE, BASE, ("app/api/projects/[id]/route.ts", file.as_str())]);
        let app = plimsoll_witness::observe(&tree);
        let entry = app.entry_points.into_iter().next().expect("the entry point");
        let effect = entry.effects.iter().find(|effect| effect.kind == EffectKind::Update).expect("a change").clone();
        [GuardKind::Role, GuardKind::Ownership].map(|kind| entry.holding_at(&effect, kind))
    };
    let change = "await prisma.project.update({ where: { id }, data: { title } });";
    let members = "const project = await prisma.project.findUnique({ where: { id }, include: { members: { where: { userId: session.user.id } } } });";
    let role = "if (project.members[0]?.role !== 'LEAD') return Response.json({}, { status: 403 });";
    assert!(guards(&format!("{members} {role} {change}"))[0]);
    let among = "if (project.members.length === 0) return Response.json({}, { status: 403 });";
    assert!(guards(&format!("{members} {among} {change}"))[1]);
    // That the record is there says nothing of who is among its members.
    let there = "if (!project) return Response.json({}, { status: 404 });";
    assert_eq!(guards(&format!("{members} {there} {change}")), [false, false]);
}

#[test]
fn the_login_of_a_credentials_provider_is_an_entry_point() {
    let auth = "import Credentials from 'next-auth/providers/credentials';
import bcrypt from 'bcryptjs';
import { prisma } from './base';
export const options = {
  providers: [Credentials({ name: 'login', credentials: {}, async authorize(credentials) {
    const user = await prisma.user.findUnique({ where: { email: credentials.email } });
    if (!user || !(await bcrypt.compare(credentials.password, user.password))) return null;
    return { id: user.id };
  } })],
};";
    let tree = SourceTree::from_texts([PACKAGE, BASE, ("lib/auth.ts", auth)]);
    let app = plimsoll_witness::observe(&tree);
    let entry = app.entry_points.iter().find(|entry| entry.framework == "Auth.js").expect("the login");
    assert!(entry.purposes.contains(&Purpose::Login) && entry.path == "/api/auth/callback/credentials");
    assert!(entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword));
}

#[test]
fn a_role_that_everybody_has_who_signs_up_is_a_login() {
    let body = |role: &str| {
        format!(
            "const me = await prisma.user.findUnique({{ where: {{ id: session.user.id }} }});
  if (me.role !== '{role}') return Response.json({{}}, {{ status: 403 }});
  await prisma.task.delete({{ where: {{ id: taskId }} }});"
        )
    };
    for (role, expected) in [("customer", Reach::SignedIn), ("dispatcher", Reach::Role)] {
        let file = route(&body(role));
        let found = reach(&[PACKAGE, BASE, ("app/api/tasks/[taskId]/route.ts", file.as_str())]);
        assert_eq!(found, pairs(&[("PUT /api/tasks/:taskId", expected)]), "{role}");
    }
}

#[test]
fn an_origin_found_on_a_list_is_not_any_origin() {
    let hook = |test: &str| {
        format!(
            "import {{ dev }} from '$app/environment';
const allowed = ['https://shop.example'];
export const handle = async ({{ event, resolve }}) => {{
  const origin = event.request.headers.get('origin') || '';
  const known = {test};
  const response = await resolve(event);
  response.headers.set('Access-Control-Allow-Origin', known ? origin : allowed[0]);
  response.headers.set('Access-Control-Allow-Credentials', 'true');
  return response;
}};"
        )
    };
    let package = ("package.json", r#"{"devDependencies": {"@sveltejs/kit": "2.50.0"}}"#);
    let endpoint = ("src/routes/api/stock/+server.ts", "export const GET = async () => new Response('1');");
    for (test, reflected) in [
        ("dev ? origin.includes('localhost') : allowed.includes(origin)", false),
        ("allowed.includes(origin)", false),
        ("origin.length > 0", true),
    ] {
        let hook = hook(test);
        let tree = SourceTree::from_texts([package, endpoint, ("src/hooks.server.ts", hook.as_str())]);
        let app = plimsoll_witness::observe(&tree);
        let found = app.cors.iter().any(|policy| policy.origins == AllowedOrigins::Reflected);
        assert_eq!(found, reflected, "{test}: {:?}", app.cors);
    }
}

#[test]
fn what_is_sent_may_come_in_the_place_of_a_default() {
    let action = "'use server';
const usual = { address: 'https://messages.example', level: 1 };
export async function notify(text, settings) {
  const used = { ...usual, ...settings };
  await fetch(used.address, { method: 'POST', body: text });
}";
    let tree = SourceTree::from_texts([PACKAGE, ("lib/notify.ts", action)]);
    let app = plimsoll_witness::observe(&tree);
    let asked = |flow: &plimsoll_model::app::Flow| flow.source_name.contains("settings");
    assert!(app.flows.iter().any(asked), "{:?}", app.flows);
}
