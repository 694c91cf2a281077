//! Filters of jinja2, with transformers' tojson.

use std::cmp::Ordering;
use std::sync::Arc;

use super::eval::{Arguments, Machine};
use super::json::{dumps, Style};
use super::meter::{fail, Meter, Res};
use super::tests::strips;
use super::value::{compare, equal, to_text, Value};
use super::{format, methods, ops, text};

const NAMES: [&str; 47] = [
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first", "float",
    "forceescape", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max",
    "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string",
    "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
];

pub fn exists(name: &str) -> bool {
    NAMES.contains(&name)
}

pub fn apply(machine: &mut Machine, name: &str, value: Value, args: Arguments) -> Res<Value> {
    let meter = machine.meter;
    meter.step()?;
    match name {
        "default" | "d" => {
            let [default, boolean] = args.bind(name, ["default_value", "boolean"])?;
            let replaced = value.is_undefined() || (boolean.is_some_and(|b| b.truthy()) && !value.truthy());
            Ok(if replaced { default.unwrap_or(Value::str("")) } else { value })
        }
        "tojson" => tojson(meter, &value, args),
        "length" | "count" => match value.length(meter)? {
            Some(length) => Ok(Value::Int(length as i128)),
            None => fail(format!("object of type '{}' has no len()", value.type_name())),
        },
        "list" => Value::list(meter, value.iterate(meter)?),
        "items" => match &value {
            Value::Undefined(_) => Value::list(meter, Vec::new()),
            Value::Dict(dict) => methods::pairs(meter, dict),
            _ => fail("Can only get item pairs from a mapping."),
        },
        "first" => match &value {
            Value::Generator(items) => Ok(items.borrow_mut().pop_front()),
            other => other.iterate(meter).map(|items| items.into_iter().next()),
        }
        .map(|first| first.unwrap_or(Value::undefined("No first item, sequence was empty."))),
        "last" => {
            let last = value.iterate(meter)?.pop();
            Ok(last.unwrap_or(Value::undefined("No last item, sequence was empty.")))
        }
        "reverse" => match &value {
            Value::Str(text) => {
                meter.charge(text.len())?;
                Ok(Value::str(text.chars().rev().collect::<String>()))
            }
            other => {
                let mut items = other.iterate(meter)?;
                items.reverse();
                Value::generator(meter, items)
            }
        },
        "join" => join(meter, &value, args),
        "attr" => machine.attribute(&value, &to_text(meter, &args.one(name)?)?),
        "map" | "select" | "reject" | "selectattr" | "rejectattr" => each(machine, name, value, args),
        "sort" | "unique" | "min" | "max" | "groupby" | "dictsort" => ordered(machine, name, value, args),
        "sum" => {
            let [attribute, start] = args.bind(name, ["attribute", "start"])?;
            let mut sum = start.unwrap_or(Value::Int(0));
            for item in value.iterate(meter)? {
                let item = by_attribute(machine, item, attribute.as_ref())?;
                sum = ops::binary(meter, super::ast::Binary::Add, &sum, &item)?;
            }
            Ok(sum)
        }
        "batch" | "slice" => chunks(meter, name, value, args),
        "abs" | "int" | "float" | "round" => number(meter, name, value, args),
        _ => on_text(meter, name, value, args),
    }
}

/// Filters that turn what they get into a text first.
fn on_text(meter: &Meter, name: &str, value: Value, args: Arguments) -> Res<Value> {
    let text = to_text(meter, &value)?;
    meter.charge(text.len())?;
    match name {
        "string" | "safe" => Ok(Value::Str(text)),
        "upper" => Ok(Value::str(text.to_uppercase())),
        "lower" => Ok(Value::str(text.to_lowercase())),
        "capitalize" => Ok(Value::str(methods::capitalize(&text))),
        "title" => Ok(Value::str(title(&text))),
        "trim" => {
            let [chars] = args.bind(name, ["chars"])?;
            let chars = match &chars {
                None | Some(Value::None) => None,
                Some(chars) => Some(to_text(meter, chars)?),
            };
            Ok(Value::str(text.trim_matches(strips(chars.as_deref()))))
        }
        "replace" => {
            let [old, new, count] = args.bind(name, ["old", "new", "count"])?;
            let (Some(old), Some(new)) = (old, new) else { return fail("replace needs two texts") };
            methods::replace(meter, &text, &*to_text(meter, &old)?, &*to_text(meter, &new)?, count)
        }
        "indent" => indent(meter, &text, args),
        "format" => {
            let arguments = if args.named.is_empty() {
                Value::tuple(meter, args.positional)?
            } else {
                Value::dict(meter, args.named.into_iter().map(|(name, value)| (Value::Str(name), value)).collect())?
            };
            Ok(Value::str(format::percent(meter, &text, &arguments)?))
        }
        "center" => {
            let [width] = args.bind(name, ["width"])?;
            methods::call(meter, &Value::Str(text), name, Arguments::of(vec![width.unwrap_or(Value::Int(80))]))
        }
        "escape" | "e" | "forceescape" => {
            meter.charge(text.len() * 5)?;
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            Ok(Value::str(text.replace('\'', "&#39;").replace('"', "&#34;")))
        }
        "urlencode" => {
            meter.charge(text.len() * 3)?;
            let encode = |b: u8| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' | b'/' => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            };
            Ok(Value::str(text.bytes().map(encode).collect::<String>()))
        }
        "wordcount" => {
            let words = text.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty());
            Ok(Value::Int(words.count() as i128))
        }
        "truncate" => truncate(&text, args),
        _ => fail(format!("no filter named '{name}'")),
    }
}

fn tojson(meter: &Meter, value: &Value, args: Arguments) -> Res<Value> {
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"];
    let [ascii, indent, separators, sort_keys] = args.bind("tojson", names)?;
    let is_set = |value: Option<Value>| value.is_some_and(|value| value.truthy());
    let indent = match indent {
        None | Some(Value::None) => None,
        Some(Value::Str(indent)) => Some(indent.to_string()),
        Some(width) => match width.as_index() {
            Some(width) if width <= 1024 => Some(" ".repeat(width.max(0) as usize)),
            _ => return fail("tojson: indent must be a small integer or a text"),
        },
    };
    let (item, key) = match separators {
        None | Some(Value::None) => (if indent.is_some() { "," } else { ", " }.into(), ": ".into()),
        Some(other) => match &other.iterate(meter)?[..] {
            [item, key] => (to_text(meter, item)?, to_text(meter, key)?),
            _ => return fail("tojson: separators must be a pair of texts"),
        },
    };
    let style =
        Style { ascii: is_set(ascii), indent, item_separator: item, key_separator: key, sort_keys: is_set(sort_keys) };
    Ok(Value::str(dumps(meter, value, &style)?))
}

fn join(meter: &Meter, value: &Value, args: Arguments) -> Res<Value> {
    let [separator, attribute] = args.bind("join", ["d", "attribute"])?;
    let separator = separator.map_or(Ok("".into()), |separator| to_text(meter, &separator))?;
    let mut out = String::new();
    for (i, item) in value.iterate(meter)?.into_iter().enumerate() {
        let item = match &attribute {
            Some(attribute) => member(meter, item, attribute)?,
            None => item,
        };
        let text = to_text(meter, &item)?;
        meter.charge(separator.len() + text.len())?;
        out.push_str(if i > 0 { &separator } else { "" });
        out.push_str(&text);
    }
    Ok(Value::str(out))
}

/// `item.a.b.0` for "a.b.0".
fn member(meter: &Meter, item: Value, path: &Value) -> Res<Value> {
    if path.as_index().is_some() {
        return Machine::subscript(meter, &item, path);
    }
    let mut item = item;
    for part in to_text(meter, path)?.split('.') {
        let key = part.parse::<i128>().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit())).map(Value::Int);
        item = Machine::subscript(meter, &item, &key.unwrap_or(Value::str(part)))?;
    }
    Ok(item)
}

fn by_attribute(machine: &Machine, item: Value, attribute: Option<&Value>) -> Res<Value> {
    match attribute {
        None | Some(Value::None) => Ok(item),
        Some(path) => member(machine.meter, item, path),
    }
}

fn each(machine: &mut Machine, name: &str, value: Value, args: Arguments) -> Res<Value> {
    let meter = machine.meter;
    let mut out = Vec::new();
    if name == "map" && args.positional.is_empty() {
        let [attribute, default] = args.bind(name, ["attribute", "default"])?;
        let Some(attribute) = attribute else { return fail("map needs a filter or an attribute") };
        for item in value.iterate(meter)? {
            let found = member(meter, item, &attribute)?;
            out.push(if found.is_undefined() { default.clone().unwrap_or(found) } else { found });
        }
        return Value::generator(meter, out);
    }
    let mut positional = args.positional.into_iter();
    let attribute = if name.ends_with("attr") { positional.next() } else { None };
    if name.ends_with("attr") && attribute.is_none() {
        return fail(format!("{name} needs an attribute"));
    }
    let applied = positional.next().map(|name| to_text(meter, &name)).transpose()?;
    let rest: Vec<Value> = positional.collect();
    for item in value.iterate(meter)? {
        if name == "map" {
            let filter = applied.as_deref().unwrap_or("");
            let args = Arguments { positional: rest.clone(), named: args.named.clone() };
            out.push(machine.nested(|machine| apply(machine, filter, item, args))?);
            continue;
        }
        let tested = by_attribute(machine, item.clone(), attribute.as_ref())?;
        let passes = match &applied {
            Some(test) => super::tests::test(meter, test, &tested, &rest)?,
            None => tested.truthy(),
        };
        if passes == name.starts_with("select") {
            out.push(item);
        }
    }
    Value::generator(meter, out)
}

/// Texts in small letters, where letters of both kinds count as the same.
fn folded(meter: &Meter, value: Value, case_sensitive: bool) -> Res<Value> {
    match value {
        Value::Str(text) if !case_sensitive => {
            meter.charge(text.len())?;
            Ok(Value::str(text.to_lowercase()))
        }
        other => Ok(other),
    }
}

fn sorted<T>(meter: &Meter, items: &mut [(Value, T)], reverse: bool) -> Res<()> {
    let mut failure = Ok(());
    items.sort_by(|(a, _), (b, _)| {
        if failure.is_err() {
            return Ordering::Equal;
        }
        match if reverse { compare(meter, b, a) } else { compare(meter, a, b) } {
            Ok(order) => order.unwrap_or(Ordering::Equal),
            Err(error) => {
                failure = Err(error);
                Ordering::Equal
            }
        }
    });
    failure
}

fn ordered(machine: &mut Machine, name: &str, value: Value, args: Arguments) -> Res<Value> {
    let meter = machine.meter;
    let names: [&str; 4] = match name {
        "sort" => ["reverse", "case_sensitive", "attribute", ""],
        "dictsort" => ["case_sensitive", "by", "reverse", ""],
        "groupby" => ["attribute", "default", "case_sensitive", ""],
        _ => ["case_sensitive", "attribute", "", ""],
    };
    let bound = args.bind(name, names)?;
    let argument = |wanted: &str| {
        names.iter().position(|name| *name == wanted).and_then(|i| bound[i].clone()).filter(|v| !matches!(v, Value::None))
    };
    let is_set = |wanted: &str| argument(wanted).is_some_and(|value| value.truthy());
    let (case_sensitive, reverse) = (is_set("case_sensitive"), is_set("reverse"));
    if name == "dictsort" {
        let Value::Dict(dict) = &value else { return fail("dictsort needs a mapping") };
        let by_value = argument("by").is_some_and(|by| by.as_str().is_some_and(|by| &**by == "value"));
        let mut items = Vec::new();
        for (key, value) in dict.entries() {
            let order = folded(meter, if by_value { value } else { key }.clone(), case_sensitive)?;
            items.push((order, Value::tuple(meter, vec![key.clone(), value.clone()])?));
        }
        sorted(meter, &mut items, reverse)?;
        return Value::list(meter, items.into_iter().map(|(_, pair)| pair).collect());
    }
    // "a,b" sorts by a, then by b.
    let paths: Vec<Value> = match argument("attribute") {
        Some(Value::Str(text)) if name == "sort" => text.split(',').map(Value::str).collect(),
        other => other.into_iter().collect(),
    };
    let mut items = Vec::new();
    for item in value.iterate(meter)? {
        let order = match &paths[..] {
            [] => folded(meter, item.clone(), case_sensitive)?,
            paths => {
                let mut keys = Vec::new();
                for path in paths {
                    let found = member(meter, item.clone(), path)?;
                    let found = if found.is_undefined() { argument("default").unwrap_or(found) } else { found };
                    keys.push(folded(meter, found, case_sensitive)?);
                }
                if keys.len() == 1 { keys.remove(0) } else { Value::list(meter, keys)? }
            }
        };
        items.push((order, item));
    }
    match name {
        "sort" => {
            sorted(meter, &mut items, reverse)?;
            Value::list(meter, items.into_iter().map(|(_, item)| item).collect())
        }
        "unique" => {
            let mut seen = std::collections::HashSet::new();
            let mut out = Vec::new();
            for (order, item) in items {
                if seen.insert(order.key(meter)?) {
                    out.push(item);
                }
            }
            Value::generator(meter, out)
        }
        "groupby" => groups(meter, items),
        _ => {
            let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
            let mut best: Option<(Value, Value)> = None;
            for (order, item) in items {
                let better = match &best {
                    Some((so_far, _)) => compare(meter, &order, so_far)? == Some(wanted),
                    None => true,
                };
                if better {
                    best = Some((order, item));
                }
            }
            Ok(best.map_or(Value::undefined("No aggregated item, sequence was empty."), |(_, item)| item))
        }
    }
}

fn groups(meter: &Meter, mut items: Vec<(Value, Value)>) -> Res<Value> {
    sorted(meter, &mut items, false)?;
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (order, item) in items {
        match groups.last_mut() {
            Some((last, group)) if equal(meter, last, &order)? => group.push(item),
            _ => groups.push((order, vec![item])),
        }
    }
    let pair = |(order, group): (Value, Vec<Value>)| {
        let group = Value::list(meter, group)?;
        Value::tuple(meter, vec![order, group])
    };
    Value::list(meter, groups.into_iter().map(pair).collect::<Res<_>>()?)
}

fn chunks(meter: &Meter, name: &str, value: Value, args: Arguments) -> Res<Value> {
    let [count, fill] = args.bind(name, [if name == "batch" { "linecount" } else { "slices" }, "fill_with"])?;
    let count = count.and_then(|count| count.as_index()).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    if count == 0 {
        return fail(format!("{name} needs a count above 0"));
    }
    let fill = fill.filter(|fill| !matches!(fill, Value::None));
    let items = value.iterate(meter)?;
    let mut out: Vec<Vec<Value>> = Vec::new();
    if name == "batch" {
        out.extend(items.chunks(count).map(<[Value]>::to_vec));
        if let (Some(last), Some(fill)) = (out.last_mut(), fill) {
            meter.charge(count.saturating_mul(size_of::<Value>()))?;
            last.resize(count, fill);
        }
    } else {
        meter.charge(count.saturating_mul(size_of::<Value>()))?;
        let (each, more) = (items.len() / count, items.len() % count);
        let mut rest = &items[..];
        for i in 0..count {
            let (chunk, after) = rest.split_at(each + usize::from(i < more));
            let missing = fill.clone().filter(|_| i >= more);
            out.push(chunk.iter().cloned().chain(missing).collect());
            rest = after;
        }
    }
    let lists = out.into_iter().map(|chunk| Value::list(meter, chunk)).collect::<Res<_>>()?;
    Value::generator(meter, lists)
}

fn number(meter: &Meter, name: &str, value: Value, args: Arguments) -> Res<Value> {
    match name {
        "abs" => match (value.as_index(), value.as_number()) {
            (Some(value), _) => Ok(Value::Int(value.saturating_abs())),
            (_, Some(value)) => Ok(Value::Float(value.abs())),
            _ => fail(format!("bad operand type for abs(): '{}'", value.type_name())),
        },
        "round" => round(value, args),
        "float" => {
            let [default] = args.bind(name, ["default"])?;
            Ok(parse_float(meter, &value)?.map_or(default.unwrap_or(Value::Float(0.0)), Value::Float))
        }
        _ => {
            let [default, base] = args.bind(name, ["default", "base"])?;
            let base = base.and_then(|base| base.as_index()).unwrap_or(10);
            if let Some(found) = parse_int(&value, base) {
                return Ok(Value::Int(found));
            }
            match parse_float(meter, &value)?.filter(|v| v.is_finite()) {
                Some(found) => Ok(Value::Int(found.trunc() as i128)),
                None => Ok(default.unwrap_or(Value::Int(0))),
            }
        }
    }
}

fn parse_int(value: &Value, base: i128) -> Option<i128> {
    let Value::Str(text) = value else { return value.as_index() };
    let text = text.trim_matches(text::is_space);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefix = match base {
        16 => "0x",
        8 => "0o",
        2 => "0b",
        _ => "",
    };
    let digits = lower.strip_prefix(prefix).unwrap_or(&lower);
    let misplaced = digits.starts_with(['_', '+', '-']) || digits.ends_with('_') || digits.contains("__");
    let radix = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let found = i128::from_str_radix(&digits.replace('_', ""), radix).ok().filter(|_| !misplaced)?;
    Some(if negative { -found } else { found })
}

fn parse_float(meter: &Meter, value: &Value) -> Res<Option<f64>> {
    let Value::Str(text) = value else { return Ok(value.as_number()) };
    meter.charge(text.len())?;
    let text = text.trim_matches(text::is_space);
    Ok(text.replace('_', "").parse().ok().filter(|_| !text.is_empty()))
}

fn round(value: Value, args: Arguments) -> Res<Value> {
    let [precision, method] = args.bind("round", ["precision", "method"])?;
    let precision = precision.and_then(|precision| precision.as_index()).unwrap_or(0);
    let Some(number) = value.as_number() else { return fail("round needs a number") };
    if !(0..=300).contains(&precision) {
        return fail("round: the precision must be in [0, 300]");
    }
    let method = method.unwrap_or(Value::str("common"));
    let scale = 10f64.powi(precision as i32);
    let rounded = match method.as_str().map(|method| &**method) {
        Some("ceil") => (number * scale).ceil() / scale,
        Some("floor") => (number * scale).floor() / scale,
        Some("common") if matches!(value, Value::Int(_) | Value::Bool(_)) => return Ok(value),
        // Correctly rounded, halves to even: what the shortest decimals of that many places read as.
        Some("common") => format!("{number:.0$}", precision as usize).parse().unwrap_or(number),
        _ => return fail("round: the method must be common, ceil or floor"),
    };
    Ok(Value::Float(rounded))
}

/// Each word's first letter large, the rest small; words begin after spaces, hyphens and opening brackets.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if text::is_space(c) || "-({[<".contains(c) {
            begins = true;
            out.push(c);
        } else if std::mem::take(&mut begins) {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn indent(meter: &Meter, text: &str, args: Arguments) -> Res<Value> {
    let [width, first, blank] = args.bind("indent", ["width", "first", "blank"])?;
    let indent: Arc<str> = match width {
        None => "    ".into(),
        Some(Value::Str(indent)) => indent,
        Some(width) => match width.as_index() {
            Some(width) if width <= 1024 => " ".repeat(width.max(0) as usize).into(),
            _ => return fail("indent: the width must be a small integer or a text"),
        },
    };
    let is_set = |value: Option<Value>| value.is_some_and(|value| value.truthy());
    let (first, blank) = (is_set(first), is_set(blank));
    let text = format!("{text}\n");
    let lines = methods::lines(&text, false);
    meter.charge(text.len() + lines.len().saturating_mul(indent.len() + 1))?;
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        out.push_str(if i > 0 { "\n" } else { "" });
        let indented = if i == 0 { first } else { blank || !line.is_empty() };
        out.push_str(if indented { &indent } else { "" });
        out.push_str(line);
    }
    Ok(Value::str(out))
}

fn truncate(text: &str, args: Arguments) -> Res<Value> {
    let [length, kill, end, leeway] = args.bind("truncate", ["length", "killwords", "end", "leeway"])?;
    let size = |value: Option<Value>, default: usize| {
        value.and_then(|v| v.as_index()).and_then(|v| usize::try_from(v).ok()).unwrap_or(default)
    };
    let (length, leeway) = (size(length, 255), size(leeway, 5));
    let end = end.and_then(|end| end.as_str().cloned()).unwrap_or("...".into());
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(Value::str(text));
    }
    let Some(kept) = length.checked_sub(end.chars().count()) else { return fail("truncate: the end is too long") };
    let cut: String = text.chars().take(kept).collect();
    let cut = if kill.is_some_and(|kill| kill.truthy()) { &cut } else { cut.rsplit_once(' ').map_or(&*cut, |(a, _)| a) };
    Ok(Value::str(format!("{cut}{end}")))
}
