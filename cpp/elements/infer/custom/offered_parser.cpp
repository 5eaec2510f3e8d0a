#include "elements/infer/custom/offered_parser.h"

#include "elements/guard.h"
#include "meta/offers.h"
#include "types/parser.h"

namespace fluvial {
namespace {

// Any head satisfies inspection; nobody decodes with it.
ModelSpec inspect_input(const ModelInfo& info, ModelHints hints, const std::string& parser) {
  ModelInfo fed = info;
  fed.outputs = {{"any", ElementType::f32, {1, 2}}};
  hints.head = Head::classification;
  try {
    return inspect(fed, hints);
  } catch (const UndecidableModel& e) {
    if (hints.color && hints.scale) throw SettingsError(e.what());
    throw SettingsError(
        "parser=" + parser +
        ": nothing tells how the model wants its pictures. Add model-color-format (0 RGB, 1 BGR, 2 grey) and "
        "net-scale-factor (0.0039215697 for 0..1, 1 for 0..255), and offsets if it wants a mean subtracted; "
        "maintain-aspect-ratio=1 if it wants a border instead of stretching. Inspection says: " +
        e.what());
  }
}

}  // namespace

ModelSpec inspect_for_parser(const ModelInfo& info, const ModelHints& hints, const std::string& parser) {
  ModelSpec spec;
  try {
    spec = inspect(info, hints);
  } catch (const UndecidableModel&) {
    spec = inspect_input(info, hints, parser);
    spec.labels.clear();
    spec.class_count = 0;
  }
  spec.head = Head::unknown;
  spec.needs_nms = false;
  spec.evidence.push_back("parser=" + parser + " -> it reads the outputs, no head does (said)");
  return spec;
}

std::unique_ptr<HeadDecoder> make_offered_head(const Decision& decision) {
  ParserInfo info;
  info.network = decision.spec.input.size;
  info.class_count = decision.class_count;
  info.labels = decision.labels;
  info.batched_outputs = decision.batched_outputs;
  info.threshold = decision.head.threshold;
  info.threshold_by_class = decision.head.threshold_by_class;
  const auto& name = decision.settings.parser;
  auto* made = static_cast<HeadDecoder*>(fluvial_make(offered_parser, name.c_str(), &info));
  if (!made)
    throw SettingsError("parser=" + name + ": nobody in this process offers it; Flow.infer(model, parser=...) does");
  return std::unique_ptr<HeadDecoder>(made);
}

}  // namespace fluvial
