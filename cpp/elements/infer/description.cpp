#include "elements/infer/description.h"

#include <cstdio>

#include "algo/inspect.h"

namespace fluvial {
namespace {

std::string json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json(const char* text) { return json(std::string(text)); }
std::string json(bool value) { return value ? "true" : "false"; }
std::string json(int value) { return std::to_string(value); }
std::string json(std::int64_t value) { return std::to_string(value); }

std::string json(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return text;
}

// Members in their order.
class Fields {
 public:
  template <typename T>
  Fields& add(const char* name, const T& value) {
    return add_raw(name, json(value));
  }
  Fields& add_raw(const char* name, const std::string& value) {
    text_ += (text_.empty() ? "{" : ",") + json(name) + ":" + value;
    return *this;
  }
  std::string text() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

template <typename Values, typename Write>
std::string list(const Values& values, Write write) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ",") + write(value);
  return "[" + text + "]";
}

std::string texts(const std::vector<std::string>& values) {
  return list(values, [](const std::string& text) { return json(text); });
}

std::string three(const float (&values)[3]) {
  return list(values, [](float value) { return json(value); });
}

std::string tensors(const std::vector<TensorInfo>& infos) {
  return list(infos, [](const TensorInfo& info) {
    const auto shape = list(info.shape, [](std::int64_t d) { return json(d); });
    return Fields().add("name", info.name).add("type", word_of(info.type)).add_raw("shape", shape).text();
  });
}

const char* word_of(ColorOrder color) {
  if (color == ColorOrder::gray) return "gray";
  return color == ColorOrder::rgb ? "rgb" : "bgr";
}

const char* word_of(Task task) {
  switch (task) {
    case Task::classification: return "classification";
    case Task::segmentation: return "segmentation";
    case Task::pose: return "pose";
    case Task::embedding: return "embedding";
    default: return "detection";
  }
}

std::string picture(const InputSpec& input) {
  return Fields()
      .add("name", input.name)
      .add("width", input.size.width)
      .add("height", input.size.height)
      .add("layout", input.layout == Layout::nchw ? "nchw" : "nhwc")
      .add("color", word_of(input.color))
      .add("keeps_aspect", input.keeps_aspect)
      .add("is_padding_centred", input.is_padding_centred)
      .add("pad_value", input.pad_value)
      .add_raw("scale", three(input.scale))
      .add_raw("offset", three(input.offset))
      .text();
}

Fields& add_tensors(Fields& fields, const ModelInfo& info) {
  return fields.add_raw("inputs", tensors(info.inputs)).add_raw("outputs", tensors(info.outputs));
}

}  // namespace

std::string json_of(const ModelInfo& info, const Decision& decision) {
  const ModelSpec& spec = decision.spec;
  Fields options, fixed, fields;
  for (const auto& [key, value] : spec.options) options.add(key.c_str(), value);
  for (const auto& input : spec.fixed_inputs)
    fixed.add_raw(input.name.c_str(), list(input.values, [](float value) { return json(value); }));
  return add_tensors(fields, info)
      .add("head", name_of(spec.head))
      .add("task", word_of(decision.task))
      .add_raw("input", picture(spec.input))
      .add("class_count", spec.class_count)
      .add_raw("labels", texts(spec.labels))
      .add("threshold", decision.head.threshold)
      .add("usual_threshold", spec.usual_threshold)
      .add("usual_iou", spec.usual_iou)
      .add("needs_nms", spec.needs_nms)
      .add("is_batch_open", spec.is_batch_open)
      .add_raw("fixed_inputs", fixed.text())
      .add_raw("options", options.text())
      .add_raw("evidence", texts(spec.evidence))
      .add_raw("warnings", texts(decision.warnings))
      .text();
}

std::string json_of_failure(const ModelInfo* info, const std::string& why) {
  Fields fields;
  if (info) add_tensors(fields, *info);
  return fields.add("error", why).text();
}

}  // namespace fluvial
