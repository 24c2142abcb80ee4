//! Anyone can spend the owner's money on a paid service.

use plimsoll_model::app::{EffectKind, GuardKind, Reach};
use plimsoll_model::{App, Gap, Severity};

use crate::{Rule, Sink};

pub(crate) static RULE: Rule = Rule {
    id: "paid-service-open-to-anyone",
    summary: "anyone can spend the owner's money on a paid service",
    gap: Gap::MissingRateLimit,
    severity: Severity::Medium,
    cwe: &[770, 799],
    owasp: &["A06:2025"],
    asvs: &["2.4.1"],
    page: include_str!("paid_service_open_to_anyone.md"),
    run,
};

fn run(app: &App, sink: &mut Sink<'_>) {
    for entry in &app.entry_points {
        let calls = entry
            .effects
            .iter()
            .find(|effect| effect.kind == EffectKind::CallAi && entry.reach_of(effect) == Reach::Anyone);
        let Some(effect) = calls else { continue };
        if entry.opaque || entry.holding_at(effect, GuardKind::RateLimit) {
            continue;
        }
        sink.at(entry.handler, format!("{}: neither a login nor a limit before the paid call", entry.label()))
            .title(format!("Anyone can call the paid AI service through {}, without a limit", entry.label()))
            .also(effect.span, "the paid call")
            .subject(entry.label())
            .done();
    }
}
