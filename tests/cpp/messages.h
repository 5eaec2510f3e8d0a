// What an element says on the bus.
#pragma once

#include <gst/gst.h>

#include <string>

// The text of an error or a warning, which is taken; "no message" where there is none.
inline std::string text_of(GstMessage* message) {
  if (!message) return "no message";
  GError* error = nullptr;
  GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ? gst_message_parse_error(message, &error, nullptr)
                                                 : gst_message_parse_warning(message, &error, nullptr);
  const std::string text = error->message;
  g_error_free(error);
  gst_message_unref(message);
  return text;
}
