// nvds_version.h.
#include "nvds_version.h"

#include <gst/gst.h>

#include "meta/export.h"

extern "C" {

FLUVIAL_EXPORT void nvds_version(unsigned int* major, unsigned int* minor) {
  if (major) *major = NVDS_VERSION_MAJOR;
  if (minor) *minor = NVDS_VERSION_MINOR;
}

FLUVIAL_EXPORT void nvds_version_print(void) {
  g_print("Fluvial, with the interfaces of DeepStream %d.%d.%d\n", NVDS_VERSION_MAJOR, NVDS_VERSION_MINOR,
          NVDS_VERSION_MICRO);
}

FLUVIAL_EXPORT void nvds_dependencies_version_print(void) {
  gchar* gstreamer = gst_version_string();
  g_print("%s\n", gstreamer);
  g_free(gstreamer);
}

}  // extern "C"
