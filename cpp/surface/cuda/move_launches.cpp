#include "surface/cuda/move_launches.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>

namespace fluvial::cuda {
namespace {

struct Kernel {
  const char* source;
  const char* sampling;
  const char* name;
};

#define FLUVIAL_KERNEL(source, sampling) {#source, #sampling, "transform_" #source "_" #sampling},
constexpr Kernel kernels[] = {FLUVIAL_TRANSFORMS(FLUVIAL_KERNEL)};
#undef FLUVIAL_KERNEL

// By Move::Format: what lies alike is read alike.
constexpr const char* sources[] = {"nv12", "i420", "rgba", "rgba", "rgb", "gray8"};

bool has_kernel(const std::string& source, const std::string& sampling) {
  return std::any_of(std::begin(kernels), std::end(kernels),
                     [&](const Kernel& k) { return source == k.source && sampling == k.sampling; });
}

bool is_same(const SourcePlane& plane, int bytes) {
  const auto is_one = [](const Samples& s) { return s.kind == Samples::nearest && s.step == 65536; };
  return plane.across == bytes && is_one(plane.columns) && is_one(plane.rows);
}

// Places of samples, and bytes of a row (or of what is a row when turned), are counted in 32 bits there: see tap_of.
bool is_mixed(const SourcePlane& plane) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  const auto is_one = [](const Samples& s) {
    return (s.kind == Samples::nearest || s.kind == Samples::linear) && s.last < 32766;
  };
  return is_one(plane.columns) && is_one(plane.rows) &&
         std::abs(static_cast<std::int64_t>(plane.across)) * plane.columns.last < most;
}

int bytes_of_sample(int format, int plane) {
  if (format == Move::rgba || format == Move::bgrx) return 4;
  return format == Move::rgb ? 3 : format == Move::nv12 && plane == 1 ? 2 : 1;
}

const char* sampling_of(const Move& move) {
  const int planes = move.from_format == Move::nv12 ? 2 : move.from_format == Move::i420 ? 3 : 1;
  bool are_same = has_kernel(sources[move.from_format], "same"), are_mixed = true;
  for (int p = 0; p < planes && !move.is_black; ++p) {
    are_same = are_same && is_same(move.from[p], bytes_of_sample(move.from_format, p));
    are_mixed = are_mixed && is_mixed(move.from[p]);
  }
  return are_same ? "same" : are_mixed ? "mixed" : "any";
}

const Kernel& kernel_of(const Move& move) {
  const std::string source = sources[move.from_format], sampling = sampling_of(move);
  for (const Kernel& kernel : kernels)
    if (source == kernel.source && sampling == kernel.sampling) return kernel;
  throw std::logic_error("no kernel reads " + source + " by the sampling " + sampling);
}

unsigned parts(int count, unsigned of) { return (static_cast<unsigned>(count) + of - 1) / of; }

// Turned pictures are read down: threads that read side by side write below each other.
MoveLaunch new_launch(const Move& move) {
  MoveLaunch launch{};
  const Kernel& kernel = kernel_of(move);
  launch.kernel = kernel.name;
  launch.batch.move = move;
  const bool is_turned = !move.is_black && std::abs(move.from[0].across) > std::abs(move.from[0].down);
  launch.columns = is_turned ? 8 : 32;
  launch.rows = is_turned ? 32 : 8;
  const unsigned cells = kernel.sampling == std::string("same") ? cells_when_same : 1;
  launch.down = parts(move.height, cells * cell_height * launch.rows);
  return launch;
}

void add_places(const MovePlaces& places, MoveLaunch& launch) {
  const Move& move = launch.batch.move;
  launch.batch.places[launch.pictures++] = places;
  launch.across = std::max(launch.across, parts(move.width + lead_of(move, places), cell_width * launch.columns));
}

}  // namespace

std::vector<MoveLaunch> launches_of(const std::vector<PlacedMove>& moves) {
  std::vector<MoveLaunch> launches;
  for (const auto& placed : moves) {
    const auto fits = [&](const MoveLaunch& launch) {
      return launch.pictures < MoveBatch::most && std::memcmp(&launch.batch.move, &placed.move, sizeof(Move)) == 0;
    };
    auto found = std::find_if(launches.begin(), launches.end(), fits);
    if (found == launches.end()) found = launches.insert(found, new_launch(placed.move));
    add_places(placed.places, *found);
  }
  return launches;
}

}  // namespace fluvial::cuda
