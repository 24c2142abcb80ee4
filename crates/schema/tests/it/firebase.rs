use super::*;

fn rules(body: &str) -> SchemaFacts {
    let text = format!(
        "rules_version = '2';\nservice cloud.firestore {{\n match /databases/{{database}}/documents {{\n{body}\n }}\n}}\n"
    );
    facts(&[("firestore.rules", text.as_str())])
}

/// Whom each method admits on the first collection: read, create, update, delete.
fn admits(facts: &SchemaFacts, store: &str) -> [&'static str; 4] {
    let widest = |command: Command| {
        facts
            .stores
            .iter()
            .filter(|own| own.name == store)
            .flat_map(|store| &store.policies)
            .filter(|policy| policy.command == command)
            .map(|policy| word(&policy.openness))
            .max_by_key(|word| {
                ["nobody", "limited", "unknown", "hole", "signed in", "anyone"].iter().position(|own| own == word)
            })
            .unwrap_or("-")
    };
    [Command::Select, Command::Insert, Command::Update, Command::Delete].map(widest)
}

#[test]
fn whom_conditions_admit() {
    let helper = "function signedIn() { return request.auth != null; } function isOwner(id) { return signedIn() && request.auth.uid == id; }
        function me() { return get(/databases/$(database)/documents/users/$(request.auth.uid)).data; }
        function isAdmin() { let user = me(); return signedIn() && user.role == 'admin'; }";
    let cases: &[(&str, &str, [&str; 4])] = &[
        ("read", "", ["anyone", "-", "-", "-"]),
        ("read, write", ": if true", ["anyone"; 4]),
        ("read, write", ": if false", ["nobody"; 4]),
        ("read", ": if request.time < timestamp.date(2030, 1, 1)", ["anyone", "-", "-", "-"]),
        ("read, write", ": if request.auth != null", ["signed in"; 4]),
        ("read, write", ": if request.auth.uid != null", ["signed in"; 4]),
        ("read, write", ": if signedIn()", ["signed in"; 4]),
        ("read", ": if signedIn() || true", ["anyone", "-", "-", "-"]),
        ("read", ": if request.auth.token.email_verified == true", ["signed in", "-", "-", "-"]),
        ("read", ": if request.auth == null || request.auth.uid == id", ["anyone", "-", "-", "-"]),
        ("read, write", ": if isOwner(id)", ["limited"; 4]),
        ("read, write", ": if request.auth.uid == id", ["limited"; 4]),
        ("read", ": if request.auth.uid == resource.data.userId", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.uid in resource.data.members", ["limited", "-", "-", "-"]),
        ("read", ": if resource.data.members[request.auth.uid] != null", ["limited", "-", "-", "-"]),
        ("read", ": if resource.data.members.hasAny([request.auth.uid])", ["limited", "-", "-", "-"]),
        ("create", ": if request.resource.data.userId == request.auth.uid", ["-", "limited", "-", "-"]),
        ("create", ": if signedIn() && request.resource.data.title is string", ["-", "signed in", "-", "-"]),
        ("create", ": if request.resource.data.keys().hasOnly(['a', 'b'])", ["-", "anyone", "-", "-"]),
        ("update", ": if request.resource.data.userId == request.auth.uid", ["-", "-", "hole", "-"]),
        ("update", ": if resource.data.userId == request.auth.uid", ["-", "-", "limited", "-"]),
        (
            "update",
            ": if signedIn() && request.resource.data.userId == resource.data.userId",
            ["-", "-", "signed in", "-"],
        ),
        ("delete", ": if request.auth.uid == request.resource.data.userId", ["-", "-", "-", "nobody"]),
        ("write", ": if signedIn() && request.resource.data.firmId == me().firmId", ["-", "limited", "hole", "nobody"]),
        (
            "update",
            ": if resource.data.firmId == me().firmId && request.resource.data.firmId == me().firmId",
            ["-", "-", "limited", "-"],
        ),
        (
            "update",
            ": if request.resource.data.firmId == me().firmId && request.resource.data.firmId == resource.data.firmId",
            ["-", "-", "limited", "-"],
        ),
        ("update", ": if isAdmin() && request.resource.data.firmId == me().firmId", ["-", "-", "limited", "-"]),
        ("read, write", ": if isAdmin()", ["limited"; 4]),
        ("read, write", ": if isAdmin() || isOwner(id)", ["limited"; 4]),
        ("read", ": if request.auth.token.admin == true", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.token.role in ['admin', 'staff']", ["limited", "-", "-", "-"]),
        ("read", ": if me().get('role', 'guest') == 'admin'", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.uid == 'abc'", ["limited", "-", "-", "-"]),
        (
            "read",
            ": if exists(/databases/$(database)/documents/admins/$(request.auth.uid))",
            ["limited", "-", "-", "-"],
        ),
        (
            "read",
            ": if get(/databases/$(database)/documents/projects/$(id)).data.owner == request.auth.uid",
            ["limited", "-", "-", "-"],
        ),
        ("read", ": if resource.data.published == true", ["limited", "-", "-", "-"]),
        ("read", ": if resource.data.isPublic || isOwner(resource.data.ownerId)", ["limited", "-", "-", "-"]),
        ("read", ": if resource.data.kind == 'x'", ["anyone", "-", "-", "-"]),
        ("read", ": if id == 'settings'", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.uid != id", ["signed in", "-", "-", "-"]),
        ("get", ": if isOwner(id)", ["limited", "-", "-", "-"]),
        ("list", ": if signedIn()", ["signed in", "-", "-", "-"]),
        ("read", ": if undefinedFunction()", ["unknown", "-", "-", "-"]),
        ("read", ": if signedIn() ? isOwner(id) : false", ["limited", "-", "-", "-"]),
        ("read", ": if isOwner(id) == true", ["limited", "-", "-", "-"]),
        ("read", ": if !(request.auth == null)", ["signed in", "-", "-", "-"]),
        ("read", ": if id.matches(request.auth.uid + '_.*')", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.token.email == resource.data.email", ["limited", "-", "-", "-"]),
        ("read", ": if request.auth.token.email.matches('.*@firm[.]example')", ["limited", "-", "-", "-"]),
        ("read", ": if me().orgId == resource.data.orgId", ["limited", "-", "-", "-"]),
        (
            "write",
            ": if request.auth != null && request.resource.data.size() < 5",
            ["-", "signed in", "signed in", "nobody"],
        ),
    ];
    let mut wrong = Vec::new();
    for (methods, condition, expected) in cases {
        let facts = rules(&format!("{helper} match /notes/{{id}} {{ allow {methods}{condition}; }}"));
        let found = admits(&facts, "notes");
        if found != *expected || facts.rules_files.iter().any(|file| file.problem.is_some()) {
            wrong.push(format!("allow {methods}{condition}: {found:?}, not {expected:?}; {:?}", facts.rules_files));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_name_collections() {
    let facts = rules(
        "match /{document=**} { allow read, write: if true; } match /a/{x} { match /b/{y} { allow read: if true; } match /{rest=**} { allow read: if true; } } match /c/{x}/d/{y} { allow read: if true; }",
    );
    let names: Vec<&str> = facts.stores.iter().map(|store| store.name.as_str()).collect();
    assert_eq!(names, ["all collections", "a/b", "a/**", "c/d"]);
}

const ADMIN: &str = "function isAdmin() { return get(/databases/$(database)/documents/users/$(request.auth.uid)).data.role == 'admin'; }
    match /orders/{id} { allow read, write: if isAdmin(); }";

#[test]
fn documents_that_are_added_in_the_name_of_others() {
    const APPROVED: &str = "get(/databases/$(database)/documents/users/$(request.auth.uid)).data.state == 'approved'";
    let found = |create: &str| {
        let facts = rules(&format!(
            "{ADMIN} match /jobs/{{id}} {{ allow read: if isAdmin() || resource.data.shop == request.auth.uid; allow create: if {create}; }}"
        ));
        facts.self_grants.iter().any(|grant| grant.way == GrantWay::AddsToForeign && grant.store == "jobs")
    };
    assert!(found(APPROVED));
    assert!(!found(&format!("{APPROVED} && request.resource.data.shop == request.auth.uid")));
    assert!(!found("isAdmin()"));
    assert!(!found("isAdmin() || request.resource.data.shop == request.auth.uid"));
}

#[test]
fn rights_that_an_account_gives_itself() {
    let weak: &[(&str, GrantWay)] = &[
        ("allow read, write: if request.auth.uid == uid;", GrantWay::ChangesOwnRow),
        ("allow update: if request.auth.uid == uid;", GrantWay::ChangesOwnRow),
        ("allow create: if request.auth.uid == uid;", GrantWay::AddsOwnRow),
        (
            "allow create: if request.auth.uid == uid && request.resource.data.role in ['user', 'admin'];",
            GrantWay::AddsOwnRow,
        ),
        ("allow update: if request.auth.uid == uid && request.resource.data.name is string;", GrantWay::ChangesOwnRow),
        (
            "allow update: if request.auth.uid == uid && request.resource.data.diff(resource.data).affectedKeys().hasOnly(['name', 'role']);",
            GrantWay::ChangesOwnRow,
        ),
    ];
    for (body, way) in weak {
        let facts = rules(&format!("{ADMIN} match /users/{{uid}} {{ {body} }}"));
        assert!(
            facts.self_grants.iter().any(|grant| grant.gain == Gain::Role && grant.way == *way),
            "{body}: {:?}",
            facts.self_grants
        );
    }
    let strong: &[&str] = &[
        "allow read: if request.auth.uid == uid; allow write: if false;",
        "allow write: if isAdmin();",
        "allow update: if request.auth.uid == uid && request.resource.data.role == resource.data.role;",
        "allow update: if request.auth.uid == uid && !request.resource.data.diff(resource.data).affectedKeys().hasAny(['role', 'plan']);",
        "allow update: if request.auth.uid == uid && request.resource.data.diff(resource.data).affectedKeys().hasOnly(['name', 'photo']);",
        "allow create: if request.auth.uid == uid && request.resource.data.role == 'user';",
        "allow create: if request.auth.uid == uid && !('role' in request.resource.data);",
        "allow create: if request.auth.uid == uid && request.resource.data.keys().hasOnly(['name', 'email']);",
        "allow update: if isAdmin() || (request.auth.uid == uid && request.resource.data.role == resource.data.role);",
    ];
    for body in strong {
        let facts = rules(&format!("{ADMIN} match /users/{{uid}} {{ {body} }}"));
        assert!(facts.self_grants.is_empty(), "{body}: {:?}", facts.self_grants);
    }
    let membership = rules(
        "match /clinics/{c}/members/{uid} { allow create: if request.auth.uid == uid; }
         match /clinics/{c} { allow read: if exists(/databases/$(database)/documents/clinics/$(c)/members/$(request.auth.uid)); }",
    );
    assert_eq!(membership.self_grants.len(), 1);
    let taken = rules("match /notes/{id} { allow update: if request.resource.data.owner == request.auth.uid; }");
    assert_eq!(taken.self_grants.iter().map(|grant| grant.way).collect::<Vec<_>>(), [GrantWay::TakesOver]);
}

#[test]
fn storage_rules() {
    let text = "rules_version = '2';
        service firebase.storage { match /b/{bucket}/o {
            match /avatars/{uid} { allow read; allow write: if request.auth.uid == uid && request.resource.size < 1024 * 1024 && request.resource.contentType.matches('image/.*'); }
            match /docs/{all=**} { allow read, write: if request.auth != null; }
            match /staff/{file} { allow read: if firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.role == 'staff'; }
        } }";
    let facts = facts(&[("storage.rules", text)]);
    assert!(facts.stores.iter().all(|store| store.kind == StoreKind::Bucket));
    assert_eq!(admits(&facts, "avatars"), ["anyone", "limited", "limited", "nobody"]);
    assert_eq!(admits(&facts, "docs/**"), ["signed in"; 4]);
    assert_eq!(admits(&facts, "staff"), ["limited", "-", "-", "-"]);
}

#[test]
fn realtime_database_rules() {
    let cases = [
        (r#"{"rules": {".read": true, ".write": true}}"#, "all collections", ["anyone"; 4]),
        (r#"{"rules": {".read": "auth != null", ".write": "auth != null"}}"#, "all collections", ["signed in"; 4]),
        (
            r#"{"rules": {".read": "now < 1893456000000", ".write": false}}"#,
            "all collections",
            ["anyone", "nobody", "nobody", "nobody"],
        ),
        (
            r#"{"rules": {"users": {"$uid": {".read": "$uid === auth.uid", ".write": "auth.uid == $uid"}}}}"#,
            "users",
            ["limited"; 4],
        ),
        (
            r#"{"rules": {"posts": {"$id": {".read": "auth != null", ".write": "data.child('owner').val() === auth.uid"}}}}"#,
            "posts",
            ["signed in", "limited", "limited", "limited"],
        ),
        (
            r#"{"rules": {"logs": {".read": "root.child('users').child(auth.uid).child('role').val() === 'admin'"}}}"#,
            "logs",
            ["limited", "-", "-", "-"],
        ),
        (
            r#"{"rules": {"a": {"$id": {".write": "!data.exists() || data.child('by').val() == auth.uid"}}}}"#,
            "a",
            ["-", "anyone", "limited", "limited"],
        ),
    ];
    for (text, store, expected) in cases {
        let facts = facts(&[("database.rules.json", text)]);
        assert_eq!(admits(&facts, store), expected, "{text}");
    }
}

#[test]
fn files_that_are_not_in_force() {
    let good = "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if true; } } }";
    let bad = [
        "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if true; } }",
        "service cloud.firestore {\n<<<<<<< HEAD\n match /databases/{d}/documents { }\n=======\n match /databases/{d}/documents { }\n>>>>>>> main\n}",
        "service cloud.firestore { match /databases/{d}/documents { match /a/{b} { allow read: if isOwner(; } } }",
    ];
    assert!(facts(&[("firestore.rules", good)]).rules_files.iter().all(|file| file.problem.is_none()));
    for text in bad {
        let facts = facts(&[("firestore.rules", text)]);
        assert!(facts.rules_files.iter().any(|file| file.problem.is_some()), "{text}");
        assert!(facts.not_checked.iter().any(|gap| gap.weighs), "{text}");
    }
    // Another file is put into force: this one is not read.
    let facts = facts(&[
        ("firebase.json", r#"{"firestore": {"rules": "firestore.rules"}, "storage": [{"rules": "gone.rules"}]}"#),
        ("firestore.rules", good),
        ("old/firestore.rules", bad[0]),
    ]);
    assert_eq!(facts.rules_files.len(), 1);
    assert!(
        facts.rules_files[0].deployed && facts.not_checked.iter().any(|gap| gap.weighs && gap.what == "gone.rules")
    );
}

#[test]
fn what_is_not_understood_is_said() {
    let facts = rules("match /notes/{id} { allow read: if undefinedFunction(); }");
    assert!(
        facts.not_checked.iter().any(|gap| gap.weighs && gap.what.contains("line 4 (`notes`)")),
        "{:?}",
        facts.not_checked
    );
    // Beside a condition that limits, it does not matter.
    let facts = rules("match /notes/{id} { allow read: if request.auth.uid == id && undefinedFunction(); }");
    assert_eq!(facts.not_checked, []);
}

#[test]
fn a_client_without_rules_is_not_checked() {
    let client =
        ("src/a.ts", "import { getFirestore, collection } from 'firebase/firestore'; collection(db, 'users');");
    let found = facts(&[client]);
    assert!(found.not_checked.iter().any(|gap| gap.weighs && gap.what.contains("Firestore")));
    let readme = ("README.md", "```\nservice cloud.firestore { match /x { allow read: if true; } }\n```");
    assert!(facts(&[client, readme]).rules_files.is_empty());
    let server = ("functions/a.ts", "import { getFirestore } from 'firebase-admin/firestore';");
    assert!(facts(&[server]).not_checked.is_empty());
}
