// The backend that is not there: says what is missing, and what to type.
#pragma once

#include <string>

namespace fluvial {

// `why` is the loader's own sentence. Always throws std::runtime_error.
[[noreturn]] void no_backend(const std::string& model_path, const std::string& why);

}  // namespace fluvial
