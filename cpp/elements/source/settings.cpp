#include "elements/source/settings.h"

#include <string_view>

namespace fluvial {

const PropertyTable<SourceSettings>& source_properties() {
  using S = SourceSettings;
  static const auto table =
      PropertyTable<S>()
          .add("uri", "Address of the video: rtsp://, rtmp://, srt://, udp://, http://, file://", &S::uri)
          .add("latency", "Milliseconds that packets of RTSP wait to be sorted", &S::latency_ms, 0, G_MAXUINT)
          .add("select-rtp-protocol",
               "Transports of RTSP that may be taken, summed: 1 UDP, 2 multicast, 4 TCP, 16 HTTP, 32 TLS",
               &S::protocols, 0, 63)
          .add("udp-buffer-size", "Bytes that the kernel keeps of RTSP by UDP", &S::udp_buffer_bytes, 0, G_MAXINT)
          .add("drop-on-latency", "Packets of RTSP that wait longer than latency are dropped", &S::drops_late)
          .add("gpu-id", "GPU that decodes, where there is one for the stream", &S::gpu_id, 0, G_MAXUINT)
          .add("drop-frame-interval", "Keep one picture in this many; 0 and 1 keep all", &S::drop_frame_interval, 0, 30)
          .add("num-extra-surfaces",
               "Frames that the program may keep of a GPU's decoder, more than the pipeline itself", &S::extra_surfaces,
               0, 55)
          .add("source-id", "Number of the source, in its stream reset events; -1: 0", &S::source_id, -1, G_MAXINT)
          .add("file-loop", "A file begins anew where it ends", &S::loops)
          .add("rtsp-reconnect-interval",
               "Seconds without data after which a live source is connected again, and between attempts; 0: never",
               &S::stalled_after_s, 0, G_MAXUINT)
          .add("init-rtsp-reconnect-interval",
               "The same before there was any video; 0: as rtsp-reconnect-interval says", &S::first_retry_s, 0,
               G_MAXUINT)
          .add("rtsp-reconnect-attempts",
               "How many attempts in a row may fail before the source is an error; -1, 0: any", &S::attempts, G_MININT,
               G_MAXINT)
          .add("stall-timeout",
               "Milliseconds without data after which a live source is connected again; 0: as rtsp-reconnect-interval "
               "says",
               &S::stalled_after_ms, 0, G_MAXUINT)
          .add("reconnect-delay",
               "Milliseconds before the first attempt to connect a live source again, doubled before each further one; "
               "0: as rtsp-reconnect-interval says",
               &S::first_wait_ms, 0, G_MAXUINT)
          .add("reconnect-max-delay", "Milliseconds that reconnect-delay grows to; 0: it does not grow",
               &S::longest_wait_ms, 0, G_MAXUINT);
  return table;
}

bool is_live(const SourceSettings& settings) {
  const std::string_view scheme = std::string_view(settings.uri).substr(0, settings.uri.find("://"));
  for (const std::string_view prefix : {"rtsp", "rtmp", "rtp", "srt", "udp"})
    if (scheme.substr(0, prefix.size()) == prefix) return true;
  return false;
}

bool reconnects(const SourceSettings& s, bool has_begun) {
  return is_live(s) && (s.first_wait_ms > 0 || s.stalled_after_s > 0 || (s.first_retry_s > 0 && !has_begun));
}

Backoff backoff_of(const SourceSettings& s, bool has_begun) {
  if (s.first_wait_ms > 0) return {s.first_wait_ms, s.longest_wait_ms, s.attempts};
  const auto seconds = !has_begun && s.first_retry_s > 0 ? s.first_retry_s : s.stalled_after_s;
  return {std::uint64_t(seconds) * 1000, 0, s.attempts};
}

std::uint64_t stall_ms(const SourceSettings& s, bool has_begun) {
  if (!reconnects(s, has_begun)) return 0;
  if (s.stalled_after_ms > 0) return s.stalled_after_ms;
  return std::uint64_t(!has_begun && s.first_retry_s > 0 ? s.first_retry_s : s.stalled_after_s) * 1000;
}

}  // namespace fluvial
