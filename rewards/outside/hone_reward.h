// Texts that are put into the program when it is built.
#pragma once

namespace hone::rewards {

extern const char* const kHoneVersion;
extern const char* const kHoneRewardPy;  // hone_reward.py, run by the user's Python with -c

}  // namespace hone::rewards
