//! Calendar days.

/// A day of the Gregorian calendar, as days since 1970-01-01. What day it is today is for the program to ask; nothing here
/// reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day so many days after 1970-01-01.
    pub fn from_days(days: i64) -> Self {
        Day(days)
    }

    /// Reads `YYYY-MM-DD`. `None` for everything else, days that do not exist included.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let digits = text.get(range)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Counted from 1 March of year 0, so that the leap day is the last of a year.
        let year_from_march = if month <= 2 { year - 1 } else { year };
        let month_from_march = if month <= 2 { month + 9 } else { month - 3 };
        let leap_days =
            year_from_march.div_euclid(4) - year_from_march.div_euclid(100) + year_from_march.div_euclid(400);
        let days = 365 * year_from_march + leap_days + (153 * month_from_march + 2) / 5 + day - 1 - 719_468;
        // The 30th of February would be the 1st or 2nd of March.
        Some(Day(days)).filter(|day| day.to_string() == text)
    }

    /// Days from `other` to this one; negative when this one is earlier.
    pub fn since(self, other: Day) -> i64 {
        self.0 - other.0
    }

    /// So many days later.
    pub fn plus(self, days: i64) -> Self {
        Day(self.0.saturating_add(days))
    }
}

impl std::fmt::Display for Day {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let z = self.0.saturating_add(719_468);
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_and_dates() {
        for (days, date) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (60, "1970-03-02"), (11_016, "2000-02-29"), (20_788, "2026-12-01")]
        {
            assert_eq!(Day::from_days(days).to_string(), date);
            assert_eq!(Day::parse(date), Some(Day::from_days(days)));
        }
        for days in -800_000..100_000 {
            // Years before 0 are not written with four digits.
            let day = Day::from_days(days * 7);
            let text = day.to_string();
            if text.len() == 10 && !text.starts_with('-') {
                assert_eq!(Day::parse(&text), Some(day), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_day() {
        for text in [
            "",
            "2026-13-01",
            "2026-00-10",
            "2026-02-29",
            "2026-04-31",
            "2026-1-1",
            "26-01-01",
            "2026/01/01",
            "2026-01-01T00:00",
            "+026-01-01",
            "2026-01-0a",
            "２026-01-1",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(Day::parse("2028-02-29").map(|day| day.plus(1).to_string()).as_deref(), Some("2028-03-01"));
    }
}
