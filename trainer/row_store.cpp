#include "trainer/row_store.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace hone::trainer {
namespace {

constexpr size_t kPieceBytes = size_t{4} << 20;

// Row is DataRow or const DataRow; the texts in the order of the store.
template <class Row>
auto texts_of(Row& row) {
  return std::array{&row.prompt, &row.gold, &row.completion, &row.data_source, &row.extra_info};
}

}  // namespace

void RowStore::add(const DataRow& row) {
  size_t total = 0;
  for (const std::string* text : texts_of(row)) total += text->size();
  HONE_CHECK_LT(total, size_t{UINT32_MAX});
  if (pieces_.empty() || pieces_.back().size() + total > pieces_.back().capacity()) {
    pieces_.emplace_back();
    pieces_.back().reserve(std::max(total, kPieceBytes));
  }
  std::string& piece = pieces_.back();
  Place place{static_cast<uint32_t>(pieces_.size() - 1), static_cast<uint32_t>(piece.size()), {}, row.is_conversation};
  const auto texts = texts_of(row);
  for (size_t i = 0; i < texts.size(); ++i) {
    place.length[i] = static_cast<uint32_t>(texts[i]->size());
    piece += *texts[i];
  }
  rows_.push_back(place);
}

DataRow RowStore::at(size_t index) const {
  const Place& place = rows_.at(index);
  DataRow row;
  row.is_conversation = place.is_conversation;
  size_t start = place.start;
  const auto texts = texts_of(row);
  for (size_t i = 0; i < texts.size(); ++i) {
    texts[i]->assign(pieces_[place.piece], start, place.length[i]);
    start += place.length[i];
  }
  return row;
}

int64_t RowStore::bytes() const {
  size_t total = rows_.capacity() * sizeof(Place);
  for (const std::string& piece : pieces_) total += piece.capacity();
  return static_cast<int64_t>(total);
}

}  // namespace hone::trainer
