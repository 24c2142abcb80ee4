//! Who calls, and what is the caller's: Express with Mongoose as it is commonly written.

use plimsoll_model::App;
use plimsoll_model::app::{AllowedOrigins, Effect, EffectKind, EntryPoint, GuardKind, Reach};
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn entry<'a>(app: &'a App, label: &str) -> &'a EntryPoint {
    app.entry_points.iter().find(|entry| entry.label() == label).expect(label)
}

fn effect<'a>(app: &'a App, label: &str, kind: EffectKind) -> &'a Effect {
    entry(app, label).effects.iter().find(|effect| effect.kind == kind).expect(label)
}

/// A server with a login by signed tickets, two models, and some routes.
fn server(routes: &str) -> String {
    format!(
        r#"const express = require("express");
const jwt = require("jsonwebtoken");
const mongoose = require("mongoose");
const Member = mongoose.model("Member", new mongoose.Schema({{ email: String, name: String, clubId: String }}));
const Berth = mongoose.model("Berth", new mongoose.Schema({{ number: Number, companyId: String, note: String }}));
const app = express();
app.use(express.json());
const signedIn = (req, res, next) => {{
  try {{ req.user = jwt.verify(req.headers.authorization.split(" ")[1], process.env.KEY); next(); }}
  catch (error) {{ res.status(401).end(); }}
}};
const only = (...roles) => (req, res, next) => roles.includes(req.user.role) ? next() : res.status(403).end();
{routes}
app.listen(3000);"#
    )
}

#[test]
fn what_was_looked_up_for_the_caller_is_saved_for_the_caller() {
    let text = server(
        r#"app.put("/me", signedIn, async (req, res) => {
  const member = await Member.findById(req.user.id);
  member.name = req.body.name;
  await member.save();
  res.json({ ok: true });
});
app.put("/berths/:id", signedIn, async (req, res) => {
  const berth = await Berth.findById(req.params.id);
  berth.note = req.body.note;
  await berth.save();
  res.json({ ok: true });
});"#,
    );
    let app = observe(&[("server.js", &text)]);
    assert!(effect(&app, "PUT /me", EffectKind::Update).limited_to_caller);
    let other = effect(&app, "PUT /berths/:id", EffectKind::Update);
    assert!(!other.limited_to_caller && other.picked_by_input);
}

#[test]
fn the_callers_organisation_is_told_from_the_caller() {
    let text = server(
        r#"app.get("/berths", signedIn, only("harbour"), async (req, res) => {
  res.json(await Berth.find({ companyId: req.user.companyId }));
});
app.get("/mine", signedIn, async (req, res) => { res.json(await Member.findOne({ _id: req.user.id })); });
app.delete("/berths/:id", signedIn, async (req, res) => {
  const berth = await Berth.findById(req.params.id);
  if (req.user.role !== "root" && berth.companyId !== req.user.companyId) return res.status(403).end();
  await Berth.deleteOne({ _id: req.params.id });
  res.end();
});"#,
    );
    let app = observe(&[("server.js", &text)]);
    assert!(effect(&app, "GET /berths", EffectKind::Read).limited_to_tenant);
    assert!(!effect(&app, "GET /mine", EffectKind::Read).limited_to_tenant);
    assert!(effect(&app, "DELETE /berths/:id", EffectKind::Delete).limited_to_tenant);
    let role = entry(&app, "GET /berths").guards.iter().find(|guard| guard.kind == GuardKind::Role).expect("a role");
    assert_eq!(role.roles, ["harbour"]);
}

#[test]
fn a_header_that_names_somebody_proves_nothing() {
    for (header, reach) in [("x-user-id", Reach::Anyone), ("x-session-token", Reach::SignedIn)] {
        let text = server(&format!(
            r#"const known = async (req, res, next) => {{
  const member = await Member.findOne({{ ticket: req.headers["{header}"] }});
  if (!member) return res.status(401).end();
  next();
}};
app.get("/berths", known, async (req, res) => {{ res.json(await Berth.find({{}})); }});"#
        ));
        let app = observe(&[("server.js", &text)]);
        assert_eq!(entry(&app, "GET /berths").reach(), reach, "{header}");
    }
}

#[test]
fn models_whose_definition_is_not_there_are_stores() {
    let text = server(
        r#"const { Invoice } = require("./lost/models");
const Parcel = require("./lost/Parcel");
const MailService = require("./lost/MailService");
app.get("/invoices", async (req, res) => { res.json(await Invoice.find({})); });
app.post("/parcels", async (req, res) => { res.json(await Parcel.create(req.body)); });
app.get("/trips", async (req, res) => { const { Trip } = req.tenant; res.json(await Trip.find({ open: true })); });
app.post("/mails", async (req, res) => { res.json(await MailService.create(req.body)); });"#,
    );
    let app = observe(&[("server.js", &text)]);
    assert_eq!(effect(&app, "GET /invoices", EffectKind::Read).target, "Invoice");
    assert_eq!(effect(&app, "POST /parcels", EffectKind::Create).target, "Parcel");
    assert_eq!(effect(&app, "GET /trips", EffectKind::Read).target, "Trip");
    assert!(entry(&app, "POST /mails").effects.is_empty());
}

#[test]
fn a_limiter_by_the_address_that_the_caller_writes_holds_nobody() {
    for (key, holds) in
        [("req.headers['x-forwarded-for'] || req.socket.remoteAddress", false), ("req.socket.remoteAddress", true)]
    {
        let text = server(&format!(
            r#"const seen = new Map();
function slow(req, res, next) {{
  const from = {key};
  const known = seen.get(from) || {{ count: 0 }};
  known.count++;
  seen.set(from, known);
  if (known.count > 5) return res.status(429).end();
  next();
}}
app.get("/berths", slow, async (req, res) => {{ res.json(await Berth.find({{}})); }});"#
        ));
        let app = observe(&[("server.js", &text)]);
        let limiter = entry(&app, "GET /berths").guards.iter().find(|guard| guard.kind == GuardKind::RateLimit);
        assert_eq!(limiter.expect(key).holds(), holds, "{key}");
    }
}

#[test]
fn an_origin_with_a_star_to_fall_back_to_is_given_back() {
    for origin in ["req.headers.origin || '*'", "req.headers.origin ? req.headers.origin : '*'"] {
        let text = server(&format!(
            r#"app.use((req, res, next) => {{
  res.setHeader("Access-Control-Allow-Origin", {origin});
  res.setHeader("Access-Control-Allow-Credentials", "true");
  next();
}});
app.get("/berths", async (req, res) => {{ res.json(await Berth.find({{}})); }});"#
        ));
        let app = observe(&[("server.js", &text)]);
        let reflected = app.cors.iter().any(|policy| policy.origins == AllowedOrigins::Reflected && policy.credentials);
        assert!(reflected, "{origin}: {:?}", app.cors);
    }
}

#[test]
fn a_signature_over_the_message_speaks_for_what_it_names() {
    let text = server(
        r#"const crypto = require("crypto");
app.post("/webhook", express.raw({ type: "*/*" }), async (req, res) => {
  const mac = crypto.createHmac("sha256", process.env.HOOK).update(req.body).digest("hex");
  if (mac !== req.headers["x-signature"]) return res.status(401).end();
  await Berth.findByIdAndUpdate(req.body.id, { note: "paid" });
  res.end();
});"#,
    );
    let app = observe(&[("server.js", &text)]);
    assert!(!effect(&app, "POST /webhook", EffectKind::Update).beyond_guards);
}
