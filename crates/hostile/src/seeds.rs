//! Where mutations start: the example apps, the code on the rules' pages, and one small text of each other format.

use std::path::Path;

/// A text to start from.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What it is and where it comes from; its ending says what reads it.
    pub path: String,
    /// The text.
    pub bytes: Vec<u8>,
}

impl Seed {
    /// Whether the path's ending is one of these.
    pub fn ends_with(&self, endings: &[&str]) -> bool {
        let ending = self.path.rsplit('.').next().unwrap_or_default();
        endings.contains(&ending)
    }
}

/// Larger files slow the tests down and teach nothing that their beginning does not.
const LARGEST: usize = 12_000;

/// All seeds, sorted by path. `root` is the root of the workspace.
pub fn seeds(root: &Path) -> Vec<Seed> {
    let mut out: Vec<Seed> =
        SMALL.iter().map(|(path, text)| Seed { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() }).collect();
    for rule in plimsoll_rules::RULES {
        for fence in plimsoll_rules::Page::new(rule.page).fences() {
            out.push(Seed { path: format!("{}/{}", rule.id, fence.path), bytes: fence.text.into_bytes() });
        }
    }
    files(root, &root.join("examples"), &mut out);
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

fn files(root: &Path, folder: &Path, out: &mut Vec<Seed>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "node_modules" {
                files(root, &path, out);
            }
        } else if let Ok(mut bytes) = std::fs::read(&path) {
            bytes.truncate(LARGEST);
            let path = path.strip_prefix(root).unwrap_or(&path);
            out.push(Seed { path: path.to_string_lossy().into_owned(), bytes });
        }
    }
}

/// An advisory record.
pub(crate) const OSV: &str = r#"{"schema_version":"1.6.0","id":"GHSA-aaaa-bbbb-cccc","modified":"2025-01-01T00:00:00Z","aliases":["CVE-2025-1"],"summary":"s","details":"d","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}],"versions":["4.17.4"]},{"package":{"ecosystem":"PyPI","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0rc1"},{"last_affected":"2.0.post1"}]}]}]}"#;

const SMALL: &[(&str, &str)] = &[
    ("small/a.osv.json", OSV),
    ("small/feed.list.csv", "2026-05-21T14:54:44.011147Z,GHSA-aaaa-bbbb-cccc\n2027-07-09T15:54:00Z,PYSEC-2025-19\n"),
    (
        "small/feed.kev.json",
        r#"{"dateReleased":"2026-08-01T10:00:00Z","vulnerabilities":[{"cveID":"CVE-2021-44228","dateAdded":"2021-12-10","knownRansomwareCampaignUse":"Known"}]}"#,
    ),
    ("small/feed.epss.csv", "#model_version:v1,score_date:2026-08-01\ncve,epss,percentile\nCVE-2021-44228,0.97,0.99\n"),
    (
        "small/plimsoll.toml",
        "[[waiver]]\nrule = \"no-security-headers\"\nreason = \"behind a proxy\"\nowner = \"a@b.example\"\nuntil = 2026-06-01\n\n[data]\ncarries = \"personal\"\n# plimsoll: allow sql-from-input until 2026-02-30 -- reason\n",
    ),
    (
        "small/pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      lodash:\n        specifier: ^4.17.4\n        version: 4.17.4\npackages:\n  lodash@4.17.4:\n    resolution: {integrity: sha512-x}\nsnapshots:\n  lodash@4.17.4: {}\n",
    ),
    (
        "small/pnpm-lock-6.yaml",
        "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: ^1\n    version: 1.0.0(b@2.0.0)\npackages:\n  /a@1.0.0(b@2.0.0):\n    dev: false\n    dependencies:\n      c: 1.0.0\n",
    ),
    (
        "small/yarn.lock",
        "# yarn lockfile v1\n\n\"@a/b@^1.0.0\", lodash@^4.17.4:\n  version \"4.17.4\"\n  resolved \"https://registry.example/lodash.tgz#abc\"\n  dependencies:\n    c \"^1.0.0\"\n",
    ),
    (
        "small/berry.yarn.lock",
        "__metadata:\n  version: 8\n\n\"lodash@npm:^4.17.4\":\n  version: 4.17.4\n  resolution: \"lodash@npm:4.17.4\"\n  dependencies:\n    c: \"npm:^1.0.0\"\n",
    ),
    (
        "small/bun.lock",
        "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\"\": {\"name\": \"a\", \"dependencies\": {\"lodash\": \"^4\"},},},\n  \"packages\": {\n    \"lodash\": [\"lodash@4.17.4\", \"\", {}, \"sha512-x\"],\n  }\n}\n",
    ),
    (
        "small/deno.lock",
        "{\"version\":\"4\",\"specifiers\":{\"npm:lodash@^4\":\"4.17.4\"},\"npm\":{\"lodash@4.17.4\":{\"integrity\":\"x\",\"dependencies\":[\"c\"]}}}",
    ),
    (
        "small/poetry.lock",
        "[[package]]\nname = \"django\"\nversion = \"3.2.1\"\noptional = false\ngroups = [\"main\"]\n\n[package.dependencies]\nasgiref = \">=3\"\n\n[metadata]\nlock-version = \"2.0\"\n",
    ),
    (
        "small/uv.lock",
        "version = 1\n\n[[package]]\nname = \"flask\"\nversion = \"2.0.0\"\nsource = { registry = \"https://registry.example/simple\" }\ndependencies = [{ name = \"werkzeug\", marker = \"python_version >= '3.8'\" }]\n",
    ),
    (
        "small/Pipfile.lock",
        "{\"_meta\":{},\"default\":{\"flask\":{\"version\":\"==2.0.0\",\"markers\":\"python_version >= '3'\"}},\"develop\":{}}",
    ),
    (
        "small/requirements.txt",
        "# c\nDjango==3.2.1 ; python_version >= \"3.8\" \\\n    --hash=sha256:abc\n-r other.txt\nflask[async]>=2,<3\n-e git+https://git.example/a.git#egg=a\nurllib3 @ https://x.example/u.whl\n",
    ),
    (
        "small/composer.lock",
        "{\"packages\":[{\"name\":\"laravel/framework\",\"version\":\"v8.0.0\",\"require\":{\"php\":\"^8\"}}],\"packages-dev\":[]}",
    ),
    (
        "small/Gemfile.lock",
        "GEM\n  remote: https://registry.example/\n  specs:\n    rails (6.0.0)\n      rack (~> 2.0)\n\nDEPENDENCIES\n  rails (~> 6)\n",
    ),
    (
        "small/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\ndependencies = [\"b 1.0.0\"]\n",
    ),
    (
        "small/go.mod",
        "module a.example/b\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.1.0 // indirect\n)\nreplace a => ../a\n",
    ),
    (
        "small/pom.xml",
        "<project><properties><v>1.0</v></properties><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></dependency></dependencies></project>",
    ),
    (
        "small/networks.html",
        "<!-- x --><script src=\"https://cdn.jsdelivr.net/combine/npm/jquery@3.3.1,npm/@a/b@2\" integrity=\"x\"></script>\n<script type=\"importmap\">{\"imports\":{\"a\":\"https://esm.sh/v135/a@1.0.0\"}}</script><script>import 'https://ga.jspm.io/npm:a@1/x.js' // y\n</script>",
    ),
    (
        "small/jquery.copy",
        "/*!\n * @license\n * jQuery UI - v1.12.1 - 2016-09-14\n * @version 1.2\n */\nx.VERSION = \"1.12.1\";",
    ),
    (
        "small/stages.image",
        "ARG V=16\nFROM --platform=x node:${V:-18}-alpine3.12@sha256:a AS base\nFROM base\nFROM docker.io/library/python:3.7-slim-buster\n",
    ),
    ("small/mix.lock", "%{\n  \"plug\": {:hex, :plug, \"1.0.0\", \"abc\", [:mix], [], \"hexpm\", \"def\"},\n}\n"),
    (
        "small/pubspec.lock",
        "packages:\n  http:\n    dependency: \"direct main\"\n    description:\n      name: http\n    source: hosted\n    version: \"0.13.0\"\n",
    ),
    (
        "small/pyproject.toml",
        "[project]\nname = \"a\"\ndependencies = [\"django>=3,<4; python_version>'3'\"]\n[tool.poetry.dependencies]\npython = \"^3.9\"\nflask = {version = \"^2\", extras = [\"async\"]}\n",
    ),
    (
        "small/a.env",
        "# keys\nexport JWT_SECRET='not-a-real-key-0123456789'\nDATABASE_URL=postgres://app:not-real@db.example/a\nMULTI=\"a\nb\"\nEMPTY=\nREF=${JWT_SECRET:-x}\n",
    ),
    (
        "small/vercel.json",
        "{\"headers\":[{\"source\":\"/(.*)\",\"headers\":[{\"key\":\"X-Frame-Options\",\"value\":\"DENY\"}]}],\"rewrites\":[{\"source\":\"/a\",\"destination\":\"/b\"}]}",
    ),
    ("small/netlify.toml", "[[headers]]\nfor = \"/*\"\n[headers.values]\nX-Frame-Options = \"DENY\"\n"),
    (
        "small/nginx.conf",
        "server {\n  listen 80;\n  add_header X-Frame-Options \"DENY\" always;\n  location / { proxy_pass http://127.0.0.1:3000; }\n}\n",
    ),
    (
        "small/firestore.rules",
        "rules_version = '2';\nservice cloud.firestore {\n  match /databases/{database}/documents {\n    function isOwner(id) { return request.auth.uid == id; }\n    match /users/{id} { allow read, write: if isOwner(id); }\n    match /{document=**} { allow read: if true; }\n  }\n}\n",
    ),
    (
        "small/database.rules.json",
        "{\"rules\":{\"users\":{\"$uid\":{\".read\":\"$uid === auth.uid\",\".write\":true}}}}",
    ),
    (
        "small/compose.yaml",
        "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: &p not-a-real-one\n    ports: ['5432:5432']\n",
    ),
    ("small/robots.txt", "User-agent: *\nDisallow: /admin\nSitemap: http://127.0.0.1/sitemap.xml\n"),
    (
        "small/schema.sql",
        "CREATE TABLE public.notes (id uuid PRIMARY KEY, user_id uuid REFERENCES auth.users, text text CHECK (length(text) < 10));\nALTER TABLE notes ENABLE ROW LEVEL SECURITY;\nCREATE FUNCTION is_admin() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF auth.uid() IS NULL THEN RETURN false; END IF; RETURN EXISTS (SELECT 1 FROM profiles p WHERE p.id = auth.uid() AND p.role = 'admin'); END; $$;\nCREATE POLICY \"own\" ON notes FOR ALL TO authenticated USING ((select auth.uid()) = user_id OR is_admin()) WITH CHECK (auth.uid() = user_id);\nDO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a','b'] LOOP EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t); END LOOP; END $$;\nCREATE VIEW v AS SELECT * FROM notes;\nGRANT SELECT ON notes TO anon;\nINSERT INTO storage.buckets (id, name, public) VALUES ('p', 'p', true);\n",
    ),
    (
        "small/mysql.sql",
        "CREATE TABLE `users` (`id` int AUTO_INCREMENT, `email` varchar(255) COMMENT 'it''s', PRIMARY KEY (`id`)) ENGINE=InnoDB;\nINSERT INTO `users` VALUES (1,'a@b.example','x\\'y');\n",
    ),
    (
        "small/app.py",
        "from flask import Flask, request, session\nimport sqlite3\napp = Flask(__name__)\n@app.route('/u/<int:id>', methods=['GET', 'POST'])\ndef user(id):\n    q = f\"select * from users where id = {request.args['id']!r:>{10}}\"\n    with sqlite3.connect('a.db') as db:\n        return {k: v for k, v in db.execute(q).fetchone().items() if k != 'p'}\n\nclass A(B, metaclass=C):\n    @property\n    async def x(self, *a, b: int = 1, **k) -> 'A': return await (yield)\nmatch a:\n    case {'x': [1, *_]} if a: pass\n",
    ),
    (
        "small/index.php",
        "<?php\nnamespace App;\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/a/{id}', [A::class, 'show'])->middleware('auth');\n$q = \"SELECT * FROM u WHERE id = {$_GET['id']} AND n = ${n}\";\n$s = <<<EOT\nHello {$a->b[0]}\nEOT;\nclass A extends B { public function __construct(private ?int $x = null) {} }\n$f = fn($x) => match(true) { $x > 1 => 'a', default => null };\n?>\n<p><?= htmlspecialchars($q) ?></p>\n",
    ),
    (
        "small/page.http",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nSet-Cookie: sid=abc; HttpOnly; SameSite=Lax; Max-Age=3600; Path=/\r\nContent-Length: 120\r\n\r\n<!doctype html><html><head><script src=\"/a.js\"></script><link rel=modulepreload href='/b.js'></head><body><a href=/c>x</a></body></html>",
    ),
    (
        "small/chunked.http",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n1a\r\n[{\"id\":1,\"email\":\"a@b.example\r\n;ext\r\n5\r\n\"}]  \r\n0\r\nTrailer: x\r\n\r\n",
    ),
    (
        "small/json.http",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"users\":[{\"id\":7,\"name\":\"A\",\"email\":\"a@b.example\",\"iban\":\"DE89370400440532013000\"}],\"error\":null}",
    ),
    (
        "small/redirect.http",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 302 Found\r\nLocation: /login?next=%2F\r\nX-Folded: a\r\n b\r\n\r\n",
    ),
    (
        "small/probe.jsonl",
        "{\"seq\":0,\"at\":1,\"run\":\"r\",\"check\":\"pages\",\"event\":\"send\",\"method\":\"GET\",\"url\":\"http://127.0.0.1/\",\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"hash\":\"x\"}\n",
    ),
    (
        "small/page.html",
        "<!doctype html><html><head><meta http-equiv=Content-Security-Policy content=\"default-src 'self'\"><script type=module>import a from './a.js'; localStorage.token = a</script></head><body onload=x()><form action=/login method=post><input type=password name=p></form><!-- c --></body></html>",
    ),
    (
        "small/a.vue",
        "<template><div v-html=\"x\" @click=\"go\">{{ y }}</div></template>\n<script setup lang=\"ts\">\nimport { ref } from 'vue'\nconst x = ref<string>('')\n</script>\n<style>a { b: c }</style>\n",
    ),
];
