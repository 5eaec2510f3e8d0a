// A user's library for nvdspostprocess, as postprocess_library_test.cpp opens it: compiled against the public headers
// alone, as DeepStream's sample is built: buffers are finished and pushed by a thread of its own. The config file is
// one word, which says what it does.
#include <cuda_runtime.h>

#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "gst-nvevent.h"
#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"
#include "nvdspostprocesslib_base.hpp"

namespace {

// An object for each number of the first tensor: its left edge.
void add_objects(NvDsBatchMeta* batch, NvDsFrameMeta* frame, const NvDsInferTensorMeta& tensors) {
  const auto* values = static_cast<const float*>(tensors.out_buf_ptrs_host[0]);
  for (unsigned i = 0; i < tensors.output_layers_info[0].inferDims.numElements; ++i) {
    auto* object = nvds_acquire_obj_meta_from_pool(batch);
    object->unique_component_id = static_cast<gint>(tensors.unique_id);
    object->rect_params.left = values[i];
    nvds_add_obj_meta_to_frame(frame, object, nullptr);
  }
}

void read_tensors(GstBuffer* buffer) {
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  for (auto* f = batch->frame_meta_list; f; f = f->next) {
    auto* frame = static_cast<NvDsFrameMeta*>(f->data);
    for (auto* u = frame->frame_user_meta_list; u; u = u->next) {
      const auto* user = static_cast<NvDsUserMeta*>(u->data);
      if (user->base_meta.meta_type == NVDSINFER_TENSOR_OUTPUT_META)
        add_objects(batch, frame, *static_cast<const NvDsInferTensorMeta*>(user->user_meta_data));
    }
  }
}

class Library : public DSPostProcessLibraryBase {
 public:
  explicit Library(DSPostProcess_CreateParams* params) : DSPostProcessLibraryBase(params) {
    thread_ = std::thread([this] { push_all(); });
  }
  ~Library() override { end(); }

  bool SetConfigFile(const gchar* file) override {
    std::string word;
    std::ifstream(file) >> word;
    if (word == "throws-config") throw std::runtime_error("line 1: no word of mine");
    std::lock_guard<std::mutex> lock(mutex_);
    word_ = word;
    return !word.empty();
  }

  bool HandleEvent(GstEvent* event) override {
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) end();
    return GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_DOWNSTREAM;
  }

  BufferResult ProcessBuffer(GstBuffer* buffer) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (word_ == "throws") throw std::runtime_error("out of ideas");
    if (word_ == "fails" || !getNvBufSurface(buffer)) return BufferResult::Buffer_Error;
    if (word_ == "drops") return BufferResult::Buffer_Drop;
    if (word_ == "async") {
      waiting_.push_back(buffer);
      is_changed_.notify_one();
      return BufferResult::Buffer_Async;
    }
    read_tensors(buffer);
    return BufferResult::Buffer_Ok;
  }

 private:
  void push_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      is_changed_.wait(lock, [this] { return has_ended_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      auto* buffer = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      read_tensors(buffer);
      gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(m_element), buffer);
      lock.lock();
    }
  }

  // What waits is pushed before.
  void end() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      has_ended_ = true;
    }
    is_changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  std::mutex mutex_;
  std::condition_variable is_changed_;
  std::deque<GstBuffer*> waiting_;
  std::string word_;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) IDSPostProcessLibrary* CreateCustomAlgoCtx(
    DSPostProcess_CreateParams* params) {
  if (params->m_gpuId == 7) return nullptr;  // what the test asks for
  return new Library(params);
}
