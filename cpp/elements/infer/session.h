// All that lives from start to stop: the model at work, the line of what passes, and what is remembered of objects.
#pragma once

#include <gst/gst.h>

#include <atomic>

#include "elements/infer/flow_queue.h"
#include "elements/infer/tensor_input.h"
#include "elements/infer/work.h"

namespace fluvial {

class Session {
 public:
  Session(Decision decision, std::unique_ptr<Backend> backend, Health::Complain complain);

  // --- the bringing thread ---
  // Starts what is to be inferred and puts the buffer in line. `interval` is how many batches to skip between two.
  GstFlowReturn take_buffer(BufferPtr buffer, unsigned interval);
  GstFlowReturn take_event(EventPtr event);
  bool ask(GstQuery* query) { return queue_.ask(query); }

  // --- the pushing thread ---
  // Waits for the next in line and sends it through `src`. False: the line stands still.
  bool pass_on_next(GstPad* src, GstFlowReturn& flow);

  // --- any thread ---
  void stop(GstFlowReturn why);
  void restart();
  GstFlowReturn flow() const { return queue_.flow(); }
  // After a flush, with both threads at rest. Sticky events that were in line are kept on `src`.
  void drop_all(GstPad* src);
  const Work& work() const { return work_; }

 private:
  GstFlowReturn infer(const BufferPtr& buffer, const std::vector<Unit>& units);
  GstFlowReturn pass_on(GstPad* src, Entry& entry);

  Work work_;
  FlowQueue queue_;
  ObjectSelection selection_;
  TensorInput tensors_;
  std::uint64_t batches_ = 0;
};

}  // namespace fluvial
