#include "surface/jpeg/jpeg.h"

// jpeglib.h wants size_t and FILE to be known.
#include <cstdio>

#include <jpeglib.h>

#include <csetjmp>
#include <stdexcept>
#include <string>

#include "surface/format.h"

namespace fluvial {
namespace {

// libjpeg ends the process when an error comes and error_exit returns, so it jumps out.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf out;
  char text[JMSG_LENGTH_MAX];
};

[[noreturn]] void jump_out(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  failure->manager.format_message(info, failure->text);
  std::longjmp(failure->out, 1);
}

void say_nothing(j_common_ptr) {}  // libjpeg prints warnings on its own

struct Layout {
  J_COLOR_SPACE space;
  int channels;
};

Layout layout_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgba: return {JCS_EXT_RGBA, 4};
    case PixelFormat::bgrx: return {JCS_EXT_BGRX, 4};
    case PixelFormat::rgb: return {JCS_RGB, 3};
    case PixelFormat::gray8: return {JCS_GRAYSCALE, 1};
    default: throw std::runtime_error(std::string("JPEG is not made from ") + name_of(format) + "; convert it first");
  }
}

struct Output {
  unsigned char* data = nullptr;
  unsigned long size = 0;
};

// Only plain values here: a jump runs no destructors.
bool compress(jpeg_compress_struct& info, Failure& failure, const ImageView& picture, Layout layout, int quality,
              Output& output) {
  if (setjmp(failure.out)) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &output.data, &output.size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = layout.channels;
  info.in_color_space = layout.space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = picture.plane[0] + static_cast<std::ptrdiff_t>(info.next_scanline) * picture.stride[0];
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

JpegBytes encode_jpeg(const ImageView& picture, int quality) {
  const Layout layout = layout_of(picture.format);
  Failure failure;
  jpeg_compress_struct info{};
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = jump_out;
  failure.manager.output_message = say_nothing;
  Output output;
  const bool is_done = compress(info, failure, picture, layout, quality, output);
  JpegBytes bytes{std::unique_ptr<std::uint8_t, FreeBytes>(output.data), output.size};
  if (!is_done)
    throw std::runtime_error("JPEG of " + std::to_string(picture.width) + "x" + std::to_string(picture.height) + ": " +
                             failure.text);
  return bytes;
}

}  // namespace fluvial
