//! Tokens to statements, by the grammar of jinja2.

use std::sync::Arc;

use super::ast::*;
use super::lexer::{Token, Tokens};
use super::meter::{Error, Res};

/// Expressions and blocks inside each other.
const MAX_DEPTH: u32 = 100;

pub fn parse(tokens: Tokens) -> Res<Vec<Stmt>> {
    let mut parser = Parser { tokens, at: 0, depth: 0, macros: Vec::new(), loops: 0 };
    let body = parser.body(&[])?;
    match parser.peek() {
        None => Ok(body),
        Some(_) => parser.fail("an end without a beginning"),
    }
}

/// What the body of a macro reads.
#[derive(Default)]
struct Uses {
    varargs: bool,
    kwargs: bool,
    caller: bool,
}

struct Parser {
    tokens: Tokens,
    at: usize,
    depth: u32,
    macros: Vec<Uses>,
    loops: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, line)| *line)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Res<T> {
        Err(Error::at(self.line(), message))
    }

    fn unexpected<T>(&self, wanted: &str) -> Res<T> {
        let found = match self.peek() {
            None => "the end of the template".to_owned(),
            Some(Token::BlockEnd | Token::PrintEnd) => "the end of the tag".to_owned(),
            Some(Token::Name(name)) => format!("'{name}'"),
            Some(Token::Op(op)) => format!("'{op}'"),
            Some(_) => "something else".to_owned(),
        };
        self.fail(format!("expected {wanted}, found {found}"))
    }

    fn skip(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn is_op(&self, op: &'static str) -> bool {
        self.peek() == Some(&Token::Op(op))
    }

    fn skip_op(&mut self, op: &'static str) -> bool {
        self.skip(&Token::Op(op))
    }

    fn expect_op(&mut self, op: &'static str) -> Res<()> {
        if self.skip_op(op) { Ok(()) } else { self.unexpected(&format!("'{op}'")) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(name)) if &**name == word)
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Res<Name> {
        let Some(Token::Name(name)) = self.peek() else { return self.unexpected("a name") };
        let name = name.clone();
        self.at += 1;
        Ok(name)
    }

    fn block_end(&mut self) -> Res<()> {
        if self.skip(&Token::BlockEnd) { Ok(()) } else { self.unexpected("the end of the tag") }
    }

    /// One level deeper for the time of `parse`.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        if self.depth >= MAX_DEPTH {
            return self.fail("the template is nested too deep");
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    // ---- statements ----------------------------------------------------------------------------------------------

    /// Statements up to a block tag with one of these names, which is left to the caller, or to the end.
    fn body(&mut self, ends: &[&str]) -> Res<Vec<Stmt>> {
        let mut out = Vec::new();
        while let Some(token) = self.peek() {
            let line = self.line();
            let kind = match token {
                Token::Data(text) => {
                    let text = text.clone();
                    self.at += 1;
                    StmtKind::Text(text)
                }
                Token::PrintBegin => {
                    self.at += 1;
                    let value = self.tuple(true)?;
                    if !self.skip(&Token::PrintEnd) {
                        return self.unexpected("the end of the tag");
                    }
                    StmtKind::Print(value)
                }
                _ => {
                    self.at += 1; // the beginning of a block
                    if ends.iter().any(|end| self.is_word(end)) {
                        return Ok(out);
                    }
                    self.nested(Self::statement)?
                }
            };
            out.push(Stmt { line, kind });
        }
        if ends.is_empty() { Ok(out) } else { self.fail(format!("the template ends before '{}'", ends[ends.len() - 1])) }
    }

    /// A body, its end tag (the last of `ends`) included.
    fn body_to(&mut self, end: &str) -> Res<Vec<Stmt>> {
        let body = self.body(&[end])?;
        self.at += 1;
        self.block_end()?;
        Ok(body)
    }

    fn statement(&mut self) -> Res<StmtKind> {
        let name = self.name()?;
        match &*name {
            "if" => self.if_block(),
            "for" => self.for_block(),
            "set" => self.set(),
            "macro" => self.macro_block(),
            "call" => self.call_block(),
            "filter" => self.filter_block(),
            "with" => self.with_block(),
            "generation" => {
                self.block_end()?;
                Ok(StmtKind::Generation(self.body_to("endgeneration")?))
            }
            "break" | "continue" => {
                if self.loops == 0 {
                    return self.fail(format!("'{name}' outside of a loop"));
                }
                self.block_end()?;
                Ok(if &*name == "break" { StmtKind::Break } else { StmtKind::Continue })
            }
            _ => self.fail(format!("unknown tag '{name}'")),
        }
    }

    fn if_block(&mut self) -> Res<StmtKind> {
        let mut branches = Vec::new();
        loop {
            let condition = self.tuple(false)?;
            self.block_end()?;
            branches.push((condition, self.body(&["elif", "else", "endif"])?));
            if self.skip_word("elif") {
                continue;
            }
            let otherwise = self.skip_word("else");
            if !otherwise {
                self.at += 1; // endif
            }
            self.block_end()?;
            return Ok(StmtKind::If(branches, if otherwise { self.body_to("endif")? } else { Vec::new() }));
        }
    }

    fn for_block(&mut self) -> Res<StmtKind> {
        let target = self.target(true)?;
        if !self.skip_word("in") {
            return self.unexpected("'in'");
        }
        let iter = self.tuple(false)?;
        let condition = if self.skip_word("if") { Some(self.expression()?) } else { None };
        let recursive = self.skip_word("recursive");
        self.block_end()?;
        self.loops += 1;
        let body = self.body(&["else", "endfor"])?;
        self.loops -= 1;
        let otherwise = self.skip_word("else");
        if !otherwise {
            self.at += 1; // endfor
        }
        self.block_end()?;
        let otherwise = if otherwise { self.body_to("endfor")? } else { Vec::new() };
        Ok(StmtKind::For(Arc::new(For { target, iter, condition, recursive, body, otherwise })))
    }

    fn set(&mut self) -> Res<StmtKind> {
        let target = self.target(true)?;
        if self.skip_op("=") {
            let value = self.tuple(true)?;
            self.block_end()?;
            return Ok(StmtKind::Set(target, value));
        }
        let filters = if self.is_op("|") { self.filters()? } else { Vec::new() };
        self.block_end()?;
        Ok(StmtKind::SetBlock(target, filters, self.body_to("endset")?))
    }

    fn macro_block(&mut self) -> Res<StmtKind> {
        let name = self.name()?;
        let parameters = self.parameters()?;
        Ok(StmtKind::Macro(Arc::new(self.macro_body(name, parameters, "endmacro")?)))
    }

    fn call_block(&mut self) -> Res<StmtKind> {
        let parameters = if self.is_op("(") { self.parameters()? } else { Vec::new() };
        let call = self.expression()?;
        if !matches!(call.kind, Kind::Call(..)) {
            return self.fail("expected a call");
        }
        Ok(StmtKind::Call(Arc::new(self.macro_body("caller".into(), parameters, "endcall")?), call))
    }

    fn parameters(&mut self) -> Res<Vec<(Name, Option<Expr>)>> {
        self.expect_op("(")?;
        let mut out: Vec<(Name, Option<Expr>)> = Vec::new();
        while !self.skip_op(")") {
            if !out.is_empty() {
                self.expect_op(",")?;
            }
            let name = self.name()?;
            let default = if self.skip_op("=") { Some(self.expression()?) } else { None };
            if default.is_none() && out.last().is_some_and(|(_, default)| default.is_some()) {
                return self.fail("a parameter without default follows one with a default");
            }
            out.push((name, default));
        }
        Ok(out)
    }

    fn macro_body(&mut self, name: Name, parameters: Vec<(Name, Option<Expr>)>, end: &str) -> Res<Macro> {
        self.block_end()?;
        self.macros.push(Uses::default());
        let loops = std::mem::take(&mut self.loops);
        let body = self.body_to(end)?;
        self.loops = loops;
        let uses = self.macros.pop().unwrap_or_default();
        Ok(Macro { name, parameters, body, varargs: uses.varargs, kwargs: uses.kwargs, caller: uses.caller })
    }

    fn filter_block(&mut self) -> Res<StmtKind> {
        let mut filters = vec![self.filter_call()?];
        filters.extend(self.filters()?);
        self.block_end()?;
        Ok(StmtKind::Filter(filters, self.body_to("endfilter")?))
    }

    fn with_block(&mut self) -> Res<StmtKind> {
        let mut values = Vec::new();
        while !self.skip(&Token::BlockEnd) {
            if !values.is_empty() {
                self.expect_op(",")?;
            }
            let target = self.target(false)?;
            self.expect_op("=")?;
            values.push((target, self.expression()?));
        }
        Ok(StmtKind::With(values, self.body_to("endwith")?))
    }

    /// A place to assign to; a tuple of them without parentheses where `tuples`.
    fn target(&mut self, tuples: bool) -> Res<Target> {
        let first = self.single_target()?;
        if !tuples || !self.is_op(",") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.skip_op(",") {
            if !matches!(self.peek(), Some(Token::Name(_) | Token::Op("("))) || self.is_word("in") {
                break;
            }
            all.push(self.single_target()?);
        }
        Ok(Target::Tuple(all))
    }

    fn single_target(&mut self) -> Res<Target> {
        if self.skip_op("(") {
            let inner = self.nested(|parser| parser.target(true))?;
            self.expect_op(")")?;
            return Ok(inner);
        }
        let name = self.name()?;
        if matches!(&*name, "true" | "false" | "none" | "True" | "False" | "None") {
            return self.fail(format!("cannot assign to '{name}'"));
        }
        if self.skip_op(".") {
            return Ok(Target::Attr(name, self.name()?));
        }
        Ok(Target::Name(name))
    }

    // ---- expressions ---------------------------------------------------------------------------------------------

    fn expression(&mut self) -> Res<Expr> {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Res<Expr> {
        let line = self.line();
        let mut value = self.or()?;
        let mut length = 0;
        while self.skip_word("if") {
            length += 1;
            if length > MAX_DEPTH {
                return self.fail("an expression is too long");
            }
            let condition = self.or()?;
            let otherwise = if self.skip_word("else") { Some(Box::new(self.expression()?)) } else { None };
            value = Expr { line, kind: Kind::Cond(Box::new(condition), Box::new(value), otherwise) };
        }
        Ok(value)
    }

    fn or(&mut self) -> Res<Expr> {
        let line = self.line();
        let first = self.and()?;
        if !self.is_word("or") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.skip_word("or") {
            parts.push(self.and()?);
        }
        Ok(Expr { line, kind: Kind::Or(parts) })
    }

    fn and(&mut self) -> Res<Expr> {
        let line = self.line();
        let first = self.not()?;
        if !self.is_word("and") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.skip_word("and") {
            parts.push(self.not()?);
        }
        Ok(Expr { line, kind: Kind::And(parts) })
    }

    fn not(&mut self) -> Res<Expr> {
        let line = self.line();
        if self.skip_word("not") {
            return Ok(Expr { line, kind: Kind::Not(Box::new(self.nested(Self::not)?)) });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Res<Expr> {
        let line = self.line();
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let op = match self.peek() {
                Some(Token::Op("==")) => Comparison::Eq,
                Some(Token::Op("!=")) => Comparison::Ne,
                Some(Token::Op("<")) => Comparison::Lt,
                Some(Token::Op("<=")) => Comparison::Le,
                Some(Token::Op(">")) => Comparison::Gt,
                Some(Token::Op(">=")) => Comparison::Ge,
                Some(Token::Name(name)) if &**name == "in" => Comparison::In,
                Some(Token::Name(name)) if &**name == "not" => match self.tokens.get(self.at + 1) {
                    Some((Token::Name(next), _)) if &**next == "in" => {
                        self.at += 1;
                        Comparison::NotIn
                    }
                    _ => break,
                },
                _ => break,
            };
            self.at += 1;
            rest.push((op, self.sum()?));
        }
        Ok(if rest.is_empty() { first } else { Expr { line, kind: Kind::Compare(Box::new(first), rest) } })
    }

    fn sum(&mut self) -> Res<Expr> {
        self.binary(&[("+", Binary::Add), ("-", Binary::Sub)], Self::concat)
    }

    fn concat(&mut self) -> Res<Expr> {
        let line = self.line();
        let first = self.product()?;
        if !self.is_op("~") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.skip_op("~") {
            parts.push(self.product()?);
        }
        Ok(Expr { line, kind: Kind::Concat(parts) })
    }

    fn product(&mut self) -> Res<Expr> {
        let operators =
            [("*", Binary::Mul), ("/", Binary::Div), ("//", Binary::FloorDiv), ("%", Binary::Mod)];
        self.binary(&operators, |parser| parser.binary(&[("**", Binary::Pow)], |p| p.unary(true)))
    }

    fn binary(
        &mut self,
        operators: &[(&'static str, Binary)],
        operand: impl Fn(&mut Self) -> Res<Expr>,
    ) -> Res<Expr> {
        let line = self.line();
        let mut left = operand(self)?;
        let mut length = 0;
        while let Some((_, op)) = operators.iter().find(|(text, _)| self.is_op(text)) {
            self.at += 1;
            length += 1;
            if length > MAX_DEPTH {
                return self.fail("an expression is too long");
            }
            left = Expr { line, kind: Kind::Binary(*op, Box::new(left), Box::new(operand(self)?)) };
        }
        Ok(left)
    }

    fn unary(&mut self, with_filters: bool) -> Res<Expr> {
        let line = self.line();
        let value = if self.skip_op("-") {
            Expr { line, kind: Kind::Neg(Box::new(self.nested(|parser| parser.unary(false))?)) }
        } else if self.skip_op("+") {
            Expr { line, kind: Kind::Pos(Box::new(self.nested(|parser| parser.unary(false))?)) }
        } else {
            self.primary()?
        };
        let value = self.postfix(value)?;
        if with_filters { self.filters_and_tests(value) } else { Ok(value) }
    }

    fn primary(&mut self) -> Res<Expr> {
        let line = self.line();
        let Some(token) = self.peek().cloned() else { return self.unexpected("an expression") };
        let constant = |value| Ok(Expr { line, kind: Kind::Const(value) });
        self.at += 1;
        match token {
            Token::Name(name) => match &*name {
                "true" | "True" => constant(Const::Bool(true)),
                "false" | "False" => constant(Const::Bool(false)),
                "none" | "None" => constant(Const::None),
                _ => Ok(self.variable(name, line)),
            },
            Token::Str(text) => {
                let mut text = text;
                while let Some(Token::Str(more)) = self.peek() {
                    text = format!("{text}{more}").into();
                    self.at += 1;
                }
                constant(Const::Str(text))
            }
            Token::Int(value) => constant(Const::Int(value)),
            Token::Float(value) => constant(Const::Float(value)),
            Token::Op("(") => {
                let inner = self.nested(Self::parenthesized)?;
                self.expect_op(")")?;
                Ok(inner)
            }
            Token::Op("[") => {
                let items = self.nested(|parser| parser.items("]"))?;
                Ok(Expr { line, kind: Kind::List(items) })
            }
            Token::Op("{") => {
                let entries = self.nested(Self::entries)?;
                Ok(Expr { line, kind: Kind::Dict(entries) })
            }
            _ => {
                self.at -= 1;
                self.unexpected("an expression")
            }
        }
    }

    fn variable(&mut self, name: Name, line: u32) -> Expr {
        if let Some(uses) = self.macros.last_mut() {
            uses.varargs |= &*name == "varargs";
            uses.kwargs |= &*name == "kwargs";
            uses.caller |= &*name == "caller";
        }
        Expr { line, kind: Kind::Name(name) }
    }

    fn parenthesized(&mut self) -> Res<Expr> {
        if self.is_op(")") {
            return Ok(Expr { line: self.line(), kind: Kind::Tuple(Vec::new()) });
        }
        self.tuple(true)
    }

    /// Expressions with commas between them are a tuple; one alone is itself. Without `conditionals`, an `if` ends it.
    fn tuple(&mut self, conditionals: bool) -> Res<Expr> {
        let line = self.line();
        let one = |parser: &mut Self| if conditionals { parser.expression() } else { parser.nested(Self::or) };
        let first = one(self)?;
        if !self.is_op(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.skip_op(",") {
            let ends = matches!(self.peek(), None | Some(Token::BlockEnd | Token::PrintEnd | Token::Op(")")));
            if ends || self.is_word("recursive") {
                break;
            }
            items.push(one(self)?);
        }
        Ok(Expr { line, kind: Kind::Tuple(items) })
    }

    fn items(&mut self, close: &'static str) -> Res<Vec<Expr>> {
        let mut out = Vec::new();
        while !self.skip_op(close) {
            if !out.is_empty() {
                self.expect_op(",")?;
                if self.skip_op(close) {
                    break;
                }
            }
            out.push(self.expression()?);
        }
        Ok(out)
    }

    fn entries(&mut self) -> Res<Vec<(Expr, Expr)>> {
        let mut out = Vec::new();
        while !self.skip_op("}") {
            if !out.is_empty() {
                self.expect_op(",")?;
                if self.skip_op("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_op(":")?;
            out.push((key, self.expression()?));
        }
        Ok(out)
    }

    fn postfix(&mut self, mut value: Expr) -> Res<Expr> {
        let mut length = 0;
        loop {
            let line = self.line();
            let kind = if self.skip_op(".") {
                match self.peek().cloned() {
                    Some(Token::Int(index)) => {
                        self.at += 1;
                        let index = Expr { line, kind: Kind::Const(Const::Int(index)) };
                        Kind::Item(Box::new(value), Box::new(index))
                    }
                    _ => Kind::Attr(Box::new(value), self.name()?),
                }
            } else if self.skip_op("[") {
                self.nested(|parser| parser.subscript(value))?
            } else if self.is_op("(") {
                Kind::Call(Box::new(value), self.nested(Self::arguments)?)
            } else {
                return Ok(value);
            };
            length += 1;
            if length > MAX_DEPTH {
                return self.fail("an expression is too long");
            }
            value = Expr { line, kind };
        }
    }

    fn subscript(&mut self, value: Expr) -> Res<Kind> {
        let line = self.line();
        let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut colons = 0;
        while !self.skip_op("]") {
            if self.skip_op(":") {
                colons += 1;
                if colons > 2 {
                    return self.unexpected("']'");
                }
            } else if parts[colons].is_some() {
                if colons == 0 && self.is_op(",") {
                    return self.tuple_subscript(value, parts[0].take(), line);
                }
                return self.unexpected("']'");
            } else {
                parts[colons] = Some(Box::new(self.expression()?));
            }
        }
        if colons > 0 {
            return Ok(Kind::Slice(Box::new(value), parts));
        }
        match parts[0].take() {
            Some(index) => Ok(Kind::Item(Box::new(value), index)),
            None => self.fail("expected an expression between '[' and ']'"),
        }
    }

    fn tuple_subscript(&mut self, value: Expr, first: Option<Box<Expr>>, line: u32) -> Res<Kind> {
        let mut items: Vec<Expr> = first.into_iter().map(|first| *first).collect();
        while self.skip_op(",") {
            items.push(self.expression()?);
        }
        self.expect_op("]")?;
        Ok(Kind::Item(Box::new(value), Box::new(Expr { line, kind: Kind::Tuple(items) })))
    }

    fn arguments(&mut self) -> Res<Args> {
        self.expect_op("(")?;
        let mut args = Args::default();
        let mut first = true;
        while !self.skip_op(")") {
            if !std::mem::take(&mut first) {
                self.expect_op(",")?;
                if self.skip_op(")") {
                    break;
                }
            }
            let is_named = matches!(self.peek(), Some(Token::Name(_)))
                && matches!(self.tokens.get(self.at + 1), Some((Token::Op("="), _)));
            if self.skip_op("**") {
                args.star_star = Some(Box::new(self.expression()?));
            } else if self.skip_op("*") {
                args.star = Some(Box::new(self.expression()?));
            } else if is_named {
                let name = self.name()?;
                self.at += 1;
                args.named.push((name, self.expression()?));
            } else if args.named.is_empty() && args.star_star.is_none() {
                args.positional.push(self.expression()?);
            } else {
                return self.fail("a positional argument follows a named one");
            }
        }
        Ok(args)
    }

    fn filters_and_tests(&mut self, mut value: Expr) -> Res<Expr> {
        let mut length = 0;
        loop {
            let line = self.line();
            let kind = if self.skip_op("|") {
                Kind::Filter(Box::new(value), self.filter_call()?)
            } else if self.skip_word("is") {
                self.test(value, line)?
            } else if self.is_op("(") {
                Kind::Call(Box::new(value), self.nested(Self::arguments)?)
            } else {
                return Ok(value);
            };
            length += 1;
            if length > MAX_DEPTH {
                return self.fail("an expression is too long");
            }
            value = Expr { line, kind };
        }
    }

    fn filters(&mut self) -> Res<Vec<FilterCall>> {
        let mut out = Vec::new();
        while self.skip_op("|") {
            out.push(self.filter_call()?);
        }
        Ok(out)
    }

    fn filter_call(&mut self) -> Res<FilterCall> {
        let name = self.name()?;
        let args = if self.is_op("(") { self.nested(Self::arguments)? } else { Args::default() };
        Ok(FilterCall { name, args })
    }

    fn test(&mut self, value: Expr, line: u32) -> Res<Kind> {
        let negated = self.skip_word("not");
        let name = self.name()?;
        let words = ["else", "or", "and"];
        let args = match self.peek() {
            Some(Token::Op("(")) => self.nested(Self::arguments)?,
            Some(Token::Name(next)) if &**next == "is" => return self.fail("tests cannot be chained with 'is'"),
            Some(Token::Name(next)) if words.contains(&&**next) => Args::default(),
            Some(Token::Name(_) | Token::Str(_) | Token::Int(_) | Token::Float(_) | Token::Op("[" | "{")) => {
                let argument = self.nested(Self::primary)?;
                Args { positional: vec![self.postfix(argument)?], ..Args::default() }
            }
            _ => Args::default(),
        };
        let test = Kind::Test(Box::new(value), name, args);
        Ok(if negated { Kind::Not(Box::new(Expr { line, kind: test })) } else { test })
    }
}
