#include "elements/draw/text.h"

#include <pango/pangocairo.h>

#include <algorithm>

namespace fluvial {
namespace {

constexpr std::size_t max_text_bytes = 4096;  // more fits on no screen
constexpr int max_side = 8192;                // pixels of one picture; the rest is cut off
constexpr unsigned default_points = 10;
constexpr unsigned max_points = 256;  // Pango counts 1/1024 pixels in 32 bits: both limits together must fit

struct GFreeDeleter {
  void operator()(gchar* text) const { g_free(text); }
};
using GString_ = std::unique_ptr<gchar, GFreeDeleter>;

// Grey and lightly hinted: subpixel colours would be smeared by the video encoder.
void set_rendering(PangoContext* context) {
  auto* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

void set_font(PangoLayout* layout, const char* font, unsigned points) {
  const GString_ name(g_utf8_make_valid(font && *font ? font : "Serif", -1));
  const auto wanted =
      std::string(name.get()) + " " + std::to_string(std::min(points ? points : default_points, max_points));
  auto* description = pango_font_description_from_string(wanted.c_str());
  pango_layout_set_font_description(layout, description);
  pango_font_description_free(description);
}

bool has_any_font(PangoFontMap* fonts, PangoContext* context) {
  auto* description = pango_font_description_from_string("Sans 10");
  auto* font = pango_font_map_load_font(fonts, context, description);
  pango_font_description_free(description);
  const bool has_any = font && pango_font_has_char(font, '0');
  if (font) g_object_unref(font);
  return has_any;
}

// About as large as text is in most fonts. Pango draws boxes where there is none, of sizes that it has never set.
TextPicture without_font(const gchar* text, unsigned points) {
  constexpr double pixels_a_point = 4.0 / 3, width_of_letter = 0.6, height_of_line = 1.2;
  const double size = std::min(points ? points : default_points, max_points) * pixels_a_point;
  TextPicture picture;
  int lines = 0;
  for (const gchar* line = text; line; ++lines) {
    const gchar* end = g_utf8_strchr(line, -1, '\n');
    const glong letters = g_utf8_strlen(line, end ? end - line : -1);
    picture.width = std::max(picture.width, static_cast<int>(static_cast<double>(letters) * width_of_letter * size));
    line = end ? end + 1 : nullptr;
  }
  picture.height = static_cast<int>(lines * height_of_line * size);
  return picture;
}

void draw_layout(PangoLayout* layout, const TextPicture& picture) {
  auto* cairo = cairo_create(picture.alpha.get());
  cairo_move_to(cairo, -picture.left, -picture.top);
  pango_cairo_show_layout(cairo, layout);
  cairo_destroy(cairo);
  cairo_surface_flush(picture.alpha.get());
}

std::size_t bytes_of(const TextPicture& picture) {
  if (!picture.alpha) return 0;
  return static_cast<std::size_t>(cairo_image_surface_get_stride(picture.alpha.get())) *
         static_cast<std::size_t>(cairo_image_surface_get_height(picture.alpha.get()));
}

}  // namespace

TextRenderer::TextRenderer()
    // Pango's default font map is the thread's: one of our own is what makes two elements independent.
    : fonts_(pango_cairo_font_map_new()),
      context_(pango_font_map_create_context(fonts_)),
      layout_(pango_layout_new(context_)),
      has_font_(has_any_font(fonts_, context_)) {
  set_rendering(context_);
  pango_layout_context_changed(layout_);
}

TextRenderer::~TextRenderer() {
  g_object_unref(layout_);
  g_object_unref(context_);
  g_object_unref(fonts_);
}

TextPicture TextRenderer::rasterise(std::string_view text, const char* font, unsigned points) {
  // Cut inside a character or not: what is left over becomes one U+FFFD.
  text = text.substr(0, max_text_bytes);
  const GString_ valid(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  if (!has_font_) return without_font(valid.get(), points);
  set_font(layout_, font, points);
  pango_layout_set_text(layout_, valid.get(), -1);

  PangoRectangle ink, logical;
  pango_layout_get_pixel_extents(layout_, &ink, &logical);
  TextPicture picture;
  picture.width = logical.width;
  picture.height = logical.height;
  picture.left = ink.x;
  picture.top = ink.y;
  if (ink.width <= 0 || ink.height <= 0) return picture;
  picture.alpha.reset(
      cairo_image_surface_create(CAIRO_FORMAT_A8, std::min(ink.width, max_side), std::min(ink.height, max_side)));
  draw_layout(layout_, picture);
  return picture;
}

const TextPicture& TextRenderer::render(std::string_view text, const char* font, unsigned points) {
  key_.assign(font ? font : "").append(1, '\n').append(std::to_string(points)).append(1, '\n').append(text);
  if (const auto known = by_key_.find(key_); known != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return entries_.front().picture;
  }
  entries_.push_front({key_, rasterise(text, font, points), 0});
  auto& entry = entries_.front();
  entry.bytes = bytes_of(entry.picture) + entry.key.size() + sizeof(Entry);
  bytes_ += entry.bytes;
  by_key_[entry.key] = entries_.begin();
  while (entries_.size() > 1 && (entries_.size() > max_texts || bytes_ > max_bytes)) forget_oldest();
  return entries_.front().picture;
}

void TextRenderer::forget_oldest() {
  bytes_ -= entries_.back().bytes;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

}  // namespace fluvial
