// Kernels that a fake GPU runs on the host.
#pragma once

// Blocks, and threads of each.
struct FakeGrid {
  unsigned across, down, deep, x, y;
};

// `parameters` as cuLaunchKernel has them. Of another kernel nothing happens.
void run_fake_kernel(const char* name, FakeGrid grid, void** parameters);
