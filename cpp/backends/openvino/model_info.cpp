#include "backends/openvino/model_info.h"

#include <sstream>
#include <stdexcept>

namespace fluvial {
namespace {

TensorInfo describe_port(const ov::Output<const ov::Node>& port) {
  TensorInfo info;
  info.name = port.get_names().empty() ? port.get_node()->get_friendly_name() : port.get_any_name();
  try {
    info.type = element_type(port.get_element_type());
  } catch (const std::runtime_error& e) {
    throw std::runtime_error("tensor '" + info.name + "': " + e.what());
  }
  info.shape = shape_of(port.get_partial_shape());
  return info;
}

void flatten(const std::string& prefix, const ov::AnyMap& values, std::map<std::string, std::string>& out) {
  for (const auto& [key, value] : values) {
    const std::string name = prefix.empty() ? key : prefix + "/" + key;
    if (value.is<ov::AnyMap>()) {
      flatten(prefix.empty() && key == "framework" ? "" : name, value.as<ov::AnyMap>(), out);
      continue;
    }
    try {
      // Attributes of an IR are read lazily; asking for a map resolves those that are one.
      out.emplace(name, value.as<std::string>());
    } catch (const std::exception&) {
      try {
        flatten(prefix.empty() && key == "framework" ? "" : name, value.as<ov::AnyMap>(), out);
      } catch (const std::exception&) {
        // A value of a type that has no text (a tensor, an object of the exporter): nothing that a head could use.
      }
    }
  }
}

// The kind of node that makes an output, past those that only change its shape or type.
std::string maker_of(const ov::Output<const ov::Node>& output) {
  const ov::Node* node = output.get_node();
  const auto changes_nothing = [](const std::string& kind) {
    return kind == "Result" || kind == "Reshape" || kind == "Squeeze" || kind == "Unsqueeze" || kind == "Convert" ||
           kind == "FakeQuantize" || kind == "Transpose";
  };
  while (changes_nothing(node->get_type_name()) && node->get_input_size() > 0) node = node->get_input_node_ptr(0);
  return node->get_type_name();
}

// Lines of OpenVINO's that say nothing of the model. As in python/fluvial/models/explain.py.
bool says_nothing(const std::string& line) {
  for (const char* begin : {"Exception from ", "Loading input model", "Converting input model", "FrontEnd API failed",
                            "Model wasn't fully converted", "Summary:"})
    if (line.compare(0, std::string(begin).size(), begin) == 0) return true;
  return line.compare(0, 7, "Check '") == 0 && line.find(" failed at ") != std::string::npos;
}

// Of operations that the runtime does not know, "Name-OPSET": mostly the opset is newer than it.
std::string with_remedy(const std::string& words) {
  const std::string says = "-- No conversion rule found for operations: ";
  const auto at = words.find(says);
  if (at == std::string::npos) return words;
  return "this OpenVINO has no operation " + words.substr(at + says.size()) +
         " (name-opset); allowed are those of the opsets that it knows: export the model with a lower one, such as "
         "torch.onnx.export(..., opset_version=17), or let another backend run it (backend=onnxruntime)";
}

}  // namespace

ElementType element_type(const ov::element::Type& type) {
  switch (static_cast<ov::element::Type_t>(type)) {
    case ov::element::Type_t::f32: return ElementType::f32;
    case ov::element::Type_t::f16: return ElementType::f16;
    case ov::element::Type_t::i8: return ElementType::i8;
    case ov::element::Type_t::u8:
    case ov::element::Type_t::boolean: return ElementType::u8;
    case ov::element::Type_t::i32: return ElementType::i32;
    case ov::element::Type_t::i64: return ElementType::i64;
    default:
      throw std::runtime_error("element type " + type.get_type_name() +
                               " is not supported; allowed: f32, f16, i8, u8, i32, i64");
  }
}

Shape shape_of(const ov::PartialShape& shape) {
  if (shape.rank().is_dynamic()) return {};
  Shape out;
  for (const auto& d : shape) out.push_back(d.is_static() ? d.get_length() : -1);
  return out;
}

ModelInfo describe_model(const std::string& path, const ov::Model& model) {
  ModelInfo info;
  info.path = path;
  for (const auto& port : model.inputs()) info.inputs.push_back(describe_port(port));
  for (const auto& port : model.outputs()) info.outputs.push_back(describe_port(port));
  flatten("", model.get_rt_info(), info.metadata);
  for (std::size_t i = 0; i < info.outputs.size(); ++i)
    info.metadata.emplace("op." + info.outputs[i].name, maker_of(model.output(i)));
  return info;
}

std::string words_of(const std::exception& error) {
  std::istringstream lines(error.what());
  std::string line, words;
  while (std::getline(lines, line)) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos || says_nothing(line.substr(start))) continue;
    line = line.substr(start);
    line = line.substr(0, line.find(": Check '"));  // OpenVINO's own source
    words += (words.empty() ? "" : "; ") + line;
    if (words.size() > 600) break;
  }
  return words.empty() ? error.what() : with_remedy(words);
}

}  // namespace fluvial
