// A backend whose work Python does: an object of fluvial.backends behind the interface that the plugin knows.
//
// Several requests may be in flight. Each waits for one of the backend's own threads, which takes the GIL to hand the
// inputs over and to collect the outputs; what the object calls in between gives the GIL back while it computes. Of a
// backend on a GPU there is one such thread, as it only puts work into queues. Whoever starts a request or waits for it
// never touches Python.
#pragma once

#include <nanobind/nanobind.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "algo/input_shapes.h"
#include "backends/backend.h"
#include "bindings/calls.h"

namespace fluvial::python {

// Threads that do one thing after the other. Any thread may hand something in.
class Workers {
 public:
  explicit Workers(int count);
  ~Workers();  // what was not begun fails; waits for what was, without the GIL
  std::future<void> run(std::packaged_task<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable has_task_;
  std::deque<std::packaged_task<void()>> tasks_;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

class Turns;  // of requests on a GPU

class PythonBackend final : public Backend {
 public:
  // With the GIL. `bridge` is a fluvial.backends._bridge.Bridge. Throws std::runtime_error with what Python raised.
  explicit PythonBackend(nanobind::object bridge);

  const ModelInfo& model() const override { return info_; }
  void compile(const InputSpec& input, const BackendSettings& settings) override;
  InputSpec feed(const InputSpec& input) const override;
  int batch() const override { return shapes_.batch; }
  // One more than run at a time, so that the next picture lies ready when one is done.
  int useful_requests() const override;
  std::string description() const override { return description_; }
  std::unique_ptr<Request> make_request() override;
  void interrupt() override { tell("interrupt"); }
  void resume() override { tell("resume"); }

 private:
  void tell(const char* method);
  void take_feed(const std::string& name, ElementType type, const Shape& shape);

  Held bridge_;
  ModelInfo info_;
  int max_batch_ = 0;  // 0: any
  bool can_be_interrupted_ = false;
  ClosedShapes shapes_;
  // As the requests have them: of one picture the type and order may differ.
  std::vector<TensorInfo> fed_;
  std::vector<Shape> fed_shapes_;
  int parallel_ = 1;
  int ordinal_ = -1;  // of the GPU that takes its inputs there; -1: the host does
  std::string description_;
  std::shared_ptr<Turns> turns_;
  std::unique_ptr<Workers> workers_;  // last: their threads end before what they use
};

}  // namespace fluvial::python
