// Adding, removing and clearing elements: what the functions of nvdsmeta.h trust their callers with is checked here.
#pragma once

#include "bindings/buffers.h"
#include "bindings/pyds/field.h"

namespace fluvial::python {

// What lives in a pool, by the pool's own type; nullptr: nothing that Python knows.
const TypeInfo* type_in(const NvDsMetaPool* pool);

// The element must be of a pool of this batch.
template <typename T>
void expect_of(const Meta<T>& element, const NvDsBatchMeta* batch, bool is_new) {
  T* data = element.get();
  if (!element.ground().element || data->base_meta.batch_meta != batch)
    throw nb::value_error("the element does not come from this batch's pool (nvds_acquire_...)");
  if (is_new && is_listed(data)) throw nb::value_error("the element is in a list already");
}

template <typename T>
NvDsBatchMeta* batch_of(const Meta<T>& owner) {
  if constexpr (std::is_same_v<T, NvDsBatchMeta>) {
    return arena_batch(owner);
  } else {
    NvDsBatchMeta* batch = owner.get()->base_meta.batch_meta;
    if (!owner.ground().element || !batch)
      throw nb::value_error("the owner was made in Python, not taken from a batch's pool");
    return batch;
  }
}

// void add(owner, element)
template <auto Add, typename O, typename E>
void def_add(nb::module_& m, const char* name, const char* owner_name, const char* element_name) {
  m.def(
      name,
      [](Meta<O> owner, Meta<E> element) {
        NvDsBatchMeta* batch = batch_of(owner);
        LockedMeta lock(batch);
        expect_of(element, batch, true);
        Add(owner.get(), element.get());
      },
      nb::arg(owner_name), nb::arg(element_name));
}

// void remove(owner, element). An element that is not in the owner's list stays where it is.
template <auto Remove, typename O, typename E>
void def_remove(nb::module_& m, const char* name, const char* owner_name, const char* element_name) {
  m.def(
      name,
      [](Meta<O> owner, Meta<E> element) {
        NvDsBatchMeta* batch = batch_of(owner);
        LockedMeta lock(batch);
        expect_of(element, batch, false);
        Remove(owner.get(), element.get());
      },
      nb::arg(owner_name), nb::arg(element_name));
}

// void clear(owner, list): the list given is the owner's whole one, whatever node it starts from.
template <auto Clear, typename O>
void def_clear(nb::module_& m, const char* name, const char* owner_name) {
  m.def(
      name,
      [](Meta<O> owner, nb::handle) {
        NvDsBatchMeta* batch = batch_of(owner);
        LockedMeta lock(batch);
        Clear(owner.get(), nullptr);
      },
      nb::arg(owner_name), nb::arg("meta_list").none());
}

}  // namespace fluvial::python
