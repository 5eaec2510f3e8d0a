// The way from GStreamer's threads into Python, closed before the interpreter goes.
//
// A thread that asks for the GIL while Python finalises is ended by Python with GStreamer's frames below it. So whoever
// comes from outside enters here; at exit the gate closes and waits for those inside.
#pragma once

#include <Python.h>

#include <atomic>

namespace fluvial::python {

class Gate {
 public:
  // Once a process, because the interpreter is.
  static Gate& instance();
  // Registers the closing with Python's atexit.
  void close_at_exit();

  bool enter();
  void leave() { inside_.fetch_sub(1); }
  void close();
  void forget_inside() { inside_ = 0; }  // after a fork, in the child

 private:
  std::atomic<bool> is_open_{true};
  std::atomic<int> inside_{0};
};

// Lets a thread keep its Python state until it ends. A streaming thread's state is otherwise made anew for each buffer,
// and its memory mapped anew, which costs more than most callbacks do. Call it with the GIL; once a thread it does
// work.
void keep_thread_state();

// In Python, with the GIL, while it lives; or not at all: ask.
class InPython {
 public:
  InPython() : is_in_(Gate::instance().enter()) {
    if (!is_in_) return;
    state_ = PyGILState_Ensure();
    keep_thread_state();
  }
  ~InPython() {
    if (!is_in_) return;
    PyGILState_Release(state_);
    Gate::instance().leave();
  }
  InPython(const InPython&) = delete;
  InPython& operator=(const InPython&) = delete;
  explicit operator bool() const { return is_in_; }

 private:
  bool is_in_;
  PyGILState_STATE state_{};
};

}  // namespace fluvial::python
