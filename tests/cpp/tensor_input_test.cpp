// Inference on tensors that were made before it: which are taken, what they must be like, and where results lie.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// The plugin is a module that nothing links with: the test compiles the source that it tests.
#include "elements/infer/tensor_input.cpp"  // NOLINT
#include "meta/prepared_tensor.h"

using namespace fluvial;

namespace {

struct GstStarted {
  GstStarted() { gst_init(nullptr, nullptr); }
} started;

constexpr std::size_t unit_floats = 3 * 2 * 4;

Decision decision_for(unsigned unique_id) {
  Decision decision;
  decision.settings.unique_id = unique_id;
  decision.spec.input.name = "image";
  decision.spec.input.size = {4, 2};
  return decision;
}

struct Batch {
  NvDsBatchMeta* meta = nvds_create_batch_meta(1);
  NvDsFrameMeta* frame = nvds_acquire_frame_meta_from_pool(meta);
  Batch() { nvds_add_frame_meta_to_batch(meta, frame); }
  ~Batch() { nvds_destroy_batch_meta(meta); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // A tensor of regions that lie side by side, each half as large on the input.
  void add(std::size_t regions, unsigned number, guint64 target, void (*change)(NvDsPreProcessTensorMeta&) = nullptr) {
    PreparedTensor tensor;
    const auto values = std::make_shared<std::vector<float>>(regions * unit_floats);
    tensor.memory = values;
    tensor.meta.target_unique_ids = {target};
    tensor.tensor.raw_tensor_buffer = values->data();
    tensor.tensor.buffer_size = values->size() * sizeof(float);
    tensor.tensor.tensor_shape = {static_cast<int>(regions), 3, 2, 4};
    tensor.tensor.tensor_name = "image";
    tensor.tensor.meta_id = number;
    for (std::size_t i = 0; i < regions; ++i) {
      NvDsRoiMeta region{};
      region.frame_meta = frame;
      region.roi.left = static_cast<float>(100 * number + 10 * i);
      region.roi.width = 8;
      region.roi.height = 2;
      region.scale_ratio_x = region.scale_ratio_y = .5;
      region.offset_top = 1;
      tensor.meta.roi_vector.push_back(region);
    }
    if (change) change(tensor.tensor);
    attach_prepared_tensor(meta, std::move(tensor));
  }
};

std::string refusal(void (*change)(NvDsPreProcessTensorMeta&)) {
  Batch batch;
  batch.add(2, 0, 1, change);
  const Decision decision = decision_for(1);
  try {
    TensorInput(decision, nullptr).units(batch.meta);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the tensors of this inference are taken in their order, each region with its part") {
  Batch batch;
  batch.add(1, 1, 7);
  batch.add(2, 0, 7);
  batch.add(5, 2, 8);  // another's
  const Decision decision = decision_for(7);
  const auto units = TensorInput(decision, nullptr).units(batch.meta);
  REQUIRE(units.size() == 3);
  CHECK(units[0].region->roi.left == 0);
  CHECK(units[1].region->roi.left == 10);
  CHECK(units[2].region->roi.left == 100);
  CHECK(static_cast<const float*>(units[1].tensor) - static_cast<const float*>(units[0].tensor) == unit_floats);
  CHECK(units[1].frame == batch.frame);
}

TEST_CASE("a box on the input lies in the frame where its region does") {
  Batch batch;
  batch.add(2, 0, 7);
  const Decision decision = decision_for(7);
  const auto unit = TensorInput(decision, nullptr).units(batch.meta)[1];
  const Box box = to_frame(unit.letterbox, {1, 1, 2, 1}, {64, 48});
  CHECK(box.left == 12);
  CHECK(box.top == 0);
  CHECK(box.width == 4);
  CHECK(box.height == 2);
}

TEST_CASE("a tensor that the model does not take is refused with both their words") {
  CHECK(refusal([](NvDsPreProcessTensorMeta& t) { t.tensor_name = "input_1:0"; }) ==
        "input-tensor-meta: the tensor is named 'input_1:0', the model's input 'image': set tensor-name in the config "
        "of fluvialpreprocess (nvdspreprocess)");
  CHECK(refusal([](NvDsPreProcessTensorMeta& t) {
          t.tensor_shape = {2, 2, 4, 3};
        }) ==
        "input-tensor-meta: the tensor 'image' has the shape 2;2;4;3, the model takes regions of 3;2;4: set "
        "network-input-shape and network-input-order");
  CHECK(refusal([](NvDsPreProcessTensorMeta& t) { t.data_type = NvDsDataType_FP16; }) ==
        "input-tensor-meta: the tensor 'image' has tensor-data-type=7, the model takes FP32");
  CHECK(refusal([](NvDsPreProcessTensorMeta& t) { t.buffer_size -= 1; }) ==
        "input-tensor-meta: the tensor 'image' of 191 bytes does not hold its 2 regions");
}

TEST_CASE("a stand-in takes the regions of a tensor that was made for another model, and says so once") {
  Batch batch;
  batch.add(1, 0, 7, [](NvDsPreProcessTensorMeta& t) { t.tensor_name = "input_1:0"; });
  Decision decision = decision_for(7);
  decision.file.instead_of = "absent.onnx";
  std::vector<std::string> complaints;
  TensorInput input(decision, [&](const std::string& text) { complaints.push_back(text); });
  for (int round = 0; round < 2; ++round) {
    const auto units = input.units(batch.meta);
    REQUIRE(units.size() == 1);
    CHECK(units[0].tensor == nullptr);
    CHECK(box_of(*units[0].region).width == 8);
  }
  REQUIRE(complaints.size() == 1);
  CHECK(complaints[0].find("another model than the stand-in") != std::string::npos);
}

TEST_CASE("that no tensors come is said once") {
  Batch batch;
  batch.add(1, 0, 2);
  const Decision decision = decision_for(1);
  std::vector<std::string> complaints;
  TensorInput input(decision, [&](const std::string& text) { complaints.push_back(text); });
  for (int n = 0; n < 3 * TensorInput::batches_without_tensors; ++n) CHECK(input.units(batch.meta).empty());
  REQUIRE(complaints.size() == 1);
  CHECK(complaints[0] ==
        "input-tensor-meta: no tensor for unique-id 1 in 100 batches: is fluvialpreprocess (nvdspreprocess) before "
        "this element, and its target-unique-ids right?");
}
