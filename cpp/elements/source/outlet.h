// The pad of a source, which outlives the connections behind it: what comes out is one stream whose time goes on.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>

namespace fluvial {

// One streaming thread at a time pushes: a connection's is joined before the next one is made.
class Outlet {
 public:
  struct Calls {
    std::function<void()> on_first_frame;  // of each connection; the streaming thread
    std::function<bool()> on_end;          // a connection's stream has ended; true: so has the source
  };
  Outlet(GstElement* owner, Calls calls) : owner_(owner), calls_(std::move(calls)) {}
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  // A connection gives this pad, the first of it with video. Adds the outlet to its owner where it is not there yet.
  // False: it does not fit.
  bool take(GstPad* from);
  void let_go();  // of the connection
  void remove();  // from the owner; nothing runs any more
  bool is_taken() const { return pad_ && is_linked_; }

  void end();  // EOS, from a thread that is not streaming, while nothing is connected

  // goes_on: frames of another connection may follow. The others downstream are told of a gap where it is a live one.
  void set_source(guint id, bool is_live, bool goes_on) {
    source_id_ = id;
    is_live_ = is_live;
    goes_on_ = goes_on;
  }
  void note_data() { moved_us_ = g_get_monotonic_time(); }
  // When data last came or went out, monotonic; now while a frame is being pushed, which may wait downstream.
  gint64 moved_us() const { return is_pushing_ ? g_get_monotonic_time() : moved_us_.load(); }
  bool has_known_end() const;
  // What became of the last frame downstream.
  GstFlowReturn result() const { return result_; }

 private:
  static GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  static gboolean event(GstPad* pad, GstObject* parent, GstEvent* event);
  void make_pad();
  void begin(GstClockTime time);
  GstBuffer* moved(GstBuffer* buffer, GstClockTime time) const;
  void note_end(GstClockTime time, GstClockTime duration);
  GstEvent* with_segment(GstEvent* event);

  GstElement* owner_;
  Calls calls_;
  std::atomic<GstPad*> pad_{nullptr};  // owned by the owner
  guint source_id_ = 0;
  bool is_live_ = false, goes_on_ = false;
  std::atomic<bool> is_linked_{false}, is_pushing_{false}, is_new_{true};
  std::atomic<gint64> moved_us_{0};
  std::atomic<GstFlowReturn> result_{GST_FLOW_OK};
  GstSegment segment_;  // this connection's; from here on it is the streaming thread's
  GstSegment first_;    // the first connection's
  bool has_first_ = false;
  GstClockTime end_ = GST_CLOCK_TIME_NONE;  // running time where the last frame ended
  GstClockTime shift_ = 0;                  // what this connection's timestamps lag behind
};

}  // namespace fluvial
