// Text as alpha pictures: laid out and rasterised by Pango once, then kept for the frames to come.
//
// Labels repeat from frame to frame, and laying out is a hundred times dearer than blending what was laid out. The
// pictures carry no colour, so one serves a label in every colour.
#pragma once

#include <cairo.h>
#include <pango/pango.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fluvial {

struct CairoSurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
using CairoSurface = std::unique_ptr<cairo_surface_t, CairoSurfaceDeleter>;

// Pixels. (0, 0) is the layout's top left corner; the picture starts at (left, top), which is negative where a slanted
// letter leans out of the layout.
struct TextPicture {
  CairoSurface alpha;  // null: nothing to see, such as spaces
  int left = 0;
  int top = 0;
  int width = 0;  // of the layout, which is what a background covers
  int height = 0;
  mutable std::shared_ptr<void> on_gpu;  // its bytes there, once they were painted
  mutable int gpu = -1;                  // which
};

// One thread at a time.
class TextRenderer {
 public:
  TextRenderer();
  ~TextRenderer();
  TextRenderer(const TextRenderer&) = delete;
  TextRenderer& operator=(const TextRenderer&) = delete;

  // Null font and size 0 mean "Serif" and 10 points. Any bytes will do as text: what is not UTF-8 is shown as U+FFFD.
  // The picture is valid until the next call.
  const TextPicture& render(std::string_view text, const char* font, unsigned points);

  std::size_t cached_texts() const { return entries_.size(); }

  // Text was asked for and this machine has no font: of such text only the background is there.
  bool lacks_font() const { return !has_font_ && !entries_.empty(); }

  static constexpr std::size_t max_texts = 1024;
  static constexpr std::size_t max_bytes = 16U << 20U;  // of pictures

 private:
  struct Entry {
    std::string key;
    TextPicture picture;
    std::size_t bytes = 0;
  };

  TextPicture rasterise(std::string_view text, const char* font, unsigned points);
  void forget_oldest();

  PangoFontMap* fonts_;
  PangoContext* context_;
  PangoLayout* layout_;
  bool has_font_;
  std::list<Entry> entries_;                                                 // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // keys lie in the entries
  std::size_t bytes_ = 0;
  std::string key_;  // scratch, so that a hit allocates nothing
};

}  // namespace fluvial
