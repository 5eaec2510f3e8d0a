// fluvialpreprocess with a user's library (libraries/preprocess_library.cpp), which is called by the public header.
#include "leaks.h"
#include "preprocess_fixture.h"

using namespace testing;

namespace {

std::string config(const std::string& behaviour = "", const std::string& property = "") {
  return "[property]\nnetwork-input-shape=2;1\nnetwork-input-order=2\ntensor-name=in\ntarget-unique-ids=1\n"
         "processing-width=4\nprocessing-height=2\nscaling-filter=1\ncustom-lib-path=" PREPROCESS_LIBRARY
         "\n"
         "custom-tensor-preparation-function=PrepareReds\n" +
         property + "\n[user-configs]\nbehaviour=" + behaviour +
         "\n[group-0]\nsrc-ids=0\nprocess-on-roi=1\nroi-params-src-0=8;0;4;2;32;16;4;2\n"
         "[group-1]\nsrc-ids=1\ncustom-input-transformation-function=ScaleAndCount\n";
}

}  // namespace

TEST_CASE("a library makes the tensor of pictures that were scaled for it") {
  Preprocess preprocess(config());
  const auto buffer = preprocess.pass(new_batch(1));
  const auto& meta = *tensors_of(buffer.get()).at(0);
  CHECK(meta.tensor_meta->tensor_shape == std::vector<int>{2, 1});
  CHECK(meta.tensor_meta->buffer_size == 2 * sizeof(float));
  CHECK(values_of(meta)[0] == 8);
  CHECK(values_of(meta)[1] == 32);
  REQUIRE(meta.roi_vector.size() == 2);
  CHECK(meta.roi_vector[0].converted_buffer->width == 4);
  CHECK(meta.private_data != nullptr);
}

TEST_CASE("a group's own transformation scales its regions, and what it began is waited for") {
  Preprocess preprocess(config());
  const auto buffer = preprocess.pass(new_batch(2));
  const auto tensors = tensors_of(buffer.get());
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[1]->roi_vector[0].frame_meta->source_id == 1);
  CHECK(values_of(*tensors[1])[0] >= 0);
}

TEST_CASE("regions without a tensor yet are told as such") {
  Preprocess preprocess(config("every second"));
  const auto first = preprocess.pass(new_batch(1));
  REQUIRE(tensors_of(first.get()).size() == 1);
  CHECK(tensors_of(first.get())[0]->tensor_meta == nullptr);
  CHECK(tensors_of(first.get())[0]->roi_vector.size() == 2);
  const auto second = preprocess.pass(new_batch(1, 1));
  CHECK(tensors_of(second.get())[0]->tensor_meta != nullptr);
}

TEST_CASE("what a library does wrong is said with the name of its function") {
  const auto error = [](const std::string& behaviour) {
    Preprocess preprocess(config(behaviour));
    CHECK(preprocess.push(new_batch(1)) == GST_FLOW_ERROR);
    const auto text = preprocess.message(GST_MESSAGE_ERROR);
    return text.substr(0, text.find(" (/"));
  };
  CHECK(error("fail") == "PrepareReds returned 4");
  CHECK(error("throw") == "PrepareReds threw: out of ideas");
  CHECK(error("no memory") == "PrepareReds succeeded, but its tensor is no memory of acquirer->acquire()");
}

TEST_CASE("a library that does not start, or lacks a function, is said before the first frame") {
  CHECK(Preprocess(config("no context")).start_error().find("initLib returned NULL: the library does not start") == 0);
  CHECK(Preprocess(config("", "custom-tensor-preparation-function=Absent"))
            .start_error()
            .find("custom-tensor-preparation-function=Absent: the library has no such function") == 0);
}
