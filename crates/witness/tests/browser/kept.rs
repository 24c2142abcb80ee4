//! What the browser side keeps, writes and compares by itself.

use plimsoll_model::App;
use plimsoll_model::app::{Sink as Ends, StoredValueKind, WebStorage};
use plimsoll_source::SourceTree;

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

fn tokens(app: &App) -> Vec<(WebStorage, &str)> {
    let kept = app.stored_values.iter().filter(|value| value.kind == StoredValueKind::SessionToken);
    kept.map(|value| (value.storage, value.key.as_str())).collect()
}

#[test]
fn stores_that_a_library_keeps() {
    let zustand = |options: &str| {
        let code = format!(
            r#"import {{ create }} from "zustand";
import {{ persist, createJSONStorage }} from "zustand/middleware";
export const useLogin = create(persist((set) => ({{
  user: null, accessToken: null, setToken: (accessToken) => set({{ accessToken }}),
}}), {{ name: "login"{options} }}));"#
        );
        let app = observe(&[("src/store.ts", &code)]);
        tokens(&app).into_iter().map(|(storage, key)| (storage, key.to_owned())).collect::<Vec<_>>()
    };
    let at = |storage| vec![(storage, "login: accessToken".to_owned())];
    assert_eq!(zustand(""), at(WebStorage::Local));
    assert_eq!(zustand(", storage: createJSONStorage(() => sessionStorage)"), at(WebStorage::Session));
    assert_eq!(zustand(", partialize: (state) => ({ user: state.user })"), []);
    let redux = |options: &str| {
        let code = format!(
            r#"import {{ createSlice }} from "@reduxjs/toolkit";
import {{ persistReducer }} from "redux-persist";
import storage from "redux-persist/lib/storage";
const login = createSlice({{ name: "login", initialState: {{ user: null, token: null }}, reducers: {{}} }});
export default persistReducer({{ key: "root", storage{options} }}, login.reducer);"#
        );
        tokens(&observe(&[("src/store.js", &code)])).len()
    };
    assert_eq!((redux(""), redux(", whitelist: ['login']"), redux(", whitelist: ['theme']")), (1, 1, 0));
}

#[test]
fn pages_written_for_printing() {
    let page = |name: &str| {
        format!(
            r#"const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
export function Print({{ order }}) {{
  const print = () => {{
    const sheet = window.open("", "_blank");
    sheet.document.write(`<h1>${{{name}}}</h1>`);
    sheet.print();
  }};
  return <button onClick={{print}}>Print</button>;
}}"#
        )
    };
    let writes = |name: &str| {
        let app = observe(&[("src/Print.jsx", &page(name))]);
        app.flows.iter().filter(|flow| flow.sink == Ends::Html).count()
    };
    assert_eq!(writes("order.customer"), 1);
    assert_eq!(writes("plain(order.customer)"), 0);
    assert_eq!(writes("'Order'"), 0);
}
