#include "elements/mux/announce.h"

#include "elements/events.h"

GST_DEBUG_CATEGORY_EXTERN(fluvial_mux_debug);
#define GST_CAT_DEFAULT fluvial_mux_debug

namespace fluvial {

void tell_reset(MuxState& state, MuxSource& source, Batch& batch) {
  if (state.settings.resets_number_on_reset) source.frame_number = 0;
  batch.events_before.push_back(new_stream_reset_event(source.id));
}

void tell_starts(MuxState& state, Batch& batch) {
  for (auto it = state.sources.begin(); it != state.sources.end(); ++it) {
    if (it->second->start_is_told || waits_for_number(state.sources, it)) continue;
    it->second->start_is_told = true;
    batch.events_before.push_back(new_pad_added_event(it->first));
  }
}

void tell_ends(MuxState& state, GstObject* mux, Batch& batch) {
  for (auto it = state.sources.begin(); it != state.sources.end();) {
    auto& source = *it->second;
    const bool is_done = source.start_is_told && source.is_ended && source.frames.empty();
    if (is_done && !source.end_is_told) {
      source.end_is_told = true;
      if (state.settings.resets_number_on_eos) source.frame_number = 0;
      batch.events_after.push_back(new_stream_eos_event(source.id));
      batch.events_after.push_back(new_stream_eos_message_event(mux, source.id));
    }
    if (is_done && source.is_released) {
      GST_INFO_OBJECT(mux, "source %u has gone, after frame %d", source.id, source.frame_number - 1);
      batch.events_after.push_back(new_pad_deleted_event(source.id));
      it = state.sources.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace fluvial
