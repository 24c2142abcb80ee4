//! Whole small apps of shapes that a rule's page cannot hold.

use crate::findings;

fn files(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// An app without a server whose accounts are part of what every visitor receives.
fn login_in_the_browser(kept: &str) -> Vec<(String, String)> {
    let auth = format!(
        "import team from './data/team.json';\n\
         export function signIn(email, password) {{\n\
           const member = team.find((one) => one.email === email);\n\
           if (!member || member.password !== password) throw new Error('Wrong');\n\
           {kept}\n\
         }}\n\
         export const currentUser = () => JSON.parse(localStorage.getItem('app.session'));\n"
    );
    files(&[
        ("package.json", r#"{"dependencies":{"react":"19.0.0"},"devDependencies":{"vite":"7.0.0"}}"#),
        ("index.html", "<!doctype html><script type=\"module\" src=\"/src/auth.js\"></script>"),
        ("src/auth.js", &auth),
        (
            "src/data/team.json",
            r#"[{"name":"Ann Example","email":"ann@example.org","salt":"00","hash":"aa","role":"owner"},
                {"name":"Bo Example","email":"bo@example.org","salt":"01","hash":"bb","role":"staff"}]"#,
        ),
    ])
}

#[test]
fn a_login_that_only_the_browser_checks() {
    let kept = "localStorage.setItem('app.session', JSON.stringify({ email: member.email, role: member.role }));";
    let app = login_in_the_browser(kept);
    assert_eq!(findings(&app, "guard-only-in-browser").len(), 1);
    assert_eq!(findings(&app, "business-data-in-browser-code"), [("src/data/team.json".to_owned(), Some(1))]);
    // The key is named like a token, but what is kept is who the user is.
    assert!(findings(&app, "session-token-in-web-storage").is_empty());
}

#[test]
fn a_server_that_checks_is_no_login_in_the_browser() {
    let mut app = login_in_the_browser("localStorage.setItem('app.session', '1');");
    app.push((
        "server.js".to_owned(),
        "const app = require('express')();\napp.get('/api/me', (req, res) => req.session.user ? res.json(1) : res.status(401).end());\n"
            .to_owned(),
    ));
    assert!(findings(&app, "guard-only-in-browser").is_empty());
}

#[test]
fn a_token_in_a_kept_record_is_a_token() {
    let kept = "localStorage.setItem('me', JSON.stringify({ email, accessToken: member.accessToken }));";
    assert_eq!(findings(&login_in_the_browser(kept), "session-token-in-web-storage").len(), 1);
}

/// A template tag that lets only its own class through, shown what came from the server by one of several ways.
fn escaping_tag(render: &str) -> Vec<(String, String)> {
    files(&[(
        "public/page.js",
        &format!(
            "class Safe {{ constructor(s) {{ this.s = s; }} }}\n\
             {render}\n\
             const html = (parts, ...values) =>\n\
               new Safe(parts.reduce((out, part, at) => out + part + (at < values.length ? render(values[at]) : ''), ''));\n\
             async function ask(url) {{\n\
               const answer = await fetch(url);\n\
               const data = await answer.json().catch(() => ({{}}));\n\
               if (answer.status === 401) {{ return new Promise(() => {{}}); }}\n\
               return data;\n\
             }}\n\
             const me = await ask('/me');\n\
             document.body.innerHTML = render(html`<b>${{me.name}}</b>`);\n"
        ),
    )])
}

#[test]
fn an_escaping_tag_is_no_way_for_markup_and_a_leaky_one_is() {
    let escapes = "function render(v) { if (v instanceof Safe) return v.s; return String(v).replace(/[&<>\"']/g, (c) => `&#${c.charCodeAt(0)};`); }";
    assert!(findings(&escaping_tag(escapes), "markup-from-untrusted-text").is_empty());
    let leaks = "function render(v) { if (v instanceof Safe) return v.s; return String(v); }";
    assert_eq!(findings(&escaping_tag(leaks), "markup-from-untrusted-text").len(), 1);
}

#[test]
fn numbers_dates_and_lengths_are_no_markup_and_texts_are() {
    let helpers = "const MAP = { '&': '&amp;' };\n\
                   const esc = (value) => String(value ?? '').replace(/[&<>\"']/g, (c) => MAP[c]);\n\
                   const date = (value) => new Date(value).toLocaleDateString('en-GB');\n";
    let found = |shown: &str, wrap: (&str, &str)| {
        let body = format!("const r = await (await fetch('/x')).json(); document.body.innerHTML = {shown};");
        let script = format!("{helpers}{}{body}{}\n", wrap.0, wrap.1);
        !findings(&files(&[("public/page.js", &script)]), "markup-from-untrusted-text").is_empty()
    };
    // While the script loads, in a function that is called then, and in one that only an event would call.
    for wrap in [("", ""), ("async function f() { ", " } f();"), ("async function f() { ", " }")] {
        for harmless in [
            "`<b>${esc(r.name)}</b>`",
            "`<b>${date(r.day)}</b>`",
            "`<b>${Number(r.total).toFixed(2)}</b>`",
            "`<b>${r.rows.length}</b>`",
            "`<b>${r.rows.filter((row) => row.open).length}</b>`",
            "r.map((row) => `<b data-id=\"${row.id}\">${esc(row.name)}</b>`).join('')",
            "[['Open', r.rows.length], ['Sum', r.sum.toLocaleString()]].map(([n, v]) => `<b>${n} ${v}</b>`).join('')",
            "`<b>${r.paid ? 'paid' : 'open'}</b>`",
        ] {
            assert!(!found(harmless, wrap), "{harmless}");
        }
        for harmful in [
            "`<b>${r.name}</b>`",
            "`<b>${r.name.trim().slice(0, 20)}</b>`",
            "r.map((row) => `<b>${row.name}</b>`).join('')",
        ] {
            assert!(found(harmful, wrap), "{harmful} {wrap:?}");
        }
    }
}

/// A Livewire component that edits the people whom a page presents.
fn team_page(columns: &str, importing: &str) -> Vec<(String, String)> {
    let model = format!(
        "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass TeamMember extends Model {{ protected \
         $fillable = [{columns}]; }}\n"
    );
    let component = format!(
        "<?php\nnamespace App\\Livewire;\nuse App\\Models\\TeamMember;\nuse Livewire\\Component;\nuse \
         Livewire\\WithFileUploads;\nclass TeamEditor extends Component {{\n    use WithFileUploads;\n    public $name; \
         public $role; public $sheet;\n    public function save() {{\n        $this->validate(['name' => 'required', 'role' \
         => 'required']);\n        TeamMember::create(['name' => $this->name, 'role' => $this->role]);\n    }}\n    public \
         function import() {{\n        $this->validate(['sheet' => 'required|file|mimes:csv|max:512']);\n        return \
         file_get_contents({importing});\n    }}\n    public function render() {{ return view('livewire.team'); }}\n}}\n"
    );
    files(&[
        ("composer.json", r#"{"require":{"laravel/framework":"^12.60","livewire/livewire":"^3.6"}}"#),
        (
            "routes/web.php",
            "<?php\nuse App\\Livewire\\TeamEditor;\nuse \
             Illuminate\\Support\\Facades\\Route;\nRoute::middleware('auth')->get('/team', TeamEditor::class);\n",
        ),
        ("app/Models/TeamMember.php", &model),
        ("app/Livewire/TeamEditor.php", &component),
    ])
}

#[test]
fn a_role_is_a_right_where_the_record_is_somebody_who_signs_in() {
    let count = |columns: &str| findings(&team_page(columns, "'x'"), "privilege-from-request").len();
    assert_eq!(count("'name', 'role', 'photo', 'about'"), 0);
    assert_eq!(count("'name', 'role', 'user_id', 'team_id'"), 1);
}

#[test]
fn where_an_upload_lies_is_the_servers_own_path() {
    let columns = "'name', 'role'";
    for own in ["$this->sheet->path()", "$this->sheet->getRealPath()"] {
        let app = team_page(columns, own);
        assert!(findings(&app, "file-path-from-request").is_empty(), "{own}");
        assert!(findings(&app, "fetch-of-address-from-request").is_empty(), "{own}");
    }
    assert_eq!(findings(&team_page(columns, "'/data/' . $this->name"), "file-path-from-request").len(), 1);
}

/// An app of FastAPI's with a table of accounts; `body` is what stands in its only handler that is of interest.
fn accounts_of_fastapi(body: &str) -> Vec<(String, String)> {
    let main = format!(
        "import enum\nfrom fastapi import FastAPI, Depends, HTTPException\nfrom fastapi.security import \
         OAuth2PasswordBearer\nfrom jose import jwt\nfrom pydantic import BaseModel\nfrom sqlalchemy import create_engine, \
         Column, Integer, String, Enum\nfrom sqlalchemy.orm import declarative_base, sessionmaker, \
         Session\nBase = declarative_base()\nSessionLocal = sessionmaker(bind=create_engine('postgresql:///x'))\napp = \
         FastAPI()\nscheme = OAuth2PasswordBearer(tokenUrl='login')\n\nclass Role(enum.Enum):\n    admin = \
         'admin'\n    clerk = 'clerk'\n\nclass User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, \
         primary_key=True)\n    email = Column(String)\n    role = Column(Enum(Role))\n    status = \
         Column(String)\n\nclass Bill(Base):\n    __tablename__ = 'bills'\n    id = Column(Integer, primary_key=True)\n    \
         total = Column(Integer)\n\nclass Payload(BaseModel):\n    sub: str\n    kind: str\n\ndef get_db():\n    db = \
         SessionLocal()\n    yield db\n\ndef current(token: str = Depends(scheme), db: Session = Depends(get_db)):\n    \
         claims = Payload(**jwt.decode(token, KEY, algorithms=['HS256']))\n    user = db.query(User).filter(User.id == \
         claims.sub).first()\n    if not user:\n        raise HTTPException(401)\n    return \
         user\n\n@app.delete('/bills/{{bill_id}}')\ndef remove(bill_id: int, user: User = Depends(current), db: Session = \
         Depends(get_db)):\n{body}    bill = db.query(Bill).filter(Bill.id == bill_id).first()\n    db.delete(bill)\n    \
         db.commit()\n\n@app.get('/all')\ndef all_users(user: User = Depends(current), db: Session = \
         Depends(get_db)):\n    if user.role.value not in ['admin']:\n        raise HTTPException(403)\n    return \
         [one.email for one in db.query(User).all()]\n"
    );
    files(&[("requirements.txt", "fastapi==0.128.0\n"), ("main.py", &main)])
}

#[test]
fn what_asks_for_a_right() {
    let reached = |body: &str| {
        let list = accounts_of_fastapi(body);
        let tree =
            plimsoll_source::SourceTree::from_texts(list.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let app = plimsoll_witness::observe(&tree);
        app.entry_points.iter().find(|entry| entry.label().starts_with("DELETE")).map(|entry| entry.reach())
    };
    use plimsoll_model::app::Reach;
    assert_eq!(
        reached("    if user.role.value.lower() != 'admin':\n        raise HTTPException(403)\n"),
        Some(Reach::Role)
    );
    assert_eq!(reached("    if user.status != 'active':\n        raise HTTPException(403)\n"), Some(Reach::SignedIn));
    assert_eq!(
        reached("    if not isinstance(user.role, Role):\n        raise HTTPException(403)\n"),
        Some(Reach::SignedIn)
    );
    assert_eq!(reached(""), Some(Reach::SignedIn));
}

/// Papers of new hires: each has their own page, and one address opens a file by its number.
fn papers(own: &str, open: &str) -> Vec<(String, String)> {
    let app = format!(
        "import sqlite3\nfrom flask import Flask, abort, g, session, request, send_from_directory, jsonify, redirect\napp = \
         Flask(__name__)\n\ndef one(sql, args=()):\n    return sqlite3.connect('x.db').execute(sql, \
         args).fetchone()\n\n@app.before_request\ndef load():\n    g.user = None\n    if 'user_id' in session:\n        g.user = \
         one('SELECT * FROM users WHERE id = ?', (session['user_id'],))\n    if g.user is None and request.endpoint != \
         'login':\n        return redirect('/login')\n\n@app.get('/mine/<kind>')\ndef mine(kind):\n    hire = {own}\n    paper = \
         one('SELECT filename FROM papers WHERE hire_id = ? AND kind = ?', (hire['id'], kind)) or abort(404)\n    return \
         send_from_directory('papers', paper['filename'])\n\n@app.get('/files/<int:paper_id>')\ndef show(paper_id):\n{open}"
    );
    files(&[("requirements.txt", "Flask==3.1.3\n"), ("app.py", &app)])
}

#[test]
fn a_file_that_a_record_names_is_somebodys() {
    let own = "one('SELECT * FROM hires WHERE user_id = ?', (g.user['id'],)) or abort(404)";
    let any = "    paper = one('SELECT filename FROM papers WHERE id = ?', (paper_id,)) or abort(404)\n    return \
               send_from_directory('papers', paper['filename'])\n";
    assert_eq!(findings(&papers(own, any), "object-without-owner-check").len(), 1);
    // Where no page is for the caller's own, the papers may be for all.
    let all = "one('SELECT * FROM hires ORDER BY id')";
    assert!(findings(&papers(all, any), "object-without-owner-check").is_empty());
    let checked = "    paper = one('SELECT p.filename FROM papers p JOIN hires h ON h.id = p.hire_id WHERE p.id = ? AND \
                   h.user_id = ?', (paper_id, g.user['id'])) or abort(404)\n    return send_from_directory('papers', \
                   paper['filename'])\n";
    assert!(findings(&papers(own, checked), "object-without-owner-check").is_empty());
}

/// An address that anybody books at, and who is written to.
fn bookings(addressee: &str, limit: &str) -> Vec<(String, String)> {
    let controller = format!(
        "<?php\nnamespace App\\Http\\Controllers;\nuse App\\Models\\Booking;\nuse Illuminate\\Http\\Request;\nuse \
         Illuminate\\Support\\Facades\\DB;\nuse Illuminate\\Support\\Facades\\Mail;\nclass BookingController {{\n    public \
         function store(Request $request) {{\n        $data = $request->validate(['email' => 'required|email', 'day' => \
         'required|date']);\n        $booking = DB::transaction(function () use ($data) {{\n            return \
         Booking::create(['email' => $data['email'], 'day' => $data['day']]);\n        }});\n        \
         Mail::to({addressee})->send(new \\App\\Mail\\Booked($booking));\n        return response()->json(['ok' => true]);\n    \
         }}\n}}\n"
    );
    let routes = format!(
        "<?php\nuse App\\Http\\Controllers\\BookingController;\nuse \
         Illuminate\\Support\\Facades\\Route;\nRoute::post('/book', [BookingController::class, 'store']){limit};\n"
    );
    files(&[
        ("composer.json", r#"{"require":{"laravel/framework":"^12.60"}}"#),
        ("routes/web.php", &routes),
        ("app/Http/Controllers/BookingController.php", &controller),
        (
            "app/Models/Booking.php",
            "<?php\nnamespace App\\Models;\nclass Booking extends \\Illuminate\\Database\\Eloquent\\Model { protected $fillable \
             = ['email', 'day']; }\n",
        ),
    ])
}

#[test]
fn a_letter_to_whom_a_record_made_just_now_names() {
    let count =
        |addressee: &str, limit: &str| findings(&bookings(addressee, limit), "paid-service-open-to-anyone").len();
    assert_eq!(count("$booking->email", ""), 1);
    assert_eq!(count("$booking->email", "->middleware('throttle:5,1')"), 0);
    assert_eq!(count("'owner@salon.example'", ""), 0);
}

/// Orders of shops whose model narrows every query by the shop that signs in.
fn orders_of_shops(boot: &str) -> Vec<(String, String)> {
    let model = format!(
        "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass Order extends Model {{\n    \
         protected $fillable = ['shop_id', 'total'];\n    protected static function booted(): void {{ {boot} }}\n}}\n"
    );
    files(&[
        ("composer.json", r#"{"require":{"laravel/framework":"^12.60"}}"#),
        (
            "routes/web.php",
            "<?php\nuse App\\Http\\Controllers\\OrderController;\nuse \
             Illuminate\\Support\\Facades\\Route;\nRoute::middleware('auth')->group(function () {\n    \
             Route::get('/orders/{id}', [OrderController::class, 'show']);\n    Route::get('/mine', [OrderController::class, \
             'mine']);\n    Route::get('/register', fn () => 1);\n});\n",
        ),
        (
            "app/Http/Controllers/OrderController.php",
            "<?php\nnamespace App\\Http\\Controllers;\nuse App\\Models\\Order;\nclass OrderController {\n    public \
             function show($id) { return response()->json(Order::findOrFail($id)); }\n    public function mine() { return \
             response()->json(Order::where('shop_id', auth()->user()->shop_id)->get()); }\n}\n",
        ),
        ("app/Models/Order.php", &model),
    ])
}

#[test]
fn what_every_query_of_a_model_carries() {
    let narrowed = "static::addGlobalScope('shop', function ($query) { $query->where('shop_id', auth()->user()->shop_id); \
                    });";
    assert!(findings(&orders_of_shops(narrowed), "object-without-owner-check").is_empty());
    assert_eq!(findings(&orders_of_shops(""), "object-without-owner-check").len(), 1);
    let sorted = "static::addGlobalScope('day', function ($query) { $query->orderBy('id'); });";
    assert_eq!(findings(&orders_of_shops(sorted), "object-without-owner-check").len(), 1);
}
