// Who goes with whom at the least total cost, when staying alone has a price too.
#pragma once

#include <cstddef>
#include <vector>

namespace fluvial {

// Shortest augmenting paths (Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
// assignment problems", 1987), rectangular, O(rows^2 * columns) at worst and near rows * columns where few rows
// compete.
//
// The limit is part of the problem, not a filter afterwards: a row that stays alone costs `limit`, as if each row had a
// column of its own at that price. So a pair dearer than the limit is never made, and no good pair is broken up for it.
//
// Buffers are kept between calls and grow to the largest problem seen. Belongs to one thread at a time.
class Assignment {
 public:
  // costs: row-major [rows, columns]. Returns for each row its column, or -1; valid until the next call.
  // A cost that is not below the limit, NaN included, means "never".
  const std::vector<int>& solve(const float* costs, std::size_t rows, std::size_t columns, float limit);

 private:
  void start(std::size_t rows);
  void take_cheapest(int row);
  void augment(int from_row);
  int relax(int row, float travelled);
  void change_prices(int from_row, float path_length);
  void hand_over(int column);

  const float* costs_ = nullptr;
  int columns_ = 0;
  float limit_ = 0;
  std::vector<int> column_of_row_;
  std::vector<int> row_of_column_;
  std::vector<float> row_price_;     // the dual variables: cost - row price - column price >= 0 for every pair
  std::vector<float> column_price_;  // <= 0, and 0 for a free column
  std::vector<float> distance_;      // of each column from the row being placed
  std::vector<int> came_from_;       // row before each column on its shortest path
  std::vector<char> is_closed_;      // column whose distance is final
  std::vector<int> waiting_;         // rows whose cheapest column was taken
};

}  // namespace fluvial
