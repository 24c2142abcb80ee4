//! Pages of PHP: what they show of the database, what they take, and what nothing leads to.

use plimsoll_model::App;
use plimsoll_model::app::{Reach, Sink, Source};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

fn observe(files: &[(&str, &str)]) -> App {
    plimsoll_witness::observe(&SourceTree::from_texts(files.iter().copied()))
}

/// Names of what becomes markup.
fn markup(app: &App) -> Vec<&str> {
    app.flows.iter().filter(|flow| flow.sink == Sink::Html).map(|flow| flow.source_name.as_str()).collect()
}

const DB: &str = "<?php\n$db = new PDO('mysql:host=localhost;dbname=kiln', 'kiln', getenv('DB_PASS'));\n";

#[test]
fn columns_without_free_text_are_no_markup() {
    let schema = "CREATE TABLE `firings` (`id` int(11), `glaze` enum('matte','clear') NOT NULL, `remark` varchar(80));
                  CREATE TABLE `potters` (`id` int(11), `grade` enum('a','b'));";
    let page = |shown: &str| {
        format!(
            "<?php require 'db.php';
            function on($date) {{ $at = new DateTime($date); return $at->format('d.m.'); }}
            $rows = $db->query(\"SELECT f.*, p.grade, COUNT(*) AS pieces, (SELECT COUNT(*) FROM cracks WHERE f_id = f.id) AS broken
                FROM firings f JOIN potters p ON p.id = f.potter_id GROUP BY f.id\")->fetchAll();
            foreach ($rows as $row) {{ echo {shown}; }}"
        )
    };
    let shown = |shown: &str| {
        let text = page(shown);
        let app = observe(&[("db.php", DB), ("kiln.sql", schema), ("list.php", text.as_str())]);
        markup(&app).len()
    };
    for closed in [
        "$row['glaze']",
        "ucfirst($row['glaze'])",
        "$row['grade']",
        "$row['pieces']",
        "$row['broken']",
        "on($row['fired'])",
    ] {
        assert_eq!(shown(closed), 0, "{closed}");
    }
    for open in ["$row['remark']", "ucfirst($row['remark'])", "$row['glaze'] . $row['remark']"] {
        assert_eq!(shown(open), 1, "{open}");
    }
}

#[test]
fn an_address_is_no_path_of_a_file() {
    let page =
        |from: &str| format!("<?php require 'db.php'; $kind = $_GET['kind']; $data = file_get_contents({from});");
    let reads = |from: &str| {
        let text = page(from);
        let app = observe(&[("db.php", DB), ("rates.php", text.as_str())]);
        app.flows.iter().any(|flow| flow.sink == Sink::FilePath)
    };
    assert!(!reads("'https://rates.example/' . $kind . '/today'"));
    assert!(reads("'rates/' . $kind"));
}

#[test]
fn a_token_for_the_mailbox_is_told_where_the_page_shows_it() {
    let page = |shown: &str| {
        format!(
            "<?php session_start(); require 'db.php';
            $link = ''; $form = bin2hex(random_bytes(8)); $_SESSION['form'] = $form;
            if ($_SERVER['REQUEST_METHOD'] === 'POST') {{
              $ticket = bin2hex(random_bytes(16));
              $db->prepare('UPDATE users SET ticket = ? WHERE email = ?')->execute([$ticket, $_POST['email']]);
              $link = $ticket;
            }}
            ?><input name=form value=\"<?= {shown} ?>\">"
        )
    };
    let told = |shown: &str| {
        let text = page(shown);
        let app = observe(&[("db.php", DB), ("forgot_password.php", text.as_str())]);
        app.flows.iter().any(|flow| flow.source == Source::FreshToken)
    };
    assert!(told("htmlspecialchars($link)"));
    assert!(!told("htmlspecialchars($form)"));
}

#[test]
fn nobody_signs_up_as_staff() {
    let page = |roles: &str| {
        format!(
            "<?php require 'db.php';
            $error = ''; $role = $_POST['role'] ?? ''; $open = [{roles}];
            if (empty($_POST['email']) || empty($role)) {{
              $error = 'empty';
            }} elseif (!in_array($role, $open)) {{
              $error = 'unknown';
            }} else {{
              $add = $db->prepare('INSERT INTO users (email, password, role) VALUES (?, ?, ?)');
              $add->execute([$_POST['email'], password_hash($_POST['password'], PASSWORD_DEFAULT), $role]);
            }}"
        )
    };
    let chosen = |roles: &str| {
        let text = page(roles);
        let app = observe(&[("db.php", DB), ("register.php", text.as_str())]);
        app.entry_points.iter().flat_map(|entry| &entry.effects).any(|effect| !effect.privilege_fields.is_empty())
    };
    assert!(chosen("'buyer', 'manager'"));
    assert!(!chosen("'buyer', 'seller'"));
}

#[test]
fn methods_named_by_the_address_are_entry_points() {
    let front = |check: &str, hand_over: &str| {
        format!(
            "<?php session_start(); require 'db.php'; spl_autoload_register(fn($c) => require \"desks/$c.php\");
             $page = $_GET['page'] ?? 'kiln'; $action = $_GET['action'] ?? 'index'; {check}
             $name = ucfirst($page) . 'Controller'; $desk = new $name(); {hand_over}"
        )
    };
    let kiln = "<?php class KilnController {
        function index() { global $db; echo json_encode($db->query('SELECT id FROM kilns')->fetchAll()); }
        function drop() { if (!isset($_SESSION['user_id'])) { http_response_code(401); exit; }
          global $db; $db->prepare('DELETE FROM kilns WHERE id = ?')->execute([$_POST['id']]); }
        private function log() {} }";
    let found = |check: &str, hand_over: &str| {
        let front = front(check, hand_over);
        let found = reach(&[("db.php", DB), ("index.php", front.as_str()), ("desks/KilnController.php", kiln)]);
        found.into_iter().filter(|(label, _)| label.contains("/kiln")).collect::<Vec<_>>()
    };
    let open = pairs(&[("GET /kiln", Reach::Anyone), ("GET /kiln/drop", Reach::SignedIn)]);
    assert_eq!(found("", "$desk->$action();"), open);
    assert_eq!(found("", "call_user_func([$desk, $action]);"), open);
    let closed = pairs(&[("GET /kiln", Reach::SignedIn), ("GET /kiln/drop", Reach::SignedIn)]);
    let check = "if (!isset($_SESSION['user_id'])) { header('Location: login.php'); exit; }";
    assert_eq!(found(check, "$desk->$action();"), closed);
    assert_eq!(found("", "$desk->index();"), []);
}

#[test]
fn handlers_that_nothing_leads_to_are_named() {
    let front = "<?php require 'db.php'; $rows = $db->query('SELECT id FROM firings')->fetchAll(); echo count($rows);";
    let handler = "<?php class FiringDesk { function store() { global $db;
        $db->prepare('INSERT INTO firings (remark) VALUES (?)')->execute([$_POST['remark']]); } }";
    let helper = "<?php class Wording { function upper($text) { return strtoupper($text); } }";
    let app =
        observe(&[("db.php", DB), ("index.php", front), ("desks/FiringDesk.php", handler), ("Wording.php", helper)]);
    let named: Vec<&str> = app.not_checked.iter().filter(|gap| gap.weighs).map(|gap| gap.what.as_str()).collect();
    assert_eq!(named, ["desks/FiringDesk.php"]);
}

#[test]
fn what_a_model_hides_and_a_redirect_does_not_show_is_not_sent() {
    let routes = "<?php
use App\\Http\\Controllers\\PotterController;
Route::get('/potters', [PotterController::class, 'index']);
Route::post('/potters', [PotterController::class, 'store']);
Route::get('/one', [PotterController::class, 'one']);";
    let controller = "<?php
namespace App\\Http\\Controllers;
use App\\Models\\Potter;
class PotterController extends Controller {
  public function index() { return response()->json(Potter::all()); }
  public function store(Request $request) {
    $potter = Potter::create(['name' => $request->name, 'password' => bcrypt($request->password)]);
    return redirect()->route('potters.index')->with('note', \"Welcome {$potter->name}\");
  }
  public function one() { $potter = Potter::first(); return response()->json(['name' => $potter->name]); }
}";
    let model = |hidden: &str| {
        format!(
            "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass Potter extends Model {{ \
             protected $fillable = ['name', 'password']; {hidden} }}"
        )
    };
    let sent = |hidden: &str| -> usize {
        let model = model(hidden);
        let app = observe(&[
            ("composer.json", "{\"require\":{\"laravel/framework\":\"^12.0\"}}"),
            ("artisan", "#!/usr/bin/env php"),
            ("routes/web.php", routes),
            ("app/Http/Controllers/PotterController.php", controller),
            ("app/Models/Potter.php", model.as_str()),
        ]);
        app.flows.iter().filter(|flow| flow.source == Source::Credential).count()
    };
    assert_eq!(sent("protected $hidden = ['password'];"), 0);
    assert_eq!(sent(""), 1);
}
