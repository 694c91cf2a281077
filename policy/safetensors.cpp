#include "policy/safetensors.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/json.h"
#include "base/json_reader.h"

namespace hone::policy {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr int kMaxHeaderDepth = 3;  // file, tensor, list
constexpr size_t kLengthBytes = 8;
constexpr const char* kMetadataKey = "__metadata__";

// The file's first bytes: length and padded JSON.
Result<std::string> header_of(std::span<const TensorOut> tensors) {
  std::string text = Json{{kMetadataKey, {{"format", "pt"}}}}.dump();
  text.pop_back();
  std::set<std::string_view> names = {kMetadataKey};
  int64_t offset = 0;
  for (const TensorOut& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      return Error{.code = ErrorCode::kInvalid, .message = "tensor name used twice", .field = tensor.name};
    }
    HONE_CHECK_LE(0, tensor.size());
    const int64_t end = offset + tensor.size();
    const Json entry = {{"dtype", to_string(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    text += "," + Json(tensor.name).dump(-1, ' ', false, Json::error_handler_t::replace) + ":" + entry.dump();
    offset = end;
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  put_u64(bytes, text.size());
  return bytes + text;
}

// Reads and checks one header.
class HeaderReader {
 public:
  HeaderReader(const std::string& path, std::span<const std::byte> file) : path_(path), file_(file) {}

  // Tensors in the order of their data.
  Result<std::vector<TensorView>> read() {
    HONE_TRY_ASSIGN(const Json header, parse());
    for (const auto& [name, entry] : header.items()) {
      if (name == kMetadataKey) {
        HONE_TRY(check_metadata(entry));
      } else {
        HONE_TRY(read_tensor(name, entry));
      }
    }
    return tile();
  }

 private:
  struct Placed {
    uint64_t begin, end;
    TensorView tensor;
  };

  Error problem(std::string message, const std::string& tensor = "") const {
    return Error{.code = ErrorCode::kCorrupt, .message = std::move(message), .file = path_, .field = tensor};
  }

  Result<Json> parse() {
    ByteReader prefix(file_);
    const uint64_t length = prefix.u64();
    if (!prefix.ok()) return problem(str("too short for a safetensors file: ", file_.size(), " bytes"));
    const std::string what = str("header of ", length, " bytes");
    if (length > kMaxHeaderBytes) return problem(str(what, ", at most ", kMaxHeaderBytes, " allowed"));
    if (length > file_.size() - kLengthBytes) return problem(what + " is longer than the file");
    data_ = file_.subspan(kLengthBytes + length);
    const char* text = reinterpret_cast<const char*>(file_.data()) + kLengthBytes;
    if (length == 0 || *text != '{') return problem("header does not begin with {");
    Result<Json> header = parse_json({text, length}, path_, kMaxHeaderDepth);
    if (!header.ok()) return problem("header: " + header.error().message);
    return header;
  }

  Result<void> check_metadata(const Json& metadata) const {
    const auto is_string = [](const Json& value) { return value.is_string(); };
    if (!metadata.is_object() || !std::ranges::all_of(metadata, is_string)) {
      return problem("must be an object of strings", kMetadataKey);
    }
    return {};
  }

  Result<void> read_tensor(const std::string& name, const Json& entry) {
    const bool has_keys = entry.contains("dtype") && entry.contains("shape") && entry.contains("data_offsets");
    if (!has_keys || entry.size() != 3) return problem("must have exactly dtype, shape and data_offsets", name);
    Placed placed{0, 0, TensorView{.name = name}};
    HONE_TRY_ASSIGN(placed.tensor.dtype, read_dtype(name, entry["dtype"]));
    HONE_TRY_ASSIGN(placed.tensor.shape, read_shape(name, entry["shape"]));
    HONE_TRY_ASSIGN(std::tie(placed.begin, placed.end), read_offsets(name, entry["data_offsets"]));
    const int64_t bytes = byte_count(placed.tensor.dtype, placed.tensor.shape);
    if (bytes < 0) return problem("shape overflows", name);
    if (placed.end - placed.begin != static_cast<uint64_t>(bytes)) {
      return problem(str("shape needs ", bytes, " bytes, data_offsets give ", placed.end - placed.begin), name);
    }
    placed_.push_back(std::move(placed));
    return {};
  }

  Result<DType> read_dtype(const std::string& name, const Json& value) const {
    const auto dtype = value.is_string() ? dtype_of(value.get_ref<const std::string&>()) : std::nullopt;
    if (dtype) return *dtype;
    return problem("dtype " + value.dump(-1, ' ', false, Json::error_handler_t::replace) + " is unknown", name);
  }

  Result<std::vector<int64_t>> read_shape(const std::string& name, const Json& value) const {
    const auto is_extent = [](const Json& extent) {
      return extent.is_number_unsigned() && extent.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX);
    };
    if (!value.is_array() || !std::ranges::all_of(value, is_extent)) {
      return problem("shape must be a list of non-negative integers", name);
    }
    return value.get<std::vector<int64_t>>();
  }

  Result<std::pair<uint64_t, uint64_t>> read_offsets(const std::string& name, const Json& value) const {
    const auto is_offset = [](const Json& offset) { return offset.is_number_unsigned(); };
    if (!value.is_array() || value.size() != 2 || !std::ranges::all_of(value, is_offset)) {
      return problem("data_offsets must be two non-negative integers", name);
    }
    const uint64_t begin = value[0], end = value[1];
    if (begin > end || end > data_.size()) {
      const std::string offsets = str("[", begin, ", ", end, "]");
      return problem(str("data_offsets ", offsets, " do not lie in the data of ", data_.size(), " bytes"), name);
    }
    return std::pair(begin, end);
  }

  // The tensors must cover the data one after another, without overlap, hole or rest.
  Result<std::vector<TensorView>> tile() {
    std::ranges::sort(placed_, {}, [](const Placed& p) { return std::pair(p.begin, p.end); });
    std::vector<TensorView> tensors;
    uint64_t covered = 0;
    for (Placed& placed : placed_) {
      if (placed.begin != covered) {
        return problem(str("data begins at ", placed.begin, ", the tensor before ends at ", covered),
                       placed.tensor.name);
      }
      placed.tensor.data = data_.data() + placed.begin;
      covered = placed.end;
      tensors.push_back(std::move(placed.tensor));
    }
    if (covered != data_.size()) return problem(str("data of ", data_.size(), " bytes, tensors cover ", covered));
    return tensors;
  }

  const std::string& path_;
  std::span<const std::byte> file_;
  std::span<const std::byte> data_;
  std::vector<Placed> placed_;
};

}  // namespace

Result<void> write_safetensors(std::span<const TensorOut> tensors, const ByteSink& sink) {
  HONE_TRY_ASSIGN(const std::string header, header_of(tensors));
  HONE_TRY(sink(as_bytes(header)));
  for (const TensorOut& tensor : tensors) HONE_TRY(tensor.write(sink));
  return {};
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
  HONE_TRY_ASSIGN(MappedFile mapped, MappedFile::open(path));
  SafetensorsFile file(path, std::move(mapped));
  HONE_TRY_ASSIGN(file.tensors_, HeaderReader(path, file.file_bytes()).read());
  for (size_t i = 0; i < file.tensors_.size(); ++i) file.index_.emplace(file.tensors_[i].name, i);
  return file;
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace hone::policy
