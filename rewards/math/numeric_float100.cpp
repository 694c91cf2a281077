#include "rewards/math/numeric_evaluator.h"

namespace hone::math {

template class NumericEvaluator<Float100>;

}  // namespace hone::math
