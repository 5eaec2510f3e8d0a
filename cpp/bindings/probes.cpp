// A Python function called for each batch that passes a pad, in the streaming thread. One GIL round a buffer.
#include "bindings/frames.h"

#include "bindings/buffers.h"
#include "bindings/face.h"
#include "bindings/gate.h"

namespace fluvial::python {
namespace {

// Belongs to the pad. What is Python's is touched with the GIL only; has_failed by the streaming thread only.
struct Probe {
  PyObject* call;
  PyObject* sources;
  PyObject* on_error;  // or None
  bool has_failed = false;
};

void free_probe(gpointer data) {
  auto* probe = static_cast<Probe*>(data);
  if (InPython python; python) {
    Py_DECREF(probe->call);
    Py_DECREF(probe->sources);
    Py_DECREF(probe->on_error);
  }
  delete probe;
}

// Hands the exception over; what the handler raises itself can only be printed.
void deliver_error(const Probe& probe) {
  if (probe.on_error == Py_None) {
    PyErr_WriteUnraisable(probe.call);
    return;
  }
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace) PyException_SetTraceback(value, trace);
  PyObject* done = PyObject_CallFunctionObjArgs(probe.on_error, type, value, trace ? trace : Py_None, nullptr);
  if (!done) PyErr_WriteUnraisable(probe.on_error);
  Py_XDECREF(done);
  Py_XDECREF(type);
  Py_XDECREF(value);
  Py_XDECREF(trace);
}

// Gst.PadProbeReturn, bool and None all mean something; anything else that a function happens to return means nothing.
GstPadProbeReturn meaning_of(PyObject* result) {
  if (!PyLong_Check(result)) return GST_PAD_PROBE_OK;
  const long number = PyLong_AsLong(result);
  PyErr_Clear();
  return number == GST_PAD_PROBE_DROP || number == GST_PAD_PROBE_REMOVE ? static_cast<GstPadProbeReturn>(number)
                                                                        : GST_PAD_PROBE_OK;
}

// A new reference to what the function returned; nullptr with an exception. The batch is closed unless it was kept.
PyObject* call_with_batch(const Probe& probe, Root* root) {
  set_place(root, probe.call);
  PyObject* result = nullptr;
  try {
    nb::object batch = nb::cast(Batch(root));
    result = PyObject_CallOneArg(probe.call, batch.ptr());
  } catch (nb::python_error& e) {
    e.restore();
  }
  if (!root->is_kept) close_root(root);
  return result;
}

GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& probe = *static_cast<Probe*>(data);
  if (probe.has_failed) return GST_PAD_PROBE_DROP;
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (!buffer || !gst_buffer_get_nvds_batch_meta(buffer)) return GST_PAD_PROBE_OK;
  InPython python;
  if (!python) return GST_PAD_PROBE_OK;
  Root* root = new_buffer_root(buffer, probe.sources, false);
  PyObject* result = root ? call_with_batch(probe, root) : nullptr;
  Py_XDECREF(root);
  if (!root && !PyErr_Occurred()) return GST_PAD_PROBE_OK;  // metadata of another library
  if (!result) {
    probe.has_failed = true;
    deliver_error(probe);
    return GST_PAD_PROBE_DROP;
  }
  const auto meaning = meaning_of(result);
  Py_DECREF(result);
  return meaning;
}

unsigned long attach(nb::handle pad, nb::callable call, nb::object sources, nb::object on_error) {
  auto* to = static_cast<GstPad*>(object_in(pad, GST_TYPE_PAD));
  prepare_for_arrays();
  auto* probe = new Probe{call.release().ptr(), sources.release().ptr(), on_error.release().ptr()};
  nb::gil_scoped_release release;
  return gst_pad_add_probe(to, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, probe, free_probe);
}

void detach(nb::handle pad, unsigned long id) {
  auto* from = static_cast<GstPad*>(object_in(pad, GST_TYPE_PAD));
  nb::gil_scoped_release release;
  gst_pad_remove_probe(from, id);
}

}  // namespace

void bind_probes(nb::module_& m) {
  m.def("attach_probe", attach, nb::arg("pad"), nb::arg("call"), nb::arg("sources") = nb::tuple(), nb::kw_only(),
        nb::arg("on_error").none() = nb::none(),
        nb::sig("def attach_probe(pad: typing.Any, call: collections.abc.Callable[[Batch], object], "
                "sources: collections.abc.Sequence[str] = (), *, "
                "on_error: collections.abc.Callable[[type[BaseException], BaseException, "
                "types.TracebackType | None], object] | None = None) -> int"),
        "Calls call(batch) for every buffer with a batch that passes the pad (a Gst.Pad).\n\n"
        "It returns None or True to pass the buffer on, False to drop it. When it raises, on_error gets the exception "
        "(None: sys.unraisablehook), and this and all later buffers are dropped without a call.");
  m.def("detach_probe", detach, nb::arg("pad"), nb::arg("probe"));
}

}  // namespace fluvial::python
