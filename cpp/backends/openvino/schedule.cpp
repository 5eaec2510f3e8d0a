#include "backends/openvino/schedule.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace fluvial {
namespace {

constexpr int most_streams = 16;

// cgroup v2: "max 100000" or "150000 100000", microseconds of CPU time in each period. 0 where there is no quota.
int quota_cpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::atof(quota.c_str()) / period + 0.5));
}

}  // namespace

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int mine = sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
  const int quota = quota_cpus();
  return quota > 0 ? std::min(mine, quota) : mine;
}

CpuSchedule schedule_for(const BackendSettings& settings, int cpus) {
  CpuSchedule schedule;
  schedule.threads = settings.threads > 0 ? settings.threads : std::max(1, cpus);
  const int wanted = settings.streams > 0 ? settings.streams : most_streams;
  schedule.streams = std::min(wanted, schedule.threads);
  return schedule;
}

}  // namespace fluvial
