//! Records that a page takes from its address or from a message and keeps.

use plimsoll_model::App;
use plimsoll_model::app::{Sink, Source};
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn taken(app: &App) -> Vec<&str> {
    let mut out: Vec<&str> = app
        .settings
        .iter()
        .filter(|setting| setting.key.starts_with("records-from-"))
        .map(|setting| setting.value.as_str())
        .collect();
    out.dedup();
    out
}

const STORE: &str = r#"
import seed from './seed.json';
const KEY = 'books';
let data = JSON.parse(localStorage.getItem(KEY)) || structuredClone(seed);
const listeners = new Set();
export function update(change) {
  data = structuredClone(data);
  change(data);
  localStorage.setItem(KEY, JSON.stringify(data));
  listeners.forEach((l) => l());
}
export const take = ({ book, pages = [] }) => update((d) => {
  d.books = [...d.books.filter((b) => b.id !== book.id), book];
  d.pages = [...d.pages, ...pages];
});
export const useData = () => useSyncExternalStore((l) => listeners.add(l), () => data);
import { useSyncExternalStore } from 'react';
"#;

#[test]
fn a_link_that_carries_a_record_into_what_is_kept() {
    let page = r#"
import { take } from './store.js';
export function route() {
  const [page, id] = location.hash.slice(2).split('/');
  if (page === 'shared') {
    const shared = JSON.parse(decodeURIComponent(atob(id)));
    take(shared);
  }
  return page;
}
"#;
    assert_eq!(taken(&observe(&[("src/store.js", STORE), ("src/App.jsx", page)])), ["address"]);
    let asked = page.replace("    take(shared);", "    if (confirm('Add it?')) take(shared);");
    assert!(taken(&observe(&[("src/store.js", STORE), ("src/App.jsx", &asked)])).is_empty());
    // A word of the address that is kept is no record.
    let word = "export function tab() { const t = new URLSearchParams(location.search).get('tab'); localStorage.setItem('tab', t); }";
    assert!(taken(&observe(&[("src/tab.js", word)])).is_empty());
    // A record that is only shown is gone with the page.
    let shown = "export function show() { const r = JSON.parse(atob(location.hash.slice(1))); const list = []; list.push(r); return list; }";
    assert!(taken(&observe(&[("src/show.js", shown)])).is_empty());
}

#[test]
fn a_message_that_carries_a_record_into_what_is_kept() {
    let main = r#"
import { take } from './store.js';
window.addEventListener('message', (e) => {
  if (e.data?.type === 'book') take(e.data);
});
"#;
    assert_eq!(taken(&observe(&[("src/store.js", STORE), ("src/main.jsx", main)])), ["message"]);
    // What is only looked at is not kept.
    let looked = main.replace("take(e.data)", "console.log(e.data)");
    assert!(taken(&observe(&[("src/store.js", STORE), ("src/main.jsx", &looked)])).is_empty());
}

#[test]
fn what_a_hook_gives_is_what_its_function_gives() {
    let page = r#"
import { marked } from 'marked';
import { useData } from './store.js';
export default function Book({ id }) {
  const data = useData();
  const book = data.books.find((b) => b.id === id) || data.books[0];
  return <div dangerouslySetInnerHTML={{ __html: marked.parse(book.notes || '') }} />;
}
"#;
    let app = observe(&[("src/store.js", STORE), ("src/Book.jsx", page)]);
    let html = app.flows.iter().any(|flow| flow.sink == Sink::Html && flow.source == Source::Browser);
    assert!(html, "{:?}", app.flows);
    let clean = page
        .replace("import { marked }", "import DOMPurify from 'dompurify';\nimport { marked }")
        .replace("marked.parse(book.notes || '')", "DOMPurify.sanitize(marked.parse(book.notes || ''))");
    let app = observe(&[("src/store.js", STORE), ("src/Book.jsx", &clean)]);
    assert!(app.flows.iter().all(|flow| flow.sink != Sink::Html), "{:?}", app.flows);
}
