#include "elements/preprocess/library.h"

#include <stdexcept>
#include <string>

#include "elements/guard.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

NvDsPreProcessTensorParams params_of(const PreprocessSettings& s) {
  NvDsPreProcessTensorParams params;
  params.network_input_order = static_cast<NvDsPreProcessNetworkInputOrder>(s.order);
  params.network_input_shape = s.shape;
  params.network_color_format = static_cast<NvDsPreProcessFormat>(s.color);
  params.buffer_size = bytes_of_data_type(s.data_type);
  for (int size : s.shape) params.buffer_size *= static_cast<guint64>(size);
  params.data_type = static_cast<NvDsDataType>(s.data_type);
  params.memory_type = NVBUF_MEM_SYSTEM;
  params.tensor_name = s.tensor_name;
  return params;
}

NvBufSurfTransformRect rect_of(float left, float top, float width, float height) {
  NvBufSurfTransformRect rect{};
  rect.left = static_cast<uint32_t>(left);
  rect.top = static_cast<uint32_t>(top);
  rect.width = static_cast<uint32_t>(width) > 0 ? static_cast<uint32_t>(width) : 1;
  rect.height = static_cast<uint32_t>(height) > 0 ? static_cast<uint32_t>(height) : 1;
  return rect;
}

}  // namespace

template <typename Function>
Function LibraryMaker::symbol(const std::string& name, const std::string& key) const {
  const std::string text = key.empty() ? name : key + "=" + name;
  return reinterpret_cast<Function>(function_of(*library_, name, text, "custom-lib-path"));
}

LibraryMaker::LibraryMaker(const PreprocessSettings& settings)
    : settings_(settings), params_(params_of(settings)), allocator_(make_system_allocator()) {
  processing_.size = settings.processing;
  processing_.keeps_aspect = settings.keeps_aspect;
  processing_.is_padding_centred = settings.is_padding_centred;
  if (processing_.size.width <= 0 || processing_.size.height <= 0)
    throw SettingsError(
        "[property] processing-width and processing-height are missing: the size of the pictures for the library");
  pool_ = std::make_shared<TensorPool>(params_.buffer_size, settings.kept_tensors);
  library_ = open_whole_library("[property] custom-lib-path=" + settings.library, settings.library);
  const auto init = symbol<Init>("initLib");
  deinit_ = symbol<DeInit>("deInitLib");
  prepare_ = symbol<Prepare>(settings.tensor_function, "custom-tensor-preparation-function");
  for (const auto& group : settings.groups)
    if (!group.transform_function.empty())
      transforms_[group.transform_function] =
          symbol<Transform>(group.transform_function, "custom-input-transformation-function");

  CustomInitParams how;
  how.unique_id = settings.unique_id;
  how.tensor_params = params_;
  how.user_configs.insert(settings.user_configs.begin(), settings.user_configs.end());
  how.config_file_path = settings_.config_file.data();
  context_ = call_user_code("initLib", settings_.library, [&] { return init(how); });
  if (!context_) throw SettingsError("initLib returned NULL: the library does not start (" + settings.library + ")");
}

LibraryMaker::~LibraryMaker() {
  try {
    call_user_code("deInitLib", settings_.library, [&] { deinit_(context_); });
  } catch (const std::exception& e) {
    GST_WARNING("%s", e.what());
  }
}

std::shared_ptr<GstBuffer> LibraryMaker::new_pictures(std::size_t count) {
  const auto pixels = settings_.color == 2 ? PixelFormat::gray8 : PixelFormat::rgba;
  std::vector<SurfacePtr> surfaces;
  for (std::size_t i = 0; i < count; ++i) {
    surfaces.push_back(allocator_->allocate({pixels, processing_.size, {}}));
    if (settings_.keeps_aspect) allocator_->clear(*surfaces.back());
  }
  return {new_batch_buffer(std::move(surfaces)), gst_buffer_unref};
}

// Regions of one group, which stand side by side.
void LibraryMaker::scale_group(NvBufSurface* in, NvBufSurface* out, const Region* regions, const Letterbox* places,
                               std::size_t first, std::size_t count) {
  std::vector<NvBufSurfaceParams> from, to;
  std::vector<NvBufSurfTransformRect> from_rects, to_rects;
  for (std::size_t i = first; i < first + count; ++i) {
    const auto& box = regions[i].box;
    from.push_back(in->surfaceList[regions[i].frame->batch_id]);
    to.push_back(out->surfaceList[i]);
    from_rects.push_back(rect_of(box.left, box.top, box.width, box.height));
    to_rects.push_back(rect_of(static_cast<float>(places[i].left), static_cast<float>(places[i].top),
                               static_cast<float>(places[i].width), static_cast<float>(places[i].height)));
  }
  NvBufSurface from_batch = *in, to_batch = *out;
  from_batch.surfaceList = from.data();
  to_batch.surfaceList = to.data();
  from_batch.batchSize = from_batch.numFilled = to_batch.batchSize = to_batch.numFilled = static_cast<uint32_t>(count);
  CustomTransformParams how{};
  how.transform_params.transform_flag =
      NVBUFSURF_TRANSFORM_FILTER | NVBUFSURF_TRANSFORM_CROP_SRC | NVBUFSURF_TRANSFORM_CROP_DST;
  how.transform_params.transform_filter = static_cast<NvBufSurfTransform_Inter>(settings_.filter);
  how.transform_params.src_rect = from_rects.data();
  how.transform_params.dst_rect = to_rects.data();

  const std::string& name = regions[first].group->transform_function;
  if (name.empty()) {
    const auto error = NvBufSurfTransform(&from_batch, &to_batch, &how.transform_params);
    if (error != NvBufSurfTransformError_Success)
      throw std::runtime_error("scaling regions failed with error " + std::to_string(static_cast<int>(error)));
    return;
  }
  const auto status =
      call_user_code(name, settings_.library, [&] { return transforms_.at(name)(&from_batch, &to_batch, how); });
  if (how.sync_obj) {
    NvBufSurfTransformSyncObjWait(how.sync_obj, static_cast<uint32_t>(-1));
    NvBufSurfTransformSyncObjDestroy(&how.sync_obj);
  }
  if (status != NVDSPREPROCESS_SUCCESS)
    throw std::runtime_error(name + " returned " + std::to_string(static_cast<int>(status)) + " (" + settings_.library +
                             ")");
}

void LibraryMaker::scale(NvBufSurface* in, NvBufSurface* out, const std::vector<Region>& regions,
                         const std::vector<Letterbox>& places) {
  for (std::size_t first = 0; first < regions.size();) {
    std::size_t end = first + 1;
    while (end < regions.size() && regions[end].group == regions[first].group) ++end;
    scale_group(in, out, regions.data(), places.data(), first, end - first);
    first = end;
  }
}

RegionTensor LibraryMaker::make(GstBuffer* buffer, const Region* regions, std::size_t count) {
  const std::vector<Region> all(regions, regions + count);
  RegionTensor tensor;
  tensor.pictures = new_pictures(count);
  auto* in = nvbuf_surface_of(buffer);
  auto* out = nvbuf_surface_of(tensor.pictures.get());
  std::vector<Letterbox> places;
  for (const auto& region : all)
    places.push_back(
        make_letterbox(processing_, region.box, surface_at(buffer, region.frame->batch_id)->format().size));
  scale(in, out, all, places);

  NvDsPreProcessBatch batch;
  batch.inbuf = buffer;
  batch.inbuf_batch_num = batches_++;
  batch.converted_buf = tensor.pictures.get();
  batch.scaling_pool_format = settings_.color == 2 ? NvDsPreProcessFormat_GRAY : NvDsPreProcessFormat_RGBA;
  batch.batch_meta = all.front().frame->base_meta.batch_meta;
  batch.pitch = out->surfaceList[0].planeParams.pitch[0];
  CustomTensorParams params;
  params.params = params_;
  params.params.buffer_size = params_.buffer_size / static_cast<guint64>(params_.network_input_shape[0]) * count;
  for (std::size_t i = 0; i < count; ++i) {
    NvDsPreProcessUnit unit;
    unit.frame_meta = all[i].frame;
    unit.batch_index = all[i].frame->batch_id;
    unit.frame_num = static_cast<gulong>(all[i].frame->frame_num);
    unit.input_surf_params = in->surfaceList + all[i].frame->batch_id;
    unit.converted_frame_ptr = out->surfaceList[i].dataPtr;
    unit.roi_meta = describe_region(all[i], places[i]);
    unit.roi_meta.converted_buffer = out->surfaceList + i;
    params.seq_params.roi_vector.push_back(unit.roi_meta);
    batch.units.push_back(std::move(unit));
  }
  NvDsPreProcessCustomBuf* made = nullptr;
  const std::string& name = settings_.tensor_function;
  const auto status =
      call_user_code(name, settings_.library, [&] { return prepare_(context_, &batch, made, params, pool_.get()); });
  tensor.regions = std::move(params.seq_params.roi_vector);
  if (status == NVDSPREPROCESS_TENSOR_NOT_READY) return tensor;
  if (status != NVDSPREPROCESS_SUCCESS)
    throw std::runtime_error(name + " returned " + std::to_string(static_cast<int>(status)) + " (" + settings_.library +
                             ")");
  if (!made || params.params.buffer_size > pool_->bytes())
    throw std::runtime_error(name + " succeeded, but its tensor is no memory of acquirer->acquire() (" +
                             settings_.library + ")");
  tensor.memory = pool_->own(made);
  tensor.shape = std::move(params.params.network_input_shape);
  tensor.bytes = params.params.buffer_size;
  return tensor;
}

}  // namespace fluvial
