//! Tests: what stands after `is`.

use std::cmp::Ordering;
use std::rc::Rc;

use super::meter::{fail, Meter, Res};
use super::ops;
use super::value::{compare, equal, to_text, Value};
use super::{filters, text};

const NAMES: [&str; 38] = [
    "odd", "even", "divisibleby", "defined", "undefined", "filter", "test", "none", "boolean", "false", "true", "integer",
    "float", "lower", "upper", "string", "mapping", "number", "sequence", "iterable", "callable", "sameas", "escaped",
    "in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", "ge", ">=", "<", "lt", "lessthan", "le",
];

pub fn test(meter: &Meter, name: &str, value: &Value, args: &[Value]) -> Res<bool> {
    meter.step()?;
    let other = || args.first().map_or_else(|| fail(format!("the test '{name}' needs an argument")), Ok);
    let order = |wanted: &[Ordering]| Ok(compare(meter, value, other()?)?.is_some_and(|o| wanted.contains(&o)));
    let integer = || match value.as_index() {
        Some(value) => Ok(value),
        None => fail(format!("the test '{name}' needs an integer")),
    };
    Ok(match name {
        "defined" => !value.is_undefined(),
        "undefined" => value.is_undefined(),
        "none" => matches!(value, Value::None),
        "boolean" => matches!(value, Value::Bool(_)),
        "true" => matches!(value, Value::Bool(true)),
        "false" => matches!(value, Value::Bool(false)),
        "integer" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => value.as_number().is_some(),
        "string" => matches!(value, Value::Str(_)),
        "mapping" => matches!(value, Value::Dict(_)),
        "sequence" => matches!(value, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Undefined(_)),
        "iterable" => !matches!(
            value,
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Function(_) | Value::Method(_)
                | Value::Macro(_) | Value::Namespace(_)
        ),
        "callable" => matches!(value, Value::Function(_) | Value::Method(_) | Value::Macro(_) | Value::Loop(_) | Value::Undefined(_)),
        "escaped" => false,
        "odd" => integer()?.rem_euclid(2) == 1,
        "even" => integer()?.rem_euclid(2) == 0,
        "divisibleby" => match (integer()?, other()?.as_index()) {
            (_, None | Some(0)) => return fail("divisibleby needs a number that is not 0"),
            (value, Some(divisor)) => value.checked_rem(divisor).unwrap_or(0) == 0,
        },
        "lower" | "upper" => {
            let text = to_text(meter, value)?;
            meter.charge(text.len())?;
            let other = if name == "lower" { char::is_uppercase } else { char::is_lowercase };
            text.chars().any(|c| c.is_lowercase() || c.is_uppercase()) && !text.chars().any(other)
        }
        "sameas" => same(value, other()?),
        "in" => ops::contains(meter, other()?, value)?,
        "filter" => filters::exists(&to_text(meter, value)?),
        "test" => NAMES.contains(&&*to_text(meter, value)?),
        "==" | "eq" | "equalto" => equal(meter, value, other()?)?,
        "!=" | "ne" => !equal(meter, value, other()?)?,
        ">" | "gt" | "greaterthan" => order(&[Ordering::Greater])?,
        ">=" | "ge" => order(&[Ordering::Greater, Ordering::Equal])?,
        "<" | "lt" | "lessthan" => order(&[Ordering::Less])?,
        "<=" | "le" => order(&[Ordering::Less, Ordering::Equal])?,
        _ => return fail(format!("no test named '{name}'")),
    })
}

/// Python's `is`, for the values of which a template can say something certain.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b && (-5..=256).contains(a),
        (Value::Str(a), Value::Str(b)) => std::sync::Arc::ptr_eq(a, b) || (a == b && a.len() <= 1),
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => Rc::ptr_eq(a, b),
        (Value::Dict(a), Value::Dict(b)) => Rc::ptr_eq(a, b),
        (Value::Namespace(a), Value::Namespace(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

/// str.strip with the characters to take, space by default.
pub fn strips<'c>(chars: Option<&'c str>) -> impl Fn(char) -> bool + 'c {
    move |c| chars.map_or_else(|| text::is_space(c), |chars| chars.contains(c))
}
