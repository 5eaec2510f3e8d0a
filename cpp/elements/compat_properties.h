// Properties of DeepStream's elements that name its own hardware: taken and kept, so that programs and scripts run,
// and without any effect on a machine that has no such hardware.
#pragma once

#include <gst/gst.h>

#include <map>
#include <mutex>
#include <string>

#include "surface/surface.h"

namespace fluvial {

// The values that were set, by property name. Belongs to an element; any thread.
class IgnoredProperties {
 public:
  ~IgnoredProperties() { clear(); }

  void set(const GParamSpec* spec, const GValue* value) {
    std::lock_guard lock(mutex_);
    auto [it, is_new] = values_.try_emplace(spec->name, GValue G_VALUE_INIT);
    if (is_new) g_value_init(&it->second, G_VALUE_TYPE(value));
    g_value_copy(value, &it->second);
  }

  void get(GParamSpec* spec, GValue* value) const {
    std::lock_guard lock(mutex_);
    const auto it = values_.find(spec->name);
    if (it != values_.end())
      g_value_copy(&it->second, value);
    else
      g_param_value_set_default(spec, value);
  }

 private:
  void clear() {
    for (auto& [name, value] : values_) g_value_unset(&value);
  }

  mutable std::mutex mutex_;
  std::map<std::string, GValue> values_;
};

constexpr auto property_flags = GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

// Adds properties to a class with ids that count up.
class PropertyInstaller {
 public:
  PropertyInstaller(GObjectClass* klass, guint first_id) : klass_(klass), id_(first_id) {}

  void add(GParamSpec* spec) { g_object_class_install_property(klass_, id_++, spec); }
  void add_uint(const char* name, const char* meaning, guint low, guint high, guint value) {
    add(g_param_spec_uint(name, name, meaning, low, high, value, property_flags));
  }
  void add_int(const char* name, const char* meaning, int low, int high, int value) {
    add(g_param_spec_int(name, name, meaning, low, high, value, property_flags));
  }
  void add_bool(const char* name, const char* meaning, bool value) {
    add(g_param_spec_boolean(name, name, meaning, value, property_flags));
  }
  void add_string(const char* name, const char* meaning, const char* value) {
    add(g_param_spec_string(name, name, meaning, value, property_flags));
  }

 private:
  GObjectClass* klass_;
  guint id_;
};

// interpolation-method: 0 nearest, 1 bilinear; DeepStream's others are what its hardware has, ours is a box filter.
inline Filter filter_numbered(guint interpolation_method) {
  return interpolation_method == 0 ? Filter::nearest : interpolation_method == 1 ? Filter::bilinear : Filter::box;
}

// gpu-id, nvbuf-memory-type, compute-hw: on nearly every element of DeepStream.
inline void add_hardware_properties(PropertyInstaller& to) {
  to.add_uint("gpu-id", "Number of the GPU; no effect in system memory", 0, G_MAXUINT, 0);
  to.add_uint("nvbuf-memory-type", "Kind of memory as DeepStream numbers it; no effect in system memory", 0, 7, 0);
  to.add_uint("compute-hw", "Who scales, as DeepStream numbers it; no effect in system memory", 0, 2, 0);
}

}  // namespace fluvial
