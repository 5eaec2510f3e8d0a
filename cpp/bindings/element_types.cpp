#include "bindings/element_types.h"

#include "algo/inspect.h"

namespace fluvial {

ElementType element_type_named(const std::string& tensor, const std::string& word) {
  for (const auto type :
       {ElementType::f32, ElementType::f16, ElementType::i8, ElementType::u8, ElementType::i32, ElementType::i64})
    if (word == word_of(type)) return type;
  throw UndecidableModel("tensor '" + tensor + "': element type " + word +
                         " is not supported; allowed: f32, f16, i8, u8, i32, i64");
}

}  // namespace fluvial
