// How outputs are to be read, where only their numbers tell: each whole output shows it anew, and rows that a GPU has
// chosen are read as the last ones were. For heads/*.cpp only.
#pragma once

namespace fluvial::heads {

template <typename Look>
class Settled {
 public:
  static constexpr int looks_needed = 16;  // in a row that say the same

  void saw(const Look& look) {
    looks_ = look == look_ ? looks_ + 1 : 1;
    look_ = look;
  }
  bool is_settled() const { return looks_ >= looks_needed; }
  const Look& look() const { return look_; }

 private:
  Look look_{};
  int looks_ = 0;
};

}  // namespace fluvial::heads
