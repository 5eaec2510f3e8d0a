// Whether a model's results look like results. Each complaint is made once. Belongs to one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "elements/infer/decision.h"
#include "types/detection.h"
#include "types/tensor.h"

namespace fluvial {

class Health {
 public:
  using Complain = std::function<void(const std::string&)>;
  Health(const Decision& decision, Complain complain) : decision_(decision), complain_(std::move(complain)) {}

  // After each inference. Looks closely at the first few and then at one of many: a look reads every number.
  void look_at(const std::vector<TensorView>& outputs);
  // One picture's, now and then, where the others' stay on the device: looks at all numbers each time.
  void look_at_sample(const std::vector<TensorView>& outputs);
  // After each frame of a detector, before anything is filtered.
  void look_at(const std::vector<Detection>& found);
  const Complain& complain() const { return complain_; }

  static constexpr int frames_without_boxes = 300;
  static constexpr int boxes_to_place = 50;  // so many are looked at before their places are judged

 private:
  void complain_of_numbers(const std::string& what);
  void watch_constants(const std::vector<TensorView>& outputs);
  void watch_places(const std::vector<Detection>& found);

  const Decision& decision_;
  Complain complain_;
  int inferences_ = 0;
  int empty_frames_ = 0;
  bool has_seen_box_ = false;
  bool has_complained_of_numbers_ = false;
  bool are_constant_ = true;  // all outputs in all looks so far
  int boxes_placed_ = 0, boxes_in_corner_ = 0, boxes_outside_ = 0;
};

}  // namespace fluvial
