#include "algo/assignment.h"

#include <algorithm>
#include <limits>

namespace fluvial {
namespace {

constexpr float kFar = std::numeric_limits<float>::infinity();

}  // namespace

const std::vector<int>& Assignment::solve(const float* costs, std::size_t rows, std::size_t columns, float limit) {
  costs_ = costs;
  columns_ = static_cast<int>(columns);
  limit_ = limit;
  start(rows);
  for (int row = 0; row < static_cast<int>(rows); ++row) take_cheapest(row);
  for (const int row : waiting_) augment(row);
  return column_of_row_;
}

void Assignment::start(std::size_t rows) {
  const auto columns = static_cast<std::size_t>(columns_);
  column_of_row_.assign(rows, -1);
  row_price_.assign(rows, 0);
  row_of_column_.assign(columns, -1);
  column_price_.assign(columns, 0);
  distance_.resize(columns);
  came_from_.resize(columns);
  is_closed_.resize(columns);
  waiting_.clear();
}

// A row whose cheapest column is free takes it: with all column prices at 0 that is optimal so far. Where objects stand
// apart, as most do, this is the whole work.
void Assignment::take_cheapest(int row) {
  const float* cost = costs_ + static_cast<std::size_t>(row) * columns_;
  int best = -1;
  float lowest = limit_;
  for (int column = 0; column < columns_; ++column) {
    if (cost[column] < lowest) {
      lowest = cost[column];
      best = column;
    }
  }
  row_price_[row] = lowest;
  if (best < 0) return;
  if (row_of_column_[best] >= 0) {
    waiting_.push_back(row);
    return;
  }
  column_of_row_[row] = best;
  row_of_column_[best] = row;
}

// Dijkstra from a waiting row over the pairs, until a free column is nearest, or some row on the way is better off
// alone.
void Assignment::augment(int from_row) {
  std::fill(distance_.begin(), distance_.end(), kFar);
  std::fill(is_closed_.begin(), is_closed_.end(), 0);
  int row = from_row, row_alone = from_row, column = -1;
  float travelled = 0, alone = kFar;
  while (true) {
    // Being alone wins a tie: so a pair at the limit is not made.
    if (const float here = travelled + limit_ - row_price_[row]; here < alone) {
      alone = here;
      row_alone = row;
    }
    column = relax(row, travelled);
    if (column < 0 || alone <= distance_[column]) {
      change_prices(from_row, alone);
      column = column_of_row_[row_alone];
      column_of_row_[row_alone] = -1;
      break;
    }
    travelled = distance_[column];
    if (row_of_column_[column] < 0) {
      change_prices(from_row, travelled);
      break;
    }
    is_closed_[column] = 1;
    row = row_of_column_[column];
  }
  hand_over(column);
}

// Shortens the distances by way of this row; returns the nearest open column, or -1.
int Assignment::relax(int row, float travelled) {
  const float* cost = costs_ + static_cast<std::size_t>(row) * columns_;
  const float base = travelled - row_price_[row];
  int nearest = -1;
  float shortest = kFar;
  for (int column = 0; column < columns_; ++column) {
    if (is_closed_[column]) continue;
    const float by_here = base + cost[column] - column_price_[column];
    if (by_here < distance_[column]) {
      distance_[column] = by_here;
      came_from_[column] = row;
    }
    if (distance_[column] < shortest) {
      shortest = distance_[column];
      nearest = column;
    }
  }
  return nearest;
}

void Assignment::change_prices(int from_row, float path_length) {
  row_price_[from_row] += path_length;
  for (int column = 0; column < columns_; ++column) {
    if (!is_closed_[column]) continue;
    const float saved = path_length - distance_[column];
    column_price_[column] -= saved;
    row_price_[row_of_column_[column]] += saved;
  }
}

// Along the path, back to its start: each row takes the column that it led to and leaves its own to the row before it.
void Assignment::hand_over(int column) {
  while (column >= 0) {
    const int row = came_from_[column];
    const int left_behind = column_of_row_[row];
    column_of_row_[row] = column;
    row_of_column_[column] = row;
    column = left_behind;
  }
}

}  // namespace fluvial
