use super::*;
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, HeaderSet, Side,
};
use plimsoll_model::{Evidence, Gap, Grant, Standing, Witness};

fn span() -> plimsoll_source::Span {
    plimsoll_source::Span::new(plimsoll_source::FileId(0), 0, 1)
}

fn finding(rule: &str, grants: Vec<(Vec<Claim>, Claim)>) -> Finding {
    Finding {
        id: format!("PL-{rule}"),
        rule: rule.to_owned(),
        gap: Gap::Other,
        cwe: vec![],
        owasp: vec![],
        asvs: vec![],
        severity: Severity::Medium,
        confidence: Confidence::Likely,
        title: String::new(),
        meaning: String::new(),
        evidence: vec![Evidence { witness: Witness::Code, place: None, exchange: None, note: "here".into() }],
        fix: String::new(),
        fingerprint: String::new(),
        standing: Standing::Open,
        package: None,
        advisories: vec![],
        grants: grants.into_iter().map(|(needs, gain)| Grant { needs, gain, text: rule.to_owned() }).collect(),
    }
}

/// An app whose administrator reads customers.
fn app() -> App {
    let guard = |kind| Guard {
        kind,
        side: Side::Server,
        name: "guard".into(),
        standing: GuardStanding::Enforced,
        span: span(),
    };
    let effect = Effect { class: DataClass::Personal, ..Effect::new(EffectKind::Update, "customers", span()) };
    let entry = EntryPoint {
        kind: EntryKind::Route,
        methods: vec!["PUT".into()],
        path: "/customers".into(),
        framework: "Express".into(),
        name: None,
        span: span(),
        handler: span(),
        guards: vec![guard(GuardKind::Authentication), guard(GuardKind::Role)],
        whole: 2,
        purposes: Default::default(),
        effects: vec![effect],
        inputs: vec![],
        returns: vec![],
        opaque: false,
        trivial: false,
        seen_live: vec![],
    };
    App { entry_points: vec![entry], ..App::default() }
}

use Claim::{Holds, NoScriptPolicy, RunsScript, Stands, TokenReadable};
use Position::{Administrator, Anyone};

/// A crafted upload, opened by an administrator, in an app whose login token scripts can read and whose pages carry no
/// content security policy.
fn crafted_upload() -> Vec<Finding> {
    vec![
        finding("upload", vec![(vec![Stands(Anyone), NoScriptPolicy], RunsScript(Administrator))]),
        finding("token", vec![(vec![], TokenReadable)]),
        finding("headers", vec![(vec![], NoScriptPolicy)]),
    ]
}

fn takeovers(chains: &Chains) -> Vec<Vec<&str>> {
    chains
        .chains
        .iter()
        .filter(|chain| chain.impact.contains("takes over") && chain.confidence == Confidence::Likely)
        .map(|chain| chain.cut.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn a_crafted_upload_opened_by_a_user_leads_to_full_access() {
    let chains = derive(&app(), &crafted_upload(), DataClass::Personal, &[]);
    assert_eq!(takeovers(&chains), [["PL-upload", "PL-token", "PL-headers"]]);
    let chain = &chains.chains[0];
    assert_eq!((chain.start.as_str(), chain.severity), ("anyone on the internet", Severity::Critical));
    assert!(chain.steps.iter().any(|step| step.text.contains("sends it away")), "{chain:?}");
}

#[test]
fn each_link_repaired_ends_it() {
    let mut app = app();
    app.headers.push(HeaderSet {
        name: "content-security-policy".into(),
        value: None,
        by: "helmet".into(),
        span: span(),
    });
    for link in ["upload", "token", "headers"] {
        let chains = derive(&app, &crafted_upload(), DataClass::Personal, &[link.to_owned()]);
        assert!(takeovers(&chains).is_empty(), "{link}: {chains:#?}");
    }
}

#[test]
fn a_token_out_of_reach_stops_the_theft_but_not_acting_through_the_open_page() {
    let chains = derive(&app(), &crafted_upload(), DataClass::Personal, &["token".to_owned()]);
    let impacts: Vec<&str> = chains.chains.iter().map(|chain| chain.impact.as_str()).collect();
    assert_eq!(impacts, ["reads personal data"]);
}

#[test]
fn the_cut_is_what_all_ways_share() {
    let mut findings = crafted_upload();
    findings.push(finding("comment", vec![(vec![Stands(Anyone), NoScriptPolicy], RunsScript(Administrator))]));
    let mut app = app();
    app.headers.push(HeaderSet { name: "content-security-policy".into(), value: None, by: "x".into(), span: span() });
    let chains = derive(&app, &findings, DataClass::Personal, &[]);
    assert_eq!(chains.cut.findings, ["PL-headers"]);
    assert!(chains.cut.smallest);
}

#[test]
fn a_single_finding_that_says_it_all_is_no_chain() {
    let findings = [finding("open", vec![(vec![Stands(Anyone)], Claim::Reads(DataClass::Personal))])];
    assert_eq!(derive(&app(), &findings, DataClass::Personal, &[]), Chains::default());
    let forged = [finding("key", vec![(vec![Claim::ReadSource], Holds(Administrator))])];
    let chains = derive(&app(), &forged, DataClass::Personal, &[]);
    assert_eq!(chains.chains[0].start, "someone who has seen the code");
}
