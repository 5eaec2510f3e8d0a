// The sources of a mosaic, and the last frame that each has shown.
//
// The last batch is kept as a whole: in the steady state, where every source is in every batch, nothing is copied to
// remember it. Only the metadata of a source that the next batch lacks is copied out of it.
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <set>

#include "nvdsmeta.h"
#include "surface/surface.h"

namespace fluvial {

struct BatchMetaDeleter {
  void operator()(NvDsBatchMeta* batch) const { nvds_destroy_batch_meta(batch); }
};
struct BufferDeleter {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};

struct Source {
  SurfacePtr surface;  // null until its first frame
  const NvDsFrameMeta* meta = nullptr;
  bool is_in_batch = false;  // else surface and meta are of an earlier batch
  SurfacePtr scaled;         // the surface at the size of its tile, for a source that stands still
  std::unique_ptr<NvDsBatchMeta, BatchMetaDeleter> kept;  // what meta is part of, when not in the batch
};

// Belongs to one stream; not thread-safe. Grows with the sources only.
class Sources {
 public:
  using Map = std::map<guint, Source>;  // by pad_index

  void add(guint id) { sources_.try_emplace(id); }
  void remove(guint id) { sources_.erase(id); }
  // Takes the frames of a batch as the last ones. Throws std::out_of_range for a frame meta without a surface.
  void update(GstBuffer* buffer, NvDsBatchMeta* batch);
  void clear();

  const Map& all() const { return sources_; }
  Map& all() { return sources_; }
  bool knows(guint id) const { return sources_.count(id) > 0; }

 private:
  void keep_those_not_in(const std::set<guint>& ids);

  Map sources_;
  std::unique_ptr<GstBuffer, BufferDeleter> last_;
};

}  // namespace fluvial
