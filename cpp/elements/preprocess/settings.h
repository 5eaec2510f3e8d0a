// What the user says about the tensors that are made before inference: properties and config file laid over each other.
// Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "types/geometry.h"
#include "types/tensor.h"

namespace fluvial {

struct RegionColor {
  double red = 0, green = 1, blue = 0, alpha = 1;
};

// [group-N]: which parts of which sources. A source belongs to the first group that names it.
struct RegionGroup {
  int number = 0;            // N
  std::vector<int> sources;  // by source id; -1: all that no group names
  bool on_regions = false;   // process-on-roi: parts of frames, else whole frames
  bool on_all_objects = false;
  std::map<int, std::vector<Box>> regions;  // by source, in pixels of the frame
  unsigned interval = 0;                    // batches to skip between two
  bool draws_regions = true;
  RegionColor color;
  std::vector<int> classes;  // of objects; empty: any
  int min_width = 0, min_height = 0;
  int max_width = 0, max_height = 0;  // 0: any
  std::string transform_function;
};

struct PreprocessSettings {
  bool is_enabled = true;
  unsigned unique_id = 15;
  unsigned gpu_id = 0;
  bool on_frames = true;               // else objects of another inference
  int on_unique_id = -1;               // whose objects; -1: anybody's
  std::vector<std::uint64_t> targets;  // unique-ids of the inferences that take the tensors

  // The tensor
  int order = 0;           // network-input-order: 0 NCHW, 1 NHWC, 2 the library's own
  std::vector<int> shape;  // most regions in one tensor first
  int color = 0;           // 0 RGB, 1 BGR, 2 grey
  int data_type = 0;       // of NvDsDataType
  std::string tensor_name;
  unsigned kept_tensors = 6;

  // How a region becomes its part
  Size processing;  // 0: the tensor's
  bool keeps_aspect = false, is_padding_centred = false;
  int filter = 6;
  std::string library, tensor_function = "CustomTensorPreparation";
  std::map<std::string, std::string> user_configs;
  float scale = 1;             // pixel-normalization-factor
  std::vector<float> offsets;  // by channel
  std::string mean_file;

  std::vector<RegionGroup> groups;
  std::string config_file;
};

}  // namespace fluvial
