// Label files. A detector's has one label a line (what follows a ";" is for other programs); a classifier's has one
// attribute a line, with ";" between its labels, or one label a line when there is only one attribute.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

// Throws SettingsError when the file cannot be read.
std::vector<std::string> read_lines(const std::string& path);

std::vector<std::string> detector_labels(const std::vector<std::string>& lines);

// By attribute. `attributes` is how many the model has.
std::vector<std::vector<std::string>> classifier_labels(const std::vector<std::string>& lines, std::size_t attributes);

// Throws SettingsError that names both numbers.
void check_label_count(const std::string& path, std::size_t labels, int classes, const std::string& whose);

}  // namespace fluvial
