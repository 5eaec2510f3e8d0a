// A GstBuffer as Python names it: hash(gst_buffer), or the Gst.Buffer itself.
#pragma once

#include <gst/gst.h>

#include <utility>

#include "bindings/pyds/classes.h"

namespace fluvial::python {

// A buffer held for the length of a call. Needs the GIL.
class HeldBuffer {
 public:
  explicit HeldBuffer(GstBuffer* buffer) : buffer_(buffer) {}  // takes over the reference
  HeldBuffer(HeldBuffer&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  HeldBuffer& operator=(HeldBuffer&&) = delete;
  ~HeldBuffer() { release(buffer_); }

  GstBuffer* get() const { return buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }
  // Gives a reference back; the last one without the GIL, as freeing may call Python in another thread.
  static void release(GstBuffer* buffer);

 private:
  GstBuffer* buffer_;
};

// Any int may come here. Empty where a buffer may lie that carries nothing of ours: nobody looks into that. ValueError,
// saying what is wrong, for anything else.
HeldBuffer buffer_at(nb::handle buffer);
// The buffer that a root was found on, while it lives.
HeldBuffer buffer_of(const Root* root);
// The GObject in a PyGObject. TypeError for anything else, ints too: nobody can tell what lies at one.
void* object_in(nb::handle object, GType type);

// A new reference to the wrapper of a batch meta that lies on a buffer; RuntimeError for one of another library.
PyObject* wrap_batch(NvDsBatchMeta* batch);
// The struct, with pools. Throws for one made as NvDsBatchMeta().
NvDsBatchMeta* arena_batch(const Meta<NvDsBatchMeta>& batch);

}  // namespace fluvial::python
