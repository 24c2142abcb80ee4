//! The JSON contract.

use serde_json::{Value, json};

use crate::sample::{empty, incomplete, poisoned, sample};
use crate::schema::{closed, problems};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn fits_the_published_schema() {
    let schema = parse(plimsoll_report::json_schema());
    let strict = closed(&schema);
    for review in [sample(), empty(), incomplete(), poisoned()] {
        let value = parse(&plimsoll_report::json(&review));
        assert_eq!(problems(&schema, &value), Vec::<String>::new());
        assert_eq!(problems(&strict, &value), Vec::<String>::new(), "not described by the schema");
    }
}

#[test]
fn the_schema_refuses_what_breaks_the_contract() {
    let schema = parse(plimsoll_report::json_schema());
    let good = parse(&plimsoll_report::json(&sample()));
    for (pointer, bad) in [
        ("/schema", json!("plimsoll-review/2")),
        ("/verdict/verdict", json!("secure")),
        ("/verdict/carries", json!("secret")),
        ("/findings/0/severity", json!("info")),
        ("/findings/0/gap", json!("ClientSideAuth")),
        ("/findings/0/evidence", json!([])),
        ("/findings/0/evidence/0/witness", json!("model")),
        ("/findings/0/suppressed", json!(false)),
        ("/coverage/not_checked", json!(["x"])),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).expect(pointer) = bad;
        assert!(!problems(&schema, &value).is_empty(), "{pointer} must be refused");
    }
}

#[test]
fn schema_lists_every_word_of_the_model() {
    let schema = parse(plimsoll_report::json_schema());
    let words = |pointer: &str| -> Vec<String> {
        serde_json::from_value(schema.pointer(pointer).expect(pointer).clone()).expect("strings")
    };
    assert_eq!(words("/$defs/gap/enum"), plimsoll_model::Gap::ALL.map(|gap| gap.word().to_owned()));
    assert_eq!(words("/$defs/severity/enum"), plimsoll_model::Severity::ALL.map(|severity| severity.word().to_owned()));
    assert_eq!(words("/$defs/data_class/enum"), plimsoll_model::DataClass::ALL.map(|class| class.word().to_owned()));
}

#[test]
fn shape_of_the_contract() {
    let value = parse(&plimsoll_report::json(&sample()));
    assert_eq!(value["schema"], "plimsoll-review/1");
    assert_eq!(value["verdict"]["carries"], "personal");
    assert_eq!(value["verdict"]["fit_for"], "demo");
    assert_eq!(value["verdict"]["verdict"], "overloaded");
    let first = &value["findings"][0];
    assert_eq!(first["gap"], "broken_access_control");
    assert_eq!(first["cwe"], json!([306, 862]));
    assert_eq!(first["suppressed"], Value::Null);
    assert!(first.get("package").is_none() && first.get("advisories").is_none());
    assert_eq!(
        first["evidence"][0],
        json!({
            "witness": "code", "file": "server/routes.ts", "line": 41,
            "snippet": "app.get(\"/api/customers\", async (req, res) => {",
            "note": "no check of who is calling before the customers are read",
        })
    );
    assert_eq!(
        first["evidence"][1],
        json!({
            "witness": "live", "method": "GET", "url": "http://localhost:3000/api/customers", "status": 200,
            "note": "without signing in: 48 records with name, email, phone",
        })
    );
    let by_rule = |rule: &str| {
        let all = value["findings"].as_array().expect("findings");
        all.iter().find(|finding| finding["rule"] == rule).expect(rule).clone()
    };
    let dependency = by_rule("dependency-with-known-vulnerability");
    assert_eq!(dependency["package"]["purl"], "pkg:npm/qs@6.5.2");
    assert_eq!(dependency["package"]["path"], json!(["bakery-orders", "express@4.16.0", "qs@6.5.2"]));
    assert_eq!(dependency["advisories"], json!(["GHSA-hrpp-h998-j3pp", "CVE-2099-0001"]));
    assert_eq!(
        by_rule("env-file-committed")["suppressed"],
        json!({ "kind": "waiver", "reason": "values of a test account, checked by hand", "owner": "M. Brandt",
                "until": "2027-01-31" })
    );
    assert_eq!(by_rule("cors-any-origin-with-credentials")["suppressed"], json!({ "kind": "baseline" }));
    assert_eq!(value["chains"][0]["data_class"], "personal");
    assert_eq!(
        value["chains"][0]["steps"][2],
        json!({ "begins": false, "fact": "POST /api/admin/export answers administrators", "needs": [1],
                "text": "Exports everything" })
    );
    assert_eq!(value["controls"][4]["status"], "not_applicable");
    assert_eq!(value["coverage"]["not_checked"][0]["what"], "Backups");
    assert_eq!(value["environment"]["advisories_date"], "2026-11-20");
}
