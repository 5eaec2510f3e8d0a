#include "surface/batch.h"

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>

#include "meta/live_buffers.h"
#include "surface/nvbuf_view.h"

namespace fluvial {
namespace {

constexpr const char* memory_type_name = "FluvialSurfaceBatch";
const char batch_mark = 0;  // its address in _reserved[1] says that _reserved[0] is the memory around a NvBufSurface

struct SurfaceMemory {
  GstMemory base;
  NvBufSurface batch;
  std::mutex mutex;  // guards surfaces and params while one of them is replaced
  std::vector<NvBufSurfaceParams> params;
  std::vector<SurfacePtr> surfaces;
};

struct SurfaceAllocator {
  GstAllocator parent;
};
struct SurfaceAllocatorClass {
  GstAllocatorClass parent;
};

SurfaceMemory* as_surface_memory(GstMemory* memory) { return reinterpret_cast<SurfaceMemory*>(memory); }

void describe(const Surface& surface, NvBufSurfaceParams& params) { describe(surface.planes(), params); }

// Whoever let go of it last has read its pixels before we write them.
bool is_held_alone(const SurfacePtr& surface) {
  if (surface.use_count() != 1 || !surface->is_private()) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

// With the mutex held.
void replace_by_copy(SurfaceMemory* memory, std::size_t index, Allocator& allocator, SurfacePtr copy) {
  auto& surface = memory->surfaces[index];
  allocator.transform(*surface, *copy, {});
  surface = std::move(copy);
  describe(*surface, memory->params[index]);
  if (index == 0) memory->batch.memType = surface->memory();
}

void make_private(SurfaceMemory* memory, std::size_t index) {
  std::lock_guard lock(memory->mutex);
  const auto& surface = memory->surfaces[index];
  if (surface->memory() == NVBUF_MEM_SYSTEM && is_held_alone(surface)) return;
  // Rare: only where somebody writes into pixels that others see. The copy is not worth a pool of its own.
  const auto allocator = make_system_allocator();
  replace_by_copy(memory, index, *allocator, allocator->allocate(surface->format()));
}

gpointer map(GstMemory* base, gsize, GstMapFlags flags) {
  auto* memory = as_surface_memory(base);
  if (flags & GST_MAP_WRITE)
    for (std::size_t i = 0; i < memory->surfaces.size(); ++i) make_private(memory, i);
  return &memory->batch;
}

void unmap(GstMemory*) {}

GstMemory* new_memory(std::vector<SurfacePtr> surfaces);

GstMemory* copy(GstMemory* base, gssize, gssize) {
  std::lock_guard lock(as_surface_memory(base)->mutex);
  return new_memory(as_surface_memory(base)->surfaces);  // shares the pixels; whoever writes first copies them
}

void free_memory(GstAllocator*, GstMemory* base) { delete as_surface_memory(base); }

}  // namespace

G_DEFINE_TYPE(SurfaceAllocator, fluvial_surface_allocator, GST_TYPE_ALLOCATOR)

static void fluvial_surface_allocator_class_init(SurfaceAllocatorClass* klass) {
  GST_ALLOCATOR_CLASS(klass)->free = free_memory;
}

static void fluvial_surface_allocator_init(SurfaceAllocator* self) {
  auto* allocator = GST_ALLOCATOR(self);
  allocator->mem_type = memory_type_name;
  allocator->mem_map = map;
  allocator->mem_unmap = unmap;
  allocator->mem_copy = copy;
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
  GST_OBJECT_FLAG_SET(self, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

namespace {

// One allocator a process: it holds no state, it is only how GStreamer finds map() and free_memory().
GstAllocator* surface_allocator() {
  static auto* allocator =
      static_cast<GstAllocator*>(gst_object_ref_sink(g_object_new(fluvial_surface_allocator_get_type(), nullptr)));
  return allocator;
}

GstMemory* new_memory(std::vector<SurfacePtr> surfaces) {
  auto* memory = new SurfaceMemory();
  // NO_SHARE: a copied buffer gets a memory of its own, so that replacing a surface in one is not seen in the other.
  gst_memory_init(&memory->base, GST_MEMORY_FLAG_NO_SHARE, surface_allocator(), nullptr, sizeof(NvBufSurface), 0, 0,
                  sizeof(NvBufSurface));
  memory->surfaces = std::move(surfaces);
  memory->params.resize(memory->surfaces.size());
  for (std::size_t i = 0; i < memory->surfaces.size(); ++i) describe(*memory->surfaces[i], memory->params[i]);
  memory->batch = {};
  memory->batch.batchSize = memory->batch.numFilled = static_cast<uint32_t>(memory->surfaces.size());
  memory->batch.memType = memory->surfaces.empty() ? NVBUF_MEM_SYSTEM : memory->surfaces[0]->memory();
  memory->batch.surfaceList = memory->params.data();
  memory->batch._reserved[0] = memory;
  memory->batch._reserved[1] = const_cast<char*>(&batch_mark);
  return &memory->base;
}

SurfaceMemory* memory_of(GstBuffer* buffer) {
  if (!buffer || gst_buffer_n_memory(buffer) != 1) return nullptr;
  GstMemory* memory = gst_buffer_peek_memory(buffer, 0);
  return gst_memory_is_type(memory, memory_type_name) ? as_surface_memory(memory) : nullptr;
}

SurfaceMemory* memory_with(GstBuffer* buffer, std::size_t batch_id) {
  auto* memory = memory_of(buffer);
  const std::size_t count = memory ? memory->surfaces.size() : 0;
  if (batch_id >= count)
    throw std::out_of_range("batch_id " + std::to_string(batch_id) + ": the buffer holds " + std::to_string(count) +
                            " surface(s)" + (memory ? "" : "; its caps are not video/x-raw(memory:NVMM)"));
  return memory;
}

}  // namespace

GstBuffer* new_batch_buffer(std::vector<SurfacePtr> surfaces) {
  GstBuffer* buffer = gst_buffer_new();
  gst_buffer_append_memory(buffer, new_memory(std::move(surfaces)));
  keep_as_live_buffer(buffer);
  return buffer;
}

std::size_t surface_count(GstBuffer* buffer) {
  auto* memory = memory_of(buffer);
  return memory ? memory->surfaces.size() : 0;
}

SurfacePtr surface_at(GstBuffer* buffer, std::size_t batch_id) {
  auto* memory = memory_with(buffer, batch_id);
  std::lock_guard lock(memory->mutex);
  return memory->surfaces[batch_id];
}

SurfacePtr writable_surface_at(GstBuffer* buffer, std::size_t batch_id) {
  auto* memory = memory_with(buffer, batch_id);
  make_private(memory, batch_id);
  std::lock_guard lock(memory->mutex);
  return memory->surfaces[batch_id];
}

SurfacePtr private_surface_at(GstBuffer* buffer, std::size_t batch_id, Allocator& allocator) {
  auto* memory = memory_with(buffer, batch_id);
  std::lock_guard lock(memory->mutex);
  const auto& surface = memory->surfaces[batch_id];
  if (!is_held_alone(surface))
    replace_by_copy(memory, batch_id, allocator, allocator.allocate(surface->format(), *surface));
  return memory->surfaces[batch_id];
}

// Programs work on a copy of the struct whose surfaceList starts at one surface, so it is the entry that counts.
void make_private(const NvBufSurface& batch, std::size_t index) {
  if (batch._reserved[1] != &batch_mark) return;
  auto* memory = static_cast<SurfaceMemory*>(batch._reserved[0]);
  for (std::size_t i = 0; i < memory->params.size(); ++i)
    if (&memory->params[i] == &batch.surfaceList[index]) make_private(memory, i);
}

NvBufSurface* nvbuf_surface_of(GstBuffer* buffer) {
  auto* memory = memory_of(buffer);
  return memory ? &memory->batch : nullptr;
}

}  // namespace fluvial
