// fluvialmux (nvstreammux): many streams in, one batch of surfaces with DeepStream-shaped metadata out.
//
//   in    sink_%u: video/x-raw(memory:NVMM) or video/x-raw, one frame a buffer, any sizes
//   out   video/x-raw(memory:NVMM) with NvDsBatchMeta; surfaceList[batch_id] is a frame
//   try   videotestsrc num-buffers=9 ! m.sink_0 videotestsrc num-buffers=9 ! m.sink_1 fluvialmux name=m ! fakesink
//
// Surfaces are referenced, not copied. Only with width and height set (DeepStream's old mux) is a frame of another size
// scaled, in its own source's thread. Source threads fill queues and wait when those are full; the src pad's task takes
// a batch by the rule in algo/batching.h. The one mutex is never held while something is pushed.

#include "elements/mux/mux.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "algo/batching.h"
#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "elements/mux/latency.h"
#include "elements/mux/source.h"
#include "meta/batch_buffer.h"
#include "meta/ntp.h"
#include "surface/batch.h"
#include "surface/format.h"

GST_DEBUG_CATEGORY_STATIC(mux_debug);
#define GST_CAT_DEFAULT mux_debug

namespace {

using namespace fluvial;

constexpr std::size_t queue_limit = 4;  // frames that one source may be ahead, unless a batch wants more of it

// Files open at different speeds. Sinks behind a demuxer play only when each has its first frame, and a queue that is
// full of another source's frames would keep it from them: so before the first batch a source that has not begun is
// waited for longer.
constexpr gint64 begin_timeout_us = 2000000;

struct Settings {  // what the user chose; any thread may set it
  guint batch_size = 0;
  gint push_timeout_us = -1;
  guint width = 0, height = 0;
  bool keeps_aspect = false;
  bool is_live = false;
  bool uses_system_time = true;
  bool drops_pipeline_eos = false;
  bool resets_number_on_eos = false;
  bool is_sorted = false;
};

struct Impl {
  std::mutex mutex;                   // guards all below but the allocator
  std::condition_variable delivered;  // the task waits: a frame, an end, a change
  std::condition_variable taken;      // source threads wait: room in their queue
  Settings settings;
  // By number. A released source stays until its frames are batched; one that was given its number meanwhile stands
  // behind it and waits.
  std::multimap<guint, std::shared_ptr<MuxSource>> sources;
  std::optional<SurfaceFormat> format;  // of the batches; decided by the first frame
  int fps_n = 0, fps_d = 1;
  bool is_flushing = true;
  bool is_begun = false;  // stream-start, caps and segment are pushed
  bool is_over = false;   // the end is pushed, or downstream wants no more; a flush begins anew
  std::size_t first = 0;  // whose turn it is to come first
  GstClockTime last_pts = 0;
  // DeepStream's old mux fills a batch with several frames of one source when others have ended; its new one, and we
  // under our own name, take one of each, so that a tiler behind shows every frame.
  bool shares_batches = false;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_system_allocator();
};

}  // namespace

struct FluvialMux {
  GstElement parent;
  GstPad* src;
  Impl* impl;
};
struct FluvialMuxClass {
  GstElementClass parent;
};
G_DEFINE_TYPE(FluvialMux, fluvial_mux, GST_TYPE_ELEMENT)

static FluvialMux* as_mux(gpointer self) { return static_cast<FluvialMux*>(self); }
static Impl& impl_of(gpointer self) { return *as_mux(self)->impl; }

static std::shared_ptr<MuxSource>& source_of(GstPad* pad) {
  return *static_cast<std::shared_ptr<MuxSource>*>(gst_pad_get_element_private(pad));
}

// The pad keeps its source until nobody holds the pad: an event may still be under way when it is released.
static void give_source(GstPad* pad, std::shared_ptr<MuxSource> source) {
  auto* held = new std::shared_ptr<MuxSource>(std::move(source));
  g_object_set_data_full(G_OBJECT(pad), "source", held,
                         [](gpointer data) { delete static_cast<std::shared_ptr<MuxSource>*>(data); });
  gst_pad_set_element_private(pad, held);
}

// --- in: the sources' threads ----------------------------------------------------------------------------------------

// The batch's own format and size: the first frame decides, width and height overrule.
static SurfaceFormat batch_format(Impl& impl, const SurfaceFormat& frame, const GstVideoInfo& info) {
  std::lock_guard lock(impl.mutex);
  if (!impl.format) {
    impl.format = frame;
    if (impl.settings.width && impl.settings.height)
      impl.format->size = {static_cast<int>(impl.settings.width), static_cast<int>(impl.settings.height)};
    impl.fps_n = GST_VIDEO_INFO_FPS_N(&info);
    impl.fps_d = std::max(1, GST_VIDEO_INFO_FPS_D(&info));
  }
  SurfaceFormat format = *impl.format;
  if (!impl.settings.width || !impl.settings.height) format.size = frame.size;
  // Each surface says what its own colours mean: YUV keeps them, and RGB becomes what is made fastest.
  format.colorimetry = is_yuv(frame.pixels) == is_yuv(format.pixels) ? frame.colorimetry : Colorimetry();
  return format;
}

// Where the picture lies when its shape is kept: centred, as DeepStream pads.
static Box padded_place(Size from, Size to) {
  const float scale = std::min(float(to.width) / float(from.width), float(to.height) / float(from.height));
  const float width = float(from.width) * scale, height = float(from.height) * scale;
  return {(float(to.width) - width) / 2, (float(to.height) - height) / 2, width, height};
}

static SurfacePtr fit(Impl& impl, const SurfacePtr& surface, const GstVideoInfo& info, bool keeps_aspect) {
  const SurfaceFormat format = batch_format(impl, surface->format(), info);
  if (surface->format() == format) return surface;
  auto fitted = impl.allocator->allocate(format);
  Transform how;
  if (keeps_aspect && surface->format().size != format.size) {
    how.to = padded_place(surface->format().size, format.size);
    impl.allocator->clear(*fitted);
  }
  impl.allocator->transform(*surface, *fitted, how);
  return fitted;
}

static MuxFrame make_frame(FluvialMux* self, MuxSource& source, GstBuffer* buffer) {
  auto& impl = impl_of(self);
  bool keeps_aspect = false;
  {
    std::lock_guard lock(impl.mutex);
    keeps_aspect = impl.settings.keeps_aspect;
  }
  MuxFrame frame;
  frame.arrived_us = g_get_monotonic_time();
  auto surface = source.is_surface ? surface_at(buffer, 0) : wrap_video_buffer(buffer, source.info);
  frame.source_size = surface->format().size;
  frame.surface = fit(impl, surface, source.info, keeps_aspect);
  if (source.segment.format == GST_FORMAT_TIME)
    frame.running_time = gst_segment_to_running_time(&source.segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  frame.buffer = buffer;
  return frame;
}

static BatchingRule rule_of(const Impl& impl) {
  BatchingRule rule;
  rule.batch_size = static_cast<int>(impl.settings.batch_size);
  rule.is_one_per_source = impl.settings.is_live || !impl.shares_batches || impl.settings.batch_size == 0;
  return rule;
}

// How many frames of one source may wait: its share of a batch at least, or that batch would never be full.
static std::size_t room_of_one(const Impl& impl) {
  const auto rule = rule_of(impl);
  if (rule.is_one_per_source) return queue_limit;
  const auto running = std::count_if(impl.sources.begin(), impl.sources.end(),
                                     [](const auto& entry) { return !entry.second->is_ended; });
  const auto size = static_cast<std::size_t>(rule.batch_size),
             count = static_cast<std::size_t>(std::max<long>(1, running));
  return std::max(queue_limit, (size + count - 1) / count);
}

static GstFlowReturn fluvial_mux_chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  auto* self = as_mux(parent);
  auto& impl = impl_of(self);
  auto source = source_of(pad);
  const auto result = guarded(self, GST_FLOW_ERROR, [&] {
    if (GST_VIDEO_INFO_FORMAT(&source->info) == GST_VIDEO_FORMAT_UNKNOWN) return GST_FLOW_NOT_NEGOTIATED;
    auto frame = make_frame(self, *source, buffer);
    std::unique_lock lock(impl.mutex);
    impl.taken.wait(lock, [&] {
      return impl.is_flushing || impl.is_over || source->is_flushing || source->is_released ||
             source->frames.size() < room_of_one(impl);
    });
    if (impl.is_flushing || source->is_flushing) return GST_FLOW_FLUSHING;
    if (impl.is_over || source->is_released || source->is_ended) return GST_FLOW_EOS;
    source->has_begun = true;
    source->frames.push_back(std::move(frame));
    impl.delivered.notify_one();
    return GST_FLOW_OK;
  });
  if (result != GST_FLOW_OK) gst_buffer_unref(buffer);
  return result;
}

static bool take_caps(FluvialMux* self, MuxSource& source, GstCaps* caps) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return false;
  std::lock_guard lock(impl_of(self).mutex);
  source.info = info;
  source.is_surface = has_surface_feature(caps);
  return true;
}

static void fluvial_mux_loop(gpointer data);

// A flush after the end: downstream, which has seen the end, is flushed too, and the task runs again.
static void begin_anew(FluvialMux* self) {
  auto& impl = impl_of(self);
  gst_pad_push_event(self->src, gst_event_new_flush_start());
  GST_PAD_STREAM_LOCK(self->src);  // the task has pushed its end, and stopped
  gst_pad_push_event(self->src, gst_event_new_flush_stop(TRUE));
  {
    std::lock_guard lock(impl.mutex);
    impl.is_over = impl.is_begun = false;
    impl.last_pts = 0;
  }
  gst_pad_start_task(self->src, fluvial_mux_loop, self, nullptr);
  GST_PAD_STREAM_UNLOCK(self->src);
}

// One source seeks: the others go on, so nothing is flushed downstream unless all was over.
static void flush_source(FluvialMux* self, MuxSource& source, bool is_start) {
  auto& impl = impl_of(self);
  bool is_anew = false;
  {
    std::lock_guard lock(impl.mutex);
    source.is_flushing = is_start;
    source.clear();
    source.is_ended = source.is_released;
    source.end_is_told = false;
    is_anew = !is_start && impl.is_over && !impl.is_flushing;
    impl.taken.notify_all();
  }
  if (is_anew) begin_anew(self);
}

static gboolean fluvial_mux_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = as_mux(parent);
  auto& impl = impl_of(self);
  auto source = source_of(pad);
  gboolean is_taken = TRUE;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      is_taken = take_caps(self, *source, caps);
      break;
    }
    case GST_EVENT_SEGMENT: {
      std::lock_guard lock(impl.mutex);
      gst_event_copy_segment(event, &source->segment);
      break;
    }
    case GST_EVENT_EOS:
    case GST_EVENT_STREAM_START: {
      std::lock_guard lock(impl.mutex);
      source->is_ended = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
      if (!source->is_ended) source->end_is_told = false;
      impl.delivered.notify_one();
      impl.taken.notify_all();  // the others' shares grow
      break;
    }
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP: flush_source(self, *source, GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START); break;
    default: break;  // tags, gaps and the like belong to one source, and the batch has many
  }
  gst_event_unref(event);
  return is_taken;
}

// --- out: the task ---------------------------------------------------------------------------------------------------

namespace {

struct Picked {
  std::shared_ptr<MuxSource> source;
  MuxFrame frame;
  int number = 0;
};

struct Batch {
  std::vector<GstEvent*> events_before;
  std::vector<Picked> frames;
  std::vector<GstEvent*> events_after;
  bool is_last = false;
  bool is_flushing = false;
};

}  // namespace

static gint64 first_arrival(const Impl& impl) {
  gint64 first = G_MAXINT64;
  for (const auto& [id, source] : impl.sources)
    if (!source->frames.empty()) first = std::min(first, source->frames.front().arrived_us);
  return first;
}

// When a batch is pushed though it is not full; monotonic. first: see first_arrival.
static gint64 time_limit(const Impl& impl, gint64 first) {
  const gint64 timeout = impl.settings.push_timeout_us;
  if (timeout < 0 || first == G_MAXINT64) return G_MAXINT64;
  const bool all_begun = std::all_of(impl.sources.begin(), impl.sources.end(), [](const auto& entry) {
    return entry.second->has_begun || entry.second->is_ended;
  });
  const bool waits_longer = !impl.is_begun && !all_begun && !impl.settings.is_live;
  return first + (waits_longer ? std::max(timeout, begin_timeout_us) : timeout);
}

// Its number belongs to a released source that still has frames.
template <typename Iterator>
static bool waits_for_number(const Impl& impl, Iterator it) {
  return it != impl.sources.begin() && std::prev(it)->first == it->first;
}

static std::vector<int> choose(const Impl& impl, bool is_time_over) {
  std::vector<SourceQueue> queues;
  for (auto it = impl.sources.begin(); it != impl.sources.end(); ++it) {
    const bool is_in = !waits_for_number(impl, it);
    queues.push_back({is_in ? static_cast<int>(it->second->frames.size()) : 0, !is_in || it->second->is_ended});
  }
  return choose_batch(queues, rule_of(impl), is_time_over, impl.first);
}

static void pick(Impl& impl, const std::vector<int>& counts, Batch& batch) {
  std::size_t index = 0;
  for (const auto& [id, source] : impl.sources) {
    for (int n = counts[index]; n > 0; --n) {
      batch.frames.push_back({source, std::move(source->frames.front()), source->frame_number++});
      source->frames.pop_front();
    }
    ++index;
  }
  impl.first = impl.sources.empty() ? 0 : (impl.first + 1) % impl.sources.size();
  impl.taken.notify_all();
}

static void tell_starts(Impl& impl, Batch& batch) {
  for (auto it = impl.sources.begin(); it != impl.sources.end(); ++it) {
    if (it->second->start_is_told || waits_for_number(impl, it)) continue;
    it->second->start_is_told = true;
    batch.events_before.push_back(new_pad_added_event(it->first));
  }
}

// Sources whose last frame is in this batch, or was in an earlier one: told behind it.
static void tell_ends(FluvialMux* self, Impl& impl, Batch& batch) {
  for (auto it = impl.sources.begin(); it != impl.sources.end();) {
    auto& source = *it->second;
    const bool is_done = source.start_is_told && source.is_ended && source.frames.empty();
    if (is_done && !source.end_is_told) {
      source.end_is_told = true;
      if (impl.settings.resets_number_on_eos) source.frame_number = 0;
      batch.events_after.push_back(new_stream_eos_event(source.id));
      batch.events_after.push_back(new_stream_eos_message_event(GST_OBJECT(self), source.id));
    }
    if (is_done && source.is_released) {
      batch.events_after.push_back(new_pad_deleted_event(source.id));
      it = impl.sources.erase(it);
    } else {
      ++it;
    }
  }
}

static bool everything_ended(const Impl& impl) {
  return !impl.sources.empty() && std::all_of(impl.sources.begin(), impl.sources.end(), [](const auto& entry) {
    return entry.second->is_ended && entry.second->frames.empty();
  });
}

// Waits until there is something to push: frames, ends of sources, or the end of all.
static Batch next_batch(FluvialMux* self) {
  auto& impl = impl_of(self);
  Batch batch;
  std::unique_lock lock(impl.mutex);
  while (true) {
    if (impl.is_flushing) {
      batch.is_flushing = true;
      return batch;
    }
    const gint64 first = first_arrival(impl);
    const gint64 limit = time_limit(impl, first);
    const gint64 now = g_get_monotonic_time();
    const auto counts = choose(impl, now >= limit);
    batch.is_last = everything_ended(impl) && !impl.settings.drops_pipeline_eos;
    // Before the first batch nothing is told: its caps say how many sources there are.
    const bool tells = impl.is_begun || !counts.empty() || (batch.is_last && impl.format);
    if (tells) tell_starts(impl, batch);
    if (!counts.empty()) pick(impl, counts, batch);
    if (tells) tell_ends(self, impl, batch);
    batch.is_last = everything_ended(impl) && !impl.settings.drops_pipeline_eos;
    impl.is_over |= batch.is_last;
    const bool has_news = !batch.events_before.empty() || !batch.frames.empty() || !batch.events_after.empty();
    if (has_news || batch.is_last) return batch;
    if (limit == G_MAXINT64)
      impl.delivered.wait(lock);
    else
      impl.delivered.wait_for(lock, std::chrono::microseconds(limit - now));
  }
}

static guint64 ntp_of(GstBuffer* buffer, bool uses_system_time) {
  if (uses_system_time) return static_cast<guint64>(g_get_real_time()) * 1000;
  return sender_time(buffer);
}

static void describe_frame(NvDsFrameMeta* meta, const Picked& picked, guint batch_id, bool uses_system_time) {
  const auto& frame = picked.frame;
  meta->pad_index = meta->source_id = picked.source->id;
  meta->batch_id = batch_id;
  meta->frame_num = picked.number;
  meta->buf_pts = GST_BUFFER_PTS(frame.buffer);
  meta->ntp_timestamp = ntp_of(frame.buffer, uses_system_time);
  meta->num_surfaces_per_frame = 1;
  meta->source_frame_width = static_cast<guint>(frame.source_size.width);
  meta->source_frame_height = static_cast<guint>(frame.source_size.height);
  meta->pipeline_width = static_cast<guint>(frame.surface->format().size.width);
  meta->pipeline_height = static_cast<guint>(frame.surface->format().size.height);
  meta->reserved[0] = frame.arrived_us;  // ours: when the mux got it, for measuring latency
}

static GstBuffer* assemble(FluvialMux* self, std::vector<Picked>& frames) {
  auto& impl = impl_of(self);
  bool uses_system_time = true;
  {
    std::lock_guard lock(impl.mutex);
    uses_system_time = impl.settings.uses_system_time;
    if (impl.settings.is_sorted)
      std::stable_sort(frames.begin(), frames.end(),
                       [](const Picked& a, const Picked& b) { return a.source->id < b.source->id; });
  }
  std::vector<SurfacePtr> surfaces;
  for (auto& picked : frames) surfaces.push_back(std::move(picked.frame.surface));
  std::vector<SurfacePtr> kept = surfaces;  // describe_frame looks at them
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, static_cast<guint>(frames.size()));
  GstClockTime pts = impl.last_pts;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].frame.surface = kept[i];
    auto* meta = nvds_acquire_frame_meta_from_pool(batch);
    describe_frame(meta, frames[i], static_cast<guint>(i), uses_system_time);
    nvds_add_frame_meta_to_batch(batch, meta);
    note_latency(buffer, meta, frames[i].frame.buffer, frames[i].frame.arrived_us);
    const auto time = frames[i].frame.running_time;
    if (GST_CLOCK_TIME_IS_VALID(time)) pts = std::max(pts, time);
  }
  // Time never goes back, whichever source was late.
  GST_BUFFER_PTS(buffer) = impl.last_pts = pts;
  if (frames.size() == 1) GST_BUFFER_DURATION(buffer) = GST_BUFFER_DURATION(frames[0].frame.buffer);
  return buffer;
}

static void push_stream_start(FluvialMux* self) {
  gchar* id = g_strdup_printf("%s/%08x%08x", GST_OBJECT_NAME(self), g_random_int(), g_random_int());
  auto* event = gst_event_new_stream_start(id);
  gst_event_set_group_id(event, gst_util_group_id_next());
  gst_pad_push_event(self->src, event);
  g_free(id);
}

// stream-start, and caps and segment when there is a format to tell of: a stream may end without a frame.
static void begin(FluvialMux* self) {
  auto& impl = impl_of(self);
  GstCaps* caps = nullptr;
  {
    std::lock_guard lock(impl.mutex);
    if (impl.is_begun) return;
    impl.is_begun = true;
    const guint size = impl.settings.batch_size ? impl.settings.batch_size : static_cast<guint>(impl.sources.size());
    if (impl.format) caps = surface_caps(*impl.format, impl.fps_n, impl.fps_d, size);
  }
  push_stream_start(self);
  if (!caps) return;
  gst_pad_push_event(self->src, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(self->src, gst_event_new_segment(&segment));
}

static void fluvial_mux_loop(gpointer data) {
  auto* self = as_mux(data);
  auto batch = next_batch(self);
  GstFlowReturn flow = batch.is_flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;
  if (!batch.is_flushing) begin(self);
  for (auto* event : batch.events_before) gst_pad_push_event(self->src, event);
  if (!batch.frames.empty()) {
    flow = guarded(self, GST_FLOW_ERROR, [&] { return gst_pad_push(self->src, assemble(self, batch.frames)); });
    for (auto& picked : batch.frames) gst_buffer_unref(picked.frame.buffer);
  }
  for (auto* event : batch.events_after) gst_pad_push_event(self->src, event);
  if (batch.is_last) flow = GST_FLOW_EOS;
  if (flow == GST_FLOW_OK) return;
  if (flow == GST_FLOW_EOS) gst_pad_push_event(self->src, gst_event_new_eos());

  gst_pad_pause_task(self->src);
  {
    std::lock_guard lock(impl_of(self).mutex);  // source threads must not wait for a task that has stopped
    (flow == GST_FLOW_EOS ? impl_of(self).is_over : impl_of(self).is_flushing) = true;
    impl_of(self).taken.notify_all();
  }
  if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS) return;
  GST_ELEMENT_FLOW_ERROR(self, flow);
  gst_pad_push_event(self->src, gst_event_new_eos());
}

static gboolean fluvial_mux_activate_src(GstPad* pad, GstObject* parent, GstPadMode, gboolean is_active) {
  auto& impl = impl_of(parent);
  {
    std::lock_guard lock(impl.mutex);
    impl.is_flushing = !is_active;
    impl.is_over = false;
    impl.delivered.notify_all();
    impl.taken.notify_all();
  }
  return is_active ? gst_pad_start_task(pad, fluvial_mux_loop, parent, nullptr) : gst_pad_stop_task(pad);
}

// --- queries and events from downstream ------------------------------------------------------------------------------

static gboolean answer_latency(FluvialMux* self, GstQuery* query) {
  auto& impl = impl_of(self);
  if (!gst_pad_query_default(self->src, GST_OBJECT(self), query)) return FALSE;
  gboolean is_live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &is_live, &least, &most);
  std::lock_guard lock(impl.mutex);
  const GstClockTime wait = impl.settings.push_timeout_us > 0 ? GstClockTime(impl.settings.push_timeout_us) * 1000 : 0;
  if (GST_CLOCK_TIME_IS_VALID(most)) most += wait;
  gst_query_set_latency(query, is_live || impl.settings.is_live, least + wait, most);
  return TRUE;
}

static gboolean fluvial_mux_src_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return answer_latency(as_mux(parent), query);
  return gst_pad_query_default(pad, parent, query);
}

// A sink that is late speaks of the batch's time, which means nothing to a single source's decoder.
static gboolean fluvial_mux_src_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_QOS) return gst_pad_event_default(pad, parent, event);
  gst_event_unref(event);
  return TRUE;
}

static gboolean fluvial_mux_sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: {
      GstCaps* filter = nullptr;
      gst_query_parse_caps(query, &filter);
      auto* caps = gst_pad_get_pad_template_caps(pad);
      auto* answer = filter ? gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST) : gst_caps_ref(caps);
      gst_query_set_caps_result(query, answer);
      gst_caps_unref(answer);
      gst_caps_unref(caps);
      return TRUE;
    }
    case GST_QUERY_ALLOCATION:
      // A frame may wait here and downstream: let upstream use its own pool, with any layout.
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      return TRUE;
    default: return gst_pad_query_default(pad, parent, query);
  }
}

// --- pads and states -------------------------------------------------------------------------------------------------

static bool is_used(const Impl& impl, guint id) {
  const auto [begin, end] = impl.sources.equal_range(id);
  return std::any_of(begin, end, [](const auto& entry) { return !entry.second->is_released; });
}

static GstPad* fluvial_mux_request_new_pad(GstElement* element, GstPadTemplate* templ, const gchar* name,
                                           const GstCaps*) {
  auto& impl = impl_of(element);
  guint id = 0;
  auto source = std::make_shared<MuxSource>();
  {
    std::lock_guard lock(impl.mutex);
    const bool has_number = name && std::sscanf(name, "sink_%u", &id) == 1;
    while (is_used(impl, id)) {
      if (has_number) return nullptr;  // asked for twice
      ++id;
    }
    source->id = id;
    impl.sources.emplace(id, source);
    impl.delivered.notify_one();
  }
  gchar* pad_name = g_strdup_printf("sink_%u", id);
  auto* pad = gst_pad_new_from_template(templ, pad_name);
  g_free(pad_name);
  give_source(pad, std::move(source));
  gst_pad_set_chain_function(pad, fluvial_mux_chain);
  gst_pad_set_event_function(pad, fluvial_mux_sink_event);
  gst_pad_set_query_function(pad, fluvial_mux_sink_query);
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element, pad);
  return pad;
}

// Never waits for the queue to drain: what was delivered is batched later, by the task.
static void fluvial_mux_release_pad(GstElement* element, GstPad* pad) {
  auto& impl = impl_of(element);
  {
    std::lock_guard lock(impl.mutex);
    auto& gone = *source_of(pad);
    gone.is_released = gone.is_ended = true;
    for (auto it = impl.sources.begin(); it != impl.sources.end();) {
      const bool is_unknown = it->second.get() == &gone && !gone.start_is_told && gone.frames.empty();
      it = is_unknown ? impl.sources.erase(it) : std::next(it);  // nobody downstream has heard of it
    }
    impl.taken.notify_all();
    impl.delivered.notify_one();
  }
  gst_pad_set_active(pad, FALSE);  // returns when its streaming thread has left our chain function
  gst_element_remove_pad(element, pad);
}

static void forget_stream(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  for (auto it = impl.sources.begin(); it != impl.sources.end();) {
    auto& source = *it->second;
    source.clear();
    source.frame_number = 0;
    source.is_ended = source.is_released;
    source.is_flushing = source.start_is_told = source.end_is_told = false;
    source.has_begun = false;
    it = source.is_released ? impl.sources.erase(it) : ++it;
  }
  impl.format.reset();
  impl.is_begun = impl.is_over = false;
  impl.last_pts = 0;
}

static GstStateChangeReturn fluvial_mux_change_state(GstElement* element, GstStateChange change) {
  if (change == GST_STATE_CHANGE_NULL_TO_READY)
    impl_of(element).shares_batches = g_str_equal(G_OBJECT_TYPE_NAME(element), "nvstreammux") &&
                                      g_strcmp0(g_getenv("USE_NEW_NVSTREAMMUX"), "yes") != 0;
  const auto result = GST_ELEMENT_CLASS(fluvial_mux_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) forget_stream(impl_of(element));
  return result;
}

static void fluvial_mux_init(FluvialMux* self) {
  self->impl = new Impl();
  self->src = gst_pad_new_from_template(gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self), "src"), "src");
  gst_pad_set_activatemode_function(self->src, fluvial_mux_activate_src);
  gst_pad_set_query_function(self->src, fluvial_mux_src_query);
  gst_pad_set_event_function(self->src, fluvial_mux_src_event);
  gst_pad_use_fixed_caps(self->src);
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void fluvial_mux_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_mux_parent_class)->finalize(object);
}

// --- properties ------------------------------------------------------------------------------------------------------

enum {
  PROP_0,
  PROP_BATCH_SIZE,
  PROP_PUSH_TIMEOUT,
  PROP_WIDTH,
  PROP_HEIGHT,
  PROP_PADDING,
  PROP_LIVE,
  PROP_SYSTEM_TIME,
  PROP_DROP_EOS,
  PROP_RESET_NUMBER,
  PROP_SORT,
  PROP_COPIED,
  PROP_IGNORED
};

static void fluvial_mux_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  auto& s = impl.settings;
  switch (id) {
    case PROP_BATCH_SIZE: s.batch_size = g_value_get_uint(value); break;
    case PROP_PUSH_TIMEOUT: s.push_timeout_us = g_value_get_int(value); break;
    case PROP_WIDTH: s.width = g_value_get_uint(value); break;
    case PROP_HEIGHT: s.height = g_value_get_uint(value); break;
    case PROP_PADDING: s.keeps_aspect = g_value_get_boolean(value); break;
    case PROP_LIVE: s.is_live = g_value_get_boolean(value); break;
    case PROP_SYSTEM_TIME: s.uses_system_time = g_value_get_boolean(value); break;
    case PROP_DROP_EOS: s.drops_pipeline_eos = g_value_get_boolean(value); break;
    case PROP_RESET_NUMBER: s.resets_number_on_eos = g_value_get_boolean(value); break;
    case PROP_SORT: s.is_sorted = g_value_get_boolean(value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
  }
  impl.delivered.notify_one();
  impl.taken.notify_all();  // a larger batch has more room
}

static void fluvial_mux_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= PROP_IGNORED) return impl.ignored.get(spec, value);
  std::lock_guard lock(impl.mutex);
  const auto& s = impl.settings;
  switch (id) {
    case PROP_BATCH_SIZE: g_value_set_uint(value, s.batch_size); break;
    case PROP_PUSH_TIMEOUT: g_value_set_int(value, s.push_timeout_us); break;
    case PROP_WIDTH: g_value_set_uint(value, s.width); break;
    case PROP_HEIGHT: g_value_set_uint(value, s.height); break;
    case PROP_PADDING: g_value_set_boolean(value, s.keeps_aspect); break;
    case PROP_LIVE: g_value_set_boolean(value, s.is_live); break;
    case PROP_SYSTEM_TIME: g_value_set_boolean(value, s.uses_system_time); break;
    case PROP_DROP_EOS: g_value_set_boolean(value, s.drops_pipeline_eos); break;
    case PROP_RESET_NUMBER: g_value_set_boolean(value, s.resets_number_on_eos); break;
    case PROP_SORT: g_value_set_boolean(value, s.is_sorted); break;
    case PROP_COPIED: g_value_set_uint64(value, impl.allocator->written_bytes()); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, spec);
  }
}

static void install_properties(GObjectClass* klass) {
  PropertyInstaller own(klass, PROP_BATCH_SIZE);
  own.add_uint("batch-size", "Most frames in a batch; 0: one of each source", 0, 1024, 0);
  own.add_int("batched-push-timeout", "Microseconds to wait for a full batch after its first frame; -1: for ever", -1,
              G_MAXINT, -1);
  own.add_uint("width", "Width that frames are scaled to, in pixels; 0: frames keep their size", 0, 16384, 0);
  own.add_uint("height", "Height that frames are scaled to, in pixels; 0: frames keep their size", 0, 16384, 0);
  own.add_bool("enable-padding", "Keep the picture's shape when scaling, with black bars", false);
  own.add_bool("live-source", "Sources are live: at most one frame of each in a batch", false);
  own.add_bool("attach-sys-ts", "ntp_timestamp is the system's time; else the sender's, where RTCP tells it", true);
  own.add_bool("drop-pipeline-eos", "Do not end when all sources have ended", false);
  own.add_bool("frame-num-reset-on-eos", "Count frames from 0 again after a source's end", false);
  own.add_bool("sort-batch", "Order a batch by source", false);
  own.add(g_param_spec_uint64("copied-bytes", "copied-bytes",
                              "Bytes of pixels written so far: 0 while no frame is scaled", 0, G_MAXUINT64, 0,
                              GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  PropertyInstaller ignored(klass, PROP_IGNORED);
  add_hardware_properties(ignored);
  ignored.add_uint("num-surfaces-per-frame", "Surfaces of a dewarper; only 1 is made here", 0, 8, 1);
  ignored.add_uint("buffer-pool-size", "Size of DeepStream's pool; ours follows need", 4, 1024, 4);
  ignored.add_uint("interpolation-method", "No effect: scaling is bilinear", 0, 6, 1);
  ignored.add_bool("sync-inputs", "Not done yet", false);
  ignored.add_uint("max-latency", "Not done yet", 0, G_MAXUINT, 0);
  ignored.add_bool("align-inputs", "Not done yet", false);
  ignored.add_bool("frame-num-reset-on-stream-reset", "Not done yet", false);
  ignored.add(g_param_spec_uint64("frame-duration", "frame-duration", "Milliseconds for NTP correction; not done yet",
                                  0, G_MAXUINT64, G_MAXUINT64, property_flags));
  ignored.add_bool("async-process", "No effect: scaling is done in the sources' threads", true);
  ignored.add_bool("extract-sei-type5-data", "Not done yet", false);
  ignored.add_bool("extract-sei-sim-time", "Not done yet", false);
  ignored.add_bool("cache-buffer", "Not done yet", false);
  ignored.add_int("cache-buffer-timeout", "Not done yet", -1, G_MAXINT, -1);
  ignored.add_bool("align-first-buffer", "Not done yet", false);
  ignored.add_int("sync-inputs-ntp", "Not done yet", 0, G_MAXINT, 0);
  ignored.add_uint("failsafe-flush-count", "No effect", 0, G_MAXUINT, 4);
  ignored.add_bool("drop-backward-sei", "No effect", false);
  ignored.add_string("config-file-path", "Configuration of DeepStream's new mux; taken, not read yet", nullptr);
}

static void fluvial_mux_class_init(FluvialMuxClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_mux_finalize;
  object->set_property = fluvial_mux_set_property;
  object->get_property = fluvial_mux_get_property;
  install_properties(object);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->request_new_pad = fluvial_mux_request_new_pad;
  element->release_pad = fluvial_mux_release_pad;
  element->change_state = fluvial_mux_change_state;
  auto* sink_caps = any_video_caps();
  add_pad_template(element, "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, sink_caps);
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Stream muxer", "Generic/Video", "Batches the frames of many streams",
                                        "Fluvial");
  GST_DEBUG_CATEGORY_INIT(mux_debug, "fluvialmux", 0, "stream muxer");
}
