// What a tracker leaves: past frames, re-identification vectors.
#include <algorithm>

#include "bindings/pyds/array.h"
#include "bindings/pyds/field.h"

namespace fluvial::python {
namespace {

// Iterator over a C array of parts.
template <typename T, typename E>
nb::object iterate(const Meta<T>& owner, E* array, std::uint32_t count) {
  nb::list items;
  for (std::uint32_t i = 0; array && i < count; ++i) {
    PyObject* item = wrap(info<E>(), &array[i], owner.ground());
    if (!item) throw nb::python_error();
    items.append(nb::steal(item));
  }
  return nb::iter(items);
}

// Cls.list(x), and x.list(): an iterator over what it holds.
template <typename T, typename Function>
void def_list(Function function) {
  nb::object cls = nb::borrow(reinterpret_cast<PyObject*>(info<T>().type));
  cls.attr("list") = nb::cpp_function(function, nb::name("list"), nb::scope(cls), nb::is_method());
}

void bind_past_frames(nb::module_& m) {
  using F = NvDsTargetMiscDataFrame;
  static PyGetSetDef frame_fields[] = {field<&F::frameNum>("frameNum"),
                                       field<&F::tBbox>("tBbox"),
                                       field<&F::confidence>("confidence"),
                                       field<&F::age>("age"),
                                       {}};
  define<F>(m, "NvDsTargetMiscDataFrame", frame_fields);

  // Counts can only shrink: list() goes by them.
  using O = NvDsTargetMiscDataObject;
  static PyGetSetDef object_fields[] = {count_of<&O::numObj>("numObj"),
                                        field<&O::uniqueId>("uniqueId"),
                                        field<&O::classId>("classId"),
                                        field<&O::objLabel>("objLabel"),
                                        {}};
  define<O>(m, "NvDsTargetMiscDataObject", object_fields).is_trusted_only = true;
  def_list<O>([](Meta<O> data) {
    const LockedMeta lock(data.ground().root);
    auto* object = data.get();
    return iterate<O>(data, object->list, object->numObj);
  });

  using S = NvDsTargetMiscDataStream;
  static PyGetSetDef stream_fields[] = {field<&S::streamID>("streamID"),
                                        field<&S::surfaceStreamID>("surfaceStreamID"),
                                        count_of<&S::numAllocated>("numAllocated"),
                                        count_of<&S::numFilled>("numFilled"),
                                        {}};
  define<S>(m, "NvDsTargetMiscDataStream", stream_fields).is_trusted_only = true;
  def_list<S>([](Meta<S> data) {
    const LockedMeta lock(data.ground().root);
    auto* stream = data.get();
    return iterate<S>(data, stream->list, stream->numFilled);
  });

  using B = NvDsTargetMiscDataBatch;
  static PyGetSetDef batch_fields[] = {
      count_of<&B::numAllocated>("numAllocated"), count_of<&B::numFilled>("numFilled"), {}};
  define<B>(m, "NvDsTargetMiscDataBatch", batch_fields).is_trusted_only = true;
  def_list<B>([](Meta<B> data) {
    const LockedMeta lock(data.ground().root);
    auto* batch = data.get();
    return iterate<B>(data, batch->list, batch->numFilled);
  });
}

PyObject* reid_vector(PyObject* self, PyObject*) {
  const Access<NvDsObjReid> reid(self);
  if (!reid) return nullptr;
  const std::size_t length = reid->ptr_host ? reid->featureSize : 0;
  return new_array<float>({length},
                          [&reid](float* out, std::size_t count) { std::copy_n(reid->ptr_host, count, out); });
}

}  // namespace

void bind_tracker(nb::module_& m) {
  bind_past_frames(m);
  static PyGetSetDef fields[] = {count_of<&NvDsObjReid::featureSize>("featureSize"), {}};
  static PyMethodDef methods[] = {{"get_host_reid_vector", reid_vector, METH_NOARGS, "float32 [featureSize]: a copy."},
                                  {}};
  define<NvDsObjReid>(m, "NvDsObjReid", fields, methods).is_trusted_only = true;
}

}  // namespace fluvial::python
