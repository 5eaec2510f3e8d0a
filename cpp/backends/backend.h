// Who runs a model. An element knows only this file; each folder beside it is one answer.
//
// A Backend has one model open. A Request is one inference that can be in flight: fill its inputs, start it, wait for
// it, read its outputs. Several requests run at the same time; one request is used by one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "types/mask_wish.h"
#include "types/model.h"
#include "types/row_selection.h"
#include "types/tensor.h"

namespace fluvial {

struct BackendSettings {
  std::string device = "CPU";      // as the backend names its devices
  int batch = 1;                   // frames or objects in one request; a model with a fixed batch overrules it
  bool is_batch_measured = false;  // somebody has found that this batch is best: on a CPU too
  int threads = 0;                 // CPU threads for inference; 0: the backend's choice
  int streams = 0;                 // requests that run truly in parallel; 0: the backend's choice
  std::string precision;           // of the arithmetic: f32, f16, bf16; empty: the backend's choice
  bool is_feed_open = false;       // the backend may take pictures in another type or order than the model's own
  std::string cache_folder;        // where compiled models are kept; empty: nowhere
  // Of every input, where there is no picture among them whose size says the rest; empty: there is.
  std::map<std::string, Shape> shapes;
};

// Where a request's inputs lie, and in which order of work they are read.
struct DeviceQueue {
  int ordinal = -1;        // of the GPU; -1: in the host's memory
  void* stream = nullptr;  // CUDA's: what was put into it before start() is done before the inputs are read
};

class Request {
 public:
  virtual ~Request() = default;
  // In the order of Backend::model().inputs. The memory is the request's own: written before start(), with room for
  // Backend::batch() units.
  virtual std::vector<TensorView> inputs() = 0;
  virtual DeviceQueue queue() const { return {}; }
  // How many of Backend::batch() units the next start() is about. Where the model's batch is open, only so many are
  // run; elsewhere the others are run with whatever their memory holds.
  virtual void use_units(std::size_t) {}
  virtual void start() = 0;
  // Throws std::runtime_error with the backend's words when the inference failed.
  virtual void wait() = 0;
  // In the order of Backend::model().outputs; valid from wait() to the next start(). Where rows were selected,
  // none has a shape and memory.
  virtual std::vector<TensorView> outputs() = 0;
  // Asks the next start() to bring back only these rows; nothing: all outputs whole. Requests on the host never do.
  virtual void select_rows(const std::optional<RowSelection>&) {}
  // Asks the next start() to keep the outputs where the device has them, until the last owner lets go. Requests on the
  // host never do.
  virtual void keep_on_device(bool) {}
  // Asks the next start() to bring nothing back: outputs() lie on the device then, as long as their owners. Requests on
  // the host never do.
  virtual void leave_on_device(bool) {}
  // One for each output; none where nothing was kept.
  virtual std::vector<std::shared_ptr<void>> kept_on_device() { return {}; }
  // What it brought; nothing where outputs() has it all, as of a crowded picture.
  virtual std::optional<SelectedRows> selected(std::size_t /*unit*/) { return std::nullopt; }
  // Masks of the selection's prototypes: their probabilities, row by row, one mask after the other; good until the next
  // call. Waits for the device. Requests on the host, which select no rows, are never asked.
  virtual const float* make_masks(const MaskWishes&) { return nullptr; }
  // Asks the next start() to bring this unit's outputs whole beside the rows.
  virtual void sample_unit(std::optional<std::size_t>) {}
  // They, as of a batch of one; none where outputs() has it all.
  virtual std::vector<TensorView> sample() { return {}; }
};

class Backend {
 public:
  virtual ~Backend() = default;
  // As the file says it: -1 for open dimensions. Known before compile().
  virtual const ModelInfo& model() const = 0;
  // Makes the model ready to run with the first dimension of its picture input set to batch() units.
  // `size_of_open_input` fills in an open width and height. Throws std::runtime_error.
  virtual void compile(const InputSpec& input, const BackendSettings& settings) = 0;
  // How pictures are written into the requests' inputs, after compile(): as the model takes them, or, where
  // BackendSettings::is_feed_open, in the type and order that spare the device a pass over them.
  virtual InputSpec feed(const InputSpec& input) const { return input; }
  virtual int batch() const = 0;                // units in one request, after compile()
  virtual int useful_requests() const = 0;      // so many in flight keep the device busy, after compile()
  virtual std::string description() const = 0;  // "OpenVINO 2026.4 on CPU, 2 streams x 1 thread"
  virtual std::unique_ptr<Request> make_request() = 0;
  // Nobody wants what is under way: where it may take long (a server), it ends at once and fails, as does what starts
  // later, until resume(). Any thread; without the caller's locks, as it may ask for Python.
  virtual void interrupt() {}
  virtual void resume() {}
};

// The model of a server: "grpc://host:port/model".
bool is_of_server(const std::string& path);

// Opens a model with the backend of this name: "openvino", or one that Python offers (meta/offers.h). Empty or "auto":
// the one that fits the file, or a server's. Throws std::runtime_error: what is wrong with the file, or what is missing
// on this machine and the command that installs it.
std::unique_ptr<Backend> open_model(const std::string& path, const std::string& backend = "");

}  // namespace fluvial
