// Enumerators of the configuration as they are written in YAML, in the order of their declaration.
#pragma once

#include <span>
#include <string>

#include "trainer/run_config.h"

namespace hone::trainer {

using Names = std::span<const char* const>;

Names enum_names(Device);
Names enum_names(Dtype);
Names enum_names(MlaForm);
Names enum_names(Architecture);
Names enum_names(Attention);
Names enum_names(Scoring);
Names enum_names(StageKind);
Names enum_names(Schedule);
Names enum_names(AdvantageStd);
Names enum_names(Aggregation);
Names enum_names(FilterBy);
Names enum_names(Truncated);
Names enum_names(MinTier);
Names enum_names(TooLong);

template <class E>
std::string name_of(E value) {
  return enum_names(value)[static_cast<size_t>(value)];
}

}  // namespace hone::trainer
