// What is wrong with a config file, all of it at once. Every finding begins with the file's name, so that it is
// understood alone.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "algo/nearest_word.h"
#include "elements/config_text.h"

namespace fluvial {

// Several problems as one message.
inline std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  return text;
}

class ConfigReport {
 public:
  explicit ConfigReport(const std::string& path) : name_(std::filesystem::path(path).filename().string() + ": ") {}

  std::vector<std::string> problems;  // the file cannot be used
  std::vector<std::string> warnings;  // less is done than was asked
  std::vector<std::string> notes;

  void problem(const std::string& what) { problems.push_back(name_ + what); }
  void warn(const std::string& what) { warnings.push_back(name_ + what); }
  void note(const std::string& what) { notes.push_back(name_ + what); }

  void unknown(const std::string& what, const std::string& word, const std::vector<std::string>& known) {
    const std::string near = nearest_word(word, known);
    warn(what + " is not known" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  static std::string where(const ConfigEntry& entry) { return "[" + entry.group + "] " + entry.key; }

  // Runs what takes the entry's value; what it throws becomes a problem with key and value.
  template <typename Apply>
  void judge(const ConfigEntry& entry, Apply apply) {
    try {
      apply();
    } catch (const std::invalid_argument& e) {
      problem(where(entry) + "=" + entry.value + ": " + e.what());
    }
  }

  // Reads one entry by a table of keys, each with `name`, `apply(target, text)` and `note`, which says why the key
  // changes nothing.
  template <typename Keys, typename Target>
  void take(const ConfigEntry& entry, const Keys& keys, Target& target) {
    std::vector<std::string> names;
    for (const auto& key : keys) {
      names.emplace_back(key.name);
      if (entry.key != key.name) continue;
      judge(entry, [&] { key.apply(target, entry.value); });
      if (key.note) note(where(entry) + ": " + key.note);
      return;
    }
    unknown(where(entry), entry.key, names);
  }

 private:
  std::string name_;
};

}  // namespace fluvial
