//! The local time of now, written by the C library's strftime.

use std::ffi::{c_char, c_int, c_long, CString};

#[repr(C)]
struct Tm {
    numbers: [c_int; 9],
    offset: c_long,
    zone: *const c_char,
}

extern "C" {
    fn time(out: *mut i64) -> i64;
    fn localtime_r(time: *const i64, out: *mut Tm) -> *mut Tm;
    fn strftime(out: *mut c_char, size: usize, format: *const c_char, time: *const Tm) -> usize;
}

pub fn local_time(format: &str) -> Result<String, String> {
    if format.is_empty() {
        return Ok(String::new());
    }
    let format = CString::new(format).map_err(|_| "strftime_now: the format holds a NUL".to_owned())?;
    let mut out = vec![0u8; 64 << 10];
    let mut local = Tm { numbers: [0; 9], offset: 0, zone: std::ptr::null() };
    // SAFETY: every pointer is to memory of this function of the size that is given.
    let size = unsafe {
        let now = time(std::ptr::null_mut());
        if localtime_r(&now, &mut local).is_null() {
            return Err("strftime_now: there is no local time".to_owned());
        }
        strftime(out.as_mut_ptr().cast(), out.len(), format.as_ptr(), &local)
    };
    if size == 0 {
        return Err("strftime_now: the format writes too much or nothing".to_owned());
    }
    out.truncate(size);
    String::from_utf8(out).map_err(|_| "strftime_now: the locale is not UTF-8".to_owned())
}
