#include "algo/nearest_word.h"

#include <algorithm>

namespace fluvial {

std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string nearest_word(const std::string& word, const std::vector<std::string>& known, std::size_t most) {
  std::string best;
  std::size_t least = most + 1;
  for (const auto& candidate : known) {
    const std::size_t count = edits(word, candidate);
    if (count >= least) continue;
    least = count;
    best = candidate;
  }
  return best;
}

std::string nearest_word(const std::string& word, const std::vector<std::string>& known) {
  return nearest_word(word, known, std::max<std::size_t>(2, word.size() / 3));
}

}  // namespace fluvial
