// Protobuf's text format: what is read, and what is refused with its line.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// The plugin is a module that nothing links with: the test compiles the source that it tests.
#include "elements/infer/server/text_format.cpp"  // NOLINT

using namespace fluvial;

namespace {

std::string refusal(const std::string& text) {
  try {
    parse_text_format(text);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("messages, lists, texts, numbers and comments are read, each with its line") {
  const auto root = parse_text_format(
      "# a comment\n"
      "infer_config {\n"
      "  unique_id: 5  # here too\n"
      "  gpu_ids: [0, 1]\n"
      "  backend < name: 'a' \"b\\n\" >\n"
      "  scale: 0.0039215697906911373, offset: -1;\n"
      "  inputs: [ { name: \"x\" }, { name: \"y\" } ]\n"
      "}\n");
  const auto* config = root.find("infer_config");
  REQUIRE(config);
  CHECK(config->is_message);
  CHECK(config->find("unique_id")->value == "5");
  CHECK(config->find("unique_id")->line == 3);
  CHECK(config->all("gpu_ids").size() == 2);
  CHECK(config->all("gpu_ids")[1]->value == "1");
  CHECK(config->find("backend")->find("name")->value == "ab\n");
  CHECK(config->find("backend")->find("name")->is_quoted);
  CHECK(config->find("scale")->value == "0.0039215697906911373");
  CHECK(config->find("offset")->value == "-1");
  REQUIRE(config->all("inputs").size() == 2);
  CHECK(config->all("inputs")[1]->find("name")->value == "y");
  CHECK(config->all("inputs")[1]->line == 7);
}

TEST_CASE("nothing is a message without fields, and a later field wins") {
  CHECK(parse_text_format("").fields.empty());
  CHECK(parse_text_format("other {}").find("other")->fields.empty());
  CHECK(parse_text_format("a: 1 a: 2").find("a")->value == "2");
  CHECK(parse_text_format("a: 1").find("b") == nullptr);
}

TEST_CASE("what is no text format is refused with its line") {
  CHECK(refusal("a {\n b: 1\n") == "line 3: '}' is missing for the 'a' that begins in line 1");
  CHECK(refusal("a: 1\nb 2") == "line 2: ':' or '{' is expected after 'b', found '2'");
  CHECK(refusal("a: \"open\n") == "line 1: a text has no closing \"");
  CHECK(refusal("a:\n}") == "line 2: a value of 'a' is expected, found '}'");
  CHECK(refusal("}") == "line 1: a field's name is expected, found '}'");
  CHECK(refusal("a: [1 2]") == "line 1: in the list of 'a' ',' or ']' is expected, found '2'");
  CHECK(refusal("[ext.name]: 1") == "line 1: names of extensions, in [ ], are not known here");
  CHECK(refusal("a: \"x\\") == "line 1: a text ends within an escape");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a{";
  CHECK(refusal(deep) == "line 1: messages lie deeper than 64 in each other");
}

TEST_CASE("bytes that are no text at all end, with an error or without") {
  unsigned state = 1;
  for (int round = 0; round < 1000; ++round) {
    std::string noise;
    for (int i = 0; i < 200; ++i) {
      state = state * 1664525U + 1013904223U;
      noise += "{}[]<>:,;\"'\\#\n ab1.-\0"[state >> 24U & 21U];
    }
    refusal(noise);
  }
  CHECK(refusal(std::string("a\0b", 3)) != "no error");
}
