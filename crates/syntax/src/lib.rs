//! Front ends: source text of a language in, plimsoll-ir out.
