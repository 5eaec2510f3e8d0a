// Which parts of a batch's frames go into tensors: regions that the config names, whole frames, or objects.
// Belongs to the streaming thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "elements/preprocess/settings.h"
#include "gstnvdsmeta.h"

namespace fluvial {

struct Region {
  NvDsFrameMeta* frame = nullptr;
  NvDsObjectMeta* object = nullptr;  // nullptr: of the frame itself
  Box box;                           // in pixels of the frame, inside of it
  const RegionGroup* group = nullptr;
};

class RegionSelection {
 public:
  using SizeOf = std::function<Size(const NvDsFrameMeta&)>;
  using Complain = std::function<void(const std::string&)>;

  // `complain` hears once of each source whose regions lie outside of its frames.
  RegionSelection(const PreprocessSettings& settings, Complain complain)
      : settings_(settings), complain_(std::move(complain)) {}

  // By group, then by frame. Draws the regions of groups that want it. The caller holds the batch's lock.
  std::vector<Region> choose(NvDsBatchMeta* batch, const SizeOf& size_of);

  // From now on these are the regions of a source. False: no group knows it.
  bool replace(int source, std::vector<Box> regions);

 private:
  const RegionGroup* group_of(int source) const;
  std::vector<Box> boxes_of(const RegionGroup& group, int source, Size frame);
  void add_frame(const RegionGroup& group, NvDsFrameMeta* frame, Size size, std::vector<Region>& to);
  void add_objects(const RegionGroup& group, NvDsFrameMeta* frame, Size size, const std::vector<Box>& boxes,
                   std::vector<Region>& to) const;
  bool is_wanted(const RegionGroup& group, const NvDsObjectMeta& object, const std::vector<Box>& boxes) const;

  PreprocessSettings settings_;
  Complain complain_;
  std::unordered_map<int, std::uint64_t> batches_;  // seen, by group
  std::set<int> told_;                              // sources
};

}  // namespace fluvial
