//! `plimsoll data`.

use std::path::Path;

/// How the data map is shown.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum DataFormat {
    /// For people.
    Table,
    /// The `data` of the review's JSON.
    Json,
    /// A record of processing as a spreadsheet.
    Csv,
    /// A record of processing as a document.
    Markdown,
    /// The way of the data as a picture.
    Svg,
}

/// The data map of an app.
pub(crate) fn data(
    path: &Path,
    format: DataFormat,
    options: &plimsoll_report::TerminalOptions,
) -> Result<String, String> {
    let review = crate::review::review(path, None)?;
    Ok(match format {
        DataFormat::Table => plimsoll_report::data_table(&review, options),
        DataFormat::Json => plimsoll_report::data_json(&review),
        DataFormat::Csv => plimsoll_report::record_csv(&review),
        DataFormat::Markdown => plimsoll_report::record_markdown(&review),
        DataFormat::Svg => plimsoll_report::data_svg(&review).unwrap_or_default(),
    })
}
