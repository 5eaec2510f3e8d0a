// All that lives from start to stop: the model at work, the line of what passes, and what is remembered of objects.
//
// Another model takes over between two batches. What was started before is finished by the model that started it, so no
// frame is lost, and the old model goes with the last of them.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>

#include "elements/infer/flow_queue.h"
#include "elements/infer/tensor_input.h"
#include "elements/infer/work.h"

namespace fluvial {

class Session {
 public:
  Session(std::shared_ptr<Work> work, Health::Complain complain);
  Session(Decision decision, std::unique_ptr<Backend> backend, const Health::Complain& complain)
      : Session(std::make_shared<Work>(std::move(decision), std::move(backend), complain), complain) {}

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
  // From the next batch on.
  void replace(std::shared_ptr<Work> work);

 private:
  // A model on the bringing side, with what it remembers of objects.
  struct Bringing {
    Bringing(std::shared_ptr<Work> model, Health::Complain complain);
    std::shared_ptr<Work> work;
    ObjectSelection selection;
    TensorInput tensors;
  };

  void take_over();
  ObjectSelection::Choice choose(NvDsBatchMeta* batch, unsigned interval);
  GstFlowReturn infer(const BufferPtr& buffer, const std::vector<Unit>& units);
  GstFlowReturn finish(Job& job);
  GstFlowReturn pass_on(GstPad* src, Entry& entry);

  Health::Complain complain_;
  FlowQueue queue_;
  std::uint64_t batches_ = 0;

  std::mutex mutex_;                    // guards what follows, up to the line
  std::unique_ptr<Bringing> bringing_;  // changed by the bringing thread alone, which reads it without the lock
  std::shared_ptr<Work> next_;
  bool is_stopped_ = false;
  // ---
  std::shared_ptr<Work> pushing_;  // whose results were pushed last
};

}  // namespace fluvial
