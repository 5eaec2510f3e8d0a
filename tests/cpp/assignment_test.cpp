#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/assignment.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

using fluvial::Assignment;

namespace {

using Costs = std::vector<float>;

// What the solver minimises: pairs at their cost, lonely rows at the limit.
double total(const Costs& costs, std::size_t columns, float limit, const std::vector<int>& column_of) {
  double sum = 0;
  for (std::size_t row = 0; row < column_of.size(); ++row)
    sum += column_of[row] < 0 ? limit : costs[row * columns + column_of[row]];
  return sum;
}

double best_by_trying_all(const Costs& costs, std::size_t rows, std::size_t columns, float limit, std::size_t row,
                          std::vector<char>& is_taken) {
  if (row == rows) return 0;
  double best = limit + best_by_trying_all(costs, rows, columns, limit, row + 1, is_taken);
  for (std::size_t column = 0; column < columns; ++column) {
    const float cost = costs[row * columns + column];
    if (is_taken[column] || !(cost < limit)) continue;
    is_taken[column] = 1;
    best = std::min(best, cost + best_by_trying_all(costs, rows, columns, limit, row + 1, is_taken));
    is_taken[column] = 0;
  }
  return best;
}

void check_one_to_one(const std::vector<int>& column_of) {
  std::set<int> seen;
  for (const int column : column_of) {
    if (column >= 0) CHECK(seen.insert(column).second);
  }
}

}  // namespace

TEST_CASE("a cheap pair is given up where that makes the whole cheaper") {
  const Costs costs = {0.1F, 0.2F,  //
                       0.2F, 0.9F};
  CHECK(Assignment().solve(costs.data(), 2, 2, 1) == std::vector<int>{1, 0});
}

TEST_CASE("a pair dearer than the limit is never made, nor one at it") {
  const Costs costs = {0.8F, 0.9F};
  CHECK(Assignment().solve(costs.data(), 1, 2, 0.7F) == std::vector<int>{-1});
  CHECK(Assignment().solve(costs.data(), 1, 2, 0.8F) == std::vector<int>{-1});
  CHECK(Assignment().solve(costs.data(), 1, 2, 0.81F) == std::vector<int>{0});
}

TEST_CASE("a good pair is not broken up so that two bad ones can be made") {
  // Two pairs cost .75 + .75, one pair and a lonely row .1 + .8.
  const Costs costs = {0.1F, 0.75F,  //
                       0.75F, 5.0F};
  CHECK(Assignment().solve(costs.data(), 2, 2, 0.8F) == std::vector<int>{0, -1});
}

TEST_CASE("nothing to pair is no trouble") {
  Assignment assignment;
  CHECK(assignment.solve(nullptr, 0, 0, 1).empty());
  CHECK(assignment.solve(nullptr, 0, 5, 1).empty());
  CHECK(assignment.solve(nullptr, 3, 0, 1) == std::vector<int>{-1, -1, -1});
}

TEST_CASE("costs that are no number, or endless, mean never") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), far = std::numeric_limits<float>::infinity();
  const Costs costs = {nan, 0.5F,  //
                       far, 0.4F,  //
                       nan, far};
  CHECK(Assignment().solve(costs.data(), 3, 2, 1) == std::vector<int>{-1, 1, -1});
}

TEST_CASE("it is as good as trying everything, for all shapes up to 5 x 6") {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> any_rows(0, 5), any_columns(0, 6), tenth(0, 10);
  Assignment assignment;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t rows = any_rows(random), columns = any_columns(random);
    const float limit = 0.1F * static_cast<float>(tenth(random));
    Costs costs(rows * columns);
    for (auto& cost : costs)
      cost = 0.1F * static_cast<float>(tenth(random));  // tenths make ties, which are the hard part
    const auto& column_of = assignment.solve(costs.data(), rows, columns, limit);
    check_one_to_one(column_of);
    std::vector<char> is_taken(columns);
    CHECK(total(costs, columns, limit, column_of) ==
          doctest::Approx(best_by_trying_all(costs, rows, columns, limit, 0, is_taken)).epsilon(1e-4));
  }
}

TEST_CASE("a large random problem with a planted answer is solved") {
  const std::size_t rows = 300, columns = 400;
  std::mt19937 random(2);
  std::uniform_real_distribution<float> any(0, 1);
  std::vector<int> planted(columns);
  for (std::size_t i = 0; i < columns; ++i) planted[i] = static_cast<int>(i);
  std::shuffle(planted.begin(), planted.end(), random);
  // Duality proves the answer: cost = row price + column price + slack, no slack on it, and only its columns are
  // priced, below 0. Those prices draw many rows to the same column, so taking each row's cheapest is far off.
  Costs column_price(columns, 0), costs(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) column_price[planted[row]] = -2 * any(random);
  for (std::size_t row = 0; row < rows; ++row) {
    const float row_price = 3 + any(random);
    for (std::size_t column = 0; column < columns; ++column) {
      const float slack = planted[row] == static_cast<int>(column) ? 0 : 0.01F + any(random);
      costs[row * columns + column] = row_price + column_price[column] + slack;
    }
  }
  planted.resize(rows);
  CHECK(Assignment().solve(costs.data(), rows, columns, 10) == planted);
}

TEST_CASE("a large problem where all compete is solved, and its transpose costs the same") {
  const std::size_t n = 120;
  std::mt19937 random(3);
  std::uniform_real_distribution<float> any(0, 1);
  Costs costs(n * n), transposed(n * n);
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t column = 0; column < n; ++column) {
      costs[row * n + column] = any(random) * static_cast<float>(column + 1) / n;  // the first columns please everyone
      transposed[column * n + row] = costs[row * n + column];
    }
  }
  Assignment assignment;
  const auto forward = assignment.solve(costs.data(), n, n, 2);
  check_one_to_one(forward);
  CHECK(std::count(forward.begin(), forward.end(), -1) == 0);
  const auto backward = assignment.solve(transposed.data(), n, n, 2);
  CHECK(total(costs, n, 2, forward) == doctest::Approx(total(transposed, n, 2, backward)).epsilon(1e-4));
}
