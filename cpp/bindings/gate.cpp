#include "bindings/gate.h"

#include <nanobind/nanobind.h>

#include <chrono>
#include <thread>

namespace fluvial::python {

Gate& Gate::instance() {
  static Gate gate;
  return gate;
}

bool Gate::enter() {
  inside_.fetch_add(1);
  if (is_open_) return true;
  leave();
  return false;
}

void Gate::close() {
  using namespace std::chrono_literals;
  is_open_ = false;
  Py_BEGIN_ALLOW_THREADS;
  // A callback that never returns must not hang the exit.
  for (auto waited = 0ms; inside_ > 0 && waited < 5s; waited += 1ms) std::this_thread::sleep_for(1ms);
  Py_END_ALLOW_THREADS;
}

namespace {

// One count of this thread's state, so that the state outlives each callback. A thread made by Python frees its state
// whatever the count, and before this object goes; at exit Python frees all.
struct KeptState {
  bool is_held = false;
  ~KeptState() {
    if (!is_held || !Gate::instance().enter()) return;
    if (PyGILState_GetThisThreadState()) {
      const auto state = PyGILState_Ensure();
      PyGILState_Release(PyGILState_LOCKED);  // the one that was held
      PyGILState_Release(state);              // frees the thread's state
    }
    Gate::instance().leave();
  }
};

}  // namespace

void keep_thread_state() {
  thread_local KeptState of_thread;
  if (of_thread.is_held) return;
  of_thread.is_held = true;
  PyGILState_Ensure();  // released when the thread ends
}

namespace {

PyObject* close_gate(PyObject*, PyObject*) {
  Gate::instance().close();
  Py_RETURN_NONE;
}

// Streaming threads do not live in a forked process: none of them will leave.
PyObject* forget_inside(PyObject*, PyObject*) {
  Gate::instance().forget_inside();
  Py_RETURN_NONE;
}

}  // namespace

void Gate::close_at_exit() {
  namespace nb = nanobind;
  static PyMethodDef closing = {"_close_gate", close_gate, METH_NOARGS, nullptr};
  static PyMethodDef forgetting = {"_forget_inside", python::forget_inside, METH_NOARGS, nullptr};
  const auto function = [](PyMethodDef& method) { return nb::steal(PyCFunction_New(&method, nullptr)); };
  nb::module_::import_("atexit").attr("register")(function(closing));
  nb::module_::import_("os").attr("register_at_fork")(nb::arg("after_in_child") = function(forgetting));
}

}  // namespace fluvial::python
