//! Checks that apps write by themselves: hooks that tell views apart, mixins, tables of sessions, jobs that import a page.

use plimsoll_model::app::{AllowedOrigins, EffectKind, GuardKind, Purpose, Reach, Sink, Source};

use super::{entry, has_setting, observe};
use crate::{pairs, reach};

#[test]
fn a_hook_of_a_blueprint_that_lists_open_views_by_name() {
    let app = r#"from flask import Flask
from api import bp
app = Flask(__name__)
app.register_blueprint(bp)
"#;
    let api = r#"from flask import Blueprint, jsonify, request
from flask_login import current_user
from models import db, Item, ApiToken, User
import hmac, os, secrets

bp = Blueprint("api", __name__, url_prefix="/api")
PUBLIC = {"api.login"}

@bp.before_request
def gate():
    if request.endpoint in PUBLIC:
        return None
    if not current_user.is_authenticated:
        return jsonify({"error": "unauthorized"}), 401
    return None

@bp.route("/login", methods=["POST"])
def login():
    data = request.get_json()
    if not hmac.compare_digest(data["code"], os.environ["CODE"]):
        return jsonify({"error": "no"}), 401
    user = User.query.filter_by(email=data["email"]).first()
    token = secrets.token_urlsafe(32)
    db.session.add(ApiToken(user_id=user.id, token=token))
    db.session.commit()
    return jsonify({"token": token})

@bp.route("/items")
def items():
    return jsonify([item.name for item in Item.query.all()])
"#;
    let models = r#"from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String)
class ApiToken(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer)
    token = db.Column(db.String)
"#;
    let files = [("app.py", app), ("api.py", api), ("models.py", models)];
    assert_eq!(reach(&files), pairs(&[("POST /api/login", Reach::Anyone), ("GET /api/items", Reach::SignedIn)]));
    let app = observe(&files);
    let login = entry(&app, "POST /api/login");
    assert!(login.purposes.contains(&Purpose::Login), "{:?}", login.purposes);
    assert!(login.effects.iter().any(|effect| effect.kind == EffectKind::IssueSession));
}

#[test]
fn what_no_app_takes_in_answers_nobody() {
    let main = r#"from fastapi import FastAPI
from a import router
app = FastAPI()
app.include_router(router, prefix="/a")
"#;
    let part = |name: &str| {
        format!(
            "from fastapi import APIRouter\nimport sqlite3\nrouter = APIRouter()\n@router.get('/{name}')\ndef {name}():\n    return sqlite3.connect('x').execute('SELECT * FROM orders').fetchall()\n"
        )
    };
    let files = [("main.py", main), ("a.py", &part("orders")), ("b.py", &part("devices"))];
    assert_eq!(reach(&files), pairs(&[("GET /a/orders", Reach::Anyone)]));
}

#[test]
fn rows_of_a_session_table_are_the_caller() {
    let files = [(
        "main.py",
        r#"from fastapi import FastAPI, HTTPException
from typing import Optional
import hashlib, secrets, sqlite3
app = FastAPI()

def connect():
    return sqlite3.connect("x.db")

def check_admin(token: Optional[str]):
    if not token:
        return False, None
    with connect() as con:
        row = con.execute("SELECT u.is_admin, u.name FROM sessions s JOIN users u ON s.user_id = u.id WHERE s.token = ?", (token,)).fetchone()
        if row:
            return bool(row[0]), row[1]
    return False, None

@app.delete("/orders/{order_id}")
def remove(order_id: int, token: Optional[str] = None):
    is_admin, name = check_admin(token)
    if not is_admin:
        raise HTTPException(status_code=403)
    with connect() as con:
        con.execute("DELETE FROM orders WHERE id = ?", (order_id,))

@app.post("/orders")
def add(title: str, token: Optional[str] = None):
    name = None
    if token:
        with connect() as con:
            row = con.execute("SELECT u.name FROM sessions s JOIN users u ON s.user_id = u.id WHERE s.token = ?", (token,)).fetchone()
            name = row[0] if row else None
    with connect() as con:
        con.execute("INSERT INTO orders (title, author) VALUES (?, ?)", (title, name))

@app.post("/login")
def login(username: str, password: str):
    with connect() as con:
        user = con.execute("SELECT id, password_hash FROM users WHERE username = ?", (username,)).fetchone()
        if not user:
            raise HTTPException(status_code=401)
        user_id, password_hash = user
        if password_hash != hashlib.sha256(password.encode()).hexdigest():
            raise HTTPException(status_code=401)
        token = secrets.token_hex(32)
        con.execute("INSERT INTO sessions (token, user_id) VALUES (?, ?)", (token, user_id))
    return {"token": token}
"#,
    )];
    assert_eq!(
        reach(&files),
        pairs(&[
            ("DELETE /orders/:order_id", Reach::Role),
            ("POST /orders", Reach::Anyone),
            ("POST /login", Reach::Anyone),
        ])
    );
    let app = observe(&files);
    assert!(has_setting(&app, "session-token-in-url"));
    assert!(!entry(&app, "POST /orders").purposes.contains(&Purpose::PublicByDesign));
    let login = entry(&app, "POST /login");
    assert!(login.effects.iter().any(|effect| effect.kind == EffectKind::IssueSession), "{:?}", login.effects);
}

#[test]
fn mixins_that_override_dispatch() {
    let files = [
        ("shop/settings.py", "MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']\n"),
        (
            "shop/urls.py",
            r#"from django.urls import path
from .views import Staff, Mine, slots
urlpatterns = [
    path("admin/orders/", Staff.as_view()),
    path("mine/", Mine.as_view()),
    path("slots/", slots),
]
"#,
        ),
        (
            "shop/mixins.py",
            r#"from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied

class ManagerRequired(LoginRequiredMixin):
    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        if not request.user.is_manager:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

class Checked:
    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
"#,
        ),
        (
            "shop/views.py",
            r#"from django.views import View
from django.shortcuts import render
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from .mixins import ManagerRequired, Checked
from .models import Order

class IsDriver(BasePermission):
    def has_permission(self, request, view):
        return request.user.is_authenticated and request.user.groups.filter(name="driver").exists()

class Staff(ManagerRequired, View):
    def get(self, request):
        return render(request, "orders.html", {"orders": Order.objects.all()})

class Mine(Checked, View):
    def get(self, request):
        return render(request, "orders.html", {"orders": Order.objects.filter(user=request.user)})

@api_view(["GET"])
@permission_classes([IsDriver])
def slots(request):
    return Response(list(Order.objects.all().values()))
"#,
        ),
    ];
    assert_eq!(
        reach(&files),
        pairs(&[("GET /admin/orders", Reach::Role), ("GET /mine", Reach::SignedIn), ("GET /slots", Reach::Role),])
    );
}

#[test]
fn a_job_that_imports_the_page_leaves_it_a_page() {
    let page = r#"import streamlit as st
import pandas as pd
def load():
    return pd.read_csv("customers.csv")
def main():
    st.dataframe(load())
if __name__ == "__main__":
    main()
"#;
    let job = "from app import load\nprint(len(load()))\n";
    assert_eq!(reach(&[("app.py", page), ("sync.py", job)]), pairs(&[("GET/POST /", Reach::Anyone)]));
}

#[test]
fn origins_sent_back_by_hand_and_answers_that_a_schema_limits() {
    let files = [(
        "main.py",
        r#"from fastapi import FastAPI, Request, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from typing import List, Literal
from sqlalchemy import Column, Integer, String, text
from sqlalchemy.orm import declarative_base, Session
app = FastAPI()
Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String)
    password_hash = Column(String)

class UserOut(BaseModel):
    id: int
    email: str

Table = Literal["orders", "items"]

def get_db():
    yield Session()

@app.get("/a", response_model=List[UserOut])
def a(db: Session = Depends(get_db)):
    return db.query(User).all()

@app.get("/b")
def b(db: Session = Depends(get_db)):
    return db.query(User).all()

@app.get("/c")
def c(request: Request, table: Table, db: Session = Depends(get_db)):
    origin = request.headers.get("Origin", "*")
    rows = db.execute(text(f"SELECT * FROM {table}")).fetchall()
    return JSONResponse(content={"n": len(rows)}, headers={
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
    })
"#,
    )];
    let app = observe(&files);
    let hashes: Vec<_> = app
        .flows
        .iter()
        .filter(|flow| flow.source == Source::Credential && flow.sink == Sink::Response)
        .filter_map(|flow| flow.entry)
        .map(|index| app.entry_points[index].path.as_str())
        .collect();
    assert_eq!(hashes, ["/b"]);
    assert!(app.cors.iter().any(|policy| policy.origins == AllowedOrigins::Reflected && policy.credentials));
    assert!(!app.flows.iter().any(|flow| flow.sink == Sink::Sql), "a table out of a list");
}

#[test]
fn a_second_check_behind_the_login_is_not_skipped_by_strangers() {
    let files = [(
        "main.py",
        r#"from fastapi import FastAPI, Depends, HTTPException, Request
from jose import jwt
import os
from sqlalchemy.orm import Session
from models import User, Shop
app = FastAPI()

def get_db():
    yield Session()

def get_user(request: Request, db: Session = Depends(get_db)):
    claims = jwt.decode(request.cookies.get("access_token"), os.environ["KEY"], algorithms=["HS256"])
    user = db.query(User).filter(User.id == claims["sub"]).first()
    if user is None:
        raise HTTPException(status_code=401)
    return user

@app.post("/shops")
def add(name: str, db: Session = Depends(get_db), user=Depends(get_user)):
    if user and user.role != "admin":
        raise HTTPException(status_code=403)
    db.add(Shop(name=name))
    db.commit()
"#,
    )];
    let app = observe(&files);
    let add = entry(&app, "POST /shops");
    assert!(add.holding(GuardKind::Role).next().is_some(), "{:?}", add.guards);
}

#[test]
fn a_form_that_inherits_from_djangos_login_checks_the_password() {
    let view = |form: &str| {
        format!(
            "from django.contrib.auth import login\nfrom django.contrib.auth.forms import AuthenticationForm\nfrom django.shortcuts import redirect\nfrom django.views import View\n\nclass LoginForm(AuthenticationForm):\n    pass\n\nclass Login(View):\n    def post(self, request):\n        form = {form}(data=request.POST)\n        if form.is_valid():\n            login(request, form.get_user())\n            return redirect('/')\n"
        )
    };
    let urls =
        "from django.urls import path\nfrom .views import Login\nurlpatterns = [path('login/', Login.as_view())]\n";
    for form in ["AuthenticationForm", "LoginForm"] {
        let app = observe(&[("shop/urls.py", urls), ("shop/views.py", &view(form))]);
        let login = entry(&app, "POST /login");
        assert!(
            login.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword),
            "{form}: {:?}",
            login.effects
        );
    }
}

#[test]
fn kinds_of_tickets_are_no_roles_and_roles_of_a_list_are_chosen() {
    let main = r#"from enum import Enum
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPBearer
from jose import jwt
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base = declarative_base()
bearer = HTTPBearer()

class Rank(str, Enum):
    CLERK = "clerk"
    ADMIN = "admin"

class Colour(str, Enum):
    RED = "red"

class Account(Base):
    __tablename__ = "accounts"
    id = Column(Integer, primary_key=True)
    role = Column(String)

class AccountIn(BaseModel):
    email: str
    role: Rank = Rank.CLERK
    user_role: Colour = Colour.RED

def get_db() -> Session:
    yield Session()

def who(credentials=Depends(bearer), db: Session = Depends(get_db)):
    claims = jwt.decode(credentials.credentials, "k", algorithms=["HS256"])
    if claims is None or claims.get("type") != "access":
        raise HTTPException(status_code=401)
    account = db.query(Account).filter(Account.id == claims.get("sub")).first()
    if account is None:
        raise HTTPException(status_code=401)
    return account

@app.post("/accounts")
def add(given: AccountIn, db: Session = Depends(get_db)):
    db.add(Account(email=given.email, role=given.role, user_role=given.user_role))
    db.commit()

@app.delete("/accounts/{account_id}")
def remove(account_id: int, db: Session = Depends(get_db), me=Depends(who)):
    db.delete(db.query(Account).filter(Account.id == account_id).first())
"#;
    let files = [("main.py", main)];
    assert_eq!(
        reach(&files),
        pairs(&[("POST /accounts", Reach::Anyone), ("DELETE /accounts/:account_id", Reach::SignedIn)])
    );
    let app = observe(&files);
    let effects = &entry(&app, "POST /accounts").effects;
    let chosen: Vec<&str> = effects.iter().flat_map(|effect| &effect.privilege_fields).map(String::as_str).collect();
    assert_eq!(chosen, ["role"]);
}

#[test]
fn routers_of_a_library_and_its_superusers() {
    let main = r#"from fastapi import Depends, FastAPI, APIRouter
from fastapi_users import FastAPIUsers
import sqlite3
app = FastAPI()
people = FastAPIUsers(manager, [backend])
boss = people.current_user(active=True, superuser=True)
used = APIRouter()
unused = APIRouter()

@used.get("/audit")
def audit(me=Depends(boss)):
    return sqlite3.connect("x").execute("SELECT * FROM audit").fetchall()

@unused.get("/left-over")
def left_over():
    return sqlite3.connect("x").execute("SELECT * FROM audit").fetchall()

app.include_router(people.get_auth_router(backend), prefix="/auth")
app.include_router(people.get_register_router(A, B), prefix="/auth")
app.include_router(used)
"#;
    let mut found = reach(&[("main.py", main)]);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let expected =
        [("GET /audit", Reach::Role), ("POST /auth/login", Reach::Anyone), ("POST /auth/register", Reach::Anyone)];
    assert_eq!(found, pairs(&expected));
    let app = observe(&[("main.py", main)]);
    assert!(entry(&app, "POST /auth/login").purposes.contains(&Purpose::Login));
}

/// A project of Django's whose addresses lie two files deep.
fn django(views: &str) -> Vec<(&'static str, String)> {
    let files = [
        ("site/__init__.py", ""),
        ("desk/__init__.py", ""),
        ("site/settings/base.py", "MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']\n"),
        ("site/settings/development.py", "from .base import *\nCORS_ALLOW_ALL_ORIGINS = True\n"),
        ("site/settings/production.py", "from .base import *\n"),
        ("site/urls.py", "from django.urls import include, path\nurlpatterns = [path('api/', include('site.v1'))]\n"),
        ("site/v1.py", "from django.urls import include, path\nurlpatterns = [path('v1/', include('desk.urls'))]\n"),
        (
            "desk/urls.py",
            "from django.urls import path\nfrom . import views\nurlpatterns = [path('a/', views.a), path('b/', views.B.as_view())]\n",
        ),
        (
            "desk/models.py",
            "from django.contrib.auth.models import AbstractUser\nclass Person(AbstractUser):\n    pass\n",
        ),
    ];
    let mut files: Vec<(&str, String)> = files.iter().map(|&(path, text)| (path, text.to_owned())).collect();
    files.push(("desk/views.py", views.to_owned()));
    files
}

#[test]
fn secrets_of_django_and_checks_of_serializers() {
    let views = r#"from django.conf import settings
from django.contrib.auth import authenticate
from django.http import JsonResponse
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken
from .models import Person

def a(request):
    wanted = getattr(settings, "HOOK_TOKEN", "")
    if not wanted or request.headers.get("X-Hook") != wanted:
        return JsonResponse({}, status=403)
    Person.objects.create(username="x")
    return JsonResponse({"people": [p.get_full_name() for p in Person.objects.all()]})

class Entrance(serializers.Serializer):
    username = serializers.CharField()
    password = serializers.CharField()

    def validate(self, attrs):
        person = authenticate(username=attrs["username"], password=attrs["password"])
        if not person:
            raise serializers.ValidationError("no")
        attrs["person"] = person
        return attrs

class B(APIView):
    permission_classes = [AllowAny]

    def post(self, request):
        entrance = Entrance(data=request.data)
        entrance.is_valid(raise_exception=True)
        return Response({"token": str(RefreshToken.for_user(entrance.validated_data["person"]))})
"#;
    let files = django(views);
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let app = observe(&files);
    let hook = entry(&app, "/api/v1/a");
    assert_eq!(hook.reach(), Reach::Machine, "{:?}", hook.guards);
    let login = entry(&app, "POST /api/v1/b");
    assert!(login.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword), "{:?}", login.effects);
    assert!(!app.flows.iter().any(|flow| flow.source == Source::Credential && flow.sink == Sink::Response));
    assert!(!app.cors.iter().any(|policy| policy.origins == AllowedOrigins::Any), "only at a desk");
}
