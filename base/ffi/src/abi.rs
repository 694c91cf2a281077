//! What crosses the C ABI: borrowed texts in, owned bytes and errors out, and no panic.

use std::panic::{catch_unwind, AssertUnwindSafe};

/// Borrowed from the caller for the call. Any bytes; data may be null where size is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HoneText {
    data: *const u8,
    size: usize,
}

impl HoneText {
    /// # Safety
    /// `data` points to `size` readable bytes that stay as they are while the result is in use.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.data, self.size) }
    }

    /// # Safety
    /// As of `bytes`.
    pub unsafe fn text<'a>(self) -> Result<&'a str, String> {
        let bytes = unsafe { self.bytes() };
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            format!("byte 0x{:02X} at byte {at} is not UTF-8", bytes[at])
        })
    }
}

/// Owned by the caller, who gives it back to the matching free function.
#[repr(C)]
pub struct HoneBytes {
    data: *mut u8,
    size: usize,
}

#[repr(C)]
pub struct HoneTokens {
    data: *mut i32,
    size: usize,
}

impl From<String> for HoneBytes {
    fn from(text: String) -> Self {
        let boxed = text.into_bytes().into_boxed_slice();
        HoneBytes { size: boxed.len(), data: Box::into_raw(boxed) as *mut u8 }
    }
}

impl From<Vec<i32>> for HoneTokens {
    fn from(tokens: Vec<i32>) -> Self {
        let boxed = tokens.into_boxed_slice();
        HoneTokens { size: boxed.len(), data: Box::into_raw(boxed) as *mut i32 }
    }
}

#[no_mangle]
pub unsafe extern "C" fn hone_bytes_free(bytes: HoneBytes) {
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes.data, bytes.size)) });
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokens_free(tokens: HoneTokens) {
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(tokens.data, tokens.size)) });
}

/// Runs `body`; an error or a panic becomes the text of `*error`, and None.
///
/// # Safety
/// `error` can be written.
pub unsafe fn guarded<T>(error: *mut HoneBytes, body: impl FnOnce() -> Result<T, String>) -> Option<T> {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
        Err(format!("the library failed: {text}"))
    });
    match result {
        Ok(value) => Some(value),
        Err(message) => {
            unsafe { error.write(message.into()) };
            None
        }
    }
}

/// `guarded` for what goes to `*out`; whether it did.
///
/// # Safety
/// `out` and `error` can be written.
pub unsafe fn guarded_into<T>(out: *mut T, error: *mut HoneBytes, body: impl FnOnce() -> Result<T, String>) -> bool {
    match unsafe { guarded(error, body) } {
        Some(value) => {
            unsafe { out.write(value) };
            true
        }
        None => false,
    }
}

/// A new object for the caller; null after an error.
///
/// # Safety
/// As of `guarded`.
pub unsafe fn guarded_box<T>(error: *mut HoneBytes, body: impl FnOnce() -> Result<T, String>) -> *mut T {
    unsafe { guarded(error, || body().map(Box::new)) }.map_or(std::ptr::null_mut(), Box::into_raw)
}
