// fluvialdecode: whatever this machine can decode, into surfaces.
#include "harness.h"
#include "leaks.h"
#include "pictures.h"
#include "pipelines.h"
#include "surface/batch.h"

#include <atomic>
#include <cstring>

using namespace fluvial;
using namespace testing;

namespace {

struct Codec {
  const char* name;
  const char* encoder;
  const char* decoder_caps;
};

constexpr Codec codecs[] = {
    {"H.264", "x264enc speed-preset=ultrafast key-int-max=5 ! h264parse", "video/x-h264"},
    {"H.265", "x265enc speed-preset=ultrafast key-int-max=5 log-level=none ! h265parse", "video/x-h265"},
    {"VP8", "vp8enc deadline=1 keyframe-max-dist=5", "video/x-vp8"},
    {"JPEG", "jpegenc", "image/jpeg"},
};

std::string encoded(const Codec& codec, int frames = 10) {
  return "videotestsrc num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=I420,width=96,height=64,framerate=30/1 ! " + codec.encoder + " ";
}

struct Frames {
  std::atomic<int> count{0};
  std::atomic<int> copied{0};
  void look(const Pipeline& p, const char* sink = "f") {
    watch(p.element(sink), "sink", [this](GstBuffer* buffer) {
      if (surface_count(buffer) == 1 && surface_at(buffer, 0)->format().size == Size{96, 64}) ++count;
      if (!surface_at(buffer, 0)->source()) ++copied;
    });
  }
};

}  // namespace

TEST_CASE("H.264, H.265, VP8 and JPEG become surfaces, the decoder's own memory") {
  for (const auto& codec : codecs) {
    CAPTURE(codec.name);
    Pipeline p(encoded(codec) + "! fluvialdecode ! fakesink name=f");
    Frames frames;
    frames.look(p);
    const auto outcome = p.play();
    CHECK_MESSAGE(outcome.has_ended, outcome.error);
    CHECK(frames.count == 10);
    CHECK(frames.copied == 0);
  }
}

TEST_CASE("a format that surfaces lack is converted to one they have") {
  Pipeline p(
      "videotestsrc num-buffers=3 ! video/x-raw,format=Y444,width=96,height=64 ! jpegenc ! fluvialdecode ! fakesink "
      "name=f");
  Frames frames;
  frames.look(p);
  CHECK(p.play().has_ended);
  CHECK(frames.count == 3);
}

TEST_CASE("JPEG is decoded by the exact transform, so that colours are none too dark") {
  Pipeline p(
      "videotestsrc num-buffers=1 pattern=colors ! video/x-raw,format=I420,width=96,height=64 ! jpegenc quality=70 ! "
      "tee name=t ! queue ! fluvialdecode ! fakesink name=ours t. ! queue ! jpegdec idct-method=islow ! fakesink "
      "name=exact t. ! queue ! jpegdec idct-method=ifast ! fakesink name=fast");
  using Bytes = std::vector<std::uint8_t>;
  Bytes ours, exact, fast;
  watch(p.element("ours"), "sink", [&](GstBuffer* buffer) {
    const auto view = surface_at(buffer, 0)->view();
    for (int plane = 0; plane < 3; ++plane)
      for (int y = 0; y < (plane == 0 ? 64 : 32); ++y)
        ours.insert(ours.end(), at(view, plane, 0, y), at(view, plane, plane == 0 ? 96 : 48, y));
  });
  const auto keep = [](Bytes& bytes) {
    return [&bytes](GstBuffer* buffer) {
      bytes.resize(gst_buffer_get_size(buffer));
      gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
    };
  };
  watch(p.element("exact"), "sink", keep(exact));
  watch(p.element("fast"), "sink", keep(fast));
  CHECK(p.play().has_ended);
  CHECK(ours == exact);
  CHECK(exact != fast);
}

TEST_CASE("stills of any sampling follow each other, and 4:4:4 keeps every pixel's colour") {
  Pipeline p(
      "videotestsrc num-buffers=30 pattern=checkers-1 ! videoconvert ! capsfilter name=c "
      "caps=video/x-raw,format=Y444,width=96,height=64 ! jpegenc quality=95 ! fluvialdecode ! fakesink name=f");
  std::atomic<int> seen{0}, whole{0}, coloured{0}, turns{0};
  std::atomic<bool> was_whole{true};
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) {
    const auto& surface = surface_at(buffer, 0);
    const bool is_whole = surface->format().pixels == PixelFormat::rgba;
    whole += is_whole;
    turns += is_whole != was_whole.exchange(is_whole);
    if (is_whole) {  // red and green pixels in turn
      const auto* left = at(surface->view(), 0, 40, 20);
      coloured += std::abs(left[0] - left[4]) > 150 && std::abs(left[1] - left[5]) > 150;
    }
    if (++seen % 8) return;
    auto* caps = gst_caps_from_string(is_whole ? "video/x-raw,format=I420,width=96,height=64"
                                               : "video/x-raw,format=Y444,width=96,height=64");
    g_object_set(p.element("c"), "caps", caps, nullptr);
    gst_caps_unref(caps);
  });
  const auto outcome = p.play();
  CHECK_MESSAGE(outcome.has_ended, outcome.error);
  CHECK(seen == 30);
  CHECK(turns >= 2);
  CHECK(whole >= 8);
  CHECK(coloured == whole);
}

TEST_CASE("JPEG without a picture is an error, not silence") {
  for (const char* bytes : {"\xff\xd8", "no picture at all"}) {
    Harness h("fluvialdecode");
    auto* bus = gst_bus_new();
    gst_element_set_bus(h.element(), bus);
    h.set_in_caps("image/jpeg,framerate=30/1");
    h.push(gst_buffer_new_memdup(bytes, std::strlen(bytes)));
    gst_harness_push_event(h.get(), gst_event_new_eos());
    auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    CHECK(message);
    if (message) gst_message_unref(message);
    gst_element_set_bus(h.element(), nullptr);
    gst_object_unref(bus);
    CHECK(gst_harness_buffers_received(h.get()) == 0);
  }
}

TEST_CASE("no decoder for a codec is an error that names it and a remedy") {
  Harness h("fluvialdecode");
  auto* bus = gst_bus_new();
  gst_element_set_bus(h.element(), bus);
  // Known to the pad, and to no software decoder here.
  h.set_in_caps("video/x-divx,divxversion=99");
  h.push(gst_buffer_new_allocate(nullptr, 10, nullptr));
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  REQUIRE(message);
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  CHECK(std::string(error->message).find("no decoder on this machine for video/x-divx") != std::string::npos);
  CHECK(std::string(debug).find("apt-get install") != std::string::npos);
  g_error_free(error);
  g_free(debug);
  gst_message_unref(message);
  gst_element_set_bus(h.element(), nullptr);
  gst_object_unref(bus);
}

TEST_CASE("a codec that is no codec is refused when linking") {
  CHECK_THROWS(Pipeline("videotestsrc ! video/x-raw ! fluvialdecode ! fakesink"));
}

TEST_CASE("cut and damaged streams end, with fewer frames or with an error, never with a crash") {
  for (const auto& codec : codecs)
    for (const bool is_cut : {false, true}) {
      CAPTURE(codec.name);
      Pipeline p(encoded(codec, 20) + "! identity name=i ! fluvialdecode ! fakesink");
      struct Damage {
        bool is_cut;
        int seen = 0;
      } damage{is_cut};
      auto* pad = gst_element_get_static_pad(p.element("i"), "src");
      gst_pad_add_probe(
          pad, GST_PAD_PROBE_TYPE_BUFFER,
          [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            auto& d = *static_cast<Damage*>(data);
            if (++d.seen % 3 != 0) return GST_PAD_PROBE_OK;
            auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
            const gsize size = gst_buffer_get_size(buffer);
            if (d.is_cut) gst_buffer_set_size(buffer, gssize(size / 2));
            if (!d.is_cut) gst_buffer_memset(buffer, size / 3, 0x55, size / 3);
            info->data = buffer;
            return GST_PAD_PROBE_OK;
          },
          &damage, nullptr);
      gst_object_unref(pad);
      const auto outcome = p.play();
      CHECK((outcome.has_ended || !outcome.error.empty()));
    }
}

TEST_CASE("a stream that ends before it begins starts, and ends") {
  Harness h("fluvialdecode");
  gst_pad_push_event(h.get()->srcpad, gst_event_new_stream_start("none"));
  gst_pad_push_event(h.get()->srcpad, gst_event_new_eos());
  for (const auto type : {GST_EVENT_STREAM_START, GST_EVENT_EOS}) {
    auto* event = gst_harness_pull_event(h.get());
    REQUIRE(event);
    CHECK(GST_EVENT_TYPE(event) == type);
    gst_event_unref(event);
  }
}

TEST_CASE("after NULL, and after READY, the next stream may be of another codec") {
  auto* decode = gst_element_factory_make("fluvialdecode", nullptr);
  gst_object_ref_sink(decode);
  for (int round = 0; round < 8; ++round) {
    const auto& codec = codecs[round % 4];
    CAPTURE(codec.name);
    Pipeline p(encoded(codec, 3) + "! identity name=last");
    auto* sink = gst_element_factory_make("fakesink", "f");
    gst_bin_add_many(GST_BIN(p.get()), decode, sink, nullptr);
    REQUIRE(gst_element_link_many(p.element("last"), decode, sink, nullptr));
    Frames frames;
    frames.look(p);
    CHECK(p.play().has_ended);
    CHECK(frames.count == 3);
    p.set_state(round % 2 ? GST_STATE_NULL : GST_STATE_READY);
    CHECK(GST_BIN_NUMCHILDREN(decode) == 1);  // the decoder is gone, the converter stays
    gst_element_unlink(p.element("last"), decode);
    gst_bin_remove(GST_BIN(p.get()), decode);
  }
  gst_element_set_state(decode, GST_STATE_NULL);
  gst_object_unref(decode);
}

TEST_CASE("the picture's size changes mid stream") {
  Pipeline p(
      "videotestsrc num-buffers=30 ! video/x-raw,format=I420,framerate=30/1 ! capsfilter name=c "
      "caps=video/x-raw,width=96,height=64 ! jpegenc ! fluvialdecode ! fakesink name=f");
  std::atomic<int> small{0}, large{0};
  watch(p.element("f"), "sink", [&](GstBuffer* buffer) {
    (surface_at(buffer, 0)->format().size == Size{96, 64} ? small : large) += 1;
    if (small == 5 && large == 0) {
      auto* caps = gst_caps_from_string("video/x-raw,width=160,height=120");
      g_object_set(p.element("c"), "caps", caps, nullptr);
      gst_caps_unref(caps);
    }
  });
  const auto outcome = p.play();
  CHECK_MESSAGE(outcome.has_ended, outcome.error);
  CHECK(small >= 5);
  CHECK(large > 10);
  CHECK(small + large == 30);
}

TEST_CASE("drop-frame-interval keeps one picture in so many") {
  Pipeline p(encoded(codecs[0], 20) + "! fluvialdecode drop-frame-interval=5 ! fakesink name=f");
  Frames frames;
  frames.look(p);
  CHECK(p.play().has_ended);
  CHECK(frames.count == 4);
}

TEST_CASE("threads reaches a decoder whatever it calls its threads") {
  for (const auto& codec : {codecs[0], codecs[2]}) {
    CAPTURE(codec.name);
    Pipeline p(encoded(codec, 3) + "! fluvialdecode name=d threads=3 ! fakesink");
    CHECK(p.play().has_ended);
    guint threads = 0;
    auto* it = gst_bin_iterate_elements(GST_BIN(p.element("d")));
    GValue item = G_VALUE_INIT;
    while (gst_iterator_next(it, &item) == GST_ITERATOR_OK) {
      auto* child = g_value_get_object(&item);
      for (const char* name : {"max-threads", "threads"}) {
        auto* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(child), name);
        if (!spec) continue;
        GValue value = G_VALUE_INIT;
        g_value_init(&value, spec->value_type);
        g_object_get_property(G_OBJECT(child), name, &value);
        GValue number = G_VALUE_INIT;
        g_value_init(&number, G_TYPE_UINT);
        if (g_value_transform(&value, &number)) threads = std::max(threads, g_value_get_uint(&number));
        g_value_unset(&value);
      }
      g_value_reset(&item);
    }
    g_value_unset(&item);
    gst_iterator_free(it);
    CHECK(threads == 3);
  }
}

TEST_CASE("decodebin takes the decoder by DeepStream's name") {
  Pipeline p(encoded(codecs[0], 5) + "! decodebin name=d ! fakesink name=f");
  Frames frames;
  frames.look(p);
  CHECK(p.play().has_ended);
  CHECK(frames.count == 5);
}

TEST_CASE("100 starts and stops leave nothing behind") {
  Pipeline p("videotestsrc ! video/x-raw,width=32,height=32 ! jpegenc ! fluvialdecode name=d ! fakesink");
  for (int round = 0; round < 100; ++round) {
    REQUIRE(p.reaches(GST_STATE_PLAYING));
    p.set_state(round % 2 ? GST_STATE_READY : GST_STATE_NULL);
    CHECK(GST_BIN_NUMCHILDREN(p.element("d")) == 1);
  }
}
