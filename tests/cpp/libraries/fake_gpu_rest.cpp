// What fake_gpu.cpp does not say itself of the driver's functions that we call: it succeeds and does nothing.
#include "surface/cuda/driver.h"

using namespace fluvial::cuda;

#define NOTHING(name, parameters) \
  extern "C" __attribute__((weak, visibility("default"))) Result name parameters { return 0; }
FLUVIAL_CUDA_DRIVER(NOTHING)
