// Words of tensors, as Python writes them.
#pragma once

#include <string>

#include "types/tensor.h"

namespace fluvial {

// "f32" and the like. Throws UndecidableModel for a type that nothing here feeds or reads.
ElementType element_type_named(const std::string& tensor, const std::string& word);

}  // namespace fluvial
