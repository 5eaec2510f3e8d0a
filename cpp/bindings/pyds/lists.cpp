// Functions on whole lists. Python's GList is a list as it was when it was read: what is in it no more is passed over.
#include <algorithm>

#include "bindings/pyds/capsule.h"
#include "bindings/pyds/pooled.h"
#include "meta/batch_buffer.h"

namespace fluvial::python {
namespace {

// The nodes from a GList object on; empty for None. TypeError unless they are of this type.
class Rest {
 public:
  Rest(nb::handle glist, const TypeInfo& type) {
    if (glist.is_none()) return;
    node_ = node_of_glist(glist.ptr());
    if (!node_ || node_->list->type != &type)
      throw nb::type_error((std::string("expected a GList of ") + type.name + " or None").c_str());
  }
  Node* begin() const { return node_; }
  Node* end() const { return node_ ? node_->list->nodes + node_->list->count : nullptr; }
  Root* root() const { return node_ ? node_->list->root : nullptr; }

 private:
  Node* node_ = nullptr;
};

// Two batches at once, the same first whoever asks.
class LockedBoth {
 public:
  LockedBoth(NvDsBatchMeta* a, NvDsBatchMeta* b) : first_(std::min(a, b)), second_(std::max(a, b)) {}

 private:
  LockedMeta first_, second_;
};

// void copy(list, owner): what is in the list is added to the owner, as copies.
template <auto Copy, typename E, typename O>
void def_copy(nb::module_& m, const char* name, const char* list_name, const char* owner_name) {
  m.def(
      name,
      [](nb::handle list, Meta<O> owner) {
        const Rest rest(list, info<E>());
        if (!rest.begin()) return;
        NvDsBatchMeta* to = batch_of(owner);
        LockedBoth lock(rest.root()->batch, to);
        O* data = owner.get();  // waiting may have let it go
        GList* elements = nullptr;
        for (const Node& node : rest)
          if (is_good(ground_of(&node))) elements = g_list_prepend(elements, node.data);
        elements = g_list_reverse(elements);
        {
          nb::gil_scoped_release release;  // copy functions in Python take it
          Copy(elements, data);
        }
        g_list_free(elements);
      },
      nb::arg(list_name).none(), nb::arg(owner_name));
}

nb::object nth_frame(nb::handle list, unsigned index) {
  const Rest rest(list, info<NvDsFrameMeta>());
  if (index >= static_cast<std::size_t>(rest.end() - rest.begin())) return nb::none();
  const Node& node = rest.begin()[index];
  const Ground ground = ground_of(&node);
  if (!is_good(ground)) {
    set_stale(info<NvDsFrameMeta>().name, ground);
    throw nb::python_error();
  }
  return nb::steal(wrap(info<NvDsFrameMeta>(), node.data, ground));
}

// --- nvds_clear_meta_list: pyds frees the elements and leaves the owner's list pointing at them; here they leave it
// too

// Out of the list it is in, wherever in the batch that is; what is in none stays. A release function in Python may do
// anything, so nothing is walked further once the element has gone.
void remove_frame(NvDsBatchMeta* batch, void* element) {
  nvds_remove_frame_meta_from_batch(batch, static_cast<NvDsFrameMeta*>(element));
}

// Calls remove(frame) for each frame until the element has gone.
template <typename Remove>
void remove_from_frames(NvDsBatchMeta* batch, const void* element, Remove remove) {
  const auto generation = generation_of(element);
  const auto is_there = [=] { return generation_of(element) == generation; };
  for (GList* node = batch->frame_meta_list; node && is_there();) {
    auto* frame = static_cast<NvDsFrameMeta*>(node->data);
    node = node->next;
    remove(frame, is_there);
  }
}

void remove_object(NvDsBatchMeta* batch, void* element) {
  remove_from_frames(batch, element, [=](NvDsFrameMeta* frame, const auto&) {
    nvds_remove_obj_meta_from_frame(frame, static_cast<NvDsObjectMeta*>(element));
  });
}

void remove_display(NvDsBatchMeta* batch, void* element) {
  remove_from_frames(batch, element, [=](NvDsFrameMeta* frame, const auto&) {
    nvds_remove_display_meta_from_frame(frame, static_cast<NvDsDisplayMeta*>(element));
  });
}

void remove_classifier(NvDsBatchMeta* batch, void* element) {
  remove_from_frames(batch, element, [=](NvDsFrameMeta* frame, const auto& is_there) {
    for (GList* node = frame->obj_meta_list; node && is_there();) {
      auto* object = static_cast<NvDsObjectMeta*>(node->data);
      node = node->next;
      nvds_remove_classifier_meta_from_obj(object, static_cast<NvDsClassifierMeta*>(element));
    }
  });
}

void remove_label(NvDsBatchMeta* batch, void* element) {
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list))  // labels have no functions of anybody's
    for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list))
      for (auto* classifier : each<NvDsClassifierMeta>(object->classifier_meta_list))
        nvds_remove_label_info_meta_from_classifier(classifier, static_cast<NvDsLabelInfo*>(element));
}

void remove_user(NvDsBatchMeta* batch, void* element) {
  auto* user = static_cast<NvDsUserMeta*>(element);
  nvds_remove_user_meta_from_batch(batch, user);
  remove_from_frames(batch, element, [=](NvDsFrameMeta* frame, const auto& is_there) {
    nvds_remove_user_meta_from_frame(frame, user);
    if (!is_there()) return;
    for (GList* node = frame->obj_meta_list; node && is_there();) {
      auto* object = static_cast<NvDsObjectMeta*>(node->data);
      node = node->next;
      nvds_remove_user_meta_from_object(object, user);
    }
  });
}

using Remove = void (*)(NvDsBatchMeta* batch, void* element);

Remove remover_in(NvDsBatchMeta* batch, const NvDsMetaPool* pool) {
  if (pool == batch->frame_meta_pool) return remove_frame;
  if (pool == batch->obj_meta_pool) return remove_object;
  if (pool == batch->display_meta_pool) return remove_display;
  if (pool == batch->classifier_meta_pool) return remove_classifier;
  if (pool == batch->label_info_meta_pool) return remove_label;
  if (pool == batch->user_meta_pool) return remove_user;
  throw nb::value_error("meta_pool is not one of this batch's pools");
}

nb::object clear(Meta<NvDsBatchMeta> owner, nb::handle list, Meta<NvDsMetaPool> from) {
  NvDsBatchMeta* batch = batch_of(owner);
  LockedMeta lock(batch);
  owner.get();
  NvDsMetaPool* pool = from.get();
  const Remove remove = remover_in(batch, pool);
  const Rest rest(list, *type_in(pool));
  if (rest.root() && rest.root()->batch != batch) throw nb::value_error("meta_list is another batch's");
  for (const Node& node : rest)
    if (is_good(ground_of(&node))) remove(batch, node.data);
  return nb::none();  // what is left of the list
}

}  // namespace

void bind_lists(nb::module_& m) {
  using B = NvDsBatchMeta;
  using F = NvDsFrameMeta;
  using O = NvDsObjectMeta;
  using D = NvDsDisplayMeta;
  using U = NvDsUserMeta;
  def_copy<nvds_copy_frame_meta_list, F, B>(m, "nvds_copy_frame_meta_list", "src_frame_meta_list", "dst_batch_meta");
  def_copy<nvds_copy_obj_meta_list, O, F>(m, "nvds_copy_obj_meta_list", "src_obj_meta_list", "dst_object_meta");
  def_copy<nvds_copy_display_meta_list, D, F>(m, "nvds_copy_display_meta_list", "src_display_meta", "dst_frame_meta");
  def_copy<nvds_copy_batch_user_meta_list, U, B>(m, "nvds_copy_batch_user_meta_list", "src_user_meta_list",
                                                 "dst_batch_meta");
  def_copy<nvds_copy_frame_user_meta_list, U, F>(m, "nvds_copy_frame_user_meta_list", "src_user_meta_list",
                                                 "dst_frame_meta");
  m.def("nvds_get_nth_frame_meta", nth_frame, nb::arg("frame_meta_list").none(), nb::arg("index"),
        "The frame this many nodes behind the given one; None behind the end.");
  m.def("nvds_clear_meta_list", clear, nb::arg("batch_meta"), nb::arg("meta_list").none(), nb::arg("meta_pool"),
        "Removes the elements from this node on; gives None, the empty list.");
}

}  // namespace fluvial::python
