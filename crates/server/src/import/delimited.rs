//! CSV as records, each with the physical lines it takes. Own code, because `csv` tells neither an unclosed quotation mark nor
//! the lines of a record, and drops the marks of `"学雷锋"主题活动`.
//!
//! - A line ends with LF, CRLF or CR. Every line belongs to exactly one record, or to what an unclosed mark has swallowed.
//! - A cell is quoted if it begins with a mark and the next mark that is not doubled stands at its end (RFC 4180); spaces
//!   between that mark and the end of the cell are dropped.
//! - A cell that begins with a mark and is not quoted is taken as it stands, marks and all, if they are even in number; an odd
//!   one was opened and never closed.
//! - Elsewhere a mark is a character like others.

use super::table::Record;

/// A file's records, up to an unclosed mark if there is one.
#[derive(Debug, Default)]
pub struct Delimited {
    /// In the file's order, blank ones among them.
    pub records: Vec<Record>,
    /// The cells that have line breaks.
    pub broken: Vec<Broken>,
    /// The mark that is never closed.
    pub unclosed: Option<Opened>,
    /// Physical lines of the whole file.
    pub lines: u64,
}

/// Where a quotation mark was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The physical line.
    pub line: u64,
    /// The column, from 0.
    pub column: usize,
    /// The cells of that line, if marks are characters like others.
    pub cells: Vec<String>,
}

/// A cell that has line breaks.
#[derive(Debug)]
pub struct Broken {
    /// Its mark.
    pub opened: Opened,
    /// What it says.
    pub text: String,
    /// How many delimiters are in it.
    pub delimiters: usize,
}

/// How many physical lines a text has; what follows the last line end is a line if it is not empty.
pub fn lines(text: &str) -> u64 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count() + text.bytes().filter(|byte| *byte == b'\r').count();
    let both = text.as_bytes().windows(2).filter(|pair| pair == b"\r\n").count();
    let unended = !text.is_empty() && !text.ends_with(['\n', '\r']);
    (ends - both) as u64 + u64::from(unended)
}

/// Reads a text. The delimiter is the commonest of comma, tab and semicolon in the first line that is not blank.
pub fn read(text: &str) -> Delimited {
    let heading = text.split(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let times = |delimiter: u8| heading.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = [b';', b'\t', b','].into_iter().max_by_key(|it| times(*it)).unwrap_or(b',');
    let mut reader = Reader { text, at: 0, line: 1, delimiter, broken: vec![] };
    let (mut records, mut unclosed) = (vec![], None);
    while reader.at < text.len() && unclosed.is_none() {
        let line = reader.line;
        match reader.record() {
            Ok(cells) => records.push(Record { line, lines: reader.line - line, cells, damage: vec![] }),
            Err(opened) => unclosed = Some(opened),
        }
    }
    Delimited { records, broken: reader.broken, unclosed, lines: lines(text) }
}

/// The lines of a text without their ends.
fn physical(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = &rest[end + line_end(rest.as_bytes(), end)..];
        Some(line)
    })
}

/// A line's cells, if marks are characters like others.
fn plain_cells(line: &str, delimiter: u8) -> Vec<String> {
    line.split(char::from(delimiter)).map(str::to_owned).collect()
}

/// Bytes of the line end at a place; 0 if there is none.
fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([b'\r' | b'\n', ..]) => 1,
        _ => 0,
    }
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte; always between two characters.
    at: usize,
    /// The physical line it stands on.
    line: u64,
    delimiter: u8,
    broken: Vec<Broken>,
}

impl Reader<'_> {
    /// The cells of the next record, or the mark in it that is never closed.
    fn record(&mut self) -> Result<Vec<String>, Opened> {
        let mut cells = vec![];
        loop {
            let (begin, line, column) = (self.at, self.line, cells.len());
            let opened = |reader: &Self| Opened { line, column, cells: reader.plain_line(begin) };
            let Some(cell) = self.cell() else { return Err(opened(self)) };
            if self.line > line {
                let delimiters = cell.bytes().filter(|byte| *byte == self.delimiter).count();
                self.broken.push(Broken { opened: opened(self), text: cell.clone(), delimiters });
            }
            cells.push(cell);
            if self.text.as_bytes().get(self.at) == Some(&self.delimiter) {
                self.at += 1;
                continue;
            }
            self.at += line_end(self.text.as_bytes(), self.at);
            self.line += 1;
            return Ok(cells);
        }
    }

    /// The next cell; `None` if its mark is never closed.
    fn cell(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'"')
            && let Some((cell, end)) = self.quoted()
        {
            self.line += lines(&self.text[self.at..end]) - 1;
            self.at = end;
            return Some(cell);
        }
        let ends = |byte: u8| byte == self.delimiter || byte == b'\n' || byte == b'\r';
        let end = bytes[self.at..].iter().position(|byte| ends(*byte)).map_or(bytes.len(), |length| self.at + length);
        let cell = &self.text[self.at..end];
        if cell.starts_with('"') && cell.matches('"').count() % 2 == 1 {
            return None;
        }
        self.at = end;
        Some(cell.to_owned())
    }

    /// The quoted cell that begins here and the place behind it; `None` if it is not quoted.
    fn quoted(&self) -> Option<(String, usize)> {
        let (mut cell, mut from) = (String::new(), self.at + 1);
        loop {
            let mark = from + self.text[from..].find('"')?;
            cell.push_str(&self.text[from..mark]);
            let rest = &self.text.as_bytes()[mark + 1..];
            if rest.first() == Some(&b'"') {
                cell.push('"');
                from = mark + 2;
                continue;
            }
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            let is_end = matches!(rest.get(spaces), None | Some(b'\n' | b'\r')) || rest.get(spaces) == Some(&self.delimiter);
            return is_end.then(|| (cell.replace("\r\n", "\n").replace('\r', "\n"), mark + 1 + spaces));
        }
    }

    /// The cells of the line in which a place is, if marks are characters like others.
    fn plain_line(&self, at: usize) -> Vec<String> {
        let begin = self.text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        plain_cells(physical(&self.text[begin..]).next().unwrap_or_default(), self.delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let read = read(text);
        assert_eq!(read.unclosed, None, "{text}");
        read.records.into_iter().map(|record| record.cells).collect()
    }

    #[test]
    fn quoted_cells_hold_delimiters_marks_and_line_ends() {
        assert_eq!(cells("a,\"b,\"\"c\"\"\r\nd\" ,\"\"\n"), [["a", "b,\"c\"\nd", ""]]);
        assert_eq!(cells("a,b\n1,"), [["a", "b"], ["1", ""]]);
        assert_eq!(cells("a;b\n\"1;2\";3"), [["a", "b"], ["1;2", "3"]]);
        assert_eq!(cells("\n\na\tb\n1\t2"), [vec![""], vec![""], vec!["a", "b"], vec!["1", "2"]]);
    }

    #[test]
    fn marks_that_quote_no_whole_cell_are_kept() {
        for cell in ["\"学雷锋\"主题活动", "参加\"学雷锋\"活动", "6\" 管", "活动\"学雷锋\"", "\"甲\"与\"乙\"", " \"甲\""]
        {
            assert_eq!(cells(&format!("a,b\n{cell},1\n")), [["a", "b"], [cell, "1"]]);
        }
    }

    #[test]
    fn a_mark_that_is_never_closed_is_told_where_it_was_opened() {
        for (text, line, column) in [
            ("a,b\n1,2\n\"3,4\n5,6\n", 3, 0),
            ("a,b\n1,\"2\n", 2, 1),
            ("a,b\n\"x\ny\",\"2\n", 3, 1),
            ("a,b\n\"1,\"2\"\n", 2, 0),
            ("a,b\n\"学雷锋,\"主题\"活动\n", 2, 0),
            ("a,b\n\"1\n参加\"学雷锋\"活动,2\n", 2, 0),
            ("\"a,b\n1,2", 1, 0),
            ("a,b\r\n\r\n1,\"", 3, 1),
        ] {
            let opened = read(text).unclosed.unwrap_or_else(|| panic!("{text} passes"));
            assert_eq!((opened.line, opened.column), (line, column), "{text}");
        }
        assert_eq!(read("a,b\n\"1,2\n").unclosed.unwrap().cells, ["\"1", "2"], "the line as it stands");
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        for (text, count) in [("", 0), ("a", 1), ("a\n", 1), ("a\r\nb", 2), ("a\rb\r\n\nc\n", 4), ("\n\n", 2)] {
            assert_eq!(lines(text), count, "{text:?}");
            assert_eq!(physical(text).count() as u64, count, "{text:?}");
        }
    }
}
