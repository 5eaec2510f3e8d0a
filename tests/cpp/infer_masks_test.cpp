// Masks of a batch whose prototypes a GPU keeps: asked for once, for all of its frames, and each to its own object.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>

#include "infer_session.h"

using namespace fluvial;        // NOLINT
using namespace infer_session;  // NOLINT

namespace {

constexpr int cells = 21, columns = 7;  // a box, one class, two coefficients

// A row of an object, as it comes back: box, confidence, class, coefficients.
using Row = std::vector<float>;
const Row small_object = {16, 16, 8, 8, 0.9F, 0, 1, 2}, large_object = {16, 16, 32, 32, 0.8F, 0, 3, 4};

// Rows of YOLO of which a GPU brings the chosen ones. Until it is told which they are, nothing is found.
class ChosenRows final : public Request {
 public:
  std::vector<std::vector<Row>> objects;  // of each frame
  Size grid{8, 8};                        // of the prototypes
  std::vector<MaskWishes> asked;
  std::string error;

  std::vector<TensorView> inputs() override {
    return {{"images", ElementType::f32, {batch, 3, side, side}, picture_.data()}};
  }
  void start() override {}
  void wait() override {}
  std::vector<TensorView> outputs() override {
    return {{"rows", ElementType::f32, {batch, columns, cells}, rows_.data()},
            {"prototypes", ElementType::f32, {batch, 2, grid.height, grid.width}, prototypes()}};
  }
  void select_rows(const std::optional<RowSelection>& wanted) override { is_told_ = wanted.has_value(); }
  std::optional<SelectedRows> selected(std::size_t unit) override {
    if (!is_told_) return std::nullopt;
    auto& values = values_[unit];
    values.clear();
    for (const auto& row : objects.at(unit)) values.insert(values.end(), row.begin(), row.end());
    return SelectedRows{objects[unit].size(), numbers_.data(), values.data(), small_object.size(), nullptr, unit};
  }
  // Of the first wish 1 everywhere, of the next 2, and so on.
  const float* make_masks(const MaskWishes& wishes) override {
    if (!error.empty()) throw std::runtime_error(error);
    asked.push_back(wishes);
    masks_.clear();
    float value = 0;
    for (const auto& wish : wishes.all)
      masks_.resize(masks_.size() + static_cast<std::size_t>(wish.size.width * wish.size.height), value += 1);
    return masks_.data();
  }

  static constexpr int batch = 3;

 private:
  float* prototypes() {
    prototypes_.resize(static_cast<std::size_t>(2 * batch * grid.width * grid.height));
    return prototypes_.data();
  }
  static std::vector<std::int32_t> first_numbers() {
    std::vector<std::int32_t> numbers(most_objects);
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }

  static constexpr std::size_t most_objects = 64;
  std::vector<float> prototypes_;
  std::vector<float> picture_ = std::vector<float>(batch * 3 * side * side);
  std::vector<float> rows_ = std::vector<float>(batch * columns * cells);
  const std::vector<std::int32_t> numbers_ = first_numbers();
  std::vector<float> values_[batch], masks_;
  bool is_told_ = false;
};

ModelInfo info_of_rows() {
  ModelInfo info;
  info.inputs = {{"images", ElementType::f32, {ChosenRows::batch, 3, side, side}}};
  info.outputs = {{"rows", ElementType::f32, {ChosenRows::batch, columns, cells}},
                  {"prototypes", ElementType::f32, {ChosenRows::batch, 2, -1, -1}}};
  return info;
}

// Has one request, which the test looks at.
class OneRequest final : public Backend {
 public:
  explicit OneRequest(ChosenRows*& request) : request_(request) {}
  const ModelInfo& model() const override { return info_; }
  void compile(const InputSpec&, const BackendSettings&) override {}
  int batch() const override { return ChosenRows::batch; }
  int useful_requests() const override { return 1; }
  std::string description() const override { return "one request"; }
  std::unique_ptr<Request> make_request() override {
    auto request = std::make_unique<ChosenRows>();
    request_ = request.get();
    return request;
  }

 private:
  ModelInfo info_ = info_of_rows();
  ChosenRows*& request_;
};

Decision decide_masks(bool attaches) {
  Decision decision = decide_detector(settings_for(ProcessMode::frames));
  decision.settings.wants_masks = attaches;
  decision.spec.head = Head::yolo;
  decision.spec.input.name = "images";
  decision.spec.options = {{"layout", "columns,cells"}};
  decision.head.threshold = 0.5F;
  return decision;
}

struct Worked {
  explicit Worked(bool attaches = true, Size grid = {8, 8})
      : work(decide_masks(attaches), std::make_unique<OneRequest>(request), [](const std::string&) {}) {
    request->grid = grid;
    infer({{}, {}, {}});  // whole: the head sees how the rows lie
    CHECK(request->asked.empty());
  }

  BufferPtr infer(const std::vector<std::vector<Row>>& objects) {
    request->objects = objects;
    Job job{nullptr, BufferPtr(new_batch({10, 20, 30}, frame_num++)), {}, nullptr, 0, work.requests().acquire()};
    job.units = units_of_frames(gst_buffer_get_nvds_batch_meta(job.buffer.get()));
    work.start(job);
    work.finish(job);
    return std::move(job.buffer);
  }

  ChosenRows* request = nullptr;
  Work work;
  int frame_num = 0;
};

// What an object's mask holds everywhere, by the object's confidence.
std::map<float, float> masks_of(const BufferPtr& buffer, guint index) {
  std::map<float, float> found;
  for (auto* each = frame_of(buffer.get(), index)->obj_meta_list; each; each = each->next) {
    const auto* object = static_cast<NvDsObjectMeta*>(each->data);
    const auto& mask = object->mask_params;
    REQUIRE(mask.data);
    const auto count = static_cast<std::ptrdiff_t>(mask.width) * mask.height;
    CHECK(std::count(mask.data, mask.data + count, *mask.data) == count);
    found[object->confidence] = *mask.data;
  }
  return found;
}

std::vector<std::size_t> units_of(const MaskWishes& wishes) {
  std::vector<std::size_t> units;
  for (const auto& wish : wishes.all) units.push_back(wish.unit);
  return units;
}

}  // namespace

TEST_CASE("masks of all frames of a batch are asked for at once, and each object gets its own") {
  Worked worked;
  const BufferPtr buffer = worked.infer({{small_object}, {}, {large_object, small_object}});
  REQUIRE(worked.request->asked.size() == 1);
  const MaskWishes& wishes = worked.request->asked[0];
  CHECK(units_of(wishes) == std::vector<std::size_t>{0, 2, 2});
  CHECK(wishes.grid.grid == Size{8, 8});
  CHECK(wishes.all[0].size == Size{2, 2});
  CHECK(wishes.all[1].size == Size{8, 8});
  CHECK(masks_of(buffer, 0) == std::map<float, float>{{0.9F, 1}});
  CHECK(masks_of(buffer, 1).empty());
  CHECK(masks_of(buffer, 2) == std::map<float, float>{{0.8F, 2}, {0.9F, 3}});
  for (guint i = 0; i < 3; ++i) CHECK(frame_of(buffer.get(), i)->bInferDone == 1);
}

TEST_CASE("a batch without objects asks for no masks") {
  Worked worked;
  worked.infer({{}, {}, {}});
  CHECK(worked.request->asked.empty());
}

TEST_CASE("masks that cannot be made fail the batch, and nothing of it is left for the next one") {
  Worked worked;
  worked.request->error = "the GPU is gone";
  CHECK_THROWS_WITH_AS(worked.infer({{small_object}, {}, {}}), "inference on source 0 frame 1: the GPU is gone",
                       std::runtime_error);
  worked.request->error = "";
  worked.infer({{}, {small_object}, {}});
  REQUIRE(worked.request->asked.size() == 1);
  CHECK(units_of(worked.request->asked[0]) == std::vector<std::size_t>{1});
}

TEST_CASE("of very many places some masks are made before the rest is looked at, so that memory has a bound") {
  Worked worked(false, {512, 512});
  worked.infer({std::vector<Row>(64, large_object), {small_object}, {small_object}});
  REQUIRE(worked.request->asked.size() == 2);
  CHECK(units_of(worked.request->asked[0]) == std::vector<std::size_t>(64, 0));
  CHECK(units_of(worked.request->asked[1]) == std::vector<std::size_t>{1, 2});
}
