// Which model file is run: the one that the settings name, or a stand-in for one that is not on this machine.
//
// FLUVIAL_STANDINS names a text file with one stand-in a line, fields between tabs, # for comments:
//   ending of the absent path, model file, labels file, class map "0=2,1=0", head options "outputs=type;..."
// The class map turns the stand-in's class ids into those that the absent model has; classes that it leaves out are
// dropped. The last three may be empty. Relative paths are relative to the folder of the table.
#pragma once

#include <map>
#include <string>

#include "elements/infer/settings.h"

namespace fluvial {

struct ModelPath {
  std::string path;
  std::string instead_of;        // the absent path; empty: no stand-in
  std::string labels_file;       // of the stand-in
  std::map<int, int> class_map;  // empty: ids stay
  std::map<std::string, std::string> head_options;
};

// Of the absent model's classes, those that its stand-in does not know, with ", " between.
std::string classes_never_found(const ModelPath& stand_in);

// Throws SettingsError that says which key to set.
ModelPath find_model(const InferSettings& settings, const std::string& table_file);

}  // namespace fluvial
