// What one library of a process makes for another, by kind and name.
//
// The extension offers backends that are Python objects; the plugin, which knows no Python, asks for them by name. One
// a process, in the library that both share. Any thread; the maker is called without a lock, so it may take the GIL.
#pragma once

#include <string>
#include <vector>

#include "meta/export.h"

namespace fluvial {

// Returns an object that the caller owns; of which type, and of what argument, the kind says. Throws
// std::runtime_error.
using MakeOffered = void* (*)(void* context, const void* argument);

// Replaces an offer of the same name. `release` is called once the offer is withdrawn and nobody makes anything of it.
extern "C" FLUVIAL_EXPORT void fluvial_offer(const char* kind, const char* name, MakeOffered make, void* context,
                                             void (*release)(void* context));
extern "C" FLUVIAL_EXPORT void fluvial_withdraw(const char* kind, const char* name);

// nullptr: nobody offers it.
extern "C" FLUVIAL_EXPORT void* fluvial_make(const char* kind, const char* name, const void* argument);

// Those that are offered, sorted.
FLUVIAL_EXPORT std::vector<std::string> offered_names(const char* kind);

constexpr const char* offered_backend = "backend";  // fluvial::Backend, of a model's path (const char*)
constexpr const char* offered_parser = "parser";    // fluvial::HeadDecoder, of a fluvial::ParserInfo (types/parser.h)

}  // namespace fluvial
