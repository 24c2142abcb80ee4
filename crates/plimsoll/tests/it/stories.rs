//! Whole attack chains of small apps, from their source; and that each link repaired in the source ends them.

use plimsoll_model::{Chain, Confidence, DataClass, Finding};
use plimsoll_source::SourceTree;

struct Told {
    chains: Vec<Chain>,
    findings: Vec<Finding>,
}

impl Told {
    fn of(files: &[(&str, &str)]) -> Self {
        let tree = SourceTree::from_texts(files.iter().copied());
        let mut app = plimsoll_witness::observe(&tree);
        plimsoll_datamap::annotate(&mut app);
        let (findings, _) = plimsoll_rules::run_all(&app, &tree);
        let chains = plimsoll_chains::derive(&app, &findings, DataClass::Sensitive, &[]).chains;
        Told { chains, findings }
    }

    /// The rules that a chain's steps rest on, with those that only make it easier.
    fn rules(&self, chain: &Chain) -> Vec<&str> {
        let of = |id: &String| self.findings.iter().find(|finding| finding.id == *id).map(|one| one.rule.as_str());
        let mut rules: Vec<&str> = chain.steps.iter().filter_map(|step| step.finding.as_ref().and_then(of)).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// Whether a likely chain from a start to a loss rests on these rules at least.
    fn has(&self, start: &str, loss: &str, rules: &[&str]) -> bool {
        self.chains.iter().any(|chain| {
            let own = self.rules(chain);
            chain.start.contains(start)
                && chain.impact.contains(loss)
                && chain.confidence >= Confidence::Likely
                && rules.iter().all(|rule| own.contains(rule))
        })
    }

    fn shown(&self) -> String {
        let one = |chain: &Chain| {
            let steps: Vec<&str> = chain.steps.iter().map(|step| step.text.as_str()).collect();
            format!("{} -> {}\n  {:?}\n  {}", chain.start, chain.impact, self.rules(chain), steps.join("\n  "))
        };
        let rules: Vec<&str> = self.findings.iter().map(|finding| finding.rule.as_str()).collect();
        format!("{}\nfindings: {rules:?}", self.chains.iter().map(one).collect::<Vec<_>>().join("\n"))
    }
}

/// The story holds for the files as they are, and for none of their repairs: `(file, what stands there, what then does)`.
fn story(files: &[(&str, &str)], start: &str, loss: &str, rules: &[&str], repairs: &[(&str, &str, &str)]) {
    let weak = Told::of(files);
    assert!(weak.has(start, loss, rules), "{}", weak.shown());
    for (path, from, to) in repairs {
        let repaired: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| {
                assert!(name != path || text.contains(from), "{from} is not in {path}");
                (*name, if name == path { text.replace(from, to) } else { (*text).to_owned() })
            })
            .collect();
        let repaired: Vec<(&str, &str)> = repaired.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let told = Told::of(&repaired);
        assert!(!told.has(start, loss, rules), "{to}\n{}", told.shown());
    }
}

const SHOP: &str = r#"
const express = require('express');
const Database = require('better-sqlite3');
const jwt = require('jsonwebtoken');
const bcrypt = require('bcrypt');
const db = new Database('shop.db');
db.exec(`
  CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT);
  CREATE TABLE jobs (id INTEGER PRIMARY KEY, number TEXT UNIQUE, title TEXT, customer_id INTEGER);
  CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT);
  CREATE TABLE questions (id INTEGER PRIMARY KEY, job_id INTEGER, message TEXT);
`);
const app = express();
app.use(express.json());
app.use(express.static('public'));

function shared(req, res, next) {
  const job = db.prepare('SELECT * FROM jobs WHERE number = ?').get(req.params.number);
  if (!job) return res.status(404).json({ error: 'unknown' });
  req.job = job;
  next();
}
app.get('/api/public/:number', shared, (req, res) => {
  res.json({ job: req.job, customer: db.prepare('SELECT * FROM customers WHERE id = ?').get(req.job.customer_id) });
});
app.post('/api/public/:number/questions', shared, (req, res) => {
  db.prepare('INSERT INTO questions (job_id, message) VALUES (?, ?)').run(req.job.id, String(req.body.message));
  res.json({ ok: true });
});

app.post('/api/login', (req, res) => {
  const user = db.prepare('SELECT * FROM users WHERE email = ?').get(req.body.email);
  if (!user || !bcrypt.compareSync(req.body.password, user.password_hash)) return res.status(401).end();
  res.json({ token: jwt.sign({ id: user.id }, process.env.JWT_SECRET, { expiresIn: '8h' }) });
});
function login(req, res, next) {
  try {
    req.user = jwt.verify((req.headers.authorization || '').slice(7), process.env.JWT_SECRET);
    next();
  } catch {
    res.status(401).end();
  }
}
app.get('/api/questions', login, (req, res) => res.json(db.prepare('SELECT * FROM questions').all()));
app.post('/api/password', login, (req, res) => {
  db.prepare('UPDATE users SET password_hash = ? WHERE id = ?').run(bcrypt.hashSync(req.body.next, 12), req.user.id);
  res.json({ ok: true });
});
app.listen(3000);
"#;

const SHOP_LOGIN: &str = r#"
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/api/login', { method: 'POST', body: JSON.stringify({}) });
  const data = await answer.json();
  localStorage.setItem('token', data.token);
});
"#;

const SHOP_OFFICE: &str = r#"
async function show() {
  const answer = await fetch('/api/questions', { headers: { authorization: 'Bearer ' + localStorage.getItem('token') } });
  const questions = await answer.json();
  document.querySelector('#list').innerHTML = questions.map((one) => `<p>${one.message}</p>`).join('');
}
show();
"#;

/// A stranger counts up to a job, asks a question with a program in it, and ends with the owner's account.
#[test]
fn from_a_running_number_to_the_owners_account() {
    story(
        &[
            ("server.js", SHOP),
            ("public/login.js", SHOP_LOGIN),
            ("public/office.js", SHOP_OFFICE),
            ("public/index.html", "<html><body><div id='list'></div><script src='office.js'></script></body></html>"),
        ],
        "anyone on the internet",
        "for good",
        &[
            "markup-from-untrusted-text",
            "no-security-headers",
            "password-change-without-current",
            "public-record-by-number",
            "session-token-in-web-storage",
        ],
        &[
            ("server.js", "number", "token"),
            (
                "public/office.js",
                ".innerHTML = questions.map((one) => `<p>${one.message}</p>`).join('')",
                ".textContent = questions.map((one) => one.message).join('')",
            ),
            ("server.js", "app.use(express.json());", "app.use(require('helmet')());\napp.use(express.json());"),
        ],
    );
}

/// A link puts a record into what the browser keeps; the page shows its notes as markup; the program takes the login.
#[test]
fn from_a_link_to_the_login() {
    let store = r#"
const KEY = 'books';
let data = JSON.parse(localStorage.getItem(KEY)) || { books: [] };
export function update(change) {
  change(data);
  localStorage.setItem(KEY, JSON.stringify(data));
}
export const take = ({ book }) => update((d) => { d.books = [...d.books, book]; });
export const books = () => data.books;
"#;
    let app = r#"
import { take, books } from './store.js';
import { marked } from 'marked';
function route() {
  const [page, id] = location.hash.slice(2).split('/');
  if (page === 'shared') take(JSON.parse(atob(id)));
  return id;
}
export default function App() {
  const id = route();
  const book = books().find((one) => one.id === id);
  return <div dangerouslySetInnerHTML={{ __html: marked.parse(book.notes || '') }} />;
}
"#;
    let login = r#"
export async function signIn(email, password) {
  const answer = await fetch('https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword', { method: 'POST' });
  const data = await answer.json();
  localStorage.setItem('books.refreshToken', data.refreshToken);
}
"#;
    story(
        &[
            ("src/store.js", store),
            ("src/App.jsx", app),
            ("src/login.js", login),
            (
                "index.html",
                "<html><body><div id='root'></div><script type='module' src='/src/App.jsx'></script></body></html>",
            ),
            (
                "package.json",
                r#"{"name":"books","dependencies":{"react":"19.0.0","marked":"15.0.0"},"devDependencies":{"vite":"7.0.0"}}"#,
            ),
        ],
        "open a link",
        "takes over",
        &[
            "markup-from-untrusted-text",
            "no-security-headers",
            "record-taken-from-link",
            "session-token-in-web-storage",
        ],
        &[
            ("src/App.jsx", "take(JSON.parse(atob(id)));", "if (confirm('Add it?')) take(JSON.parse(atob(id)));"),
            ("src/App.jsx", "marked.parse(book.notes || '')", "DOMPurify.sanitize(marked.parse(book.notes || ''))"),
            ("src/login.js", "localStorage.setItem('books.refreshToken', data.refreshToken);", "return data.email;"),
        ],
    );
}

/// A statement put together from text shows the accounts, and a fast hash gives the passwords.
#[test]
fn from_a_search_to_the_passwords() {
    let server = r#"
const express = require('express');
const crypto = require('crypto');
const Database = require('better-sqlite3');
const db = new Database('shop.db');
db.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password_hash TEXT); CREATE TABLE products (id INTEGER, name TEXT)');
const app = express();
app.use(express.json());
app.get('/api/products', (req, res) => {
  res.json(db.prepare(`SELECT * FROM products WHERE name LIKE '%${req.query.q}%'`).all());
});
app.post('/api/register', (req, res) => {
  const hash = crypto.createHash('md5').update(req.body.password).digest('hex');
  db.prepare('INSERT INTO users (email, password_hash) VALUES (?, ?)').run(req.body.email, hash);
  res.json({ ok: true });
});
app.listen(3000);
"#;
    story(
        &[("server.js", server)],
        "anyone on the internet",
        "takes over",
        &["passwords-stored-readably", "sql-from-input"],
        &[
            (
                "server.js",
                "prepare(`SELECT * FROM products WHERE name LIKE '%${req.query.q}%'`).all()",
                "prepare('SELECT * FROM products WHERE name LIKE ?').all(req.query.q)",
            ),
            (
                "server.js",
                "crypto.createHash('md5').update(req.body.password).digest('hex')",
                "require('bcrypt').hashSync(req.body.password, 12)",
            ),
        ],
    );
}

/// A file name out of the address shows the code, and the key in it makes logins.
#[test]
fn from_a_file_name_to_a_login() {
    let server = r#"
const express = require('express');
const fs = require('fs');
const jwt = require('jsonwebtoken');
const KEY = process.env.JWT_SECRET || 'salon-lumen-signing-key';
const app = express();
app.get('/download', (req, res) => {
  fs.readFile('files/' + req.query.name, (error, content) => res.send(content));
});
app.post('/login', (req, res) => {
  res.json({ token: jwt.sign({ id: 1, role: 'admin' }, KEY) });
});
app.get('/orders', (req, res) => {
  const user = jwt.verify(req.headers.authorization, KEY);
  res.json({ user });
});
app.listen(3000);
"#;
    story(
        &[("server.js", server)],
        "anyone on the internet",
        "takes over",
        &["file-path-from-request", "secret-in-code"],
        &[
            ("server.js", "'files/' + req.query.name", "'files/' + require('path').basename(req.query.name)"),
            ("server.js", "process.env.JWT_SECRET || 'salon-lumen-signing-key'", "process.env.JWT_SECRET"),
        ],
    );
}

/// What is only kept, or limited in kind, is no page that somebody can be made to open.
#[test]
fn an_upload_that_is_not_served_runs_nowhere() {
    let server = |options: &str, serves: &str| {
        format!(
            r#"
const express = require('express');
const multer = require('multer');
const session = require('express-session');
const app = express();
app.use(session({{ secret: process.env.SECRET }}));
const upload = multer({{ {options} }});
app.post('/api/upload', upload.single('file'), (req, res) => res.json({{ ok: true }}));
{serves}
app.use(express.static('public'));
app.listen(3000);
"#
        )
    };
    let runs = |options: &str, serves: &str| {
        let text = server(options, serves);
        let told = Told::of(&[("server.js", text.as_str()), ("public/index.html", "<html></html>")]);
        told.findings
            .iter()
            .filter(|finding| finding.rule == "upload-without-bounds")
            .flat_map(|finding| &finding.grants)
            .any(|grant| matches!(grant.gain, plimsoll_model::Claim::RunsScript(_)))
    };
    let served = "app.use('/uploads', express.static('uploads'));";
    assert!(runs("dest: 'uploads'", served));
    assert!(!runs("storage: multer.memoryStorage()", ""));
    assert!(!runs("dest: 'uploads', fileFilter: onlyPictures", served));
}
