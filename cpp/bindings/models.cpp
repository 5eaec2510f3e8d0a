// What inspection decides about a model: plain values in, one dict out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "algo/heads/head.h"
#include "algo/inspect.h"
#include "algo/model_file.h"
#include "bindings/models.h"

namespace nb = nanobind;

namespace fluvial {

ElementType element_type_named(const std::string& tensor, const std::string& word) {
  static const std::map<std::string, ElementType> known = {{"f32", ElementType::f32}, {"f16", ElementType::f16},
                                                           {"i8", ElementType::i8},   {"u8", ElementType::u8},
                                                           {"i32", ElementType::i32}, {"i64", ElementType::i64}};
  const auto found = known.find(word);
  if (found == known.end())
    throw UndecidableModel("tensor '" + tensor + "': element type " + word +
                           " is not supported; allowed: f32, f16, i8, u8, i32, i64");
  return found->second;
}

namespace {

using Tensor = std::tuple<std::string, std::string, Shape>;  // name, type, shape with -1 for open sizes

std::vector<TensorInfo> tensors(const std::vector<Tensor>& given) {
  std::vector<TensorInfo> infos;
  for (const auto& [name, type, shape] : given) infos.push_back({name, element_type_named(name, type), shape});
  return infos;
}

const char* word(ColorOrder color) {
  if (color == ColorOrder::gray) return "gray";
  return color == ColorOrder::rgb ? "rgb" : "bgr";
}

const char* word(Task task) {
  switch (task) {
    case Task::classification: return "classification";
    case Task::segmentation: return "segmentation";
    case Task::pose: return "pose";
    case Task::embedding: return "embedding";
    default: return "detection";
  }
}

nb::dict dict_of(const InputSpec& input) {
  nb::dict out;
  out["name"] = input.name;
  out["width"] = input.size.width;
  out["height"] = input.size.height;
  out["layout"] = input.layout == Layout::nchw ? "nchw" : "nhwc";
  out["color"] = word(input.color);
  out["keeps_aspect"] = input.keeps_aspect;
  out["is_padding_centred"] = input.is_padding_centred;
  out["pad_value"] = input.pad_value;
  out["scale"] = std::vector<float>(input.scale, input.scale + 3);
  out["offset"] = std::vector<float>(input.offset, input.offset + 3);
  return out;
}

nb::typed<nb::dict, nb::str, nb::any> inspect_model(const std::string& path, const std::vector<Tensor>& inputs,
                                                    const std::vector<Tensor>& outputs,
                                                    const std::map<std::string, std::string>& metadata) {
  const ModelSpec spec = inspect({path, tensors(inputs), tensors(outputs), metadata});
  nb::dict out;
  out["head"] = name_of(spec.head);
  out["input"] = dict_of(spec.input);
  out["class_count"] = spec.class_count;
  out["labels"] = spec.labels;
  out["task"] = word(task_of(spec.head));
  out["usual_threshold"] = spec.usual_threshold;
  out["usual_iou"] = spec.usual_iou;
  out["needs_nms"] = spec.needs_nms;
  out["is_batch_open"] = spec.is_batch_open;
  out["size_input"] = spec.size_input;
  out["options"] = spec.options;
  out["evidence"] = spec.evidence;
  return out;
}

}  // namespace

void bind_models(nb::module_& m) {
  m.def("inspect_model", &inspect_model, nb::arg("path"), nb::arg("inputs"), nb::arg("outputs"), nb::arg("metadata"),
        "How a model is to be fed and read, and why. RuntimeError: it cannot be decided; the text says what to add.");
  m.def(
      "check_model_file", &check_model_file, nb::arg("path"),
      "Whether a file is there, whole, and an ONNX model or an OpenVINO IR as its name says. RuntimeError: it is not.");
}

}  // namespace fluvial
