use super::*;
use plimsoll_model::app::{
    Effect, EffectKind, EntryKind, EntryPoint, Guard, GuardKind, GuardStanding, HeaderSet, Side,
};
use plimsoll_model::{Evidence, Gap, Standing, Witness};

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
        grants: grants
            .into_iter()
            .map(|(needs, gain)| Grant { needs, gain, text: rule.to_owned(), eases: false })
            .collect(),
    }
}

/// An app whose administrator reads customers.
fn app() -> App {
    let guard = |kind| Guard {
        kind,
        side: Side::Server,
        name: "guard".into(),
        standing: GuardStanding::Enforced,
        roles: Vec::new(),
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
        refused_live: vec![],
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
    assert_eq!(impacts, ["reads customers (personal data)"]);
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

#[test]
fn what_the_owner_accepts_is_told_as_accepted() {
    let mut findings = crafted_upload();
    findings[1].standing = Standing::Waived { reason: "r".into(), owner: "o".into(), until: "2027-01-01".into() };
    let chains = derive(&app(), &findings, DataClass::Personal, &[]);
    let (open, accepted): (Vec<&Chain>, Vec<&Chain>) = chains.chains.iter().partition(|chain| chain.is_open());
    assert!(open.iter().all(|chain| !chain.impact.contains("takes over")), "{open:#?}");
    let takeover: Vec<&Chain> = accepted.into_iter().filter(|chain| chain.impact.contains("takes over")).collect();
    assert_eq!(takeover.len(), 1, "{takeover:#?}");
    assert_eq!(takeover[0].accepted, ["PL-token"]);
    assert!(!chains.cut.findings.contains(&"PL-token".to_owned()), "nobody is asked to repair what is accepted");
    // Accepting the missing policy does not turn it into a condition that nobody looked at.
    let mut findings = crafted_upload();
    findings[2].standing = Standing::Baseline;
    let chains = derive(&app(), &findings, DataClass::Personal, &[]);
    assert!(chains.chains.iter().all(|chain| !chain.is_open()), "{chains:#?}");
    assert_eq!(chains.cut, CheapestCut::default());
}

#[test]
fn each_repair_says_what_it_does_alone() {
    let mut findings = crafted_upload();
    findings.push(finding("comment", vec![(vec![Stands(Anyone), NoScriptPolicy], RunsScript(Administrator))]));
    let mut app = app();
    app.headers.push(HeaderSet { name: "content-security-policy".into(), value: None, by: "x".into(), span: span() });
    let chains = derive(&app, &findings, DataClass::Personal, &[]);
    let alone = |id: &str| {
        let repair = chains.repairs.iter().find(|repair| repair.finding == id).expect(id);
        (repair.breaks > 0, repair.ends > 0)
    };
    assert_eq!(chains.repairs[0].finding, "PL-headers");
    assert_eq!(alone("PL-headers"), (true, true), "everything needs it");
    assert_eq!(alone("PL-upload"), (true, false), "the comment is another way");
}

#[test]
fn steps_say_what_they_rest_on() {
    let chains = derive(&app(), &crafted_upload(), DataClass::Personal, &[]);
    for chain in &chains.chains {
        for (at, step) in chain.steps.iter().enumerate() {
            assert!(step.needs.iter().all(|need| *need < at), "{chain:#?}");
        }
        assert!(chain.steps.iter().any(|step| step.begins), "{chain:#?}");
    }
}

#[test]
fn one_finding_and_a_condition_is_no_chain() {
    let demo = Claim::Knows(Claim::DEMO_ACCOUNTS.to_owned());
    let findings = [finding("account", vec![(vec![Claim::ReadSource, demo], Holds(Administrator))])];
    assert_eq!(derive(&app(), &findings, DataClass::Personal, &[]).chains, []);
}

#[test]
fn who_can_leave_it_is_a_step_of_the_story() {
    let comment =
        || finding("comment", vec![(vec![Claim::Plants("notes".into()), NoScriptPolicy], RunsScript(Administrator))]);
    let mut app = app();
    let mut route = app.entry_points[0].clone();
    route.guards.clear();
    route.whole = 0;
    route.path = "/notes".into();
    route.methods = vec!["POST".into()];
    route.effects = vec![Effect::new(EffectKind::Create, "notes", span())];
    app.entry_points.push(route);
    let open = [
        comment(),
        finding("token", vec![(vec![], TokenReadable)]),
        finding("headers", vec![(vec![], NoScriptPolicy)]),
    ];
    let chains = derive(&app, &open, DataClass::Personal, &[]);
    assert_eq!(takeovers(&chains), [["PL-comment", "PL-token", "PL-headers"]]);
    assert_eq!(chains.chains[0].steps[0].text, "leaves a text of his own in notes with POST /notes");
    // Where a finding says that the route should not be open, the way leads through it, and its repair is one more cut.
    let route = finding("route", vec![(vec![Stands(Anyone)], Claim::Calls("POST /notes".into()))]);
    let chains = derive(&app, &[&open[..], &[route]].concat(), DataClass::Personal, &[]);
    assert_eq!(takeovers(&chains), [["PL-comment", "PL-token", "PL-headers", "PL-route"]]);
}

#[test]
fn other_websites_read_with_the_login_only_where_browsers_send_it() {
    use plimsoll_model::app::{CookieSet, SameSite};
    let findings = [finding("cors", vec![(vec![], Claim::ForeignReadsAllowed)])];
    let with = |same_site: Option<Option<SameSite>>| {
        let mut app = app();
        app.cookies.extend(same_site.map(|same_site| CookieSet {
            name: "sid".into(),
            is_session: true,
            http_only: Some(true),
            secure: Some(true),
            same_site,
            max_age: None,
            by: "x".into(),
            span: None,
            exchange: None,
        }));
        derive(&app, &findings, DataClass::Personal, &[]).chains.len()
    };
    assert_eq!(with(Some(Some(SameSite::None))), 1);
    for stops in [None, Some(None), Some(Some(SameSite::Lax)), Some(Some(SameSite::Strict))] {
        assert_eq!(with(stops), 0, "{stops:?}: no more than the finding says itself");
    }
}

#[test]
fn a_policy_that_allows_inline_scripts_stops_none() {
    let findings = &crafted_upload()[..2];
    let mut app = app();
    let header = |value: &str| HeaderSet {
        name: "content-security-policy".into(),
        value: Some(value.into()),
        by: "x".into(),
        span: span(),
    };
    app.headers.push(header("default-src 'self' 'unsafe-inline'"));
    assert_eq!(takeovers(&derive(&app, findings, DataClass::Personal, &[])), [["PL-upload", "PL-token"]]);
    app.headers.push(header("script-src 'self'"));
    assert!(takeovers(&derive(&app, findings, DataClass::Personal, &[])).is_empty(), "both hold together");
}

/// What the app keeps of passwords, as a rule speaks of it.
fn knows(what: &str) -> Claim {
    Claim::Knows(what.to_owned())
}

/// Each of the findings is a link: with all of them the loss follows, without any one of them it does not.
fn each_is_a_link(findings: &[Finding], start: &str, wanted: &str) {
    let follows = |fixed: &[String]| {
        let chains = derive(&app(), findings, DataClass::Personal, fixed).chains;
        chains.iter().any(|chain| {
            chain.start.contains(start) && chain.impact.contains(wanted) && chain.confidence == Confidence::Likely
        })
    };
    assert!(follows(&[]), "{:#?}", derive(&app(), findings, DataClass::Personal, &[]).chains);
    for finding in findings {
        assert!(!follows(std::slice::from_ref(&finding.rule)), "{} repaired", finding.rule);
    }
}

#[test]
fn passwords_that_are_kept_readably_and_a_way_to_read_them_are_a_takeover() {
    each_is_a_link(
        &[
            finding("sql", vec![(vec![Stands(Anyone)], knows(Claim::STORED_PASSWORDS))]),
            finding("clear", vec![(vec![knows(Claim::STORED_PASSWORDS)], knows(Claim::PLAIN_PASSWORDS))]),
        ],
        "anyone on the internet",
        "takes over",
    );
}

#[test]
fn a_file_of_the_server_and_a_key_in_the_code_are_a_takeover() {
    each_is_a_link(
        &[
            finding("path", vec![(vec![Stands(Anyone)], Claim::ReadsFiles)]),
            finding("key", vec![(vec![Claim::ReadSource], Holds(Administrator))]),
        ],
        "anyone on the internet",
        "takes over",
    );
}

#[test]
fn a_forged_request_that_sets_a_password_is_a_takeover() {
    let forged = || Claim::Forges("POST /password".into());
    each_is_a_link(
        &[
            finding("csrf", vec![(vec![Claim::Lures], forged())]),
            finding("password", vec![(vec![forged()], Holds(Administrator))]),
        ],
        "open a link",
        "takes over",
    );
}

#[test]
fn an_account_that_works_before_it_is_approved_opens_what_any_login_opens() {
    each_is_a_link(
        &[
            finding("sign-up", vec![(vec![Stands(Anyone)], Stands(Position::SignedIn))]),
            finding("role", vec![(vec![Stands(Position::SignedIn)], Claim::Reads(DataClass::Personal))]),
        ],
        "anyone on the internet",
        "reads personal",
    );
}

#[test]
fn what_makes_a_step_easier_is_told_and_is_no_link() {
    let mut findings = crafted_upload();
    let mut easier = finding("csrf", vec![]);
    easier.grants.push(Grant {
        needs: vec![],
        gain: Claim::ActsAs(Administrator),
        text: "no token is asked for".into(),
        eases: true,
    });
    findings.push(easier);
    let without = derive(&app(), &findings[..3], DataClass::Personal, &[]);
    let with = derive(&app(), &findings, DataClass::Personal, &[]);
    let acts = |chains: &Chains| {
        let mut told = chains.chains.clone();
        told.retain(|chain| chain.steps.iter().any(|step| step.text.contains("while the page is open")));
        told
    };
    assert_eq!((with.cut.clone(), with.chains.len()), (without.cut.clone(), without.chains.len()));
    // Only with the token out of reach does the way lead through the open page.
    let fixed = ["token".to_owned()];
    let told = acts(&derive(&app(), &findings, DataClass::Personal, &fixed));
    assert!(!told.is_empty());
    for chain in &told {
        let easier: Vec<_> = chain.steps.iter().filter(|step| step.eases).collect();
        assert_eq!(easier.len(), 1, "{chain:#?}");
        assert_eq!(easier[0].finding.as_deref(), Some("PL-csrf"));
        assert!(!chain.cut.contains(&"PL-csrf".to_owned()), "{chain:#?}");
        assert!(easier[0].needs.iter().all(|&need| need < chain.steps.len() && !chain.steps[need].eases));
    }
    let unaided = acts(&derive(&app(), &findings[..3], DataClass::Personal, &fixed));
    assert!(unaided.iter().flat_map(|chain| &chain.steps).all(|step| !step.eases));
}

/// On reviews of many shapes: repair any link of a chain and that chain is gone; repair the cut and all are; and what one
/// link alone would end is what a review without it no longer tells.
#[test]
fn every_link_is_needed_and_the_cut_ends_everything() {
    for (entries, count) in [(3, 6), (5, 9), (8, 14), (12, 19)] {
        let (app, findings) = large(entries, count);
        let whole = derive(&app, &findings, DataClass::Sensitive, &[]);
        assert!(!whole.chains.is_empty());
        let ids =
            |chains: &Chains| -> BTreeSet<String> { chains.chains.iter().map(|chain| chain.id.clone()).collect() };
        for chain in &whole.chains {
            for link in &chain.cut {
                let left = derive(&app, &findings, DataClass::Sensitive, std::slice::from_ref(link));
                assert!(!ids(&left).contains(&chain.id), "{link} of {chain:#?}");
            }
        }
        let left = derive(&app, &findings, DataClass::Sensitive, &whole.cut.findings);
        assert!(whole.cut.smallest && left.chains.is_empty(), "{count}: {:#?}", left.chains);
        // Any one repair fewer leaves something.
        for kept in &whole.cut.findings {
            let fewer: Vec<String> = whole.cut.findings.iter().filter(|id| *id != kept).cloned().collect();
            let left = derive(&app, &findings, DataClass::Sensitive, &fewer);
            assert!(!left.chains.is_empty(), "{kept} was not needed");
        }
    }
}

/// An app with so many entry points, and findings of the kinds that real reviews have.
fn large(entries: usize, count: usize) -> (App, Vec<Finding>) {
    let mut app = app();
    let first = app.entry_points[0].clone();
    for at in 1..entries {
        let mut entry = first.clone();
        entry.path = format!("/route/{at}");
        entry.effects[0].target = format!("store{}", at % 40);
        app.entry_points.push(entry);
    }
    let store = |at: usize| Claim::Plants(format!("store{}", at % 40));
    let classes = [DataClass::Internal, DataClass::Personal, DataClass::Sensitive];
    let findings = (0..count)
        .map(|at| {
            let mut finding = match at % 10 {
                0 => finding("markup", vec![(vec![store(at), NoScriptPolicy], RunsScript(Administrator))]),
                1 | 2 => finding(
                    "route",
                    vec![
                        (vec![Stands(Anyone)], Claim::Writes(classes[at % 3])),
                        (vec![Stands(Anyone)], Claim::Calls(format!("PUT /route/{}", at % entries))),
                    ],
                ),
                3 => finding("role", vec![(vec![Stands(Position::SignedIn)], Claim::Reads(classes[at % 3]))]),
                4 => finding("token", vec![(vec![], TokenReadable)]),
                5 => finding("limiter", vec![(vec![], Claim::GuessesUnlimited)]),
                6 => finding("secret", vec![(vec![Claim::ReadSource], Holds(Administrator))]),
                7 => finding("cors", vec![(vec![], Claim::ForeignReadsAllowed)]),
                8 => finding(
                    "upload",
                    vec![(vec![Stands(Anyone), Claim::Lures, NoScriptPolicy], RunsScript(Administrator))],
                ),
                _ => finding("headers", vec![(vec![], NoScriptPolicy)]),
            };
            finding.id = format!("PL-{at:08x}");
            finding
        })
        .collect();
    (app, findings)
}

/// Prints how the time grows; `cargo test --release -p plimsoll-chains quick -- --nocapture` shows it.
#[test]
#[expect(clippy::print_stdout, reason = "a measurement is there to be read")]
fn five_hundred_findings_and_three_hundred_entry_points_are_quick() {
    let time = |entries: usize, count: usize| {
        let (app, findings) = large(entries, count);
        let times = (0..3).map(|_| {
            let begun = std::time::Instant::now();
            let chains = derive(&app, &findings, DataClass::Sensitive, &[]);
            assert!(!chains.chains.is_empty());
            begun.elapsed()
        });
        times.min().unwrap_or_default()
    };
    let mut last = std::time::Duration::ZERO;
    for (entries, count) in [(75, 125), (150, 250), (300, 500), (600, 1000)] {
        last = time(entries, count);
        println!("{count} findings, {entries} entry points: {:.1} ms", last.as_secs_f64() * 1000.0);
    }
    // A loose bound: machines are shared and this may not be an optimised build; only growth out of hand should fail here.
    assert!(last < std::time::Duration::from_secs(10), "{last:?}");
}
