// What programs tell elements: events about a source or a setting, and to pass on the sender's time.
#include <memory>

#include "bindings/find_element.h"
#include "bindings/pyds/classes.h"
#include "gst-nvdscustomevent.h"
#include "gst-nvevent.h"
#include "meta/ntp.h"

namespace fluvial::python {
namespace {

struct UnrefEvent {
  void operator()(GstEvent* event) const { gst_event_unref(event); }
};
using EventPtr = std::unique_ptr<GstEvent, UnrefEvent>;

// A serialized event waits for the buffer that the element is busy with, whose probes may want the GIL.
bool send(nb::handle gst_element, GstEvent* event) {
  const EventPtr owned(event);
  const ElementPtr element = element_at(gst_element);
  nb::gil_scoped_release release;
  return gst_element_send_event(element.get(), gst_event_ref(owned.get()));
}

int send_stream_reset(nb::handle gst_element, int source_id) {
  if (source_id < 0) throw nb::value_error(("source_id=" + std::to_string(source_id) + " is below 0").c_str());
  return send(gst_element, gst_nvevent_new_stream_reset(static_cast<guint>(source_id)));
}

bool send_interval(nb::handle gst_element, const char* stream_id, int interval) {
  if (interval < 0) throw nb::value_error(("interval=" + std::to_string(interval) + " is below 0").c_str());
  return send(gst_element,
              gst_nvevent_infer_interval_update(const_cast<gchar*>(stream_id), static_cast<guint>(interval)));
}

void configure_ntp(nb::handle src_elem) {
  const ElementPtr element = element_at(src_elem);
  if (ask_for_sender_time(element.get())) return;
  const std::string name = GST_OBJECT_NAME(element.get());
  throw std::runtime_error("configure_source_for_ntp_sync: " + name +
                           " gives no sender's time: an rtspsrc of GStreamer 1.22 on does, or a bin that makes one");
}

}  // namespace

void bind_elements(nb::module_& m) {
  m.def("gst_element_send_nvevent_new_stream_reset", send_stream_reset, nb::arg("gst_element"), nb::arg("source_id"),
        "Tells the element, by hash(element), that a source starts anew; true if it was taken.");
  m.def("gst_element_send_nvevent_interval_update", send_interval, nb::arg("gst_element"), nb::arg("stream_id"),
        nb::arg("interval"), "Has an nvinfer skip this many batches between two from now on, for all its sources.");
  m.def("configure_source_for_ntp_sync", configure_ntp, nb::arg("src_elem"),
        "Has a source of RTSP, by hash(element), pass on its sender's time, for ntp_timestamp with attach-sys-ts=0.");
}

}  // namespace fluvial::python
