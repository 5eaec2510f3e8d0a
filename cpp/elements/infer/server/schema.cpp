#include "elements/infer/server/schema.h"

#include <algorithm>
#include <climits>
#include <set>
#include <stdexcept>

#include "elements/config_values.h"

namespace fluvial {
namespace {

std::string joined(const std::vector<const char*>& words) {
  std::string text;
  for (const char* word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// As protobuf reads them: true, t, 1.
bool flag_of(const std::string& text) {
  if (text == "true" || text == "True" || text == "t" || text == "1") return true;
  if (text == "false" || text == "False" || text == "f" || text == "0") return false;
  throw std::invalid_argument("allowed are true and false");
}

float real_of(std::string text) {
  if (!text.empty() && (text.back() == 'f' || text.back() == 'F')) text.pop_back();
  return number(text, -1e30F, 1e30F);
}

void check_word(const std::string& value, const FieldType& type) {
  const bool is_number =
      !value.empty() && value.size() < 4 && value.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoul(value) < type.words.size()) return;
  const std::vector<std::string> known(type.words.begin(), type.words.end());
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  const std::string near = nearest_word(value, known);
  throw std::invalid_argument("allowed are " + joined(type.words) +
                              (near.empty() ? "" : "; did you mean " + near + "?"));
}

void check_value(const TextField& field, const FieldType& type) {
  if (field.is_message) throw std::invalid_argument("allowed is one value, not a message in { }");
  if (type.kind == FieldKind::text && !field.is_quoted) throw std::invalid_argument("allowed is a text in quotes");
  if (type.kind != FieldKind::text && field.is_quoted) throw std::invalid_argument("allowed is a value without quotes");
  switch (type.kind) {
    case FieldKind::whole: whole_number(field.value, INT_MIN, LONG_MAX); break;
    case FieldKind::real: real_of(field.value); break;
    case FieldKind::flag: flag_of(field.value); break;
    case FieldKind::word: check_word(field.value, type); break;
    default: break;
  }
}

void check_field(const TextField& field, const FieldType& type, const std::string& path, ConfigReport& report) {
  if (type.kind == FieldKind::message) {
    if (!field.is_message) return report.problem(at_line(field) + path + ": allowed is a message in { }");
    if (type.of) check(field, *type.of, path, report);
  } else {
    try {
      check_value(field, type);
    } catch (const std::invalid_argument& e) {
      const std::string value = field.is_message ? "" : ": " + field.value;
      report.problem(at_line(field) + path + value + ": " + e.what());
    }
  }
  if (type.note) report.note(at_line(field) + path + ": " + type.note);
}

}  // namespace

std::string at_line(const TextField& field) { return "line " + std::to_string(field.line) + ": "; }

void check(const TextField& message, const MessageType& type, const std::string& path, ConfigReport& report) {
  std::set<std::string> seen;
  for (const auto& field : message.fields) {
    const std::string full = path.empty() ? field.name : path + "." + field.name;
    const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                    [&](const FieldType& known) { return field.name == known.name; });
    if (found == type.fields.end()) {
      std::vector<std::string> known;
      for (const auto& one : type.fields) known.emplace_back(one.name);
      const std::string near = nearest_word(field.name, known);
      report.problem(at_line(field) + full + " is not known" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
      continue;
    }
    if (!found->is_repeated && !seen.insert(field.name).second)
      report.problem(at_line(field) + full + " stands there twice; allowed is once");
    check_field(field, *found, full, report);
  }
}

std::string text_in(const TextField& message, const char* name, const std::string& otherwise) {
  const auto* field = message.find(name);
  return field ? field->value : otherwise;
}

// What check() refused has been reported; then any value will do.
int whole_in(const TextField& message, const char* name, int otherwise) {
  const auto* field = message.find(name);
  try {
    return field ? static_cast<int>(whole_number(field->value, INT_MIN, INT_MAX)) : otherwise;
  } catch (const std::invalid_argument&) {
    return otherwise;
  }
}

float real_in(const TextField& message, const char* name, float otherwise) {
  const auto* field = message.find(name);
  try {
    return field ? real_of(field->value) : otherwise;
  } catch (const std::invalid_argument&) {
    return otherwise;
  }
}

std::vector<int> wholes_in(const TextField& message, const char* name) {
  std::vector<int> values;
  for (const auto* field : message.all(name)) {
    TextField one;
    one.fields = {*field};
    values.push_back(whole_in(one, name, 0));
  }
  return values;
}

bool flag_in(const TextField& message, const char* name, bool otherwise) {
  const auto* field = message.find(name);
  try {
    return field ? flag_of(field->value) : otherwise;
  } catch (const std::invalid_argument&) {
    return otherwise;
  }
}

}  // namespace fluvial
