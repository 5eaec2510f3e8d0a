// SPDX-License-Identifier: Apache-2.0
// The one name of CUDA that interfaces of libraries mention, for a machine without CUDA: put this folder last on the include
// path (-idirafter). Nothing here computes anything.
#pragma once

typedef struct CUstream_st *cudaStream_t;
