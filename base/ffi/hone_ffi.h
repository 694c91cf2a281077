/* The C ABI of base/ffi (Rust): Hugging Face's tokenizers, chat templates, Parquet.

   Texts are given with their length and may hold any bytes; they are read during the call only. A function that can
   fail returns null or false and writes *error, else it leaves *error alone. HoneBytes and HoneTokens that a function
   wrote belong to the caller, who gives them to the matching free function. No call throws or aborts; objects that are
   const here may be used by several threads at once. The C++ classes over this (policy/hf_tokenizer.h,
   policy/chat_template.h, base/parquet_reader.h) are what the rest of hone includes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HoneText {
  const char* data;
  size_t size;
} HoneText;

typedef struct HoneBytes {
  char* data;
  size_t size;
} HoneBytes;

typedef struct HoneTokens {
  int32_t* data;
  size_t size;
} HoneTokens;

void hone_bytes_free(HoneBytes bytes);
void hone_tokens_free(HoneTokens tokens);

/* ---- tokenizer.json ------------------------------------------------------------------------------------------- */

typedef struct HoneTokenizer HoneTokenizer;

/* The text of a tokenizer.json. The error is "<field>\n<message>". */
HoneTokenizer* hone_tokenizer_open(HoneText json, HoneBytes* error);
void hone_tokenizer_free(HoneTokenizer* tokenizer);
/* The largest token + 1. */
int32_t hone_tokenizer_size(const HoneTokenizer* tokenizer);
/* The token with this entry in the vocabulary; -1 where there is none. */
int32_t hone_tokenizer_id(const HoneTokenizer* tokenizer, HoneText text);
/* The token's entry in the vocabulary, empty for none. */
HoneBytes hone_tokenizer_text(const HoneTokenizer* tokenizer, int32_t token);
bool hone_tokenizer_is_special(const HoneTokenizer* tokenizer, int32_t token);
/* Whether a later token may change its text otherwise than by completing its last character. */
bool hone_tokenizer_is_open(const HoneTokenizer* tokenizer, int32_t token);
/* framed: with what the post-processor adds. */
bool hone_tokenizer_encode(const HoneTokenizer* tokenizer, HoneText text, bool framed, HoneTokens* out,
                           HoneBytes* error);
/* tokens[size], none negative. */
bool hone_tokenizer_decode(const HoneTokenizer* tokenizer, const int32_t* tokens, size_t size, bool skip_special,
                           HoneBytes* out, HoneBytes* error);

/* ---- chat templates ------------------------------------------------------------------------------------------- */

typedef struct HoneTemplate HoneTemplate;

/* Errors here are "<line>\n<message>", line 0 where none is meant. */
HoneTemplate* hone_template_open(HoneText source, HoneBytes* error);
void hone_template_free(HoneTemplate* chat_template);
/* request: a JSON object of messages, tools, variables, add_generation_prompt, continue_final_message. */
bool hone_template_render(const HoneTemplate* chat_template, HoneText request, HoneBytes* out, HoneBytes* error);

/* ---- Parquet -------------------------------------------------------------------------------------------------- */

typedef struct HoneParquet HoneParquet;

/* Owns `fd` from here on, also after an error. Errors are "<column>\n<message>". */
HoneParquet* hone_parquet_open(int fd, HoneBytes* error);
void hone_parquet_free(HoneParquet* parquet);
int64_t hone_parquet_rows(const HoneParquet* parquet);
/* A JSON array of the names at the top level. */
HoneBytes hone_parquet_columns(const HoneParquet* parquet);
/* At most `most` of the next rows, one JSON object a line; empty after the last row. After an error only free may be
   called. */
bool hone_parquet_next(HoneParquet* parquet, size_t most, HoneBytes* out, HoneBytes* error);

#ifdef __cplusplus
}
#endif
