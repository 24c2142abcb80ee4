//! A review: everything an output may show. Plain data; the order of every list is fixed.

use crate::app::{LiveCheck, Picture};
use crate::{Confidence, DataClass, Evidence, Exchange, Finding, Gap, Severity, UpgradePlan, Verdict};

/// What was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Subject {
    /// Name of the folder or as configured.
    pub name: String,
    /// Address probed, if any.
    pub url: Option<String>,
    /// Frameworks and languages recognised, for people.
    pub stack: Vec<String>,
}

/// Something that was not checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct NotChecked {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// Whether it can decide the verdict: code or a witness that should have been understood.
    pub weighs: bool,
}

impl NotChecked {
    /// What the live witness calls its subject: without it the code can still be followed.
    pub const RUNNING_APP: &'static str = "the running app";
}

/// What was looked at and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    /// What was looked at: `132 files of source code`, `41 entry points`.
    pub looked_at: Vec<String>,
    /// What was not, as loudly.
    pub not_checked: Vec<NotChecked>,
}

/// With what it was reviewed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Environment {
    /// Version of Plimsoll.
    pub plimsoll: String,
    /// Date of the advisory facts, `YYYY-MM-DD`.
    pub advisories_date: Option<String>,
    /// Their age in days on the day of the review.
    pub advisories_age_days: Option<i64>,
    /// Date of the review, `YYYY-MM-DD`.
    pub date: String,
}

/// State of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlStatus {
    /// By evidence.
    Proven,
    /// By a finding.
    Failed,
    /// Nobody looked or nobody could.
    Unproven,
    /// The app has nothing that needs it.
    NotApplicable,
}

impl ControlStatus {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            ControlStatus::Proven => "proven",
            ControlStatus::Failed => "failed",
            ControlStatus::Unproven => "unproven",
            ControlStatus::NotApplicable => "not_applicable",
        }
    }
}

/// One control and whether it is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Kebab-case id.
    pub id: String,
    /// What the control demands, for an owner.
    pub title: String,
    /// ASVS 5.0 requirement ids.
    pub asvs: Vec<String>,
    /// The lightest class that demands it.
    pub required_from: DataClass,
    /// State.
    pub status: ControlStatus,
    /// Why: evidence or the ids of findings in the note.
    pub evidence: Vec<Evidence>,
    /// Ids of findings that fail it.
    pub findings: Vec<String>,
}

/// Where the app has data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holding {
    /// It keeps it: a table, a collection, files, records in memory.
    Stored,
    /// It asks for it in a form or a request; where it is kept was not seen.
    Collected,
    /// It keeps it in visitors' browsers.
    Browser,
    /// It sends it to every visitor with the pages.
    Shipped,
    /// It is written in the code or lies beside it.
    Code,
}

impl Holding {
    /// All, in the order in which they are told.
    pub const ALL: [Holding; 5] =
        [Holding::Stored, Holding::Collected, Holding::Browser, Holding::Shipped, Holding::Code];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Holding::Stored => "stored",
            Holding::Collected => "collected",
            Holding::Browser => "browser",
            Holding::Shipped => "shipped",
            Holding::Code => "code",
        }
    }
}

/// A third party that receives data, or can.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// `Stripe`, `OpenAI`.
    pub name: String,
    /// `payment`, `mail`, `sms`, `ai`, `analytics`, `error-tracking`, `maps`, `storage`, `auth`.
    pub purpose: String,
    /// The heaviest class that was seen to go there.
    pub class: DataClass,
    /// What was seen to go there, as `store.field`; empty when nothing was.
    pub fields: Vec<String>,
    /// Where it is used.
    pub evidence: Vec<Evidence>,
}

/// One field of data that the app holds, collects or ships.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataItem {
    /// Table, collection, form or file.
    pub store: String,
    /// Where that is.
    pub held: Holding,
    /// Field name as written.
    pub field: String,
    /// What it is: `email`, `wage`, `password-hash` …
    pub kind: String,
    /// Its class.
    pub class: DataClass,
    /// How sure.
    pub confidence: Confidence,
    /// Who can reach it: `anyone`, `any signed-in user`, `the owner of the record`, `administrators`, `unknown`.
    pub reachable_by: Vec<String>,
    /// Third parties that receive it.
    pub sent_to: Vec<String>,
    /// Where it was seen.
    pub evidence: Vec<Evidence>,
}

/// One step of an attack chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainStep {
    /// Id of the finding it uses, if it rests on one.
    pub finding: Option<String>,
    /// The fact it uses otherwise.
    pub fact: Option<String>,
    /// The step as a sentence of the story.
    pub text: String,
    /// The steps that must have come before, by position.
    pub needs: Vec<usize>,
    /// It also takes what the attacker has from the start.
    pub begins: bool,
    /// It only makes the steps in `needs` easier: repairing it does not break the chain.
    pub eases: bool,
}

/// An attack chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Stable id.
    pub id: String,
    /// Who starts it.
    pub start: String,
    /// What is lost.
    pub impact: String,
    /// Class of what is lost.
    pub class: DataClass,
    /// Severity.
    pub severity: Severity,
    /// Confidence of its weakest step.
    pub confidence: Confidence,
    /// Steps in order.
    pub steps: Vec<ChainStep>,
    /// Ids of findings; repairing any one of them breaks the chain.
    pub cut: Vec<String>,
    /// Ids of those among them that the owner accepts (waived) or that were known before; empty for open chains. Without
    /// these the chain does not stand: whoever accepts them accepts the chain.
    pub accepted: Vec<String>,
}

impl Chain {
    /// Whether it stands on open findings alone.
    pub fn is_open(&self) -> bool {
        self.accepted.is_empty()
    }
}

/// What the repair of one finding alone would do to the open chains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repair {
    /// Id of the finding.
    pub finding: String,
    /// How many of the chains break.
    pub breaks: usize,
    /// How many losses are out of reach then, by any way from the same start.
    pub ends: usize,
}

/// The smallest set of findings whose repair breaks every chain.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CheapestCut {
    /// Ids of the findings, in the order of the review.
    pub findings: Vec<String>,
    /// How many chains the repair of each alone would break, in the same order.
    pub breaks: Vec<usize>,
    /// No smaller set was possible; `false` when the search was cut off.
    pub smallest: bool,
}

/// A waiver that matched nothing or has expired.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnusedWaiver {
    /// The rule it names.
    pub rule: String,
    /// Where it is written: file and line.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
}

/// What outputs need to know of a rule that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Kebab-case id.
    pub id: String,
    /// One line.
    pub summary: String,
    /// The gap.
    pub gap: Gap,
    /// CWE numbers.
    pub cwe: Vec<u16>,
    /// OWASP Top 10 entries.
    pub owasp: Vec<String>,
    /// ASVS 5.0 requirement ids.
    pub asvs: Vec<String>,
    /// Its usual severity.
    pub severity: Severity,
    /// Its page, Markdown.
    pub page: String,
}

/// What was seen of the running app.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LiveReport {
    /// The origin.
    pub origin: String,
    /// Requests sent.
    pub requests: usize,
    /// Test accounts that were signed in: label, how.
    pub accounts: Vec<(String, String)>,
    /// How each check ended.
    pub checks: Vec<LiveCheck>,
    /// Addresses and how they answered whom, sorted by address.
    pub answers: Vec<LiveLine>,
    /// Where code and running app contradict each other.
    pub disagreements: Vec<Contradiction>,
    /// What a visitor sees.
    pub pictures: Vec<Picture>,
}

/// One address and how it answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveLine {
    /// The request.
    pub exchange: Exchange,
    /// Who asked: a test account's label; `None` for a stranger.
    pub account: Option<String>,
    /// `answered`, `refused`.
    pub outcome: &'static str,
}

/// Code and running app say different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What about.
    pub about: String,
    /// Both words, the code's first.
    pub evidence: Vec<Evidence>,
}

/// The whole review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What was reviewed.
    pub subject: Subject,
    /// The load line.
    pub verdict: Verdict,
    /// Worst first; ties by rule, file, line.
    pub findings: Vec<Finding>,
    /// Attack chains, worst first.
    pub chains: Vec<Chain>,
    /// The fewest repairs that break all open chains.
    pub cheapest_cut: CheapestCut,
    /// Every finding that is part of an open chain, with what its repair alone would do; the most useful first.
    pub repairs: Vec<Repair>,
    /// The data map.
    pub data: Vec<DataItem>,
    /// Third parties, by name.
    pub third_parties: Vec<Recipient>,
    /// Controls.
    pub controls: Vec<Control>,
    /// What was looked at and what not.
    pub coverage: Coverage,
    /// Waivers that need attention.
    pub unused_waivers: Vec<UnusedWaiver>,
    /// With what.
    pub environment: Environment,
    /// The rules that ran, sorted by id.
    pub rules: Vec<RuleInfo>,
    /// The running app, where it was looked at.
    pub live: Option<LiveReport>,
    /// What to do about packages with known holes.
    pub upgrades: UpgradePlan,
}
