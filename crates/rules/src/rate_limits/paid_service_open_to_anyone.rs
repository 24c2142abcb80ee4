//! Anyone can spend the owner's money on a paid service.

use std::collections::BTreeMap;

use plimsoll_model::app::{Effect, EffectKind, EntryKind, EntryPoint, GuardKind, Purpose, Reach};
use plimsoll_model::{App, Claim, Gap, Position, Severity};

use crate::access::is_by_account_service;
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

/// Entry points of one decision, each with the paid call.
type Group<'a> = Vec<(&'a EntryPoint, &'a Effect)>;

fn run(app: &App, sink: &mut Sink<'_>) {
    // Functions of a platform lie in a file each and have one decision behind them all; other routes stand for themselves.
    let mut groups: BTreeMap<(bool, Option<usize>), Group<'_>> = BTreeMap::new();
    for (index, entry) in app.entry_points.iter().enumerate() {
        let public = [Purpose::Register, Purpose::PasswordReset, Purpose::OneTimeCode];
        let paid = entry.effects.iter().find(|effect| {
            // A form that writes to the owner costs little; one that writes to whom the visitor names sends spam.
            let is_paid = effect.kind == EffectKind::CallAi
                || effect.kind == EffectKind::SendMessage
                    && effect.picked_by_input
                    && !is_by_account_service(effect)
                    && !public.iter().any(|purpose| entry.purposes.contains(purpose));
            is_paid && entry.reach_of(effect) == Reach::Anyone
        });
        let Some(effect) = paid else { continue };
        if entry.opaque || entry.holding_at(effect, GuardKind::RateLimit) {
            continue;
        }
        let alone = (entry.kind != EntryKind::Function).then_some(index);
        groups.entry((effect.kind == EffectKind::SendMessage, alone)).or_default().push((entry, effect));
    }
    for ((sends, _), list) in groups {
        let Some((first, effect)) = list.first() else { continue };
        let title = match (sends, list.len()) {
            (false, 1) => format!("Anyone can call the paid AI service through {}, without a limit", first.label()),
            (false, count) => format!("Anyone can call the paid AI service through {count} functions, without a limit"),
            (true, 1) => format!("Anyone can send messages to any address through {}, without a limit", first.label()),
            (true, count) => {
                format!("Anyone can send messages to any address through {count} functions, without a limit")
            }
        };
        let mut draft = sink
            .at(first.handler, format!("{}: neither a login nor a limit before the paid call", first.label()))
            .title(title)
            .also(effect.span, "the paid call")
            .subject(first.label())
            .grants(
                [Claim::Stands(Position::Anyone)],
                if sends { Claim::SendsMail } else { Claim::SpendsMoney },
                format!("calls {} again and again", first.label()),
            );
        for (entry, effect) in list.iter().skip(1) {
            draft = draft.also(entry.handler, format!("{}: neither a login nor a limit", entry.label()));
            draft = draft.also(effect.span, "the paid call");
        }
        draft.done();
    }
}
