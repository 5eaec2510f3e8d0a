#include "bindings/gate.h"

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

PyObject* close_gate(PyObject*, PyObject*) {
  Gate::instance().close();
  Py_RETURN_NONE;
}

}  // namespace

void Gate::close_at_exit() {
  static PyMethodDef closing = {"_close_gate", close_gate, METH_NOARGS, nullptr};
  PyObject* function = PyCFunction_New(&closing, nullptr);
  PyObject* atexit = PyImport_ImportModule("atexit");
  PyObject* done = atexit && function ? PyObject_CallMethod(atexit, "register", "O", function) : nullptr;
  Py_XDECREF(done);
  Py_XDECREF(atexit);
  Py_XDECREF(function);
}

}  // namespace fluvial::python
