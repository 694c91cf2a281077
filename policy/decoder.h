// The inference side of the network as the sampling engine sees it: rows of tokens in, sampled tokens out, keys and
// values in a paged cache that the decoder owns and the engine allots.
#pragma once

#include <cstdint>
#include <span>

namespace hone::policy {

// Positions per block of the key-value cache. Fixed: attention takes keys in blocks by position in the sequence, so the
// block size is part of the order of summation.
inline constexpr int kBlockTokens = 16;

// Consecutive tokens of one sequence: rows [first_row, first_row + num_rows) of a step at positions [position, position
// + num_rows). blocks[p / kBlockTokens] is the cache block that holds position p, for every p up to the last one.
struct DecodeSpan {
  int32_t first_row = 0;
  int32_t num_rows = 0;
  int32_t position = 0;
  const int32_t* blocks = nullptr;
};

struct SamplingParams {
  float temperature = 1;  // 0: the largest logit, lowest index among equals
  float top_p = 1;        // 1: off
  int32_t top_k = 0;      // 0: off
};

// One token to draw from the distribution after `row`. Random numbers are philox(key, {vocabulary index / 4, position,
// sample, serial}); position is that of the drawn token in its sequence.
struct DrawRequest {
  int32_t row = 0;
  uint64_t key = 0;
  uint32_t position = 0, sample = 0, serial = 0;
  SamplingParams params;
};

// logprob and entropy in nats: of logits / temperature (temperature 0 counts as 1), nothing cut off.
struct Draw {
  int32_t token = 0;
  float logprob = 0;
  float entropy = 0;
};

// Owned by one thread. All capacities are fixed at construction.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual int32_t num_blocks() const = 0;  // blocks of the cache
  virtual int32_t max_rows() const = 0;    // rows of one step
  virtual int32_t max_positions() const = 0;  // longest sequence
  // Computes all rows and writes their keys and values. Requires: spans cover the rows in order, tokens.size() <=
  // max_rows(). A row's results depend only on its sequence, never on what else is in the step. The hidden states stay
  // until the next call.
  virtual void forward(std::span<const int32_t> tokens, std::span<const DecodeSpan> spans) = 0;
  // Draws from rows of the last forward, draws[i] for requests[i]. A row may be drawn from many times.
  virtual void draw(std::span<const DrawRequest> requests, std::span<Draw> draws) = 0;
  // Copies the first num_tokens positions of a block (a shared prompt's last block before a sample writes into it).
  virtual void copy_block(int32_t from, int32_t to, int32_t num_tokens) = 0;
};

}  // namespace hone::policy
