// Loops marked FLUVIAL_SIMD are compiled twice on x86-64, for any CPU and for AVX2, and the loader picks. They are
// plain C++ that the compiler vectorises: no pointer of theirs may overlap another.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__)
#define FLUVIAL_SIMD __attribute__((target_clones("avx2", "default")))
#else
#define FLUVIAL_SIMD
#endif
