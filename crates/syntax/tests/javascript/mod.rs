//! JavaScript and TypeScript.

use plimsoll_ir::{Kind, Module, Range, dump, walk};
use plimsoll_source::SourceTree;
use proptest::prelude::*;

fn modules(path: &str, text: &str) -> Vec<Module> {
    let tree = SourceTree::from_texts([(path, text)]);
    let found = tree.iter().flat_map(|(id, file)| plimsoll_syntax::parse(id, file)).collect::<Vec<_>>();
    for module in &found {
        assert_ranges(module, text);
    }
    found
}

fn module(path: &str, text: &str) -> Module {
    let mut found = modules(path, text);
    assert_eq!(found.len(), 1, "one module in {path}");
    found.remove(0)
}

/// Every range can be sliced; children stand before their parents.
fn assert_ranges(module: &Module, text: &str) {
    let check = |range: Range| {
        assert!(text.get(range.start as usize..range.end as usize).is_some(), "{range:?} in {} bytes", text.len());
    };
    for (id, node) in module.iter() {
        check(node.range);
        plimsoll_ir::children(module, id, &mut |child| assert!(child < id, "children come first"));
    }
    for function in &module.functions {
        check(function.range);
        check(function.head);
    }
    module.classes.iter().for_each(|class| check(class.range));
    module.comments.iter().for_each(|&range| check(range));
    module.problems.iter().for_each(|problem| check(problem.range));
    module.imports.iter().for_each(|import| check(import.range));
    module.exports.iter().for_each(|export| check(export.range));
    module.directives.iter().for_each(|&(_, range)| check(range));
}

fn js(text: &str) -> String {
    dump(&module("a.js", text)).trim_end().to_owned()
}

fn ts(text: &str) -> String {
    dump(&module("a.ts", text)).trim_end().to_owned()
}

fn tsx(text: &str) -> String {
    dump(&module("a.tsx", text)).trim_end().to_owned()
}

#[track_caller]
fn table(lower: fn(&str) -> String, rows: &[(&str, &str)]) {
    for (source, expected) in rows {
        let found = lower(source);
        assert_eq!(found, *expected, "\nsource: {source}");
    }
}

#[test]
fn literals_and_names() {
    table(
        js,
        &[
            (r#"'a\n\u00e9'"#, "directive \"a\\\\n\\\\u00e9\""),
            (r#"x = 'a\n\u00e9'"#, "(= x \"a\\né\")"),
            ("x = 1.5", "(= x 1.5)"),
            ("x = 0x10", "(= x 16)"),
            ("x = 12n", "(= x 12)"),
            ("x = -1", "(= x -1)"),
            ("x = !0", "(= x true)"),
            ("x = !1", "(= x false)"),
            ("x = void 0", "(= x null)"),
            ("x = undefined", "(= x null)"),
            ("x = /a[/]b/gi", "(= x /a[/]b/)"),
            ("x = `a${b}c`", "(= x (template \"a\" b \"c\"))"),
            ("x = `a`", "(= x (template \"a\"))"),
            ("x = ``", "(= x (template ))"),
            ("sql`a ${b}`", "(call sql (template \"a \" b))"),
            ("this.a", "this.a"),
            ("import.meta.env.A", "import.meta.env.A"),
            ("function f() { new.target }", "(fn f [] (block new.target))"),
        ],
    );
}

#[test]
fn operators() {
    table(
        js,
        &[
            ("a && b || c", "(Or (And a b) c)"),
            ("a ?? b", "(Coalesce a b)"),
            ("a === b", "(Equal a b)"),
            ("a != b", "(NotEqual a b)"),
            ("a + b * c", "(Add a (Arithmetic b c))"),
            ("(a + b) * c", "(Arithmetic (Add a b) c)"),
            ("a < b", "(Compare a b)"),
            ("'a' in b", "(In \"a\" b)"),
            ("a instanceof b", "(InstanceOf a b)"),
            ("a % b", "(Percent a b)"),
            ("a += b", "(Add= a b)"),
            ("a ||= b", "(Or= a b)"),
            ("a -= b", "(Arithmetic= a b)"),
            ("!a", "(Not a)"),
            ("typeof a", "(TypeOf a)"),
            ("delete a.b", "(Delete a.b)"),
            ("void a", "(Other a)"),
            ("a++", "(Arithmetic a)"),
            ("a ? b : c", "(cond a b c)"),
            ("a, b, c", "(opaque a b c)"),
            ("await a", "(await a)"),
            ("function* f() { yield a; yield* b }", "(fn f [] (block (await a) (await b)))"),
            ("class A { #a; f() { return #a in b } }", "(class A (field #a _) (fn f [] (block (return (In #a b)))))"),
        ],
    );
}

#[test]
fn members_calls_and_literals() {
    table(
        js,
        &[
            ("a.b.c", "a.b.c"),
            ("a?.b?.[c]?.(d)", "(call a.b[c] d)"),
            ("(a?.b).c", "a.b.c"),
            ("a['b']", "a[\"b\"]"),
            ("a(b, ...c)", "(call a b ...c)"),
            ("new A(b)", "(new A b)"),
            ("new A", "(new A)"),
            ("a().b().c", "(call (call a).b).c"),
            ("x = { a, b: 1, 'c-d': 2, [e]: 3, ['f']: 4, ...g, 5: h }", "(= x {a:a b:1 c-d:2 [e]:3 f:4 ...g 5:h })"),
            (
                "x = { a() {}, async b() {}, get c() {}, d: () => 1, e: function () {}, f: function g() {} }",
                "(= x {a:(fn a [] (block )) b:(fn b async [] (block )) c:(fn c [] (block )) \
                 d:(fn d [] (block (return 1))) e:(fn e [] (block )) f:(fn g [] (block )) })",
            ),
            ("x = [a, , ...b]", "(= x [a null ...b])"),
            ("class A extends B { f() { super.f() } }", "(class A : B (fn f [] (block (call super.f))))"),
        ],
    );
}

#[test]
fn declarations_and_patterns() {
    table(
        js,
        &[
            ("let a, b = 1", "(let a _)\n(let b 1)"),
            ("var a = 1", "(let a 1)"),
            ("const { a, b: c, d = 1, e: { f }, ...g } = h", "(const {a:a b:c d:(= d 1) e:{f:f } ...g } h)"),
            ("const [a, , b = 2, ...c] = d", "(const [a null (= b 2) ...c] d)"),
            ("({ a, b: c.d, e = 1, [f]: g, ...h } = i)", "(= {a:a b:c.d e:(= e 1) [f]:g ...h } i)"),
            ("[a, , b[0] = 1, ...c] = d", "(= [a null (= b[0] 1) ...c] d)"),
            (
                "const f = async (a, { b }, [c] = [], ...d) => a",
                "(const f (fn f async [a {b:b } [c]=[] ...d] (block (return a))))",
            ),
            ("const f = function () {}", "(const f (fn f [] (block )))"),
            ("exports.f = a.g = () => {}", "export f = (fn g [] (block ))\n(= exports.f (= a.g (fn g [] (block ))))"),
            ("function f(a = 1) { 'use server'; }", "(fn f [a=1] (block ))"),
            ("const A = class {}", "(const A (class A))"),
            ("let { a = () => {} } = b", "(let {a:(= a (fn a [] (block ))) } b)"),
        ],
    );
}

#[test]
fn statements() {
    table(
        js,
        &[
            ("if (a) b; else if (c) { d } else e", "(if a (block b) (if c (block d) (block e)))"),
            ("for (let i = 0; i < n; i++) a", "(loop _ _ [(let i 0) (Compare i n) (Arithmetic i)] (block a))"),
            ("for (;;) {}", "(loop _ _ [] (block ))"),
            ("for (const [k, v] of xs) a", "(loop [k v] xs [] (block a))"),
            ("for await (x of xs) {}", "(loop x xs [] (block ))"),
            ("for (a.b in c) {}", "(loop a.b c [] (block ))"),
            ("while (a) b", "(loop _ _ [a] (block b))"),
            ("do a; while (b)", "(loop _ _ [b] (block a))"),
            ("switch (a) { case 1: b; break; default: c }", "(switch a (1 (block b (jump))) (_ (block c)))"),
            ("try { a } catch ({ b }) { c } finally { d }", "(try (block a) (catch {b:b } (block c)) (block d))"),
            ("try { a } catch { b }", "(try (block a) (catch _ (block b)) _)"),
            ("throw new E()", "(throw (new E))"),
            ("a: for (;;) { continue a }", "(loop _ _ [] (block (jump)))"),
            ("with (a) b", "(with [a] (block b))"),
            (";;debugger", ""),
            ("{ a; b }", "(block a b)"),
            ("function f() { return }", "(fn f [] (block (return _)))"),
            ("return 1", "(return 1)"),
        ],
    );
}

#[test]
fn jsx() {
    table(
        tsx,
        &[
            ("<a />", "<a | >"),
            (
                "<a b-c=\"d\" e={f} g {...h} i:j={<k/>}>text {l} <M.N/>{/* no */}\n</a>",
                "<a b-c:\"d\" e:f g:true ...h i:j:<k | > | \"text\" l <M.N | >>",
            ),
            ("<>a</>", "< | \"a\">"),
            ("<a onClick={() => b()} />", "<a onClick:(fn _ [] (block (return (call b)))) | >"),
            ("<a>{...b}</a>", "<a | ...b>"),
            ("const f = <T,>(a: T) => <b c={a} />", "(const f (fn f [a] (block (return <b c:a | >))))"),
        ],
    );
}

#[test]
fn typescript() {
    table(
        ts,
        &[
            ("a as B; a satisfies B; a!; <B>a; f<B>(a); a!.b", "a\na\na\na\n(call f a)\na.b"),
            ("(a as any).b = c", "(= a.b c)"),
            ("type A = B; interface C { d: E }; declare const f: G; declare module 'h' {}", ""),
            ("declare function f(): void; function g(a: string): void; function g(a) {}", "(fn g [a] (block ))"),
            ("enum A { B, C = 5, D, E = 'e', 'F-G' = 1 }", "(const A {B:0 C:5 D:6 E:\"e\" F-G:1 })"),
            ("const enum A { B }", "(const A {B:0 })"),
            ("namespace A.B { export const c = 1 }", "(block (const c 1))"),
            ("import A = B.C", "(const A B.C)"),
            ("import a = require('m')", "import \"m\" [* as a]"),
            ("export = a", "export default local a = a\na"),
            ("abstract class A { abstract f(): void; g(): void; g() {} }", "(class A (fn g [] (block )))"),
            (
                "class A implements I, J.K { constructor(private readonly db: Db, b?: string) {} static c: X = 1; d = () => 2; [e: string]: any }",
                "(class A : I J.K (field db _) (field c 1) (field d (fn d [] (block (return 2)))) \
                 (fn constructor [db b] (block )))",
            ),
            (
                "@Controller('a') class A { @Get(':id') @Use(G) async f(@Body() b: B, @Req() r) { return 1 } @In() g: X }",
                "(class A @(call Controller \"a\") (field g (opaque (call In))) \
                 (fn f @(call Get \":id\") @(call Use G) async [b r] (block (return 1))))",
            ),
            ("@A() export class B {}", "export B local B = (class B @(call A))\n(class B @(call A))"),
            (
                "class A { static { f() } accessor b = 1; get c() { return 1 } set c(v) {} static async *d() {} }",
                "(class A (field b 1) (fn static [] (block (call f))) (fn c [] (block (return 1))) (fn c [v] (block )) (fn d async [] (block )))",
            ),
            ("using a = b()", "(const a (call b))"),
        ],
    );
    let module = module("a.ts", "class A { constructor(@Inject(T) private db: Db<User>) {} }");
    let param = &module.functions[0].params[0];
    assert_eq!(param.annotation.and_then(|id| module.string(id)), Some("Db<User>"));
    assert_eq!(param.decorators.len(), 1);
    assert_eq!(module.classes[0].fields[0].annotation.and_then(|id| module.string(id)), Some("Db<User>"));
}

#[test]
fn imports() {
    table(
        ts,
        &[
            (
                "import a, { b, c as d, default as e, 'f-g' as h } from 'm'",
                "import \"m\" [default as a, b as b, c as d, default as e, f-g as h]",
            ),
            ("import * as a from 'm'", "import \"m\" [* as a]"),
            ("import 'm'", "import \"m\" []"),
            ("import {} from 'm'", "import \"m\" []"),
            ("import type { A } from 'm'", "import \"m\" [A as A] type"),
            ("import { type A } from 'm'", "import \"m\" [A as A] type"),
            ("import { type A, b } from 'm'", "import \"m\" [A as A, b as b]"),
            ("import a from './a.json' with { type: 'json' }", "import \"./a.json\" [default as a]"),
            ("const a = await import('m')", "import \"m\" [* as a] dynamic\n(const a (await (call import \"m\")))"),
            (
                "const { a: b } = await import('m')",
                "import \"m\" [a as b] dynamic\n(const {a:b } (await (call import \"m\")))",
            ),
            (
                "const a = (await import('m')).b",
                "import \"m\" [b as a] dynamic\n(const a (await (call import \"m\")).b)",
            ),
            (
                "lazy(() => import('m'))",
                "import \"m\" [] dynamic\n(call lazy (fn _ [] (block (return (call import \"m\")))))",
            ),
            ("import(`./${a}`)", "(call import (template \"./\" a))"),
        ],
    );
    table(
        js,
        &[
            ("const a = require('m')", "import \"m\" [* as a]\n(const a (call require \"m\"))"),
            (
                "const { a: b, c, d = 1, ...e } = require('m')",
                "import \"m\" [a as b, c as c, d as d, * as e]\n(const {a:b c:c d:(= d 1) ...e } (call require \"m\"))",
            ),
            ("const a = require('m').b", "import \"m\" [b as a]\n(const a (call require \"m\").b)"),
            ("const a = require('m').default", "import \"m\" [default as a]\n(const a (call require \"m\").default)"),
            ("const a = require('m')()", "import \"m\" []\n(const a (call (call require \"m\")))"),
            ("require('m')(a)", "import \"m\" []\n(call (call require \"m\") a)"),
            ("require('m')", "import \"m\" []\n(call require \"m\")"),
            ("require('m').config()", "import \"m\" []\n(call (call require \"m\").config)"),
            ("a = require(`m`)", "import \"m\" [* as a]\n(= a (call require (template \"m\")))"),
            ("({ a, b: c } = require('m'))", "import \"m\" [a as a, b as c]\n(= {a:a b:c } (call require \"m\"))"),
            (
                "const a = b ? require('m') : require('n')",
                "import \"m\" [* as a]\nimport \"n\" [* as a]\n(const a (cond b (call require \"m\") (call require \"n\")))",
            ),
            (
                "const a = __importDefault(require('m'))",
                "import \"m\" [* as a]\n(const a (call __importDefault (call require \"m\")))",
            ),
            (
                "function f() { const a = require('m') }",
                "import \"m\" [* as a] dynamic\n(fn f [] (block (const a (call require \"m\"))))",
            ),
            ("require(a)", "(call require a)"),
            ("app.use('/a', require('./a'))", "import \"./a\" []\n(call app.use \"/a\" (call require \"./a\"))"),
        ],
    );
}

#[test]
fn exports() {
    table(
        ts,
        &[
            ("export const a = 1, b = 2", "export a local a = 1\nexport b local b = 2\n(const a 1)\n(const b 2)"),
            (
                "export const GET = async () => a",
                "export GET local GET = (fn GET async [] (block (return a)))\n(const GET (fn GET async [] (block (return a))))",
            ),
            (
                "export const { a, b: [c] } = d",
                "export a local a = (const {a:a b:[c] } d)\nexport c local c = (const {a:a b:[c] } d)\n(const {a:a b:[c] } d)",
            ),
            ("export let a", "export a local a = (let a _)\n(let a _)"),
            ("export function f() {}", "export f local f = (fn f [] (block ))\n(fn f [] (block ))"),
            ("export default function () {}", "export default = (fn _ [] (block ))\n(fn _ [] (block ))"),
            (
                "export default async function f() {}",
                "export default local f = (fn f async [] (block ))\n(fn f async [] (block ))",
            ),
            ("export default a", "export default local a = a\na"),
            ("export default { a: 1 }", "export default = {a:1 }\n{a:1 }"),
            ("export default class A {}", "export default local A = (class A)\n(class A)"),
            ("export { a, b as c, d as default }", "export a local a\nexport c local b\nexport default local d"),
            (
                "export { a as b, default as c } from 'm'",
                "export b local a from \"m\"\nexport c local default from \"m\"",
            ),
            ("export * from 'm'", "export * from \"m\""),
            ("export * as a from 'm'", "export a local * from \"m\""),
            ("export type { A } from 'm'; export interface B {}; export type C = D; export { type E }", ""),
            ("export enum A { B }", "export A local A = {B:0 }\n(const A {B:0 })"),
            (
                "export namespace A { export const b = 1 }",
                "export A local A = (block (const b 1))\n(block (const b 1))",
            ),
        ],
    );
    table(
        js,
        &[
            ("module.exports = a", "export default local a = a\n(= module.exports a)"),
            (
                "module.exports = { a, b: c, d() {}, ...e }",
                "export default = {a:a b:c d:(fn d [] (block )) ...e }\nexport a local a = a\nexport b local c = c\nexport d = (fn d [] (block ))\n(= module.exports {a:a b:c d:(fn d [] (block )) ...e })",
            ),
            (
                "exports.a = b; module.exports.c = d; exports['e'] = f",
                "export a local b = b\nexport c local d = d\nexport e local f = f\n(= exports.a b)\n(= module.exports.c d)\n(= exports[\"e\"] f)",
            ),
            ("exports.a = () => {}", "export a = (fn a [] (block ))\n(= exports.a (fn a [] (block )))"),
            ("module.exports = exports = a", "export default local a = a\n(= module.exports (= exports a))"),
            ("exports.a = exports.b = void 0", "(= exports.a (= exports.b null))"),
            (
                "module.exports = { ...require('./a') }",
                "import \"./a\" []\nexport default = {...(call require \"./a\") }\nexport * from \"./a\"\n(= module.exports {...(call require \"./a\") })",
            ),
            ("function f() { exports.a = 1 }", "(fn f [] (block (= exports.a 1)))"),
            ("if (a) module.exports = b", "export default local b = b\n(if a (block (= module.exports b)) _)"),
            (
                "Object.defineProperty(exports, 'a', { enumerable: true, get: function () { return m.b } })",
                "export a = m.b\n(call Object.defineProperty exports \"a\" {enumerable:true get:(fn get [] (block (return m.b))) })",
            ),
        ],
    );
}

#[test]
fn directives_and_comments() {
    let text = "#!/usr/bin/env node\n'use client';\n\"use strict\"\n// é\nfunction f() { 'use server'; /* b */ g() }";
    let module = module("a.js", text);
    assert_eq!(dump(&module), "directive \"use client\"\ndirective \"use strict\"\n(fn f [] (block (call g)))\n");
    let function = &module.functions[0];
    assert_eq!(function.directives, ["use server"]);
    assert!(!function.is_empty);
    let comments: Vec<&str> =
        module.comments.iter().map(|range| &text[range.start as usize..range.end as usize]).collect();
    assert_eq!(comments, ["// é", "/* b */"]);
}

#[test]
fn functions_know_where_they_stand() {
    let text = "export const a = async (x) => { b(() => c) };\nclass D { @E() async f<T>(g) { h(function () {}) } }\n\
                x = { async i(j) {} };";
    let module = module("a.ts", text);
    let slice = |range: Range| &text[range.start as usize..range.end as usize];
    let heads: Vec<(Option<&str>, &str)> =
        module.functions.iter().map(|function| (function.name.as_deref(), slice(function.head))).collect();
    assert_eq!(
        heads,
        [
            (Some("a"), "async (x) => "),
            (None, "() => "),
            (Some("f"), "async f<T>(g) "),
            (None, "function () "),
            (Some("i"), "async i(j) "),
        ]
    );
    assert_eq!(slice(module.functions[0].range), "async (x) => { b(() => c) }");
    assert_eq!(slice(module.functions[2].range), "@E() async f<T>(g) { h(function () {}) }");
    assert_eq!(slice(module.functions[4].range), "async i(j) {}");
    let parents: Vec<Option<u32>> =
        module.functions.iter().map(|function| function.parent.map(|parent| parent.0)).collect();
    assert_eq!(parents, [None, Some(0), None, Some(2), None]);
    assert_eq!(module.functions[2].class.map(|class| class.0), Some(0));
    assert!(module.functions[4].is_empty && !module.functions[0].is_empty);
}

#[test]
fn spans() {
    let text = "é = (a + b) * f(c?.d, `x${y}`, <p q=\"r\"> s é </p>);";
    let module = module("a.jsx", text);
    let mut seen = Vec::new();
    walk(&module, module.body[0], &mut |id| {
        let range = module.node(id).range;
        seen.push(&text[range.start as usize..range.end as usize]);
        true
    });
    assert_eq!(
        seen,
        [
            "é = (a + b) * f(c?.d, `x${y}`, <p q=\"r\"> s é </p>)",
            "é",
            "(a + b) * f(c?.d, `x${y}`, <p q=\"r\"> s é </p>)",
            "a + b",
            "a",
            "b",
            "f(c?.d, `x${y}`, <p q=\"r\"> s é </p>)",
            "f",
            "c?.d",
            "c",
            "`x${y}`",
            "x",
            "y",
            "<p q=\"r\"> s é </p>",
            "p",
            "\"r\"",
            "s é",
        ]
    );
}

#[test]
fn blocks_of_components_and_pages() {
    let text = "<template><p>{{ a }}</p></template>\n<script>export default { b }</script>\n\
                <script setup lang=\"ts\">const c: D = é(); // f\n</script>";
    let found = modules("A.vue", text);
    assert_eq!(
        found.iter().map(dump).collect::<Vec<_>>(),
        ["export default = {b:b }\n{b:b }\n", "(const c (call é))\n"]
    );
    let range = found[1].node(found[1].body[0]).range;
    assert_eq!(&text[range.start as usize..range.end as usize], "c: D = é()");
    assert_eq!(found[1].comments.len(), 1);

    let text = "---\nimport A from './a';\nif (!b) return c;\n---\n<A/><script>d as E</script>";
    assert_eq!(
        modules("a.astro", text).iter().map(dump).collect::<Vec<_>>(),
        ["import \"./a\" [default as A]\n(if (Not b) (block (return c)) _)\n", "d\n"]
    );
    let text = "<script lang='ts'>export let a: string; $: b = a;</script>{#if a < b}<p/>{/if}";
    assert_eq!(
        modules("a.svelte", text).iter().map(dump).collect::<Vec<_>>(),
        ["export a local a = (let a _)\n(let a _)\n(= b a)\n"]
    );
    let text =
        "<script>a = '<p>' + b</script><script type='application/json'>{\"a\": 1}</script><script src='c'></script>";
    assert_eq!(modules("a.html", text).iter().map(dump).collect::<Vec<_>>(), ["(= a (Add \"<p>\" b))\n"]);
    let found = modules("a.vue", "<script lang='coffee'>a -> b</script>");
    assert!(found[0].problems[0].lost_code);
    assert!(modules("a.html", "<p>no script</p>").is_empty());
}

#[test]
fn scripts_that_a_server_fills_in() {
    let text = "<script>\nconst a = {{ b|tojson }}, c = '/d/{{ e }}/é';\n{% if f %}\ng(`h{{ i }}`);\n{% endif %}\nuser_{{ j }}.k();\n</script>";
    let found = module("a.html", text);
    assert_eq!(
        dump(&found),
        "(const a (opaque ))\n(const c (template \"/d/\" (opaque ) \"/é\"))\n(call g (template \"h\" (opaque )))\n\
         (call (opaque ).k)\n"
    );
    let opaque =
        found.iter().find(|(_, node)| matches!(node.kind, Kind::Opaque(_))).map(|(_, node)| node.range).unwrap();
    assert_eq!(&text[opaque.start as usize..opaque.end as usize], "{{ b|tojson }}");
    // What is JavaScript as it stands is left alone.
    assert_eq!(
        dump(&module("a.html", "<script>a = {b: {c: 1}}; d = '{{ e }}'</script>")),
        "(= a {b:{c:1 } })\n(= d \"{{ e }}\")\n"
    );
    let found = module("a.html", "<script>\na = {{ b }};\nlet = = ;\nc('{{ d }}');\n</script>");
    assert!(dump(&found).contains("(call c (template (opaque )))"), "{}", dump(&found));
    assert!(found.problems.iter().any(|problem| problem.lost_code));
}

#[test]
fn dialects() {
    table(
        js,
        &[
            ("var yield = 1; with (a) { b }", "(let yield 1)\n(with [a] (block b))"),
            ("// @flow\nfunction f(a: string): number { return 1 }", "(fn f [a] (block (return 1)))"),
            ("x = <a/>", "(= x <a | >)"),
        ],
    );
    assert_eq!(dump(&module("a.cjs", "return require('m')")), "import \"m\" []\n(return (call require \"m\"))\n");
    assert_eq!(
        dump(&module("a.d.ts", "export declare function f(): void; export const a: string;")),
        "export a local a = (const a _)\n(const a _)\n"
    );
    assert_eq!(dump(&module("a.ts", "const a = <T>(b: T) => <T>b")), "(const a (fn a [b] (block (return b))))\n");
    assert_eq!(dump(&module("\u{e9}.ts", "\u{feff}a")), "a\n");
    assert!(modules("a.rs", "fn main() {}").is_empty());
}

#[test]
fn broken_files_keep_what_stands_around_the_error() {
    let text = "import a from 'm';\nconst b = a();\nfunction c( {{{ nonsense\nd(e);\nexport const f = 1;\n";
    let found = module("a.js", text);
    let tree = dump(&found);
    assert!(tree.starts_with("import \"m\" [default as a]\nexport f local f = 1\n(const b (call a))\n"), "{tree}");
    assert!(tree.contains("(call d e)"), "{tree}");
    assert_eq!(found.problems.iter().filter(|problem| problem.lost_code).count(), 1, "{tree}");
    let range = found.problems[0].range;
    assert_eq!(&text[range.start as usize..range.end as usize], "function c( {{{ nonsense");

    let text = "a();\n<<<<<<< HEAD\nb();\n=======\nc();\n>>>>>>> other\nd();\n";
    let found = module("a.ts", text);
    for call in ["(call a)", "(call b)", "(call c)", "(call d)"] {
        assert!(dump(&found).contains(call), "{}", dump(&found));
    }
    assert!(found.problems.iter().any(|problem| problem.lost_code));

    // In a block, pieces are shifted like the rest.
    let text = "<script>\n  a();\n  let = = ;\n  b();\n</script>";
    let found = module("a.html", text);
    let last = found.node(*found.body.last().unwrap()).range;
    assert_eq!(&text[last.start as usize..last.end as usize], "b()");
}

#[test]
fn recovered_errors_lose_nothing() {
    let found = module("a.ts", "const a;\nb();");
    assert!(dump(&found).contains("(call b)"));
    assert!(found.problems.iter().all(|problem| !problem.lost_code));
}

fn nested(open: &str, middle: &str, close: &str, depth: usize) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn deep_nesting_is_refused_or_cut() {
    let forms = [
        ("[", "", "]"),
        ("(", "a", ")"),
        ("{", "", "}"),
        ("a(", "", ")"),
        ("<a>", "", "</a>"),
        ("`${", "a", "}`"),
        ("!", "a", ""),
        ("a=>", "b", ""),
        ("a=", "b", ""),
        ("a?b:", "c", ""),
        ("if(a)", ";", ""),
        ("if(a){}else ", ";", ""),
        ("new ", "a", ""),
        ("typeof ", "a", ""),
        ("await ", "a", ""),
        ("a:", ";", ""),
        ("for(;;)", ";", ""),
        ("do ", ";", " while(a)"),
        ("a**", "b", ""),
        ("(a=", "b", ")"),
        ("({a=", "b", "})"),
        ("function f(){", "", "}"),
        ("f<", "a", ""),
        ("a<b<", "c", ""),
        ("x={a:", "b", "}"),
        ("class A{m(){", "", "}}"),
        ("class extends ", "a", ""),
        ("async a=>", "b", ""),
        ("@a(", "b", ")class A{}"),
        ("a.b(c).", "d", ""),
        ("a as b as ", "c", ""),
    ];
    // Too many to count on any stack.
    for form in ["a=>", "!", "if(a)b;else "] {
        let found = module("a.js", &form.repeat(8_000_000 / form.len()));
        assert!(found.problems.iter().any(|problem| problem.lost_code), "{form}");
    }
    for depth in [500, 100_000] {
        for path in ["a.js", "a.tsx", "a.ts"] {
            for (open, middle, close) in forms {
                let found = module(path, &nested(open, middle, close, depth));
                if depth == 100_000 {
                    assert!(found.problems.iter().any(|problem| problem.lost_code), "{open} in {path}");
                }
            }
        }
    }
}

#[test]
fn long_chains_are_read_whole() {
    let terms = 50_000;
    let sum = module("a.js", &format!("x = {}a()", "a() + ".repeat(terms)));
    assert_eq!(sum.problems.len(), 0);
    assert_eq!(sum.iter().filter(|(_, node)| matches!(node.kind, Kind::Call { .. })).count(), terms + 1);
    // The tree of a long chain is shallow enough for recursion, and its operands are in order.
    assert!(dump(&sum).len() > terms);
    let short = "(Or (Or (And a b) c) d)";
    assert_eq!(js("a && b || c || d"), short);
    let names: Vec<String> = (0..40).map(|n| format!("n{n}")).collect();
    let chain = module("a.js", &names.join(" + "));
    let mut seen = Vec::new();
    walk(&chain, chain.body[0], &mut |id| {
        if let Kind::Name(name) = chain.kind(id) {
            seen.push(name.to_string());
        }
        true
    });
    assert_eq!(seen, names);

    let branches = module("a.js", &format!("if (a) b(); {}", "else if (a) b(); ".repeat(50_000)));
    assert!(branches.problems.iter().any(|problem| problem.lost_code));
    let list = module("a.js", &format!("x = [{}]", "a(1),".repeat(100_000)));
    assert_eq!(list.problems.len(), 0);
    let sequence = module("a.js", &"a(1),".repeat(100_000).replace("),", "); "));
    assert_eq!(sequence.body.len(), 100_000);
    let mixed = module("a.js", &format!("x = {}a", "a + b - c * d + ".repeat(10_000)));
    assert_eq!(mixed.problems.len(), 0);
}

#[test]
fn minified_bundles() {
    let unit = "!function(e,t){\"use strict\";var n=t(1),r=void 0;e.exports=function(a){return a?n.get(\"/api/\"+a).then((function(e){return e.data})):r}}(module,require);";
    let text = unit.repeat(12_000);
    let found = module("a.js", &text);
    assert!(text.len() > 1_500_000);
    assert_eq!(found.body.len(), 12_000);
    assert_eq!(found.functions.len(), 36_000);
    assert_eq!(found.problems.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_data(text in any::<String>(), extension in prop::sample::select(&["js", "ts", "tsx", "vue", "svelte", "astro", "html"][..])) {
        modules(&format!("a.{extension}"), &text);
    }

    #[test]
    fn shuffled_code_is_data(
        parts in prop::collection::vec(prop::sample::select(&[
            "a", "é", "(", ")", "{", "}", "[", "]", "<", ">", "</", "/>", "'", "\"", "`", "${", "=", "=>", ";", ",", ".",
            "?.", "...", "\n", " ", "//", "/*", "*/", "/", "\\", "@", "#", "!", "+", "?", ":", "function ", "class ",
            "import ", "export ", "from ", "const ", "let ", "if", "else ", "for", "of ", "async ", "await ", "yield ",
            "new ", "type ", "enum ", "namespace ", "as ", "require('m')", "module.exports=", "default ", "static ",
            "<script>", "</script>", "{{", "}}", "{%", "%}", "<%=", "%>", "<script lang=\"ts\">", "---\n", "<!--", "-->", "1", "0x", "\u{2028}", "\u{feff}",
        ][..]), 0..60),
        extension in prop::sample::select(&["js", "ts", "tsx", "vue", "svelte", "astro", "html"][..]),
    ) {
        modules(&format!("a.{extension}"), &parts.concat());
    }
}
