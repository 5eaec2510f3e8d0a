// Config files of nvinferserver and the model repositories that they name: what they mean, and what is refused.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "folder.h"
// The plugin is a module that nothing links with: the test compiles the sources that it tests.
#include "elements/config_text.cpp"                    // NOLINT
#include "elements/config_values.cpp"                  // NOLINT
#include "elements/infer/server/config.cpp"            // NOLINT
#include "elements/infer/server/model_repository.cpp"  // NOLINT
#include "elements/infer/server/remote.cpp"            // NOLINT
#include "elements/infer/server/schema.cpp"            // NOLINT
#include "elements/infer/server/text_format.cpp"       // NOLINT
#include "elements/infer/server/types.cpp"             // NOLINT

using namespace fluvial;

namespace {

// A folder with a model repository "repo" and config files.
class Folder : public testing::Folder {
 public:
  NvinferConfig read(const std::string& text) const { return read_inferserver_config(write("c.txt", text)); }
};

std::string backend(const std::string& triton) { return "backend { triton { " + triton + " } }"; }

const std::string detector = backend("model_name: \"detector\" model_repo { root: \"repo\" }");

std::string absence(const Folder& folder, const std::string& triton) {
  const auto text = folder.read("infer_config { " + backend(triton) + " }").settings.absent_because;
  return text.substr(0, text.find(" (/"));
}

}  // namespace

TEST_CASE("a config of DeepStream's sample is understood") {
  const Folder folder;
  folder.write("repo/detector/1/model.onnx");
  folder.write("repo/detector/3/model.onnx");
  const auto config = folder.read(R"(
infer_config {
  unique_id: 5
  gpu_ids: [0]
  max_batch_size: 4
  backend {
    inputs: [ { name: "input_1:0" } ]
    trt_is {
      model_name: "detector"
      version: -1
      model_repo { root: "repo" log_level: 2 tf_gpu_memory_fraction: 0.4 tf_disable_soft_placement: 0 }
    }
  }
  preprocess {
    network_format: IMAGE_FORMAT_BGR
    tensor_order: TENSOR_ORDER_LINEAR
    maintain_aspect_ratio: 1
    symmetric_padding: 1
    normalize { scale_factor: 0.5 channel_offsets: [1, 2, 3] }
  }
  postprocess {
    labelfile_path: "labels.txt"
    detection {
      num_detected_classes: 4
      per_class_params { key: 0 value { pre_threshold: 0.4 } }
      nms { confidence_threshold: 0.2 topk: 20 iou_threshold: 0.5 }
    }
  }
  extra { copy_input_to_host_buffers: false output_buffer_pool_size: 2 }
  custom_lib { path: "/opt/lib.so" }
}
input_control {
  process_mode: PROCESS_MODE_CLIP_OBJECTS
  operate_on_gie_id: 1
  operate_on_class_ids: [0, 2]
  secondary_reinfer_interval: 7
  async_mode: true
  object_control { bbox_filter { min_width: 32 min_height: 16 } }
}
output_control {
  output_tensor_meta: true
  classifier_type: "color"
  detect_control {
    filter_out_class_ids: [3]
    default_filter { bbox_filter { min_width: 8 } border_color { r: 1 g: 0.5 b: 0 a: 1 } }
    specific_class_filters { key: 2 value { roi_top_offset: 9 } }
  }
}
)");
  CHECK(config.problems.empty());
  CHECK(config.warnings.empty());
  const auto& s = config.settings;
  CHECK(s.unique_id == 5);
  CHECK(s.batch_size == 4);
  CHECK(s.model == folder / "repo/detector/3/model.onnx");
  CHECK(s.color_format == 1);
  CHECK(s.input_order == 0);
  CHECK(s.keeps_aspect == true);
  CHECK(s.is_padding_centred == true);
  CHECK(s.net_scale_factor == 0.5F);
  CHECK(s.offsets == std::vector<float>{1, 2, 3});
  CHECK(s.labels_file == folder / "labels.txt");
  CHECK(s.network_type == 0);
  CHECK(s.class_count == 4);
  CHECK(s.cluster_mode == 2);
  CHECK(s.all_classes.threshold == 0.2F);
  CHECK(s.all_classes.nms_iou == 0.5F);
  CHECK(s.all_classes.topk == 20);
  CHECK(s.all_classes.min_width == 8);
  CHECK(s.of_class(0).threshold == 0.4F);
  CHECK(s.of_class(0).min_width == 8);
  CHECK(s.of_class(0).border.green == 0.5);
  CHECK(s.of_class(2).roi_top == 9);
  CHECK(s.process_mode == ProcessMode::objects);
  CHECK(s.on_unique_id == 1);
  CHECK(s.on_classes == std::vector<int>{0, 2});
  CHECK(s.reinfer_interval == 7);
  CHECK(s.min_object_width == 32);
  CHECK(s.wants_tensors);
  CHECK(s.classifier_type == "color");
  CHECK(s.unwanted_classes == std::vector<int>{3});
}

TEST_CASE("each kind of postprocessing is a network type") {
  const Folder folder;
  folder.write("repo/detector/1/model.onnx");
  const auto type_of = [&](const std::string& postprocess) {
    return folder
        .read("infer_config { " + detector + " postprocess { " + postprocess +
              " } } output_control { output_tensor_meta: true }")
        .settings.network_type;
  };
  CHECK(type_of("detection {}") == 0);
  CHECK(type_of("classification { threshold: .3 }") == 1);
  CHECK(type_of("triton_classification { topk: 1 }") == 1);
  CHECK(type_of("segmentation { threshold: .5 }") == 2);
  CHECK(type_of("other {}") == 100);
  CHECK(type_of("") == std::nullopt);
  CHECK(folder.read("infer_config { " + detector + " input_tensor_from_meta {} }").settings.takes_tensors);
}

TEST_CASE("parsers of the user's library are named, DeepStream's own are not needed") {
  const Folder folder;
  folder.write("repo/detector/1/model.onnx");
  const auto read = [&](const std::string& library) {
    return folder.read("infer_config { " + detector + library +
                       " postprocess { detection { custom_parse_bbox_func: \"Parse\"\n"
                       "dbscan { pre_threshold: .1 eps: .7 min_boxes: 3 min_score: .4 } } } }");
  };
  const auto own = read("custom_lib { path: \"mine.so\" }").settings;
  CHECK(own.custom_library == folder / "mine.so");
  CHECK(own.parse_boxes == "Parse");
  CHECK(own.cluster_mode == 1);
  CHECK(own.all_classes.min_boxes == 3);
  CHECK(own.all_classes.eps == 0.7F);
  const auto stock = read("custom_lib { path: \"/nowhere/libnvds_infercustomparser.so\" }");
  CHECK(stock.settings.parse_boxes.empty());
  CHECK(stock.notes.back() == "c.txt: line 1: custom_parse_bbox_func: the model's outputs are read by inspection");
  CHECK(read("").problems.at(0) ==
        "c.txt: line 1: custom_parse_bbox_func: \"Parse\": custom_lib { path: \"...\" } is missing, the library that "
        "has it");
}

TEST_CASE("config.pbtxt tells the file's name and the size of an open picture") {
  const Folder folder;
  folder.write("repo/detector/1/best.onnx");
  folder.write("repo/detector/config.pbtxt",
               "name: \"detector\"\nplatform: \"onnxruntime_onnx\"\ndefault_model_filename: \"best.onnx\"\n"
               "max_batch_size: 4\ninput [ { name: \"image\" data_type: TYPE_FP32 dims: [ 320, 480, 3 ] } ]\n"
               "output [ { name: \"boxes\" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]\n");
  const auto config = folder.read("infer_config { " + detector + " }");
  CHECK(config.problems.empty());
  CHECK(config.settings.model == folder / "repo/detector/1/best.onnx");
  CHECK(config.settings.infer_dims == std::vector<int>{3, 320, 480});
}

TEST_CASE("a model that cannot be run says what was looked for, unless a stand-in takes its place") {
  const Folder folder;
  folder.write("repo/detector/1/model.onnx");
  folder.write("repo/empty/1/notes.txt");
  folder.write("repo/graph/1/model.graphdef");
  folder.write("repo/graph/config.pbtxt", "platform: \"tensorflow_graphdef\"\n");
  folder.write("repo/broken/config.pbtxt", "name: \"broken\n");
  const auto repo = std::string(" model_repo { root: \"repo\" }");
  CHECK(absence(folder, "model_name: \"detectr\"" + repo) ==
        "line 1: model_name: \"detectr\": the repository has no such model; did you mean \"detector\"?");
  CHECK(absence(folder, "model_name: \"zebra\"" + repo) ==
        "line 1: model_name: \"zebra\": the repository has no such model; it has broken, detector, empty, graph");
  CHECK(absence(folder, "model_name: \"detector\" version: 7" + repo) ==
        "line 1: version: 7: the model has no such version; it has 1");
  CHECK(absence(folder, "model_name: \"empty\"" + repo) ==
        "line 1: the repository has no model file: " + (folder / "repo/empty/1/model.onnx"));
  CHECK(absence(folder, "model_name: \"graph\"" + repo) ==
        "line 1: config.pbtxt: 'tensorflow_graphdef' is not run here: export the model to ONNX, put it there as "
        "model.onnx and say platform: \"onnxruntime_onnx\"");
  CHECK(absence(folder, "model_name: \"broken\"" + repo) == "line 1: config.pbtxt: line 1: a text has no closing \"");
  CHECK(absence(folder, "model_name: \"detector\" model_repo { root: \"repo\" strict_model_config: true }") ==
        "line 1: strict_model_config is set and there is no config.pbtxt: " + (folder / "repo/detector/config.pbtxt"));
  CHECK(absence(folder, "model_name: \"detector\" model_repo { root: \"nowhere\" }") ==
        "line 1: model_repo.root: no such folder: " + (folder / "nowhere"));
  const auto absent = folder.read("infer_config { " + backend("model_name: \"zebra\"" + repo) + " }").settings;
  CHECK(absent.absent_file == folder / "repo/zebra/1/model.onnx");
  CHECK(absent.model.empty());
}

TEST_CASE("all problems of a file are found at once, each with its line, the value and what is allowed") {
  const Folder folder;
  folder.write("repo/detector/1/model.onnx");
  const auto config =
      folder.read("infer_config {\n" + detector + "\n" +
                  "  uniqe_id: 5\n"
                  "  max_batch_size: \"4\"\n"
                  "  preprocess { network_format: IMAGE_FORMAT_RBG normalize { scale_factor: much channel_offsets: "
                  "[1,2,3,4,5] } }\n"
                  "  postprocess { labelfile_path: labels detection: 3 other {} }\n"
                  "  lstm { loops { input: \"a\" } }\n"
                  "  extra { custom_process_funcion: \"Create\" }\n"
                  "}\n"
                  "input_control { async_mode: 7 interval: 1 interval: 2 process_mode: PROCESS_MODE_FULL_FRAME }\n");
  const std::vector<std::string> expected = {
      "c.txt: line 3: infer_config.uniqe_id is not known; did you mean 'unique_id'?",
      "c.txt: line 4: infer_config.max_batch_size: 4: allowed is a value without quotes",
      "c.txt: line 5: infer_config.preprocess.network_format: IMAGE_FORMAT_RBG: allowed are MEDIA_FORMAT_NONE, "
      "IMAGE_FORMAT_RGB, IMAGE_FORMAT_BGR, IMAGE_FORMAT_GRAY; did you mean IMAGE_FORMAT_RGB?",
      "c.txt: line 5: channel_offsets: allowed are 1 to 4 numbers, here are 5",
      "c.txt: line 6: infer_config.postprocess.labelfile_path: labels: allowed is a text in quotes",
      "c.txt: line 6: infer_config.postprocess.detection: allowed is a message in { }",
      "c.txt: line 7: infer_config.lstm: tensors that go back into the model are not done here",
      "c.txt: line 8: infer_config.extra.custom_process_funcion: \"Create\": custom processors are not run here; read "
      "the tensors in a probe (output_tensor_meta)",
      "c.txt: line 10: input_control.async_mode: 7: allowed are true and false",
      "c.txt: line 10: input_control.interval stands there twice; allowed is once",
  };
  std::string all;
  for (const auto& problem : config.problems) all += problem + "\n";
  INFO(all);
  for (const auto& text : expected)
    CHECK_MESSAGE(std::find(config.problems.begin(), config.problems.end(), text) != config.problems.end(), text);
  CHECK(all.find("scale_factor: much: allowed are numbers") != std::string::npos);
}

TEST_CASE("grpc names a model of a server: where, which, how long") {
  const Folder folder;
  const auto read = [&](const std::string& triton) {
    return folder.read("infer_config { " + backend("model_name: \"a model\" " + triton) + " }");
  };
  const auto plain = read("grpc { url: \"10.0.0.1:8001\" }");
  CHECK(plain.problems.empty());
  CHECK(plain.warnings.empty());
  CHECK(plain.settings.model == "grpc://10.0.0.1:8001/a%20model?version=-1&timeout_ms=10000");
  CHECK(plain.settings.remote.address == plain.settings.model);
  CHECK(plain.settings.remote.key == "line 1: infer_config.backend.triton.grpc: ");
  const auto whole = read("version: 3\ngrpc { url: \"a:1\" timeout_ms: 250 enable_shared_memory: true }");
  CHECK(whole.settings.model == "grpc://a:1/a%20model?version=3&timeout_ms=250&shared_memory=1");
  CHECK(read("grpc { url: \"a:1\" enable_cuda_buffer_sharing: true }").warnings.at(0) ==
        "c.txt: line 1: grpc.enable_cuda_buffer_sharing: not done, as tensors are in system memory; with a server on "
        "this machine, enable_shared_memory: true shares that");
}

TEST_CASE("a wrong grpc is refused with its line, the value and what is allowed") {
  const Folder folder;
  const auto problem = [&](const std::string& triton) {
    const auto config = folder.read("infer_config {\n" + backend("model_name: \"a\" " + triton) + " }");
    return config.problems.empty() ? "none" : config.problems.front();
  };
  for (const char* url : {"", "localhost", "http://localhost:8001", ":8001", "localhost:", "a:1/b"})
    CHECK(problem("grpc { url: \"" + std::string(url) + "\" }") ==
          "c.txt: line 2: grpc.url: \"" + std::string(url) +
              "\": allowed is host:port of a server, \"localhost:8001\"");
  CHECK(problem("grpc { url: \"a:1\" timeout_ms: 0 }") == "c.txt: line 2: grpc.timeout_ms: 0: allowed are 1 to 600000");
  CHECK(problem("grpc { url: \"a:1\" timeoutms: 5 }") ==
        "c.txt: line 2: infer_config.backend.triton.grpc.timeoutms is not known; did you mean 'timeout_ms'?");
  CHECK(problem("grpc { url: \"a:1\" } model_repo { root: \"repo\" }") ==
        "c.txt: line 2: model_repo: grpc stands there too; allowed is one of both");
}

TEST_CASE("what a config says of tensors is compared with the server's model") {
  const Folder folder;
  const auto compared = [&](const std::string& tensors) {
    const auto config = folder.read("infer_config { backend {\n" + tensors +
                                    "\ntriton { model_name: \"a\" grpc { url: \"a:1\" } } } }");
    CHECK(config.problems.empty());
    ModelInfo model;
    model.inputs = {{"image", ElementType::f32, {-1, 3, 64, 96}}};
    model.outputs = {{"boxes", ElementType::f16, {-1, -1, 4}}, {"labels", ElementType::i64, {-1, 100}}};
    return unlike_the_config(config.settings.remote, model);
  };
  CHECK(compared("").empty());
  CHECK(compared("inputs { name: \"image\" dims: [3, 64, 96] data_type: TENSOR_DT_FP32 } outputs { name: \"boxes\" }")
            .empty());
  CHECK(compared("inputs { name: \"image\" dims: [-1, 3, -1, 96] }").empty());
  CHECK(compared("inputs { name: \"imag\" }") ==
        "line 2: infer_config.backend.inputs.name: \"imag\": the server's model has no such tensor; did you mean "
        "\"image\"?");
  CHECK(compared("outputs { name: \"zebra\" }") ==
        "line 2: infer_config.backend.outputs.name: \"zebra\": the server's model has no such tensor; it has boxes, "
        "labels");
  CHECK(compared("inputs { name: \"image\" dims: [3, 64, 64] }") ==
        "line 2: infer_config.backend.inputs.dims: [3, 64, 64]: \"image\" of the server's model is [-1, 3, 64, 96]");
  CHECK(compared("inputs { name: \"image\" data_type: TENSOR_DT_UINT8 }\noutputs { name: \"box\" }") ==
        "line 2: infer_config.backend.inputs.data_type: TENSOR_DT_UINT8: \"image\" of the server's model is "
        "TENSOR_DT_FP32; line 3: infer_config.backend.outputs.name: \"box\": the server's model has no such tensor; "
        "did you mean \"boxes\"?");
}

TEST_CASE("what a config cannot do without is said") {
  const Folder folder;
  const auto problem = [&](const std::string& text) {
    const auto config = folder.read(text);
    return config.problems.empty() ? "none" : config.problems.front();
  };
  CHECK(problem("") == "c.txt: infer_config { } is missing: it names the model");
  CHECK(problem("infer_config {}") == "c.txt: line 1: infer_config.backend { triton { } } is missing");
  CHECK(problem("infer_config { backend {} }") == "c.txt: line 1: infer_config.backend.triton { } is missing");
  CHECK(problem("infer_config { " + backend("") + " }") ==
        "c.txt: line 1: model_name is missing: the name of the model's folder in the repository");
  CHECK(problem("infer_config { " + backend("model_name: \"a\"") + " }") ==
        "c.txt: line 1: model_repo { root: \"...\" } is missing, the folder of model folders; or grpc { url: "
        "\"host:port\" } of a server");
  CHECK(problem("infer_config {") == "c.txt: line 1: '}' is missing for the 'infer_config' that begins in line 1");
  CHECK(read_inferserver_config("/nowhere/c.txt").problems.at(0) == "c.txt: no such file: /nowhere/c.txt");
  folder.write("repo/detector/1/model.onnx");
  CHECK(problem("infer_config { " + detector + " postprocess { other {} } }") ==
        "c.txt: postprocess.other decodes nothing, so output_control { output_tensor_meta: true } is needed");
}
