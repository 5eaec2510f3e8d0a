#include "algo/utf8.h"

#include <algorithm>

namespace fluvial {
namespace {

std::size_t length_by(unsigned char first) {
  if (first >= 0xF0 && first < 0xF8) return 4;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xC0 && first < 0xE0) return 2;
  return 1;
}

bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

}  // namespace

std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = std::min(length_by(static_cast<unsigned char>(text[i])), text.size() - i);
    for (std::size_t k = 1; k < length; ++k)
      if (!goes_on(text[i + k])) length = 1;
    all.push_back(text.substr(i, length));
    i += length;
  }
  return all;
}

}  // namespace fluvial
