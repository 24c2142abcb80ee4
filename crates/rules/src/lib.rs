//! The rules: queries over the app model, each with its page.
