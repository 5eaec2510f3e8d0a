// A parser that Python offers, in the place of a head (meta/offers.h).
#pragma once

#include <memory>

#include "algo/heads/head.h"
#include "algo/inspect.h"
#include "elements/infer/decision.h"

namespace fluvial {

// How pictures are fed to a model whose outputs the parser reads: what inspection knows of the whole, or else of the
// input alone. Throws SettingsError that says which keys to add where neither tells the colours.
ModelSpec inspect_for_parser(const ModelInfo& info, const ModelHints& hints, const std::string& parser);

// Throws SettingsError when nobody offers a parser of this name; what Python raises is a std::runtime_error.
std::unique_ptr<HeadDecoder> make_offered_head(const Decision& decision);

}  // namespace fluvial
