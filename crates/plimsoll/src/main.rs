//! The command line.
#![expect(clippy::print_stderr, reason = "the only crate that speaks to a terminal")]

mod advisories;
mod after;
mod backend;
mod comments;
mod data;
mod kept;
mod live_data;
mod live_report;
mod live_secrets;
mod map;
mod owner;
mod ownership;
mod plan;
mod probe;
mod progress;
mod request_log;
mod review;
mod sbom;
mod served;
mod waive;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use plimsoll_model::{Outcome, Review, Severity};
use plimsoll_report::TerminalOptions;

/// Reviews make and drop millions of small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Draws the line: how sensitive a load of data may this app carry today, why not more, and what to change.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Take nothing from earlier reviews and keep nothing for later ones.
    #[arg(long, global = true)]
    no_cache: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Reviews an app from its source and, with --url, from its running server.
    Check {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Address of the running app, on this computer only.
        #[arg(long)]
        url: Option<String>,
        /// Ask the running app at the address that plimsoll.toml names.
        #[arg(long, conflicts_with = "url")]
        live: bool,
        /// Start the app with this command and look at it while it runs; without a command, with the usual one of its kind.
        /// It runs on a copy of the folder, gets its port by PORT and is ended afterwards. This executes the app's code.
        #[arg(long, value_name = "COMMAND", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["url", "live"])]
        run: Option<String>,
        /// Write every request that is sent to the running app into this new file, as JSON Lines.
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
        /// Sign in with the test accounts of plimsoll.toml and send a few wrong passwords to the login. User names and
        /// passwords come from the environment variables that the file names.
        #[arg(long)]
        sign_in: bool,
        /// As a test account, upload three files in which nothing runs, and look how the app gives them back. Where they
        /// lie is listed, so that they can be deleted.
        #[arg(long, requires = "sign_in")]
        allow_upload: bool,
        /// Ask this Supabase or Firebase project, which must be yours, for one record of each table that the app names, as a
        /// stranger would: https://PROJECT.supabase.co. Nothing is written, and no value of an answer is kept.
        #[arg(long, value_name = "ADDRESS")]
        backend: Option<String>,
        /// Leave out the checks that need a browser.
        #[arg(long)]
        no_browser: bool,
        /// Form of the report.
        #[arg(long, value_enum, default_value_t = Format::Terminal)]
        format: Format,
        /// Exit with 1 when a finding is at least this severe, whatever the verdict.
        #[arg(long, value_enum)]
        fail_on: Option<Level>,
        /// Show low findings and all places in full on the terminal.
        #[arg(long)]
        verbose: bool,
    },
    /// Shows the requests of the live checks: those that would be sent, or those that a log holds.
    Probe {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Print every request that would be sent, and send none.
        #[arg(long, required_unless_present_any = ["replay", "prove"])]
        dry_run: bool,
        /// Address of the running app.
        #[arg(long)]
        url: Option<String>,
        /// As with `check --sign-in`.
        #[arg(long)]
        sign_in: bool,
        /// As with `check --allow-upload`.
        #[arg(long, requires = "sign_in")]
        allow_upload: bool,
        /// As with `check --no-browser`.
        #[arg(long)]
        no_browser: bool,
        /// Check the chain of a log that `check --log` wrote, and list its traffic.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "url", "sign_in", "no_browser"])]
        replay: Option<PathBuf>,
        /// Say how a host that is not this computer shows that it is yours. Sends nothing.
        #[arg(long, value_name = "URL", conflicts_with_all = ["dry_run", "url", "sign_in", "no_browser", "replay"])]
        prove: Option<String>,
    },
    /// Shows every entry point, its guards and what it does.
    Map {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Form of the map.
        #[arg(long, value_enum, default_value_t = MapFormat::Terminal)]
        format: MapFormat,
    },
    /// Shows what an attacker could do with the findings together, and the fewest repairs that end it.
    Chains {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Take these rules or findings as repaired: what would be left?
        #[arg(long, value_name = "RULE", num_args = 1..)]
        assume_fixed: Vec<String>,
        /// Form: `svg` draws the graph.
        #[arg(long, value_enum, default_value_t = ChainsFormat::Terminal)]
        format: ChainsFormat,
    },
    /// Shows what data the app holds: what it is, how sensitive, who can reach it; or a record of processing (GDPR, Article 30).
    Data {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Form: `csv` and `markdown` give the record of processing, `svg` a picture.
        #[arg(long, value_enum, default_value_t = data::DataFormat::Table)]
        format: data::DataFormat,
        /// List business data field by field too.
        #[arg(long)]
        verbose: bool,
    },
    /// Shows the fewest upgrades that close the most known holes in the app's libraries, as one plan: exit 0 nothing to do,
    /// 1 there are steps or holes that no step closes, 3 could not tell.
    Plan {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Form: `prompt` is one request to your AI assistant for the whole plan.
        #[arg(long, value_enum, default_value_t = plan::PlanFormat::Terminal)]
        format: plan::PlanFormat,
        /// Also what only tools for development and tests bring.
        #[arg(long)]
        dev: bool,
        /// Ask deps.dev what newer versions of the app's own packages bring, where those they bring now are held back. This
        /// tells it their names, except private ones.
        #[arg(long)]
        online: bool,
        /// Address of a service that speaks like deps.dev (API v3).
        #[arg(long, value_name = "URL", default_value = plimsoll_online::DEPS_DEV, requires = "online")]
        api: String,
        /// Send no request.
        #[arg(long, conflicts_with = "online")]
        offline: bool,
    },
    /// Prints what the app is made of (SBOM, CycloneDX 1.6 JSON): packages, how they hang together, their known holes and what
    /// each of them means here (VEX).
    Sbom {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Writes a request for your AI assistant that repairs one finding.
    Prompt {
        /// Id of the finding, as `check` shows it.
        finding: String,
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Looks whether a finding is repaired: exit 0 fixed, 1 still there, 3 could not tell.
    Verify {
        /// Id of the finding, as `check` showed it before the repair.
        finding: String,
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// The report of before the repair (`check --format json`). Without it a finding that is gone is not called fixed.
        #[arg(long)]
        before: Option<PathBuf>,
    },
    /// Prints a plan for the day when something has happened.
    Incident {
        #[command(subcommand)]
        what: Incident,
    },
    /// Brings the advisories about packages up to date, shows how old they are, and which apps one of them hits.
    Advisories {
        #[command(subcommand)]
        what: advisories::Advisories,
    },
    /// Explains a rule.
    Explain {
        /// Id of the rule.
        rule: String,
    },
    /// Prints a plimsoll.toml to fill in: what you say of the app, the risks that you accept.
    Init {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Create the file in the folder. One that is there is never written over.
        #[arg(long)]
        write: bool,
    },
    /// Prints what your shell needs to complete commands.
    Completions {
        /// Your shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Subcommand)]
enum Incident {
    /// A page to print and fill in.
    Plan {
        /// Folder of the app.
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Terminal,
    Json,
    Sarif,
    Html,
    Markdown,
    /// The load line as a small picture (SVG) for a page or a README.
    Badge,
}

#[derive(Clone, Copy, ValueEnum)]
enum ChainsFormat {
    Terminal,
    Json,
    Svg,
}

#[derive(Clone, Copy, ValueEnum)]
enum MapFormat {
    Terminal,
    Json,
    Html,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    Low,
    Medium,
    High,
    Critical,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.no_cache {
        kept::switch_off();
    }
    match cli.command {
        Command::Check {
            path,
            url,
            live,
            run,
            log,
            sign_in,
            allow_upload,
            backend,
            no_browser,
            format,
            fail_on,
            verbose,
        } => {
            let how = How { url, live, run, log: log.as_deref(), sign_in, allow_upload, backend, browser: !no_browser };
            match check(&path, how) {
                Ok((review, said)) => {
                    let text = match format {
                        Format::Terminal => {
                            plimsoll_report::terminal(&review, &TerminalOptions { verbose, ..terminal_options() })
                        }
                        Format::Json => plimsoll_report::json(&review),
                        Format::Sarif => plimsoll_report::sarif(&review),
                        Format::Html => plimsoll_report::html(&review),
                        Format::Markdown => plimsoll_report::markdown(&review),
                        Format::Badge => plimsoll_report::badge(&review),
                    };
                    print(&text);
                    exit_code(&review, fail_on.map(Level::severity).or(said))
                }
                Err(error) => usage(&error),
            }
        }
        Command::Probe { path, dry_run: _, url, sign_in, allow_upload, no_browser, replay, prove } => {
            let text = match (replay, prove) {
                (Some(log), _) => probe::replay(&log),
                (None, Some(host)) => ownership::prove(&host, &path),
                (None, None) => probe::dry_run(&path, url.as_deref(), sign_in, allow_upload, !no_browser),
            };
            match text {
                Ok(text) => {
                    print(&text);
                    ExitCode::SUCCESS
                }
                Err(error) => usage(&error),
            }
        }
        Command::Map { path, format } => match review::map(&path) {
            Ok(map) => {
                print(&match format {
                    MapFormat::Terminal => plimsoll_report::map_terminal(&map, &terminal_options()),
                    MapFormat::Json => plimsoll_report::map_json(&map),
                    MapFormat::Html => plimsoll_report::map_html(&map),
                });
                ExitCode::SUCCESS
            }
            Err(error) => usage(&error),
        },
        Command::Chains { path, assume_fixed, format } => match review::chains(&path, &assume_fixed) {
            Ok(review) => {
                print(&match format {
                    ChainsFormat::Terminal => plimsoll_report::chains(&review, &terminal_options()),
                    ChainsFormat::Json => plimsoll_report::chains_json(&review),
                    ChainsFormat::Svg => plimsoll_report::chains_svg(&review).unwrap_or_default(),
                });
                if !review.chains.iter().any(plimsoll_model::Chain::is_open) {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::from(1)
                }
            }
            Err(error) => usage(&error),
        },
        Command::Data { path, format, verbose } => {
            match data::data(&path, format, &TerminalOptions { verbose, ..terminal_options() }) {
                Ok(text) => {
                    print(&text);
                    ExitCode::SUCCESS
                }
                Err(error) => usage(&error),
            }
        }
        Command::Plan { path, format, dev, online, api, offline: _ } => {
            match plan::run(&path, dev, online.then_some(api.as_str())) {
                Ok(planned) => {
                    print(&match format {
                        plan::PlanFormat::Terminal => {
                            plimsoll_report::plan_terminal(&planned.name, &planned.plan, &terminal_options())
                        }
                        plan::PlanFormat::Json => plimsoll_report::plan_json(&planned.name, &planned.plan),
                        plan::PlanFormat::Prompt => plimsoll_report::plan_prompt(&planned.plan),
                    });
                    ExitCode::from(planned.code)
                }
                Err(error) => usage(&error),
            }
        }
        Command::Sbom { path } => match sbom::sbom(&path) {
            Ok(text) => {
                print(&text);
                ExitCode::SUCCESS
            }
            Err(error) => usage(&error),
        },
        Command::Prompt { finding, path } => {
            let text = review::review(&path, None)
                .and_then(|review| after::find(&review, &finding).map(|finding| after::prompt(&review, finding)));
            match text {
                Ok(text) => {
                    print(&text);
                    ExitCode::SUCCESS
                }
                Err(error) => usage(&error),
            }
        }
        Command::Verify { finding, path, before } => match earlier_and_now(before.as_deref(), &path) {
            Ok((earlier, review)) => match after::verify(&review, &finding, earlier.as_deref()) {
                after::Repair::Fixed => {
                    print(&format!("Fixed: {finding} is no longer found.\n"));
                    ExitCode::SUCCESS
                }
                after::Repair::StillThere => {
                    print(&format!("Still there: {finding}.\n"));
                    ExitCode::from(1)
                }
                after::Repair::CouldNotTell(why) => {
                    print(&format!("Could not tell: {why}.\n"));
                    ExitCode::from(3)
                }
            },
            Err(error) => usage(&error),
        },
        Command::Incident { what: Incident::Plan { path } } => match review::incident(&path) {
            Ok(text) => {
                print(&text);
                ExitCode::SUCCESS
            }
            Err(error) => usage(&error),
        },
        Command::Advisories { what } => match advisories::run(what, &terminal_options()) {
            Ok(said) => {
                print(&said.text);
                ExitCode::from(said.code)
            }
            Err(error) => usage(&error),
        },
        Command::Explain { rule } => match plimsoll_rules::find(&rule) {
            Some(rule) => {
                print(&plimsoll_report::explain(rule.page, &terminal_options()));
                ExitCode::SUCCESS
            }
            None => {
                let known: Vec<&str> = plimsoll_rules::RULES.iter().map(|rule| rule.id).collect();
                usage(&format!("there is no rule `{rule}`. Rules: {}", known.join(", ")))
            }
        },
        Command::Init { path: _, write: false } => {
            print(&owner::template());
            ExitCode::SUCCESS
        }
        Command::Init { path, write: true } => match init(&path) {
            Ok(text) => {
                print(&text);
                ExitCode::SUCCESS
            }
            Err(error) => usage(&error),
        },
        Command::Completions { shell } => {
            print(&completions(shell));
            ExitCode::SUCCESS
        }
    }
}

/// How the running app is looked at.
struct How<'a> {
    url: Option<String>,
    live: bool,
    run: Option<String>,
    log: Option<&'a Path>,
    sign_in: bool,
    allow_upload: bool,
    backend: Option<String>,
    browser: bool,
}

/// A review, and the severity from which it fails by the owner's word.
fn check(path: &Path, how: How<'_>) -> Result<(Review, Option<Severity>), String> {
    let How { url, live, run, log, sign_in, allow_upload, backend, browser } = how;
    let reading = progress::Progress::start();
    let subject = owner::read(path)?;
    // Whoever is asked for a password must see the question.
    drop(reading);
    let said = subject.config.url.as_ref().map(|said| said.value.clone());
    let url = match (url, live, said) {
        (None, true, None) => return Err(format!("--live needs `url` under `[check]` in {}", plimsoll_config::FILE)),
        (None, true, said) => said,
        (url, _, _) => url,
    };
    if log.is_some() && url.is_none() && run.is_none() && backend.is_none() {
        return Err("--log needs --url, --live, --run or --backend: no request is sent without them".into());
    }
    if sign_in && url.is_none() && run.is_none() {
        return Err("--sign-in needs --url, --live or --run: there is nothing to sign in to without them".into());
    }
    let sign_in = sign_in.then(|| probe::sign_in(&subject.config)).transpose()?;
    let _progress = progress::Progress::start();
    let backend =
        backend.map(|address| backend::named(&address, &subject.tree, &mut plimsoll_probe::System)).transpose()?;
    // Kept to the end of the review: dropping it ends the app.
    let started = run.map(|command| start(path, &subject, command)).transpose()?;
    let (url, not_started) = match &started {
        Some(Ok(app)) => (Some(app.url()), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (url, None),
    };
    let browser = probe::browser(browser);
    let asked = review::Asked { url: url.as_deref(), log, not_started, sign_in, allow_upload, backend, browser };
    let review = review::of(&subject, &asked)?;
    Ok((review, subject.config.fail_on.map(|said| said.value)))
}

/// Creates the owner's file in a folder.
fn init(path: &Path) -> Result<String, String> {
    let file = path.join(plimsoll_config::FILE);
    let text = owner::template();
    let mut created =
        std::fs::File::options().write(true).create_new(true).open(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => format!("`{}` is there already; it stays as it is", file.display()),
            _ => format!("`{}` cannot be created: {error}", file.display()),
        })?;
    created.write_all(text.as_bytes()).map_err(|error| format!("`{}` cannot be written: {error}", file.display()))?;
    Ok(format!("Created {}. Everything in it is a comment until you say it.\n", file.display()))
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plimsoll", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Starts the app; an inner error is the app's own failure, which the review reports.
fn start(
    path: &Path,
    subject: &owner::Subject,
    command: String,
) -> Result<Result<plimsoll_probe::Launched, plimsoll_probe::LaunchError>, String> {
    let command = match command.is_empty() {
        false => command,
        true => plimsoll_probe::usual_command(&subject.tree)
            .ok_or("how this app is started could not be told from its files; give the command: --run \"npm start\"")?,
    };
    progress::stage("starting the app");
    Ok(plimsoll_probe::Launched::start(path, &command))
}

/// The earlier report's text, where one is given, and the review as the app is now.
fn earlier_and_now(before: Option<&Path>, path: &Path) -> Result<(Option<String>, Review), String> {
    let earlier = before
        .map(|file| {
            std::fs::read_to_string(file).map_err(|error| format!("`{}` cannot be read: {error}", file.display()))
        })
        .transpose()?;
    Ok((earlier, review::review(path, None)?))
}

fn usage(message: &str) -> ExitCode {
    eprintln!("plimsoll: {message}");
    ExitCode::from(2)
}

/// A closed pipe (`plimsoll check | head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn terminal_options() -> TerminalOptions {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let width = std::env::var("COLUMNS").ok().and_then(|width| width.parse().ok()).unwrap_or(100);
    TerminalOptions { colour, width, verbose: false, unicode: true }
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Level::Low => Severity::Low,
            Level::Medium => Severity::Medium,
            Level::High => Severity::High,
            Level::Critical => Severity::Critical,
        }
    }
}

fn exit_code(review: &Review, fail_on: Option<Severity>) -> ExitCode {
    if let Some(level) = fail_on
        && review.findings.iter().any(|finding| finding.is_open() && finding.severity >= level)
    {
        return ExitCode::from(1);
    }
    match review.verdict.outcome {
        Outcome::Fit => ExitCode::SUCCESS,
        Outcome::Overloaded => ExitCode::from(1),
        Outcome::Incomplete => ExitCode::from(3),
    }
}
