// One connection of a source: what fetches and decodes, made anew for each.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "elements/source/settings.h"

namespace fluvial {

// What a connection tells; any thread. Outlives it.
class InnerListener {
 public:
  virtual void on_video(GstElement* inner, GstPad* pad) = 0;  // every pad with video
  virtual void on_no_more(GstElement* inner) = 0;
  virtual void on_data() = 0;  // something has come from the network

 protected:
  ~InnerListener() = default;
};

// A floating reference, or nullptr where GStreamer's uridecodebin is missing.
GstElement* make_inner(std::shared_ptr<const SourceSettings> settings, InnerListener* listener);

}  // namespace fluvial
