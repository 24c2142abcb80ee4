//! Entry points of servers, one file per framework.

mod authjs;
mod base44;
pub(crate) mod chain;
mod dash;
mod dispatch;
mod django;
mod drf;
mod express;
mod fastapi;
mod fastapi_users;
mod filament;
mod firebase;
mod flask;
mod flask_admin;
mod graphql;
mod laravel;
mod livewire;
mod nest;
mod next;
pub(crate) mod nuxt;
pub(crate) mod php;
mod php_named;
mod php_router;
mod php_table;
mod remix;
mod resources;
mod scopes;
mod serverless;
mod socketio;
mod sockets;
mod streamlit;
mod supabase;
mod sveltekit;
mod trpc;

use plimsoll_analysis::Event;
use plimsoll_model::{App, NotChecked};

use crate::Witnessing;

/// Lets every framework's reader look at the program. `setup` is what happened while modules loaded.
pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    let mut read = |framework: &str, work: fn(&mut Witnessing<'_, '_>, &[Event], &mut App)| {
        crate::contained(app, &format!("routes of {framework}"), |app| work(witnessing, setup, app));
    };
    read("Base44", base44::observe);
    read("Django", django::observe);
    read("Express and its kin", express::observe);
    read("Firebase", firebase::observe);
    read("Flask", flask::observe);
    read("Socket.IO", socketio::observe);
    read("GraphQL", graphql::observe);
    read("Nest", nest::observe);
    read("Next.js", next::observe);
    read("Laravel", |witnessing, _, app| laravel::observe(witnessing, app));
    read("PHP", |witnessing, _, app| php::observe(witnessing, app));
    read("Streamlit", |witnessing, _, app| streamlit::observe(witnessing, app));
    read("Dash", dash::observe);
    read("Nuxt", |witnessing, _, app| nuxt::observe(witnessing, app));
    read("Remix", |witnessing, _, app| remix::observe(witnessing, app));
    read("serverless functions", serverless::observe);
    read("Supabase", supabase::observe);
    read("SvelteKit", |witnessing, _, app| sveltekit::observe(witnessing, app));
    read("tRPC", trpc::observe);
    not_understood(witnessing, app);
}

/// Server frameworks of JavaScript that no reader understands: their routes are unknown, which is not the same as none.
const OTHERS: &[(&str, &str)] = &[
    ("@adonisjs/core", "AdonisJS"),
    ("@analogjs/platform", "Analog"),
    ("@builder.io/qwik-city", "Qwik City"),
    ("@feathersjs/feathers", "Feathers"),
    ("@hapi/hapi", "hapi"),
    ("@keystone-6/core", "Keystone"),
    ("@loopback/core", "LoopBack"),
    ("@redwoodjs/api", "RedwoodJS"),
    ("@solidjs/start", "SolidStart"),
    ("@strapi/strapi", "Strapi"),
    ("@tanstack/react-start", "TanStack Start"),
    ("@tanstack/start", "TanStack Start"),
    ("blitz", "Blitz"),
    ("convex", "Convex"),
    ("elysia", "Elysia"),
    ("encore.dev", "Encore"),
    ("meteor-node-stubs", "Meteor"),
    ("moleculer", "Moleculer"),
    ("payload", "Payload"),
    ("sails", "Sails"),
];

/// The same for Python, by what a module imports.
const OTHERS_IN_PYTHON: &[(&str, &str)] = &[
    ("aiohttp.web", "aiohttp"),
    ("bottle", "Bottle"),
    ("chainlit", "Chainlit"),
    ("cherrypy", "CherryPy"),
    ("falcon", "Falcon"),
    ("flet", "Flet"),
    ("gradio", "Gradio"),
    ("litestar", "Litestar"),
    ("nicegui", "NiceGUI"),
    ("ninja", "Django Ninja"),
    ("panel", "Panel"),
    ("pyramid", "Pyramid"),
    ("quart", "Quart"),
    ("reflex", "Reflex"),
    ("robyn", "Robyn"),
    ("sanic", "Sanic"),
    ("shiny", "Shiny"),
    ("tornado.web", "Tornado"),
    ("web2py", "web2py"),
];

fn not_understood(witnessing: &Witnessing<'_, '_>, app: &mut App) {
    let program = witnessing.machine.program;
    for (package, name) in OTHERS_IN_PYTHON {
        let below = format!("{package}.");
        let imported =
            program.iter().filter(|(_, module)| module.language == plimsoll_ir::Language::Python).any(|(_, module)| {
                module.imports.iter().any(|import| import.module == *package || import.module.starts_with(&below))
            });
        if imported {
            app.not_checked.push(NotChecked {
                what: format!("{name}: its routes and their guards"),
                why: "Plimsoll does not understand this framework yet".into(),
                weighs: true,
            });
        }
    }
    let tree = witnessing.machine.program.tree;
    for (package, name) in OTHERS {
        let entry = format!("\"{package}\":");
        if tree.iter().any(|(_, file)| file.name() == "package.json" && file.text().contains(&entry)) {
            app.not_checked.push(NotChecked {
                what: format!("{name}: its routes and their guards"),
                why: "Plimsoll does not understand this framework yet".into(),
                weighs: true,
            });
        }
    }
}
