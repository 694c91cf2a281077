//! JSON in, and Python's json.dumps out.

use std::sync::Arc;

use serde_json::Value as Json;

use super::meter::{fail, Meter, Res};
use super::text;
use super::value::{compare, Value};

pub fn from_json(meter: &Meter, json: &Json) -> Res<Value> {
    Ok(match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Value::Int(value.into()),
            (_, Some(value)) => Value::Int(value.into()),
            _ => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => {
            meter.charge(text.len())?;
            Value::str(text)
        }
        Json::Array(items) => {
            Value::list(meter, items.iter().map(|item| from_json(meter, item)).collect::<Res<_>>()?)?
        }
        Json::Object(members) => {
            let entry = |(key, value): (&String, &Json)| Ok((Value::str(key), from_json(meter, value)?));
            Value::dict(meter, members.iter().map(entry).collect::<Res<_>>()?)?
        }
    })
}

pub struct Style {
    pub ascii: bool,
    pub indent: Option<String>,
    pub item_separator: Arc<str>,
    pub key_separator: Arc<str>,
    pub sort_keys: bool,
}

pub fn dumps(meter: &Meter, value: &Value, style: &Style) -> Res<String> {
    let mut writer = Writer { meter, style, out: String::new() };
    writer.value(value, 1)?;
    Ok(writer.out)
}

struct Writer<'a> {
    meter: &'a Meter,
    style: &'a Style,
    out: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Res<()> {
        let before = self.out.len();
        match value {
            Value::None => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.out.push_str(&value.to_string()),
            Value::Float(value) => self.out.push_str(&float(*value)),
            Value::Str(text) => {
                self.meter.charge(text.len())?;
                self.string(text);
            }
            Value::List(list) | Value::Tuple(list) => {
                self.members(&list.items, ('[', ']'), depth, |writer, item| writer.value(item, depth + 1))?;
            }
            Value::Dict(dict) => {
                let mut entries: Vec<_> = dict.entries().iter().collect();
                if self.style.sort_keys {
                    let mut failure = Ok(());
                    entries.sort_by(|a, b| match compare(self.meter, &a.0, &b.0) {
                        Ok(order) => order.unwrap_or(std::cmp::Ordering::Equal),
                        Err(error) => {
                            failure = Err(error);
                            std::cmp::Ordering::Equal
                        }
                    });
                    failure?;
                }
                self.members(&entries, ('{', '}'), depth, |writer, (key, value)| {
                    writer.key(key)?;
                    let separator = writer.style.key_separator.clone();
                    writer.out.push_str(&separator);
                    writer.value(value, depth + 1)
                })?;
            }
            other => return fail(format!("Object of type {} is not JSON serializable", other.type_name())),
        }
        self.meter.step()?;
        self.meter.charge(self.out.len() - before)
    }

    fn members<T>(
        &mut self,
        items: &[T],
        (open, close): (char, char),
        depth: usize,
        write: impl Fn(&mut Self, &T) -> Res<()>,
    ) -> Res<()> {
        self.out.push(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(&self.style.item_separator);
            }
            self.new_line(depth)?;
            write(self, item)?;
        }
        if !items.is_empty() {
            self.new_line(depth - 1)?;
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self, depth: usize) -> Res<()> {
        let Some(indent) = &self.style.indent else { return Ok(()) };
        self.meter.charge(indent.len() * depth)?;
        self.out.push('\n');
        self.out.push_str(&indent.repeat(depth));
        Ok(())
    }

    fn key(&mut self, key: &Value) -> Res<()> {
        match key {
            Value::Str(text) => self.string(text),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                self.out.push('"');
                self.value(key, 1)?;
                self.out.push('"');
            }
            other => return fail(format!("keys must be str, int, float, bool or None, not {}", other.type_name())),
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if c < ' ' || (self.style.ascii && c > '~') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

fn float(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        v => text::float(v),
    }
}
