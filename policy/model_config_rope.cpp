#include "policy/model_config_rope.h"

#include <utility>

namespace hone::policy {
namespace {

using Json = nlohmann::json;

constexpr double kMostTheta = 1e15;
constexpr std::pair<const char*, RopeType> kTypes[] = {{"default", RopeType::kPlain},
                                                       {"linear", RopeType::kLinear},
                                                       {"llama3", RopeType::kLlama3},
                                                       {"yarn", RopeType::kYarn}};

const RopeType* find_type(const std::string& name) {
  for (const auto& [known, type] : kTypes)
    if (name == known) return &type;
  return nullptr;
}

void read_llama3(const FieldReader& reader, RopeScaling& rope) {
  rope.low_freq_factor = reader.required_number("low_freq_factor", 1e-6, 1e6);
  rope.high_freq_factor = reader.required_number("high_freq_factor", 1e-6, 1e6);
  if (!(rope.high_freq_factor > rope.low_freq_factor))
    reader.fail("high_freq_factor", str("is ", rope.high_freq_factor, ", must be above low_freq_factor"));
}

void read_yarn(const FieldReader& reader, RopeScaling& rope) {
  rope.beta_fast = reader.number("beta_fast", 32, 1e-6, 1e6);
  rope.beta_slow = reader.number("beta_slow", 1, 1e-6, 1e6);
  rope.truncate = reader.flag("truncate", true);
  rope.attention_factor = reader.number("attention_factor", 0, 1e-6, 1e6);
  rope.mscale = reader.number("mscale", 0, 0, 1e6);
  rope.mscale_all_dim = reader.number("mscale_all_dim", 0, 0, 1e6);
}

// `outer` are the fields of the file, `reader` those of the object with the parameters.
void read_scaling(const FieldReader& outer, const FieldReader& reader, ModelConfig& c) {
  const char* name = reader.either("rope_type", "type");
  const std::string type = reader.text(name, "default");
  const RopeType* known = find_type(type);
  if (!known) return reader.fail(name, "is \"" + type + "\"; hone implements default, linear, llama3 and yarn");
  c.rope.type = *known;
  reader.expect("mrope_section", nullptr);
  reader.expect("partial_rotary_factor", 1);
  c.rope_theta = reader.number("rope_theta", c.rope_theta, 1, kMostTheta);
  if (c.rope.type == RopeType::kPlain) return;
  c.rope.factor = reader.required_number("factor", 1, 1e6);
  const char* original = "original_max_position_embeddings";
  constexpr int64_t kMost = int64_t{1} << 24;
  c.rope.original_positions =
      outer.integer(original, reader.integer(original, c.max_positions, 1, kMost), 1, kMost);
  if (c.rope.type == RopeType::kLlama3) read_llama3(reader, c.rope);
  if (c.rope.type == RopeType::kYarn) {
    read_yarn(reader, c.rope);
  } else {
    reader.expect("mscale_all_dim", nullptr);
  }
}

// rope_scaling comes first, as in transformers; an empty object counts as none.
const char* parameters_name(const FieldReader& reader) {
  for (const char* name : {"rope_scaling", "rope_parameters"}) {
    const Json* found = reader.find(name);
    if (found && !(found->is_object() && found->empty())) return name;
  }
  return nullptr;
}

}  // namespace

void read_rope(const Json& json, const FieldReader& reader, ModelConfig& c) {
  reader.expect("partial_rotary_factor", 1);
  c.rope_theta = reader.number("rope_theta", 10000, 1, kMostTheta);
  const char* name = parameters_name(reader);
  if (name) {
    const Json& parameters = json[name];
    if (!parameters.is_object()) return reader.fail(name, "must be an object");
    for (const auto& [key, value] : parameters.items())
      if (value.is_object()) return reader.fail(name, "has other parameters for \"" + key + "\"; hone takes one set");
    read_scaling(reader, reader.inside(name), c);
  }
  if (c.rope.type == RopeType::kYarn && !(c.rope_theta > 1))
    reader.fail("rope_theta", str("is ", c.rope_theta, ", must be above 1 for yarn"));
}

void write_rope(const ModelConfig& c, Json& out) {
  out["rope_theta"] = c.rope_theta;
  const RopeScaling& rope = c.rope;
  if (rope.type == RopeType::kPlain) return;
  Json scaling = {{"factor", rope.factor}};
  for (const auto& [name, type] : kTypes)
    if (type == rope.type) scaling["rope_type"] = name;
  if (rope.type != RopeType::kLinear) scaling["original_max_position_embeddings"] = rope.original_positions;
  if (rope.type == RopeType::kLlama3) {
    scaling["low_freq_factor"] = rope.low_freq_factor;
    scaling["high_freq_factor"] = rope.high_freq_factor;
  }
  if (rope.type == RopeType::kYarn) {
    scaling["beta_fast"] = rope.beta_fast;
    scaling["beta_slow"] = rope.beta_slow;
    scaling["truncate"] = rope.truncate;
    if (rope.attention_factor > 0) scaling["attention_factor"] = rope.attention_factor;
    if (rope.mscale > 0) scaling["mscale"] = rope.mscale;
    if (rope.mscale_all_dim > 0) scaling["mscale_all_dim"] = rope.mscale_all_dim;
  }
  out["rope_scaling"] = scaling;
}

}  // namespace hone::policy
