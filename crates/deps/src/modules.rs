//! Which package provides what code imports.

use crate::Ecosystem;

/// Modules of Python packages that are called otherwise, and the packages that provide them.
const MODULES: &[(&str, &[&str])] = &[
    ("attr", &["attrs"]),
    ("bs4", &["beautifulsoup4"]),
    ("cairo", &["pycairo"]),
    ("Crypto", &["pycryptodome", "pycrypto"]),
    ("Cryptodome", &["pycryptodomex"]),
    ("corsheaders", &["django-cors-headers"]),
    ("crispy_forms", &["django-crispy-forms"]),
    ("cv2", &["opencv-python", "opencv-python-headless", "opencv-contrib-python"]),
    ("dateutil", &["python-dateutil"]),
    ("debug_toolbar", &["django-debug-toolbar"]),
    ("decouple", &["python-decouple"]),
    ("discord", &["discord.py", "py-cord"]),
    ("dj_rest_auth", &["dj-rest-auth"]),
    ("dns", &["dnspython"]),
    ("docx", &["python-docx"]),
    ("dotenv", &["python-dotenv"]),
    ("drf_yasg", &["drf-yasg"]),
    ("environ", &["django-environ"]),
    ("faiss", &["faiss-cpu", "faiss-gpu"]),
    ("fitz", &["pymupdf"]),
    ("flask_sqlalchemy", &["flask-sqlalchemy"]),
    ("gi", &["pygobject"]),
    ("git", &["gitpython"]),
    ("google.auth", &["google-auth"]),
    ("google.genai", &["google-genai"]),
    ("google.generativeai", &["google-generativeai"]),
    ("google.oauth2", &["google-auth"]),
    ("google.protobuf", &["protobuf"]),
    ("googleapiclient", &["google-api-python-client"]),
    ("graphene_django", &["graphene-django"]),
    ("grpc", &["grpcio"]),
    ("import_export", &["django-import-export"]),
    ("jose", &["python-jose"]),
    ("jwt", &["pyjwt"]),
    ("ldap", &["python-ldap"]),
    ("magic", &["python-magic"]),
    ("mpl_toolkits", &["matplotlib"]),
    ("multipart", &["python-multipart"]),
    ("MySQLdb", &["mysqlclient"]),
    ("mysql", &["mysql-connector-python", "mysql-connector"]),
    ("nacl", &["pynacl"]),
    ("OpenSSL", &["pyopenssl"]),
    ("PIL", &["pillow"]),
    ("phonenumber_field", &["django-phonenumber-field"]),
    ("playhouse", &["peewee"]),
    ("pptx", &["python-pptx"]),
    ("pkg_resources", &["setuptools"]),
    ("psycopg2", &["psycopg2-binary"]),
    ("pythoncom", &["pywin32"]),
    ("pywintypes", &["pywin32"]),
    ("requests_oauthlib", &["requests-oauthlib"]),
    ("rest_framework", &["djangorestframework"]),
    ("rest_framework_simplejwt", &["djangorestframework-simplejwt"]),
    ("serial", &["pyserial"]),
    ("skimage", &["scikit-image"]),
    ("sklearn", &["scikit-learn"]),
    ("slugify", &["python-slugify"]),
    ("snowflake", &["snowflake-connector-python"]),
    ("socketio", &["python-socketio"]),
    ("engineio", &["python-engineio"]),
    ("socks", &["pysocks"]),
    ("storages", &["django-storages"]),
    ("talib", &["ta-lib"]),
    ("telegram", &["python-telegram-bot"]),
    ("telebot", &["pytelegrambotapi"]),
    ("usb", &["pyusb"]),
    ("websocket", &["websocket-client"]),
    ("widget_tweaks", &["django-widget-tweaks"]),
    ("win32api", &["pywin32"]),
    ("win32com", &["pywin32"]),
    ("win32con", &["pywin32"]),
    ("win32gui", &["pywin32"]),
    ("wx", &["wxpython"]),
    ("yaml", &["pyyaml"]),
    ("zmq", &["pyzmq"]),
];

/// The Python packages that provide a module of another name, by the first part of the module's.
pub(crate) fn packages_of(top: &str) -> impl Iterator<Item = &'static str> {
    MODULES
        .iter()
        .filter(move |(known, _)| known.split('.').next() == Some(top))
        .flat_map(|(_, packages)| *packages)
        .copied()
}

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
            let top = module.split('.').next().unwrap_or(module);
            let of_it = |packages: &[&str]| packages.contains(&name.as_str());
            !top.is_empty() && ecosystem.normalized(top) == name
                || MODULES.iter().any(|(known, packages)| of_it(packages) && begins(known, '.'))
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
