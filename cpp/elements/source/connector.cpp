#include "elements/source/connector.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "elements/guard.h"

namespace fluvial {
namespace {

std::string seconds(std::uint64_t ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", static_cast<double>(ms) / 1000);
  return text;
}

std::string without_stop(const char* text) {
  std::string words = text ? text : "";
  while (!words.empty() && (words.back() == '.' || words.back() == '\n')) words.pop_back();
  return words;
}

// GStreamer's words are general ("Could not read from resource."); the last line of its details has the particulars.
std::string words_of(const GError* error, const char* detail) {
  const auto words = without_stop(error->message);
  const char* line = detail ? g_strrstr(detail, "\n") : nullptr;
  return line ? words + ": " + without_stop(line + 1) : words;
}

// What another attempt may mend. Before there was any video, a refused password or a wrong path is the user's mistake;
// later it is a camera that has not come up yet.
bool may_heal(const GError* error, bool has_begun) {
  if (error->domain == GST_CORE_ERROR || error->domain == GST_LIBRARY_ERROR) return false;  // this machine's
  if (error->domain == GST_STREAM_ERROR)
    return error->code == GST_STREAM_ERROR_FAILED || error->code == GST_STREAM_ERROR_DECODE ||
           error->code == GST_STREAM_ERROR_DEMUX || error->code == GST_STREAM_ERROR_FORMAT;
  if (error->domain == GST_RESOURCE_ERROR)
    return has_begun || (error->code != GST_RESOURCE_ERROR_NOT_AUTHORIZED &&
                         error->code != GST_RESOURCE_ERROR_NOT_FOUND && error->code != GST_RESOURCE_ERROR_SETTINGS);
  return true;
}

}  // namespace

Connector::Connector(GstElement* bin)
    : bin_(bin), outlet_(bin, {[this] { on_first_frame(); }, [this] { return on_end(); }}) {}

// --- the bin's states ----------------------------------------------------------------------------------------------

bool Connector::start(SourceSettings settings) {
  auto kept = std::make_shared<const SourceSettings>(std::move(settings));
  auto* inner = make_inner(kept, this);
  if (!inner) {
    GST_ELEMENT_ERROR(bin_, CORE, MISSING_PLUGIN, ("GStreamer's uridecodebin is missing"),
                      ("apt-get install gstreamer1.0-plugins-base brings it"));
    return false;
  }
  const bool is_live = fluvial::is_live(*kept);
  outlet_.set_source(static_cast<guint>(std::max(0, kept->source_id)), is_live, is_live || kept->loops);
  outlet_.note_data();
  gst_bin_add(GST_BIN(bin_), inner);
  std::lock_guard lock(mutex_);
  settings_ = std::move(kept);
  is_live_ = is_live;
  phase_ = Phase::connecting;
  is_again_ = has_begun_ = false;
  backoff_.reset();
  lost_us_ = 0;
  inner_ = GST_ELEMENT(gst_object_ref(inner));
  if (const auto ms = stall_ms(*settings_, false)) arm(ms);
  return true;
}

void Connector::stop() {
  std::lock_guard lock(mutex_);
  phase_ = Phase::off;
  cancel();
}

void Connector::clear() {
  GstElement* inner = nullptr;
  {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return working_ == 0; });
    inner = std::exchange(inner_, nullptr);
  }
  outlet_.remove();
  if (!inner) return;
  gst_bin_remove(GST_BIN(bin_), inner);
  gst_element_set_state(inner, GST_STATE_NULL);
  gst_object_unref(inner);
}

void Connector::tell_failed_start() {
  stop();
  const auto loss = std::exchange(loss_, {});
  if (loss.domain)
    gst_element_message_full(bin_, GST_MESSAGE_ERROR, loss.domain, loss.code, g_strdup(loss.text.c_str()), nullptr,
                             __FILE__, __func__, __LINE__);
}

// --- what a connection tells ---------------------------------------------------------------------------------------

void Connector::on_video(GstElement* inner, GstPad* pad) {
  {
    std::lock_guard lock(mutex_);
    if (inner != inner_ || phase_ != Phase::connecting) return;
  }
  if (!outlet_.is_taken()) outlet_.take(pad);
}

void Connector::on_no_more(GstElement* inner) {
  const bool has_video = outlet_.is_taken();
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    if (inner != inner_) return;
    is_first = !is_again_;
    if (!has_video) be_over();
  }
  if (!has_video)
    GST_ELEMENT_ERROR(bin_, STREAM, WRONG_TYPE, ("holds no video"), (nullptr));
  else if (is_first)
    gst_element_no_more_pads(bin_);
}

void Connector::on_first_frame() {
  guint64 away_ms = 0;
  {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::connecting) return;
    phase_ = Phase::running;
    has_begun_ = true;
    backoff_.reset();
    if (const auto lost_us = std::exchange(lost_us_, 0))
      away_ms = static_cast<guint64>((g_get_monotonic_time() - lost_us) / 1000) + 1;
  }
  if (away_ms == 0) return;
  gst_element_message_full_with_details(
      bin_, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      g_strdup_printf("back after %s", seconds(away_ms).c_str()), nullptr, __FILE__, __func__, __LINE__,
      gst_structure_new("fluvial-source", "event", G_TYPE_STRING, "back", "away-ms", G_TYPE_UINT64, away_ms, nullptr));
}

bool Connector::on_end() {
  if (outlet_.result() == GST_FLOW_EOS) return true;  // nobody downstream wants more
  if (begins_anew()) return false;
  if (outlet_.has_known_end()) return true;  // a recording, sent as a camera is
  return !lose({GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "the server ended the stream", false});
}

// file-loop. A file without a frame would go round for ever.
bool Connector::begins_anew() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ != Phase::running || !settings_->loops || is_live_) return false;
    phase_ = Phase::resting;
    wait_ms_ = 0;
    cancel();
    ++working_;
  }
  call_async(&Connector::drop);
  return true;
}

bool Connector::end() {
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::off || !is_live_) return false;
    be_over();
  }
  outlet_.end();
  return true;
}

// --- messages ------------------------------------------------------------------------------------------------------

bool Connector::is_made_anew(GstObject* object) {
  std::lock_guard lock(mutex_);
  return is_again_ && object == GST_OBJECT(inner_);
}

bool Connector::keeps(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR: return keeps_error(message);
    case GST_MESSAGE_WARNING: return keeps_warning(message);
    // A connection that is made anew prerolls for itself: to the pipeline it would be a loss of its state, and it
    // would set its running time back. So it is this bin that takes it on to PLAYING.
    case GST_MESSAGE_ASYNC_START: return is_made_anew(GST_MESSAGE_SRC(message));
    case GST_MESSAGE_ASYNC_DONE:
      if (!is_made_anew(GST_MESSAGE_SRC(message))) return false;
      call_async(&Connector::follow);
      return true;
    default: return false;
  }
}

bool Connector::keeps_error(GstMessage* message) {
  const auto result = outlet_.result();
  const bool is_downstream = result < GST_FLOW_EOS || result == GST_FLOW_NOT_LINKED;  // and told by who failed there
  if (is_downstream) return false;
  GError* error = nullptr;
  gchar* detail = nullptr;
  gst_message_parse_error(message, &error, &detail);
  bool has_begun = false;
  {
    std::lock_guard lock(mutex_);
    has_begun = has_begun_;
  }
  const bool is_kept = may_heal(error, has_begun) && lose({error->domain, error->code, words_of(error, detail), false});
  if (!is_kept) {
    std::lock_guard lock(mutex_);
    be_over();
  }
  g_error_free(error);
  g_free(detail);
  return is_kept;
}

// What a lost connection says is told once, by us; what is said of a decoder, when the first one is made.
bool Connector::keeps_warning(GstMessage* message) {
  auto* object = GST_MESSAGE_SRC(message);
  auto* factory = GST_IS_ELEMENT(object) ? gst_element_get_factory(GST_ELEMENT(object)) : nullptr;
  const char* plugin = factory ? gst_plugin_feature_get_plugin_name(GST_PLUGIN_FEATURE(factory)) : nullptr;
  const bool is_ours = g_strcmp0(plugin, "fluvial") == 0;
  std::lock_guard lock(mutex_);
  return reconnects(*settings_, has_begun_) && (is_again_ || !is_ours);
}

// --- losing and connecting -----------------------------------------------------------------------------------------

// True: it is dealt with, now or before. False: it stays an error, or an end.
bool Connector::lose(Loss loss) {
  std::optional<std::uint64_t> wait;
  bool is_first = false;
  int attempts = 0;
  gint64 lost_us = 0;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::resting) return true;
    if (phase_ == Phase::off || phase_ == Phase::over || !reconnects(*settings_, has_begun_)) return false;
    is_first = !backoff_;
    if (is_first) {
      backoff_ = backoff_of(*settings_, has_begun_);
      lost_us_ = outlet_.moved_us();
    }
    attempts = backoff_->made();
    lost_us = lost_us_;
    wait = backoff_->next();
    if (wait && is_first && loss.is_stall) wait = 0;
    phase_ = wait ? Phase::resting : Phase::over;
    wait_ms_ = wait.value_or(0);
    loss_ = loss;
    cancel();
    ++working_;
  }
  GST_INFO_OBJECT(bin_, "attempt %d failed: %s", attempts, loss.text.c_str());
  if (!wait)
    give_up(loss, lost_us, attempts);
  else if (is_first)
    tell_lost(loss, *wait);
  call_async(&Connector::drop);
  return true;
}

void Connector::tell_lost(const Loss& loss, std::uint64_t wait_ms) {
  const auto when = wait_ms == 0 ? std::string("now") : "in " + seconds(wait_ms);
  gst_element_message_full_with_details(bin_, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
                                        g_strdup_printf("%s; connecting again %s", loss.text.c_str(), when.c_str()),
                                        nullptr, __FILE__, __func__, __LINE__,
                                        gst_structure_new("fluvial-source", "event", G_TYPE_STRING, "lost", "reason",
                                                          G_TYPE_STRING, loss.text.c_str(), nullptr));
}

void Connector::give_up(const Loss& loss, gint64 lost_us, int attempts) {
  const auto away = seconds(static_cast<std::uint64_t>((g_get_monotonic_time() - lost_us) / 1000));
  gst_element_message_full(bin_, GST_MESSAGE_ERROR, loss.domain, loss.code,
                           g_strdup_printf("no video for %s, and of %d attempts to connect again none did: %s",
                                           away.c_str(), attempts, loss.text.c_str()),
                           nullptr, __FILE__, __func__, __LINE__);
}

// A thread of its own.
void Connector::drop() {
  GstElement* inner = nullptr;
  {
    std::lock_guard lock(mutex_);
    inner = inner_;
  }
  outlet_.let_go();
  if (inner) {
    gst_bin_remove(GST_BIN(bin_), inner);
    gst_element_set_state(inner, GST_STATE_NULL);
    outlet_.let_go();  // of a pad that it has given meanwhile
  }
  {
    std::lock_guard lock(mutex_);
    inner_ = nullptr;
    if (phase_ == Phase::resting) arm(wait_ms_);
    --working_;
    idle_.notify_all();
  }
  if (inner) gst_object_unref(inner);
}

// The same. With the state lock, or the bin might stop between a look at its state and the connection's start.
void Connector::connect() {
  GST_STATE_LOCK(bin_);
  GstElement* inner = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::resting && working_ == 0 && (inner = make_inner(settings_, this))) {
      phase_ = Phase::connecting;
      is_again_ = true;
      inner_ = GST_ELEMENT(gst_object_ref(inner));
    }
  }
  if (inner) {
    outlet_.note_data();
    gst_bin_add(GST_BIN(bin_), inner);
    if (!gst_element_sync_state_with_parent(inner))
      lose({GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, "it could not be started", false});
    std::lock_guard lock(mutex_);
    const auto ms = stall_ms(*settings_, has_begun_);
    if (ms > 0 && inner == inner_ && (phase_ == Phase::connecting || phase_ == Phase::running)) arm(ms);
  }
  GST_STATE_UNLOCK(bin_);
}

// The same: the connection has come to PAUSED.
void Connector::follow() {
  GST_STATE_LOCK(bin_);
  GstElement* inner = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (inner_ && (phase_ == Phase::connecting || phase_ == Phase::running))
      inner = GST_ELEMENT(gst_object_ref(inner_));
  }
  if (inner) {
    gst_element_sync_state_with_parent(inner);
    gst_object_unref(inner);
  }
  GST_STATE_UNLOCK(bin_);
}

// --- time ----------------------------------------------------------------------------------------------------------

// The clock's thread: the time has come to connect, or to see whether the connection is silent.
void Connector::look() {
  std::uint64_t silent_ms = 0;
  {
    std::lock_guard lock(mutex_);
    if (phase_ == Phase::resting) return call_async(&Connector::connect);
    if (phase_ != Phase::connecting && phase_ != Phase::running) return;
    const auto limit = stall_ms(*settings_, has_begun_);
    if (limit == 0) return;
    if (GST_STATE(bin_) != GST_STATE_PLAYING) outlet_.note_data();  // it stands still on purpose
    silent_ms = static_cast<std::uint64_t>(std::max<gint64>(0, g_get_monotonic_time() - outlet_.moved_us()) / 1000);
    if (silent_ms < limit) return arm(limit - silent_ms);
  }
  lose({GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "no data for " + seconds(silent_ms), true});
}

void Connector::be_over() {
  if (phase_ != Phase::off) phase_ = Phase::over;
  cancel();
}

void Connector::cancel() {
  if (!timer_) return;
  gst_clock_id_unschedule(timer_);
  gst_clock_id_unref(std::exchange(timer_, nullptr));
}

void Connector::arm(std::uint64_t ms) {
  cancel();
  // Whoever waits does not keep the element.
  struct Waiting {
    GWeakRef bin;
    Connector* connector;
  };
  auto* waiting = new Waiting{{}, this};
  g_weak_ref_init(&waiting->bin, bin_);
  auto* clock = gst_system_clock_obtain();
  timer_ = gst_clock_new_single_shot_id(clock, gst_clock_get_time(clock) + ms * GST_MSECOND);
  gst_clock_id_wait_async(
      timer_,
      [](GstClock*, GstClockTime, GstClockID id, gpointer data) -> gboolean {
        auto* waiting = static_cast<Waiting*>(data);
        auto* bin = g_weak_ref_get(&waiting->bin);
        if (!bin) return TRUE;
        waiting->connector->ring(id);
        gst_object_unref(bin);
        return TRUE;
      },
      waiting,
      [](gpointer data) {
        auto* waiting = static_cast<Waiting*>(data);
        g_weak_ref_clear(&waiting->bin);
        delete waiting;
      });
  gst_object_unref(clock);
}

void Connector::ring(GstClockID id) {
  {
    std::lock_guard lock(mutex_);
    if (id != timer_) return;  // cancelled, while it was on its way
    gst_clock_id_unref(std::exchange(timer_, nullptr));
  }
  look();
}

void Connector::call_async(void (Connector::*work)()) {
  struct Work {
    Connector* connector;
    void (Connector::*work)();
  };
  gst_element_call_async(
      bin_,
      [](GstElement*, gpointer data) {
        auto* w = static_cast<Work*>(data);
        (w->connector->*w->work)();
      },
      new Work{this, work}, [](gpointer data) { delete static_cast<Work*>(data); });
}

}  // namespace fluvial
