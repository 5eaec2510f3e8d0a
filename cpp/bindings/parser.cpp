// A Python function in the place of a head: output tensors in, without a copy, boxes out. Called once a picture, in the
// thread that pushes frames on.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>

#include "algo/heads/head.h"
#include "bindings/calls.h"
#include "bindings/face.h"
#include "bindings/frames.h"
#include "bindings/tensor_arrays.h"
#include "meta/offers.h"
#include "types/parser.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

// One unit's part of a tensor; the whole, where the first dimension is no batch.
TensorView part_of(const TensorView& tensor, std::size_t unit, bool is_batched) {
  if (!is_batched || tensor.shape.empty()) return tensor;
  TensorView part = tensor;
  part.shape.erase(part.shape.begin());
  const std::size_t bytes = element_count(part.shape) * bytes_of(part.type);
  part.data = static_cast<char*>(tensor.data) + unit * bytes;
  return part;
}

// What the bridge gives, judged: arrays of float32 and int32, C-contiguous. Kept until the next picture.
struct Found {
  std::unique_ptr<Array> boxes, scores, class_ids;
  std::unique_ptr<Array> masks, keypoints;  // or none

  void clear() { *this = Found(); }
  std::size_t count() const { return boxes ? static_cast<std::size_t>(boxes->shape()[0]) : 0; }
};

nb::object tensor_object(const TensorView& tensor) {
  return tensor.gpu < 0 ? array_of(tensor, tensor.owner, false) : device_array_of(tensor, {tensor.gpu, tensor.owner});
}

class PythonParser final : public HeadDecoder {
 public:
  PythonParser(nb::object bridge, const ParserInfo& info)
      : bridge_(std::move(bridge)), info_(info), is_on_device_(nb::cast<bool>(bridge_.get().attr("is_on_device"))) {}

  bool reads_on_device() const override { return is_on_device_; }

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    in_python([&] {
      found_.clear();
      nb::dict tensors;
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool is_batched = i < info_.batched_outputs.size() && info_.batched_outputs[i];
        tensors[outputs[i].name.c_str()] = tensor_object(part_of(outputs[i], unit, is_batched));
      }
      take(bridge_.get().attr("parse")(tensors));
    });
    const auto* box = static_cast<const float*>(found_.boxes->data());
    const auto* score = static_cast<const float*>(found_.scores->data());
    const auto* class_id = static_cast<const std::int32_t*>(found_.class_ids->data());
    for (std::size_t i = 0; i < found_.count(); ++i, box += 4)
      if (score[i] >= least_of(class_id[i]))
        out.push_back({class_id[i], score[i], {box[0], box[1], box[2], box[3]}, static_cast<std::int32_t>(i)});
  }

  bool has_details() const override { return found_.masks || found_.keypoints; }

  void describe(const std::vector<TensorView>&, std::size_t, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    for (const auto& detection : kept)
      out.push_back(
          {keypoints_of(static_cast<std::size_t>(detection.row)), mask_of(static_cast<std::size_t>(detection.row))});
  }

 private:
  void take(nb::object arrays) {
    const auto optional = [](nb::handle array) { return array.is_none() ? nullptr : std::make_unique<Array>(array); };
    found_ = {std::make_unique<Array>(arrays[0]), std::make_unique<Array>(arrays[1]),
              std::make_unique<Array>(arrays[2]), optional(arrays[3]), optional(arrays[4])};
  }

  float least_of(int class_id) const {
    const auto& least = info_.threshold_by_class;
    const auto i = static_cast<std::size_t>(class_id);
    return i < least.size() ? least[i] : info_.threshold;
  }

  std::vector<Keypoint> keypoints_of(std::size_t row) const {
    if (!found_.keypoints) return {};
    const auto count = static_cast<std::size_t>(found_.keypoints->shape()[1]);
    const auto* values = static_cast<const float*>(found_.keypoints->data()) + row * count * 3;
    std::vector<Keypoint> points(count);
    for (std::size_t i = 0; i < count; ++i) points[i] = {values[3 * i], values[3 * i + 1], values[3 * i + 2]};
    return points;
  }

  Mask mask_of(std::size_t row) const {
    if (!found_.masks) return {};
    const auto shape = found_.masks->shape();
    const auto size = static_cast<std::size_t>(shape[1] * shape[2]);
    const auto* values = static_cast<const float*>(found_.masks->data()) + row * size;
    return {{static_cast<int>(shape[2]), static_cast<int>(shape[1])}, {values, values + size}};
  }

  Held bridge_;
  const ParserInfo info_;
  const bool is_on_device_;
  Found found_;
};

// `context` is a callable that turns what is known of the model into a bridge.
void* make_parser(void* context, const void* argument) {
  const auto& info = *static_cast<const ParserInfo*>(argument);
  return in_python([&]() -> void* {
    prepare_for_arrays();
    const nb::handle open(static_cast<PyObject*>(context));
    nb::object bridge = open(nb::arg("width") = info.network.width, nb::arg("height") = info.network.height,
                             nb::arg("class_count") = info.class_count, nb::arg("labels") = info.labels,
                             nb::arg("threshold") = info.threshold);
    return static_cast<HeadDecoder*>(new PythonParser(std::move(bridge), info));
  });
}

void offer(const std::string& name, nb::callable open) {
  PyObject* context = open.release().ptr();
  nb::gil_scoped_release release;
  fluvial_offer(offered_parser, name.c_str(), make_parser, context, release_object);
}

void withdraw(const std::string& name) {
  nb::gil_scoped_release release;
  fluvial_withdraw(offered_parser, name.c_str());
}

}  // namespace

void bind_parsers(nb::module_& m) {
  m.def("offer_parser", offer, nb::arg("name"), nb::arg("open"),
        nb::sig("def offer_parser(name: str, open: collections.abc.Callable[..., object]) -> None"),
        "From now on the elements of this process find a parser of this name: open(...) gives its bridge.");
  m.def("withdraw_parser", withdraw, nb::arg("name"), "Those that are open stay.");
}

}  // namespace fluvial::python
