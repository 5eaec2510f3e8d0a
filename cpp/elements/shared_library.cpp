#include "elements/shared_library.h"

#include <dlfcn.h>
#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "algo/nearest_word.h"
#include "elements/guard.h"

namespace fluvial {
namespace {

std::string loader_error() {
  const char* text = ::dlerror();
  return text ? text : "unknown error";
}

// Reads structs out of the file's bytes; what lies beyond them is nothing, so a damaged file is one without symbols.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }

  template <typename T>
  bool read(std::uint64_t offset, T& out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof out) return false;
    std::memcpy(&out, bytes_.data() + offset, sizeof out);
    return true;
  }

  std::string text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return "";
    const char* begin = bytes_.data() + offset;
    return {begin, ::strnlen(begin, bytes_.size() - offset)};
  }

  std::uint64_t size() const { return bytes_.size(); }

 private:
  std::vector<char> bytes_;
};

Elf64_Shdr section(const ElfFile& file, const Elf64_Ehdr& head, std::uint64_t index) {
  Elf64_Shdr found{};
  if (index < head.e_shnum) file.read(head.e_shoff + index * sizeof found, found);
  return found;
}

void add_names(const ElfFile& file, const Elf64_Shdr& symbols, const Elf64_Shdr& texts,
               std::vector<std::string>& names) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= std::min(symbols.sh_size, file.size());
       at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol{};
    if (!file.read(symbols.sh_offset + at, symbol)) return;
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
    names.push_back(file.text(texts.sh_offset + symbol.st_name));
  }
}

// A hint for a name that the library does not have: its own names, those of C++ functions among them.
std::string near_name(const std::string& path, const std::string& name) {
  const auto symbols = exported_symbols(path);
  const std::string mangled = "_Z" + std::to_string(name.size()) + name;
  const auto is_it = [&](const std::string& symbol) { return symbol.compare(0, mangled.size(), mangled) == 0; };
  if (std::any_of(symbols.begin(), symbols.end(), is_it)) return "; the library has it without extern \"C\"";
  const std::string near = nearest_word(name, symbols);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

}  // namespace

// At once, so that what is missing is known before a frame is lost to it. A library that TensorRT's absence leaves with
// gaps may still hold a parser that does without: then as the parser is called.
SharedLibrary::SharedLibrary(const std::string& path)
    : path_(path), handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_) return;
  missing_ = loader_error();
  handle_ = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (!handle_) throw std::runtime_error(loader_error());
}

SharedLibrary::~SharedLibrary() { ::dlclose(handle_); }

void* SharedLibrary::find(const std::string& symbol) const { return ::dlsym(handle_, symbol.c_str()); }

std::vector<std::string> exported_symbols(const std::string& path) {
  const ElfFile file(path);
  std::vector<std::string> names;
  Elf64_Ehdr head{};
  if (!file.read(0, head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
    return names;
  for (std::uint64_t i = 0; i < head.e_shnum; ++i) {
    const auto symbols = section(file, head, i);
    if (symbols.sh_type == SHT_DYNSYM) add_names(file, symbols, section(file, head, symbols.sh_link), names);
  }
  return names;
}

std::shared_ptr<const SharedLibrary> open_whole_library(const std::string& key, const std::string& path) {
  std::string reason;
  try {
    auto library = std::make_shared<const SharedLibrary>(path);
    if (library->missing().empty()) return library;
    reason = library->missing();
  } catch (const std::runtime_error& e) {
    reason = e.what();
  }
  throw SettingsError(key + ": the library cannot be loaded: " + reason);
}

void* function_of(const SharedLibrary& library, const std::string& name, const std::string& text,
                  const std::string& key) {
  if (void* found = library.find(name)) return found;
  throw SettingsError(text + ": the library has no such function" + near_name(library.path(), name) + " (" + key + "=" +
                      library.path() + ")");
}

}  // namespace fluvial
