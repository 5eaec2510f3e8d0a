// The iterator behind `for batch in flow`. It knows why its loop was left.
//
// When an exception leaves a loop's body, CPython drops the iterator while the exception is on its way. Python code
// that runs then (a generator's finally, __del__) does not see it: the interpreter puts it aside first. A destructor in
// C does.
#include <nanobind/nanobind.h>

#include <utility>

namespace nb = nanobind;

namespace fluvial {
namespace {

// Puts the exception on its way aside, whole, and sets it again at the end, with what was added to it meanwhile.
class UnderWay {
 public:
#if PY_VERSION_HEX >= 0x030C0000
  UnderWay() : value_(PyErr_GetRaisedException()) {}
  ~UnderWay() {
    if (value_) PyErr_SetRaisedException(value_);
  }
#else
  UnderWay() {
    PyErr_Fetch(&type_, &value_, &trace_);
    if (!type_) return;
    PyErr_NormalizeException(&type_, &value_, &trace_);
    if (trace_) PyException_SetTraceback(value_, trace_);
  }
  ~UnderWay() { PyErr_Restore(type_, value_, trace_); }
#endif
  UnderWay(const UnderWay&) = delete;

  nb::object error() const { return value_ ? nb::borrow(value_) : nb::none(); }

 private:
  PyObject* value_ = nullptr;
#if PY_VERSION_HEX < 0x030C0000
  PyObject* type_ = nullptr;
  PyObject* trace_ = nullptr;
#endif
};

class Loop {
 public:
  Loop(nb::object items, nb::object on_leave) : items_(std::move(items)), on_leave_(std::move(on_leave)) {}
  Loop(const Loop&) = delete;

  ~Loop() {
    UnderWay under_way;
    items_.reset();
    try {
      on_leave_(under_way.error());
    } catch (nb::python_error& e) {
      e.discard_as_unraisable("leaving a flow's loop");
    }
  }

  nb::object next() {
    PyObject* item = PyIter_Next(items_.ptr());
    if (item) return nb::steal(item);
    if (PyErr_Occurred()) throw nb::python_error();
    throw nb::stop_iteration();
  }

 private:
  nb::object items_;
  nb::object on_leave_;
};

}  // namespace

void bind_loop(nb::module_& m) {
  nb::class_<Loop>(m, "Loop",
                   "Iterates; calls on_leave with the exception that left the loop, or None, when it is dropped.")
      .def(nb::init<nb::object, nb::object>(), nb::arg("items"), nb::arg("on_leave"))
      .def(
          "__iter__", [](nb::handle self) { return self; }, nb::sig("def __iter__(self) -> Loop"))
      .def("__next__", &Loop::next, nb::sig("def __next__(self) -> typing.Any"));
}

}  // namespace fluvial
