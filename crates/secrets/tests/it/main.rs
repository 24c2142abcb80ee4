//! What is a secret and what is not, in the shapes that real apps have. All values are made up or put together here.

mod committed;
mod hostile;
mod support;

use plimsoll_model::app::{SecretKind, SecretTier};
use support::{key, look, look_all, real};

/// `{}` is replaced by random text of the given length.
#[test]
fn keys_by_shape() {
    #[rustfmt::skip]
    let table: &[(&str, usize, &str, &str)] = &[
        ("server.js", 24, "stripe('sk_live_{}')", "Stripe secret key"),
        ("server.js", 24, "const k = \"sk_test_{}\"", "Stripe test key"),
        ("server.js", 24, "x('rk_live_{}')", "Stripe restricted key"),
        ("server.js", 32, "hook('whsec_{}')", "webhook signing secret"),
        ("a.py", 36, "t = 'ghp_{}'", "GitHub token"),
        ("a.py", 48, "c = OpenAI(api_key='sk-proj-{}')", "OpenAI API key"),
        ("a.py", 95, "c = Anthropic(api_key='sk-ant-api03-{}')", "Anthropic API key"),
        ("a.py", 35, "url = 'https://generativelanguage.googleapis.com/v1?key=AIza{}'", "Google Gemini API key"),
        ("a.js", 40, "new Resend('re_AbCdEf12_{}'.slice(0))", ""),
        ("a.js", 24, "new Resend('re_AbCdEf12_{}')", "Resend API key"),
        ("a.go", 40, "k := \"xoxb-{}\"", "Slack token"),
        ("a.js", 36, "npm_{}", "npm token"),
        ("a.py", 34, "HF = 'hf_{}'", "Hugging Face token"),
        ("a.py", 52, "Groq(api_key='gsk_{}')", "Groq API key"),
        ("a.js", 40, "createClient(url, 'sb_secret_{}')", "Supabase secret key"),
        ("a.php", 30, "$k = 'FLWSECK-{}-X';", "Flutterwave secret key"),
        ("a.js", 28, "secret: 'GOCSPX-{}'", "Google OAuth client secret"),
    ];
    for (path, len, text, what) in table {
        let text = text.replace("{}", &key(*len));
        let facts = look(path, &text);
        let found: Vec<&str> = real(&facts).iter().map(|seen| seen.what.as_str()).collect();
        if what.is_empty() {
            assert!(found.is_empty(), "{path}: {text}: {found:?}");
        } else {
            assert_eq!(found, [*what], "{path}: {text}");
            assert!(real(&facts)[0].certain, "{text}");
        }
    }
}

#[test]
fn claims_of_a_token_decide() {
    let token = |claims: &str| {
        format!("{}.{}.{}", support::base64(b"{\"alg\":\"HS256\"}"), support::base64(claims.as_bytes()), key(43))
    };
    let tier = |claims: &str| {
        let facts = look("src/client.ts", &format!("const KEY = '{}'", token(claims)));
        facts.secrets.first().map(|seen| (seen.tier, seen.what.clone()))
    };
    assert_eq!(
        tier("{\"iss\":\"supabase\",\"ref\":\"abcd\",\"role\":\"service_role\"}"),
        Some((SecretTier::Secret, "Supabase service-role key".into()))
    );
    assert_eq!(
        tier("{\"iss\":\"supabase\",\"ref\":\"abcd\",\"role\":\"anon\"}"),
        Some((SecretTier::PublicByDesign, "Supabase anon key".into()))
    );
    assert_eq!(
        tier("{\"iss\":\"supabase-demo\",\"role\":\"service_role\"}").map(|(tier, _)| tier),
        Some(SecretTier::Placeholder)
    );
    assert_eq!(tier("{\"sub\":\"1234567890\",\"name\":\"x\"}").map(|(tier, _)| tier), Some(SecretTier::Placeholder));
}

#[test]
fn public_by_design() {
    let google = format!("AIza{}", key(35));
    let cases = [
        ("src/firebase.ts", format!("const c = {{\n apiKey: '{google}',\n authDomain: 'x.firebaseapp.com',\n}}")),
        ("src/map.tsx", format!("<Map src=\"https://maps.googleapis.com/maps/api/js?key={google}\" />")),
        ("src/pay.ts", format!("loadStripe('pk_live_{}')", key(24))),
        ("src/pay.ts", format!("new Razorpay({{ key: 'rzp_live_{}' }})", key(14))),
        ("src/db.ts", format!("createClient(url, 'sb_publishable_{}')", key(30))),
    ];
    for (path, text) in cases {
        let facts = look(path, &text);
        assert!(real(&facts).is_empty(), "{text}: {:?}", facts.secrets);
        assert!(facts.secrets.iter().any(|seen| seen.tier == SecretTier::PublicByDesign), "{text}");
    }
}

/// Values that sign, with and without a setting in front.
#[test]
fn keys_that_sign() {
    let mut wrong = Vec::new();
    #[rustfmt::skip]
    let table: &[(&str, &str, Option<&str>)] = &[
        ("server.js", "const JWT_SECRET = process.env.JWT_SECRET || 'changeme';", Some("JWT_SECRET")),
        ("server.ts", "const secret = process.env.SESSION_SECRET ?? \"dev-secret\"", Some("SESSION_SECRET")),
        ("server.ts", "const JWT_SECRET =\n  process.env.JWT_SECRET ||\n  'plain words here';", Some("JWT_SECRET")),
        ("server.js", "app.use(session({ secret: 'keyboard cat'.trim(), resave: false }))", None),
        ("server.js", "app.use(session({\n  secret: 'keyboard-cat-9',\n  resave: false }))", None),
        ("server.js", "const t = jwt.sign({ id: user.id }, 'topsecret', { expiresIn: '1d' })", None),
        ("server.js", "jwt.verify(token, process.env.JWT_SECRET || 'topsecret')", Some("JWT_SECRET")),
        ("app.py", "app.secret_key = 'dev'", None),
        ("app.py", "app.config['SECRET_KEY'] = 'dev'", None),
        ("app.py", "SECRET_KEY = os.environ.get('SECRET_KEY', 'not-so-secret')", Some("SECRET_KEY")),
        ("app.py", "SECRET_KEY = os.getenv(\n    \"SECRET_KEY\",\n    \"not-so-secret\",\n)", Some("SECRET_KEY")),
        ("app.py", "SECRET_KEY = os.environ.get('SECRET_KEY') or 'hard-to-guess'", Some("SECRET_KEY")),
        ("security.py", "SECRET_KEY = os.getenv(\"SECRET_KEY\", \"CHANGE_ME_TO_SOMETHING\")", Some("SECRET_KEY")),
        ("settings.py", "SECRET_KEY = config('SECRET_KEY', default='django-insecure-abc')", Some("SECRET_KEY")),
        ("main.py", "class Keys:\n    secret_key: str = \"q8w7e6r5t4\"\n    jwt_secret: str = \"abcabc-1\"", None),
        ("config.py", "class Settings(BaseSettings):\n    secret_key: str = \"change-this-secret-key\"\n", Some("SECRET_KEY")),
        ("config.py", "class AppSettings(BaseSettings):\n    name: str = \"x\"\n    auth_secret_key: str = Field(\n        default=\"words-of-our-own\",\n    )", Some("AUTH_SECRET_KEY")),
        ("main.go", "var jwtKey = []byte(\"my_very_own\")", None),
        ("main.go", "jwtSecret := []byte(\"some-words\")", None),
        ("Token.php", "private const JWT_SECRET = 'abc123';", None),
        ("config.php", "'key' => env('APP_KEY', 'base64:c29tZXRoaW5n'),", Some("APP_KEY")),
        ("config.rb", "secret = ENV.fetch('SECRET_KEY_BASE', 'abcdef-not-random')", Some("SECRET_KEY_BASE")),
        ("auth.ts", "const SECRET = new TextEncoder().encode(process.env.JWT_SECRET || 'abc-def')", Some("JWT_SECRET")),
        ("auth.ts", "const key = createHmac('sha256', 'abc-def-ghi')", None),
        ("auth.ts", "secretOrKey: configService.get<string>('JWT_SECRET') || 'words-again',", Some("JWT_SECRET")),
        ("auth.mjs", "import jwt from 'jsonwebtoken'\nconst SECRET = bad ? 'secret' : load()", None),
        ("docker-compose.yml", "environment:\n  JWT_SECRET: ${JWT_SECRET:-words-again}", Some("JWT_SECRET")),
        ("application.properties", "jwt.secret=${JWT_SECRET:words-again}", Some("JWT_SECRET")),
        (".env", "JWT_SECRET=abc", None),
        ("crypt.js", "const ENCRYPTION_KEY = 'abcdefghijklmnop'", None),
        ("utils.js", "CryptoJS.AES.encrypt(text, 'our words').toString()", None),
    ];
    for (path, text, fallback) in table {
        let facts = look(path, text);
        let found = real(&facts);
        let good = |seen: &&plimsoll_model::app::SecretSeen| {
            seen.kind == SecretKind::SigningKey && seen.fallback_for.as_deref() == *fallback
        };
        if found.is_empty() || !found.iter().all(good) {
            wrong.push(format!("{path}: {text}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Passwords in code, settings, seeds.
#[test]
fn passwords() {
    let mut wrong = Vec::new();
    use SecretKind::{ConnectionString, DefaultAccount, Password};
    #[rustfmt::skip]
    let table: &[(&str, &str, SecretKind)] = &[
        ("routes.js", "if (password === 'letmein') next()", DefaultAccount),
        ("routes.js", "if (req.body.password !== \"admin123\") return", DefaultAccount),
        ("login.php", "if ($_POST['password'] == 'geheim1') {", DefaultAccount),
        ("Auth.java", "if (password.equals(\"Sommer24\")) {", DefaultAccount),
        ("server.js", "const VALID_USERS = [\n  { username: 'ann', password: 'Ann*2025*' }\n];", DefaultAccount),
        ("app.py", "USERS = {'ann': 'hunter22', 'bob': 'hunter23'}", DefaultAccount),
        ("seed.js", "const hash = await bcrypt.hash('admin123', 10)", DefaultAccount),
        ("scripts/admin.ts", "const pass: string = 'Chief@2210';\nconst rounds = 10;\nconst h = await bcrypt.hash(pass, rounds);", DefaultAccount),
        ("scripts/admin.ts", "const first = process.env.FIRST || 'Chief@2210'\nawait bcrypt.hash(first, 10)", DefaultAccount),
        ("seed.py", "User(name='A', password=generate_password_hash(\"Start#12\"))", DefaultAccount),
        ("seed.py", "User.objects.create_superuser('admin', 'a@b.org', 'Start#12')", DefaultAccount),
        ("setup.py", "User.objects.create_user(username='ann', password='Start#12')", DefaultAccount),
        ("UserSeeder.php", "'email' => 'a@b.org', 'password' => Hash::make('Start#12'),", DefaultAccount),
        ("seed.ts", "export const DEFAULT_PASSWORD = 'Start2025!'", DefaultAccount),
        ("store.ts", "const password = input.password || 'Start2025!';", DefaultAccount),
        ("actions.ts", "await supabase.auth.signInWithPassword({\n  email: 'a@b.org',\n  password: 'Start#12',\n})", DefaultAccount),
        ("auth.js", "createUserWithEmailAndPassword(auth, 'a@b.org', 'Start#12')", DefaultAccount),
        ("seed.py", "x = generate_password_hash(p)\nuser('Ann', 'a@b.org', 'hr-demo-pass-1', 'hr')", DefaultAccount),
        ("seed.sql", "INSERT INTO users (id, email, password) VALUES (1, 'a@b.org', 'Start#12');", DefaultAccount),
        ("seed.sql", "update auth.users set encrypted_password = crypt('Start#12', gen_salt('bf'));", DefaultAccount),
        ("data/team.json", "[{\"email\": \"a@b.org\", \"role\": \"x\", \"password\": \"Start#12\"}]", DefaultAccount),
        ("Login.jsx", "const [password, setPassword] = useState('Start#12');", DefaultAccount),
        ("login.html", "<input type=\"password\" name=\"password\" value=\"Start#12\">", DefaultAccount),
        ("users.js", "const users = [{ username: 'admin', password: 'admin', role: 'admin' }]", DefaultAccount),
        ("src/demo.tsx", "const demo = [{ email: 'a@acme-books.io', password: 'password' }]", DefaultAccount),
        ("src/Login.tsx", "<Button onClick={() => fillDemo('a@acme-books.io', 'Start#12')}>Demo login</Button>", DefaultAccount),
        ("staff.ts", "export const staff = [{ name: 'Ann', pin: '4711', role: 'x' }]", DefaultAccount),
        ("clock.ts", "if (pin === '4711') open()", DefaultAccount),
        (".claude/settings.local.json", "{\"allow\": [\"Bash(PGPASSWORD=Wq7kdPe psql -h x)\"]}", Password),
        ("appsettings.json", "{\"Db\": \"Server=db1;User Id=sa;Password=Wq7kdPe;\"}", ConnectionString),
        ("config.py", "DB_PASSWORD = 'Wq7!kdPe'", Password),
        ("seed.py", "ADMIN_PASSWORD = os.getenv('ADMIN_PASSWORD', 'Admin@123')", DefaultAccount),
        ("settings.py", "EMAIL_HOST_PASSWORD = 'qkzu tmrw hyfa lpob'", Password),
        ("mail.js", "auth: { user: 'a@b.org', pass: 'abcd efgh ijkl mnop'.replace(/ /g, '') , SMTP_PASS: 'Wq7!kdPe' }", Password),
        ("wp-config.php", "define('DB_PASSWORD', 'Wq7!kdPe');", Password),
        ("docker-compose.yml", "      - MYSQL_PASSWORD=Wq7!kdPe", Password),
        ("appsettings.json", "{\"Smtp\": {\"SmtpPassword\": \"Wq7!kdPe\"}}", Password),
        ("db.js", "connect('mongodb+srv://app:Wq7kdPe@c0.ab12.mongodb.net/x')", ConnectionString),
        ("db.py", "URL = 'postgresql://app:Wq7kdPe@db.acme-books.io:5432/x'", ConnectionString),
    ];
    for (path, text, kind) in table {
        let facts = look(path, text);
        let found = real(&facts);
        if !found.iter().any(|seen| seen.kind == *kind) {
            wrong.push(format!("{path}: {text}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What naive scanners flag and nobody should.
#[test]
fn traps() {
    let mut wrong = Vec::new();
    #[rustfmt::skip]
    let table: &[(&str, &str)] = &[
        // Labels, messages, translations.
        ("src/i18n.ts", "export const de = { password: 'Passwort', passwordHint: 'Mindestens 8' }"),
        ("src/locales/en.json", "{\"password\": \"Secret123\", \"token\": \"Token\"}"),
        ("form.ts", "const labels = { password: 'Passwort', token: 'Token', secret: 'Secret' }"),
        ("form.ts", "errors.password = 'Password is required'"),
        ("form.ts", "password: 'auth.password.label',"),
        ("form.ts", "const passwordPlaceholder = 'Abc12345!'"),
        ("form.tsx", "<Input placeholder=\"Password123\" type=\"password\" id=\"password\" />"),
        ("form.tsx", "<input type={show ? 'text' : 'password'} name=\"password\" autoComplete='current-password' />"),
        ("form.vue", "<label for=\"password\">Passwort:</label> <span>Kennwort vergessen?</span>"),
        // Types, schemas, rules.
        ("schema.ts", "z.object({ password: z.string().min(8), token: z.string() })"),
        ("schema.ts", "interface A { password: string; secret?: string; apiKey: string }"),
        ("User.php", "protected $casts = ['password' => 'hashed'];"),
        ("Request.php", "'password' => 'required|string|min:8|confirmed',"),
        ("schema.sql", "CREATE TABLE users (password varchar(255) NOT NULL DEFAULT '')"),
        ("openapi.yaml", "properties:\n  password:\n    type: string\n    format: password"),
        ("types.ts", "type Kind = 'password' | 'token'; const kind: Kind = 'password'"),
        // Names of things.
        ("storage.ts", "const TOKEN_KEY = 'auth_token'; localStorage.getItem('token')"),
        ("storage.ts", "const token = localStorage.getItem('supabase.auth.token')"),
        ("cookies.ts", "const SESSION_COOKIE_KEY = 'welcome_banner_status'"),
        ("routes.ts", "const PASSWORD_RESET_URL = '/reset-password'; resetPassword: '/auth/reset-password1'"),
        ("config.py", "critical = {\"SECRET_KEY\": \"Application\", \"WEBHOOK_SECRET\": \"Razorpay Webhook\"}"),
        ("debug.js", "console.log({ secret: process.env.JWT_SECRET ? 'Set' : 'Missing' })"),
        ("filter.js", "if (type === 'password') { field.type = 'text' }"),
        ("filter.js", "if (event.key === 'Enter' || key === 'Escape') {}"),
        ("labels.ts", "const l = { email: 'Email', username: 'Username', password: 'Password', pin: 'PIN' }"),
        ("gpio.py", "pin = '12'; led(pin='GPIO17')"),
        ("api.ts", "headers: { Authorization: `Bearer ${token}` } // Bearer authentication_with_tokens_v2"),
        ("run.sh", "PGPASSWORD=$DB_PASSWORD psql; PGPASSWORD=postgres psql -h localhost"),
        // Settings from elsewhere.
        ("db.js", "const password = process.env.DB_PASSWORD"),
        ("db.js", "const password = process.env.DB_PASSWORD || ''"),
        ("db.py", "SECRET_KEY = os.environ['SECRET_KEY']"),
        ("docker-compose.yml", "  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\n  JWT_SECRET: ${JWT_SECRET:?}"),
        (".github/workflows/ci.yml", "env:\n  POSTGRES_PASSWORD: postgres1\n  JWT_SECRET: ci-only\n  TOKEN: ${{ secrets.TOKEN }}"),
        ("cloudbuild.yaml", "- '--set-secrets'\n- 'JWT_SECRET=jwt-secret:latest'"),
        ("run.sh", "#!/bin/bash\ncurl -H \"Authorization: Bearer $TOKEN\" -d password=\"$PASSWORD_2\""),
        // Placeholders.
        (".env.example", "API_KEY=your-api-key\nJWT_SECRET=change-me-in-production\nDB_PASSWORD=password\nSMTP_PASS=<app password>"),
        (".env", "API_KEY=\nSTRIPE_SECRET_KEY=sk_live_xxxxxxxxxxxxxxxxxxxxxxxx\nDATABASE_URL=postgresql://user:password@localhost:5432/db"),
        ("README.md", "Set `OPENAI_API_KEY=sk-...` and `DB_PASSWORD=secret123` in `.env`."),
        ("README.md", "psql postgresql://user:password@localhost/db and https://user:pass@host"),
        ("config.js", "const key = 'YOUR_API_KEY'; const apiKey = 'xxxxxxxxxxxxxxxxxxxxxxxx'"),
        ("alter.sql", "INSERT INTO admin_users (id, name, email) VALUES (1, 'Admin', 'a@b.org')"),
        // Hashes, ids, integrity.
        ("package-lock.json", "\"integrity\": \"sha512-AbCdEf0123456789AbCdEf0123456789AbCdEf0123456789\", \"token\": \"9f8a7c6d5e4b3a2f1e0d9f8a\""),
        ("seed.sql", "INSERT INTO users (email, password) VALUES ('a@b.org', '$2b$10$AbCdEfGhIjKlMnOpQrStUv')"),
        ("data/team.json", "[{\"email\": \"a@b.org\", \"hash\": \"9f8a7c6d5e4b3a2f1e0d\", \"salt\": \"7a537c9af4f6f32ed7\"}]"),
        ("code.ts", "const id = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'; const color = '#a1b2c3'"),
        // Tests.
        ("src/login.test.ts", "login('a@b.org', 'Start#12'); const password = 'Start#12'; const JWT_SECRET = 'x1y2z3'"),
        ("tests/test_auth.py", "client.post('/login', data={'username': 'ann', 'password': 'Start#12'})"),
        ("cypress/e2e/a.cy.js", "cy.get('#password').type('Start#12')"),
        // Documents.
        ("README.md", "Passwords must have 8 characters. Password: required. Password: Minimum 8 characters"),
        ("README.md", "| Feature | Password | Notes |\n|---|---|---|\n| Reset | Email-based link | done |"),
        ("REPORT.md", "| Test | Pass | Result |\n|---|---|---|\n| Build | 36/36 | READY1 |"),
        ("docs/api.md", "```\ncurl -d '{\"email\":\"a@b.org\",\"password\":\"Start#12\"}' https://x.org\n```"),
        ("docs/test.md", "```js\nit('logs in', () => {\n  login({ username: 'ann', password: 'Start#12' })\n  expect(1)\n})\n```"),
        ("docs/setup.md", "2. Sign in with: `a@b.org` / correct password\n3. or with a valid password"),
        ("README.md", "Questions: support@acme-books.io / +49 30 1234567, or sales@acme-books.io, 12345 Berlin"),
        ("README.md", "Sentry: https://abc123def@o12345.ingest.sentry.io/789012 for login errors"),
        ("TESTING.md", "1. Go to http://localhost:3000/register\n2. Email: new@b.org\n3. Password: Start#12"),
        ("README.md", "Run client/server1 and src/app2 for login, see docs/admin/guide1"),
        // Generated by people.
        ("docs/env.md", "JWT_SECRET=aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3"),
        ("icons.svg", "<path d=\"M10 password='Start#12'\"/>"),
        ("style.css", ".password { content: 'Start#12' }"),
    ];
    for (path, text) in table {
        let facts = look(path, text);
        if let Some(seen) = real(&facts).first() {
            wrong.push(format!("{path}: {text}\n  {} {:?} {:?}", seen.what, seen.kind, seen.span));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Accounts in documents, in the layouts and languages that people write.
#[test]
fn accounts_in_documents() {
    let mut wrong = Vec::new();
    for text in [
        "- **Default admin account**: `admin@gmail.com` / `123456`",
        "You can log in with the default credentials:\n*   **Admin:** `boss@acme-books.io` / `sigma88`",
        "**Demo Credentials:**\n- **Client Login**: acmecorp / hunter123",
        "## Demo logins\n\n| Who | Email | Password |\n| --- | --- | --- |\n| HR | a@b.org | hr-demo-pass-1 |",
        "| Rolle | Benutzer | Passwort |\n|---|---|---|\n| Chef | chef | Sommer24 |",
        "Login:\n- Username: `admin`\n- Password: `Sommer24`",
        "Username: admin\nPassword: admin",
        "Zugangsdaten: Benutzer: admin, Passwort: Sommer24",
        "Identifiant : admin\nMot de passe : Sommer24",
        "Usuario: admin\nContraseña: Sommer24",
        "Usuário: admin@loja.com.br\nSenha: Sommer24",
        "Användarnamn: admin\nLösenord: Sommer24",
        "Gebruiker: admin\nWachtwoord: Sommer24",
        "Użytkownik: admin\nHasło: Sommer24",
        "Sign in as admin@acme-books.io with password Sommer24",
        "Sign in with `admin@acme-books.io` (password: `Sommer24`)",
        "Default login: admin / admin",
        "Default login is `admin:admin123`",
        "The default password is `Sommer24` for user admin",
    ] {
        let facts = look("README.md", text);
        let found = real(&facts);
        if found.is_empty() || !found.iter().all(|seen| seen.kind == SecretKind::DefaultAccount) {
            wrong.push(format!("{text}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_accounts() {
    for (path, text) in [
        ("docs/security.md", "Login is checked in: `login`, `admin/login`, `sign-up`, `forgot-password`."),
        ("routes.js", "const password = req.body.password;\nconst hash = await bcrypt.hash(password, 10);"),
        ("routes.js", "let shown = 'Chief@2210';\nshown = req.body.word;\nawait bcrypt.hash(shown, 10);"),
    ] {
        let facts = look(path, text);
        assert!(real(&facts).is_empty(), "{text}: {:?}", real(&facts));
    }
}

#[test]
fn accounts_on_pages() {
    for (path, text) in [
        (
            "app/login/page.tsx",
            "<p>Demo Accounts:</p>\n<p>\n  <strong>Admin:</strong> boss@acme-books.io / Sommer24\n</p>",
        ),
        ("src/Login.jsx", "<p>Email: demo@acme-books.io</p>\n<p>Password: <code>Sommer24</code></p>"),
        ("templates/login.html", "<small>Login: admin</small><br>\n<small>Password: Sommer24</small>"),
        ("resources/views/login.blade.php", "<p>Demo user: demo@acme-books.io / Sommer24</p>"),
    ] {
        let facts = look(path, text);
        let found = real(&facts);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].in_browser, "{text}");
        assert!(found[0].value.is("Sommer24"), "{text}");
    }
}

#[test]
fn a_sample_command_and_its_document_are_samples() {
    let facts = look_all(&[
        ("README.md", "Creates sample users.\n- Username: `dr_a`\n- Password: `Sommer24x`"),
        ("app/management/commands/create_sample_users.py", "user.set_password('Sommer24x')\n"),
    ]);
    assert!(real(&facts).is_empty());
    assert!(facts.secrets.iter().all(|seen| seen.in_sample));
}

#[test]
fn one_value_is_one_fact_with_all_places() {
    let facts = look_all(&[
        ("client/src/admin.tsx", "const r = () => apiRequest('POST', '/x', { password: 'Sommer24x' })"),
        ("client/src/form.tsx", "<Label>Leave empty for standard: Sommer24x</Label>"),
        ("package.json", "{\"dependencies\": {\"express\": \"4\", \"react-dom\": \"18\", \"vite\": \"5\"}}"),
        ("server/routes.ts", "if (password === 'Sommer24x') {}\nif (password !== 'Sommer24x') {}"),
    ]);
    let found = real(&facts);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].in_browser);
    assert_eq!(found[0].also.len(), 3, "{found:?}");
}

#[test]
fn two_settings_with_the_same_default_are_two_facts() {
    let facts =
        look("a.js", "a = process.env.JWT_SECRET || 'same-words';\nb = process.env.SESSION_SECRET || 'same-words';");
    assert_eq!(real(&facts).len(), 2);
}

#[test]
fn where_browsers_get_it() {
    let value = format!("sk-proj-{}", key(48));
    let line = format!("const k = '{value}'");
    let vite = ("package.json", "{\"devDependencies\": {\"vite\": \"5\"}, \"dependencies\": {\"react-dom\": \"18\"}}");
    let next = ("package.json", "{\"dependencies\": {\"next\": \"15\", \"react-dom\": \"19\"}}");
    let in_browser = |package, path: &str, text: &str| {
        let facts = look_all(&[package, (path, text)]);
        assert_eq!(real(&facts).len(), 1, "{path}");
        real(&facts)[0].in_browser
    };
    assert!(in_browser(vite, "src/ai.ts", &line));
    assert!(!in_browser(vite, "server/ai.ts", &line));
    assert!(!in_browser(vite, "supabase/functions/ai/index.ts", &line));
    assert!(in_browser(vite, "public/ai.js", &line));
    assert!(in_browser(next, "app/chat.tsx", &format!("'use client'\n{line}")));
    assert!(!in_browser(next, "app/api/chat/route.ts", &line));
    assert!(!in_browser(next, "lib/ai.ts", &line));
    assert!(in_browser(vite, ".env", &format!("VITE_OPENAI_API_KEY={value}")));
    assert!(!in_browser(vite, ".env", &format!("OPENAI_API_KEY={value}")));
    for prefix in ["NEXT_PUBLIC", "REACT_APP", "NUXT_PUBLIC", "PUBLIC", "EXPO_PUBLIC", "GATSBY", "VUE_APP"] {
        assert!(in_browser(next, ".env.local", &format!("{prefix}_OPENAI_API_KEY={value}")), "{prefix}");
    }
}

#[test]
fn the_caller_may_know_better() {
    let tree = plimsoll_source::SourceTree::from_texts([("lib/ai.ts", format!("const k = 'sk-proj-{}'", key(48)))]);
    let facts = plimsoll_secrets::read(&tree, &plimsoll_secrets::Context { is_client_file: &|_| Some(true) });
    assert!(facts.secrets[0].in_browser);
}

#[test]
fn real_values_in_an_example_file_count() {
    let facts = look(
        ".env.example",
        &format!("STRIPE_SECRET_KEY=sk_live_{}\nJWT_SECRET={}\nAPI_KEY=your-key", key(24), key(40)),
    );
    assert_eq!(real(&facts).len(), 2, "{:?}", facts.secrets);
    assert_eq!(facts.committed.len(), 1);
}

#[test]
fn a_guide_with_the_real_value_is_no_example() {
    let secret = key(44);
    let facts = look("DEPLOY.md", &format!("```\nNEXTAUTH_SECRET={secret}\n```"));
    assert_eq!(real(&facts).len(), 1);
}

#[test]
fn an_index_key_that_is_published_on_purpose() {
    let value = key(32);
    let facts = look_all(&[
        ("submit.sh", &format!("#!/bin/sh\nAPI_KEY=\"{value}\"")),
        (&format!("static/{value}.txt"), &value),
    ]);
    assert_eq!(facts.secrets.iter().map(|seen| seen.tier).collect::<Vec<_>>(), [SecretTier::PublicByDesign]);
}
