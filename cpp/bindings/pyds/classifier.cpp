// NvDsClassifierMeta and NvDsLabelInfo.
#include "bindings/pyds/pooled.h"

namespace fluvial::python {
namespace {

void release_label(void* data) { g_free(static_cast<NvDsLabelInfo*>(data)->pResult_label); }

}  // namespace

void bind_classifier(nb::module_& m) {
  using C = NvDsClassifierMeta;
  using L = NvDsLabelInfo;
  static PyGetSetDef fields[] = {
      field<&C::base_meta>("base_meta"),
      field<&C::num_labels>("num_labels"),
      field<&C::unique_component_id>("unique_component_id"),
      list_of<&C::label_info_list, L>("label_info_list"),
      {},
  };
  auto& classifier = define<C>(m, "NvDsClassifierMeta", fields);
  classifier.is_trusted_only = true;
  mark_as_pooled(classifier);

  static PyGetSetDef label_fields[] = {
      field<&L::base_meta>("base_meta"),
      field<&L::num_classes>("num_classes"),
      field<&L::result_label>("result_label"),
      {"pResult_label", get_string_or_none<&L::pResult_label>, set_owned_text<&L::pResult_label>, "str | None",
       closure_of("pResult_label")},
      field<&L::result_class_id>("result_class_id"),
      field<&L::label_id>("label_id"),
      field<&L::result_prob>("result_prob"),
      {},
  };
  auto& label = define<L>(m, "NvDsLabelInfo", label_fields);
  label.is_trusted_only = true;
  label.release = release_label;
  mark_as_pooled(label);

  using O = NvDsObjectMeta;
  def_add<nvds_add_classifier_meta_to_object, O, C>(m, "nvds_add_classifier_meta_to_object", "obj_meta",
                                                    "classifier_meta");
  def_remove<nvds_remove_classifier_meta_from_obj, O, C>(m, "nvds_remove_classifier_meta_from_obj", "obj_meta",
                                                         "classifier_meta");
  def_add<nvds_add_label_info_meta_to_classifier, C, L>(m, "nvds_add_label_info_meta_to_classifier", "classifier_meta",
                                                        "label_info_meta");
  def_remove<nvds_remove_label_info_meta_from_classifier, C, L>(m, "nvds_remove_label_info_meta_from_classifier",
                                                                "classifier_meta", "label_info_meta");
}

}  // namespace fluvial::python
