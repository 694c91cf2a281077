//! Operators, as Python has them.

use std::sync::Arc;

use super::ast::Binary;
use super::format;
use super::meter::{fail, Meter, Res};
use super::value::{equal, Value};

pub fn binary(meter: &Meter, op: Binary, a: &Value, b: &Value) -> Res<Value> {
    meter.step()?;
    match (op, a, b) {
        (Binary::Add, Value::Str(a), Value::Str(b)) => concat(meter, &[a.clone(), b.clone()]),
        (Binary::Add, Value::List(a), Value::List(b)) => Value::list(meter, [&a.items[..], &b.items].concat()),
        (Binary::Add, Value::Tuple(a), Value::Tuple(b)) => Value::tuple(meter, [&a.items[..], &b.items].concat()),
        (Binary::Mul, Value::Str(_) | Value::List(_) | Value::Tuple(_), count) => repeat(meter, a, count),
        (Binary::Mul, count, Value::Str(_) | Value::List(_) | Value::Tuple(_)) => repeat(meter, b, count),
        (Binary::Mod, Value::Str(text), arguments) => Ok(Value::str(format::percent(meter, text, arguments)?)),
        _ => match (a.as_index(), b.as_index(), a.as_number(), b.as_number()) {
            (Some(a), Some(b), ..) => integers(op, a, b),
            (_, _, Some(a), Some(b)) => floats(op, a, b),
            _ => unsupported(a, b),
        },
    }
}

fn unsupported<T>(a: &Value, b: &Value) -> Res<T> {
    for value in [a, b] {
        if let Value::Undefined(what) = value {
            return fail(what.to_string());
        }
    }
    fail(format!("this operator does not take '{}' and '{}'", a.type_name(), b.type_name()))
}

fn integers(op: Binary, a: i128, b: i128) -> Res<Value> {
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::Div => return floats(op, a as f64, b as f64),
        Binary::FloorDiv | Binary::Mod if b == 0 => return fail("integer division by zero"),
        Binary::FloorDiv => a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }),
        Binary::Mod => a.checked_rem(b).map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
        Binary::Pow if b < 0 => return floats(op, a as f64, b as f64),
        Binary::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    };
    match result {
        Some(value) => Ok(Value::Int(value)),
        None => fail("a number is too large"),
    }
}

fn floats(op: Binary, a: f64, b: f64) -> Res<Value> {
    if b == 0.0 && matches!(op, Binary::Div | Binary::FloorDiv | Binary::Mod) {
        return fail("division by zero");
    }
    let remainder = || {
        let r = a % b;
        if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else if r == 0.0 { 0f64.copysign(b) } else { r }
    };
    Ok(Value::Float(match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Mod => remainder(),
        Binary::FloorDiv => ((a - remainder()) / b).round(),
        Binary::Pow if a == 0.0 && b < 0.0 => return fail("0.0 cannot be raised to a negative power"),
        Binary::Pow => a.powf(b),
    }))
}

fn repeat(meter: &Meter, sequence: &Value, count: &Value) -> Res<Value> {
    let Some(count) = count.as_index() else { return unsupported(sequence, count) };
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    match sequence {
        Value::Str(text) => {
            meter.charge(text.len().saturating_mul(count))?;
            Ok(Value::str(text.repeat(count)))
        }
        Value::List(list) | Value::Tuple(list) => {
            meter.charge(list.items.len().saturating_mul(count).saturating_mul(size_of::<Value>()))?;
            let items = (0..count).flat_map(|_| list.items.iter().cloned()).collect();
            if matches!(sequence, Value::List(_)) { Value::list(meter, items) } else { Value::tuple(meter, items) }
        }
        other => unsupported(other, &Value::None),
    }
}

pub fn concat(meter: &Meter, parts: &[Arc<str>]) -> Res<Value> {
    meter.charge(parts.iter().map(|part| part.len()).sum())?;
    Ok(Value::str(parts.concat()))
}

pub fn negate(value: &Value) -> Res<Value> {
    match (value.as_index(), value) {
        (Some(value), _) => integers(Binary::Sub, 0, value),
        (_, Value::Float(value)) => Ok(Value::Float(-value)),
        _ => unsupported(value, &Value::None),
    }
}

pub fn contains(meter: &Meter, container: &Value, item: &Value) -> Res<bool> {
    meter.step()?;
    match (container, item) {
        (Value::Str(text), Value::Str(part)) => {
            meter.charge(text.len())?;
            Ok(text.contains(&**part))
        }
        (Value::Str(_), other) => fail(format!("'in <string>' requires string, not {}", other.type_name())),
        (Value::Dict(dict), key) => Ok(dict.get(meter, key)?.is_some()),
        (Value::List(list) | Value::Tuple(list), item) => {
            list.items.iter().try_fold(false, |found, other| Ok(found || equal(meter, other, item)?))
        }
        (other, item) => {
            let items = other.iterate(meter)?;
            items.iter().try_fold(false, |found, other| Ok(found || equal(meter, other, item)?))
        }
    }
}
