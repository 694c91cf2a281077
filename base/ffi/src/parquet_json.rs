//! Values of Parquet rows as JSON text; base/parquet_reader.h says what becomes what.

use std::fmt::Write;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit};
use parquet::data_type::Decimal;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

pub fn write_row(row: &Row, schema: &Type, out: &mut String) -> Result<(), String> {
    out.push('{');
    for (i, (name, field)) in row.get_column_iter().enumerate() {
        out.push_str(if i > 0 { "," } else { "" });
        write_text(name, out);
        out.push(':');
        let kind = schema.get_fields().get(i).filter(|kind| kind.name() == name);
        write_field(field, kind.map(|kind| &**kind), out).map_err(|message| format!("{name}\n{message}"))?;
    }
    out.push('}');
    Ok(())
}

fn write_field(field: &Field, kind: Option<&Type>, out: &mut String) -> Result<(), String> {
    match field {
        Field::Null => out.push_str("null"),
        Field::Bool(value) => put(out, value),
        Field::Byte(value) => put(out, value),
        Field::Short(value) => put(out, value),
        Field::Int(value) => put(out, value),
        Field::UByte(value) => put(out, value),
        Field::UShort(value) => put(out, value),
        Field::UInt(value) => put(out, value),
        Field::ULong(value) => put(out, value),
        Field::Long(value) => return write_long(*value, kind, out),
        Field::Float16(value) => number(f64::from(f32::from(*value)), out),
        // As the shortest decimal of an f32, which reads back as the same f32.
        Field::Float(value) if value.is_finite() => put(out, format_args!("{value:?}")),
        Field::Float(_) => out.push_str("null"),
        Field::Double(value) => number(*value, out),
        Field::Decimal(value) => {
            let text = decimal(value)?;
            put(out, format_args!("\"{text}\""));
        }
        Field::Str(text) => write_text(text, out),
        Field::Bytes(bytes) => base64(bytes.data(), out),
        Field::Date(days) => {
            let (year, month, day) = date(i64::from(*days));
            put(out, format_args!("\"{year:04}-{month:02}-{day:02}\""));
        }
        Field::TimeMillis(value) => time(i64::from(*value), 1_000, out)?,
        Field::TimeMicros(value) => time(*value, 1_000_000, out)?,
        Field::TimestampMillis(value) => timestamp(*value, 1_000, is_utc(kind), out),
        Field::TimestampMicros(value) => timestamp(*value, 1_000_000, is_utc(kind), out),
        Field::Group(row) => match kind {
            Some(kind) if kind.is_group() => write_row(row, kind, out)?,
            _ => return Err("a struct where the schema has none".to_owned()),
        },
        Field::ListInternal(list) => {
            let kind = kind.and_then(element);
            out.push('[');
            for (i, item) in list.elements().iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write_field(item, kind, out)?;
            }
            out.push(']');
        }
        Field::MapInternal(map) => {
            let entry = kind.and_then(|kind| kind.get_fields().first());
            let member = |i: usize| entry.and_then(|entry| entry.get_fields().get(i)).map(|kind| &**kind);
            out.push('{');
            for (i, (key, value)) in map.entries().iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                let mut text = String::new();
                write_field(key, member(0), &mut text)?;
                if text.starts_with('"') { out.push_str(&text) } else { write_text(&text, out) }
                out.push(':');
                write_field(value, member(1), out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn put(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}"); // writing to a String does not fail
}

/// The type of a list's elements: the repeated member itself in old files, else what is in it.
fn element(list: &Type) -> Option<&Type> {
    if list.is_primitive() || list.get_basic_info().converted_type() != ConvertedType::LIST {
        return Some(list);
    }
    let repeated = list.get_fields().first()?;
    let is_wrapper = repeated.is_group() && repeated.get_fields().len() == 1 && repeated.name() != "array"
        && !repeated.name().ends_with("_tuple") && repeated.get_basic_info().repetition() == Repetition::REPEATED;
    Some(if is_wrapper { &repeated.get_fields()[0] } else { repeated })
}

fn is_utc(kind: Option<&Type>) -> bool {
    match kind.and_then(|kind| kind.get_basic_info().logical_type_ref()) {
        Some(LogicalType::Timestamp(kind)) => kind.is_adjusted_to_u_t_c,
        // Files of before 2018, where every timestamp was UTC.
        _ => true,
    }
}

/// Nanoseconds reach us as plain numbers: the library's rows have no type for them.
fn write_long(value: i64, kind: Option<&Type>, out: &mut String) -> Result<(), String> {
    match kind.and_then(|kind| kind.get_basic_info().logical_type_ref()) {
        Some(LogicalType::Timestamp(kind)) if matches!(kind.unit, TimeUnit::NANOS) => {
            timestamp(value, 1_000_000_000, kind.is_adjusted_to_u_t_c, out);
        }
        Some(LogicalType::Time(kind)) if matches!(kind.unit, TimeUnit::NANOS) => return time(value, 1_000_000_000, out),
        _ => put(out, value),
    }
    Ok(())
}

fn number(value: f64, out: &mut String) {
    if value.is_finite() { put(out, format_args!("{value:?}")) } else { out.push_str("null") }
}

pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => put(out, format_args!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn base64(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push('"');
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let all = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(all >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out.push('"');
}

/// Digits of a two's complement number, the largest byte first, with the point `scale` places from the right.
fn decimal(value: &Decimal) -> Result<String, String> {
    let bytes = value.data();
    let scale = usize::try_from(value.scale()).ok().filter(|scale| *scale <= 1024).ok_or("a decimal's scale is not right")?;
    if bytes.len() > 1024 {
        return Err("a decimal is too long".to_owned());
    }
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut rest = 0u32;
        for byte in &mut magnitude {
            let all = rest << 8 | u32::from(*byte);
            (*byte, rest) = ((all / 10) as u8, all % 10);
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    digits.resize(digits.len().max(scale + 1), '0');
    let mut text = String::from(if negative { "-" } else { "" });
    for (i, digit) in digits.iter().enumerate().rev() {
        text.push(*digit);
        if i == scale && scale > 0 {
            text.push('.');
        }
    }
    Ok(text)
}

/// (year, month, day) of a day counted from 1970-01-01, in the calendar without a beginning (Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn clock(units: i64, per_second: i64) -> String {
    let (seconds, fraction) = (units / per_second, units % per_second);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        put(&mut text, format_args!(".{fraction:0width$}", width = per_second.ilog10() as usize));
    }
    text
}

fn time(units: i64, per_second: i64, out: &mut String) -> Result<(), String> {
    if !(0..86_400 * per_second).contains(&units) {
        return Err(format!("the time of day {units} is outside of the day"));
    }
    put(out, format_args!("\"{}\"", clock(units, per_second)));
    Ok(())
}

fn timestamp(units: i64, per_second: i64, utc: bool, out: &mut String) {
    let day = 86_400 * per_second;
    let (year, month, day_of_month) = date(units.div_euclid(day));
    let zone = if utc { "Z" } else { "" };
    put(out, format_args!("\"{year:04}-{month:02}-{day_of_month:02}T{}{zone}\"", clock(units.rem_euclid(day), per_second)));
}
