#include "algo/families/ultralytics.h"

#include <cctype>
#include <vector>

#include "algo/families/shapes.h"
#include "algo/labels.h"

namespace fluvial {
namespace {

// "[17, 3]" -> 17, 3. Numbers of more than five digits are nobody's.
std::vector<int> numbers_in(const std::string& text) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (end > i && end - i <= 5) numbers.push_back(std::stoi(text.substr(i, end - i)));
    i = end + 1;
  }
  return numbers;
}

}  // namespace

Ultralytics ultralytics_of(const ModelInfo& info) {
  Ultralytics found;
  const std::string description = lowercase(metadata_of(info, "description"));
  found.author = metadata_of(info, "author") == "fluvial train" ? "fluvial train" : "Ultralytics";
  found.is_author = metadata_of(info, "author") == found.author || description.rfind("ultralytics", 0) == 0;
  found.is_detr = found.is_author && description.find("rtdetr") != std::string::npos;
  found.task = metadata_of(info, "task");
  found.class_count = static_cast<int>(parse_labels(metadata_of(info, "names")).size());
  const auto points = numbers_in(metadata_of(info, "kpt_shape"));
  if (points.size() == 2) {
    found.keypoints = std::to_string(points[0]) + "x" + std::to_string(points[1]);
    found.keypoint_columns = points[0] * points[1];
  }
  const auto size = numbers_in(metadata_of(info, "imgsz"));
  if (size.size() == 2) found.size = {size[1], size[0]};
  return found;
}

}  // namespace fluvial
