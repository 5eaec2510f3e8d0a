// fluvialtile: where tiles lie, what is in them, and what becomes of the metadata.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <gst/check/gstharness.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "algo/tile_grid.h"
#include "elements/events.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"

using namespace fluvial;

namespace {

using Rgb = std::array<int, 3>;

constexpr Rgb black = {0, 0, 0};
constexpr Rgb white = {255, 255, 255};

Rgb colour_of_source(guint id) { return {50 + 40 * static_cast<int>(id), 200 - 30 * static_cast<int>(id), 90}; }

// The element, and batches of frames that are filled with the colour of their source.
class Fixture {
 public:
  explicit Fixture(const char* element = "nvmultistreamtiler", Size frame = {320, 240})
      : format_{PixelFormat::rgba, frame, {}}, harness_(gst_harness_new(element)) {}
  ~Fixture() {
    if (in_) gst_buffer_unref(in_);
    if (out_) gst_buffer_unref(out_);
    gst_harness_teardown(harness_);
  }

  template <typename... Args>
  void set(Args... args) {
    g_object_set(harness_->element, args..., nullptr);
  }
  guint get(const char* property) {
    guint value = 0;
    g_object_get(harness_->element, property, &value, nullptr);
    return value;
  }
  guint64 copied_bytes() {
    guint64 value = 0;
    g_object_get(harness_->element, "copied-bytes", &value, nullptr);
    return value;
  }

  // Input of a batch with one frame of each of these sources.
  void batch_of(const std::vector<guint>& sources) {
    std::vector<SurfacePtr> surfaces;
    for (guint id : sources) surfaces.push_back(filled(colour_of_source(id)));
    in_ = new_batch_buffer(std::move(surfaces));
    GST_BUFFER_PTS(in_) = 40 * GST_MSECOND;
    batch = add_batch_meta(in_, static_cast<guint>(sources.size()));
    for (std::size_t i = 0; i < sources.size(); ++i) {
      auto* frame = nvds_acquire_frame_meta_from_pool(batch);
      frame->batch_id = static_cast<guint>(i);
      frame->pad_index = frame->source_id = sources[i];
      frame->frame_num = 7;
      nvds_add_frame_meta_to_batch(batch, frame);
    }
  }
  SurfacePtr filled(Rgb colour) {
    auto surface = allocator_->allocate(format_);
    const auto view = surface->view();
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x) {
        auto* p = view.plane[0] + y * view.stride[0] + x * 4;
        for (int c = 0; c < 3; ++c) p[c] = static_cast<std::uint8_t>(colour[static_cast<std::size_t>(c)]);
        p[3] = 255;
      }
    return surface;
  }

  NvDsObjectMeta* object(guint frame, const char* label, Box box = {32, 24, 64, 48}) {
    auto* added = nvds_acquire_obj_meta_from_pool(batch);
    g_strlcpy(added->obj_label, label, sizeof(added->obj_label));
    added->rect_params.left = box.left;
    added->rect_params.top = box.top;
    added->rect_params.width = box.width;
    added->rect_params.height = box.height;
    nvds_add_obj_meta_to_frame(frame_at(frame), added, nullptr);
    return added;
  }
  NvDsFrameMeta* frame_at(guint index) { return nvds_get_nth_frame_meta(batch->frame_meta_list, index); }

  void event(GstEvent* event) {
    start();
    CHECK(gst_harness_push_event(harness_, event));
  }
  GstFlowReturn push() {
    start();
    if (out_) gst_buffer_unref(std::exchange(out_, nullptr));
    const auto result = gst_harness_push(harness_, std::exchange(in_, nullptr));
    if (result == GST_FLOW_OK) out_ = gst_harness_pull(harness_);
    return result;
  }
  void run() { REQUIRE(push() == GST_FLOW_OK); }
  void run(const std::vector<guint>& sources) {
    batch_of(sources);
    run();
  }

  GstBuffer* out() { return out_; }
  NvDsFrameMeta* canvas() {
    auto* meta = gst_buffer_get_nvds_batch_meta(out_);
    REQUIRE(meta);
    REQUIRE(g_list_length(meta->frame_meta_list) == 1);
    return static_cast<NvDsFrameMeta*>(meta->frame_meta_list->data);
  }
  std::string labels() {
    std::string all;
    for (auto* object : each<NvDsObjectMeta>(canvas()->obj_meta_list)) all += object->obj_label;
    return all;
  }
  Size size() { return surface_at(out_, 0)->format().size; }
  Rgb at(int x, int y) {
    const auto view = surface_at(out_, 0)->view();
    const auto* p = view.plane[0] + y * view.stride[0] + x * 4;
    return {p[0], p[1], p[2]};
  }
  GstHarness* harness() { return harness_; }
  SurfacePtr input(std::size_t index) { return surface_at(in_, index); }

  NvDsBatchMeta* batch = nullptr;

 private:
  // Caps only now: properties come first.
  void start() {
    if (std::exchange(is_started_, true)) return;
    gst_harness_set_src_caps(harness_, surface_caps(format_, 30, 1, 4));
  }

  SurfaceFormat format_;
  std::unique_ptr<Allocator> allocator_ = make_system_allocator();
  GstHarness* harness_;
  GstBuffer* in_ = nullptr;
  GstBuffer* out_ = nullptr;
  bool is_started_ = false;
};

std::array<int, 4> numbers(const Box& b) {
  return {static_cast<int>(b.left), static_cast<int>(b.top), static_cast<int>(b.width), static_cast<int>(b.height)};
}

std::pair<int, int> pair_of(const TileGrid& grid) { return {grid.rows, grid.columns}; }

gpointer copy_text(gpointer data, gpointer) {
  return g_strdup(static_cast<char*>(static_cast<NvDsUserMeta*>(data)->user_meta_data));
}
void free_text(gpointer data, gpointer) {
  g_free(std::exchange(static_cast<NvDsUserMeta*>(data)->user_meta_data, nullptr));
}

NvDsUserMeta* new_user_meta(NvDsBatchMeta* batch, const char* text, bool is_copied = true) {
  auto* user = nvds_acquire_user_meta_from_pool(batch);
  user->user_meta_data = g_strdup(text);
  user->base_meta.meta_type = NVDS_START_USER_META;
  user->base_meta.copy_func = is_copied ? copy_text : nullptr;
  user->base_meta.release_func = free_text;
  return user;
}

std::string texts_of(GList* list) {
  std::string all;
  for (auto* user : each<NvDsUserMeta>(list)) all += static_cast<const char*>(user->user_meta_data);
  return all;
}

}  // namespace

TEST_CASE("grids for a number of sources") {
  CHECK(pair_of(grown_grid(1)) == std::pair(1, 1));
  CHECK(pair_of(grown_grid(2)) == std::pair(1, 2));
  CHECK(pair_of(grown_grid(4)) == std::pair(2, 2));
  CHECK(pair_of(grown_grid(5)) == std::pair(2, 3));
  CHECK(pair_of(grown_grid(30)) == std::pair(5, 6));
  CHECK(pair_of(grown_grid(128)) == std::pair(11, 12));
  CHECK(pair_of(square_grid(0)) == std::pair(1, 1));
  CHECK(pair_of(square_grid(5)) == std::pair(3, 3));
  CHECK(pair_of(square_grid(9)) == std::pair(3, 3));
  CHECK(pair_of(automatic_grid(3, 0, 0)) == std::pair(2, 2));
  CHECK(pair_of(automatic_grid(2, 0, 0)) == std::pair(1, 2));
  CHECK(pair_of(automatic_grid(7, 2, 0)) == std::pair(2, 4));
  CHECK(pair_of(automatic_grid(7, 0, 2)) == std::pair(4, 2));
  CHECK(pair_of(automatic_grid(7, 1, 1)) == std::pair(1, 1));
}

TEST_CASE("tiles have even sides, letterboxes the frame's shape") {
  CHECK(numbers(tile_box({2, 3}, {1000, 500}, 4)) == std::array<int, 4>{332, 250, 332, 250});
  CHECK(numbers(tile_box({3, 7}, {1280, 720}, 20)) == std::array<int, 4>{1092, 480, 182, 240});
  CHECK(numbers(letterboxed({100, 200, 640, 640}, {1920, 1080})) == std::array<int, 4>{100, 340, 640, 360});
  CHECK(numbers(letterboxed({0, 0, 640, 360}, {1080, 1920})) == std::array<int, 4>{218, 0, 202, 360});
}

TEST_CASE("four sources fill a grid of two by two, row by row") {
  Fixture f;
  f.set("rows", 2, "columns", 2, "width", 640, "height", 480);
  f.run({0, 1, 2, 3});
  CHECK(f.size() == Size{640, 480});
  CHECK(surface_count(f.out()) == 1);
  for (guint i = 0; i < 4; ++i) {
    const int left = static_cast<int>(i % 2) * 320, top = static_cast<int>(i / 2) * 240;
    CHECK(f.at(left, top) == colour_of_source(i));
    CHECK(f.at(left + 319, top + 239) == colour_of_source(i));
  }
}

TEST_CASE("the output has the size of the properties, rounded up to four, and a batch of one") {
  Fixture f;
  f.set("rows", 1, "columns", 1, "width", 637, "height", 359);
  f.run({0});
  CHECK(f.size() == Size{640, 360});
  auto* caps = gst_pad_get_current_caps(f.harness()->sinkpad);
  auto* s = gst_caps_get_structure(caps, 0);
  int width = 0, height = 0, batch_size = 0;
  gst_structure_get(s, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, "batch-size", G_TYPE_INT,
                    &batch_size, nullptr);
  CHECK(width == 640);
  CHECK(height == 360);
  CHECK(batch_size == 1);
  CHECK(std::string(gst_structure_get_string(s, "format")) == "RGBA");
  CHECK(has_surface_feature(caps));
  gst_caps_unref(caps);
}

TEST_CASE("a tile is that of its pad, wherever the frame stands in the batch") {
  Fixture f;
  f.set("rows", 2, "columns", 2, "width", 640, "height", 480);
  f.run({3, 0});
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(330, 10) == black);
  CHECK(f.at(10, 250) == black);
  CHECK(f.at(330, 250) == colour_of_source(3));
}

TEST_CASE("what no tile covers is black, though canvases are recycled") {
  Fixture f;
  f.set("rows", 1, "columns", 1, "width", 100, "height", 100);
  for (int i = 0; i < 3; ++i) f.run({0});
  CHECK(f.at(99, 99) == colour_of_source(0));
  f.set("rows", 3, "columns", 3);
  f.run({0});  // tiles of 32: 4 pixels are left over
  CHECK(f.at(31, 31) == colour_of_source(0));
  CHECK(f.at(32, 10) == black);
  CHECK(f.at(99, 50) == black);
  CHECK(f.at(50, 99) == black);
}

TEST_CASE("metadata moves and shrinks with its tile; what the detector said does not") {
  Fixture f;
  f.set("rows", 2, "columns", 2, "width", 320, "height", 240);
  f.batch_of({0, 3});
  auto* object = f.object(1, "car");
  object->rect_params.border_width = 3;
  object->detector_bbox_info.org_bbox_coords = {32, 24, 64, 48};
  object->tracker_bbox_info.org_bbox_coords = {30, 20, 60, 40};
  object->text_params.display_text = g_strdup("car 1");
  object->text_params.x_offset = 32;
  object->text_params.y_offset = 14;
  object->text_params.font_params.font_size = 11;
  object->object_id = 99;
  auto* display = nvds_acquire_display_meta_from_pool(f.batch);
  display->num_rects = display->num_labels = display->num_lines = display->num_arrows = display->num_circles = 1;
  display->rect_params[0].width = 100;
  display->text_params[0].display_text = g_strdup("above");
  display->text_params[0].x_offset = 10;
  display->text_params[0].y_offset = static_cast<unsigned>(-10);
  display->line_params[0] = {0, 10, 100, 110, 5, {}};
  display->arrow_params[0] = {0, 20, 100, 120, 5, END_HEAD, {}};
  display->circle_params[0].xc = 40;
  display->circle_params[0].yc = 60;
  display->circle_params[0].radius = 20;
  nvds_add_display_meta_to_frame(f.frame_at(1), display);
  f.run();

  const auto* moved = static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data);
  CHECK(moved->rect_params.left == 160 + 16);
  CHECK(moved->rect_params.top == 120 + 12);
  CHECK(moved->rect_params.width == 32);
  CHECK(moved->rect_params.height == 24);
  CHECK(moved->rect_params.border_width == 3);
  CHECK(moved->detector_bbox_info.org_bbox_coords.width == 64);
  CHECK(moved->tracker_bbox_info.org_bbox_coords.left == 30);
  CHECK(moved->text_params.x_offset == 160 + 16);
  CHECK(moved->text_params.y_offset == 120 + 7);
  CHECK(moved->text_params.font_params.font_size == 11);
  CHECK(std::string(moved->text_params.display_text) == "car 1");
  CHECK(moved->object_id == 99);

  const auto* shapes = static_cast<NvDsDisplayMeta*>(f.canvas()->display_meta_list->data);
  CHECK(shapes->rect_params[0].left == 160);
  CHECK(shapes->rect_params[0].width == 50);
  CHECK(shapes->text_params[0].x_offset == 165);
  CHECK(shapes->text_params[0].y_offset == 120);  // not in the tile above
  CHECK(shapes->line_params[0].x2 == 210);
  CHECK(shapes->line_params[0].y1 == 125);
  CHECK(shapes->arrow_params[0].y2 == 180);
  CHECK(shapes->circle_params[0].xc == 180);
  CHECK(shapes->circle_params[0].yc == 150);
  CHECK(shapes->circle_params[0].radius == 10);
}

TEST_CASE("one frame meta stands for all, with nothing of its sources but their metadata") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 640, "height", 240);
  f.batch_of({0, 1});
  f.object(0, "a");
  f.object(1, "b");
  f.run();
  const auto* frame = f.canvas();
  CHECK(frame->num_obj_meta == 2);
  CHECK(frame->source_id == 0);
  CHECK(frame->pad_index == 0);
  CHECK(frame->batch_id == 0);
  CHECK(frame->frame_num == 0);
  CHECK(frame->buf_pts == 0);
  CHECK(frame->num_surfaces_per_frame == 1);
  CHECK(gst_buffer_get_nvds_batch_meta(f.out())->num_frames_in_batch == 1);
  CHECK(GST_BUFFER_PTS(f.out()) == 40 * GST_MSECOND);
}

TEST_CASE("objects keep their order within a tile; the last tile's come first") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 640, "height", 240);
  f.batch_of({0, 1});
  for (const char* label : {"c", "b", "a"}) f.object(0, label);  // the last one added is the first of the list
  for (const char* label : {"z", "y"}) f.object(1, label);
  f.run();
  CHECK(f.labels() == "yzabc");
  f.run({1});
  CHECK(f.labels() == "abc");
}

TEST_CASE("parents, classifiers and labels come along in their order") {
  Fixture f;
  f.batch_of({0});
  auto* car = f.object(0, "car");
  auto* plate = f.object(0, "plate");
  plate->parent = car;
  for (const char* name : {"make", "colour"}) {
    auto* classifier = nvds_acquire_classifier_meta_from_pool(f.batch);
    classifier->unique_component_id = name[0];
    for (const char* text : {"1", "2"}) {
      auto* label = nvds_acquire_label_info_meta_from_pool(f.batch);
      g_strlcpy(label->result_label, text, sizeof(label->result_label));
      nvds_add_label_info_meta_to_classifier(classifier, label);
    }
    nvds_add_classifier_meta_to_object(car, classifier);
  }
  f.run();
  CHECK(f.labels() == "platecar");
  const auto* copied_plate = static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data);
  const auto* copied_car = static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->next->data);
  CHECK(copied_plate->parent == copied_car);
  const auto* first = static_cast<NvDsClassifierMeta*>(copied_car->classifier_meta_list->data);
  CHECK(first->unique_component_id == 'c');
  CHECK(first->num_labels == 2);
  CHECK(std::string(static_cast<NvDsLabelInfo*>(first->label_info_list->data)->result_label) == "2");
}

TEST_CASE("user metas that can be copied come along, of frames, objects and the batch") {
  Fixture f;
  f.set("rows", 1, "columns", 2);
  f.batch_of({0, 1});
  nvds_add_user_meta_to_frame(f.frame_at(0), new_user_meta(f.batch, "b"));
  nvds_add_user_meta_to_frame(f.frame_at(0), new_user_meta(f.batch, "a"));
  nvds_add_user_meta_to_frame(f.frame_at(0), new_user_meta(f.batch, "lost", false));
  nvds_add_user_meta_to_batch(f.batch, new_user_meta(f.batch, "batch"));
  nvds_add_user_meta_to_obj(f.object(1, "car"), new_user_meta(f.batch, "object"));
  f.run();
  CHECK(texts_of(f.canvas()->frame_user_meta_list) == "ab");
  CHECK(texts_of(gst_buffer_get_nvds_batch_meta(f.out())->batch_user_meta_list) == "batch");
  CHECK(texts_of(static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data)->obj_user_meta_list) == "object");
}

TEST_CASE("a source that is missing stays as it was until its pad is deleted") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 640, "height", 240);
  f.batch_of({0, 1});
  f.object(0, "a");
  f.object(1, "b");
  f.run();
  for (int i = 0; i < 3; ++i) {
    f.batch_of({0});
    f.object(0, "c");
    f.run();
    CHECK(f.at(10, 10) == colour_of_source(0));
    CHECK(f.at(330, 10) == colour_of_source(1));
    CHECK(f.labels() == "bc");
    CHECK(static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data)->rect_params.left == 320 + 32);
  }
  f.event(new_pad_deleted_event(1));
  f.run({0});
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(330, 10) == black);
  CHECK(f.labels().empty());
}

TEST_CASE("a source comes back with new pixels and metadata") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 640, "height", 240);
  f.run({0, 1});
  f.run({0});
  f.batch_of({1});
  f.object(0, "new");
  f.run();
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(330, 10) == colour_of_source(1));
  CHECK(f.labels() == "new");
}

TEST_CASE("a source that stands still is scaled once") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 320, "height", 240);
  const guint64 tile = 160 * 240 * 4;
  f.run({0, 1});
  CHECK(f.copied_bytes() == 2 * tile);
  f.run({0});
  CHECK(f.copied_bytes() == 5 * tile);  // its picture, and the copy of it
  f.run({0});
  CHECK(f.copied_bytes() == 7 * tile);
}

TEST_CASE("a frame as large as the canvas is the canvas") {
  Fixture f;
  f.set("width", 320, "height", 240);
  f.batch_of({0});
  f.object(0, "a");
  const auto frame = f.input(0);
  f.run();
  CHECK(f.copied_bytes() == 0);
  CHECK(surface_at(f.out(), 0) == frame);
  CHECK(f.labels() == "a");
}

TEST_CASE("the grid grows when a pad is added that has no tile") {
  Fixture f;
  f.set("width", 640, "height", 480);
  f.event(new_pad_added_event(0));
  CHECK(f.get("rows") == 1);
  f.event(new_pad_added_event(4));
  CHECK(f.get("rows") == 2);
  CHECK(f.get("columns") == 3);
  f.event(new_pad_added_event(200));  // more than 128 tiles are not made
  CHECK(f.get("columns") == 3);
  f.run({0, 4});
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(212 + 10, 250) == colour_of_source(4));
}

TEST_CASE("show-source fills the output with one source, and all come back") {
  Fixture f;
  f.set("rows", 1, "columns", 2, "width", 640, "height", 480, "show-source", 1);
  f.batch_of({0, 1});
  f.object(0, "a");
  f.object(1, "b");
  f.run();
  CHECK(f.at(0, 0) == colour_of_source(1));
  CHECK(f.at(639, 479) == colour_of_source(1));
  CHECK(f.labels() == "b");
  CHECK(static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data)->rect_params.left == 64);
  f.set("show-source", -1);
  f.run({1});
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(330, 10) == colour_of_source(1));
  CHECK(f.labels() == "a");
  f.set("show-source", 9);
  f.run({0, 1});
  CHECK(f.at(10, 10) == black);
}

TEST_CASE("square-seq-grid follows the sources and leaves no holes") {
  Fixture f;
  f.set("square-seq-grid", TRUE, "width", 640, "height", 480);
  f.run({2, 5});
  CHECK(f.at(10, 10) == colour_of_source(2));
  CHECK(f.at(330, 10) == colour_of_source(5));
  f.event(new_pad_deleted_event(2));
  f.run({5});
  CHECK(f.at(639, 479) == colour_of_source(5));
}

TEST_CASE("under our own name the grid follows the sources") {
  Fixture f("fluvialtile");
  f.set("width", 640, "height", 480);
  f.run({0, 1, 2});
  CHECK(f.at(10, 10) == colour_of_source(0));
  CHECK(f.at(330, 10) == colour_of_source(1));
  CHECK(f.at(10, 250) == colour_of_source(2));
  CHECK(f.at(330, 250) == black);
  CHECK(f.get("rows") == 0);
}

TEST_CASE("keep-aspect leaves bars and puts metadata where the picture is") {
  Fixture f;
  f.set("keep-aspect", TRUE, "width", 640, "height", 240);
  f.batch_of({0});
  f.object(0, "a", {0, 0, 320, 240});
  f.run();
  CHECK(f.at(159, 100) == black);
  CHECK(f.at(160, 100) == colour_of_source(0));
  CHECK(f.at(479, 100) == colour_of_source(0));
  CHECK(f.at(480, 100) == black);
  CHECK(static_cast<NvDsObjectMeta*>(f.canvas()->obj_meta_list->data)->rect_params.left == 160);
}

TEST_CASE("the size may change while frames flow") {
  Fixture f;
  f.set("width", 640, "height", 480);
  f.run({0});
  f.set("width", 320);
  f.run({0});
  CHECK(f.size() == Size{320, 480});
}

TEST_CASE("a buffer without metadata is an error that says what is missing") {
  Fixture f;
  auto* bus = gst_bus_new();
  gst_element_set_bus(f.harness()->element, bus);
  f.event(new_pad_added_event(0));
  auto* plain = new_batch_buffer({f.filled(white)});
  CHECK(gst_harness_push(f.harness(), plain) == GST_FLOW_ERROR);
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  REQUIRE(message);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  CHECK(std::string(error->message).find("nvstreammux") != std::string::npos);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_bus(f.harness()->element, nullptr);
  gst_object_unref(bus);
}

TEST_CASE("a thousand batches of changing sources keep one frame a source") {
  Fixture f("fluvialtile", {64, 48});
  f.set("width", 128, "height", 96);
  std::vector<std::weak_ptr<Surface>> seen;
  for (guint i = 0; i < 1000; ++i) {
    f.batch_of({i % 4});
    f.object(0, "x");
    seen.push_back(f.input(0));
    f.run();
    CHECK(f.canvas()->num_obj_meta == std::min(i + 1, 4U));
  }
  int alive = 0;
  for (const auto& surface : seen) alive += !surface.expired();
  CHECK(alive == 4);
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  return doctest::Context(argc, argv).run();
}
