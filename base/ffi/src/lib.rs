//! The C ABI over Hugging Face's `tokenizers`, chat templates and Parquet; hone_ffi.h says what each function does.

mod abi;
mod chat;
mod clock;
mod jinja;
mod parquet_json;
mod parquet_pages;
mod parquet_rows;
mod tokenizer;
