// Calls into Python from the plugin's threads, and Python's objects in their hands.
#pragma once

#include <cxxabi.h>
#include <nanobind/nanobind.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/gate.h"

namespace fluvial::python {

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

nanobind::module_ backends_bridge();  // fluvial.backends._bridge

// What Python raised, in the words that fluvial.backends chooses. With the GIL.
std::string words_of(const nanobind::python_error& error);

// Calls into Python from any thread; an exception becomes a std::runtime_error.
template <typename Body>
auto in_python(Body body) {
  InPython python;
  if (!python) throw std::runtime_error("Python is shutting down");
  try {
    return body();
  } catch (nanobind::python_error& error) {
    throw std::runtime_error(words_of(error));
  } catch (abi::__forced_unwind&) {
    // Python is gone, although the gate waited for us: it ends a thread that asks for the GIL now. Frames of C++ cannot
    // be unwound with Python's state half gone; as newer Pythons do, the thread stays where it is.
    for (;;) pause();
  }
}

// A Python object of an owner who may go in any thread, with or without the GIL. After the interpreter's end it is
// left where it is.
class Held {
 public:
  Held() = default;
  explicit Held(nanobind::object object) : object_(object.release().ptr()) {}
  Held(const Held&) = delete;
  Held& operator=(Held&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Held();
  nanobind::handle get() const { return object_; }

 private:
  PyObject* object_ = nullptr;
};

// For offers whose context is a Python object.
void release_object(void* object);

}  // namespace fluvial::python
