#pragma once

#include <gst/gst.h>

#include <exception>
#include <stdexcept>
#include <string>

namespace fluvial {

// What the user gave is wrong: a property, a config key, a file. Becomes a GST_RESOURCE_ERROR_SETTINGS on the bus.
class SettingsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What went less well than was asked, as a warning on the bus. No lock may be held, as an application may call us back.
inline void warn(gpointer element, const std::string& text, const char* file = __builtin_FILE(),
                 int line = __builtin_LINE(), const char* function = __builtin_FUNCTION()) {
  gst_element_message_full(GST_ELEMENT(element), GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
                           g_strdup(text.c_str()), nullptr, file, function, line);
}

// Runs body; an exception becomes an error message on the bus and `failed`.
// Every callback that GStreamer calls and that can throw goes through here: C frames lie above us, and unwinding must
// not reach them. By the time we post, body's locks are gone, so a handler in the application may call us back.
template <typename Result, typename Body>
Result guarded(gpointer element, Result failed, Body body, const char* file = __builtin_FILE(),
               int line = __builtin_LINE(), const char* function = __builtin_FUNCTION()) noexcept {
  try {
    return body();
  } catch (const SettingsError& e) {
    gst_element_message_full(GST_ELEMENT(element), GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
                             g_strdup(e.what()), nullptr, file, function, line);
  } catch (const std::exception& e) {
    gst_element_message_full(GST_ELEMENT(element), GST_MESSAGE_ERROR, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED,
                             g_strdup(e.what()), nullptr, file, function, line);
  }
  return failed;
}

}  // namespace fluvial
