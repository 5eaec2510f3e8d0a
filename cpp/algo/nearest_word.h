// The word that was meant by a misspelt one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fluvial {

// Levenshtein's distance: letters to insert, drop or change to get from one word to the other.
std::size_t edits(const std::string& a, const std::string& b);

// The known word that is fewest edits away and at most `most`; "" when none is. Of two as near, the one that comes
// first.
std::string nearest_word(const std::string& word, const std::vector<std::string>& known, std::size_t most);

// With as many edits as a slip of the keyboard makes: a third of the letters, two at least.
std::string nearest_word(const std::string& word, const std::vector<std::string>& known);

}  // namespace fluvial
