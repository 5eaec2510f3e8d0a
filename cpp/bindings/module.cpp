// The extension's table of contents: one function a file, one file a thing exposed.
#include <nanobind/nanobind.h>

NB_MODULE(_core, m) { m.doc() = "Compiled part of fluvial and pyds. Private: import those instead."; }
