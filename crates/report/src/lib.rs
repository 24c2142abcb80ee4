//! Outputs: terminal, JSON, SARIF, HTML, Markdown.
