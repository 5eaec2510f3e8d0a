// NvDsInferDBScan...: DeepStream's functions over ours (algo/clustering/dbscan.h).
#include <algorithm>
#include <limits>
#include <vector>

#include "algo/clustering/dbscan.h"
#include "meta/export.h"
#include "nvdsinfer_dbscan.h"

struct NvDsInferDBScan {};

namespace {

using namespace fluvial;  // NOLINT

using Cluster = void (*)(std::vector<Detection>&, const DbscanSettings&);

DbscanSettings settings_of(const NvDsInferDBScanClusteringParams& p) {
  const auto least = static_cast<int>(std::min<uint32_t>(p.minBoxes, std::numeric_limits<int>::max()));
  return {p.eps, least, p.minScore, p.enableATHRFilter ? p.thresholdATHR : std::numeric_limits<float>::infinity()};
}

void cluster_in_place(const NvDsInferDBScanClusteringParams* params, NvDsInferObjectDetectionInfo* objects,
                      size_t* count, Cluster cluster) {
  if (!params || !objects || !count) return;
  std::vector<Detection> found;
  for (size_t i = 0; i < *count; ++i) {
    const auto& o = objects[i];
    found.push_back({static_cast<int>(o.classId), o.detectionConfidence, {o.left, o.top, o.width, o.height}});
  }
  cluster(found, settings_of(*params));
  for (size_t i = 0; i < found.size(); ++i) {
    const auto& d = found[i];
    objects[i] = {static_cast<unsigned>(d.class_id), d.box.left, d.box.top, d.box.width, d.box.height, d.confidence, 0};
  }
  *count = found.size();
}

}  // namespace

FLUVIAL_EXPORT NvDsInferDBScanHandle NvDsInferDBScanCreate() { return new NvDsInferDBScan; }

FLUVIAL_EXPORT void NvDsInferDBScanDestroy(NvDsInferDBScanHandle handle) { delete handle; }

FLUVIAL_EXPORT void NvDsInferDBScanCluster(NvDsInferDBScanHandle, NvDsInferDBScanClusteringParams* params,
                                           NvDsInferObjectDetectionInfo* objects, size_t* count) {
  cluster_in_place(params, objects, count, dbscan);
}

FLUVIAL_EXPORT void NvDsInferDBScanClusterHybrid(NvDsInferDBScanHandle, NvDsInferDBScanClusteringParams* params,
                                                 NvDsInferObjectDetectionInfo* objects, size_t* count) {
  cluster_in_place(params, objects, count, dbscan_filter);
}
