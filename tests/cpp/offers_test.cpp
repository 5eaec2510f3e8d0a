// What one library offers to another by name, and the shapes that inputs get.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "algo/input_shapes.h"
#include "meta/offers.h"

using namespace fluvial;

namespace {

struct Context {
  int released = 0;
  std::string last;
};

void* make(void* context, const void* argument) {
  static_cast<Context*>(context)->last = static_cast<const char*>(argument);
  return context;
}
void release(void* context) { ++static_cast<Context*>(context)->released; }

ModelInfo model(const Shape& shape) { return {"m.onnx", {{"image", ElementType::f32, shape}}, {}, {}}; }

InputSpec picture() {
  InputSpec input;
  input.name = "image";
  input.size = {64, 48};
  return input;
}

}  // namespace

TEST_CASE("what is offered is made of its argument, until it is withdrawn") {
  Context one;
  CHECK(fluvial_make("test", "a", "x") == nullptr);
  fluvial_offer("test", "a", make, &one, release);
  CHECK(fluvial_make("test", "a", "x") == &one);
  CHECK(one.last == "x");
  CHECK(fluvial_make("other", "a", "x") == nullptr);
  CHECK(offered_names("test") == std::vector<std::string>{"a"});
  fluvial_withdraw("test", "a");
  fluvial_withdraw("test", "a");
  CHECK(one.released == 1);
  CHECK(fluvial_make("test", "a", "x") == nullptr);
  CHECK(offered_names("test").empty());
}

TEST_CASE("an offer of the same name takes the place of the one before, which is released") {
  Context one, two;
  fluvial_offer("test", "a", make, &one, release);
  fluvial_offer("test", "a", make, &two, release);
  CHECK(one.released == 1);
  CHECK(fluvial_make("test", "a", "") == &two);
  fluvial_withdraw("test", "a");
  CHECK(two.released == 1);
}

TEST_CASE("an offer may be withdrawn by what is made of it") {
  Context one;
  const auto withdrawing = [](void* context, const void*) -> void* {
    fluvial_withdraw("test", "a");
    CHECK(static_cast<Context*>(context)->released == 0);
    return context;
  };
  fluvial_offer("test", "a", withdrawing, &one, release);
  CHECK(fluvial_make("test", "a", "") == &one);
  CHECK(one.released == 1);
}

TEST_CASE("what making throws arrives, and the offer stays") {
  const auto failing = [](void*, const void*) -> void* { throw std::runtime_error("no"); };
  fluvial_offer("test", "a", failing, nullptr, nullptr);
  CHECK_THROWS_WITH(fluvial_make("test", "a", ""), "no");
  CHECK(offered_names("test").size() == 1);
  fluvial_withdraw("test", "a");
}

TEST_CASE("many threads may offer, make and withdraw") {
  std::vector<std::thread> threads;
  std::vector<Context> contexts(4);
  for (auto& context : contexts)
    threads.emplace_back([&context] {
      for (int i = 0; i < 1000; ++i) {
        fluvial_offer(
            "test", "a", [](void* c, const void*) { return c; }, &context, nullptr);
        fluvial_make("test", "a", "");
        fluvial_withdraw("test", "a");
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(offered_names("test").empty());
}

TEST_CASE("an open picture gets batch, height and width") {
  const auto closed = close_input_shapes(model({-1, 3, -1, -1}), picture(), 4);
  CHECK(closed.inputs[0] == Shape{4, 3, 48, 64});
  CHECK(closed.is_batch_open);
  CHECK(closed.batch == 4);
}

TEST_CASE("a fixed batch overrules the one that was asked for, in other inputs too") {
  auto info = model({2, 3, 48, 64});
  info.inputs.push_back({"sizes", ElementType::i64, {-1, 2}});
  const auto closed = close_input_shapes(info, picture(), 4);
  CHECK(closed.batch == 2);
  CHECK_FALSE(closed.is_batch_open);
  CHECK(closed.inputs[1] == Shape{2, 2});
}

TEST_CASE("an open mask of pixels has the picture's height and width, a closed one its own") {
  auto info = model({-1, 3, -1, -1});
  info.inputs.push_back({"pixel_mask", ElementType::i64, {-1, -1, -1}});
  CHECK(close_input_shapes(info, picture(), 2).inputs[1] == Shape{2, 48, 64});
  info.inputs[1].shape = {-1, 64, 64};
  CHECK(close_input_shapes(info, picture(), 2).inputs[1] == Shape{2, 64, 64});
}

TEST_CASE("a size that nothing tells is named") {
  auto info = model({1, 3, 48, 64});
  info.inputs.push_back({"words", ElementType::i64, {1, -1}});
  CHECK_THROWS_WITH(close_input_shapes(info, picture(), 1),
                    "input 'words' has an open size that is neither batch, width nor height");
}
