// How many inferences run at a time on the CPU, and on how many threads each.
#pragma once

#include "backends/backend.h"

namespace fluvial {

struct CpuSchedule {
  int streams = 1;  // requests that run at the same time
  int threads = 1;  // of all streams together
};

// CPUs that this process may keep busy: its affinity, and the quota of its container.
int usable_cpus();

// One stream a CPU, one thread a stream: an inference that stays on one core costs the least CPU time, because its
// threads never wait for each other, and pictures are plenty. Past 16 streams the memory and the latency of more are
// not worth it, so streams get more threads instead.
//
// CPU time of one picture in ms, OpenVINO 2026.4, 2 cores of an AMD EPYC (AVX2) that others used too; 160 pictures, the
// fastest of 3 runs, the best of 1 to 3 requests in flight:
//                                  1 stream x 2   2 streams x 1   1 x 2, batch 4   2 x 1, batch 4
//   YOLOX-nano 416                     27.6           24.0             25.2             25.6
//   DEIMv2-atto 320                    16.4           14.0             16.9             13.9
//   DEIMv2-femto 416                   30.4           27.2             34.7             27.0
//   person-vehicle-bike INT8           20.9           18.4             19.3             16.9
//   vehicle-attributes (72 x 72)        2.1            1.4              2.0              1.6
// A real batch wins nothing that is worth its latency: on the CPU a request is one picture, whatever batch is wanted.
CpuSchedule schedule_for(const BackendSettings& settings, int cpus);

}  // namespace fluvial
