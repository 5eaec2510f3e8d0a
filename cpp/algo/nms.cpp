#include "algo/nms.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "algo/simd.h"

namespace fluvial {
namespace {

constexpr std::size_t kLanes = 16;

// Corners of the boxes kept of one class, as columns, so that one candidate meets many at once. Padded to whole lanes
// with boxes without area.
struct Kept {
  std::vector<float> left, top, right, bottom, area;
  std::size_t count = 0;

  void clear() { count = 0; }

  void add(const Box& box) {
    if (count == left.size()) {
      for (auto* column : {&left, &top, &right, &bottom, &area}) column->resize(count + kLanes, 0.0F);
    }
    if (count % kLanes == 0) pad();
    left[count] = box.left;
    top[count] = box.top;
    right[count] = box.right();
    bottom[count] = box.bottom();
    area[count] = box.area();
    ++count;
  }

  void pad() {
    for (auto* column : {&left, &top, &right, &bottom, &area}) std::fill_n(column->data() + count, kLanes, 0.0F);
  }
};

// The same arithmetic as iou() of geometry.h, without its branches.
FLUVIAL_SIMD
bool overlaps_any(const Kept& kept, const Box& box, float threshold) {
  const float left = box.left;
  const float top = box.top;
  const float right = box.right();
  const float bottom = box.bottom();
  const float area = box.area();
  for (std::size_t block = 0; block < kept.count; block += kLanes) {
    const float* l = kept.left.data() + block;
    const float* t = kept.top.data() + block;
    const float* r = kept.right.data() + block;
    const float* b = kept.bottom.data() + block;
    const float* a = kept.area.data() + block;
    int hits = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const float w = (right < r[i] ? right : r[i]) - (left > l[i] ? left : l[i]);
      const float h = (bottom < b[i] ? bottom : b[i]) - (top > t[i] ? top : t[i]);
      const float both = (w > 0 ? w : 0.0F) * (h > 0 ? h : 0.0F);
      hits += both / (area + a[i] - both) > threshold ? 1 : 0;  // 0 / 0 is no number and no hit
    }
    if (hits > 0) return true;
  }
  return false;
}

const NmsSettings& settings_of(int class_id, const std::vector<NmsSettings>& by_class) {
  const auto i = static_cast<std::size_t>(class_id < 0 ? 0 : class_id);
  return by_class[std::min(i, by_class.size() - 1)];
}

bool is_surer(const Detection& a, const Detection& b) { return a.confidence > b.confidence; }

bool is_before(const Detection& a, const Detection& b) {
  return a.class_id != b.class_id ? a.class_id < b.class_id : is_surer(a, b);
}

// [begin, end) is one class, surest first. Moves those that stay to `out`, which is not past begin; returns their end.
Detection* suppress(const Detection* begin, const Detection* end, const NmsSettings& settings, Kept& kept,
                    Detection* out) {
  kept.clear();
  const auto most = settings.topk > 0 ? static_cast<std::size_t>(settings.topk) : static_cast<std::size_t>(end - begin);
  const float threshold = std::max(settings.iou_threshold, 0.0F);
  for (; begin != end && kept.count < most; ++begin) {
    if (overlaps_any(kept, begin->box, threshold)) continue;
    kept.add(begin->box);
    *out++ = *begin;
  }
  return out;
}

}  // namespace

void nms(std::vector<Detection>& detections, const std::vector<NmsSettings>& by_class) {
  const auto is_no_number = [](const Detection& d) { return std::isnan(d.confidence); };
  detections.erase(std::remove_if(detections.begin(), detections.end(), is_no_number), detections.end());
  if (detections.empty() || by_class.empty()) return;

  std::stable_sort(detections.begin(), detections.end(), is_before);
  Kept kept;
  Detection* const last = detections.data() + detections.size();
  Detection* out = detections.data();
  for (const Detection* begin = out; begin != last;) {
    const Detection* end = begin;
    while (end != last && end->class_id == begin->class_id) ++end;
    out = suppress(begin, end, settings_of(begin->class_id, by_class), kept, out);
    begin = end;
  }
  detections.resize(static_cast<std::size_t>(out - detections.data()));
  std::stable_sort(detections.begin(), detections.end(), is_surer);
}

void nms(std::vector<Detection>& detections, const NmsSettings& settings) {
  nms(detections, std::vector<NmsSettings>{settings});
}

}  // namespace fluvial
