//! tokenizer.json by Hugging Face's library.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value as Json;
use tokenizers::{DecoderWrapper, ModelWrapper, Tokenizer};

use crate::abi::{guarded_box, guarded_into, HoneBytes, HoneText, HoneTokens};

pub struct HoneTokenizer {
    tokenizer: Tokenizer,
    size: i32,
    special: HashSet<u32>,
    open: Open,
}

/// Tokens whose text may change with those after them.
enum Open {
    These(HashSet<u32>),
    All,
}

/// "<field>\n<message>": the caller shows both.
fn field_error(field: &str, message: impl std::fmt::Display) -> String {
    format!("{field}\n{message}")
}

fn open(bytes: &[u8]) -> Result<HoneTokenizer, String> {
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(|error| locate(bytes, &error.to_string()))?;
    // Both would change what a caller asked to encode: a cut or padded prompt is not that prompt.
    tokenizer.with_truncation(None).map_err(|error| field_error("truncation", error))?;
    tokenizer.with_padding(None);
    if let ModelWrapper::BPE(bpe) = tokenizer.get_model() {
        if bpe.dropout.is_some_and(|rate| rate > 0.0) {
            return Err(field_error("model.dropout", "would split the same text differently each time; must be null"));
        }
    }
    let vocabulary = tokenizer.get_vocab(true);
    let largest = vocabulary.values().max().copied().ok_or_else(|| field_error("model.vocab", "is empty"))?;
    let size = i32::try_from(i64::from(largest) + 1)
        .map_err(|_| field_error("model.vocab", format!("the token {largest} is above 2^31 - 2")))?;
    check_added_tokens(bytes, &tokenizer)?;
    let added = tokenizer.get_added_tokens_decoder();
    let special = added.iter().filter(|(_, token)| token.special).map(|(id, _)| *id).collect();
    let open = open_tokens(tokenizer.get_decoder(), &vocabulary)?;
    Ok(HoneTokenizer { tokenizer, size, special, open })
}

/// The library's errors name no field: the part that does not parse alone is the one.
fn locate(bytes: &[u8], message: &str) -> String {
    let Ok(file) = serde_json::from_slice::<Json>(bytes) else { return field_error("", message) };
    let Some(members) = file.as_object() else { return field_error("", "must be an object") };
    if !members.contains_key("model") {
        return field_error("model", "is missing");
    }
    let parses = |name: &str, value: Json| -> Result<(), serde_json::Error> {
        match name {
            "normalizer" => serde_json::from_value::<Option<tokenizers::NormalizerWrapper>>(value).map(drop),
            "pre_tokenizer" => serde_json::from_value::<Option<tokenizers::PreTokenizerWrapper>>(value).map(drop),
            "post_processor" => serde_json::from_value::<Option<tokenizers::PostProcessorWrapper>>(value).map(drop),
            "decoder" => serde_json::from_value::<Option<DecoderWrapper>>(value).map(drop),
            "model" => serde_json::from_value::<ModelWrapper>(value).map(drop),
            "added_tokens" => serde_json::from_value::<Vec<AddedToken>>(value).map(drop),
            _ => Ok(()),
        }
    };
    for (name, value) in members {
        if let Err(error) = parses(name, value.clone()) {
            return field_error(name, error);
        }
    }
    field_error("", message)
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct AddedTokens {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

/// The library numbers an added token anew, with a warning to a log, where its number is not the next; the model's
/// embedding would then belong to another text.
fn check_added_tokens(bytes: &[u8], tokenizer: &Tokenizer) -> Result<(), String> {
    let file: AddedTokens = serde_json::from_slice(bytes).map_err(|error| field_error("added_tokens", error))?;
    for (i, token) in file.added_tokens.iter().enumerate() {
        let given = tokenizer.token_to_id(&token.content);
        if given != Some(token.id) {
            let given = given.map_or("none".to_owned(), |id| id.to_string());
            let message = format!("{:?} has the id {}, but the vocabulary gives it {given}", token.content, token.id);
            return Err(field_error(&format!("added_tokens[{i}].id"), message));
        }
    }
    Ok(())
}

/// Decoders work token by token, on the whole text, or on runs of `<0x..>` tokens. Where a decoder may rewrite text across
/// tokens in another way, all tokens are open.
fn open_tokens(
    decoder: Option<&DecoderWrapper>,
    vocabulary: &std::collections::HashMap<String, u32>,
) -> Result<Open, String> {
    let decoder = serde_json::to_value(decoder).map_err(|error| field_error("decoder", error))?;
    let mut steps = Vec::new();
    flatten(&decoder, &mut steps);
    let (mut fused, mut runs) = (false, false);
    for step in steps {
        let kind = step["type"].as_str().unwrap_or("");
        match kind {
            "ByteLevel" | "Fuse" => fused = true,
            "Strip" if !fused || step["stop"] == 0 => {}
            "Replace" if !fused || step["pattern"]["String"].as_str().is_some_and(|s| s.chars().count() == 1) => {}
            "ByteFallback" if !fused => runs = true,
            "WordPiece" | "Metaspace" | "CTC" if !fused => {}
            _ => return Ok(Open::All),
        }
    }
    let is_byte = |text: &str| text.len() == 6 && text.starts_with("<0x") && text.ends_with('>');
    let bytes = vocabulary.iter().filter(|(text, _)| runs && is_byte(text)).map(|(_, id)| *id);
    Ok(Open::These(bytes.collect()))
}

fn flatten<'a>(decoder: &'a Json, steps: &mut Vec<&'a Json>) {
    if decoder["type"] == "Sequence" {
        decoder["decoders"].as_array().into_iter().flatten().for_each(|step| flatten(step, steps));
    } else if !decoder.is_null() {
        steps.push(decoder);
    }
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_open(json: HoneText, error: *mut HoneBytes) -> *mut HoneTokenizer {
    unsafe { guarded_box(error, || open(json.bytes())) }
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_free(tokenizer: *mut HoneTokenizer) {
    drop(unsafe { Box::from_raw(tokenizer) });
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_size(tokenizer: &HoneTokenizer) -> i32 {
    tokenizer.size
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_id(tokenizer: &HoneTokenizer, text: HoneText) -> i32 {
    let id = unsafe { text.text() }.ok().and_then(|text| tokenizer.tokenizer.token_to_id(text));
    id.map_or(-1, |id| id as i32)
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_text(tokenizer: &HoneTokenizer, token: i32) -> HoneBytes {
    tokenizer.tokenizer.id_to_token(token as u32).unwrap_or_default().into()
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_is_special(tokenizer: &HoneTokenizer, token: i32) -> bool {
    tokenizer.special.contains(&(token as u32))
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_is_open(tokenizer: &HoneTokenizer, token: i32) -> bool {
    match &tokenizer.open {
        Open::All => true,
        Open::These(tokens) => tokens.contains(&(token as u32)),
    }
}

#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_encode(
    tokenizer: &HoneTokenizer,
    text: HoneText,
    framed: bool,
    out: *mut HoneTokens,
    error: *mut HoneBytes,
) -> bool {
    let encode = || {
        let encoding = tokenizer.tokenizer.encode_fast(unsafe { text.text() }?, framed).map_err(|e| e.to_string())?;
        Ok(encoding.get_ids().iter().map(|id| *id as i32).collect::<Vec<_>>().into())
    };
    unsafe { guarded_into(out, error, encode) }
}

/// # Safety
/// `tokens` points to `size` numbers, none negative.
#[no_mangle]
pub unsafe extern "C" fn hone_tokenizer_decode(
    tokenizer: &HoneTokenizer,
    tokens: *const i32,
    size: usize,
    skip_special: bool,
    out: *mut HoneBytes,
    error: *mut HoneBytes,
) -> bool {
    let decode = || {
        let tokens = if size == 0 { &[] } else { unsafe { std::slice::from_raw_parts(tokens as *const u32, size) } };
        tokenizer.tokenizer.decode(tokens, skip_special).map(HoneBytes::from).map_err(|e| e.to_string())
    };
    unsafe { guarded_into(out, error, decode) }
}
