//! `"%s" % x` and `"{}".format(x)`: the conversions that texts need.

use std::sync::Arc;

use super::meter::{fail, Meter, Res};
use super::text;
use super::value::{to_text, Value};

/// Width, precision and flags of one conversion.
#[derive(Default, Clone)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    plus: Option<char>,
    alternate: bool,
    width: usize,
    comma: bool,
    precision: Option<usize>,
    kind: Option<char>,
}

const MAX_WIDTH: usize = 1 << 16;

fn number(chars: &mut std::iter::Peekable<std::str::Chars>) -> Res<Option<usize>> {
    let mut value = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        value = Some(value.unwrap_or(0) * 10 + digit as usize);
        if value > Some(MAX_WIDTH) {
            return fail("a width or precision is too large");
        }
    }
    Ok(value)
}

pub fn percent(meter: &Meter, format: &str, arguments: &Value) -> Res<String> {
    let mut positional = match arguments {
        Value::Tuple(list) => list.items.clone().into_iter(),
        other => vec![other.clone()].into_iter(),
    };
    let mut used_names = matches!(arguments, Value::Dict(_));
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut named = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
            let Value::Dict(dict) = arguments else { return fail("format requires a mapping") };
            let Some(value) = dict.get(meter, &Value::str(&name))? else { return fail(format!("no key '{name}'")) };
            named = Some(value.clone());
            used_names = true;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0#".contains(*c)) {
            match flag {
                '-' => spec.align = Some('<'),
                '0' if spec.align.is_none() => (spec.fill, spec.align) = (Some('0'), Some('=')),
                '0' => {}
                '#' => spec.alternate = true,
                sign => spec.plus = Some(sign),
            }
        }
        spec.width = number(&mut chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars)?.unwrap_or(0));
        }
        let Some(kind) = chars.next() else { return fail("incomplete format") };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let Some(value) = named.or_else(|| positional.next()) else { return fail("not enough arguments for format") };
        let value = match kind {
            's' => Value::Str(to_text(meter, &value)?),
            'r' => Value::Str(repr(meter, &value)?),
            'd' | 'i' | 'u' => match (&value, value.as_index()) {
                (Value::Float(v), _) if v.is_finite() => Value::Int(v.trunc() as i128),
                (_, Some(v)) => Value::Int(v),
                _ => return fail("%d needs a number"),
            },
            _ => value,
        };
        spec.kind = Some(if matches!(kind, 'r' | 's') { 's' } else if "iu".contains(kind) { 'd' } else { kind });
        if spec.align.is_none() {
            spec.align = Some('>');
        }
        out.push_str(&convert(meter, &value, &spec)?);
        meter.charge(out.len())?;
    }
    if !used_names && positional.next().is_some() {
        return fail("not all arguments converted during string formatting");
    }
    meter.charge(out.len())?;
    Ok(out)
}

fn repr(meter: &Meter, value: &Value) -> Res<Arc<str>> {
    let mut out = String::new();
    text::repr(meter, value, &mut out)?;
    Ok(out.into())
}

pub fn braces(meter: &Meter, format: &str, positional: &[Value], named: &[(Arc<str>, Value)]) -> Res<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => out.push('}'),
            '}' => return fail("Single '}' encountered in format string"),
            '{' => {
                let field: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let (name, spec) = field.split_once(':').unwrap_or((&field, ""));
                let (name, conversion) = name.split_once('!').unwrap_or((name, ""));
                let value = match name.parse::<usize>() {
                    Ok(index) => positional.get(index),
                    Err(_) if name.is_empty() => {
                        next += 1;
                        positional.get(next - 1)
                    }
                    Err(_) => named.iter().find(|(n, _)| **n == *name).map(|(_, value)| value),
                };
                let Some(value) = value else { return fail(format!("format has no argument '{name}'")) };
                let value = match conversion {
                    "" => value.clone(),
                    "s" => Value::Str(to_text(meter, value)?),
                    "r" => Value::Str(repr(meter, value)?),
                    _ => return fail("unknown conversion in a format"),
                };
                out.push_str(&convert(meter, &value, &parse_spec(spec)?)?);
                meter.charge(out.len())?;
            }
            c => out.push(c),
        }
    }
    meter.charge(out.len())?;
    Ok(out)
}

fn parse_spec(spec: &str) -> Res<Spec> {
    let mut out = Spec::default();
    let mut chars = spec.chars().peekable();
    let is_align = |c: &char| "<>=^".contains(*c);
    let second = spec.chars().nth(1);
    if second.as_ref().is_some_and(is_align) {
        out.fill = chars.next();
        out.align = chars.next();
    } else {
        out.align = chars.next_if(is_align);
    }
    out.plus = chars.next_if(|c| "+- ".contains(*c)).filter(|c| *c != '-');
    out.alternate = chars.next_if_eq(&'#').is_some();
    if chars.next_if_eq(&'0').is_some() && out.align.is_none() {
        (out.fill, out.align) = (Some('0'), Some('='));
    }
    out.width = number(&mut chars)?.unwrap_or(0);
    out.comma = chars.next_if_eq(&',').is_some();
    if chars.next_if_eq(&'.').is_some() {
        out.precision = Some(number(&mut chars)?.unwrap_or(0));
    }
    out.kind = chars.next();
    if chars.next().is_some() { fail("a format specification is not right") } else { Ok(out) }
}

fn convert(meter: &Meter, value: &Value, spec: &Spec) -> Res<String> {
    let is_number = value.as_number().is_some() && !(matches!(value, Value::Bool(_)) && spec.kind.is_none());
    let (negative, body) = match (spec.kind, value) {
        (None | Some('s'), value) if spec.kind == Some('s') || !is_number => {
            let text = to_text(meter, value)?;
            (false, text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect())
        }
        (None | Some('d' | 'x' | 'X' | 'o' | 'b'), value) if value.as_index().is_some() => {
            let value = value.as_index().unwrap_or(0);
            (value < 0, integer(value.unsigned_abs(), spec))
        }
        (None | Some('f' | 'F' | 'e' | 'E' | 'g' | 'G' | '%'), value) if is_number => {
            let value = value.as_number().unwrap_or(0.0);
            (value.is_sign_negative() && !value.is_nan(), decimal(value.abs(), spec)?)
        }
        _ => return fail(format!("format cannot write '{}' like this", value.type_name())),
    };
    let sign = if negative { "-".to_owned() } else { spec.plus.filter(|_| is_number).map_or(String::new(), String::from) };
    let missing = spec.width.saturating_sub(sign.chars().count() + body.chars().count());
    let fill = |count: usize| spec.fill.unwrap_or(' ').to_string().repeat(count);
    Ok(match spec.align.unwrap_or(if is_number { '>' } else { '<' }) {
        '<' => sign + &body + &fill(missing),
        '^' => fill(missing / 2) + &sign + &body + &fill(missing - missing / 2),
        '=' => sign + &fill(missing) + &body,
        _ => fill(missing) + &sign + &body,
    })
}

fn integer(value: u128, spec: &Spec) -> String {
    let prefix = |text: &str| if spec.alternate { text.to_owned() } else { String::new() };
    match spec.kind {
        Some('x') => prefix("0x") + &format!("{value:x}"),
        Some('X') => prefix("0X") + &format!("{value:X}"),
        Some('o') => prefix("0o") + &format!("{value:o}"),
        Some('b') => prefix("0b") + &format!("{value:b}"),
        _ => group(&value.to_string(), spec.comma),
    }
}

fn group(digits: &str, comma: bool) -> String {
    if !comma {
        return digits.to_owned();
    }
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

fn decimal(value: f64, spec: &Spec) -> Res<String> {
    if !value.is_finite() {
        return Ok(text::float(value));
    }
    let precision = spec.precision.unwrap_or(6);
    Ok(match spec.kind {
        Some('f' | 'F') => group(&format!("{value:.precision$}"), spec.comma),
        Some('%') => format!("{:.precision$}%", value * 100.0),
        Some('e' | 'E') => {
            let text = format!("{value:.precision$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let e = spec.kind.unwrap_or('e');
            format!("{mantissa}{e}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        None if spec.precision.is_none() => group(&text::float(value), spec.comma),
        _ => return fail("format knows no conversion g"),
    })
}
