//! Conversations by a chat template, as transformers' apply_chat_template prepares and renders them.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::abi::{guarded_box, guarded_into, HoneBytes, HoneText};
use crate::jinja::{from_json, Error, Meter, Template, Value};

pub struct HoneTemplate {
    template: Template,
    source: String,
}

/// Names under which messages hold reasoning. Templates read the first, older ones the second.
const REASONING: [&str; 3] = ["reasoning_content", "thinking", "reasoning"];
/// Marks the end of the message to be continued; the text up to it is the prompt.
const MARK: &str = "CONTINUE_FINAL_MESSAGE_TAG ";

/// "<line>\n<message>"
fn text_of(error: Error) -> String {
    format!("{}\n{}", error.line, error.message)
}

fn fail<T>(message: &str) -> Result<T, String> {
    Err(format!("0\n{message}"))
}

fn open(source: &str) -> Result<HoneTemplate, String> {
    Ok(HoneTemplate { template: Template::parse(source).map_err(text_of)?, source: source.to_owned() })
}

/// The object with the members messages, tools, add_generation_prompt, continue_final_message, variables.
fn render(template: &HoneTemplate, request: &[u8]) -> Result<String, String> {
    let mut request: Map<String, Json> = serde_json::from_slice(request).map_err(|error| format!("0\n{error}"))?;
    let mut messages = messages(request.remove("messages"))?;
    let continues = request.get("continue_final_message") == Some(&Json::Bool(true));
    let add_prompt = request.get("add_generation_prompt") == Some(&Json::Bool(true));
    if continues && add_prompt {
        return fail("continue_final_message and add_generation_prompt exclude each other");
    }
    let last = if continues { Some(mark_last(&template.source, &mut messages)?) } else { None };

    let meter = Meter::new();
    let messages = Json::Array(messages.into_iter().map(Json::Object).collect());
    let mut variables: Vec<(Arc<str>, Value)> = vec![
        ("messages".into(), from_json(&meter, &messages).map_err(text_of)?),
        ("tools".into(), from_json(&meter, request.get("tools").unwrap_or(&Json::Null)).map_err(text_of)?),
        ("documents".into(), Value::None),
        ("add_generation_prompt".into(), Value::Bool(add_prompt)),
    ];
    for (name, value) in request.get("variables").and_then(Json::as_object).into_iter().flatten() {
        variables.push((name.as_str().into(), from_json(&meter, value).map_err(text_of)?));
    }
    let text = template.template.render(variables, &meter).map_err(text_of)?;
    match last {
        Some(last) => cut_at_mark(text, &last),
        None => Ok(text),
    }
}

/// Members that are null are left out, because many templates would print them; reasoning gets the names that templates
/// read.
fn messages(messages: Option<Json>) -> Result<Vec<Map<String, Json>>, String> {
    let Some(Json::Array(messages)) = messages else { return fail("messages must be an array") };
    if messages.is_empty() {
        return fail("messages must not be empty");
    }
    let mut out = Vec::with_capacity(messages.len());
    for message in messages {
        let Json::Object(mut message) = message else { return fail("each message must be an object") };
        message.retain(|_, value| !value.is_null());
        if let Some(reasoning) = REASONING.iter().find_map(|name| message.get(*name)).cloned() {
            let mut aliased = Map::new();
            aliased.insert("thinking".to_owned(), reasoning.clone());
            aliased.extend(message);
            aliased.insert("reasoning_content".to_owned(), reasoning);
            message = aliased;
        }
        out.push(message);
    }
    Ok(out)
}

/// Appends the mark to the content of the last message, and gives the content without it.
fn mark_last(source: &str, messages: &mut [Map<String, Json>]) -> Result<String, String> {
    if !source.contains("content") {
        return fail("continue_final_message: the template does not read content");
    }
    let content = messages.last_mut().and_then(|message| message.get_mut("content"));
    let text = match content {
        Some(Json::String(text)) => Some(text),
        Some(Json::Array(parts)) => parts.iter_mut().rev().find_map(|part| match part.get_mut("text") {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }),
        _ => None,
    };
    let Some(text) = text else { return fail("continue_final_message: the last message has no text in content") };
    let before = text.clone();
    text.push_str(MARK);
    Ok(before)
}

fn cut_at_mark(text: String, last: &str) -> Result<String, String> {
    let is_space = crate::jinja::is_space;
    let Some(at) = text.rfind(MARK.trim_end()).filter(|_| text.contains(last.trim_matches(is_space))) else {
        return fail("continue_final_message: the template does not write the last message as it is");
    };
    let before = &text[..at];
    Ok(if text[at..].starts_with(MARK) { before } else { before.trim_end_matches(is_space) }.to_owned())
}

#[no_mangle]
pub unsafe extern "C" fn hone_template_open(source: HoneText, error: *mut HoneBytes) -> *mut HoneTemplate {
    unsafe { guarded_box(error, || open(source.text().map_err(|message| format!("0\n{message}"))?)) }
}

#[no_mangle]
pub unsafe extern "C" fn hone_template_free(template: *mut HoneTemplate) {
    drop(unsafe { Box::from_raw(template) });
}

#[no_mangle]
pub unsafe extern "C" fn hone_template_render(
    template: &HoneTemplate,
    request: HoneText,
    out: *mut HoneBytes,
    error: *mut HoneBytes,
) -> bool {
    unsafe { guarded_into(out, error, || render(template, request.bytes()).map(HoneBytes::from)) }
}
