// What a message tells: places, boxes, signatures, and the objects of schema.h.
#include "bindings/pyds/schema.h"

#include <memory>

#include "bindings/pyds/field.h"

namespace fluvial::python {

template <>
NvDsObjectSignature duplicate_part(const NvDsObjectSignature& from) {
  return {static_cast<double*>(g_memdup2(from.signature, from.size * sizeof(double))), from.size};
}

template <>
void replace_part(NvDsObjectSignature& to, const NvDsObjectSignature& copy, const Ground& ground) {
  Later{base_of(ground.root)->lease}(to.signature);
  to = copy;
}

namespace {

// --- signatures: size says how long the array is

// pyds shows the first number.
PyObject* first_of_signature(PyObject* self, void*) {
  const Access<NvDsObjectSignature> signature(self);
  if (!signature) return nullptr;
  if (!signature->signature || signature->size == 0) Py_RETURN_NONE;
  return PyFloat_FromDouble(signature->signature[0]);
}

// pyds keeps a pointer to a number that is gone; here the struct owns what is set, one number or a sequence.
int set_signature(PyObject* self, PyObject* value, void*) {
  if (!checked<NvDsObjectSignature>(self)) return -1;
  if (!value) return refuse_delete("NvDsObjectSignature", "signature");
  nb::object items = nb::steal(PyNumber_Check(value) && !PySequence_Check(value)
                                   ? PyTuple_Pack(1, value)
                                   : PySequence_Fast(value, "NvDsObjectSignature.signature: expected numbers"));
  if (!items) return -1;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(items.ptr());
  auto numbers = std::unique_ptr<double, decltype(&g_free)>(g_new0(double, static_cast<gsize>(count)), g_free);
  for (Py_ssize_t i = 0; i < count && i < PySequence_Fast_GET_SIZE(items.ptr()); ++i)
    if (!float_from(PySequence_Fast_GET_ITEM(items.ptr(), i), "NvDsObjectSignature", "signature", numbers.get()[i]))
      return -1;
  const auto& ground = as_wrapper(self)->ground;
  LockedMeta lock(ground.root);
  auto* signature = checked<NvDsObjectSignature>(self);
  if (!signature) return -1;
  Later{base_of(ground.root)->lease}(signature->signature);
  *signature = {numbers.release(), static_cast<guint>(count)};
  return 0;
}

void release_signature(void* data) { g_free(static_cast<NvDsObjectSignature*>(data)->signature); }

void bind_places(nb::module_& m) {
  using R = NvDsRect;
  static PyGetSetDef rect_fields[] = {
      field<&R::top>("top"), field<&R::left>("left"), field<&R::width>("width"), field<&R::height>("height"), {}};
  define<R>(m, "NvDsRect", rect_fields);

  using G = NvDsGeoLocation;
  static PyGetSetDef location_fields[] = {field<&G::lat>("lat"), field<&G::lon>("lon"), field<&G::alt>("alt"), {}};
  define<G>(m, "NvDsGeoLocation", location_fields);

  using C = NvDsCoordinate;
  static PyGetSetDef coordinate_fields[] = {field<&C::x>("x"), field<&C::y>("y"), field<&C::z>("z"), {}};
  define<C>(m, "NvDsCoordinate", coordinate_fields);

  using S = NvDsObjectSignature;
  static PyGetSetDef signature_fields[] = {{"signature", first_of_signature, set_signature,
                                            "float | None, set as float | list[float]: the first number", nullptr},
                                           count_of<&S::size, true>("size"),
                                           {}};
  auto& type = define<S>(m, "NvDsObjectSignature", signature_fields);
  type.is_trusted_only = true;
  type.release = release_signature;
}

// --- objects

template <auto Member>
PyObject* get_outlines(PyObject* self, void*) {
  const Access<StructOf<Member>> object(self);
  return object ? plain_glist_of(as_wrapper(self)->ground, object.get()->*Member) : nullptr;
}

// A GList here is a list as it was when it was read, so there is none to take over.
template <auto Member>
int set_outlines(PyObject* self, PyObject* value, void* closure) {
  using S = StructOf<Member>;
  const Access<S> object(self);
  if (!object) return -1;
  if (!value) return refuse_delete(info<S>().name, name_in(closure));
  if (value == Py_None && !(object.get()->*Member)) return 0;
  PyErr_Format(PyExc_ValueError, "%s.%s: lists are made by elements, not by Python", info<S>().name, name_in(closure));
  return -1;
}

template <auto Member>
PyGetSetDef outlines(const char* name) {
  return {name, get_outlines<Member>, set_outlines<Member>, "GList[Any] | None", closure_of(name)};
}

void bind_objects(nb::module_& m) {
  using V = NvDsVehicleObject;
  static PyGetSetDef vehicle_fields[] = {text_or_address<&V::type>("type"),
                                         text_or_address<&V::make>("make"),
                                         text_or_address<&V::model>("model"),
                                         text_or_address<&V::color>("color"),
                                         text_or_address<&V::region>("region"),
                                         text_or_address<&V::license>("license"),
                                         {}};
  define_native<V>(m, "NvDsVehicleObject", vehicle_fields);

  using P = NvDsPersonObject;
  static PyGetSetDef person_fields[] = {text_or_address<&P::gender>("gender"),
                                        text_or_address<&P::hair>("hair"),
                                        text_or_address<&P::cap>("cap"),
                                        text_or_address<&P::apparel>("apparel"),
                                        field<&P::age>("age"),
                                        {}};
  define_native<P>(m, "NvDsPersonObject", person_fields);

  using F = NvDsFaceObject;
  static PyGetSetDef face_fields[] = {
      text_or_address<&F::gender>("gender"),
      text_or_address<&F::hair>("hair"),
      text_or_address<&F::cap>("cap"),
      text_or_address<&F::glasses>("glasses"),
      text_or_address<&F::facialhair>("facialhair"),
      text_or_address<&F::name>("name"),
      text_or_address<&F::eyecolor>("eyecolor"),
      field<&F::age>("age"),
      {},
  };
  define_native<F>(m, "NvDsFaceObject", face_fields);
}

// The strings of these are str in pyds too.
void bind_extended_objects(nb::module_& m) {
  using V = NvDsVehicleObjectExt;
  static PyGetSetDef vehicle_fields[] = {
      text_or_none<&V::type>("type"),     text_or_none<&V::make>("make"),
      text_or_none<&V::model>("model"),   text_or_none<&V::color>("color"),
      text_or_none<&V::region>("region"), text_or_none<&V::license>("license"),
      outlines<&V::mask>("mask"),         {},
  };
  define_native<V>(m, "NvDsVehicleObjectExt", vehicle_fields);

  using P = NvDsPersonObjectExt;
  static PyGetSetDef person_fields[] = {
      text_or_none<&P::gender>("gender"),
      text_or_none<&P::hair>("hair"),
      text_or_none<&P::cap>("cap"),
      text_or_none<&P::apparel>("apparel"),
      field<&P::age>("age"),
      outlines<&P::mask>("mask"),
      {},
  };
  define_native<P>(m, "NvDsPersonObjectExt", person_fields);

  using F = NvDsFaceObjectExt;
  static PyGetSetDef face_fields[] = {
      text_or_none<&F::gender>("gender"),
      text_or_none<&F::hair>("hair"),
      text_or_none<&F::cap>("cap"),
      text_or_none<&F::glasses>("glasses"),
      text_or_none<&F::facialhair>("facialhair"),
      text_or_none<&F::name>("name"),
      text_or_none<&F::eyecolor>("eyecolor"),
      field<&F::age>("age"),
      outlines<&F::mask>("mask"),
      {},
  };
  define_native<F>(m, "NvDsFaceObjectWithExt", face_fields);
}

template <typename T>
nb::object alloc() {
  return owned(new_struct(info<T>()));
}

}  // namespace

const TypeInfo* object_for(NvDsObjectType type) {
  switch (type) {
    case NVDS_OBJECT_TYPE_VEHICLE: return &info<NvDsVehicleObject>();
    case NVDS_OBJECT_TYPE_PERSON: return &info<NvDsPersonObject>();
    case NVDS_OBJECT_TYPE_FACE: return &info<NvDsFaceObject>();
    case NVDS_OBJECT_TYPE_VEHICLE_EXT: return &info<NvDsVehicleObjectExt>();
    case NVDS_OBJECT_TYPE_PERSON_EXT: return &info<NvDsPersonObjectExt>();
    case NVDS_OBJECT_TYPE_FACE_EXT: return &info<NvDsFaceObjectExt>();
    default: return nullptr;
  }
}

void bind_schema(nb::module_& m) {
  bind_places(m);
  bind_objects(m);
  bind_extended_objects(m);
  m.def("alloc_nvds_vehicle_object", alloc<NvDsVehicleObject>, "A NvDsVehicleObject for NvDsEventMsgMeta.extMsg.");
  m.def("alloc_nvds_person_object", alloc<NvDsPersonObject>, "A NvDsPersonObject for NvDsEventMsgMeta.extMsg.");
  m.def("alloc_nvds_face_object", alloc<NvDsFaceObject>, "A NvDsFaceObject for NvDsEventMsgMeta.extMsg.");
}

}  // namespace fluvial::python
