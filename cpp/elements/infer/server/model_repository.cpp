#include "elements/infer/server/model_repository.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "algo/nearest_word.h"
#include "elements/config_values.h"
#include "elements/infer/server/text_format.h"

namespace fluvial {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<std::string> folders_in(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (is_folder(entry.path())) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

// Of a folder of versions, those that are numbers above 0.
std::vector<long> versions_in(const fs::path& folder) {
  std::vector<long> versions;
  for (const auto& name : folders_in(folder)) {
    const bool is_number = name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && std::stol(name) > 0) versions.push_back(std::stol(name));
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

// What config.pbtxt says of who runs it.
struct Platform {
  std::string word;     // "onnxruntime_onnx"; empty: nothing is said
  std::string file;     // the default name of the model file
  std::string problem;  // why it is not run here
};

Platform platform_of(const TextField& config) {
  const auto* platform = config.find("platform");
  const auto* backend = config.find("backend");
  Platform found;
  found.word = platform && !platform->value.empty() ? platform->value : backend ? backend->value : "";
  const auto* file = config.find("default_model_filename");
  const auto is_one_of = [&](std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* word) { return found.word == word; });
  };
  if (found.word.empty() || is_one_of({"onnxruntime_onnx", "onnxruntime"})) {
    found.file = "model.onnx";
  } else if (is_one_of({"openvino"})) {
    found.file = "model.xml";
  } else if (is_one_of({"pytorch_libtorch", "pytorch"})) {
    found.file = "model.pt";
  } else if (is_one_of({"tensorrt_plan", "tensorrt"})) {
    found.file = "model.plan";
  } else {
    found.problem = "'" + found.word +
                    "' is not run here: export the model to ONNX, put it there as model.onnx and "
                    "say platform: \"onnxruntime_onnx\"";
  }
  if (file && !file->value.empty()) found.file = file->value;
  return found;
}

// Channels, height, width of the only picture-like input.
std::vector<int> picture_dims(const TextField& config) {
  std::vector<int> found;
  for (const auto* input : config.all("input")) {
    std::vector<int> dims;
    for (const auto* dim : input->all("dims")) dims.push_back(static_cast<int>(whole_number(dim->value, -1, 1000000)));
    if (dims.size() == 4) dims.erase(dims.begin());
    const bool is_picture = dims.size() == 3 && std::all_of(dims.begin(), dims.end(), [](int d) { return d > 0; });
    if (!is_picture) continue;
    if (!found.empty()) return {};
    const bool is_nhwc = dims[2] <= 4 && dims[0] > 4;
    found = is_nhwc ? std::vector<int>{dims[2], dims[0], dims[1]} : dims;
  }
  return found;
}

std::string absent_model(const std::vector<std::string>& roots, const std::string& name) {
  std::vector<std::string> there;
  std::string places;
  for (const auto& root : roots) {
    if (!is_folder(root)) return "model_repo.root: no such folder: " + root;
    for (const auto& folder : folders_in(root)) there.push_back(folder);
    places += (places.empty() ? "" : ", ") + root;
  }
  const std::string near = nearest_word(name, there);
  return "model_name: \"" + name + "\": the repository has no such model" +
         (near.empty() ? "; it has " + listed(there) : "; did you mean \"" + near + "\"?") + " (" + places + ")";
}

void take_version(RepositoryModel& model, const fs::path& folder, const std::string& file, long version) {
  const auto versions = versions_in(folder);
  const long wanted = version > 0 ? version : versions.empty() ? 1 : versions.back();
  model.path = (folder / std::to_string(wanted) / file).string();
  if (is_file(model.path)) return;
  std::vector<std::string> names;
  for (long one : versions) names.push_back(std::to_string(one));
  if (std::find(versions.begin(), versions.end(), wanted) == versions.end()) {
    model.problem = "version: " + std::to_string(version) + ": the model has no such version; it has " + listed(names) +
                    " (" + folder.string() + ")";
  } else {
    model.problem = "the repository has no model file: " + model.path;
  }
}

}  // namespace

RepositoryModel find_in_repository(const std::vector<std::string>& roots, const std::string& name, long version,
                                   bool wants_config) {
  RepositoryModel model;
  model.path = (fs::path(roots.empty() ? "" : roots.front()) / name / "1" / "model.onnx").string();
  for (const auto& root : roots) {
    const fs::path folder = fs::path(root) / name;
    if (!is_folder(folder)) continue;
    const fs::path config = folder / "config.pbtxt";
    Platform platform{"", "model.onnx", ""};
    try {
      if (is_file(config)) {
        const TextField said = read_text_format(config.string());
        platform = platform_of(said);
        model.infer_dims = picture_dims(said);
      } else if (wants_config) {
        model.problem = "strict_model_config is set and there is no config.pbtxt: " + config.string();
      }
    } catch (const std::invalid_argument& e) {
      model.problem = "config.pbtxt: " + std::string(e.what()) + " (" + config.string() + ")";
    }
    if (!model.problem.empty()) return model;
    take_version(model, folder, platform.file.empty() ? "model.onnx" : platform.file, version);
    if (!platform.problem.empty()) model.problem = "config.pbtxt: " + platform.problem + " (" + config.string() + ")";
    return model;
  }
  model.problem = absent_model(roots, name);
  return model;
}

}  // namespace fluvial
