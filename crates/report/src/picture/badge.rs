//! A badge: what the app is fit for against what it carries, to be put on a page. It says the day, since it does not
//! change when the app does.

use plimsoll_model::{Outcome, Review};

use super::width;
use crate::page::escape;

const HEIGHT: i32 = 22;
const SIZE: i32 = 12;

pub(crate) fn svg(review: &Review) -> String {
    let verdict = &review.verdict;
    let left = "load line";
    let right = match verdict.outcome {
        Outcome::Fit => format!("fit for {}", verdict.carries.word()),
        Outcome::Overloaded => format!("overloaded: {}, fit for {}", verdict.carries.word(), verdict.fit_for.word()),
        Outcome::Incomplete => format!("not decided: {}, fit for {}", verdict.carries.word(), verdict.fit_for.word()),
    };
    // Colours with at least 4.5 to 1 against white.
    let colour = match verdict.outcome {
        Outcome::Fit => "#1a6a45",
        Outcome::Overloaded => "#a01237",
        Outcome::Incomplete => "#765700",
    };
    let date = match review.environment.date.is_empty() {
        true => String::new(),
        false => format!(" · {}", review.environment.date),
    };
    let right = format!("{right}{date}");
    let (left_room, right_room) = (width(left, SIZE), width(&right, SIZE));
    let split = 28 + left_room + 8;
    let total = split + right_room + 16;
    let title = escape(&format!("Plimsoll review of {}: {left}, {right}", review.subject.name));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{HEIGHT}\" viewBox=\"0 0 {total} {HEIGHT}\" \
         role=\"img\" aria-label=\"{title}\"><title>{title}</title>\
         <clipPath id=\"round\"><rect width=\"{total}\" height=\"{HEIGHT}\" rx=\"4\"/></clipPath>\
         <g clip-path=\"url(#round)\"><rect width=\"{split}\" height=\"{HEIGHT}\" fill=\"#12344f\"/>\
         <rect x=\"{split}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"{colour}\"/></g>\
         <g fill=\"none\" stroke=\"#fff\" stroke-width=\"1.8\"><circle cx=\"14\" cy=\"11\" r=\"5.5\"/><path d=\"M5 11H23\"/></g>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"{SIZE}\">\
         <text x=\"28\" y=\"15\" textLength=\"{left_room}\">{left}</text>\
         <text x=\"{}\" y=\"15\" textLength=\"{right_room}\">{}</text></g></svg>\n",
        total - split,
        split + 8,
        escape(&right),
    )
}
