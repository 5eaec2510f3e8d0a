// Keeps a source connected: makes a connection, watches it, tears it down when it fails or falls silent, and makes the
// next one after a while.
//
//   off -> connecting -> running -> resting -> connecting ...        over: it is an error, or its end was asked for
//
// Nothing sleeps: GstSystemClock calls back, and what may take long (states of elements) is done in a thread of
// gst_element_call_async(), never in a streaming thread or the clock's. A connection is taken out of the bin before it
// is stopped, so that the bin may change its own state meanwhile, which would else wait for the same lock.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "elements/source/inner.h"
#include "elements/source/outlet.h"
#include "elements/source/settings.h"

namespace fluvial {

// Why a connection was lost.
struct Loss {
  GQuark domain = 0;
  gint code = 0;
  std::string text;
  bool is_stall = false;  // it was silent for so long that the first attempt need not wait
};

// Belongs to a bin, in which the connections are. Any thread, where nothing else is said.
class Connector final : private InnerListener {
 public:
  explicit Connector(GstElement* bin);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Four steps of the bin's states; the caller holds its state lock.
  bool start(SourceSettings settings);  // before the children go to PAUSED; false: there is no uridecodebin
  void stop();                          // before they go to READY
  void clear();                         // when they have
  void tell_failed_start();             // they have not come to PAUSED: what was kept of the error is told

  bool is_live() const { return is_live_; }
  // A message of a child: true if nobody else may see it.
  bool keeps(GstMessage* message);
  // The source shall end; false: its connection will see to that.
  bool end();

 private:
  enum class Phase { off, connecting, running, resting, over };

  void on_video(GstElement* inner, GstPad* pad) override;
  void on_no_more(GstElement* inner) override;
  void on_data() override { outlet_.note_data(); }
  void on_first_frame();
  bool on_end();
  bool begins_anew();

  bool keeps_error(GstMessage* message);
  bool keeps_warning(GstMessage* message);
  bool is_made_anew(GstObject* object);
  bool lose(Loss loss);
  void tell_lost(const Loss& loss, std::uint64_t wait_ms);
  void give_up(const Loss& loss, gint64 lost_us, int attempts);
  void connect();
  void follow();
  void drop();
  void ring(GstClockID id);  // the timer
  void look();
  void arm(std::uint64_t ms);  // with the mutex
  void cancel();               // the same
  void be_over();              // the same
  void call_async(void (Connector::*work)());

  GstElement* bin_;  // owns this
  Outlet outlet_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::shared_ptr<const SourceSettings> settings_;
  std::atomic<bool> is_live_{false};
  Phase phase_ = Phase::off;
  GstElement* inner_ = nullptr;  // a reference
  GstClockID timer_ = nullptr;
  int working_ = 0;  // threads that stop a connection
  bool is_again_ = false;
  bool has_begun_ = false;
  std::optional<Backoff> backoff_;  // while it is away
  gint64 lost_us_ = 0;
  std::uint64_t wait_ms_ = 0;
  Loss loss_;
};

}  // namespace fluvial
