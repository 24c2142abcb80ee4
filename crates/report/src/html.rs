//! stub
use plimsoll_model::Review;
pub(crate) fn render(review: &Review) -> String {
    review.subject.name.clone()
}
