// NvOSD_Frame...Params: what DeepStream's drawing library is given for one surface. Nothing here draws from them
// (nvdsosd draws from the batch's metadata); programs may fill them all the same.
#include "bindings/pyds/pointer.h"
#include "nvll_osd_api.h"

namespace fluvial::python {
namespace {

// Count and List differ in name only.
template <typename T, auto Count, auto List>
void define_frame(nb::module_& m, const char* name, const char* count, const char* list, const char* list_type) {
  static PyGetSetDef fields[] = {
      reference<&T::buf_ptr>("buf_ptr", "NvBufSurfaceParams | None"),
      field<&T::mode>("mode"),
      field<Count>(count),
      reference<List>(list, list_type),
      {},
  };
  define<T>(m, name, fields).is_trusted_only = true;
}

}  // namespace

void bind_osd_frame(nb::module_& m) {
  using T = NvOSD_FrameTextParams;
  define_frame<T, &T::num_strings, &T::text_params_list>(m, "NvOSD_FrameTextParams", "num_strings", "text_params_list",
                                                         "NvOSD_TextParams | None: the first");
  using R = NvOSD_FrameRectParams;
  define_frame<R, &R::num_rects, &R::rect_params_list>(m, "NvOSD_FrameRectParams", "num_rects", "rect_params_list",
                                                       "NvOSD_RectParams | None: the first");
  using L = NvOSD_FrameLineParams;
  define_frame<L, &L::num_lines, &L::line_params_list>(m, "NvOSD_FrameLineParams", "num_lines", "line_params_list",
                                                       "NvOSD_LineParams | None: the first");
  using A = NvOSD_FrameArrowParams;
  define_frame<A, &A::num_arrows, &A::arrow_params_list>(m, "NvOSD_FrameArrowParams", "num_arrows", "arrow_params_list",
                                                         "NvOSD_ArrowParams | None: the first");
  using C = NvOSD_FrameCircleParams;
  define_frame<C, &C::num_circles, &C::circle_params_list>(
      m, "NvOSD_FrameCircleParams", "num_circles", "circle_params_list", "NvOSD_CircleParams | None: the first");
}

}  // namespace fluvial::python
