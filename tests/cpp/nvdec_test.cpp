// What NVIDIA's decoders are told, seen on an element that has their property.
#include "harness.h"
#include "leaks.h"

#include "elements/decode/nvdec.cpp"

namespace {

constexpr const char* surfaces = "num-output-surfaces";

struct LikeNvdec {
  GstElement parent;
  guint surfaces;
};
struct LikeNvdecClass {
  GstElementClass parent;
};
G_DEFINE_TYPE(LikeNvdec, like_nvdec, GST_TYPE_ELEMENT)

void like_nvdec_init(LikeNvdec*) {}
void like_nvdec_class_init(LikeNvdecClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->set_property = [](GObject* self, guint, const GValue* value, GParamSpec*) {
    reinterpret_cast<LikeNvdec*>(self)->surfaces = g_value_get_uint(value);
  };
  object->get_property = [](GObject* self, guint, GValue* value, GParamSpec*) {
    g_value_set_uint(value, reinterpret_cast<LikeNvdec*>(self)->surfaces);
  };
  g_object_class_install_property(object, 1, g_param_spec_uint(surfaces, "", "", 0, 64, 0, G_PARAM_READWRITE));
}

guint surfaces_of(GstElement* element) {
  guint count = 0;
  g_object_get(element, surfaces, &count, nullptr);
  return count;
}

}  // namespace

TEST_CASE("a decoder that hands out its own surfaces has as many as a pipeline holds, and what the program keeps") {
  auto* element = static_cast<GstElement*>(gst_object_ref_sink(g_object_new(like_nvdec_get_type(), nullptr)));
  fluvial::provide_surfaces(element, 1);
  CHECK(surfaces_of(element) == 21);
  fluvial::provide_surfaces(element, 55);  // NVDEC has no more than 64
  CHECK(surfaces_of(element) == 64);
  gst_object_unref(element);
}

TEST_CASE("a decoder that copies its frames is left as it is") {
  auto* element = static_cast<GstElement*>(gst_object_ref_sink(gst_element_factory_make("identity", nullptr)));
  fluvial::provide_surfaces(element, 1);
  gst_object_unref(element);
}
