#include "elements/infer/labels_file.h"

#include <algorithm>
#include <fstream>

#include "elements/config_text.h"
#include "elements/config_values.h"
#include "elements/guard.h"

namespace fluvial {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw SettingsError("the label file cannot be read: " + path);
  std::vector<std::string> lines;
  std::string line;
  while (std::getline(file, line)) lines.push_back(trimmed_text(line));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> detector_labels(const std::vector<std::string>& lines) {
  // Old label files have all labels in one line.
  if (lines.size() == 1 && lines[0].find(';') != std::string::npos) return items(lines[0]);
  std::vector<std::string> labels;
  for (const auto& line : lines) labels.push_back(trimmed_text(line.substr(0, line.find(';'))));
  return labels;
}

std::vector<std::vector<std::string>> classifier_labels(const std::vector<std::string>& lines, std::size_t attributes) {
  const auto has_several = [](const std::string& line) { return line.find(';') != std::string::npos; };
  const bool is_one_a_line = attributes == 1 && std::none_of(lines.begin(), lines.end(), has_several);
  if (is_one_a_line) return {lines};
  std::vector<std::vector<std::string>> labels;
  for (const auto& line : lines) labels.push_back(items(line));
  return labels;
}

void check_label_count(const std::string& path, std::size_t labels, int classes, const std::string& whose) {
  if (classes <= static_cast<int>(labels)) return;
  throw SettingsError("labels: the file has " + std::to_string(labels) + " labels, " + whose + " has " +
                      std::to_string(classes) + " classes; one line a class is needed: " + path);
}

}  // namespace fluvial
