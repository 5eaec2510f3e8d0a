// fluvialsegvisual: which pixels get which colour, what stays of the picture, and what becomes of the metadata.
#include "leaks.h"
#include "messages.h"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "algo/segvisual.h"
#include "gstnvdsinfer.h"
#include "harness.h"
#include "meta/batch_buffer.h"
#include "pipelines.h"
#include "surface/batch.h"
#include "surface/format.h"

using namespace fluvial;  // NOLINT

namespace {

constexpr Rgb picture_colour = {100, 50, 200};
constexpr Rgb grey = {128, 128, 128};

Rgb mixed(Rgb over, float alpha) {
  Rgb result;
  for (std::size_t c = 0; c < 3; ++c)
    result[c] = static_cast<std::uint8_t>(over[c] * alpha + picture_colour[c] * (1 - alpha) + 0.5F);
  return result;
}

Rgb pixel_at(const ImageView& view, int x, int y) {
  const auto* p = view.plane[0] + y * view.stride[0] + 4 * x;
  return {p[0], p[1], p[2]};
}

struct Picture {
  explicit Picture(int width, int height, PixelFormat format = PixelFormat::rgba)
      : pixels(static_cast<std::size_t>(4 * width * height)) {
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 4 == 3 ? 255 : picture_colour[i % 4];
    view.format = format;
    view.width = width;
    view.height = height;
    view.plane[0] = pixels.data();
    view.stride[0] = 4 * width;
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  std::vector<std::uint8_t> pixels;
  ImageView view;
};

void free_map(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  auto* map = static_cast<NvDsInferSegmentationMeta*>(std::exchange(user->user_meta_data, nullptr));
  g_free(map->class_map);
  g_free(map);
}

gpointer copy_map(gpointer data, gpointer) {
  const auto* from = static_cast<NvDsInferSegmentationMeta*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  auto* to = static_cast<NvDsInferSegmentationMeta*>(g_memdup2(from, sizeof *from));
  to->class_map = static_cast<gint*>(g_memdup2(from->class_map, sizeof(gint) * from->width * from->height));
  return to;
}

void add_map(NvDsFrameMeta* frame, Size size, const std::vector<int>& classes, int unique_id = 1) {
  auto* map = g_new0(NvDsInferSegmentationMeta, 1);
  map->unique_id = unique_id;
  map->width = static_cast<guint>(size.width);
  map->height = static_cast<guint>(size.height);
  if (!classes.empty()) map->class_map = static_cast<gint*>(g_memdup2(classes.data(), sizeof(gint) * classes.size()));
  auto* user = nvds_acquire_user_meta_from_pool(frame->base_meta.batch_meta);
  user->user_meta_data = map;
  user->base_meta.meta_type = NVDSINFER_SEGMENTATION_META;
  user->base_meta.copy_func = copy_map;
  user->base_meta.release_func = free_map;
  nvds_add_user_meta_to_frame(frame, user);
}

// The element, and batches of frames of one colour.
class Fixture {
 public:
  explicit Fixture(const char* element = "nvsegvisual", Size frame = {32, 16}, PixelFormat pixels = PixelFormat::rgba)
      : format_{pixels, frame, {}}, harness_(element) {}
  ~Fixture() {
    gst_clear_buffer(&in_);
    gst_clear_buffer(&out_);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  template <typename... Args>
  void set(Args... args) {
    g_object_set(harness_.element(), args..., nullptr);
  }
  guint64 copied_bytes() {
    guint64 bytes = 0;
    g_object_get(harness_.element(), "copied-bytes", &bytes, nullptr);
    return bytes;
  }
  GstElement* element() { return harness_.element(); }

  // Input with so many frames.
  void batch_of(guint frames) {
    std::vector<SurfacePtr> surfaces;
    const Picture colour(format_.size.width, format_.size.height);
    for (guint i = 0; i < frames; ++i) {
      surfaces.push_back(allocator_->allocate(format_));
      if (format_.pixels != PixelFormat::rgba) continue;
      const auto view = surfaces.back()->view();
      for (int y = 0; y < view.height; ++y)
        std::copy_n(colour.view.plane[0] + y * colour.view.stride[0], 4 * view.width,
                    view.plane[0] + y * view.stride[0]);
    }
    in_ = new_batch_buffer(std::move(surfaces));
    GST_BUFFER_PTS(in_) = 40 * GST_MSECOND;
    auto* batch = add_batch_meta(in_, frames);
    for (guint i = 0; i < frames; ++i) {
      auto* frame = nvds_acquire_frame_meta_from_pool(batch);
      frame->batch_id = i;
      nvds_add_frame_meta_to_batch(batch, frame);
    }
  }
  NvDsFrameMeta* frame(guint index = 0) { return frame_in(in_, index); }
  NvDsFrameMeta* frame_out(guint index = 0) { return frame_in(out_, index); }
  SurfacePtr input() { return surface_at(in_, 0); }

  GstFlowReturn push(GstBuffer* buffer) {
    if (!std::exchange(is_started_, true)) gst_harness_set_src_caps(harness_.get(), surface_caps(format_, 30, 1, 4));
    gst_clear_buffer(&out_);
    const auto result = harness_.push(buffer);
    if (result == GST_FLOW_OK) out_ = harness_.pull();
    return result;
  }
  void run() { REQUIRE(push(std::exchange(in_, nullptr)) == GST_FLOW_OK); }

  GstBuffer* out() { return out_; }
  Size size(guint index = 0) { return surface_at(out_, index)->format().size; }
  Rgb at(int x, int y, guint index = 0) { return pixel_at(surface_at(out_, index)->view(), x, y); }
  std::string out_caps() {
    auto* caps = gst_pad_get_current_caps(harness_.get()->sinkpad);
    gchar* text = gst_caps_to_string(caps);
    const std::string all = text;
    g_free(text);
    gst_caps_unref(caps);
    return all;
  }

 private:
  static NvDsFrameMeta* frame_in(GstBuffer* buffer, guint index) {
    return nvds_get_nth_frame_meta(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list, index);
  }

  SurfaceFormat format_;
  std::unique_ptr<Allocator> allocator_ = make_system_allocator();
  ::testing::Harness harness_;
  GstBuffer* in_ = nullptr;
  GstBuffer* out_ = nullptr;
  bool is_started_ = false;
};

// What was said on the bus: an error or a warning.
std::string said(GstElement* element, const std::function<void()>& body) {
  auto* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  body();
  auto* message = gst_bus_pop_filtered(bus, GstMessageType(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  const auto text = message ? text_of(message) : "";
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  return text;
}

// One frame of the size of its map, painted.
void run_one(Fixture& f, Size size, const std::vector<int>& classes) {
  f.batch_of(1);
  add_map(f.frame(), size, classes);
  f.run();
}

}  // namespace

TEST_CASE("colours are DeepStream's, begin anew after the nineteenth, and are grey for no class") {
  CHECK(colour_of_class(0) == Rgb{0, 128, 128});
  CHECK(colour_of_class(1) == Rgb{128, 0, 0});
  CHECK(colour_of_class(2) == Rgb{128, 0, 128});
  CHECK(colour_of_class(18) == Rgb{192, 192, 0});
  CHECK(colour_of_class(19) == colour_of_class(0));
  CHECK(colour_of_class(255) == colour_of_class(255 % 19));
  CHECK(colour_of_class(-1) == grey);
}

TEST_CASE("each pixel becomes the colour of its class") {
  Picture picture(23, 7);  // no multiple of what a compiler does at once
  std::vector<int> classes;
  for (int i = 0; i < 23 * 7; ++i) classes.push_back(i % 40 - 1);
  MapPainter().paint(picture.view, {classes.data(), {23, 7}}, {});
  for (int i = 0; i < 23 * 7; ++i)
    CHECK(pixel_at(picture.view, i % 23, i / 23) == colour_of_class(classes[static_cast<std::size_t>(i)]));
  CHECK(picture.pixels[3] == 255);
}

TEST_CASE("a map is stretched over the picture, larger or smaller") {
  const std::vector<int> classes{0, 1, 2, 3};
  MapPainter painter;
  Picture large(5, 4), small(1, 1);
  painter.paint(large.view, {classes.data(), {2, 2}}, {});
  CHECK(pixel_at(large.view, 1, 1) == colour_of_class(0));
  CHECK(pixel_at(large.view, 2, 1) == colour_of_class(1));  // the middle of five columns
  CHECK(pixel_at(large.view, 1, 2) == colour_of_class(2));
  CHECK(pixel_at(large.view, 4, 3) == colour_of_class(3));
  painter.paint(small.view, {classes.data(), {2, 2}}, {});
  CHECK(pixel_at(small.view, 0, 0) == colour_of_class(3));
  painter.paint(large.view, {std::vector<int>(20, 7).data(), {5, 4}}, {});  // of the picture's size again
  CHECK(pixel_at(large.view, 4, 3) == colour_of_class(7));
}

TEST_CASE("where the picture is kept, colours are mixed in, but for the background") {
  Picture picture(4, 1);
  const std::vector<int> classes{0, 1, 2, -1};
  MapPainter().paint(picture.view, {classes.data(), {4, 1}}, {true, 1, 0.25F});
  CHECK(pixel_at(picture.view, 0, 0) == mixed(colour_of_class(0), 0.25F));
  CHECK(pixel_at(picture.view, 1, 0) == picture_colour);
  CHECK(pixel_at(picture.view, 2, 0) == mixed(colour_of_class(2), 0.25F));
  CHECK(pixel_at(picture.view, 3, 0) == mixed(grey, 0.25F));
  CHECK(picture.pixels[3] == 255);
}

TEST_CASE("a class beyond the colours is not taken for the background whose colour it has") {
  Picture picture(2, 1);
  const std::vector<int> classes{0, 19};
  MapPainter().paint(picture.view, {classes.data(), {2, 1}}, {true, 0, 1});
  CHECK(pixel_at(picture.view, 0, 0) == picture_colour);
  CHECK(pixel_at(picture.view, 1, 0) == colour_of_class(19));
}

TEST_CASE("a map without classes paints nothing; another format than RGBA is refused") {
  Picture picture(2, 1), other(2, 1, PixelFormat::bgrx);
  MapPainter().paint(picture.view, {nullptr, {2, 1}}, {});
  CHECK(pixel_at(picture.view, 0, 0) == picture_colour);
  CHECK_THROWS_WITH_AS(MapPainter().paint(other.view, {}, {}), "maps of classes are painted on RGBA alone",
                       std::invalid_argument);
}

TEST_CASE("the output is RGBA of the size of the properties") {
  Fixture f;
  f.set("width", 64, "height", 48);
  run_one(f, {2, 1}, {0, 1});
  CHECK(f.size() == Size{64, 48});
  CHECK(f.at(0, 47) == colour_of_class(0));
  CHECK(f.at(63, 0) == colour_of_class(1));
  const std::string caps = f.out_caps();
  CHECK(caps.find("memory:NVMM") != std::string::npos);
  CHECK(caps.find("format=(string)RGBA") != std::string::npos);
  CHECK(caps.find("width=(int)64, height=(int)48") != std::string::npos);
  CHECK(caps.find("framerate=(fraction)30/1") != std::string::npos);
  CHECK(GST_BUFFER_PTS(f.out()) == 40 * GST_MSECOND);
}

TEST_CASE("DeepStream's name has DeepStream's size, ours that of the frame; a new size is taken while it plays") {
  Fixture theirs, ours("fluvialsegvisual");
  run_one(theirs, {1, 1}, {3});
  CHECK(theirs.size() == Size{1280, 720});
  run_one(ours, {1, 1}, {3});
  CHECK(ours.size() == Size{32, 16});
  ours.set("width", 10);
  run_one(ours, {1, 1}, {4});
  CHECK(ours.size() == Size{10, 16});
  CHECK(ours.at(9, 15) == colour_of_class(4));
}

TEST_CASE("a picture that the map covers is not scaled first; one that is kept is") {
  Fixture f("nvsegvisual", {64, 32}, PixelFormat::nv12);
  f.set("width", 16, "height", 8);
  run_one(f, {16, 8}, std::vector<int>(128, 2));
  CHECK(f.at(15, 7) == colour_of_class(2));
  CHECK(f.copied_bytes() == 0);
  f.set("original-background", TRUE);
  run_one(f, {16, 8}, std::vector<int>(128, 2));
  CHECK(f.copied_bytes() >= 16 * 8 * 4);
}

TEST_CASE("original-background, class-id and alpha do what they say") {
  Fixture f("fluvialsegvisual");
  f.set("original-background", TRUE, "class-id", 1, "alpha", 0.5);
  run_one(f, {2, 1}, {1, 2});
  CHECK(f.at(0, 0) == picture_colour);
  CHECK(f.at(31, 15) == mixed(colour_of_class(2), 0.5F));
}

TEST_CASE("the input's pixels stay as they are") {
  Fixture f("fluvialsegvisual");
  f.batch_of(1);
  add_map(f.frame(), {1, 1}, {5});
  const auto before = f.input();
  f.run();
  CHECK(f.at(0, 0) == colour_of_class(5));
  CHECK(pixel_at(before->view(), 0, 0) == picture_colour);
}

TEST_CASE("each frame of a batch has its own map; one without is shown as it is, uncopied") {
  Fixture f("fluvialsegvisual");
  f.batch_of(3);
  add_map(f.frame(0), {1, 1}, {1});
  add_map(f.frame(2), {1, 1}, {2});
  f.run();
  CHECK(surface_count(f.out()) == 3);
  CHECK(f.at(5, 5, 0) == colour_of_class(1));
  CHECK(f.at(5, 5, 1) == picture_colour);
  CHECK(f.at(5, 5, 2) == colour_of_class(2));
  CHECK(f.copied_bytes() == 0);
}

TEST_CASE("a frame without a map is scaled to the size that is asked for") {
  Fixture f;
  f.set("width", 8, "height", 8);
  f.batch_of(1);
  f.run();
  CHECK(f.size() == Size{8, 8});
  CHECK(f.at(4, 4) == picture_colour);
}

TEST_CASE("operate-on-seg-meta-id chooses the inference; -1 and 0 take all, the last on top") {
  Fixture f("fluvialsegvisual");
  const auto run_with = [&](int id) {
    f.set("operate-on-seg-meta-id", id);
    f.batch_of(1);
    add_map(f.frame(), {1, 1}, {1}, 7);
    add_map(f.frame(), {1, 1}, {2}, 8);
    f.run();
    return f.at(0, 0);
  };
  CHECK(run_with(7) == colour_of_class(1));
  CHECK(run_with(8) == colour_of_class(2));
  CHECK(run_with(9) == picture_colour);
  const Rgb both = run_with(-1);
  CHECK(run_with(0) == both);
  CHECK(both != picture_colour);
}

TEST_CASE("metadata goes along: maps as they are, boxes with their picture") {
  Fixture f;
  f.set("width", 64, "height", 8);  // twice as wide, half as high
  f.batch_of(1);
  add_map(f.frame(), {2, 1}, {4, 5});
  auto* object = nvds_acquire_obj_meta_from_pool(f.frame()->base_meta.batch_meta);
  object->rect_params.left = 10;
  object->rect_params.top = 6;
  object->rect_params.width = 4;
  object->rect_params.height = 2;
  nvds_add_obj_meta_to_frame(f.frame(), object, nullptr);
  f.run();
  const auto* moved = static_cast<NvDsObjectMeta*>(f.frame_out()->obj_meta_list->data);
  CHECK(moved->rect_params.left == 20);
  CHECK(moved->rect_params.top == 3);
  CHECK(moved->rect_params.width == 8);
  CHECK(moved->rect_params.height == 1);
  const auto* user = static_cast<NvDsUserMeta*>(f.frame_out()->frame_user_meta_list->data);
  const auto* map = static_cast<NvDsInferSegmentationMeta*>(user->user_meta_data);
  CHECK(map->width == 2);
  CHECK(map->class_map[1] == 5);
}

TEST_CASE("a map that a program left empty, and a frame that is not there, are passed over") {
  Fixture f("fluvialsegvisual");
  f.batch_of(1);
  add_map(f.frame(), {0, 0}, {});
  add_map(f.frame(), {5, 5}, {});
  f.frame()->batch_id = 3;
  f.run();
  CHECK(f.at(0, 0) == picture_colour);
  f.batch_of(1);
  add_map(f.frame(), {5, 5}, {});
  f.run();
  CHECK(f.at(0, 0) == picture_colour);
}

TEST_CASE("a buffer without metadata is an error that says what to put before") {
  Fixture f;
  const std::string error = said(f.element(), [&] {
    auto surface = make_system_allocator()->allocate({PixelFormat::rgba, {32, 16}, {}});
    CHECK(f.push(new_batch_buffer({surface})) == GST_FLOW_ERROR);
  });
  CHECK(error == "the buffer has no batch metadata; put nvstreammux before this element");
}

TEST_CASE("a hundred frames without a map are told once, with what is there") {
  const auto said_after = [](int unique_id, int frames, bool has_map) {
    Fixture f("fluvialsegvisual");
    f.set("operate-on-seg-meta-id", unique_id);
    return said(f.element(), [&] {
      for (int i = 0; i < frames; ++i) {
        f.batch_of(1);
        if (has_map) add_map(f.frame(), {1, 1}, {1}, 7);
        f.run();
      }
    });
  };
  CHECK(said_after(-1, 99, false).empty());
  CHECK(said_after(-1, 300, true).empty());
  CHECK(said_after(-1, 100, false) ==
        "no map of classes on the first 100 frames, so that nothing is painted; put nvinfer with a segmentation model "
        "(network-type=2) before this element");
  CHECK(said_after(3, 100, true) ==
        "operate-on-seg-meta-id=3: the first 100 frames have maps of other inferences alone (gie-unique-id 7), so that "
        "nothing is painted; set it to one of these, or to -1 for all");
}

TEST_CASE("properties of DeepStream's that name its hardware are taken and kept") {
  Fixture f;
  f.set("gpu-on", FALSE, "gpu-id", 2, "batch-size", 4, "unique-id", 9);
  gboolean is_on_gpu = TRUE;
  guint batch_size = 0;
  g_object_get(f.element(), "gpu-on", &is_on_gpu, "batch-size", &batch_size, nullptr);
  CHECK_FALSE(is_on_gpu);
  CHECK(batch_size == 4);
}

TEST_CASE("in a pipeline, from any format, into a tile") {
  for (const char* format : {"NV12", "I420", "RGBA", "RGB", "BGRx", "GRAY8"}) {
    const ::testing::Pipeline pipeline(
        std::string("videotestsrc num-buffers=3 ! video/x-raw,width=64,height=48,format=") + format +
        " ! m.sink_0 fluvialmux name=m ! fluvialsegvisual original-background=true ! nvmultistreamtiler width=64 "
        "height=48 ! fluvialconvert ! video/x-raw,format=RGBA ! fakesink");
    const auto outcome = pipeline.play();
    CHECK_MESSAGE(outcome.has_ended, format << ": " << outcome.error);
  }
}
