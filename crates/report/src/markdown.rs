//! GitHub-flavoured Markdown, for comments on pull requests and for handing over.

use plimsoll_model::{Chain, ControlStatus, Evidence, Finding, Review, Severity};

use crate::clean::Cleaning;
use crate::prose::{Block, Inline, blocks, inline};
use crate::{plan, words};

/// How far each section may reach, in bytes: a comment on GitHub holds 65,536 characters, and no long list may push out
/// what comes after it.
mod until {
    pub(super) const REASONS: usize = 6_000;
    pub(super) const FINDINGS: usize = 36_000;
    pub(super) const UPGRADES: usize = 41_000;
    pub(super) const SET_ASIDE: usize = 44_000;
    pub(super) const CHAINS: usize = 49_500;
    pub(super) const NOT_CHECKED: usize = 55_000;
    pub(super) const DATA: usize = 59_500;
    pub(super) const CONTROLS: usize = 63_500;
}

pub(crate) fn render(review: &Review) -> String {
    let review = Cleaning::default().review(review);
    let mut out = String::new();
    head(&mut out, &review);
    findings(&mut out, &review);
    upgrades(&mut out, &review);
    set_aside(&mut out, &review);
    chains(&mut out, &review);
    not_checked(&mut out, &review);
    data(&mut out, &review);
    controls(&mut out, &review);
    foot(&mut out, &review);
    out
}

/// Prose that may hold text of the app: nothing in it is markup, a mention, a reference or a link; what stands between
/// backticks is code.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for part in inline(text) {
        match part {
            Inline::Text(text) => plain(&mut out, text),
            // In a table a bar ends the cell even in code; elsewhere prose with a bar in code is rare enough to be
            // written the same way.
            Inline::Code(text) => match text.contains('|') {
                true => plain(&mut out, text),
                false => out.push_str(&code(text)),
            },
        }
    }
    out
}

fn plain(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    let mut start = out.is_empty();
    let mut number = start;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '~' | '!' | '$' | '&' => {
                out.push('\\');
                out.push(c);
            }
            // GitHub makes mentions, references and links of plain text after Markdown is read, so that a backslash does
            // not stop it; an empty comment does.
            '@' | '#' if next.is_some_and(|n| n.is_ascii_alphanumeric()) => {
                if c == '#' && start {
                    out.push('\\');
                }
                out.push(c);
                out.push_str("<!-- -->");
            }
            ':' if next == Some('/') => out.push_str(":<!-- -->"),
            '.' if out.ends_with("www") => out.push_str("<!-- -->."),
            '#' | '-' | '+' | '=' if start => {
                out.push('\\');
                out.push(c);
            }
            // At the start of a line a number with a dot begins a list.
            '.' | ')' if number && !start && next.is_none_or(|next| next == ' ') => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        start = start && c == ' ';
        number = number && (start || c.is_ascii_digit());
    }
}

/// Prose of several lines.
fn block(text: &str) -> String {
    let mut out = String::new();
    let mut listed = false;
    for block in blocks(text) {
        let item = matches!(block, Block::Item { .. });
        if !out.is_empty() {
            out.push_str(if item && listed { "\n" } else { "\n\n" });
        }
        listed = item;
        match block {
            Block::Paragraph(text) => out.push_str(&prose(&text)),
            Block::Item { depth, marker, text } => {
                out.push_str(&format!("{}{marker} {}", " ".repeat(depth), prose(&text)));
            }
            Block::Code(lines) => out.push_str(&fence(&lines.join("\n"))),
        }
    }
    out
}

/// Code in a line. The fence is longer than any run of backticks inside.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// Code in a cell of a table, where a bar would end the cell even in code.
fn cell_code(text: &str) -> String {
    code(text).replace('|', "\\|")
}

fn fence(text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}text\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn head(out: &mut String, review: &Review) {
    out.push_str(&format!("## Plimsoll review: {}\n\n", prose(&review.subject.name)));
    let verdict = &review.verdict;
    out.push_str(&format!("**{}.** {}\n\n", words::outcome(verdict.outcome), words::verdict(verdict)));
    out.push_str("| Carries | Fit for | Verdict | Findings | Not checked |\n|---|---|---|---|---|\n");
    out.push_str(&format!(
        "| {} | {} | **{}** | {} | {} |\n\n",
        verdict.carries.word(),
        verdict.fit_for.word(),
        verdict.outcome.word(),
        words::severity_counts(review),
        words::count(review.coverage.not_checked.len(), "thing", "things"),
    ));
    list(out, until::REASONS, verdict.reasons.iter().map(|reason| format!("- {}\n", prose(reason))));
    if !verdict.reasons.is_empty() {
        out.push('\n');
    }
    if !verdict.raise.is_empty() {
        out.push_str("What would raise the line:\n\n");
        list(out, until::REASONS, verdict.raise.iter().map(|action| format!("1. {}\n", prose(action))));
        out.push('\n');
    }
}

fn findings(out: &mut String, review: &Review) {
    let total = words::open(review).count();
    if total == 0 {
        out.push_str(&format!("### Findings\n\nFindings: {}.\n\n", words::severity_counts(review)));
        return;
    }
    let mut written = 0;
    let mut group: Option<Severity> = None;
    for finding in words::open(review) {
        let text = one_finding(finding);
        if out.len() + text.len() > until::FINDINGS {
            continue;
        }
        if group != Some(finding.severity) {
            group = Some(finding.severity);
            out.push_str(&format!("### {}: {}\n\n", title_case(finding.severity), words::urgency(finding.severity)));
        }
        out.push_str(&text);
        written += 1;
    }
    if written < total {
        let left = words::count(total - written, "finding does", "findings do");
        out.push_str(&format!("**{left} not fit here**; `plimsoll check` shows all.\n\n"));
    }
}

fn title_case(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

fn one_finding(finding: &Finding) -> String {
    let mut out = format!("#### {}\n\n", prose(&finding.title));
    if !finding.meaning.is_empty() {
        out.push_str(&labelled("What it means", &finding.meaning));
    }
    if !finding.fix.is_empty() {
        out.push_str(&labelled("What to do", &finding.fix));
    }
    if let Some(package) = &finding.package {
        out.push_str(&format!("**Package.** {} {}", code(&package.name), code(&package.version)));
        if let Some(path) = words::package_path(&package.path, "→") {
            out.push_str(&format!(", by {}", code(&path)));
        }
        if !finding.advisories.is_empty() {
            let ids: Vec<String> = finding.advisories.iter().map(|id| code(id)).collect();
            out.push_str(&format!(". Advisories: {}", ids.join(", ")));
        }
        out.push_str(".\n\n");
    }
    let number = finding.evidence.len();
    out.push_str(&format!(
        "<details><summary>Evidence ({}, {})</summary>\n\n",
        words::count(number, "piece", "pieces"),
        finding.confidence.word()
    ));
    for piece in &finding.evidence {
        out.push_str(&evidence(piece));
    }
    out.push_str(&format!("\n</details>\n\n{} · {}\n\n", code(&finding.id), code(&finding.rule)));
    out
}

/// Prose after its label: on the same line, or below it when it has lines of its own.
fn labelled(label: &str, text: &str) -> String {
    let between = if text.contains('\n') { "\n\n" } else { " " };
    format!("**{label}.**{between}{}\n\n", block(text))
}

fn evidence(piece: &Evidence) -> String {
    let mut parts = Vec::new();
    if let Some(place) = &piece.place {
        parts.push(code(&words::place(&place.file, place.line, place.end_line)));
        if !place.snippet.is_empty() {
            parts.push(code(&place.snippet));
        }
    }
    if let Some(exchange) = words::exchange(piece, "→") {
        parts.push(format!("seen live {}", code(&exchange)));
    }
    if !piece.note.is_empty() {
        parts.push(prose(&piece.note));
    }
    format!("- {}\n", parts.join(": "))
}

fn upgrades(out: &mut String, review: &Review) {
    let plan = &review.upgrades;
    if plan.is_empty() {
        return;
    }
    out.push_str(&format!("### Libraries: one plan for all of them\n\n{}\n\n", prose(&plan::summary(plan))));
    let steps = plan.steps.iter().map(|step| {
        let told = plan::told(step);
        let breaking = if step.breaking { " **breaking**" } else { "" };
        let mut text =
            format!("1. {}: {}.{breaking} {}\n", prose(&told.title), prose(&told.closes), code(&step.instruction));
        for note in &told.notes {
            text.push_str(&format!("   - {}\n", prose(note)));
        }
        text
    });
    let left = plan.left.iter().map(|left| format!("- left: {}\n", prose(&plan::stays(left))));
    let gaps = plan.not_known.iter().map(|gap| format!("- not known: {}\n", prose(gap)));
    list(out, until::UPGRADES, steps.chain(left).chain(gaps));
    out.push('\n');
}

fn set_aside(out: &mut String, review: &Review) {
    let set_aside: Vec<&Finding> = words::set_aside(review).collect();
    if set_aside.is_empty() && review.unused_waivers.is_empty() {
        return;
    }
    out.push_str("### Waived or known: not counted above\n\n");
    let findings = set_aside.into_iter().map(|finding| {
        let why = words::standing(&finding.standing).unwrap_or_default();
        let (severity, title, id) = (finding.severity.word(), prose(&finding.title), code(&finding.id));
        format!("- {severity} {title} ({id}): {}\n", prose(&why))
    });
    let waivers = review.unused_waivers.iter().map(|waiver| {
        let (rule, at) = (code(&waiver.rule), code(&waiver.at));
        format!("- Waiver of {rule} at {at} needs attention: {}\n", prose(&waiver.why))
    });
    list(out, until::SET_ASIDE, findings.chain(waivers));
    out.push('\n');
}

fn chains(out: &mut String, review: &Review) {
    if review.chains.is_empty() {
        return;
    }
    out.push_str("### Attack chains: what an attacker could do with the findings together\n\n");
    list(out, until::CHAINS, review.chains.iter().map(one_chain));
    if let Some(text) = words::cheapest_cut(review) {
        out.push_str(&format!("{}\n\n", prose(&text)));
    }
}

fn one_chain(chain: &Chain) -> String {
    let mut out = format!(
        "**{} → {}** ({}, {}, {})\n\n",
        prose(&chain.start),
        prose(&chain.impact),
        words::load(chain.class),
        chain.severity.word(),
        chain.confidence.word()
    );
    for (at, step) in chain.steps.iter().filter(|step| !step.eases).enumerate() {
        let rests_on = step.finding.as_ref().or(step.fact.as_ref());
        let rests_on = rests_on.map(|id| format!(" ({})", code(id))).unwrap_or_default();
        out.push_str(&format!("{}. {}{rests_on}\n", at + 1, prose(&step.text)));
    }
    for step in chain.steps.iter().filter(|step| step.eases) {
        let by = step.finding.as_ref().map(|id| format!(" ({})", code(id))).unwrap_or_default();
        out.push_str(&format!("\nEasier still: {}{by}.\n", prose(&step.text)));
    }
    if !chain.cut.is_empty() {
        let ids: Vec<String> = chain.cut.iter().map(|id| code(id)).collect();
        out.push_str(&format!("\nRepair {} and this chain breaks.\n", ids.join(" or ")));
    }
    out.push('\n');
    out
}

fn not_checked(out: &mut String, review: &Review) {
    out.push_str("### Not checked\n\n");
    if review.coverage.not_checked.is_empty() {
        out.push_str("Nothing that is known of.\n\n");
    } else {
        out.push_str(&format!(
            "**{}**\n\n| What | Why | Can decide the verdict |\n|---|---|---|\n",
            words::NOT_CHECKED_IS_NOT_CLEAN
        ));
        // What can decide the verdict first, so that it is never what does not fit.
        let all = &review.coverage.not_checked;
        let sorted = all.iter().filter(|gap| gap.weighs).chain(all.iter().filter(|gap| !gap.weighs));
        let rows = sorted.map(|gap| {
            let weighs = if gap.weighs { "**yes**" } else { "no" };
            format!("| {} | {} | {weighs} |\n", prose(&gap.what), prose(&gap.why))
        });
        list(out, until::NOT_CHECKED, rows);
        out.push('\n');
    }
    let looked = match review.coverage.looked_at.is_empty() {
        true => "nothing".to_owned(),
        false => review.coverage.looked_at.iter().map(|what| prose(what)).collect::<Vec<_>>().join(", "),
    };
    out.push_str(&format!("Looked at: {looked}.\n\n"));
}

fn data(out: &mut String, review: &Review) {
    if review.data.is_empty() {
        return;
    }
    table(
        out,
        until::DATA,
        "Data this app carries",
        "| Store | Class | Fields | Reachable by | Sent to |\n|---|---|---|---|---|\n",
        words::stores(review).iter().map(|(name, store)| {
            let list = |items: &[String]| items.iter().map(|item| prose(item)).collect::<Vec<_>>().join(", ");
            let fields: Vec<String> = store.fields.iter().map(|field| cell_code(field)).collect();
            format!(
                "| {} | {} | {} | {} | {} |\n",
                cell_code(name),
                store.class.word(),
                fields.join(", "),
                list(&store.reachable_by),
                list(&store.sent_to)
            )
        }),
    );
}

fn controls(out: &mut String, review: &Review) {
    let shown: Vec<_> =
        review.controls.iter().filter(|control| control.status != ControlStatus::NotApplicable).collect();
    if shown.is_empty() {
        return;
    }
    table(
        out,
        until::CONTROLS,
        "Controls",
        "| Control | State | Needed from | ASVS 5.0 | Findings |\n|---|---|---|---|---|\n",
        shown.iter().map(|control| {
            let ids: Vec<String> = control.findings.iter().map(|id| cell_code(id)).collect();
            format!(
                "| {} | {} | {} | {} | {} |\n",
                prose(&control.title),
                words::control_status(control.status),
                control.required_from.word(),
                prose(&control.asvs.join(", ")),
                ids.join(", ")
            )
        }),
    );
}

/// A folded table.
fn table(out: &mut String, limit: usize, title: &str, head: &str, rows: impl Iterator<Item = String>) {
    out.push_str(&format!("<details><summary>{title}</summary>\n\n{head}"));
    list(out, limit, rows);
    out.push_str("\n</details>\n\n");
}

/// The parts of a list that fit, and how many do not.
fn list(out: &mut String, limit: usize, parts: impl Iterator<Item = String>) {
    let mut left = 0;
    for part in parts {
        match out.len() + part.len() > limit {
            true => left += 1,
            false => out.push_str(&part),
        }
    }
    if left > 0 {
        out.push_str(&format!("\n**{left} more** in the full report.\n"));
    }
}

fn foot(out: &mut String, review: &Review) {
    let environment = &review.environment;
    out.push_str(&format!(
        "<sub>Plimsoll {}, {}{}</sub>\n",
        prose(&environment.plimsoll),
        prose(&environment.date),
        prose(&words::advisories(environment, "; "))
    ));
}

#[cfg(test)]
mod tests {
    use super::{block, cell_code, code, fence, prose};

    #[test]
    fn nothing_of_the_app_is_markup() {
        for (text, expected) in [
            ("a | b", "a \\| b"),
            ("<script>", "\\<script\\>"),
            ("**bold** `code` [x](y)", "\\*\\*bold\\*\\* `code` \\[x\\](y)"),
            ("odd ` tick `a|b`", "odd `  tick  `a\\|b\\`"),
            ("ask @owner", "ask @<!-- -->owner"),
            ("see #12", "see #<!-- -->12"),
            ("# title", "\\# title"),
            ("- item", "\\- item"),
            ("well-known", "well-known"),
            ("1. item", "1\\. item"),
            ("version 1.2", "version 1.2"),
            ("8.2.1", "8.2.1"),
            ("https://evil.example", "https:<!-- -->//evil.example"),
            ("www.evil.example", "www<!-- -->.evil.example"),
            ("&lt;", "\\&lt;"),
        ] {
            assert_eq!(prose(text), expected);
        }
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(cell_code("a|b"), "`a\\|b`");
        assert_eq!(fence("```\nx"), "````text\n```\nx\n````");
        assert_eq!(block("Do:\n```\n<b>\n```\n- then *x*"), "Do:\n\n```text\n<b>\n```\n\n- then \\*x\\*");
    }
}
