// Times every kernel alone, as the product launches it, by the device's own events.
//
//   time_kernels                   a line of JSON for each case: how long one of many launches takes
//   time_kernels --only crops      those with this in their names
//   time_kernels --copies 4096 65536    the same of copies: so many bytes are read and written together
//   time_kernels --list            the cases' names; needs no GPU
//   time_kernels --short           each launch once, for compute-sanitizer
//
// What the bytes are that each case must move is said in kernels.py. The cases use as many copies of what they read and
// write as do not fit the device's cache together.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "elements/infer/gpu/pictures.cpp"       // NOLINT: parts of the plugin, which exports nothing
#include "elements/infer/gpu/tensor_writer.cpp"  // NOLINT
#include "surface/cuda/kernels/mask_task.h"
#include "surface/cuda/mask_maker.h"
#include "surface/cuda/move_launches.h"
#include "surface/cuda/row_picker.h"
#include "surface/cuda/surface.h"

// Behind the others: its Shape is not that of tensors.
#include "surface/cuda/kernels/paint.h"

using namespace fluvial;
using namespace fluvial::cuda;

namespace {

constexpr int frames = 48;
constexpr Size hd{1920, 1080};
constexpr std::size_t more_than_cache = 256 << 20;

// What one case launches once, and the bytes that it touches, of which there are as many copies as are needed.
struct Prepared {
  std::function<void(Stream)> launch;
  std::size_t bytes;
};

struct Case {
  const char* name;
  std::function<Prepared(Device&)> prepare;
};

// Noise, so that no number is strange and few rows pass.
DeviceBlock noise(Device& device, std::size_t bytes, Stream stream) {
  std::mt19937 random(1);
  std::vector<unsigned> words(bytes / 4 + 1);
  for (auto& word : words) word = random() & 0x37FF37FF;  // as floats and halves: below a half
  const DeviceBlock block = device.allocate(bytes);
  FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, address_of(block), words.data(), bytes, stream);
  FLUVIAL_CUDA(cuStreamSynchronize, stream);
  return block;
}
DeviceBlock noise(Device& device, std::size_t bytes) {
  const Queue queue(device);
  const Current current(device);
  return noise(device, bytes, queue.stream());
}

template <typename T>
DeviceBlock sent(Device& device, const std::vector<T>& values) {
  const Queue queue(device);
  const Current current(device);
  const DeviceBlock block = device.allocate(values.size() * sizeof(T));
  FLUVIAL_CUDA(cuMemcpyHtoDAsync_v2, address_of(block), values.data(), values.size() * sizeof(T), queue.stream());
  queue.wait();
  return block;
}

// --- transform_pixels ------------------------------------------------------------------------------------------------

void launch_moves(Device& device, std::vector<MoveLaunch>& launches, Stream stream) {
  for (auto& launch : launches) {
    void* parameters[] = {&launch.batch};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel(launch.kernel), launch.across, launch.down, launch.pictures,
                 launch.columns, launch.rows, 1, 0, stream, parameters, nullptr);
  }
}

std::size_t bytes_of(const Surface& surface) { return bytes_of_pixels(surface.planes()); }

Prepared transforms(Device& device, const SurfaceFormat& from, const SurfaceFormat& to, const Transform& how) {
  std::vector<SurfacePtr> held;
  std::vector<PlacedMove> moves;
  std::size_t bytes = 0;
  for (int i = 0; i < frames; ++i) {
    held.push_back(new_device_surface(device, from));
    held.push_back(new_device_surface(device, to));
    bytes += bytes_of(*held[2 * i]) + bytes_of(*held[2 * i + 1]);
    moves.push_back(move_of(held[2 * i]->planes(), held[2 * i + 1]->planes(), how));
  }
  return {[&device, held, launches = launches_of(moves)](Stream s) mutable { launch_moves(device, launches, s); },
          bytes};
}

Case transform(const char* name, PixelFormat from, PixelFormat to, Size size, const Transform& how = {},
               Size source = hd) {
  return {name, [=](Device& device) { return transforms(device, {from, source, {}}, {to, size, {}}, how); }};
}

// 8 x 6 pictures of one 4K picture.
Prepared tiles(Device& device) {
  std::vector<SurfacePtr> held = {new_device_surface(device, {PixelFormat::rgba, {3840, 2160}, {}})};
  std::vector<PlacedMove> moves;
  std::size_t bytes = bytes_of(*held[0]);
  for (int i = 0; i < frames; ++i) {
    held.push_back(new_device_surface(device, {PixelFormat::nv12, hd, {}}));
    bytes += bytes_of(*held.back());
    const Box where{static_cast<float>(i % 8 * 480), static_cast<float>(i / 8 * 360), 480, 270};
    moves.push_back(move_of(held.back()->planes(), held[0]->planes(), {{}, where, Filter::bilinear, Flip::none}));
  }
  return {[&device, held, launches = launches_of(moves)](Stream s) mutable { launch_moves(device, launches, s); },
          bytes};
}

// --- pictures_to_tensor ----------------------------------------------------------------------------------------------

Prepared inputs(Device& device, int size, ElementType type, int count, const Box& crop, Layout layout = Layout::nchw) {
  InputSpec spec;
  spec.layout = layout;
  spec.size = {size, size};
  spec.type = type;
  spec.keeps_aspect = true;
  auto writer = std::make_shared<TensorWriter>(device, spec);
  std::vector<SurfacePtr> held;
  const std::size_t unit = std::size_t{3} * static_cast<std::size_t>(size * size) * fluvial::bytes_of(type);
  const DeviceBlock tensor = device.allocate(unit * static_cast<std::size_t>(count));
  for (int i = 0; i < frames; ++i) held.push_back(new_device_surface(device, {PixelFormat::nv12, hd, {}}));
  const auto launch = [=](Stream stream) {
    for (int i = 0; i < count; ++i) {
      Box box = crop;
      box.left += static_cast<float>(i / frames * 128);
      writer->add(*held[static_cast<std::size_t>(i % frames)], box,
                  static_cast<char*>(tensor.get()) + unit * static_cast<std::size_t>(i), stream);
    }
    writer->launch(stream);
  };
  return {launch, unit * static_cast<std::size_t>(count) + frames * bytes_of(*held[0])};
}

// --- select_rows, classify_pixels ------------------------------------------------------------------------------------

RowField field(int first, int columns, std::int64_t row_step, std::int64_t column_step, bool is_judged = false) {
  RowField field;
  field.first = first * column_step;
  field.columns = columns;
  field.inner_step = row_step;
  field.column_step = column_step;
  if (is_judged) field.kind = RowField::greatest;
  if (is_judged) field.least = 0.9F;
  return field;
}

// Four numbers of a box, then classes, or an objectness and classes, of which none is enough.
Prepared rows(Device& device, fluvial::Shape shape, ElementType type, bool is_columns_first, bool has_objectness) {
  const std::size_t bytes = element_count(shape) * fluvial::bytes_of(type);
  const DeviceBlock output = noise(device, bytes);
  const int count = static_cast<int>(shape[is_columns_first ? 2 : 1]);
  const int columns = static_cast<int>(shape[is_columns_first ? 1 : 2]), classes = has_objectness ? 5 : 4;
  const std::int64_t row_step = is_columns_first ? 1 : columns, column_step = is_columns_first ? count : 1;
  RowPart part{1, count, {field(0, 4, row_step, column_step)}};
  if (has_objectness) part.fields.push_back(field(4, 1, row_step, column_step));
  if (has_objectness) part.fields.back().least = 0.9F;
  part.fields.push_back(field(classes, columns - classes, row_step, column_step, true));
  const DeviceTensor tensor{address_of(output), type, shape};
  auto picker = std::make_shared<RowPicker>(device);
  const RowSelection wanted{{part}, {}};
  RowTask task = row_task(wanted, {tensor}, RowPicker::room);
  const auto units = static_cast<std::size_t>(shape[0]);
  const DeviceBlock picked =
      device.allocate(4 * units * (1 + RowPicker::room * (1 + static_cast<std::size_t>(task.width))));
  const auto launch = [=, &device](Stream stream) mutable {
    DevicePointer counts = address_of(picked), numbers = counts + 4 * units;
    DevicePointer values = numbers + 4 * units * RowPicker::room;
    void* parameters[] = {&task, &counts, &numbers, &values};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel("select_rows"), RowPicker::blocks_for(count),
                 static_cast<unsigned>(units), 1, RowPicker::threads, 1, 1, 0, stream, parameters, nullptr);
    (void)output;
  };
  return {launch, bytes};
}

Prepared classes(Device& device) {
  const fluvial::Shape shape{8, 21, 520, 520};
  const std::size_t bytes = element_count(shape) * 4;
  const DeviceBlock output = noise(device, bytes);
  int pixels = 520 * 520;
  RowSource source = row_source(field(0, 21, 1, pixels, true), {address_of(output), ElementType::f32, shape});
  const DeviceBlock found = device.allocate(8 * (4 + static_cast<std::size_t>(pixels)));
  const auto launch = [=, &device](Stream stream) mutable {
    DevicePointer strange = address_of(found), classes = strange + 4 * 8;
    void* parameters[] = {&source, &pixels, &strange, &classes};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel("classify_pixels"), RowPicker::blocks_for(pixels), 8, 1,
                 RowPicker::threads, 1, 1, 0, stream, parameters, nullptr);
    (void)output;
  };
  return {launch, bytes + 8 * static_cast<std::size_t>(pixels)};
}

// --- make_masks ------------------------------------------------------------------------------------------------------

// 20 masks of 80 x 80 places, as heads wish for them, of each unit.
MaskWishes wished_masks(int units) {
  MaskWishes wishes{{32, {160, 160}, 4, 4}, {}};
  for (int i = 0; i < 20 * units; ++i) {
    const int left = i % 5 * 20, top = i / 5 % 4 * 20;
    wishes.all.push_back({static_cast<std::size_t>(i / 20),
                          nullptr,
                          {4.0F * static_cast<float>(left), 4.0F * static_cast<float>(top), 320, 320},
                          {80, 80},
                          std::max(left - 1, 0),
                          std::max(top - 1, 0),
                          std::min(left + 82, 160),
                          std::min(top + 82, 160)});
  }
  return wishes;
}

// What is uploaded for them. It lies in the device's cache when the kernel begins, as the upload comes just before: so
// all copies of a case have it together.
struct ToldMasks {
  DeviceBlock tasks, tiles, weights;
  unsigned blocks;
  std::size_t values;
  ToldMasks(Device& device, const MaskWishes& wishes) {
    const MaskTasks all = mask_tasks(wishes);
    tasks = sent(device, all.tasks);
    tiles = sent(device, all.tiles);
    weights = noise(device, wishes.all.size() * 32 * 4);
    blocks = static_cast<unsigned>(all.tiles.size());
    values = all.values;
  }
};

// From 32 prototypes of 160 x 160 of each unit.
Prepared masks(Device& device, const MaskWishes& wishes, const ToldMasks& told, int units) {
  const fluvial::Shape shape{units, 32, 160, 160};
  const DeviceBlock prototypes = noise(device, element_count(shape) * 4), values = device.allocate(4 * told.values);
  MaskGrid grid = mask_grid(wishes.grid, {address_of(prototypes), ElementType::f32, shape});
  const auto launch = [=, &device](Stream stream) mutable {
    DevicePointer task = address_of(told.tasks), tile = address_of(told.tiles), weight = address_of(told.weights);
    DevicePointer value = address_of(values);
    void* parameters[] = {&grid, &task, &tile, &weight, &value};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel("make_masks"), told.blocks, 1, 1, cells_across, threads_down, 1, 0,
                 stream, parameters, nullptr);
    (void)prototypes;
  };
  return {launch, element_count(shape) * 4 + told.values * 4};
}

Case masks(const char* name, int units) {
  const MaskWishes wishes = wished_masks(units);
  const auto told = std::make_shared<std::optional<ToldMasks>>();
  return {name, [=](Device& device) {
            if (!*told) told->emplace(device, wishes);
            return masks(device, wishes, **told, units);
          }};
}

// --- paint_tiles, blur_means -----------------------------------------------------------------------------------------

// Half of each of 48 pictures is one translucent box.
Prepared boxes(Device& device) {
  std::vector<SurfacePtr> held;
  std::vector<PaintedPicture> pictures;
  std::vector<PaintedTile> tiles;
  std::vector<int> lists;
  for (int i = 0; i < frames; ++i) {
    held.push_back(new_device_surface(device, {PixelFormat::rgba, hd, {}}));
    const ImageView view = held.back()->planes();
    pictures.push_back({view.plane[0], view.stride[0], view.width, view.height});
    for (int tile = 0; tile < 30 * 34; ++tile) tiles.push_back({i, tile % 30, tile / 30, 0, 1, 0});
  }
  lists.push_back(0);
  Primitive box{};
  box.kind = Primitive::box;
  box.right = 960;
  box.bottom = 1080;
  box.colour = 0xFF20C040;
  box.alpha = 100;
  const DeviceBlock told[] = {sent(device, pictures), sent(device, tiles), sent(device, lists),
                              sent(device, std::vector<Primitive>{box})};
  const std::vector<DeviceBlock> all(std::begin(told), std::end(told));
  const auto count = static_cast<unsigned>(tiles.size());
  const auto launch = [=, &device](Stream stream) {
    DevicePointer first = address_of(all[0]), second = address_of(all[1]), third = address_of(all[2]),
                  fourth = address_of(all[3]);
    void* parameters[] = {&first, &second, &third, &fourth};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel("paint_tiles"), count, 1, 1, 32, 8, 1, 0, stream, parameters, nullptr);
    (void)held;
  };
  return {launch, std::size_t{frames} * 960 * 1080 * 8};
}

// The whole of each of 48 pictures is one blurred box with cells of 30 x 30.
Prepared means(Device& device) {
  std::vector<SurfacePtr> held;
  std::vector<PaintedPicture> pictures;
  std::vector<Primitive> blurs;
  std::vector<int> picture_of;
  const DeviceBlock values = device.allocate(std::size_t{frames} * 64 * 36 * 12);
  for (int i = 0; i < frames; ++i) {
    held.push_back(new_device_surface(device, {PixelFormat::rgba, hd, {}}));
    const ImageView view = held.back()->planes();
    pictures.push_back({view.plane[0], view.stride[0], view.width, view.height});
    Primitive blur{};
    blur.kind = Primitive::blurred_box;
    blur.right = 1920;
    blur.bottom = 1080;
    blur.columns = 64;
    blur.rows = 36;
    blur.cell = 30;
    blur.data = static_cast<char*>(values.get()) + std::size_t{64} * 36 * 12 * static_cast<std::size_t>(i);
    blurs.push_back(blur);
    picture_of.push_back(i);
  }
  const DeviceBlock first = sent(device, pictures), second = sent(device, picture_of), third = sent(device, blurs);
  const auto launch = [=, &device](Stream stream) {
    DevicePointer a = address_of(first), b = address_of(second), c = address_of(third);
    void* parameters[] = {&a, &b, &c};
    FLUVIAL_CUDA(cuLaunchKernel, device.kernel("blur_means"), 64 * 36 / means_of_block, frames, 1, 32 * means_of_block,
                 1, 1, 0, stream, parameters, nullptr);
    (void)held, (void)values;
  };
  return {launch, std::size_t{frames} * 1920 * 1080 * 4};
}

// --- all of them -----------------------------------------------------------------------------------------------------

std::vector<Case> all_cases() {
  using F = PixelFormat;
  constexpr Size hd_ready{1280, 720}, third{640, 360};
  const auto out = [](int size, ElementType type, Layout layout = Layout::nchw) {
    return [=](Device& d) { return inputs(d, size, type, frames, {0, 0, 1920, 1080}, layout); };
  };
  const auto crops = [](const Box& crop, Layout layout = Layout::nchw) {
    return [=](Device& d) { return inputs(d, 224, ElementType::f16, 192, crop, layout); };
  };
  return {
      {"launch: 4 x 2 pixels",
       [](Device& d) {
         return transforms(d, {F::rgba, {4, 2}, {}}, {F::rgba, {4, 2}, {}}, {});
       }},
      transform("transform: nv12 to rgba", F::nv12, F::rgba, hd),
      transform("transform: rgba to nv12", F::rgba, F::nv12, hd),
      transform("transform: rgba to i420", F::rgba, F::i420, hd),
      transform("transform: i420 to rgba", F::i420, F::rgba, hd),
      transform("transform: nv12 to nv12", F::nv12, F::nv12, hd),
      transform("transform: nv12 to rgb", F::nv12, F::rgb, hd),
      transform("transform: nv12 to nv12 720p", F::nv12, F::nv12, hd_ready),
      transform("transform: nv12 to rgba 720p", F::nv12, F::rgba, hd_ready),
      transform("transform: rgba to rgba 720p", F::rgba, F::rgba, hd_ready),
      transform("transform: nv12 to nv12 360p", F::nv12, F::nv12, third),
      transform("transform: nv12 to nv12 360p, means", F::nv12, F::nv12, third, {{}, {}, Filter::box, Flip::none}),
      transform("transform: nv12 720p to nv12 1080p", F::nv12, F::nv12, hd, {}, hd_ready),
      transform("transform: nv12 to nv12, turned", F::nv12, F::nv12, {1080, 1920},
                {{}, {}, Filter::bilinear, Flip::cw90}),
      {"transform: 48 nv12 to tiles of rgba 4K", tiles},
      {"pictures_to_tensor: 640, f32", out(640, ElementType::f32)},
      {"pictures_to_tensor: 640, f16", out(640, ElementType::f16)},
      {"pictures_to_tensor: 640, f16, channels last", out(640, ElementType::f16, Layout::nhwc)},
      {"pictures_to_tensor: 416, f32", out(416, ElementType::f32)},
      {"pictures_to_tensor: 224, f16, 192 crops of 600", crops({100, 200, 600, 600})},
      {"crops_to_tensor: 224, f16, 192 crops of 400", crops({100, 200, 400, 400})},
      {"crops_to_tensor: 224, f16, 192 crops", crops({300, 200, 128, 256})},
      {"crops_to_tensor: 224, f16, 192 crops, channels last", crops({300, 200, 128, 256}, Layout::nhwc)},
      {"select_rows: 48 x 84 x 8400, f32",
       [](Device& d) {
         return rows(d, {48, 84, 8400}, ElementType::f32, true, false);
       }},
      {"select_rows: 48 x 84 x 8400, f16",
       [](Device& d) {
         return rows(d, {48, 84, 8400}, ElementType::f16, true, false);
       }},
      {"select_rows: 48 x 8400 x 85, f32, objectness",
       [](Device& d) {
         return rows(d, {48, 8400, 85}, ElementType::f32, false, true);
       }},
      {"select_rows: 48 x 8400 x 84, f32",
       [](Device& d) {
         return rows(d, {48, 8400, 84}, ElementType::f32, false, false);
       }},
      {"select_rows: 48 x 8400 x 84, f16",
       [](Device& d) {
         return rows(d, {48, 8400, 84}, ElementType::f16, false, false);
       }},
      {"select_rows: 16 x 76725 x 24, f32",
       [](Device& d) {
         return rows(d, {16, 76725, 24}, ElementType::f32, false, false);
       }},
      {"classify_pixels: 8 x 21 x 520 x 520, f32", classes},
      masks("make_masks: 20 of 80 x 80", 1),
      masks("make_masks: 48 x 20 of 80 x 80", frames),
      {"paint_tiles: half of 48 pictures", boxes},
      {"blur_means: 48 pictures", means},
  };
}

// --- time ------------------------------------------------------------------------------------------------------------

// What the product has no use for.
template <typename Function>
Function of_driver(const char* name) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto found = library ? reinterpret_cast<Function>(dlsym(library, name)) : nullptr;
  if (!found) throw std::runtime_error(std::string("the driver lacks ") + name);
  return found;
}

struct Clock {
  Result (*elapsed)(float*, Event, Event) = of_driver<decltype(elapsed)>("cuEventElapsedTime");
  Event begin = nullptr, end = nullptr;
  Clock() {
    FLUVIAL_CUDA(cuEventCreate, &begin, 0);
    FLUVIAL_CUDA(cuEventCreate, &end, 0);
  }
  // Seconds that the body's work takes on the device.
  double time(Stream stream, const std::function<void()>& body) {
    FLUVIAL_CUDA(cuEventRecord, begin, stream);
    body();
    FLUVIAL_CUDA(cuEventRecord, end, stream);
    FLUVIAL_CUDA(cuEventSynchronize, end);
    float milliseconds = 0;
    check(elapsed(&milliseconds, begin, end), "cuEventElapsedTime");
    return milliseconds / 1e3;
  }
};

// Keeps the device busy while the host asks for what is to be timed: so it waits for none of these launches.
class Blocker {
 public:
  explicit Blocker(Device& device) : memory_(device.allocate(bytes)) {}
  void block(Stream stream, double seconds) const {
    constexpr double least = 10e-6;  // that it takes to fill the memory once
    for (double blocked = 0; blocked < seconds; blocked += least)
      FLUVIAL_CUDA(cuMemsetD8Async, address_of(memory_), 0, bytes, stream);
  }

 private:
  static constexpr std::size_t bytes = 64 << 20;
  DeviceBlock memory_;
};

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<Prepared> copies_beyond_cache(Device& device, const Case& what) {
  std::vector<Prepared> copies = {what.prepare(device)};
  const std::size_t wanted = std::min<std::size_t>(more_than_cache / copies[0].bytes + 1, 64);
  while (copies.size() < wanted) copies.push_back(what.prepare(device));
  return copies;
}

void measure(const Case& what, Device& device) {
  const Queue queue(device);
  const Current current(device);
  const std::vector<Prepared> copies = copies_beyond_cache(device, what);
  const std::size_t rounds = std::max<std::size_t>(copies.size(), 32);
  const auto launch = [&](std::size_t count) {
    const double begin = now();
    for (std::size_t i = 0; i < count; ++i) copies[i % copies.size()].launch(queue.stream());
    return now() - begin;
  };
  launch(copies.size());  // the first one of all compiles the kernels
  double asked = launch(rounds);
  queue.wait();
  Clock clock;
  const Blocker blocker(device);
  std::vector<double> times;
  for (int round = 0; round < 7; ++round) {
    blocker.block(queue.stream(), 2 * asked);
    launch(copies.size());
    times.push_back(clock.time(queue.stream(), [&] { asked = launch(rounds); }) / static_cast<double>(rounds));
  }
  std::printf("{\"name\": \"%s\", \"seconds\": %.9g, \"best\": %.9g, \"launches\": %zu}\n", what.name, median(times),
              *std::min_element(times.begin(), times.end()), 7 * rounds);
  std::fflush(stdout);
}

void launch_once(const Case& what, Device& device) {
  const Queue queue(device);
  const Current current(device);
  const Prepared prepared = what.prepare(device);
  prepared.launch(queue.stream());
  queue.wait();
}

// A copy that reads half of so many bytes and writes the other half.
Case copy(const char* bytes) {
  return {bytes, [half = std::stoull(bytes) / 2](Device& device) {
            const DeviceBlock from = device.allocate(half), to = device.allocate(half);
            using Copy = Result (*)(DevicePointer, DevicePointer, std::size_t, Stream);
            const auto call = of_driver<Copy>("cuMemcpyDtoDAsync_v2");
            const auto launch = [=](Stream stream) {
              check(call(address_of(to), address_of(from), half, stream), "cuMemcpyDtoDAsync_v2");
            };
            return Prepared{launch, 2 * half};
          }};
}

}  // namespace

int main(int count, char** words) {
  const std::string word = count > 1 ? words[1] : "";
  try {
    if (word == "--list") {
      for (const auto& each : all_cases()) std::puts(each.name);
    } else if (word == "--short") {
      for (const auto& each : all_cases()) launch_once(each, Device::at(0));
    } else if (word == "--copies") {
      for (int i = 2; i < count; ++i) measure(copy(words[i]), Device::at(0));
    } else if (word == "" || (word == "--only" && count == 3)) {
      for (const auto& each : all_cases())
        if (word == "" || std::strstr(each.name, words[2])) measure(each, Device::at(0));
    } else {
      std::fprintf(stderr, "time_kernels: %s is none of --list, --short, --only WORD, --copies BYTES...\n", words[1]);
      return 2;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "time_kernels: %s\n", e.what());
    return 1;
  }
  return 0;
}
