#include "elements/infer/server/text_format.h"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace fluvial {
namespace {

constexpr int deepest = 64;  // messages in messages: a config has about six

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' || c == '+';
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  TextField run() {
    TextField root;
    root.is_message = true;
    root.line = 1;
    take_fields(root, '\0', 0);
    return root;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::invalid_argument("line " + std::to_string(line_) + ": " + what);
  }

  // What stands at the place, for a message.
  std::string seen() const {
    if (at_ >= text_.size()) return "the end of the file";
    return std::string("'") + text_[at_] + "'";
  }

  // Spaces, lines, and comments from # to the end of a line.
  char next() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        line_ += c == '\n' ? 1 : 0;
        ++at_;
      } else {
        return c;
      }
    }
    return '\0';
  }

  bool take(char wanted) {
    if (next() != wanted || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  std::string word() {
    next();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string name() {
    const bool is_extension = take('[');
    if (is_extension) fail("names of extensions, in [ ], are not known here");
    const std::string found = word();
    if (found.empty()) fail("a field's name is expected, found " + seen());
    return found;
  }

  char escaped() {
    if (++at_ >= text_.size()) fail("a text ends within an escape");
    switch (text_[at_]) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      default: return text_[at_];  // \" \' \\ and whatever stands for itself
    }
  }

  std::string quoted() {
    std::string all;
    for (char quote = next(); quote == '"' || quote == '\''; quote = next()) {
      for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
        if (text_[at_] == '\n') fail("a text has no closing " + std::string(1, quote));
        all += text_[at_] == '\\' ? escaped() : text_[at_];
      }
      if (at_++ >= text_.size()) fail("a text has no closing " + std::string(1, quote));
    }
    return all;
  }

  // { ... } or < ... >
  bool take_message(TextField& field, int depth) {
    const char end = next() == '{' ? '}' : next() == '<' ? '>' : '\0';
    if (end == '\0') return false;
    if (depth >= deepest) fail("messages lie deeper than " + std::to_string(deepest) + " in each other");
    ++at_;
    field.is_message = true;
    take_fields(field, end, depth + 1);
    return true;
  }

  void take_value(TextField& field, int depth) {
    if (take_message(field, depth)) return;
    field.is_quoted = next() == '"' || next() == '\'';
    field.value = field.is_quoted ? quoted() : word();
    if (field.value.empty() && !field.is_quoted) fail("a value of '" + field.name + "' is expected, found " + seen());
  }

  void take_list(TextField& to, const std::string& named, int depth) {
    while (!take(']')) {
      TextField item = field_named(named);
      take_value(item, depth);
      to.fields.push_back(std::move(item));
      if (!take(',') && next() != ']') fail("in the list of '" + named + "' ',' or ']' is expected, found " + seen());
    }
  }

  TextField field_named(const std::string& named) const {
    TextField field;
    field.name = named;
    field.line = line_;
    return field;
  }

  void take_field(TextField& to, int depth) {
    const std::string named = name();
    TextField field = field_named(named);
    const bool has_colon = take(':');
    if (take('[')) return take_list(to, named, depth);
    if (!has_colon && next() != '{' && next() != '<')
      fail("':' or '{' is expected after '" + named + "', found " + seen());
    take_value(field, depth);
    to.fields.push_back(std::move(field));
  }

  void take_fields(TextField& to, char end, int depth) {
    const int begun = line_;
    while (true) {
      const char c = next();
      if (c == end && (end != '\0' || at_ >= text_.size())) break;
      if (c == '\0' && at_ >= text_.size())
        fail(std::string("'") + end + "' is missing for the '" + to.name + "' that begins in line " +
             std::to_string(begun));
      take_field(to, depth);
      if (!take(',')) take(';');
    }
    if (end != '\0') ++at_;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

const TextField* TextField::find(const std::string& wanted) const {
  for (auto field = fields.rbegin(); field != fields.rend(); ++field)
    if (field->name == wanted) return &*field;
  return nullptr;
}

std::vector<const TextField*> TextField::all(const std::string& wanted) const {
  std::vector<const TextField*> found;
  for (const auto& field : fields)
    if (field.name == wanted) found.push_back(&field);
  return found;
}

TextField parse_text_format(const std::string& text) { return Parser(text).run(); }

TextField read_text_format(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) throw std::invalid_argument("no such file: " + path);
  std::ifstream file(path, std::ios::binary);
  return parse_text_format({std::istreambuf_iterator<char>(file), {}});
}

}  // namespace fluvial
