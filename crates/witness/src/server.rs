//! Entry points of servers, one file per framework.

pub(crate) mod chain;
mod dash;
mod django;
mod drf;
mod express;
mod fastapi;
mod firebase;
mod flask;
mod laravel;
mod nest;
mod next;
pub(crate) mod nuxt;
mod php;
mod remix;
mod serverless;
mod streamlit;
mod supabase;
mod sveltekit;
mod trpc;

use plimsoll_analysis::Event;
use plimsoll_model::{App, NotChecked};

use crate::Witnessing;

/// Lets every framework's reader look at the program. `setup` is what happened while modules loaded.
pub(crate) fn observe(witnessing: &mut Witnessing<'_, '_>, setup: &[Event], app: &mut App) {
    django::observe(witnessing, setup, app);
    express::observe(witnessing, setup, app);
    firebase::observe(witnessing, setup, app);
    flask::observe(witnessing, setup, app);
    nest::observe(witnessing, setup, app);
    next::observe(witnessing, setup, app);
    laravel::observe(witnessing, app);
    php::observe(witnessing, app);
    streamlit::observe(witnessing, app);
    dash::observe(witnessing, setup, app);
    nuxt::observe(witnessing, app);
    remix::observe(witnessing, app);
    serverless::observe(witnessing, setup, app);
    supabase::observe(witnessing, setup, app);
    sveltekit::observe(witnessing, app);
    trpc::observe(witnessing, setup, app);
    not_understood(witnessing, app);
}

/// Server frameworks of JavaScript that no reader understands: their routes are unknown, which is not the same as none.
const OTHERS: &[(&str, &str)] = &[
    ("@adonisjs/core", "AdonisJS"),
    ("@analogjs/platform", "Analog"),
    ("@apollo/server", "Apollo (GraphQL)"),
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
    ("apollo-server", "Apollo (GraphQL)"),
    ("apollo-server-express", "Apollo (GraphQL)"),
    ("blitz", "Blitz"),
    ("convex", "Convex"),
    ("elysia", "Elysia"),
    ("encore.dev", "Encore"),
    ("graphql-yoga", "GraphQL Yoga"),
    ("meteor-node-stubs", "Meteor"),
    ("moleculer", "Moleculer"),
    ("payload", "Payload"),
    ("sails", "Sails"),
];

fn not_understood(witnessing: &Witnessing<'_, '_>, app: &mut App) {
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
