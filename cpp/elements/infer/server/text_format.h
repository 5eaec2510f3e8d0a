// Protobuf's text format as a tree: what DeepStream's nvinferserver and Triton's config.pbtxt are written in.
//
// A list, `dims: [3, 8]`, is the same field several times, as in protobuf. Every field knows its line.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

struct TextField {
  std::string name;
  int line = 0;
  bool is_message = false;
  bool is_quoted = false;         // a scalar in quotes; several side by side are one text
  std::string value;              // of a scalar
  std::vector<TextField> fields;  // of a message

  // The last field of that name, as later ones win; nullptr: none.
  const TextField* find(const std::string& wanted) const;
  std::vector<const TextField*> all(const std::string& wanted) const;
};

// A message without a name, whose fields are those of the text. Throws std::invalid_argument: "line 3: ...".
TextField parse_text_format(const std::string& text);

// The same of a file. Throws std::invalid_argument where it cannot be read, too.
TextField read_text_format(const std::string& path);

}  // namespace fluvial
