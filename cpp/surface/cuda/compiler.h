// Kernels are CUDA source, compiled on the machine that runs them, once: the result is kept on disk under the hash of
// the source and the device's architecture.
#pragma once

#include <string>

#include "meta/export.h"

namespace fluvial::cuda {

inline constexpr const char* kernel_names[] = {"pictures_to_tensor", "select_rows", "classify_pixels", "make_masks",
                                               "transform_pixels",   "paint_tiles", "blur_means"};

// Machine code for an architecture ("sm_90"). Throws std::runtime_error where NVRTC is nowhere, or with what it says.
std::string compiled_kernels(const std::string& architecture);

// Where NVRTC is, for machines where it came with a Python package: looked at before the system's.
FLUVIAL_EXPORT void use_nvrtc(const std::string& path);

}  // namespace fluvial::cuda
