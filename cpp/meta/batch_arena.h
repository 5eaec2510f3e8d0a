// What lies behind a NvDsBatchMeta that we made. Only cpp/meta includes this file.
#pragma once

#include <atomic>
#include <mutex>

#include "meta/arena.h"
#include "meta/batch_buffer.h"
#include "meta/pool.h"

namespace fluvial {

class Arena {
 public:
  explicit Arena(guint max_frames);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  NvDsBatchMeta meta{};  // first member: a NvDsBatchMeta* is its Arena*
  std::atomic<bool> is_alive{true};

  void ref() { references_.fetch_add(1, std::memory_order_relaxed); }
  void unref() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Somebody beside the buffer may still look.
  bool is_leased() const { return references_.load(std::memory_order_acquire) > 1; }
  void free_array_later(void* memory);
  void free_text_later(void* memory);

  // Frees what the elements own, then gives the buffer's reference back. Once, with is_alive false.
  void destroy();

  // Of whoever holds meta_mutex, in the midst of them: see Operation.
  int operations = 0;
  int copies = 0;
  bool is_doomed = false;  // destroy() when they have ended

  // Ours carry this in base_meta.uContext; a batch meta that somebody else allocated has no arena.
  static Arena* of(const NvDsBatchMeta* batch);

 private:
  static constexpr guint text_limit = 4096;

  std::atomic<int> references_{1};
  std::mutex retiring_;  // guards the two below, which take no memory while empty
  GQueue arrays_ = G_QUEUE_INIT;
  GQueue texts_ = G_QUEUE_INIT;
  Pool frames_, objects_, classifiers_, displays_, users_, labels_;
};

// The lock, for whoever walks the metadata and calls users' copy and release functions meanwhile. Those may do anything
// in the same thread: a batch that they destroy stays until the walk has ended.
class Operation {
 public:
  explicit Operation(NvDsBatchMeta* batch);
  ~Operation();
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

 protected:
  NvDsBatchMeta* batch_;
  Arena* arena_;  // nullptr: a batch that somebody else made
};

// Nothing leaves a batch while it is copied: the lists are being walked.
class Copying : public Operation {
 public:
  explicit Copying(NvDsBatchMeta* batch) : Operation(batch) {
    if (arena_) ++arena_->copies;
  }
  ~Copying() {
    if (arena_) --arena_->copies;
  }
};

// Everything that an element owns is freed; the element goes back to its pool. Used as the pools' release functions
// too.
void release_frame(NvDsFrameMeta* frame);
void release_object(NvDsObjectMeta* object);
void release_classifier(NvDsClassifierMeta* classifier);
void release_label(NvDsLabelInfo* label);
void release_display(NvDsDisplayMeta* display);
void release_user(NvDsUserMeta* user);

}  // namespace fluvial
