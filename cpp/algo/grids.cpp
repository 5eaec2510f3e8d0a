#include "algo/grids.h"

#include <algorithm>
#include <string>

namespace fluvial {
namespace {

// 0: the name ends in no number.
std::int64_t number_at_end(const std::string& name) {
  const std::size_t last = name.find_last_not_of("0123456789");
  const std::string digits = last == std::string::npos ? name : name.substr(last + 1);
  return digits.empty() || digits.size() > 6 ? 0 : std::stoll(digits);
}

}  // namespace

std::vector<Grid> grids_of(Size input, const std::vector<int>& strides) {
  std::vector<Grid> grids;
  std::size_t first = 0;
  for (int stride : strides) {
    const auto count = [stride](int pixels) { return pixels > 0 ? (pixels + stride - 1) / stride : 0; };
    grids.push_back({stride, count(input.width), count(input.height), first});
    first += grids.back().cells();
  }
  return grids;
}

std::size_t cells_in(const std::vector<Grid>& grids) {
  return grids.empty() ? 0 : grids.back().first + grids.back().cells();
}

std::int64_t cells_of(const TensorInfo& output) {
  const Shape& s = output.shape;
  if (s.size() == 3) return s[1];
  if (s.size() != 4) return 0;
  return s[2] < 0 || s[3] < 0 ? -1 : s[2] * s[3];
}

std::int64_t channels_of(const TensorInfo& output) {
  const Shape& s = output.shape;
  return s.size() == 3 ? s[2] : s.size() == 4 ? s[1] : 0;
}

void sort_by_grid(const std::vector<TensorInfo>& outputs, std::vector<std::size_t>& found) {
  const bool have_cells =
      std::all_of(found.begin(), found.end(), [&](std::size_t i) { return cells_of(outputs[i]) >= 0; });
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    if (have_cells) return cells_of(outputs[a]) > cells_of(outputs[b]);
    return number_at_end(outputs[a].name) < number_at_end(outputs[b].name);
  });
}

std::vector<std::size_t> outputs_by_grid(const std::vector<TensorInfo>& outputs, std::int64_t channels) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (channels_of(outputs[i]) == channels) found.push_back(i);
  sort_by_grid(outputs, found);
  return found;
}

bool are_of_one_grid(const TensorInfo& a, const TensorInfo& b) {
  if (cells_of(a) >= 0 && cells_of(b) >= 0) return cells_of(a) == cells_of(b);
  return number_at_end(a.name) > 0 && number_at_end(a.name) == number_at_end(b.name);
}

bool may_lie_on(const std::vector<Grid>& grids, const std::vector<TensorInfo>& outputs,
                const std::vector<std::size_t>& indices) {
  if (indices.size() != grids.size()) return false;
  for (std::size_t i = 0; i < grids.size(); ++i) {
    const std::int64_t cells = cells_of(outputs[indices[i]]);
    if (cells >= 0 && static_cast<std::size_t>(cells) != grids[i].cells()) return false;
  }
  return true;
}

}  // namespace fluvial
