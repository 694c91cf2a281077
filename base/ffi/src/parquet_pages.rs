//! Looks over the pages of a row group before the library reads them: it takes memory for what a page header claims, which
//! a file of a few bytes can put at billions of values.

use std::fs::File;
use std::os::unix::fs::FileExt;

use parquet::file::metadata::ColumnChunkMetaData;

/// One page once it is decompressed.
const MAX_PAGE: i64 = 256 << 20;
/// The largest pages of all columns of a row group together: all of them are open at once.
pub const MAX_PAGES: i64 = 1 << 30;
const MAX_PAGE_VALUES: i64 = 1 << 24;
/// Values of a column with lists in a row group: all of them may belong to one row.
const MAX_LIST_VALUES: i64 = 1 << 26;
const MAX_HEADER: usize = 64 << 10;
const MAX_NESTING: u32 = 16;

/// The members of a page header that say how much there will be.
#[derive(Default)]
struct Header {
    uncompressed: i64,
    compressed: i64,
    values: i64,
    is_dictionary: bool,
    length: usize,
}

/// Bytes that the column's largest page needs.
pub fn check(file: &File, file_size: u64, column: &ColumnChunkMetaData) -> Result<i64, String> {
    let begin = column.dictionary_page_offset().filter(|at| *at > 0).unwrap_or(column.data_page_offset());
    let begin = begin.min(column.data_page_offset());
    let end = begin.checked_add(column.compressed_size()).filter(|end| begin >= 4 && *end as u64 <= file_size);
    let Some(end) = end else { return Err("the column lies outside of the file".to_owned()) };
    let (mut at, mut largest, mut values) = (begin, 0, 0i64);
    let mut bytes = vec![0; MAX_HEADER];
    while at < end && values < column.num_values() {
        let size = bytes.len().min((end - at) as usize);
        file.read_exact_at(&mut bytes[..size], at as u64).map_err(|error| format!("cannot read: {error}"))?;
        let header = Reader { bytes: &bytes[..size], at: 0 }.page_header().ok_or("a page header is broken")?;
        if !(0..=end - at).contains(&header.compressed) || !(0..=MAX_PAGE).contains(&header.uncompressed) {
            let (small, large) = (header.compressed, header.uncompressed);
            return Err(format!("a page of {small} bytes, {large} decompressed; at most {MAX_PAGE}, inside the column"));
        }
        // A value of a dictionary takes at least a byte there.
        let most = if header.is_dictionary { header.uncompressed } else { MAX_PAGE_VALUES };
        if !(0..=most).contains(&header.values) {
            return Err(format!("a page of {} values; at most {most}", header.values));
        }
        values += if header.is_dictionary { 0 } else { header.values };
        largest = largest.max(header.uncompressed);
        at += header.length as i64 + header.compressed;
    }
    if column.column_descr().max_rep_level() > 0 && values > MAX_LIST_VALUES {
        return Err(format!("{values} values of lists in a row group; at most {MAX_LIST_VALUES}: write smaller row groups"));
    }
    Ok(largest)
}

/// Thrift's compact protocol, as far as page headers need it.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// (field, type) of the next member; None inside for the end of the struct.
    fn member(&mut self, last: &mut i64) -> Option<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *last = if byte >> 4 == 0 { self.number()? } else { last.checked_add(i64::from(byte >> 4))? };
        Some(Some((*last, byte & 0x0F)))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        if depth > MAX_NESTING {
            return None;
        }
        match kind {
            1 | 2 => {}
            3 => self.at += 1,
            4..=6 => self.varint().map(drop)?,
            7 => self.at += 8,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.at = self.at.checked_add(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                for _ in 0..count {
                    // Booleans of a list take a byte each, which the type of a byte skips.
                    let kind = if matches!(byte & 0x0F, 1 | 2) { 3 } else { byte & 0x0F };
                    self.skip(kind, depth + 1)?;
                }
            }
            12 => {
                let mut last = 0;
                while let Some((_, kind)) = self.member(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return None,
        }
        (self.at <= self.bytes.len()).then_some(())
    }

    fn page_header(mut self) -> Option<Header> {
        let mut header = Header::default();
        let mut last = 0;
        while let Some((field, kind)) = self.member(&mut last)? {
            match (field, kind) {
                (2, 5) => header.uncompressed = self.number()?,
                (3, 5) => header.compressed = self.number()?,
                // Data page, dictionary page, data page of version 2.
                (5 | 7 | 8, 12) => {
                    header.is_dictionary |= field == 7;
                    let mut last = 0;
                    while let Some((field, kind)) = self.member(&mut last)? {
                        match (field, kind) {
                            (1, 5) => header.values = self.number()?,
                            _ => self.skip(kind, 1)?,
                        }
                    }
                }
                _ => self.skip(kind, 1)?,
            }
        }
        header.length = self.at;
        Some(header)
    }
}
