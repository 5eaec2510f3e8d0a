#include "meta/pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace fluvial {
namespace {

ElementHeader* header_of(void* element) { return static_cast<ElementHeader*>(element) - 1; }

}  // namespace

void Pool::init(NvDsMetaType type, std::size_t element_size, guint max_elements, NvDsMetaCopyFunc copy,
                NvDsMetaReleaseFunc release) {
  pool_.meta_type = type;
  pool_.element_size = static_cast<guint>(element_size);
  pool_.max_elements_in_pool = max_elements;
  pool_.num_empty_elements = max_elements;
  pool_.copy_func = copy;
  pool_.release_func = release;
  stride_ = sizeof(ElementHeader) + (element_size + 15) / 16 * 16;
}

Pool::~Pool() {
  g_list_free(pool_.empty_list);
  g_list_free(pool_.full_list);
  for (void* chunk : chunks_) std::free(chunk);
}

void Pool::grow(guint count) {
  void* chunk = std::calloc(count, stride_);
  if (!chunk) throw std::bad_alloc();
  chunks_.push_back(chunk);
  for (guint i = count; i-- > 0;) {
    auto* header = reinterpret_cast<ElementHeader*>(static_cast<char*>(chunk) + i * stride_);
    pool_.empty_list = g_list_prepend(pool_.empty_list, header + 1);
  }
}

void* Pool::acquire(NvDsBatchMeta* batch) {
  if (!pool_.empty_list) {
    // The first chunk is the size the pool was made with; later ones follow DeepStream's rule of growth.
    const bool is_first = chunks_.empty();
    const guint more = is_first ? pool_.max_elements_in_pool : std::min(128U, 2 * pool_.max_elements_in_pool);
    grow(more);
    if (!is_first) {
      pool_.max_elements_in_pool += more;
      pool_.num_empty_elements += more;
    }
  }
  GList* node = pool_.empty_list;
  pool_.empty_list = g_list_remove_link(pool_.empty_list, node);
  pool_.full_list = g_list_concat(node, pool_.full_list);
  --pool_.num_empty_elements;
  ++pool_.num_full_elements;

  header_of(node->data)->generation.fetch_add(1, std::memory_order_acq_rel);
  header_of(node->data)->node = node;
  auto* base = static_cast<NvDsBaseMeta*>(node->data);
  base->batch_meta = batch;
  base->meta_type = pool_.meta_type;
  base->copy_func = pool_.copy_func;
  base->release_func = pool_.release_func;
  base->uContext = nullptr;
  return node->data;
}

bool Pool::give_back(void* element) {
  ElementHeader* header = header_of(element);
  if (!is_in_use(header->generation.load(std::memory_order_acquire))) return false;
  header->generation.fetch_add(1, std::memory_order_acq_rel);
  header->is_listed = 0;
  GList* node = header->node;
  std::memset(element, 0, pool_.element_size);
  pool_.full_list = g_list_remove_link(pool_.full_list, node);
  pool_.empty_list = g_list_concat(node, pool_.empty_list);
  ++pool_.num_empty_elements;
  --pool_.num_full_elements;
  return true;
}

}  // namespace fluvial
