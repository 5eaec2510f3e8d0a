// fluvialpostprocess with a user's library (libraries/postprocess_library.cpp), which is called by the public headers.
#include <algorithm>

#include "filter_fixture.h"
#include "gst-nvevent.h"
#include "gstnvdsinfer.h"
#include "leaks.h"

using namespace testing;

namespace {

class Postprocess : public BatchFilter {
 public:
  explicit Postprocess(const std::string& config, const std::string& library = POSTPROCESS_LIBRARY)
      : BatchFilter("fluvialpostprocess", "postprocesslib-config-file", "post.txt", config) {
    g_object_set(element(), "postprocesslib-name", library.c_str(), nullptr);
  }
};

// The tensor 8, 16 of unique-id 5 on the first frame.
struct Tensors {
  Tensors() {
    layer.inferDims = {1, {2}, 2};
    layer.layerName = "edges";
    meta.unique_id = 5;
    meta.num_output_layers = 1;
    meta.output_layers_info = &layer;
    meta.out_buf_ptrs_host = pointers;
  }
  GstBuffer* batch(int frame_num = 0) {
    auto* buffer = new_batch(1, frame_num);
    auto* user = nvds_acquire_user_meta_from_pool(gst_buffer_get_nvds_batch_meta(buffer));
    user->base_meta.meta_type = NVDSINFER_TENSOR_OUTPUT_META;
    user->user_meta_data = &meta;
    nvds_add_user_meta_to_frame(frame_of(buffer, 0), user);
    return buffer;
  }

  float values[2] = {8, 16};
  void* pointers[1] = {values};
  NvDsInferLayerInfo layer{};
  NvDsInferTensorMeta meta{};
};

std::vector<float> edges(GstBuffer* buffer) {
  std::vector<float> found;
  for (auto* object : each<NvDsObjectMeta>(frame_of(buffer, 0)->obj_meta_list)) {
    CHECK(object->unique_component_id == 5);
    found.push_back(object->rect_params.left);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string until_path(const std::string& text) { return text.substr(0, text.find(" (/")); }

}  // namespace

TEST_CASE("a library reads the tensors and attaches objects itself") {
  Tensors tensors;
  Postprocess post("reads");
  const auto buffer = post.pass(tensors.batch());
  CHECK(edges(buffer.get()) == std::vector<float>{8, 16});
}

TEST_CASE("a library pushes buffers itself from a thread of its own, all before the end of the stream") {
  Tensors tensors;
  Postprocess post("async");
  constexpr int count = 50;
  for (int i = 0; i < count; ++i) CHECK(post.push(tensors.batch(i)) == GST_FLOW_OK);
  CHECK(gst_harness_push_event(post.start(), gst_event_new_eos()));
  REQUIRE(gst_harness_buffers_in_queue(post.start()) == count);
  for (int i = 0; i < count; ++i) {
    const BufferPtr buffer{gst_harness_pull(post.start()), gst_buffer_unref};
    CHECK(frame_of(buffer.get(), 0)->frame_num == i);
    CHECK(edges(buffer.get()).size() == 2);
  }
}

TEST_CASE("a buffer that others hold too is copied before a library changes it") {
  Tensors tensors;
  tensors.meta.num_output_layers = 0;
  tensors.layer.inferDims.numElements = 0;
  Postprocess post("reads");
  auto* shared = new_batch(1);
  const BufferPtr mine{gst_buffer_ref(shared), gst_buffer_unref};
  CHECK(post.pass(shared).get() != mine.get());
}

TEST_CASE("a buffer that a library drops is gone, and the next one is asked for") {
  Tensors tensors;
  Postprocess post("drops");
  CHECK(post.push(tensors.batch()) == GST_FLOW_OK);
  CHECK(post.push(tensors.batch()) == GST_FLOW_OK);
  CHECK(gst_harness_buffers_in_queue(post.start()) == 0);
}

TEST_CASE("what a library does wrong is said with the name of its function") {
  const auto error = [](const std::string& config) {
    Tensors tensors;
    Postprocess post(config);
    CHECK(post.push(tensors.batch()) == GST_FLOW_ERROR);
    return until_path(post.message(GST_MESSAGE_ERROR));
  };
  CHECK(error("throws") == "ProcessBuffer threw: out of ideas");
  CHECK(error("fails") == "ProcessBuffer returned Buffer_Error");
}

TEST_CASE("an event that a library does not take is not sent on, which is said") {
  Tensors tensors;
  Postprocess post("reads");
  post.pass(tensors.batch());
  CHECK(!gst_harness_push_event(post.start(), gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, nullptr)));
  CHECK(post.message(GST_MESSAGE_WARNING)
            .find("HandleEvent did not return true for custom-downstream: it is not sent on") == 0);
  CHECK(gst_harness_push_event(post.start(), gst_nvevent_new_stream_eos(0)));
}

TEST_CASE("a library or config file that does not fit is said before the first frame") {
  CHECK(until_path(Postprocess("").start_error()).find("SetConfigFile returned false: the library does not take it") !=
        std::string::npos);
  CHECK(Postprocess("throws-config").start_error().find("SetConfigFile threw: line 1: no word of mine") !=
        std::string::npos);
  Postprocess absent("reads");
  g_object_set(absent.element(), "postprocesslib-config-file", "/absent.yml", nullptr);
  CHECK(absent.start_error().find("postprocesslib-config-file=/absent.yml: there is no such file; SetConfigFile ") ==
        0);
  Postprocess unset("reads");
  g_object_set(unset.element(), "postprocesslib-config-file", nullptr, nullptr);
  CHECK(unset.start_error().find("postprocesslib-config-file is missing") == 0);
  Postprocess refused("reads");
  g_object_set(refused.element(), "gpu-id", 7, nullptr);
  CHECK(until_path(refused.start_error()) == "CreateCustomAlgoCtx returned NULL: the library does not start");
}

TEST_CASE("a library that is not there, is none, or lacks the function is said before the first frame") {
  const auto error = [](const std::string& library) { return Postprocess("reads", library).start_error(); };
  CHECK(error("/absent.so").find("postprocesslib-name=/absent.so: the library cannot be loaded: /absent.so: ") == 0);
  Folder folder;
  const auto text = folder.write("text.so", "no library");
  CHECK(error(text).find("postprocesslib-name=" + text + ": the library cannot be loaded: ") == 0);
  CHECK(error(PREPROCESS_LIBRARY).find("CreateCustomAlgoCtx: the library has no such function (postprocesslib-name=") ==
        0);
}

TEST_CASE("a library under the name of DeepStream's own is opened where it is there; if it cannot be, that is said") {
  Tensors tensors;
  Folder folder;
  const auto path = folder.write("libpostprocess_impl.so", "no library");
  const std::string config = "[property]\nnetwork-type=0\ngie-unique-id=1\nnum-detected-classes=1\n";
  {
    Postprocess post(config, path);
    post.pass(new_batch(1));
    CHECK(post.message(GST_MESSAGE_WARNING).find("what DeepStream's library of this name does is done instead") !=
          std::string::npos);
  }
  std::filesystem::remove(path);
  std::filesystem::create_symlink(POSTPROCESS_LIBRARY, path);
  Postprocess post("reads", path);
  CHECK(edges(post.pass(tensors.batch()).get()).size() == 2);
}

TEST_CASE("another config file reaches the library while it plays; one that it refuses is a warning") {
  Tensors tensors;
  Postprocess post("reads");
  post.pass(tensors.batch());
  g_object_set(post.element(), "postprocesslib-config-file", post.folder().write("b.txt", "drops").c_str(), nullptr);
  CHECK(post.push(tensors.batch()) == GST_FLOW_OK);
  CHECK(gst_harness_buffers_in_queue(post.start()) == 0);
  g_object_set(post.element(), "postprocesslib-config-file", "/absent.yml", nullptr);
  CHECK(post.message(GST_MESSAGE_WARNING).find("postprocesslib-config-file=/absent.yml: there is no such file") == 0);
}
