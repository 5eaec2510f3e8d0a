// What passes a stage, and how long it takes there: two pad probes that count, at a tenth of a microsecond a buffer.
//
// A buffer is known again by its time (PTS), which stages keep. Both pads may be the same: what is done by probes that
// were added in between is measured then.
#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/buffers.h"
#include "bindings/face.h"
#include "nvdsmeta.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

std::uint64_t frames_of(GstBuffer* buffer) {
  const auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  return batch ? batch->num_frames_in_batch : 1;
}

// Shared by the probes and the meter. One thread enters, one leaves, any thread reads.
class Passage {
 public:
  void enter(GstBuffer* buffer) {
    const auto number = in_.load(std::memory_order_relaxed);
    auto& slot = slots_[number % slots_.size()];
    slot.time.store(g_get_monotonic_time(), std::memory_order_relaxed);
    slot.pts.store(GST_BUFFER_PTS(buffer), std::memory_order_relaxed);
    frames_in_.fetch_add(frames_of(buffer), std::memory_order_relaxed);
    in_.store(number + 1, std::memory_order_release);
  }

  void leave(GstBuffer* buffer) {
    const auto in = in_.load(std::memory_order_acquire);
    if (in > slots_.size() && next_ < in - slots_.size()) next_ = in - slots_.size();
    for (auto number = next_; number < in; ++number) {  // those before it were dropped inside
      const auto& slot = slots_[number % slots_.size()];
      if (slot.pts.load(std::memory_order_relaxed) != GST_BUFFER_PTS(buffer)) continue;
      const gint64 passed = g_get_monotonic_time() - slot.time.load(std::memory_order_relaxed);
      microseconds_.fetch_add(static_cast<std::uint64_t>(passed), std::memory_order_relaxed);
      timed_.fetch_add(1, std::memory_order_relaxed);
      next_ = number + 1;
      break;
    }
    frames_out_.fetch_add(frames_of(buffer), std::memory_order_relaxed);
    out_.fetch_add(1, std::memory_order_relaxed);
  }

  using Read = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, double>;
  Read read() const { return {in_, out_, frames_in_, frames_out_, timed_, static_cast<double>(microseconds_) / 1e6}; }

 private:
  struct Slot {
    std::atomic<GstClockTime> pts{GST_CLOCK_TIME_NONE};
    std::atomic<gint64> time{0};
  };
  std::array<Slot, 256> slots_;
  std::atomic<std::uint64_t> in_{0}, out_{0}, frames_in_{0}, frames_out_{0}, timed_{0}, microseconds_{0};
  std::uint64_t next_ = 0;  // the leaving thread's: the number of the buffer to leave next
};

using PassagePtr = std::shared_ptr<Passage>;

template <void (Passage::*Step)(GstBuffer*)>
GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo* info, gpointer data) {
  if (GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info)) ((**static_cast<PassagePtr*>(data)).*Step)(buffer);
  return GST_PAD_PROBE_OK;
}

class Meter {
 public:
  Meter() = default;
  Meter(const Meter&) = delete;
  ~Meter() { detach(); }

  void enter_at(nb::handle pad) { attach(pad, on_buffer<&Passage::enter>); }
  void leave_at(nb::handle pad) { attach(pad, on_buffer<&Passage::leave>); }
  Passage::Read read() const { return passage_->read(); }

  void detach() {
    nb::gil_scoped_release release;
    for (const auto& [pad, probe] : std::exchange(probes_, {})) {
      gst_pad_remove_probe(pad, probe);
      gst_object_unref(pad);
    }
  }

 private:
  void attach(nb::handle pad, GstPadProbeCallback call) {
    auto* to = GST_PAD(gst_object_ref(object_in(pad, GST_TYPE_PAD)));
    nb::gil_scoped_release release;
    const auto probe = gst_pad_add_probe(to, GST_PAD_PROBE_TYPE_BUFFER, call, new PassagePtr(passage_),
                                         [](gpointer shared) { delete static_cast<PassagePtr*>(shared); });
    probes_.emplace_back(to, probe);
  }

  PassagePtr passage_ = std::make_shared<Passage>();
  std::vector<std::pair<GstPad*, gulong>> probes_;  // each pad is held
};

}  // namespace

void bind_meter(nb::module_& m) {
  nb::class_<Meter>(m, "Meter", "Counts the buffers that pass two pads, and the time between.")
      .def(nb::init<>())
      .def("enter_at", &Meter::enter_at, nb::arg("pad"))
      .def("leave_at", &Meter::leave_at, nb::arg("pad"), "May be the same pad: what was added to it since is measured.")
      .def("read", &Meter::read, "Buffers in, buffers out, frames in, frames out, buffers timed, seconds of these.")
      .def("detach", &Meter::detach, "Counts no more. Idempotent.");
}

}  // namespace fluvial::python
