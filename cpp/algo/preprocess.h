// A frame, or a crop of one, becomes one picture of a network's input tensor, in a single pass over its rows: bilinear
// sampling, YUV to RGB, order of colours, y = (x - offset) * scale, layout and element type, and the letterbox's
// border.
//
// Nothing is rounded to 8 bits on the way, so the result is within a small part of a grey level of exact arithmetic.
// Luma and chroma are sampled each on their own grid, with chroma sited in the middle of its luma pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "algo/letterbox.h"
#include "algo/pixel_rows.h"
#include "algo/resample.h"
#include "types/image.h"
#include "types/model.h"

namespace fluvial {

// Belongs to one stream of work; not thread-safe. Allocates only when a larger geometry than any before comes.
class Preprocessor {
 public:
  // Throws std::invalid_argument if the input has no size or an element type that pictures cannot have (i8, i64).
  explicit Preprocessor(const InputSpec& input);

  // Writes unit_bytes() at `out` and returns where the crop lies on the input, for to_frame(). The crop is clamped to
  // the frame; if nothing is left, all is border. Throws std::invalid_argument for a frame without pixels.
  Letterbox run(const ImageView& frame, const Box& crop_in_frame, void* out);
  Letterbox run(const ImageView& frame, void* out);  // all of the frame

  std::size_t unit_bytes() const;
  const InputSpec& input() const { return input_; }

 private:
  void lay_axes(const ImageView& frame, const Letterbox& box);
  void aim(const ImageView& frame);
  void sample_row(int y, const Q7* in[3]);
  void convert_row(int y, int count, float* const channels[3]);
  void write_picture(const Letterbox& box, void* out);
  void write_border(const Letterbox& box, void* out);
  void write_border_span(int x, int y, int count, void* out);
  void store(const float* const channels[3], int x, int y, int count, void* out);
  void convert(const float* in, int count, void* out) const;
  std::size_t place(int channel, int x, int y) const;  // of a value in the tensor
  bool writes_in_place() const { return input_.type == ElementType::f32 && input_.layout == Layout::nchw; }

  struct Geometry {
    PixelFormat format = PixelFormat::unknown;
    Size frame;
    Letterbox box;
  };

  InputSpec input_;
  int channel_count_;
  Normalisation normalisation_[3];  // by channel of the tensor
  YuvMatrix matrix_;
  Geometry geometry_;  // what the axes were laid for
  Axis across_, down_;
  Axis chroma_across_, chroma_down_;
  PlaneSampler samplers_[3];  // one for each plane
  int sampler_count_ = 0;
  int sampled_channels_ = 0;             // of all planes: Y, U, V or the bytes of a pixel or grey
  std::vector<float> scratch_[3];        // one row by channel, where the tensor's own rows cannot be written directly
  std::vector<std::uint32_t> typed_[3];  // the same in the tensor's type, whose values have at most 4 bytes
  std::vector<float> border_[3];         // one row of border by channel
};

}  // namespace fluvial
