// What a model's results are complained of, and that it is said once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "elements/infer/health.h"

#include <doctest/doctest.h>

#include <cmath>

// The plugin exports nothing.
#include "elements/infer/health.cpp"  // NOLINT
#include "tensors.h"

using namespace fluvial;
using namespace testing;

namespace {

class Patient {
 public:
  Patient() : health_(decision_, [this](const std::string& text) { complaints.push_back(text); }) {
    decision_.spec.input.size = {640, 320};
  }
  void see(Box box, int times, float confidence = 0.9F) {
    for (int i = 0; i < times; ++i) health_.look_at({{0, confidence, box}});
  }
  void see(Floats& tensor, int times) {
    for (int i = 0; i < times; ++i) health_.look_at({tensor.view()});
  }

  std::vector<std::string> complaints;

 private:
  Decision decision_;
  Health health_;
};

bool starts(const std::string& text, const std::string& begin) { return text.compare(0, begin.size(), begin) == 0; }

}  // namespace

TEST_CASE("boxes that all crowd in a corner are taken for shares of the picture") {
  Patient patient;
  patient.see({0.1F, 0.2F, 0.5F, 0.5F}, 49);
  CHECK(patient.complaints.empty());
  patient.see({0.1F, 0.2F, 0.5F, 0.5F}, 200);
  REQUIRE(patient.complaints.size() == 1);
  CHECK(starts(patient.complaints[0], "the first 50 boxes all lie in the top left corner of the picture"));
  CHECK(patient.complaints[0].find("boxes=normalised") != std::string::npos);
}

TEST_CASE("boxes that all lie outside are taken for pixels") {
  Patient patient;
  patient.see({64000, 3200, 6400, 3200}, 200);
  REQUIRE(patient.complaints.size() == 1);
  CHECK(starts(patient.complaints[0], "the first 50 boxes all lie outside of the picture"));
  CHECK(patient.complaints[0].find("boxes=pixels") != std::string::npos);
}

TEST_CASE("one box elsewhere is enough for no complaint of places") {
  Patient patient;
  patient.see({0.1F, 0.2F, 0.5F, 0.5F}, 20);
  patient.see({300, 100, 50, 50}, 1);
  patient.see({0.1F, 0.2F, 0.5F, 0.5F}, 200);
  CHECK(patient.complaints.empty());
}

TEST_CASE("scores outside of 0 to 1 are said once") {
  Patient patient;
  patient.see({300, 100, 50, 50}, 20, 7.5F);
  REQUIRE(patient.complaints.size() == 1);
  CHECK(starts(patient.complaints[0], "scores lie outside of 0 to 1"));
}

TEST_CASE("outputs that hold one number everywhere are said after eight inferences, small ones never") {
  Floats large = floats("scores", {1, 8400, 4});
  std::fill(large.data.begin(), large.data.end(), 0.25F);
  Patient patient;
  patient.see(large, 7);
  CHECK(patient.complaints.empty());
  patient.see(large, 20);
  REQUIRE(patient.complaints.size() == 1);
  CHECK(starts(patient.complaints[0], "output 'scores' has held the same number everywhere, 0.25"));

  Floats small = floats("labels", {1, 10});
  Patient other;
  other.see(small, 20);
  Patient lively;
  large.data[17] = 1;
  lively.see(large, 20);
  CHECK(other.complaints.empty());
  CHECK(lively.complaints.empty());
}
