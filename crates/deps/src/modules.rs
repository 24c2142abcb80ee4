//! Which package provides what code imports.

use crate::Ecosystem;

/// Python packages whose modules are called otherwise.
const PYTHON: &[(&str, &[&str])] = &[
    ("beautifulsoup4", &["bs4"]),
    ("django-cors-headers", &["corsheaders"]),
    ("djangorestframework", &["rest_framework"]),
    ("gitpython", &["git"]),
    ("mysqlclient", &["MySQLdb"]),
    ("opencv-python", &["cv2"]),
    ("opencv-python-headless", &["cv2"]),
    ("pillow", &["PIL"]),
    ("protobuf", &["google.protobuf"]),
    ("psycopg2-binary", &["psycopg2"]),
    ("pycrypto", &["Crypto"]),
    ("pycryptodome", &["Crypto"]),
    ("pyjwt", &["jwt"]),
    ("pyopenssl", &["OpenSSL"]),
    ("python-dateutil", &["dateutil"]),
    ("python-dotenv", &["dotenv"]),
    ("python-jose", &["jose"]),
    ("python-multipart", &["multipart", "python_multipart"]),
    ("pyyaml", &["yaml"]),
    ("scikit-learn", &["sklearn"]),
    ("setuptools", &["pkg_resources", "setuptools"]),
];

/// Letters and digits in lower case.
fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a package provides a module, by the module's name as code imports it.
pub fn provides(ecosystem: Ecosystem, package: &str, module: &str) -> bool {
    let begins = |start: &str, joint: char| {
        module.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(joint))
    };
    match ecosystem {
        // Deno and some bundlers write where it comes from, and the version.
        Ecosystem::Npm => {
            let module = module.strip_prefix("npm:").unwrap_or(module);
            let at = module.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
            let bare = at.and_then(|at| module.get(..at)).unwrap_or(module);
            bare == package || module.strip_prefix(package).is_some_and(|rest| rest.starts_with(['/', '@']))
        }
        Ecosystem::PyPi => {
            let name = ecosystem.normalized(package);
            match PYTHON.iter().find(|(known, _)| *known == name) {
                Some((_, modules)) => modules.iter().any(|known| begins(known, '.')),
                None => {
                    let top = module.split('.').next().unwrap_or(module);
                    !top.is_empty() && ecosystem.normalized(top) == name
                }
            }
        }
        // The first part of a namespace is as a rule the maker's name, or the package's own.
        Ecosystem::Packagist => {
            let Some((vendor, name)) = package.split_once('/') else { return false };
            let Some(first) = module.split('\\').next().map(squeezed).filter(|first| !first.is_empty()) else {
                return false;
            };
            let (vendor, name) = (squeezed(vendor), squeezed(name));
            first == name || first == vendor && squeezed(module).contains(&name)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_code_imports_is_found_in_its_package() {
        use Ecosystem::{Npm, Packagist, PyPi};
        for (ecosystem, package, module, expected) in [
            (Npm, "lodash", "lodash", true),
            (Npm, "lodash", "lodash/merge", true),
            (Npm, "lodash", "lodash.merge", false),
            (Npm, "lodash", "./lodash", false),
            (Npm, "@acme/ui", "@acme/ui/button", true),
            (Npm, "@acme/ui", "@acme/ui-kit", false),
            (Npm, "hono", "npm:hono@4.1.0/cors", true),
            (Npm, "@acme/ui", "npm:@acme/ui@1", true),
            (PyPi, "Flask-Login", "flask_login", true),
            (PyPi, "flask", "flask_login", false),
            (PyPi, "PyYAML", "yaml", true),
            (PyPi, "Pillow", "PIL.Image", true),
            (PyPi, "requests", "requests.adapters", true),
            (PyPi, "requests", ".requests", false),
            (Packagist, "guzzlehttp/guzzle", "GuzzleHttp", true),
            (Packagist, "phpmailer/phpmailer", "PHPMailer\\PHPMailer", true),
            (Packagist, "symfony/http-foundation", "Symfony\\Component\\HttpFoundation", true),
            (Packagist, "symfony/http-foundation", "Symfony\\Component\\Mailer", false),
            (Packagist, "monolog/monolog", "Monolog", true),
        ] {
            assert_eq!(provides(ecosystem, package, module), expected, "{package} {module}");
        }
    }
}
