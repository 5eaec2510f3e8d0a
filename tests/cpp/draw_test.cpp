// fluvialdraw: what stands in the pixels behind it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <gst/check/gstharness.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"

using namespace fluvial;

namespace {

using Rgb = std::array<int, 3>;

constexpr Rgb grey = {100, 100, 100};
constexpr Rgb red = {255, 0, 0};
constexpr Rgb green = {0, 255, 0};
constexpr Rgb blue = {0, 0, 255};
constexpr Rgb black = {0, 0, 0};

constexpr NvOSD_ColorParams red_colour = {1, 0, 0, 1};
constexpr NvOSD_ColorParams green_colour = {0, 1, 0, 1};
constexpr NvOSD_ColorParams blue_colour = {0, 0, 1, 1};
constexpr NvOSD_ColorParams white_colour = {1, 1, 1, 1};

// The element, a batch for it, and a look at the result.
class Fixture {
 public:
  explicit Fixture(int frames = 1, PixelFormat pixels = PixelFormat::rgba, Size size = {320, 240})
      : format_{pixels, size, {}}, harness_(gst_harness_new("fluvialdraw")) {
    auto* caps = surface_caps(format_, 30, 1, static_cast<guint>(frames));
    gst_harness_set_caps(harness_, gst_caps_ref(caps), caps);
    new_batch(frames);
  }
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

  void new_batch(int frames = 1) {
    std::vector<SurfacePtr> surfaces;
    for (int i = 0; i < frames; ++i) surfaces.push_back(grey_surface());
    use(std::move(surfaces));
  }
  void use(std::vector<SurfacePtr> surfaces) {
    if (in_) gst_buffer_unref(in_);
    const auto count = static_cast<guint>(surfaces.size());
    in_ = new_batch_buffer(std::move(surfaces));
    batch = add_batch_meta(in_, count);
    for (guint i = 0; i < count; ++i) {
      auto* added = nvds_acquire_frame_meta_from_pool(batch);
      added->batch_id = added->pad_index = i;
      nvds_add_frame_meta_to_batch(batch, added);
    }
  }
  SurfacePtr grey_surface() {
    auto surface = allocator_->allocate(format_);
    const auto view = surface->view();
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x) {
        auto* p = view.plane[0] + y * view.stride[0] + x * 4;
        p[0] = p[1] = p[2] = 100;
        p[3] = 255;
      }
    return surface;
  }

  NvDsFrameMeta* frame(guint index = 0) { return nvds_get_nth_frame_meta(batch->frame_meta_list, index); }
  NvDsObjectMeta* object(Box box, guint index = 0) {
    auto* added = nvds_acquire_obj_meta_from_pool(batch);
    added->rect_params.left = box.left;
    added->rect_params.top = box.top;
    added->rect_params.width = box.width;
    added->rect_params.height = box.height;
    nvds_add_obj_meta_to_frame(frame(index), added, nullptr);
    return added;
  }
  NvDsObjectMeta* bordered(Box box, guint width, NvOSD_ColorParams colour, guint index = 0) {
    auto* added = object(box, index);
    added->rect_params.border_width = width;
    added->rect_params.border_color = colour;
    return added;
  }
  NvDsObjectMeta* masked(Box box, guint columns, guint rows, guint size) {
    auto* added = object(box);
    added->rect_params.border_color = {1, 0, 0, 0.5};
    added->mask_params = {static_cast<float*>(g_malloc0(std::max(4U, size))), size, 0.5F, columns, rows};
    return added;
  }
  NvDsDisplayMeta* display() {
    auto* added = nvds_acquire_display_meta_from_pool(batch);
    nvds_add_display_meta_to_frame(frame(), added);
    return added;
  }

  GstFlowReturn push() {
    if (out_) gst_buffer_unref(std::exchange(out_, nullptr));
    const auto result = gst_harness_push(harness_, std::exchange(in_, nullptr));
    if (result == GST_FLOW_OK) out_ = gst_harness_pull(harness_);
    return result;
  }
  void draw() { REQUIRE(push() == GST_FLOW_OK); }

  Rgb at(int x, int y, std::size_t surface = 0) { return colour_of(*surface_at(out_, surface), x, y); }
  static Rgb colour_of(const Surface& surface, int x, int y) {
    const auto view = surface.view();
    const auto* p = view.plane[0] + y * view.stride[0] + x * 4;
    if (view.format == PixelFormat::bgrx) return {p[2], p[1], p[0]};
    return {p[0], p[1], p[2]};
  }
  // The smallest box around all pixels that are no longer grey: left, top, right, bottom (exclusive).
  std::array<int, 4> changed() {
    std::array<int, 4> box = {format_.size.width, format_.size.height, 0, 0};
    for (int y = 0; y < format_.size.height; ++y)
      for (int x = 0; x < format_.size.width; ++x)
        if (at(x, y) != grey)
          box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x + 1), std::max(box[3], y + 1)};
    return box;
  }
  bool is_untouched() { return changed()[2] == 0; }
  std::string error() {
    auto* bus = gst_bus_new();
    gst_element_set_bus(harness_->element, bus);
    push();
    auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    std::string text;
    if (message) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      text = error->message;
      g_error_free(error);
      gst_message_unref(message);
    }
    gst_element_set_bus(harness_->element, nullptr);
    gst_object_unref(bus);
    return text;
  }

  SurfacePtr surface(std::size_t index) { return surface_at(out_, index); }
  NvDsBatchMeta* batch = nullptr;

 private:
  SurfaceFormat format_;
  std::unique_ptr<Allocator> allocator_ = make_system_allocator();
  GstHarness* harness_;
  GstBuffer* in_ = nullptr;
  GstBuffer* out_ = nullptr;
};

void set_text(NvOSD_TextParams& params, const char* text, int x, int y) {
  params.display_text = g_strdup(text);
  params.x_offset = static_cast<unsigned>(x);
  params.y_offset = static_cast<unsigned>(y);
  params.font_params = {const_cast<char*>("Serif"), 11, white_colour};
  params.set_bg_clr = 1;
  params.text_bg_clr = blue_colour;
}

int distance(Rgb a, Rgb b) { return std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]); }

}  // namespace

TEST_CASE("a border lies inside its box, in whole pixels") {
  Fixture f;
  f.bordered({10.3F, 20.4F, 100, 50}, 3, red_colour);
  f.draw();
  CHECK(f.changed() == std::array<int, 4>{10, 20, 110, 70});
  CHECK(f.at(10, 20) == red);
  CHECK(f.at(12, 45) == red);
  CHECK(f.at(13, 45) == grey);
  CHECK(f.at(109, 69) == red);
  CHECK(f.at(60, 66) == grey);
  CHECK(f.at(60, 67) == red);
}

TEST_CASE("a border of 0 draws nothing, one thicker than its box fills it") {
  Fixture f;
  f.bordered({10, 10, 50, 50}, 0, red_colour);
  f.bordered({100, 100, 8, 30}, 5, green_colour);
  f.draw();
  CHECK(f.changed() == std::array<int, 4>{100, 100, 108, 130});
  CHECK(f.at(104, 115) == green);
}

TEST_CASE("a fill lies under the border and lets the picture through") {
  Fixture f;
  auto* object = f.bordered({10, 10, 50, 50}, 2, red_colour);
  object->rect_params.has_bg_color = 1;
  object->rect_params.bg_color = {0, 0, 1, 0.5};
  f.draw();
  CHECK(f.at(10, 10) == red);
  CHECK(distance(f.at(30, 30), {50, 50, 178}) <= 3);
}

TEST_CASE("BGRx frames get the same colours") {
  Fixture f(1, PixelFormat::bgrx);
  f.bordered({10, 10, 50, 50}, 2, red_colour);
  auto* display = f.display();
  display->num_lines = 1;
  display->line_params[0] = {100, 100, 200, 100, 4, blue_colour};
  f.draw();
  CHECK(f.at(10, 10) == red);
  CHECK(f.at(150, 100) == blue);
}

TEST_CASE("a box turns by its angle, but not by a tiny one") {
  Fixture f;
  f.bordered({100, 100, 100, 40}, 4, red_colour)->rect_params.rotation_angle = 90;
  f.draw();
  CHECK(f.changed() == std::array<int, 4>{130, 70, 170, 170});

  f.new_batch();
  f.bordered({100, 100, 100, 40}, 4, red_colour)->rect_params.rotation_angle = 0.0005F;
  f.draw();
  CHECK(f.changed() == std::array<int, 4>{100, 100, 200, 140});
}

TEST_CASE("numbers that are none, and boxes outside of the frame, are survived") {
  Fixture f;
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const float wild : {nan, infinity, -infinity, 1e30F, -1e30F}) {
    f.bordered({wild, 10, 50, 50}, 3, {wild, wild, wild, 1});
    f.bordered({1000, wild, wild, wild}, G_MAXUINT, red_colour)->rect_params.rotation_angle = wild;
    auto* masked = f.masked({wild, wild, wild, wild}, 2, 2, 16);
    masked->mask_params.data[0] = wild;
  }
  f.bordered({-500, -500, 100, 100}, 3, red_colour);
  f.set("blur-bbox", 2);
  auto* display = f.display();
  display->num_rects = display->num_lines = display->num_arrows = display->num_circles = display->num_labels = 4000;
  for (int i = 0; i < 16; ++i) {
    const auto wild = i % 2 ? 0x80000000U : 0x7FFFFFFFU;
    display->line_params[i] = {wild, wild, ~wild, 5, wild, red_colour};
    display->arrow_params[i] = {wild, 3, 5, wild, wild, BOTH_HEAD, red_colour};
    display->circle_params[i] = {wild, wild, wild, red_colour, 1, red_colour, wild};
  }
  f.draw();
}

TEST_CASE("text starts at its offset, on a background of its size") {
  Fixture f;
  set_text(f.object({0, 0, 0, 0})->text_params, "Car 7", 40, 50);
  f.draw();
  const auto box = f.changed();
  CHECK(box[0] == 40);
  CHECK(box[1] == 50);
  // Serif 11 at 96 dpi is about 15 pixels high plus leading, half as wide a letter.
  CHECK(box[2] - box[0] > 25);
  CHECK(box[2] - box[0] < 80);
  CHECK(box[3] - box[1] >= 12);
  CHECK(box[3] - box[1] <= 26);
  CHECK(f.at(40, 50) == blue);
  CHECK(f.at(box[2] - 1, box[3] - 1) == blue);
  bool has_white = false;
  for (int y = box[1]; y < box[3]; ++y)
    for (int x = box[0]; x < box[2]; ++x) has_white |= distance(f.at(x, y), {255, 255, 255}) < 60;
  CHECK(has_white);
}

TEST_CASE("a newline makes a second line") {
  Fixture f;
  set_text(f.object({0, 0, 0, 0})->text_params, "Car", 40, 50);
  f.draw();
  const auto one = f.changed();
  f.new_batch();
  set_text(f.object({0, 0, 0, 0})->text_params, "Car\nred", 40, 50);
  f.draw();
  CHECK(f.changed()[3] - 50 == doctest::Approx(2 * (one[3] - 50)).epsilon(0.1));
}

TEST_CASE("an offset above or left of the frame becomes 0") {
  Fixture f;
  set_text(f.object({0, 0, 0, 0})->text_params, "Car", -20, -10);
  f.draw();
  CHECK(f.at(0, 0) == blue);
  CHECK(f.changed()[0] == 0);
  CHECK(f.changed()[1] == 0);
}

TEST_CASE("empty and missing text, and a frame without anything, leave the pixels alone") {
  Fixture f;
  set_text(f.object({0, 0, 0, 0})->text_params, "", 10, 10);
  auto* display = f.display();
  display->num_labels = 2;
  f.draw();
  CHECK(f.is_untouched());
}

TEST_CASE("text that is not UTF-8, has no font or is very long is drawn as well as can be") {
  Fixture f;
  set_text(f.object({0, 0, 0, 0})->text_params, "caf\xe9 \xff", 10, 10);
  auto* unnamed = f.object({0, 0, 0, 0});
  set_text(unnamed->text_params, "no font", 10, 60);
  unnamed->text_params.font_params.font_name = nullptr;
  unnamed->text_params.font_params.font_size = 0;
  auto* wild = f.object({0, 0, 0, 0});
  set_text(wild->text_params, std::string(100000, 'w').c_str(), 10, 100);
  wild->text_params.font_params.font_name = const_cast<char*>("\xff\xfe");
  wild->text_params.font_params.font_size = 4000000000U;
  f.draw();
  CHECK(f.at(10, 10) == blue);
  CHECK(f.at(10, 60) == blue);
  CHECK(f.at(10, 100) != grey);
}

TEST_CASE("lines, arrows and circles") {
  Fixture f;
  auto* display = f.display();
  display->num_lines = 1;
  display->line_params[0] = {10, 20, 110, 20, 4, red_colour};
  display->num_arrows = 3;
  display->arrow_params[0] = {10, 60, 110, 60, 2, START_HEAD, green_colour};
  display->arrow_params[1] = {10, 100, 110, 100, 2, END_HEAD, green_colour};
  display->arrow_params[2] = {10, 140, 110, 140, 2, BOTH_HEAD, green_colour};
  display->num_circles = 2;
  display->circle_params[0] = {200, 60, 20, blue_colour, 0, {}, 4};
  display->circle_params[1] = {200, 140, 20, blue_colour, 1, red_colour, 0};
  f.draw();

  CHECK(f.at(60, 18) == red);
  CHECK(f.at(60, 21) == red);
  CHECK(f.at(60, 17) == grey);
  CHECK(f.at(60, 22) == grey);

  // Behind its tip a head is wider than the shaft.
  const auto has_head = [&](int x, int y) { return f.at(x, y - 2) == green && f.at(x, y + 1) == green; };
  CHECK(has_head(18, 60));
  CHECK_FALSE(has_head(102, 60));
  CHECK_FALSE(has_head(18, 100));
  CHECK(has_head(102, 100));
  CHECK(has_head(18, 140));
  CHECK(has_head(102, 140));
  CHECK(f.at(60, 60) == green);

  CHECK(f.at(200, 60) == grey);
  CHECK(f.at(220, 60) == blue);
  CHECK(f.at(200, 40) == blue);
  CHECK(f.at(200, 36) == grey);
  CHECK(f.at(200, 140) == red);
  CHECK(f.at(200, 120) == blue);
}

TEST_CASE("a mask is stretched over its box and tints what is above the threshold") {
  Fixture f;
  auto* object = f.masked({40, 40, 100, 100}, 4, 4, 64);
  for (int i = 0; i < 16; ++i) object->mask_params.data[i] = i % 4 < 2 ? 1.0F : 0.0F;  // the left half
  f.draw();
  CHECK(distance(f.at(60, 90), {178, 50, 50}) <= 3);
  CHECK(f.at(120, 90) == grey);
  CHECK(f.changed() == std::array<int, 4>{40, 40, 90, 140});
}

TEST_CASE("an object without colours gets its class's for the mask") {
  Fixture f;
  std::array<Rgb, 2> colours;
  for (int c = 0; c < 2; ++c) {
    f.new_batch();
    auto* object = f.masked({40, 40, 100, 100}, 2, 2, 16);
    object->rect_params.border_color = {};
    object->class_id = c;
    std::fill_n(object->mask_params.data, 4, 1.0F);
    f.draw();
    colours[static_cast<std::size_t>(c)] = f.at(90, 90);
  }
  CHECK(colours[0] != grey);
  CHECK(colours[0] != colours[1]);
}

TEST_CASE("numbers that are no mask are not drawn") {
  Fixture f;
  f.masked({40, 40, 100, 100}, 640, 640, 17 * 3 * 4);  // key points of a pose
  f.masked({40, 40, 100, 100}, 0, 0, 64);
  f.masked({40, 40, 100, 100}, 65536, 65536, 0);  // 2^32 numbers are 0 in 32 bits
  g_free(std::exchange(f.masked({40, 40, 100, 100}, 4, 4, 64)->mask_params.data, nullptr));
  f.draw();
  CHECK(f.is_untouched());
}

TEST_CASE("each frame's metadata goes onto its own surface") {
  Fixture f(3);
  f.bordered({10, 10, 50, 50}, 2, red_colour, 1);
  f.draw();
  CHECK(f.at(10, 10, 0) == grey);
  CHECK(f.at(10, 10, 1) == red);
  CHECK(f.at(10, 10, 2) == grey);
}

TEST_CASE("pixels that others see are copied before they are drawn on, and only then") {
  Fixture f(2);
  const auto drawn = f.grey_surface(), plain = f.grey_surface();
  f.use({drawn, plain});
  f.bordered({10, 10, 50, 50}, 2, red_colour, 0);
  set_text(f.object({0, 0, 0, 0}, 1)->text_params, "", 0, 0);
  f.draw();
  CHECK(f.at(10, 10) == red);
  CHECK(Fixture::colour_of(*drawn, 10, 10) == grey);
  CHECK(f.surface(0) != drawn);
  CHECK(f.surface(1) == plain);
}

TEST_CASE("switches leave their kind of drawing out") {
  Fixture f;
  f.set("display-text", FALSE, "display-bbox", FALSE, "display-mask", FALSE);
  set_text(f.bordered({10, 10, 50, 50}, 2, red_colour)->text_params, "Car", 40, 50);
  std::fill_n(f.masked({40, 40, 100, 100}, 2, 2, 16)->mask_params.data, 4, 1.0F);
  f.draw();
  CHECK(f.is_untouched());
}

TEST_CASE("the clock stands where it is put, in its colour") {
  Fixture f;
  f.set("display-clock", TRUE, "x-clock-offset", 20, "y-clock-offset", 30, "clock-color", 0xFF0000FFU,
        "clock-font-size", 20);
  f.draw();
  const auto box = f.changed();
  CHECK(box[0] >= 20);
  CHECK(box[1] >= 30);
  CHECK(box[2] > 150);
  bool has_red = false;
  for (int y = box[1]; y < box[3]; ++y)
    for (int x = box[0]; x < box[2]; ++x) has_red |= distance(f.at(x, y), red) < 40;
  CHECK(has_red);
}

TEST_CASE("a blur mixes what is in the box of the chosen objects") {
  Fixture f;
  const auto surface = f.grey_surface();
  const auto view = surface->view();
  for (int y = 0; y < view.height; ++y)  // columns of black and white, 4 pixels wide
    for (int x = 0; x < view.width; ++x)
      for (int c = 0; c < 3; ++c) view.plane[0][y * view.stride[0] + x * 4 + c] = x / 4 % 2 ? 255 : 0;
  const auto run = [&](int mode, int gie) {
    f.set("blur-bbox", mode, "blur-on-gie-class-ids", "2,7");
    f.use({surface});
    auto* object = f.object({40, 40, 96, 96});
    object->unique_component_id = gie;
    object->class_id = 7;
    f.draw();
  };
  run(1, 2);
  CHECK(distance(f.at(88, 88), {128, 128, 128}) < 40);
  CHECK(distance(f.at(41, 41), {128, 128, 128}) < 60);
  CHECK(f.at(24, 24) == black);
  run(2, 2);
  CHECK(distance(f.at(88, 88), {128, 128, 128}) < 40);
  CHECK(f.at(41, 41) == black);
  run(1, 3);
  CHECK(f.at(88, 88) == black);
  run(0, 2);  // programs that know only the classes
  CHECK(distance(f.at(88, 88), {128, 128, 128}) < 40);
}

TEST_CASE("a wrong list of classes is an error that says how to write it") {
  Fixture f;
  f.set("blur-on-gie-class-ids", "1,0;two");
  f.bordered({10, 10, 50, 50}, 2, red_colour);
  const auto error = f.error();
  CHECK(error.find("blur-on-gie-class-ids='1,0;two'") != std::string::npos);
  CHECK(error.find("1,0;1,2") != std::string::npos);
}

TEST_CASE("a thousand frames of new texts do not let the cache grow without end") {
  Fixture f(1, PixelFormat::rgba, {64, 48});
  for (int i = 0; i < 1000; ++i) {
    f.new_batch();
    for (int j = 0; j < 3; ++j) set_text(f.object({0, 0, 0, 0})->text_params, std::to_string(3 * i + j).c_str(), 0, 0);
    f.draw();
  }
  CHECK(f.get("cached-texts") <= 1024);
  CHECK(f.get("cached-texts") > 100);
}

TEST_CASE("the same texts are laid out once") {
  Fixture f;
  for (int i = 0; i < 20; ++i) {
    f.new_batch();
    set_text(f.object({0, 0, 0, 0})->text_params, "Car", i, i);
    f.draw();
  }
  CHECK(f.get("cached-texts") == 1);
}

TEST_CASE("a frame meta without a surface, and a buffer without metadata, pass") {
  Fixture f;
  f.bordered({10, 10, 50, 50}, 2, red_colour);
  f.frame()->batch_id = 7;
  f.draw();
  CHECK(f.is_untouched());
}

TEST_CASE("DeepStream's name is the same element with its own name") {
  auto* element = gst_element_factory_make("nvdsosd", nullptr);
  REQUIRE(element);
  CHECK(g_str_has_prefix(GST_OBJECT_NAME(element), "nvdsosd"));
  g_object_set(element, "process-mode", 0, "gpu-id", 3, nullptr);
  int mode = -1;
  g_object_get(element, "process-mode", &mode, nullptr);
  CHECK(mode == 0);
  gst_object_unref(element);
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  return doctest::Context(argc, argv).run();
}
