// NvDsDisplayMeta: up to 16 of each kind of drawing.
#include "bindings/pyds/pooled.h"

namespace fluvial::python {
namespace {

// Whoever draws trusts the counts.
template <guint NvDsDisplayMeta::*Member>
PyGetSetDef count(const char* name) {
  const setter set = [](PyObject* self, PyObject* value, void* closure) {
    unsigned long long number = 0;
    if (!checked<NvDsDisplayMeta>(self)) return -1;
    if (!value) return refuse_delete("NvDsDisplayMeta", name_in(closure));
    if (!int_from(value, 0, std::numeric_limits<guint>::max(), "NvDsDisplayMeta", name_in(closure), number)) return -1;
    if (number > MAX_ELEMENTS_IN_DISPLAY_META) {
      PyErr_Format(PyExc_ValueError, "NvDsDisplayMeta.%s: %llu, but there is room for %d; take another display meta",
                   name_in(closure), number, MAX_ELEMENTS_IN_DISPLAY_META);
      return -1;
    }
    auto* display = checked<NvDsDisplayMeta>(self);
    if (!display) return -1;
    display->*Member = static_cast<guint>(number);
    return 0;
  };
  return {name, get_value<Member>, set, "int: 0..16", closure_of(name)};
}

void release(void* data) {
  for (auto& text : static_cast<NvDsDisplayMeta*>(data)->text_params) g_free(text.display_text);
}

}  // namespace

void bind_display(nb::module_& m) {
  using D = NvDsDisplayMeta;
  static PyGetSetDef fields[] = {
      field<&D::base_meta>("base_meta"),         count<&D::num_rects>("num_rects"),
      count<&D::num_labels>("num_labels"),       count<&D::num_lines>("num_lines"),
      count<&D::num_arrows>("num_arrows"),       count<&D::num_circles>("num_circles"),
      field<&D::rect_params>("rect_params"),     field<&D::text_params>("text_params"),
      field<&D::line_params>("line_params"),     field<&D::arrow_params>("arrow_params"),
      field<&D::circle_params>("circle_params"), field<&D::misc_osd_data>("misc_osd_data"),
      field<&D::reserved>("reserved"),           {},
  };
  auto& type = define<D>(m, "NvDsDisplayMeta", fields);
  type.is_trusted_only = true;
  type.release = release;
  mark_as_pooled(type);

  using F = NvDsFrameMeta;
  def_add<nvds_add_display_meta_to_frame, F, D>(m, "nvds_add_display_meta_to_frame", "frame_meta", "display_meta");
  def_remove<nvds_remove_display_meta_from_frame, F, D>(m, "nvds_remove_display_meta_from_frame", "frame_meta",
                                                        "display_meta");
  def_clear<nvds_clear_display_meta_list, F>(m, "nvds_clear_display_meta_list", "frame_meta");
}

}  // namespace fluvial::python
