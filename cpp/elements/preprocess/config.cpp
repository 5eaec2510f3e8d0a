#include "elements/preprocess/config.h"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <functional>
#include <set>

#include "elements/config_report.h"
#include "elements/config_values.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

template <typename Target>
struct Key {
  const char* name;
  std::function<void(Target&, const std::string&)> apply;  // throws std::invalid_argument
  const char* note = nullptr;                              // why the key changes nothing here
};

template <typename T, typename Field>
auto whole(Field T::*member, long least, long most) {
  return [=](T& t, const std::string& text) { t.*member = static_cast<Field>(whole_number(text, least, most)); };
}

template <typename T>
auto flag(bool T::*member) {
  return [=](T& t, const std::string& text) { t.*member = yes_or_no(text); };
}

template <typename T>
auto words(std::string T::*member) {
  return [=](T& t, const std::string& text) { t.*member = text; };
}

using S = PreprocessSettings;
using G = RegionGroup;

void set_targets(S& s, const std::string& text) {
  s.targets.clear();
  for (int id : whole_numbers(text)) {
    if (id < 0) throw std::invalid_argument("allowed are unique-ids of inferences, such as 1;2");
    s.targets.push_back(static_cast<std::uint64_t>(id));
  }
}

void set_shape(S& s, const std::string& text) {
  s.shape = whole_numbers(text);
  if (s.shape.size() < 2 || std::any_of(s.shape.begin(), s.shape.end(), [](int d) { return d < 1; }))
    throw std::invalid_argument("allowed are sizes above 0, the most regions first, such as 8;3;544;960");
}

void set_width(S& s, const std::string& text) { s.processing.width = static_cast<int>(whole_number(text, 1, INT_MAX)); }
void set_height(S& s, const std::string& text) {
  s.processing.height = static_cast<int>(whole_number(text, 1, INT_MAX));
}

void ignore(S&, const std::string&) {}

constexpr const char* memory_note = "tensors and pictures are in system memory";

const std::vector<Key<S>>& property_keys() {
  static const std::vector<Key<S>> keys = {
      {"enable", flag(&S::is_enabled)},
      {"unique-id", whole(&S::unique_id, 0, INT_MAX)},
      {"gpu-id", whole(&S::gpu_id, 0, INT_MAX)},
      {"process-on-frame", flag(&S::on_frames)},
      {"target-unique-ids", set_targets},
      {"operate-on-gie-id", whole(&S::on_unique_id, -1, INT_MAX)},
      {"network-input-order", whole(&S::order, 0, 2)},
      {"network-input-shape", set_shape},
      {"network-color-format", whole(&S::color, 0, 2)},
      {"tensor-data-type", whole(&S::data_type, 0, 7)},
      {"tensor-name", words(&S::tensor_name)},
      {"processing-width", set_width},
      {"processing-height", set_height},
      {"tensor-buf-pool-size", whole(&S::kept_tensors, 1, 1024)},
      {"scaling-buf-pool-size", ignore, "pictures between frame and tensor are made for a library only"},
      {"scaling-pool-memory-type", ignore, memory_note},
      {"scaling-pool-compute-hw", ignore, memory_note},
      {"scaling-filter", whole(&S::filter, 0, 6)},
      {"maintain-aspect-ratio", flag(&S::keeps_aspect)},
      {"symmetric-padding", flag(&S::is_padding_centred)},
      {"custom-lib-path", words(&S::library)},
      {"custom-tensor-preparation-function", words(&S::tensor_function)},
  };
  return keys;
}

void set_sources(G& g, const std::string& text) {
  g.sources = whole_numbers(text);
  const bool names_all = std::find(g.sources.begin(), g.sources.end(), -1) != g.sources.end();
  if (g.sources.empty() || (names_all && g.sources.size() > 1))
    throw std::invalid_argument("allowed are source ids such as 0;1, or -1 for all sources");
}

void set_color(G& g, const std::string& text) {
  std::vector<float> parts;
  for (const auto& item : items(text)) parts.push_back(number(item, 0, 1));
  if (parts.size() != 4) throw std::invalid_argument("allowed are red;green;blue;alpha, each 0 to 1");
  g.color = {parts[0], parts[1], parts[2], parts[3]};
}

void set_classes(G& g, const std::string& text) { g.classes = whole_numbers(text); }

const std::vector<Key<G>>& group_keys() {
  static const std::vector<Key<G>> keys = {
      {"src-ids", set_sources},
      {"custom-input-transformation-function", words(&G::transform_function)},
      {"process-on-roi", flag(&G::on_regions)},
      {"process-on-all-objects", flag(&G::on_all_objects)},
      {"interval", whole(&G::interval, 0, INT_MAX)},
      {"draw-roi", flag(&G::draws_regions)},
      {"roi-color", set_color},
      {"operate-on-class-ids", set_classes},
      {"input-object-min-width", whole(&G::min_width, 0, INT_MAX)},
      {"input-object-min-height", whole(&G::min_height, 0, INT_MAX)},
      {"input-object-max-width", whole(&G::max_width, 0, INT_MAX)},
      {"input-object-max-height", whole(&G::max_height, 0, INT_MAX)},
  };
  return keys;
}

constexpr const char* group_prefix = "group-";
constexpr const char* regions_prefix = "roi-params-src-";

bool begins_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// The number behind a prefix. Throws std::invalid_argument.
int number_behind(const std::string& text, const char* prefix) {
  return static_cast<int>(whole_number(text.substr(std::string(prefix).size()), 0, INT_MAX));
}

std::vector<Box> regions_of(const std::string& text) {
  const auto numbers = whole_numbers(text);
  if (numbers.empty() || numbers.size() % 4 != 0)
    throw std::invalid_argument("allowed are left;top;width;height of each region, one after the other; here are " +
                                std::to_string(numbers.size()) + " numbers");
  std::vector<Box> regions;
  for (std::size_t i = 0; i < numbers.size(); i += 4) {
    const Box box{static_cast<float>(numbers[i]), static_cast<float>(numbers[i + 1]),
                  static_cast<float>(numbers[i + 2]), static_cast<float>(numbers[i + 3])};
    if (box.left < 0 || box.top < 0 || box.width < 1 || box.height < 1)
      throw std::invalid_argument("region " + std::to_string(i / 4) +
                                  ": left and top are 0 or more, width and height above 0");
    regions.push_back(box);
  }
  return regions;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), report_(path) {}

  PreprocessConfig run() {
    out_.settings.config_file = path_;
    try {
      entries_ = read_config_text(path_);
      for (const auto& entry : entries_) take(entry);
      make_absolute(out_.settings.library);
      take_user_configs();
      for (auto& group : out_.settings.groups) check_group(group);
      check_tensor();
    } catch (const std::exception& e) {
      report_.problem(e.what());
    }
    out_.problems = std::move(report_.problems);
    out_.warnings = std::move(report_.warnings);
    out_.notes = std::move(report_.notes);
    return std::move(out_);
  }

 private:
  void take(const ConfigEntry& entry) {
    if (entry.group == "property") return report_.take(entry, property_keys(), out_.settings);
    if (entry.group == "user-configs") {
      out_.settings.user_configs[entry.key] = entry.value;
    } else if (begins_with(entry.group, group_prefix)) {
      take_group(entry);
    } else if (entry.group != last_unknown_) {
      report_.unknown("group [" + entry.group + "]", entry.group, {"property", "user-configs", "group-0"});
      last_unknown_ = entry.group;
    }
  }

  void take_group(const ConfigEntry& entry) {
    auto* group = group_of(entry.group);
    if (!group) return;
    if (!begins_with(entry.key, regions_prefix)) return report_.take(entry, group_keys(), *group);
    report_.judge(entry, [&] { group->regions[number_behind(entry.key, regions_prefix)] = regions_of(entry.value); });
  }

  // The group of this name, made when it is first met; nullptr when the name is none.
  RegionGroup* group_of(const std::string& name) {
    auto& groups = out_.settings.groups;
    try {
      const int number = number_behind(name, group_prefix);
      const auto found = std::find_if(groups.begin(), groups.end(), [=](const G& g) { return g.number == number; });
      if (found != groups.end()) return &*found;
      RegionGroup group;
      group.number = number;
      if (!out_.settings.on_frames) group.color.blue = 1;
      return &groups.emplace_back(std::move(group));
    } catch (const std::invalid_argument&) {
      if (name != last_unknown_) report_.problem("[" + name + "]: allowed are [group-N] with a number N");
      last_unknown_ = name;
      return nullptr;
    }
  }

  // A library reads them itself; without one they mean what they mean to DeepStream's.
  void take_user_configs() {
    auto& s = out_.settings;
    if (!s.library.empty() && !is_stock_library(s.library)) return;
    using U = Key<S>;
    static const std::vector<U> keys = {
        {"pixel-normalization-factor", [](S& to, const std::string& t) { to.scale = number(t, -1e9F, 1e9F); }},
        {"offsets", [](S& to, const std::string& t) { to.offsets = numbers(t); }},
        {"mean-file", words(&S::mean_file)},
    };
    for (const auto& [key, value] : s.user_configs)
      if (!value.empty()) report_.take({"user-configs", key, value}, keys, s);
    make_absolute(s.mean_file);
  }

  void check_group(const RegionGroup& group) {
    const std::string name = "[group-" + std::to_string(group.number) + "]";
    if (group.sources.empty())
      return report_.problem(name + ": src-ids is missing; such as 0;1, or -1 for all sources");
    const bool needs_regions = out_.settings.on_frames ? group.on_regions : !group.on_all_objects;
    if (!needs_regions) return;
    const std::string why = out_.settings.on_frames ? " (process-on-roi=1)" : " (process-on-all-objects is not set)";
    if (group.sources.front() == -1 && group.regions.empty())
      report_.problem(name + ": roi-params-src-0 is missing: the regions of all sources" + why);
    for (int source : group.sources)
      if (source >= 0 && group.regions.count(source) == 0)
        report_.problem(name + ": src-ids names source " + std::to_string(source) + ", roi-params-src-" +
                        std::to_string(source) + " is missing" + why);
  }

  void check_tensor() {
    const auto& s = out_.settings;
    if (s.shape.empty())
      report_.problem("[property] network-input-shape is missing: the most regions and the sizes, such as 8;3;544;960");
    if (s.tensor_name.empty()) report_.problem("[property] tensor-name is missing: the name of the model's input");
    if (s.groups.empty()) report_.problem("no [group-0]: it says which sources are looked at");
    if (s.targets.empty()) report_.warn("[property] target-unique-ids is missing: no inference takes the tensors");
  }

  void make_absolute(std::string& path) const {
    if (!path.empty()) path = (fs::absolute(path_).parent_path() / path).lexically_normal().string();
  }

  std::string path_;
  ConfigReport report_;
  std::vector<ConfigEntry> entries_;
  std::string last_unknown_;
  PreprocessConfig out_;
};

}  // namespace

bool is_stock_library(const std::string& path) { return fs::path(path).filename() == "libcustom2d_preprocess.so"; }

PreprocessConfig read_preprocess_config(const std::string& path) { return Reader(path).run(); }

}  // namespace fluvial
