#include "algo/model_file.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace fluvial {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& what, const std::string& path) {
  throw std::runtime_error(what + ": " + path);
}

std::string beginning_of(const std::string& path) {
  std::string text(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// What people have instead of a model, by its first bytes; empty: none of these.
std::string stranger(const std::string& begin) {
  const auto starts = [&](const char* with) { return begin.compare(0, std::string(with).size(), with) == 0; };
  if (starts("version https://git-lfs"))
    return "a pointer of Git LFS, which stands for the model; `git lfs pull` fetches it";
  if (starts("PK\x03\x04"))
    return "a zip archive; PyTorch's files (.pt, .pth) are such, and have to be exported to ONNX";
  if (begin.size() > 2 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5)
    return "a Python pickle, which is not loaded: it can run any code; export the model to ONNX";
  const auto first = begin.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && begin[first] == '<')
    return "a page of HTML or XML, as servers send instead of a file; fetch it again";
  const bool is_text = std::all_of(begin.begin(), begin.end(), [](char c) {
    return std::isprint(static_cast<unsigned char>(c)) || std::isspace(static_cast<unsigned char>(c));
  });
  return is_text ? "plain text" : "";
}

// The fields of an ONNX file's outermost message, read without its contents.
class Fields {
 public:
  explicit Fields(const std::string& path)
      : file_(path, std::ios::binary), size_(static_cast<std::uint64_t>(fs::file_size(path))) {}

  bool is_over() const { return at_ >= size_; }
  // The number of the next field, which is skipped. 0: it is none; is_cut() tells whether it ends beyond the file.
  unsigned next() {
    std::uint64_t tag = 0;
    std::uint64_t length = 0;
    if (!read_number(tag)) return 0;
    switch (tag & 7) {
      case 0: return read_number(length) ? static_cast<unsigned>(tag >> 3) : 0;
      case 1: length = 8; break;
      case 5: length = 4; break;
      case 2:
        if (read_number(length)) break;
        return 0;
      default: return 0;
    }
    if (length > size_ - at_) {
      is_cut_ = true;
      return 0;
    }
    at_ += length;
    file_.seekg(static_cast<std::streamoff>(at_));
    return static_cast<unsigned>(tag >> 3);
  }
  bool is_cut() const { return is_cut_; }

 private:
  bool read_number(std::uint64_t& number) {
    number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const int byte = file_.get();
      if (byte == EOF) {
        is_cut_ = true;
        return false;
      }
      ++at_;
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  std::ifstream file_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  bool is_cut_ = false;
};

constexpr unsigned kGraph = 7;
constexpr unsigned kGreatestField = 100;  // ONNX has used them up to 26

void check_onnx(const std::string& path) {
  const std::string found = stranger(beginning_of(path));
  if (!found.empty()) refuse("not an ONNX file but " + found, path);
  Fields fields(path);
  bool has_graph = false;
  unsigned before = 0;
  while (!fields.is_over()) {
    const unsigned field = fields.next();
    // Junk can look cut short too: only after what an ONNX file begins with is it believed.
    if (field == 0 && fields.is_cut() && before > 0)
      refuse("the ONNX file is cut short: it has " + std::to_string(fs::file_size(path)) +
                 " bytes, and what it holds needs more; fetch or export it again",
             path);
    if (field == 0 || field > kGreatestField) refuse("not an ONNX file: its bytes are no message of ONNX", path);
    has_graph = has_graph || field == kGraph;
    before = field;
  }
  if (!has_graph) refuse("the ONNX file holds no graph", path);
}

void check_ir(const std::string& path) {
  if (beginning_of(path).find("<net") == std::string::npos)
    refuse("not an OpenVINO IR: no <net> at its beginning; allowed are ONNX (.onnx) and IR (.xml with .bin)", path);
}

}  // namespace

void check_is_file(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (error || !fs::exists(status)) refuse("no such model file", path);
  if (fs::is_directory(status)) refuse("a model file is needed, this is a folder", path);
  if (!fs::is_regular_file(status)) refuse("a model file is needed, this is a device or a pipe", path);
  if (!std::ifstream(path, std::ios::binary)) refuse("the model file cannot be read", path);
  if (fs::file_size(path, error) == 0) refuse("the model file is empty", path);
}

void check_model_file(const std::string& path) {
  check_is_file(path);
  const auto extension = fs::path(path).extension().string();
  if (extension == ".onnx") return check_onnx(path);
  if (extension == ".xml") return check_ir(path);
  refuse("a model file ends in .onnx (ONNX) or .xml (OpenVINO IR), this one in '" + extension +
             "'; export the model to ONNX",
         path);
}

}  // namespace fluvial
