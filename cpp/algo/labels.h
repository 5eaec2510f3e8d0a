// Names of classes: the built-in list, and those that exporters write into a model's metadata.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

// The 80 classes of COCO detection, in the order that models number them.
const std::vector<std::string>& coco_labels();

// The same 80 by the ids of COCO's annotations, 0 to 90, as DETRs number them; ids that COCO left out are named "".
const std::vector<std::string>& coco_labels_by_id();

// Reads what exporters write: "{0: 'person', 1: 'bicycle'}", "['person', 'bicycle']", the same as JSON, or names
// between commas, line ends or (where there are neither) spaces. Ids that a dict leaves out are named "". Empty if
// there is none.
std::vector<std::string> parse_labels(const std::string& text);

}  // namespace fluvial
