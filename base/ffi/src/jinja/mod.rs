//! Jinja as Python's jinja2 renders it in the environment of transformers: trim_blocks, lstrip_blocks, loop controls,
//! `generation` blocks, an immutable sandbox. Why not an existing engine: a template of strangers must not be able to take
//! memory without end (`x ~ x` forty times), and what is printed must be what Python prints.
//!
//! Everything a template does is paid from one budget (`meter`), so time and memory are bounded by it.

mod ast;
mod eval;
mod filters;
mod format;
mod functions;
mod json;
mod lexer;
mod lists;
mod meter;
mod methods;
mod ops;
mod parser;
mod tests;
mod text;
mod value;

use std::sync::Arc;

pub use json::from_json;
pub use text::is_space;
pub use meter::{Error, Meter};
pub use value::Value;

pub struct Template {
    body: Vec<ast::Stmt>,
}

impl Template {
    pub fn parse(source: &str) -> Result<Template, Error> {
        let tokens = lexer::tokenize(source)?;
        Ok(Template { body: parser::parse(tokens)? })
    }

    /// Text of the template with these variables.
    pub fn render(&self, variables: Vec<(Arc<str>, Value)>, meter: &Meter) -> Result<String, Error> {
        eval::Machine::new(meter).run(&self.body, variables)
    }
}
