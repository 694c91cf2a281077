//! Template text to tokens, with the whitespace control of jinja2.

use std::sync::Arc;

use super::meter::{Error, Res};
use super::text::is_space;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Data(Arc<str>),
    BlockBegin,
    BlockEnd,
    PrintBegin,
    PrintEnd,
    Name(Arc<str>),
    Str(Arc<str>),
    Int(i128),
    Float(f64),
    Op(&'static str),
}

pub type Tokens = Vec<(Token, u32)>;

const OPERATORS: [&str; 27] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";", "!",
];

pub fn tokenize(source: &str) -> Res<Tokens> {
    let mut source = source.replace("\r\n", "\n").replace('\r', "\n");
    if source.ends_with('\n') {
        source.pop();
    }
    let mut lexer = Lexer { source: &source, at: 0, line: 1, line_starts: true, tokens: Vec::new() };
    lexer.root()?;
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    line: u32,
    line_starts: bool, // nothing but what a tag took stands before this place in its line
    tokens: Tokens,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn fail<T>(&self, message: impl Into<String>) -> Res<T> {
        Err(Error::at(self.line, message))
    }

    fn push(&mut self, token: Token) {
        self.tokens.push((token, self.line));
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.source[self.at..self.at + bytes];
        self.line += passed.bytes().filter(|b| *b == b'\n').count() as u32;
        if bytes > 0 {
            self.line_starts = passed.ends_with('\n');
        }
        self.at += bytes;
    }

    fn skip_spaces(&mut self) {
        let spaces = self.rest().len() - self.rest().trim_start_matches(is_space).len();
        self.advance(spaces);
    }

    fn root(&mut self) -> Res<()> {
        while !self.rest().is_empty() {
            let rest = self.rest();
            let begin = (0..rest.len().saturating_sub(1)).find(|i| {
                rest.as_bytes()[*i] == b'{' && matches!(rest.as_bytes()[i + 1], b'%' | b'{' | b'#')
            });
            let Some(begin) = begin else {
                self.data(rest);
                break;
            };
            let kind = rest.as_bytes()[begin + 1];
            let sign = rest.as_bytes().get(begin + 2).copied().filter(|b| matches!(b, b'-' | b'+'));
            let text = self.stripped(&rest[..begin], sign, kind != b'{');
            self.data(text);
            self.advance(begin + 2 + usize::from(sign.is_some()));
            match kind {
                b'#' => self.comment()?,
                b'{' => self.tag(Token::PrintBegin, Token::PrintEnd, "}}")?,
                _ => match self.raw_begin() {
                    Some(bytes) => self.raw(bytes)?,
                    None => self.tag(Token::BlockBegin, Token::BlockEnd, "%}")?,
                },
            }
        }
        Ok(())
    }

    fn data(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(Token::Data(text.into()));
        }
    }

    /// The text before a tag: `-` takes all space, a block alone in its line the space before it.
    fn stripped<'t>(&self, text: &'t str, sign: Option<u8>, strips_line: bool) -> &'t str {
        if sign == Some(b'-') {
            return text.trim_end_matches(is_space);
        }
        if sign == Some(b'+') || !strips_line {
            return text;
        }
        let line = text.rfind('\n').map_or(0, |i| i + 1);
        let alone = (line > 0 || self.line_starts) && text[line..].chars().all(is_space);
        if alone { &text[..line] } else { text }
    }

    /// After the end of a block or comment: what `-` or trim_blocks take.
    fn end(&mut self, end: &str, trims: bool) -> bool {
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix('-').and_then(|r| r.strip_prefix(end)) {
            let taken = after.len() - after.trim_start_matches(is_space).len();
            self.advance(1 + end.len() + taken);
        } else if trims && rest.strip_prefix('+').is_some_and(|r| r.starts_with(end)) {
            self.advance(1 + end.len());
        } else if let Some(after) = rest.strip_prefix(end) {
            self.advance(end.len() + usize::from(trims && after.starts_with('\n')));
        } else {
            return false;
        }
        true
    }

    fn comment(&mut self) -> Res<()> {
        let Some(close) = self.rest().find("#}") else { return self.fail("a comment has no end") };
        let signed = close > 0 && matches!(self.rest().as_bytes()[close - 1], b'-' | b'+');
        self.advance(close - usize::from(signed));
        self.end("#}", true);
        Ok(())
    }

    /// Bytes of `raw %}` where the block is one.
    fn raw_begin(&self) -> Option<usize> {
        let rest = self.rest();
        let after = rest.trim_start_matches(is_space).strip_prefix("raw")?.trim_start_matches(is_space);
        let after = match after.strip_prefix("-%}") {
            Some(after) => after.trim_start_matches(is_space),
            None => after.strip_prefix("%}")?,
        };
        Some(rest.len() - after.len())
    }

    fn raw(&mut self, begin: usize) -> Res<()> {
        self.advance(begin);
        let mut from = 0;
        while let Some(found) = self.rest()[from..].find("{%") {
            let open = from + found;
            let inner = &self.rest()[open + 2..];
            let sign = inner.bytes().next().filter(|b| matches!(b, b'-' | b'+'));
            let name = inner[usize::from(sign.is_some())..].trim_start_matches(is_space);
            let Some(after) = name.strip_prefix("endraw") else {
                from = open + 2;
                continue;
            };
            let after = after.trim_start_matches(is_space);
            let text = self.stripped(&self.rest()[..open], sign, true);
            let length = self.rest().len() - after.len();
            self.data(text);
            self.advance(length);
            if !self.end("%}", true) {
                return self.fail("expected the end of the block endraw");
            }
            return Ok(());
        }
        self.fail("a raw block has no endraw")
    }

    fn tag(&mut self, begin: Token, end_token: Token, end: &str) -> Res<()> {
        self.push(begin);
        let mut open = Vec::new(); // brackets, inside of which the end of the tag is not looked for
        loop {
            self.skip_spaces();
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { return self.fail("a tag has no end") };
            if open.is_empty() && self.end(end, end == "%}") {
                self.push(end_token);
                return Ok(());
            }
            if first.is_ascii_digit() {
                self.number()?;
            } else if first == '_' || first.is_alphabetic() {
                let name = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
                self.push(Token::Name(rest[..name].into()));
                self.advance(name);
            } else if first == '"' || first == '\'' {
                self.string(first)?;
            } else {
                self.operator(&mut open)?;
            }
        }
    }

    fn operator(&mut self, open: &mut Vec<&'static str>) -> Res<()> {
        let Some(op) = OPERATORS.iter().copied().find(|op| self.rest().starts_with(op)) else {
            return self.fail(format!("unexpected character {:?}", self.rest().chars().next().unwrap_or(' ')));
        };
        match op {
            "(" => open.push(")"),
            "[" => open.push("]"),
            "{" => open.push("}"),
            ")" | "]" | "}" if open.pop() != Some(op) => return self.fail(format!("unexpected '{op}'")),
            _ => {}
        }
        self.push(Token::Op(op));
        self.advance(op.len());
        Ok(())
    }

    fn number(&mut self) -> Res<()> {
        let rest = self.rest();
        let digits = |from: usize| {
            let tail = &rest[from..];
            let end = tail.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(tail.len());
            from + tail[..end].trim_end_matches('_').len()
        };
        let lower = rest.get(..2).unwrap_or("").to_ascii_lowercase();
        if let Some(base) = [("0x", 16), ("0o", 8), ("0b", 2)].iter().find(|(prefix, _)| *prefix == lower) {
            let tail = &rest[2..];
            let end = tail.find(|c: char| !c.is_digit(base.1) && c != '_').unwrap_or(tail.len());
            let Ok(value) = i128::from_str_radix(&tail[..end].replace('_', ""), base.1) else {
                return self.fail("a number is not right");
            };
            self.push(Token::Int(value));
            self.advance(2 + end);
            return Ok(());
        }
        let mut end = digits(0);
        let mut float = false;
        let follows_dot = matches!(self.tokens.last(), Some((Token::Op("."), _)));
        let is_digit = |i: usize| rest.as_bytes().get(i).is_some_and(u8::is_ascii_digit);
        if !follows_dot && rest[end..].starts_with('.') && is_digit(end + 1) {
            end = digits(end + 1);
            float = true;
        }
        if !follows_dot && rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            if is_digit(end + 1 + sign) {
                end = digits(end + 1 + sign);
                float = true;
            }
        }
        let text = rest[..end].replace('_', "");
        let token = if float { text.parse().ok().map(Token::Float) } else { text.parse().ok().map(Token::Int) };
        let Some(token) = token else { return self.fail(format!("the number {text} is too large")) };
        self.push(token);
        self.advance(end);
        Ok(())
    }

    fn string(&mut self, quote: char) -> Res<()> {
        let rest = self.rest();
        let mut escaped = false;
        let close = rest.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        let Some((close, _)) = close else { return self.fail("a string has no end") };
        let Some(text) = unescape(&rest[1..close]) else { return self.fail("a string has a wrong escape") };
        self.push(Token::Str(text.into()));
        self.advance(close + 1);
        Ok(())
    }
}

/// Escapes of Python's string literals.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next()?;
        match escape {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(escape),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            'x' => out.push(hex(&mut chars, 2)?),
            'u' => out.push(hex(&mut chars, 4)?),
            'U' => out.push(hex(&mut chars, 8)?),
            '0'..='7' => {
                let mut value = escape.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = chars.clone().next().and_then(|c| c.to_digit(8)) else { break };
                    chars.next();
                    value = value * 8 + digit;
                }
                out.push(char::from_u32(value)?);
            }
            other => out.extend(['\\', other]),
        }
    }
    Some(out)
}

/// Halves of surrogate pairs are no characters: Python could not write them as UTF-8 either.
fn hex(chars: &mut std::str::Chars, digits: usize) -> Option<char> {
    let code = (0..digits).try_fold(0u32, |value, _| Some(value * 16 + chars.next()?.to_digit(16)?))?;
    char::from_u32(code)
}
