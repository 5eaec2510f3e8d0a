#include "bindings/backend.h"

#include <cxxabi.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include <tuple>

#include "bindings/face.h"
#include "bindings/frames.h"
#include "bindings/gate.h"
#include "bindings/models.h"
#include "meta/offers.h"

namespace nb = nanobind;

namespace fluvial::python {
namespace {

using Described = std::tuple<std::string, std::string, Shape>;  // name, type, shape with -1 for open sizes

constexpr const char* is_ending = "Python is shutting down";

// Lets go of the GIL where this thread has it: who waits here waits for somebody who may want it.
class WithoutGil {
 public:
  WithoutGil() : state_(Py_IsInitialized() && PyGILState_Check() ? PyEval_SaveThread() : nullptr) {}
  ~WithoutGil() {
    if (state_) PyEval_RestoreThread(state_);
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

nb::module_ bridge_module() { return nb::module_::import_("fluvial.backends._bridge"); }

// What Python raised, in the words that fluvial.backends chooses. With the GIL.
std::string words_of(const nb::python_error& error) {
  try {
    return nb::cast<std::string>(bridge_module().attr("words")(error.value()));
  } catch (const std::exception&) {
    return error.what();
  }
}

// Calls into Python from any thread; an exception becomes a std::runtime_error.
template <typename Body>
auto in_python(Body body) {
  InPython python;
  if (!python) throw std::runtime_error(is_ending);
  try {
    return body();
  } catch (nb::python_error& error) {
    throw std::runtime_error(words_of(error));
  } catch (abi::__forced_unwind&) {
    // Python is gone, although the gate waited for us: it ends a thread that asks for the GIL now. Frames of C++ cannot
    // be unwound with Python's state half gone; as newer Pythons do, the thread stays where it is.
    for (;;) pause();
  }
}

std::vector<TensorInfo> tensors_of(const std::vector<Described>& described) {
  std::vector<TensorInfo> tensors;
  for (const auto& [name, type, shape] : described) tensors.push_back({name, element_type_named(type), shape});
  return tensors;
}

nb::dlpack::dtype array_type(ElementType type) {
  switch (type) {
    case ElementType::f16: return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    case ElementType::i8: return nb::dtype<std::int8_t>();
    case ElementType::u8: return nb::dtype<std::uint8_t>();
    case ElementType::i32: return nb::dtype<std::int32_t>();
    case ElementType::i64: return nb::dtype<std::int64_t>();
    default: return nb::dtype<float>();
  }
}

// Memory of one input, kept by the request and by every array that Python has of it.
using Block = std::shared_ptr<void>;

Block new_block(std::size_t bytes) {
  constexpr std::size_t alignment = 64;  // a cache line, and what vector instructions like
  const std::size_t size = (bytes + alignment) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (!memory) throw std::bad_alloc();
  return {memory, std::free};
}

nb::object array_of(const TensorView& tensor, const Block& block) {
  const nb::capsule owner(new Block(block), [](void* held) noexcept { delete static_cast<Block*>(held); });
  const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
  return nb::cast(
      nb::ndarray<nb::numpy>(tensor.data, shape.size(), shape.data(), owner, nullptr, array_type(tensor.type)));
}

// Arrays that Python returned, held for as long as somebody may read them. Touched with the GIL.
class Arrays {
 public:
  Arrays() = default;
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  ~Arrays() {
    if (InPython python; python) release();
  }

  void release() {
    for (auto& buffer : buffers_) PyBuffer_Release(&buffer);
    buffers_.clear();
  }

  // The bridge has judged names, types and shapes.
  void hold(nb::handle arrays, const std::vector<TensorInfo>& infos) {
    views_.clear();
    for (std::size_t i = 0; i < infos.size(); ++i) {
      Py_buffer buffer{};
      if (PyObject_GetBuffer(arrays[i].ptr(), &buffer, PyBUF_C_CONTIGUOUS) != 0) nb::raise_python_error();
      buffers_.push_back(buffer);
      views_.push_back({infos[i].name, infos[i].type, Shape(buffer.shape, buffer.shape + buffer.ndim), buffer.buf});
    }
  }

  const std::vector<TensorView>& views() const { return views_; }

 private:
  std::vector<Py_buffer> buffers_;
  std::vector<TensorView> views_;
};

class PythonRequest final : public Request {
 public:
  PythonRequest(nb::handle bridge, const ModelInfo& info, const ClosedShapes& shapes, Workers& workers)
      : bridge_(bridge), outputs_of_(info.outputs), workers_(workers), units_(static_cast<std::size_t>(shapes.batch)) {
    for (std::size_t i = 0; i < info.inputs.size(); ++i) {
      const auto& input = info.inputs[i];
      blocks_.push_back(new_block(element_count(shapes.inputs[i]) * bytes_of(input.type)));
      inputs_.push_back({input.name, input.type, shapes.inputs[i], blocks_.back().get()});
    }
    in_python([this] {
      nb::dict arrays;
      for (std::size_t i = 0; i < inputs_.size(); ++i)
        arrays[inputs_[i].name.c_str()] = array_of(inputs_[i], blocks_[i]);
      arrays_ = Held(std::move(arrays));
    });
  }
  ~PythonRequest() override {
    const WithoutGil released;
    if (done_.valid()) done_.wait();
  }

  std::vector<TensorView> inputs() override { return inputs_; }
  void use_units(std::size_t units) override { units_ = units; }

  void start() override {
    done_ = workers_.run(std::packaged_task<void()>([this] { infer(); }));
  }

  void wait() override {
    const WithoutGil released;
    done_.get();
  }

  std::vector<TensorView> outputs() override { return outputs_.views(); }

 private:
  void infer() {
    in_python([this] {
      outputs_.release();
      const nb::object found = bridge_.attr("infer")(arrays_.get(), units_);
      outputs_.hold(found, outputs_of_);
    });
  }

  const nb::handle bridge_;
  const std::vector<TensorInfo> outputs_of_;
  Workers& workers_;
  std::size_t units_;
  std::vector<Block> blocks_;
  std::vector<TensorView> inputs_;
  Held arrays_;
  Arrays outputs_;
  std::future<void> done_;
};

nb::dict shapes_by_name(const ModelInfo& info, const ClosedShapes& shapes) {
  nb::dict out;
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    const auto& shape = shapes.inputs[i];
    nb::list sizes;
    for (auto d : shape) sizes.append(d);
    out[info.inputs[i].name.c_str()] = nb::tuple(sizes);
  }
  return out;
}

}  // namespace

Held::~Held() {
  if (!object_) return;
  if (InPython python; python) Py_DECREF(object_);
}

// --- threads ---------------------------------------------------------------------------------------------------------

Workers::Workers(int count) {
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    is_over_ = true;
    tasks_.clear();
  }
  has_task_.notify_all();
  const WithoutGil released;
  for (auto& thread : threads_) thread.join();
}

std::future<void> Workers::run(std::packaged_task<void()> task) {
  auto done = task.get_future();
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  has_task_.notify_one();
  return done;
}

void Workers::work() {
  for (;;) {
    std::packaged_task<void()> task;
    {
      std::unique_lock lock(mutex_);
      has_task_.wait(lock, [this] { return is_over_ || !tasks_.empty(); });
      if (is_over_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

// --- the backend -----------------------------------------------------------------------------------------------------

PythonBackend::PythonBackend(nb::object bridge) : bridge_(std::move(bridge)) {
  in_python([this] {
    using Map = std::map<std::string, std::string>;
    const nb::object found = bridge_.get().attr("describe")();
    info_.path = nb::cast<std::string>(found["path"]);
    info_.inputs = tensors_of(nb::cast<std::vector<Described>>(found["inputs"]));
    info_.outputs = tensors_of(nb::cast<std::vector<Described>>(found["outputs"]));
    info_.metadata = nb::cast<Map>(found["metadata"]);
    max_batch_ = nb::cast<int>(found["max_batch"]);
  });
}

void PythonBackend::compile(const InputSpec& input, const BackendSettings& settings) {
  const int wanted = std::max(1, settings.batch);
  shapes_ = close_input_shapes(info_, input, max_batch_ > 0 ? std::min(max_batch_, wanted) : wanted);
  in_python([&] {
    const nb::object ready = bridge_.get().attr("compile")(
        nb::arg("batch") = shapes_.batch, nb::arg("is_batch_open") = shapes_.is_batch_open,
        nb::arg("device") = settings.device, nb::arg("precision") = settings.precision,
        nb::arg("threads") = settings.threads, nb::arg("requests") = settings.streams,
        nb::arg("shapes") = shapes_by_name(info_, shapes_));
    std::tie(description_, parallel_) = nb::cast<std::tuple<std::string, int>>(ready);
  });
  workers_ = std::make_unique<Workers>(parallel_);
}

std::unique_ptr<Request> PythonBackend::make_request() {
  return std::make_unique<PythonRequest>(bridge_.get(), info_, shapes_, *workers_);
}

namespace {

// --- offers ----------------------------------------------------------------------------------------------------------

// `context` is a callable that turns a path into a bridge.
void* make_of_callable(void* context, const char* path) {
  return in_python([&]() -> void* {
    prepare_for_arrays();
    const nb::handle open(static_cast<PyObject*>(context));
    return static_cast<Backend*>(new PythonBackend(open(path)));
  });
}

void release_callable(void* context) {
  if (InPython python; python) Py_DECREF(static_cast<PyObject*>(context));
}

// `context` is a name that fluvial.backends knows, itself imported when somebody asks.
void* make_of_name(void* context, const char* path) {
  return in_python([&]() -> void* {
    prepare_for_arrays();
    return static_cast<Backend*>(
        new PythonBackend(bridge_module().attr("open_named")(static_cast<const char*>(context), path)));
  });
}

void offer(const std::string& name, nb::callable open) {
  PyObject* context = open.release().ptr();
  nb::gil_scoped_release release;
  fluvial_offer(offered_backend, name.c_str(), make_of_callable, context, release_callable);
}

void withdraw(const std::string& name) {
  nb::gil_scoped_release release;
  fluvial_withdraw(offered_backend, name.c_str());
}

void offer_known() {
  for (const char* name : {"onnxruntime", "pytorch", "tensorrt"})
    fluvial_offer(offered_backend, name, make_of_name, const_cast<char*>(name), nullptr);
}

}  // namespace

void bind_backends(nb::module_& m) {
  offer_known();
  m.def("offer_backend", offer, nb::arg("name"), nb::arg("open"),
        nb::sig("def offer_backend(name: str, open: collections.abc.Callable[[str], object]) -> None"),
        "From now on the elements of this process find a backend of this name: open(path) gives its bridge.");
  m.def("withdraw_backend", withdraw, nb::arg("name"), "Those that are open stay.");
}

}  // namespace fluvial::python
