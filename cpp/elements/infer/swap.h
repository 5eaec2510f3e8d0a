// Another model asked for while one runs: one is loaded at a time, and the newest wish wins. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elements/infer/settings.h"

namespace fluvial {

struct SwapWish {
  InferSettings settings;
  std::string problems;  // of the settings; not empty: nothing is loaded
  std::vector<std::string> warnings;
  std::string key, path;  // as the user said it
};

class SwapLine {
 public:
  // The element has started, or is about to stop: what is loaded afterwards is of an earlier life, and is dropped.
  void open() { restart(true); }
  void close() { restart(false); }

  struct Asked {
    bool starts_loading = false;         // nobody loads yet: whoever asked has it done
    std::optional<SwapWish> superseded;  // waited, and is not loaded any more
  };
  // Nothing happens while closed.
  Asked ask(SwapWish wish) {
    std::lock_guard lock(mutex_);
    if (!is_open_) return {};
    Asked asked{!std::exchange(is_loading_, true), std::move(waiting_)};
    waiting_ = std::move(wish);
    return asked;
  }

  // The next to load, and the life it is of. Nothing: loading has ended.
  std::optional<std::pair<SwapWish, unsigned>> next() {
    std::lock_guard lock(mutex_);
    if (!waiting_) {
      is_loading_ = false;
      return std::nullopt;
    }
    std::pair<SwapWish, unsigned> taken(std::move(*waiting_), life_);
    waiting_.reset();
    return taken;
  }

  // Calls `body` if the element is still in that life, which then does not end meanwhile.
  template <typename Body>
  bool while_alive(unsigned life, Body body) {
    std::lock_guard lock(mutex_);
    if (!is_open_ || life != life_) return false;
    body();
    return true;
  }

 private:
  void restart(bool is_open) {
    std::lock_guard lock(mutex_);
    is_open_ = is_open;
    ++life_;
    waiting_.reset();
  }

  std::mutex mutex_;
  bool is_open_ = false, is_loading_ = false;
  unsigned life_ = 0;
  std::optional<SwapWish> waiting_;
};

}  // namespace fluvial
