#include "elements/infer/session.h"

#include <algorithm>
#include <stdexcept>

#include "elements/events.h"
#include "gstnvdsmeta.h"

namespace fluvial {
namespace {

// Detectors look at every object of every frame, unless the user says how often.
bool remembers_objects(const Decision& decision) {
  return decision.task == Task::classification || decision.settings.reinfer_interval.has_value();
}

bool ends_source(GstEvent* event, unsigned& source) {
  return is_source_event(event, event_pad_deleted, source) || is_source_event(event, event_stream_eos, source);
}

}  // namespace

// One buffer more than requests: while all work, the next one may already be looked at.
Session::Session(Decision decision, std::unique_ptr<Backend> backend, Health::Complain complain)
    : work_(std::move(decision), std::move(backend), complain),
      queue_(work_.requests().size() + 1),
      selection_(work_.decision().settings, remembers_objects(work_.decision())),
      tensors_(work_.decision(), std::move(complain)) {}

GstFlowReturn Session::take_buffer(BufferPtr buffer, unsigned interval) {
  if (const auto flow = queue_.wait_for_space(); flow != GST_FLOW_OK) return flow;
  buffer.reset(gst_buffer_make_writable(buffer.release()));
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer.get());
  if (!batch) throw std::runtime_error("the buffer carries no batch: put fluvialmux (nvstreammux) before this element");

  const bool is_primary = work_.decision().settings.process_mode == ProcessMode::frames;
  ObjectSelection::Choice choice;
  if (work_.decision().settings.takes_tensors) {
    if (batches_++ % (std::uint64_t{interval} + 1) == 0) choice.fresh = tensors_.units(batch);
  } else if (!is_primary) {
    choice = selection_.choose(batch);
  } else if (batches_++ % (std::uint64_t{interval} + 1) == 0) {
    choice.fresh = units_of_frames(batch);
  }
  if (const auto flow = infer(buffer, choice.fresh); flow != GST_FLOW_OK) return flow;
  return queue_.push(Ready{std::move(buffer), std::move(choice.repeated)});
}

GstFlowReturn Session::infer(const BufferPtr& buffer, const std::vector<Unit>& units) {
  for (std::size_t begin = 0; begin < units.size(); begin += work_.units_in_request()) {
    const std::size_t end = std::min(units.size(), begin + work_.units_in_request());
    Job job;
    job.request = work_.requests().acquire();
    if (!job.request) return queue_.flow() == GST_FLOW_OK ? GST_FLOW_FLUSHING : queue_.flow();
    job.buffer.reset(gst_buffer_ref(buffer.get()));
    job.units.assign(units.begin() + static_cast<std::ptrdiff_t>(begin),
                     units.begin() + static_cast<std::ptrdiff_t>(end));
    work_.start(job);
    if (const auto flow = queue_.push(std::move(job)); flow != GST_FLOW_OK) return flow;
  }
  return GST_FLOW_OK;
}

GstFlowReturn Session::take_event(EventPtr event) {
  unsigned source = 0;
  if (ends_source(event.get(), source)) selection_.forget(source);
  return queue_.push(std::move(event));
}

bool Session::pass_on_next(GstPad* src, GstFlowReturn& flow) {
  Entry entry;
  if (!queue_.pop(entry)) return false;
  flow = pass_on(src, entry);
  return true;
}

GstFlowReturn Session::pass_on(GstPad* src, Entry& entry) {
  if (auto* job = std::get_if<Job>(&entry)) {
    work_.finish(*job);
    return GST_FLOW_OK;
  }
  if (auto* ready = std::get_if<Ready>(&entry)) {
    work_.repeat(ready->repeated);
    return gst_pad_push(src, ready->buffer.release());
  }
  if (auto* query = std::get_if<GstQuery*>(&entry)) {
    queue_.answer(gst_pad_peer_query(src, *query));
    return GST_FLOW_OK;
  }
  auto& event = std::get<EventPtr>(entry);
  unsigned source = 0;
  if (ends_source(event.get(), source)) work_.forget(source);
  gst_pad_push_event(src, event.release());
  return GST_FLOW_OK;
}

void Session::stop(GstFlowReturn why) {
  queue_.stop(why);
  work_.requests().stop();
}

void Session::restart() {
  work_.requests().restart();
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
  selection_.forget_all();
  work_.forget_all();
}

}  // namespace fluvial
