//! The plot: time and memory over lines of code. Straight lines from the origin mean linear growth.

use super::measure::Measured;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 220.0;
/// Room for the numbers beside and below a panel.
const LEFT: f64 = 56.0;
const TOP: f64 = 34.0;

/// An SVG with a panel for time and one for memory.
pub(super) fn draw(measured: &[Measured]) -> String {
    let lines = |at: &Measured| at.lines as f64;
    let time: Vec<(f64, f64)> = measured.iter().map(|at| (lines(at), at.median.as_secs_f64())).collect();
    let memory: Vec<(f64, f64)> = measured.iter().filter_map(|at| Some((lines(at), at.peak_megabytes()?))).collect();
    let panel = WIDTH + LEFT + 24.0;
    let (width, height) = (panel * 2.0, HEIGHT + TOP + 44.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\" \
         role=\"img\" aria-label=\"Time and memory of a review over lines of code\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    out.push_str(&one(&time, "seconds", 0.0));
    out.push_str(&one(&memory, "peak memory, MB", panel));
    out.push_str("</svg>\n");
    out
}

fn one(points: &[(f64, f64)], title: &str, shift: f64) -> String {
    let most = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).fold(0.0, f64::max);
    let (right, top) = (round_up(most(|at| at.0)), round_up(most(|at| at.1)));
    let x = |value: f64| LEFT + value / right * WIDTH;
    let y = |value: f64| TOP + HEIGHT - value / top * HEIGHT;
    let mut out = format!("<g transform=\"translate({shift:.0} 0)\">\n");
    out.push_str(&format!("<text x=\"{LEFT:.0}\" y=\"20\" font-weight=\"bold\" fill=\"#1a1a1a\">{title}</text>\n"));
    for step in 0..=4 {
        let part = f64::from(step) / 4.0;
        let (value, at) = (top * part, y(top * part));
        out.push_str(&format!(
            "<path d=\"M{LEFT:.0} {at:.1}h{WIDTH:.0}\" stroke=\"#dddddd\"/><text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444444\">{}</text>\n",
            LEFT - 6.0,
            at + 4.0,
            short(value)
        ));
        out.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#444444\">{}</text>\n",
            x(right * part),
            TOP + HEIGHT + 18.0,
            short(right * part)
        ));
    }
    out.push_str(&format!(
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#444444\">lines of code</text>\n",
        LEFT + WIDTH / 2.0,
        TOP + HEIGHT + 36.0
    ));
    // What growth in proportion to the largest size would be.
    if let Some(&(lines, value)) = points.last() {
        out.push_str(&format!(
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#999999\" stroke-dasharray=\"4 4\" fill=\"none\"/>\n",
            x(0.0),
            y(0.0),
            x(lines),
            y(value)
        ));
    }
    let path: Vec<String> = points.iter().map(|&(lines, value)| format!("{:.1} {:.1}", x(lines), y(value))).collect();
    out.push_str(&format!("<path d=\"M{}\" stroke=\"#0b5cad\" stroke-width=\"2\" fill=\"none\"/>\n", path.join("L")));
    for &(lines, value) in points {
        out.push_str(&format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"#0b5cad\"/>\n", x(lines), y(value)));
    }
    out.push_str("</g>\n");
    out
}

/// The next round number, so that quarters of the axis are round too.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 2.4, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|&step| step >= value * 0.999)
        .unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    let text = |number: f64, unit: &str| {
        let digits = format!("{number:.2}");
        let trimmed = digits.trim_end_matches('0').trim_end_matches('.');
        format!("{trimmed}{unit}")
    };
    match value {
        value if value >= 1e6 => text(value / 1e6, " M"),
        value if value >= 10_000.0 => text(value / 1e3, " k"),
        value => text(value, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{one, round_up, short};

    #[test]
    fn axes_end_at_round_numbers_above_what_was_measured() {
        for (value, expected) in [(0.0, 1.0), (0.93, 1.0), (7.1, 8.0), (970.0, 1000.0), (1_012_345.0, 1_200_000.0)] {
            assert!((round_up(value) - expected).abs() < expected / 1e6, "{value}");
        }
        assert_eq!([0.25, 10.0, 250_000.0, 1_200_000.0].map(short), ["0.25", "10", "250 k", "1.2 M"]);
    }

    #[test]
    fn points_stand_where_their_numbers_are() {
        let text = one(&[(50.0, 1.0), (100.0, 2.0)], "seconds", 0.0);
        assert!(text.contains("M236.0 144.0L416.0 34.0"), "{text}");
    }
}
