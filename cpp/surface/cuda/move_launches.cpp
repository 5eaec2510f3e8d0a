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
  int cells;
};

#define FLUVIAL_KERNEL(source, sampling) \
  {#source, #sampling, "transform_" #source "_" #sampling, cells_of(Sampling::sampling)},
constexpr Kernel kernels[] = {FLUVIAL_TRANSFORMS(FLUVIAL_KERNEL)};
#undef FLUVIAL_KERNEL

// By Move::Format: what lies alike is read alike.
constexpr const char* sources[] = {"nv12", "i420", "rgba", "rgba", "rgb", "gray8"};

bool has_kernel(const std::string& source, const std::string& sampling) {
  return std::any_of(std::begin(kernels), std::end(kernels),
                     [&](const Kernel& k) { return source == k.source && sampling == k.sampling; });
}

bool is_one_of_one(const Samples& s) { return s.kind == Samples::nearest && s.step == 65536; }

bool is_same(const SourcePlane& plane, int bytes) {
  return plane.across == bytes && is_one_of_one(plane.columns) && is_one_of_one(plane.rows);
}

// Without its size being changed.
bool is_turned(const SourcePlane& plane, int bytes) {
  return std::abs(plane.down) == bytes && std::abs(plane.across) > bytes && is_one_of_one(plane.columns) &&
         is_one_of_one(plane.rows);
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

// Some places beside the picture are counted too.
bool is_counted(const Samples& s, int count) {
  return s.last < 32766 && s.start + (count + 8LL) * s.step <= std::numeric_limits<int>::max();
}

// See transform_between.h: all rows alike, of two words at least, and pairs of samples in two words.
bool is_blended(const SourcePlane& plane, int bytes, int width, int height, int most_step) {
  const auto is_one = [](const Samples& s, int count) {
    return s.kind == Samples::linear && s.edge == std::numeric_limits<int>::max() && s.last >= 1 &&
           is_counted(s, count);
  };
  return is_one(plane.columns, width) && is_one(plane.rows, height) && plane.across == bytes && plane.down % 4 == 0 &&
         (plane.columns.last + 1) * bytes >= 8 && plane.columns.step <= most_step;
}

// Pixels between two samples: NV12 alone.
bool can_blend(const Move& move) {
  if (move.is_black || move.from_format != Move::nv12 || move.to_format == Move::gray8) return false;
  return is_blended(move.from[0], 1, move.width, move.height, 2 * 65536) &&
         is_blended(move.from[1], 2, (move.width + 1) / 2, (move.height + 1) / 2, 2 * 65536);
}

const char* sampling_of(const Move& move) {
  bool are_same = has_kernel(sources[move.from_format], "same"), are_mixed = true;
  for (int p = 0; p < planes_of(move.from_format) && !move.is_black; ++p) {
    are_same = are_same && is_same(move.from[p], bytes_of_sample(move.from_format, p));
    are_mixed = are_mixed && is_mixed(move.from[p]);
  }
  if (are_same) return has_kernel(sources[move.from_format], "lined") && move.to_format == Move::rgb ? "lined" : "same";
  if (can_blend(move)) return "blended";
  return are_mixed ? "mixed" : "any";
}

const Kernel& kernel_of(const Move& move) {
  const std::string source = sources[move.from_format], sampling = sampling_of(move);
  for (const Kernel& kernel : kernels)
    if (source == kernel.source && sampling == kernel.sampling) return kernel;
  throw std::logic_error("no kernel reads " + source + " by the sampling " + sampling);
}

// --- planes by themselves --------------------------------------------------------------------------------------------

#define FLUVIAL_NAME(kind) "transform_planes_" #kind,
constexpr const char* plane_kernels[] = {FLUVIAL_PLANE_MOVES(FLUVIAL_NAME)};
#undef FLUVIAL_NAME

bool is_picked(const SourcePlane& plane, int width, int height) {
  return plane.columns.kind == Samples::nearest && plane.rows.kind == Samples::nearest &&
         is_counted(plane.columns, width) && is_counted(plane.rows, height);
}

// Five bytes of a row at most.
bool is_averaged(const SourcePlane& plane, int bytes, int width, int height) {
  const auto is_one = [](const Samples& s, int count) { return s.kind == Samples::mean && is_counted(s, count); };
  if (bytes == 2) return is_blended(plane, bytes, width, height, std::numeric_limits<int>::max());
  return is_one(plane.columns, width) && is_one(plane.rows, height) && plane.across == 1 && plane.down % 4 == 0 &&
         plane.columns.step <= 4 * 65536;
}

// Whether a kernel can move all planes by themselves.
bool can_move_planes(int kind, const Move& move) {
  for (int p = 0; p < planes_of(move.to_format); ++p) {
    const SourcePlane& plane = move.from[p];
    const int bytes = bytes_of_sample(move.to_format, p), rows = plane_rows(move, p);
    const int width = plane_bytes(move, p) / bytes;
    bool can = bytes <= 2;
    switch (kind) {
      case PlaneMove::copied: can = is_same(plane, bytes); break;
      case PlaneMove::picked: can = can && is_picked(plane, width, rows); break;
      case PlaneMove::enlarged:
        can = can && plane.rows.step <= 65536 && is_blended(plane, bytes, width, rows, 65536);
        break;
      case PlaneMove::blended: can = can && is_blended(plane, bytes, width, rows, 3 * 65536); break;
      case PlaneMove::turned: can = can && is_turned(plane, bytes); break;
      default: can = can && is_averaged(plane, bytes, width, rows); break;
    }
    if (!can) return false;
  }
  return true;
}

int plane_move_of(const Move& move) {
  if (move.is_black || move.from_format != move.to_format || !move.keeps_chroma || !move.keeps_grey) return -1;
  for (const int kind : {PlaneMove::copied, PlaneMove::turned, PlaneMove::picked, PlaneMove::enlarged,
                         PlaneMove::blended, PlaneMove::averaged})
    if (can_move_planes(kind, move)) return kind;
  return -1;
}

// --- launches --------------------------------------------------------------------------------------------------------

unsigned parts(int count, unsigned of) { return (static_cast<unsigned>(count) + of - 1) / of; }

bool is_turned(const Move& move) {
  return !move.is_black && std::abs(move.from[0].across) > std::abs(move.from[0].down);
}

void set_plane_rows(int kind, MoveLaunch& launch) {
  const auto rows = static_cast<unsigned>(plane_part(kind).rows) * launch.rows;
  for (int p = 0; p < planes_of(launch.batch.move.to_format); ++p)
    launch.down += parts(plane_rows(launch.batch.move, p), rows);
}

// Turned pictures are read down: threads that read side by side write below each other.
MoveLaunch new_launch(const Move& move) {
  MoveLaunch launch{};
  launch.batch.move = move;
  launch.plane_move = plane_move_of(move);
  launch.columns = is_turned(move) && launch.plane_move < 0 ? 8 : 32;
  launch.rows = 256 / launch.columns;
  if (launch.plane_move >= 0) {
    launch.kernel = plane_kernels[launch.plane_move];
    set_plane_rows(launch.plane_move, launch);
    return launch;
  }
  const Kernel& kernel = kernel_of(move);
  launch.kernel = kernel.name;
  launch.down = parts(move.height, static_cast<unsigned>(kernel.cells * cell_height) * launch.rows);
  return launch;
}

unsigned blocks_across(const MoveLaunch& launch, const MovePlaces& places) {
  const Move& move = launch.batch.move;
  if (launch.plane_move < 0) return parts(move.width + lead_of(move, places), cell_width * launch.columns);
  const int bytes = plane_part(launch.plane_move).bytes;
  unsigned most = 0;
  for (int p = 0; p < planes_of(move.to_format); ++p)
    most = std::max(
        most, parts(plane_bytes(move, p) + lead_of_plane(move, places, p, launch.plane_move), bytes * launch.columns));
  return most;
}

void add_places(const MovePlaces& places, MoveLaunch& launch) {
  launch.batch.places[launch.pictures++] = places;
  launch.across = std::max(launch.across, blocks_across(launch, places));
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
