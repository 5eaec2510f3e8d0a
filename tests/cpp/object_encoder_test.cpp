// JPEG pictures of objects and frames: nvds_obj_encode.h as C++ programs use it, and the encoder below it.
#include "leaks.h"
#include "pictures.h"

#include <cstddef>
#include <cstdio>
#include <filesystem>

#include <jpeglib.h>

#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/jpeg/object_encoder.h"
#include "surface/nvbuf_view.h"
#include "surface/view_surface.h"

using namespace fluvial;
using namespace testing;

namespace {

constexpr PixelFormat packed[] = {PixelFormat::rgba, PixelFormat::bgrx, PixelFormat::rgb, PixelFormat::gray8};

// A picture without edges, as RGB.
Rgb shade(int x, int y) { return {20.0 + 3 * x, 230.0 - 3 * y, 100}; }

SurfacePtr painted(PixelFormat format, Size size = {64, 48}) {
  auto allocator = make_system_allocator();
  auto rgba = allocator->allocate({PixelFormat::rgba, size, {}});
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      auto* p = at(rgba->view(), 0, 4 * x, y);
      const Rgb c = shade(x, y);
      p[0] = level(c.r), p[1] = level(c.g), p[2] = level(c.b), p[3] = 255;
    }
  auto surface = allocator->allocate({format, size, {}});
  allocator->transform(*rgba, *surface, {});
  return surface;
}

struct Decoded {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
};

Decoded decode(const std::uint8_t* data, std::size_t size) {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, const_cast<std::uint8_t*>(data), size);
  REQUIRE(jpeg_read_header(&info, TRUE) == JPEG_HEADER_OK);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  Decoded out{static_cast<int>(info.output_width), static_cast<int>(info.output_height), {}};
  out.rgb.resize(std::size_t{3} * info.output_width * info.output_height);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = out.rgb.data() + std::size_t{3} * info.output_width * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return out;
}

double worst(const Decoded& picture, const ImageView& view, int left, int top) {
  double worst = 0;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x) {
      const auto* p = &picture.rgb[std::size_t(3) * (std::size_t(y) * picture.width + x)];
      const Rgb c = read_pixel(view, left + x, top + y);
      worst = std::max({worst, std::abs(p[0] - c.r), std::abs(p[1] - c.g), std::abs(p[2] - c.b)});
    }
  return worst;
}

// A buffer of one frame with one object, as a probe sees it.
struct Scene {
  GstBuffer* buffer;
  NvDsFrameMeta* frame;
  NvDsObjectMeta* object;

  explicit Scene(PixelFormat format) {
    buffer = new_batch_buffer({painted(format)});
    auto* batch = add_batch_meta(buffer, 1);
    frame = nvds_acquire_frame_meta_from_pool(batch);
    nvds_add_frame_meta_to_batch(batch, frame);
    object = nvds_acquire_obj_meta_from_pool(batch);
    object->rect_params.left = 8;
    object->rect_params.top = 4;
    object->rect_params.width = 32;
    object->rect_params.height = 24;
    nvds_add_obj_meta_to_frame(frame, object, nullptr);
  }
  ~Scene() { close(); }
  Scene(const Scene&) = delete;
  void close() { gst_clear_buffer(&buffer); }

  NvBufSurface* surface() const { return nvbuf_surface_of(buffer); }
  ImageView view() const { return surface_at(buffer, 0)->view(); }
  const NvDsObjEncOutParams* picture() const {
    if (!object->obj_user_meta_list) return nullptr;
    auto* user = static_cast<NvDsUserMeta*>(object->obj_user_meta_list->data);
    CHECK(user->base_meta.meta_type == NVDS_CROP_IMAGE_META);
    return static_cast<NvDsObjEncOutParams*>(user->user_meta_data);
  }
};

NvDsObjEncUsrArgs attached() {
  NvDsObjEncUsrArgs args{};
  args.attachUsrMeta = true;
  args.quality = 95;
  return args;
}

// As one on a GPU: a copy costs as much as what is copied.
class FarSurface final : public Surface {
 public:
  explicit FarSurface(const ImageView& pixels)
      : Surface({pixels.format, {pixels.width, pixels.height}, {}}), pixels_(pixels) {}
  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_CUDA_DEVICE; }
  bool is_private() const override { return false; }
  ImageView view() const override {
    whole_copies += 1;
    return pixels_;
  }
  HostPixels part(const Box& box) const override {
    part_width = box.width;
    part_height = box.height;
    return ViewSurface(pixels_).part(box);
  }
  mutable int whole_copies = 0;
  mutable float part_width = 0, part_height = 0;

 private:
  ImageView pixels_;
};

}  // namespace

TEST_CASE("of a surface that is far away the object's pixels alone are copied") {
  Scene scene(PixelFormat::nv12);
  const FarSurface far(scene.view());
  ObjectEncoder encoder;
  REQUIRE(encoder.add(attached(), far, scene.object, scene.frame));
  encoder.finish();
  CHECK(far.whole_copies == 0);
  CHECK(far.part_width == 32);
  CHECK(far.part_height == 24);
  REQUIRE(scene.picture());
  CHECK(worst(decode(scene.picture()->outBuffer, scene.picture()->outLen), scene.view(), 8, 4) <= 10);
  auto args = attached();
  args.isFrame = true;
  REQUIRE(encoder.add(args, far, nullptr, scene.frame));
  CHECK(far.whole_copies == 1);
}

TEST_CASE("the structs have DeepStream's layout") {
  CHECK(sizeof(NvDsObjEncUsrArgs) == 1048);
  CHECK(offsetof(NvDsObjEncUsrArgs, fileNameImg) == 12);
  CHECK(offsetof(NvDsObjEncUsrArgs, quality) == 1040);
  CHECK(sizeof(NvDsObjEncOutParams) == 16);
}

TEST_CASE("a picture decodes to its pixels, within JPEG's error") {
  for (const auto format : packed) {
    CAPTURE(name_of(format));
    const auto surface = painted(format);
    const auto jpeg = encode_jpeg(surface->view(), 95);
    const auto picture = decode(jpeg.data.get(), jpeg.size);
    CHECK(picture.width == 64);
    CHECK(picture.height == 48);
    CHECK(worst(picture, surface->view(), 0, 0) <= 10);
  }
}

TEST_CASE("what libjpeg cannot do is an exception with its text") {
  CHECK_THROWS_WITH(encode_jpeg(painted(PixelFormat::nv12)->view(), 95),
                    "JPEG is not made from NV12; convert it first");
  ImageView huge = painted(PixelFormat::rgba)->view();
  huge.width = 70000;
  CHECK_THROWS_WITH(encode_jpeg(huge, 95), "JPEG of 70000x48: Maximum supported image dimension is 65500 pixels");
}

TEST_CASE("an object of every format is attached to its metadata by the C functions") {
  for (const auto format : {PixelFormat::nv12, PixelFormat::i420, PixelFormat::rgba, PixelFormat::rgb,
                            PixelFormat::bgrx, PixelFormat::gray8}) {
    CAPTURE(name_of(format));
    Scene scene(format);
    auto* ctx = nvds_obj_enc_create_context(0);
    auto args = attached();
    CHECK(nvds_obj_enc_process(ctx, &args, scene.surface(), scene.object, scene.frame));
    nvds_obj_enc_finish(ctx);
    nvds_obj_enc_destroy_context(ctx);
    REQUIRE(scene.picture());
    const auto picture = decode(scene.picture()->outBuffer, scene.picture()->outLen);
    CHECK(picture.width == 32);
    CHECK(picture.height == 24);
    CHECK(worst(picture, scene.view(), 8, 4) <= 10);
  }
}

TEST_CASE("the C functions refuse what is missing or wrong, and queue nothing") {
  Scene scene(PixelFormat::rgba);
  auto* ctx = nvds_obj_enc_create_context(0);
  auto args = attached();
  CHECK_FALSE(nvds_obj_enc_process(nullptr, &args, scene.surface(), scene.object, scene.frame));
  CHECK_FALSE(nvds_obj_enc_process(ctx, nullptr, scene.surface(), scene.object, scene.frame));
  CHECK_FALSE(nvds_obj_enc_process(ctx, &args, nullptr, scene.object, scene.frame));
  CHECK_FALSE(nvds_obj_enc_process(ctx, &args, scene.surface(), scene.object, nullptr));
  CHECK_FALSE(nvds_obj_enc_process(ctx, &args, scene.surface(), nullptr, scene.frame));
  args.quality = 101;
  CHECK_FALSE(nvds_obj_enc_process(ctx, &args, scene.surface(), scene.object, scene.frame));
  nvds_obj_enc_finish(ctx);
  nvds_obj_enc_finish(nullptr);
  nvds_obj_enc_destroy_context(ctx);
  nvds_obj_enc_destroy_context(nullptr);
  CHECK(scene.object->obj_user_meta_list == nullptr);
}

TEST_CASE("surfaces that the CPU cannot read are refused with the reason") {
  Scene scene(PixelFormat::rgba);
  CHECK_THROWS_WITH(view_in(*scene.surface(), 1), "surface 1: the batch holds 1");
  NvBufSurface copy = *scene.surface();
  copy.memType = NVBUF_MEM_CUDA_DEVICE;
  CHECK_THROWS_WITH(view_in(copy, 0), "memory type 2 is not visible to the CPU");
  NvBufSurfaceParams params = scene.surface()->surfaceList[0];
  copy = *scene.surface();
  copy.surfaceList = &params;
  params.colorFormat = NVBUF_COLOR_FORMAT_YUV444;
  CHECK_THROWS_WITH(view_in(copy, 0), "colour format 18 is none of { NV12, I420, RGBA, RGB, BGRx, GRAY8 }");
}

TEST_CASE("a picture of an object that is gone is said, and its bytes are freed") {
  for (const bool is_whole_batch : {false, true}) {
    ObjectEncoder encoder;
    Scene scene(PixelFormat::rgba);
    encoder.add(attached(), scene.view(), scene.object, scene.frame);
    is_whole_batch ? scene.close() : nvds_remove_obj_meta_from_frame(scene.frame, scene.object);
    CHECK_THROWS_WITH(encoder.finish(), doctest::Contains("1 of 1 pictures failed"));
    encoder.finish();
  }
}

TEST_CASE("a thousand pictures without a finish are attached meanwhile: what waits is bounded") {
  ObjectEncoder encoder;
  Scene scene(PixelFormat::rgba);
  for (int i = 0; i < 1000; ++i) REQUIRE(encoder.add(attached(), scene.view(), scene.object, scene.frame));
  CHECK(g_list_length(scene.object->obj_user_meta_list) >= 1000 - 65);
  encoder.finish();
  CHECK(g_list_length(scene.object->obj_user_meta_list) == 1000);
}

TEST_CASE("a file is whole or not there, and failures are counted") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("encoder-" + std::to_string(g_random_int()));
  fs::create_directory(folder);
  ObjectEncoder encoder;
  Scene scene(PixelFormat::i420);
  NvDsObjEncUsrArgs args{};
  args.saveImg = args.isFrame = true;
  for (const char* name : {"a.jpg", "none/b.jpg"}) {
    g_snprintf(args.fileNameImg, sizeof(args.fileNameImg), "%s/%s", folder.c_str(), name);
    REQUIRE(encoder.add(args, scene.view(), nullptr, scene.frame));
  }
  CHECK_THROWS_WITH(encoder.finish(), doctest::Contains("1 of 2 pictures failed"));
  CHECK(std::distance(fs::directory_iterator(folder), {}) == 1);
  gchar* bytes = nullptr;
  gsize size = 0;
  REQUIRE(g_file_get_contents((folder / "a.jpg").c_str(), &bytes, &size, nullptr));
  CHECK(decode(reinterpret_cast<std::uint8_t*>(bytes), size).width == 64);
  g_free(bytes);
  fs::remove_all(folder);
}
