// Metadata: pools, lists, deep copies, and the GstMeta that carries them.
#include "leaks.h"
#include "meta/arena.h"
#include "meta/batch_buffer.h"
#include "meta/scale.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace fluvial;

namespace {

struct BatchPtr {
  explicit BatchPtr(guint size = 4) : batch(nvds_create_batch_meta(size)) {}
  explicit BatchPtr(NvDsBatchMeta* made) : batch(made) {}
  ~BatchPtr() { nvds_destroy_batch_meta(batch); }
  operator NvDsBatchMeta*() const { return batch; }
  NvDsBatchMeta* operator->() const { return batch; }
  NvDsBatchMeta* batch;
};

NvDsFrameMeta* add_frame(NvDsBatchMeta* batch, guint source = 0) {
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  frame->source_id = frame->pad_index = source;
  nvds_add_frame_meta_to_batch(batch, frame);
  return frame;
}

NvDsObjectMeta* add_object(NvDsFrameMeta* frame, guint64 id, NvDsObjectMeta* parent = nullptr) {
  auto* object = nvds_acquire_obj_meta_from_pool(frame->base_meta.batch_meta);
  object->object_id = id;
  nvds_add_obj_meta_to_frame(frame, object, parent);
  return object;
}

template <typename T, typename Get>
std::string listed(GList* list, Get get) {
  std::string text;
  for (auto* element : each<T>(list)) text += std::to_string(get(element)) + " ";
  return text;
}

std::string ids(const NvDsFrameMeta* frame) {
  return listed<NvDsObjectMeta>(frame->obj_meta_list, [](auto* o) { return o->object_id; });
}

// A user's own data: counts its copies and releases.
struct Counters {
  std::atomic<int> copies{0}, releases{0};
};

gpointer copy_counted(gpointer data, gpointer) {
  auto* counters = static_cast<Counters*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  ++counters->copies;
  return counters;
}

void release_counted(gpointer data, gpointer) {
  ++static_cast<Counters*>(static_cast<NvDsUserMeta*>(data)->user_meta_data)->releases;
}

NvDsUserMeta* new_user(NvDsBatchMeta* batch, Counters& counters, bool is_copied = true) {
  auto* user = nvds_acquire_user_meta_from_pool(batch);
  user->user_meta_data = &counters;
  user->base_meta.meta_type = NVDS_USER_META;
  user->base_meta.copy_func = is_copied ? copy_counted : nullptr;
  user->base_meta.release_func = release_counted;
  return user;
}

// One frame with an object that owns something of everything.
NvDsObjectMeta* fill(NvDsBatchMeta* batch, Counters& counters) {
  auto* frame = add_frame(batch);
  auto* object = add_object(frame, 1);
  object->text_params.display_text = g_strdup("car");
  object->mask_params.data = static_cast<float*>(g_malloc0(16));
  object->mask_params.data[3] = 7;
  object->mask_params.size = 16;
  auto* classifier = nvds_acquire_classifier_meta_from_pool(batch);
  classifier->unique_component_id = 5;
  classifier->classifier_type = "color";
  for (guint i = 0; i < 2; ++i) {
    auto* label = nvds_acquire_label_info_meta_from_pool(batch);
    label->label_id = i;
    label->pResult_label = g_strdup("a long label");
    nvds_add_label_info_meta_to_classifier(classifier, label);
  }
  nvds_add_classifier_meta_to_object(object, classifier);
  nvds_add_user_meta_to_obj(object, new_user(batch, counters));
  nvds_add_user_meta_to_frame(frame, new_user(batch, counters));
  nvds_add_user_meta_to_batch(batch, new_user(batch, counters));
  auto* display = nvds_acquire_display_meta_from_pool(batch);
  display->num_labels = 1;
  display->text_params[0].display_text = g_strdup("clock");
  nvds_add_display_meta_to_frame(frame, display);
  return object;
}

NvDsFrameMeta* first_frame(NvDsBatchMeta* batch) { return static_cast<NvDsFrameMeta*>(batch->frame_meta_list->data); }
NvDsObjectMeta* first_object(NvDsBatchMeta* batch) {
  return static_cast<NvDsObjectMeta*>(first_frame(batch)->obj_meta_list->data);
}

}  // namespace

TEST_CASE("frames are appended, everything below them is prepended") {
  BatchPtr batch;
  auto* frame = add_frame(batch, 3);
  add_frame(batch, 1);
  CHECK(listed<NvDsFrameMeta>(batch->frame_meta_list, [](auto* f) { return f->source_id; }) == "3 1 ");
  for (guint64 id : {1, 2, 3}) add_object(frame, id);
  CHECK(ids(frame) == "3 2 1 ");
  CHECK(frame->num_obj_meta == 3);
  CHECK(batch->num_frames_in_batch == 2);
}

TEST_CASE("a pool has DeepStream's size and grows by its rule") {
  BatchPtr batch(2);
  CHECK(batch->frame_meta_pool->max_elements_in_pool == 2);
  CHECK(batch->obj_meta_pool->max_elements_in_pool == 16);
  CHECK(batch->display_meta_pool->max_elements_in_pool == 8);
  auto* frame = add_frame(batch);
  for (guint64 id = 0; id < 17; ++id) add_object(frame, id);
  CHECK(batch->obj_meta_pool->max_elements_in_pool == 16 + 32);
  CHECK(batch->obj_meta_pool->num_full_elements == 17);
  CHECK(batch->obj_meta_pool->num_empty_elements == 31);
}

TEST_CASE("1000 rounds of adding and removing do not grow a pool") {
  BatchPtr batch(1);
  auto* frame = add_frame(batch);
  for (int round = 0; round < 1000; ++round) {
    for (guint64 id = 0; id < 5; ++id) add_object(frame, id);
    nvds_clear_obj_meta_list(frame, frame->obj_meta_list);
  }
  CHECK(batch->obj_meta_pool->max_elements_in_pool == 8);
  CHECK(batch->obj_meta_pool->num_full_elements == 0);
  CHECK(frame->num_obj_meta == 0);
}

TEST_CASE("an element taken again is all zero") {
  BatchPtr batch(1);
  auto* frame = add_frame(batch);
  auto* object = add_object(frame, 42);
  object->confidence = 0.5F;
  nvds_remove_obj_meta_from_frame(frame, object);
  auto* again = nvds_acquire_obj_meta_from_pool(batch);
  CHECK(again == object);
  CHECK(again->object_id == 0);
  CHECK(again->confidence == 0);
  CHECK(again->base_meta.batch_meta == batch.batch);
  CHECK(again->base_meta.meta_type == NVDS_OBJ_META);
}

TEST_CASE("a removed object takes all that it owns with it, and leaves no child behind") {
  Counters counters;
  BatchPtr batch(1);
  auto* object = fill(batch, counters);
  auto* frame = first_frame(batch);
  auto* child = add_object(frame, 2, object);
  nvds_remove_obj_meta_from_frame(frame, object);
  CHECK(child->parent == nullptr);
  CHECK(counters.releases == 1);
  CHECK(batch->classifier_meta_pool->num_full_elements == 0);
  CHECK(batch->label_info_meta_pool->num_full_elements == 0);
}

TEST_CASE("removing what is not in the list does nothing") {
  BatchPtr batch(1), other(1);
  auto* frame = add_frame(batch);
  auto* stranger = add_object(add_frame(other), 1);
  nvds_remove_obj_meta_from_frame(frame, stranger);
  CHECK(frame->num_obj_meta == 0);
  CHECK(stranger->object_id == 1);
}

TEST_CASE("an object that was added twice is freed once") {
  BatchPtr batch(1);
  auto* frame = add_frame(batch);
  auto* object = add_object(frame, 1);
  object->text_params.display_text = g_strdup("twice");
  nvds_add_obj_meta_to_frame(frame, object, nullptr);
  nvds_remove_obj_meta_from_frame(frame, object);
  nvds_clear_obj_meta_list(frame, frame->obj_meta_list);
  CHECK(batch->obj_meta_pool->num_full_elements == 0);
}

TEST_CASE("metadata of another batch, or given back already, does not enter a list") {
  BatchPtr batch(1);
  auto* frame = add_frame(batch);
  {
    BatchPtr other(1);
    nvds_add_obj_meta_to_frame(frame, nvds_acquire_obj_meta_from_pool(other), nullptr);
    nvds_add_user_meta_to_frame(frame, nvds_acquire_user_meta_from_pool(other));
  }
  auto* object = add_object(frame, 1);
  nvds_remove_obj_meta_from_frame(frame, object);
  nvds_add_obj_meta_to_frame(frame, object, nullptr);
  CHECK(frame->num_obj_meta == 0);
  CHECK(frame->obj_meta_list == nullptr);
  CHECK(frame->frame_user_meta_list == nullptr);
}

TEST_CASE("a batch of any number of frames gives what is asked of it") {
  for (guint frames : {0U, 1U << 29, 1U << 31, 0xffffffffU}) {
    BatchPtr batch(frames);
    CHECK(batch->max_frames_in_batch == std::max(1U, frames));
    CHECK(nvds_acquire_frame_meta_from_pool(batch));
    CHECK(nvds_acquire_obj_meta_from_pool(batch));
    CHECK(nvds_acquire_label_info_meta_from_pool(batch));
  }
}

TEST_CASE("what was acquired and never added is freed with its batch") {
  Counters counters;
  {
    BatchPtr batch(1);
    nvds_acquire_obj_meta_from_pool(batch)->text_params.display_text = g_strdup("never added");
    new_user(batch, counters);
  }
  CHECK(counters.releases == 1);
}

TEST_CASE("a copied list comes out in reverse, with its parents") {
  BatchPtr batch;
  auto* frame = add_frame(batch);
  auto* first = add_object(frame, 1);
  add_object(frame, 2, first);
  add_object(frame, 3);
  BatchPtr copy(static_cast<NvDsBatchMeta*>(nvds_batch_meta_copy_func(batch.batch, nullptr)));
  auto* copied = first_frame(copy);
  CHECK(ids(frame) == "3 2 1 ");
  CHECK(ids(copied) == "1 2 3 ");
  CHECK(copied->num_obj_meta == 3);
  auto* child = static_cast<NvDsObjectMeta*>(copied->obj_meta_list->next->data);
  REQUIRE(child->parent);
  CHECK(child->parent != first);
  CHECK(child->parent->object_id == 1);
}

TEST_CASE("a copy shares nothing with what it was made from") {
  Counters counters;
  BatchPtr copy;
  {
    BatchPtr batch;
    fill(batch, counters);
    nvds_destroy_batch_meta(copy.batch);
    copy.batch = static_cast<NvDsBatchMeta*>(nvds_batch_meta_copy_func(batch.batch, nullptr));
  }
  CHECK(counters.copies == 3);
  CHECK(counters.releases == 3);
  auto* object = first_object(copy);
  CHECK(std::string(object->text_params.display_text) == "car");
  CHECK(object->mask_params.data[3] == 7);
  auto* classifier = static_cast<NvDsClassifierMeta*>(object->classifier_meta_list->data);
  CHECK(classifier->unique_component_id == 5);
  CHECK(classifier->classifier_type == nullptr);  // not copied: DeepStream's way
  CHECK(classifier->num_labels == 2);
  CHECK(listed<NvDsLabelInfo>(classifier->label_info_list, [](auto* l) { return l->label_id; }) == "0 1 ");
  auto* display = static_cast<NvDsDisplayMeta*>(first_frame(copy)->display_meta_list->data);
  CHECK(std::string(display->text_params[0].display_text) == "clock");
}

TEST_CASE("a user's metadata without a copy function stays behind") {
  Counters counters;
  BatchPtr batch;
  nvds_add_user_meta_to_batch(batch, new_user(batch, counters, false));
  BatchPtr copy(static_cast<NvDsBatchMeta*>(nvds_batch_meta_copy_func(batch.batch, nullptr)));
  CHECK(copy->batch_user_meta_list == nullptr);
}

TEST_CASE("two batches share no pool and no counter") {
  BatchPtr a(1), b(1);
  auto* object = add_object(add_frame(a), 1);
  CHECK(b->obj_meta_pool->num_full_elements == 0);
  CHECK(b->frame_meta_list == nullptr);
  CHECK(nvds_acquire_obj_meta_from_pool(b) != object);
}

TEST_CASE("a copied buffer has metadata of its own") {
  Counters counters;
  auto* buffer = gst_buffer_new();
  auto* batch = add_batch_meta(buffer, 1);
  fill(batch, counters);
  auto* copy = gst_buffer_copy(buffer);
  auto* copied = gst_buffer_get_nvds_batch_meta(copy);
  REQUIRE(copied);
  CHECK(copied != batch);
  CHECK(gst_buffer_get_nvds_meta(copy)->meta_type == NVDS_BATCH_GST_META);
  gst_buffer_unref(buffer);
  CHECK(first_object(copied)->object_id == 1);
  gst_buffer_unref(copy);
  CHECK(counters.copies == 3);
  CHECK(counters.releases == 6);
}

TEST_CASE("the last batch meta of a buffer counts, and metadata may be added to a shared buffer") {
  auto* buffer = gst_buffer_new();
  add_batch_meta(buffer, 1);
  auto* shared = gst_buffer_ref(buffer);
  auto* last = add_batch_meta(buffer, 2);
  CHECK(gst_buffer_get_nvds_batch_meta(buffer) == last);
  CHECK_FALSE(gst_buffer_is_writable(buffer));
  gst_buffer_unref(shared);
  gst_buffer_unref(buffer);
}

TEST_CASE("a meta without data is copied without its copy function being called") {
  auto* buffer = gst_buffer_new();
  gst_buffer_add_nvds_meta(buffer, nullptr, nullptr, nvds_batch_meta_copy_func, nvds_batch_meta_release_func);
  auto* copy = gst_buffer_copy(buffer);
  CHECK(gst_buffer_get_nvds_batch_meta(copy) == nullptr);
  gst_buffer_unref(copy);
  gst_buffer_unref(buffer);
}

TEST_CASE("boxes and texts follow their picture, what detector and tracker said stays") {
  BatchPtr batch;
  auto* frame = add_frame(batch);
  auto* object = add_object(frame, 1);
  object->rect_params.left = 10;
  object->rect_params.top = 20;
  object->rect_params.width = 30;
  object->rect_params.height = 40;
  object->detector_bbox_info.org_bbox_coords.left = 10;
  object->text_params.x_offset = 10;
  object->text_params.y_offset = static_cast<unsigned>(-5);  // above the frame: wraps
  auto* display = nvds_acquire_display_meta_from_pool(batch);
  display->num_lines = 1;
  display->line_params[0].x1 = 100;
  display->num_rects = 10000;  // a user's mistake must not read past the array
  nvds_add_display_meta_to_frame(frame, display);
  place_frame(frame, {2, 0.5F, 1, 0});
  CHECK(object->rect_params.left == 21);
  CHECK(object->rect_params.top == 10);
  CHECK(object->rect_params.width == 60);
  CHECK(object->rect_params.height == 20);
  CHECK(object->detector_bbox_info.org_bbox_coords.left == 10);
  CHECK(object->text_params.x_offset == 21);
  CHECK(object->text_params.y_offset == 0);
  CHECK(display->line_params[0].x1 == 201);
}

TEST_CASE("a release function may destroy the batch whose metadata is being released") {
  auto* batch = nvds_create_batch_meta(2);
  const Lease lease = Lease::of(batch);
  static int releases;
  releases = 0;
  auto* frame = add_frame(batch);
  for (int i = 0; i < 3; ++i) {
    auto* user = nvds_acquire_user_meta_from_pool(batch);
    user->user_meta_data = user;
    user->base_meta.release_func = [](gpointer data, gpointer) {
      ++releases;
      nvds_destroy_batch_meta(static_cast<NvDsUserMeta*>(data)->base_meta.batch_meta);
    };
    nvds_add_user_meta_to_frame(frame, user);
  }
  nvds_clear_frame_user_meta_list(frame, nullptr);
  CHECK(releases == 3);
  CHECK_FALSE(lease.is_alive());
  CHECK_FALSE(nvds_destroy_batch_meta(batch));
}

TEST_CASE("a copy function may not take metadata out of what is being copied") {
  BatchPtr batch;
  auto* frame = add_frame(batch);
  add_object(frame, 1);
  add_object(frame, 2);
  auto* user = nvds_acquire_user_meta_from_pool(batch);
  user->user_meta_data = frame;
  user->base_meta.copy_func = [](gpointer data, gpointer) -> gpointer {
    auto* walked = static_cast<NvDsUserMeta*>(data)->base_meta.batch_meta;
    nvds_clear_frame_meta_list(walked, nullptr);
    return nullptr;
  };
  nvds_add_user_meta_to_obj(static_cast<NvDsObjectMeta*>(frame->obj_meta_list->data), user);
  const BatchPtr copy(static_cast<NvDsBatchMeta*>(nvds_batch_meta_copy_func(batch, nullptr)));
  CHECK(batch->num_frames_in_batch == 1);
  CHECK(copy->num_frames_in_batch == 1);
  CHECK(ids(static_cast<NvDsFrameMeta*>(copy->frame_meta_list->data)) == "1 2 ");
  nvds_clear_frame_meta_list(batch, nullptr);
  CHECK(batch->num_frames_in_batch == 0);
}

TEST_CASE("16 threads copy and free one batch while others read it") {
  Counters counters;
  auto* buffer = gst_buffer_new();
  fill(add_batch_meta(buffer, 4), counters);
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([buffer] {
      for (int round = 0; round < 50; ++round) {
        auto* copy = gst_buffer_copy(buffer);
        auto* batch = gst_buffer_get_nvds_batch_meta(copy);
        add_object(first_frame(batch), 9);
        gst_buffer_unref(copy);
      }
    });
  for (auto& thread : threads) thread.join();
  gst_buffer_unref(buffer);
  CHECK(counters.copies == 16 * 50 * 3);
  CHECK(counters.releases == counters.copies + 3);
}

TEST_CASE("16 threads take and give back elements of one batch") {
  BatchPtr batch(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&batch] {
      for (int round = 0; round < 20; ++round) {
        auto* frame = add_frame(batch);
        add_object(frame, 1);
        nvds_remove_frame_meta_from_batch(batch, frame);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(batch->num_frames_in_batch == 0);
  CHECK(batch->obj_meta_pool->num_full_elements == 0);
}

TEST_CASE("a user's meta type is one number a name; analytics has DeepStream 8's") {
  auto type = [](const char* name) { return int(nvds_get_user_meta_type(const_cast<gchar*>(name))); };
  CHECK(type("MY.APP.META") == type("MY.APP.META"));
  CHECK(type("MY.APP.META") != type("MY.OTHER.META"));
  CHECK(type("MY.APP.META") >= 8193);
  CHECK(type("NVIDIA.DSANALYTICSFRAME.USER_META") == 32);
  CHECK(type("NVIDIA.DSANALYTICSOBJ.USER_META") == 33);
}
