// Which fields a message of the text format may have, and of what kind: the judge of nvinferserver's config.
#pragma once

#include <string>
#include <vector>

#include "elements/config_report.h"
#include "elements/infer/server/text_format.h"

namespace fluvial {

enum class FieldKind { text, whole, real, flag, word, message };

struct MessageType;

struct FieldType {
  const char* name;
  FieldKind kind;
  bool is_repeated = false;
  const MessageType* of = nullptr;  // of a message
  std::vector<const char*> words;   // of an enumeration, in the order of their numbers
  const char* note = nullptr;       // why the field changes nothing here
};

struct MessageType {
  std::vector<FieldType> fields;
};

// Reports each field that the type does not know or whose value is not of its kind, by line and path.
void check(const TextField& message, const MessageType& type, const std::string& path, ConfigReport& report);

// Values of fields that check() let through. `otherwise` where the field is not there.
std::string text_in(const TextField& message, const char* name, const std::string& otherwise = "");
int whole_in(const TextField& message, const char* name, int otherwise);
float real_in(const TextField& message, const char* name, float otherwise);
bool flag_in(const TextField& message, const char* name, bool otherwise);
std::vector<int> wholes_in(const TextField& message, const char* name);  // of a repeated field

std::string at_line(const TextField& field);  // "line 5: "

}  // namespace fluvial
