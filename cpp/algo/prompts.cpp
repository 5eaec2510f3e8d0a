#include "algo/prompts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "algo/heads/tensors.h"

namespace fluvial {
namespace {

constexpr double top_left_corner = 2, bottom_right_corner = 3, padding = -1;  // labels of points
constexpr int low_resolution = 4;  // SAM's own masks are so much smaller than its input

std::string shape_text(const Shape& shape) {
  std::string text;
  for (auto d : shape) text += (text.empty() ? "" : ", ") + (d < 0 ? std::string("?") : std::to_string(d));
  return "[" + text + "]";
}

std::string names_of(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const auto& tensor : tensors) text += (text.empty() ? "" : ", ") + tensor.name;
  return text;
}

[[noreturn]] void refuse(const char* role, const TensorInfo& tensor, const std::string& needed) {
  throw UnfitDecoder(std::string(role) + " '" + tensor.name + "' is " + shape_text(tensor.shape) + "; " + needed);
}

// Public exports differ in what they put before these words ("batched_", "output_").
std::optional<std::size_t> named(const std::vector<TensorInfo>& tensors, const std::string& word,
                                 const std::string& but = "") {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& name = tensors[i].name;
    if (name.find(word) != std::string::npos && (but.empty() || name.find(but) == std::string::npos)) return i;
  }
  return std::nullopt;
}

std::size_t needed(const std::vector<TensorInfo>& tensors, const char* role, const std::string& word) {
  if (const auto found = named(tensors, word)) return *found;
  throw UnfitDecoder(std::string("no ") + role + " is called " + word + "; it has " + names_of(tensors) +
                     "; a decoder of SAM's kind takes image_embeddings, point_coords and point_labels, and gives masks "
                     "and iou_predictions");
}

bool is_fixed(std::int64_t d) { return d >= 0; }

class Reader {
 public:
  Reader(const ModelInfo& decoder, const ModelInfo& encoder, Size input, int boxes)
      : info_(decoder), encoder_(encoder), shapes_(decoder.inputs.size()) {
    d_.input = input;
    d_.boxes = static_cast<std::size_t>(std::max(1, boxes));
  }

  MaskDecoder run() {
    take_points();
    take_extras();
    take_embeddings();
    take_outputs();
    for (std::size_t i = 0; i < shapes_.size(); ++i) d_.shapes[info_.inputs[i].name] = shapes_[i];
    return std::move(d_);
  }

 private:
  // [boxes, points, 2], or with a first dimension of pictures before them.
  void take_points() {
    d_.coords = needed(info_.inputs, "input", "point_coords");
    d_.labels = needed(info_.inputs, "input", "point_labels");
    const auto& coords = info_.inputs[d_.coords];
    const std::size_t rank = coords.shape.size();
    const std::string shape = "needed is [boxes, points, 2] or [1, boxes, points, 2]";
    if (rank != 3 && rank != 4) refuse("input", coords, shape);
    if (is_fixed(coords.shape.back()) && coords.shape.back() != 2) refuse("input", coords, shape);
    d_.box_axis = rank - 3;
    const auto boxes = coords.shape[d_.box_axis], points = coords.shape[rank - 2];
    if (is_fixed(boxes)) d_.boxes = static_cast<std::size_t>(boxes);
    if (is_fixed(points)) d_.points = static_cast<std::size_t>(points);
    if (d_.points < 2) refuse("input", coords, "a box needs two points");
    Shape closed(d_.box_axis, 1);
    closed.insert(closed.end(), {static_cast<std::int64_t>(d_.boxes), static_cast<std::int64_t>(d_.points)});
    close(d_.labels, closed, "as many labels as there are points are needed");
    closed.push_back(2);
    close(d_.coords, closed, shape);
  }

  void take_extras() {
    d_.has_mask = named(info_.inputs, "has_mask");
    d_.mask = named(info_.inputs, "mask_input", "has_mask");
    d_.size = named(info_.inputs, "orig_im_size");
    if (d_.has_mask) close(*d_.has_mask, Shape(info_.inputs[*d_.has_mask].shape.size(), 1), "needed is [1]");
    if (d_.size) close(*d_.size, {2}, "needed is [2], height and width");
    if (d_.mask)
      close(*d_.mask, {1, 1, d_.input.height / low_resolution, d_.input.width / low_resolution},
            "needed is a quarter of the encoder's input");
  }

  // Whatever is no prompt comes from the encoder: by its name, or the only one of both.
  void take_embeddings() {
    const auto is_prompt = [&](std::size_t i) {
      return i == d_.coords || i == d_.labels || d_.mask == i || d_.has_mask == i || d_.size == i;
    };
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < info_.inputs.size(); ++i)
      if (!is_prompt(i)) wanted.push_back(i);
    if (wanted.empty()) throw UnfitDecoder("no input takes what the encoder gives; it has " + names_of(info_.inputs));
    for (std::size_t input : wanted) d_.embeddings.push_back({input, encoder_output(input, wanted.size() == 1)});
  }

  std::size_t encoder_output(std::size_t input, bool is_only) {
    const auto& wanted = info_.inputs[input];
    const auto& there = encoder_.outputs;
    auto output = static_cast<std::size_t>(
        std::find_if(there.begin(), there.end(), [&](const auto& t) { return t.name == wanted.name; }) - there.begin());
    if (output == there.size() && is_only && there.size() == 1) output = 0;
    if (output == there.size())
      throw UnfitDecoder("input '" + wanted.name + "' " + shape_text(wanted.shape) +
                         " is no output of the encoder, which gives " + names_of(there));
    const auto& given = there[output];
    const std::string needs = "the encoder's output '" + given.name + "' is " + shape_text(given.shape);
    if (given.type != wanted.type)
      throw UnfitDecoder("input '" + wanted.name + "' is of another type than the encoder's output '" + given.name +
                         "'");
    if (given.shape.size() != wanted.shape.size()) refuse("input", wanted, needs);
    Shape closed = given.shape;
    closed[0] = 1;
    for (std::size_t i = 1; i < closed.size(); ++i)
      if (!is_fixed(closed[i])) closed[i] = wanted.shape[i];
    if (std::any_of(closed.begin(), closed.end(), [](auto d) { return !is_fixed(d); }))
      refuse("input", wanted, needs + ", and both leave a size open");
    close(input, closed, needs);
    return output;
  }

  void take_outputs() {
    auto masks = named(info_.outputs, "low_res");
    const bool is_low = masks.has_value();
    d_.masks = is_low ? *masks : needed(info_.outputs, "output", "masks");
    d_.scores = named(info_.outputs, "iou");
    // Told the size of a frame, SAM cuts the border off; other decoders see the whole input as the frame.
    d_.are_masks_of_input = is_low || !d_.size || d_.box_axis > 0;
    const auto& output = info_.outputs[d_.masks];
    if (!output.shape.empty() && output.shape.size() != d_.box_axis + 4)
      refuse(
          "output", output,
          d_.box_axis > 0 ? "needed is [1, boxes, masks, height, width]" : "needed is [boxes, masks, height, width]");
  }

  void close(std::size_t input, const Shape& closed, const std::string& needs) {
    const auto& tensor = info_.inputs[input];
    const bool fits =
        tensor.shape.size() == closed.size() && std::equal(closed.begin(), closed.end(), tensor.shape.begin(),
                                                           [](auto c, auto d) { return !is_fixed(d) || c == d; });
    if (!fits) refuse("input", tensor, needs);
    shapes_[input] = closed;
  }

  const ModelInfo& info_;
  const ModelInfo& encoder_;
  std::vector<Shape> shapes_;
  MaskDecoder d_;
};

// --- writing ---------------------------------------------------------------------------------------------------------

void store(const TensorView& tensor, std::size_t at, double value) {
  switch (tensor.type) {
    case ElementType::f32: static_cast<float*>(tensor.data)[at] = static_cast<float>(value); return;
    case ElementType::i64: static_cast<std::int64_t*>(tensor.data)[at] = static_cast<std::int64_t>(value); return;
    case ElementType::i32: static_cast<std::int32_t*>(tensor.data)[at] = static_cast<std::int32_t>(value); return;
    default: throw std::runtime_error("input '" + tensor.name + "' of the decoder is of a type that no prompt has");
  }
}

void fill(const TensorView& tensor, double value) {
  for (std::size_t i = 0; i < element_count(tensor.shape); ++i) store(tensor, i, value);
}

void clear(const TensorView& tensor) {
  std::memset(tensor.data, 0, element_count(tensor.shape) * bytes_of(tensor.type));
}

// What the decoder is told of the frame's size. Nobody reads the large masks where there are small ones of the whole
// input; then they are made small too.
Size told_size(const MaskDecoder& d, const Letterbox& letterbox) {
  if (d.box_axis > 0) return d.input;
  const int less = d.are_masks_of_input ? low_resolution : 1;
  return {std::max(1, letterbox.width / less), std::max(1, letterbox.height / less)};
}

// --- reading ---------------------------------------------------------------------------------------------------------

// The masks of one box: [candidates, height, width].
struct Candidates {
  const float* values = nullptr;
  std::size_t count = 0;
  Size size;
};

const TensorView& floats_of(const std::vector<TensorView>& outputs, std::size_t index) {
  const auto& tensor = heads::tensor_at(outputs, index);
  if (tensor.type != ElementType::f32)
    throw std::runtime_error("output '" + tensor.name + "' of the decoder is not f32");
  return tensor;
}

Candidates candidates_of(const MaskDecoder& d, const TensorView& tensor, std::size_t box_index) {
  const auto& shape = tensor.shape;
  const bool fits = shape.size() == d.box_axis + 4 && (d.box_axis == 0 || shape[0] == 1) &&
                    static_cast<std::size_t>(shape[d.box_axis]) > box_index && element_count(shape) > 0;
  if (!fits)
    throw std::runtime_error("output '" + tensor.name + "' of the decoder is " + shape_text(shape) +
                             ", which holds no " + "masks of box " + std::to_string(box_index));
  Candidates found;
  found.count = static_cast<std::size_t>(shape[d.box_axis + 1]);
  found.size = {static_cast<int>(shape.back()), static_cast<int>(shape[shape.size() - 2])};
  const std::size_t each = element_count(shape) / static_cast<std::size_t>(shape[d.box_axis]);
  found.values = tensor.as<float>() + box_index * each;
  return found;
}

std::size_t best_candidate(const MaskDecoder& d, const std::vector<TensorView>& outputs, std::size_t box_index,
                           std::size_t count) {
  if (!d.scores || count < 2) return 0;
  const auto& scores = floats_of(outputs, *d.scores);
  if (element_count(scores.shape) < (box_index + 1) * count)
    throw std::runtime_error("output '" + scores.name + "' of the decoder is " + shape_text(scores.shape) +
                             "; a number for each mask is needed");
  const float* first = scores.as<float>() + box_index * count;
  return static_cast<std::size_t>(std::max_element(first, first + count) - first);
}

// Between the middles of four pixels; beyond the edge, the edge.
float sample(const float* values, Size size, float x, float y) {
  x = std::clamp(x, 0.0F, static_cast<float>(size.width - 1));
  y = std::clamp(y, 0.0F, static_cast<float>(size.height - 1));
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  const int right = std::min(left + 1, size.width - 1), bottom = std::min(top + 1, size.height - 1);
  const float across = x - static_cast<float>(left), down = y - static_cast<float>(top);
  const auto at = [&](int column, int row) {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(size.width) +
                  static_cast<std::size_t>(column)];
  };
  const float upper = at(left, top) + across * (at(right, top) - at(left, top));
  const float lower = at(left, bottom) + across * (at(right, bottom) - at(left, bottom));
  return upper + down * (lower - upper);
}

}  // namespace

MaskDecoder read_mask_decoder(const ModelInfo& decoder, const ModelInfo& encoder, Size encoder_input, int boxes) {
  return Reader(decoder, encoder, encoder_input, boxes).run();
}

void write_prompts(const MaskDecoder& d, const std::vector<Box>& boxes, const Letterbox& letterbox,
                   const std::vector<TensorView>& inputs) {
  clear(inputs[d.coords]);
  fill(inputs[d.labels], padding);
  const Box picture = picture_of(letterbox);
  for (std::size_t i = 0; i < std::min(boxes.size(), d.boxes); ++i) {
    const Box box = clamp_to(boxes[i], picture);
    const std::size_t point = i * d.points;
    store(inputs[d.labels], point, top_left_corner);
    store(inputs[d.labels], point + 1, bottom_right_corner);
    const float corners[] = {box.left, box.top, box.right(), box.bottom()};
    for (std::size_t n = 0; n < 4; ++n) store(inputs[d.coords], 2 * point + n, corners[n]);
  }
  for (const auto& unused : {d.mask, d.has_mask})
    if (unused) clear(inputs[*unused]);
  if (!d.size) return;
  const Size size = told_size(d, letterbox);
  store(inputs[*d.size], 0, size.height);
  store(inputs[*d.size], 1, size.width);
}

Mask read_prompted_mask(const MaskDecoder& d, const std::vector<TensorView>& outputs, std::size_t box_index,
                        const Box& box, const Letterbox& letterbox) {
  const auto all = candidates_of(d, floats_of(outputs, d.masks), box_index);
  const std::size_t best = best_candidate(d, outputs, box_index, all.count);
  const float* values =
      all.values + best * static_cast<std::size_t>(all.size.width) * static_cast<std::size_t>(all.size.height);
  const Box covered = d.are_masks_of_input
                          ? Box{0, 0, static_cast<float>(d.input.width), static_cast<float>(d.input.height)}
                          : picture_of(letterbox);
  const float per_x = static_cast<float>(all.size.width) / covered.width;
  const float per_y = static_cast<float>(all.size.height) / covered.height;
  Mask mask{{prompted_mask_side, prompted_mask_side}, {}};
  mask.values.reserve(prompted_mask_side * prompted_mask_side);
  for (int row = 0; row < prompted_mask_side; ++row) {
    const float y = box.top + (static_cast<float>(row) + 0.5F) * box.height / prompted_mask_side;
    for (int column = 0; column < prompted_mask_side; ++column) {
      const float x = box.left + (static_cast<float>(column) + 0.5F) * box.width / prompted_mask_side;
      mask.values.push_back(heads::sigmoid(
          sample(values, all.size, (x - covered.left) * per_x - 0.5F, (y - covered.top) * per_y - 0.5F)));
    }
  }
  return mask;
}

}  // namespace fluvial
