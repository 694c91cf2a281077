//! Rows of a Parquet file, one row group after the other.

use std::fs::File;
use std::io::{Read, Result as IoResult};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::reader::{ChunkReader, FileReader, Length};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::{ReaderIter, RowIter, TreeBuilder};
use parquet::schema::types::Type;

use crate::abi::{guarded_box, guarded_into, HoneBytes};
use crate::parquet_json::{write_row, write_text};
use crate::parquet_pages;

/// Rows that the library reads ahead of a column.
const BATCH: usize = 256;
/// Rows are given out before they make more text than this, at least one of them.
const MOST_TEXT: usize = 4 << 20;

pub struct HoneParquet {
    reader: SerializedFileReader<Chunks>,
    chunks: Chunks,
    rows: i64,
    next_group: usize,
    group: Option<ReaderIter>,
}

/// Reads by position, so that columns do not share the place in the file.
#[derive(Clone)]
struct Chunks {
    file: Arc<File>,
    size: u64,
}

struct ChunkRead {
    chunks: Chunks,
    at: u64,
}

impl Read for ChunkRead {
    fn read(&mut self, out: &mut [u8]) -> IoResult<usize> {
        let size = self.chunks.file.read_at(out, self.at)?;
        self.at += size as u64;
        Ok(size)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Chunks {
    type T = std::io::BufReader<ChunkRead>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(std::io::BufReader::new(ChunkRead { chunks: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} of a file of {}", self.size)));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// What the library says, or why it panicked: it checks some of a file by assertions.
fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("\nthe file does not keep to the format".to_owned()))
}

fn message(error: ParquetError) -> String {
    format!("\n{error}")
}

fn open(file: File) -> Result<HoneParquet, String> {
    let size = file.metadata().map_err(|error| format!("\n{error}"))?.len();
    let chunks = Chunks { file: Arc::new(file), size };
    let reader = SerializedFileReader::new(chunks.clone()).map_err(message)?;
    let mut rows = 0i64;
    for group in reader.metadata().row_groups() {
        let sum = rows.checked_add(group.num_rows()).filter(|_| group.num_rows() >= 0);
        rows = sum.ok_or("\nthe number of rows is not right")?;
    }
    Ok(HoneParquet { reader, chunks, rows, next_group: 0, group: None })
}

impl HoneParquet {
    fn schema(&self) -> &Type {
        self.reader.metadata().file_metadata().schema()
    }

    fn next(&mut self, most: usize) -> Result<String, String> {
        let mut out = String::new();
        let mut count = 0;
        while count < most && out.len() < MOST_TEXT {
            let Some(group) = &mut self.group else {
                if self.next_group == self.reader.num_row_groups() {
                    break;
                }
                self.group = Some(self.open_group(self.next_group)?);
                self.next_group += 1;
                continue;
            };
            match caught(|| group.next().transpose().map_err(message)) {
                Ok(None) => self.group = None,
                Ok(Some(row)) => {
                    write_row(&row, self.schema(), &mut out).map_err(|error| self.placed(error))?;
                    out.push('\n');
                    count += 1;
                }
                Err(error) => return Err(self.placed(self.name_column(error))),
            }
        }
        Ok(out)
    }

    /// "<column>\n<message>" with the row group in the message.
    fn placed(&self, error: String) -> String {
        let (column, message) = error.split_once('\n').unwrap_or(("", &error));
        format!("{column}\nrow group {}: {message}", self.next_group.saturating_sub(1))
    }

    fn open_group(&self, index: usize) -> Result<ReaderIter, String> {
        let placed = |column: &str, error: String| format!("{column}\nrow group {index}: {error}");
        let mut largest = 0;
        for column in self.reader.metadata().row_group(index).columns() {
            let bytes = parquet_pages::check(&self.chunks.file, self.chunks.size, column);
            largest += bytes.map_err(|error| placed(&column.column_path().string(), error))?;
        }
        if largest > parquet_pages::MAX_PAGES {
            return Err(placed("", format!("its pages take {largest} bytes; at most {}", parquet_pages::MAX_PAGES)));
        }
        let descriptor = self.reader.metadata().file_metadata().schema_descr_ptr();
        let open = || {
            let group = self.reader.get_row_group(index).map_err(message)?;
            TreeBuilder::new().with_batch_size(BATCH).as_iter(descriptor, &*group).map_err(message)
        };
        caught(open).map_err(|error| placed("", error.trim_start().to_owned()))
    }

    /// The library does not say which column it failed at: the first one that fails alone.
    fn name_column(&self, error: String) -> String {
        let index = self.next_group.saturating_sub(1);
        for column in self.schema().get_fields() {
            let read = || {
                let fields = vec![column.clone()];
                let only = Type::group_type_builder("schema").with_fields(fields).build().map_err(message)?;
                let group = self.reader.get_row_group(index).map_err(message)?;
                for row in RowIter::from_row_group(Some(only), &*group).map_err(message)? {
                    row.map_err(message)?;
                }
                Ok(())
            };
            if let Err(error) = caught(read) {
                return format!("{}{error}", column.name());
            }
        }
        error
    }

    fn columns(&self) -> String {
        let mut out = String::from("[");
        for (i, column) in self.schema().get_fields().iter().enumerate() {
            out.push_str(if i > 0 { "," } else { "" });
            write_text(column.name(), &mut out);
        }
        out + "]"
    }
}

/// # Safety
/// `fd` is an open file that nobody else closes.
#[no_mangle]
pub unsafe extern "C" fn hone_parquet_open(fd: i32, error: *mut HoneBytes) -> *mut HoneParquet {
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    unsafe { guarded_box(error, || caught(|| open(file))) }
}

#[no_mangle]
pub unsafe extern "C" fn hone_parquet_free(parquet: *mut HoneParquet) {
    drop(unsafe { Box::from_raw(parquet) });
}

#[no_mangle]
pub unsafe extern "C" fn hone_parquet_rows(parquet: &HoneParquet) -> i64 {
    parquet.rows
}

#[no_mangle]
pub unsafe extern "C" fn hone_parquet_columns(parquet: &HoneParquet) -> HoneBytes {
    parquet.columns().into()
}

#[no_mangle]
pub unsafe extern "C" fn hone_parquet_next(
    parquet: &mut HoneParquet,
    most: usize,
    out: *mut HoneBytes,
    error: *mut HoneBytes,
) -> bool {
    unsafe { guarded_into(out, error, || caught(|| parquet.next(most)).map(HoneBytes::from)) }
}
