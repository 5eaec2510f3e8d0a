// The requests of one backend, each idle or on its way. Any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/backend.h"

namespace fluvial {

class RequestPool;

// One request while somebody uses it. Gone, it is idle again: a started one is waited for first.
class RequestLease {
 public:
  RequestLease() = default;
  RequestLease(RequestPool* pool, Request* request) : pool_(pool), request_(request) {}
  RequestLease(RequestLease&& other) noexcept { *this = std::move(other); }
  RequestLease& operator=(RequestLease&& other) noexcept;
  ~RequestLease() { give_back(); }

  explicit operator bool() const { return request_ != nullptr; }
  Request* operator->() const { return request_; }
  Request* get() const { return request_; }
  void start();
  void wait();  // throws what the backend says

 private:
  void give_back() noexcept;

  RequestPool* pool_ = nullptr;
  Request* request_ = nullptr;
  bool is_running_ = false;
};

class RequestPool {
 public:
  RequestPool(Backend& backend, int count);

  // Waits for an idle one; empty after stop().
  RequestLease acquire();
  void stop();
  void restart();
  std::size_t size() const { return requests_.size(); }

 private:
  friend class RequestLease;
  void take_back(Request* request) noexcept;

  std::vector<std::unique_ptr<Request>> requests_;
  std::mutex mutex_;
  std::condition_variable is_idle_;
  std::vector<Request*> idle_;
  bool is_stopped_ = false;
};

}  // namespace fluvial
