//! Names of packages: those that many use, those that look like one of them, and what code imports under another name.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::{Ecosystem, modules};

/// Parts of Node.js, and modules that a runtime or a bundler provides.
const NODE: &str = "\
     assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram \
     diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector module net os \
     path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl stream \
     string_decoder sys timers timers/promises tls trace_events tty url util v8 vm wasi worker_threads zlib test \
     sqlite sea \
     bun deno electron vscode k6 server-only client-only next vite meteor chrome wx uno.css photoshop uxp atom";

/// Python's own modules, of all versions from 3.6 on.
const PYTHON: &str = "\
     __future__ __main__ _thread abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore \
     atexit audioop base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd \
     code codecs codeop collections colorsys compileall compression concurrent configparser contextlib \
     contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils \
     doctest dummy_threading email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch \
     formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib \
     heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword \
     lib2to3 linecache locale logging lzma macpath mailbox mailcap marshal math mimetypes mmap modulefinder \
     msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os \
     ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath \
     pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline \
     reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd \
     smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics \
     string stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib \
     tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback \
     tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave \
     weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo \
     pkg_resources setuptools pip";

/// Names that many use, of one ecosystem: lines sorted by name, a letter and a space before each. The letter is a capital
/// where somebody would imitate the name.
struct Popular {
    lines: &'static str,
    capital: char,
}

const POPULAR: &str = include_str!("../data/popular.txt");

impl Popular {
    /// The lines of one kind; they stand together.
    fn of(kind: char) -> Self {
        let capital = kind.to_ascii_uppercase();
        let first = |kind: char| {
            let ends = [kind, kind.to_ascii_uppercase()].map(|letter| POPULAR.find(&format!("\n{letter} ")));
            ends.into_iter().flatten().min().map(|at| at + 1)
        };
        let start = first(kind).unwrap_or(POPULAR.len());
        let end = ['n', 'p'].into_iter().filter_map(first).filter(|at| *at > start).min().unwrap_or(POPULAR.len());
        Popular { lines: &POPULAR[start..end], capital }
    }

    fn has(&self, name: &str) -> bool {
        // By halves of the text itself, so that nothing has to be made of it first.
        let mut lines = self.lines.as_bytes();
        while !lines.is_empty() {
            let (before, behind) = lines.split_at(lines.len() / 2);
            let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let end = behind.iter().position(|&byte| byte == b'\n').map_or(lines.len(), |at| before.len() + at);
            match lines.get(start + 2..end).unwrap_or_default().cmp(name.as_bytes()) {
                Ordering::Equal => return true,
                Ordering::Less => lines = lines.get(end + 1..).unwrap_or_default(),
                Ordering::Greater => lines = &lines[..start],
            }
        }
        false
    }

    /// Those that somebody would imitate.
    fn imitated(&self) -> impl Iterator<Item = &'static str> {
        let capital = self.capital;
        self.lines.lines().filter_map(move |line| line.strip_prefix(capital)?.strip_prefix(' '))
    }
}

fn list(ecosystem: Ecosystem) -> Option<&'static Popular> {
    static NPM: LazyLock<Popular> = LazyLock::new(|| Popular::of('n'));
    static PYPI: LazyLock<Popular> = LazyLock::new(|| Popular::of('p'));
    match ecosystem {
        Ecosystem::Npm => Some(&NPM),
        Ecosystem::PyPi => Some(&PYPI),
        _ => None,
    }
}

/// A name in small letters, without its separators.
fn joined(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|letter| !matches!(letter, b'-' | b'_' | b'.')).map(|letter| letter.to_ascii_lowercase())
}

fn joined_text(name: &str) -> String {
    String::from_utf8_lossy(&joined(name).collect::<Vec<u8>>()).into_owned()
}

/// Whether many use a package of this name.
pub fn is_popular(ecosystem: Ecosystem, name: &str) -> bool {
    list(ecosystem).is_some_and(|list| list.has(&ecosystem.normalized(name)))
}

/// The package that many use and whose name this one nearly has; `None` for names that many use themselves.
///
/// One letter too many, too few, another or two exchanged, or other separators. Digits tell versions apart and a
/// plural's `s` is how people name things: neither is a likeness. Scoped names belong to their scope.
pub fn looks_like(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let list = list(ecosystem)?;
    let name = ecosystem.normalized(name);
    if name.len() < 5 || name.len() > 60 || name.contains('/') || list.has(&name) {
        return None;
    }
    let others = || list.imitated().filter(|other| *other != name && !other.contains('/'));
    others().find(|other| joined(other).eq(joined(&name))).or_else(|| {
        others().find(|other| other.len() >= 5 && other.len().abs_diff(name.len()) <= 1 && one_slip(&name, other))
    })
}

/// Whether one slip of the hand makes one name the other.
fn one_slip(a: &str, b: &str) -> bool {
    // Most names differ at both ends.
    if a.chars().next() != b.chars().next() && a.chars().next_back() != b.chars().next_back() {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[same..].iter().rev().zip(b[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&a[same..a.len() - tail], &b[same..b.len() - tail]);
    // A plural; `expresss` is none.
    let harmless = |letters: &[char], word: &[char]| {
        letters.iter().any(|letter| letter.is_ascii_digit() || matches!(letter, '-' | '_' | '.'))
            || (letters == ['s']
                && same + 1 == word.len()
                && same.checked_sub(1).and_then(|at| word.get(at)) != Some(&'s'))
    };
    match (left, right) {
        (left, []) if left.len() == 1 => !harmless(left, &a),
        ([], right) if right.len() == 1 => !harmless(right, &b),
        ([x], [y]) => !harmless(&[*x], &[]) && !harmless(&[*y], &[]),
        ([x, y], [u, v]) => x == v && y == u && !harmless(&[*x, *y], &[]),
        _ => false,
    }
}

/// What the app's manifests and lockfiles name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub(crate) named: BTreeSet<(Ecosystem, String)>,
}

impl Names {
    pub(crate) fn add(&mut self, ecosystem: Ecosystem, name: &str) {
        self.named.insert((ecosystem, ecosystem.normalized(name)));
    }

    fn has(&self, ecosystem: Ecosystem, name: &str) -> bool {
        self.named.contains(&(ecosystem, ecosystem.normalized(name)))
    }

    /// Whether anything is named for an ecosystem at all.
    pub fn any(&self, ecosystem: Ecosystem) -> bool {
        self.named.iter().any(|(known, _)| *known == ecosystem)
    }

    /// Whether what code imports comes from a package that is named, or from the language itself. For Python the name is
    /// the module's first part.
    pub fn explain(&self, ecosystem: Ecosystem, module: &str) -> bool {
        match ecosystem {
            Ecosystem::Npm => {
                NODE.split_ascii_whitespace().any(|own| own == module)
                    || self.has(ecosystem, module)
                    || self.has(ecosystem, &format!("@types/{}", module.trim_start_matches('@').replacen('/', "__", 1)))
            }
            Ecosystem::PyPi => {
                PYTHON.split_ascii_whitespace().any(|own| own == module)
                    || self.has(ecosystem, module)
                    || modules::packages_of(module).any(|package| self.has(ecosystem, package))
                    || self.part_of_a_name(module)
            }
            _ => true,
        }
    }

    /// `environ` of `django-environ`, `fooext` of `py-foo-ext`: most packages have their module's name in theirs.
    fn part_of_a_name(&self, module: &str) -> bool {
        let module = joined_text(module);
        module.len() > 2
            && self.named.iter().filter(|(ecosystem, _)| *ecosystem == Ecosystem::PyPi).any(|(_, name)| {
                let name = joined_text(name);
                name.contains(&module) || (name.len() > 3 && module.contains(&name))
            })
    }
}

/// Whether a Python module belongs to a package that many use, named or not.
pub fn is_popular_module(module: &str) -> bool {
    is_popular(Ecosystem::PyPi, module) || modules::packages_of(module).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::{Names, is_popular, looks_like};
    use crate::Ecosystem;

    #[test]
    fn names_that_look_like_others() {
        for (name, other) in [
            ("expresss", Some("express")),
            ("exprses", Some("express")),
            ("lodahs", Some("lodash")),
            ("axois", Some("axios")),
            ("crossenv", Some("cross-env")),
            ("reactdom", Some("react-dom")),
            // Many use these themselves.
            ("preact", None),
            ("express", None),
            ("request", None),
            // Another version, a plural, a scope, and a name of its own.
            ("lodash4", None),
            ("@acme/expres", None),
            ("invoice-helper-tools", None),
        ] {
            assert_eq!(looks_like(Ecosystem::Npm, name), other, "{name}");
        }
        assert_eq!(looks_like(Ecosystem::PyPi, "reqeusts"), Some("requests"));
        assert_eq!(looks_like(Ecosystem::PyPi, "python_dateutil"), None);
        assert!(is_popular(Ecosystem::PyPi, "PyYAML"));
    }

    #[test]
    fn what_a_named_package_explains() {
        let mut names = Names::default();
        for name in ["PyYAML", "django-environ", "psycopg2-binary", "Flask-Login"] {
            names.add(Ecosystem::PyPi, name);
        }
        for module in ["yaml", "environ", "psycopg2", "flask_login", "json", "asyncio"] {
            assert!(names.explain(Ecosystem::PyPi, module), "{module}");
        }
        assert!(!names.explain(Ecosystem::PyPi, "invoice_magic"));
        names.add(Ecosystem::Npm, "@types/acme__forms");
        assert!(names.explain(Ecosystem::Npm, "@acme/forms") && names.explain(Ecosystem::Npm, "fs/promises"));
        assert!(!names.explain(Ecosystem::Npm, "react-made-up"));
    }
}
