#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/batching.h"

#include <doctest/doctest.h>

#include <numeric>
#include <random>

using namespace fluvial;

namespace {

using Counts = std::vector<int>;

Counts choose(std::vector<SourceQueue> sources, BatchingRule rule, bool is_time_over = false, std::size_t first = 0) {
  return choose_batch(sources, rule, is_time_over, first);
}

constexpr BatchingRule live(int size) { return {size, 1}; }
constexpr BatchingRule shared(int size) { return {size, 0}; }

}  // namespace

TEST_CASE("no sources and empty queues make no batch") {
  CHECK(choose({}, live(0)).empty());
  CHECK(choose({{0, false}, {0, false}}, live(0), true).empty());
  CHECK(choose({{0, true}}, shared(4), true).empty());
}

TEST_CASE("size 0 is one frame of each source that runs") {
  CHECK(choose({{1, false}, {1, false}}, live(0)) == Counts{1, 1});
  CHECK(choose({{1, false}, {0, false}}, live(0)).empty());
  CHECK(choose({{3, false}, {0, true}}, live(0)) == Counts{1, 0});
}

TEST_CASE("when the time is over, what is there goes out") {
  CHECK(choose({{2, false}, {0, false}}, live(2), true) == Counts{1, 0});
  CHECK(choose({{2, false}, {0, false}}, shared(4), true) == Counts{2, 0});
}

TEST_CASE("a live source gives one frame, others their share") {
  CHECK(choose({{4, false}, {4, false}}, live(8)) == Counts{1, 1});
  CHECK(choose({{4, false}, {4, false}}, shared(8)) == Counts{4, 4});
  CHECK(choose({{4, false}, {1, false}}, shared(4)).empty());
}

TEST_CASE("what the shares leave over goes to the sources from `first` on") {
  CHECK(choose({{4, false}, {4, false}, {4, false}}, shared(4), false, 0) == Counts{2, 1, 1});
  CHECK(choose({{4, false}, {4, false}, {4, false}}, shared(4), false, 1) == Counts{1, 2, 1});
  CHECK(choose({{4, false}, {4, false}, {4, false}}, shared(4), false, 5) == Counts{1, 1, 2});
}

TEST_CASE("more sources than places: full is enough, and the turn goes round") {
  CHECK(choose({{1, false}, {1, false}, {0, false}}, live(2), false, 0) == Counts{1, 1, 0});
  CHECK(choose({{1, false}, {1, false}, {1, false}}, live(2), false, 2) == Counts{1, 0, 1});
  CHECK(choose({{1, false}, {0, false}, {0, false}}, live(2)).empty());
}

TEST_CASE("an ended source gives what it has left, and nobody waits for it") {
  CHECK(choose({{1, true}, {4, false}}, shared(8)) == Counts{1, 4});
  CHECK(choose({{1, true}}, shared(8)) == Counts{1});
}

TEST_CASE("of one source there are at most as many as the rule says, given in turn") {
  CHECK(choose({{5, false}, {5, false}}, {4, 2}) == Counts{2, 2});
  CHECK(choose({{5, false}, {1, false}}, {3, 2}) == Counts{2, 1});
  CHECK(choose({{5, false}, {0, false}}, {2, 2}) == Counts{2, 0});  // full
  CHECK(choose({{5, false}, {0, false}}, {4, 2}).empty());          // its share is 2 more
  CHECK(choose({{5, false}, {0, false}}, {4, 2}, true) == Counts{2, 0});
}

TEST_CASE("a source's own limit counts too, and is waited for no further") {
  CHECK(choose({{5, false, 1}, {5, false}}, {8, 3}) == Counts{1, 3});
  CHECK(choose({{5, false, 1}, {5, false}}, {4, 0}) == Counts{1, 2});
}

TEST_CASE("sources of a lower priority number give first, and until they have no more") {
  CHECK(choose({{5, false, 0, 1}, {5, false, 0, 0}}, {3, 2}) == Counts{1, 2});
  CHECK(choose({{5, false, 0, 1}, {1, false, 0, 0}}, {3, 2}, true) == Counts{2, 1});
  CHECK(choose({{5, false, 0, 1}, {5, false, 0, 0}}, {1, 1}, false, 0) == Counts{0, 1});
  CHECK(choose({{5, false, 0, 1}, {5, false, 0, 0}}, {1, 1}, false, 1) == Counts{0, 1});
}

TEST_CASE("whatever the queues hold, a batch fits and takes nothing that is not there") {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<SourceQueue> sources(random() % 6);
    for (auto& source : sources) source = {static_cast<int>(random() % 5), random() % 3 == 0};
    const BatchingRule rule{static_cast<int>(random() % 9), static_cast<int>(random() % 3)};
    const bool is_over = random() % 2 == 0;
    const auto counts = choose_batch(sources, rule, is_over, random() % 8);
    const int waiting =
        std::accumulate(sources.begin(), sources.end(), 0, [](int n, auto& s) { return n + s.waiting; });
    if (is_over) CHECK(counts.empty() == (waiting == 0));
    if (counts.empty()) continue;
    REQUIRE(counts.size() == sources.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      CHECK(counts[i] <= sources[i].waiting);
      CHECK(counts[i] <= (rule.most_of_one > 0 ? rule.most_of_one : 9));
    }
    const int total = std::accumulate(counts.begin(), counts.end(), 0);
    CHECK(total > 0);
    if (rule.batch_size > 0) CHECK(total <= rule.batch_size);
  }
}
