#include "rewards/math/numeric_evaluator.h"

namespace hone::math {

template class NumericEvaluator<double>;

}  // namespace hone::math
