// A mean picture: a PPM (P6) of the network's size, whose pixels are subtracted.
#pragma once

#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

// One number for each element of a picture's tensor, in its layout and order of colours. Throws SettingsError.
std::vector<float> read_mean_file(const std::string& path, const InputSpec& input);

}  // namespace fluvial
