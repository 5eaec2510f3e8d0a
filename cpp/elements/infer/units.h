// Which pictures of a batch the network gets: frames, or objects of another inference, each by the rules of its
// settings.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "algo/letterbox.h"
#include "elements/infer/settings.h"
#include "gstnvdsmeta.h"
#include "nvds_roi_meta.h"

namespace fluvial {

// One picture. The metadata belongs to the batch's buffer.
struct Unit {
  NvDsFrameMeta* frame = nullptr;
  NvDsObjectMeta* object = nullptr;  // nullptr: the whole frame
  Letterbox letterbox;               // where its pixels lie on the network's input
  NvDsRoiMeta* region = nullptr;     // with input-tensor-meta: what it is a tensor of
  const void* tensor = nullptr;      // made before; nullptr: to be made of its pixels
};

std::vector<Unit> units_of_frames(NvDsBatchMeta* batch);

// Of another inference, as settings say which, and with a box.
bool is_wanted(const InferSettings& settings, const NvDsObjectMeta& object);
// Frames that have such an object.
std::vector<Unit> units_of_frames_with_objects(NvDsBatchMeta* batch, const InferSettings& settings);

// Which objects are worth a second look, and since when each tracked one has been known. A tracked object is looked at
// again when its box has grown by a fifth, or after reinfer-interval frames; in between, what was seen is repeated.
// Remembers objects of the last `forget_after` frames of each source; belongs to the streaming thread of the sink pad.
class ObjectSelection {
 public:
  // `remembers`: false for detectors without a reinfer-interval, which look at every object of every frame.
  ObjectSelection(const InferSettings& settings, bool remembers);

  struct Choice {
    std::vector<Unit> fresh;     // to be inferred
    std::vector<Unit> repeated;  // known: the last result holds
  };
  Choice choose(NvDsBatchMeta* batch);

  void forget(unsigned source);
  void forget_all() { known_.clear(); }
  std::size_t remembered() const;

  static constexpr int forget_after = 256;           // frames
  static constexpr std::size_t most_objects = 4096;  // of one source

 private:
  struct Look {
    int last_inferred = 0;  // frame number
    int last_seen = 0;
    float area = 0;  // of the box when it was inferred
  };
  using Looks = std::unordered_map<std::uint64_t, Look>;

  bool is_due(Looks& looks, const NvDsFrameMeta& frame, const NvDsObjectMeta& object);
  void forget_unseen(Looks& looks, int frame_num);

  InferSettings settings_;
  bool remembers_;
  std::unordered_map<unsigned, Looks> known_;  // by source
};

}  // namespace fluvial
