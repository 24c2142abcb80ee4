//! The load line as a drawing: a ship's side with the disc at what the app is fit for, in water as deep as its load.

use plimsoll_model::{DataClass, Outcome, Verdict};

use crate::words;

/// Height of a class on the drawing; heavier loads sink the ship deeper, so they stand higher on its side.
fn height(class: DataClass) -> i32 {
    let step = DataClass::ALL.iter().position(|other| *other == class).and_then(|at| i32::try_from(at).ok());
    286 - 56 * step.unwrap_or(0)
}

pub(super) fn svg(verdict: &Verdict) -> String {
    let water = height(verdict.carries);
    let disc = height(verdict.fit_for);
    let mut out = format!(
        "<svg class=\"mark {outcome}\" viewBox=\"0 0 440 360\" role=\"img\" aria-labelledby=\"mark-title mark-text\">\
         <title id=\"mark-title\">The load line</title><desc id=\"mark-text\">Carries {carries}, fit for {fit_for}: \
         {words}.</desc>\
         <defs><pattern id=\"over\" width=\"12\" height=\"12\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect class=\"over-ground\" width=\"12\" height=\"12\"/><rect \
         class=\"over-stripe\" width=\"6\" height=\"12\"/></pattern>\
         <clipPath id=\"hull\"><path d=\"{HULL}\"/></clipPath>\
         <clipPath id=\"frame\"><rect width=\"440\" height=\"360\" rx=\"14\"/></clipPath></defs>\
         <g clip-path=\"url(#frame)\"><rect class=\"sky\" width=\"440\" height=\"360\"/>\
         <path class=\"hull\" d=\"{HULL}\"/><path class=\"deck\" d=\"M0 26H263\"/>",
        outcome = verdict.outcome.word(),
        carries = words::load(verdict.carries),
        fit_for = words::load(verdict.fit_for),
        words = words::outcome(verdict.outcome).to_lowercase(),
    );
    let crest = crest(water);
    out.push_str(&format!("<path class=\"water\" d=\"{crest}V360H0Z\"/>"));
    if verdict.carries > verdict.fit_for && verdict.outcome != Outcome::Fit {
        out.push_str(&format!(
            "<rect class=\"over\" x=\"0\" y=\"{water}\" width=\"270\" height=\"{}\" clip-path=\"url(#hull)\"/>",
            disc - water
        ));
    }
    out.push_str(&format!(
        "<path class=\"waterline\" d=\"{crest}\"/></g><path class=\"ladder\" d=\"M214 {}V{}\"/>",
        height(DataClass::Sensitive),
        height(DataClass::Demo)
    ));
    for class in DataClass::ALL {
        let y = height(class);
        let (carries, fit_for) = (class == verdict.carries, class == verdict.fit_for);
        let tag = match (carries, fit_for) {
            (true, true) => "carries · fit for",
            (true, false) => "carries",
            (false, true) => "fit for",
            (false, false) => "",
        };
        let strength = if tag.is_empty() { "" } else { " strong" };
        // The name stands above its line and what is said of it below, so that the water runs between them.
        out.push_str(&format!(
            "<path class=\"ladder{strength}\" d=\"M214 {y}H244\"/><path class=\"guide\" d=\"M286 {y}H424\"/>\
             <text class=\"rung{strength}\" x=\"286\" y=\"{}\">{}</text>",
            y - 8,
            class.word()
        ));
        if !tag.is_empty() {
            let kind = if carries { "carries" } else { "fit-for" };
            out.push_str(&format!("<text class=\"tag {kind}\" x=\"286\" y=\"{}\">{tag}</text>", y + 18));
        }
    }
    out.push_str(&format!(
        "<circle class=\"disc\" cx=\"112\" cy=\"{disc}\" r=\"40\"/><path class=\"disc-line\" d=\"M48 {disc}H176\"/>\
         <path class=\"disc-reach\" d=\"M182 {disc}H210\"/></svg>"
    ));
    out
}

/// The side of the ship, from the left edge to the bow.
const HULL: &str = "M0 26H263C259 120 262 206 238 284C227 320 198 342 150 342H0Z";

/// The surface of the water, at the height of the load.
fn crest(y: i32) -> String {
    let mut crest = format!("M0 {y}");
    for _ in 0..11 {
        crest.push_str("q10 -5 20 0t20 0");
    }
    crest
}
