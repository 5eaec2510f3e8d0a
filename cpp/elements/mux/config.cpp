#include "elements/mux/config.h"

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <vector>

#include "algo/nearest_word.h"
#include "elements/config_text.h"
#include "elements/config_values.h"
#include "elements/guard.h"

namespace fluvial {
namespace {

template <typename Target>
struct Key {
  const char* name;
  void (*apply)(Target&, const std::string&);  // throws std::invalid_argument
};

int at_least(int least, const std::string& text) { return static_cast<int>(whole_number(text, least, INT_MAX)); }

using M = MuxConfig;
using Text = const std::string&;
constexpr Key<M> property_keys[] = {
    {"algorithm-type", [](M& c, Text t) { c.algorithm = static_cast<int>(whole_number(t, 0, 2)); }},
    {"batch-size", [](M& c, Text t) { c.batch_size = static_cast<int>(whole_number(t, 1, 1024)); }},
    {"adaptive-batching", [](M& c, Text t) { c.is_adaptive = yes_or_no(t); }},
    {"enable-source-rate-control", [](M& c, Text t) { c.limits_sources = yes_or_no(t); }},
    {"max-fps-control", [](M& c, Text t) { c.limits_batches = yes_or_no(t); }},
    {"overall-max-fps-n", [](M& c, Text t) { c.max_rate.n = at_least(1, t); }},
    {"overall-max-fps-d", [](M& c, Text t) { c.max_rate.d = at_least(1, t); }},
    {"overall-min-fps-n", [](M& c, Text t) { c.min_rate.n = at_least(1, t); }},
    {"overall-min-fps-d", [](M& c, Text t) { c.min_rate.d = at_least(1, t); }},
    {"max-same-source-frames", [](M& c, Text t) { c.most_frames = at_least(1, t); }},
};

using S = MuxSourceConfig;
constexpr Key<S> source_keys[] = {
    {"max-fps-n", [](S& c, Text t) { c.max_rate.n = at_least(1, t); }},
    {"max-fps-d", [](S& c, Text t) { c.max_rate.d = at_least(1, t); }},
    {"min-fps-n", [](S&, Text t) { at_least(1, t); }},  // DeepStream reads it and does nothing with it
    {"min-fps-d", [](S&, Text t) { at_least(1, t); }},
    {"priority", [](S& c, Text t) { c.priority = at_least(0, t); }},
    {"max-num-frames-per-batch", [](S& c, Text t) { c.most_frames = at_least(1, t); }},
};

constexpr const char* source_prefix = "source-config-";

std::string hint(const std::string& word, const std::vector<std::string>& known) {
  const auto near = nearest_word(word, known);
  if (!near.empty()) return "; did you mean '" + near + "'?";
  std::string all;
  for (const auto& name : known) all += (all.empty() ? "" : ", ") + name;
  return "; known are " + all;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  MuxConfig read() {
    std::vector<ConfigEntry> entries;
    try {
      entries = read_config_text(path_);
    } catch (const std::exception& e) {
      throw SettingsError("config-file-path='" + path_ + "': " + e.what());
    }
    for (const auto& entry : entries) take(entry);
    if (!problems_.empty()) throw SettingsError("config-file-path='" + path_ + "':" + problems_);
    return config_;
  }

 private:
  void problem(const std::string& what) { problems_ += "\n  " + what; }

  void take(const ConfigEntry& entry) {
    if (entry.group == "property") return apply(entry, property_keys, config_);
    if (entry.group.rfind(source_prefix, 0) == 0) return take_source(entry);
    if (entry.group != last_unknown_)
      problem("group [" + entry.group + "] is not known" + hint(entry.group, {"property", "source-config-0"}));
    last_unknown_ = entry.group;
  }

  void take_source(const ConfigEntry& entry) {
    try {
      const auto id = whole_number(entry.group.substr(std::string(source_prefix).size()), 0, INT_MAX);
      apply(entry, source_keys, config_.sources[static_cast<guint>(id)]);
    } catch (const std::invalid_argument&) {
      if (entry.group != last_unknown_)
        problem("group [" + entry.group + "]: allowed are [source-config-N] with the number N of a sink pad");
      last_unknown_ = entry.group;
    }
  }

  template <typename Target, std::size_t N>
  void apply(const ConfigEntry& entry, const Key<Target> (&keys)[N], Target& target) {
    const std::string where = "[" + entry.group + "] " + entry.key;
    for (const auto& key : keys) {
      if (entry.key != key.name) continue;
      try {
        key.apply(target, entry.value);
      } catch (const std::invalid_argument& e) {
        problem(where + "=" + entry.value + ": " + e.what());
      }
      return;
    }
    std::vector<std::string> names;
    for (const auto& key : keys) names.emplace_back(key.name);
    problem(where + " is not known" + hint(entry.key, names));
  }

  std::string path_, problems_, last_unknown_;
  MuxConfig config_;
};

}  // namespace

const MuxSourceConfig& MuxConfig::source(guint id) const {
  static const MuxSourceConfig none;
  const auto it = sources.find(id);
  return it == sources.end() ? none : it->second;
}

MuxConfig read_mux_config(const std::string& path) { return Reader(path).read(); }

}  // namespace fluvial
