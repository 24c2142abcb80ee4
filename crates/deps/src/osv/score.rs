//! The number behind a CVSS vector.

/// The base score of a vector in tenths (98 = 9.8); `None` where it is not a vector that can be read.
pub(super) fn tenths(kind: &str, vector: &str) -> Option<u8> {
    let score = match kind {
        "CVSS_V2" => vector.parse::<cvss::v2::Vector>().ok()?.score().value(),
        "CVSS_V3" => vector.parse::<cvss::v3::Vector>().ok()?.score().value(),
        "CVSS_V4" => vector.parse::<cvss::v4::Vector>().ok()?.score().value(),
        _ => return None,
    };
    let tenths = (score * 10.0).round();
    if (0.0..=100.0).contains(&tenths) {
        // In range, so the conversion cannot lose anything.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let tenths = tenths as u8;
        Some(tenths)
    } else {
        None
    }
}
