#pragma once

// The shared meta library hides its symbols by default; what plugin, bindings and users call is marked.
#define FLUVIAL_EXPORT __attribute__((visibility("default")))
