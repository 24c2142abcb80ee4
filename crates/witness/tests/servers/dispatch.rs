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
