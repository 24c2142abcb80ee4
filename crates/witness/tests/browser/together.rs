//! Scripts that one page loads.

use plimsoll_model::app::Sink;
use plimsoll_source::SourceTree;

const ROWS: &str = "const db = window.supabase.createClient(ADDRESS, KEY);
class Shelf { async all() { const { data } = await db.from('parcels').select('*'); return data; } }";
const SHOWN: &str = "async function show() {
  const shelf = new Shelf();
  for (const one of await shelf.all()) { document.getElementById('out').innerHTML += `<li>${one.sender}</li>`; }
}
show();";

/// Whether what other scripts read becomes markup in `show.js`.
fn shown(page: &str, rows: &str) -> bool {
    let files = [("index.html", page), ("js/rows.js", rows), ("js/show.js", SHOWN)];
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
    app.flows.iter().any(|flow| flow.sink == Sink::Html && flow.source_name == "parcels")
}

#[test]
fn names_are_shared() {
    let page = "<ul id=out></ul><script src='js/rows.js'></script><script src='./js/show.js'></script>";
    assert!(shown(page, ROWS));
    // What one of them uses is followed in whatever order the files have.
    let turned = "<script src='/js/show.js' defer></script><script src='js/rows.js' defer></script>";
    assert!(shown(turned, ROWS));
    // Another page's script, and a module, keep their names to themselves.
    assert!(!shown("<ul id=out></ul><script src='js/show.js'></script>", ROWS));
    let module = "<script type='module' src='js/rows.js'></script><script src='js/show.js'></script>";
    assert!(!shown(module, ROWS));
}
