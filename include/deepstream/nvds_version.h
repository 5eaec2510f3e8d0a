// SPDX-License-Identifier: Apache-2.0
// Which DeepStream's interfaces these headers have. The functions are in libfluvialmeta.
#pragma once

#define NVDS_VERSION_MAJOR 9
#define NVDS_VERSION_MINOR 1
#define NVDS_VERSION_MICRO 0

#ifdef __cplusplus
extern "C" {
#endif

void nvds_version(unsigned int *major, unsigned int *minor);
void nvds_version_print(void);
// GStreamer's: neither CUDA nor TensorRT is used.
void nvds_dependencies_version_print(void);

#ifdef __cplusplus
}
#endif
