// A whole session of inference over a backend made of plain code: order, events, errors, and what becomes metadata.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>

#include "infer_session.h"

using namespace fluvial;        // NOLINT
using namespace infer_session;  // NOLINT

TEST_CASE("results arrive on their own frames, in order, however long each inference takes") {
  // Darker pictures take longer: later inferences finish before earlier ones.
  const auto slow = [](float mean) {
    std::this_thread::sleep_for(std::chrono::microseconds(static_cast<int>(20 * (200 - mean))));
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), slow);
  for (int n = 0; n < 40; ++n) REQUIRE(pipeline.push(new_batch({n * 4, 200 - n * 4, 100}, n)) == GST_FLOW_OK);
  pipeline.drain();
  REQUIRE(pipeline.out.size() == 40);
  for (int n = 0; n < 40; ++n) {
    auto* buffer = pipeline.out[static_cast<std::size_t>(n)].get();
    const float expected[] = {static_cast<float>(n * 4), static_cast<float>(200 - n * 4), 100};
    for (guint i = 0; i < 3; ++i) {
      auto* frame = frame_of(buffer, i);
      CHECK(frame->frame_num == n);
      CHECK(frame->bInferDone == 1);
      REQUIRE(frame->num_obj_meta == 1);
      CHECK(first_object(frame)->confidence == doctest::Approx(expected[i] / 256).epsilon(0.01));
    }
  }
}

TEST_CASE("skipped batches carry nothing and pass in order") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  for (int n = 0; n < 9; ++n) pipeline.push(new_batch({100}, n), 2);
  pipeline.drain();
  REQUIRE(pipeline.out.size() == 9);
  for (std::size_t n = 0; n < 9; ++n) {
    auto* frame = frame_of(pipeline.out[n].get());
    CHECK(frame->frame_num == static_cast<int>(n));
    CHECK(frame->bInferDone == (n % 3 == 0 ? 1 : 0));
    CHECK(frame->num_obj_meta == (n % 3 == 0 ? 1 : 0));
  }
}

TEST_CASE("events stand in line with buffers") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  for (int n = 0; n < 5; ++n) pipeline.push(new_batch({100}, n));
  pipeline.session.take_event(EventPtr(new_pad_deleted_event(0)));
  for (int n = 5; n < 8; ++n) pipeline.push(new_batch({100}, n));
  pipeline.session.take_event(EventPtr(gst_event_new_eos()));
  pipeline.drain();
  const auto& events = pipeline.events_after;
  REQUIRE(events.size() >= 2);
  CHECK(events[events.size() - 2] == std::make_pair(event_pad_deleted, std::size_t{5}));
  CHECK(events[events.size() - 1] == std::make_pair(GST_EVENT_EOS, std::size_t{8}));
}

TEST_CASE("a flush drops what is in flight, and the session goes on afterwards") {
  std::atomic<int> inferences{0};
  const auto slow = [&](float mean) {
    ++inferences;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), slow);
  for (int round = 0; round < 20; ++round) {
    std::thread pusher([&] {
      for (int n = 0; n < 50; ++n)
        if (pipeline.push(new_batch({100, 50}, n)) != GST_FLOW_OK) break;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pipeline.end();
    pusher.join();
    pipeline.session.drop_all(pipeline.src());
    CHECK(pipeline.push(new_batch({1}, 0)) == GST_FLOW_FLUSHING);
    pipeline.session.restart();
    // A request that was dropped while running is free again.
    for (int n = 0; n < 3; ++n) CHECK(pipeline.push(new_batch({100}, n)) == GST_FLOW_OK);
    pipeline.end();
  }
  CHECK(inferences > 0);
}

TEST_CASE("a failed inference names source and frame, and the next buffer is refused") {
  const auto failing = [](float mean) {
    if (mean > 150) throw std::runtime_error("device lost");
    return one_box(mean);
  };
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), failing);
  auto flow = pipeline.push(new_batch({10, 200}, 7));
  for (int n = 8; flow == GST_FLOW_OK && n < 100; ++n) flow = pipeline.push(new_batch({10}, n));
  CHECK(flow == GST_FLOW_ERROR);
  pipeline.end();
  CHECK(pipeline.error == "inference on source 1 frame 7: device lost");
}

TEST_CASE("a buffer without a batch is refused with a hint") {
  Pipeline pipeline(decide_detector(settings_for(ProcessMode::frames)), detector_info(), one_box);
  CHECK_THROWS_WITH(pipeline.push(gst_buffer_new()),
                    "the buffer carries no batch: put fluvialmux (nvstreammux) before this element");
}

TEST_CASE("an object looks as DeepStream's do") {
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.unique_id = 3;
  settings.classes[1].border = {0, 1, 0, 1};
  Decision decision = decide_detector(settings);
  decision.labels = {"car", std::string(200, 'x')};
  Pipeline pipeline(decision, detector_info(), one_box);
  pipeline.push(new_batch({128}, 0));
  pipeline.drain();
  auto* object = first_object(frame_of(pipeline.out.at(0).get()));
  REQUIRE(object);
  CHECK(object->object_id == UNTRACKED_OBJECT_ID);
  CHECK(object->unique_component_id == 3);
  CHECK(object->class_id == 1);
  CHECK(object->confidence == doctest::Approx(0.5).epsilon(0.01));
  CHECK(object->rect_params.left == doctest::Approx(4));
  CHECK(object->rect_params.top == doctest::Approx(8));
  CHECK(object->rect_params.width == doctest::Approx(10));
  CHECK(object->rect_params.height == doctest::Approx(20));
  CHECK(object->detector_bbox_info.org_bbox_coords.width == doctest::Approx(10));
  CHECK(object->rect_params.border_width == 3);
  CHECK(object->rect_params.border_color.green == 1);
  CHECK(std::string(object->obj_label) == std::string(127, 'x'));
  const auto& text = object->text_params;
  CHECK(std::string(text.display_text) == std::string(200, 'x'));
  CHECK(text.x_offset == 4);
  CHECK(text.y_offset == 0);  // 10 above a box that begins at 8 is outside of the frame
  CHECK(std::string(text.font_params.font_name) == "Serif");
  CHECK(text.font_params.font_size == 11);
  CHECK(text.font_params.font_color.blue == 1);
  CHECK(text.set_bg_clr == 1);
  CHECK(text.text_bg_clr.alpha == 1);
  CHECK(text.text_bg_clr.red == 0);
}

TEST_CASE("boxes outside of the user's sizes and offsets are dropped") {
  const Size frame{100, 100};
  const Box box{10, 20, 30, 40};
  ClassAttrs attrs;
  CHECK(passes(attrs, box, frame));
  attrs.min_width = 31;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.max_height = 39;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.roi_top = 21;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs = {};
  attrs.roi_bottom = 41;
  CHECK_FALSE(passes(attrs, box, frame));
  attrs.roi_bottom = 40;
  CHECK(passes(attrs, box, frame));
}

TEST_CASE("classes are filtered, mapped and limited") {
  const auto three = [](float) {
    return Answer{{0, 0, 9, 9, .9F, 9, 9, 19, 19, .8F, 1, 20, 9, 30, .7F}, {0, 1, 2}, {}, {}};
  };
  const auto ids = [&](const Decision& decision) {
    Pipeline pipeline(decision, detector_info(), three);
    pipeline.push(new_batch({100}, 0));
    pipeline.drain();
    std::vector<int> found;
    for (auto* object : each<NvDsObjectMeta>(frame_of(pipeline.out.at(0).get())->obj_meta_list))
      found.push_back(object->class_id);
    std::sort(found.begin(), found.end());
    return found;
  };
  InferSettings settings = settings_for(ProcessMode::frames);
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 1, 2});
  settings.unwanted_classes = {1};
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 2});
  settings.class_count = 2;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0});
  settings = settings_for(ProcessMode::frames);
  settings.classes[0].threshold = 0.95F;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{1, 2});
  settings = settings_for(ProcessMode::frames);
  settings.all_classes.max_width = 9;
  CHECK(ids(decide_detector(settings)) == std::vector<int>{0, 2});

  // A stand-in: vehicle and person change places, the third class is unknown to the absent model.
  ModelPath file{"/models/detector.onnx", "/opt/absent.onnx", "", {{0, 2}, {1, 0}}, {}};
  settings = settings_for(ProcessMode::frames);
  settings.has_deepstream_defaults = true;
  settings.class_count = 4;  // of the absent model, as its colours are
  settings.net_scale_factor = 0.5F;
  settings.cluster_mode = 4;
  const Decision stand_in = decide(settings, file, detector_info());
  CHECK(ids(stand_in) == std::vector<int>{0, 2});
  CHECK(stand_in.spec.input.scale[0] == 1);
}

TEST_CASE("outputs are attached as tensors that survive the request, and copies of the buffer") {
  InferSettings settings = settings_for(ProcessMode::frames);
  settings.wants_tensors = true;
  settings.unique_id = 9;
  Pipeline pipeline(decide_detector(settings), detector_info(), one_box);
  pipeline.push(new_batch({64}, 0));
  for (int n = 1; n < 10; ++n) pipeline.push(new_batch({200}, n));
  pipeline.drain();
  const BufferPtr copy(gst_buffer_copy(pipeline.out.at(0).get()));
  pipeline.out.clear();
  auto* user = static_cast<NvDsUserMeta*>(frame_of(copy.get())->frame_user_meta_list->data);
  CHECK(user->base_meta.meta_type == NVDSINFER_TENSOR_OUTPUT_META);
  const auto* meta = static_cast<NvDsInferTensorMeta*>(user->user_meta_data);
  CHECK(meta->unique_id == 9);
  CHECK(meta->network_info.width == side);
  REQUIRE(meta->num_output_layers == 2);
  CHECK(std::string(meta->output_layers_info[0].layerName) == "boxes");
  CHECK(meta->output_layers_info[0].inferDims.numDims == 2);
  CHECK(meta->output_layers_info[0].inferDims.numElements == 5);
  CHECK(meta->output_layers_info[1].dataType == INT64);
  CHECK(meta->output_layers_info[1].bindingIndex == 2);
  CHECK(static_cast<float*>(meta->out_buf_ptrs_host[0])[4] == doctest::Approx(0.25).epsilon(0.01));
}

TEST_CASE("a classifier labels objects, and repeats what it knows of tracked ones") {
  std::atomic<int> inferences{0};
  const auto model = [&](float) {
    ++inferences;
    return Answer{{}, {}, {.1F, .9F}, {.2F, .7F, .1F}};
  };
  InferSettings settings = settings_for(ProcessMode::objects);
  settings.unique_id = 5;
  settings.on_unique_id = 1;
  settings.on_classes = {0};
  settings.min_object_width = 8;
  settings.classifier_type = "vehicle";
  Decision decision = decide(settings, {"/m.onnx", "", "", {}, {}}, classifier_info());
  decision.attribute_labels = {{"white", "grey"}, {"car", "bus", "van"}};
  Pipeline pipeline(decision, classifier_info(), model);
  inferences = 0;
  for (int n = 0; n < 10; ++n) {
    auto* buffer = new_batch({100}, n);
    auto* object = add_object(buffer, 77, 0, {2, 2, 10, 10});
    object->text_params.display_text = g_strdup("Car 77");
    add_object(buffer, 78, 1, {2, 2, 10, 10});                  // another class
    add_object(buffer, UNTRACKED_OBJECT_ID, 0, {2, 2, 4, 10});  // too narrow
    pipeline.push(buffer);
  }
  pipeline.drain();
  CHECK(inferences == 1);
  for (const auto& buffer : pipeline.out) {
    int labelled = 0;
    for (auto* object : each<NvDsObjectMeta>(frame_of(buffer.get())->obj_meta_list)) {
      if (!object->classifier_meta_list) continue;
      ++labelled;
      CHECK(object->object_id == 77);
      CHECK(std::string(object->text_params.display_text) == "Car 77 grey bus");
      const auto* classifier = static_cast<NvDsClassifierMeta*>(object->classifier_meta_list->data);
      CHECK(classifier->unique_component_id == 5);
      CHECK(classifier->num_labels == 2);
      CHECK(std::string(classifier->classifier_type) == "vehicle");
      const auto* label = static_cast<NvDsLabelInfo*>(classifier->label_info_list->data);  // newest first
      CHECK(std::string(label->result_label) == "bus");
      CHECK(label->result_class_id == 1);
      CHECK(label->label_id == 1);
      CHECK(label->num_classes == 3);
      CHECK(label->result_prob == doctest::Approx(0.7));
    }
    CHECK(labelled == 1);
    CHECK(frame_of(buffer.get())->bInferDone == 0);
  }
}

TEST_CASE("results that are no results are complained of once") {
  InferSettings settings = settings_for(ProcessMode::frames);
  const auto not_a_number = [](float) { return Answer{{1, 1, 2, 2, NAN}, {0}, {}, {}}; };
  {
    Pipeline pipeline(decide_detector(settings), detector_info(), not_a_number);
    for (int n = 0; n < 20; ++n) pipeline.push(new_batch({100}, n));
    pipeline.drain();
    REQUIRE(pipeline.complaints.size() == 1);
    CHECK(pipeline.complaints[0].find("NaN") != std::string::npos);
  }
  Pipeline pipeline(decide_detector(settings), detector_info(), [](float) { return Answer{}; });
  for (int n = 0; n < Health::frames_without_boxes + 50; ++n) pipeline.push(new_batch({100}, n));
  pipeline.drain();
  REQUIRE(pipeline.complaints.size() == 1);
  CHECK(pipeline.complaints[0].find("no plausible box in the first 300 frames") == 0);
  CHECK(pipeline.complaints[0].find("model-color-format") != std::string::npos);
}
