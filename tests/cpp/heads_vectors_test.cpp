// Embeddings and text against their formulas, written slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/inspect.h"
#include "algo/utf8.h"
#include "tensors.h"

using namespace testing;

namespace {

ModelSpec text_spec(std::map<std::string, std::string> options = {}) {
  ModelSpec spec = spec_of(Head::text, {94, 24});
  spec.labels = {"a", "b", "c"};
  spec.options = std::move(options);
  return spec;
}

template <typename... Tensors>
std::vector<Classification> read(const ModelSpec& spec, std::size_t unit, float threshold, Tensors&... tensors) {
  HeadSettings settings;
  settings.threshold = threshold;
  std::vector<Classification> found;
  make_head(spec, {tensors.info()...}, settings)->classify({tensors.view()...}, unit, found);
  return found;
}

// Two units of 6 steps, [N, T, C]; the second says "abba" with blanks (3, the last) and repeats.
Floats steps() {
  Floats scores = floats("ctc", {2, 7, 4});
  const int best[] = {0, 0, 1, 3, 1, 0, 3};
  for (std::size_t t = 0; t < 7; ++t)
    for (std::size_t c = 0; c < 4; ++c) scores.data[28 + 4 * t + c] = static_cast<int>(c) == best[t] ? 0.7F : 0.1F;
  for (std::size_t t = 0; t < 7; ++t) scores.data[4 * t + 3] = 1;  // the first says nothing
  return scores;
}

}  // namespace

TEST_CASE("an embedding has length 1, whatever the model's scale") {
  Floats tensor = floats("reid_embedding", {2, 4, 1, 1});
  tensor.data = {1, 1, 1, 1, 3, 0, 4, 0};
  const ModelSpec spec = spec_of(Head::embedding, {8, 8});
  const auto head = make_head(spec, {tensor.info()});
  std::vector<float> vector;
  head->embed({tensor.view()}, 1, vector);
  CHECK(vector == std::vector<float>{0.6F, 0, 0.8F, 0});
  tensor.data.assign(8, 0);
  head->embed({tensor.view()}, 0, vector);
  CHECK(vector == std::vector<float>(4, 0));
}

TEST_CASE("of several outputs the one that is named is the embedding") {
  Floats map = floats("map", {1, 2, 3}), first = floats("a", {1, 2}), second = floats("b", {1, 2});
  first.data = {1, 0};
  second.data = {0, 1};
  ModelSpec spec = spec_of(Head::embedding, {8, 8});
  std::vector<float> vector;
  make_head(spec, {map.info(), first.info(), second.info()})
      ->embed({map.view(), first.view(), second.view()}, 0, vector);
  CHECK(vector == std::vector<float>{1, 0});
  spec.options["output"] = "b";
  make_head(spec, {map.info(), first.info(), second.info()})
      ->embed({map.view(), first.view(), second.view()}, 0, vector);
  CHECK(vector == std::vector<float>{0, 1});
  spec.options["output"] = "map";
  CHECK_THROWS_WITH(make_head(spec, {map.info()}),
                    "head embedding: found map f32[1,2,3]; needs an output 'map', [N, D] or [N, D, 1, 1]");
}

TEST_CASE("repeats are one character and blanks are none") {
  Floats scores = steps();
  const auto found = read(text_spec(), 1, 0.5F, scores);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "abba");
  CHECK(found[0].confidence == doctest::Approx(0.7));
  CHECK(read(text_spec(), 0, 0.0F, scores).empty());
  CHECK(read(text_spec(), 1, 0.75F, scores).empty());
  CHECK(read(text_spec({{"repeats", "keep"}}), 1, 0, scores).at(0).text == "aabba");
}

TEST_CASE("steps may stand first or last, told by the batch, the alphabet or the options") {
  Floats ntc = steps(), tnc = floats("ctc", {7, 1, 4}), nct = floats("ctc", {1, 4, 7});
  for (std::size_t t = 0; t < 7; ++t)
    for (std::size_t c = 0; c < 4; ++c) tnc.data[4 * t + c] = nct.data[7 * c + t] = ntc.data[28 + 4 * t + c];
  CHECK(read(text_spec(), 0, 0, tnc).at(0).text == "abba");
  CHECK(read(text_spec(), 0, 0, nct).at(0).text == "abba");
  CHECK(read(text_spec({{"order", "nct"}}), 0, 0, nct).at(0).text == "abba");
  CHECK_THROWS_WITH(read(text_spec({{"order", "cnt"}}), 0, 0, nct),
                    "head text: option order=cnt; allowed are auto, ntc, tnc, nct");
  CHECK_THROWS_WITH(read(text_spec(), 1, 0, tnc), "output 'ctc' holds no unit 1");
}

TEST_CASE("the blank may stand first, and the alphabet in an option; what has no letter is a question mark") {
  Floats scores = floats("ctc", {1, 4, 5});
  const std::size_t best[] = {1, 0, 2, 4};
  for (std::size_t t = 0; t < 4; ++t) scores.data[5 * t + best[t]] = 9;  // logits
  const auto found = read(text_spec({{"blank", "first"}, {"order", "ntc"}, {"alphabet", "äß9"}}), 0, 0, scores);
  CHECK(found.at(0).text == "äß?");
  CHECK(found[0].confidence == doctest::Approx(std::exp(9.0) / (std::exp(9.0) + 4)));
  CHECK_THROWS_WITH(read(text_spec({{"blank", "5"}}), 0, 0, scores),
                    "head text: option blank=5; allowed are first, last, none or a number of a character");
  ModelSpec none = text_spec();
  none.labels.clear();
  CHECK_THROWS_WITH(read(none, 0, 0, scores), doctest::Contains("an alphabet is needed"));
}

TEST_CASE("numbers of characters are read with their probabilities, or as sure") {
  Tensor<std::int32_t> numbers("argmax", ElementType::i32, {1, 5});
  numbers.data = {2, 2, 3, 2, -1};
  Floats shares = floats("max", {1, 5});
  shares.data = {0.8F, 0.9F, 1, 0.6F, 0};
  const auto found = read(text_spec(), 0, 0, numbers, shares);
  CHECK(found.at(0).text == "cc");
  CHECK(found[0].confidence == doctest::Approx(0.7));
  CHECK(read(text_spec(), 0, 0, numbers).at(0).confidence == 1);
  const Floats vector = floats("y", {1, 10});
  CHECK_THROWS_WITH(make_head(text_spec(), {vector.info()}),
                    "head text: found y f32[1,10]; needs scores [N, T, C], [T, N, C] or [N, C, T], or numbers of "
                    "characters [N, T]");
}

TEST_CASE("a text is cut into characters, not bytes") {
  CHECK(characters_of("aé漢😀") == std::vector<std::string>{"a", "é", "漢", "😀"});
  CHECK(characters_of("\xC3") == std::vector<std::string>{"\xC3"});
  CHECK(characters_of("\xC3x") == std::vector<std::string>{"\xC3", "x"});
}

TEST_CASE("published embeddings and readers of text are known by their names") {
  ModelHints plain;
  plain.color = ColorOrder::bgr;
  plain.scale = 1.0F;
  const auto head_of = [&](const char* path, Shape input, std::vector<TensorInfo> outputs) {
    return inspect({path, {{"data", ElementType::f32, std::move(input)}}, std::move(outputs), {}}, plain).head;
  };
  constexpr auto f32 = ElementType::f32;
  CHECK(head_of("person-reidentification-retail-0288.onnx", {1, 3, 256, 128}, {{"reid_embedding", f32, {1, 256}}}) ==
        Head::embedding);
  CHECK(head_of("osnet.onnx", {1, 3, 256, 128}, {{"output", f32, {1, 512}}}) == Head::embedding);
  CHECK(head_of("resnet50.onnx", {1, 3, 224, 224}, {{"output", f32, {1, 1000}}}) == Head::classification);
  CHECK(head_of("en_PP-OCRv4_rec.onnx", {1, 3, 48, 320}, {{"softmax_2.tmp_0", f32, {1, 40, 97}}}) == Head::text);
  CHECK(head_of("lprnet.onnx", {1, 3, 24, 94}, {{"d_predictions", f32, {1, 68, 18}}}) == Head::text);
}
