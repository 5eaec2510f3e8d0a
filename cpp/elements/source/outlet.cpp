#include "elements/source/outlet.h"

#include <algorithm>
#include <utility>

#include "elements/events.h"

namespace fluvial {
namespace {

constexpr const char* key = "outlet";

Outlet& outlet_at(GstPad* inside) { return *static_cast<Outlet*>(g_object_get_data(G_OBJECT(inside), key)); }

}  // namespace

bool Outlet::take(GstPad* from) {
  const bool is_first = !pad_;
  if (is_first) make_pad();
  is_new_ = true;
  result_ = GST_FLOW_OK;
  GstPad* pad = pad_;
  is_linked_ = gst_ghost_pad_set_target(GST_GHOST_PAD(pad), from);
  if (is_first) {
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(owner_, pad);
  }
  return is_linked_;
}

void Outlet::make_pad() {
  auto* pad = gst_ghost_pad_new_no_target_from_template(
      "vsrc_0", gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(owner_), "vsrc_%u"));
  auto* inside = GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad)));
  g_object_set_data(G_OBJECT(inside), key, this);
  gst_pad_set_chain_function(inside, chain);
  gst_pad_set_event_function(inside, event);
  gst_object_unref(inside);
  pad_ = pad;
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  has_first_ = false;
  end_ = GST_CLOCK_TIME_NONE;
  shift_ = 0;
}

void Outlet::let_go() {
  if (GstPad* pad = pad_) gst_ghost_pad_set_target(GST_GHOST_PAD(pad), nullptr);
  is_linked_ = false;
}

void Outlet::remove() {
  let_go();
  if (auto* pad = pad_.exchange(nullptr)) gst_element_remove_pad(owner_, pad);
}

bool Outlet::has_known_end() const {
  GstPad* pad = pad_;
  gint64 duration = 0;
  return pad && gst_pad_query_duration(pad, GST_FORMAT_TIME, &duration) && duration > 0;
}

void Outlet::end() {
  if (GstPad* pad = pad_) gst_pad_push_event(pad, gst_event_new_eos());
}

// The first frame of a connection. A camera's clock is the pipeline's, and nothing has to be moved; what counts from
// its own beginning, as RTMP does, goes on now.
void Outlet::begin(GstClockTime time) {
  const bool is_again = GST_CLOCK_TIME_IS_VALID(end_);
  shift_ = 0;
  if (is_again && GST_CLOCK_TIME_IS_VALID(time) && time < end_) {
    const auto now = gst_element_get_current_running_time(owner_);
    shift_ = (GST_CLOCK_TIME_IS_VALID(now) ? std::max(now, end_) : end_) - time;
  }
  if (is_again && is_live_) gst_pad_push_event(pad_, new_stream_reset_event(source_id_));
  calls_.on_first_frame();
}

// To the same moment in the first connection's segment, which is the only one that others see: so positions and stream
// times go on as running times do.
GstBuffer* Outlet::moved(GstBuffer* buffer, GstClockTime time) const {
  if (!goes_on_ || !GST_CLOCK_TIME_IS_VALID(time)) return buffer;
  const auto position = gst_segment_position_from_running_time(&first_, GST_FORMAT_TIME, time);
  const auto by = static_cast<GstClockTimeDiff>(position - GST_BUFFER_PTS(buffer));
  if (by == 0 || position == GST_CLOCK_TIME_NONE) return buffer;
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_PTS(buffer) = position;
  if (GST_BUFFER_DTS_IS_VALID(buffer)) GST_BUFFER_DTS(buffer) += by;
  return buffer;
}

void Outlet::note_end(GstClockTime time, GstClockTime duration) {
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;
  const auto end = time + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  end_ = GST_CLOCK_TIME_IS_VALID(end_) ? std::max(end_, end) : end;
}

GstFlowReturn Outlet::chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  auto& self = outlet_at(pad);
  self.is_pushing_ = true;
  auto time = gst_segment_to_running_time(&self.segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (self.is_new_.exchange(false)) self.begin(time);
  if (GST_CLOCK_TIME_IS_VALID(time)) time += self.shift_;
  self.note_end(time, GST_BUFFER_DURATION(buffer));
  const auto result = gst_proxy_pad_chain_default(pad, parent, self.moved(buffer, time));
  self.result_ = result;
  self.note_data();
  self.is_pushing_ = false;
  return result;
}

GstEvent* Outlet::with_segment(GstEvent* event) {
  gst_event_copy_segment(event, &segment_);
  if (!goes_on_) return event;
  segment_.stop = GST_CLOCK_TIME_NONE;  // frames of another connection may follow
  if (!std::exchange(has_first_, true)) first_ = segment_;
  auto* first = gst_event_new_segment(&first_);
  gst_event_set_seqnum(first, gst_event_get_seqnum(event));
  gst_event_unref(event);
  return first;
}

gboolean Outlet::event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto& self = outlet_at(pad);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) event = self.with_segment(event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && !self.calls_.on_end()) {
    gst_event_unref(event);
    return TRUE;
  }
  return gst_pad_event_default(pad, parent, event);
}

}  // namespace fluvial
