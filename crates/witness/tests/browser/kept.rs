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

/// How often stored text becomes markup in a component, with `body` in its function.
fn written(body: &str) -> usize {
    let code = format!(
        r#"import {{ useState, useEffect, useMemo, useRef }} from "react";
import {{ createClient }} from "@supabase/supabase-js";
const db = createClient("https://demo.example", "public");
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
const useParcels = () => {{
  const [parcels, setParcels] = useState([]);
  useEffect(() => {{ db.from("parcels").select("*").then(({{ data }}) => setParcels(data ?? [])); }}, []);
  return {{ parcels }};
}};
const show = (list) => {{
  document.getElementById("sheet").innerHTML = list.map((parcel) => `<td>${{parcel.sender}}</td>`).join("");
}};
export function Sheet() {{
  {body}
}}"#
    );
    let app = observe(&[("src/Sheet.jsx", &code)]);
    app.flows.iter().filter(|flow| flow.sink == Ends::Html).count()
}

#[test]
fn state_is_all_that_its_setter_is_called_with() {
    let loading = |put: &str, body: &str| {
        written(&format!(
            r#"const [list, setList] = useState([]);
  useEffect(() => {{ const load = async () => {{ const {{ data }} = await db.from("parcels").select("*"); {put} }}; load(); }}, []);
  {body}"#
        ))
    };
    let button = "return <button onClick={() => show(list)}>Show</button>;";
    assert_eq!(loading("setList(data);", button), 1);
    assert_eq!(loading("setList(data.filter((parcel) => parcel.open));", button), 1);
    assert_eq!(loading("setList((before) => [...before, ...data]);", button), 1);
    assert_eq!(loading("setList([]);", button), 0);
    let part =
        "const { some } = useMemo(() => { const some = list.filter((one) => one.open); return { some }; }, [list]);
  return <button onClick={() => show(some)}>Show</button>;";
    assert_eq!(loading("setList(data);", part), 1);
    // What was made harmless, a count and the number of a record hold no markup of others.
    let markup = |text: &str| {
        let body =
            format!("const go = () => {{ document.body.innerHTML = {text}; }}; return <a onClick={{go}}>Go</a>;");
        loading("setList(data);", &body)
    };
    assert_eq!(markup("list.map((one) => `<p>${one.note}</p>`).join('')"), 1);
    assert_eq!(markup("list.map((one) => `<p>${plain(one.note)}</p>`).join('')"), 0);
    assert_eq!(markup("`<p>${list.length} of ${list.filter((one) => one.open).length}</p>`"), 0);
    assert_eq!(markup("list.map((one) => `<p id=${one.id}></p>`).join('')"), 0);
    assert_eq!(markup("list.map((one) => ({ a: '<b>A</b>', b: '<i>B</i>' })[one.kind]).join('')"), 0);
    assert_eq!(markup("list.reduce((sum, one) => sum + Number(one.weight), 0).toFixed(1)"), 0);
}

#[test]
fn state_that_a_hook_or_a_ref_holds() {
    assert_eq!(written("const { parcels } = useParcels(); return <a onClick={() => show(parcels)}>Show</a>;"), 1);
    let in_ref = r#"const kept = useRef([]);
  useEffect(() => { db.from("parcels").select("*").then(({ data }) => { kept.current = data; }); }, []);
  return <a onClick={() => show(kept.current)}>Show</a>;"#;
    assert_eq!(written(in_ref), 1);
    assert_eq!(written("const kept = useRef([]); return <a onClick={() => show(kept.current)}>Show</a>;"), 0);
}
