// Text of a config file, a property or a table as values. Each throws std::invalid_argument that says what is allowed.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

long whole_number(const std::string& text, long least, long most);
float number(const std::string& text, float least, float most);
bool yes_or_no(const std::string& text);  // 0, 1, true, false
std::vector<std::string> items(const std::string& text, const char* separators = ";");
std::vector<int> whole_numbers(const std::string& text);  // between ; : or ,
std::vector<float> numbers(const std::string& text);      // between ;
void check_precision(const std::string& text);            // f32, f16, bf16, or nothing
std::string joined(const std::vector<int>& values, const char* separator);

}  // namespace fluvial
