// Parsers of the user's in the element, on models that are written here: from outputs to metadata.
#include "leaks.h"
#include "messages.h"
// leaks.h has the main()
#include "gstnvdsinfer.h"
#include "infer_fixture.h"

using namespace fluvial;        // NOLINT
using namespace infer_fixture;  // NOLINT

#ifndef __SANITIZE_ADDRESS__  // models need OpenVINO, which the sanitizers' build does not have

namespace {

std::string config_text(const std::string& more) {
  return "[property]\ncustom-lib-path=" SAMPLE_PARSERS "\nnum-detected-classes=2\n" + more;
}

// Plays one batch of two frames through a model whose outputs are constant.
struct Played {
  Played(const std::vector<ConstantOutput>& outputs, const std::string& keys, const char* factory = "nvinfer")
      : model(write_constant_model(folder, "m", outputs)), h(model, factory) {
    const auto config = folder.write("c.txt", config_text(keys));
    g_object_set(h.element, "config-file-path", config.c_str(), nullptr);
    bus = gst_bus_new();
    gst_element_set_bus(h.element, bus);
    h.play();
  }
  ~Played() {
    if (buffer) gst_buffer_unref(buffer);
    gst_element_set_bus(h.element, nullptr);
    gst_object_unref(bus);
  }
  Played(const Played&) = delete;
  Played& operator=(const Played&) = delete;

  NvDsFrameMeta* frame() {
    if (!buffer) buffer = gst_harness_push_and_pull(h.harness, new_batch(2, 0));
    REQUIRE(buffer);
    return static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list->data);
  }

  std::string message(GstMessageType type) { return text_of(gst_bus_timed_pop_filtered(bus, 5 * GST_SECOND, type)); }

  Folder folder;
  std::string model;
  Harness h;
  GstBus* bus = nullptr;
  GstBuffer* buffer = nullptr;
};

std::vector<const NvDsObjectMeta*> objects_of(NvDsFrameMeta* frame) {
  std::vector<const NvDsObjectMeta*> found;
  for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) found.push_back(object);
  std::reverse(found.begin(), found.end());  // newest first in the list
  return found;
}

// Two boxes of class 0 that overlap, one of class 1, one too weak.
const ConstantOutput rows = floats(
    "rows", {1, 4, 6}, {4, 8, 14, 28, .9F, 0, 5, 8, 14, 28, .7F, 0, 16, 0, 32, 16, .6F, 1, 16, 16, 20, 20, .1F, 1});

}  // namespace

TEST_CASE("a parser's boxes are clustered, led back to the frame, and labelled") {
  Played played({rows},
                "parse-bbox-func-name=parse_rows\ncluster-mode=2\n[class-attrs-all]\npre-cluster-threshold=0.3\n");
  const auto found = objects_of(played.frame());
  REQUIRE(found.size() == 2);
  CHECK(found[0]->class_id == 0);
  CHECK(found[0]->confidence == doctest::Approx(0.9));
  CHECK(found[0]->rect_params.left == doctest::Approx(8));  // the network's input is half as large as the frame
  CHECK(found[0]->rect_params.height == doctest::Approx(40));
  CHECK(found[0]->rect_params.rotation_angle == 0);
  CHECK(found[1]->class_id == 1);
  CHECK(played.frame()->bInferDone);
}

TEST_CASE("without clusters all boxes stay, but for the user's topk and filters") {
  const std::string none = "parse-bbox-func-name=parse_rows\ncluster-mode=4\n";
  CHECK(objects_of(Played({rows}, none).frame()).size() == 3);
  CHECK(objects_of(Played({rows}, none + "[class-attrs-all]\ntopk=1\n").frame()).size() == 2);
  CHECK(objects_of(Played({rows}, none + "filter-out-class-ids=0\n").frame()).size() == 1);
}

TEST_CASE("a parser that fails ends the pipeline with source, frame, key and words of its own") {
  Played played({rows}, "parse-bbox-func-name=parse_throws\n");
  gst_harness_push(played.h.harness, new_batch(1, 3));
  const auto text = played.message(GST_MESSAGE_ERROR);
  CHECK(text.find("inference on source 0 frame 3: parse-bbox-func-name=parse_throws threw: no anchors") == 0);
}

TEST_CASE("a builder of engines is named once as not used") {
  Played played({rows}, "parse-bbox-func-name=parse_rows\nengine-create-func-name=make_engine\n");
  CHECK(played.message(GST_MESSAGE_WARNING).find("c.txt: [property] engine-create-func-name: engines are not used") ==
        0);
  CHECK_FALSE(gst_bus_pop_filtered(played.bus, GST_MESSAGE_WARNING));
}

TEST_CASE("masks are the objects' where the config asks for them") {
  const std::string keys =
      "network-type=3\nparse-bbox-instance-mask-func-name=parse_masks\nsegmentation-threshold=0.4\n";
  Played played({rows}, keys + "output-instance-mask=1\n");
  const auto found = objects_of(played.frame());
  REQUIRE(found.size() == 3);
  const auto& mask = found[0]->mask_params;
  REQUIRE(mask.data);
  CHECK(mask.size == 24);
  CHECK(mask.width == 3);
  CHECK(mask.height == 2);
  CHECK(mask.threshold == doctest::Approx(0.4));
  CHECK(mask.data[3] == doctest::Approx(0.6));
  CHECK_FALSE(found[2]->mask_params.data);

  auto* copy = gst_buffer_copy(played.buffer);  // has masks of its own
  CHECK(objects_of(static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(copy)->frame_meta_list->data)).size() ==
        3);
  gst_buffer_unref(copy);
  CHECK_FALSE(objects_of(Played({rows}, keys + "output-instance-mask=0\n").frame())[0]->mask_params.data);
}

TEST_CASE("a classifier's attributes label a frame") {
  Played played({floats("scores", {1, 2}, {0.9F, 0.8F})},
                "network-type=1\nparse-classifier-func-name=parse_types\nclassifier-threshold=0.5\n");
  const auto found = objects_of(played.frame());
  REQUIRE(found.size() == 1);
  CHECK(std::string(found[0]->text_params.display_text) == "red a red one");
  const auto* classifier = static_cast<NvDsClassifierMeta*>(found[0]->classifier_meta_list->data);
  CHECK(classifier->num_labels == 2);
  const auto* label = static_cast<NvDsLabelInfo*>(g_list_last(classifier->label_info_list)->data);
  CHECK(std::string(label->result_label) == "red");
  CHECK(label->result_class_id == 2);
}

TEST_CASE("a segmentation is user metadata of its frame, and is copied with it") {
  Played played({floats("scores", {1, 2, side, side}, std::vector<float>(2 * side * side, 0.25F))},
                "network-type=2\nparse-segmentation-func-name=parse_columns\n");
  const auto meta_of = [](NvDsFrameMeta* frame) {
    REQUIRE(frame->frame_user_meta_list);
    auto* user = static_cast<NvDsUserMeta*>(frame->frame_user_meta_list->data);
    CHECK(user->base_meta.meta_type == NVDSINFER_SEGMENTATION_META);
    return *static_cast<NvDsInferSegmentationMeta*>(user->user_meta_data);
  };
  const auto meta = meta_of(played.frame());
  CHECK(meta.classes == 2);
  CHECK(meta.width == side);
  CHECK(meta.class_map[side + 1] == 1);
  REQUIRE(meta.class_probabilities_map);
  CHECK(meta.class_probabilities_map[0] == 0.25F);
  auto* copy = gst_buffer_copy(played.buffer);
  const auto second = meta_of(static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(copy)->frame_meta_list->data));
  CHECK(second.class_map != meta.class_map);
  CHECK(second.class_map[side + 1] == 1);
  gst_buffer_unref(copy);
}

#endif
