#include "bindings/given.h"

namespace fluvial::python {
namespace {

constexpr std::size_t longest = 80;  // bytes of a value in an error

// Arrays are told by their shape, as their values are many.
std::string words_for(nb::handle given) {
  const std::string type = nb::type_name(given.type()).c_str();
  nb::object shape = nb::getattr(given, "shape", nb::tuple());
  nb::object text = nb::len(shape) > 0 ? nb::str("an array of shape {}").attr("format")(shape) : nb::repr(given);
  std::string words = nb::cast<std::string>(text);
  if (words.size() <= longest) return words;
  std::size_t kept = longest;
  while (kept > 0 && (static_cast<unsigned char>(words[kept]) & 0xC0) == 0x80) --kept;
  return words.substr(0, kept) + "... (" + type + ")";
}

}  // namespace

void refuse(const char* name, nb::handle given, const std::string& needed) {
  std::string words;
  try {
    words = words_for(given);
  } catch (const std::exception&) {  // its own repr() failed
    words = "a " + std::string(nb::type_name(given.type()).c_str());
  }
  throw nb::type_error((std::string(name) + "=" + words + ": " + needed).c_str());
}

}  // namespace fluvial::python
