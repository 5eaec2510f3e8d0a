// The GPU's drawing, run on the host and compared with the CPU's canvas on the same frames.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>
#include <random>

// Parts of the plugin, which exports nothing.
#include "elements/draw/canvas.cpp"        // NOLINT
#include "elements/draw/gpu/drawing.cpp"   // NOLINT
#include "elements/draw/pixel_canvas.cpp"  // NOLINT
#include "elements/draw/pixels.cpp"        // NOLINT
#include "elements/draw/shapes.cpp"        // NOLINT
#include "elements/draw/text.cpp"          // NOLINT
#include "kernels_on_host.h"
#include "pictures.h"

#include "surface/cuda/kernels/paint_tiles.cu"

using namespace fluvial;
using namespace testing;

namespace {

using Body = std::function<void(Canvas&, TextRenderer&)>;

void paint_on_host(const cuda::Drawing& drawing, const cuda::Primitives& primitives) {
  const auto lists = cuda::lists_of(drawing.pictures, primitives);
  run_kernel({static_cast<unsigned>(lists.tiles.size()), 1, 1}, {32, 8, 1}, [&] {
    cuda::paint_tiles(drawing.pictures.data(), lists.tiles.data(), lists.lists.data(), primitives.all.data());
  });
}

void measure_on_host(const cuda::Drawing& drawing) {
  int cells = 0;
  for (const auto& p : drawing.blurs.all) cells = std::max(cells, p.columns * p.rows);
  const auto blocks = static_cast<unsigned>((cells + cuda::means_of_block - 1) / cuda::means_of_block);
  const dim3 threads{32 * cuda::means_of_block, 1, 1};
  run_together({blocks, static_cast<unsigned>(drawing.blurs.all.size()), 1}, threads, [&] {
    cuda::blur_means(drawing.pictures.data(), drawing.blurs.picture_of.data(), drawing.blurs.all.data());
  });
}

void finish_on_host(cuda::Drawing& drawing) {
  cuda::settle(drawing.primitives, drawing.data.data());
  cuda::settle(drawing.blurs, drawing.data.data());
  paint_on_host(drawing, drawing.primitives);
  measure_on_host(drawing);
  paint_on_host(drawing, drawing.blurs);
}

const void* bytes_of_text(const TextPicture& text) { return cairo_image_surface_get_data(text.alpha.get()); }

// The largest difference, in grey levels, of what both paint.
int difference_of(PixelFormat format, Size size, const std::vector<Body>& bodies) {
  auto allocator = make_system_allocator();
  std::vector<SurfacePtr> expected, got;
  TextRenderer texts;
  cuda::Drawing drawing;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    for (auto* pictures : {&expected, &got}) {
      pictures->push_back(allocator->allocate({format, size, {}}));
      paint(pictures->back()->view(), static_cast<unsigned>(i + 1));
    }
    PixelCanvas canvas(expected[i]->view());
    bodies[i](canvas, texts);
    const ImageView view = got[i]->view();
    drawing.pictures.push_back({view.plane[0], view.stride[0], view.width, view.height});
    cuda::DrawingCanvas written(drawing, format, bytes_of_text);
    bodies[i](written, texts);
  }
  finish_on_host(drawing);
  int most = 0;
  for (std::size_t i = 0; i < bodies.size(); ++i)
    most = std::max(most, difference(expected[i]->view(), got[i]->view()));
  return most;
}

int difference_of(const Body& body) {
  return std::max(difference_of(PixelFormat::rgba, {201, 133}, {body}),
                  difference_of(PixelFormat::bgrx, {96, 64}, {body}));
}

NvOSD_ColorParams colour(double red, double green, double blue, double alpha = 1) { return {red, green, blue, alpha}; }

NvOSD_RectParams box(float left, float top, float width, float height, unsigned border, float angle = 0) {
  NvOSD_RectParams rect{};
  rect.left = left;
  rect.top = top;
  rect.width = width;
  rect.height = height;
  rect.border_width = border;
  rect.border_color = colour(1, 0.2, 0.1, 0.8);
  rect.has_bg_color = 1;
  rect.bg_color = colour(0, 0.4, 1, 0.3);
  rect.rotation_angle = angle;
  return rect;
}

void write(Canvas& canvas, TextRenderer& texts, const char* words, unsigned x, unsigned y, unsigned points = 12) {
  NvOSD_TextParams text{};
  text.display_text = const_cast<char*>(words);
  text.x_offset = x;
  text.y_offset = y;
  text.font_params = {const_cast<char*>("Serif"), points, colour(1, 0.9, 0.2, 0.9)};
  text.set_bg_clr = 1;
  text.text_bg_clr = colour(0, 0, 0, 0.6);
  canvas.text(text, texts);
}

}  // namespace

TEST_CASE("boxes, filled and bordered, in the frame and beyond it") {
  CHECK(difference_of([](Canvas& canvas, TextRenderer&) {
          canvas.rect(box(10, 12, 60, 40, 3));
          canvas.rect(box(-20, -5, 60, 40, 2));
          canvas.rect(box(80, 50, 400, 400, 5));
          canvas.rect(box(30, 30, 4, 4, 9));
          canvas.rect(box(std::nanf(""), 0, 10, 10, 1));
        }) == 0);
}

TEST_CASE("turned boxes, lines and arrows of any width and direction") {
  for (int angle = 0; angle < 360; angle += 23) {
    CAPTURE(angle);
    CHECK(difference_of([angle](Canvas& canvas, TextRenderer&) {
            canvas.rect(box(30, 20, 60, 30, 3, static_cast<float>(angle) + 0.5F));
            const double x = 50 + 45 * std::cos(angle / 57.3), y = 40 + 45 * std::sin(angle / 57.3);
            const auto at = [](double v) { return static_cast<unsigned>(static_cast<int>(v)); };
            canvas.line({50, 40, at(x), at(y), static_cast<unsigned>(1 + angle % 5), colour(0, 1, 0, 0.7)});
            NvOSD_ArrowParams arrow{};
            arrow.x1 = 50;
            arrow.y1 = 40;
            arrow.x2 = at(x);
            arrow.y2 = at(y);
            arrow.arrow_width = 2;
            arrow.arrow_head = angle % 2 ? BOTH_HEAD : END_HEAD;
            arrow.arrow_color = colour(1, 1, 0);
            canvas.arrow(arrow);
            canvas.line({50, 40, at(3 * x), at(3 * y), 1, colour(1, 0, 1)});
          }) <= 1);
  }
}

TEST_CASE("circles with and without a disc") {
  CHECK(difference_of([](Canvas& canvas, TextRenderer&) {
          canvas.circle({40, 30, 20, colour(1, 0, 0), 1, colour(0, 1, 0, 0.4), 3});
          canvas.circle({0, 0, 35, colour(0, 0, 1, 0.5), 0, {}, 1});
          canvas.circle({90, 60, 3, colour(1, 1, 1), 1, colour(1, 1, 1), 1});
        }) <= 1);
}

TEST_CASE("texts on their backgrounds, cut at the frame's edges") {
  CHECK(difference_of([](Canvas& canvas, TextRenderer& texts) {
          write(canvas, texts, "person 0.87", 10, 10);
          write(canvas, texts, "Überholt\nzweite Zeile", 50, 40, 18);
          write(canvas, texts, "at the right edge", 70, 50, 30);
        }) <= 1);
}

TEST_CASE("masks are stretched over their boxes and tint what is above the threshold") {
  std::vector<float> numbers(28 * 20);
  std::mt19937 random(3);
  for (auto& number : numbers) number = static_cast<float>(random() % 1000) / 1000;
  NvOSD_MaskParams mask{};
  mask.data = numbers.data();
  mask.size = static_cast<unsigned>(numbers.size() * sizeof(float));
  mask.width = 28;
  mask.height = 20;
  mask.threshold = 0.5F;
  CHECK(difference_of([&mask](Canvas& canvas, TextRenderer&) {
          canvas.mask(mask, {5.5F, 3.25F, 80, 50}, colour(1, 0, 0, 0.5));
          canvas.mask(mask, {-10, 20, 30, 200}, colour(0, 1, 0, 0.5));
        }) == 0);
}

TEST_CASE("blurs of boxes and ellipses hide what lies under them, drawings too") {
  CHECK(difference_of([](Canvas& canvas, TextRenderer&) {
          canvas.rect(box(10, 12, 40, 30, 3));
          canvas.blur({5, 5, 30, 41}, BlurShape::box);
          canvas.blur({40.5F, 10.5F, 50, 50}, BlurShape::ellipse);
        }) <= 1);
}

TEST_CASE("what overlaps comes in order, and each picture of a batch gets its own") {
  std::vector<Body> bodies;
  for (int i = 0; i < 5; ++i)
    bodies.emplace_back([i](Canvas& canvas, TextRenderer& texts) {
      std::mt19937 random(static_cast<unsigned>(i));
      const auto any = [&random](int low, int high) {
        return static_cast<float>(low + static_cast<int>(random() % static_cast<unsigned>(high - low)));
      };
      for (int k = 0; k < 20 * i; ++k) {
        canvas.rect(box(any(-20, 190), any(-20, 120), any(1, 90), any(1, 70), static_cast<unsigned>(k % 4)));
        canvas.circle({static_cast<unsigned>(any(0, 200)), static_cast<unsigned>(any(0, 130)), 9, colour(1, 0, 0, 0.5),
                       1, colour(0, 1, 0, 0.4), 2});
        write(canvas, texts, "car 0.5", static_cast<unsigned>(any(0, 190)), static_cast<unsigned>(any(0, 130)));
      }
    });
  const int off = difference_of(PixelFormat::rgba, {200, 130}, bodies);
  MESSAGE("at most ", off, " grey levels");
  CHECK(off <= 2);
}
