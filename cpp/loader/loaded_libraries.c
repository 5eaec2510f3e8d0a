// Names of the shared libraries in this process, in the order in which they were loaded.
//
// In C, with nothing but libc: it is loaded to find out which runtime of C++ can be trusted
// (python/fluvial/_unwind.py). Not in Python: the loader's lock is held while libraries are told, and a callback in
// Python waits for the GIL, which another thread may hold that imports a module and waits for that lock.
#define _GNU_SOURCE
#include <link.h>
#include <string.h>

struct Text {
  char* at;
  size_t size, used;  // bytes; `used` counts on where there is no room
};

static int add_name(struct dl_phdr_info* library, size_t size, void* data) {
  (void)size;
  struct Text* text = data;
  const char* name = library->dlpi_name ? library->dlpi_name : "";
  const size_t length = strlen(name);
  if (text->used + length + 1 <= text->size) {
    memcpy(text->at + text->used, name, length);
    text->at[text->used + length] = '\n';
  }
  text->used += length + 1;
  return 0;
}

// Writes paths, a line each. Returns the bytes that all of them need: of more than `size`, some are missing.
__attribute__((visibility("default"))) size_t fluvial_loaded_libraries(char* names, size_t size) {
  struct Text text = {names, size, 0};
  dl_iterate_phdr(add_name, &text);
  return text.used;
}
