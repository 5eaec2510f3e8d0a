// fluvialinferserver (nvinferserver): fluvialinfer with DeepStream's config of Triton. No server is involved: the model
// of the repository is run in this process.
//
//   in, out   as fluvialinfer
//   try       videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialinferserver config-file-path=a.txt !
//             fakesink

#include "elements/infer/server/inferserver.h"

#include "elements/infer/infer.h"
#include "elements/infer/infer_class.h"
#include "elements/infer/server/config.h"
#include "elements/property_table.h"

using fluvial::PropertyInstaller;

// Nothing of its own: state and properties are fluvialinfer's.
static GObjectClass* parent_class() { return G_OBJECT_CLASS(g_type_class_peek(fluvial_infer_get_type())); }

enum { PROP_0, PROP_UNIQUE_ID, PROP_PROCESS_MODE, PROP_BATCH_SIZE };

// DeepStream's 0 is "as the config says", which fluvialinfer says by not being told.
static void set_property(GObject* self, guint, const GValue* value, GParamSpec* spec) {
  const guint number = g_value_get_uint(value);
  auto* inherited = g_object_class_find_property(parent_class(), spec->name);
  if (number == 0 || !inherited) return;
  GValue as_inherited = G_VALUE_INIT;
  g_value_init(&as_inherited, inherited->value_type);
  if (G_IS_PARAM_SPEC_ENUM(inherited))
    g_value_set_enum(&as_inherited, static_cast<gint>(number));
  else
    g_value_set_uint(&as_inherited, number);
  parent_class()->set_property(self, inherited->param_id, &as_inherited, inherited);
  g_value_unset(&as_inherited);
}

static void get_property(GObject* self, guint, GValue* value, GParamSpec* spec) {
  auto* inherited = g_object_class_find_property(parent_class(), spec->name);
  GValue as_inherited = G_VALUE_INIT;
  g_value_init(&as_inherited, inherited->value_type);
  parent_class()->get_property(self, inherited->param_id, &as_inherited, inherited);
  g_value_set_uint(value, G_IS_PARAM_SPEC_ENUM(inherited) ? static_cast<guint>(g_value_get_enum(&as_inherited))
                                                          : g_value_get_uint(&as_inherited));
  g_value_unset(&as_inherited);
}

static void class_init(gpointer klass, gpointer) {
  auto* object = G_OBJECT_CLASS(klass);
  object->set_property = set_property;
  object->get_property = get_property;
  PropertyInstaller own(object, PROP_UNIQUE_ID);
  own.add_uint("unique-id", "Number written into the metadata that this element makes; 0: the config's", 0, G_MAXUINT,
               0);
  own.add_uint("process-mode", "1 frames, 2 objects of another inference; 0: the config's", 0, 2, 0);
  own.add_uint("batch-size", "Most frames or objects in one inference; 0: the config's", 0, 1024, 0);
  static_cast<FluvialInferClass*>(klass)->read_config = fluvial::read_inferserver_config;
  gst_element_class_set_static_metadata(
      GST_ELEMENT_CLASS(klass), "Inference with a Triton repository", "Filter/Analyzer/Video",
      "Runs a model of a Triton model repository and attaches what it finds", "Fluvial");
}

GType fluvial_infer_server_get_type(void) {
  static const GType type = [] {
    GTypeQuery parent;
    g_type_query(fluvial_infer_get_type(), &parent);
    GTypeInfo info{};
    info.class_size = static_cast<guint16>(parent.class_size);
    info.class_init = class_init;
    info.instance_size = static_cast<guint16>(parent.instance_size);
    return g_type_register_static(fluvial_infer_get_type(), "FluvialInferServer", &info, GTypeFlags(0));
  }();
  return type;
}
