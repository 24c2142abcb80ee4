//! Ways of the Python stacks to tie code to requests and to keep records: class views, sockets, documents, sheets.

use plimsoll_model::app::{EffectKind, EntryKind, GuardKind, Reach, Sink, Source};

use super::{entry, has_setting, observe};
use crate::{pairs, reach};

/// The same entry points, in whatever order.
fn same(files: &[(&str, &str)], expected: &[(&str, Reach)]) {
    let sorted = |mut list: Vec<(String, Reach)>| {
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    };
    assert_eq!(sorted(reach(files)), sorted(pairs(expected)));
}

#[test]
fn resources_of_flask() {
    let files = &[
        (
            "app/__init__.py",
            r#"from flask import Flask, Blueprint
from flask.views import MethodView
from flask_login import login_required
from flask_restful import Api, Resource
from flask_restx import Api as Docs, Namespace, Resource as Documented, fields
from flask_jwt_extended import jwt_required
from .models import db, Ticket, Staff

app = Flask(__name__)
bp = Blueprint("v1", __name__)
api = Api(bp, prefix="/rest")
docs = Docs(app)
ns = Namespace("staff")
shown = ns.model("Staff", {"name": fields.String})


class Tickets(Resource):
    method_decorators = [jwt_required()]

    def get(self):
        return [t.title for t in Ticket.query.all()]


class OneTicket(Resource):
    @jwt_required()
    def get(self, ticket_id):
        return Ticket.query.get_or_404(ticket_id).title

    def delete(self, ticket_id):
        db.session.delete(Ticket.query.get_or_404(ticket_id))
        db.session.commit()
        return {}


@ns.route("/<int:staff_id>")
class OneStaff(Documented):
    @ns.marshal_with(shown)
    @jwt_required()
    def put(self, staff_id):
        person = Staff.query.get_or_404(staff_id)
        person.name = ns.payload["name"]
        db.session.commit()
        return person


class Reports(MethodView):
    def get(self):
        return {"staff": [s.name for s in Staff.query.all()]}


def hello():
    return {"tickets": [t.title for t in Ticket.query.all()]}


api.add_resource(Tickets, "/tickets")
api.add_resource(OneTicket, "/tickets/<int:ticket_id>")
docs.add_namespace(ns)
app.register_blueprint(bp, url_prefix="/v1")
app.add_url_rule("/reports", view_func=login_required(Reports.as_view("reports")))
app.add_url_rule("/hello", "hello", hello)
"#,
        ),
        (
            "app/models.py",
            r#"from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()

class Ticket(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String)

class Staff(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String)
    password_hash = db.Column(db.String)
"#,
        ),
    ];
    let expected = [
        ("GET /hello", Reach::Anyone),
        ("GET /v1/rest/tickets", Reach::SignedIn),
        ("GET /v1/rest/tickets/:ticket_id", Reach::SignedIn),
        ("DELETE /v1/rest/tickets/:ticket_id", Reach::Anyone),
        ("PUT /staff/:staff_id", Reach::SignedIn),
        ("GET /reports", Reach::SignedIn),
    ];
    same(files, &expected);
    let app = observe(files);
    let put = entry(&app, "PUT /staff/:staff_id");
    assert!(put.effects.iter().any(|effect| effect.kind == EffectKind::Update && effect.target == "Staff"));
    assert!(put.effects.iter().filter(|effect| effect.kind == EffectKind::Update).all(|effect| effect.picked_by_input));
    assert!(!app.flows.iter().any(|flow| flow.source == Source::Credential), "only declared fields are sent");
}

#[test]
fn sockets_of_python() {
    let files = &[(
        "app.py",
        r#"from flask import Flask, session
from flask_socketio import SocketIO, emit
from flask_login import current_user
import sqlite3

app = Flask(__name__)
socketio = SocketIO(app)

@socketio.on("history")
def history(data):
    rows = sqlite3.connect("x.db").execute("SELECT * FROM messages").fetchall()
    emit("history", rows, broadcast=True)

@socketio.on("own")
def own(data):
    if not current_user.is_authenticated:
        return
    rows = sqlite3.connect("x.db").execute("SELECT * FROM messages WHERE user_id = ?", (current_user.id,)).fetchall()
    emit("own", rows)
"#,
    )];
    let expected = [("/socket.io (history)", Reach::Anyone), ("/socket.io (own)", Reach::SignedIn)];
    same(files, &expected);
    let app = observe(files);
    let history = entry(&app, "/socket.io (history)");
    assert_eq!(history.kind, EntryKind::Socket);
    assert!(history.effects.iter().any(|effect| effect.kind == EffectKind::Broadcast));

    let guarded = &[(
        "app.py",
        r#"import socketio
import jwt
from motor.motor_asyncio import AsyncIOMotorClient
sio = socketio.AsyncServer()
db = AsyncIOMotorClient("mongodb://localhost")["chat"]

@sio.event
async def connect(sid, environ, auth):
    try:
        user = jwt.decode(auth["token"], "not-a-real-key", algorithms=["HS256"])
    except Exception:
        return False
    await sio.save_session(sid, {"user": user})

@sio.on("post")
async def post(sid, data):
    await db.messages.insert_one({"text": data["text"]})
"#,
    )];
    same(guarded, &[("/socket.io (post)", Reach::SignedIn)]);
}

#[test]
fn documents_of_python() {
    let app = observe(&[(
        "server.py",
        r#"import os
from fastapi import FastAPI, APIRouter, Depends, Header, HTTPException
from motor.motor_asyncio import AsyncIOMotorClient
import jwt

client = AsyncIOMotorClient(os.environ["MONGO_URL"])
db = client[os.environ["DB_NAME"]]
api = APIRouter(prefix="/api")
app = FastAPI()

async def who(authorization: str = Header(None)):
    try:
        data = jwt.decode(authorization, os.environ["KEY"], algorithms=["HS256"])
    except Exception:
        raise HTTPException(401)
    return await db.users.find_one({"id": data["sub"]})

@api.get("/members")
async def members():
    return await db.members.find({}, {"_id": 0}).to_list(1000)

@api.put("/members/{member_id}")
async def change(member_id: str, body: dict, user=Depends(who)):
    await db.members.update_one({"id": member_id}, {"$set": body})
    return {}

@api.get("/bookings")
async def bookings(user=Depends(who)):
    return await db.bookings.find({"user_id": user["id"]}).to_list(100)

@api.delete("/bookings/{booking_id}")
async def cancel(booking_id: str, user=Depends(who)):
    await db["bookings"].delete_one({"id": booking_id})
    return {}

@api.post("/search")
async def search(body: dict, user=Depends(who)):
    return await db.bookings.find(body).to_list(100)

app.include_router(api)
"#,
    )]);
    let does = |label: &str, kind: EffectKind, target: &str| {
        entry(&app, label).effects.iter().any(|effect| effect.kind == kind && effect.target == target)
    };
    assert!(does("GET /api/members", EffectKind::Read, "members"));
    assert!(does("PUT /api/members/:member_id", EffectKind::Update, "members"));
    assert!(does("DELETE /api/bookings/:booking_id", EffectKind::Delete, "bookings"));
    assert_eq!(entry(&app, "GET /api/members").reach(), Reach::Anyone);
    assert_eq!(entry(&app, "PUT /api/members/:member_id").reach(), Reach::SignedIn);
    assert!(entry(&app, "GET /api/bookings").effects.iter().any(|effect| effect.limited_to_caller));
    let change = entry(&app, "PUT /api/members/:member_id");
    assert!(change.effects.iter().any(|effect| effect.writes_whole_input && effect.picked_by_input));
    assert!(app.flows.iter().any(|flow| flow.sink == Sink::NoSql));
}

#[test]
fn sheets_behind_a_cache() {
    let app = observe(&[(
        "app.py",
        r#"import streamlit as st
import gspread

@st.cache_data(ttl=60)
def leads():
    book = gspread.service_account().open("CRM")
    return book.worksheet("Leads").get_all_records()

st.dataframe(leads())
"#,
    )]);
    let page = entry(&app, "GET/POST /");
    assert!(page.effects.iter().any(|effect| effect.kind == EffectKind::Read && effect.target == "Leads"));
    assert_eq!(page.reach(), Reach::Anyone);
}

#[test]
fn rights_by_name() {
    let files = &[
        (
            "app.py",
            r#"from functools import wraps
from flask import Flask, request, abort, redirect
from flask_login import login_required, current_user
from models import db, Bill

app = Flask(__name__)

def permission_required(module, action="view"):
    def decorator(f):
        @wraps(f)
        def wrapper(*args, **kwargs):
            if getattr(current_user, "role", "") == "admin":
                return f(*args, **kwargs)
            name = f"can_{action}_{module}"
            if not getattr(current_user, name, False):
                return redirect("/")
            return f(*args, **kwargs)
        return wrapper
    return decorator

@app.route("/bills/<int:bill_id>/delete", methods=["POST"])
@login_required
@permission_required("bills", action="delete")
def delete_bill(bill_id):
    db.session.delete(Bill.query.get_or_404(bill_id))
    db.session.commit()
    return "ok"

@app.route("/bills/<int:bill_id>", methods=["POST"])
@login_required
def change_bill(bill_id):
    bill = Bill.query.get_or_404(bill_id)
    if not current_user.can_edit(bill):
        abort(403)
    bill.note = request.form["note"]
    db.session.commit()
    return "ok"
"#,
        ),
        (
            "models.py",
            r#"from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
class Bill(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    note = db.Column(db.String)
"#,
        ),
    ];
    let app = observe(files);
    let delete = entry(&app, "POST /bills/:bill_id/delete");
    assert!(delete.effects.iter().all(|effect| delete.holding_at(effect, GuardKind::Role)), "{:?}", delete.guards);
    let change = entry(&app, "POST /bills/:bill_id");
    let update = change.effects.iter().find(|effect| effect.kind == EffectKind::Update);
    assert!(update.is_some_and(|update| change.holding_at(update, GuardKind::Ownership)), "{:?}", change.guards);
}

#[test]
fn pages_that_are_returned() {
    let app = observe(&[(
        "app.py",
        r#"from flask import Flask, request
import json
app = Flask(__name__)

@app.route("/hello")
def hello():
    return f"<h1>Hello {request.args['name']}</h1>"

@app.route("/sorted")
def ordered():
    column = request.args.get("sort", "id")
    if column not in ("id", "name"):
        column = "id"
    return db.execute(f"SELECT * FROM members ORDER BY {column}").fetchall()

@app.route("/plain")
def plain():
    return f"Hello {request.args['name']}", 200
"#,
    )]);
    let to = |sink: Sink| app.flows.iter().filter(|flow| flow.sink == sink && flow.source == Source::Request).count();
    assert_eq!(to(Sink::Html), 1);
    assert_eq!(to(Sink::Sql), 0, "only listed columns get there");
}

#[test]
fn settings_that_have_defaults() {
    let app = observe(&[
        ("shop/__init__.py", ""),
        ("shop/routers/__init__.py", "from shop.routers import orders, ping\n"),
        (
            "shop/config.py",
            r#"from pydantic import Field
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    prefix: str = Field(default="/api", description="before every path")
    maintenance_key: str = "not-a-real-key"

settings = Settings()
"#,
        ),
        (
            "shop/routers/orders.py",
            r#"from fastapi import APIRouter, Header, HTTPException
import sqlite3
from shop.config import settings
router = APIRouter(prefix="/orders")

@router.post("/clean")
def clean(x_key: str = Header(...)):
    if x_key != settings.maintenance_key:
        raise HTTPException(403)
    sqlite3.connect("x.db").execute("DELETE FROM orders")
    return {}
"#,
        ),
        (
            "shop/routers/left_out.py",
            r#"from fastapi import APIRouter
import sqlite3
router = APIRouter(prefix="/old")

@router.get("/orders")
def orders():
    return sqlite3.connect("x.db").execute("SELECT * FROM orders").fetchall()
"#,
        ),
        ("shop/routers/ping.py", "from fastapi import APIRouter\nrouter = APIRouter()\n"),
        (
            "shop/main.py",
            r#"from fastapi import FastAPI
from shop.config import settings
from shop.routers import orders, ping

def create_app():
    app = FastAPI()
    app.include_router(orders.router, prefix=settings.prefix)
    app.include_router(ping.router, prefix=settings.prefix)
    return app

app = create_app()
"#,
        ),
    ]);
    let labels: Vec<String> = app.entry_points.iter().map(|entry| entry.label()).collect();
    assert_eq!(labels, ["POST /api/orders/clean"], "what no app takes in is no entry point");
    let clean = entry(&app, "POST /api/orders/clean");
    assert!(clean.guards.iter().any(|guard| guard.kind == GuardKind::Signature), "{:?}", clean.guards);
}

#[test]
fn pages_of_an_administration_that_asks_nobody() {
    let files = &[(
        "app.py",
        r#"from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_login import current_user

app = Flask(__name__)
db = SQLAlchemy(app)

class Invoice(db.Model):
    id = db.Column(db.Integer, primary_key=True)

class Payment(db.Model):
    id = db.Column(db.Integer, primary_key=True)

class Locked(ModelView):
    def is_accessible(self):
        return current_user.is_authenticated and current_user.role == "admin"

admin = Admin(app)
admin.add_view(ModelView(Invoice, db.session))
admin.add_view(Locked(Payment, db.session))
"#,
    )];
    let expected = [("GET/POST /admin/invoice", Reach::Anyone), ("GET/POST /admin/payment", Reach::Role)];
    same(files, &expected);
}

#[test]
fn codes_that_can_be_computed() {
    let found = |text: &str| {
        let app = observe(&[("app.py", text)]);
        app.crypto.iter().any(|used| used.kind == plimsoll_model::app::CryptoUseKind::GuessableToken)
    };
    let guessable = [
        "import random\ndef forgot_password():\n    code = random.randint(100000, 999999)\n    return code\n",
        "from random import choices\ndef send():\n    otp = ''.join(choices('0123456789', k=6))\n    return otp\n",
        "import random\ndef make_code():\n    return str(random.randint(1000, 9999))\n\ndef send():\n    otp = make_code()\n",
        "import hashlib, time\ndef reset(user):\n    token = hashlib.md5(f'{user}{time.time()}'.encode()).hexdigest()\n",
    ];
    for text in guessable {
        assert!(found(text), "{text}");
    }
    let fine = [
        "import secrets\ndef forgot_password():\n    code = secrets.randbelow(900000)\n    return code\n",
        "import random\ndef color():\n    code = random.randint(0, 255)\n    return code\n",
        "import hashlib, time, secrets\ndef reset():\n    token = hashlib.sha256(f'{secrets.token_hex()}{time.time()}'.encode()).hexdigest()\n",
    ];
    for text in fine {
        assert!(!found(text), "{text}");
    }
}

#[test]
fn uploads_into_a_folder_that_is_served() {
    let app = |check: &str, folder: &str| {
        let text = format!(
            r#"import os, uuid
from fastapi import FastAPI, UploadFile, HTTPException
from fastapi.staticfiles import StaticFiles
app = FastAPI()
app.mount("/files", StaticFiles(directory="uploads"))

@app.post("/picture")
async def picture(file: UploadFile):
    {check}
    name = uuid.uuid4().hex + os.path.splitext(file.filename)[1]
    with open(os.path.join("{folder}", name), "wb") as out:
        out.write(await file.read())
    return {{}}
"#
        );
        has_setting(&observe(&[("app.py", text.as_str())]), "upload-served-inline")
    };
    let said = "if not file.content_type.startswith(\"image/\"):\n        raise HTTPException(400)";
    let looked = "if os.path.splitext(file.filename)[1] not in (\".png\", \".jpg\"):\n        raise HTTPException(400)";
    assert!(app("pass", "uploads"));
    assert!(app(said, "uploads"), "the type is what the sender says");
    assert!(!app(looked, "uploads"));
    assert!(!app("pass", "private"));
}

#[test]
fn other_frameworks_are_named() {
    let app = observe(&[("app.py", "from nicegui import ui\nui.label('x')\n")]);
    assert!(app.not_checked.iter().any(|gap| gap.what.contains("NiceGUI")));
}

#[test]
fn addresses_whose_host_was_looked_at() {
    let redirects = |check: &str| {
        let text = format!(
            r#"from flask import Flask, request, redirect, url_for
from werkzeug.urls import url_parse
app = Flask(__name__)

@app.route("/in", methods=["POST"])
def enter():
    target = request.args.get("next")
    {check}
    return redirect(target)
"#
        );
        observe(&[("app.py", text.as_str())]).flows.iter().any(|flow| flow.sink == Sink::Redirect)
    };
    let looked = "if not target or url_parse(target).netloc != \"\":\n        target = url_for(\"home\")";
    assert!(!redirects(looked));
    assert!(redirects("if not target:\n        target = url_for(\"home\")"));
}

#[test]
fn permissions_of_each_action_of_a_view_set() {
    let files = [
        ("proj/__init__.py", ""),
        ("stock/__init__.py", ""),
        (
            "proj/settings.py",
            "MIDDLEWARE = []\nREST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticatedOrReadOnly']}\n",
        ),
        ("proj/urls.py", "from django.urls import path, include\nurlpatterns = [path('', include('stock.urls'))]\n"),
        (
            "stock/urls.py",
            r#"from django.urls import path, include
from rest_framework.routers import DefaultRouter
from . import views
router = DefaultRouter()
router.register(r"items", views.ItemViewSet)
router.register(r"bills", views.BillViewSet)
router.register(r"notes", views.NoteViewSet)
urlpatterns = [path("", include(router.urls))]
"#,
        ),
        (
            "stock/models.py",
            "from django.db import models\nclass Item(models.Model):\n    name = models.CharField()\nclass Bill(models.Model):\n    total = models.IntegerField()\nclass Note(models.Model):\n    text = models.TextField()\n",
        ),
        (
            "stock/views.py",
            r#"from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from .models import Item, Bill, Note

class IsBoss(BasePermission):
    def has_permission(self, request, view):
        return request.user.is_authenticated and request.user.role in ("boss", "deputy")

class ItemViewSet(viewsets.ModelViewSet):
    queryset = Item.objects.all()

    def get_permissions(self):
        if self.action in ("create", "update", "destroy", "close_item"):
            return [IsBoss()]
        return [IsAuthenticated()]

    @action(detail=True, methods=["post"])
    def close(self, request, pk=None):
        item = self.get_object()
        item.name = "closed"
        item.save()
        return Response({})

class BillViewSet(viewsets.ModelViewSet):
    queryset = Bill.objects.all()

    def get_permissions(self):
        return [IsAuthenticated()]

    @action(detail=True, methods=["post"])
    def void(self, request, pk=None):
        self.permission_classes = [IsBoss]
        self.check_permissions(request)
        bill = self.get_object()
        bill.total = 0
        bill.save()
        return Response({})

class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.all()

    def get_permissions(self):
        if self.action == "destroy":
            permission_classes = [IsBoss]
        else:
            permission_classes = [IsAuthenticated]
        return [permission() for permission in permission_classes]

    @action(detail=False, methods=["post"], url_path="clear-all", permission_classes=[IsBoss])
    def clear(self, request):
        Note.objects.all().delete()
        return Response({})
"#,
        ),
    ];
    let app = observe(&files);
    for (label, expected) in [
        ("GET /items", Reach::SignedIn),
        ("POST /items", Reach::Role),
        ("PUT /items/:id", Reach::Role),
        ("PATCH /items/:id", Reach::SignedIn),
        ("DELETE /items/:id", Reach::Role),
        ("POST /items/:id/close", Reach::SignedIn),
        ("POST /bills/:id/void", Reach::SignedIn),
        ("DELETE /notes/:id", Reach::Role),
        ("POST /notes", Reach::SignedIn),
        // The decorator's list is not looked at by `get_permissions`.
        ("POST /notes/clear-all", Reach::SignedIn),
    ] {
        assert_eq!(entry(&app, label).reach(), expected, "{label}");
    }
    for label in ["POST /items/:id/close", "POST /bills/:id/void"] {
        let failing = |guard: &plimsoll_model::app::Guard| {
            guard.kind == GuardKind::Role && matches!(guard.standing, plimsoll_model::app::GuardStanding::FailsOpen(_))
        };
        assert!(entry(&app, label).guards.iter().any(failing), "{label}");
    }
}

#[test]
fn what_serializers_make_and_take() {
    let files = [
        ("proj/__init__.py", ""),
        ("people/__init__.py", ""),
        ("proj/settings.py", "MIDDLEWARE = []\n"),
        (
            "proj/urls.py",
            "from django.urls import path\nfrom people import views\nurlpatterns = [path('join', views.join), path('me', \
             views.me), path('papers', views.papers)]\n",
        ),
        (
            "people/models.py",
            "from django.db import models\nfrom django.contrib.auth.models import AbstractUser\nclass \
             Person(AbstractUser):\n    phone = models.CharField()\n    class Meta:\n        ordering = ['phone']\nclass \
             Paper(models.Model):\n    title = models.CharField()\n    scan = \
             models.FileField(upload_to='scans/')\nclass Note(models.Model):\n    sheet = \
             models.FileField(validators=[only_pdf])\n    photo = models.ImageField()\n",
        ),
        (
            "people/views.py",
            r#"from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import RefreshToken
from .models import Person, Paper, Note

class JoinSerializer(serializers.ModelSerializer):
    password = serializers.CharField(write_only=True)
    class Meta:
        model = Person
        fields = ["email", "password"]

class PaperSerializer(serializers.ModelSerializer):
    class Meta:
        model = Paper
        fields = "__all__"

class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = "__all__"

@api_view(["POST"])
@permission_classes([AllowAny])
def join(request):
    serializer = JoinSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    person = serializer.save()
    refresh = RefreshToken.for_user(person)
    return Response({"access": str(refresh.access_token)})

@api_view(["PUT"])
@permission_classes([IsAuthenticated])
def me(request):
    serializer = JoinSerializer(request.user, data=request.data)
    serializer.is_valid(raise_exception=True)
    serializer.save()
    return Response({})

@api_view(["POST"])
@permission_classes([IsAuthenticated])
def papers(request):
    for kind in (PaperSerializer, NoteSerializer):
        pass
    paper = PaperSerializer(data=request.data)
    paper.save()
    note = NoteSerializer(data=request.data)
    note.save()
    return Response({})
"#,
        ),
    ];
    let app = observe(&files);
    let kinds = |label: &str| -> Vec<(EffectKind, String)> {
        entry(&app, label).effects.iter().map(|effect| (effect.kind, effect.target.clone())).collect()
    };
    assert!(kinds("POST /join").contains(&(EffectKind::Create, "Person".into())), "{:?}", kinds("POST /join"));
    assert!(kinds("POST /join").iter().any(|(kind, _)| *kind == EffectKind::IssueSession));
    assert!(kinds("PUT /me").contains(&(EffectKind::Update, "Person".into())), "{:?}", kinds("PUT /me"));
    assert!(entry(&app, "POST /join").inputs.contains(&"body.password".into()));
    assert!(app.flows.iter().all(|flow| flow.source != Source::Credential), "{:?}", app.flows);
    let open: Vec<_> = app.settings.iter().filter(|setting| setting.key == "upload-without-bounds").collect();
    assert_eq!(open.len(), 1, "{open:?}");
}

#[test]
fn origins_split_from_a_setting_that_has_a_default() {
    let of = |default: &str| {
        let main = format!(
            "import os\nfrom fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = \
             FastAPI()\norigins = [origin.strip() for origin in os.getenv('ORIGINS', \
             '{default}').split(',')]\napp.add_middleware(CORSMiddleware, allow_origins=origins, \
             allow_credentials=True)\n@app.get('/x')\ndef x():\n    return {{}}\n"
        );
        let app = observe(&[("main.py", main.as_str())]);
        app.cors.iter().map(|policy| policy.origins.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("*"), [plimsoll_model::app::AllowedOrigins::Reflected]);
    assert_ne!(of("https://shop.example"), [plimsoll_model::app::AllowedOrigins::Reflected]);
}
