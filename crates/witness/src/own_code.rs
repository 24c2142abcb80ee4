//! Which files are the app's own code, by where they lie.

/// Code of the app itself: not bundles of others, not tests, whose copies of routes are never deployed.
///
/// A folder's name says that only where it is no part of an address or of the app's own parts: a marketplace has pages for
/// each `vendor`, and `app/api/email/test/route.ts` is as much a route as any other.
pub(crate) fn is_own(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let folders: Vec<&str> = folders.split('/').collect();
    let base = name.split('.').next().unwrap_or(name);
    let is_script = name.ends_with("js") || name.ends_with("ts") || name.ends_with("jsx") || name.ends_with("tsx");
    // File-based routers: the folders are the address.
    let root = folders.iter().position(|folder| matches!(*folder, "app" | "pages" | "routes" | "api" | "functions"));
    let routed = matches!(base, "route" | "page" | "layout" | "+server" | "+page" | "+layout" | "index");
    let in_address = |at: usize| {
        let below = root.is_some_and(|root| root < at);
        below && is_script && (routed || folders.iter().take(at).any(|folder| matches!(*folder, "api" | "functions")))
    };
    let is_test = name.contains(".test.")
        || name.contains(".spec.")
        || name.contains("_test.")
        || name.starts_with("test_")
        || name == "conftest.py"
        || folders.iter().enumerate().any(|(at, folder)| match *folder {
            "__tests__" | "__mocks__" | "e2e" | "cypress" => true,
            "tests" | "test" | "fixtures" | "spec" | "stories" => !in_address(at),
            _ => false,
        });
    // Code that others wrote lies at the root or beside what is served; what is called so elsewhere is the app's.
    let of_others = |at: usize| {
        let own_kind =
            ["ts", "tsx", "jsx", "vue", "svelte", "py"].contains(&name.rsplit('.').next().unwrap_or_default());
        let own_part =
            folders.iter().take(at).any(|folder| matches!(*folder, "controllers" | "models" | "requests" | "livewire"));
        !own_kind && !own_part
    };
    let is_built = name.contains(".min.")
        || folders.iter().enumerate().any(|(at, folder)| match *folder {
            "dist" | "build" | "out" | "coverage" => !in_address(at),
            ".output" | ".vercel" | ".netlify" | "storybook-static" | "migrations" | "staticfiles" => true,
            "vendor" => of_others(at) && !in_address(at),
            _ => false,
        });
    let is_declaration = name.ends_with(".d.ts");
    !is_test && !is_built && !is_declaration
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn folders_that_are_part_of_an_address_are_no_tests_and_no_bundles() {
        for path in [
            "src/server.ts",
            "app/api/email/test/route.ts",
            "src/app/(shop)/vendor/page.tsx",
            "app/build/page.jsx",
            "server/api/test/send.post.ts",
            "src/routes/stories/+page.server.ts",
            "src/pages/vendor/Dashboard.tsx",
            "app/Http/Controllers/Vendor/ProductController.php",
            "vendor/views.py",
        ] {
            assert!(is_own(path), "{path}");
        }
        for path in [
            "tests/api/helper.ts",
            "src/app/__tests__/page.tsx",
            "app/api/orders/route.test.ts",
            "app/tests/factories.py",
            "test/app.js",
            "dist/app/page.js",
            "vendor/laravel/framework/src/Illuminate/Auth/Guard.php",
            "public/vendor/jquery/jquery.js",
            "shop/migrations/0001_initial.py",
            "staticfiles/admin/js/core.js",
            "types/app.d.ts",
        ] {
            assert!(!is_own(path), "{path}");
        }
    }
}
