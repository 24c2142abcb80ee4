//! Bytes of entries: LEB128 numbers, length-prefixed texts.

use super::IndexError;
use crate::osv::{Advisory, End, Kind, Severity, Span};

/// In an advisory's flags: functions follow after everything else.
const SYMBOLS: u8 = 1 << 6;

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

const SHORT: IndexError = IndexError::Damaged("an entry is cut short");

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], IndexError> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(SHORT)?;
        self.bytes = tail;
        Ok(head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, IndexError> {
        self.take(1)?.first().copied().ok_or(SHORT)
    }

    pub(super) fn u32(&mut self) -> Result<u32, IndexError> {
        self.take(4)?.try_into().map(u32::from_le_bytes).map_err(|_| SHORT)
    }

    pub(super) fn number(&mut self) -> Result<usize, IndexError> {
        let mut value = 0usize;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(IndexError::Damaged("a number is too long"))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], IndexError> {
        let length = self.number()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, IndexError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| IndexError::Damaged("a text is not UTF-8"))
    }

    fn texts(&mut self) -> Result<Vec<String>, IndexError> {
        let count = self.number()?;
        (0..count).map(|_| self.text().map(str::to_owned)).collect()
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// The ecosystem number and the name of an entry.
pub(super) fn entry_head<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a str), IndexError> {
    Ok((reader.byte()?, reader.text()?))
}

pub(super) fn advisories(reader: &mut Reader<'_>) -> Result<Vec<Advisory>, IndexError> {
    let mut out = Vec::new();
    while !reader.is_empty() {
        out.push(advisory(reader)?);
    }
    Ok(out)
}

fn advisory(reader: &mut Reader<'_>) -> Result<Advisory, IndexError> {
    let id = reader.text()?.to_owned();
    let aliases = reader.texts()?;
    let summary = reader.text()?.to_owned();
    let flags = reader.byte()?;
    let score = reader.byte()?;
    let severity = match flags & 7 {
        0 => Severity::Unknown,
        1 => Severity::Low,
        2 => Severity::Medium,
        3 => Severity::High,
        4 => Severity::Critical,
        _ => return Err(IndexError::Damaged("an unknown severity")),
    };
    let kind = match (flags >> 3) & 3 {
        0 => Kind::Vulnerability,
        1 => Kind::Malicious,
        2 => Kind::Unmaintained,
        _ => Kind::Notice,
    };
    let mut spans = Vec::new();
    for _ in 0..reader.number()? {
        let shape = reader.byte()?;
        let introduced = reader.text()?.to_owned();
        let end = match shape & 3 {
            0 => End::Open,
            1 => End::Fixed(reader.text()?.to_owned()),
            2 => End::Last(reader.text()?.to_owned()),
            _ => return Err(IndexError::Damaged("an unknown kind of range")),
        };
        spans.push(Span { introduced, exclusive: shape & 4 != 0, end });
    }
    let versions = reader.texts()?;
    let symbols = if flags & SYMBOLS != 0 { reader.texts()? } else { Vec::new() };
    Ok(Advisory {
        id,
        aliases,
        summary,
        severity,
        score: if score == u8::MAX { None } else { Some(score) },
        kind,
        partial: flags & 32 != 0,
        spans,
        versions,
        symbols,
    })
}

pub(super) fn put_advisory(out: &mut Vec<u8>, advisory: &Advisory) {
    put_bytes(out, advisory.id.as_bytes());
    put_texts(out, &advisory.aliases);
    put_bytes(out, advisory.summary.as_bytes());
    let severity = match advisory.severity {
        Severity::Unknown => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    };
    let kind = match advisory.kind {
        Kind::Vulnerability => 0,
        Kind::Malicious => 1,
        Kind::Unmaintained => 2,
        Kind::Notice => 3,
    };
    let symbols = if advisory.symbols.is_empty() { 0 } else { SYMBOLS };
    out.push(severity | kind << 3 | u8::from(advisory.partial) << 5 | symbols);
    out.push(advisory.score.unwrap_or(u8::MAX));
    put_number(out, advisory.spans.len());
    for span in &advisory.spans {
        let (shape, end) = match &span.end {
            End::Open => (0, None),
            End::Fixed(version) => (1, Some(version)),
            End::Last(version) => (2, Some(version)),
        };
        out.push(shape | u8::from(span.exclusive) << 2);
        put_bytes(out, span.introduced.as_bytes());
        if let Some(version) = end {
            put_bytes(out, version.as_bytes());
        }
    }
    put_texts(out, &advisory.versions);
    if !advisory.symbols.is_empty() {
        put_texts(out, &advisory.symbols);
    }
}

fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    put_number(out, texts.len());
    for text in texts {
        put_bytes(out, text.as_bytes());
    }
}
