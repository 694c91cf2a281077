// The families: tasks in English with ten difficulties, generated without files, each with an exact judge. Every prompt
// says in which form the answer must be. They live as long as the program.
#pragma once

#include "rewards/tasks/task.h"

namespace hone::rewards {

// 2 to 11 terms added and subtracted; from 4 on some are products, from 8 on numbers have up to three digits.
const Task& arithmetic_chain();
// A number from one base to another: 2, 8, 10 and 16 up to difficulty 4, then 2 to 16. Values are below
// 2^(6 + 2 difficulty).
const Task& base_conversion();
// The value of an expression with and, or, xor and not over difficulty + 2 letters.
const Task& boolean_logic();
// Weekdays, days between dates and dates some days later or earlier, over 1 to 400 years.
const Task& calendar();
// An expression that makes a target from 3 to 6 numbers, each used once. Any such expression is right.
const Task& countdown();
// Greatest common divisors, least common multiples and prime factors of numbers up to 100 to a million.
const Task& factors();
// Who of 2 to 6 people always tells the truth, who always lies; exactly one solution.
const Task& knights_knaves();
// One unknown (from 3 on, on both sides), from 5 on two, from 8 on three; solutions are integers.
const Task& linear_equations();
// Remainders of sums, from 4 on of products, from 7 on of powers.
const Task& modular_arithmetic();
// The next number: steps that are equal or grow, from 3 on factors, from 5 on sums of the two before, from 7 on two
// sequences in turn.
const Task& number_sequence();
// A shortest way through a maze of difficulty + 3 rows and columns. Any shortest way is right.
const Task& shortest_path();
// 3 to 12 words or numbers in rising or falling order.
const Task& sorting();
// One to four edits of a word of difficulty + 4 letters.
const Task& string_edits();
// A Sudoku of four rows with difficulty + 2 empty cells. Any solution is right.
const Task& sudoku4();

}  // namespace hone::rewards
