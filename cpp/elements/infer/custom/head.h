// A parser of the user's as a head. What it gives is taken over: its memory is freed, its exceptions get its name, and
// values that no box can have go no further.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "algo/heads/head.h"
#include "elements/infer/decision.h"

namespace fluvial {

// `decision` has a parser, and outlives the head. `inputs` is how many inputs the model has, as bindings are counted
// from them on. Each complaint is made once. The head throws std::runtime_error when the function throws, or says that
// it failed.
std::unique_ptr<HeadDecoder> make_custom_head(const Decision& decision, std::size_t inputs,
                                              std::function<void(const std::string&)> complain);

}  // namespace fluvial
