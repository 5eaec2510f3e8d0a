#include "elements/infer/flow_queue.h"

#include <algorithm>

namespace fluvial {

GstFlowReturn FlowQueue::wait_for_space() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !is_running() || buffers_ < most_buffers_; });
  return flow_;
}

GstFlowReturn FlowQueue::push(Entry entry) {
  std::unique_lock lock(mutex_);
  if (!is_running()) {
    const auto flow = flow_;
    lock.unlock();  // the entry is dropped, which may wait for its inference
    return flow;
  }
  if (std::holds_alternative<Ready>(entry)) ++buffers_;
  entries_.push_back(std::move(entry));
  changed_.notify_all();
  return GST_FLOW_OK;
}

bool FlowQueue::ask(GstQuery* query) {
  std::unique_lock lock(mutex_);
  if (!is_running()) return false;
  question_ = Question::waiting;
  entries_.emplace_back(query);
  changed_.notify_all();
  // A question that was taken is always answered; the query must live as long.
  changed_.wait(lock, [this] {
    return question_ == Question::yes || question_ == Question::no || (question_ == Question::waiting && !is_running());
  });
  if (question_ == Question::waiting)
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [](const Entry& e) { return std::holds_alternative<GstQuery*>(e); }),
                   entries_.end());
  return std::exchange(question_, Question::none) == Question::yes;
}

bool FlowQueue::pop(Entry& entry) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !is_running() || !entries_.empty(); });
  if (!is_running()) return false;
  entry = std::move(entries_.front());
  entries_.pop_front();
  if (std::holds_alternative<GstQuery*>(entry)) question_ = Question::taken;
  if (std::holds_alternative<Ready>(entry)) {
    --buffers_;
    changed_.notify_all();
  }
  return true;
}

void FlowQueue::answer(bool is_answered) {
  std::lock_guard lock(mutex_);
  question_ = is_answered ? Question::yes : Question::no;
  changed_.notify_all();
}

void FlowQueue::stop(GstFlowReturn why) {
  std::lock_guard lock(mutex_);
  flow_ = why;
  changed_.notify_all();
}

void FlowQueue::restart() {
  std::lock_guard lock(mutex_);
  flow_ = GST_FLOW_OK;
}

void FlowQueue::set_most_buffers(std::size_t count) {
  std::lock_guard lock(mutex_);
  most_buffers_ = count;
  changed_.notify_all();
}

GstFlowReturn FlowQueue::flow() const {
  std::lock_guard lock(mutex_);
  return flow_;
}

std::deque<Entry> FlowQueue::take_all() {
  std::lock_guard lock(mutex_);
  buffers_ = 0;
  std::deque<Entry> taken;
  // A question stays: the one who asks takes it back.
  std::deque<Entry> questions;
  for (auto& entry : entries_)
    (std::holds_alternative<GstQuery*>(entry) ? questions : taken).push_back(std::move(entry));
  entries_ = std::move(questions);
  return taken;
}

}  // namespace fluvial
