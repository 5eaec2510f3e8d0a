// SPDX-License-Identifier: Apache-2.0
// Regions, lines and crowds. C++ only: the structs hold strings and maps.
// Layout and names follow DeepStream 9.1 so that its users' sources compile here; tests/cpp/headers/layouts.def holds sizes and offsets.
#pragma once

#include <gst/gst.h>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>
#include "nvdsmeta.h"

#define NVDS_USER_FRAME_META_NVDSANALYTICS NVDS_FRAME_META_NVDSANALYTICS
#define NVDS_USER_OBJ_META_NVDSANALYTICS NVDS_OBJ_META_NVDSANALYTICS

// One object (user metadata of type NVDS_OBJ_META_NVDSANALYTICS), if anything is true of it.
typedef struct NvDsAnalyticsObjInfo {
  std::vector<std::string> roiStatus;  // regions it is in
  std::vector<std::string> ocStatus;  // regions that are overcrowded with it
  std::vector<std::string> lcStatus;  // lines it crossed in this frame
  std::string dirStatus;
  guint unique_id;
  std::string objStatus;
} NvDsAnalyticsObjInfo;

// One frame (user metadata of type NVDS_FRAME_META_NVDSANALYTICS). Keys are the labels of the configuration.
typedef struct NvDsAnalyticsFrameMeta {
  std::unordered_map<std::string, bool> ocStatus;
  std::unordered_map<std::string, uint32_t> objInROIcnt;
  std::unordered_map<std::string, uint64_t> objLCCurrCnt;  // crossings of a line in this frame
  std::unordered_map<std::string, uint64_t> objLCCumCnt;  // since the start
  guint unique_id;
  std::unordered_map<int, uint32_t> objCnt;  // by class id
} NvDsAnalyticsFrameMeta;
