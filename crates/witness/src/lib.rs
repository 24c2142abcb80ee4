//! Witnesses over source: frameworks, settings and files turned into facts of the app model.
