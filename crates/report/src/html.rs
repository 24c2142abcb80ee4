//! One self-contained HTML page: no script, no request, readable on paper and on a phone.
//!
//! Its content security policy allows nothing but its own style sheet, by hash. No `style` attributes therefore.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base64::Engine as _;
use plimsoll_model::app::LiveCheck;
use plimsoll_model::{
    Chain, Confidence, Control, ControlStatus, DataClass, DataItem, Evidence, Finding, LiveReport, Outcome, Recipient,
    Review, Severity, UpgradeStep,
};
use sha2::{Digest as _, Sha256};

use crate::clean::Cleaning;
use crate::prose::{Block, Inline, blocks, inline};
use crate::{page, picture, plan, words};

mod mark;

/// The style sheet; comments in it are for us.
pub(crate) const STYLE: &str =
    concat!(include_str!("../templates/review.css"), include_str!("../templates/picture.css"));

pub(crate) fn render(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    let mut html = View::new(&review).render().unwrap_or_else(|error| {
        // Writing to memory does not fail; should it ever, the reader must not see an empty page.
        format!("<!doctype html><html lang=\"en\"><title>Plimsoll</title><p>The page could not be written: {error}</p>")
    });
    html.truncate(html.trim_end().len());
    html.push('\n');
    html
}

/// HTML that is already escaped.
struct Html(String);

impl std::fmt::Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

#[derive(Template)]
#[template(path = "review.html")]
struct View<'a> {
    review: &'a Review,
    style: &'static str,
    style_hash: String,
    about: String,
    outcome: &'static str,
    outcome_class: &'static str,
    verdict: String,
    gloss: Option<String>,
    reasons: Vec<Html>,
    raise: Vec<Html>,
    mark: Html,
    counts: Vec<(Severity, usize)>,
    no_findings: String,
    weighing: usize,
    gaps: Vec<GapTile>,
    groups: Vec<Group<'a>>,
    set_aside: Vec<SetAside<'a>>,
    chains: Vec<ChainView<'a>>,
    accepted_chains: Vec<ChainView<'a>>,
    chain_picture: Option<Html>,
    cheapest_cut: Option<Html>,
    repairs: Vec<Html>,
    data: Vec<&'a DataItem>,
    data_picture: Option<Html>,
    third_parties: Vec<PartyView<'a>>,
    controls: Vec<ControlView<'a>>,
    control_counts: [(&'static str, usize); 4],
    not_checked_note: &'static str,
    advisories: String,
    first: Option<&'a Finding>,
    live: Option<LiveSection<'a>>,
    plan_summary: Option<String>,
    plan: Vec<(&'a UpgradeStep, plan::Told)>,
    plan_left: Vec<String>,
    plan_prompt: String,
}

struct LiveSection<'a> {
    report: &'a LiveReport,
    pictures: Vec<PictureView<'a>>,
    disagreements: Vec<(&'a str, Vec<EvidenceView<'a>>)>,
}

impl LiveSection<'_> {
    #[expect(clippy::unused_self, reason = "called from the template")]
    fn verdict(&self, check: &LiveCheck) -> &'static str {
        words::live_verdict(check.verdict)
    }
}

struct PictureView<'a> {
    title: &'a str,
    data: String,
}

struct GapTile {
    title: &'static str,
    state: String,
    class: &'static str,
    glyph: &'static str,
    target: Option<String>,
}

struct Group<'a> {
    severity: Severity,
    title: String,
    urgency: &'static str,
    findings: Vec<Card<'a>>,
}

struct Card<'a> {
    finding: &'a Finding,
    title: Html,
    anchor: String,
    certainty: &'static str,
    confirmed: bool,
    live: bool,
    meaning: Html,
    /// What it is together with others, and where that is told.
    together: Option<(String, Html)>,
    fix: Html,
    evidence: Vec<EvidenceView<'a>>,
    package_path: Option<String>,
    references: String,
    /// The rule's page, at its first finding; later findings point there.
    page: Option<Html>,
    page_anchor: Option<String>,
}

struct EvidenceView<'a> {
    piece: &'a Evidence,
    witness: &'static str,
    place: Option<String>,
    snippet: Option<&'a str>,
    exchange: Option<String>,
    note: Html,
}

struct SetAside<'a> {
    finding: &'a Finding,
    why: String,
}

/// A third party as it is listed.
struct PartyView<'a> {
    party: &'a Recipient,
    purpose: String,
    fields: String,
    place: String,
}

struct ChainView<'a> {
    chain: &'a Chain,
    start: String,
    anchor: String,
    compounding: Option<String>,
    accepted: Vec<Link>,
    load: String,
    steps: Vec<StepView<'a>>,
    /// What makes its steps easier and is no link of it.
    easier: Vec<StepView<'a>>,
    cut: Vec<Link>,
}

struct StepView<'a> {
    text: Html,
    link: Option<Link>,
    fact: Option<&'a str>,
}

/// A finding's id and, when its card is on the page, where.
struct Link {
    id: String,
    target: Option<String>,
}

struct ControlView<'a> {
    control: &'a Control,
    status: &'static str,
    class: &'static str,
    glyph: &'static str,
    findings: Vec<Link>,
    evidence: Vec<EvidenceView<'a>>,
}

impl<'a> View<'a> {
    fn new(review: &'a Review) -> Self {
        let verdict = &review.verdict;
        let anchors: BTreeMap<&str, String> = words::open(review)
            .enumerate()
            .map(|(at, finding)| (finding.id.as_str(), format!("finding-{}", at + 1)))
            .collect();
        let link = |id: &String| Link { id: id.clone(), target: anchors.get(id.as_str()).cloned() };
        let mut about: Vec<String> = review.subject.url.iter().cloned().collect();
        about.extend(review.subject.stack.iter().cloned());
        let count = |status| review.controls.iter().filter(|control| control.status == status).count();
        View {
            review,
            style: STYLE,
            style_hash: base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes())),
            about: about.join(" · "),
            outcome: words::outcome(verdict.outcome),
            outcome_class: verdict.outcome.word(),
            verdict: words::verdict(verdict),
            gloss: (verdict.carries > DataClass::Demo)
                .then(|| format!("{}: {}.", words::capital(&words::load(verdict.carries)), verdict.carries.gloss())),
            reasons: verdict.reasons.iter().map(|reason| linked(reason, &anchors)).collect(),
            raise: verdict.raise.iter().map(|action| linked(action, &anchors)).collect(),
            mark: Html(mark::svg(verdict)),
            counts: words::severities(review),
            no_findings: words::severity_counts(review),
            weighing: review.coverage.not_checked.iter().filter(|gap| gap.weighs).count(),
            gaps: gaps(review, &anchors),
            groups: groups(review, &anchors),
            set_aside: words::set_aside(review)
                .map(|finding| SetAside { finding, why: words::standing(&finding.standing).unwrap_or_default() })
                .collect(),
            cheapest_cut: words::cheapest_cut(review).map(|text| linked(&text, &anchors)),
            repairs: words::repairs(review).iter().map(|text| linked(text, &anchors)).collect(),
            chain_picture: picture::chains(review, &anchors, false).map(Html),
            data_picture: picture::data(review, false).map(Html),
            third_parties: review.third_parties.iter().map(party).collect(),
            accepted_chains: chains(review, &link, false),
            chains: chains(review, &link, true),
            data: data(review),
            controls: review
                .controls
                .iter()
                .map(|control| ControlView {
                    control,
                    status: words::control_status(control.status),
                    class: control.status.word(),
                    glyph: match control.status {
                        ControlStatus::Proven => "✓",
                        ControlStatus::Failed => "✗",
                        ControlStatus::Unproven => "?",
                        ControlStatus::NotApplicable => "–",
                    },
                    findings: control.findings.iter().map(link).collect(),
                    evidence: control.evidence.iter().map(evidence).collect(),
                })
                .collect(),
            control_counts: [
                ("proven", count(ControlStatus::Proven)),
                ("failed", count(ControlStatus::Failed)),
                ("unproven", count(ControlStatus::Unproven)),
                ("not applicable", count(ControlStatus::NotApplicable)),
            ],
            not_checked_note: words::NOT_CHECKED_IS_NOT_CLEAN,
            advisories: words::advisories(&review.environment, ""),
            first: words::open(review).next(),
            plan_summary: (!review.upgrades.is_empty()).then(|| plan::summary(&review.upgrades)),
            plan: review.upgrades.steps.iter().map(|step| (step, plan::told(step))).collect(),
            plan_left: review.upgrades.left.iter().map(plan::stays).collect(),
            plan_prompt: plan::prompt(&review.upgrades),
            live: review.live.as_ref().map(|live| LiveSection {
                report: live,
                pictures: live
                    .pictures
                    .iter()
                    .map(|picture| PictureView {
                        title: &picture.title,
                        data: base64::engine::general_purpose::STANDARD.encode(&picture.jpeg),
                    })
                    .collect(),
                disagreements: live
                    .disagreements
                    .iter()
                    .map(|one| (one.about.as_str(), one.evidence.iter().map(evidence).collect()))
                    .collect(),
            }),
        }
    }
}

fn gaps(review: &Review, anchors: &BTreeMap<&str, String>) -> Vec<GapTile> {
    use crate::words::GapState;
    words::seven(review)
        .into_iter()
        .map(|(gap, state)| {
            let (class, glyph) = match state {
                GapState::Found(_) => ("found", "!"),
                GapState::SetAside(_) => ("aside", "–"),
                GapState::NotFound => ("not-found", "0"),
                GapState::NotChecked => ("not-checked", "?"),
            };
            let first = words::open(review).find(|finding| finding.gap == gap);
            let target = first.and_then(|finding| anchors.get(finding.id.as_str()).cloned());
            GapTile { title: gap.title(), state: state.words(), class, glyph, target }
        })
        .collect()
}

fn groups<'a>(review: &'a Review, anchors: &BTreeMap<&str, String>) -> Vec<Group<'a>> {
    let pages: BTreeMap<&str, &str> = review.rules.iter().map(|rule| (rule.id.as_str(), rule.page.as_str())).collect();
    let mut shown: BTreeMap<&str, String> = BTreeMap::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    words::severities(review)
        .into_iter()
        .map(|(severity, _)| Group {
            severity,
            title: words::capital(severity.word()),
            urgency: words::urgency(severity),
            findings: words::open(review)
                .filter(|finding| finding.severity == severity)
                .map(|finding| {
                    let mut anchor = anchors.get(finding.id.as_str()).cloned().unwrap_or_default();
                    // Two findings with one id would give two elements with one anchor.
                    while !used.insert(anchor.clone()) {
                        anchor.push('b');
                    }
                    let text = pages.get(finding.rule.as_str()).copied().unwrap_or_default();
                    let first = !text.trim().is_empty() && !shown.contains_key(finding.rule.as_str());
                    if first {
                        shown.insert(&finding.rule, format!("page-{}", shown.len() + 1));
                    }
                    Card {
                        finding,
                        title: Html(line(&finding.title)),
                        anchor,
                        certainty: words::certainty(finding.confidence),
                        confirmed: finding.confidence == Confidence::Confirmed,
                        live: finding.evidence.iter().any(|piece| piece.exchange.is_some()),
                        meaning: prose(&finding.meaning),
                        together: words::part_of(review, &finding.id)
                            .map(|(at, text)| (format!("chain-{}", at + 1), linked(&text, anchors))),
                        fix: prose(&finding.fix),
                        evidence: finding.evidence.iter().map(evidence).collect(),
                        package_path: finding
                            .package
                            .as_ref()
                            .and_then(|package| words::package_path(&package.path, "→")),
                        references: references(finding),
                        page: first.then(|| Html(page::to_html(text))),
                        page_anchor: shown.get(finding.rule.as_str()).cloned(),
                    }
                })
                .collect(),
        })
        .collect()
}

/// The steps of a chain, or what makes them easier.
fn steps<'a>(chain: &'a Chain, link: &dyn Fn(&String) -> Link, eases: bool) -> Vec<StepView<'a>> {
    let those = chain.steps.iter().filter(|step| step.eases == eases);
    those
        .map(|step| StepView {
            text: Html(line(&if eases { step.text.clone() } else { words::capital(&step.text) })),
            link: step.finding.as_ref().map(link),
            fact: step.fact.as_deref(),
        })
        .collect()
}

/// The chains that are open, or those that the owner accepts.
fn chains<'a>(review: &'a Review, link: &dyn Fn(&String) -> Link, open: bool) -> Vec<ChainView<'a>> {
    review
        .chains
        .iter()
        .enumerate()
        .filter(|(_, chain)| chain.is_open() == open)
        .map(|(at, chain)| ChainView {
            chain,
            start: words::capital(&chain.start),
            anchor: format!("chain-{}", at + 1),
            compounding: words::compounding(review, chain),
            accepted: chain.accepted.iter().map(link).collect(),
            load: words::load(chain.class),
            steps: steps(chain, link, false),
            easier: steps(chain, link, true),
            cut: chain.cut.iter().map(link).collect(),
        })
        .collect()
}

fn party(party: &Recipient) -> PartyView<'_> {
    const SHOWN: usize = 10;
    let mut fields = party.fields.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if party.fields.len() > SHOWN {
        fields.push_str(&format!(" and {} more", party.fields.len() - SHOWN));
    }
    let place = party.evidence.iter().find_map(|piece| piece.place.as_ref());
    PartyView {
        party,
        purpose: party.purpose.replace('-', " "),
        fields,
        place: place.map(|place| words::place(&place.file, place.line, place.end_line)).unwrap_or_default(),
    }
}

/// `CWE-306 · OWASP A01:2025 · ASVS 8.2.1`.
fn references(finding: &Finding) -> String {
    let mut parts: Vec<String> = finding.cwe.iter().map(|number| format!("CWE-{number}")).collect();
    parts.extend(finding.owasp.iter().map(|entry| format!("OWASP {entry}")));
    parts.extend(finding.asvs.iter().map(|id| format!("ASVS {id}")));
    parts.join(" · ")
}

fn evidence(piece: &Evidence) -> EvidenceView<'_> {
    let place = piece.place.as_ref();
    EvidenceView {
        piece,
        witness: match piece.witness {
            plimsoll_model::Witness::Code => "Code",
            plimsoll_model::Witness::Schema => "Database rules",
            plimsoll_model::Witness::Package => "Packages",
            plimsoll_model::Witness::Bundle => "What visitors receive",
            plimsoll_model::Witness::Live => "Seen live",
            plimsoll_model::Witness::Owner => "The owner says",
        },
        place: place.map(|place| words::place(&place.file, place.line, place.end_line)),
        snippet: place.map(|place| place.snippet.as_str()).filter(|snippet| !snippet.is_empty()),
        exchange: words::exchange(piece, "→"),
        note: Html(line(&piece.note)),
    }
}

/// The data map, most sensitive first.
fn data(review: &Review) -> Vec<&DataItem> {
    let mut items: Vec<&DataItem> = review.data.iter().collect();
    items.sort_by(|a, b| b.class.cmp(&a.class).then_with(|| (&a.store, &a.field).cmp(&(&b.store, &b.field))));
    items
}

/// A line with its `code`, escaped.
fn line(text: &str) -> String {
    inline(text)
        .into_iter()
        .map(|part| match part {
            Inline::Text(text) => page::escape(text),
            Inline::Code(code) => format!("<code>{}</code>", page::escape(code)),
        })
        .collect()
}

/// A line in which the ids of findings lead to their cards and `code` is code, escaped.
fn linked(text: &str, anchors: &BTreeMap<&str, String>) -> Html {
    let parts = inline(text).into_iter().map(|part| match part {
        Inline::Text(text) => with_links(text, anchors),
        Inline::Code(code) => format!("<code>{}</code>", page::escape(code)),
    });
    Html(parts.collect())
}

fn with_links(text: &str, anchors: &BTreeMap<&str, String>) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let (before, from) = rest.split_at(start);
        let (word, behind) = from.split_at(from.find(|c| !part(c)).unwrap_or(from.len()));
        out.push_str(&page::escape(before));
        match anchors.get(word) {
            Some(anchor) => out.push_str(&format!("<a class=\"id\" href=\"#{anchor}\">{word}</a>")),
            None => out.push_str(word),
        }
        rest = behind;
    }
    out.push_str(&page::escape(rest));
    out
}

/// Prose of several lines, escaped.
fn prose(text: &str) -> Html {
    let mut out = String::new();
    let mut list = "";
    for block in blocks(text) {
        let wanted = match &block {
            Block::Item { marker, .. } if marker.starts_with(|c: char| c.is_ascii_digit()) => "ol",
            Block::Item { .. } => "ul",
            _ => "",
        };
        if wanted != list {
            if !list.is_empty() {
                out.push_str(&format!("</{list}>"));
            }
            if !wanted.is_empty() {
                out.push_str(&format!("<{wanted}>"));
            }
            list = wanted;
        }
        match block {
            Block::Paragraph(text) => out.push_str(&format!("<p>{}</p>", line(&text))),
            Block::Item { text, .. } => out.push_str(&format!("<li>{}</li>", line(&text))),
            Block::Code(lines) => out.push_str(&format!("<pre><code>{}</code></pre>", page::escape(&lines.join("\n")))),
        }
    }
    if !list.is_empty() {
        out.push_str(&format!("</{list}>"));
    }
    Html(out)
}

/// A shape for an outcome, beside its words.
fn outcome_glyph(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fit => "✓",
        Outcome::Overloaded => "▲",
        Outcome::Incomplete => "?",
    }
}
