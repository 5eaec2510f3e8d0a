// Embeddings: a vector that says what something looks like, [N, D] or [N, D, 1, 1]; of several outputs the one that the
// option "output=NAME" names, or the first that is a vector. Its length is made 1, so that a scalar product of two is
// their cosine.
#include <algorithm>
#include <cmath>

#include "algo/heads/tensors.h"

namespace fluvial::heads {
namespace {

class Embedding : public HeadDecoder {
 public:
  Embedding(std::size_t output, std::size_t rank) : output_(output), rank_(rank) {}

  void embed(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<float>& out) override {
    const TensorView& tensor = tensor_at(outputs, output_);
    const float* values = reader_.read(tensor, unit, Shape(rank_ - 1, -1));
    out.assign(values, values + element_count(tensor.shape) / static_cast<std::size_t>(tensor.shape[0]));
    double sum = 0;
    for (float value : out) sum += static_cast<double>(value) * value;
    if (!(sum > 0)) return;  // a vector of zeros has no direction
    const auto scale = static_cast<float>(1 / std::sqrt(sum));
    for (float& value : out) value *= scale;
  }

 private:
  std::size_t output_, rank_;
  FloatReader reader_;
};

bool is_vector(const TensorInfo& output) {
  const Shape& s = output.shape;
  return s.size() == 2 || (s.size() == 4 && s[2] == 1 && s[3] == 1);
}

}  // namespace

std::unique_ptr<HeadDecoder> make_embedding(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                            const HeadSettings&) {
  const std::string name = option(spec, "output", "");
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const auto& o) { return (name.empty() || o.name == name) && is_vector(o); });
  if (found == outputs.end())
    refuse("embedding",
           (name.empty() ? "a vector" : "an output '" + name + "',") + std::string(" [N, D] or [N, D, 1, 1]"), outputs);
  return std::make_unique<Embedding>(static_cast<std::size_t>(found - outputs.begin()), found->shape.size());
}

}  // namespace fluvial::heads
