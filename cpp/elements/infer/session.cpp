#include "elements/infer/session.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "elements/events.h"
#include "gstnvdsmeta.h"

namespace fluvial {
namespace {

bool ends_source(GstEvent* event, unsigned& source) {
  return is_source_event(event, event_pad_deleted, source) || is_source_event(event, event_stream_eos, source);
}

}  // namespace

Session::Bringing::Bringing(std::shared_ptr<Work> model, Health::Complain complain)
    : work(std::move(model)),
      selection(work->decision().settings, work->decision().remembers_objects()),
      tensors(work->decision(), std::move(complain)) {}

// One buffer more than requests: while all work, the next one may already be looked at.
Session::Session(std::shared_ptr<Work> work, Health::Complain complain)
    : complain_(std::move(complain)),
      queue_(work->requests().size() + 1),
      bringing_(std::make_unique<Bringing>(work, complain_)),
      pushing_(std::move(work)) {}

void Session::replace(std::shared_ptr<Work> work) {
  std::shared_ptr<Work> unused;  // goes after the lock
  std::lock_guard lock(mutex_);
  unused = std::exchange(next_, std::move(work));
}

// Stopping must reach the requests that the bringing thread may wait for: so it changes them under the lock.
void Session::take_over() {
  std::unique_ptr<Bringing> old;
  std::lock_guard lock(mutex_);
  if (!next_) return;
  old = std::exchange(bringing_, std::make_unique<Bringing>(std::move(next_), complain_));
  next_.reset();
  if (is_stopped_) bringing_->work->requests().stop();
  queue_.set_most_buffers(bringing_->work->requests().size() + 1);
}

ObjectSelection::Choice Session::choose(NvDsBatchMeta* batch, unsigned interval) {
  const auto& settings = bringing_->work->decision().settings;
  ObjectSelection::Choice choice;
  const bool is_primary = settings.process_mode == ProcessMode::frames;
  if (!is_primary && !settings.takes_tensors) return bringing_->selection.choose(batch);
  if (batches_++ % (std::uint64_t{interval} + 1) != 0) return choice;
  if (settings.takes_tensors) {
    choice.fresh = bringing_->tensors.units(batch);
  } else {
    choice.fresh = settings.decoder.empty() ? units_of_frames(batch) : units_of_frames_with_objects(batch, settings);
  }
  return choice;
}

GstFlowReturn Session::take_buffer(BufferPtr buffer, unsigned interval) {
  if (const auto flow = queue_.wait_for_space(); flow != GST_FLOW_OK) return flow;
  take_over();
  buffer.reset(gst_buffer_make_writable(buffer.release()));
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer.get());
  if (!batch) throw std::runtime_error("the buffer carries no batch: put fluvialmux (nvstreammux) before this element");
  auto choice = choose(batch, interval);
  if (const auto flow = infer(buffer, choice.fresh); flow != GST_FLOW_OK) return flow;
  return queue_.push(Ready{std::move(buffer), std::move(choice.repeated), bringing_->work});
}

GstFlowReturn Session::infer(const BufferPtr& buffer, const std::vector<Unit>& units) {
  auto& work = *bringing_->work;
  for (std::size_t begin = 0; begin < units.size(); begin += work.units_in_request()) {
    const std::size_t end = std::min(units.size(), begin + work.units_in_request());
    Job job;
    job.work = bringing_->work;
    job.request = work.requests().acquire();
    if (!job.request) return queue_.flow() == GST_FLOW_OK ? GST_FLOW_FLUSHING : queue_.flow();
    job.buffer.reset(gst_buffer_ref(buffer.get()));
    job.units.assign(units.begin() + static_cast<std::ptrdiff_t>(begin),
                     units.begin() + static_cast<std::ptrdiff_t>(end));
    work.start(job);
    if (const auto flow = queue_.push(std::move(job)); flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

GstFlowReturn Session::take_event(EventPtr event) {
  unsigned source = 0;
  if (ends_source(event.get(), source)) bringing_->selection.forget(source);
  return queue_.push(std::move(event));
}

bool Session::pass_on_next(GstPad* src, GstFlowReturn& flow) {
  Entry entry;
  if (!queue_.pop(entry)) return false;
  flow = pass_on(src, entry);
  return true;
}

// An inference that was broken off by a stop is no error.
GstFlowReturn Session::finish(Job& job) {
  try {
    pushing_->finish(job);
    return GST_FLOW_OK;
  } catch (const std::exception&) {
    const auto flow = queue_.flow();
    if (flow == GST_FLOW_OK) throw;
    return flow;
  }
}

GstFlowReturn Session::pass_on(GstPad* src, Entry& entry) {
  if (auto* job = std::get_if<Job>(&entry)) {
    pushing_ = job->work;
    return finish(*job);
  }
  if (auto* ready = std::get_if<Ready>(&entry)) {
    pushing_ = std::move(ready->work);
    pushing_->repeat(ready->repeated);
    return gst_pad_push(src, ready->buffer.release());
  }
  if (auto* query = std::get_if<GstQuery*>(&entry)) {
    queue_.answer(gst_pad_peer_query(src, *query));
    return GST_FLOW_OK;
  }
  auto& event = std::get<EventPtr>(entry);
  unsigned source = 0;
  if (ends_source(event.get(), source)) pushing_->forget(source);
  gst_pad_push_event(src, event.release());
  return GST_FLOW_OK;
}

void Session::stop(GstFlowReturn why) {
  queue_.stop(why);
  std::shared_ptr<Work> work;
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
    work = bringing_->work;
    work->requests().stop();
  }
  work->interrupt();
}

void Session::restart() {
  std::shared_ptr<Work> work;
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = false;
    work = bringing_->work;
    work->requests().restart();
  }
  work->resume();
  queue_.restart();
}

void Session::drop_all(GstPad* src) {
  for (auto& entry : queue_.take_all()) {
    auto* event = std::get_if<EventPtr>(&entry);
    if (!event) continue;
    const auto type = GST_EVENT_TYPE(event->get());
    if (GST_EVENT_IS_STICKY(event->get()) && type != GST_EVENT_SEGMENT && type != GST_EVENT_EOS)
      gst_pad_store_sticky_event(src, event->get());
  }
  // A look that was started and dropped left no result: whoever was seen is looked at again.
  bringing_->selection.forget_all();
  pushing_->forget_all();
}

}  // namespace fluvial
