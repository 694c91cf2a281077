//! Statements and expressions to text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::*;
use super::meter::{fail, Error, Meter, Res, MAX_DEPTH, MAX_OUTPUT, STEP};
use super::value::{compare, equal, to_text, Closure, Value};
use super::{filters, functions, lists, methods, ops, tests};

/// Variables of a block and of those around it.
pub struct Scope {
    variables: RefCell<HashMap<Name, Value>>,
    outer: Option<Rc<Scope>>,
}

/// The `loop` of one round.
pub struct Loop {
    pub items: Rc<Vec<Value>>,
    index: usize,
    depth: usize,
    changed: Rc<RefCell<Option<Vec<Value>>>>,
    recursion: Option<(Arc<For>, Rc<Scope>)>,
}

pub struct Arguments {
    pub positional: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl Arguments {
    pub fn of(positional: Vec<Value>) -> Arguments {
        Arguments { positional, named: Vec::new() }
    }

    /// The values of parameters with these names ("" for none), in their order.
    pub fn bind<const N: usize>(self, function: &str, names: [&str; N]) -> Res<[Option<Value>; N]> {
        let mut out = [const { None }; N];
        for (i, value) in self.positional.into_iter().enumerate() {
            match out.get_mut(i).filter(|_| !names[i].is_empty()) {
                Some(place) => *place = Some(value),
                None => return fail(format!("{function} got too many arguments")),
            }
        }
        for (name, value) in self.named {
            match names.iter().position(|known| *known == &*name) {
                Some(i) if out[i].is_none() => out[i] = Some(value),
                _ => return fail(format!("{function} got an unexpected argument '{name}'")),
            }
        }
        Ok(out)
    }

    pub fn one(self, function: &str) -> Res<Value> {
        if !self.named.is_empty() || self.positional.len() != 1 {
            return fail(format!("{function} needs exactly one argument"));
        }
        Ok(self.positional.into_iter().next().unwrap_or(Value::None))
    }
}

impl Scope {
    fn new(outer: Option<Rc<Scope>>) -> Rc<Scope> {
        Rc::new(Scope { variables: RefCell::default(), outer })
    }

    fn set(&self, name: &Name, value: Value) {
        self.variables.borrow_mut().insert(name.clone(), value);
    }

    fn get(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if let Some(value) = here.variables.borrow().get(name) {
                return Some(value.clone());
            }
            scope = here.outer.as_deref();
        }
        None
    }
}

#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

pub struct Machine<'m> {
    pub meter: &'m Meter,
    outputs: Vec<String>,
    depth: u32,
    scopes: Vec<Rc<Scope>>, // that macros and loops hold on to
    namespaces: Vec<Rc<RefCell<HashMap<Name, Value>>>>,
}

impl<'m> Machine<'m> {
    pub fn new(meter: &'m Meter) -> Machine<'m> {
        Machine { meter, outputs: vec![String::new()], depth: 0, scopes: Vec::new(), namespaces: Vec::new() }
    }

    pub fn run(mut self, body: &[Stmt], variables: Vec<(Name, Value)>) -> Res<String> {
        let context = Scope::new(None);
        variables.into_iter().for_each(|(name, value)| context.set(&name, value));
        let root = Scope::new(Some(context));
        let result = self.body(body, &root);
        // Macros and namespaces can hold themselves; without this they would never be freed.
        self.scopes.push(root);
        self.scopes.iter().for_each(|scope| scope.variables.borrow_mut().clear());
        self.namespaces.iter().for_each(|namespace| namespace.borrow_mut().clear());
        result?;
        Ok(self.outputs.pop().unwrap_or_default())
    }

    /// One call deeper for the time of `work`.
    pub fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        if self.depth >= MAX_DEPTH {
            return fail("calls are nested too deep");
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    pub fn namespace(&mut self, members: HashMap<Name, Value>) -> Value {
        let namespace = Rc::new(RefCell::new(members));
        self.namespaces.push(namespace.clone());
        Value::Namespace(namespace)
    }

    fn write(&mut self, text: &str) -> Res<()> {
        self.meter.charge(text.len())?;
        let Some(out) = self.outputs.last_mut() else { return fail("nothing to write to") };
        if out.len() + text.len() > MAX_OUTPUT {
            return fail(format!("writes more than {} MiB", MAX_OUTPUT >> 20));
        }
        out.push_str(text);
        Ok(())
    }

    // ---- statements ----------------------------------------------------------------------------------------------

    fn body(&mut self, body: &[Stmt], scope: &Rc<Scope>) -> Res<Flow> {
        for stmt in body {
            let place = |error: Error| if error.line == 0 { Error { line: stmt.line, ..error } } else { error };
            let flow = self.nested(|machine| machine.statement(&stmt.kind, scope)).map_err(place)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, stmt: &StmtKind, scope: &Rc<Scope>) -> Res<Flow> {
        self.meter.step()?;
        match stmt {
            StmtKind::Text(text) => self.write(text)?,
            StmtKind::Print(value) => {
                let value = self.eval(value, scope)?;
                self.write(&to_text(self.meter, &value)?)?;
            }
            StmtKind::If(branches, otherwise) => {
                for (condition, body) in branches {
                    if self.eval(condition, scope)?.truthy() {
                        return self.body(body, scope);
                    }
                }
                return self.body(otherwise, scope);
            }
            StmtKind::For(statement) => {
                let items = self.eval(&statement.iter, scope)?.iterate(self.meter)?;
                return self.for_loop(statement, items, scope, 0);
            }
            StmtKind::Set(target, value) => {
                let value = self.eval(value, scope)?;
                self.assign(target, value, scope)?;
            }
            StmtKind::SetBlock(target, filters, body) => {
                let text = self.captured(body, scope)?;
                let value = self.filtered(filters, text, scope)?;
                self.assign(target, value, scope)?;
            }
            StmtKind::Macro(definition) => {
                let closure = self.closure(definition, scope);
                scope.set(&definition.name, closure);
            }
            StmtKind::Call(caller, call) => {
                let caller = self.closure(caller, scope);
                let Kind::Call(function, args) = &call.kind else { return fail("expected a call") };
                let function = self.eval(function, scope)?;
                let mut args = self.arguments(args, scope)?;
                args.named.push(("caller".into(), caller));
                let value = self.call(function, args)?;
                self.write(&to_text(self.meter, &value)?)?;
            }
            StmtKind::Filter(filters, body) => {
                let text = self.captured(body, scope)?;
                let value = self.filtered(filters, text, scope)?;
                self.write(&to_text(self.meter, &value)?)?;
            }
            StmtKind::With(values, body) => {
                let inner = Scope::new(Some(scope.clone()));
                for (target, value) in values {
                    let value = self.eval(value, scope)?;
                    self.assign(target, value, &inner)?;
                }
                return self.body(body, &inner);
            }
            StmtKind::Generation(body) => {
                let text = self.captured(body, scope)?;
                self.write(&to_text(self.meter, &text)?)?;
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn closure(&mut self, definition: &Arc<Macro>, scope: &Rc<Scope>) -> Value {
        self.scopes.push(scope.clone());
        Value::Macro(Rc::new(Closure { definition: definition.clone(), scope: scope.clone() }))
    }

    /// What a body writes, in a scope of its own.
    fn captured(&mut self, body: &[Stmt], scope: &Rc<Scope>) -> Res<Value> {
        self.outputs.push(String::new());
        let result = self.body(body, &Scope::new(Some(scope.clone())));
        let text = self.outputs.pop().unwrap_or_default();
        result?;
        self.meter.charge(text.len())?;
        Ok(Value::str(text))
    }

    fn filtered(&mut self, filters: &[FilterCall], mut value: Value, scope: &Rc<Scope>) -> Res<Value> {
        for filter in filters {
            let args = self.arguments(&filter.args, scope)?;
            value = filters::apply(self, &filter.name, value, args)?;
        }
        Ok(value)
    }

    fn assign(&mut self, target: &Target, value: Value, scope: &Rc<Scope>) -> Res<()> {
        self.meter.step()?;
        match target {
            Target::Name(name) => scope.set(name, value),
            Target::Attr(name, member) => match scope.get(name) {
                Some(Value::Namespace(_)) if member.starts_with('_') => {
                    return fail(format!("a namespace takes no member '{member}', which begins with '_'"));
                }
                Some(Value::Namespace(members)) => {
                    members.borrow_mut().insert(member.clone(), value);
                }
                _ => return fail(format!("cannot assign attribute '{member}' on what is no namespace")),
            },
            Target::Tuple(targets) => {
                let items = value.iterate(self.meter)?;
                if items.len() != targets.len() {
                    return fail(format!("cannot unpack {} values into {} names", items.len(), targets.len()));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, scope)?;
                }
            }
        }
        Ok(())
    }

    fn for_loop(&mut self, stmt: &Arc<For>, items: Vec<Value>, scope: &Rc<Scope>, depth: usize) -> Res<Flow> {
        let items = match &stmt.condition {
            None => items,
            Some(condition) => {
                let mut kept = Vec::new();
                for item in items {
                    let inner = Scope::new(Some(scope.clone()));
                    self.assign(&stmt.target, item.clone(), &inner)?;
                    if self.eval(condition, &inner)?.truthy() {
                        kept.push(item);
                    }
                }
                kept
            }
        };
        if items.is_empty() {
            return self.body(&stmt.otherwise, &Scope::new(Some(scope.clone())));
        }
        let items = Rc::new(items);
        let changed = Rc::new(RefCell::new(None));
        let recursion = stmt.recursive.then(|| (stmt.clone(), scope.clone()));
        for (index, item) in items.iter().enumerate() {
            self.meter.charge(4 * STEP as usize)?;
            let inner = Scope::new(Some(scope.clone()));
            let (items, changed, recursion) = (items.clone(), changed.clone(), recursion.clone());
            inner.set(&"loop".into(), Value::Loop(Rc::new(Loop { items, index, depth, changed, recursion })));
            self.assign(&stmt.target, item.clone(), &inner)?;
            if self.body(&stmt.body, &inner)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    // ---- expressions ---------------------------------------------------------------------------------------------

    fn eval(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Res<Value> {
        self.meter.step()?;
        self.nested(|machine| machine.kind(&expr.kind, scope))
            .map_err(|error| if error.line == 0 { Error { line: expr.line, ..error } } else { error })
    }

    fn all(&mut self, exprs: &[Expr], scope: &Rc<Scope>) -> Res<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(expr, scope)).collect()
    }

    fn kind(&mut self, kind: &Kind, scope: &Rc<Scope>) -> Res<Value> {
        match kind {
            Kind::Const(value) => Ok(match value {
                Const::None => Value::None,
                Const::Bool(value) => Value::Bool(*value),
                Const::Int(value) => Value::Int(*value),
                Const::Float(value) => Value::Float(*value),
                Const::Str(text) => Value::Str(text.clone()),
            }),
            Kind::Name(name) => {
                let found = scope.get(name).or_else(|| functions::find(name).map(Value::Function));
                Ok(found.unwrap_or_else(|| Value::undefined(format!("'{name}' is undefined"))))
            }
            Kind::List(items) => {
                let items = self.all(items, scope)?;
                Value::list(self.meter, items)
            }
            Kind::Tuple(items) => {
                let items = self.all(items, scope)?;
                Value::tuple(self.meter, items)
            }
            Kind::Dict(entries) => {
                let mut out = Vec::new();
                for (key, value) in entries {
                    out.push((self.eval(key, scope)?, self.eval(value, scope)?));
                }
                Value::dict(self.meter, out)
            }
            Kind::Attr(value, name) => {
                let value = self.eval(value, scope)?;
                self.attribute(&value, name)
            }
            Kind::Item(value, index) => {
                let (value, index) = (self.eval(value, scope)?, self.eval(index, scope)?);
                Self::subscript(self.meter, &value, &index)
            }
            Kind::Slice(value, bounds) => {
                let value = self.eval(value, scope)?;
                let mut given = [None, None, None];
                for (given, bound) in given.iter_mut().zip(bounds) {
                    *given = bound.as_ref().map(|bound| self.eval(bound, scope)).transpose()?;
                }
                undefined_fails(&value)?;
                lists::slice(self.meter, &value, given)
            }
            Kind::Call(function, args) => {
                let function = self.eval(function, scope)?;
                let args = self.arguments(args, scope)?;
                self.call(function, args)
            }
            Kind::Filter(value, filter) => {
                let value = self.eval(value, scope)?;
                let args = self.arguments(&filter.args, scope)?;
                filters::apply(self, &filter.name, value, args)
            }
            Kind::Test(value, name, args) => {
                let value = self.eval(value, scope)?;
                let args = self.arguments(args, scope)?;
                tests::test(self.meter, name, &value, &args.positional).map(Value::Bool)
            }
            Kind::Not(value) => Ok(Value::Bool(!self.eval(value, scope)?.truthy())),
            Kind::Neg(value) => ops::negate(&self.eval(value, scope)?),
            Kind::Pos(value) => {
                let value = self.eval(value, scope)?;
                if value.as_number().is_some() { Ok(value) } else { fail("bad operand for unary +") }
            }
            Kind::Binary(op, a, b) => {
                let (a, b) = (self.eval(a, scope)?, self.eval(b, scope)?);
                ops::binary(self.meter, *op, &a, &b)
            }
            Kind::And(parts) => self.first_that(parts, false, scope),
            Kind::Or(parts) => self.first_that(parts, true, scope),
            Kind::Concat(parts) => {
                let values = self.all(parts, scope)?;
                let texts = values.iter().map(|value| to_text(self.meter, value)).collect::<Res<Vec<_>>>()?;
                ops::concat(self.meter, &texts)
            }
            Kind::Compare(first, rest) => self.comparisons(first, rest, scope),
            Kind::Cond(condition, value, otherwise) => {
                if self.eval(condition, scope)?.truthy() {
                    return self.eval(value, scope);
                }
                match otherwise {
                    Some(otherwise) => self.eval(otherwise, scope),
                    None => Ok(Value::undefined("the inline if-expression evaluated to false and has no else")),
                }
            }
        }
    }

    /// The first value that is as true as wanted, else the last.
    fn first_that(&mut self, parts: &[Expr], wanted: bool, scope: &Rc<Scope>) -> Res<Value> {
        let mut value = Value::None;
        for part in parts {
            value = self.eval(part, scope)?;
            if value.truthy() == wanted {
                break;
            }
        }
        Ok(value)
    }

    fn comparisons(&mut self, first: &Expr, rest: &[(Comparison, Expr)], scope: &Rc<Scope>) -> Res<Value> {
        let mut left = self.eval(first, scope)?;
        for (op, right) in rest {
            let right = self.eval(right, scope)?;
            let meter = self.meter;
            let order = || {
                undefined_fails(&left)?;
                undefined_fails(&right)?;
                compare(meter, &left, &right)
            };
            let holds = match op {
                Comparison::Eq => equal(meter, &left, &right)?,
                Comparison::Ne => !equal(meter, &left, &right)?,
                Comparison::In => ops::contains(meter, &right, &left)?,
                Comparison::NotIn => !ops::contains(meter, &right, &left)?,
                Comparison::Lt => order()?.is_some_and(|order| order.is_lt()),
                Comparison::Le => order()?.is_some_and(|order| order.is_le()),
                Comparison::Gt => order()?.is_some_and(|order| order.is_gt()),
                Comparison::Ge => order()?.is_some_and(|order| order.is_ge()),
            };
            if !holds {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    /// `value.name`: a method or attribute, else an item.
    pub fn attribute(&self, value: &Value, name: &str) -> Res<Value> {
        undefined_fails(value)?;
        match own_attribute(value, name)? {
            Some(found) => Ok(found),
            None => {
                let item = lists::item(self.meter, value, &Value::str(name))?;
                Ok(item.unwrap_or_else(|| missing(value, name)))
            }
        }
    }

    /// `value[index]`: an item, else an attribute.
    pub fn subscript(meter: &Meter, value: &Value, index: &Value) -> Res<Value> {
        undefined_fails(value)?;
        if let Some(item) = lists::item(meter, value, index)? {
            return Ok(item);
        }
        match index {
            Value::Str(name) => Ok(own_attribute(value, name)?.unwrap_or_else(|| missing(value, name))),
            _ => Ok(missing(value, &to_text(meter, index)?)),
        }
    }

    fn arguments(&mut self, args: &Args, scope: &Rc<Scope>) -> Res<Arguments> {
        let mut positional = self.all(&args.positional, scope)?;
        let mut named = Vec::new();
        for (name, value) in &args.named {
            named.push((name.clone(), self.eval(value, scope)?));
        }
        if let Some(star) = &args.star {
            positional.extend(self.eval(star, scope)?.iterate(self.meter)?);
        }
        if let Some(star_star) = &args.star_star {
            let Value::Dict(dict) = self.eval(star_star, scope)? else { return fail("** needs a mapping") };
            for (key, value) in dict.entries() {
                let Some(name) = key.as_str() else { return fail("keywords must be strings") };
                named.push((name.clone(), value.clone()));
            }
        }
        Ok(Arguments { positional, named })
    }

    pub fn call(&mut self, function: Value, args: Arguments) -> Res<Value> {
        match &function {
            Value::Macro(closure) => self.call_macro(closure, args),
            Value::Function(name) => functions::call(self, name, args),
            Value::Method(method) if matches!(method.0, Value::Loop(_)) => loop_method(self.meter, method, args),
            Value::Method(method) => methods::call(self.meter, &method.0, &method.1, args),
            Value::Loop(state) => {
                let Some((stmt, scope)) = &state.recursion else { return fail("the loop is not recursive") };
                let items = args.one("loop")?.iterate(self.meter)?;
                self.outputs.push(String::new());
                let result = self.nested(|machine| machine.for_loop(stmt, items, scope, state.depth + 1));
                let text = self.outputs.pop().unwrap_or_default();
                result?;
                Ok(Value::str(text))
            }
            Value::Undefined(what) => fail(what.to_string()),
            other => fail(format!("'{}' object is not callable", other.type_name())),
        }
    }

    fn call_macro(&mut self, closure: &Closure, args: Arguments) -> Res<Value> {
        let definition = &closure.definition;
        let scope = Scope::new(Some(closure.scope.clone()));
        let mut named = args.named;
        let mut take = |name: &str| named.iter().position(|(n, _)| **n == *name).map(|i| named.remove(i).1);
        let caller = take("caller");
        let mut positional = args.positional.into_iter();
        for (name, default) in &definition.parameters {
            let given = positional.next().or_else(|| take(name));
            let value = match (given, default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default, &scope)?,
                (None, None) => Value::undefined(format!("parameter '{name}' was not provided")),
            };
            scope.set(name, value);
        }
        let rest: Vec<Value> = positional.collect();
        if definition.varargs {
            scope.set(&"varargs".into(), Value::tuple(self.meter, rest)?);
        } else if !rest.is_empty() {
            let (name, count) = (&definition.name, definition.parameters.len());
            return fail(format!("macro '{name}' takes not more than {count} argument(s)"));
        }
        if definition.kwargs {
            let entries = named.into_iter().map(|(name, value)| (Value::Str(name), value)).collect();
            scope.set(&"kwargs".into(), Value::dict(self.meter, entries)?);
        } else if let Some((name, _)) = named.first() {
            return fail(format!("macro '{}' takes no keyword argument '{name}'", definition.name));
        }
        match caller {
            Some(_) if !definition.caller => return fail(format!("macro '{}' takes no caller", definition.name)),
            caller if definition.caller => {
                scope.set(&"caller".into(), caller.unwrap_or(Value::undefined("No caller defined")));
            }
            _ => {}
        }
        self.outputs.push(String::new());
        let result = self.body(&definition.body, &scope);
        let text = self.outputs.pop().unwrap_or_default();
        result?;
        self.meter.charge(text.len())?;
        Ok(Value::str(text))
    }
}

fn undefined_fails(value: &Value) -> Res<()> {
    match value {
        Value::Undefined(what) => fail(what.to_string()),
        _ => Ok(()),
    }
}

fn missing(value: &Value, name: &str) -> Value {
    Value::undefined(format!("'{} object' has no attribute '{name}'", value.type_name()))
}

/// What Python's getattr finds on the type, without items.
fn own_attribute(value: &Value, name: &str) -> Res<Option<Value>> {
    if methods::exists(value, name) {
        return Ok(Some(Value::Method(Rc::new((value.clone(), name.into())))));
    }
    if methods::is_forbidden(value, name) {
        return Ok(Some(Value::undefined(format!("'{name}' would change a value, which templates may not"))));
    }
    Ok(match value {
        Value::Namespace(members) => members.borrow().get(name).cloned(),
        Value::Macro(closure) if name == "name" => Some(Value::Str(closure.definition.name.clone())),
        Value::Loop(state) => loop_attribute(value, state, name),
        _ => None,
    })
}

fn loop_attribute(value: &Value, state: &Loop, name: &str) -> Option<Value> {
    let int = |number: usize| Some(Value::Int(number as i128));
    let (index, length) = (state.index, state.items.len());
    match name {
        "index" => int(index + 1),
        "index0" => int(index),
        "revindex" => int(length - index),
        "revindex0" => int(length - index - 1),
        "first" => Some(Value::Bool(index == 0)),
        "last" => Some(Value::Bool(index + 1 == length)),
        "length" => int(length),
        "depth" => int(state.depth + 1),
        "depth0" => int(state.depth),
        "previtem" if index == 0 => Some(Value::undefined("there is no previous item")),
        "previtem" => Some(state.items[index - 1].clone()),
        "nextitem" => Some(state.items.get(index + 1).cloned().unwrap_or(Value::undefined("there is no next item"))),
        "cycle" | "changed" => Some(Value::Method(Rc::new((value.clone(), name.into())))),
        _ => None,
    }
}

fn loop_method(meter: &Meter, method: &(Value, Name), args: Arguments) -> Res<Value> {
    let (Value::Loop(state), values) = (&method.0, args.positional) else { return fail("expected a loop") };
    if &*method.1 == "cycle" {
        return match values.len() {
            0 => fail("no items for cycling given"),
            length => Ok(values[state.index % length].clone()),
        };
    }
    let last = state.changed.borrow_mut().replace(values.clone());
    let Some(last) = last.filter(|last| last.len() == values.len()) else { return Ok(Value::Bool(true)) };
    let changed = last.iter().zip(&values).try_fold(false, |so_far, (a, b)| Ok(so_far || !equal(meter, a, b)?))?;
    Ok(Value::Bool(changed))
}
