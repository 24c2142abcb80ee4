//! Habits of apps on Next.js: clients kept over reloads, redirects in several languages, pages that hand rows on.

use plimsoll_model::app::{EffectKind, EntryPoint, GuardKind, Reach, Sink, Source};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

const PACKAGE: (&str, &str) = ("package.json", r#"{"dependencies":{"next":"15.0.0","@prisma/client":"6.0.0"}}"#);

fn entries(files: &[(&str, &str)]) -> Vec<EntryPoint> {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied())).entry_points
}

fn kinds(entries: &[EntryPoint]) -> Vec<(EffectKind, &str)> {
    entries.iter().flat_map(|entry| &entry.effects).map(|effect| (effect.kind, effect.target.as_str())).collect()
}

#[test]
fn clients_are_known_behind_a_slot_of_the_global_object() {
    let route = r#"
import { client } from "../../../lib/client";
export async function DELETE(request) {
  const { id } = await request.json();
  await client.orders.delete({ where: { id } });
  return Response.json({ ok: true });
}"#;
    for client in [
        "const kept = globalThis as unknown as { base?: PrismaClient };\nexport const client = kept.base ?? new PrismaClient();\nif (process.env.NODE_ENV !== 'production') kept.base = client;",
        "const kept = globalThis as unknown as { base?: PrismaClient };\nconst base = kept.base || new PrismaClient();\nexport const client = base.$extends({ query: {} }) as unknown as PrismaClient;",
    ] {
        let client = format!("import {{ PrismaClient }} from '@prisma/client';\n{client}");
        let found = entries(&[PACKAGE, ("lib/client.ts", &client), ("app/api/orders/route.ts", route)]);
        assert_eq!(kinds(&found), [(EffectKind::Delete, "orders")], "{client}");
    }
}

#[test]
fn a_redirect_that_knows_the_language_ends_the_request() {
    let routing = "import { createNavigation } from 'next-intl/navigation';\nexport const { Link, redirect } = createNavigation({ locales: ['en', 'fr'] });";
    let action = r#"'use server';
import { getServerSession } from "next-auth";
import { PrismaClient } from "@prisma/client";
import { redirect } from "../i18n/routing";
const db = new PrismaClient();
async function requireBoss() {
  const session = await getServerSession();
  if (!session?.user?.id) return redirect({ href: "/sign-in", locale: "en" });
  if (session.user.role !== "admin") return redirect({ href: "/", locale: "en" });
}
export async function closeShop(id) {
  await requireBoss();
  await db.shops.update({ where: { id }, data: { open: false } });
}"#;
    let found = reach(&[PACKAGE, ("i18n/routing.ts", routing), ("app/actions.ts", action)]);
    assert_eq!(found, pairs(&[("closeShop()", Reach::Role)]));
}

#[test]
fn a_language_model_is_asked_and_sends_no_mail() {
    let route = r#"
import Anthropic from "@anthropic-ai/sdk";
const model = new Anthropic();
export async function POST(request) {
  const { question } = await request.json();
  const answer = await model.messages.create({ model: "x", max_tokens: 100, messages: [{ role: "user", content: question }] });
  return Response.json(answer);
}"#;
    let found = entries(&[PACKAGE, ("app/api/ask/route.ts", route)]);
    assert_eq!(kinds(&found).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [EffectKind::CallAi]);
}

#[test]
fn functions_that_run_by_the_clock_answer_nobody() {
    let body = "import { PrismaClient } from '@prisma/client';\nconst db = new PrismaClient();\nexport const handler = async () => { await db.jobs.deleteMany({}); return { statusCode: 200 }; };";
    let clock = format!("{body}\nexport const config = {{ schedule: '@hourly' }};");
    let found = reach(&[("netlify/functions/clean.ts", &clock), ("netlify/functions/wipe.ts", body)]);
    assert_eq!(found, pairs(&[("/.netlify/functions/wipe", Reach::Anyone)]));
}

#[test]
fn what_a_page_hands_to_the_browser_is_told() {
    let page = r#"
import { PrismaClient } from "@prisma/client";
import Card from "./card";
import Chart from "./chart";
const db = new PrismaClient();
export default async function Page({ params }) {
  const person = await db.user.findUnique({ where: { id: params.id } });
  return <main><Card person={person} /><Chart person={person} /></main>;
}"#;
    let credentials = |first: &str, second: &str| {
        let tree = SourceTree::from_texts([
            PACKAGE,
            ("prisma/schema.prisma", "model User {\n  id String @id\n  name String\n  passwordHash String\n}\n"),
            ("app/people/[id]/page.tsx", page),
            ("app/people/[id]/card.tsx", first),
            ("app/people/[id]/chart.tsx", second),
        ]);
        let app = plimsoll_witness::observe(&tree);
        app.flows.iter().filter(|flow| flow.source == Source::Credential && flow.sink == Sink::Response).count()
    };
    let (there, here) =
        ("'use client';\nexport default function X() { return null; }", "export default function X() { return null; }");
    assert_eq!(credentials(here, here), 0);
    assert_ne!(credentials(there, here), 0);
}

#[test]
fn whoever_is_a_member_of_what_the_request_names_is_let_in() {
    let action = r#"'use server';
import { getServerSession } from "next-auth";
import { PrismaClient } from "@prisma/client";
const db = new PrismaClient();
export async function removeTask(taskId, slug) {
  const session = await getServerSession();
  if (!session?.user?.id) throw new Error("no");
  const board = await db.board.findUnique({ where: { slug } });
  const member = await db.member.findFirst({ where: { userId: session.user.id, boardId: board.id } });
  if (!member) throw new Error("no");
  await db.task.delete({ where: { id: taskId, boardId: board.id } });
}"#;
    let found = entries(&[PACKAGE, ("app/actions.ts", action)]);
    let [entry] = &found[..] else { panic!("one action") };
    assert!(entry.guards.iter().any(|guard| guard.kind == GuardKind::Ownership), "{:?}", entry.guards);
}

#[test]
fn a_helper_that_repairs_something_on_the_way_leaves_the_login_whole() {
    let action = r#"'use server';
import { getServerSession } from "next-auth";
import { PrismaClient } from "@prisma/client";
const db = new PrismaClient();
async function whoCalls() {
  const session = await getServerSession();
  if (!session?.user?.id) return null;
  const me = await db.staff.findFirst({ where: { userId: session.user.id } });
  if (!me) return null;
  if (!me.seen) await db.staff.update({ where: { id: me.id }, data: { seen: true } });
  return me;
}
export async function closeDay(id) {
  const me = await whoCalls();
  if (!me) throw new Error("no");
  await db.days.update({ where: { id }, data: { closed: true } });
}"#;
    let found = reach(&[PACKAGE, ("app/actions.ts", action)]);
    assert_eq!(found, pairs(&[("closeDay()", Reach::SignedIn)]));
}
