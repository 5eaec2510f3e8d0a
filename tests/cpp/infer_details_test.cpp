// What a model says beside boxes becomes metadata that outlives the model, is copied with its buffer, and is freed.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// The plugin is a module that nothing links with: the test compiles the sources that it tests.
#include "elements/infer/attach_keypoints.cpp"     // NOLINT
#include "elements/infer/attach_masks.cpp"         // NOLINT
#include "elements/infer/attach_segmentation.cpp"  // NOLINT
#include "fluvial/keypoints.h"
#include "meta/batch_buffer.h"
#include "meta/scale.h"
#include "surface/batch.h"

using namespace fluvial;  // NOLINT

namespace {

struct GstStarted {
  GstStarted() { gst_init(nullptr, nullptr); }
} started;

struct BufferDeleter {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using Buffer = std::unique_ptr<GstBuffer, BufferDeleter>;

// One frame with one object.
Buffer new_buffer() {
  Buffer buffer(gst_buffer_new());
  auto* batch = add_batch_meta(buffer.get(), 1);
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  nvds_add_frame_meta_to_batch(batch, frame);
  nvds_add_obj_meta_to_frame(frame, nvds_acquire_obj_meta_from_pool(batch), nullptr);
  return buffer;
}

Buffer copy_of(const Buffer& buffer) { return Buffer(gst_buffer_copy(buffer.get())); }

NvDsFrameMeta* frame_of(const Buffer& buffer) {
  return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer.get())->frame_meta_list, 0);
}
NvDsObjectMeta* object_of(const Buffer& buffer) {
  return static_cast<NvDsObjectMeta*>(frame_of(buffer)->obj_meta_list->data);
}

const NvDsInferSegmentationMeta* map_in(GList* users) {
  REQUIRE(users);
  auto* user = static_cast<NvDsUserMeta*>(users->data);
  CHECK(user->base_meta.meta_type == NVDSINFER_SEGMENTATION_META);
  return static_cast<NvDsInferSegmentationMeta*>(user->user_meta_data);
}

Segmentation two_by_three() {
  Segmentation map;
  map.size = {3, 2};
  map.class_count = 2;
  map.classes = {0, 1, -1, 1, 1, 0};
  map.probabilities = {.9F, .1F, .5F, .2F, .3F, .7F, .1F, .9F, .5F, .8F, .7F, .3F};
  return map;
}

}  // namespace

TEST_CASE("key points are copied with their buffer and go with it") {
  Buffer buffer = new_buffer();
  CHECK(fluvial_get_keypoints_of_obj(object_of(buffer)) == nullptr);
  attach_keypoints(7, object_of(buffer), {});
  CHECK(fluvial_get_keypoints_of_obj(object_of(buffer)) == nullptr);
  attach_keypoints(7, object_of(buffer), {{1, 2, .5F}, {3, 4, .25F}});

  Buffer copy = copy_of(buffer);
  buffer.reset();
  const auto* points = fluvial_get_keypoints_of_obj(object_of(copy));
  REQUIRE(points);
  CHECK(points->unique_id == 7);
  REQUIRE(points->count == 2);
  CHECK(points->points[1].x == 3);
  CHECK(points->points[1].y == 4);
  CHECK(points->points[1].confidence == .25F);
}

TEST_CASE("of several key points the newest are those of the object") {
  Buffer buffer = new_buffer();
  attach_keypoints(1, object_of(buffer), {{1, 1, 1}});
  attach_keypoints(2, object_of(buffer), {{2, 2, 1}});
  CHECK(fluvial_get_keypoints_of_obj(object_of(buffer))->unique_id == 2);
}

TEST_CASE("data of somebody else under the type of key points is not read") {
  Buffer buffer = new_buffer();
  auto* user = nvds_acquire_user_meta_from_pool(gst_buffer_get_nvds_batch_meta(buffer.get()));
  int anything = 0;
  user->base_meta.meta_type = fluvial_keypoints_meta_type();
  user->user_meta_data = &anything;
  nvds_add_user_meta_to_obj(object_of(buffer), user);
  CHECK(fluvial_get_keypoints_of_obj(object_of(buffer)) == nullptr);
}

TEST_CASE("key points move with the picture that they are in") {
  Buffer buffer = new_buffer();
  attach_keypoints(1, object_of(buffer), {{10, 20, .5F}});
  place_frame(frame_of(buffer), {2, .5F, 100, 7});
  const auto* points = fluvial_get_keypoints_of_obj(object_of(buffer));
  CHECK(points->points[0].x == 120);
  CHECK(points->points[0].y == 17);
  CHECK(points->points[0].confidence == .5F);
}

TEST_CASE("a mask is the object's, row by row, and is replaced by a later one") {
  Buffer buffer = new_buffer();
  const std::vector<float> values{.1F, .2F, .3F, .4F, .5F, .6F};
  attach_mask(object_of(buffer), {}, .5F);
  CHECK(object_of(buffer)->mask_params.data == nullptr);
  attach_mask(object_of(buffer), {{1, 1}, {.1F}}, .5F);
  attach_mask(object_of(buffer), {{3, 2}, values}, .25F);
  Buffer copy = copy_of(buffer);
  buffer.reset();
  const auto& mask = object_of(copy)->mask_params;
  CHECK(mask.width == 3);
  CHECK(mask.height == 2);
  CHECK(mask.size == 6 * sizeof(float));
  CHECK(mask.threshold == .25F);
  CHECK(mask.data[5] == .6F);
}

TEST_CASE("a map of classes hangs on its frame, as DeepStream's programs read it, and is copied whole") {
  Buffer buffer = new_buffer();
  Unit unit;
  unit.frame = frame_of(buffer);
  attach_segmentation(5, unit, two_by_three());
  CHECK(unit.frame->bInferDone == 1);
  Buffer copy = copy_of(buffer);
  buffer.reset();
  const auto* map = map_in(frame_of(copy)->frame_user_meta_list);
  CHECK(map->unique_id == 5);
  CHECK(map->classes == 2);
  CHECK(map->width == 3);
  CHECK(map->height == 2);
  CHECK(map->class_map[2] == -1);
  CHECK(map->class_map[5] == 0);
  CHECK(map->class_probabilities_map[11] == .3F);
}

TEST_CASE("a map of an object hangs on the object, and may have no probabilities") {
  Buffer buffer = new_buffer();
  Unit unit;
  unit.frame = frame_of(buffer);
  unit.object = object_of(buffer);
  Segmentation found = two_by_three();
  found.probabilities.clear();
  attach_segmentation(5, unit, std::move(found));
  CHECK(unit.frame->frame_user_meta_list == nullptr);
  CHECK(unit.frame->bInferDone == 0);
  CHECK(map_in(unit.object->obj_user_meta_list)->class_probabilities_map == nullptr);
}

TEST_CASE("a map that is not of the size that it says is refused") {
  Buffer buffer = new_buffer();
  Unit unit;
  unit.frame = frame_of(buffer);
  Segmentation found = two_by_three();
  found.classes.pop_back();
  CHECK_THROWS_WITH_AS(attach_segmentation(5, unit, std::move(found)),
                       "a segmentation of 3x2 pixels and 2 classes holds 5 classes and 12 probabilities",
                       std::runtime_error);
  CHECK(frame_of(buffer)->frame_user_meta_list == nullptr);
}

TEST_CASE("masks of one frame have colours that lie far apart, the same in every frame") {
  const auto distance = [](const NvOSD_ColorParams& a, const NvOSD_ColorParams& b) {
    return std::abs(a.red - b.red) + std::abs(a.green - b.green) + std::abs(a.blue - b.blue);
  };
  CHECK(colour_of_mask(0).red == 1);
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto colour = colour_of_mask(i);
    CHECK(std::max({colour.red, colour.green, colour.blue}) == doctest::Approx(1));
    CHECK(std::min({colour.red, colour.green, colour.blue}) == doctest::Approx(0));
    CHECK(colour.alpha == 1);
    for (std::size_t before = i < 3 ? 0 : i - 3; before < i; ++before)
      CHECK(distance(colour, colour_of_mask(before)) > 0.8);
  }
}
