// What the user says of a source, and what follows from it about connecting again.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

#include "algo/backoff.h"
#include "elements/property_table.h"

namespace fluvial {

struct SourceSettings {
  std::string uri;
  guint latency_ms = 100;
  guint protocols = 7;  // UDP, multicast, TCP
  guint udp_buffer_bytes = 524288;
  bool drops_late = true;
  guint gpu_id = 0;
  guint drop_frame_interval = 0;
  guint extra_surfaces = 1;
  gint source_id = -1;
  bool loops = false;
  guint stalled_after_s = 0;  // DeepStream's: 0 never connects again
  guint first_retry_s = 0;    // the same, before there was any video
  gint attempts = -1;
  guint stalled_after_ms = 0;  // ours: 0 leaves it to DeepStream's
  guint first_wait_ms = 0;
  guint longest_wait_ms = 0;
};

const PropertyTable<SourceSettings>& source_properties();

// A camera or a stream from a network, which does not end but for a fault.
bool is_live(const SourceSettings& settings);

// Whether it is connected again. has_begun: it has given video before.
bool reconnects(const SourceSettings& settings, bool has_begun);

Backoff backoff_of(const SourceSettings& settings, bool has_begun);

// After how long without data a connection counts as lost; 0: never.
std::uint64_t stall_ms(const SourceSettings& settings, bool has_begun);

}  // namespace fluvial
