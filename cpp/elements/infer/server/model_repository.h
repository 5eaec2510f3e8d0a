// Triton's model repository on disk: <root>/<name>/config.pbtxt and <root>/<name>/<version>/model.onnx.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

struct RepositoryModel {
  std::string path;             // of the model file; where it should lie, if it does not
  std::string problem;          // why it cannot be run: which file or folder was looked for; empty: it can
  std::vector<int> infer_dims;  // channels, height, width of its picture, where config.pbtxt says them
};

// `version` below 1: the newest. A model without config.pbtxt is one with the default file name, unless
// `wants_config`. Never throws.
RepositoryModel find_in_repository(const std::vector<std::string>& roots, const std::string& name, long version,
                                   bool wants_config);

}  // namespace fluvial
