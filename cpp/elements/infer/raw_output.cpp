#include "elements/infer/raw_output.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "elements/infer/layers.h"
#include "gstnvdsinfer.h"

namespace fluvial {

void RawOutput::write(const TensorView& output, std::size_t bytes, std::size_t units) const {
  std::string name = output.name;
  std::replace(name.begin(), name.end(), '/', '_');
  gchar* path = g_strdup_printf("gstnvdsinfer_uid-%02u_layer-%s_batch-%010" G_GUINT64_FORMAT "_batchsize-%02u.bin",
                                decision_.settings.unique_id, name.c_str(), batches_, static_cast<unsigned>(units));
  const std::string file = path;
  g_free(path);
  std::ofstream out(file, std::ios::binary);
  out.write(static_cast<const char*>(output.data), static_cast<std::streamsize>(bytes));
  out.flush();
  if (!out) throw std::runtime_error("raw-output-file-write: cannot write " + file + " in the working folder");
}

void RawOutput::hand_on(GstBuffer* buffer, const std::vector<TensorView>& outputs, std::size_t units) {
  const auto& s = decision_.settings;
  if (!is_wanted()) return;
  std::vector<TensorView> parts;  // the first unit's, at the beginning of the memory of all
  std::vector<NvDsInferLayerInfo> layers;
  for (std::size_t i = 0; i < outputs.size(); ++i) parts.push_back(part_of(outputs[i], 0, decision_.has_batch(i)));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    layers.push_back(layer_of(parts[i], inputs_ + i));
    const std::size_t bytes = element_count(parts[i].shape) * bytes_of(parts[i].type);
    if (s.writes_raw_output) write(parts[i], decision_.has_batch(i) ? bytes * units : bytes, units);
  }
  ++batches_;
  if (!s.raw_callback) return;
  auto network = network_of(decision_.spec.input);
  reinterpret_cast<gst_nvinfer_raw_output_generated_callback>(s.raw_callback)(
      buffer, &network, layers.data(), static_cast<guint>(layers.size()), static_cast<guint>(units), s.raw_user_data);
}

}  // namespace fluvial
