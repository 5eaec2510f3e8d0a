#include "bindings/details.h"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "bindings/given.h"
#include "bindings/pyds/user.h"
#include "fluvial/embedding.h"
#include "gstnvdsinfer.h"
#include "meta/batch_buffer.h"
#include "meta/keypoints.h"

namespace fluvial::python {
namespace {

// A NumPy array of zeros, to be filled in.
template <typename T>
struct NewArray {
  explicit NewArray(std::initializer_list<std::size_t> sizes) : shape(sizes) {
    std::size_t count = 1;
    for (std::size_t size : shape) count *= size;
    data = new T[count + 1]();
    owner = nb::capsule(data, [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
  }
  nb::object to_python() const { return nb::cast(nb::ndarray<nb::numpy, T>(data, shape.size(), shape.data(), owner)); }

  std::vector<std::size_t> shape;
  T* data;
  nb::capsule owner;
};

// --- key points

void copy_points(const FluvialKeypoints* from, float* to) {
  static_assert(sizeof(FluvialKeypoint) == 3 * sizeof(float));
  if (from) std::copy_n(&from->points[0].x, 3 * std::size_t{from->count}, to);
}

nb::object keypoints_of(const Object& object) {
  object.get();
  LockedMeta lock(object.footing().root());
  const auto* points = fluvial_get_keypoints_of_obj(object.get());
  const NewArray<float> array({points ? points->count : 0U, 3});
  copy_points(points, array.data);
  return array.to_python();
}

// A list of three numbers a point. False, and no exception, for anything else.
bool points_of_list(nb::handle given, std::vector<FluvialKeypoint>& points) {
  if (!nb::isinstance<nb::list>(given) && !nb::isinstance<nb::tuple>(given)) return false;
  for (nb::handle row : nb::borrow<nb::sequence>(given)) {
    double v[3];
    if (numbers_from(row.ptr(), v, 3, 3) < 0) return false;
    points.push_back({static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2])});
  }
  return true;
}

std::vector<FluvialKeypoint> points_from(nb::handle given) {
  nb::ndarray<const float, nb::shape<-1, 3>, nb::c_contig, nb::device::cpu> array;
  std::vector<FluvialKeypoint> points;
  if (nb::try_cast(given, array)) {
    points.resize(array.shape(0));
    std::copy_n(array.data(), 3 * points.size(), points.empty() ? nullptr : &points[0].x);
  } else if (!points_of_list(given, points)) {
    refuse("keypoints", given, "an array [K, 3] or a list of K points is needed: x, y, confidence; [] for none");
  }
  return points;
}

void set_keypoints(const Object& object, nb::handle given) {
  const auto all = points_from(given);
  object.get();
  LockedMeta lock(object.footing().root());
  auto* meta = object.get();
  for (auto* user : each<NvDsUserMeta>(meta->obj_user_meta_list))
    if (keypoints_in(user)) nvds_remove_user_meta_from_object(meta, user);
  if (!all.empty())
    fluvial_add_keypoints_to_obj(meta, static_cast<guint>(meta->unique_component_id), all.data(),
                                 static_cast<guint>(all.size()));
}

nb::object keypoint_column(const Objects& objects) {
  objects.checked();
  LockedMeta lock(objects.footing().root());
  const auto& entries = objects.checked();
  std::vector<const FluvialKeypoints*> all;
  std::size_t most = 0;
  for (const auto& entry : entries) {
    all.push_back(fluvial_get_keypoints_of_obj(entry.meta));
    most = std::max<std::size_t>(most, all.back() ? all.back()->count : 0);
  }
  const NewArray<float> array({entries.size(), most, 3});
  for (std::size_t i = 0; i < all.size(); ++i) copy_points(all[i], array.data + 3 * most * i);
  return array.to_python();
}

// --- masks

nb::object mask_of(const Object& object) {
  object.get();
  LockedMeta lock(object.footing().root());
  const auto& mask = object.get()->mask_params;
  if (!mask.data || mask.size == 0) return nb::none();
  const std::size_t count = mask.size / sizeof(float);
  // Parsers keep key points here too: those are no picture.
  const bool is_picture = std::size_t{mask.width} * mask.height == count;
  const auto array = is_picture ? NewArray<float>({mask.height, mask.width}) : NewArray<float>({count});
  std::copy_n(mask.data, count, array.data);
  return array.to_python();
}

// --- maps of classes

// The newest; nullptr without. What a program hung there under the same type is not ours to read.
const NvDsInferSegmentationMeta* map_in(GList* users) {
  for (auto* user : each<NvDsUserMeta>(users))
    if (user->base_meta.meta_type == NVDSINFER_SEGMENTATION_META && is_made_by_element(user))
      return static_cast<NvDsInferSegmentationMeta*>(user->user_meta_data);
  return nullptr;
}

GList* users_of(const Object& object) { return object.get()->obj_user_meta_list; }
GList* users_of(const Frame& frame) { return frame.get()->frame_user_meta_list; }

template <typename Owner>
nb::object segmentation_of(const Owner& owner) {
  owner.get();
  LockedMeta lock(owner.footing().root());
  const auto* map = map_in(users_of(owner));
  if (!map || !map->class_map) return nb::none();
  const NewArray<std::int32_t> array({map->height, map->width});
  std::copy_n(map->class_map, std::size_t{map->height} * map->width, array.data);
  return array.to_python();
}

template <typename Owner>
nb::object probabilities_of(const Owner& owner) {
  owner.get();
  LockedMeta lock(owner.footing().root());
  const auto* map = map_in(users_of(owner));
  if (!map || !map->class_probabilities_map) return nb::none();
  const NewArray<float> array({map->classes, map->height, map->width});
  std::copy_n(map->class_probabilities_map, std::size_t{map->classes} * map->height * map->width, array.data);
  return array.to_python();
}

// --- embeddings

template <typename Owner>
nb::object embedding_of(const Owner& owner) {
  owner.get();
  LockedMeta lock(owner.footing().root());
  const auto* embedding = fluvial_get_embedding(users_of(owner));
  if (!embedding) return nb::none();
  const NewArray<float> array({embedding->count});
  std::copy_n(embedding->values, embedding->count, array.data);
  return array.to_python();
}

// Models differ in length: the column is of the first one's, and zeros stand where there is none of that length.
nb::object embedding_column(const Objects& objects) {
  objects.checked();
  LockedMeta lock(objects.footing().root());
  const auto& entries = objects.checked();
  std::vector<const FluvialEmbedding*> all;
  std::size_t count = 0;
  for (const auto& entry : entries) {
    all.push_back(fluvial_get_embedding(entry.meta->obj_user_meta_list));
    if (count == 0 && all.back()) count = all.back()->count;
  }
  const NewArray<float> array({entries.size(), count});
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] && all[i]->count == count) std::copy_n(all[i]->values, count, array.data + count * i);
  return array.to_python();
}

template <typename Owner>
void bind_embedding(nb::class_<Owner>& cls) {
  cls.def_prop_ro(
      "embedding", embedding_of<Owner>, nb::sig("def embedding(self) -> numpy.typing.NDArray[numpy.float32] | None"),
      "float32 [D] of length 1: what it looks like, as a model of embeddings says; the product of two is their "
      "cosine. None without; a copy.");
}

template <typename Owner>
void bind_segmentation(nb::class_<Owner>& cls) {
  cls.def_prop_ro(
      "segmentation", segmentation_of<Owner>,
      nb::sig("def segmentation(self) -> numpy.typing.NDArray[numpy.int32] | None"),
      "int32 [h, w]: the class of each place, -1 where none is sure enough. It covers the whole picture, in the "
      "model's own resolution. None: no model said any; a copy.");
  cls.def_prop_ro(
      "segmentation_probabilities", probabilities_of<Owner>,
      nb::sig("def segmentation_probabilities(self) -> numpy.typing.NDArray[numpy.float32] | None"),
      "float32 [classes, h, w], where the model's settings ask for them (head_options probabilities=yes); a "
      "copy.");
}

}  // namespace

void bind_details(nb::class_<Object>& object) {
  object
      .def_prop_rw(
          "keypoints", keypoints_of, set_keypoints,
          nb::for_getter(nb::sig("def keypoints(self) -> numpy.typing.NDArray[numpy.float32]")),
          nb::for_setter(nb::arg("points").none()),
          nb::for_setter(nb::sig("def keypoints(self, points: numpy.typing.ArrayLike, /) -> None")),
          "float32 [K, 3]: x and y in pixels of the surface, confidence; [0, 3] without any; a copy. May be set to an "
          "array or to a list of points.")
      .def_prop_ro("mask", mask_of, nb::sig("def mask(self) -> numpy.typing.NDArray[numpy.float32] | None"),
                   "float32 [h, w] over the box; a copy. [n] where a parser of DeepStream's put key points there.");
  bind_segmentation(object);
  bind_embedding(object);
}

void bind_details(nb::class_<Objects>& objects) {
  objects.def_prop_ro("embeddings", embedding_column,
                      nb::sig("def embeddings(self) -> numpy.typing.NDArray[numpy.float32]"),
                      "float32 [N, D], each of length 1; zeros stand for what has none.");
  objects.def_prop_ro(
      "keypoints", keypoint_column, nb::sig("def keypoints(self) -> numpy.typing.NDArray[numpy.float32]"),
      "float32 [N, K, 3]: x and y in pixels of the surface, confidence; K is the most that an object has, "
      "and zeros stand for what it has not.");
}

void bind_details(nb::class_<Frame>& frame) {
  bind_segmentation(frame);
  bind_embedding(frame);
}

}  // namespace fluvial::python
