// Families of models: what their outputs look like, and what follows from it. One file a family; families.cpp has the
// table, in which the first that matches is taken.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

// The picture input and what is fed beside it, as far as shapes and names tell.
struct Inputs {
  const TensorInfo* picture = nullptr;
  const TensorInfo* size = nullptr;      // [N, 2] i64
  std::vector<const TensorInfo*> fixed;  // it and others (fixed_input.h)
  Layout layout = Layout::nchw;
  Size pixels;  // -1 where open
  int channels = 3;
};

// How a family wants its pictures: the members are InputSpec's.
struct Feeding {
  ColorOrder color = ColorOrder::rgb;
  float scale[3] = {1, 1, 1};
  float offset[3] = {0, 0, 0};
  bool keeps_aspect = false;
  bool is_padding_centred = false;
  float pad_value = 0;
  bool takes_integers = false;  // of pictures of whole numbers too, which else are RGB, 0..255, stretched
  std::string why;  // "YOLOX -> BGR, 0..255, top left with a border of 114 (likely)"; empty where nothing is known
  bool is_known() const { return !why.empty(); }
};

// Pixels of 0..1, or of 0..255, stretched to the input.
Feeding rgb_0_to_1(std::string why);
Feeding bgr_0_to_255(std::string why);
// Normalised by the mean and deviation of ImageNet's pictures, RGB.
Feeding rgb_imagenet(std::string why);
// Open Model Zoo's, if the picture is named as in its detectors.
Feeding zoo_feeding(const Inputs& inputs);
// The whole picture, its aspect kept, with a border of 114.
Feeding bordered(Feeding feeding, bool is_centred);

struct Family {
  Head head = Head::unknown;
  std::vector<std::string> evidence;           // what was seen -> what follows (how sure)
  Feeding feeding;                             // not known: the user has to say
  std::map<std::string, std::string> options;  // for the head
  int class_count = 0;                         // 0: the outputs do not tell
  std::vector<std::string> labels;             // of families that know one thing alone
  bool needs_nms = false;
  float usual_threshold = 0.45F;  // what public models of the family score on sharp pictures
  float usual_iou = 0.5F;         // people side by side overlap less
  Size usual_size;                // for models that leave theirs open; 0: none is usual
  int size_multiple = 1;          // of what an open width and height have to be multiples
  bool is_usually_coco = false;   // 80 classes without names are COCO's
  float object_margin = 1;        // ModelSpec's

  // What shapes cannot tell: an option that the user has to give.
  struct Missing {
    std::string option, problem, hint;
  };
  std::optional<Missing> missing;
};

struct FamilyRow {
  Head head;
  bool (*matches)(const ModelInfo&, const Inputs&);
  // Called too for outputs that do not match, where the user says the head: it may not rely on shapes.
  Family (*describe)(const ModelInfo&, const Inputs&);
};

// The family of these outputs, or, where `wanted` is said, what follows from its head. Head::unknown: no head decodes
// them.
Family family_of(const ModelInfo& info, const Inputs& inputs, std::optional<Head> wanted);

// "feature maps", for models that are refused; empty if nothing comes to mind.
std::string resemblance(const ModelInfo& info, const Inputs& inputs);

// One table row or several of each file.
std::vector<FamilyRow> box_families();
std::vector<FamilyRow> counted_families();
std::vector<FamilyRow> grid_families();
std::vector<FamilyRow> query_families();
std::vector<FamilyRow> rows_families();
std::vector<FamilyRow> yolo_families();
std::vector<FamilyRow> classification_families();
std::vector<FamilyRow> face_families();
std::vector<FamilyRow> dense_families();
std::vector<FamilyRow> mask_families();
std::vector<FamilyRow> pose_families();
std::vector<FamilyRow> segmentation_families();
std::vector<FamilyRow> vector_families();

}  // namespace fluvial
