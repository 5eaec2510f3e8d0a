#include "elements/infer/post/library.h"

#include <filesystem>

#include "elements/guard.h"

namespace fluvial {
namespace {

using Create = IDSPostProcessLibrary*(DSPostProcess_CreateParams*);

constexpr const char* creator = "CreateCustomAlgoCtx";

}  // namespace

PostLibrary::PostLibrary(const std::string& path, DSPostProcess_CreateParams params)
    : path_(path), library_(open_whole_library("postprocesslib-name=" + path, path)) {
  auto* create = reinterpret_cast<Create*>(function_of(*library_, creator, creator, "postprocesslib-name"));
  context_ = call_user_code(creator, path, [&] { return create(&params); });
  if (!context_)
    throw SettingsError(std::string(creator) + " returned NULL: the library does not start (" + path + ")");
}

PostLibrary::~PostLibrary() { delete context_; }

void PostLibrary::configure(const std::string& file) {
  std::string why;
  try {
    if (call_user_code("SetConfigFile", path_, [&] { return context_->SetConfigFile(file.c_str()); })) return;
    why = "SetConfigFile returned false: the library does not take it (" + path_ + ")";
  } catch (const std::runtime_error& e) {
    why = e.what();
  }
  std::error_code error;
  throw SettingsError("postprocesslib-config-file=" + file + ": " +
                      (std::filesystem::exists(file, error) ? "" : "there is no such file; ") + why);
}

bool PostLibrary::takes(GstEvent* event) {
  return call_user_code("HandleEvent", path_, [&] { return context_->HandleEvent(event); });
}

GstBuffer* PostLibrary::process(GstBuffer* buffer) {
  BufferResult result = BufferResult::Buffer_Error;
  try {
    result = call_user_code("ProcessBuffer", path_, [&] { return context_->ProcessBuffer(buffer); });
  } catch (const std::runtime_error&) {
    gst_buffer_unref(buffer);
    throw;
  }
  switch (result) {
    case BufferResult::Buffer_Ok: return buffer;
    case BufferResult::Buffer_Async: return nullptr;
    case BufferResult::Buffer_Drop: gst_buffer_unref(buffer); return nullptr;
    default: gst_buffer_unref(buffer); throw std::runtime_error("ProcessBuffer returned Buffer_Error (" + path_ + ")");
  }
}

}  // namespace fluvial
