//! The review for an owner at a terminal: the load line and the verdict first, then what to do about it.

use plimsoll_model::{ControlStatus, DataClass, Evidence, Finding, Outcome, Review, Severity, Standing, Witness};

use crate::clean::Cleaning;
use crate::layout::{Canvas, Style, chop, width};
use crate::{plan, words};

/// How the terminal output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalOptions {
    /// ANSI colours.
    pub colour: bool,
    /// Columns of the terminal; used from 50 to 120.
    pub width: usize,
    /// Everything, where otherwise long lists are shortened.
    pub verbose: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
}

impl Default for TerminalOptions {
    fn default() -> Self {
        TerminalOptions { colour: false, width: 80, verbose: false, unicode: true }
    }
}

impl TerminalOptions {
    pub(crate) fn canvas(&self) -> Canvas {
        Canvas::new(self.colour, self.unicode, self.width.clamp(50, 120))
    }

    pub(crate) fn cleaning(&self) -> Cleaning {
        Cleaning { ascii: !self.unicode, ..Cleaning::default() }
    }
}

/// Pieces of evidence shown for a finding when not verbose.
const EVIDENCE_SHOWN: usize = 4;
/// Lines of a list shown when not verbose.
const LIST_SHOWN: usize = 12;
/// Steps of the plan of upgrades shown when not verbose.
const STEPS_SHOWN: usize = 5;
/// Chains told when not verbose.
const CHAINS_SHOWN: usize = 4;

pub(crate) fn render(review: &Review, options: &TerminalOptions) -> String {
    let review = options.cleaning().review(review);
    let mut page = Page { canvas: options.canvas(), verbose: options.verbose, unicode: options.unicode };
    page.head(&review);
    page.findings(&review);
    page.upgrades(&review);
    page.set_aside(&review);
    page.chains(&review);
    page.live(&review);
    page.not_checked(&review);
    page.data(&review);
    page.controls(&review);
    page.next(&review);
    page.environment(&review);
    page.canvas.finish()
}

/// Only the chains, all of them.
pub(crate) fn render_chains(review: &Review, options: &TerminalOptions) -> String {
    let review = options.cleaning().review(review);
    let mut page = Page { canvas: options.canvas(), verbose: true, unicode: options.unicode };
    if review.chains.is_empty() {
        let text = "No attack chain follows from what was found. What was not checked could still hold one.";
        page.canvas.prose(0, Style::Plain, text);
    }
    page.chains(&review);
    page.not_checked(&review);
    page.canvas.finish()
}

struct Page {
    canvas: Canvas,
    verbose: bool,
    unicode: bool,
}

fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => Style::Alarm,
        Severity::High => Style::Red,
        Severity::Medium => Style::Yellow,
        Severity::Low => Style::Cyan,
    }
}

fn outcome_style(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Fit => Style::Green,
        Outcome::Overloaded => Style::Red,
        Outcome::Incomplete => Style::Yellow,
    }
}

impl Page {
    fn head(&mut self, review: &Review) {
        let title = format!("Plimsoll review {} {}", self.canvas.glyphs.dot, review.subject.name);
        self.canvas.prose(0, Style::Bold, &title);
        let mut about = Vec::new();
        about.extend(review.subject.url.clone());
        if !review.subject.stack.is_empty() {
            about.push(review.subject.stack.join(", "));
        }
        if !about.is_empty() {
            let about = about.join(&format!(" {} ", self.canvas.glyphs.dot));
            self.canvas.prose(0, Style::Dim, &about);
        }
        self.canvas.gap();
        self.load_line(review);
        self.canvas.gap();
        let style = outcome_style(review.verdict.outcome);
        self.canvas.prose(2, style, &words::outcome(review.verdict.outcome).to_uppercase());
        self.canvas.prose(2, Style::Bold, &words::verdict(&review.verdict));
        if review.verdict.carries > DataClass::Demo {
            let gloss = format!("({}: {}.)", words::load(review.verdict.carries), review.verdict.carries.gloss());
            self.canvas.prose(2, Style::Dim, &gloss);
        }
        if !review.verdict.reasons.is_empty() {
            self.canvas.gap();
            self.canvas.prose(2, Style::Plain, "Why:");
            let bullet = format!("  {}", self.canvas.glyphs.bullet);
            for reason in &review.verdict.reasons {
                self.canvas.hang(&bullet, Style::Plain, 4, Style::Plain, reason);
            }
        }
        if !review.verdict.raise.is_empty() {
            self.canvas.gap();
            self.canvas.prose(2, Style::Plain, "What would raise the line:");
            for (at, action) in review.verdict.raise.iter().enumerate() {
                self.canvas.hang(&format!("  {}.", at + 1), Style::Plain, 5, Style::Plain, action);
            }
        }
        self.canvas.gap();
        self.canvas.hang("  Findings", Style::Bold, 15, Style::Plain, &words::severity_counts(review));
        let set_aside = words::set_aside(review).count();
        if set_aside > 0 {
            let text = format!("{set_aside} (waived or in the baseline; listed below)");
            self.canvas.hang("  Not counted", Style::Bold, 15, Style::Plain, &text);
        }
        let not_checked = &review.coverage.not_checked;
        let text = match (not_checked.len(), not_checked.iter().filter(|gap| gap.weighs).count()) {
            (0, _) => "nothing that is known of".to_owned(),
            (all, 0) => words::count(all, "thing", "things"),
            (all, weighs) => {
                format!("{}, {weighs} of which can decide the verdict", words::count(all, "thing", "things"))
            }
        };
        let style = if not_checked.is_empty() { Style::Plain } else { Style::Yellow };
        self.canvas.hang("  Not checked", Style::Bold, 15, style, &text);
    }

    /// The ship's mark: the disc's line stands at what the app is fit for, the load reaches up to what it carries.
    fn load_line(&mut self, review: &Review) {
        let verdict = &review.verdict;
        let classes: Vec<DataClass> = DataClass::ALL.into_iter().rev().collect();
        let Some(line) = classes.iter().position(|class| *class == verdict.fit_for) else { return };
        let (top, bottom) = match self.unicode {
            true => ("     ╭───╮    ", "     ╰───╯    "),
            false => ("     .---.    ", "     '---'    "),
        };
        let (middle, rail, joint) = match self.unicode {
            true => ("  ━━━┿━━━┿━━━━", "┃", "╋"),
            false => ("  ===|===|====", "|", "+"),
        };
        let style = outcome_style(verdict.outcome);
        // The disc is three lines high and may stand half above or below the scale.
        for row in 0..classes.len() + 2 {
            let class = row.checked_sub(1).and_then(|at| classes.get(at)).copied();
            let at = line + 1;
            let disc = if row + 1 == at {
                top
            } else if row == at {
                middle
            } else if row == at + 1 {
                bottom
            } else {
                "              "
            };
            let Some(class) = class else {
                if disc.trim().is_empty() {
                    continue;
                }
                let disc = self.canvas.paint(Style::Bold, disc);
                self.canvas.line(&disc);
                continue;
            };
            let mark = match (class == verdict.carries, class == verdict.fit_for) {
                (true, true) if self.canvas.columns < 60 => "carries, fit for",
                (true, true) => "carries this, and is fit for it",
                (true, false) => "carries this",
                (false, true) => "fit for this",
                (false, false) => "",
            };
            let over = class > verdict.fit_for && class <= verdict.carries;
            let pointer = if mark.is_empty() { "" } else { self.canvas.glyphs.pointer };
            let text = format!(" {:<10} {pointer} {mark}", class.word());
            let text = match (over, mark.is_empty()) {
                (true, _) => self.canvas.paint(style, &text),
                (false, false) => self.canvas.paint(Style::Bold, &text),
                (false, true) => text,
            };
            let rail = if class == verdict.fit_for { joint } else { rail };
            let disc = self.canvas.paint(Style::Bold, disc);
            self.canvas.line(&format!("{disc}{rail}{text}"));
        }
    }

    fn findings(&mut self, review: &Review) {
        for (severity, number) in words::severities(review) {
            let title = format!("{} {}: {}", number, severity.word().to_uppercase(), words::urgency(severity));
            self.canvas.heading(&title, severity_style(severity));
            for finding in words::open(review).filter(|finding| finding.severity == severity) {
                match severity == Severity::Low && !self.verbose {
                    true => self.condensed(finding),
                    false => self.finding(finding),
                }
            }
            if severity == Severity::Low && !self.verbose {
                self.canvas.gap();
                self.canvas.prose(2, Style::Dim, "`--verbose` shows these in full.");
            }
        }
    }

    fn condensed(&mut self, finding: &Finding) {
        let mut text = finding.title.clone();
        if let Some(place) = finding.evidence.iter().find_map(|piece| piece.place.as_ref()) {
            text.push_str(&format!(" ({})", words::place(&place.file, place.line, None)));
        }
        text.push_str(&format!("  {}", finding.id));
        let bullet = format!("  {}", self.canvas.glyphs.bullet);
        self.canvas.hang(&bullet, Style::Cyan, 4, Style::Plain, &text);
    }

    fn finding(&mut self, finding: &Finding) {
        self.canvas.gap();
        let badge = format!("[{}]", finding.severity.word());
        let indent = width(&badge) + 1;
        self.canvas.hang(&badge, severity_style(finding.severity), indent, Style::Bold, &finding.title);
        self.part("What it means", |page, indent| page.canvas.block(indent, &finding.meaning));
        if let Some(package) = &finding.package {
            self.part("Package", |page, indent| {
                let mut text = format!("{} {} ({})", package.name, package.version, package.scope);
                if let Some(path) = words::package_path(&package.path, page.canvas.glyphs.arrow) {
                    text.push_str(&format!(", by {path}"));
                }
                page.canvas.prose(indent, Style::Plain, &text);
                if !finding.advisories.is_empty() {
                    page.canvas.prose(indent, Style::Plain, &finding.advisories.join(", "));
                }
            });
        }
        let shown = if self.verbose { finding.evidence.len() } else { EVIDENCE_SHOWN.min(finding.evidence.len()) };
        self.part("Evidence", |page, indent| {
            for piece in finding.evidence.iter().take(shown) {
                page.evidence(indent, piece);
            }
            let more = finding.evidence.len() - shown;
            if more > 0 {
                let text = format!("and {} (--verbose)", words::count(more, "more place", "more places"));
                page.canvas.prose(indent, Style::Dim, &text);
            }
        });
        self.part("What to do", |page, indent| page.canvas.block(indent, &finding.fix));
        let dot = self.canvas.glyphs.dot;
        let id = format!("{} {dot} {} {dot} {}", finding.id, finding.rule, words::certainty(finding.confidence));
        self.part("Id", |page, indent| page.canvas.prose(indent, Style::Dim, &id));
        self.canvas.gap();
    }

    /// A labelled part of a finding: beside the label on a wide terminal, below it on a narrow one.
    fn part(&mut self, label: &str, body: impl FnOnce(&mut Page, usize)) {
        const COLUMN: usize = 18;
        if self.canvas.columns < 76 {
            self.canvas.prose(2, Style::Bold, label);
            body(self, 4);
            return;
        }
        let mut inner = Page { canvas: self.canvas.like(), verbose: self.verbose, unicode: self.unicode };
        body(&mut inner, COLUMN);
        let label_text = self.canvas.paint(Style::Bold, label);
        let mut first = true;
        for line in inner.canvas.finish().lines() {
            match first {
                true => {
                    let rest = line.get(2 + label.len()..).unwrap_or_default();
                    self.canvas.line(&format!("  {label_text}{rest}"));
                }
                false => self.canvas.line(line),
            }
            first = false;
        }
    }

    fn evidence(&mut self, indent: usize, piece: &Evidence) {
        if let Some(place) = &piece.place {
            let at = words::place(&place.file, place.line, place.end_line);
            for text in chop(&at, self.canvas.columns.saturating_sub(indent)) {
                let text = self.canvas.paint(Style::Cyan, &text);
                self.canvas.line(&format!("{}{text}", " ".repeat(indent)));
            }
            if !place.snippet.is_empty() {
                self.canvas.code(indent, &place.snippet);
            }
        }
        if let Some(exchange) = words::exchange(piece, self.canvas.glyphs.arrow) {
            self.canvas.prose(indent, Style::Cyan, &format!("Seen live: {exchange}"));
        }
        if !piece.note.is_empty() {
            let text = match piece.witness {
                Witness::Owner => format!("The owner says: {}", piece.note),
                _ => piece.note.clone(),
            };
            self.canvas.prose(indent, Style::Plain, &text);
        }
    }

    /// What to do about all packages together.
    fn upgrades(&mut self, review: &Review) {
        if review.upgrades.is_empty() {
            return;
        }
        self.canvas.heading("LIBRARIES: one plan for all of them", Style::Bold);
        let shown = if self.verbose { usize::MAX } else { STEPS_SHOWN };
        plan::lay_out(&mut self.canvas, &review.upgrades, shown);
        self.canvas.prose(
            2,
            Style::Dim,
            "`plimsoll plan --format prompt` writes it as a request to your AI assistant.",
        );
    }

    fn set_aside(&mut self, review: &Review) {
        let set_aside: Vec<&Finding> = words::set_aside(review).collect();
        if set_aside.is_empty() && review.unused_waivers.is_empty() {
            return;
        }
        self.canvas.heading("WAIVED OR KNOWN: not counted above", Style::Bold);
        let bullet = format!("  {}", self.canvas.glyphs.bullet);
        let waived = set_aside.iter().filter(|finding| finding.standing != Standing::Baseline);
        for finding in waived {
            let why = words::standing(&finding.standing).unwrap_or_default();
            let text = format!("[{}] {} ({}): {why}", finding.severity.word(), finding.title, finding.id);
            self.canvas.hang(&bullet, Style::Plain, 4, Style::Plain, &text);
        }
        let known = set_aside.iter().filter(|finding| finding.standing == Standing::Baseline).count();
        if known > 0 {
            let text = format!("{} known from the baseline", words::count(known, "finding is", "findings are"));
            self.canvas.hang(&bullet, Style::Plain, 4, Style::Plain, &text);
        }
        for waiver in &review.unused_waivers {
            let text = format!("Waiver of {} at {} needs attention: {}", waiver.rule, waiver.at, waiver.why);
            self.canvas.hang(&bullet, Style::Yellow, 4, Style::Plain, &text);
        }
    }

    fn chains(&mut self, review: &Review) {
        if review.chains.is_empty() {
            return;
        }
        let open = review.chains.iter().filter(|chain| chain.is_open()).count();
        let accepted = match review.chains.len() - open {
            0 => String::new(),
            count => format!(", {count} accepted"),
        };
        let title = format!(
            "{}{accepted}: what an attacker could do with the findings together",
            words::count(open, "ATTACK CHAIN", "ATTACK CHAINS")
        );
        self.canvas.heading(&title, if open > 0 { Style::Red } else { Style::Yellow });
        let shown = if self.verbose { review.chains.len() } else { CHAINS_SHOWN.min(review.chains.len()) };
        for chain in &review.chains[..shown] {
            self.canvas.gap();
            let badge = match chain.is_open() {
                true => format!("[{}]", chain.severity.word()),
                false => format!("[{}, accepted]", chain.severity.word()),
            };
            let arrow = self.canvas.glyphs.arrow;
            let title = format!("{} {arrow} {}", words::capital(&chain.start), chain.impact);
            let indent = width(&badge) + 1;
            self.canvas.hang(&badge, severity_style(chain.severity), indent, Style::Bold, &title);
            for (at, step) in chain.steps.iter().filter(|step| !step.eases).enumerate() {
                let text = match (&step.finding, &step.fact) {
                    (Some(id), _) => format!("{} ({id})", words::capital(&step.text)),
                    (None, _) => words::capital(&step.text),
                };
                self.canvas.hang(&format!("  {}.", at + 1), Style::Plain, 5, Style::Plain, &text);
            }
            for step in chain.steps.iter().filter(|step| step.eases) {
                let by = step.finding.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
                self.canvas.prose(5, Style::Plain, &format!("Easier still: {}{by}.", step.text));
            }
            if !chain.cut.is_empty() {
                let text = format!("Repair {} and this chain breaks.", chain.cut.join(" or "));
                self.canvas.prose(5, Style::Bold, &text);
            }
            if let Some(text) = words::compounding(review, chain) {
                self.canvas.prose(5, Style::Plain, &text);
            }
            if !chain.is_open() {
                let text = format!("It stands on what is waived or was known before: {}.", chain.accepted.join(", "));
                self.canvas.prose(5, Style::Yellow, &text);
            }
        }
        self.more(review.chains.len() - shown, "chain", "chains");
        if let Some(text) = words::cheapest_cut(review) {
            self.canvas.gap();
            self.canvas.prose(2, Style::Bold, &text);
        }
        if self.verbose {
            for text in words::repairs(review) {
                self.canvas.prose(2, Style::Plain, &text);
            }
        }
    }

    /// Where code and running app contradict each other, and how the live checks ended.
    fn live(&mut self, review: &Review) {
        let Some(live) = &review.live else { return };
        self.canvas.heading(&format!("THE RUNNING APP: {} requests to {}", live.requests, live.origin), Style::Bold);
        for (label, how) in &live.accounts {
            self.canvas.prose(2, Style::Plain, &format!("Signed in as {label} ({how})."));
        }
        for one in &live.disagreements {
            let said: Vec<&str> = one.evidence.iter().map(|piece| piece.note.as_str()).collect();
            self.canvas.hang(
                "  !",
                Style::Yellow,
                4,
                Style::Plain,
                &format!("{}: code and running app do not agree. {}", one.about, said.join("; but live: ")),
            );
        }
        for check in &live.checks {
            let text = format!("{}: {}. {}", check.check, words::live_verdict(check.verdict), check.note);
            self.canvas.hang("  -", Style::Dim, 4, Style::Plain, &text);
        }
    }

    fn not_checked(&mut self, review: &Review) {
        let not_checked = &review.coverage.not_checked;
        let title = match not_checked.is_empty() {
            true => "NOT CHECKED: nothing that is known of".to_owned(),
            false => format!("NOT CHECKED: {}", words::count(not_checked.len(), "thing", "things")),
        };
        self.canvas.heading(&title, if not_checked.is_empty() { Style::Bold } else { Style::Yellow });
        if !not_checked.is_empty() {
            self.canvas.prose(2, Style::Plain, words::NOT_CHECKED_IS_NOT_CLEAN);
        }
        let bullet = format!("  {}", self.canvas.glyphs.open);
        let weighing = not_checked.iter().filter(|gap| gap.weighs);
        let other = not_checked.iter().filter(|gap| !gap.weighs);
        for gap in weighing.chain(other) {
            let weighs = if gap.weighs { " [can decide the verdict]" } else { "" };
            self.canvas.hang(&bullet, Style::Yellow, 4, Style::Plain, &format!("{}: {}{weighs}", gap.what, gap.why));
        }
        self.canvas.gap();
        let looked = match review.coverage.looked_at.is_empty() {
            true => "nothing".to_owned(),
            false => review.coverage.looked_at.join(", "),
        };
        self.canvas.prose(2, Style::Plain, &format!("Looked at: {looked}."));
    }

    fn data(&mut self, review: &Review) {
        if review.data.is_empty() {
            return;
        }
        let title = format!("DATA THIS APP CARRIES: {} at most", review.verdict.carries.word());
        self.canvas.heading(&title, Style::Bold);
        let stores = words::stores(review);
        let shown = if self.verbose { stores.len() } else { LIST_SHOWN.min(stores.len()) };
        for (name, store) in stores.iter().take(shown) {
            let mut text = format!("{name}: {}", store.fields.join(", "));
            if !store.reachable_by.is_empty() {
                text.push_str(&format!(". Reachable by: {}", store.reachable_by.join(", ")));
            }
            if !store.sent_to.is_empty() {
                text.push_str(&format!(". Sent to: {}", store.sent_to.join(", ")));
            }
            self.canvas.hang(&format!("  {}", store.class.word()), Style::Bold, 13, Style::Plain, &text);
        }
        self.more(stores.len() - shown, "store", "stores");
    }

    fn more(&mut self, more: usize, one: &str, many: &str) {
        if more > 0 {
            let text = format!("and {} more {} (--verbose)", more, if more == 1 { one } else { many });
            self.canvas.prose(2, Style::Dim, &text);
        }
    }

    fn controls(&mut self, review: &Review) {
        if review.controls.is_empty() {
            return;
        }
        let count = |status| review.controls.iter().filter(|control| control.status == status).count();
        let title = format!(
            "CONTROLS: {} proven, {} failed, {} unproven",
            count(ControlStatus::Proven),
            count(ControlStatus::Failed),
            count(ControlStatus::Unproven)
        );
        self.canvas.heading(&title, Style::Bold);
        // What is in the way of carrying what it carries; the rest with --verbose.
        let in_the_way: Vec<_> = review
            .controls
            .iter()
            .filter(|control| {
                let missing = matches!(control.status, ControlStatus::Failed | ControlStatus::Unproven);
                self.verbose || (missing && control.required_from <= review.verdict.carries)
            })
            .collect();
        let shown = if self.verbose { in_the_way.len() } else { LIST_SHOWN.min(in_the_way.len()) };
        for control in in_the_way.iter().take(shown) {
            let (glyph, style) = match control.status {
                ControlStatus::Proven => (self.canvas.glyphs.yes, Style::Green),
                ControlStatus::Failed => (self.canvas.glyphs.no, Style::Red),
                ControlStatus::Unproven => (self.canvas.glyphs.open, Style::Yellow),
                ControlStatus::NotApplicable => (self.canvas.glyphs.dot, Style::Dim),
            };
            let mut text = format!(
                "{}: {} (needed for {} data and above)",
                words::control_status(control.status),
                control.title,
                control.required_from.word()
            );
            if !control.findings.is_empty() {
                text.push_str(&format!(" {}", control.findings.join(", ")));
            }
            self.canvas.hang(&format!("  {glyph}"), style, 4, Style::Plain, &text);
        }
        self.more(in_the_way.len() - shown, "control in the way", "controls in the way");
    }

    fn next(&mut self, review: &Review) {
        self.canvas.heading("WHAT TO DO NEXT", Style::Bold);
        let mut steps: Vec<(String, &str)> = Vec::new();
        if let Some(first) = words::open(review).next() {
            steps.push((
                format!("plimsoll prompt {}", first.id),
                "a text for your AI assistant: what to repair, and how it will be tested",
            ));
            steps.push((
                format!("plimsoll verify {}", first.id),
                "afterwards: checks on its own whether the repair holds",
            ));
            steps.push((format!("plimsoll explain {}", first.rule), "what this weakness is, with examples"));
        }
        if review.subject.url.is_none() {
            steps.push((
                "plimsoll check --url http://localhost:3000".to_owned(),
                "also looks at the running app, which proves more than its code",
            ));
        }
        if steps.is_empty() {
            steps.push(("plimsoll check".to_owned(), "again after the next change"));
        }
        for (command, text) in steps {
            let lead = format!("  {command}");
            if self.canvas.columns >= 100 && width(&lead) < 48 {
                self.canvas.hang(&lead, Style::Cyan, 48, Style::Plain, text);
            } else {
                self.canvas.prose(2, Style::Cyan, &command);
                self.canvas.prose(6, Style::Plain, text);
            }
        }
    }

    fn environment(&mut self, review: &Review) {
        self.canvas.gap();
        let environment = &review.environment;
        let mut text = format!("Plimsoll {}", environment.plimsoll);
        if !environment.date.is_empty() {
            text.push_str(&format!(", {}", environment.date));
        }
        text.push_str(&words::advisories(environment, "; "));
        self.canvas.prose(0, Style::Dim, &text);
    }
}
