// What the tests of the families' worked answers share: the questions, and reading of their text.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "rewards/tasks/task.h"

namespace hone::rewards {

using Visit = std::function<void(const std::string& prompt, const std::string& answer)>;

// 200 questions of every difficulty from the stream `key`; stops at the first failure.
inline void for_each_question(const Task& task, uint64_t key, const Visit& visit) {
  for (int difficulty = 1; difficulty <= task.levels(); ++difficulty)
    for (uint64_t item = 0; item < 200; ++item) {
      PhiloxStream random(key, item);
      const Question question = task.question(random, difficulty);
      SCOPED_TRACE(question.prompt + " -> " + question.answer);
      visit(question.prompt, question.answer);
      if (testing::Test::HasFailure()) return;
    }
}

// The text from behind `before` up to `after`.
inline std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

}  // namespace hone::rewards
