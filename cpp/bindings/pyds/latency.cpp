// How long the frames of a batch have been on their way, printed as NVIDIA's bindings print it.
#include <vector>

#include "bindings/buffers.h"
#include "nvds_latency_meta.h"

namespace fluvial::python {
namespace {

void print_latencies(const std::vector<NvDsFrameLatencyInfo>& frames) {
  std::string text = "************BATCH-NUM = " + std::to_string(frames[0].frame_num) + "**************\n";
  for (const auto& frame : frames) {
    gchar milliseconds[G_ASCII_DTOSTR_BUF_SIZE];
    text += "Source id = " + std::to_string(frame.source_id) + " Frame_num = " + std::to_string(frame.frame_num) +
            " Frame latency = " + g_ascii_formatd(milliseconds, sizeof(milliseconds), "%g", frame.latency) + " (ms) \n";
  }
  nb::print(nb::str(text.c_str(), text.size()), nb::str(""));
}

guint measure(nb::handle gst_buffer) {
  const HeldBuffer held = buffer_at(gst_buffer);
  if (!nvds_get_enable_latency_measurement()) return 0;
  GstBuffer* buffer = held.get();
  NvDsBatchMeta* batch = buffer ? gst_buffer_get_nvds_batch_meta(buffer) : nullptr;
  if (!batch) {
    char text[64];
    g_snprintf(text, sizeof(text), "Batch meta not found for buffer %p", static_cast<void*>(buffer));
    nb::print(text);
    return 0;
  }
  std::vector<NvDsFrameLatencyInfo> frames;
  {
    LockedMeta lock(batch);
    // One a note at most. Not max_frames_in_batch, which programs may write; nor frames, which are fewer behind a
    // tiler.
    frames.resize(g_list_length(batch->batch_user_meta_list));
    frames.resize(nvds_measure_buffer_latency(buffer, frames.data()));
  }
  if (!frames.empty() && !nvds_get_latency_measurement_silent()) print_latencies(frames);
  return static_cast<guint>(frames.size());
}

}  // namespace

void bind_latency(nb::module_& m) {
  m.def(
      "nvds_measure_buffer_latency", measure, nb::arg("gst_buffer"),
      "Prints how long each frame has been on its way since its decoder, or the mux, got it; how many frames. 0 unless "
      "NVDS_ENABLE_LATENCY_MEASUREMENT is set when the process starts.");
}

}  // namespace fluvial::python
