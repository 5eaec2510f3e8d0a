#include "elements/config_values.h"

#include <glib.h>

#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "elements/config_text.h"

namespace fluvial {
namespace {

std::string range(double least, double most) {
  const auto text = [](double x) {
    gchar buffer[G_ASCII_DTOSTR_BUF_SIZE];
    return std::string(g_ascii_formatd(buffer, sizeof buffer, "%.7g", x));
  };
  if (most >= static_cast<double>(INT_MAX)) return text(least) + " and more";
  return text(least) + " to " + text(most);
}

}  // namespace

long whole_number(const std::string& text, long least, long most) {
  char* end = nullptr;
  errno = 0;
  const long value = std::strtol(text.c_str(), &end, 10);
  const bool is_number = !text.empty() && *end == '\0' && errno == 0;
  if (!is_number || value < least || value > most)
    throw std::invalid_argument("allowed are whole numbers, " +
                                range(static_cast<double>(least), static_cast<double>(most)));
  return value;
}

float number(const std::string& text, float least, float most) {
  char* end = nullptr;
  const double value = g_ascii_strtod(text.c_str(), &end);
  const bool is_number = !text.empty() && *end == '\0' && std::isfinite(value);
  if (!is_number || value < least || value > most)
    throw std::invalid_argument("allowed are numbers, " + range(least, most));
  return static_cast<float>(value);
}

bool yes_or_no(const std::string& text) {
  if (text == "1" || text == "true" || text == "True") return true;
  if (text == "0" || text == "false" || text == "False") return false;
  throw std::invalid_argument("allowed are 0 and 1");
}

std::vector<std::string> items(const std::string& text, const char* separators) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    const std::string item = trimmed_text(text.substr(begin, end - begin));
    if (!item.empty()) found.push_back(item);
    begin = end + 1;
  }
  return found;
}

std::vector<int> whole_numbers(const std::string& text) {
  std::vector<int> values;
  try {
    for (const auto& item : items(text, ";:,")) values.push_back(static_cast<int>(whole_number(item, -1, INT_MAX)));
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("allowed are whole numbers with ; between them");
  }
  return values;
}

std::vector<float> numbers(const std::string& text) {
  std::vector<float> values;
  try {
    for (const auto& item : items(text)) values.push_back(number(item, -1e9F, 1e9F));
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("allowed are numbers with ; between them");
  }
  return values;
}

void check_precision(const std::string& text) {
  if (!text.empty() && text != "f32" && text != "f16" && text != "bf16")
    throw std::invalid_argument("allowed are f32, f16 and bf16");
}

std::string joined(const std::vector<int>& values, const char* separator) {
  std::string text;
  for (int value : values) text += (text.empty() ? "" : separator) + std::to_string(value);
  return text;
}

}  // namespace fluvial
