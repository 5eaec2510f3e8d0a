// fluviallogger: passes buffers on untouched, and prints the rate of each source.
#include "leaks.h"
#include "harness.h"
#include "meta/batch_buffer.h"
#include "pipelines.h"
#include "surface/batch.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

using namespace fluvial;
using namespace testing;

namespace {

// What is printed while it lives.
class Printed {
 public:
  Printed() : kept_(dup(1)) {
    std::fflush(stdout);
    gchar* name = nullptr;
    const int file = g_file_open_tmp("printed-XXXXXX", &name, nullptr);
    path_ = name;
    g_free(name);
    dup2(file, 1);
    close(file);
  }
  ~Printed() { restore(); }
  std::string text() {
    restore();
    std::ifstream file(path_);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }

 private:
  void restore() {
    if (kept_ < 0) return;
    std::fflush(stdout);
    dup2(kept_, 1);
    close(kept_);
    kept_ = -1;
  }
  int kept_;
  std::string path_;
};

GstBuffer* batch_of(const std::vector<guint>& sources) {
  auto* buffer = gst_buffer_new();
  auto* batch = add_batch_meta(buffer, guint(sources.size()));
  for (const guint source : sources) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->pad_index = source;
    nvds_add_frame_meta_to_batch(batch, frame);
  }
  return buffer;
}

// Rates of two seconds' worth of batches, by the clock of the machine: one interval of a second.
std::string lines_of(const std::vector<std::vector<guint>>& batches) {
  Printed printed;
  Harness h("fluviallogger");
  g_object_set(h.element(), "fps-measurement-interval-sec", 1, nullptr);
  h.set_caps(surface_caps_text("NV12", 16, 16), surface_caps_text("NV12", 16, 16));
  for (const auto& sources : batches) h.push(batch_of(sources));
  g_usleep(1000000);
  h.push(batch_of({}));
  return printed.text();
}

}  // namespace

TEST_CASE("the same buffer comes out") {
  Harness h("nvdslogger");
  h.set_caps(surface_caps_text("NV12", 16, 16), surface_caps_text("NV12", 16, 16));
  auto* in = gst_buffer_ref(batch_of({0}));  // shared: it must not be copied for the counting
  h.push(in);
  auto* out = h.pull();
  CHECK(out == in);
  gst_buffer_unref(out);
  gst_buffer_unref(in);
}

TEST_CASE("each source has its rate on one line, as DeepStream prints it") {
  const auto text = lines_of({{0, 3}, {0}, {0}});
  CHECK(text.find("**PERF : FPS_0 (") != std::string::npos);
  CHECK(text.find(")\tFPS_3 (") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  double zero = 0, three = 0;
  CHECK(std::sscanf(text.c_str(), "**PERF : FPS_0 (%lf)\tFPS_3 (%lf)", &zero, &three) == 2);
  CHECK(zero > 2);
  CHECK(zero <= 3);
  CHECK(three < 1.01);
}

TEST_CASE("interval 0 prints nothing") {
  Printed printed;
  Pipeline p("videotestsrc num-buffers=10 ! fluviallogger fps-measurement-interval-sec=0 ! fakesink");
  CHECK(p.play().has_ended);
  CHECK(printed.text().empty());
}

TEST_CASE("anything passes, not only surfaces") {
  Pipeline p("audiotestsrc num-buffers=5 ! fluviallogger ! fakesink");
  CHECK(p.play().has_ended);
}

TEST_CASE("200 starts and stops leave nothing behind") {
  Pipeline p("videotestsrc ! fluviallogger ! fakesink");
  for (int round = 0; round < 200; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
  }
}
