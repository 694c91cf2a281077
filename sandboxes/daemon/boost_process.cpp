// Boost.Process v2 has no library of its own: one file compiles it.
#include <boost/process/v2/src.hpp>
