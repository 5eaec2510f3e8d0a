// A user's library that reads the tensors itself (include/deepstream/nvdspostprocesslib_interface.hpp). Threads are as
// they are told there.
#pragma once

#include <memory>
#include <string>

#include "elements/shared_library.h"
#include "nvdspostprocesslib_interface.hpp"

namespace fluvial {

class PostLibrary {
 public:
  // Throws SettingsError.
  PostLibrary(const std::string& path, DSPostProcess_CreateParams params);
  ~PostLibrary();
  PostLibrary(const PostLibrary&) = delete;
  PostLibrary& operator=(const PostLibrary&) = delete;

  void configure(const std::string& file);  // throws SettingsError
  bool takes(GstEvent* event);              // false: it is not to be sent on
  // What to push now, if anything. Throws std::runtime_error.
  GstBuffer* process(GstBuffer* buffer);

 private:
  std::string path_;
  std::shared_ptr<const SharedLibrary> library_;
  IDSPostProcessLibrary* context_;  // the library's code frees it
};

}  // namespace fluvial
