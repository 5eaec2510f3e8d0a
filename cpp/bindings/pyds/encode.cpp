// JPEG pictures of objects and frames: nvds_obj_enc_*.
#include <nanobind/ndarray.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "bindings/buffers.h"
#include "bindings/pyds/field.h"
#include "surface/batch.h"
#include "surface/jpeg/object_encoder.h"

namespace fluvial::python {
namespace {

// Python names an encoder by a number, as pyds does by its address; a number is never given twice. Guarded by the GIL.
struct Encoders {
  std::unordered_map<std::size_t, std::shared_ptr<ObjectEncoder>> open;
  std::size_t last = 0;
};
Encoders& encoders() {
  static Encoders all;
  return all;
}

std::shared_ptr<ObjectEncoder> encoder_at(std::size_t ctx) {
  const auto found = encoders().open.find(ctx);
  if (found == encoders().open.end())
    throw nb::value_error(("ctx=" + std::to_string(ctx) +
                           " is no open context: take one from nvds_obj_enc_create_context, until it is destroyed")
                              .c_str());
  return found->second;
}

// The last reference waits for the files.
void let_go(std::shared_ptr<ObjectEncoder> encoder) {
  nb::gil_scoped_release release;
  encoder.reset();
}

std::size_t create_context(int) {
  auto& all = encoders();
  const auto end = [](ObjectEncoder* encoder) {
    if (!encoder->is_forked()) delete encoder;
  };
  all.open.emplace(++all.last, std::shared_ptr<ObjectEncoder>(new ObjectEncoder, end));
  return all.last;
}

bool process(std::size_t ctx, Meta<NvDsObjEncUsrArgs> args, nb::handle gst_buffer, Maybe<NvDsObjectMeta> obj_meta,
             Meta<NvDsFrameMeta> frame_meta) {
  const auto encoder = encoder_at(ctx);
  const NvDsObjEncUsrArgs wanted = *args.get();
  NvDsObjectMeta* object = obj_meta ? obj_meta.get() : nullptr;
  NvDsFrameMeta* frame = frame_meta.get();
  // The surface stays while it is read, whoever lets the buffer go or writes into it meanwhile.
  const HeldBuffer held = buffer_at(gst_buffer);
  SurfacePtr surface;
  try {
    surface = surface_at(held.get(), frame->batch_id);
  } catch (const std::out_of_range& e) {
    throw nb::value_error((std::string("gst_buffer: ") + e.what()).c_str());
  }
  nb::gil_scoped_release release;
  return encoder->add(wanted, *surface, object, frame);
}

void finish(std::size_t ctx) {
  if (ctx == 0) return;
  const auto encoder = encoder_at(ctx);
  nb::gil_scoped_release release;
  encoder->finish();
}

void destroy_context(std::size_t ctx) {
  if (ctx == 0) return;
  auto encoder = encoder_at(ctx);
  encoders().open.erase(ctx);
  let_go(std::move(encoder));
}

// A program that ends without destroying its contexts still gets its files.
void destroy_all() {
  auto open = std::move(encoders().open);
  encoders().open.clear();
  for (auto& [ctx, encoder] : open) let_go(std::move(encoder));
}

PyObject* out_buffer(PyObject* self, PyObject*) {
  const Access<NvDsObjEncOutParams> picture(self);
  if (!picture) return nullptr;
  const std::size_t length = picture->outBuffer ? picture->outLen : 0;
  auto* copy = new std::uint8_t[length + 1];  // an empty array points at something too
  std::copy_n(picture->outBuffer, length, copy);
  try {
    nb::capsule owner(copy, [](void* memory) noexcept { delete[] static_cast<std::uint8_t*>(memory); });
    return nb::cast(nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>(copy, {length}, owner)).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  }
}

void bind_structs(nb::module_& m) {
  using A = NvDsObjEncUsrArgs;
  static PyGetSetDef fields[] = {
      field<&A::saveImg>("saveImg"),
      field<&A::attachUsrMeta>("attachUsrMeta"),
      field<&A::scaleImg>("scaleImg"),
      field<&A::scaledWidth>("scaledWidth"),
      field<&A::scaledHeight>("scaledHeight"),
      field<&A::fileNameImg>("fileNameImg"),
      field<&A::objNum>("objNum"),
      field<&A::quality>("quality"),
      field<&A::isFrame>("isFrame"),
      field<&A::calcEncodeTime>("calcEncodeTime"),
      {},
  };
  define<A>(m, "NvDsObjEncUsrArgs", fields);

  using O = NvDsObjEncOutParams;
  static PyGetSetDef out_fields[] = {read_only<&O::outLen>("outLen"), {}};
  static PyMethodDef out_methods[] = {{"outBuffer", out_buffer, METH_NOARGS, "uint8 [outLen]: a copy."}, {}};
  define<O>(m, "NvDsObjEncOutParams", out_fields, out_methods).is_trusted_only = true;
}

}  // namespace

void bind_encode(nb::module_& m) {
  bind_structs(m);
  m.def("nvds_obj_enc_create_context", create_context, nb::arg("gpu_id"),
        "An encoder, as an int for the functions below. The number of the GPU has no effect here.");
  m.def("nvds_obj_enc_process", process, nb::arg("ctx"), nb::arg("args"), nb::arg("gst_buffer"),
        nb::arg("obj_meta").none(), nb::arg("frame_meta"),
        "Queues a picture of the object, or of the frame (args.isFrame). False: the box has no pixel in the frame.");
  m.def("nvds_obj_enc_finish", finish, nb::arg("ctx"),
        "Waits until files are written and metadata is attached; RuntimeError says what failed.");
  m.def("nvds_obj_enc_destroy_context", destroy_context, nb::arg("ctx"), "Waits for the files; ends the encoder.");
  nb::module_::import_("atexit").attr("register")(nb::cpp_function(destroy_all));
}

}  // namespace fluvial::python
