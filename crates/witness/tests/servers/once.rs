//! What is run once for many entry points says of each what it would have said alone.

use plimsoll_model::app::{Reach, Sink};
use plimsoll_source::SourceTree;

use crate::{pairs, reach};

#[test]
fn a_gate_is_run_again_where_others_put_something_into_the_request() {
    let server = r#"
const express = require('express');
const jwt = require('jsonwebtoken');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
function load(req, res, next) {
  req.badge = jwt.verify(req.headers.authorization, process.env.KEY);
  next();
}
function gate(req, res, next) {
  if (!req.badge) return res.status(401).end();
  next();
}
app.get('/bare', gate, async (req, res) => res.json(await prisma.crate.findMany()));
app.get('/full', load, gate, async (req, res) => res.json(await prisma.crate.findMany()));
app.get('/full2', load, gate, async (req, res) => res.json(await prisma.crate.findMany()));
app.get('/bare2', gate, async (req, res) => res.json(await prisma.crate.findMany()));
"#;
    let found = reach(&[("server.js", server)]);
    let signed_in: Vec<&str> =
        found.iter().filter(|(_, reach)| *reach == Reach::SignedIn).map(|(label, _)| label.as_str()).collect();
    assert_eq!(signed_in, ["GET /full", "GET /full2"], "{found:?}");
}

#[test]
fn a_gate_that_looks_at_the_path_is_run_for_each_path() {
    let server = r#"
const express = require('express');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
app.use((req, res, next) => {
  if (req.path.startsWith('/open')) return next();
  if (!req.session.userId) return res.status(401).end();
  next();
});
app.get('/open/crates', async (req, res) => res.json(await prisma.crate.findMany()));
app.get('/crates', async (req, res) => res.json(await prisma.crate.findMany()));
"#;
    let expected = [("GET /open/crates", Reach::Anyone), ("GET /crates", Reach::SignedIn)];
    assert_eq!(reach(&[("server.js", server)]), pairs(&expected));
}

#[test]
fn a_handler_on_two_elements_sees_what_another_changed_between() {
    let page = r#"
export function Way() {
  let target = '';
  const go = () => { window.location.href = target; };
  const take = () => { target = new URLSearchParams(window.location.search).get('to'); };
  return <div><a onClick={go}>a</a><a onClick={take}>b</a><a onClick={go}>c</a></div>;
}
"#;
    let app = plimsoll_witness::observe(&SourceTree::from_texts([("src/Way.tsx", page)]));
    assert!(app.flows.iter().any(|flow| flow.sink == Sink::Redirect), "{:?}", app.flows);
}
