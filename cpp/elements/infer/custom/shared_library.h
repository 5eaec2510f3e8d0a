// Code of the user's that is loaded while the program runs, and what is in it.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

// Open as long as it lives. Any thread.
class SharedLibrary {
 public:
  // Throws std::runtime_error with the loader's own words.
  explicit SharedLibrary(const std::string& path);
  ~SharedLibrary();
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;

  void* find(const std::string& symbol) const;  // nullptr: there is none

  // What the loader could not find for it, in the loader's words: whoever calls such a function ends the process.
  // Empty: nothing is missing.
  const std::string& missing() const { return missing_; }

 private:
  void* handle_ = nullptr;
  std::string missing_;
};

// Names that the library's dynamic symbol table defines, as the compiler wrote them; none when the file cannot be read.
std::vector<std::string> exported_symbols(const std::string& path);

}  // namespace fluvial
