// Which kernel of transform_pixels.cu or transform_planes.cu makes which pictures, with how many threads.
#pragma once

#include <vector>

#include "surface/cuda/moves.h"

namespace fluvial::cuda {

struct MoveLaunch {
  const char* kernel;
  unsigned across, down;   // blocks
  unsigned columns, rows;  // threads of a block
  unsigned pictures;       // planes of blocks, places of the batch
  int plane_move;          // PlaneMove::Kind, or -1
  MoveBatch batch;
};

// Pictures that have all but their places in common go together.
FLUVIAL_EXPORT std::vector<MoveLaunch> launches_of(const std::vector<PlacedMove>& moves);

}  // namespace fluvial::cuda
