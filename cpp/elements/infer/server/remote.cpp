#include "elements/infer/server/remote.h"

#include <glib.h>

#include <algorithm>

#include "algo/nearest_word.h"
#include "elements/infer/server/schema.h"

namespace fluvial {
namespace {

constexpr int usual_timeout_ms = 10000, longest_timeout_ms = 600000;

std::string escaped(const std::string& name) {
  gchar* text = g_uri_escape_string(name.c_str(), nullptr, FALSE);
  const std::string found = text ? text : "";
  g_free(text);
  return found;
}

std::optional<ElementType> type_of(const std::string& word) {
  if (word == "TENSOR_DT_FP32") return ElementType::f32;
  if (word == "TENSOR_DT_FP16") return ElementType::f16;
  if (word == "TENSOR_DT_INT8") return ElementType::i8;
  if (word == "TENSOR_DT_UINT8") return ElementType::u8;
  if (word == "TENSOR_DT_INT32") return ElementType::i32;
  if (word == "TENSOR_DT_INT64") return ElementType::i64;
  return std::nullopt;
}

const char* name_of(ElementType type) {
  switch (type) {
    case ElementType::f16: return "TENSOR_DT_FP16";
    case ElementType::i8: return "TENSOR_DT_INT8";
    case ElementType::u8: return "TENSOR_DT_UINT8";
    case ElementType::i32: return "TENSOR_DT_INT32";
    case ElementType::i64: return "TENSOR_DT_INT64";
    default: return "TENSOR_DT_FP32";
  }
}

std::vector<DeclaredTensor> declared(const TextField& backend, const char* role) {
  std::vector<DeclaredTensor> all;
  for (const auto* tensor : backend.all(role))
    all.push_back({at_line(*tensor) + "infer_config.backend." + role, text_in(*tensor, "name"),
                   wholes_in(*tensor, "dims"), type_of(text_in(*tensor, "data_type"))});
  return all;
}

template <typename Sizes>
std::string bracketed(const Sizes& sizes) {
  std::string text;
  for (auto d : sizes) text += (text.empty() ? "" : ", ") + std::to_string(d);
  return "[" + text + "]";
}

// A config leaves the batch out, or not.
bool fits(const std::vector<int>& dims, const Shape& shape) {
  if (dims.empty() || shape.empty()) return true;
  const auto matches = [&](std::size_t skipped) {
    return dims.size() + skipped == shape.size() &&
           std::equal(dims.begin(), dims.end(), shape.begin() + static_cast<std::ptrdiff_t>(skipped),
                      [](int said, std::int64_t there) { return said < 0 || there < 0 || said == there; });
  };
  return matches(0) || matches(1);
}

std::string unlike(const DeclaredTensor& said, const std::vector<TensorInfo>& there) {
  const auto found =
      std::find_if(there.begin(), there.end(), [&](const TensorInfo& tensor) { return tensor.name == said.name; });
  if (found == there.end()) {
    std::vector<std::string> names;
    for (const auto& tensor : there) names.push_back(tensor.name);
    const std::string near = nearest_word(said.name, names);
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    return ".name: \"" + said.name + "\": the server's model has no such tensor" +
           (near.empty() ? "; it has " + all : "; did you mean \"" + near + "\"?");
  }
  if (!fits(said.dims, found->shape))
    return ".dims: " + bracketed(said.dims) + ": \"" + said.name + "\" of the server's model is " +
           bracketed(found->shape);
  if (said.type && *said.type != found->type)
    return std::string(".data_type: ") + name_of(*said.type) + ": \"" + said.name + "\" of the server's model is " +
           name_of(found->type);
  return "";
}

}  // namespace

RemoteModel read_remote_model(const TextField& backend, const TextField& triton, const TextField& grpc,
                              ConfigReport& report) {
  const std::string url = text_in(grpc, "url");
  const auto colon = url.rfind(':');
  const bool is_address = colon != std::string::npos && colon > 0 && colon + 1 < url.size() &&
                          url.find('/') == std::string::npos && url.find('?') == std::string::npos;
  if (!is_address)
    report.problem(at_line(grpc) + "grpc.url: \"" + url + "\": allowed is host:port of a server, \"localhost:8001\"");
  const int timeout = whole_in(grpc, "timeout_ms", usual_timeout_ms);
  if (timeout < 1 || timeout > longest_timeout_ms)
    report.problem(at_line(grpc) + "grpc.timeout_ms: " + std::to_string(timeout) + ": allowed are 1 to " +
                   std::to_string(longest_timeout_ms));
  if (flag_in(grpc, "enable_cuda_buffer_sharing", false))
    report.warn(at_line(grpc) +
                "grpc.enable_cuda_buffer_sharing: not done, as tensors are in system memory; with a server on this "
                "machine, enable_shared_memory: true shares that");
  RemoteModel remote;
  remote.key = at_line(grpc) + "infer_config.backend.triton.grpc: ";
  remote.address = "grpc://" + url + "/" + escaped(text_in(triton, "model_name")) +
                   "?version=" + std::to_string(whole_in(triton, "version", -1)) +
                   "&timeout_ms=" + std::to_string(timeout) +
                   (flag_in(grpc, "enable_shared_memory", false) ? "&shared_memory=1" : "");
  remote.inputs = declared(backend, "inputs");
  remote.outputs = declared(backend, "outputs");
  return remote;
}

std::string unlike_the_config(const RemoteModel& said, const ModelInfo& model) {
  std::string text;
  const auto compare = [&](const std::vector<DeclaredTensor>& all, const std::vector<TensorInfo>& there) {
    for (const auto& one : all) {
      const std::string problem = unlike(one, there);
      if (!problem.empty()) text += (text.empty() ? "" : "; ") + one.key + problem;
    }
  };
  compare(said.inputs, model.inputs);
  compare(said.outputs, model.outputs);
  return text;
}

}  // namespace fluvial
