#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/moments.h"

#include <doctest/doctest.h>

#include <string>

using namespace fluvial;

namespace {

constexpr std::int64_t ms = 1000000;

// Who is in each batch while sources of these rates, in frames a second, run for a while: "AB A AB ".
std::string played(std::vector<int> rates, int batches, std::int64_t jitter = 0) {
  std::vector<Head> heads;
  for (const int fps : rates) heads.push_back({0, 1000 * ms / fps});
  std::vector<int> taken(rates.size(), 0);
  std::string text;
  for (int n = 0; n < batches; ++n) {
    const auto end = end_of_moment(heads);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      if (heads[i].time >= end) continue;
      text += static_cast<char>('A' + i);
      const std::int64_t shift = ++taken[i] % 2 ? jitter : 0;
      heads[i].time = taken[i] * 1000 * ms / rates[i] + shift;
    }
    text += ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("sources of one rate are together, also when their times tremble") {
  CHECK(played({25, 25}, 4) == "AB AB AB AB ");
  CHECK(played({25, 25}, 4, 15 * ms) == "AB AB AB AB ");
}

TEST_CASE("a slower source takes part when it has something new") {
  CHECK(played({10, 30}, 7) == "AB B B AB B B AB ");
  CHECK(played({10, 15}, 5) == "AB B A B AB ");
  CHECK(played({10, 15, 30}, 4) == "ABC C BC AC ");
}

TEST_CASE("rates that nearly agree share nearly all batches") {
  const auto text = played({24, 25}, 25);
  int pairs = 0;
  for (auto at = text.find("AB "); at != std::string::npos; at = text.find("AB ", at + 1)) ++pairs;
  CHECK(pairs >= 20);
  CHECK(pairs < 25);  // one source alone catches up
}

TEST_CASE("without a duration frames of 10 ms are one moment") {
  CHECK(end_of_moment({{5 * ms, 0}, {90 * ms, 0}}) == 15 * ms);
}

TEST_CASE("a frame is early until its time, and late when it comes after what is tolerated") {
  CHECK(timing_of(101, 100, 10) == Timing::early);
  CHECK(timing_of(100, 100, 0) == Timing::on_time);
  CHECK(timing_of(90, 100, 10) == Timing::on_time);
  CHECK(timing_of(89, 100, 10) == Timing::late);
}

TEST_CASE("a sender's time that stands still or jumps back goes on by a frame") {
  CHECK(corrected_ntp(1000, 900, 100) == 1000);
  CHECK(corrected_ntp(900, 900, 100) == 1000);
  CHECK(corrected_ntp(500, 900, 100) == 1000);
  CHECK(corrected_ntp(985, 900, 100) == 1000);
  CHECK(corrected_ntp(995, 900, 100) == 995);
  CHECK(corrected_ntp(500, 900, 0) == 500);
  CHECK(corrected_ntp(500, 0, 100) == 500);
  CHECK(corrected_ntp(0, 900, 100) == 0);
}
