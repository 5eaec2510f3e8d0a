#include "elements/config_text.h"

#include <glib.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <memory>
#include <stdexcept>

namespace fluvial {
namespace {

struct Free {
  void operator()(gchar* text) const { g_free(text); }
  void operator()(gchar** list) const { g_strfreev(list); }
  void operator()(GKeyFile* file) const { g_key_file_unref(file); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::vector<ConfigEntry> read_ini(const std::string& path) {
  const Owned<GKeyFile> file(g_key_file_new());
  GError* error = nullptr;
  if (!g_key_file_load_from_file(file.get(), path.c_str(), G_KEY_FILE_NONE, &error)) {
    const Owned<GError> owned(error);
    throw std::runtime_error(error->message);
  }
  std::vector<ConfigEntry> entries;
  const std::unique_ptr<gchar*, Free> groups(g_key_file_get_groups(file.get(), nullptr));
  for (gchar** group = groups.get(); *group; ++group) {
    const std::unique_ptr<gchar*, Free> keys(g_key_file_get_keys(file.get(), *group, nullptr, nullptr));
    for (gchar** key = keys.get(); key && *key; ++key) {
      const Owned<gchar> value(g_key_file_get_value(file.get(), *group, *key, nullptr));
      entries.push_back({*group, *key, trimmed_text(value ? value.get() : "")});
    }
  }
  return entries;
}

std::string yaml_value(const YAML::Node& node) {
  if (node.IsNull()) return "";
  if (node.IsScalar()) return trimmed_text(node.Scalar());
  std::string text;
  if (node.IsSequence())
    for (const auto& item : node) text += (text.empty() ? "" : ";") + yaml_value(item);
  return text;
}

std::vector<ConfigEntry> read_yaml(const std::string& path) {
  std::vector<ConfigEntry> entries;
  const YAML::Node root = YAML::LoadFile(path);
  if (!root.IsMap()) throw std::runtime_error("the file is no map of groups such as 'property:'");
  for (const auto& group : root) {
    if (!group.second.IsMap())
      throw std::runtime_error("group '" + group.first.as<std::string>() + "' is no map of keys");
    for (const auto& entry : group.second)
      entries.push_back({group.first.as<std::string>(), entry.first.as<std::string>(), yaml_value(entry.second)});
  }
  return entries;
}

}  // namespace

std::vector<ConfigEntry> read_config_text(const std::string& path) {
  const auto extension = std::filesystem::path(path).extension();
  return extension == ".yml" || extension == ".yaml" ? read_yaml(path) : read_ini(path);
}

std::string trimmed_text(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace fluvial
