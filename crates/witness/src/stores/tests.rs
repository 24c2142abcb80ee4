use plimsoll_model::app::{Exposure, StoreKind};
use plimsoll_source::SourceTree;

/// Store by store: its name and fields.
fn stores(files: &[(&str, &str)]) -> Vec<String> {
    let app = crate::observe(&SourceTree::from_texts(files.iter().copied()));
    app.stores
        .iter()
        .map(|store| {
            let fields: Vec<&str> = store.fields.iter().map(|field| field.name.as_str()).collect();
            format!("{}: {}", store.name, fields.join(" "))
        })
        .collect()
}

#[test]
fn schemas_of_orms() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "schema.prisma",
            "model User {\n  id Int @id\n  email String @unique\n  pass String @map(\"password_hash\")\n  posts Post[]\n  @@map(\"users\")\n}\nmodel Post {\n  id Int\n  title String\n}\n",
            &["users: id email password_hash", "Post: id title"],
        ),
        (
            "schema.ts",
            "import { pgTable, text } from 'drizzle-orm/pg-core';\nexport const staff = pgTable('staff', { fullName: text('full_name').notNull(), iban: text(), kind: text('kind', { enum: ['passport'] }) });",
            &["staff: full_name iban kind kind = passport"],
        ),
        (
            "model.js",
            "const mongoose = require('mongoose');\nconst s = new mongoose.Schema({ email: String, home: { street: String }, kids: [{ name: String }], role: { type: String } });\nmodule.exports = mongoose.model('Customer', s);",
            &["Customer: email home.street kids.name role"],
        ),
        (
            "model.js",
            "const { DataTypes } = require('sequelize');\nsequelize.define('Employee', { wage: DataTypes.FLOAT, bank: { type: DataTypes.STRING, field: 'bank_account' } }, { tableName: 'employees' });\ni18n.init({ lng: 'en' }, {});",
            &["employees: wage bank_account"],
        ),
        (
            "user.ts",
            "import { Entity, Column } from 'typeorm';\n@Entity('users') export class User { @Column() email: string; @Column() phone: string; static x = 1; }\nclass Dto { name: string }",
            &["users: email phone"],
        ),
        (
            "models.py",
            "from app import db\nclass Client(db.Model):\n    __tablename__ = 'client'\n    id = db.Column(db.Integer)\n    email = db.Column(db.String(9))\n    jobs = db.relationship('Job')\nclass Form(Base):\n    title = StringField()\n",
            &["client: id email"],
        ),
        (
            "models.py",
            "from sqlmodel import SQLModel, Field\nclass Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    phone: str\nclass HeroIn(SQLModel):\n    phone: str\n",
            &["Hero: id phone"],
        ),
        (
            "clinic/models.py",
            "from django.db import models\nfrom django.contrib.auth.models import AbstractUser\nclass Base(models.Model):\n    notes = models.TextField()\n    class Meta:\n        abstract = True\nclass Visit(Base):\n    patient = models.ForeignKey('Patient', on_delete=models.CASCADE)\nclass User(AbstractUser):\n    role = models.CharField(max_length=9)\n",
            &[
                "clinic_visit: notes patient",
                "clinic_user: username first_name last_name email password last_login role",
            ],
        ),
        (
            "app/Models/Guest.php",
            "<?php\nclass Guest extends Model { protected $table = 'guests'; protected $fillable = ['name', 'phone']; }",
            &["guests: name phone"],
        ),
        (
            "database/migrations/1_a.php",
            "<?php return new class extends Migration { public function up(): void { Schema::create('clients', function (Blueprint $table) { $table->id(); $table->string('email')->unique(); $table->string('fax'); $table->timestamps(); }); Schema::table('clients', function (Blueprint $table) { $table->dropColumn('fax'); $table->string('iban')->nullable(); }); } public function down(): void { Schema::dropIfExists('clients'); } };",
            &["clients: email iban"],
        ),
        (
            "db.js",
            "const db = require('better-sqlite3')('x.db');\ndb.exec(`CREATE TABLE users (id INTEGER, email TEXT, kind TEXT CHECK (kind IN ('a', 'b')))`);\ndb.exec('ALTER TABLE users ADD COLUMN phone TEXT');",
            &["users: id email kind kind = a kind = b phone"],
        ),
        (
            "types.ts",
            "export type Database = {\n  public: {\n    Tables: {\n      leads: {\n        Row: {\n          email: string\n          phone: string | null\n        }\n        Insert: {\n          email: string\n        }\n      }\n    }\n  }\n}\n",
            &["leads: email phone"],
        ),
        (
            "fire.ts",
            "import { doc, setDoc, addDoc, collection } from 'firebase/firestore';\ninterface User {\n  uid: string;\n  email: string;\n  password?: string;\n}\nexport async function add(user: Omit<User, 'uid'>) {\n  const ref = doc(db, 'users', id);\n  const copy = { ...user, shift: 'x' };\n  delete copy.password;\n  await setDoc(ref, copy);\n  await addDoc(collection(db, 'visits'), { date: 1 });\n}",
            &["users: shift email", "visits: date"],
        ),
        (
            "supa.ts",
            "await supabase.from('orders').insert([{ total: 1, customer_name: n }]);\nawait supabase.storage.from('scans').upload(p, f);\nArray.from('abc').update;",
            &["orders: total customer_name", "scans: "],
        ),
        (
            "server/data.js",
            "const users = [];\nfunction f(b) { users.push({ email: b.email, password: b.p }); }",
            &["users: email password"],
        ),
        (
            "data.json",
            "{\"payroll\": [{\"name\": \"x\", \"salary\": 1}], \"n\": [1, 2]}",
            &["data.json#payroll: name salary"],
        ),
        ("people.csv", "Name;E-Mail;Phone\nx;y;z\n", &["people.csv: Name E-Mail Phone"]),
    ];
    let mut wrong = Vec::new();
    for (path, text, expected) in cases {
        let found = stores(&[(path, text)]);
        if found != *expected {
            wrong.push(format!("{path}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_descriptions_of_one_table_are_one_store() {
    let found = stores(&[
        ("db.sql", "CREATE TABLE job_documents (id int, file_name text);"),
        (
            "models.py",
            "class JobDocument(db.Model):\n    file_name = db.Column(db.String)\n    title = db.Column(db.String)\n",
        ),
    ]);
    assert_eq!(found, ["job_documents: id file_name title"]);
}

#[test]
fn accounts_of_the_platform_are_not_the_own_users() {
    let found = stores(&[
        ("a.ts", "await supabase.auth.signInWithPassword({ email, password });"),
        ("b.ts", "await supabase.from('users').insert({ phone });"),
    ]);
    assert_eq!(found, ["auth.users: email password", "users: phone"]);
}

#[test]
fn a_database_written_as_one_literal() {
    let found = stores(&[(
        "server/seed.js",
        "module.exports = () => ({\n\
           customers: [{ id: 1, name: 'Ann', phone: '1' }, { id: 2, name: 'Bo', birthday: '2' }],\n\
           invoices: [{ id: 1, total: 5, paid: true }],\n\
           photos: [],\n\
           links: [{ title: 'a', href: 'b', icon: 'c' }],\n\
         });\n\
         const menu = { left: [{ label: 'a', to: 'b', icon: 'c' }], right: [] };\n\
         const one = { id: 7, lines: [{ id: 1, text: 'a', sum: 2 }], notes: [] };\n",
    )]);
    assert_eq!(found, ["customers: id name phone birthday", "invoices: id total paid"]);
}

#[test]
fn records_in_browser_code_are_shipped() {
    let app = crate::observe(&SourceTree::from_texts([
        ("package.json", "{\"devDependencies\": {\"vite\": \"8\"}}"),
        ("src/data/team.json", "[{\"name\": \"x\", \"password\": \"y\"}]"),
        ("scripts/seed.json", "[{\"name\": \"x\", \"password\": \"y\"}]"),
    ]));
    let found: Vec<(&str, StoreKind, Exposure)> =
        app.stores.iter().map(|store| (store.name.as_str(), store.kind, store.exposure)).collect();
    assert_eq!(
        found,
        [
            ("scripts/seed.json", StoreKind::File, Exposure::ServerOnly),
            ("src/data/team.json", StoreKind::File, Exposure::Shipped)
        ]
    );
}

#[test]
fn forms() {
    let app = crate::observe(&SourceTree::from_texts([
        ("a.html", "<form><input name='email'><input type=hidden name=csrf><textarea id=\"msg\"></textarea></form>"),
        ("b.tsx", "export const F = () => <form><input name=\"iban\" /><Input {...register('phone')} /></form>;"),
        ("c.ts", "export async function act(formData) { formData.get('dob'); map.get('x'); }"),
        ("d.py", "class LoginForm(FlaskForm):\n    password = PasswordField()\n    go = SubmitField()\n"),
    ]));
    let found: Vec<String> = app
        .forms
        .iter()
        .map(|form| form.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["iban phone", "dob", "password", "email msg"]);
}
