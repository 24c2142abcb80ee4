//! Where servers of small apps keep their records, and how they reach them.

use plimsoll_model::app::{EffectKind, GuardKind, Reach, Sink, Source};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

/// A server's file under two lines that every one begins with.
fn server(rest: &str) -> String {
    format!("import express from 'express';\nimport {{ pool }} from './db';\nconst app = express();\n{rest}\n")
}

#[test]
fn maps_of_a_storage_class_are_stores() {
    let storage = r#"
export class MemStorage {
  customers = new Map();
  rateLimits = new Map();
  nextId = 1;
  constructor() { this.notes = new Map(); }
  async list() { return Array.from(this.customers.values()); }
  async create(data) { const row = { ...data, id: this.nextId++ }; this.customers.set(row.id, row); return row; }
  async note(id) { return this.notes.get(id); }
  async seen(ip) { this.rateLimits.set(ip, Date.now()); }
}
export const storage = new MemStorage();"#;
    let app = server(
        r#"import { storage } from './storage';
app.get('/customers', async (req, res) => res.json(await storage.list()));
app.post('/customers', async (req, res) => res.json(await storage.create(req.body)));
app.get('/notes/:id', async (req, res) => res.json(await storage.note(req.params.id)));
app.post('/ping', async (req, res) => { await storage.seen(req.ip); res.json({ ok: true }); });"#,
    );
    let tree = SourceTree::from_texts([("server/storage.ts", storage), ("server/index.ts", app.as_str())]);
    let model = plimsoll_witness::observe(&tree);
    let found: Vec<(String, Vec<(EffectKind, String)>)> = model
        .entry_points
        .iter()
        .map(|entry| {
            let effects = entry.effects.iter().map(|effect| (effect.kind, effect.target.clone())).collect();
            (entry.label(), effects)
        })
        .collect();
    let expected = [
        ("GET /customers", vec![(EffectKind::ReadMemory, "customers")]),
        ("POST /customers", vec![(EffectKind::WriteMemory, "customers")]),
        ("GET /notes/:id", vec![(EffectKind::ReadMemory, "notes")]),
        ("POST /ping", vec![]),
    ];
    for (label, effects) in expected {
        let own = &found.iter().find(|(known, _)| known == label).expect("the entry point").1;
        for (kind, target) in &effects {
            assert!(own.contains(&(*kind, (*target).to_owned())), "{label}: {own:?}");
        }
        assert_eq!(own.is_empty(), effects.is_empty(), "{label}: {own:?}");
    }
}

#[test]
fn statements_pass_through_helpers_that_rewrite_them() {
    let db = r#"
import mysql from 'mysql2/promise';
const connections = mysql.createPool({ host: 'localhost' });
export async function query(text, params = []) {
  const connection = await connections.getConnection();
  const [rows] = await connection.query(text.trim().replace(/\$(\d+)/g, '?'), params);
  return rows;
}"#;
    let app = r#"import express from 'express';
import { query } from './db';
const app = express();
const ALLOWED = ['name', 'phone'];
app.get('/staff', async (req, res) => res.json(await query('SELECT * FROM staff')));
app.patch('/open/:id', async (req, res) => {
  const fields = Object.keys(req.body).map((key) => `${key} = ?`);
  res.json(await query(`UPDATE staff SET ${fields.join(', ')} WHERE id = ?`, [...Object.values(req.body), req.params.id]));
});
app.patch('/listed/:id', async (req, res) => {
  const valid = {};
  for (const [key, value] of Object.entries(req.body)) {
    if (ALLOWED.includes(key) && value !== undefined) valid[key] = value;
  }
  const fields = Object.keys(valid).map((key) => `${key} = ?`);
  res.json(await query(`UPDATE staff SET ${fields.join(', ')} WHERE id = ?`, [...Object.values(valid), req.params.id]));
});
app.patch('/pushed/:id', async (req, res) => {
  const fields = [];
  Object.keys(req.body).forEach((key) => { if (ALLOWED.includes(key)) { fields.push(`${key} = ?`); } });
  res.json(await query(`UPDATE staff SET ${fields.join(', ')} WHERE id = ?`, [req.params.id]));
});"#;
    let model = plimsoll_witness::observe(&SourceTree::from_texts([("db.js", db), ("server.js", app)]));
    let label = |index: Option<usize>| index.map(|index| model.entry_points[index].label()).unwrap_or_default();
    let open: Vec<String> = model
        .flows
        .iter()
        .filter(|flow| flow.sink == Sink::Sql && flow.source == Source::Request)
        .map(|flow| label(flow.entry))
        .collect();
    assert_eq!(open, ["PATCH /open/:id"]);
    assert!(model.entry_points.iter().all(|entry| entry.effects.iter().any(|effect| effect.target == "staff")));
}

#[test]
fn secrets_given_out_earlier_open_what_they_were_given_for() {
    let app = server(
        r#"import { Employee } from './models';
app.post('/join', async (req, res) => {
  const employee = await Employee.findOne({ inviteToken: String(req.body.token) });
  if (!employee) return res.status(400).end();
  employee.status = 'Active';
  await employee.save();
  res.json({ ok: true });
});
app.post('/sql', async (req, res) => {
  const rows = await pool.query('SELECT * FROM invitations WHERE token = $1', [req.body.token]);
  if (rows.length === 0) return res.status(404).end();
  await pool.query('UPDATE invitations SET used = true WHERE id = $1', [rows[0].id]);
  res.json({ ok: true });
});
app.post('/by-id', async (req, res) => {
  const employee = await Employee.findOne({ _id: req.body.id });
  if (!employee) return res.status(400).end();
  await employee.deleteOne();
  res.json({ ok: true });
});"#,
    );
    let models = "import mongoose from 'mongoose';\nexport const Employee = mongoose.model('Employee', new mongoose.Schema({ status: String }));";
    let files = [("server.js", app.as_str()), ("models.js", models)];
    let found = reach(&files);
    assert_eq!(found[2..], pairs(&[("POST /by-id", Reach::Anyone)])[..]);
    let model = plimsoll_witness::observe(&SourceTree::from_texts(files));
    for entry in &model.entry_points[..2] {
        assert!(
            entry
                .effects
                .iter()
                .filter(|effect| effect.kind.touches_data())
                .all(|effect| { effect.limited_to_caller || entry.holding_at(effect, GuardKind::Signature) }),
            "{}: {:?} {:?}",
            entry.label(),
            entry.effects,
            entry.guards
        );
    }
}

#[test]
fn what_is_bound_into_a_column_is_no_condition() {
    let app = server(
        r#"app.post('/register', async (req, res) => {
  const { email, role = 'user' } = req.body;
  await pool.query('INSERT INTO users (email, role) VALUES (?, ?)', [email, role]);
  res.json({});
});
app.post('/verify/:id', async (req, res) => {
  const by = req.user?.id || req.body.by;
  await pool.query('UPDATE papers SET verified_by = ? WHERE id = ?', [by, req.params.id]);
  res.json({});
});"#,
    );
    let model = plimsoll_witness::observe(&SourceTree::from_texts([("server.js", app.as_str())]));
    let effects: Vec<_> = model.entry_points.iter().flat_map(|entry| &entry.effects).collect();
    let of = |target: &str| effects.iter().find(|effect| effect.target == target).expect("the effect");
    assert_eq!(of("users").privilege_fields, ["role"]);
    assert!(!of("papers").limited_to_caller);
}

#[test]
fn columns_taken_out_are_not_sent() {
    let app = server(
        r#"import { User } from './models';
app.get('/open/:id', async (req, res) => res.json(await User.findById(req.params.id)));
app.get('/closed/:id', async (req, res) => {
  const found = await User.findById(req.params.id);
  const row = found.toObject ? found.toObject() : { ...found };
  delete row.password;
  res.json(row);
});"#,
    );
    let models = "import mongoose from 'mongoose';\nexport const User = mongoose.model('User', new mongoose.Schema({ email: String, password: String }));";
    let model =
        plimsoll_witness::observe(&SourceTree::from_texts([("server.js", app.as_str()), ("models.js", models)]));
    let leaking: Vec<String> = model
        .flows
        .iter()
        .filter(|flow| flow.source == Source::Credential)
        .filter_map(|flow| Some(model.entry_points.get(flow.entry?)?.label()))
        .collect();
    assert_eq!(leaking, ["GET /open/:id"]);
}

#[test]
fn routers_that_nothing_imports_are_not_part_of_the_app() {
    let router = |path: &str| {
        format!(
            "import {{ Router }} from 'express';\nimport {{ pool }} from '../db';\nconst router = Router();\nrouter.get('{path}', async (req, res) => res.json(await pool.query('SELECT * FROM staff')));\nexport default router;"
        )
    };
    let app = server("import staff from './routes/staff';\napp.use('/api/staff', staff);");
    let (staff, old) = (router("/list"), router("/old"));
    let files = [("server.js", app.as_str()), ("routes/staff.js", staff.as_str()), ("routes/old.js", old.as_str())];
    assert_eq!(reach(&files), pairs(&[("GET /api/staff/list", Reach::Anyone)]));
}
