// Metadata as our elements use it: typed loops over DeepStream's lists, their lock, and a batch meta on a buffer.
#pragma once

#include "gstnvdsmeta.h"

namespace fluvial {

// for (NvDsFrameMeta* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) ...
// The next node is read before the body runs, so the body may remove the current element.
template <typename T>
class each {
 public:
  explicit each(GList* list) : list_(list) {}
  class iterator {
   public:
    explicit iterator(GList* node) : node_(node), next_(node ? node->next : nullptr) {}
    T* operator*() const { return static_cast<T*>(node_->data); }
    iterator& operator++() {
      node_ = next_;
      next_ = node_ ? node_->next : nullptr;
      return *this;
    }
    bool operator!=(const iterator& other) const { return node_ != other.node_; }

   private:
    GList* node_;
    GList* next_;
  };
  iterator begin() const { return iterator(list_); }
  iterator end() const { return iterator(nullptr); }

 private:
  GList* list_;
};

// Holds a batch's recursive lock.
class MetaLock {
 public:
  explicit MetaLock(NvDsBatchMeta* batch) : batch_(batch) { nvds_acquire_meta_lock(batch_); }
  ~MetaLock() { nvds_release_meta_lock(batch_); }
  MetaLock(const MetaLock&) = delete;
  MetaLock& operator=(const MetaLock&) = delete;

 private:
  NvDsBatchMeta* batch_;
};

// Makes a batch meta and hangs it on the buffer, which then owns it.
inline NvDsBatchMeta* add_batch_meta(GstBuffer* buffer, guint max_frames) {
  auto* batch = nvds_create_batch_meta(max_frames);
  auto* meta =
      gst_buffer_add_nvds_meta(buffer, batch, nullptr, nvds_batch_meta_copy_func, nvds_batch_meta_release_func);
  meta->meta_type = NVDS_BATCH_GST_META;
  return batch;
}

}  // namespace fluvial
