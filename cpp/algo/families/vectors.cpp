// Vectors and lines of text: embeddings of what is shown, and characters that are read.
#include <algorithm>

#include "algo/families/family.h"
#include "algo/families/shapes.h"

namespace fluvial {
namespace {

const TensorInfo* embedding_in(const ModelInfo& info) {
  for (const auto& output : info.outputs)
    if (is_vector(output.shape) && !is_integer(output) &&
        names_any(output.name, {"embed", "reid", "feature", "descriptor"}))
      return &output;
  const bool is_one = info.outputs.size() == 1 && is_vector(info.outputs[0].shape) && !is_integer(info.outputs[0]);
  return is_one && is_embedding(info.outputs[0]) ? &info.outputs[0] : nullptr;
}

bool has_embedding(const ModelInfo& info, const Inputs&) { return embedding_in(info) != nullptr; }

Family describe_embedding(const ModelInfo& info, const Inputs&) {
  Family family;
  family.head = Head::embedding;
  const auto* output = embedding_in(info);
  if (!output) return family;
  const bool says_so = names_any(output->name, {"embed", "reid", "feature", "descriptor"});
  family.options["output"] = output->name;
  family.evidence.push_back("output " + output->name + " is " +
                            (says_so ? "named an embedding" : "a vector whose length is a power of two") +
                            " -> head embedding (" + (says_so ? "sure" : "likely") + ")");
  return family;
}

bool says_text(const ModelInfo& info) {
  if (names_any(file_name(info.path), {"ocr", "lpr", "crnn", "text-rec", "text_rec", "parseq", "plate-rec"}))
    return true;
  return std::any_of(info.outputs.begin(), info.outputs.end(), [](const auto& o) {
    return names_any(o.name, {"ctc", "ocr"});
  });
}

// Its shapes are those of much else, so the name has to say it.
bool is_text(const ModelInfo& info, const Inputs&) {
  const auto is_scores = [](const TensorInfo& o) { return o.shape.size() == 3 && !is_integer(o); };
  const auto is_number = [](const TensorInfo& o) { return o.shape.size() == 2 && is_integer(o); };
  return says_text(info) && !info.outputs.empty() &&
         (is_scores(info.outputs[0]) || std::any_of(info.outputs.begin(), info.outputs.end(), is_number));
}

Family describe_text(const ModelInfo& info, const Inputs&) {
  Family family;
  family.head = Head::text;
  family.usual_threshold = 0.5F;
  family.evidence.push_back("names of the file or of " + list(info.outputs) +
                            " say that it reads text -> head text (likely)");
  return family;
}

}  // namespace

std::vector<FamilyRow> vector_families() {
  return {{Head::text, is_text, describe_text}, {Head::embedding, has_embedding, describe_embedding}};
}

}  // namespace fluvial
