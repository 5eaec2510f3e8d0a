// Reads the tensors that inference attached (output-tensor-meta) and attaches what is in them, as inference itself
// would have. Belongs to the streaming thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "elements/infer/nvinfer_config.h"
#include "elements/infer/post/given_tensors.h"
#include "elements/infer/work.h"

namespace fluvial {

struct PostConfig {
  NvinferConfig infer;            // the same keys as inference has, without a model
  bool releases_tensors = false;  // release-tensor-meta
};

// Reads a config file of DeepStream's nvdspostprocess, YAML or INI. Never throws.
PostConfig read_post_config(const std::string& path);

class TensorReader {
 public:
  using Complain = std::function<void(const std::string&)>;
  TensorReader(InferSettings settings, bool releases_tensors, bool is_in_regions, Complain complain);

  // Throws SettingsError where the settings and the first tensors do not fit, std::runtime_error for later ones.
  void read(GstBuffer* buffer, NvDsBatchMeta* batch);

  static constexpr int batches_without_tensors = 100;

 private:
  struct Found {
    Unit unit;
    NvDsUserMeta* user;
    const NvDsInferTensorMeta* tensors;
  };
  std::vector<Found> find(GstBuffer* buffer, NvDsBatchMeta* batch) const;
  void find_in(GList* users, const Unit& unit, std::vector<Found>& found) const;
  void begin(const NvDsInferTensorMeta& tensors);
  void place(Unit& unit, const NvDsInferTensorMeta& tensors, GstBuffer* buffer) const;
  void note_none();

  InferSettings settings_;
  bool releases_tensors_, is_in_regions_;
  Complain complain_;
  int empty_batches_ = 0;
  bool has_batch_ = true;
  GivenTensors* given_ = nullptr;  // work_'s
  std::unique_ptr<Work> work_;     // from the first tensors on
};

}  // namespace fluvial
