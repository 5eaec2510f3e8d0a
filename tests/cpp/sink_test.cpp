// fluvialsink: without a display it plays at the same pace, to nobody.
#include "leaks.h"
#include "harness.h"
#include "pipelines.h"

using namespace testing;

namespace {

// A test must not open windows where there happens to be a display.
struct NoDisplay {
  NoDisplay() {
    g_unsetenv("DISPLAY");
    g_unsetenv("WAYLAND_DISPLAY");
  }
} const no_display;

}  // namespace

TEST_CASE("surfaces and system memory play to their end, under each of the names") {
  for (const char* name : {"fluvialsink", "nveglglessink", "nv3dsink"})
    for (const char* input : {"", "! fluvialconvert ! video/x-raw(memory:NVMM) "}) {
      Pipeline p(std::string("videotestsrc num-buffers=5 ") + input + "! " + name + " sync=false");
      const auto outcome = p.play();
      CHECK_MESSAGE(outcome.has_ended, name << outcome.error);
    }
}

TEST_CASE("properties are the inner sink's own") {
  Pipeline p("videotestsrc ! fluvialsink name=s sync=false qos=false async=false max-lateness=5 ts-offset=-7");
  gboolean sync = TRUE, qos = TRUE, async = TRUE;
  gint64 lateness = 0, offset = 0;
  g_object_get(p.element("s"), "sync", &sync, "qos", &qos, "async", &async, "max-lateness", &lateness, "ts-offset",
               &offset, nullptr);
  CHECK_FALSE(sync);
  CHECK_FALSE(qos);
  CHECK_FALSE(async);
  CHECK(lateness == 5);
  CHECK(offset == -7);
}

TEST_CASE("what it says by default is what it does") {
  Pipeline p("videotestsrc ! fluvialsink name=s");
  auto* klass = G_OBJECT_GET_CLASS(p.element("s"));
  for (const char* name : {"sync", "qos", "async", "enable-last-sample", "max-lateness", "ts-offset"}) {
    CAPTURE(name);
    auto* spec = g_object_class_find_property(klass, name);
    GValue now = G_VALUE_INIT;
    g_value_init(&now, spec->value_type);
    g_object_get_property(G_OBJECT(p.element("s")), name, &now);
    CHECK(g_param_value_defaults(spec, &now));
    g_value_unset(&now);
  }
}

TEST_CASE("with sync, frames take their time") {
  Pipeline p("videotestsrc num-buffers=6 ! video/x-raw,framerate=30/1 ! fluvialsink");
  const gint64 before = g_get_monotonic_time();
  CHECK(p.play().has_ended);
  CHECK(g_get_monotonic_time() - before >= 5 * 33000);
}

TEST_CASE("a display that is named and not there is no display") {
  g_setenv("DISPLAY", ":98765", TRUE);
  {
    Pipeline p("videotestsrc num-buffers=2 ! fluvialsink sync=false");
    CHECK(p.play().has_ended);
  }
  g_unsetenv("DISPLAY");
}

TEST_CASE("where the window would be is taken, and comes back") {
  Pipeline p("videotestsrc ! nveglglessink name=s window-x=30 window-width=640");
  guint x = 0, width = 0, y = 0;
  g_object_get(p.element("s"), "window-x", &x, "window-width", &width, "window-y", &y, nullptr);
  CHECK(x == 30);
  CHECK(width == 640);
  CHECK(y == 10);
}

TEST_CASE("200 starts and stops leave nothing behind") {
  Pipeline p("videotestsrc ! fluvialsink sync=false");
  for (int round = 0; round < 200; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(GST_STATE_NULL);
  }
}
