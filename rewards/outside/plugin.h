/* Checkers built outside the tree: a shared library that `checker: plugin` loads. It runs inside hone, so it is as
 * trusted as hone itself: a crash in it ends the run. This header is C; any language that can export a C function will
 * do.
 *
 * In C++ no line of it is needed: a file like rewards/example_checker.cpp becomes a plug-in by
 *   g++ -std=c++20 -O2 -shared -fPIC -I HONE my.cpp -u hone_plugin -L HONE/build/release -lhone_plugin -lhone_base \
 *       -o my.so
 * where HONE is the checkout, and
 *   rewards: [{checker: plugin, path: my.so, options: '{"ignore_case": true}'}]
 * grades by it. */
#ifndef HONE_REWARDS_OUTSIDE_PLUGIN_H
#define HONE_REWARDS_OUTSIDE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define HONE_NOEXCEPT noexcept
#else
#define HONE_NOEXCEPT
#endif

#define HONE_PLUGIN_ABI 1u

/* Bytes, not ended by 0. Valid during the call that they are an argument of. */
typedef struct hone_text {
  const char* data;
  size_t size;
} hone_text;

typedef void hone_text_sink(void* context, hone_text text);

/* A sample. `completion` and `prompt` may be any bytes. */
typedef struct hone_input {
  hone_text prompt;
  hone_text completion;
  hone_text gold;       /* JSON; empty: none */
  hone_text extra_info; /* a JSON object; empty: none */
  hone_text data_source;
  const int32_t* tokens; /* of the completion, where known */
  size_t token_count;
  uint64_t serial;    /* of the group */
  uint32_t index;     /* in the group */
  int32_t truncated;  /* 1: the completion ended at its length limit */
  int32_t bare_answer; /* 1: the completion is the answer itself */
} hone_input;

typedef enum hone_verdict {
  HONE_CORRECT, HONE_WRONG, HONE_SCORED,            /* with a score */
  HONE_NO_ANSWER, HONE_PARSE_ERROR, HONE_LIMIT,     /* score 0 */
  HONE_NOT_APPLICABLE,                              /* left out of the sum */
  HONE_GOLD_ERROR, HONE_TIMEOUT, HONE_INFRA         /* drops the group */
} hone_verdict;

typedef struct hone_result {
  int32_t verdict; /* a hone_verdict */
  double score;
  hone_text extracted, canonical, gold_canonical, reason; /* may be empty */
} hone_result;

typedef void hone_result_sink(void* context, const hone_result* result);

/* No function may throw. Those with a const checker are called from many threads at once. */
typedef struct hone_plugin_api {
  uint32_t abi; /* HONE_PLUGIN_ABI; the rest may be read only where it is equal */
  /* `name` is the checker wanted, empty where the plug-in has only one; `options` a JSON object. NULL: failed, after a
   * text for the sink that says why. */
  void* (*create)(hone_text name, hone_text options, hone_text_sink* error, void* context) HONE_NOEXCEPT;
  void (*destroy)(void* checker) HONE_NOEXCEPT;
  /* 0: a gold that cannot be graded against, after a text that says why. */
  int32_t (*check_gold)(const void* checker, hone_text gold, hone_text_sink* error, void* context) HONE_NOEXCEPT;
  /* 1: check is called with all samples of a problem at once; else with one. */
  int32_t (*wants_group)(const void* checker) HONE_NOEXCEPT;
  /* Calls the sink once for each sample, in order. */
  void (*check)(const void* checker, const hone_input* samples, size_t count, hone_result_sink* result,
                void* context) HONE_NOEXCEPT;
} hone_plugin_api;

/* What a plug-in exports. The api is never freed. */
__attribute__((visibility("default"))) const hone_plugin_api* hone_plugin(void) HONE_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
