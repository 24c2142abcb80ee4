//! Data behind the app: SQL migrations replayed into a final schema, rules files, ORM models.
