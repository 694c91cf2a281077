//! Places in sequences: one by its index, or a slice.

use super::meter::{fail, Meter, Res};
use super::value::Value;

/// `value[index]`; None where Python raises LookupError or TypeError.
pub fn item(meter: &Meter, value: &Value, index: &Value) -> Res<Option<Value>> {
    if let Value::Dict(dict) = value {
        return Ok(dict.get(meter, index)?.cloned());
    }
    let Some(index) = index.as_index() else { return Ok(None) };
    let place = |length: usize| {
        let index = if index < 0 { index + length as i128 } else { index };
        usize::try_from(index).ok().filter(|i| *i < length)
    };
    Ok(match value {
        Value::List(list) | Value::Tuple(list) => place(list.items.len()).map(|i| list.items[i].clone()),
        Value::Str(text) => {
            meter.charge(text.len())?;
            let found = place(text.chars().count()).and_then(|i| text.chars().nth(i));
            found.map(|c| Value::str(c.encode_utf8(&mut [0; 4])))
        }
        _ => None,
    })
}

pub fn slice(meter: &Meter, value: &Value, bounds: [Option<Value>; 3]) -> Res<Value> {
    let mut numbers = [None; 3];
    for (number, bound) in numbers.iter_mut().zip(&bounds) {
        *number = match bound {
            None | Some(Value::None) => None,
            Some(bound) if bound.as_index().is_some() => bound.as_index(),
            Some(_) => return Ok(Value::undefined("slice indices must be integers")),
        };
    }
    if numbers[2] == Some(0) {
        return fail("slice step cannot be zero");
    }
    match value {
        Value::List(list) => Value::list(meter, places(list.items.len(), numbers).map(|i| list.items[i].clone()).collect()),
        Value::Tuple(list) => {
            Value::tuple(meter, places(list.items.len(), numbers).map(|i| list.items[i].clone()).collect())
        }
        Value::Str(text) => {
            meter.charge(text.len() * 4)?;
            let chars: Vec<char> = text.chars().collect();
            Ok(Value::str(places(chars.len(), numbers).map(|i| chars[i]).collect::<String>()))
        }
        other => Ok(Value::undefined(format!("'{}' object has no slices", other.type_name()))),
    }
}

/// The indices that Python's slice takes.
fn places(length: usize, [start, stop, step]: [Option<i128>; 3]) -> impl Iterator<Item = usize> {
    let (length, step) = (length as i128, step.unwrap_or(1));
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |value: i128| (if value < 0 { value.saturating_add(length) } else { value }).clamp(low, high);
    let start = start.map_or(if step > 0 { low } else { high }, bound);
    let stop = stop.map_or(if step > 0 { high } else { low }, bound);
    let mut at = start;
    std::iter::from_fn(move || {
        let inside = if step > 0 { at < stop } else { at > stop };
        let place = at;
        at = at.saturating_add(step);
        inside.then_some(place as usize)
    })
}
