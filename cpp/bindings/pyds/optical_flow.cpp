// Motion vectors of a frame. Elements make them; Python looks.
#include "bindings/pyds/array.h"
#include "bindings/pyds/pointer.h"

namespace fluvial::python {
namespace {

std::size_t vectors_in(const NvDsOpticalFlowMeta& flow) { return flow.data ? std::size_t{flow.rows} * flow.cols : 0; }

PyObject* get_data(PyObject* self, void*) {
  const Access<NvDsOpticalFlowMeta> flow(self);
  // The first vector, if there is one.
  const TypeInfo* type = flow && vectors_in(*flow.get()) > 0 ? &info<NvOFFlowVector>() : nullptr;
  return flow ? get_pointer(self, flow->data, &flow->data, type) : nullptr;
}

// Raw numbers of the hardware, as pyds gives them: int16 in a float, one after the other.
nb::object flow_vectors(nb::object meta) {
  meta = owned(cast_to(info<NvDsOpticalFlowMeta>(), meta.ptr()));
  if (meta.is_none()) throw nb::type_error("expected a NvDsOpticalFlowMeta or its capsule, not None");
  const Access<NvDsOpticalFlowMeta> flow(meta.ptr());
  if (!flow) throw nb::python_error();
  const auto* numbers = static_cast<const short*>(flow->data);
  return owned(new_array<float>({2 * vectors_in(*flow.get())}, [numbers](float* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = numbers[i];
  }));
}

// Python cannot make these structs, so that what can be set is said, not tried.
PyGetSetDef settable(PyGetSetDef line, const char* type) {
  line.doc = type;
  return line;
}

}  // namespace

void bind_optical_flow(nb::module_& m) {
  using V = NvOFFlowVector;
  static PyGetSetDef vector_fields[] = {settable(field<&V::flowx>("flowx"), "int, set as int"),
                                        settable(field<&V::flowy>("flowy"), "int, set as int"),
                                        {}};
  define<V>(m, "NvOFFlowVector", vector_fields).is_made_by_elements_only = true;

  using F = NvDsOpticalFlowMeta;
  static PyGetSetDef flow_fields[] = {
      settable(count_of<&F::rows>("rows"), "int, set as int"),
      settable(count_of<&F::cols>("cols"), "int, set as int"),
      settable(field<&F::mv_size>("mv_size"), "int, set as int"),
      settable(field<&F::frame_num>("frame_num"), "int, set as int"),
      settable({"data", get_data, set_void<&F::data>, nullptr, closure_of("data")},
               "capsule | None, set as object: rows x cols NvOFFlowVector"),
      pointer<&F::priv>("priv"),
      pointer<&F::reserved>("reserved"),
      {},
  };
  auto& type = define<F>(m, "NvDsOpticalFlowMeta", flow_fields);
  type.is_trusted_only = type.is_made_by_elements_only = true;

  m.def("get_optical_flow_vectors", flow_vectors, nb::arg("data"),
        "float32 [rows * cols * 2]: a copy; x and y of each vector in turn. Reshape it to (rows, cols, 2).");
}

}  // namespace fluvial::python
