//! Handlers that read forms as the web's own requests do: files, and where visitors are sent.

use plimsoll_model::app::{Sink as Ends, StoredValueKind, WebStorage};
use plimsoll_source::SourceTree;

const PACKAGE: (&str, &str) =
    ("package.json", r#"{"dependencies": {"@sveltejs/kit": "2", "@supabase/supabase-js": "2"}}"#);

#[test]
fn a_file_of_a_form_is_looked_at_before_it_is_stored() {
    let server = |check: &str| {
        format!(
            r#"import {{ json }} from '@sveltejs/kit';
export const POST = async ({{ request, locals: {{ supabase }} }}) => {{
  const form = await request.formData();
  const file = form.get('file');
  {check}
  await supabase.storage.from('templates').upload(form.get('path'), file, {{ upsert: false }});
  return json({{ ok: true }});
}};"#
        )
    };
    for (check, unbounded) in [
        ("", true),
        ("if (file.size > 1000) return json({ error: 'large' }, { status: 413 });", true),
        ("if (!file.type.startsWith('image/')) return json({ error: 'kind' }, { status: 415 });", false),
        ("if (!['image/png'].includes(file.type)) return json({ error: 'kind' }, { status: 415 });", false),
    ] {
        let text = server(check);
        let files = [PACKAGE, ("src/routes/api/upload/+server.ts", text.as_str())];
        let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
        let found = app.settings.iter().any(|setting| setting.key == "upload-without-bounds");
        assert_eq!(found, unbounded, "{check}");
    }
}

#[test]
fn a_slash_in_front_does_not_keep_visitors_here() {
    for (target, open) in
        [("`/${next.slice(1)}`", true), ("`/app/${next}`", false), ("'/login'", false), ("next", true)]
    {
        let text = format!(
            "import {{ redirect }} from '@sveltejs/kit';\nexport const GET = async ({{ url }}) => {{\n  const next = url.searchParams.get('next') ?? '/app';\n  redirect(303, {target});\n}};"
        );
        let files = [PACKAGE, ("src/routes/auth/callback/+server.ts", text.as_str())];
        let app = plimsoll_witness::observe(&SourceTree::from_texts(files));
        let found = app.flows.iter().any(|flow| flow.sink == Ends::Redirect);
        assert_eq!(found, open, "{target}");
    }
}

#[test]
fn cookies_that_scripts_write_are_open_to_scripts() {
    for (text, token) in [
        (
            "import Cookies from 'js-cookie';\nexport function keep(data) { Cookies.set('token', data.token, { expires: 7 }); }",
            true,
        ),
        ("import Cookies from 'js-cookie';\nexport function keep(mode) { Cookies.set('theme', mode); }", false),
        ("export function keep(data) { document.cookie = `authToken=${data.token}; path=/`; }", true),
        ("export function leave() { document.cookie = 'authToken=; max-age=0'; }", false),
        ("export async function login(data) { const token = useCookie('token'); token.value = data.token; }", true),
        ("export async function leave() { const token = useCookie('token'); token.value = null; }", false),
    ] {
        let app = plimsoll_witness::observe(&SourceTree::from_texts([("src/auth.ts", text)]));
        let found = app.stored_values.iter().any(|value| {
            value.storage == WebStorage::Cookie
                && value.kind == StoredValueKind::SessionToken
                && !value.written.is_empty()
        });
        assert_eq!(found, token, "{text}");
    }
}
