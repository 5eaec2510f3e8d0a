#include "surface/jpeg/object_encoder.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "surface/system/convert.h"
#include "surface/view_surface.h"

namespace fluvial {
namespace {

constexpr int usual_quality = 80;
constexpr const char* forked = "this encoder was made before a fork: make one in each process";
constexpr int largest_scaled_side = 16384;  // pixels; as the mux's

void check(const NvDsObjEncUsrArgs& args, const NvDsObjectMeta* object, const NvDsFrameMeta* frame) {
  if (!frame) throw std::invalid_argument("frame_meta is missing: it says which surface of the batch");
  if (!args.isFrame && !object)
    throw std::invalid_argument("obj_meta is missing: give the object, or set isFrame for the whole frame");
  if (!args.saveImg && !args.attachUsrMeta)
    throw std::invalid_argument("neither saveImg nor attachUsrMeta is set: the picture would go nowhere");
  if (args.quality < 0 || args.quality > 100)
    throw std::invalid_argument("quality=" + std::to_string(args.quality) +
                                " is not in 1..100 (0: " + std::to_string(usual_quality) + ")");
  const auto is_side = [](int side) { return side >= 1 && side <= largest_scaled_side; };
  if (args.scaleImg && (!is_side(args.scaledWidth) || !is_side(args.scaledHeight)))
    throw std::invalid_argument("scaledWidth=" + std::to_string(args.scaledWidth) +
                                ", scaledHeight=" + std::to_string(args.scaledHeight) + " are not in 1.." +
                                std::to_string(largest_scaled_side));
}

// The part of the frame that a box covers; nothing when that is no pixel.
std::optional<Box> part_of(Size frame, const NvOSD_RectParams& rect) {
  const float right = rect.left + rect.width, bottom = rect.top + rect.height;
  if (!std::isfinite(rect.left) || !std::isfinite(rect.top) || !std::isfinite(right) || !std::isfinite(bottom))
    return std::nullopt;
  const auto in = [](float v, int size) { return std::clamp(std::round(v), 0.0F, static_cast<float>(size)); };
  const float left = in(rect.left, frame.width), top = in(rect.top, frame.height);
  const Box part{left, top, in(right, frame.width) - left, in(bottom, frame.height) - top};
  if (part.width < 1 || part.height < 1) return std::nullopt;
  return part;
}

// A label may hold anything; a file name may not.
std::string as_file_name(std::string text) {
  for (char& c : text)
    if (c == '/' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = '_';
  return text;
}

std::string path_of(const NvDsObjEncUsrArgs& args, const NvDsObjectMeta* object, const NvDsFrameMeta& frame,
                    Size size) {
  if (args.fileNameImg[0]) return {args.fileNameImg, strnlen(args.fileNameImg, sizeof(args.fileNameImg))};
  const std::string start =
      "frame-" + std::to_string(frame.frame_num) + "_stream-" + std::to_string(frame.pad_index) + "_";
  const std::string end = std::to_string(size.width) + "x" + std::to_string(size.height) + ".jpg";
  if (args.isFrame) return start + end;
  const std::string label(object->obj_label, strnlen(object->obj_label, sizeof(object->obj_label)));
  return start + "object-" + std::to_string(args.objNum) + "_" +
         (label.empty() ? "class-" + std::to_string(object->class_id) : as_file_name(label)) + "_" + end;
}

// Written beside and renamed, so that a reader sees the whole picture or none.
void save(const std::string& path, const JpegBytes& bytes) {
  GError* error = nullptr;
  if (g_file_set_contents(path.c_str(), reinterpret_cast<const gchar*>(bytes.data.get()),
                          static_cast<gssize>(bytes.size), &error))
    return;
  const std::string text = error->message;
  g_error_free(error);
  throw std::runtime_error(path + " was not written: " + text);
}

}  // namespace

bool ObjectEncoder::add(const NvDsObjEncUsrArgs& args, const ImageView& pixels, NvDsObjectMeta* object,
                        NvDsFrameMeta* frame) {
  return add(args, ViewSurface(pixels), object, frame);
}

bool ObjectEncoder::add(const NvDsObjEncUsrArgs& args, const Surface& surface, NvDsObjectMeta* object,
                        NvDsFrameMeta* frame) {
  if (is_forked()) throw std::runtime_error(forked);
  check(args, object, frame);
  const Size whole = surface.format().size;
  const std::optional<Box> box = args.isFrame
                                     ? Box{0, 0, static_cast<float>(whole.width), static_cast<float>(whole.height)}
                                     : part_of(whole, object->rect_params);
  if (!box) return false;
  const HostPixels pixels = args.isFrame ? HostPixels{surface.view(), nullptr} : surface.part(*box);
  const ImageView& from = pixels.view;
  const Size size = args.scaleImg ? Size{args.scaledWidth, args.scaledHeight} : Size{from.width, from.height};
  if (std::max(size.width, size.height) > largest_jpeg_side)
    throw std::invalid_argument("a JPEG picture has at most " + std::to_string(largest_jpeg_side) + " pixels a side");
  Picture picture;
  if (args.attachUsrMeta) picture.target = args.isFrame ? CropImageTarget(frame) : CropImageTarget(object);
  if (args.saveImg) picture.path = path_of(args, object, *frame, size);
  picture.quality = args.quality ? args.quality : usual_quality;
  picture.is_timed = args.calcEncodeTime;
  const bool is_grey = from.format == PixelFormat::gray8;
  picture.pixels = allocator_->allocate({is_grey ? PixelFormat::gray8 : PixelFormat::rgba, size, {}});
  Transform how;
  how.filter = Filter::box;
  allocator_->transform(ViewSurface(from), *picture.pixels, how);
  attach_ready();
  queue(std::move(picture));
  return true;
}

void ObjectEncoder::queue(Picture picture) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return waiting_.size() < queue_limit; });
  if (!worker_.joinable()) worker_ = std::thread(&ObjectEncoder::work, this);
  waiting_.push_back(std::move(picture));
  ++report_.added;
  queued_.notify_one();
}

void ObjectEncoder::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    queued_.wait(lock, [&] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Picture& picture = waiting_.front();  // stays in the queue meanwhile: finish() waits for it
    lock.unlock();
    std::string failure;
    const gint64 begun = g_get_monotonic_time();
    try {
      encode(picture);
    } catch (const std::exception& e) {
      failure = e.what();
      if (failure.empty()) failure = "unknown";
    }
    lock.lock();
    if (picture.is_timed) {
      report_.encoding_us += g_get_monotonic_time() - begun;
      ++report_.timed;
    }
    if (!failure.empty())
      note_failure(failure);
    else if (picture.target)
      ready_.push_back(std::move(picture));
    waiting_.pop_front();
    done_.notify_all();
  }
}

void ObjectEncoder::encode(Picture& picture) {
  picture.bytes = encode_jpeg(picture.pixels->view(), picture.quality);
  picture.pixels.reset();
  if (!picture.path.empty()) save(picture.path, picture.bytes);
}

void ObjectEncoder::note_failure(const std::string& text) {
  ++report_.failed;
  if (report_.failures.size() < failure_limit) report_.failures.push_back(text);
}

void ObjectEncoder::attach_ready() {
  std::deque<Picture> ready;
  {
    std::lock_guard lock(mutex_);
    ready.swap(ready_);
  }
  std::size_t gone = 0;
  for (auto& picture : ready)
    if (!picture.target.attach(std::move(picture.bytes))) ++gone;
  std::lock_guard lock(mutex_);
  for (; gone > 0; --gone)
    note_failure("what the picture shows was gone before nvds_obj_enc_finish: it is attached to nothing");
}

std::string ObjectEncoder::describe(const Report& report) {
  std::string text = std::to_string(report.failed) + " of " + std::to_string(report.added) + " pictures failed";
  for (const auto& failure : report.failures) text += "\n  " + failure;
  if (report.failed > report.failures.size()) text += "\n  ...";
  return text;
}

void ObjectEncoder::finish() {
  if (is_forked()) throw std::runtime_error(forked);
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return waiting_.empty(); });
  }
  attach_ready();
  Report report;
  {
    std::lock_guard lock(mutex_);
    std::swap(report, report_);
  }
  if (report.timed > 0)
    g_print("nvds_obj_enc: %zu pictures encoded in %.3f ms\n", report.timed, report.encoding_us / 1e3);
  if (report.failed > 0) throw std::runtime_error(describe(report));
}

bool ObjectEncoder::is_forked() const { return getpid() != process_; }

ObjectEncoder::~ObjectEncoder() {
  {
    std::lock_guard lock(mutex_);
    is_ending_ = true;
    queued_.notify_one();
  }
  if (worker_.joinable()) worker_.join();
}

}  // namespace fluvial
