// Leases and generations: metadata looked at late is detected, never a crash.
#include "leaks.h"
#include "meta/arena.h"
#include "meta/batch_buffer.h"

#include <atomic>
#include <thread>
#include <vector>

using namespace fluvial;

TEST_CASE("a lease keeps the memory, not the metadata") {
  auto* batch = nvds_create_batch_meta(1);
  auto* object = nvds_acquire_obj_meta_from_pool(batch);
  const auto generation = generation_of(object);
  CHECK(is_in_use(generation));
  auto lease = Lease::of(batch);
  CHECK(lease.is_alive());
  nvds_destroy_batch_meta(batch);
  CHECK_FALSE(lease.is_alive());
  CHECK(generation_of(object) != generation);
  CHECK_FALSE(is_in_use(generation_of(object)));
}

TEST_CASE("a batch is destroyed once, however often that is asked for") {
  auto* batch = nvds_create_batch_meta(1);
  auto lease = Lease::of(batch);
  CHECK(nvds_destroy_batch_meta(batch));
  CHECK_FALSE(nvds_destroy_batch_meta(batch));
  CHECK_FALSE(nvds_destroy_batch_meta(nullptr));
}

TEST_CASE("a removed element is stale, and stays so when its place is taken again") {
  auto* batch = nvds_create_batch_meta(1);
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  nvds_add_frame_meta_to_batch(batch, frame);
  auto* object = nvds_acquire_obj_meta_from_pool(batch);
  nvds_add_obj_meta_to_frame(frame, object, nullptr);
  const auto before = generation_of(object);
  nvds_remove_obj_meta_from_frame(frame, object);
  CHECK_FALSE(is_in_use(generation_of(object)));
  REQUIRE(nvds_acquire_obj_meta_from_pool(batch) == object);
  CHECK(is_in_use(generation_of(object)));
  CHECK(generation_of(object) != before);
  nvds_destroy_batch_meta(batch);
}

TEST_CASE("an element of every kind has a generation") {
  auto* batch = nvds_create_batch_meta(1);
  for (void* element : {static_cast<void*>(nvds_acquire_frame_meta_from_pool(batch)),
                        static_cast<void*>(nvds_acquire_classifier_meta_from_pool(batch)),
                        static_cast<void*>(nvds_acquire_display_meta_from_pool(batch)),
                        static_cast<void*>(nvds_acquire_label_info_meta_from_pool(batch)),
                        static_cast<void*>(nvds_acquire_user_meta_from_pool(batch))})
    CHECK(is_in_use(generation_of(element)));
  nvds_destroy_batch_meta(batch);
}

TEST_CASE("a lease on nothing, or on a batch that somebody else made, is empty") {
  CHECK_FALSE(Lease::of(nullptr));
  NvDsBatchMeta foreign{};
  CHECK_FALSE(Lease::of(&foreign));
  CHECK_FALSE(Lease().is_alive());
}

TEST_CASE("leases are copied, moved and assigned") {
  auto* batch = nvds_create_batch_meta(1);
  auto first = Lease::of(batch);
  Lease second = first;
  Lease third = std::move(first);
  CHECK_FALSE(first);
  second = Lease();
  nvds_destroy_batch_meta(batch);
  CHECK_FALSE(third.is_alive());
}

TEST_CASE("the metadata of a buffer ends with the buffer, a lease sees it") {
  auto* buffer = gst_buffer_new();
  auto lease = Lease::of(add_batch_meta(buffer, 1));
  CHECK(lease.is_alive());
  gst_buffer_unref(buffer);
  CHECK_FALSE(lease.is_alive());
}

TEST_CASE("16 threads hold leases while the batch goes") {
  for (int round = 0; round < 20; ++round) {
    auto* batch = nvds_create_batch_meta(1);
    auto* object = nvds_acquire_obj_meta_from_pool(batch);
    const auto generation = generation_of(object);
    const auto lease = Lease::of(batch);
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 16; ++t)
      threads.emplace_back([&ready, lease, object, generation] {
        ++ready;
        while (lease.is_alive()) {
          const Lease mine = lease;
          static_cast<void>(generation_of(object));
        }
        if (generation_of(object) == generation) std::this_thread::yield();  // still being torn down
      });
    while (ready < 16) std::this_thread::yield();
    nvds_destroy_batch_meta(batch);
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(is_in_use(generation_of(object)));
  }
}
