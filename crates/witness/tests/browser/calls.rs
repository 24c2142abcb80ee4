//! Which pages call which entry points.

use plimsoll_model::App;
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

/// `(page, label of what it reaches)`, sorted.
fn reached(app: &App) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (index, entry) in app.entry_points.iter().enumerate() {
        out.extend(app.pages_calling(index).map(|page| {
            let name = if page.path.is_empty() { &page.component } else { &page.path };
            (name.clone(), entry.label())
        }));
    }
    out.sort();
    out.dedup();
    out
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(page, label)| ((*page).to_owned(), (*label).to_owned())).collect()
}

const SERVER: &str = r#"
import express from "express";
import { db } from "./db.js";
const app = express();
app.get("/api/wages", async (req, res) => res.json(await db.query("SELECT * FROM wages")));
app.get("/api/wages/:id", async (req, res) => res.json(await db.query("SELECT * FROM wages WHERE id = $1", [req.params.id])));
app.delete("/api/wages/:id", async (req, res) => res.json(await db.query("DELETE FROM wages WHERE id = $1", [req.params.id])));
app.get("/api/services", async (req, res) => res.json(await db.query("SELECT * FROM services")));
"#;

#[test]
fn through_helpers_hooks_and_locked_routes() {
    let files = [
        ("server/index.js", SERVER),
        (
            "client/src/api.js",
            r#"
const BASE = import.meta.env.VITE_API_URL || "http://localhost:3001";
export async function request(method, path, body) {
  const res = await fetch(`${BASE}/api${path}`, { method, body: JSON.stringify(body), credentials: "include" });
  return res.json();
}
"#,
        ),
        (
            "client/src/useWage.js",
            r#"
import { useQuery } from "@tanstack/react-query";
import { request } from "./api";
export const useWage = (id) => useQuery({ queryKey: ["wage", id], queryFn: () => request("GET", `/wages/${id}`) });
"#,
        ),
        (
            "client/src/RequireLogin.jsx",
            r#"
import { Navigate } from "react-router-dom";
export function RequireLogin({ children }) {
  const user = localStorage.getItem("user");
  if (!user) return <Navigate to="/login" />;
  return children;
}
"#,
        ),
        (
            "client/src/Wages.jsx",
            r#"
import axios from "axios";
import { useWage } from "./useWage";
const client = axios.create({ baseURL: "/api" });
export default function Wages() {
  const one = useWage(7);
  const remove = async (id) => { await client.delete(`/wages/${id}`); };
  return <button onClick={() => remove(3)}>{one.data}</button>;
}
"#,
        ),
        (
            "client/src/Home.jsx",
            r#"
import { useQuery } from "@tanstack/react-query";
export default function Home() {
  const { data } = useQuery({ queryKey: ["/api/services"] });
  return <p>{data}</p>;
}
"#,
        ),
        (
            "client/src/App.jsx",
            r#"
import { Routes, Route } from "react-router-dom";
import Home from "./Home";
import { RequireLogin } from "./RequireLogin";
const Wages = React.lazy(() => import("./Wages"));
export default function App() {
  return (
    <Routes>
      <Route path="/" element={<Home />} />
      <Route path="/wages" element={<RequireLogin><Wages /></RequireLogin>} />
    </Routes>
  );
}
"#,
        ),
    ];
    let app = observe(&files);
    let expected = [("/", "GET /api/services"), ("/wages", "DELETE /api/wages/:id"), ("/wages", "GET /api/wages/:id")];
    assert_eq!(reached(&app), pairs(&expected));
    let locked: Vec<(&str, bool)> = app
        .pages
        .iter()
        .filter(|page| !page.path.is_empty())
        .map(|page| (page.path.as_str(), !page.guards.is_empty()))
        .collect();
    assert_eq!(locked, [("/", false), ("/wages", true)]);
    let wage = app.api_calls.iter().find(|call| call.path == "/api/wages/:x" && call.method == "GET");
    assert!(wage.is_some_and(|call| call.sends_credentials), "{:?}", app.api_calls);
}

#[test]
fn plain_pages_vue_routes_and_procedures() {
    let plain = observe(&[
        ("server.js", SERVER),
        ("public/wages.html", "<script src=\"js/guard.js\"></script><script src=\"js/wages.js\"></script>"),
        ("public/js/guard.js", "if (localStorage.getItem('role') !== 'admin') location.href = '/login.html';"),
        ("public/js/wages.js", "fetch('/api/wages').then((r) => r.json()).then((rows) => console.log(rows));"),
    ]);
    assert_eq!(reached(&plain), pairs(&[("wages.html", "GET /api/wages")]));
    assert!(plain.pages.iter().any(|page| !page.guards.is_empty() && page.calls.len() == 1));

    let vue = observe(&[
        ("server.js", SERVER),
        (
            "src/router.js",
            r#"
import { createRouter } from "vue-router";
import Wages from "./Wages.vue";
export default createRouter({ routes: [{ path: "/wages", component: Wages, meta: { requiresAuth: true } }] });
"#,
        ),
        (
            "src/Wages.vue",
            "<script setup>\nconst load = async () => (await fetch('/api/wages')).json();\nload();\n</script>",
        ),
    ]);
    assert_eq!(reached(&vue), pairs(&[("/wages", "GET /api/wages")]));

    let trpc = observe(&[
        (
            "server/router.ts",
            r#"
import { initTRPC } from "@trpc/server";
const t = initTRPC.create();
export const appRouter = t.router({
  wages: t.router({ list: t.procedure.query(() => db.wage.findMany()) }),
});
"#,
        ),
        (
            "src/trpc.ts",
            "import { createTRPCReact } from \"@trpc/react-query\";\nexport const trpc = createTRPCReact();",
        ),
        (
            "src/Wages.tsx",
            r#"
import { trpc } from "./trpc";
export function Wages() {
  const rows = trpc.wages.list.useQuery();
  if (!rows.session) return <Navigate to="/login" />;
  return <p>{rows.data}</p>;
}
"#,
        ),
    ]);
    assert_eq!(reached(&trpc), pairs(&[("Wages.tsx", "wages.list()")]));
}
