//! Sockets, limiters that count by what the caller writes, and what components draw.

use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, EntryKind, GuardKind, GuardStanding, Reach, Sink};
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn sockets(app: &App) -> Vec<(String, Reach)> {
    let sockets = app.entry_points.iter().filter(|entry| entry.kind == EntryKind::Socket);
    sockets.map(|entry| (entry.path.clone(), entry.reach())).collect()
}

#[test]
fn who_may_connect() {
    let open = observe(&[(
        "server.js",
        r#"
import { WebSocketServer } from "ws";
import { pool } from "./db.js";
export function setupSockets(server) {
  const wss = new WebSocketServer({ server, path: "/live" });
  wss.on("connection", (ws) => {
    ws.on("message", async (raw) => {
      const { id, text } = JSON.parse(raw);
      await pool.query(`UPDATE orders SET note = '${text}' WHERE id = $1`, [id]);
      const orders = await pool.query("SELECT * FROM orders");
      wss.clients.forEach((client) => client.send(JSON.stringify(orders.rows)));
    });
  });
}
"#,
    )]);
    assert_eq!(sockets(&open), [("/live".to_owned(), Reach::Anyone)]);
    let effects = &open.entry_points[0].effects;
    let sent = effects.iter().find(|effect| effect.kind == EffectKind::Broadcast);
    assert_eq!(sent.map(|effect| effect.target.as_str()), Some("orders"));
    assert!(effects.iter().any(|effect| effect.kind == EffectKind::Update && effect.picked_by_input));
    assert!(open.flows.iter().any(|flow| flow.sink == Sink::Sql), "{:?}", open.flows);

    let asked = observe(&[(
        "server.js",
        r#"
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import jwt from "jsonwebtoken";
import { pool } from "./db.js";
const io = new Server(3000);
io.use((socket, next) => {
  try { socket.user = jwt.verify(socket.handshake.auth.token, process.env.KEY); next(); } catch (error) { next(error); }
});
io.on("connection", (socket) => {
  socket.on("orders", async () => socket.emit("orders", (await pool.query("SELECT * FROM orders")).rows));
});
const wss = new WebSocketServer({
  port: 3001,
  path: "/ws",
  verifyClient: (info, done) => {
    const user = jwt.verify(info.req.headers.cookie, process.env.KEY);
    if (!user) return done(false);
    done(true);
  },
});
wss.on("connection", (ws) => {
  ws.on("message", async () => ws.send(JSON.stringify((await pool.query("SELECT * FROM orders")).rows)));
});
"#,
    )]);
    let expected = [("/".to_owned(), Reach::SignedIn), ("/ws".to_owned(), Reach::SignedIn)];
    assert_eq!(sockets(&asked), expected);
}

/// Why the limiter in front of the login does not hold, if it does not.
fn fault(set_up: &str) -> Option<String> {
    let app = observe(&[(
        "server.js",
        &format!(
            r#"
import express from "express";
import rateLimit from "express-rate-limit";
import bcrypt from "bcrypt";
import {{ db }} from "./db.js";
const app = express();
{set_up}
app.post("/login", limiter, async (req, res) => {{
  const user = await db.query("SELECT * FROM users WHERE email = $1", [req.body.email]);
  res.json(await bcrypt.compare(req.body.password, user.hash));
}});
"#
        ),
    )]);
    let guard = app.entry_points[0].guards.iter().find(|guard| guard.kind == GuardKind::RateLimit)?;
    match &guard.standing {
        GuardStanding::FailsOpen(why) => Some(why.clone()),
        _ => Some("holds".to_owned()),
    }
}

#[test]
fn limiters_that_count_by_what_the_caller_writes() {
    let holds = Some("holds".to_owned());
    assert_eq!(fault("const limiter = rateLimit({ max: 5, windowMs: 60000 });"), holds);
    assert_eq!(fault("app.set('trust proxy', 1); const limiter = rateLimit({ max: 5, windowMs: 60000 });"), holds);
    assert_eq!(fault("const limiter = rateLimit({ max: 5, keyGenerator: (req) => req.body.email });"), holds);
    let by_header = |why: Option<String>| why.is_some_and(|why| why.contains("the caller"));
    assert!(by_header(fault("app.set('trust proxy', true); const limiter = rateLimit({ max: 5, windowMs: 60000 });")));
    assert!(by_header(fault(
        "const limiter = rateLimit({ max: 5, keyGenerator: (req) => req.headers['x-forwarded-for'] || req.ip });"
    )));
    assert!(by_header(fault(
        "const limiter = rateLimit({ max: 5, keyGenerator: (req) => req.headers['x-device-id'] });"
    )));
}

/// `(file, sink)` of markup.
fn drawn(files: &[(&str, &str)]) -> Vec<String> {
    let app = observe(files);
    app.flows.iter().filter(|flow| flow.sink == Sink::Html).map(|flow| flow.sink_name.clone()).collect()
}

#[test]
fn what_components_keep_and_draw() {
    let component = |draw: &str| {
        format!(
            r#"
import {{ useState, useEffect, useRef }} from "react";
import {{ marked }} from "marked";
import DOMPurify from "dompurify";
import {{ Rich }} from "./Rich";
export function Notes() {{
  const [notes, setNotes] = useState([]);
  const [theme, setTheme] = useState("plain");
  const box = useRef(null);
  useEffect(() => {{
    fetch("/api/notes").then((res) => res.json()).then((data) => setNotes(data));
  }}, []);
  {draw}
}}
"#
        )
    };
    let rich = "export function Rich({ html }) { return <div dangerouslySetInnerHTML={{ __html: html }} />; }";
    let sinks = |draw: &str| drawn(&[("src/Notes.jsx", &component(draw)), ("src/Rich.jsx", rich)]);
    let raw = vec!["dangerouslySetInnerHTML".to_owned()];
    assert_eq!(
        sinks("return notes.map((note) => <p dangerouslySetInnerHTML={{ __html: marked(note.body) }} />);"),
        raw
    );
    assert_eq!(sinks("return <Rich html={notes[0].body} />;"), raw);
    assert_eq!(sinks("box.current.innerHTML = notes[0].body; return <p ref={box} />;"), ["innerHTML"]);
    assert!(sinks("return notes.map((note) => <p dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(marked(note.body)) }} />);").is_empty());
    assert!(sinks("return <Rich html={theme} />;").is_empty());
    assert!(sinks("return <style dangerouslySetInnerHTML={{ __html: notes[0].css }} />;").is_empty());
}

#[test]
fn templates_of_components() {
    let vue = |draw: &str| {
        drawn(&[(
            "src/Note.vue",
            &format!(
                "<template><p v-html=\"{draw}\" /></template>\n<script setup>\nimport {{ ref }} from 'vue';\nimport DOMPurify from 'dompurify';\n\
                 const note = ref('');\nconst fixed = '<b>x</b>';\nconst clean = (text) => DOMPurify.sanitize(text);\n\
                 async function load() {{ note.value = await (await fetch('/api/note')).text(); }}\n</script>"
            ),
        )])
    };
    assert_eq!(vue("note"), ["v-html"]);
    assert!(vue("clean(note)").is_empty());
    assert!(vue("fixed").is_empty());
    let svelte = "<script>export let post; const bold = '<b>x</b>';</script>{@html post.body}{@html bold}";
    assert_eq!(drawn(&[("src/Post.svelte", svelte)]), ["{@html}"]);
}
