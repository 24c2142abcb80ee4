//! Byte offsets to line numbers.

/// Where each line of a text begins.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes a text. Texts are at most 4 GiB: the size limit of the walker is far below.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        LineIndex { starts }
    }

    /// Line number (from 1) of a byte offset; offsets past the end belong to the last line.
    pub fn line_of(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX).max(1)
    }

    /// Byte range of a line (from 1), its line break included; empty past the end.
    pub fn range_of(&self, line: u32, text_len: usize) -> std::ops::Range<usize> {
        let index = (line.max(1) - 1) as usize;
        let Some(&start) = self.starts.get(index) else { return text_len..text_len };
        let end = self.starts.get(index + 1).map_or(text_len, |&next| next as usize);
        start as usize..end
    }

    /// How many lines there are (at least 1).
    #[expect(clippy::len_without_is_empty, reason = "a text always has a first line")]
    pub fn len(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::LineIndex;

    #[test]
    fn offsets_to_lines() {
        let index = LineIndex::new("a\nbé\n\nd");
        let lines: Vec<u32> = [0, 1, 2, 3, 5, 6, 7, 99].map(|offset| index.line_of(offset)).to_vec();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 4, 4]);
        assert_eq!(index.range_of(2, 8), 2..6);
        assert_eq!(index.range_of(9, 8), 8..8);
    }
}
