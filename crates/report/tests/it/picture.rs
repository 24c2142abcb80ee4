//! Pictures and the record of processing.

use plimsoll_model::{Chain, DataClass, Holding};

use crate::sample::{POISON, empty, incomplete, poisoned, sample};

fn texts(svg: &str) -> String {
    let parts = svg.split("<text").skip(1).filter_map(|part| part.split_once('>')?.1.split_once('<'));
    parts.map(|(text, _)| text).collect::<Vec<_>>().join("|")
}

#[test]
fn the_way_of_the_data_is_drawn() {
    let svg = plimsoll_report::data_svg(&sample()).expect("data");
    let texts = texts(&svg);
    for part in
        ["Who can reach it", "anyone", "any signed-in user", "customers", "email, phone", "mail provider", "personal"]
    {
        assert!(texts.contains(part), "{part}: {texts}");
    }
    assert!(svg.starts_with("<svg class=\"picture\" xmlns="), "it stands alone");
    assert!(plimsoll_report::html(&sample()).contains("<desc id=\"data-picture-text\">"), "and is in the page");
    assert_eq!(plimsoll_report::data_svg(&empty()), None);
}

#[test]
fn where_data_lies_is_told_apart() {
    let mut review = sample();
    review.data[0].held = Holding::Browser;
    review.data[0].store = "localStorage".into();
    review.data[3].held = Holding::Code;
    let texts = texts(&plimsoll_report::data_svg(&review).expect("data"));
    for part in ["Kept by the app", "Kept in visitors&#39; browsers", "Written in the code and its files"] {
        assert!(texts.contains(part), "{part}: {texts}");
    }
}

#[test]
fn many_stores_end_in_one_that_counts_the_rest() {
    let mut review = sample();
    let item = review.data[0].clone();
    review.data.extend((0..30).map(|at| {
        let mut item = item.clone();
        item.store = format!("store{at:02}");
        item
    }));
    assert!(texts(&plimsoll_report::data_svg(&review).expect("data")).contains("and 25 more"));
}

#[test]
fn the_chains_are_drawn_with_their_cut() {
    let svg = plimsoll_report::chains_svg(&sample()).expect("chains");
    let texts = texts(&svg);
    for part in ["anyone on the internet", "critical", "Passwords can be tried", "cut here"] {
        assert!(texts.contains(part), "{part}: {texts}");
    }
    assert_eq!(texts.matches("cut here").count(), 1);
    assert_eq!(plimsoll_report::chains_svg(&empty()), None);
}

#[test]
fn accepted_chains_are_told_as_such() {
    let mut review = sample();
    let chain = Chain { id: "CH-2".into(), accepted: vec!["PL-000000a9".into()], ..review.chains[0].clone() };
    review.chains.push(chain);
    let html = plimsoll_report::html(&review);
    assert!(html.contains("these stand on findings that are waived") && html.contains(">accepted</span>"));
    let json = plimsoll_report::json(&review);
    assert!(json.contains("\"accepted\": [\n        \"PL-000000a9\""), "{json}");
}

#[test]
fn what_makes_a_chain_easier_is_told_beside_its_steps() {
    let mut review = sample();
    let easier = plimsoll_model::ChainStep {
        finding: Some("PL-000000a3".into()),
        fact: None,
        text: "no token is asked for".into(),
        needs: vec![0],
        begins: false,
        eases: true,
    };
    review.chains[0].steps.push(easier);
    let html = plimsoll_report::html(&review);
    assert!(
        html.contains("Easier still: no token is asked for") && !html.contains("<li>No token is asked for"),
        "{html}"
    );
    assert!(plimsoll_report::markdown(&review).contains("Easier still: no token is asked for"));
    assert!(plimsoll_report::json(&review).contains("\"eases\": true"));
    // It is no link, so that the picture is the same.
    assert_eq!(plimsoll_report::chains_svg(&review), plimsoll_report::chains_svg(&sample()));
}

#[test]
fn the_compounding_is_told_both_ways() {
    let html = plimsoll_report::html(&sample());
    assert!(!html.contains("together they are critical."), "no worse than its worst part");
    let mut milder = sample();
    for finding in milder.findings.iter_mut().filter(|finding| finding.severity == plimsoll_model::Severity::Critical) {
        finding.severity = plimsoll_model::Severity::Medium;
    }
    let told = plimsoll_report::html(&milder);
    assert!(told.contains("On their own they are high and medium; together they are critical."), "of the chain");
    assert!(
        html.contains("Together with <a class=\"id\" href=\"#finding-1\">PL-000000a1</a> it is critical"),
        "of the part"
    );
}

#[test]
fn nothing_of_the_app_gets_into_the_markup() {
    let review = poisoned();
    for svg in [
        plimsoll_report::badge(&review),
        plimsoll_report::data_svg(&review).expect("data"),
        plimsoll_report::chains_svg(&review).expect("chains"),
    ] {
        assert!(!svg.contains("<script") && !svg.contains(POISON) && !svg.contains("</style>--"), "{svg}");
        assert!(!svg.contains('\u{202e}') && !svg.contains('\u{1b}'));
        // Every tag is closed.
        let (open, closed) = (svg.matches("<g").count(), svg.matches("</g>").count());
        assert_eq!(open, closed);
    }
}

#[test]
fn the_badge_says_load_line_outcome_and_day() {
    let badge = plimsoll_report::badge(&sample());
    assert!(badge.contains(">load line</text>") && badge.contains("overloaded: personal, fit for demo · 2"), "{badge}");
    assert!(plimsoll_report::badge(&incomplete()).contains("not decided: "));
}

#[test]
fn the_record_is_prefilled_and_marks_its_blanks() {
    let mut review = sample();
    for item in &mut review.data {
        item.class = item.class.max(DataClass::Internal);
    }
    let csv = plimsoll_report::record_csv(&review);
    let row = csv.lines().find(|line| line.starts_with("\"customers\"")).expect("customers");
    for part in [
        "\"customers, by the names in the code; TO BE FILLED IN\"",
        "\"email, phone\"",
        "\"mail provider; TO BE FILLED IN\"",
        "asked of mail provider",
        "proven by this review: ",
    ] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert_eq!(row.matches("TO BE FILLED IN").count(), 7, "{row}");
    let markdown = plimsoll_report::record_markdown(&review);
    assert!(markdown.contains("**TO BE FILLED IN**") && markdown.contains("| customers |"));
    // The measures are the same for all stores, and told once.
    assert_eq!(markdown.matches("## Security measures (g)").count(), 1, "{markdown}");
    let customers = markdown.lines().find(|line| line.starts_with("| customers |")).expect("customers");
    assert!(customers.contains("see below") && customers.len() < 700, "{customers}");
}
