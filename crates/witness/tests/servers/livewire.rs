//! Livewire: components that a browser calls.

use plimsoll_model::app::Reach;
use plimsoll_source::SourceTree;

use super::{pairs, reach};

const ROUTES: &str = r#"<?php
use App\Livewire\Orders;
use App\Livewire\Notes;
use App\Http\Controllers\HomeController;
use Illuminate\Support\Facades\Route;
Route::get('/', [HomeController::class, 'home']);
Route::get('/notes', Notes::class);
Route::middleware('auth')->group(function () {
    Route::get('/orders', Orders::class);
    Route::get('/panel', [HomeController::class, 'panel']);
});
"#;

const ORDERS: &str = r#"<?php
namespace App\Livewire;
use Livewire\Component;
use Livewire\Attributes\Locked;
use App\Models\Order;
class Orders extends Component
{
    public $search = '';
    public ?int $orderId = null;
    #[Locked]
    public int $shopId = 1;
    public function mount() { $this->shopId = auth()->user()->shop_id; }
    public function updatedSearch() { $this->orderId = null; }
    public function remove() { Order::find($this->orderId)->delete(); }
    public function removeOwn() { Order::where('shop_id', $this->shopId)->delete(); }
    private function helper() { Order::truncate(); }
    public function render() { return view('livewire.orders', ['orders' => Order::all()]); }
}
"#;

const NOTES: &str = r#"<?php
namespace App\Livewire;
use Livewire\Component;
use App\Models\Note;
class Notes extends Component
{
    public $text;
    public function save() { $this->validate(['text' => 'required']); Note::create(['text' => $this->text]); }
    public function render() { return view('livewire.notes'); }
}
"#;

const INNER: &str = r#"<?php
namespace App\Livewire;
use Livewire\Component;
use App\Models\Staff;
class StaffList extends Component
{
    public function dismiss($id) { Staff::find($id)->delete(); }
    public function render() { return view('livewire.staff-list', ['staff' => Staff::all()]); }
}
"#;

const HOME: &str = r#"<?php
namespace App\Http\Controllers;
class HomeController
{
    public function home() { return view('home'); }
    public function panel() { return view('panel'); }
}
"#;

fn files(panel: &'static str, home: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("artisan", "#!/usr/bin/env php"),
        ("composer.json", r#"{"require": {"laravel/framework": "^12.0", "livewire/livewire": "^3.0"}}"#),
        ("routes/web.php", ROUTES),
        ("app/Livewire/Orders.php", ORDERS),
        ("app/Livewire/Notes.php", NOTES),
        ("app/Livewire/StaffList.php", INNER),
        ("app/Http/Controllers/HomeController.php", HOME),
        (
            "app/Models/Order.php",
            "<?php namespace App\\Models; use Illuminate\\Database\\Eloquent\\Model; class Order extends Model {}",
        ),
        (
            "app/Models/Note.php",
            "<?php namespace App\\Models; use Illuminate\\Database\\Eloquent\\Model; class Note extends Model {}",
        ),
        (
            "app/Models/Staff.php",
            "<?php namespace App\\Models; use Illuminate\\Database\\Eloquent\\Model; class Staff extends Model {}",
        ),
        ("resources/views/panel.blade.php", panel),
        ("resources/views/home.blade.php", home),
    ]
}

#[test]
fn public_methods_are_entry_points_behind_the_page_that_shows_them() {
    let found: Vec<_> = reach(&files("<x-layout><livewire:staff-list /></x-layout>", "<p>Welcome</p>"))
        .into_iter()
        .filter(|(label, _)| label.contains("livewire/update"))
        .collect();
    let expected = pairs(&[
        ("/livewire/update?Notes.save()", Reach::Anyone),
        ("/livewire/update?Orders.remove()", Reach::SignedIn),
        ("/livewire/update?Orders.removeOwn()", Reach::SignedIn),
        ("/livewire/update?StaffList()", Reach::SignedIn),
        ("/livewire/update?StaffList.dismiss()", Reach::SignedIn),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_component_is_as_open_as_the_most_open_page_that_shows_it() {
    let found: Vec<_> = reach(&files("<livewire:staff-list />", "@livewire('staff-list')"))
        .into_iter()
        .filter(|(label, _)| label.contains("StaffList"))
        .collect();
    let expected = pairs(&[
        ("/livewire/update?StaffList()", Reach::Anyone),
        ("/livewire/update?StaffList.dismiss()", Reach::Anyone),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn properties_are_what_the_browser_says_unless_locked() {
    let app = plimsoll_witness::observe(&SourceTree::from_texts(files("<livewire:staff-list />", "").iter().copied()));
    let by = |name: &str| {
        let entry = app.entry_points.iter().find(|entry| entry.path.ends_with(name)).expect("an entry point");
        entry.effects.iter().any(|effect| effect.picked_by_input)
    };
    assert!(by("Orders.remove"));
    assert!(!by("Orders.removeOwn"));
}
