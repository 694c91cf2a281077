//! How Python writes values, and what it takes for space.

use super::meter::{fail, Meter, Res};
use super::value::Value;

/// str.isspace: the White_Space property and the four separators of ASCII.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

pub fn repr(meter: &Meter, value: &Value, out: &mut String) -> Res<()> {
    let before = out.len();
    match value {
        Value::Undefined(_) => out.push_str("Undefined"),
        Value::None => out.push_str("None"),
        Value::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)),
        Value::Str(text) => {
            meter.charge(text.len())?;
            string(text, out);
        }
        Value::List(list) => sequence(meter, &list.items, "[", "]", out)?,
        Value::Tuple(list) if list.items.len() == 1 => sequence(meter, &list.items, "(", ",)", out)?,
        Value::Tuple(list) => sequence(meter, &list.items, "(", ")", out)?,
        Value::Dict(dict) => {
            out.push('{');
            for (i, (key, value)) in dict.entries().iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                repr(meter, key, out)?;
                out.push_str(": ");
                repr(meter, value, out)?;
            }
            out.push('}');
        }
        other => return fail(format!("a {} cannot be printed", other.type_name())),
    }
    meter.step()?;
    meter.charge(out.len() - before)
}

fn sequence(meter: &Meter, items: &[Value], open: &str, close: &str, out: &mut String) -> Res<()> {
    out.push_str(open);
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        repr(meter, item, out)?;
    }
    out.push_str(close);
    Ok(())
}

/// The shortest digits that read back as the same number, laid out as Python's repr does.
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "nan" } else if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        return format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

fn string(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out.push(quote);
}

/// str.isprintable of a character. Rust escapes the same ones after the first place of a text; at the first place it
/// escapes combining marks too.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let mut bytes = [b'a'; 5];
    let length = 1 + c.encode_utf8(&mut bytes[1..]).len();
    std::str::from_utf8(&bytes[..length]).is_ok_and(|text| text.escape_debug().skip(1).eq([c]))
}
