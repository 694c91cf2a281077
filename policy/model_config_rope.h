// The part of config.json that describes rotary positions. Internal to policy/.
#pragma once

#include "policy/field_reader.h"
#include "policy/model_config.h"

namespace hone::policy {

// rope_theta, rope_scaling and rope_parameters (transformers 5: one object for all of it). Requires max_positions.
void read_rope(const nlohmann::json& json, const FieldReader& reader, ModelConfig& config);

// rope_theta and, where frequencies are stretched, rope_scaling: names that transformers 4 and 5 read.
void write_rope(const ModelConfig& config, nlohmann::json& out);

}  // namespace hone::policy
