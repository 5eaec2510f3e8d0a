// What DeepStream's own library does, in one pass: crop, scale, convert, y = (x - offset or mean) * factor.
#pragma once

#include "algo/preprocess.h"
#include "elements/preprocess/maker.h"

namespace fluvial {

// The tensor as the preprocessor writes it. Throws SettingsError.
InputSpec input_of(const PreprocessSettings& settings);

class BuiltInMaker final : public TensorMaker {
 public:
  explicit BuiltInMaker(const PreprocessSettings& settings);
  RegionTensor make(GstBuffer* buffer, const Region* regions, std::size_t count) override;

 private:
  void subtract_mean(float* unit) const;

  PreprocessSettings settings_;
  Preprocessor preprocessor_;
  std::vector<float> mean_;  // in the order of the tensor, times the factor; empty: none
  std::shared_ptr<TensorPool> pool_;
};

}  // namespace fluvial
