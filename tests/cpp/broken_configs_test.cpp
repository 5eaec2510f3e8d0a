// Broken config files of nvinfer. Each gives exactly one message, which names the file, the key, the value and what is
// allowed, or the nearest name; none is guessed around in silence.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "infer_sources.h"
// The reader too, which infer_sources.h leaves out.
#include "elements/infer/nvinfer_config.cpp"  // NOLINT

using namespace fluvial;  // NOLINT

namespace {

struct Broken {
  const char* text;                 // after [property] and a key that is right
  std::vector<const char*> said;    // parts of the one message
  const char* file = "broken.txt";  // its ending says the syntax
};

const std::vector<Broken> broken_files = {
    // Numbers that are none, or out of range
    {"batch-size=0\n", {"[property] batch-size=0: allowed are whole numbers, 1 to 1024"}},
    {"batch-size=2000\n", {"batch-size=2000: allowed are whole numbers, 1 to 1024"}},
    {"batch-size=four\n", {"batch-size=four: allowed are whole numbers"}},
    {"batch-size=1.5\n", {"batch-size=1.5: allowed are whole numbers"}},
    {"batch-size=\n", {"batch-size=: allowed are whole numbers"}},
    {"interval=-1\n", {"interval=-1: allowed are whole numbers, 0 and more"}},
    {"interval=99999999999\n", {"interval=99999999999: allowed are whole numbers"}},
    {"gie-unique-id=x\n", {"gie-unique-id=x: allowed are whole numbers"}},
    {"process-mode=3\n", {"process-mode=3: allowed are whole numbers, 1 to 2"}},
    {"process-mode=primary\n", {"process-mode=primary: allowed are whole numbers, 1 to 2"}},
    {"gpu-id=-2\n", {"gpu-id=-2: allowed are whole numbers"}},
    {"threads=-1\n", {"threads=-1: allowed are whole numbers, 0 to 1024"}},
    {"requests=1000\n", {"requests=1000: allowed are whole numbers, 0 to 256"}},
    {"network-type=7\n",
     {"network-type=7: allowed are 0 detector, 1 classifier, 2 segmentation, 3 instance masks, 100"}},
    {"network-type=detector\n", {"network-type=detector: allowed are 0 detector"}},
    {"is-classifier=2\n", {"is-classifier=2: allowed are 0 and 1"}},
    {"net-scale-factor=1/255\n", {"net-scale-factor=1/255: allowed are numbers"}},
    {"net-scale-factor=0,0039\n", {"net-scale-factor=0,0039: allowed are numbers"}},
    {"net-scale-factor=nan\n", {"net-scale-factor=nan: allowed are numbers"}},
    {"net-scale-factor=inf\n", {"net-scale-factor=inf: allowed are numbers"}},
    {"offsets=a;b;c\n", {"offsets=a;b;c: allowed are numbers with ; between them"}},
    {"offsets=1;2;3;4;5\n", {"offsets=1;2;3;4;5: allowed are 1 to 4 numbers"}},
    {"offsets=\n", {"offsets=: allowed are 1 to 4 numbers"}},
    {"model-color-format=3\n", {"model-color-format=3: allowed are whole numbers, 0 to 2"}},
    {"model-color-format=BGR\n", {"model-color-format=BGR: allowed are whole numbers, 0 to 2"}},
    {"network-input-order=2\n", {"network-input-order=2: allowed are whole numbers, 0 to 1"}},
    {"maintain-aspect-ratio=yes\n", {"maintain-aspect-ratio=yes: allowed are 0 and 1"}},
    {"symmetric-padding=2\n", {"symmetric-padding=2: allowed are 0 and 1"}},
    {"infer-dims=3;544\n", {"infer-dims=3;544: allowed is channels;height;width"}},
    {"infer-dims=3;0;960\n", {"infer-dims=3;0;960: allowed is channels;height;width"}},
    {"infer-dims=3x544x960\n", {"infer-dims=3x544x960: allowed are whole numbers"}},
    {"num-detected-classes=-1\n", {"num-detected-classes=-1: allowed are whole numbers"}},
    {"cluster-mode=5\n", {"cluster-mode=5: allowed are whole numbers, 0 to 4"}},
    {"cluster-mode=NMS\n", {"cluster-mode=NMS: allowed are whole numbers, 0 to 4"}},
    {"enable-dbscan=on\n", {"enable-dbscan=on: allowed are 0 and 1"}},
    {"classifier-threshold=51\n", {"classifier-threshold=51: allowed are numbers, 0 to 1"}},
    {"segmentation-threshold=-0.5\n", {"segmentation-threshold=-0.5: allowed are numbers, 0 to 1"}},
    {"filter-out-class-ids=car\n", {"filter-out-class-ids=car: allowed are whole numbers with ; between"}},
    {"operate-on-gie-id=one\n", {"operate-on-gie-id=one: allowed are whole numbers"}},
    {"operate-on-class-ids=0;two\n", {"operate-on-class-ids=0;two: allowed are whole numbers with ; between"}},
    {"input-object-min-width=-5\n", {"input-object-min-width=-5: allowed are whole numbers, 0 and more"}},
    {"secondary-reinfer-interval=often\n", {"secondary-reinfer-interval=often: allowed are whole numbers"}},
    {"output-tensor-meta=maybe\n", {"output-tensor-meta=maybe: allowed are 0 and 1"}},
    {"output-instance-mask=2\n", {"output-instance-mask=2: allowed are 0 and 1"}},
    {"raw-output-file-write=x\n", {"raw-output-file-write=x: allowed are 0 and 1"}},
    {"precision=fp64\n", {"precision=fp64: ", "f16"}},
    {"head=yolo99\n", {"head=yolo99: allowed are ", "yolox"}},
    {"head-options=boxes\n", {"head-options=boxes: allowed are option=value"}},
    // Keys that change nothing here, with values that nobody can mean
    {"network-mode=9\n", {"network-mode=9: allowed are whole numbers, 0 to 3"}},
    {"workspace-size=2GB\n", {"workspace-size=2GB: allowed are whole numbers"}},
    {"scaling-filter=best\n", {"scaling-filter=best: allowed are whole numbers, 0 to 6"}},
    {"classifier-async-mode=async\n", {"classifier-async-mode=async: allowed are 0 and 1"}},
    {"max-gpu-mem-per=lots\n", {"max-gpu-mem-per=lots: allowed are numbers"}},
    // By class
    {"[class-attrs-all]\npre-cluster-threshold=20\n",
     {"[class-attrs-all] pre-cluster-threshold=20: allowed are numbers, 0 to 1"}},
    {"[class-attrs-0]\npost-cluster-threshold=-1\n",
     {"[class-attrs-0] post-cluster-threshold=-1: allowed are numbers"}},
    {"[class-attrs-all]\nnms-iou-threshold=45%\n", {"nms-iou-threshold=45%: allowed are numbers, 0 to 1"}},
    {"[class-attrs-all]\ntopk=all\n", {"[class-attrs-all] topk=all: allowed are whole numbers"}},
    {"[class-attrs-all]\neps=-1\n", {"[class-attrs-all] eps=-1: allowed are numbers"}},
    {"[class-attrs-all]\ngroup-threshold=-1\n", {"group-threshold=-1: allowed are whole numbers, 0 and more"}},
    {"[class-attrs-all]\nminBoxes=few\n", {"minBoxes=few: allowed are whole numbers"}},
    {"[class-attrs-all]\nborder-color=red\n", {"border-color=red: allowed are numbers"}},
    {"[class-attrs-all]\nbg-color=1;0;0\n", {"bg-color=1;0;0: allowed are red;green;blue;alpha, each 0 to 1"}},
    {"[class-attrs-all]\ndetected-min-w=wide\n", {"detected-min-w=wide: allowed are whole numbers"}},
    {"[class-attrs-car]\ntopk=1\n", {"[class-attrs-car]: allowed are [class-attrs-all] and [class-attrs-N]"}},
    {"[class-attrs--1]\ntopk=1\n", {"[class-attrs--1]: allowed are [class-attrs-all] and [class-attrs-N]"}},
    // Names
    {"batchsize=1\n", {"[property] batchsize is not known; did you mean 'batch-size'?"}},
    {"onnx_file=m.onnx\n", {"[property] onnx_file is not known; did you mean 'onnx-file'?"}},
    {"[class-attrs-all]\nmin-boxes=3\n", {"[class-attrs-all] min-boxes is not known; did you mean 'minBoxes'?"}},
    {"[clas-attrs-all]\ntopk=1\n", {"group [clas-attrs-all] is not known; did you mean 'class-attrs-all'?"}},
    // Asked for and not done
    {"mean-file=mean.ppm\n", {"[property] mean-file: mean pictures are not read; use offsets"}},
    {"overwrite-input-tensor=1\n", {"[property] overwrite-input-tensor: ", "none is replaced"}},
    // YAML
    {"  batch-size: none\n", {"[property] batch-size=none: allowed are whole numbers"}, "broken.yml"},
    {"  infer-dims: [3, 544]\n", {"[property] infer-dims=3;544: allowed is channels;height;width"}, "broken.yml"},
    {"  batchsize: 1\n", {"[property] batchsize is not known; did you mean 'batch-size'?"}, "broken.yaml"},
};

class File {
 public:
  File(const std::string& name, const std::string& text)
      : folder_(std::filesystem::temp_directory_path() / ("fluvial-broken-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / name).string();
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove_all(folder_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::filesystem::path folder_;
  std::string path_;
};

std::vector<std::string> messages_of(const std::string& name, const std::string& text) {
  const File file(name, text);
  const auto config = read_nvinfer_config(file.path());
  std::vector<std::string> all = config.problems;
  all.insert(all.end(), config.warnings.begin(), config.warnings.end());
  return all;
}

}  // namespace

TEST_CASE("each of many broken files gives one message, with file, key, value and what is allowed") {
  CHECK(broken_files.size() >= 60);
  for (const auto& broken : broken_files) {
    const bool is_yaml = std::string(broken.file) != "broken.txt";
    const auto messages = messages_of(
        broken.file, (is_yaml ? "property:\n  device: CPU\n" : "[property]\ndevice=CPU\n") + std::string(broken.text));
    CAPTURE(std::string(broken.text));
    REQUIRE(messages.size() == 1);
    CAPTURE(messages[0]);
    CHECK(messages[0].find(std::string(broken.file) + ": ") == 0);
    for (const auto* part : broken.said) CHECK(messages[0].find(part) != std::string::npos);
  }
}

TEST_CASE("what is no config at all gives one message too") {
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"empty.txt", ""},
                                                        {"binary.txt", std::string("\x00\x01\xff\xfe", 4)},
                                                        {"no_group.txt", "batch-size=1\n"},
                                                        {"no_property.txt", "[class-attrs-all]\ntopk=1\n"},
                                                        {"no_key.txt", "[property]\njust words\n"},
                                                        {"list.yml", "- 1\n- 2\n"},
                                                        {"open.yml", "property: [1\n"},
                                                        {"scalar.yml", "property: 3\n"},
                                                        {"nested.yml", "property:\n  batch-size:\n    a: 1\n"}}) {
    const auto messages = messages_of(name, text);
    CAPTURE(name);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].find(name + ": ") == 0);
    CHECK(messages[0].size() > name.size() + 8);
  }
}
