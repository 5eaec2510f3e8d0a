// fluvialpreprocess: which regions become tensors, what is in them, and the metadata that says so.
#include "leaks.h"
#include "preprocess_fixture.h"

#include <cmath>

#include "gst-nvdscustomevent.h"

using namespace testing;

namespace {

constexpr const char* two_regions = "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=0;0;8;4;32;16;8;4\n";

int rectangles(const NvDsFrameMeta* frame) {
  int count = 0;
  for (auto* display : each<NvDsDisplayMeta>(frame->display_meta_list)) count += static_cast<int>(display->num_rects);
  return count;
}

}  // namespace

TEST_CASE("a region of each source becomes a part of one tensor, in frame pixels and in order") {
  Preprocess preprocess(config_text("", two_regions), "nvdspreprocess");
  const auto buffer = preprocess.pass(new_batch(1));
  const auto tensors = tensors_of(buffer.get());
  REQUIRE(tensors.size() == 1);
  const auto& meta = *tensors[0];
  CHECK(meta.target_unique_ids == std::vector<guint64>{1});
  CHECK(meta.tensor_meta->tensor_shape == std::vector<int>{2, 3, 2, 4});
  CHECK(meta.tensor_meta->buffer_size == 2 * 3 * 2 * 4 * sizeof(float));
  CHECK(meta.tensor_meta->tensor_name == "in");
  CHECK(meta.tensor_meta->data_type == NvDsDataType_FP32);
  REQUIRE(meta.roi_vector.size() == 2);
  const auto& region = meta.roi_vector[1];
  CHECK(region.roi.left == 32);
  CHECK(region.roi.top == 16);
  CHECK(region.frame_meta == frame_of(buffer.get(), 0));
  CHECK(region.object_meta == nullptr);
  CHECK(region.scale_ratio_x == doctest::Approx(.5));
  CHECK(region.scale_ratio_y == doctest::Approx(.5));
  // Half the size: between columns 0 and 1, and 32 and 33; rows 0 and 1, and 16 and 17.
  CHECK(values_of(meta)[0] == doctest::Approx(.5).epsilon(.05));
  CHECK(values_of(meta)[8] == doctest::Approx(.5).epsilon(.05));
  CHECK(values_of(meta)[24] == doctest::Approx(32.5).epsilon(.01));
  CHECK(values_of(meta)[24 + 8] == doctest::Approx(16.5).epsilon(.01));
}

TEST_CASE("the settings of DeepStream's own library are understood without it") {
  Preprocess preprocess(
      config_text("custom-lib-path=/opt/nvidia/lib/libcustom2d_preprocess.so\n"
                  "custom-tensor-preparation-function=CustomTensorPreparation",
                  "[user-configs]\npixel-normalization-factor=0.5\noffsets=1;2;3\n"
                  "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=32;16;4;2\n"
                  "custom-input-transformation-function=CustomAsyncTransformation\n"));
  const auto buffer = preprocess.pass(new_batch(1));
  const auto* values = values_of(*tensors_of(buffer.get()).at(0));
  CHECK(values[0] == doctest::Approx((32 - 1) * .5));
  CHECK(values[8] == doctest::Approx((16 - 2) * .5));
  CHECK(values[16] == doctest::Approx((0 - 3) * .5));
}

TEST_CASE("a mean picture is subtracted before the factor") {
  Folder folder;
  const auto mean = folder.write("mean.ppm", "P6\n# made here\n4 2\n255\n" + std::string(24, '\x0a'));
  Preprocess preprocess(config_text("", "[user-configs]\npixel-normalization-factor=2\nmean-file=" + mean +
                                            "\n[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=32;16;4;2\n"));
  const auto buffer = preprocess.pass(new_batch(1));
  CHECK(values_of(*tensors_of(buffer.get()).at(0))[0] == doctest::Approx((32 - 10) * 2));
}

TEST_CASE("more regions than a tensor holds become several tensors, counted from 0 in each batch") {
  Preprocess preprocess(config_text("", "[group-0]\nsrc-ids=-1\nprocess-on-roi=0\n"));
  for (int round = 0; round < 2; ++round) {
    const auto buffer = preprocess.pass(new_batch(3, round));
    const auto tensors = tensors_of(buffer.get());
    REQUIRE(tensors.size() == 2);
    CHECK(tensors[0]->roi_vector.size() + tensors[1]->roi_vector.size() == 3);
    CHECK(tensors[0]->tensor_meta->meta_id == 0);
    CHECK(tensors[1]->tensor_meta->meta_id == 1);
    CHECK(tensors[1]->tensor_meta->tensor_shape[0] == 1);
    CHECK(tensors[1]->roi_vector[0].roi.width == width);
  }
}

TEST_CASE("a source belongs to the first group that names it, and a group skips batches by itself") {
  Preprocess preprocess(config_text("", "[group-0]\nsrc-ids=1\ninterval=1\n[group-1]\nsrc-ids=-1\n"));
  const auto sources = [&](int round) {
    std::string text;
    const auto buffer = preprocess.pass(new_batch(3, round));
    for (const auto* meta : tensors_of(buffer.get()))
      for (const auto& region : meta->roi_vector) text += std::to_string(region.frame_meta->source_id);
    std::sort(text.begin(), text.end());
    return text;
  };
  CHECK(sources(0) == "012");
  CHECK(sources(1) == "02");
  CHECK(sources(2) == "012");
}

TEST_CASE("regions are drawn unless the group does not want it, and cut at the frame's edge") {
  Preprocess preprocess(config_text("",
                                    "[group-0]\nsrc-ids=0;1\nprocess-on-roi=1\nroi-color=1;0;0;.5\n"
                                    "roi-params-src-0=60;40;40;40\nroi-params-src-1=0;0;4;4\n"
                                    "[group-1]\nsrc-ids=2\ndraw-roi=0\n"));
  const auto buffer = preprocess.pass(new_batch(3));
  CHECK(rectangles(frame_of(buffer.get(), 0)) == 1);
  CHECK(rectangles(frame_of(buffer.get(), 2)) == 0);
  const auto* display = static_cast<NvDsDisplayMeta*>(frame_of(buffer.get(), 0)->display_meta_list->data);
  CHECK(display->rect_params[0].width == 4);
  CHECK(display->rect_params[0].height == 8);
  CHECK(display->rect_params[0].border_color.alpha == doctest::Approx(.5));
}

TEST_CASE("a region outside of the frame is left out, and said once") {
  Preprocess preprocess(
      config_text("", "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=960;0;900;500;0;0;4;4\n"));
  for (int round = 0; round < 3; ++round) {
    const auto buffer = preprocess.pass(new_batch(1, round));
    CHECK(tensors_of(buffer.get()).at(0)->roi_vector.size() == 1);
  }
  CHECK(preprocess.message(GST_MESSAGE_WARNING) ==
        "[group-0] roi-params-src-0: the region 960;0;900;500 lies outside of the frame of 64x48 pixels and is left "
        "out; regions are in pixels of the frames that the mux gives");
  CHECK(preprocess.message(GST_MESSAGE_WARNING) == "no message");
}

TEST_CASE("objects are chosen by detector, class, size and region, each once") {
  const std::string group =
      "[group-0]\nsrc-ids=0\noperate-on-class-ids=0;2\ninput-object-min-width=4\ninput-object-max-height=20\n"
      "roi-params-src-0=0;0;32;24;0;0;20;20\n";
  Preprocess preprocess(config_text("process-on-frame=0\noperate-on-gie-id=1", group));
  auto* batch = new_batch(1);
  auto* wanted = add_object(batch, 0, 2, {10, 10, 8, 8});
  add_object(batch, 0, 1, {10, 10, 8, 8});     // another class
  add_object(batch, 0, 0, {10, 10, 8, 8}, 7);  // another detector's
  add_object(batch, 0, 0, {10, 10, 2, 8});     // too narrow
  add_object(batch, 0, 0, {10, 10, 8, 30});    // too high
  add_object(batch, 0, 0, {40, 30, 8, 8});     // outside of the regions
  const auto buffer = preprocess.pass(batch);
  const auto tensors = tensors_of(buffer.get());
  REQUIRE(tensors.size() == 1);
  REQUIRE(tensors[0]->roi_vector.size() == 1);
  CHECK(tensors[0]->roi_vector[0].object_meta == wanted);
  CHECK(tensors[0]->roi_vector[0].roi.left == 10);
}

TEST_CASE("a letterbox is said in the region, and its border is black") {
  Preprocess preprocess(config_text("maintain-aspect-ratio=1\nsymmetric-padding=1",
                                    "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=10;10;4;4\n"));
  const auto buffer = preprocess.pass(new_batch(1));
  const auto& meta = *tensors_of(buffer.get()).at(0);
  CHECK(meta.tensor_meta->maintain_aspect_ratio);
  CHECK(meta.roi_vector[0].offset_left == 1);
  CHECK(meta.roi_vector[0].offset_top == 0);
  CHECK(meta.roi_vector[0].scale_ratio_x == doctest::Approx(.5));
  CHECK(values_of(meta)[0] == 0);
  CHECK(values_of(meta)[1] == doctest::Approx(10.5).epsilon(.01));
}

TEST_CASE("the other element types and the other layout") {
  Preprocess preprocess(
      "[property]\nnetwork-input-shape=1;2;4;3\nnetwork-input-order=1\nnetwork-color-format=1\n"
      "tensor-data-type=1\ntensor-name=in\ntarget-unique-ids=1\n"
      "[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=32;16;4;2\n");
  const auto buffer = preprocess.pass(new_batch(1));
  const auto& meta = *tensors_of(buffer.get()).at(0);
  const auto* bytes = static_cast<const std::uint8_t*>(meta.tensor_meta->raw_tensor_buffer);
  CHECK(meta.tensor_meta->buffer_size == 24);
  CHECK(static_cast<int>(bytes[0]) == 0);   // blue
  CHECK(static_cast<int>(bytes[1]) == 16);  // green
  CHECK(static_cast<int>(bytes[2]) == 32);  // red
  CHECK(static_cast<int>(bytes[5]) == 33);
}

TEST_CASE("an application moves the regions of a source while frames flow") {
  Preprocess preprocess(config_text("", two_regions));
  preprocess.pass(new_batch(1));
  RoiDimension there{"a", 4, 6, 8, 4};
  char stream[] = "0";
  gst_harness_push_event(preprocess.start(), gst_nvevent_new_roi_update(stream, 1, &there));
  const auto buffer = preprocess.pass(new_batch(1, 1));
  const auto& regions = tensors_of(buffer.get()).at(0)->roi_vector;
  REQUIRE(regions.size() == 1);
  CHECK(regions[0].roi.left == 4);
  CHECK(regions[0].roi.top == 6);
}

TEST_CASE("a copied buffer has regions of its own frames and objects, and shares the tensor") {
  Preprocess preprocess(config_text("process-on-frame=0", "[group-0]\nsrc-ids=-1\nprocess-on-all-objects=1\n"));
  auto* batch = new_batch(2);
  add_object(batch, 0, 0, {0, 0, 8, 8});
  auto* second = add_object(batch, 1, 5, {8, 8, 8, 8});
  auto buffer = preprocess.pass(batch);
  const BufferPtr copy(gst_buffer_copy(buffer.get()), gst_buffer_unref);
  const auto region_of_second = [&](GstBuffer* of) -> NvDsRoiMeta& {
    auto& regions = tensors_of(of).at(0)->roi_vector;
    return regions[0].frame_meta->source_id == 1 ? regions[0] : regions[1];
  };
  CHECK(region_of_second(buffer.get()).object_meta == second);
  const void* memory = tensors_of(buffer.get()).at(0)->tensor_meta->raw_tensor_buffer;
  buffer.reset();
  const auto& region = region_of_second(copy.get());
  CHECK(region.frame_meta == frame_of(copy.get(), 1));
  CHECK(region.object_meta != second);
  CHECK(region.object_meta->class_id == 5);
  CHECK(tensors_of(copy.get()).at(0)->tensor_meta->raw_tensor_buffer == memory);
}

TEST_CASE("what is found in a region goes into a copy, and is freed with its batch") {
  Preprocess preprocess(config_text("", two_regions));
  auto buffer = preprocess.pass(new_batch(1));
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer.get());
  auto* classifier = nvds_acquire_classifier_meta_from_pool(batch);
  classifier->unique_component_id = 3;
  auto* label = nvds_acquire_label_info_meta_from_pool(batch);
  label->pResult_label = g_strdup("a label longer than the array in the struct");
  nvds_add_label_info_meta_to_classifier(classifier, label);
  nvds_add_classifier_meta_to_roi(&tensors_of(buffer.get()).at(0)->roi_vector[0], classifier);
  const BufferPtr copy(gst_buffer_copy(buffer.get()), gst_buffer_unref);
  buffer.reset();
  const auto* list = tensors_of(copy.get()).at(0)->roi_vector[0].classifier_meta_list;
  REQUIRE(list);
  CHECK(static_cast<NvDsClassifierMeta*>(list->data)->unique_component_id == 3);
}

TEST_CASE("tensors are used again, and a buffer may outlive the element") {
  BufferPtr kept{nullptr, gst_buffer_unref};
  {
    Preprocess preprocess(config_text("tensor-buf-pool-size=2", two_regions));
    const void* first = nullptr;
    for (int round = 0; round < 1000; ++round) {
      kept = preprocess.pass(new_batch(1, round));
      const void* memory = tensors_of(kept.get()).at(0)->tensor_meta->raw_tensor_buffer;
      if (!first) first = memory;
      CHECK((round % 2 != 0 || memory == first));
    }
  }
  CHECK(std::isfinite(values_of(*tensors_of(kept.get()).at(0))[0]));
}

TEST_CASE("enable=false lets batches pass unseen, without a config file") {
  auto* element = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("fluvialpreprocess", nullptr)));
  g_object_set(element, "enable", FALSE, nullptr);
  {
    const Harness harness(element, "sink", "src");
    harness.set_caps(surface_caps_text("RGBA", width, height), surface_caps_text("RGBA", width, height));
    CHECK(harness.push(new_batch(1)) == GST_FLOW_OK);
    const BufferPtr buffer(harness.pull(), gst_buffer_unref);
    CHECK(tensors_of(buffer.get()).empty());
  }
  gst_object_unref(element);
}

TEST_CASE("the user's word wins over the file's") {
  Preprocess preprocess(config_text("", two_regions));
  g_object_set(preprocess.element(), "target-unique-ids", "4;5", nullptr);
  const auto buffer = preprocess.pass(new_batch(1));
  CHECK(tensors_of(buffer.get()).at(0)->target_unique_ids == std::vector<guint64>{4, 5});
}

TEST_CASE("what cannot be done is said when the element starts") {
  const auto error = [](const std::string& property, const std::string& rest) {
    auto text = Preprocess(config_text(property, rest)).start_error();
    const auto path = text.find(" (/");  // of the file, last
    return path == std::string::npos ? text : text.substr(0, path);
  };
  const std::string group = "[group-0]\nsrc-ids=0\n";
  CHECK(error("tensor-data-type=5", group) ==
        "[property] tensor-data-type=5: allowed without a library of your own are 0 FP32, 1 UINT8, 3 UINT32, 4 INT32, "
        "7 FP16");
  CHECK(error("network-input-order=1", group) ==
        "[property] network-input-shape=2;3;2;4: 4 channels, network-color-format=0 has 3; is network-input-order=1 "
        "meant?");
  CHECK(error("network-input-order=2", group).find("needs a library of one's own (custom-lib-path)") !=
        std::string::npos);
  CHECK(error("processing-width=9\nprocessing-height=9", group) ==
        "[property] processing-width=9, processing-height=9: allowed is the size of the tensor, 4x2");
  CHECK(error("", group + "[user-configs]\noffsets=1;2\n") ==
        "[user-configs] offsets: 2 numbers, the tensor has 3 channels (network-color-format)");
  CHECK(error("", group + "[user-configs]\nmean-file=absent.ppm\n") == "[user-configs] mean-file: no such file");
  CHECK(error("custom-lib-path=absent.so\nprocessing-width=4\nprocessing-height=2", group)
            .find("[property] custom-lib-path=") == 0);

  auto* element = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("fluvialpreprocess", nullptr)));
  auto* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  CHECK(gst_element_set_state(element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  REQUIRE(message);
  GError* failure = nullptr;
  gst_message_parse_error(message, &failure, nullptr);
  CHECK(std::string(failure->message) == "config-file is missing: it says which regions become which tensor");
  g_error_free(failure);
  gst_message_unref(message);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
}
