// One model at work: pixels become tensors on the thread that brings buffers, tensors become metadata on the thread
// that pushes them on. Each half belongs to its thread; what both read never changes.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "algo/heads/head.h"
#include "elements/infer/decision.h"
#include "elements/infer/feeder.h"
#include "elements/infer/flow_queue.h"
#include "elements/infer/health.h"
#include "elements/infer/prompted_masks.h"
#include "elements/infer/raw_output.h"
#include "elements/infer/results.h"

namespace fluvial {

class Work {
 public:
  // `backend` is compiled. Warms up with one empty picture, which tells how long an inference takes.
  // `masks`: what makes masks of the objects' boxes, where the model is an encoder; else nullptr.
  Work(Decision decision, std::unique_ptr<Backend> backend, Health::Complain complain,
       std::unique_ptr<PromptedMasks> masks = nullptr);

  const Decision& decision() const { return decision_; }
  const Backend& backend() const { return *backend_; }
  RequestPool& requests() { return requests_; }
  // Any thread, without the caller's locks. What is under way may fail.
  void interrupt();
  void resume();
  std::size_t units_in_request() const { return static_cast<std::size_t>(backend_->batch()); }
  GstClockTime inference_time() const { return inference_time_; }

  // --- the bringing thread ---
  // Fills an idle request with the units' pixels and starts it. Throws with source and frame.
  void start(Job& job);

  // --- the pushing thread ---
  // Waits for the inference and attaches what it found. Throws with source and frame.
  void finish(Job& job);
  void repeat(const std::vector<Unit>& units);
  void forget(unsigned source) { results_.forget(source); }
  void forget_all() { results_.forget_all(); }

 private:
  void fill(Job& job);
  void warm_up();
  GstClockTime warm_up(RequestLease& request);
  void write_fixed_inputs(const std::vector<TensorView>& inputs);
  void finish_unit(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit, Size frame);
  void detect(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit, Size frame);
  void find(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit);
  void describe(const std::vector<TensorView>& outputs, std::size_t index);
  void choose_rows();
  bool has_other_readers() const;
  void choose_outputs(Job& job);
  void segment(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit);
  void embed(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit);
  void classify(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit);
  void gather(const Unit& unit);
  void attach(const Unit& unit, const std::vector<Detection>& detections, const std::vector<Details>& details);
  void attach_found();
  void forget_found();
  void remember_points(const Unit& unit, const std::vector<Detection>& found, const std::vector<Details>& details);
  void remember(const Unit& unit, Known known);

  Decision decision_;
  std::unique_ptr<Backend> backend_;
  RequestPool requests_;
  std::size_t picture_input_ = 0;
  std::vector<std::pair<std::size_t, FixedInput>> fixed_inputs_;  // by place among the inputs
  std::vector<FilledInput> filled_inputs_;
  GstClockTime inference_time_ = 0;

  std::mutex mutex_;                         // guards wanted_rows_, which the pushing thread tells the bringing one
  std::optional<RowSelection> wanted_rows_;  // nothing: all outputs whole
  std::uint64_t started_ = 0;                // bringing
  bool leaves_outputs_ = false;              // on the device, where the head reads them

  std::unique_ptr<Feeder> feeder_;  // bringing

  std::unique_ptr<PromptedMasks> masks_;
  std::unique_ptr<HeadDecoder> head_;  // pushing, from here on
  Health health_;
  RawOutput raw_output_;
  std::vector<int> shown_classes_;  // of a map's, by the model's own number; empty: they stay
  ResultMemory results_;
  Request* request_ = nullptr;        // whose results are read
  std::optional<SelectedRows> rows_;  // of the unit that is read; nothing: its outputs are whole
  std::vector<Detection> detections_;
  std::vector<Details> details_;  // one a detection, or none at all
  struct Found {
    const Unit* unit;
    std::vector<Detection> detections;
    std::vector<Details> details;
  };
  std::vector<Found> found_;     // of units of a job, until their masks are made, which is done for all at once
  MaskWishes wishes_;            // theirs
  std::size_t mask_places_ = 0;  // of their masks
  std::vector<Classification> classifications_;
  std::vector<float> embedding_;
};

}  // namespace fluvial
