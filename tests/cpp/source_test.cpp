// fluvialsource: one address, and connections behind it that come and go.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "algo/backoff.h"
#include "folder.h"
#include "harness.h"
#include "leaks.h"
#include "messages.h"
#include "pipelines.h"
#include "surface/batch.h"

using namespace fluvial;
using namespace testing;

namespace {

std::string clip_in(const Folder& folder, int frames) {
  const auto path = folder / "a.mp4";
  Pipeline p("videotestsrc num-buffers=" + std::to_string(frames) +
             " ! video/x-raw,format=I420,width=96,height=64,framerate=30/1 ! x264enc tune=zerolatency ! h264parse ! "
             "mp4mux ! filesink location=" +
             path);
  if (!p.play().has_ended) throw std::runtime_error("no clip");
  return path;
}

// A server that takes a connection and says nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, any, size) || listen(socket_, 8) || getsockname(socket_, any, &size))
      throw std::runtime_error("no port on the loopback");
    port = ntohs(address.sin_port);
  }
  ~SilentServer() { close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  int port = 0;

 private:
  int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

// Nobody listens there: the port was free a moment ago.
std::string nobody() { return "rtsp://127.0.0.1:" + std::to_string(SilentServer().port) + "/door"; }

// The next of this kind, or nullptr where none comes in time.
GstMessage* next_message(const Pipeline& p, int kinds, GstClockTime within) {
  auto* bus = gst_element_get_bus(p.get());
  auto* message = gst_bus_timed_pop_filtered(bus, within, GstMessageType(kinds));
  gst_object_unref(bus);
  return message;
}

std::string first_warning(const Pipeline& p) { return text_of(next_message(p, GST_MESSAGE_WARNING, 10 * GST_SECOND)); }

}  // namespace

TEST_CASE("waits double up to a bound, and attempts run out") {
  Backoff backoff(1000, 5000, 4);
  CHECK(backoff.next() == 1000);
  CHECK(backoff.next() == 2000);
  CHECK(backoff.next() == 4000);
  CHECK(backoff.next() == 5000);
  CHECK_FALSE(backoff.next());
  CHECK(backoff.made() == 4);
}

TEST_CASE("without a number of attempts they never run out, nor does the wait grow past its bound") {
  Backoff backoff(1000, 30000, -1);
  for (int i = 0; i < 1000; ++i) REQUIRE(backoff.next() <= 30000);
  CHECK(Backoff(700, 0, -1).next() == 700);
}

TEST_CASE("a file's frames come as surfaces, and then its end") {
  Folder folder;
  Pipeline p("fluvialsource uri=file://" + clip_in(folder, 12) + " ! fakesink name=f");
  std::atomic<int> surfaces{0};
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) { surfaces += surface_count(buffer) == 1; });
  const auto outcome = p.play();
  CHECK_MESSAGE(outcome.has_ended, outcome.error);
  CHECK(surfaces == 12);
}

TEST_CASE("file-loop plays a file again and again, and time goes on") {
  Folder folder;
  Pipeline p("nvurisrcbin file-loop=true uri=file://" + clip_in(folder, 10) + " ! fakesink name=f");
  std::mutex mutex;
  std::vector<GstClockTime> times;
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) {
    std::lock_guard lock(mutex);
    times.push_back(GST_BUFFER_PTS(buffer));
    if (times.size() == 35)
      gst_element_post_message(p.get(),
                               gst_message_new_application(GST_OBJECT(p.get()), gst_structure_new_empty("seen")));
  });
  p.set_state(GST_STATE_PLAYING);
  auto* message = next_message(p, GST_MESSAGE_APPLICATION | GST_MESSAGE_ERROR, 20 * GST_SECOND);
  REQUIRE(message);
  CHECK(GST_MESSAGE_TYPE(message) == GST_MESSAGE_APPLICATION);
  gst_message_unref(message);
  p.set_state(GST_STATE_NULL);
  REQUIRE(times.size() >= 35);
  for (std::size_t i = 1; i < times.size(); ++i) REQUIRE(times[i] > times[i - 1]);
}

TEST_CASE("without an address it does not start, and says what is needed") {
  Pipeline p("fluvialsource ! fakesink");
  CHECK(p.play().error.find("uri: none is given; an address such as rtsp://") == 0);
}

TEST_CASE("as DeepStream's, it does not connect again unless it is told to") {
  Pipeline p("nvurisrcbin uri=" + nobody() + " ! fakesink");
  const auto outcome = p.play();
  CHECK(outcome.error.find("Could not open resource") == 0);
  CHECK(outcome.warnings.empty());
}

TEST_CASE("when its attempts have run out, it says how many, for how long, and what the last one met") {
  Pipeline p("fluvialsource reconnect-delay=10 rtsp-reconnect-attempts=3 uri=" + nobody() + " ! fakesink");
  const auto outcome = p.play();
  CHECK(outcome.error.find("no video for 0.") == 0);
  CHECK(outcome.error.find("of 3 attempts to connect again none did: Could not open resource") != std::string::npos);
  CHECK(outcome.error.find("Failed to connect") != std::string::npos);
  REQUIRE(outcome.warnings.size() == 1);
  CHECK(outcome.warnings[0].find("connecting again in 0.01 s") != std::string::npos);
}

TEST_CASE("init-rtsp-reconnect-interval is for a camera that has not come up yet") {
  Pipeline p("nvurisrcbin init-rtsp-reconnect-interval=7 uri=" + nobody() + " ! fakesink");
  p.set_state(GST_STATE_PLAYING);
  CHECK(first_warning(p).find("connecting again in 7 s") != std::string::npos);
}

TEST_CASE("a server that says nothing is left, at once the first time") {
  SilentServer server;
  Pipeline p("fluvialsource stall-timeout=100 reconnect-delay=60000 uri=rtsp://127.0.0.1:" +
             std::to_string(server.port) + "/door ! fakesink");
  p.set_state(GST_STATE_PLAYING);
  const auto text = first_warning(p);
  CHECK(text.find("no data for 0.1") == 0);
  CHECK(text.find("connecting again now") != std::string::npos);
}

TEST_CASE("it stops at once while it waits to connect again, and may start anew") {
  Pipeline p("fluvialsource reconnect-delay=60000 uri=" + nobody() + " ! fakesink");
  for (int round = 0; round < 3; ++round) {
    p.set_state(GST_STATE_PLAYING);
    CHECK(first_warning(p).find("connecting again in 60 s") != std::string::npos);
    const auto begin = g_get_monotonic_time();
    p.set_state(GST_STATE_NULL);
    CHECK(g_get_monotonic_time() - begin < G_USEC_PER_SEC);
  }
}

TEST_CASE("it stops at any moment of connecting") {
  Pipeline p("fluvialsource reconnect-delay=1 stall-timeout=3 uri=" + nobody() + " ! fakesink");
  for (int round = 0; round < 40; ++round) {
    p.set_state(GST_STATE_PLAYING);
    first_warning(p);
    REQUIRE_FALSE(next_message(p, GST_MESSAGE_EOS, static_cast<GstClockTime>(round) * 500 * GST_USECOND));
    p.set_state(GST_STATE_NULL);
    CHECK(GST_BIN_NUMCHILDREN(p.get()) == 2);
  }
}
