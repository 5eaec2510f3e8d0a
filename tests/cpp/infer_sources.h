// The plugin is a module that nothing links with: tests of inference compile its sources. Include once in a program.
#pragma once

#include "elements/config_text.cpp"                  // NOLINT
#include "elements/config_values.cpp"                // NOLINT
#include "elements/infer/attach.cpp"                 // NOLINT
#include "elements/infer/attach_embedding.cpp"       // NOLINT
#include "elements/infer/attach_keypoints.cpp"       // NOLINT
#include "elements/infer/attach_masks.cpp"           // NOLINT
#include "elements/infer/attach_segmentation.cpp"    // NOLINT
#include "elements/infer/custom/head.cpp"            // NOLINT
#include "elements/infer/custom/input_layers.cpp"    // NOLINT
#include "elements/infer/custom/offered_parser.cpp"  // NOLINT
#include "elements/infer/custom/parser.cpp"          // NOLINT
#include "elements/infer/decision.cpp"               // NOLINT
#include "elements/infer/feeder.cpp"                 // NOLINT
#include "elements/infer/flow_queue.cpp"             // NOLINT
#include "elements/infer/gpu/pictures.cpp"           // NOLINT
#include "elements/infer/gpu/tensor_writer.cpp"      // NOLINT
#include "elements/infer/health.cpp"                 // NOLINT
#include "elements/infer/labels_file.cpp"            // NOLINT
#include "elements/infer/layers.cpp"                 // NOLINT
#include "elements/infer/prompted_masks.cpp"         // NOLINT
#include "elements/infer/raw_output.cpp"             // NOLINT
#include "elements/infer/requests.cpp"               // NOLINT
#include "elements/infer/session.cpp"                // NOLINT
#include "elements/infer/tensor_input.cpp"           // NOLINT
#include "elements/infer/tensor_meta.cpp"            // NOLINT
#include "elements/infer/units.cpp"                  // NOLINT
#include "elements/infer/work.cpp"                   // NOLINT
#include "elements/shared_library.cpp"               // NOLINT
