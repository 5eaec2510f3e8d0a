// CustomDataStruct: the example of a user's own struct that NVIDIA's bindings carry.
#include "bindings/pyds/field.h"
#include "bindings/pyds/user.h"

namespace fluvial::python {
template <>
struct Texts<CustomDataStruct> {
  static constexpr char* CustomDataStruct::*all[] = {&CustomDataStruct::message};
};

void bind_custom(nb::module_& m) {
  using C = CustomDataStruct;
  static PyGetSetDef fields[] = {
      field<&C::structId>("structId"), text<&C::message>("message"), field<&C::sampleInt>("sampleInt"), {}};
  define_native<C>(m, "CustomDataStruct", fields);
  m.def("alloc_custom_struct", alloc_for_user<C>, nb::arg("user_meta"),
        "A CustomDataStruct for user_meta.user_meta_data, which then owns it.");
}

}  // namespace fluvial::python
