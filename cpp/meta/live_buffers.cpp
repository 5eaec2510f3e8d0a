#include "meta/live_buffers.h"

#include <pthread.h>

#include <mutex>
#include <unordered_map>

namespace fluvial {
namespace {

// One a process, as addresses are. Never destroyed: buffers may be freed after static destructors have run.
struct LiveBuffers {
  std::mutex mutex;
  std::unordered_map<const void*, unsigned> entries;  // how often each is entered
};

LiveBuffers* make_live_buffers();

LiveBuffers& live() {
  static auto* buffers = make_live_buffers();
  return *buffers;
}

// A fork must not copy the mutex while another thread, which the child does not have, holds it.
LiveBuffers* make_live_buffers() {
  const auto lock = [] { live().mutex.lock(); };
  const auto unlock = [] { live().mutex.unlock(); };
  pthread_atfork(lock, unlock, unlock);
  return new LiveBuffers();
}

// Moves the count by step, unless it is at most `floor`.
bool move_count(GstMiniObject& object, gint floor, gint step) {
  gint count = g_atomic_int_get(&object.refcount);
  while (count > floor) {
    if (g_atomic_int_compare_and_exchange(&object.refcount, count, count + step)) return true;
    count = g_atomic_int_get(&object.refcount);
  }
  return false;
}

// --- the GstMeta of buffers that have none of our metadata (yet): it says nothing but "one of ours"

GType mark_api() {
  static const gchar* tags[] = {nullptr};
  static const GType type = gst_meta_api_type_register("FluvialLiveMetaAPI", tags);
  return type;
}

gboolean init_mark(GstMeta*, gpointer, GstBuffer* buffer) {
  enter_live_buffer(buffer);
  return TRUE;
}

void free_mark(GstMeta*, GstBuffer* buffer) { leave_live_buffer(buffer); }

gboolean copy_mark(GstBuffer* to, GstMeta*, GstBuffer*, GQuark type, gpointer) {
  if (!GST_META_TRANSFORM_IS_COPY(type)) return FALSE;
  keep_as_live_buffer(to);
  return TRUE;
}

const GstMetaInfo* mark_info() {
  static const GstMetaInfo* info =
      gst_meta_register(mark_api(), "FluvialLiveMeta", sizeof(GstMeta), init_mark, free_mark, copy_mark);
  return info;
}

}  // namespace

void keep_as_live_buffer(GstBuffer* buffer) {
  if (!gst_buffer_get_meta(buffer, mark_api())) gst_buffer_add_meta(buffer, mark_info(), nullptr);
}

void enter_live_buffer(const GstBuffer* buffer) {
  std::lock_guard lock(live().mutex);
  ++live().entries[buffer];
}

void leave_live_buffer(const GstBuffer* buffer) {
  std::lock_guard lock(live().mutex);
  const auto entry = live().entries.find(buffer);
  if (entry != live().entries.end() && --entry->second == 0) live().entries.erase(entry);
}

GstBuffer* ref_live_buffer(const void* address) {
  std::lock_guard lock(live().mutex);
  if (live().entries.count(address) == 0) return nullptr;
  auto* buffer = static_cast<GstBuffer*>(const_cast<void*>(address));
  // Entered, so the memory is a buffer's; without references it is on its way to leave_live_buffer() in another thread.
  return move_count(buffer->mini_object, 0, 1) ? buffer : nullptr;
}

bool unref_unless_last(GstBuffer* buffer) { return move_count(buffer->mini_object, 1, -1); }

}  // namespace fluvial
