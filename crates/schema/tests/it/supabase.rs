use super::*;

const NOTES: &str = "CREATE TABLE notes (id uuid PRIMARY KEY, user_id uuid, org_id uuid, status text, is_public boolean, deleted_at timestamptz, text text);
CREATE TABLE members (user_id uuid, org_id uuid, role text);
CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users, role text, email text, org_id uuid);
CREATE FUNCTION has_role(_u uuid, _r text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$ SELECT EXISTS (SELECT 1 FROM profiles WHERE id = _u AND role = _r) $$;
CREATE FUNCTION is_admin() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN EXISTS (SELECT 1 FROM profiles WHERE id = auth.uid() AND role = 'admin'); END $$;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
";
const OWN: &str = "CREATE POLICY own ON members FOR SELECT USING (user_id = auth.uid()); CREATE POLICY own ON profiles FOR SELECT USING (id = auth.uid());";

fn sql(text: &str) -> SchemaFacts {
    facts(&[("supabase/migrations/1.sql", text)])
}

fn openness(policy: &str) -> &'static str {
    let facts = sql(&format!("{NOTES}{OWN}CREATE POLICY \"p\" ON notes {policy};"));
    facts
        .stores
        .iter()
        .flat_map(|store| &store.policies)
        .find(|policy| policy.name == "p")
        .map_or("none", |policy| word(&policy.openness))
}

#[test]
fn whom_policies_admit() {
    let cases = [
        ("FOR SELECT USING (true)", "anyone"),
        ("FOR ALL USING (true) WITH CHECK (true)", "anyone"),
        ("FOR SELECT TO anon USING (true)", "anyone"),
        ("FOR SELECT TO public USING (1 = 1)", "anyone"),
        ("FOR SELECT USING (id IS NOT NULL)", "anyone"),
        ("FOR SELECT USING (true OR auth.uid() = user_id)", "anyone"),
        ("FOR SELECT USING (auth.role() = 'anon')", "anyone"),
        ("FOR SELECT USING (auth.role() IN ('anon', 'authenticated'))", "anyone"),
        ("FOR SELECT USING (user_id = user_id)", "anyone"),
        ("FOR SELECT USING (deleted_at IS NULL)", "anyone"),
        ("FOR INSERT WITH CHECK (true)", "anyone"),
        ("FOR SELECT USING (auth.uid() IS NULL OR auth.uid() = user_id)", "anyone"),
        ("FOR SELECT USING (coalesce(auth.uid(), user_id) = user_id)", "anyone"),
        ("FOR SELECT TO authenticated USING (true)", "signed in"),
        ("FOR SELECT USING (auth.role() = 'authenticated')", "signed in"),
        ("FOR SELECT USING (auth.uid() IS NOT NULL)", "signed in"),
        ("FOR SELECT USING (auth.uid() = auth.uid())", "signed in"),
        ("FOR SELECT USING ((select auth.uid()) IS NOT NULL)", "signed in"),
        ("FOR SELECT USING (auth.jwt() ->> 'role' = 'authenticated')", "signed in"),
        ("FOR SELECT USING (auth.email() IS NOT NULL)", "signed in"),
        ("FOR UPDATE USING (auth.uid() IS NOT NULL)", "signed in"),
        ("FOR SELECT USING (EXISTS (SELECT 1 FROM profiles WHERE profiles.id = auth.uid()))", "limited"),
        ("FOR SELECT USING (auth.uid() = user_id)", "limited"),
        ("FOR ALL USING ((select auth.uid()) = user_id) WITH CHECK ((select auth.uid()) = user_id)", "limited"),
        ("FOR SELECT USING (auth.uid()::text = user_id::text)", "limited"),
        ("FOR SELECT USING (is_public = true OR auth.uid() = user_id)", "limited"),
        ("FOR SELECT USING (status = 'published')", "limited"),
        ("FOR SELECT USING (has_role(auth.uid(), 'admin'))", "limited"),
        ("FOR SELECT USING (public.has_role((select auth.uid()), 'admin'::text))", "limited"),
        ("FOR ALL USING (is_admin())", "limited"),
        ("FOR SELECT USING (org_id IN (SELECT org_id FROM members WHERE user_id = auth.uid()))", "limited"),
        (
            "FOR SELECT USING (EXISTS (SELECT 1 FROM members m WHERE m.org_id = notes.org_id AND m.user_id = auth.uid()))",
            "limited",
        ),
        ("FOR SELECT USING ((auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')", "limited"),
        ("FOR SELECT USING ((auth.jwt() -> 'user_metadata' ->> 'role') = 'admin')", "hole"),
        ("FOR SELECT USING (false)", "nobody"),
        ("FOR SELECT TO service_role USING (true)", "nobody"),
        ("FOR ALL USING (auth.role() = 'service_role')", "nobody"),
        ("FOR ALL USING (auth.jwt() ->> 'role' = 'service_role')", "nobody"),
        ("FOR SELECT USING (auth.jwt() ->> 'role' = 'admin')", "nobody"),
        ("FOR ALL TO postgres USING (true)", "nobody"),
        ("FOR SELECT USING (unknown_function(id))", "unknown"),
        ("AS RESTRICTIVE FOR SELECT USING (true)", "limited"),
    ];
    let mut wrong = Vec::new();
    for (policy, expected) in cases {
        let found = openness(policy);
        if found != expected {
            wrong.push(format!("{policy}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sub_select_sees_only_what_its_table_shows() {
    // `members` has row-level security and no policy: the sub-select finds nothing.
    let facts = sql(&format!(
        "{NOTES}CREATE POLICY \"p\" ON notes FOR SELECT USING (org_id IN (SELECT org_id FROM members WHERE user_id = auth.uid()));"
    ));
    let policy = facts.stores.iter().flat_map(|store| &store.policies).next();
    assert_eq!(policy.map(|policy| word(&policy.openness)), Some("nobody"));
}

#[test]
fn who_relies_on_a_right() {
    let update = "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id);";
    let table =
        "CREATE TABLE profiles (id uuid PRIMARY KEY, role text); ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;";
    let policies = format!("{ACCOUNTS}{update}");
    let alone = format!("{table}{update}");
    let code = ("src/a.ts", "if (profile.role === 'admin') show();");
    let relied = |files: &[(&str, &str)]| facts(files).self_grants.first().map(|grant| grant.relied_on);
    assert_eq!(relied(&[("supabase/migrations/1.sql", &policies)]), Some(Reliance::Policies));
    assert_eq!(relied(&[("supabase/migrations/1.sql", &alone), code]), Some(Reliance::Code));
    assert_eq!(relied(&[("supabase/migrations/1.sql", &alone)]), Some(Reliance::Nobody));
}

#[test]
fn only_the_end_state_counts() {
    let cases: [(&str, usize, Rls); 6] = [
        ("", 0, Rls::On),
        ("CREATE POLICY \"p\" ON notes FOR SELECT USING (true); DROP POLICY \"p\" ON notes;", 0, Rls::On),
        (
            "CREATE POLICY \"p\" ON notes FOR SELECT USING (true); DROP POLICY IF EXISTS \"p\" ON public.notes;",
            0,
            Rls::On,
        ),
        (
            "CREATE POLICY \"p\" ON notes FOR SELECT USING (true); ALTER POLICY \"p\" ON notes USING (auth.uid() = user_id);",
            1,
            Rls::On,
        ),
        ("ALTER TABLE notes DISABLE ROW LEVEL SECURITY;", 0, Rls::Off),
        (
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT policyname FROM pg_policies WHERE tablename = 'notes' LOOP EXECUTE format('DROP POLICY %I ON notes', r.policyname); END LOOP; END $$;",
            0,
            Rls::On,
        ),
    ];
    for (more, policies, rls) in cases {
        let facts = sql(&format!("{NOTES}{more}"));
        let Some(notes) = facts.stores.iter().find(|store| store.name == "notes") else { continue };
        assert_eq!((notes.policies.len(), notes.rls), (policies, rls), "{more}");
        let open = notes.policies.iter().any(|policy| policy.openness == Openness::Anyone);
        assert!(!open, "{more}");
    }
}

#[test]
fn a_function_that_clears_policies_does_so_where_it_is_called() {
    let script = "CREATE TABLE orders (id uuid, user_id uuid); ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
        CREATE TABLE items (id uuid, user_id uuid); ALTER TABLE items ENABLE ROW LEVEL SECURITY;
        CREATE POLICY everybody ON orders USING (true); CREATE POLICY everybody ON items USING (true);
        CREATE FUNCTION clear_policies(target regclass) RETURNS void LANGUAGE plpgsql AS $f$
        DECLARE one record;
        BEGIN
          FOR one IN SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = target::text LOOP
            EXECUTE format('DROP POLICY IF EXISTS %I ON %s', one.policyname, target);
          END LOOP;
        END $f$;";
    let left = |call: &str| {
        let facts = sql(&format!("{script} {call}"));
        let kept = facts.stores.iter().filter(|store| !store.policies.is_empty());
        kept.map(|store| store.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(left(""), ["items", "orders"]);
    assert_eq!(left("SELECT clear_policies('orders');"), ["items"]);
    assert_eq!(left("DO $$ BEGIN PERFORM clear_policies('public.items'); END $$;"), ["orders"]);
}

#[test]
fn rights_on_tables_count() {
    let table = "CREATE TABLE secrets (id int, key text);";
    let cases = [
        ("", Exposure::Direct),
        ("REVOKE ALL ON secrets FROM anon, authenticated;", Exposure::ServerOnly),
        ("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM anon, authenticated;", Exposure::ServerOnly),
        ("REVOKE ALL ON secrets FROM anon;", Exposure::Direct),
        ("REVOKE ALL ON secrets FROM PUBLIC;", Exposure::Direct),
        ("REVOKE USAGE ON SCHEMA public FROM anon, authenticated;", Exposure::ServerOnly),
    ];
    for (more, expected) in cases {
        let facts = sql(&format!("{table}{more}"));
        assert_eq!(facts.stores[0].exposure, expected, "{more}");
    }
    // Another schema is not served to browsers.
    let facts = sql("CREATE SCHEMA private; CREATE TABLE private.secrets (id int);");
    assert_eq!(facts.stores[0].exposure, Exposure::ServerOnly);
    // A policy for everyone on a table that visitors have no right to admits accounts only.
    let facts =
        sql(&format!("{NOTES}REVOKE ALL ON notes FROM anon; CREATE POLICY \"p\" ON notes FOR SELECT USING (true);"));
    let policy = facts.stores.iter().flat_map(|store| &store.policies).next();
    assert_eq!(policy.map(|policy| word(&policy.openness)), Some("signed in"));
}

#[test]
fn a_restrictive_policy_narrows() {
    let facts = sql(&format!(
        "{NOTES}CREATE POLICY \"p\" ON notes FOR SELECT USING (true); CREATE POLICY \"r\" ON notes AS RESTRICTIVE FOR ALL USING (auth.uid() = user_id);"
    ));
    let words: Vec<&str> =
        facts.stores.iter().flat_map(|store| &store.policies).map(|policy| word(&policy.openness)).collect();
    assert_eq!(words, ["limited", "limited"]);
}

#[test]
fn what_only_loose_files_create_counts() {
    let facts = facts(&[
        ("supabase/migrations/1.sql", NOTES),
        ("supabase/setup.sql", "CREATE TABLE notes (id int); CREATE TABLE customers (id int, email text);"),
        ("supabase/migrations/1_rollback.sql", "DROP TABLE notes;"),
    ]);
    let customers = facts.stores.iter().find(|store| store.name == "customers");
    assert_eq!(customers.map(|store| store.rls), Some(Rls::Off));
    let notes = facts.stores.iter().find(|store| store.name == "notes");
    assert_eq!(notes.map(|store| store.rls), Some(Rls::On));
}

#[test]
fn sql_in_documents_counts_where_there_is_no_other() {
    let files = [
        ("package.json", r#"{"dependencies":{"@supabase/supabase-js":"2"}}"#),
        ("README.md", "Paste this:\n```sql\nCREATE TABLE customers (id int, email text);\n```\n"),
    ];
    let found = facts(&files);
    assert_eq!(found.stores.len(), 1);
    assert_eq!(found.stores[0].span.start, 19);
    let found = facts(&[files[0], files[1], ("db/schema.sql", "CREATE TABLE notes (id int);")]);
    assert_eq!(found.stores.iter().map(|store| store.name.as_str()).collect::<Vec<_>>(), ["notes"]);
}

#[test]
fn tables_made_by_hand_are_not_checked() {
    let found = facts(&[
        (
            "src/a.ts",
            "import { createClient } from '@supabase/supabase-js';\nsupabase.from('customers').select('*'); supabase.storage.from('files');",
        ),
        ("package.json", r#"{"dependencies":{"@supabase/supabase-js":"2"}}"#),
    ]);
    assert!(
        found.not_checked.iter().any(|gap| gap.weighs && gap.what.contains("customers") && !gap.what.contains("files"))
    );
}

const ACCOUNTS: &str = "CREATE TABLE profiles (id uuid PRIMARY KEY REFERENCES auth.users(id), full_name text, role text DEFAULT 'user', org_id uuid);
CREATE TABLE user_roles (id uuid PRIMARY KEY, user_id uuid, role text);
CREATE TABLE org_members (org_id uuid, user_id uuid, role text);
CREATE TABLE orders (id uuid PRIMARY KEY, user_id uuid, org_id uuid);
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY; ALTER TABLE user_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE org_members ENABLE ROW LEVEL SECURITY; ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION is_admin() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$ SELECT EXISTS (SELECT 1 FROM profiles WHERE id = auth.uid() AND role = 'admin') $$;
CREATE POLICY \"admins see orders\" ON orders FOR SELECT USING (is_admin());
CREATE POLICY \"members see orders\" ON orders FOR SELECT USING (org_id IN (SELECT org_id FROM org_members WHERE user_id = auth.uid()));
CREATE POLICY \"own membership\" ON org_members FOR SELECT USING (user_id = auth.uid());
";

#[test]
fn rights_that_an_account_gives_itself() {
    let weak = [
        ("CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id);", Gain::Role, GrantWay::ChangesOwnRow),
        (
            "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id) WITH CHECK (auth.uid() = id);",
            Gain::Role,
            GrantWay::ChangesOwnRow,
        ),
        ("CREATE POLICY p ON profiles FOR ALL USING (auth.uid() = id);", Gain::Role, GrantWay::ChangesOwnRow),
        (
            "CREATE POLICY p ON user_roles FOR INSERT WITH CHECK (auth.uid() = user_id);",
            Gain::Role,
            GrantWay::AddsOwnRow,
        ),
        ("CREATE POLICY p ON user_roles FOR ALL USING (user_id = auth.uid());", Gain::Role, GrantWay::ChangesOwnRow),
        (
            "CREATE POLICY p ON org_members FOR INSERT WITH CHECK (user_id = auth.uid());",
            Gain::Tenant,
            GrantWay::AddsOwnRow,
        ),
        (
            "CREATE POLICY p ON orders FOR INSERT WITH CHECK (user_id = auth.uid());",
            Gain::Tenant,
            GrantWay::AddsForeignRow,
        ),
        (
            "CREATE POLICY p ON profiles FOR SELECT USING ((auth.jwt() -> 'user_metadata' ->> 'role') = 'admin');",
            Gain::Role,
            GrantWay::OwnMetadata,
        ),
    ];
    for (policy, gain, way) in weak {
        let facts = sql(&format!("{ACCOUNTS}{policy}"));
        assert!(
            facts.self_grants.iter().any(|grant| grant.gain == gain && grant.way == way),
            "{policy}: {:?}",
            facts.self_grants
        );
    }
    let strong = [
        "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id) WITH CHECK (auth.uid() = id AND role = 'user');",
        "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id) WITH CHECK (auth.uid() = id AND role = (SELECT role FROM profiles WHERE id = auth.uid()));",
        "CREATE POLICY p ON profiles FOR UPDATE USING (is_admin());",
        "CREATE POLICY p ON profiles FOR UPDATE USING (false);",
        "CREATE POLICY p ON profiles FOR SELECT USING (auth.uid() = id);",
        "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id); REVOKE UPDATE ON profiles FROM authenticated; GRANT UPDATE (full_name) ON profiles TO authenticated;",
        "CREATE POLICY p ON profiles FOR UPDATE USING (auth.uid() = id); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.role := OLD.role; NEW.org_id := OLD.org_id; RETURN NEW; END $$; CREATE TRIGGER keep BEFORE UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION keep();",
        "CREATE POLICY p ON user_roles FOR INSERT WITH CHECK (auth.uid() = user_id AND role = 'user');",
        "CREATE POLICY p ON user_roles FOR INSERT WITH CHECK (is_admin());",
        "CREATE POLICY p ON user_roles FOR ALL USING (is_admin());",
        "CREATE POLICY p ON user_roles FOR SELECT USING (user_id = auth.uid());",
        "CREATE POLICY p ON orders FOR INSERT WITH CHECK (user_id = auth.uid() AND org_id IN (SELECT org_id FROM org_members WHERE user_id = auth.uid()));",
        "CREATE TABLE team_notes (id uuid PRIMARY KEY, user_id uuid, role text); ALTER TABLE team_notes ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON team_notes FOR ALL USING (user_id = auth.uid());",
        "CREATE TABLE contacts (id uuid PRIMARY KEY, user_id uuid, role text, status text); ALTER TABLE contacts ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON contacts FOR ALL USING (user_id = auth.uid());",
        "CREATE TYPE side AS ENUM ('buyer', 'seller'); CREATE TABLE shop_profiles (id uuid PRIMARY KEY, role side); ALTER TABLE shop_profiles ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON shop_profiles FOR ALL USING (id = auth.uid());",
    ];
    let mut wrong = Vec::new();
    for policy in strong {
        let facts = sql(&format!("{ACCOUNTS}{policy}"));
        let grants: Vec<_> =
            facts.self_grants.iter().filter(|grant| grant.by == "p" && grant.gain == Gain::Role).collect();
        if !grants.is_empty() {
            wrong.push(format!("{policy}: {grants:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_that_are_added_to_records_of_others() {
    const REPLIES: &str = "CREATE TABLE replies (id uuid PRIMARY KEY, order_id uuid, author uuid, text text);
        ALTER TABLE replies ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON orders FOR SELECT USING (user_id = auth.uid());
        CREATE POLICY adding ON replies FOR INSERT WITH CHECK (author = auth.uid());";
    const OF_THE_ORDER: &str = "order_id IN (SELECT id FROM orders WHERE user_id = auth.uid())";
    let found = |reading: &str| {
        let facts = sql(&format!("{ACCOUNTS}{REPLIES}{reading}"));
        facts.self_grants.iter().any(|grant| grant.way == GrantWay::AddsToForeign && grant.by == "adding")
    };
    assert!(found(&format!("CREATE POLICY r ON replies FOR SELECT USING ({OF_THE_ORDER});")));
    assert!(found(&format!("CREATE POLICY r ON replies FOR SELECT USING ({OF_THE_ORDER} OR is_admin());")));
    assert!(!found(&format!("CREATE POLICY r ON replies FOR SELECT USING ({OF_THE_ORDER} OR author = auth.uid());")));
    assert!(!found("CREATE POLICY r ON replies FOR SELECT USING (author = auth.uid());"));
    assert!(!found("CREATE POLICY r ON replies FOR SELECT USING (true);"));
    assert!(!found("CREATE POLICY r ON replies FOR SELECT USING (is_admin());"));
}

#[test]
fn prices_and_decisions_that_the_one_who_asks_writes() {
    const LEAVE: &str = "CREATE TABLE leave_requests (id uuid PRIMARY KEY, user_id uuid, days int, status text DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'refused')), approved_by uuid); ALTER TABLE leave_requests ENABLE ROW LEVEL SECURITY;";
    const JUDGED: &str = "CREATE POLICY j ON leave_requests FOR ALL USING (is_admin());";
    let fields = |text: &str| {
        let facts = sql(&format!("{ACCOUNTS}{LEAVE}{text}"));
        let grants = facts.self_grants.into_iter().filter(|grant| grant.gain == Gain::Outcome);
        grants.map(|grant| (grant.way, grant.fields.join(" "))).collect::<Vec<_>>()
    };
    let own = "CREATE POLICY p ON leave_requests FOR UPDATE USING (user_id = auth.uid());";
    assert_eq!(fields(&format!("{JUDGED}{own}")), [(GrantWay::ChangesOwnRow, "status".into())]);
    let add = "CREATE POLICY p ON leave_requests FOR INSERT WITH CHECK (user_id = auth.uid());";
    assert_eq!(fields(&format!("{JUDGED}{add}")), [(GrantWay::AddsOwnRow, "status".into())]);
    // Nobody else sees them: they decide for themselves.
    assert!(fields(own).is_empty());
    let asked =
        "CREATE POLICY p ON leave_requests FOR INSERT WITH CHECK (user_id = auth.uid() AND status = 'pending');";
    assert!(fields(&format!("{JUDGED}{asked}")).is_empty());
    let kept = "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.status := OLD.status; RETURN NEW; END $$; CREATE TRIGGER keep BEFORE UPDATE ON leave_requests FOR EACH ROW EXECUTE FUNCTION keep();";
    assert!(fields(&format!("{JUDGED}{own}{kept}")).is_empty());
    let bought = "CREATE TABLE purchases (id uuid PRIMARY KEY, user_id uuid, total_price numeric); ALTER TABLE purchases ENABLE ROW LEVEL SECURITY; CREATE POLICY j ON purchases FOR SELECT USING (is_admin()); CREATE POLICY p ON purchases FOR INSERT WITH CHECK (user_id = auth.uid());";
    assert_eq!(fields(bought), [(GrantWay::AddsOwnRow, "total_price".into())]);
    // A switch for one's own mails is nothing to pay for.
    let mails = "CREATE TABLE report_subscriptions (id uuid PRIMARY KEY, user_id uuid, is_active boolean); ALTER TABLE report_subscriptions ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON report_subscriptions FOR UPDATE USING (user_id = auth.uid());";
    assert!(!sql(&format!("{ACCOUNTS}{mails}")).self_grants.iter().any(|grant| grant.store == "report_subscriptions"));
}

fn trigger(body: &str) -> Vec<GrantWay> {
    let text = format!(
        "{ACCOUNTS}CREATE FUNCTION public.handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$ DECLARE r text; n int; BEGIN {body} RETURN NEW; END $$;
         CREATE TRIGGER on_sign_up AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();"
    );
    sql(&text).self_grants.iter().map(|grant| grant.way).collect()
}

#[test]
fn rights_that_sign_up_gives() {
    let cases: [(&str, &[GrantWay]); 8] = [
        // What comes after the role was given does not take it back.
        (
            "r := COALESCE(NEW.raw_user_meta_data->>'role', 'user'); INSERT INTO public.profiles (id, role) VALUES (NEW.id, r); IF r NOT IN ('admin', 'nurse') THEN INSERT INTO public.orders (user_id) VALUES (NEW.id); END IF;",
            &[GrantWay::OwnMetadata],
        ),
        (
            "INSERT INTO public.profiles (id, role) VALUES (NEW.id, COALESCE(NEW.raw_user_meta_data->>'role', 'user'));",
            &[GrantWay::OwnMetadata],
        ),
        ("INSERT INTO public.profiles (id, full_name) VALUES (NEW.id, NEW.raw_user_meta_data ->> 'full_name');", &[]),
        ("INSERT INTO public.profiles (id, role) VALUES (NEW.id, 'user');", &[]),
        (
            "r := NEW.raw_user_meta_data->>'role'; IF r NOT IN ('customer', 'guest') THEN r := 'customer'; END IF; INSERT INTO public.profiles (id, role) VALUES (NEW.id, r);",
            &[],
        ),
        (
            "IF NEW.email = 'boss@firm.example' THEN INSERT INTO public.profiles (id, role) VALUES (NEW.id, 'admin'); END IF;",
            &[GrantWay::FixedEmail],
        ),
        (
            "SELECT COUNT(*) INTO n FROM public.profiles; IF n = 0 THEN r := 'admin'; ELSE r := 'user'; END IF; INSERT INTO public.profiles (id, role) VALUES (NEW.id, r);",
            &[GrantWay::FirstAccount],
        ),
        ("INSERT INTO public.profiles (id, full_name) VALUES (NEW.id, split_part(NEW.email, '@', 1));", &[]),
    ];
    for (body, expected) in cases {
        assert_eq!(trigger(body), expected, "{body}");
    }
}

#[test]
fn functions_that_clients_can_call() {
    let base = format!(
        "{NOTES}CREATE TABLE wallets (user_id uuid, balance int); ALTER TABLE wallets ENABLE ROW LEVEL SECURITY;"
    );
    let found = sql(&format!(
        "{base}CREATE FUNCTION give(_u uuid, _n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE wallets SET balance = _n WHERE user_id = _u; END $$;
         CREATE FUNCTION mine(_n int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE wallets SET balance = _n WHERE user_id = auth.uid(); END $$;
         CREATE FUNCTION by_admin(_u uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF NOT is_admin() THEN RAISE EXCEPTION 'no'; END IF; DELETE FROM wallets WHERE user_id = _u; END $$;
         CREATE FUNCTION people() RETURNS TABLE (email text) LANGUAGE sql SECURITY DEFINER AS $$ SELECT email FROM profiles $$;
         CREATE FUNCTION ids() RETURNS SETOF uuid LANGUAGE sql SECURITY DEFINER AS $$ SELECT org_id FROM members $$;
         CREATE FUNCTION server_only(_u uuid) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM wallets WHERE user_id = _u $$;
         REVOKE ALL ON FUNCTION server_only(uuid) FROM PUBLIC, anon, authenticated;"
    ));
    let function = |name: &str| found.functions.iter().find(|function| function.name == name).cloned();
    let seen: Vec<(bool, bool, bool, usize)> = ["give", "mine", "by_admin", "people", "ids", "server_only"]
        .iter()
        .filter_map(|name| function(name))
        .map(|one| (one.checks_caller, one.writes, one.returns_data, one.callable_by.len()))
        .collect();
    assert_eq!(
        seen,
        [
            (false, true, false, 2),
            (true, true, false, 2),
            (true, true, false, 2),
            (false, false, true, 2),
            (false, false, false, 2),
            (false, true, false, 0)
        ]
    );
}

#[test]
fn views_that_pass_over_policies() {
    let base = format!("{NOTES}CREATE POLICY own ON profiles FOR SELECT USING (auth.uid() = id);");
    let cases: [(&str, &str, &[&str]); 6] = [
        ("CREATE VIEW v AS SELECT id, email FROM profiles;", "anyone", &["profiles"]),
        ("CREATE VIEW v WITH (security_invoker = true) AS SELECT id, email FROM profiles;", "limited", &[]),
        ("CREATE VIEW v AS SELECT id, email FROM profiles; ALTER VIEW v SET (security_invoker = on);", "limited", &[]),
        ("CREATE VIEW v AS SELECT id, email FROM auth.users;", "anyone", &["auth.users"]),
        ("CREATE VIEW v AS SELECT id, email FROM profiles WHERE id = auth.uid();", "limited", &[]),
        ("CREATE MATERIALIZED VIEW v AS SELECT id, email FROM profiles;", "anyone", &["profiles"]),
    ];
    for (text, expected, bypasses) in cases {
        let facts = sql(&format!("{base}{text}"));
        let view = facts.views.iter().find(|view| view.name == "v");
        assert_eq!(view.map(|view| word(&view.openness)), Some(expected), "{text}");
        assert_eq!(view.map(|view| view.bypasses.clone()).unwrap_or_default(), bypasses, "{text}");
    }
    let revoked = sql(&format!(
        "{base}CREATE VIEW v AS SELECT id, email FROM profiles; REVOKE ALL ON v FROM anon, authenticated;"
    ));
    assert!(revoked.views.is_empty());
}

#[test]
fn buckets_and_their_policies() {
    let facts = sql(
        "INSERT INTO storage.buckets (id, name, public) VALUES ('contracts', 'contracts', false), ('avatars', 'avatars', true);
         CREATE POLICY a ON storage.objects FOR SELECT USING (bucket_id = 'contracts' AND auth.role() = 'authenticated');
         CREATE POLICY b ON storage.objects FOR SELECT USING (bucket_id = 'avatars');
         CREATE POLICY c ON storage.objects FOR INSERT WITH CHECK (bucket_id = 'contracts' AND auth.uid()::text = (storage.foldername(name))[1]);
         CREATE POLICY d ON storage.objects FOR DELETE USING (bucket_id = 'by-hand' AND auth.uid() IS NOT NULL);",
    );
    let seen: Vec<_> = facts
        .stores
        .iter()
        .filter(|store| store.kind == StoreKind::Bucket)
        .map(|store| {
            let policies = store.policies.iter().map(|policy| (policy.name.clone(), word(&policy.openness))).collect();
            (store.name.clone(), store.public_bucket, policies)
        })
        .collect();
    let named =
        |list: &[(&str, &'static str)]| list.iter().map(|(name, word)| ((*name).to_owned(), *word)).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            ("avatars".to_owned(), true, named(&[("b", "anyone")])),
            ("contracts".to_owned(), false, named(&[("a", "signed in"), ("c", "limited")])),
            ("by-hand".to_owned(), false, named(&[("d", "signed in")])),
        ]
    );
}

#[test]
fn hostile_sql_is_bounded() {
    for text in [
        "CREATE POLICY p ON t USING (".repeat(5_000),
        format!("{NOTES}CREATE POLICY p ON notes USING ({}true{});", "(".repeat(20_000), ")".repeat(20_000)),
        format!(
            "{NOTES}{}",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT f() $$; CREATE POLICY p ON notes USING (f() = 1);"
        ),
        "CREATE VIEW v AS SELECT * FROM v; ".repeat(200),
    ] {
        let _ = sql(&text);
    }
}
