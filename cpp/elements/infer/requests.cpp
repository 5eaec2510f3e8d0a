#include "elements/infer/requests.h"

#include <utility>

namespace fluvial {

RequestLease& RequestLease::operator=(RequestLease&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  pool_ = other.pool_;
  request_ = std::exchange(other.request_, nullptr);
  is_running_ = std::exchange(other.is_running_, false);
  return *this;
}

void RequestLease::start() {
  request_->start();
  is_running_ = true;
}

void RequestLease::wait() {
  is_running_ = false;
  request_->wait();
}

void RequestLease::give_back() noexcept {
  if (!request_) return;
  try {
    if (is_running_) request_->wait();
  } catch (const std::exception&) {
    // Nobody wants this result any more, so nobody misses it.
  }
  is_running_ = false;
  pool_->take_back(std::exchange(request_, nullptr));
}

RequestPool::RequestPool(Backend& backend, int count) {
  for (int i = 0; i < count; ++i) {
    requests_.push_back(backend.make_request());
    idle_.push_back(requests_.back().get());
  }
}

RequestLease RequestPool::acquire() {
  std::unique_lock lock(mutex_);
  is_idle_.wait(lock, [this] { return is_stopped_ || !idle_.empty(); });
  if (is_stopped_) return {};
  auto* request = idle_.back();
  idle_.pop_back();
  return {this, request};
}

void RequestPool::stop() {
  std::lock_guard lock(mutex_);
  is_stopped_ = true;
  is_idle_.notify_all();
}

void RequestPool::restart() {
  std::lock_guard lock(mutex_);
  is_stopped_ = false;
}

void RequestPool::take_back(Request* request) noexcept {
  std::lock_guard lock(mutex_);
  idle_.push_back(request);
  is_idle_.notify_one();
}

}  // namespace fluvial
