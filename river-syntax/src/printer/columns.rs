//! Elastic columns: cells that stand below one another get one width.
//!
//! Behaviour of Go's `text/tabwriter` as the reference uses it (<https://pkg.go.dev/text/tabwriter>): a cell ends with a tab; a column is a run
//! of adjacent lines that have a cell there; it is as wide as its widest cell and one space. A form feed ends a line and every column. Columns of
//! soft tabs only (`\v`) that hold nothing vanish. Empty cells at a line's start are indentation and stay tabs.

/// Whether a byte is a tab, soft tab, line's end or form feed.
#[inline]
fn is_layout(byte: u8) -> bool {
    byte.wrapping_sub(b'\t') <= b'\x0c' - b'\t'
}

/// What a piece of a line ends with.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Ending {
    Tab,
    SoftTab,
    /// The last piece of its line.
    Line,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Bytes in the text buffer.
    bytes: u32,
    /// Width in characters.
    width: u32,
    ending: Ending,
}

/// Takes text with tabs, gives lines with aligned columns.
pub(super) struct Columns {
    out: String,
    /// Text of the cells of the lines that wait.
    text: String,
    cells: Vec<Cell>,
    /// The first cell of each line that waits.
    lines: Vec<u32>,
    cell_start: u32,
    /// Widths of the columns to the left of the one at work.
    widths: Vec<u32>,
    /// White space that is written only if text follows on its line.
    space: String,
    /// Ranges of the text that is written as it is, trailing spaces too.
    literal: Vec<(u32, u32)>,
    /// Whether some line that waits has more than indentation and one piece.
    aligned: bool,
}

impl Columns {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            text: String::new(),
            cells: Vec::new(),
            lines: vec![0],
            cell_start: 0,
            widths: Vec::new(),
            space: String::new(),
            literal: Vec::new(),
            aligned: false,
        }
    }

    /// Text in which tabs and line ends are layout.
    pub(super) fn push(&mut self, text: &str) {
        // Without an early end, so that many bytes are looked at at once.
        let plain = text.bytes().fold(true, |plain, byte| plain & !is_layout(byte));
        if plain {
            self.text.push_str(text);
            return;
        }
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if is_layout(byte) {
                self.text.push_str(&text[from..at]);
                self.push_layout(byte);
                from = at + 1;
            }
        }
        self.text.push_str(&text[from..]);
    }

    /// Tabs at a line's start.
    pub(super) fn push_indentation(&mut self, count: usize) {
        let tab = Cell {
            bytes: 0,
            width: 0,
            ending: Ending::Tab,
        };
        if self.text.len() as u32 == self.cell_start {
            self.cells.extend(std::iter::repeat_n(tab, count));
        } else {
            for _ in 0..count {
                self.push_layout(b'\t');
            }
        }
    }

    /// A character of layout, or a space.
    #[inline]
    pub(super) fn push_layout(&mut self, byte: u8) {
        match byte {
            b'\t' => {
                // Indentation, unless something stands before it on the line.
                self.aligned |= self.text.len() as u32 > self.cell_start;
                self.end_cell(Ending::Tab);
            }
            b'\x0b' => {
                self.aligned = true;
                self.end_cell(Ending::SoftTab);
            }
            b'\n' | b'\x0c' => {
                self.end_cell(Ending::Line);
                let first = self.lines.last().copied().unwrap_or(0);
                let alone = self.cells.len() as u32 - first == 1;
                self.lines.push(self.cells.len() as u32);
                // The last piece of a line is in no column, so a line of one piece parts the columns above and below it.
                if byte == b'\x0c' || alone {
                    self.flush();
                }
            }
            byte => self.text.push(char::from(byte)),
        }
    }

    /// Text in which nothing is layout.
    pub(super) fn push_literal(&mut self, text: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.literal.push((start, self.text.len() as u32));
    }

    fn end_cell(&mut self, ending: Ending) {
        let end = self.text.len() as u32;
        let text = &self.text[self.cell_start as usize..];
        // The last piece of a line is in no column, so nobody asks for its width.
        let width = if ending == Ending::Line || text.is_ascii() {
            text.len()
        } else {
            text.chars().count()
        } as u32;
        self.cells.push(Cell {
            bytes: end - self.cell_start,
            width,
            ending,
        });
        self.cell_start = end;
    }

    /// Everything written.
    pub(super) fn finish(mut self) -> String {
        self.end_cell(Ending::Line);
        self.lines.push(self.cells.len() as u32);
        self.flush();
        // The very last line was not ended by anybody.
        self.out.pop();
        self.out
    }

    /// Writes the lines that wait, but for the one that has just begun.
    fn flush(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let cells = std::mem::take(&mut self.cells);
        let text = std::mem::take(&mut self.text);
        let count = lines.len() - 1;
        let mut writer = Pen {
            lines: &lines,
            cells: &cells,
            text: &text,
            literal: &self.literal,
            at: 0,
            cell: 0,
            next_literal: 0,
        };
        if self.aligned {
            let mut widths = std::mem::take(&mut self.widths);
            writer.block(0, count, &mut widths, &mut self.out, &mut self.space);
            self.widths = widths;
        } else {
            writer.lines(0, count, &[], &mut self.out, &mut self.space);
        }
        self.lines = lines;
        self.lines.clear();
        self.lines.push(0);
        self.cells = cells;
        self.cells.clear();
        self.text = text;
        self.text.clear();
        self.literal.clear();
        self.cell_start = 0;
        self.aligned = false;
    }
}

/// Spaces of a tab stop, for cells of indentation.
const TAB_WIDTH: u32 = 8;

/// Columns that are followed to the right at the most; a line with more is written with one space between the rest.
const MAX_COLUMNS: usize = 64;

const TABS: &str = "\t\t\t\t\t\t\t\t";
const SPACES: &str = "                                ";

/// Appends as many of a pattern's characters, all ASCII and the same, as are wanted.
fn fill(out: &mut String, pattern: &str, mut count: usize) {
    while count > pattern.len() {
        out.push_str(pattern);
        count -= pattern.len();
    }
    out.push_str(&pattern[..count]);
}

struct Pen<'a> {
    lines: &'a [u32],
    cells: &'a [Cell],
    text: &'a str,
    literal: &'a [(u32, u32)],
    /// Bytes and cells written.
    at: u32,
    cell: u32,
    next_literal: usize,
}

impl Pen<'_> {
    fn cells_of(&self, line: usize) -> &[Cell] {
        &self.cells[self.lines[line] as usize..self.lines[line + 1] as usize]
    }

    /// Whether a line has a cell in a column; its last piece is none.
    fn has(&self, line: usize, column: usize) -> bool {
        column + 1 < self.cells_of(line).len()
    }

    /// Lays out a run of lines, the columns to the left being settled.
    fn block(&mut self, from: usize, to: usize, widths: &mut Vec<u32>, out: &mut String, space: &mut String) {
        let column = widths.len();
        let mut written = from;
        let mut line = from;
        while line < to {
            if column >= MAX_COLUMNS || !self.has(line, column) {
                line += 1;
                continue;
            }
            self.lines(written, line, widths, out, space);
            let mut end = line;
            let mut width = 0;
            let mut vanishes = true;
            while end < to && self.has(end, column) {
                let cell = self.cells_of(end)[column];
                width = width.max(cell.width + 1);
                vanishes &= cell.width == 0 && cell.ending == Ending::SoftTab;
                end += 1;
            }
            widths.push(if vanishes { 0 } else { width });
            self.block(line, end, widths, out, space);
            widths.pop();
            line = end;
            written = end;
        }
        self.lines(written, to, widths, out, space);
    }

    /// Writes lines whose columns are settled.
    fn lines(&mut self, from: usize, to: usize, widths: &[u32], out: &mut String, space: &mut String) {
        for line in from..to {
            let mut indentation = true;
            let (first, end) = (self.lines[line] as usize, self.lines[line + 1] as usize);
            for (column, cell) in self.cells[first..end].iter().enumerate() {
                let piece = (self.at, self.at + cell.bytes);
                self.at += cell.bytes;
                if cell.bytes > 0 {
                    indentation = false;
                    self.piece(piece, out, space);
                }
                if cell.ending == Ending::Line {
                    continue;
                }
                let width = widths
                    .get(column)
                    .copied()
                    .unwrap_or(if cell.ending == Ending::Tab { 1 } else { 0 });
                if indentation {
                    fill(space, TABS, width.div_ceil(TAB_WIDTH) as usize);
                } else {
                    fill(space, SPACES, width.saturating_sub(cell.width) as usize);
                }
            }
            space.clear();
            out.push('\n');
        }
        self.cell = self.lines[to];
    }

    /// Writes a cell's text: white space at its end waits, but for what is literal.
    fn piece(&mut self, (start, end): (u32, u32), out: &mut String, space: &mut String) {
        let mut at = start;
        while let Some(&(from, to)) = self
            .literal
            .get(self.next_literal)
            .filter(|(from, _)| *from < end)
        {
            self.plain(&self.text[at as usize..from as usize], out, space);
            out.push_str(space);
            space.clear();
            out.push_str(&self.text[from as usize..to as usize]);
            at = to;
            self.next_literal += 1;
        }
        self.plain(&self.text[at.min(end) as usize..end as usize], out, space);
    }

    fn plain(&self, text: &str, out: &mut String, space: &mut String) {
        let last = text.bytes().rposition(|byte| byte != b' ' && byte != b'\t');
        let end = last.map_or(0, |last| last + 1);
        if end > 0 {
            if !space.is_empty() {
                out.push_str(space);
                space.clear();
            }
            out.push_str(&text[..end]);
        }
        if end < text.len() {
            space.push_str(&text[end..]);
        }
    }
}
