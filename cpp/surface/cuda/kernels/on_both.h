// What compilers of the host and of kernels are told, each in its own way.
#pragma once

#ifdef __CUDACC__
#define FLUVIAL_ON_BOTH __device__ inline  // functions that both have
#define FLUVIAL_UNROLL_ALL _Pragma("unroll")
#define FLUVIAL_UNROLL_NOTHING _Pragma("unroll 1")
#else
#define FLUVIAL_ON_BOTH inline
#define FLUVIAL_UNROLL_ALL
#define FLUVIAL_UNROLL_NOTHING
#endif
