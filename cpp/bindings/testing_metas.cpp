// _core._testing: what elements of other kinds leave on a batch, in its simplest form. Given hash(buffer).
#include "bindings/buffers.h"
#include "bindings/face.h"

namespace fluvial::python {
namespace {

NvDsFrameMeta* first_frame(nb::handle buffer) {
  return static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(buffer_at(buffer).get())->frame_meta_list->data);
}

// T is a struct with C's or C++'s members; whatever hangs on it is a part of T too.
template <typename T>
NvDsUserMeta* new_user_meta(nb::handle buffer, NvDsMetaType type, T* data) {
  auto* user = nvds_acquire_user_meta_from_pool(first_frame(buffer)->base_meta.batch_meta);
  user->user_meta_data = data;  // its first member is what Python sees
  user->base_meta.meta_type = type;
  user->base_meta.release_func = [](gpointer meta, gpointer) {
    delete static_cast<T*>(static_cast<NvDsUserMeta*>(meta)->user_meta_data);
  };
  return user;
}

template <typename T>
void add_to_frame(nb::handle buffer, NvDsMetaType type, T* data) {
  nvds_add_user_meta_to_frame(first_frame(buffer), new_user_meta(buffer, type, data));
}

// 2 rows of 3 vectors: (0, 0) (1, -1) ... (5, -5).
void add_optical_flow(nb::handle buffer) {
  struct Flow {
    NvDsOpticalFlowMeta meta;
    NvOFFlowVector vectors[6];
  };
  auto* flow = new Flow{};
  for (short i = 0; i < 6; ++i) flow->vectors[i] = {i, static_cast<short>(-i)};
  flow->meta.rows = 2;
  flow->meta.cols = 3;
  flow->meta.mv_size = sizeof(NvOFFlowVector);
  flow->meta.frame_num = 7;
  flow->meta.data = flow->vectors;
  add_to_frame(buffer, NVDS_OPTICAL_FLOW_META, flow);
}

// A frame's, and one for its first object if it has one.
void add_analytics(nb::handle buffer) {
  NvDsFrameMeta* frame = first_frame(buffer);
  auto* counts = new NvDsAnalyticsFrameMeta{};
  counts->ocStatus = {{"door", true}};
  counts->objInROIcnt = {{"door", 2}};
  counts->objLCCurrCnt = {{"line", 1}};
  counts->objLCCumCnt = {{"line", 1ULL << 40}};
  counts->objCnt = {{0, 3}, {2, 1}};
  counts->unique_id = 9;
  add_to_frame(buffer, NVDS_FRAME_META_NVDSANALYTICS, counts);
  if (!frame->obj_meta_list) return;
  auto* status = new NvDsAnalyticsObjInfo{};
  status->roiStatus = {"door", "yard"};
  status->lcStatus = {"line"};
  status->dirStatus = "DIR:north";
  status->unique_id = 9;
  nvds_add_user_meta_to_obj(static_cast<NvDsObjectMeta*>(frame->obj_meta_list->data),
                            new_user_meta(buffer, NVDS_OBJ_META_NVDSANALYTICS, status));
}

// A vector of 4: 0, 0.5, 1, 1.5.
void add_reid(nb::handle buffer) {
  struct Reid {
    NvDsObjReid meta;
    float vector[4];
  };
  auto* reid = new Reid{{4, nullptr, nullptr}, {0, 0.5F, 1, 1.5F}};
  reid->meta.ptr_host = reid->vector;
  add_to_frame(buffer, NVDS_TRACKER_OBJ_REID_META, reid);
}

// One region of the first frame, in a tensor "input" of 1 x 3 x 2 x 2 floats.
void add_preprocessed(nb::handle buffer) {
  struct Prepared {
    GstNvDsPreProcessBatchMeta meta;
    NvDsPreProcessTensorMeta tensor;
    float values[12];
  };
  auto* prepared = new Prepared{};
  prepared->tensor.raw_tensor_buffer = prepared->values;
  prepared->tensor.buffer_size = sizeof(prepared->values);
  prepared->tensor.tensor_shape = {1, 3, 2, 2};
  prepared->tensor.tensor_name = "input";
  prepared->tensor.data_type = NvDsDataType_FP32;
  prepared->meta.target_unique_ids = {1, 2};
  prepared->meta.tensor_meta = &prepared->tensor;
  NvDsRoiMeta roi{};
  roi.roi.width = 32;
  roi.scale_ratio_x = 0.5;
  roi.frame_meta = first_frame(buffer);
  prepared->meta.roi_vector = {roi};
  auto* batch = first_frame(buffer)->base_meta.batch_meta;
  nvds_add_user_meta_to_batch(batch, new_user_meta(buffer, NVDS_PREPROCESS_BATCH_META, prepared));
}

// A message about a vehicle, and a payload of 5 bytes, as elements in C make them.
void add_message(nb::handle buffer) {
  struct Message {
    NvDsEventMsgMeta meta;
    NvDsVehicleObjectExt vehicle;
    GList outline;
    int corner;
  };
  auto* message = new Message{};
  static char truck[] = "truck";
  message->vehicle.type = truck;
  message->vehicle.mask = &message->outline;
  message->outline.data = &message->corner;
  message->meta.objType = NVDS_OBJECT_TYPE_VEHICLE_EXT;
  message->meta.extMsg = &message->vehicle;
  message->meta.extMsgSize = sizeof(message->vehicle);
  add_to_frame(buffer, NVDS_EVENT_MSG_META, message);

  struct Payload {
    NvDsPayload meta;
    char text[6];
  };
  auto* payload = new Payload{{nullptr, 5, 3}, "hello"};
  payload->meta.payload = payload->text;
  add_to_frame(buffer, NVDS_PAYLOAD_META, payload);
}

// What an element would see of the frame's first message: extMsg's first string, or None.
nb::object type_of_message_object(nb::handle buffer) {
  for (GList* node = first_frame(buffer)->frame_user_meta_list; node; node = node->next) {
    auto* user = static_cast<NvDsUserMeta*>(node->data);
    if (user->base_meta.meta_type != NVDS_EVENT_MSG_META) continue;
    const auto* meta = static_cast<const NvDsEventMsgMeta*>(user->user_meta_data);
    const char* first = meta->extMsgSize > 0 ? *static_cast<char* const*>(meta->extMsg) : nullptr;
    return first ? nb::object(nb::str(first)) : nb::object(nb::none());
  }
  return nb::none();
}

}  // namespace

void bind_testing_metas(nb::module_& m) {
  m.def("add_optical_flow", add_optical_flow, nb::arg("buffer"));
  m.def("add_analytics", add_analytics, nb::arg("buffer"));
  m.def("add_reid", add_reid, nb::arg("buffer"));
  m.def("add_preprocessed", add_preprocessed, nb::arg("buffer"));
  m.def("add_message", add_message, nb::arg("buffer"));
  m.def("type_of_message_object", type_of_message_object, nb::arg("buffer"));
}

}  // namespace fluvial::python
