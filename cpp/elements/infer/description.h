// What was decided about a model, for programs: one JSON text.
#pragma once

#include <string>

#include "elements/infer/decision.h"

namespace fluvial {

// The tensors and the decision; its keys are those of fluvial.models.explain. Paths and labels of the user's are not in
// it: he knows them.
std::string json_of(const ModelInfo& info, const Decision& decision);

// The tensors, where the model is read and nothing could be decided, and why. Without a model: why alone.
std::string json_of_failure(const ModelInfo* info, const std::string& why);

}  // namespace fluvial
