//! The budget of one rendering.

use std::cell::Cell;

/// One line of text about what went wrong, and the template's line (0: none).
#[derive(Debug, Clone)]
pub struct Error {
    pub line: u32,
    pub message: String,
}

pub type Res<T> = Result<T, Error>;

impl Error {
    pub fn at(line: u32, message: impl Into<String>) -> Error {
        Error { line, message: message.into() }
    }
}

pub fn fail<T>(message: impl Into<String>) -> Res<T> {
    Err(Error::at(0, message))
}

/// Bytes that may be made and looked at, steps included.
const BUDGET: u64 = 1 << 28;
/// What a step costs: about its time in bytes copied.
pub const STEP: u64 = 32;
pub const MAX_OUTPUT: usize = 16 << 20;
/// Calls, blocks and expressions inside each other.
pub const MAX_DEPTH: u32 = 400;
/// Lists inside lists.
pub const MAX_NESTING: u32 = 128;

pub struct Meter {
    left: Cell<u64>,
}

impl Meter {
    pub fn new() -> Meter {
        Meter { left: Cell::new(BUDGET) }
    }

    pub fn charge(&self, cost: usize) -> Res<()> {
        match self.left.get().checked_sub(cost as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => fail("takes too long or too much memory"),
        }
    }

    pub fn step(&self) -> Res<()> {
        self.charge(STEP as usize)
    }
}
