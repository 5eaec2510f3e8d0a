// What tests of inspection ask: why a model was refused, what was said of one that was not.
#pragma once

#include <string>

#include "algo/inspect.h"

namespace fluvial {

// Empty where it is not refused.
inline std::string refusal(const ModelInfo& info, const ModelHints& hints = {}) {
  try {
    inspect(info, hints);
  } catch (const UndecidableModel& e) {
    return e.what();
  }
  return "";
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline std::string evidence_of(const ModelSpec& spec) {
  std::string text;
  for (const auto& sentence : spec.evidence) text += sentence + "\n";
  return text;
}

}  // namespace fluvial
