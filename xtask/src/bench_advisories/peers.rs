//! Other programs on the same lockfile and the same records, in the same run: trivy and `npm audit`. Where one of them is not
//! there, that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{PACKAGES, megabytes, timed};

/// Cold runs of a peer, of which the median is taken.
const RUNS: usize = 5;

/// npm's advisories: package, id, affected versions in npm's words, the line.
#[derive(Default)]
pub(super) struct Records {
    by_package: BTreeMap<String, BTreeMap<String, (String, String)>>,
}

impl Records {
    /// Takes an OSV record.
    pub(super) fn add(&mut self, record: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if !record["withdrawn"].is_null() {
            return;
        }
        let id = text(&record["id"]);
        for affected in record["affected"].as_array().into_iter().flatten() {
            if affected["package"]["ecosystem"] != "npm" {
                continue;
            }
            let mut parts: Vec<String> = Vec::new();
            for range in affected["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT") {
                let mut low: Option<String> = None;
                let from = |low: Option<String>| match low.as_deref() {
                    None | Some("0") => String::new(),
                    Some(version) => format!(">={version} "),
                };
                for event in range["events"].as_array().into_iter().flatten() {
                    if let Some(version) = event["introduced"].as_str() {
                        low.get_or_insert(version.to_owned());
                    } else if let Some(version) = event["fixed"].as_str() {
                        parts.push(format!("{}<{version}", from(low.take())));
                    } else if let Some(version) = event["last_affected"].as_str() {
                        parts.push(format!("{}<={version}", from(low.take())));
                    }
                }
                if let Some(low) = low {
                    parts.push(format!(">={low}"));
                }
            }
            if parts.is_empty() {
                parts.extend(
                    affected["versions"].as_array().into_iter().flatten().map(|version| format!("={}", text(version))),
                );
            }
            let package = text(&affected["package"]["name"]);
            let slot = self.by_package.entry(package).or_default().entry(id.clone());
            let (ranges, _) = slot.or_insert_with(|| (String::new(), text(&record["summary"])));
            if !ranges.is_empty() && !parts.is_empty() {
                ranges.push_str(" || ");
            }
            ranges.push_str(&parts.join(" || "));
        }
    }
}

/// Measures the peers and prints a line for each.
pub(super) fn measure(place: &Path, app: &Path, records: Records) -> Result<()> {
    match trivy(place, app, &records) {
        Ok(line) => println!("trivy               {line}"),
        Err(error) => println!("trivy               did not run here: {error:#}"),
    }
    match npm(place, app, records) {
        Ok(line) => println!("npm audit           {line}"),
        Err(error) => println!("npm audit           did not run here: {error:#}"),
    }
    Ok(())
}

/// Median, least, peak and the count of what was found, in words.
fn runs(mut command: impl FnMut() -> Command, found: impl Fn(&[u8]) -> Option<usize>) -> Result<String> {
    let output = command().output()?;
    let found = found(&output.stdout).with_context(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("its answer cannot be read: {}", said.lines().last().unwrap_or("nothing was said"))
    })?;
    let (mut times, mut most) = (Vec::new(), None);
    for _ in 0..RUNS {
        let (took, peak, _) = timed(&mut command())?;
        times.push(took);
        most = most.max(peak);
    }
    times.sort();
    Ok(format!(
        "{:.1} ms (least {:.1}), {} MB at most, {PACKAGES} packages, {found} found, median of {RUNS} cold processes",
        times[RUNS / 2].as_secs_f64() * 1e3,
        times[0].as_secs_f64() * 1e3,
        megabytes(most)
    ))
}

/// `trivy` of the path, or the program that `PLIMSOLL_TRIVY` names, with a database of these records.
fn trivy(place: &Path, app: &Path, records: &Records) -> Result<String> {
    let program = std::env::var_os("PLIMSOLL_TRIVY").unwrap_or_else(|| "trivy".into());
    Command::new(&program).arg("--version").output().context("there is no `trivy` (set PLIMSOLL_TRIVY to one)")?;
    let cache = place.join("trivy");
    std::fs::create_dir_all(cache.join("db"))?;
    std::fs::write(cache.join("db/trivy.db"), trivy_database(records))?;
    let far = "2099-01-01T00:00:00Z";
    let metadata = json!({"Version": 2, "NextUpdate": far, "UpdatedAt": "2026-01-01T00:00:00Z", "DownloadedAt": "2026-01-01T00:00:00Z"});
    std::fs::write(cache.join("db/metadata.json"), metadata.to_string())?;
    let command = || {
        let mut command = Command::new(&program);
        command
            .args([
                "fs",
                "--quiet",
                "--scanners",
                "vuln",
                "--offline-scan",
                "--skip-db-update",
                "--skip-java-db-update",
            ])
            .args(["--skip-check-update", "--format", "json", "--cache-dir"])
            .arg(&cache)
            .arg(app);
        command
    };
    runs(command, |bytes| {
        let report: Value = serde_json::from_slice(bytes).ok()?;
        let results = report["Results"].as_array()?;
        Some(results.iter().filter_map(|result| result["Vulnerabilities"].as_array()).map(Vec::len).sum())
    })
}

/// `npm audit` against a registry on this computer that answers from these records.
fn npm(place: &Path, app: &Path, records: Records) -> Result<String> {
    Command::new("npm").arg("--version").output().context("there is no `npm`")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}/", listener.local_addr()?);
    let records = Arc::new(records);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let records = Arc::clone(&records);
            std::thread::spawn(move || answer(stream, &records));
        }
    });
    let cache = place.join("npm");
    let command = || {
        let mut command = Command::new("npm");
        command.args(["audit", "--json", "--registry", &address, "--cache"]).arg(&cache).current_dir(app);
        command
    };
    runs(command, |bytes| {
        let report: Value = serde_json::from_slice(bytes).ok()?;
        let packages = report["vulnerabilities"].as_object()?;
        // An advisory is an object, a package that brings one is a name.
        let ids: BTreeSet<String> = packages
            .values()
            .flat_map(|package| package["via"].as_array().into_iter().flatten())
            .filter(|via| via.is_object())
            .map(|via| format!("{} {}", via["name"], via["url"]))
            .collect();
        Some(ids.len())
    })
}

/// Answers requests of one connection.
fn answer(stream: TcpStream, records: &Records) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
        let (mut length, mut packed) = (0usize, false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let Some((name, value)) = line.trim().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "content-encoding" => packed = value.trim().eq_ignore_ascii_case("gzip"),
                _ => {}
            }
        }
        let mut body = vec![0; length.min(16 << 20)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        if packed {
            let mut plain = Vec::new();
            if flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut plain).is_err() {
                return;
            }
            body = plain;
        }
        let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').replace("%2f", "/");
        let reply = if path.ends_with("advisories/bulk") { bulk(&body, records) } else { packument(&path) };
        let text = reply.to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(text.as_bytes())).is_err() {
            return;
        }
    }
}

/// The advisories about the packages that are asked for; npm itself looks which versions they hit.
fn bulk(body: &[u8], records: &Records) -> Value {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut out = serde_json::Map::new();
    for name in asked.as_object().into_iter().flat_map(serde_json::Map::keys) {
        let Some(known) = records.by_package.get(name) else { continue };
        let list: Vec<Value> = known
            .iter()
            .enumerate()
            .map(|(at, (id, (ranges, title)))| {
                json!({"id": at + 1, "url": format!("https://advisories.example/{id}"), "title": title, "severity": "high",
                       "vulnerable_versions": ranges, "cwe": [], "cvss": {"score": 0, "vectorString": null}})
            })
            .collect();
        out.insert(name.clone(), Value::Array(list));
    }
    Value::Object(out)
}

/// All versions of a made package.
fn packument(name: &str) -> Value {
    let versions: serde_json::Map<String, Value> = (0..20)
        .map(|minor| format!("1.{minor}.0"))
        .chain(["99.0.0".to_owned()])
        .map(|version| {
            let one = json!({"name": name, "version": version, "dist": {"tarball": "http://127.0.0.1/none.tgz"}});
            (version, one)
        })
        .collect();
    json!({"name": name, "dist-tags": {"latest": "99.0.0"}, "versions": versions})
}

// The file of bbolt, as trivy reads it (go.etcd.io/bbolt: page.go, bucket.go, db.go): pages of 4 KiB, two of them meta pages,
// one list of free pages, then a B+ tree of buckets.

const PAGE: usize = 4096;
const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const META: u16 = 4;
const FREE_LIST: u16 = 16;

/// A key with its value; `true` for a bucket.
type Item = (Vec<u8>, Vec<u8>, bool);

fn page_head(id: u64, flags: u16, count: usize, overflow: usize) -> Vec<u8> {
    let mut out = id.to_le_bytes().to_vec();
    out.extend(flags.to_le_bytes());
    out.extend((count as u16).to_le_bytes());
    out.extend((overflow as u32).to_le_bytes());
    out
}

/// The elements of a leaf and their bytes, without the head of the page.
fn leaf_body(items: &[Item]) -> Vec<u8> {
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (at, (key, value, bucket)) in items.iter().enumerate() {
        let position = (items.len() - at) * 16 + data.len();
        for number in [u32::from(*bucket), position as u32, key.len() as u32, value.len() as u32] {
            table.extend(number.to_le_bytes());
        }
        data.extend_from_slice(key);
        data.extend_from_slice(value);
    }
    table.append(&mut data);
    table
}

/// The pages after the first three.
struct Pages {
    bytes: Vec<u8>,
}

impl Pages {
    fn next(&self) -> u64 {
        3 + (self.bytes.len() / PAGE) as u64
    }

    fn push(&mut self, flags: u16, count: usize, body: &[u8]) -> u64 {
        let id = self.next();
        let pages = (16 + body.len()).div_ceil(PAGE);
        let start = self.bytes.len();
        self.bytes.extend(page_head(id, flags, count, pages - 1));
        self.bytes.extend_from_slice(body);
        self.bytes.resize(start + pages * PAGE, 0);
        id
    }

    /// Writes a tree of sorted items; gives the page of its root.
    fn tree(&mut self, items: &[Item]) -> u64 {
        let mut level: Vec<(Vec<u8>, u64)> = Vec::new();
        let mut rest = items;
        while !rest.is_empty() || level.is_empty() {
            let (mut size, mut count) = (16, 0);
            for (key, value, _) in rest {
                size += 16 + key.len() + value.len();
                if count > 0 && size > PAGE {
                    break;
                }
                count += 1;
            }
            let (head, tail) = rest.split_at(count);
            let id = self.push(LEAF, count, &leaf_body(head));
            level.push((head.first().map(|(key, _, _)| key.clone()).unwrap_or_default(), id));
            rest = tail;
        }
        while level.len() > 1 {
            let mut above = Vec::new();
            for members in level.chunks(64) {
                let (mut table, mut data): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
                for (at, (key, id)) in members.iter().enumerate() {
                    let position = (members.len() - at) * 16 + data.len();
                    table.extend((position as u32).to_le_bytes());
                    table.extend((key.len() as u32).to_le_bytes());
                    table.extend(id.to_le_bytes());
                    data.extend_from_slice(key);
                }
                table.append(&mut data);
                let id = self.push(BRANCH, members.len(), &table);
                above.push((members[0].0.clone(), id));
            }
            level = above;
        }
        level[0].1
    }

    /// A bucket as the value of its key.
    fn bucket(&mut self, items: &[Item]) -> Vec<u8> {
        let mut out = self.tree(items).to_le_bytes().to_vec();
        out.extend(0u64.to_le_bytes());
        out
    }
}

/// A small bucket, kept in its key's value.
fn inline_bucket(items: &[Item]) -> Vec<u8> {
    let mut out = vec![0; 16];
    out.extend(page_head(0, LEAF, items.len(), 0));
    out.extend(leaf_body(items));
    out
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A database of trivy, schema 2: for each source a bucket of packages, each a bucket of advisories.
fn trivy_database(records: &Records) -> Vec<u8> {
    const SOURCE: &str = "npm::Measured records";
    let mut pages = Pages { bytes: Vec::new() };
    let mut details: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut packages: Vec<Item> = Vec::new();
    for (name, advisories) in &records.by_package {
        let items: Vec<Item> = advisories
            .iter()
            .map(|(id, (ranges, title))| {
                let detail = json!({"Title": title, "Severity": "HIGH"});
                details.insert(id, detail.to_string().into_bytes());
                let ranges: Vec<&str> = ranges.split(" || ").collect();
                (id.clone().into_bytes(), json!({"VulnerableVersions": ranges}).to_string().into_bytes(), false)
            })
            .collect();
        let size: usize = items.iter().map(|(key, value, _)| 16 + key.len() + value.len()).sum();
        let value = if size < PAGE / 4 { inline_bucket(&items) } else { pages.bucket(&items) };
        packages.push((name.clone().into_bytes(), value, true));
    }
    let details: Vec<Item> = details.into_iter().map(|(id, detail)| (id.as_bytes().to_vec(), detail, false)).collect();
    let source = json!({"ID": "ghsa", "Name": "Measured records", "URL": "https://advisories.example"});
    let sources = [(SOURCE.as_bytes().to_vec(), source.to_string().into_bytes(), false)];
    let roots = [
        (b"data-source".to_vec(), pages.bucket(&sources), true),
        (SOURCE.as_bytes().to_vec(), pages.bucket(&packages), true),
        (b"vulnerability".to_vec(), pages.bucket(&details), true),
    ];
    let root = pages.tree(&roots);
    let mut out = Vec::new();
    for id in 0..2u64 {
        let mut meta = Vec::new();
        for number in [0xED0C_DAED_u32, 2, PAGE as u32, 0] {
            meta.extend(number.to_le_bytes());
        }
        // The root and its sequence, the list of free pages, the first page that is not used, the transaction.
        for number in [root, 0, 2, pages.next(), id] {
            meta.extend(number.to_le_bytes());
        }
        let sum = fnv(&meta);
        meta.extend(sum.to_le_bytes());
        let mut page = page_head(id, META, 0, 0);
        page.append(&mut meta);
        page.resize(PAGE, 0);
        out.append(&mut page);
    }
    let mut free = page_head(2, FREE_LIST, 0, 0);
    free.resize(PAGE, 0);
    out.append(&mut free);
    out.append(&mut pages.bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_those_of_npm() {
        let mut records = Records::default();
        records.add(&json!({"id": "X-1", "summary": "s", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "ranges": [
            {"type": "GIT", "events": [{"introduced": "0"}]},
            {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"last_affected": "2.1.0"}]}]}]}));
        records.add(&json!({"id": "X-2", "withdrawn": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "a"}}]}));
        assert_eq!(records.by_package["a"]["X-1"].0, "<1.2.0 || >=2.0.0 <=2.1.0");
        assert_eq!(records.by_package["a"].len(), 1);
    }

    #[test]
    fn a_tree_of_many_keys_has_them_all_in_order() {
        let mut pages = Pages { bytes: Vec::new() };
        let items: Vec<Item> = (0..5000).map(|at| (format!("{at:05}").into_bytes(), vec![b'x'; 40], false)).collect();
        let root = pages.tree(&items);
        // Walks as a reader does: branches lead to leaves, elements to keys.
        fn keys(bytes: &[u8], id: u64, out: &mut Vec<Vec<u8>>) {
            let page = &bytes[(id as usize - 3) * PAGE..];
            let number = |at: usize| u32::from_le_bytes(page[at..at + 4].try_into().expect("4 bytes")) as usize;
            let (flags, count) = (page[8], usize::from(page[10]) | usize::from(page[11]) << 8);
            for at in (0..count).map(|at| 16 + at * 16) {
                if flags == LEAF as u8 {
                    let start = at + number(at + 4);
                    out.push(page[start..start + number(at + 8)].to_vec());
                } else {
                    keys(bytes, number(at + 8) as u64, out);
                }
            }
        }
        let mut found = Vec::new();
        keys(&pages.bytes, root, &mut found);
        assert_eq!(found, items.into_iter().map(|(key, _, _)| key).collect::<Vec<_>>());
    }
}
