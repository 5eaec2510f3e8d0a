#include "algo/labels.h"

#include <algorithm>
#include <cctype>

namespace fluvial {
namespace {

constexpr std::size_t kMostClasses = 100000;  // a bound for ids in files from elsewhere

bool is_quote(char c) { return c == '\'' || c == '"'; }

// The string that begins at text[at], a quote; `at` moves past its end.
std::string read_quoted(const std::string& text, std::size_t& at) {
  const char quote = text[at++];
  std::string word;
  for (; at < text.size() && text[at] != quote; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    word += text[at];
  }
  ++at;
  return word;
}

std::size_t read_number(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) return kMostClasses;
  return std::stoul(text);
}

// Keys are numbers, bare or quoted; values are quoted.
std::vector<std::string> parse_dict(const std::string& text) {
  std::vector<std::string> labels;
  std::string key;
  bool is_value = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_quote(c)) {
      const std::string word = read_quoted(text, at);
      const std::size_t id = is_value ? read_number(key) : kMostClasses;
      if (!is_value) key = word;
      if (id >= kMostClasses) continue;
      if (labels.size() <= id) labels.resize(id + 1);
      labels[id] = word;
      continue;
    }
    if (c == ':') is_value = true;
    if (c == ',') is_value = false;
    if (c == ',' || c == '{') key.clear();
    if (!is_value && std::isdigit(static_cast<unsigned char>(c)) != 0) key += c;
    ++at;
  }
  return labels;
}

std::vector<std::string> parse_list(const std::string& text) {
  std::vector<std::string> labels;
  for (std::size_t at = 0; at < text.size();) {
    if (is_quote(text[at])) {
      labels.push_back(read_quoted(text, at));
    } else {
      ++at;
    }
  }
  return labels;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<std::string> parse_plain(const std::string& text) {
  const char* separators = " \t";
  if (text.find(',') != std::string::npos) separators = ",";
  if (text.find('\n') != std::string::npos) separators = "\n";
  std::vector<std::string> labels;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    const std::string word = trimmed(text.substr(begin, end - begin));
    if (!word.empty()) labels.push_back(word);
    begin = end + 1;
  }
  return labels;
}

}  // namespace

std::vector<std::string> parse_labels(const std::string& text) {
  const std::string body = trimmed(text);
  if (body.empty()) return {};
  if (body[0] == '{') return parse_dict(body);
  if (body[0] == '[' || body[0] == '(') return parse_list(body);
  return parse_plain(body);
}

const std::vector<std::string>& coco_labels() {
  static const std::vector<std::string> labels = {
      "person",         "bicycle",    "car",           "motorcycle",    "airplane",     "bus",           "train",
      "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",    "parking meter", "bench",
      "bird",           "cat",        "dog",           "horse",         "sheep",        "cow",           "elephant",
      "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",     "handbag",       "tie",
      "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball",  "kite",          "baseball bat",
      "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",       "wine glass",    "cup",
      "fork",           "knife",      "spoon",         "bowl",          "banana",       "apple",         "sandwich",
      "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",        "donut",         "cake",
      "chair",          "couch",      "potted plant",  "bed",           "dining table", "toilet",        "tv",
      "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",   "microwave",     "oven",
      "toaster",        "sink",       "refrigerator",  "book",          "clock",        "vase",          "scissors",
      "teddy bear",     "hair drier", "toothbrush"};
  return labels;
}

const std::vector<std::string>& coco_labels_by_id() {
  static const std::vector<std::string> labels = [] {
    const std::vector<int> left_out = {0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83};
    std::vector<std::string> by_id(91);
    std::size_t next = 0;
    for (int id = 0; id < 91; ++id) {
      const bool is_there = std::find(left_out.begin(), left_out.end(), id) == left_out.end();
      if (is_there) by_id[static_cast<std::size_t>(id)] = coco_labels()[next++];
    }
    return by_id;
  }();
  return labels;
}

}  // namespace fluvial
