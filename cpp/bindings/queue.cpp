// Batches from the streaming threads of some pads to the Python thread that iterates, in the order in which they came.
//
// In lockstep each streaming thread waits in its probe until the loop body is done with the batch, so that what it
// wrote is seen downstream, and the buffer has no second holder then. Running free, up to `capacity` buffers wait here.
// The streaming thread never touches Python.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <nanobind/stl/optional.h>

#include "bindings/buffers.h"
#include "bindings/face.h"
#include "bindings/frames.h"

namespace fluvial::python {
namespace {

// Shared by the probe and the queue: either may go first. Any thread.
class HandOver {
 public:
  HandOver(std::size_t pads, std::size_t capacity, bool is_lockstep)
      : capacity_(pads * (is_lockstep ? 1 : capacity)), is_lockstep_(is_lockstep), to_come_(pads) {}
  ~HandOver() { drop_all(); }

  // --- the streaming threads' side ---
  void push(GstPad* pad, GstBuffer* buffer) {
    std::unique_lock lock(mutex_);
    wait(pad, lock, [this] { return waiting_.size() < capacity_; });
    if (is_stopped_ || GST_PAD_IS_FLUSHING(pad)) return;
    waiting_.push_back(gst_buffer_ref(buffer));
    const auto ticket = ++pushed_;
    changed_.notify_all();
    if (is_lockstep_) wait(pad, lock, [&] { return finished_ >= ticket; });
  }

  void on_eos() {  // once a pad
    std::lock_guard lock(mutex_);
    if (to_come_ > 0) --to_come_;
    changed_.notify_all();
  }

  // --- Python's side, without the GIL ---
  // A reference for the caller; nullptr: nothing came.
  GstBuffer* pop(double timeout_s) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::duration<double>(timeout_s),
                      [this] { return !waiting_.empty() || to_come_ == 0 || is_stopped_; });
    if (waiting_.empty()) return nullptr;
    GstBuffer* buffer = waiting_.front();
    waiting_.pop_front();
    changed_.notify_all();
    return buffer;
  }

  // The batch that was popped last has been dealt with; those that wait came after it.
  void finish() {
    std::lock_guard lock(mutex_);
    finished_ = pushed_ - waiting_.size();
    changed_.notify_all();
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      is_stopped_ = true;
      changed_.notify_all();
    }
    drop_all();
  }

  bool is_over() {
    std::lock_guard lock(mutex_);
    return (to_come_ == 0 || is_stopped_) && waiting_.empty();
  }

  bool is_lockstep() const { return is_lockstep_; }

 private:
  // A pad that is deactivated tells nobody: look now and then, or a pipeline that stops would wait for us for ever.
  template <typename Condition>
  void wait(GstPad* pad, std::unique_lock<std::mutex>& lock, Condition is_met) {
    using namespace std::chrono_literals;
    while (!is_stopped_ && !GST_PAD_IS_FLUSHING(pad) && !is_met()) changed_.wait_for(lock, 50ms);
  }

  void drop_all() {
    std::deque<GstBuffer*> dropped;
    {
      std::lock_guard lock(mutex_);
      dropped.swap(waiting_);
    }
    for (GstBuffer* buffer : dropped) gst_buffer_unref(buffer);
  }

  const std::size_t capacity_;
  const bool is_lockstep_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<GstBuffer*> waiting_;
  std::uint64_t pushed_ = 0;
  std::uint64_t finished_ = 0;
  std::size_t to_come_;  // pads that EOS has not passed
  bool is_stopped_ = false;
};

using HandOverPtr = std::shared_ptr<HandOver>;

GstPadProbeReturn on_pad(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& hand_over = **static_cast<HandOverPtr*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) hand_over.on_eos();
    return GST_PAD_PROBE_OK;
  }
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (buffer && gst_buffer_get_nvds_batch_meta(buffer)) hand_over.push(pad, buffer);
  return GST_PAD_PROBE_OK;
}

// One pad, or several in a list or tuple.
std::vector<GstPad*> pads_in(nb::handle given) {
  std::vector<GstPad*> pads;
  if (nb::isinstance<nb::list>(given) || nb::isinstance<nb::tuple>(given)) {
    for (nb::handle one : given) pads.push_back(static_cast<GstPad*>(object_in(one, GST_TYPE_PAD)));
  } else {
    pads.push_back(static_cast<GstPad*>(object_in(given, GST_TYPE_PAD)));
  }
  return pads;
}

class BatchQueue {
 public:
  BatchQueue(nb::handle given, nb::object sources, std::size_t capacity, bool is_lockstep)
      : sources_(std::move(sources)) {
    const auto pads = pads_in(given);
    hand_over_ = std::make_shared<HandOver>(pads.size(), std::max<std::size_t>(capacity, 1), is_lockstep);
    prepare_for_arrays();
    nb::gil_scoped_release release;
    for (GstPad* pad : pads) {
      const auto probe = gst_pad_add_probe(
          pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM), on_pad,
          new HandOverPtr(hand_over_), [](gpointer shared) { delete static_cast<HandOverPtr*>(shared); });
      probes_.emplace_back(GST_PAD(gst_object_ref(pad)), probe);
    }
  }
  BatchQueue(const BatchQueue&) = delete;
  ~BatchQueue() { stop(); }

  std::optional<Batch> next(double timeout_s) {
    finish_current();
    GstBuffer* buffer = nullptr;
    {
      nb::gil_scoped_release release;
      buffer = hand_over_->pop(timeout_s);
    }
    if (!buffer) return std::nullopt;
    Root* root = new_buffer_root(buffer, sources_.ptr(), true);
    nb::object owner = nb::steal(reinterpret_cast<PyObject*>(root));
    gst_buffer_unref(buffer);  // the root has its own reference
    if (!root) {
      hand_over_->finish();
      if (PyErr_Occurred()) throw nb::python_error();
      return std::nullopt;
    }
    if (hand_over_->is_lockstep()) {
      root->is_kept = false;  // until the next one is asked for, unless somebody calls keep()
      current_ = owner;
    }
    return Batch(root);
  }

  bool is_over() { return hand_over_->is_over(); }

  void stop() {
    finish_current();
    nb::gil_scoped_release release;
    hand_over_->stop();
    for (const auto& [pad, probe] : std::exchange(probes_, {})) {
      gst_pad_remove_probe(pad, probe);
      gst_object_unref(pad);
    }
  }

 private:
  void finish_current() {
    if (current_.is_valid()) {
      auto* root = reinterpret_cast<Root*>(current_.ptr());
      if (!root->is_kept) close_root(root);
      current_.reset();
    }
    hand_over_->finish();
  }

  HandOverPtr hand_over_;
  nb::object sources_;
  nb::object current_;
  std::vector<std::pair<GstPad*, gulong>> probes_;  // each pad is held
};

}  // namespace

void bind_queue(nb::module_& m) {
  nb::class_<BatchQueue>(m, "BatchQueue",
                         "Hands batches from the streaming threads of a pad, or of a list of them, to the thread that "
                         "iterates, in the order in which they came.\n\n"
                         "lockstep: the streaming thread waits until the next batch is asked for, so that what the "
                         "loop body writes is seen downstream; a batch is closed then, unless batch.keep() was "
                         "called. Otherwise up to `capacity` batches wait, each holding its buffer.")
      .def(nb::init<nb::handle, nb::object, std::size_t, bool>(), nb::arg("pads"), nb::arg("sources") = nb::tuple(),
           nb::kw_only(), nb::arg("capacity") = 2, nb::arg("lockstep") = true)
      .def("next", &BatchQueue::next, nb::arg("timeout"),
           "Waits up to `timeout` seconds, without the GIL. None: nothing came; is_over says whether anything will.")
      .def_prop_ro("is_over", &BatchQueue::is_over, "EOS passed the pad, or stop() was called, and nothing waits here.")
      .def("stop", &BatchQueue::stop,
           "Lets the streaming thread go and drops what waits. Idempotent. Buffers then pass untouched.");
}

}  // namespace fluvial::python
