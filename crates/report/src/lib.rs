//! Outputs of a review: terminal, JSON, SARIF, HTML, Markdown.
//!
//! The only crate that knows wire formats and HTML. Everything here is a pure function of the [`Review`]: the same
//! review gives the same bytes. The app under review is hostile input, so each output first takes a copy of the review
//! in which control characters, escape sequences and direction overrides are made visible, and then escapes for its
//! own format.

mod advisories;
mod clean;
mod cyclonedx;
mod data;
mod explain;
mod html;
mod json;
mod layout;
mod map;
mod markdown;
mod page;
mod picture;
mod plan;
mod prose;
mod sarif;
mod schema;
mod terminal;
mod words;

use plimsoll_model::{Review, UpgradePlan};

pub use advisories::{
    AdvisorySourceStatus, AdvisoryStatus, AdvisoryTable, ImpactApp, ImpactHit, ImpactPackage, ImpactReport,
    PackageStanding, PackagesReport,
};
pub use cyclonedx::{Sbom, SbomComponent, SbomHole, SbomStanding};
pub use map::{Map, MapCaller, MapEffect, MapEntry, MapGuard, MapStore};
pub use terminal::TerminalOptions;

/// The JSON Schema of [`json`], as published under `schemas/plimsoll-review-1.json`.
const JSON_SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/plimsoll-review-1.json"));

/// The review as JSON, `"schema": "plimsoll-review/1"`, indented, with a final line feed.
pub fn json(review: &Review) -> String {
    json::render(review)
}

/// The JSON Schema (draft 2020-12) that describes what [`json`] writes.
pub fn json_schema() -> &'static str {
    JSON_SCHEMA
}

/// A schema whose lists of words are those of the model: `cargo xtask gen` brings the published file up to date with it.
pub fn schema_with_words(schema: &str) -> String {
    schema::with_words(schema)
}

/// The review as SARIF 2.1.0, in the subset that GitHub code scanning reads. Findings that are waived or in the
/// baseline are left out; what was not checked becomes a tool notification.
pub fn sarif(review: &Review) -> String {
    sarif::render(review)
}

/// The review as one self-contained HTML page: no script, no request to anywhere.
pub fn html(review: &Review) -> String {
    html::render(review)
}

/// The review as GitHub-flavoured Markdown, for a comment on a pull request and for handing over. Never longer than
/// what a comment can hold; findings that do not fit are counted.
pub fn markdown(review: &Review) -> String {
    markdown::render(review)
}

/// The review for an owner at a terminal.
pub fn terminal(review: &Review, options: &TerminalOptions) -> String {
    terminal::render(review, options)
}

/// Only the attack chains and what was not checked, for a terminal.
pub fn chains(review: &Review, options: &TerminalOptions) -> String {
    terminal::render_chains(review, options)
}

/// A badge of the load line as SVG: what the app carries, what it is fit for, and the day.
pub fn badge(review: &Review) -> String {
    picture::badge(&clean::Cleaning::default().review(review))
}

/// The graph of the attack chains as an SVG of its own; `None` without chains.
pub fn chains_svg(review: &Review) -> Option<String> {
    picture::chains(&clean::Cleaning::default().review(review), &std::collections::BTreeMap::new(), true)
}

/// The attack chains as JSON: `chains`, `cheapest_cut` and `repairs` as in [`json`].
pub fn chains_json(review: &Review) -> String {
    json::chains_only(review)
}

/// The way of the data as an SVG of its own; `None` without data.
pub fn data_svg(review: &Review) -> Option<String> {
    picture::data(&clean::Cleaning::default().review(review), true)
}

/// The map for a person at a terminal.
pub fn map_terminal(map: &Map, options: &TerminalOptions) -> String {
    map::terminal(map, options)
}

/// The map as JSON, `"schema": "plimsoll-map/1"`.
pub fn map_json(map: &Map) -> String {
    map::json(map)
}

/// The map as one self-contained HTML page.
pub fn map_html(map: &Map) -> String {
    map::html(map)
}

/// Which advisories are known, for a person at a terminal.
pub fn advisory_status_terminal(status: &AdvisoryStatus, options: &TerminalOptions) -> String {
    advisories::status_terminal(status, options)
}

/// Which advisories are known, as JSON, `"schema": "plimsoll-advisories/1"`.
pub fn advisory_status_json(status: &AdvisoryStatus) -> String {
    advisories::status_json(status)
}

/// Which apps an advisory hits, for a person at a terminal.
pub fn impact_terminal(report: &ImpactReport, options: &TerminalOptions) -> String {
    advisories::impact_terminal(report, options)
}

/// Which apps an advisory hits, as JSON, `"schema": "plimsoll-impact/1"`.
pub fn impact_json(report: &ImpactReport) -> String {
    advisories::impact_json(report)
}

/// What registries say of an app's packages, for a person at a terminal.
pub fn packages_terminal(report: &PackagesReport, options: &TerminalOptions) -> String {
    advisories::packages_terminal(report, options)
}

/// What registries say of an app's packages, as JSON, `"schema": "plimsoll-packages/1"`.
pub fn packages_json(report: &PackagesReport) -> String {
    advisories::packages_json(report)
}

/// The plan of upgrades of an app for a person at a terminal.
pub fn plan_terminal(name: &str, plan: &UpgradePlan, options: &TerminalOptions) -> String {
    plan::terminal(name, plan, options)
}

/// The plan of upgrades of an app as JSON, `"schema": "plimsoll-plan/1"`.
pub fn plan_json(name: &str, plan: &UpgradePlan) -> String {
    plan::json(name, plan)
}

/// The plan of upgrades as one request to an assistant.
pub fn plan_prompt(plan: &UpgradePlan) -> String {
    plan::prompt(plan)
}

/// What an app is made of, as CycloneDX 1.6 JSON.
pub fn cyclonedx(sbom: &Sbom) -> String {
    cyclonedx::render(sbom)
}

/// A rule's page (Markdown) for the terminal.
pub fn explain(page_markdown: &str, options: &TerminalOptions) -> String {
    explain::render(page_markdown, options)
}

/// The data map for people at a terminal; with [`TerminalOptions::verbose`] business data too.
pub fn data_table(review: &Review, options: &TerminalOptions) -> String {
    data::table(review, options)
}

/// The data map as JSON: a list, as `data` in [`json`].
pub fn data_json(review: &Review) -> String {
    json::data_only(review)
}

/// A record of processing activities (GDPR, Article 30) as CSV, as far as the code tells.
pub fn record_csv(review: &Review) -> String {
    data::csv(review)
}

/// A record of processing activities (GDPR, Article 30) as Markdown, as far as the code tells.
pub fn record_markdown(review: &Review) -> String {
    data::markdown(review)
}
