// Tensors and masks as a model left them.
#include <nanobind/ndarray.h>

#include <algorithm>

#include <cstdlib>

#include "bindings/pyds/field.h"

namespace fluvial::python {
namespace {

std::size_t bytes_of(const NvDsInferLayerInfo& layer) {
  const std::size_t element = layer.dataType == HALF                              ? 2
                              : layer.dataType == INT8 || layer.dataType == UINT8 ? 1
                              : layer.dataType == INT64                           ? 8
                                                                                  : 4;
  return element * layer.inferDims.numElements;
}

PyObject* layer_buffer(PyObject* self, void*) {
  const Access<NvDsInferLayerInfo> layer(self);
  return layer ? capsule_of(layer->buffer, as_wrapper(self)->ground, nullptr, bytes_of(*layer.get())) : nullptr;
}

NvDsInferLayerInfo& layer_at(NvDsInferTensorMeta* tensors, long index) {
  if (index < 0 || static_cast<std::size_t>(index) >= tensors->num_output_layers || !tensors->output_layers_info)
    throw nb::index_error(
        ("layer " + std::to_string(index) + " of " + std::to_string(tensors->num_output_layers)).c_str());
  return tensors->output_layers_info[index];
}

// A copy of the layer's description, on the tensor meta's ground: the name and the dims live there.
nb::object wrap_copy(const NvDsInferLayerInfo& layer, const Ground& ground) {
  nb::object copy = nb::steal(PyObject_CallNoArgs(reinterpret_cast<PyObject*>(info<NvDsInferLayerInfo>().type)));
  if (!copy) throw nb::python_error();
  auto* data = const_cast<NvDsInferLayerInfo*>(static_cast<const NvDsInferLayerInfo*>(as_wrapper(copy.ptr())->data));
  *data = layer;
  data->layerName = layer.layerName ? g_intern_string(layer.layerName) : nullptr;
  data->buffer = nullptr;
  return copy;
}

Meta<NvDsInferTensorMeta> tensor_meta_from(nb::object& holder) {
  holder = nb::steal(cast_to(info<NvDsInferTensorMeta>(), holder.ptr()));
  if (!holder) throw nb::python_error();
  if (holder.is_none()) throw nb::type_error("expected a NvDsInferTensorMeta or its capsule, not None");
  return {holder.ptr()};
}

// The layer itself, with its buffer set to where the host's copy of the tensor lies.
nb::object layer_with_buffer(nb::object meta, long index) {
  const auto tensors = tensor_meta_from(meta);
  const LockedMeta lock(tensors.ground().root);
  auto& layer = layer_at(tensors.get(), index);
  if (tensors.get()->out_buf_ptrs_host) layer.buffer = tensors.get()->out_buf_ptrs_host[index];
  return nb::steal(wrap(info<NvDsInferLayerInfo>(), &layer, tensors.ground()));
}

double detection_at(nb::handle buffer, Py_ssize_t index) {
  Pointer pointer;
  if (!pointer_from(buffer.ptr(), pointer)) throw nb::python_error();
  float value = 0;
  const bool is_inside =
      index >= 0 && (pointer.bytes == 0 || (static_cast<std::size_t>(index) + 1) * sizeof(float) <= pointer.bytes);
  const auto address = reinterpret_cast<std::uintptr_t>(pointer.data) + static_cast<std::size_t>(index) * sizeof(float);
  if (!pointer.data || !is_inside || read_memory(address, &value, sizeof(value)) != sizeof(value))
    throw nb::index_error(("element " + std::to_string(index) + " is outside of the layer's buffer").c_str());
  return static_cast<double>(value);
}

nb::object segmentation_masks(nb::object meta) {
  meta = nb::steal(cast_to(info<NvDsInferSegmentationMeta>(), meta.ptr()));
  if (!meta) throw nb::python_error();
  if (meta.is_none()) throw nb::type_error("expected a NvDsInferSegmentationMeta or its capsule, not None");
  const Access<NvDsInferSegmentationMeta> masks(meta.ptr());
  if (!masks) throw nb::python_error();
  const std::size_t count = masks->class_map ? std::size_t{masks->width} * masks->height : 0;
  auto* copy = new std::int32_t[count + 1];
  if (count > 0) std::copy_n(masks->class_map, count, copy);
  nb::capsule owner(copy, [](void* memory) noexcept { delete[] static_cast<std::int32_t*>(memory); });
  const std::size_t height = count > 0 ? masks->height : 0;
  return nb::cast(nb::ndarray<nb::numpy, std::int32_t, nb::ndim<2>>(copy, {height, masks->width}, owner));
}

template <auto Member>
PyObject* first_of(PyObject* self, void*) {
  const Access<NvDsInferSegmentationMeta> masks(self);
  if (!masks) return nullptr;
  if (!(masks.get()->*Member)) Py_RETURN_NONE;
  return value_to(*(masks.get()->*Member));
}

void bind_shapes_of_tensors(nb::module_& m) {
  using D = NvDsInferDims;
  static PyGetSetDef dims_fields[] = {
      read_only<&D::numDims>("numDims"), read_only<&D::numElements>("numElements"), field<&D::d>("d"), {}};
  define<D>(m, "NvDsInferDims", dims_fields);

  using C = NvDsInferDimsCHW;
  static PyGetSetDef chw_fields[] = {read_only<&C::c>("c"), read_only<&C::h>("h"), read_only<&C::w>("w"), {}};
  define<C>(m, "NvDsInferDimsCHW", chw_fields);

  using L = NvDsInferLayerInfo;
  static PyGetSetDef layer_fields[] = {
      read_only<&L::dataType>("dataType"),        read_only<&L::dims>("dims"),
      read_only<&L::inferDims>("inferDims"),      read_only<&L::bindingIndex>("bindingIndex"),
      string_or_none<&L::layerName>("layerName"), {"buffer", layer_buffer, nullptr, "capsule | None", nullptr},
      read_only<&L::isInput>("isInput"),          {},
  };
  define<L>(m, "NvDsInferLayerInfo", layer_fields).is_trusted_only = true;

  using N = NvDsInferNetworkInfo;
  static PyGetSetDef network_fields[] = {
      field<&N::width>("width"), field<&N::height>("height"), field<&N::channels>("channels"), {}};
  define<N>(m, "NvDsInferNetworkInfo", network_fields);
}

void bind_results(nb::module_& m) {
  using O = NvDsInferObjectDetectionInfo;
  static PyGetSetDef detection_fields[] = {
      field<&O::classId>("classId"),
      field<&O::left>("left"),
      field<&O::top>("top"),
      field<&O::width>("width"),
      field<&O::height>("height"),
      field<&O::detectionConfidence>("detectionConfidence"),
      {},
  };
  define<O>(m, "NvDsInferObjectDetectionInfo", detection_fields);

  using A = NvDsInferAttribute;
  static PyGetSetDef attribute_fields[] = {
      read_only<&A::attributeIndex>("attributeIndex"),
      read_only<&A::attributeIndex>("atttributeIndex"),  // pyds's own misspelling
      read_only<&A::attributeValue>("attributeValue"),      read_only<&A::attributeConfidence>("attributeConfidence"),
      string_or_none<&A::attributeLabel>("attributeLabel"), {},
  };
  define<A>(m, "NvDsInferAttribute", attribute_fields);
}

void bind_metas(nb::module_& m) {
  using T = NvDsInferTensorMeta;
  static PyGetSetDef tensor_fields[] = {
      read_only<&T::network_info>("network_info"),
      read_only<&T::unique_id>("unique_id"),
      read_only<&T::num_output_layers>("num_output_layers"),
      capsule<&T::out_buf_ptrs_host>("out_buf_ptrs_host"),
      capsule<&T::out_buf_ptrs_dev>("out_buf_ptrs_dev"),
      read_only<&T::gpu_id>("gpu_id"),
      capsule<&T::priv_data>("priv_data"),
      {},
  };
  define<T>(m, "NvDsInferTensorMeta", tensor_fields).is_trusted_only = true;
  nb::object cls = nb::borrow(reinterpret_cast<PyObject*>(info<T>().type));
  cls.attr("output_layers_info") = nb::cpp_function(
      [](Meta<T> tensors, long index) {
        const LockedMeta lock(tensors.ground().root);
        return wrap_copy(layer_at(tensors.get(), index), tensors.ground());
      },
      nb::name("output_layers_info"), nb::scope(cls), nb::is_method(), nb::arg("j"));

  using S = NvDsInferSegmentationMeta;
  static PyGetSetDef mask_fields[] = {
      read_only<&S::classes>("classes"),
      read_only<&S::width>("width"),
      read_only<&S::height>("height"),
      {"class_map", first_of<&S::class_map>, nullptr, "int | None: of the first pixel", nullptr},
      {"class_probabilities_map", first_of<&S::class_probabilities_map>, nullptr, "float | None: of the first pixel",
       nullptr},
      capsule<&S::priv_data>("priv_data"),
      read_only<&S::unique_id>("unique_id"),
      {},
  };
  define<S>(m, "NvDsInferSegmentationMeta", mask_fields).is_trusted_only = true;
}

}  // namespace

void bind_infer(nb::module_& m) {
  bind_shapes_of_tensors(m);
  bind_results(m);
  bind_metas(m);
  m.def("get_nvds_LayerInfo", layer_with_buffer, nb::arg("tensor_meta"), nb::arg("i"),
        "Layer i of a NvDsInferTensorMeta, its buffer on the host.");
  m.def("get_detections", detection_at, nb::arg("buffer"), nb::arg("i"), "Element i of a float buffer.");
  m.def("get_segmentation_masks", segmentation_masks, nb::arg("data"),
        "int32 [height, width]: a copy; -1 is no class.");
}

}  // namespace fluvial::python
