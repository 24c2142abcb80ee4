//! Signing in and what stands around it: what checks a password, who is known to call, what limits attempts.

use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, EntryPoint, GuardKind, Purpose, Reach, Sink, StoredValueKind};
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn entry<'a>(app: &'a App, label: &str) -> &'a EntryPoint {
    app.entry_points.iter().find(|entry| entry.label() == label).unwrap_or_else(|| {
        panic!("{label} of {:?}", app.entry_points.iter().map(EntryPoint::label).collect::<Vec<_>>())
    })
}

fn does(entry: &EntryPoint, kind: EffectKind) -> bool {
    entry.effects.iter().any(|effect| effect.kind == kind)
}

const URLS: (&str, &str) = (
    "shop/urls.py",
    "from django.urls import path\nfrom shop import views\nurlpatterns = [\n    path('enter/', views.Enter.as_view()),\n    \
     path('slips/<int:pk>/', views.SlipView.as_view()),\n]\n",
);

#[test]
fn a_view_that_inherits_the_sign_in_page_checks_passwords() {
    let views = "from django.contrib.auth.views import LoginView\n\nclass Enter(LoginView):\n    template_name = 'enter.html'\n\n    \
                 def get_success_url(self):\n        return '/slips/'\n";
    let app = observe(&[("manage.py", ""), ("shop/__init__.py", ""), ("shop/views.py", views), URLS]);
    let login = entry(&app, "POST /enter");
    assert!(login.purposes.contains(&Purpose::Login) && does(login, EffectKind::VerifyPassword));
}

#[test]
fn what_a_view_checks_while_it_looks_its_record_up_guards_it() {
    let views = |check: &str| {
        format!(
            "from django.core.exceptions import PermissionDenied\nfrom django.views.generic import DetailView\nfrom shop.models import Slip\n\n\
             class SlipView(DetailView):\n    model = Slip\n\n    def get_object(self, queryset=None):\n        slip = super().get_object(queryset)\n{check}        return slip\n"
        )
    };
    let models = "from django.db import models\n\nclass Slip(models.Model):\n    text = models.TextField()\n";
    let reach = |check: &str| {
        let app = observe(&[
            ("manage.py", ""),
            ("shop/__init__.py", ""),
            ("shop/models.py", models),
            ("shop/views.py", &views(check)),
            URLS,
        ]);
        entry(&app, "GET /slips/:pk").reach()
    };
    assert_eq!(reach(""), Reach::Anyone);
    let asks = "        if not slip.may_be_seen_by(self.request.user):\n            raise PermissionDenied()\n";
    assert_ne!(reach(asks), Reach::Anyone);
}

#[test]
fn middleware_of_the_app_says_who_calls() {
    let app = |guard: &str| {
        let text = format!(
            "from fastapi import FastAPI, Depends, HTTPException, Request\nfrom store import slips\napp = FastAPI()\n\n\
             def only(*roles):\n    async def check(request: Request):\n        role = getattr(request.state, '{guard}', None)\n        \
             if role not in roles:\n            raise HTTPException(403)\n    return Depends(check)\n\n\
             @app.delete('/slips/{{number}}', dependencies=[only('owner')])\nasync def remove(number: int):\n    slips.delete_one({{'number': number}})\n"
        );
        observe(&[
            ("main.py", &text),
            ("store.py", "from pymongo import MongoClient\nslips = MongoClient().shop.slips\n"),
        ])
    };
    assert_eq!(entry(&app("role"), "DELETE /slips/:number").reach(), Reach::Role);
    assert_eq!(entry(&app("colour"), "DELETE /slips/:number").reach(), Reach::Anyone);
}

/// Python takes a folder for a package, also without an `__init__.py` in it.
#[test]
fn modules_of_plain_folders_are_imported() {
    let routes = "from flask import Blueprint\nfrom .. import store\nslips = Blueprint('slips', __name__)\n\n@slips.delete('/slips/<number>')\n\
                  def remove(number):\n    store.rows.delete_one({'number': number})\n    return 'gone'\n";
    let app = observe(&[
        (
            "app.py",
            "from flask import Flask\nfrom shop.routes import slips\napp = Flask(__name__)\napp.register_blueprint(slips.slips, url_prefix='/api')\n",
        ),
        ("shop/routes/slips.py", routes),
        ("shop/store.py", "from pymongo import MongoClient\nrows = MongoClient().shop.slips\n"),
        ("requirements.txt", "flask==3.1.2\npymongo==4.15.1\n"),
    ]);
    assert!(does(entry(&app, "DELETE /api/slips/:number"), EffectKind::Delete));
    assert!(app.strange_packages.is_empty(), "{:?}", app.strange_packages);
}

#[test]
fn passports_strategy_is_run_by_the_handler() {
    let text = "const express = require('express');\nconst passport = require('passport');\nconst app = express();\n\
                app.post('/login', (req, res, next) => {\n  passport.authenticate('local', (error, user) => {\n    \
                if (!user) return res.status(401).end();\n    req.login(user, () => res.json({ ok: true }));\n  })(req, res, next);\n});\n\
                app.listen(3000);\n";
    assert!(does(entry(&observe(&[("server.js", text)]), "POST /login"), EffectKind::VerifyPassword));
}

const ASK: &str = "Deno.serve(async (request) => {\n  const { question } = await request.json();\n  \
                   const answer = await fetch('https://api.openai.com/v1/chat/completions', { method: 'POST', body: question });\n";

#[test]
fn the_limit_of_a_service_that_is_passed_on_is_no_limiter() {
    let limited = |text: &str| {
        let app = observe(&[(
            "supabase/functions/ask/index.ts",
            &format!("{ASK}{text}\n  return new Response('ok');\n}});\n"),
        )]);
        entry(&app, "/functions/v1/ask").guards.iter().any(|guard| guard.kind == GuardKind::RateLimit)
    };
    assert!(!limited("  if (answer.status === 429) return new Response('later', { status: 429 });"));
    assert!(limited("  if (await tooMany(request)) return new Response('later', { status: 429 });"));
}

#[test]
fn a_letter_is_known_whoever_takes_it() {
    let sent = |body: &str| {
        let text = format!(
            "Deno.serve(async (request) => {{\n  const {{ name, mail }} = await request.json();\n  \
             await fetch('https://post.example/v2/outbox', {{ method: 'POST', body: JSON.stringify({body}) }});\n  return new Response('ok');\n}});\n"
        );
        observe(&[("supabase/functions/tell/index.ts", &text)])
    };
    let app = sent("{ toAddress: mail, subject: 'Hello', content: `<p>Dear ${name}</p>` }");
    let effect = entry(&app, "/functions/v1/tell").effects.iter().find(|effect| effect.kind == EffectKind::SendMessage);
    assert!(effect.is_some_and(|effect| effect.picked_by_input));
    assert!(app.flows.iter().any(|flow| flow.sink == Sink::Mail));
    let app = sent("{ name, mail, subject: 'Hello' }");
    assert!(!does(entry(&app, "/functions/v1/tell"), EffectKind::SendMessage));
}

#[test]
fn what_is_sent_as_a_login_is_one_whatever_its_key() {
    let desk = "interface Desk { clerk: string; ticket: string }\nconst KEY = 'desk_state';\n\
                export const keep = (desk: Desk) => localStorage.setItem(KEY, JSON.stringify(desk));\n\
                export const kept = (): Desk | null => { const text = localStorage.getItem(KEY); return text ? JSON.parse(text) : null; };\n";
    let ask = |header: &str| {
        let text = format!(
            "import {{ kept }} from './desk';\nexport async function ask(path: string) {{\n  const desk = kept();\n  \
             const headers: Record<string, string> = {{}};\n  if (desk?.ticket) headers['{header}'] = `Bearer ${{desk.ticket}}`;\n  \
             return fetch(path, {{ headers }});\n}}\n"
        );
        let app = observe(&[("src/desk.ts", desk), ("src/ask.ts", &text)]);
        app.stored_values
            .iter()
            .any(|stored| stored.key == "desk_state" && stored.kind == StoredValueKind::SessionToken)
    };
    assert!(ask("Authorization"));
    assert!(!ask("X-Colour"));
}

#[test]
fn what_boolean_says_of_a_condition_is_what_the_condition_says() {
    let flows = |check: &str| {
        let text = format!(
            "const app = require('express')();\nconst isOurs = (to) => {check};\napp.get('/go', (req, res) => {{\n  \
             const to = isOurs(req.query.to) ? req.query.to : '/';\n  res.redirect(`${{to}}?from=go`);\n}});\napp.listen(3000);\n"
        );
        observe(&[("server.js", &text)]).flows.iter().filter(|flow| flow.sink == Sink::Redirect).count()
    };
    assert_eq!(flows("Boolean(to)"), 1);
    assert_eq!(flows("to && to.startsWith('/') && !to.startsWith('//')"), 0);
    assert_eq!(flows("Boolean(to && to.startsWith('/') && !to.startsWith('//'))"), 0);
}
