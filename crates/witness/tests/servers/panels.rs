//! Routers of an app's own, and panels that a framework makes of classes.

use plimsoll_model::app::{EffectKind, GuardKind, Purpose, Reach};

use crate::{pairs, reach};

fn observe(files: &[(&str, &str)]) -> plimsoll_model::App {
    plimsoll_witness::observe(&plimsoll_source::SourceTree::from_texts(files.iter().copied()))
}

const ROUTER: &str = r#"<?php
class Router {
    private array $routes = [];
    public function get($path, $handler, $before = []) { $this->add('GET', $path, $handler, $before); }
    public function add(string $method, string $path, $handler, $before = []): void {
        $this->routes[$method][] = ['regex' => '#^' . $path . '$#', 'handler' => $handler];
    }
    public function group($prefix, callable $inner) { $inner($this); }
    public function dispatch(string $method, string $path): void {
        foreach ($this->routes[strtoupper($method)] ?? [] as $route) {
            if (preg_match($route['regex'], $path, $m) === 1) {
                $handler = $route['handler'];
                $handler($m);
                return;
            }
        }
    }
}
class Gate {
    public static function login(): void {
        if (!isset($_SESSION['user_id'])) { http_response_code(401); exit; }
    }
    public function handle() {
        if (($_SESSION['role'] ?? '') !== 'admin') { http_response_code(403); exit; }
    }
}
class Csrf {
    public static function check(): void {
        if ($_SERVER['REQUEST_METHOD'] === 'GET') { return; }
        if (!hash_equals($_SESSION['csrf'], $_POST['csrf'] ?? '')) { http_response_code(419); exit; }
    }
}
class PetController {
    public static function index($pdo) { echo json_encode($pdo->query('SELECT * FROM pets')->fetchAll()); }
    public static function remove($pdo, int $id) {
        Gate::login();
        $pdo->prepare('DELETE FROM pets WHERE id = ?')->execute([$id]);
    }
    public function staff() { echo json_encode((new PDO('sqlite:x'))->query('SELECT * FROM staff')->fetchAll()); }
}
"#;

#[test]
fn routes_of_a_router_of_ones_own() {
    let front = r#"<?php
require __DIR__ . '/../src/all.php';
session_start();
Csrf::check();
$pdo = new PDO('sqlite:x');
$router = new Router();
$router->add('GET', '/pets', function () use ($pdo) { PetController::index($pdo); });
$router->add('DELETE', '/pets/{id}', function ($params) use ($pdo) { PetController::remove($pdo, (int) $params['id']); });
$router->group('/office', function ($router) {
    $router->get('/staff', [PetController::class, 'staff'], [Gate::class]);
});
$router->dispatch($_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI']);
"#;
    let files = [("public/index.php", front), ("src/all.php", ROUTER)];
    let mut found = reach(&files);
    found.retain(|(label, _)| !label.ends_with("/index.php"));
    found.sort();
    let expected =
        [("DELETE /pets/:id", Reach::SignedIn), ("GET /office/staff", Reach::Role), ("GET /pets", Reach::Anyone)];
    assert_eq!(found, pairs(&expected));
    let app = observe(&files);
    let entry = |label: &str| app.entry_points.iter().find(|entry| entry.label() == label);
    let Some(remove) = entry("DELETE /pets/:id") else { return };
    assert!(remove.effects.iter().any(|effect| effect.kind == EffectKind::Delete && effect.picked_by_input));
    assert!(remove.guards.iter().any(|guard| guard.kind == GuardKind::Csrf), "{:?}", remove.guards);
    assert!(entry("GET /pets").is_some_and(|entry| entry.guards.iter().all(|guard| guard.kind != GuardKind::Csrf)));
}

const TABLE: &[(&str, &str)] = &[
    (
        "index.php",
        r#"<?php
require_once 'boot.php';
session_start();
$path = '/' . trim($_GET['route'] ?? '', '/');
(new Front())->dispatch($path);
"#,
    ),
    ("boot.php", "<?php spl_autoload_register(function ($class) { require __DIR__ . '/src/' . $class . '.php'; });"),
    (
        "conf/routes.php",
        r#"<?php
return [
    'GET /boats' => 'BoatController@all',
    'POST /boats/{id}/sink' => [BoatController::class, 'sink'],
    '/log' => ['controller' => 'BoatController', 'action' => 'log'],
    '/gone' => 'BoatController@nothing',
    '/crew' => 'CrewController@all',
];
"#,
    ),
    (
        "src/Front.php",
        r#"<?php
class Front {
    private $routes;
    public function __construct() { $this->routes = require dirname(__DIR__) . '/conf/routes.php'; }
    public function dispatch($path) {
        foreach ($this->routes as $pattern => $handler) {
            if ($pattern === $path) { list($class, $method) = explode('@', $handler); (new $class())->$method(); }
        }
    }
}
"#,
    ),
    (
        "src/Base.php",
        r#"<?php
class Base {
    protected function view($name, $data = []) { extract($data); require dirname(__DIR__) . "/pages/{$name}.php"; }
    protected function mustLogin() { if (!isset($_SESSION['user_id'])) { header('Location: /login'); exit; } }
}
"#,
    ),
    (
        "src/BoatController.php",
        r#"<?php
class BoatController extends Base {
    private $pdo;
    public function __construct() { $this->pdo = new PDO('sqlite:x'); }
    public function all() { $this->view('boats', ['boats' => $this->pdo->query('SELECT * FROM boats')->fetchAll()]); }
    public function sink($id) {
        $this->mustLogin();
        $this->pdo->prepare('DELETE FROM boats WHERE id = ?')->execute([$id]);
    }
    public function log() { $this->mustLogin(); echo json_encode($this->pdo->query('SELECT * FROM log')->fetchAll()); }
}
"#,
    ),
    (
        "src/CrewController.php",
        r#"<?php
class CrewController extends Base {
    public function __construct() { $this->mustLogin(); }
    public function all() {
        $words = ['/(^|\\s)(a)/i' => function ($m) { return $m[1]; }, '/(b)/' => function ($m) { return $m[1]; }];
        echo json_encode((new PDO('sqlite:x'))->query('SELECT * FROM crew')->fetchAll());
    }
}
"#,
    ),
    (
        "pages/boats.php",
        "<ul><?php foreach ($boats as $boat): ?><li><?= $boat['name'] ?></li><?php endforeach; ?></ul>",
    ),
];

#[test]
fn routes_of_a_table() {
    let mut found = reach(TABLE);
    found.retain(|(label, _)| !label.ends_with("/index.php"));
    found.sort();
    let expected = [
        ("GET /boats", Reach::Anyone),
        ("GET /crew", Reach::SignedIn),
        ("GET /log", Reach::SignedIn),
        ("POST /boats/:id/sink", Reach::SignedIn),
    ];
    assert_eq!(found, pairs(&expected));
    let app = observe(TABLE);
    assert!(app.not_checked.iter().any(|gap| gap.what.contains("/gone") && gap.weighs), "{:?}", app.not_checked);
    assert!(app.not_checked.iter().all(|gap| !gap.what.contains("CrewController")), "{:?}", app.not_checked);
    let sink = app.entry_points.iter().find(|entry| entry.label() == "POST /boats/:id/sink");
    assert!(sink.is_some_and(|entry| {
        entry.effects.iter().any(|effect| effect.kind == EffectKind::Delete && effect.picked_by_input)
    }));
}

#[test]
fn a_table_that_no_page_uses_is_named() {
    let files: Vec<(&str, &str)> = TABLE.iter().filter(|(path, _)| *path != "src/Front.php").copied().collect();
    let app = observe(&files);
    assert!(app.not_checked.iter().any(|gap| gap.what.contains("conf/routes.php:2")), "{:?}", app.not_checked);
}

#[test]
fn folders_that_a_rewrite_forbids_hold_no_pages() {
    let files = [
        (".htaccess", "RewriteEngine On\nRewriteRule ^(inner|conf)/ - [F,L]\n"),
        ("index.php", "<?php echo 'hello';"),
        ("inner/part.php", "<?php echo date('Y');"),
        ("open/part.php", "<?php echo date('Y');"),
    ];
    let found: Vec<String> = reach(&files).into_iter().map(|(label, _)| label).collect();
    assert_eq!(found, ["GET /index.php", "GET /open/part.php"]);
}

const PANEL: &str = r#"<?php
namespace App\Providers\Filament;
use Filament\Panel;
use Filament\PanelProvider;
use Filament\Http\Middleware\Authenticate;
class AdminPanelProvider extends PanelProvider
{
    public function panel(Panel $panel): Panel
    {
        return $panel
            ->default()
            ->id('admin')
            ->path('back')
            ->login()
            ->discoverResources(in: app_path('Filament/Resources'), for: 'App\\Filament\\Resources')
            ->authMiddleware([
                Authenticate::class,
            ]);
    }
}
"#;

const USER: &str = r#"<?php
namespace App\Models;
use Filament\Models\Contracts\FilamentUser;
use Filament\Panel;
use Illuminate\Foundation\Auth\User as Authenticatable;
class User extends Authenticatable implements FilamentUser
{
    public function canAccessPanel(Panel $panel): bool
    {
        return true;
    }
}
"#;

const RESOURCE: &str = r#"<?php
namespace App\Filament\Resources;
use App\Models\Parcel;
use Filament\Forms\Components\TextInput;
use Filament\Resources\Resource;
use Filament\Tables\Actions\EditAction;
use Filament\Tables\Actions\DeleteBulkAction;
class ParcelResource extends Resource
{
    protected static ?string $model = Parcel::class;
    public static function form($form) { return $form->schema([TextInput::make('weight'), TextInput::make('note')]); }
    public static function table($table) { return $table->actions([EditAction::make()])->bulkActions([DeleteBulkAction::make()]); }
}
"#;

const POLICY: &str = r#"<?php
namespace App\Policies;
use App\Models\Parcel;
use App\Models\User;
class ParcelPolicy
{
    public function viewAny(User $user): bool { return true; }
    public function update(User $user, Parcel $parcel): bool { return $user->role === 'clerk'; }
    public function delete(User $user, Parcel $parcel): bool { return false; }
}
"#;

fn panel(user: &str, policy: &str) -> Vec<(String, Reach)> {
    let files = [
        ("artisan", "#!/usr/bin/env php"),
        ("routes/web.php", "<?php\n"),
        ("app/Providers/Filament/AdminPanelProvider.php", PANEL),
        ("app/Models/User.php", user),
        (
            "app/Models/Parcel.php",
            "<?php\nnamespace App\\Models;\nuse Illuminate\\Database\\Eloquent\\Model;\nclass Parcel extends Model {}\n",
        ),
        ("app/Filament/Resources/ParcelResource.php", RESOURCE),
        ("app/Policies/ParcelPolicy.php", policy),
    ];
    let app = observe(&files);
    let login = app.entry_points.iter().find(|entry| entry.purposes.contains(&Purpose::Login));
    assert!(login.is_some_and(|login| login.holding(GuardKind::RateLimit).next().is_some()), "the framework counts");
    let mut found: Vec<(String, Reach)> = app
        .entry_points
        .iter()
        .filter(|entry| entry.framework == "Filament" && !entry.purposes.contains(&Purpose::Login))
        .map(|entry| (entry.label(), entry.reach()))
        .collect();
    found.sort();
    found
}

#[test]
fn panels_ask_the_account_and_the_policy() {
    let expected = |list: Reach, update: Reach, delete: Reach| {
        pairs(&[
            ("DELETE /back/parcels/:record", delete),
            ("GET /back/parcels", list),
            ("PUT /back/parcels/:record", update),
        ])
    };
    assert_eq!(panel(USER, POLICY), expected(Reach::SignedIn, Reach::Role, Reach::Role));
    let open = "<?php\nnamespace App\\Policies;\nclass OtherPolicy {}\n";
    assert_eq!(panel(USER, open), expected(Reach::SignedIn, Reach::SignedIn, Reach::SignedIn));
    let staff = USER.replace("return true;", "return $this->is_admin;");
    assert_eq!(panel(&staff, open), expected(Reach::Role, Reach::Role, Reach::Role));
}
