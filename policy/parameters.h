// Where every parameter lies in the arenas. Weights, gradients and moments share one layout: tensors one after another,
// those that are multiplied together (query and key-value projections, gate and up, the experts) side by side, so that
// each product is one matrix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "policy/model_config.h"

namespace hone::policy {

// Some files hold all experts of a layer as one tensor [experts, rows, cols]; a parameter is its elements from `first`
// on.
struct FusedSource {
  std::string name;  // empty: there is none
  int64_t experts = 0, rows = 0, cols = 0;
  int64_t first = 0;
};

// A named tensor of the checkpoint. cols == 0: one-dimensional (norms, biases), read in dtype by every kernel.
struct Parameter {
  std::string name;
  int64_t offset = 0;
  int64_t rows = 0, cols = 0;
  double initial = 1;   // of a one-dimensional parameter in a new model
  bool trained = true;  // false: changed by rule (router bias), not by gradient
  bool wide = false;    // read in dtype whatever the compact type is, as one-dimensional ones are: the router
  FusedSource fused;    // where else a file may hold it
  int64_t size() const { return rows * (cols == 0 ? 1 : cols); }
};

// A weight of products: `count` matrices [out, in] at `offset`, `stride` elements apart. Panels for y = x w^T lie at
// `panels` of the panel arena, panel_stride apart; those for dx = dy w at `grad_panels` of theirs, grad_stride apart.
// wide: computed by Backend::wide from panels of dtype, which lie in arenas of their own.
struct Matrix {
  int64_t offset = -1;
  int64_t out = 0, in = 0, count = 1, stride = 0;
  int64_t panels = 0, panel_stride = 0;
  int64_t grad_panels = 0, grad_stride = 0;
  bool wide = false;
  bool exists() const { return offset >= 0; }
};

struct LayerLayout {
  int64_t input_norm = 0, post_norm = 0;
  Matrix qkv;              // GQA: [q | k | v]; MLA: [q or q_a | latent | rope key]
  int64_t qkv_bias = -1, output_bias = -1, gate_up_bias = -1, down_bias = -1;  // -1: none
  int64_t q_norm = 0, k_norm = 0;
  Matrix q_b;              // MLA with q_lora_rank
  int64_t q_a_norm = 0, kv_a_norm = 0;
  Matrix kv_b;             // MLA; the absorbed form multiplies its parts key_up and value_up per head
  Matrix key_up, value_up;
  Matrix output;
  Matrix gate_up, down;    // dense
  Matrix router;           // experts
  int64_t router_bias = -1;
  Matrix expert_gate_up, expert_down;
  Matrix shared_gate_up, shared_down;
};

struct ParameterLayout {
  std::vector<Parameter> parameters;
  int64_t embedding = 0, final_norm = 0;
  Matrix head;
  std::vector<LayerLayout> layers;
  int64_t size = 0;             // elements of the weight arena
  int64_t panel_size = 0, grad_panel_size = 0;            // elements of the compact type
  int64_t wide_panel_size = 0, wide_grad_panel_size = 0;  // elements of dtype
};

ParameterLayout make_layout(const ModelConfig& config, const kernels::Backend& backend);

}  // namespace hone::policy
