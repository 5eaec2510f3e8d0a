// Batch, Frame, Objects and Object: the Pythonic face of the metadata. The memory is the same as pyds's, not a copy.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "bindings/pyds/classes.h"

namespace fluvial::python {

// A ground that holds its root.
class Footing {
 public:
  explicit Footing(const Ground& ground) : ground_(ground) { Py_INCREF(ground_.root); }
  Footing(const Footing& other) : Footing(other.ground_) {}
  Footing& operator=(const Footing&) = delete;
  ~Footing() { Py_DECREF(ground_.root); }

  const Ground& ground() const { return ground_; }
  Root* root() const { return ground_.root; }
  // Throws StaleMetadataError.
  void check(const char* type) const;

 private:
  Ground ground_;
};

class Object {
 public:
  Object(NvDsObjectMeta* meta, const Ground& ground) : footing_(ground), meta_(meta) {}
  NvDsObjectMeta* get() const {
    footing_.check("Object");
    return meta_;
  }
  const Footing& footing() const { return footing_; }

 private:
  Footing footing_;
  NvDsObjectMeta* meta_;
};

// The objects of a frame when it was asked for, oldest first.
class Objects {
 public:
  struct Entry {
    NvDsObjectMeta* meta;
    std::uint64_t generation;
  };
  Objects(const Ground& frame, std::vector<Entry> entries) : footing_(frame), entries_(std::move(entries)) {}
  std::size_t size() const { return entries_.size(); }
  Object at(std::size_t index) const;
  // Throws StaleMetadataError when one of them, or the frame, is gone.
  const std::vector<Entry>& checked() const;
  // Of what hangs on them in lists: lock first, for whoever waited must look whether they are still there.
  const Footing& footing() const { return footing_; }
  Objects subset(std::vector<Entry> entries) const { return Objects(footing_.ground(), std::move(entries)); }

 private:
  Footing footing_;
  std::vector<Entry> entries_;
};

class Frame {
 public:
  Frame(NvDsFrameMeta* meta, const Ground& ground) : footing_(ground), meta_(meta) {}
  NvDsFrameMeta* get() const {
    footing_.check("Frame");
    return meta_;
  }
  const Footing& footing() const { return footing_; }
  Objects objects() const;

 private:
  Footing footing_;
  NvDsFrameMeta* meta_;
};

class Batch {
 public:
  explicit Batch(Root* root) : footing_({root, nullptr, 0}) {}
  NvDsBatchMeta* get() const {
    footing_.check("Batch");
    return footing_.root()->batch;
  }
  Root* root() const { return footing_.root(); }
  std::vector<Frame> frames() const;

 private:
  Footing footing_;
};

// A new reference to the root of a buffer's batch; nullptr without an exception where it carries none of ours.
// `sources` is a sequence of names or nullptr.
Root* new_buffer_root(GstBuffer* buffer, PyObject* sources, bool holds_buffer);

// Arrays will be asked for. nanobind imports NumPy at the first one, which takes 40 ms: not in a streaming thread.
void prepare_for_arrays();

// One file each.
void bind_objects(nb::module_& m);

}  // namespace fluvial::python
