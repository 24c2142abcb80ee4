//! Python apps: who reaches what in Streamlit, Dash, FastAPI, Django and Flask.

mod frameworks;
mod gates;

use plimsoll_model::App;
use plimsoll_model::app::{
    CryptoUseKind, EffectKind, GuardKind, GuardStanding, Purpose, Reach, Sink, Source, StoredValueKind,
};
use plimsoll_source::SourceTree;

use crate::{pairs, reach};

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn entry<'a>(app: &'a App, label: &str) -> &'a plimsoll_model::app::EntryPoint {
    let found = app.entry_points.iter().find(|entry| entry.label() == label);
    assert!(
        found.is_some(),
        "no {label} among {:?}",
        app.entry_points.iter().map(|entry| entry.label()).collect::<Vec<_>>()
    );
    found.unwrap_or(&app.entry_points[0])
}

fn has_setting(app: &App, key: &str) -> bool {
    app.settings.iter().any(|setting| setting.key == key)
}

const STREAMLIT: &[(&str, &str)] = &[
    (
        "app.py",
        r##"import streamlit as st
import sqlite3
import hmac

USERS = {"admin": "not-a-real-one", "eva": "neither-is-this"}
conn = sqlite3.connect("crm.db")

if "authenticated" not in st.session_state:
    st.session_state["authenticated"] = False
if "role" not in st.session_state:
    st.session_state.role = None

def login():
    st.title("Login")
    username = st.text_input("Username")
    password = st.text_input("Password", type="password")
    if st.button("Log in"):
        if username in USERS and USERS[username] == password:
            st.session_state["authenticated"] = True
            st.session_state.role = "admin"
            st.rerun()
        else:
            st.error("Wrong")

if not st.session_state["authenticated"]:
    login()
    st.stop()

st.title("Customers")
rows = conn.execute("SELECT id, name, notes FROM customers").fetchall()
for row in rows:
    st.markdown(f"<div class='card'>{row[2]}</div>", unsafe_allow_html=True)
q = st.text_input("Search")
found = conn.execute(f"SELECT * FROM customers WHERE name LIKE '%{q}%'").fetchall()
st.dataframe(found)
"##,
    ),
    (
        "pages/1_📊_Invoices.py",
        r##"import streamlit as st
import sqlite3
import pandas as pd

st.set_page_config(page_title="Invoices")
conn = sqlite3.connect("crm.db")
df = pd.read_sql("SELECT * FROM invoices", conn)
st.dataframe(df)
if st.button("Delete"):
    conn.execute("DELETE FROM invoices WHERE id = ?", (st.number_input("id"),))
"##,
    ),
    (
        "pages/2_Staff.py",
        r##"import streamlit as st
import sqlite3
from auth_util import require_login

require_login()
conn = sqlite3.connect("crm.db")
st.dataframe(conn.execute("SELECT * FROM staff").fetchall())
up = st.file_uploader("CV")
if up:
    with open(f"uploads/{up.name}", "wb") as f:
        f.write(up.getbuffer())
"##,
    ),
    (
        "auth_util.py",
        r##"import streamlit as st

def require_login():
    if not st.session_state.get("authenticated"):
        st.warning("Please log in")
        st.switch_page("app.py")
"##,
    ),
];

#[test]
fn streamlit_pages_check_for_themselves() {
    let expected =
        [("GET/POST /", Reach::SignedIn), ("GET/POST /Invoices", Reach::Anyone), ("GET/POST /Staff", Reach::SignedIn)];
    assert_eq!(reach(STREAMLIT), pairs(&expected));
    let app = observe(STREAMLIT);
    assert!(entry(&app, "GET/POST /").purposes.contains(&Purpose::Login));
    assert!(!entry(&app, "GET/POST /Staff").purposes.contains(&Purpose::Login));
    let ends = |sink: Sink, source: Source| app.flows.iter().any(|flow| flow.sink == sink && flow.source == source);
    assert!(ends(Sink::Html, Source::Stored), "stored text through unsafe_allow_html");
    assert!(ends(Sink::Sql, Source::Request), "a search text in the statement");
    assert!(ends(Sink::FilePath, Source::Upload), "the sender's file name as a path");
}

#[test]
fn streamlit_choices_are_no_text_of_the_visitors() {
    let files = [(
        "app.py",
        r#"import streamlit as st
import sqlite3
city = st.selectbox("City", ["Bonn", "Ulm"])
con = sqlite3.connect("x.db")
st.dataframe(con.execute(f"SELECT * FROM shops WHERE city = '{city}'").fetchall())
typed = st.text_input("Note")
st.markdown(f"<b>{typed}</b>", unsafe_allow_html=True)
"#,
    )];
    let app = observe(&files);
    assert!(!app.flows.iter().any(|flow| matches!(flow.sink, Sink::Sql | Sink::Html)), "{:?}", app.flows);
}

#[test]
fn streamlit_navigation_behind_a_check_covers_its_pages() {
    let page = "import streamlit as st\nimport sqlite3\nst.dataframe(sqlite3.connect('x').execute('SELECT * FROM staff').fetchall())\n";
    let main = r#"import streamlit as st
if not st.session_state.get("user"):
    st.stop()
pg = st.navigation([st.Page("views/staff.py")])
pg.run()
"#;
    let expected = [("GET/POST /", Reach::Anyone), ("GET/POST /staff", Reach::SignedIn)];
    assert_eq!(reach(&[("main.py", main), ("views/staff.py", page)]), pairs(&expected));
}

const DASH: &str = r##"import dash
from dash import dcc, html, Input, Output, State, callback
import sqlite3

app = dash.Dash(__name__, suppress_callback_exceptions=True)
server = app.server
USERS = {"boss": "not-a-real-one"}

app.layout = html.Div([dcc.Location(id="url"), dcc.Store(id="session-store"), dcc.Store(id="filters"), html.Div(id="page")])

@app.callback(Output("session-store", "data"), Input("login-button", "n_clicks"), State("username", "value"), State("password", "value"))
def login(n, username, password):
    if USERS.get(username) == password:
        return {"logged_in": True, "user": username}
    return dash.no_update

@app.callback(Output("page", "children"), Input("url", "pathname"), State("session-store", "data"))
def show(pathname, session):
    if not session or not session.get("logged_in"):
        return html.Div("Please log in")
    if pathname == "/payroll":
        con = sqlite3.connect("hr.db")
        rows = con.execute("SELECT name, salary FROM payroll").fetchall()
        return html.Table([html.Tr([html.Td(r[0])]) for r in rows])
    return html.Div("home")

@callback(Output("msg", "children"), Input("save", "n_clicks"), State("name", "value"))
def save(n, name):
    con = sqlite3.connect("hr.db")
    con.execute(f"INSERT INTO payroll (name) VALUES ('{name}')")
    con.commit()
    return "ok"

if __name__ == "__main__":
    app.run_server(debug=True, host="0.0.0.0")
"##;

#[test]
fn dash_callbacks_are_open_and_the_browser_s_store_is_no_login() {
    let expected = [
        ("POST /_dash-update-component (session-store.data)", Reach::Anyone),
        ("POST /_dash-update-component (page.children)", Reach::Anyone),
        ("POST /_dash-update-component (msg.children)", Reach::Anyone),
    ];
    assert_eq!(reach(&[("app.py", DASH)]), pairs(&expected));
    let app = observe(&[("app.py", DASH)]);
    assert!(app.entry_points[0].purposes.contains(&Purpose::Login));
    let trusted: Vec<&str> = app
        .stored_values
        .iter()
        .filter(|value| value.kind == StoredValueKind::Identity)
        .map(|value| value.key.as_str())
        .collect();
    assert_eq!(trusted, ["session-store"]);
    assert!(has_setting(&app, "debug-mode"));
}

#[test]
fn dash_with_basic_auth_or_a_hook() {
    let basic =
        DASH.replace("server = app.server", "server = app.server\nimport dash_auth\ndash_auth.BasicAuth(app, load())");
    assert!(observe(&[("app.py", &basic)]).entry_points.iter().all(|entry| entry.reach() == Reach::SignedIn));
    let hook = "server = app.server\nfrom flask import session, abort\n@server.before_request\ndef check():\n    if 'user' not in session:\n        abort(401)\n";
    let hooked = DASH.replace("server = app.server", hook);
    assert!(observe(&[("app.py", &hooked)]).entry_points.iter().all(|entry| entry.reach() == Reach::SignedIn));
    // The usual mistake: pages are guarded, the address of all callbacks is let through.
    let skips = hook
        .replace("'user' not in session", "not request.path.startswith('/_dash') and 'user' not in session")
        .replace("session, abort", "session, abort, request");
    let open = DASH.replace("server = app.server", &skips);
    assert!(observe(&[("app.py", &open)]).entry_points.iter().all(|entry| entry.reach() == Reach::Anyone));
}

const FASTAPI: &[(&str, &str)] = &[
    (
        "main.py",
        r##"from fastapi import FastAPI, Depends, HTTPException, APIRouter
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from sqlalchemy.orm import Session
from sqlalchemy import select
from database import get_db
from models import User, Invoice
from schemas import UserCreate, InvoiceIn, UserUpdate
from passlib.context import CryptContext
from jose import jwt, JWTError

SECRET_KEY = "your-secret-key"
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True, allow_methods=["*"])
pwd = CryptContext(schemes=["bcrypt"])
oauth2 = OAuth2PasswordBearer(tokenUrl="token")

def get_current_user(token: str = Depends(oauth2), db: Session = Depends(get_db)):
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])
        username = payload.get("sub")
    except JWTError:
        raise HTTPException(status_code=401)
    user = db.query(User).filter(User.username == username).first()
    if user is None:
        raise HTTPException(status_code=401)
    return user

def maybe_user(token: str = Depends(oauth2), db: Session = Depends(get_db)):
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])
    except JWTError:
        return None
    return db.query(User).filter(User.username == payload.get("sub")).first()

def require_admin(user: User = Depends(get_current_user)):
    if user.role != "admin":
        raise HTTPException(status_code=403)
    return user

@app.post("/register")
def register(data: UserCreate, db: Session = Depends(get_db)):
    user = User(**data.dict())
    db.add(user)
    db.commit()
    return user

@app.post("/token")
def token(form: OAuth2PasswordRequestForm = Depends(), db: Session = Depends(get_db)):
    user = db.query(User).filter(User.username == form.username).first()
    if not user or not pwd.verify(form.password, user.hashed_password):
        raise HTTPException(status_code=401)
    return {"access_token": jwt.encode({"sub": user.username}, SECRET_KEY, algorithm="HS256")}

@app.get("/invoices/open")
def invoices_open(db: Session = Depends(get_db)):
    return db.query(Invoice).all()

@app.get("/invoices/token")
def invoices_token(token: str = Depends(oauth2), db: Session = Depends(get_db)):
    return db.query(Invoice).all()

@app.get("/invoices/maybe")
def invoices_maybe(user=Depends(maybe_user), db: Session = Depends(get_db)):
    return db.query(Invoice).all()

@app.get("/invoices/{invoice_id}")
def invoice(invoice_id: int, user: User = Depends(get_current_user), db: Session = Depends(get_db)):
    return db.query(Invoice).filter(Invoice.id == invoice_id).first()

@app.put("/users/{user_id}")
def update(user_id: int, data: UserUpdate, user=Depends(get_current_user), db: Session = Depends(get_db)):
    found = db.query(User).filter(User.id == user_id).first()
    for key, value in data.dict(exclude_unset=True).items():
        setattr(found, key, value)
    db.commit()

admin = APIRouter(prefix="/admin", dependencies=[Depends(require_admin)])

@admin.get("/users")
def users(db: Session = Depends(get_db)):
    return db.execute(select(User)).scalars().all()

@admin.delete("/users/{user_id}")
def remove(user_id: int, db: Session = Depends(get_db)):
    db.query(User).filter(User.id == user_id).delete()

app.include_router(admin)
"##,
    ),
    (
        "database.py",
        r##"from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker, declarative_base
engine = create_engine("sqlite:///x.db")
SessionLocal = sessionmaker(bind=engine)
Base = declarative_base()
def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"##,
    ),
    (
        "models.py",
        r##"from sqlalchemy import Column, Integer, String
from database import Base
class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    username = Column(String)
    hashed_password = Column(String)
    role = Column(String)
class Invoice(Base):
    __tablename__ = "invoices"
    id = Column(Integer, primary_key=True)
"##,
    ),
    (
        "schemas.py",
        r##"from pydantic import BaseModel
from typing import Optional
class UserCreate(BaseModel):
    username: str
    password: str
    role: str = "user"
class UserUpdate(BaseModel):
    username: Optional[str] = None
    role: Optional[str] = None
class InvoiceIn(BaseModel):
    amount: float
"##,
    ),
];

#[test]
fn fastapi_dependencies_count_by_what_they_do() {
    let expected = [
        ("POST /register", Reach::Anyone),
        ("POST /token", Reach::Anyone),
        ("GET /invoices/open", Reach::Anyone),
        // A declared scheme only reads the header.
        ("GET /invoices/token", Reach::Anyone),
        // A dependency that gives nothing instead of refusing.
        ("GET /invoices/maybe", Reach::Anyone),
        ("GET /invoices/:invoice_id", Reach::SignedIn),
        ("PUT /users/:user_id", Reach::SignedIn),
        ("GET /admin/users", Reach::Role),
        ("DELETE /admin/users/:user_id", Reach::Role),
    ];
    assert_eq!(reach(FASTAPI), pairs(&expected));
    let app = observe(FASTAPI);
    let privileges = |label: &str| -> Vec<String> {
        entry(&app, label).effects.iter().flat_map(|effect| effect.privilege_fields.clone()).collect()
    };
    assert_eq!(privileges("POST /register"), ["role"]);
    assert_eq!(privileges("PUT /users/:user_id"), ["role"]);
    let one = entry(&app, "GET /invoices/:invoice_id");
    assert!(
        one.effects
            .iter()
            .any(|effect| effect.kind == EffectKind::Read && effect.picked_by_input && !effect.limited_to_caller)
    );
    assert!(
        app.cors
            .iter()
            .any(|policy| policy.credentials && policy.origins == plimsoll_model::app::AllowedOrigins::Reflected)
    );
}

#[test]
fn tokens_read_without_verifying_them_are_no_login() {
    let main = r#"from fastapi import FastAPI, Depends, Header
import jwt
import sqlite3
app = FastAPI()
def user(authorization: str = Header()):
    return jwt.decode(authorization, options={"verify_signature": False})
@app.get("/a")
def a(user=Depends(user)):
    return sqlite3.connect("x").execute("SELECT * FROM staff").fetchall()
"#;
    let app = observe(&[("main.py", main)]);
    assert_eq!(app.entry_points[0].reach(), Reach::Anyone);
    assert!(app.crypto.iter().any(|seen| seen.kind == CryptoUseKind::UnverifiedToken));
}

const DRF: &[(&str, &str)] = &[
    ("proj/__init__.py", ""),
    ("api/__init__.py", ""),
    (
        "proj/settings.py",
        r##"import os
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ.get("DEBUG", "True") == "True"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"]}
CORS_ALLOW_ALL_ORIGINS = True
"##,
    ),
    (
        "proj/urls.py",
        r##"from django.urls import path, include
from django.contrib.auth import views as auth_views
urlpatterns = [path("api/", include("api.urls")), path("login/", auth_views.LoginView.as_view())]
"##,
    ),
    (
        "api/urls.py",
        r##"from django.urls import path, include
from rest_framework.routers import DefaultRouter
from rest_framework_simplejwt.views import TokenObtainPairView
from . import views
router = DefaultRouter()
router.register(r"customers", views.CustomerViewSet)
router.register(r"orders", views.OrderViewSet, basename="order")
router.register(r"profiles", views.ProfileViewSet)
urlpatterns = [
    path("", include(router.urls)),
    path("token/", TokenObtainPairView.as_view()),
    path("stats/", views.stats),
    path("open-stats/", views.open_stats),
    path("notes/<int:pk>/", views.NoteDetail.as_view()),
    path("board/", views.Board.as_view()),
    path("late/<int:pk>/", views.Late.as_view()),
]
"##,
    ),
    (
        "api/models.py",
        r##"from django.db import models
from django.contrib.auth.models import AbstractUser
class User(AbstractUser):
    role = models.CharField(max_length=10)
class Customer(models.Model):
    name = models.CharField(max_length=10)
class Order(models.Model):
    owner = models.ForeignKey(User, on_delete=models.CASCADE)
class Note(models.Model):
    author = models.ForeignKey(User, on_delete=models.CASCADE)
"##,
    ),
    (
        "api/views.py",
        r##"from rest_framework import viewsets, permissions, generics
from rest_framework.decorators import api_view, permission_classes, action
from rest_framework.permissions import IsAuthenticated, AllowAny, BasePermission
from rest_framework.response import Response
from django.contrib.auth.mixins import LoginRequiredMixin, UserPassesTestMixin
from django.views.generic import ListView, DetailView, UpdateView
from .models import Customer, Order, User, Note
from .serializers import CustomerSerializer, OrderSerializer, UserSerializer

class IsOwner(BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.owner == request.user

class CustomerViewSet(viewsets.ModelViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer

class OrderViewSet(viewsets.ModelViewSet):
    serializer_class = OrderSerializer
    permission_classes = [IsAuthenticated]
    def get_queryset(self):
        return Order.objects.filter(owner=self.request.user)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        order = Order.objects.get(pk=pk)
        order.delete()
        return Response({})

class ProfileViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    permission_classes = [IsAuthenticated]

@api_view(["GET"])
@permission_classes([IsAuthenticated])
def stats(request):
    return Response(list(Order.objects.values()))

@api_view(["GET"])
@permission_classes([AllowAny])
def open_stats(request):
    return Response(list(Order.objects.values()))

class NoteDetail(LoginRequiredMixin, UserPassesTestMixin, UpdateView):
    model = Note
    fields = ["text"]
    def test_func(self):
        return self.get_object().author == self.request.user

class Board(ListView):
    model = Customer

class Late(DetailView, LoginRequiredMixin):
    model = Customer
"##,
    ),
    (
        "api/serializers.py",
        r##"from rest_framework import serializers
from .models import Customer, Order, User
class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = "__all__"
class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ["id", "owner"]
class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = "__all__"
"##,
    ),
];

#[test]
fn class_views_do_what_they_inherit() {
    let app = observe(DRF);
    let cases = [
        ("POST /api/token", Reach::Anyone),
        ("GET /api/stats", Reach::SignedIn),
        ("GET /api/open-stats", Reach::Anyone),
        ("POST /api/notes/:pk", Reach::SignedIn),
        ("GET /api/board", Reach::Anyone),
        // A mixin behind the view is asked too late.
        ("GET /api/late/:pk", Reach::Anyone),
        ("GET /api/customers", Reach::Anyone),
        ("DELETE /api/customers/:id", Reach::Anyone),
        ("GET /api/orders/:id", Reach::SignedIn),
        ("POST /api/orders/:id/cancel", Reach::SignedIn),
        ("POST /login", Reach::Anyone),
    ];
    for (label, expected) in cases {
        assert_eq!(entry(&app, label).reach(), expected, "{label}");
    }
    let limited = |label: &str| entry(&app, label).effects.iter().all(|effect| effect.limited_to_caller);
    assert!(limited("GET /api/orders/:id"), "the view's own list is limited to the caller");
    assert!(!limited("POST /api/orders/:id/cancel"), "the action looks in all of them");
    let owner = &entry(&app, "POST /api/notes/:pk").guards;
    assert!(owner.iter().any(|guard| guard.kind == GuardKind::Ownership));
    let profile = entry(&app, "PUT /api/profiles/:id");
    assert!(profile.effects.iter().any(|effect| effect.privilege_fields.contains(&"is_staff".to_owned())));
    assert!(entry(&app, "GET /api/profiles").returns.contains(&"password".to_owned()));
    assert!(has_setting(&app, "debug-mode"), "on where the setting is missing");
}

#[test]
fn defaults_of_the_project_hold_for_views_that_name_none() {
    let settings = "MIDDLEWARE = []\nREST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'], 'DEFAULT_THROTTLE_CLASSES': ['rest_framework.throttling.AnonRateThrottle']}\n";
    let files: Vec<(&str, &str)> = DRF
        .iter()
        .map(|&(path, text)| if path == "proj/settings.py" { (path, settings) } else { (path, text) })
        .collect();
    let app = observe(&files);
    assert_eq!(entry(&app, "GET /api/customers").reach(), Reach::SignedIn);
    assert_eq!(entry(&app, "GET /api/open-stats").reach(), Reach::Anyone, "AllowAny says otherwise");
    assert!(entry(&app, "POST /api/token").holding(GuardKind::RateLimit).next().is_some());
    assert!(!has_setting(&app, "debug-mode"));
}

#[test]
fn flask_limits_forms_and_cookies() {
    let text = r#"import os
from flask import Flask, request, session, redirect
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
import sqlite3
def caller():
    return request.headers.get("X-Forwarded-For")
def create_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax")
    limiter = Limiter(caller, app=app, default_limits=["5 per minute"])
    CSRFProtect(app)
    @app.post("/login")
    def login():
        row = sqlite3.connect("x").execute("SELECT id, password FROM users WHERE name = ?", (request.form["name"],)).fetchone()
        if row["password"] == request.form["password"]:
            session["user_id"] = row["id"]
        return redirect("/")
    return app
"#;
    let app = observe(&[("app.py", text)]);
    let login = entry(&app, "POST /login");
    assert!(login.purposes.contains(&Purpose::Login));
    assert!(login.holding(GuardKind::Csrf).next().is_some());
    let limit = login.guards.iter().find(|guard| guard.kind == GuardKind::RateLimit).map(|guard| &guard.standing);
    assert!(matches!(limit, Some(GuardStanding::FailsOpen(_))), "{limit:?}");
    let cookie = &app.cookies[0];
    assert_eq!((cookie.http_only, cookie.secure), (Some(true), Some(true)));
    let by_address =
        observe(&[("app.py", &text.replace("request.headers.get(\"X-Forwarded-For\")", "request.remote_addr"))]);
    assert!(entry(&by_address, "POST /login").holding(GuardKind::RateLimit).next().is_some());
}

#[test]
fn uploads_that_are_checked_or_attached_are_not_shown() {
    let app = |save: &str, show: &str| {
        let text = format!(
            "from flask import Flask, request, send_from_directory, abort\nimport os\napp = Flask(__name__)\nKINDS = {{'png', 'jpg'}}\n@app.post('/up')\ndef up():\n    file = request.files['file']\n{save}    file.save(os.path.join('up', os.path.basename(file.filename)))\n    return 'ok'\n@app.get('/up/<name>')\ndef show(name):\n    return send_from_directory('up', name{show})\n"
        );
        has_setting(&observe(&[("app.py", &text)]), "upload-served-inline")
    };
    assert!(app("", ""));
    assert!(!app("", ", as_attachment=True"));
    assert!(!app("", ", mimetype='image/png'"));
    assert!(app("", ", mimetype='text/html'"));
    assert!(!app("    if file.filename.rsplit('.', 1)[1].lower() not in KINDS:\n        abort(400)\n", ""));
    assert!(app("    if file.filename == '':\n        abort(400)\n", ""), "a name that is not empty says nothing");
}

#[test]
fn text_made_harmless_before_it_is_stored_may_be_shown_raw() {
    let app = |clean: &str| {
        let text = format!(
            "from flask import Flask, request\nimport sqlite3, nh3, re\napp = Flask(__name__)\ndb = sqlite3.connect('x')\n@app.post('/board')\ndef board():\n    text = {clean}\n    db.execute('INSERT INTO posts (author, text) VALUES (1, ?)', (text,))\n    return 'ok'\n"
        );
        let files = [("app.py", text.as_str()), ("templates/board.html", "{{ post.text|safe }}")];
        observe(&files).flows.iter().any(|flow| flow.sink == Sink::Html)
    };
    assert!(!app("nh3.clean(request.form['text'])"));
    assert!(app("request.form['text']"));
    assert!(app("re.sub('<script.*?</script>', '', request.form['text'])"), "a filter of one's own is none");
}

#[test]
fn errors_for_everybody_and_errors_for_nobody() {
    let told = |answer: &str| {
        let text = format!(
            "from flask import Flask, jsonify\nimport traceback\napp = Flask(__name__)\n@app.errorhandler(Exception)\ndef failed(e):\n    return {answer}, 500\n"
        );
        let app = observe(&[("app.py", &text)]);
        app.flows
            .iter()
            .find(|flow| flow.source == Source::ErrorDetail && flow.sink == Sink::Response)
            .map(|flow| flow.source_name.clone())
    };
    assert_eq!(told("jsonify({'error': 'Something went wrong.'})"), None);
    assert_eq!(told("jsonify({'error': str(e)})").as_deref(), Some("error"));
    assert_eq!(told("jsonify({'traceback': traceback.format_exc()})").as_deref(), Some("traceback"));
}

#[test]
fn sample_data_commands_and_seeds() {
    let command = "class Command:\n    def handle(self):\n        user.set_password('Qk7-Winter-93')\n";
    let path = "shop/management/commands/create_sample_users.py";
    let readme = ("README.md", "## Accounts\n\n- Username: `eva`\n- Password: `Qk7-Winter-93`\n");
    let count = |files: &[(&str, &str)]| observe(&[files, &[readme]].concat()).secrets.len();
    assert_eq!(count(&[(path, command)]), 0);
    assert_eq!(count(&[(path, command), ("start.sh", "python manage.py create_sample_users\n")]), 1);
    assert_eq!(count(&[("shop/management/commands/create_admin.py", command)]), 1);
}

#[test]
fn a_form_that_only_a_template_hides() {
    let app = |check: &str| {
        let text = format!(
            "from flask import Flask, request, session, abort, render_template\nimport sqlite3\napp = Flask(__name__)\ndb = sqlite3.connect('x')\n@app.route('/news', methods=['GET', 'POST'])\ndef news():\n    if 'user' not in session:\n        abort(401)\n    if request.method == 'POST':\n{check}        db.execute('INSERT INTO news (text) VALUES (?)', (request.form['text'],))\n    return render_template('news.html')\n"
        );
        let page = "{% if user.role == 'admin' %}<form method=\"post\"><input name=\"text\"></form>{% endif %}";
        let app = observe(&[("app.py", text.as_str()), ("templates/news.html", page)]);
        app.entry_points[0].guards.iter().any(|guard| guard.side == plimsoll_model::app::Side::Browser)
    };
    assert!(app(""));
    assert!(!app("        if session['role'] != 'admin':\n            abort(403)\n"));
}
