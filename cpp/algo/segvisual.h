// Maps of classes as colours on a picture.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "types/geometry.h"
#include "types/image.h"

namespace fluvial {

using Rgb = std::array<std::uint8_t, 3>;

// DeepStream's colours, of 19 classes; further ones begin anew. Grey for what is no class: -1, where none is sure.
Rgb colour_of_class(int class_id);

// Row by row. Does not own its classes.
struct ClassMap {
  const int* classes = nullptr;
  Size size;
};

struct MapPaint {
  bool keeps_picture = false;  // else each pixel becomes its class's colour
  int background = 0;          // the class that is left out where the picture is kept
  float alpha = 1;             // 0..1: how much of the colour there is where the picture is kept
};

// Keeps scratch memory; not thread-safe.
class MapPainter {
 public:
  // Stretches the map over all of an RGBA picture: a pixel is of the class that lies under its middle. A map without
  // classes paints nothing. Throws std::invalid_argument for a picture of another format.
  void paint(const ImageView& picture, const ClassMap& map, const MapPaint& how);

 private:
  const int* stretched(const int* row);

  std::vector<int> columns_;  // of the map, for each of the picture's; empty: they are the same
  std::vector<int> row_;
};

}  // namespace fluvial
