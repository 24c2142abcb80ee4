//! Servers that tell requests apart by hand.

use plimsoll_model::app::{Purpose, Reach};
use plimsoll_source::SourceTree;

use super::{pairs, reach};

#[test]
fn a_front_page_in_php_is_as_many_entry_points_as_it_compares_paths() {
    let page = r#"<?php
session_start();
$db = new PDO("sqlite:shop.db");
$parts = explode('?', $_SERVER['REQUEST_URI']);
$path = rtrim($parts[0], '/') ?: '/';
$method = $_SERVER['REQUEST_METHOD'];
if ($path === '/api/orders') {
  if ($method === 'GET') {
    echo json_encode($db->query("SELECT id, total FROM orders")->fetchAll());
    exit;
  }
}
if ($path === '/api/customers' && $method === 'GET') {
  if (!isset($_SESSION['user_id'])) { http_response_code(401); exit; }
  echo json_encode($db->query("SELECT name FROM customers")->fetchAll());
  exit;
}
if (preg_match('#^/api/orders/(\d+)/lines$#', $path, $m) && $method === 'DELETE') {
  $db->prepare("DELETE FROM lines WHERE order_id = ?")->execute([$m[1]]);
}
"#;
    let found: Vec<_> =
        reach(&[("index.php", page)]).into_iter().filter(|(label, _)| label.contains("/api/")).collect();
    let expected = pairs(&[
        ("GET /api/orders", Reach::Anyone),
        ("GET /api/customers", Reach::SignedIn),
        ("DELETE /api/orders/:id/lines", Reach::Anyone),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn an_action_in_the_request_is_an_entry_point() {
    let page = r#"<?php
session_start();
$db = new mysqli("localhost", "u", "p", "shop");
switch ($_POST['action'] ?? '') {
  case 'login':
    $row = $db->query("SELECT id, hash FROM users")->fetch_assoc();
    if (password_verify($_POST['password'], $row['hash'])) { $_SESSION['user_id'] = $row['id']; }
    break;
  case 'delete_order':
    $db->query("DELETE FROM orders WHERE id = 1");
    break;
}
"#;
    let app = plimsoll_witness::observe(&SourceTree::from_texts([("api.php", page)]));
    let deletes = app.entry_points.iter().find(|entry| entry.path == "/api.php?action=delete_order").expect("an entry");
    assert_eq!(deletes.reach(), Reach::Anyone);
    // It lies beside the login and is none.
    assert!(!deletes.purposes.contains(&Purpose::Login));
    let login = app.entry_points.iter().find(|entry| entry.path == "/api.php?action=login").expect("an entry");
    assert!(login.purposes.contains(&Purpose::Login));
}

#[test]
fn a_plain_node_server_compares_paths() {
    let server = r#"
const http = require("http");
const fs = require("fs");
const server = http.createServer((req, res) => {
  const url = new URL(req.url, "http://localhost");
  if (url.pathname === "/api/stock" && req.method === "GET") {
    res.end(fs.readFileSync("stock.json"));
  } else if (url.pathname === "/api/stock" && req.method === "POST") {
    fs.writeFileSync("stock.json", "[]");
    res.end("ok");
  } else if (req.url === "/api/wages") {
    fs.writeFileSync("wages.json", "[]");
    res.end("ok");
  }
});
server.listen(3000);
"#;
    let found: Vec<_> =
        reach(&[("server.js", server)]).into_iter().filter(|(label, _)| label.contains("/api/")).collect();
    assert_eq!(
        found,
        pairs(&[("GET /api/stock", Reach::Anyone), ("POST /api/stock", Reach::Anyone), ("/api/wages", Reach::Anyone)])
    );
}

#[test]
fn a_menu_that_marks_its_own_page_is_no_routing() {
    let page = r#"<?php
$here = basename($_SERVER['PHP_SELF']);
?><a class="<?php if ($here == 'index.php') { echo 'active'; } ?>">Home</a>
<a class="<?php if ($here == 'orders.php') { echo 'active'; } ?>">Orders</a>
"#;
    assert_eq!(reach(&[("orders.php", page)]).len(), 1);
}

#[test]
fn a_link_that_was_sent_opens_what_it_was_sent_for() {
    let page = r#"<?php
session_start();
$db = new PDO("mysql:host=localhost;dbname=shop", "app", "x");
function find($db, string $token): ?array {
  $hash = hash('sha256', $token);
  $stmt = $db->prepare('SELECT t.*, u.email FROM setup_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = ? AND t.used_at IS NULL');
  $stmt->execute([$hash]);
  $row = $stmt->fetch();
  return $row ?: null;
}
$token = $_GET['token'] ?? $_POST['token'] ?? '';
$row = is_string($token) && $token !== '' ? find($db, $token) : null;
if (!$row) {
  echo "This link has expired";
  exit;
}
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
  $db->prepare('UPDATE setup_tokens SET used_at = NOW() WHERE id = ?')->execute([$row['id']]);
}
"#;
    let found = reach(&[("set.php", page)]);
    assert_eq!(found, pairs(&[("GET/POST /set.php", Reach::Machine)]));
}

#[test]
fn a_password_asked_for_once_more_is_no_login_and_a_login_needs_no_name() {
    let account = r#"<?php
session_start();
if (!isset($_SESSION['user_id'])) { header('Location: index.php'); exit; }
$db = new PDO("mysql:host=localhost;dbname=shop", "app", "x");
$find = $db->prepare('SELECT password_hash FROM users WHERE id = ?');
$find->execute([$_SESSION['user_id']]);
$me = $find->fetch();
if (password_verify($_POST['current_password'], $me['password_hash'])) {
  $db->prepare('UPDATE users SET name = ? WHERE id = ?')->execute([$_POST['name'], $_SESSION['user_id']]);
  $_SESSION['name'] = $_POST['name'];
}
"#;
    let index = r#"<?php
session_start();
$db = new mysqli("localhost", "app", "x", "shop");
if (isset($_POST["email"])) {
  $email = mysqli_real_escape_string($db, $_POST["email"]);
  $password = md5($_POST["password"]);
  $rows = $db->query("SELECT * FROM admins WHERE email='$email' AND password='$password'");
  if (mysqli_num_rows($rows) == 1) { $_SESSION["admin"] = $email; }
}
"#;
    let app = plimsoll_witness::observe(&SourceTree::from_texts([
        ("staff/index.php", index),
        ("account.php", account),
        ("index.php", "<?php include 'config.php'; echo 'x';"),
    ]));
    let is_login = |path: &str| {
        let entry = app.entry_points.iter().find(|entry| entry.path == path).expect("an entry");
        entry.purposes.contains(&Purpose::Login)
    };
    assert!(is_login("/staff/index.php"));
    assert!(!is_login("/account.php"));
}
