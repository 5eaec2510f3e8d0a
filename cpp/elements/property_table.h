// Properties that are fields of an element's settings. Each is written once: name, meaning, range and field; its
// default is what the field of new settings holds.
//
// Ids are places in the table, from 1 on; properties that are no fields take ids from `first_other_property` on.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "elements/compat_properties.h"

namespace fluvial {

constexpr guint first_other_property = 1000;

// A string property may be set to NULL, which means "".
inline std::string text_of(const GValue* value) {
  const char* text = g_value_get_string(value);
  return text ? text : "";
}

template <typename Settings>
class PropertyTable {
 public:
  using S = Settings;

  PropertyTable& add(const char* name, const char* meaning, guint S::*field, guint low, guint high) {
    return add([=] { return g_param_spec_uint(name, name, meaning, low, high, S().*field, property_flags); },
               [=](S& s, const GValue* v) { s.*field = g_value_get_uint(v); },
               [=](const S& s, GValue* v) { g_value_set_uint(v, s.*field); });
  }
  PropertyTable& add(const char* name, const char* meaning, gint S::*field, gint low, gint high) {
    return add([=] { return g_param_spec_int(name, name, meaning, low, high, S().*field, property_flags); },
               [=](S& s, const GValue* v) { s.*field = g_value_get_int(v); },
               [=](const S& s, GValue* v) { g_value_set_int(v, s.*field); });
  }
  PropertyTable& add(const char* name, const char* meaning, guint64 S::*field) {
    return add([=] { return g_param_spec_uint64(name, name, meaning, 0, G_MAXUINT64, S().*field, property_flags); },
               [=](S& s, const GValue* v) { s.*field = g_value_get_uint64(v); },
               [=](const S& s, GValue* v) { g_value_set_uint64(v, s.*field); });
  }
  PropertyTable& add(const char* name, const char* meaning, bool S::*field) {
    return add([=] { return g_param_spec_boolean(name, name, meaning, S().*field, property_flags); },
               [=](S& s, const GValue* v) { s.*field = g_value_get_boolean(v); },
               [=](const S& s, GValue* v) { g_value_set_boolean(v, s.*field); });
  }
  PropertyTable& add(const char* name, const char* meaning, std::string S::*field) {
    return add([=] { return g_param_spec_string(name, name, meaning, (S().*field).c_str(), property_flags); },
               [=](S& s, const GValue* v) { s.*field = text_of(v); },
               [=](const S& s, GValue* v) { g_value_set_string(v, (s.*field).c_str()); });
  }
  PropertyTable& add(const char* name, const char* meaning, float S::*field, float low, float high) {
    return add([=] { return g_param_spec_float(name, name, meaning, low, high, S().*field, property_flags); },
               [=](S& s, const GValue* v) { s.*field = g_value_get_float(v); },
               [=](const S& s, GValue* v) { g_value_set_float(v, s.*field); });
  }
  // Any other kind of value.
  PropertyTable& add(std::function<GParamSpec*()> spec, std::function<void(S&, const GValue*)> set,
                     std::function<void(const S&, GValue*)> get) {
    rows_.push_back({std::move(spec), std::move(set), std::move(get)});
    return *this;
  }

  void install(GObjectClass* klass) const {
    for (guint i = 0; i < rows_.size(); ++i) g_object_class_install_property(klass, i + 1, rows_[i].spec());
  }
  void set(guint id, S& settings, const GValue* value) const { rows_.at(id - 1).set(settings, value); }
  void get(guint id, const S& settings, GValue* value) const { rows_.at(id - 1).get(settings, value); }

 private:
  struct Row {
    std::function<GParamSpec*()> spec;
    std::function<void(S&, const GValue*)> set;
    std::function<void(const S&, GValue*)> get;
  };
  std::vector<Row> rows_;
};

// Bytes of pixels that an element has written: what tests of "nothing is copied" look at.
inline GParamSpec* copied_bytes_spec(const char* meaning) {
  return g_param_spec_uint64("copied-bytes", "copied-bytes", meaning, 0, G_MAXUINT64, 0,
                             GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

}  // namespace fluvial
