// Buffers of one layer's forward and of the backward. Sized once for a number of rows; nothing is allocated in a step.
#pragma once

#include <vector>

#include "policy/arena.h"
#include "policy/weights.h"

namespace hone::policy {

// Columns of the intermediate values of one layer, derived from the shape.
struct LayerWidths {
  explicit LayerWidths(const ModelConfig& config);
  int64_t query_first;  // MLA: columns before the latent in qkv (queries, or q_a)
  int64_t qkv;          // columns of the fused projection
  int64_t query;        // all heads' queries as attention takes them
  int64_t kv_up;        // MLA expanded: [k_nope | v] of all heads
  int64_t attention;    // attention's output, all heads, as attention gives it
  int64_t value;        // input of the output projection
  kernels::KvShape kv;  // what is cached
  double scale;         // of scores
};

// What one layer computes from its input x [rows, hidden]; row counts are those of the last forward.
struct LayerActivations {
  LayerActivations() = default;
  LayerActivations(const ModelConfig& config, const kernels::Backend& backend, int64_t rows);

  Arena normed, qkv;
  Arena q_latent, query;         // MLA with q_lora_rank: q_a normalized, and the queries (which else lie in qkv)
  Arena absorbed_query;          // absorbed: [latent part | rope part] of all heads
  Arena qk_normed;               // GQA with qk_norm: queries and keys after normalization
  Arena latent, kv_up;           // MLA
  Arena attended;                // attention's output
  Arena log_sums;                // of its softmax, one for each head (kernels/attention.h)
  Arena values;                  // absorbed: attended taken through value_up
  Arena middle, middle_normed;   // after the attention's residual, and normalized
  Arena gate_up, hidden;         // dense layer, or the shared experts
  Arena shared;                  // middle plus the shared experts
  Arena logits, scores, weights; // router
  Arena gathered, expert_gate_up, expert_hidden, expert_out;
  DeviceArray<int32_t> chosen, place, source;
  std::vector<int32_t> host_chosen, host_place, host_source, offsets;  // offsets [experts + 1]: rows of each expert
};

}  // namespace hone::policy
