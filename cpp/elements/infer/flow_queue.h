// All that passes through the element, in its order, between the thread that brings it and the thread that pushes it
// on.
//
// A buffer is preceded by the inferences that were started for it, so whoever takes from the front finds them finished,
// or waits for them, before the buffer. Events and serialized queries stand in the same line.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "elements/infer/requests.h"
#include "elements/infer/units.h"

namespace fluvial {

class Work;

struct Unref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
};
using BufferPtr = std::unique_ptr<GstBuffer, Unref>;
using EventPtr = std::unique_ptr<GstEvent, Unref>;

// An inference that was started. It keeps the buffer, whose metadata its units point at, and the model that runs it.
struct Job {
  std::shared_ptr<Work> work;
  BufferPtr buffer;
  std::vector<Unit> units = {};
  std::shared_ptr<void> fed = nullptr;  // what its inputs are still written from
  std::size_t sampled = 0;              // the unit whose outputs come whole, where they are asked for
  RequestLease request;                 // last: gone first, so that nothing runs on what is gone
};

// A buffer whose inferences all stand before it.
struct Ready {
  BufferPtr buffer;
  std::vector<Unit> repeated;       // objects that get the results that are known of them
  std::shared_ptr<Work> work = {};  // that looked at the buffer
};

using Entry = std::variant<Job, Ready, EventPtr, GstQuery*>;

class FlowQueue {
 public:
  explicit FlowQueue(std::size_t most_buffers) : most_buffers_(most_buffers) {}

  // Bringing thread. What comes back is the flow: GST_FLOW_OK, or why the line stands still.
  GstFlowReturn wait_for_space();
  GstFlowReturn push(Entry entry);
  // Waits for the answer; false when the line stands still.
  bool ask(GstQuery* query);

  // Pushing thread. False when the line stands still.
  bool pop(Entry& entry);
  void answer(bool is_answered);

  // Any thread. From now on nothing goes in or out.
  void stop(GstFlowReturn why);
  void restart();
  GstFlowReturn flow() const;
  // What still stood in line. Waits for nothing: the caller drops the entries without holding a lock.
  std::deque<Entry> take_all();
  void set_most_buffers(std::size_t count);

 private:
  bool is_running() const { return flow_ == GST_FLOW_OK; }

  std::size_t most_buffers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> entries_;
  std::size_t buffers_ = 0;
  GstFlowReturn flow_ = GST_FLOW_FLUSHING;  // until the pads are active
  enum class Question { none, waiting, taken, yes, no } question_ = Question::none;
};

}  // namespace fluvial
