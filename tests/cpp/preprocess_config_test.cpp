// Config files of nvdspreprocess: what they mean, and every problem of one file at once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// The plugin is a module that nothing links with: the test compiles the sources that it tests.
#include "elements/config_text.cpp"        // NOLINT
#include "elements/config_values.cpp"      // NOLINT
#include "elements/preprocess/config.cpp"  // NOLINT
#include "preprocess_fixture.h"

using namespace testing;

namespace {

PreprocessConfig read(const std::string& text, const char* name = "c.txt") {
  const Folder folder;
  return read_preprocess_config(folder.write(name, text));
}

}  // namespace

TEST_CASE("a config of DeepStream's sample is understood") {
  const auto config = read(
      "[property]\nenable=1\ntarget-unique-ids=1;3\nnetwork-input-order=0\nprocess-on-frame=1\n"
      "maintain-aspect-ratio=1\nsymmetric-padding=1\nprocessing-width=960\nprocessing-height=544\n"
      "scaling-buf-pool-size=6\ntensor-buf-pool-size=6\nnetwork-input-shape=8;3;544;960\nnetwork-color-format=0\n"
      "tensor-data-type=0\ntensor-name=input_1:0\nscaling-pool-memory-type=0\nscaling-pool-compute-hw=0\n"
      "scaling-filter=0\ncustom-lib-path=/opt/libcustom2d_preprocess.so\n"
      "custom-tensor-preparation-function=CustomTensorPreparation\n"
      "[user-configs]\npixel-normalization-factor=0.003921568\n"
      "[group-0]\nsrc-ids=0;1\ncustom-input-transformation-function=CustomAsyncTransformation\nprocess-on-roi=1\n"
      "roi-params-src-0=0;540;900;500;960;0;900;500;\nroi-params-src-1=0;540;900;500;\n");
  CHECK(config.problems.empty());
  CHECK(config.warnings.empty());
  const auto& s = config.settings;
  CHECK(s.targets == std::vector<std::uint64_t>{1, 3});
  CHECK(s.shape == std::vector<int>{8, 3, 544, 960});
  CHECK(s.tensor_name == "input_1:0");
  CHECK(s.keeps_aspect);
  CHECK(s.scale == doctest::Approx(1 / 255.0).epsilon(1e-5));
  REQUIRE(s.groups.size() == 1);
  REQUIRE(s.groups[0].regions.at(0).size() == 2);
  CHECK(s.groups[0].regions.at(0)[1].left == 960);
  CHECK(s.groups[0].draws_regions);
}

TEST_CASE("YAML says the same") {
  const auto config = read(
      "property:\n  network-input-shape: 2;3;8;8\n  tensor-name: in\n  target-unique-ids: 1\n"
      "group-0:\n  src-ids: -1\n  process-on-roi: 1\n  roi-params-src-0: [0, 0, 8, 8]\n",
      "c.yml");
  CHECK(config.problems.empty());
  CHECK(config.settings.groups.at(0).regions.at(0).size() == 1);
}

TEST_CASE("all problems of a file are found at once, each with its key, the value and what is allowed") {
  const auto config = read(
      "[property]\nnetwork-input-shape=8;0\nnetwork-color-format=7\nprocess-on-frame=maybe\ntarget-unique-ids=x\n"
      "[group-0]\nsrc-ids=0;-1\nprocess-on-roi=1\nroi-params-src-0=1;2;3\nroi-params-src-1=-1;0;4;4\nroi-color=1;0\n"
      "[group-x]\nsrc-ids=0\n[group-2]\nsrc-ids=3\nprocess-on-roi=1\n[group-3]\ninterval=1\n");
  const std::vector<std::string> expected = {
      "c.txt: [property] network-input-shape=8;0: allowed are sizes above 0, the most regions first, such as "
      "8;3;544;960",
      "c.txt: [property] network-color-format=7: allowed are whole numbers, 0 to 2",
      "c.txt: [property] process-on-frame=maybe: allowed are 0 and 1",
      "c.txt: [property] target-unique-ids=x: allowed are whole numbers with ; between them",
      "c.txt: [group-0] src-ids=0;-1: allowed are source ids such as 0;1, or -1 for all sources",
      "c.txt: [group-0] roi-params-src-0=1;2;3: allowed are left;top;width;height of each region, one after the "
      "other; here are 3 numbers",
      "c.txt: [group-0] roi-params-src-1=-1;0;4;4: region 0: left and top are 0 or more, width and height above 0",
      "c.txt: [group-0] roi-color=1;0: allowed are red;green;blue;alpha, each 0 to 1",
      "c.txt: [group-x]: allowed are [group-N] with a number N",
      "c.txt: [group-2]: src-ids names source 3, roi-params-src-3 is missing (process-on-roi=1)",
      "c.txt: [group-3]: src-ids is missing; such as 0;1, or -1 for all sources",
      "c.txt: [property] tensor-name is missing: the name of the model's input",
  };
  for (const auto& text : expected)
    CHECK_MESSAGE(std::find(config.problems.begin(), config.problems.end(), text) != config.problems.end(), text);
}

TEST_CASE("a misspelt key or group is a warning with the nearest name") {
  const auto config = read("[property]\nnetwork-input-shapes=1;3;8;8\n[user-config]\nx=1\n[group-0]\nsrc-id=0\n");
  const std::vector<std::string> expected = {
      "c.txt: [property] network-input-shapes is not known; did you mean 'network-input-shape'?",
      "c.txt: group [user-config] is not known; did you mean 'user-configs'?",
      "c.txt: [group-0] src-id is not known; did you mean 'src-ids'?",
      "c.txt: [property] target-unique-ids is missing: no inference takes the tensors",
  };
  for (const auto& text : expected)
    CHECK_MESSAGE(std::find(config.warnings.begin(), config.warnings.end(), text) != config.warnings.end(), text);
}

TEST_CASE("a file that is not there is a problem too") {
  const auto config = read_preprocess_config("/nowhere/c.txt");
  REQUIRE(!config.problems.empty());
  CHECK(config.problems[0].find("c.txt: ") == 0);
}

TEST_CASE("keys of a library of one's own are handed to it unjudged") {
  const auto config = read(
      "[property]\nnetwork-input-shape=1;3;8;8\ntensor-name=in\ntarget-unique-ids=1\ncustom-lib-path=mine.so\n"
      "[user-configs]\ntransform-matrix=1;0;0\n[group-0]\nsrc-ids=0\n");
  CHECK(config.problems.empty());
  CHECK(config.warnings.empty());
  CHECK(config.settings.user_configs.at("transform-matrix") == "1;0;0");
  CHECK(config.settings.library.find("/mine.so") != std::string::npos);
}
