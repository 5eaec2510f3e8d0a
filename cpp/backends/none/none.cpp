#include "backends/none/none.h"

#include <stdexcept>

namespace fluvial {

void no_backend(const std::string& model_path, const std::string& why) {
  throw std::runtime_error(
      "nothing on this machine can run the model: OpenVINO cannot be loaded; install it with "
      "'pip install openvino' beside fluvial. The loader says: " +
      why + " (" + model_path + ")");
}

}  // namespace fluvial
