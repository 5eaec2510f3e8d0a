#include "bindings/find_element.h"

#include <set>

#include "bindings/buffers.h"

namespace fluvial::python {
namespace {

using ObjectPtr = std::unique_ptr<GstObject, UnrefObject>;

ElementPtr hold(gpointer element) { return ElementPtr(GST_ELEMENT(gst_object_ref(element))); }

ObjectPtr top_of(GstObject* object) {
  ObjectPtr top(GST_OBJECT(gst_object_ref(object)));
  while (GstObject* parent = gst_object_get_parent(top.get())) top.reset(parent);
  return top;
}

ElementPtr find_below(GstObject* top, const void* address) {
  if (top == address) return GST_IS_ELEMENT(top) ? hold(top) : nullptr;
  if (!GST_IS_BIN(top)) return nullptr;
  GValue found = G_VALUE_INIT;
  auto* inside = gst_bin_iterate_recurse(GST_BIN(top));
  const auto differs = [](gconstpointer item, gconstpointer wanted) -> gint {
    return g_value_get_object(static_cast<const GValue*>(item)) != wanted;
  };
  ElementPtr element;
  if (gst_iterator_find_custom(inside, differs, &found, const_cast<void*>(address))) {
    element = hold(g_value_get_object(&found));
    g_value_unset(&found);
  }
  gst_iterator_free(inside);
  return element;
}

// Every GStreamer object that Python knows of, up to its pipeline, and down from there.
ElementPtr find(const void* address) {
  const nb::object known = nb::module_::import_("gc").attr("get_objects")();
  const nb::object base = nb::module_::import_("gi._gi").attr("GObject");
  std::set<GstObject*> seen;
  for (nb::handle object : known) {
    if (!nb::isinstance(object, base)) continue;
    void* instance = PyLong_AsVoidPtr(nb::object(base.attr("__hash__")(object)).ptr());
    if (!GST_IS_OBJECT(instance)) continue;
    const ObjectPtr top = top_of(GST_OBJECT(instance));
    if (!seen.insert(top.get()).second) continue;
    if (ElementPtr element = find_below(top.get(), address)) return element;
  }
  return nullptr;
}

}  // namespace

ElementPtr element_at(nb::handle element) {
  if (!PyLong_Check(element.ptr())) return hold(object_in(element, GST_TYPE_ELEMENT));
  void* address = PyLong_AsVoidPtr(element.ptr());
  if (PyErr_Occurred()) PyErr_Clear();
  ElementPtr found = address && gst_is_initialized() ? find(address) : nullptr;
  if (found) return found;
  throw nb::value_error(
      (std::string(nb::str(element).c_str()) + " is no address of a GstElement: give hash(element), while it lives")
          .c_str());
}

}  // namespace fluvial::python
