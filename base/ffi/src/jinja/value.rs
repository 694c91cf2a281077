//! Values of templates: Python's, without those that can be changed. Only namespaces can.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::ast;
use super::eval::{Loop, Scope};
use super::meter::{fail, Meter, Res, MAX_NESTING};
use super::text;

#[derive(Clone)]
pub enum Value {
    Undefined(Arc<str>), // what was looked for, for messages
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Arc<str>),
    List(Rc<List>),
    Tuple(Rc<List>),
    Dict(Rc<Dict>),
    Generator(Rc<RefCell<VecDeque<Value>>>), // of filters such as map: gives each item once
    Namespace(Rc<RefCell<HashMap<Arc<str>, Value>>>),
    Macro(Rc<Closure>),
    Method(Rc<(Value, Arc<str>)>),
    Function(&'static str),
    Loop(Rc<Loop>),
}

pub struct Closure {
    pub definition: Arc<ast::Macro>,
    pub scope: Rc<Scope>,
}

pub struct List {
    pub items: Vec<Value>,
    nesting: u32,
}

#[derive(Default)]
pub struct Dict {
    entries: Vec<(Value, Value)>,
    index: HashMap<Key, usize>,
    nesting: u32,
}

/// Values that Python takes for equal keys are equal here.
#[derive(PartialEq, Eq, Hash)]
pub enum Key {
    None,
    Number(i128),
    Float(u64),
    Str(Arc<str>),
    Tuple(Vec<Key>),
}

impl Value {
    pub fn str(text: impl AsRef<str>) -> Value {
        Value::Str(text.as_ref().into())
    }

    pub fn undefined(what: impl AsRef<str>) -> Value {
        Value::Undefined(what.as_ref().into())
    }

    pub fn list(meter: &Meter, items: Vec<Value>) -> Res<Value> {
        Ok(Value::List(List::new(meter, items)?))
    }

    pub fn tuple(meter: &Meter, items: Vec<Value>) -> Res<Value> {
        Ok(Value::Tuple(List::new(meter, items)?))
    }

    pub fn generator(meter: &Meter, items: Vec<Value>) -> Res<Value> {
        meter.charge(items.len() * size_of::<Value>())?;
        Ok(Value::Generator(Rc::new(RefCell::new(items.into()))))
    }

    pub fn dict(meter: &Meter, entries: Vec<(Value, Value)>) -> Res<Value> {
        Ok(Value::Dict(Rc::new(Dict::new(meter, entries)?)))
    }

    pub fn as_str(&self) -> Option<&Arc<str>> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// An int, as Python's `operator.index` takes it.
    pub fn as_index(&self) -> Option<i128> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            other => other.as_index().map(|value| value as f64),
        }
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    pub fn truthy(&self) -> bool {
        match self {
            Value::Undefined(_) | Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) | Value::Tuple(list) => !list.items.is_empty(),
            Value::Dict(dict) => !dict.entries.is_empty(),
            _ => true,
        }
    }

    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined(_) => "Undefined",
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Generator(_) => "generator",
            Value::Namespace(_) => "Namespace",
            Value::Macro(_) => "Macro",
            Value::Method(_) => "builtin_function_or_method",
            Value::Function(_) => "function",
            Value::Loop(_) => "LoopContext",
        }
    }

    fn nesting(&self) -> u32 {
        match self {
            Value::List(list) | Value::Tuple(list) => list.nesting,
            Value::Dict(dict) => dict.nesting,
            // These can hold anything; a list of them may not go into another one without end.
            Value::Method(method) => method.0.nesting() + 1,
            Value::Generator(items) => items.borrow().iter().map(Value::nesting).max().unwrap_or(0) + 1,
            _ => 0,
        }
    }

    /// Items as `for` sees them.
    pub fn iterate(&self, meter: &Meter) -> Res<Vec<Value>> {
        let items: Vec<Value> = match self {
            Value::Undefined(_) => Vec::new(),
            Value::Str(text) => {
                meter.charge(text.len() * size_of::<Value>())?;
                text.chars().map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect()
            }
            Value::List(list) | Value::Tuple(list) => list.items.clone(),
            Value::Dict(dict) => dict.entries.iter().map(|(key, _)| key.clone()).collect(),
            Value::Generator(items) => std::mem::take(&mut *items.borrow_mut()).into(),
            other => return fail(format!("'{}' object is not iterable", other.type_name())),
        };
        meter.charge(items.len() * size_of::<Value>())?;
        Ok(items)
    }

    /// Python's len, where it has one.
    pub fn length(&self, meter: &Meter) -> Res<Option<usize>> {
        Ok(match self {
            Value::Undefined(_) => Some(0),
            Value::Str(text) => {
                meter.charge(text.len())?;
                Some(text.chars().count())
            }
            Value::List(list) | Value::Tuple(list) => Some(list.items.len()),
            Value::Dict(dict) => Some(dict.entries.len()),
            Value::Loop(state) => Some(state.items.len()),
            _ => None,
        })
    }

    pub fn key(&self, meter: &Meter) -> Res<Key> {
        meter.step()?;
        Ok(match self {
            Value::None => Key::None,
            Value::Bool(value) => Key::Number(i128::from(*value)),
            Value::Int(value) => Key::Number(*value),
            Value::Float(value) if value.fract() == 0.0 && value.abs() < 1e30 => Key::Number(*value as i128),
            Value::Float(value) => Key::Float(value.to_bits()),
            Value::Str(text) => {
                meter.charge(text.len())?;
                Key::Str(text.clone())
            }
            Value::Tuple(list) => Key::Tuple(list.items.iter().map(|item| item.key(meter)).collect::<Res<_>>()?),
            other => return fail(format!("unhashable type: '{}'", other.type_name())),
        })
    }
}

fn nesting_of<'v>(values: impl Iterator<Item = &'v Value>) -> Res<u32> {
    match values.map(Value::nesting).max().unwrap_or(0) + 1 {
        nesting if nesting <= MAX_NESTING => Ok(nesting),
        _ => fail("lists are nested too deep"),
    }
}

impl List {
    pub fn new(meter: &Meter, items: Vec<Value>) -> Res<Rc<List>> {
        meter.charge((items.len() + 2) * size_of::<Value>())?;
        Ok(Rc::new(List { nesting: nesting_of(items.iter())?, items }))
    }
}

impl Dict {
    /// The last of equal keys wins, at the place of the first.
    pub fn new(meter: &Meter, entries: Vec<(Value, Value)>) -> Res<Dict> {
        let mut dict = Dict { nesting: nesting_of(entries.iter().flat_map(|(key, value)| [key, value]))?, ..Dict::default() };
        for (key, value) in entries {
            meter.charge(4 * size_of::<Value>())?;
            let next = dict.entries.len();
            match *dict.index.entry(key.key(meter)?).or_insert(next) {
                place if place < next => dict.entries[place].1 = value,
                _ => dict.entries.push((key, value)),
            }
        }
        Ok(dict)
    }

    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }

    pub fn get(&self, meter: &Meter, key: &Value) -> Res<Option<&Value>> {
        Ok(self.index.get(&key.key(meter)?).map(|place| &self.entries[*place].1))
    }
}

/// Python's ==.
pub fn equal(meter: &Meter, a: &Value, b: &Value) -> Res<bool> {
    meter.step()?;
    Ok(match (a, b) {
        (Value::Undefined(_), Value::Undefined(_)) | (Value::None, Value::None) => true,
        (Value::Str(a), Value::Str(b)) => {
            meter.charge(a.len().min(b.len()))?;
            a == b
        }
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            a.items.len() == b.items.len() && all_equal(meter, a.items.iter().zip(&b.items))?
        }
        (Value::Dict(a), Value::Dict(b)) => {
            if a.entries.len() != b.entries.len() {
                return Ok(false);
            }
            for (key, value) in a.entries() {
                match b.get(meter, key)? {
                    Some(other) if equal(meter, value, other)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Function(a), Value::Function(b)) => a == b,
        (Value::Namespace(a), Value::Namespace(b)) => Rc::ptr_eq(a, b),
        (Value::Generator(a), Value::Generator(b)) => Rc::ptr_eq(a, b),
        (Value::Macro(a), Value::Macro(b)) => Rc::ptr_eq(a, b),
        (Value::Loop(a), Value::Loop(b)) => Rc::ptr_eq(a, b),
        _ => matches!(numbers(a, b), Some(Some(Ordering::Equal))),
    })
}

fn all_equal<'v>(meter: &Meter, mut pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Res<bool> {
    pairs.try_fold(true, |so_far, (a, b)| Ok(so_far && equal(meter, a, b)?))
}

/// None where one is no number; Some(None) where one is NaN.
fn numbers(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    match (a.as_index(), b.as_index()) {
        (Some(a), Some(b)) => Some(Some(a.cmp(&b))),
        _ => Some(a.as_number()?.partial_cmp(&b.as_number()?)),
    }
}

/// Python's order. None: one of the two is NaN.
pub fn compare(meter: &Meter, a: &Value, b: &Value) -> Res<Option<Ordering>> {
    meter.step()?;
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => {
            meter.charge(a.len().min(b.len()))?;
            Ok(Some(a.cmp(b)))
        }
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            for (a, b) in a.items.iter().zip(&b.items) {
                if !equal(meter, a, b)? {
                    return compare(meter, a, b);
                }
            }
            Ok(Some(a.items.len().cmp(&b.items.len())))
        }
        _ => match numbers(a, b) {
            Some(order) => Ok(order),
            None => fail(format!("'{}' and '{}' have no order", a.type_name(), b.type_name())),
        },
    }
}

/// Python's str.
pub fn to_text(meter: &Meter, value: &Value) -> Res<Arc<str>> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        Value::Undefined(_) => Ok("".into()),
        other => {
            let mut out = String::new();
            text::repr(meter, other, &mut out)?;
            Ok(out.into())
        }
    }
}
