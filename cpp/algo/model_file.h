// What can be told of a model file before anybody reads it: that it is there, whole, and of the kind that its name
// says.
#pragma once

#include <string>

namespace fluvial {

// There, a file, readable and not empty. Throws std::runtime_error.
void check_is_file(const std::string& path);

// For ONNX (.onnx) and OpenVINO IR (.xml). A back end that is handed anything else tries every format that it knows,
// and says of each that it failed. Throws std::runtime_error, which names the file, what is in it, and what to do.
void check_model_file(const std::string& path);

}  // namespace fluvial
