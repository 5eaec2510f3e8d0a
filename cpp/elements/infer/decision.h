// What was decided about one model before its first frame: file, feeding, head, classes, thresholds, labels.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "algo/clustering/clustering.h"
#include "algo/heads/head.h"
#include "backends/backend.h"
#include "elements/infer/custom/input_layers.h"
#include "elements/infer/custom/parser.h"
#include "elements/infer/model_path.h"
#include "elements/infer/settings.h"
#include "types/model.h"

namespace fluvial {

struct Decision {
  InferSettings settings;
  ModelPath file;
  ModelSpec spec;
  Task task = Task::detection;
  bool has_no_head = false;  // network-type=100: tensors only

  std::shared_ptr<const CustomParser> parser;  // the user's, in place of a head; nullptr: none

  std::shared_ptr<const InputInitializer> initializer;  // of inputs beside the picture; nullptr: none

  HeadSettings head;                                       // by the model's own class ids
  std::vector<ClusterSettings> clusters;                   // by the ids that are shown
  int class_count = 0;                                     // of the ids that are shown; 0: any
  std::vector<std::string> labels;                         // of a detector, by the ids that are shown
  std::vector<std::vector<std::string>> attribute_labels;  // of a classifier

  std::vector<bool> batched_outputs;  // whose first dimension is the batch
  std::vector<std::string> warnings, notes;

  // What Python reads the outputs with, in place of a head; not for a stand-in, whose outputs are others.
  bool has_offered_parser() const { return !settings.parser.empty() && file.instead_of.empty() && !has_no_head; }
  bool has_batch(std::size_t output) const { return output < batched_outputs.size() && batched_outputs[output]; }

  // Whether what is found of a tracked object is repeated between two looks: what is no classifier looks at every
  // object of every frame, unless the user says how often.
  bool remembers_objects() const { return task == Task::classification || settings.reinfer_interval.has_value(); }

  // The id that is shown for one of the model's own, or -1 when nobody wants it.
  int shown_class(int model_class) const;
  std::string label_of(int shown_class) const;
  std::string label_of(const Classification& found) const;
  std::string explanation() const;
};

// Throws SettingsError or UndecidableModel.
Decision decide(const InferSettings& settings, const ModelPath& file, const ModelInfo& info);

}  // namespace fluvial
