// CustomDataStruct: the example of a user's own struct that NVIDIA's bindings carry.
#include "bindings/pyds/field.h"
#include "bindings/pyds/user.h"

namespace fluvial::python {
namespace {

void free_struct(void* data) {
  if (data) g_free(static_cast<CustomDataStruct*>(data)->message);
  g_free(data);
}

gpointer copy_of_user(gpointer data, gpointer) {
  const auto* from = static_cast<CustomDataStruct*>(static_cast<NvDsUserMeta*>(data)->user_meta_data);
  if (!from) return nullptr;
  auto* to = static_cast<CustomDataStruct*>(g_memdup2(from, sizeof(*from)));
  to->message = g_strdup(from->message);
  return to;
}

void release_of_user(gpointer data, gpointer) {
  auto* user = static_cast<NvDsUserMeta*>(data);
  free_struct(user->user_meta_data);
  user->user_meta_data = nullptr;
}

const NativeKind kind = {&info<CustomDataStruct>(), copy_of_user, release_of_user, free_struct};

nb::object alloc(Meta<NvDsUserMeta> user) {
  user.get();
  auto* data = static_cast<CustomDataStruct*>(g_malloc0(sizeof(CustomDataStruct)));
  Root* root = new_owned_root(data, free_struct);  // until it is stored in a user meta
  if (!root) {
    g_free(data);
    throw nb::python_error();
  }
  nb::object owner = nb::steal(reinterpret_cast<PyObject*>(root));
  return nb::steal(wrap(info<CustomDataStruct>(), data, {root, nullptr, 0}));
}

}  // namespace

void bind_custom(nb::module_& m) {
  using C = CustomDataStruct;
  static PyGetSetDef fields[] = {
      field<&C::structId>("structId"), text<&C::message>("message"), field<&C::sampleInt>("sampleInt"), {}};
  auto& type = define<C>(m, "CustomDataStruct", fields);
  type.is_trusted_only = true;
  type.release = [](void* data) { g_free(static_cast<C*>(data)->message); };
  add_native_kind(&kind);
  m.def("alloc_custom_struct", alloc, nb::arg("user_meta"),
        "A CustomDataStruct for user_meta.user_meta_data, which then owns it.");
}

}  // namespace fluvial::python
