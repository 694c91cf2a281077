//! Global functions: those of jinja2's sandbox that texts need, and those of transformers.

use std::collections::HashMap;

use super::eval::{Arguments, Machine};
use super::meter::{fail, Res};
use super::value::{to_text, Value};

const NAMES: [&str; 5] = ["range", "dict", "namespace", "raise_exception", "strftime_now"];
/// Of jinja2's sandbox.
const MAX_RANGE: i128 = 100_000;

pub fn find(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|known| *known == name)
}

pub fn call(machine: &mut Machine, name: &str, args: Arguments) -> Res<Value> {
    let meter = machine.meter;
    match name {
        "range" => {
            let bounds = args.bind(name, ["start", "stop", "step"])?;
            let mut numbers = [0, 0, 1];
            for (number, bound) in numbers.iter_mut().zip(&bounds).filter(|(_, bound)| bound.is_some()) {
                match bound.as_ref().and_then(Value::as_index).and_then(|v| i64::try_from(v).ok()) {
                    Some(value) => *number = i128::from(value),
                    None => return fail("range takes integers"),
                }
            }
            let (start, stop) = if bounds[1].is_some() { (numbers[0], numbers[1]) } else { (0, numbers[0]) };
            let step = numbers[2];
            if bounds[0].is_none() || step == 0 {
                return fail("range takes integers, and a step that is not 0");
            }
            let distance = if step > 0 { stop - start } else { start - stop }.max(0);
            let count = (distance + step.abs() - 1) / step.abs();
            if count > MAX_RANGE {
                return fail(format!("range is longer than {MAX_RANGE}"));
            }
            Value::list(meter, (0..count).map(|i| Value::Int(start + i * step)).collect())
        }
        "dict" | "namespace" => {
            let mut entries = Vec::new();
            if let Some(first) = args.positional.first() {
                match first {
                    Value::Dict(dict) => entries.extend_from_slice(dict.entries()),
                    other => {
                        for pair in other.iterate(meter)? {
                            match &pair.iterate(meter)?[..] {
                                [key, value] => entries.push((key.clone(), value.clone())),
                                _ => return fail(format!("{name} takes pairs")),
                            }
                        }
                    }
                }
            }
            entries.extend(args.named.into_iter().map(|(name, value)| (Value::Str(name), value)));
            if name == "dict" {
                return Value::dict(meter, entries);
            }
            let mut members = HashMap::new();
            for (key, value) in entries {
                let key = to_text(meter, &key)?;
                if key.starts_with('_') {
                    return fail(format!("a namespace takes no member '{key}', which begins with '_'"));
                }
                members.insert(key, value);
            }
            Ok(machine.namespace(members))
        }
        "raise_exception" => {
            let message = args.one(name)?;
            fail(to_text(meter, &message)?.to_string())
        }
        _ => {
            let format = to_text(meter, &args.one(name)?)?;
            Ok(Value::str(crate::clock::local_time(&format).map_or_else(fail, Ok)?))
        }
    }
}
