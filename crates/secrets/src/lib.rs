//! Secrets in files: what is a key, what is public by design, what is a placeholder.
