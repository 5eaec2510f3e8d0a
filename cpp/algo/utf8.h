// Texts as characters.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

// Each character of a UTF-8 text; bytes that are none stand alone.
std::vector<std::string> characters_of(const std::string& text);

}  // namespace fluvial
