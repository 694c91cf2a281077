// One decoder layer, written once for sampling and training: rows of any sequences in, keys and values in blocks that
// the sampler keeps in its paged cache and the trainer in a workspace of the batch.
#pragma once

#include "policy/activations.h"

namespace hone::policy {

// The first num_tokens slots of block `from` belong to block `to` as well: the tail of a shared prompt.
struct TailCopy {
  int32_t from = 0, to = 0, num_tokens = 0;
};

// Which sequences the rows belong to. Pointers live as long as the call, and are the host's unless they say otherwise.
struct RowBatch {
  int64_t rows = 0;
  const int32_t* positions = nullptr;  // [rows], in the backend's memory
  const kernels::AttentionSpan* spans = nullptr;
  const int32_t* parents = nullptr;    // [num_spans] span that holds the positions before, or -1; backward only
  int64_t num_spans = 0;
  const int32_t* families = nullptr;   // [num_families + 1]: a prompt's span and those that share it; backward only
  int64_t num_families = 0;
  const TailCopy* copies = nullptr;    // done after all rows of a layer have their keys and values
  int64_t num_copies = 0;
  const void* rope_table = nullptr;    // in the backend's memory; covers the positions
};

// The layer's keys and values: blocks one after another in each (kernels/attention.h).
struct LayerCache {
  void* keys = nullptr;
  void* values = nullptr;
};

// out [rows, hidden] = layer(x). act holds the intermediate values afterwards; x is not changed and may not be out.
void layer_forward(const Weights& weights, int64_t layer, const RowBatch& batch, const void* x, void* out,
                   const LayerCache& cache, LayerActivations& act, const kernels::Stream& stream);

// Gradients that the layers' backward writes on its way; shared by all layers.
struct LayerGradients {
  LayerGradients() = default;
  LayerGradients(const ModelConfig& config, const kernels::Backend& backend, int64_t rows, int64_t blocks);
  Arena normed, qkv, query, absorbed_query, q_latent, latent, latent_value, kv_up, attended, values;
  Arena gate_up, hidden, logits, weights, gathered, expert_gate_up, expert_hidden, expert_out;
  Arena keys, values_cache;  // gradients of the cache
};

// dx [rows, hidden] holds the gradient of the layer's output on entry and of its input on return. act and cache must
// hold the forward's values for the same x. `gradient` is the arena of parameter gradients (layout of the weights),
// added to.
void layer_backward(const Weights& weights, int64_t layer, const RowBatch& batch, const void* x, void* dx,
                    const LayerCache& cache, LayerActivations& act, LayerGradients& grad, const Arena& gradient,
                    const kernels::Stream& stream);

}  // namespace hone::policy
