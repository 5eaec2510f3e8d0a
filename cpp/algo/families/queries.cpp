// DETRs without post-processing in the graph. Shapes tell the family, never for sure how it scores or is fed: the
// published checkpoints' numbers of classes and queries do.
#include <string>

#include "algo/families/family.h"
#include "algo/families/shapes.h"
#include "algo/heads/places.h"
#include "algo/labels.h"

namespace fluvial {
namespace {

// COCO's ids go to 90, with gaps; DETR has no object besides.
constexpr std::int64_t kCocoIds = 91;

bool is_detr_raw(const ModelInfo& info, const Inputs&) { return query_places(info.outputs).has_value(); }

bool is_rf_detr(const ModelInfo& info) {
  const auto places = query_places(info.outputs);
  return places && names_any(info.outputs[places->boxes].name, {"dets"});
}

// A file's name is what its author calls the model: "rtdetr_r18vd_coco.onnx".
bool is_file_of(const ModelInfo& info, std::initializer_list<const char*> words) {
  return names_any(file_name(info.path), words);
}

bool is_real_time(const ModelInfo& info) {
  return is_file_of(info, {"rtdetr", "rt-detr", "rt_detr", "dfine", "d-fine", "d_fine", "deim"});
}

void decide_scores(const ModelInfo& info, const Shape& logits, Family& family) {
  const std::int64_t queries = logits[1];
  const std::int64_t columns = logits[2];
  const auto names = static_cast<std::int64_t>(parse_labels(metadata_of(info, "names")).size());
  const std::string seen = std::to_string(queries) + " queries of " + std::to_string(columns) + " columns";
  const auto decide = [&](const char* scores, const std::string& why) {
    family.options["scores"] = scores;
    family.class_count = static_cast<int>(columns - (scores == std::string("softmax") ? 1 : 0));
    family.evidence.push_back(seen + " -> " + why);
  };
  if (names > 0 && columns == names + 1) return decide("softmax", "a name for each but the last, no object (sure)");
  if (names > 0 && columns == names) return decide("sigmoid", "a name for each, so that there is no other (sure)");
  if (columns == kCocoIds + 1) return decide("softmax", "COCO's 91 ids and no object, as DETR and YOLOS have (likely)");
  if (is_rf_detr(info)) return decide("sigmoid", "RF-DETR scores each class by itself (likely)");
  if (is_real_time(info)) return decide("sigmoid", "the file's name is that of a DETR with focal loss (likely)");
  if (queries == 300 || queries == 900)
    return decide("sigmoid", "as many queries as DETRs with focal loss have: each class by itself (likely)");
  family.missing = {
      "scores",
      "it looks like a DETR, but nothing tells whether the last of its " + std::to_string(columns) +
          " columns is no object",
      "the head's option scores=softmax (DETR, YOLOS: it is) or scores=sigmoid (RT-DETR, DINO and others)"};
}

Feeding feeding_of(const ModelInfo& info, const Shape& logits) {
  if (is_rf_detr(info)) return rgb_imagenet("RF-DETR -> RGB, normalised by ImageNet's mean and deviation (likely)");
  if (is_real_time(info))
    return rgb_0_to_1("the file's name says RT-DETR, D-FINE or DEIM -> RGB, 0..1, stretched (likely)");
  if (logits[2] == 80 && logits[1] == 300)
    return rgb_0_to_1(
        "300 queries of COCO's 80 classes, as RT-DETR, D-FINE and DEIM have -> RGB, 0..1, stretched (likely)");
  if (logits[2] == kCocoIds || logits[2] == kCocoIds + 1)
    return rgb_imagenet("a DETR of COCO's 91 ids -> RGB, normalised by ImageNet's mean and deviation (likely)");
  return {};
}

Family describe_detr_raw(const ModelInfo& info, const Inputs&) {
  Family family;
  family.head = Head::detr_raw;
  family.is_usually_coco = true;
  const auto places = query_places(info.outputs);
  if (!places) return family;
  const TensorInfo& logits = info.outputs[places->logits];
  family.evidence.push_back("outputs " + info.outputs[places->boxes].name + " and " + logits.name +
                            ": boxes and logits of the same queries -> head detr_raw, no nms (sure)");
  for (const auto& output : info.outputs)
    if (names_any(output.name, {"mask"}))
      family.evidence.push_back("output " + output.name + ": masks of queries are not read, only boxes are (sure)");
  decide_scores(info, logits.shape, family);
  family.feeding = feeding_of(info, logits.shape);
  return family;
}

}  // namespace

std::vector<FamilyRow> query_families() { return {{Head::detr_raw, is_detr_raw, describe_detr_raw}}; }

}  // namespace fluvial
