// Kernels are CUDA source, compiled on the machine that runs them, once: the result is kept on disk under the hash of
// the source and the device's architecture.
#pragma once

#include <string>

#include "meta/export.h"
#include "surface/cuda/kernels/transform.h"

namespace fluvial::cuda {

#define FLUVIAL_NAME(from, sampling) "transform_" #from "_" #sampling,
#define FLUVIAL_PLANE_NAME(kind) "transform_planes_" #kind,
inline constexpr const char* kernel_names[] = {FLUVIAL_TRANSFORMS(FLUVIAL_NAME)
                                                   FLUVIAL_PLANE_MOVES(FLUVIAL_PLANE_NAME) "pictures_to_tensor",
                                               "select_rows",
                                               "classify_pixels",
                                               "make_masks",
                                               "paint_tiles",
                                               "blur_means"};
#undef FLUVIAL_NAME
#undef FLUVIAL_PLANE_NAME

// Machine code for an architecture ("sm_90"). Throws std::runtime_error where NVRTC is nowhere, or with what it says.
std::string compiled_kernels(const std::string& architecture);

// Where NVRTC is, for machines where it came with a Python package: looked at before the system's.
FLUVIAL_EXPORT void use_nvrtc(const std::string& path);

}  // namespace fluvial::cuda
