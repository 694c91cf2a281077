/* A plug-in in C, and by macros the ways in which one can be wrong. */
#include <math.h>
#include <string.h>

#include "rewards/outside/plugin.h"

#ifndef ABI
#define ABI HONE_PLUGIN_ABI
#endif

static int checker;

static void say(hone_text_sink* sink, void* context, const char* text) {
  const hone_text view = {text, strlen(text)};
  sink(context, view);
}

static void* create(hone_text name, hone_text options, hone_text_sink* error, void* context) {
  (void)name;
  if (options.size == 2) return &checker;
  say(error, context, "takes no options");
  return NULL;
}
static void destroy(void* c) { (void)c; }
static int32_t check_gold(const void* c, hone_text gold, hone_text_sink* error, void* context) {
  (void)c;
  if (gold.size > 0 && gold.data[0] == '"') return 1;
  say(error, context, "not a text");
  return 0;
}
static int32_t wants_group(const void* c) {
  (void)c;
  return 1;
}
/* The score is the share of the group that is at least as long; the completion names a verdict by its first digit. */
static void check(const void* c, const hone_input* samples, size_t count, hone_result_sink* sink, void* context) {
  (void)c;
  for (size_t i = 0; i < count; ++i) {
    double longer = 0;
    for (size_t j = 0; j < count; ++j) longer += samples[j].completion.size >= samples[i].completion.size;
    const hone_text text = samples[i].completion;
    hone_result result = {HONE_SCORED, longer / (double)count, text, {0, 0}, {0, 0}, {"two\nlines", 9}};
    if (text.size > 0 && text.data[0] == 'N') result.score = NAN;
    if (text.size > 0 && text.data[0] == 'V') result.verdict = 99;
    if (text.size > 0 && text.data[0] == 'S') continue;
    sink(context, &result);
  }
}

static const hone_plugin_api api = {ABI, create, destroy, check_gold, wants_group, check};

#ifndef NO_SYMBOL
const hone_plugin_api* hone_plugin(void) { return &api; }
#endif
