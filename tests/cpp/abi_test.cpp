// The headers that DeepStream's users compile against have DeepStream 9.1's sizes, offsets and values (when this file
// compiles), and the library exports what they declare (when it links).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstddef>

#include "gst-nvdscustomevent.h"
#include "gst-nvevent.h"
#include "gst-nvmessage.h"
#include "gst-nvquery.h"
#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"
#include "nvbufsurface.h"
#include "nvbufsurftransform.h"
#include "nvds_360d_meta.h"
#include "nvds_analytics_meta.h"
#include "nvds_latency_meta.h"
#include "nvds_obj_encode.h"
#include "nvds_opticalflow_meta.h"
#include "nvds_roi_meta.h"
#include "nvds_tracker_meta.h"
#include "nvds_version.h"
#include "nvdsgstutils.h"
#include "nvdsinfer_context.h"
#include "nvdsinfer_custom_impl.h"
#include "nvdsinfer_dbscan.h"
#include "nvdsmeta_schema.h"
#include "nvdspreprocess_interface.h"
#include "nvdspreprocess_meta.h"

#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // of structs with C++ members, which only g++ lays out here

#define VALUE(name, value) static_assert((name) == (value), #name " has another value than DeepStream's");
#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has another size than DeepStream's");
#define FIELD(type, name, bytes) \
  static_assert(offsetof(type, name) == (bytes), #type "." #name " is not where DeepStream has it");
#define FUNCTION(name)
#include "headers/layouts.def"
#undef FUNCTION
#undef VALUE
#undef SIZE
#undef FIELD

TEST_CASE("the library exports every function that the headers declare") {
#define VALUE(name, value)
#define SIZE(type, bytes)
#define FIELD(type, name, bytes)
#define FUNCTION(name) reinterpret_cast<void*>(name),
  void* const functions[] = {
#include "headers/layouts.def"
  };
  for (const void* function : functions) CHECK(function);
}
