// pyds's enums: names as there, values as in the headers; those that no header here has yet stand as numbers.
#include "bindings/pyds/enums.h"

#include <glib.h>

#include <string>

#include "bindings/pyds/classes.h"
#include "nvdsmeta_schema.h"

namespace fluvial::python {
namespace {

struct EnumObject {
  PyObject_HEAD long long value;
};

PyTypeObject* base_type = nullptr;

std::vector<EnumInfo*>& enums() {
  static std::vector<EnumInfo*> all;  // filled while the module is made
  return all;
}

const EnumInfo* info_of(PyTypeObject* type) {
  for (const EnumInfo* info : enums())
    if (info->type == type) return info;
  return nullptr;
}

PyObject* new_object(PyTypeObject* type, long long value) {
  auto* object = PyObject_New(EnumObject, type);
  if (object) object->value = value;
  return reinterpret_cast<PyObject*>(object);
}

PyObject* construct(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"value", nullptr};
  PyObject* number = nullptr;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O", const_cast<char**>(names), &number)) return nullptr;
  const EnumInfo* info = info_of(type);
  if (!info) return PyErr_Format(PyExc_TypeError, "%s cannot be made", type->tp_name);
  if (Py_TYPE(number) == type) return Py_NewRef(number);
  PyObject* index = PyNumber_Index(number);
  const long long value = index ? PyLong_AsLongLong(index) : -1;
  Py_XDECREF(index);
  return PyErr_Occurred() ? nullptr : enum_object(*info, value);
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyObject* name_string(PyObject* self) {
  const long long value = enum_value(self);
  PyObject* members = PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(self)), "__members__");
  if (!members) return nullptr;
  PyObject *name = nullptr, *member = nullptr, *found = nullptr;
  Py_ssize_t at = 0;
  while (!found && PyDict_Next(members, &at, &name, &member))
    if (enum_value(member) == value) found = Py_NewRef(name);
  Py_DECREF(members);
  return found ? found : PyUnicode_FromString("???");
}

PyObject* get_name(PyObject* self, void*) { return name_string(self); }
PyObject* get_value(PyObject* self, void*) { return PyLong_FromLongLong(enum_value(self)); }
PyObject* as_int(PyObject* self) { return PyLong_FromLongLong(enum_value(self)); }

const char* short_name(PyObject* self) {
  const EnumInfo* info = info_of(Py_TYPE(self));
  return info ? info->name : "enum";
}

PyObject* str(PyObject* self) {
  PyObject* name = name_string(self);
  PyObject* text = name ? PyUnicode_FromFormat("%s.%U", short_name(self), name) : nullptr;
  Py_XDECREF(name);
  return text;
}

PyObject* repr(PyObject* self) {
  PyObject* name = name_string(self);
  PyObject* text = name ? PyUnicode_FromFormat("<%s.%U: %lld>", short_name(self), name, enum_value(self)) : nullptr;
  Py_XDECREF(name);
  return text;
}

Py_hash_t hash(PyObject* self) {
  PyObject* number = as_int(self);
  const Py_hash_t value = number ? PyObject_Hash(number) : -1;
  Py_XDECREF(number);
  return value;
}

PyObject* compare(PyObject* self, PyObject* other, int how) {
  if (how != Py_EQ && how != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  if (PyObject_TypeCheck(other, base_type))
    return PyBool_FromLong((enum_value(self) == enum_value(other)) == (how == Py_EQ));
  PyObject* number = as_int(self);
  PyObject* result = number ? PyObject_RichCompare(number, other, how) : nullptr;
  Py_XDECREF(number);
  return result;
}

PyObject* reduce(PyObject* self, PyObject*) { return Py_BuildValue("(O(L))", Py_TYPE(self), enum_value(self)); }

PyTypeObject* make_base() {
  static PyGetSetDef fields[] = {
      {"name", get_name, nullptr, "str", nullptr}, {"value", get_value, nullptr, "int", nullptr}, {}};
  static PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                                {Py_tp_getset, fields},
                                {Py_tp_methods, methods},
                                {Py_tp_str, reinterpret_cast<void*>(str)},
                                {Py_tp_repr, reinterpret_cast<void*>(repr)},
                                {Py_tp_hash, reinterpret_cast<void*>(hash)},
                                {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
                                {Py_nb_int, reinterpret_cast<void*>(as_int)},
                                {Py_nb_index, reinterpret_cast<void*>(as_int)},
                                {0, nullptr}};
  static PyType_Spec spec = {"pyds._Enum", sizeof(EnumObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

PyTypeObject* make_type(const char* name) {
  PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(construct)}, {0, nullptr}};
  PyType_Spec spec = {g_intern_string((std::string("pyds.") + name).c_str()), sizeof(EnumObject), 0, Py_TPFLAGS_DEFAULT,
                      slots};
  nb::object bases = nb::steal(PyTuple_Pack(1, base_type));
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpecWithBases(&spec, bases.ptr()));
}

}  // namespace

long long enum_value(PyObject* object) { return reinterpret_cast<EnumObject*>(object)->value; }

PyObject* enum_object(const EnumInfo& info, long long value) {
  for (const auto& [known, member] : info.members)
    if (known == value) return Py_NewRef(member);
  return new_object(info.type, value);
}

void define_enum(nb::module_& m, EnumInfo& info, const char* name, std::initializer_list<EnumMember> members) {
  if (!base_type) base_type = make_base();
  info.name = name;
  info.type = base_type ? make_type(name) : nullptr;
  if (!info.type) throw nb::python_error();
  enums().push_back(&info);
  nb::object cls = nb::borrow(reinterpret_cast<PyObject*>(info.type));
  nb::dict by_name;
  for (const auto& member : members) {
    nb::object object = nb::steal(new_object(info.type, member.value));
    by_name[member.name] = object;
    cls.attr(member.name) = object;
    m.attr(member.name) = object;
    bool is_new = true;
    for (const auto& known : info.members) is_new = is_new && known.first != member.value;
    if (is_new) info.members.emplace_back(member.value, object.release().ptr());
  }
  cls.attr("__members__") = by_name;
  m.attr(name) = cls;
}

// clang-format off: a table, read across
#define M(member) \
  { #member, member }
void bind_enums(nb::module_& m) {
  define_enum(m, enum_info<GstNvDsMetaType>(), "GstNvDsMetaType",
              {
                  M(NVDS_GST_INVALID_META),
                  M(NVDS_BATCH_GST_META),
                  M(NVDS_DECODER_GST_META),
                  M(NVDS_DEWARPER_GST_META),
                  M(NVDS_RESERVED_GST_META),
                  M(NVDS_GST_META_FORCE32),
              });
  define_enum(m, enum_info<NvBufSurfaceMemMapFlags>(), "NvBufSurfaceMemMapFlags",
              {
                  M(NVBUF_MAP_READ),
                  M(NVBUF_MAP_WRITE),
                  M(NVBUF_MAP_READ_WRITE),
              });
  define_enum(m, enum_info<NvBufSurfaceColorFormat>(), "NvBufSurfaceColorFormat",
              {
                  M(NVBUF_COLOR_FORMAT_INVALID),
                  M(NVBUF_COLOR_FORMAT_GRAY8),
                  M(NVBUF_COLOR_FORMAT_YUV420),
                  M(NVBUF_COLOR_FORMAT_YVU420),
                  M(NVBUF_COLOR_FORMAT_YUV420_ER),
                  M(NVBUF_COLOR_FORMAT_YVU420_ER),
                  M(NVBUF_COLOR_FORMAT_NV12),
                  M(NVBUF_COLOR_FORMAT_NV12_ER),
                  M(NVBUF_COLOR_FORMAT_NV21),
                  M(NVBUF_COLOR_FORMAT_NV21_ER),
                  M(NVBUF_COLOR_FORMAT_UYVY),
                  M(NVBUF_COLOR_FORMAT_UYVY_ER),
                  M(NVBUF_COLOR_FORMAT_VYUY),
                  M(NVBUF_COLOR_FORMAT_VYUY_ER),
                  M(NVBUF_COLOR_FORMAT_YUYV),
                  M(NVBUF_COLOR_FORMAT_YUYV_ER),
                  M(NVBUF_COLOR_FORMAT_YVYU),
                  M(NVBUF_COLOR_FORMAT_YVYU_ER),
                  M(NVBUF_COLOR_FORMAT_YUV444),
                  M(NVBUF_COLOR_FORMAT_RGBA),
                  M(NVBUF_COLOR_FORMAT_BGRA),
                  M(NVBUF_COLOR_FORMAT_ARGB),
                  M(NVBUF_COLOR_FORMAT_ABGR),
                  M(NVBUF_COLOR_FORMAT_RGBx),
                  M(NVBUF_COLOR_FORMAT_BGRx),
                  M(NVBUF_COLOR_FORMAT_xRGB),
                  M(NVBUF_COLOR_FORMAT_xBGR),
                  M(NVBUF_COLOR_FORMAT_RGB),
                  M(NVBUF_COLOR_FORMAT_BGR),
                  M(NVBUF_COLOR_FORMAT_NV12_10LE),
                  M(NVBUF_COLOR_FORMAT_NV12_12LE),
                  M(NVBUF_COLOR_FORMAT_YUV420_709),
                  M(NVBUF_COLOR_FORMAT_YUV420_709_ER),
                  M(NVBUF_COLOR_FORMAT_NV12_709),
                  M(NVBUF_COLOR_FORMAT_NV12_709_ER),
                  M(NVBUF_COLOR_FORMAT_YUV420_2020),
                  M(NVBUF_COLOR_FORMAT_NV12_2020),
                  M(NVBUF_COLOR_FORMAT_NV12_10LE_ER),
                  M(NVBUF_COLOR_FORMAT_NV12_10LE_709),
                  M(NVBUF_COLOR_FORMAT_NV12_10LE_709_ER),
                  M(NVBUF_COLOR_FORMAT_NV12_10LE_2020),
                  M(NVBUF_COLOR_FORMAT_SIGNED_R16G16),
                  M(NVBUF_COLOR_FORMAT_LAST),
              });
  define_enum(m, enum_info<NvBufSurfaceLayout>(), "NvBufSurfaceLayout",
              {
                  M(NVBUF_LAYOUT_PITCH),
                  M(NVBUF_LAYOUT_BLOCK_LINEAR),
              });
  define_enum(m, enum_info<NvBufSurfaceMemType>(), "NvBufSurfaceMemType",
              {
                  M(NVBUF_MEM_DEFAULT),
                  M(NVBUF_MEM_CUDA_PINNED),
                  M(NVBUF_MEM_CUDA_DEVICE),
                  M(NVBUF_MEM_CUDA_UNIFIED),
                  M(NVBUF_MEM_SURFACE_ARRAY),
                  M(NVBUF_MEM_HANDLE),
                  M(NVBUF_MEM_SYSTEM),
              });
  define_enum(m, enum_info<NvDsInferDataType>(), "NvDsInferDataType",
              {
                  M(FLOAT),
                  M(HALF),
                  M(INT8),
                  M(INT32),
              });
  define_enum(m, enum_info<NvDsMetaType>(), "NvDsMetaType",
              {
                  M(NVDS_INVALID_META),
                  M(NVDS_BATCH_META),
                  M(NVDS_FRAME_META),
                  M(NVDS_OBJ_META),
                  M(NVDS_DISPLAY_META),
                  M(NVDS_CLASSIFIER_META),
                  M(NVDS_LABEL_INFO_META),
                  M(NVDS_USER_META),
                  M(NVDS_PAYLOAD_META),
                  M(NVDS_EVENT_MSG_META),
                  M(NVDS_OPTICAL_FLOW_META),
                  M(NVDS_LATENCY_MEASUREMENT_META),
                  M(NVDSINFER_TENSOR_OUTPUT_META),
                  M(NVDSINFER_SEGMENTATION_META),
                  M(NVDS_CROP_IMAGE_META),
                  M(NVDS_TRACKER_PAST_FRAME_META),
                  M(NVDS_TRACKER_BATCH_REID_META),
                  M(NVDS_TRACKER_OBJ_REID_META),
                  M(NVDS_AUDIO_BATCH_META),
                  M(NVDS_AUDIO_FRAME_META),
                  M(NVDS_RESERVED_META),
                  M(NVDS_GST_CUSTOM_META),
                  M(NVDS_START_USER_META),
                  M(NVDS_FORCE32_META),
                  M(NVDS_PREPROCESS_BATCH_META),
                  M(NVDS_FRAME_META_NVDSANALYTICS),
                  M(NVDS_OBJ_META_NVDSANALYTICS),
              });
  define_enum(m, enum_info<NvOSD_Mode>(), "NvOSD_Mode",
              {
                  M(MODE_CPU),
                  M(MODE_GPU),
                  M(MODE_NONE),
              });
  define_enum(m, enum_info<NvOSD_Arrow_Head_Direction>(), "NvOSD_Arrow_Head_Direction",
              {
                  M(START_HEAD),
                  M(END_HEAD),
                  M(BOTH_HEAD),
              });
  define_enum(m, enum_info<NvDsEventType>(), "NvDsEventType",
              {
                  M(NVDS_EVENT_ENTRY),
                  M(NVDS_EVENT_EXIT),
                  M(NVDS_EVENT_MOVING),
                  M(NVDS_EVENT_STOPPED),
                  M(NVDS_EVENT_EMPTY),
                  M(NVDS_EVENT_PARKED),
                  M(NVDS_EVENT_RESET),
                  M(NVDS_EVENT_RESERVED),
                  M(NVDS_EVENT_CUSTOM),
                  M(NVDS_EVENT_FORCE32),
              });
  define_enum(m, enum_info<NvDsObjectType>(), "NvDsObjectType",
              {
                  M(NVDS_OBJECT_TYPE_VEHICLE),
                  M(NVDS_OBJECT_TYPE_PERSON),
                  M(NVDS_OBJECT_TYPE_FACE),
                  M(NVDS_OBJECT_TYPE_BAG),
                  M(NVDS_OBJECT_TYPE_BICYCLE),
                  M(NVDS_OBJECT_TYPE_ROADSIGN),
                  M(NVDS_OBJECT_TYPE_VEHICLE_EXT),
                  M(NVDS_OBJECT_TYPE_PERSON_EXT),
                  M(NVDS_OBJECT_TYPE_FACE_EXT),
                  M(NVDS_OBJECT_TYPE_RESERVED),
                  M(NVDS_OBJECT_TYPE_CUSTOM),
                  M(NVDS_OBJECT_TYPE_UNKNOWN),
                  M(NVDS_OBEJCT_TYPE_FORCE32),
              });
  define_enum(m, enum_info<NvDsPayloadType>(), "NvDsPayloadType",
              {
                  M(NVDS_PAYLOAD_DEEPSTREAM),
                  M(NVDS_PAYLOAD_DEEPSTREAM_MINIMAL),
                  M(NVDS_PAYLOAD_RESERVED),
                  M(NVDS_PAYLOAD_CUSTOM),
                  M(NVDS_PAYLOAD_FORCE32),
              });
  define_enum(m, enum_info<NvDsDataType>(), "NvDsDataType",
              {
                  M(NvDsDataType_FP32),
                  M(NvDsDataType_UINT8),
                  M(NvDsDataType_INT8),
                  M(NvDsDataType_UINT32),
                  M(NvDsDataType_INT32),
                  M(NvDsDataType_FP16),
              });
  define_enum(m, enum_info<NvDsUnitType>(), "NvDsUnitType",
              {
                  M(NvDsUnitType_FullFrame),
                  M(NvDsUnitType_ROI),
                  M(NvDsUnitType_Object),
              });
}
#undef M
// clang-format on

}  // namespace fluvial::python
