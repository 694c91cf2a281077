#include "rewards/math/numeric_evaluator.h"

namespace hone::math {

template class NumericEvaluator<Float50>;

}  // namespace hone::math
