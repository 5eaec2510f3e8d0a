// Code of the user's that is loaded while the program runs, and what is in it.
#pragma once

#include <memory>
#include <stdexcept>
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

  const std::string& path() const { return path_; }

  // What the loader could not find for it, in the loader's words: whoever calls such a function ends the process.
  // Empty: nothing is missing.
  const std::string& missing() const { return missing_; }

 private:
  std::string path_;
  void* handle_ = nullptr;
  std::string missing_;
};

// A library that is called without a look at what it lacks. Throws SettingsError, with the key that names it.
std::shared_ptr<const SharedLibrary> open_whole_library(const std::string& key, const std::string& path);

// The function of a library, which must be there. Throws SettingsError with a hint: `text` asks for the function, `key`
// named the library.
void* function_of(const SharedLibrary& library, const std::string& name, const std::string& text,
                  const std::string& key);

// Code of the user's, which may throw anything: what it throws becomes an error with the function's name.
template <typename Call>
auto call_user_code(const std::string& function, const std::string& library, Call body) {
  try {
    return body();
  } catch (const std::exception& e) {
    throw std::runtime_error(function + " threw: " + e.what() + " (" + library + ")");
  } catch (...) {
    throw std::runtime_error(function + " threw something that is no std::exception (" + library + ")");
  }
}

// Names that the library's dynamic symbol table defines, as the compiler wrote them; none when the file cannot be read.
std::vector<std::string> exported_symbols(const std::string& path);

}  // namespace fluvial
