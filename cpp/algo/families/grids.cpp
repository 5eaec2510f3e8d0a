// YOLOv3 to v7 before decoding: grids of strides 8 to 64 with anchors, all of as many channels.
#include <algorithm>
#include <string>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

constexpr std::int64_t kAnchors = 3;

// Columns of an anchor if the output is a grid of this stride; 0 if it is not.
std::int64_t columns_at(const Shape& s, Size pixels, int stride) {
  const auto is_grid = [&](std::size_t i) {
    return s[i] == pixels.height / stride && s[i + 1] == pixels.width / stride;
  };
  if (s.size() == 4) {
    const std::int64_t channels = is_grid(2) ? s[1] : is_grid(1) ? s[3] : 0;
    return channels % kAnchors == 0 ? channels / kAnchors : 0;
  }
  if (s.size() != 5) return 0;
  const std::int64_t anchors = is_grid(2) ? s[1] : is_grid(1) ? s[3] : 0;
  return anchors == kAnchors ? s[4] : 0;
}

// The columns that all outputs share, each the grid of a stride of its own; 0: they are none.
std::int64_t shared_columns(const ModelInfo& info, const Inputs& inputs) {
  if (info.outputs.size() < 2 || info.outputs.size() > 4 || inputs.pixels.width <= 0) return 0;
  std::int64_t shared = 0;
  std::vector<int> strides;
  for (const auto& output : info.outputs) {
    std::int64_t columns = 0;
    for (int stride : {8, 16, 32, 64}) {
      if (columns > 0) break;
      columns = columns_at(output.shape, inputs.pixels, stride);
      if (columns > 0) strides.push_back(stride);
    }
    if (columns < 6 || (shared > 0 && columns != shared)) return 0;
    shared = columns;
  }
  std::sort(strides.begin(), strides.end());
  return std::adjacent_find(strides.begin(), strides.end()) == strides.end() ? shared : 0;
}

bool is_grids(const ModelInfo& info, const Inputs& inputs) { return shared_columns(info, inputs) > 0; }

// The version that the file's name says. The longer words come first: "yolov3-tiny" is no "yolov3".
std::string version_in(const std::string& file, std::size_t outputs) {
  const std::string name = lowercase(file);
  const bool is_tiny = name.find("tiny") != std::string::npos;
  for (const char* number : {"3", "4", "5", "7"}) {
    const auto says = [&](const std::string& before) { return name.find(before + number) != std::string::npos; };
    if (!says("yolov") && !says("yolo-v") && !says("yolo_v") && !says("yolo")) continue;
    const std::string version = number;
    if (version == "5") return outputs == 4 ? "5-p6" : "5";
    // Scaled versions of others have formulas or anchors of their own.
    if (outputs == 4 || name.find("csp") != std::string::npos) return "";
    return is_tiny || outputs == 2 ? version + "-tiny" : version;
  }
  return "";
}

Feeding feeding_of(const std::string& version) {
  if (version.empty()) return {};
  if (version[0] == '3' || version[0] == '4')
    return rgb_0_to_1("Darknet's YOLOv3 and v4 -> RGB, 0..1, stretched (likely)");
  return bordered(rgb_0_to_1("YOLOv5, v7 -> RGB, 0..1, centred with a border of 114 (likely)"), true);
}

Family describe_grids(const ModelInfo& info, const Inputs& inputs) {
  Family family;
  family.head = Head::yolo_grids;
  family.needs_nms = true;
  family.usual_threshold = 0.3F;
  family.is_usually_coco = true;
  family.class_count = static_cast<int>(std::max<std::int64_t>(shared_columns(info, inputs) - 5, 0));
  family.evidence.push_back("outputs " + list(info.outputs) +
                            " are grids of a stride each, with three anchors of 5 + classes numbers -> head "
                            "yolo_grids, nms needed (likely)");
  const std::string version = version_in(file_name(info.path), info.outputs.size());
  family.feeding = feeding_of(version);
  if (version.empty()) {
    family.missing = {"version", "it looks like YOLOv3 to v7 before decoding, and nothing tells which",
                      "the head's option version=3, 3-tiny, 4, 4-tiny, 5, 5-p6, 7 or 7-tiny, and anchors=w,h,... if it "
                      "has its own"};
    return family;
  }
  family.options["version"] = version;
  family.evidence.push_back("the file's name -> version " + version +
                            ", its formula and published anchors; the options version and anchors say others (likely)");
  return family;
}

}  // namespace

std::vector<FamilyRow> grid_families() { return {{Head::yolo_grids, is_grids, describe_grids}}; }

}  // namespace fluvial
