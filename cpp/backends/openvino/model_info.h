// What OpenVINO knows of a model, in our words.
#pragma once

#include <openvino/openvino.hpp>
#include <string>

#include "types/model.h"

namespace fluvial {

// Throws std::runtime_error for an element type that no head or picture can have.
ElementType element_type(const ov::element::Type& type);
Shape shape_of(const ov::PartialShape& shape);

// Metadata is flat: "model_info/labels". ONNX metadata_props, which OpenVINO files under "framework", keep their own
// names, so that an exporter's "names" or "stride" is found under that name. "op.NAME" is the kind of node that makes
// the output NAME, such as "Softmax".
ModelInfo describe_model(const std::string& path, const ov::Model& model);

// An exception's text without OpenVINO's own source lines.
std::string words_of(const std::exception& error);

}  // namespace fluvial
