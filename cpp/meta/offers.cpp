#include "meta/offers.h"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace fluvial {
namespace {

struct Offer {
  MakeOffered make;
  void* context;
  void (*release)(void*);
  Offer(MakeOffered m, void* c, void (*r)(void*)) : make(m), context(c), release(r) {}
  Offer(const Offer&) = delete;
  Offer& operator=(const Offer&) = delete;
  ~Offer() {
    if (release) release(context);
  }
};

using Key = std::pair<std::string, std::string>;  // kind, name

// One a process, as the libraries are that meet here. Never destroyed: what is offered may be Python's, and Python is
// gone by the time static destructors run. Holds what is offered and not withdrawn.
struct Offers {
  std::mutex mutex;
  std::map<Key, std::shared_ptr<Offer>> by_name;
};

Offers& offers() {
  static auto* all = new Offers();
  return *all;
}

// What is replaced or withdrawn is released by the caller, after the lock: releasing may take the GIL.
std::shared_ptr<Offer> put(const Key& key, std::shared_ptr<Offer> offer) {
  auto& all = offers();
  std::lock_guard lock(all.mutex);
  auto& place = all.by_name[key];
  std::swap(place, offer);
  if (!place) all.by_name.erase(key);
  return offer;
}

}  // namespace

extern "C" void fluvial_offer(const char* kind, const char* name, MakeOffered make, void* context,
                              void (*release)(void*)) {
  put({kind, name}, std::make_shared<Offer>(make, context, release));
}

extern "C" void fluvial_withdraw(const char* kind, const char* name) { put({kind, name}, nullptr); }

extern "C" void* fluvial_make(const char* kind, const char* name, const void* argument) {
  std::shared_ptr<Offer> offer;  // kept while it makes, even if it is withdrawn meanwhile
  {
    auto& all = offers();
    std::lock_guard lock(all.mutex);
    const auto found = all.by_name.find({kind, name});
    if (found != all.by_name.end()) offer = found->second;
  }
  return offer ? offer->make(offer->context, argument) : nullptr;
}

std::vector<std::string> offered_names(const char* kind) {
  auto& all = offers();
  std::lock_guard lock(all.mutex);
  std::vector<std::string> names;
  for (const auto& [key, offer] : all.by_name)
    if (key.first == kind) names.push_back(key.second);
  return names;
}

}  // namespace fluvial
