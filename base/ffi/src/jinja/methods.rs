//! Methods of Python's str, dict, list and tuple that a sandbox without changes allows.

use std::sync::Arc;

use super::eval::Arguments;
use super::format;
use super::meter::{fail, Meter, Res};
use super::tests::strips;
use super::text::is_space;
use super::value::{equal, Dict, Value};

const OF_STR: [&str; 40] = [
    "capitalize", "casefold", "center", "count", "endswith", "find", "format", "index", "isalnum", "isalpha",
    "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle",
    "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex",
    "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title",
];
const OF_STR_TOO: [&str; 2] = ["upper", "zfill"];
const OF_DICT: [&str; 5] = ["copy", "get", "items", "keys", "values"];
const OF_LIST: [&str; 2] = ["count", "index"];

/// Whether Python's type of this value has such a method; it then hides an item of that name.
pub fn exists(value: &Value, name: &str) -> bool {
    match value {
        Value::Str(_) => OF_STR.contains(&name) || OF_STR_TOO.contains(&name),
        Value::Dict(_) => OF_DICT.contains(&name),
        Value::List(_) | Value::Tuple(_) => OF_LIST.contains(&name) || (name == "copy" && matches!(value, Value::List(_))),
        _ => false,
    }
}

/// Names whose methods would change a value: jinja2's sandbox gives undefined for them, hiding items of that name too.
pub fn is_forbidden(value: &Value, name: &str) -> bool {
    let changes: &[&str] = match value {
        Value::Dict(_) => &["clear", "pop", "popitem", "setdefault", "update"],
        Value::List(_) => &["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"],
        _ => &[],
    };
    changes.contains(&name)
}

pub fn call(meter: &Meter, value: &Value, name: &str, args: Arguments) -> Res<Value> {
    meter.step()?;
    match value {
        Value::Str(text) => {
            meter.charge(text.len())?;
            of_str(meter, text, name, args)
        }
        Value::Dict(dict) => of_dict(meter, dict, value, name, args),
        Value::List(list) | Value::Tuple(list) => match name {
            "copy" => Ok(value.clone()),
            _ => {
                let wanted = args.one(name)?;
                let mut places = Vec::new();
                for (i, item) in list.items.iter().enumerate() {
                    if equal(meter, item, &wanted)? {
                        places.push(i);
                    }
                }
                match (name, places.first()) {
                    ("count", _) => Ok(Value::Int(places.len() as i128)),
                    (_, Some(first)) => Ok(Value::Int(*first as i128)),
                    _ => fail("the value is not in the list"),
                }
            }
        },
        other => fail(format!("'{}' object has no method '{name}'", other.type_name())),
    }
}

fn of_dict(meter: &Meter, dict: &Dict, value: &Value, name: &str, args: Arguments) -> Res<Value> {
    let entries = dict.entries();
    match name {
        "get" => {
            let [key, default] = args.bind(name, ["key", "default"])?;
            let Some(key) = key else { return fail("get needs a key") };
            Ok(dict.get(meter, &key)?.cloned().unwrap_or(default.unwrap_or(Value::None)))
        }
        "copy" => Ok(value.clone()),
        "keys" => Value::list(meter, entries.iter().map(|(key, _)| key.clone()).collect()),
        "values" => Value::list(meter, entries.iter().map(|(_, value)| value.clone()).collect()),
        _ => pairs(meter, dict),
    }
}

/// Keys and values as tuples.
pub fn pairs(meter: &Meter, dict: &Dict) -> Res<Value> {
    let pair = |(key, value): &(Value, Value)| Value::tuple(meter, vec![key.clone(), value.clone()]);
    Value::list(meter, dict.entries().iter().map(pair).collect::<Res<_>>()?)
}

fn of_str(meter: &Meter, text: &Arc<str>, name: &str, args: Arguments) -> Res<Value> {
    let made = |text: String| {
        meter.charge(text.len())?;
        Ok(Value::str(text))
    };
    if name.starts_with("is") {
        args.bind::<0>(name, [])?;
        return Ok(Value::Bool(is(text, name)));
    }
    match name {
        "upper" => made(text.to_uppercase()),
        "lower" | "casefold" => made(text.to_lowercase()),
        "title" => made(title(text)),
        "capitalize" => made(capitalize(text)),
        "swapcase" => made(text.chars().flat_map(swapped).collect()),
        "strip" | "lstrip" | "rstrip" => strip(text, name, args),
        "split" | "rsplit" => split(meter, text, name, args),
        "splitlines" => {
            let [keep] = args.bind(name, ["keepends"])?;
            let lines = lines(text, keep.is_some_and(|keep| keep.truthy()));
            Value::list(meter, lines.into_iter().map(Value::str).collect())
        }
        "replace" => {
            let [old, new, count] = args.bind(name, ["old", "new", "count"])?;
            replace(meter, text, &needed(old, name)?, &needed(new, name)?, count)
        }
        "startswith" | "endswith" => {
            let [what, from, to] = args.bind(name, ["prefix", "start", "end"])?;
            let text = part(text, from, to)?;
            let matches = |part: &str| if name == "startswith" { text.starts_with(part) } else { text.ends_with(part) };
            match &what {
                Some(Value::Tuple(list)) => {
                    let parts = list.items.iter().map(|item| needed(Some(item.clone()), name)).collect::<Res<Vec<_>>>()?;
                    Ok(Value::Bool(parts.iter().any(|part| matches(part))))
                }
                what => Ok(Value::Bool(matches(&needed(what.clone(), name)?))),
            }
        }
        "find" | "rfind" | "index" | "rindex" => find(text, name, args),
        "count" => {
            let [what, from, to] = args.bind(name, ["sub", "start", "end"])?;
            let (what, text) = (needed(what, name)?, part(text, from, to)?);
            let count = if what.is_empty() { text.chars().count() + 1 } else { text.matches(&*what).count() };
            Ok(Value::Int(count as i128))
        }
        "join" => join(meter, text, &args.one(name)?),
        "partition" | "rpartition" => {
            let separator = needed(Some(args.one(name)?), name)?;
            let found = if name == "partition" { text.split_once(&*separator) } else { text.rsplit_once(&*separator) };
            let parts = match found {
                Some((before, after)) => [before, &separator, after],
                None if name == "partition" => [text, "", ""],
                None => ["", "", text],
            };
            Value::tuple(meter, parts.into_iter().map(Value::str).collect())
        }
        "removeprefix" | "removesuffix" => {
            let what = needed(Some(args.one(name)?), name)?;
            let rest = if name == "removeprefix" { text.strip_prefix(&*what) } else { text.strip_suffix(&*what) };
            Ok(Value::str(rest.unwrap_or(text)))
        }
        "ljust" | "rjust" | "center" | "zfill" => pad(meter, text, name, args),
        "format" => made(format::braces(meter, text, &args.positional, &args.named)?),
        _ => fail(format!("'str' object has no method '{name}'")),
    }
}

fn needed(value: Option<Value>, name: &str) -> Res<Arc<str>> {
    match value {
        Some(Value::Str(text)) => Ok(text),
        Some(other) => fail(format!("{name} takes a string, not '{}'", other.type_name())),
        None => fail(format!("{name} needs a string")),
    }
}

fn is(text: &str, name: &str) -> bool {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    let cased = text.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    match name {
        "isascii" => text.is_ascii(),
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isnumeric" => all(char::is_numeric),
        "isdigit" | "isdecimal" => all(|c| c.is_ascii_digit() || (c.is_numeric() && !c.is_ascii() && !c.is_alphabetic())),
        "isspace" => all(is_space),
        "islower" => cased && !text.chars().any(char::is_uppercase),
        "isupper" => cased && !text.chars().any(char::is_lowercase),
        "istitle" => cased && title(text) == text,
        "isidentifier" => {
            !text.starts_with(|c: char| c.is_numeric()) && all(|c| c == '_' || c.is_alphanumeric())
        }
        _ => text.chars().all(|c| !c.is_control()),
    }
}

fn swapped(c: char) -> Vec<char> {
    if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
}

/// The first letter of each run of letters is large, the rest small.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        let cased = c.is_lowercase() || c.is_uppercase();
        if inside { out.extend(c.to_lowercase()) } else { push_title(c, &mut out) }
        inside = cased;
    }
    out
}

/// A letter whose capital is several letters ('ß') has only the first one large; four letters that look like two have a
/// form of their own.
fn push_title(c: char, out: &mut String) {
    if let Some(own) = [('\u{1c4}', '\u{1c6}'), ('\u{1c7}', '\u{1c9}'), ('\u{1ca}', '\u{1cc}'), ('\u{1f1}', '\u{1f3}')]
        .iter()
        .find_map(|(first, last)| (*first..=*last).contains(&c).then_some(*first as u32 + 1))
    {
        out.extend(char::from_u32(own));
        return;
    }
    let mut upper = c.to_uppercase();
    out.extend(upper.next());
    out.extend(upper.flat_map(char::to_lowercase));
}

pub fn capitalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    if let Some(first) = chars.next() {
        push_title(first, &mut out);
    }
    // The whole text, because a sigma at the end of a word has a form of its own.
    let small = text.to_lowercase();
    let skipped = text.chars().next().map_or(0, |c| c.to_lowercase().count());
    out.extend(small.chars().skip(skipped));
    out
}

fn strip(text: &str, name: &str, args: Arguments) -> Res<Value> {
    let [chars] = args.bind(name, ["chars"])?;
    let chars = match chars {
        None | Some(Value::None) => None,
        other => Some(needed(other, name)?),
    };
    let takes = strips(chars.as_deref());
    Ok(Value::str(match name {
        "strip" => text.trim_matches(takes),
        "lstrip" => text.trim_start_matches(takes),
        _ => text.trim_end_matches(takes),
    }))
}

fn split(meter: &Meter, text: &str, name: &str, args: Arguments) -> Res<Value> {
    let [separator, most] = args.bind(name, ["sep", "maxsplit"])?;
    let most = match most.map(|most| most.as_index()) {
        None => usize::MAX,
        Some(Some(most)) => usize::try_from(most).unwrap_or(usize::MAX),
        Some(None) => return fail("maxsplit must be an integer"),
    };
    let parts: Vec<&str> = match separator {
        None | Some(Value::None) => words(text, most, name == "rsplit"),
        other => {
            let separator = needed(other, name)?;
            if separator.is_empty() {
                return fail("empty separator");
            }
            if name == "split" {
                text.splitn(most.saturating_add(1), &*separator).collect()
            } else {
                let mut parts: Vec<&str> = text.rsplitn(most.saturating_add(1), &*separator).collect();
                parts.reverse();
                parts
            }
        }
    };
    meter.charge(parts.len() * size_of::<Value>())?;
    Value::list(meter, parts.into_iter().map(Value::str).collect())
}

/// Words between runs of space; after `most` of them the rest is one, with the space at its other end.
fn words(text: &str, most: usize, from_right: bool) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = if from_right { rest.trim_end_matches(is_space) } else { rest.trim_start_matches(is_space) };
        let cut = if from_right { rest.rfind(is_space) } else { rest.find(is_space) };
        let Some(cut) = cut.filter(|_| out.len() < most) else { break };
        let after = cut + rest[cut..].chars().next().map_or(0, char::len_utf8);
        out.push(if from_right { &rest[after..] } else { &rest[..cut] });
        rest = if from_right { &rest[..cut] } else { &rest[after..] };
    }
    if !rest.is_empty() {
        out.push(rest);
    }
    if from_right {
        out.reverse();
    }
    out
}

/// str.splitlines.
pub fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')) {
        let end = rest[at..].chars().next().map_or(0, char::len_utf8);
        let end = if rest[at..].starts_with("\r\n") { 2 } else { end };
        out.push(if keep_ends { &rest[..at + end] } else { &rest[..at] });
        rest = &rest[at + end..];
    }
    if !rest.is_empty() {
        out.push(rest);
    }
    out
}

pub fn replace(meter: &Meter, text: &str, old: &str, new: &str, count: Option<Value>) -> Res<Value> {
    let count = match count {
        None | Some(Value::None) => usize::MAX,
        Some(count) => match count.as_index() {
            Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
            None => return fail("replace: the count must be an integer"),
        },
    };
    let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    meter.charge(text.len() + found.min(count).saturating_mul(new.len()))?;
    Ok(Value::str(text.replacen(old, new, count)))
}

/// The part between two indices, counted in characters.
fn part(text: &str, from: Option<Value>, to: Option<Value>) -> Res<&str> {
    if from.is_none() && to.is_none() {
        return Ok(text);
    }
    let length = text.chars().count() as i128;
    let place = |index: Option<Value>, default: i128| match index {
        None | Some(Value::None) => Ok(default),
        Some(index) => match index.as_index() {
            Some(index) => Ok(if index < 0 { index + length } else { index }.clamp(0, length)),
            None => fail("slice indices must be integers"),
        },
    };
    let bytes = |chars: i128| text.char_indices().nth(chars as usize).map_or(text.len(), |(at, _)| at);
    let (from, to) = (place(from, 0)?, place(to, length)?);
    Ok(if from < to { &text[bytes(from)..bytes(to)] } else { "" })
}

fn find(text: &str, name: &str, args: Arguments) -> Res<Value> {
    let [what, from, to] = args.bind(name, ["sub", "start", "end"])?;
    let what = needed(what, name)?;
    let looked_at = part(text, from, to)?;
    let skipped = looked_at.as_ptr() as usize - text.as_ptr() as usize;
    let found = if name.starts_with('r') { looked_at.rfind(&*what) } else { looked_at.find(&*what) };
    match found {
        Some(at) => Ok(Value::Int(text[..skipped + at].chars().count() as i128)),
        None if name.ends_with("index") => fail("substring not found"),
        None => Ok(Value::Int(-1)),
    }
}

fn join(meter: &Meter, separator: &str, items: &Value) -> Res<Value> {
    let items = items.iterate(meter)?;
    let mut out = String::new();
    for (i, item) in items.into_iter().enumerate() {
        let text = needed(Some(item), "join")?;
        meter.charge(separator.len() + text.len())?;
        out.push_str(if i > 0 { separator } else { "" });
        out.push_str(&text);
    }
    Ok(Value::str(out))
}

fn pad(meter: &Meter, text: &str, name: &str, args: Arguments) -> Res<Value> {
    let [width, fill] = args.bind(name, ["width", "fillchar"])?;
    let Some(width) = width.and_then(|width| width.as_index()) else { return fail(format!("{name} needs a width")) };
    let fill = fill.map_or(Ok(if name == "zfill" { "0" } else { " " }.into()), |fill| needed(Some(fill), name))?;
    let length = text.chars().count();
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(length);
    meter.charge(missing.saturating_mul(fill.len()))?;
    let (left, right) = match name {
        "ljust" => (0, missing),
        // As CPython rounds.
        "center" => {
            let left = missing / 2 + (missing & width as usize & 1);
            (left, missing - left)
        }
        _ => (missing, 0),
    };
    let signed = name == "zfill" && text.starts_with(['+', '-']);
    let (sign, text) = text.split_at(usize::from(signed));
    Ok(Value::str(format!("{sign}{}{text}{}", fill.repeat(left), fill.repeat(right))))
}
