//! Laravel: what validation rules say, and what is stored of an upload.

use plimsoll_model::App;
use plimsoll_model::app::{EffectKind, Purpose};
use plimsoll_source::SourceTree;

fn app(controller: &str) -> App {
    let routes = r#"<?php
use App\Http\Controllers\FileController;
use Illuminate\Support\Facades\Route;
Route::middleware('auth')->group(function () {
    Route::post('/files', [FileController::class, 'keep']);
    Route::put('/profile/password', [FileController::class, 'password']);
});
"#;
    plimsoll_witness::observe(&SourceTree::from_texts([
        ("artisan", "#!/usr/bin/env php"),
        ("routes/web.php", routes),
        ("app/Http/Controllers/FileController.php", controller),
    ]))
}

fn controller(keep: &str) -> String {
    format!(
        r#"<?php
namespace App\Http\Controllers;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Hash;
class FileController
{{
    public function keep(Request $request) {{ {keep} }}
    public function password(Request $request) {{
        $validated = $request->validate(['current_password' => ['required', 'current_password'], 'password' => 'required|min:12']);
        $request->user()->update(['password' => Hash::make($validated['password'])]);
    }}
}}
"#
    )
}

#[test]
fn an_upload_needs_a_rule_for_its_kind() {
    for (keep, unbounded) in [
        ("$request->file('photo')->store('photos', 'public');", true),
        ("$request->validate(['photo' => 'required|file|max:2048']); $request->file('photo')->store('photos');", true),
        (
            "$request->validate(['photo' => 'required|image|max:2048']); $request->file('photo')->store('photos');",
            false,
        ),
        (
            "$request->validate(['photo' => ['required', 'mimes:pdf']]); $request->file('photo')->move('files', 'a');",
            false,
        ),
        (
            "if (!in_array($request->file('photo')->getMimeType(), ['image/png'])) { abort(422); } $request->file('photo')->store('x');",
            false,
        ),
    ] {
        let app = app(&controller(keep));
        let found = app.settings.iter().any(|setting| setting.key == "upload-without-bounds");
        assert_eq!(found, unbounded, "{keep}");
    }
}

#[test]
fn the_rule_current_password_asks_for_it() {
    let app = app(&controller(""));
    let entry = app.entry_points.iter().find(|entry| entry.path == "/profile/password").expect("an entry");
    assert!(entry.effects.iter().any(|effect| effect.kind == EffectKind::VerifyPassword));
    assert!(!entry.purposes.contains(&Purpose::Login));
}
