// Which family of models a set of output tensors belongs to, by shapes, types and names. For inspect.cpp only.
#pragma once

#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

// How a family wants its pictures.
enum class Pictures { unknown, yolox, yolov5, detr, open_model_zoo, detectnet };

struct Family {
  Head head = Head::unknown;
  Pictures pictures = Pictures::unknown;
  std::string evidence;  // what was seen -> head
};

// The picture input and what feeds beside it, as far as shapes tell.
struct Inputs {
  const TensorInfo* picture = nullptr;
  const TensorInfo* size = nullptr;  // [N, 2] i64
  Layout layout = Layout::nchw;
  Size pixels;  // -1 where open
  int channels = 3;
};

// Head::unknown if nothing known decodes these outputs.
Family family_of(const ModelInfo& info, const Inputs& inputs);

// "looks like pose keypoints ...", for models that are refused; empty if nothing comes to mind.
std::string resemblance(const ModelInfo& info, const Inputs& inputs);

bool is_vector(const Shape& shape);                                      // [N, C], [N, C, 1, 1], [N, 1, 1, C]
std::int64_t vector_length(const Shape& shape);                          // -1 if open
std::string metadata_of(const ModelInfo& info, const std::string& key);  // empty if absent
std::string lowercase(std::string text);

}  // namespace fluvial
