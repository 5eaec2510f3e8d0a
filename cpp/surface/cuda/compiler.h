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
                                               "crops_to_tensor",
                                               "select_rows",
                                               "classify_pixels",
                                               "make_masks",
                                               "paint_tiles",
                                               "blur_means"};
// There where the driver is of CUDA 12.1 or newer, and so is NVRTC: they are told of more than 4096 bytes.
inline constexpr const char* kernels_of_many[] = {"pictures_to_tensor_many", "crops_to_tensor_many"};
#undef FLUVIAL_NAME
#undef FLUVIAL_PLANE_NAME

// Machine code for an architecture ("sm_90"), with kernels_of_many if the driver can load it. Throws std::runtime_error
// where NVRTC is nowhere, or with what it says.
std::string compiled_kernels(const std::string& architecture, bool with_many);

// Where NVRTC is, for machines where it came with a Python package: looked at before the system's.
FLUVIAL_EXPORT void use_nvrtc(const std::string& path);

}  // namespace fluvial::cuda
