// What passes a pad first, a picture or the end. An end is told on the bus, without Python in the streaming thread.
#include <nanobind/nanobind.h>

#include "bindings/buffers.h"
#include "bindings/face.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

constexpr const char* no_picture = "fluvial-no-picture";  // sources.py knows it too

void post_no_picture(GstPad* pad) {
  auto* parent = gst_pad_get_parent_element(pad);
  if (!parent) return;
  gst_element_post_message(parent, gst_message_new_element(GST_OBJECT(parent), gst_structure_new_empty(no_picture)));
  gst_object_unref(parent);
}

GstPadProbeReturn see_first(GstPad* pad, GstPadProbeInfo* info, gpointer) {
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM)) return GST_PAD_PROBE_REMOVE;
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
  post_no_picture(pad);
  return GST_PAD_PROBE_REMOVE;
}

void tell_no_picture(nb::handle pad) {
  auto* at = static_cast<GstPad*>(object_in(pad, GST_TYPE_PAD));
  nb::gil_scoped_release release;
  constexpr auto kinds = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
  gst_pad_add_probe(at, kinds, see_first, nullptr, nullptr);
}

}  // namespace

void bind_first(nb::module_& m) {
  m.def("tell_no_picture", tell_no_picture, nb::arg("pad"),
        "The pad's element posts an element message \"fluvial-no-picture\" if EOS passes the pad before any buffer.");
}

}  // namespace fluvial::python
