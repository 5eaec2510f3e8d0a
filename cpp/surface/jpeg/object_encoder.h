// Objects and frames as JPEG pictures: what nvds_obj_encode.h promises, with exceptions.
//
// add() reads the pixels before it returns (cropped, scaled, converted in one pass), so neither the buffer nor a
// decoder waits for a picture. One worker compresses and writes files. Metadata is attached by finish(), and by a later
// add(), in their caller's thread, in the order of adding. Any thread may call; at most `queue_limit` pictures wait.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "nvds_obj_encode.h"
#include "surface/jpeg/crop_image.h"
#include "surface/surface.h"

namespace fluvial {

class FLUVIAL_EXPORT ObjectEncoder {
 public:
  ObjectEncoder() = default;
  ~ObjectEncoder();  // waits for the files; pictures that nobody asked to finish are not attached
  ObjectEncoder(const ObjectEncoder&) = delete;
  ObjectEncoder& operator=(const ObjectEncoder&) = delete;

  // This process has the encoder's memory and not its worker, for whom its locks wait: it must not be destroyed here.
  bool is_forked() const;

  // False when the object's box has no pixel inside the frame, whose surface is given; object may be nullptr for a
  // whole frame. Of a surface on a GPU the object's pixels alone are copied to the host. Throws std::invalid_argument,
  // naming the argument, and std::runtime_error for what cannot be converted.
  bool add(const NvDsObjEncUsrArgs& args, const Surface& surface, NvDsObjectMeta* object, NvDsFrameMeta* frame);
  bool add(const NvDsObjEncUsrArgs& args, const ImageView& pixels, NvDsObjectMeta* object, NvDsFrameMeta* frame);

  // Waits until every picture is written and attached. Throws std::runtime_error that says what failed since the last
  // call, of how many.
  void finish();

 private:
  struct Picture {
    SurfacePtr pixels;  // until it is compressed
    int quality = 0;
    std::string path;  // empty: not saved
    CropImageTarget target;
    bool is_timed = false;
    JpegBytes bytes;
  };

  struct Report {  // since the last finish()
    std::size_t added = 0, failed = 0, timed = 0;
    gint64 encoding_us = 0;
    std::vector<std::string> failures;  // the first of them
  };

  static constexpr std::size_t queue_limit = 64;    // pictures
  static constexpr std::size_t failure_limit = 16;  // texts kept

  void queue(Picture picture);
  void work();
  void encode(Picture& picture);
  void attach_ready();
  void note_failure(const std::string& text);
  static std::string describe(const Report& report);

  std::unique_ptr<Allocator> allocator_ = make_system_allocator();
  std::mutex mutex_;                // guards all below
  std::condition_variable queued_;  // the worker waits
  std::condition_variable done_;    // callers wait: room, or the end
  std::deque<Picture> waiting_;     // the first is being compressed
  std::deque<Picture> ready_;       // compressed, to be attached
  Report report_;
  bool is_ending_ = false;
  std::thread worker_;  // begun by the first picture
  const pid_t process_ = getpid();
};

}  // namespace fluvial
