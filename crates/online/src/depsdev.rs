//! What registries know of packages, asked of deps.dev (docs.deps.dev/api/v3).

use plimsoll_deps::{Day, Ecosystem, LookUp, LookUpError, PackageFacts, Registry, VersionFacts};
use serde::Deserialize;
use ureq::Agent;

use crate::http::{AddressError, agent};

/// The public service.
pub const DEPS_DEV: &str = "https://api.deps.dev/v3";

/// The largest package has some ten thousand versions.
const MAX_ANSWER: u64 = 32 << 20;

/// deps.dev, or what speaks like it.
#[derive(Debug)]
pub struct DepsDev {
    base: String,
    agent: Agent,
}

impl DepsDev {
    /// The service at an address: https, or http on this computer.
    ///
    /// # Errors
    /// When it is no such address.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        let (base, agent) = agent(address)?;
        Ok(DepsDev { base, agent })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    versions: Vec<PackageVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageVersion {
    version_key: VersionKey,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    is_deprecated: bool,
}

#[derive(Deserialize)]
struct VersionKey {
    #[serde(default)]
    name: String,
    version: String,
}

/// What a version brings, as the service resolved it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resolved {
    #[serde(default)]
    nodes: Vec<ResolvedNode>,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResolvedNode {
    version_key: VersionKey,
    #[serde(default)]
    relation: String,
}

fn system(ecosystem: Ecosystem) -> Option<&'static str> {
    Some(match ecosystem {
        Ecosystem::Npm => "npm",
        Ecosystem::PyPi => "pypi",
        Ecosystem::CratesIo => "cargo",
        Ecosystem::Go => "go",
        Ecosystem::Maven => "maven",
        Ecosystem::RubyGems => "rubygems",
        _ => return None,
    })
}

/// Percent-encoded as one part of a path: `@colors/colors` becomes `%40colors%2Fcolors`.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

impl Registry for DepsDev {
    fn label(&self) -> String {
        self.base.clone()
    }

    fn covers(&self, ecosystem: Ecosystem) -> bool {
        system(ecosystem).is_some()
    }

    fn look_up(&self, ecosystem: Ecosystem, name: &str) -> Result<LookUp, LookUpError> {
        let Some(package) = self.get::<Package>(ecosystem, name, "")? else { return Ok(LookUp::Unknown) };
        if package.versions.is_empty() {
            return Ok(LookUp::Unknown);
        }
        let latest = package.versions.iter().find(|version| version.is_default);
        Ok(LookUp::Known(PackageFacts {
            latest: latest.map(|version| version.version_key.version.clone()),
            versions: package
                .versions
                .iter()
                .map(|version| VersionFacts {
                    version: version.version_key.version.clone(),
                    published: version.published_at.as_deref().and_then(Day::parse),
                    deprecated: version.is_deprecated,
                })
                .collect(),
        }))
    }

    fn brings(&self, ecosystem: Ecosystem, name: &str, version: &str) -> Result<Vec<(String, String)>, LookUpError> {
        let path = format!("/versions/{}:dependencies", encoded(version));
        let resolved = self
            .get::<Resolved>(ecosystem, name, &path)?
            .ok_or_else(|| LookUpError::Failed(format!("nothing is known of what {name} {version} needs")))?;
        if !resolved.error.is_empty() {
            return Err(LookUpError::Failed(resolved.error));
        }
        let others = resolved.nodes.into_iter().filter(|node| node.relation != "SELF");
        Ok(others.map(|node| (node.version_key.name, node.version_key.version)).collect())
    }
}

impl DepsDev {
    /// The answer about a package, or a part of it; `None` where it knows none.
    fn get<T: serde::de::DeserializeOwned>(
        &self,
        ecosystem: Ecosystem,
        name: &str,
        rest: &str,
    ) -> Result<Option<T>, LookUpError> {
        let system = system(ecosystem).ok_or(LookUpError::NotCovered)?;
        if name.is_empty() || name.len() > 500 || name == "." || name == ".." {
            return Err(LookUpError::Failed("it is not a name of a package".to_owned()));
        }
        let url = format!("{}/systems/{system}/packages/{}{rest}", self.base, encoded(name));
        let failed = |error: ureq::Error| LookUpError::Failed(error.to_string());
        let mut response = self.agent.get(&url).call().map_err(failed)?;
        match response.status().as_u16() {
            200 => {}
            404 => return Ok(None),
            status => return Err(LookUpError::Failed(format!("the answer is {status}"))),
        }
        let bytes = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(failed)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| LookUpError::Failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_part_of_a_path() {
        assert_eq!(encoded("@colors/colors"), "%40colors%2Fcolors");
        assert_eq!(encoded("org.example:lib"), "org.example%3Alib");
        assert_eq!(encoded("../x"), "..%2Fx");
    }
}
