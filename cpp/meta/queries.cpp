// Questions of one number that elements ask each other: gst-nvquery.h.
#include "gst-nvquery.h"

#include "meta/export.h"

namespace {

struct Question {
  const char* name;
  const char* answer;  // the field that holds it
};

constexpr Question batch_size{"NvBatchSizeQuery", "batch-size"};
constexpr Question stream_count{"NvNumStreamsQuery", "num-streams"};
constexpr Question pool_size{"NvPreprocessPoolSizeQuery", "preprocess-poolsize"};
constexpr const char* model_id = "gie-id";

GstQuery* ask(const Question& question) {
  return gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(question.name));
}

gboolean is(const Question& question, GstQuery* query) {
  const GstStructure* fields = gst_query_get_structure(query);
  return GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM && fields && gst_structure_has_name(fields, question.name);
}

void answer(const Question& question, GstQuery* query, guint value) {
  if (is(question, query))
    gst_structure_set(gst_query_writable_structure(query), question.answer, G_TYPE_UINT, value, nullptr);
}

gboolean read(const Question& question, const char* field, GstQuery* query, guint* value) {
  return is(question, query) && gst_structure_get_uint(gst_query_get_structure(query), field, value);
}

}  // namespace

extern "C" {

FLUVIAL_EXPORT GstQuery* gst_nvquery_batch_size_new(void) { return ask(batch_size); }
FLUVIAL_EXPORT gboolean gst_nvquery_is_batch_size(GstQuery* query) { return is(batch_size, query); }
FLUVIAL_EXPORT void gst_nvquery_batch_size_set(GstQuery* query, guint size) { answer(batch_size, query, size); }
FLUVIAL_EXPORT gboolean gst_nvquery_batch_size_parse(GstQuery* query, guint* size) {
  return read(batch_size, batch_size.answer, query, size);
}

FLUVIAL_EXPORT GstQuery* gst_nvquery_numStreams_size_new(void) { return ask(stream_count); }
FLUVIAL_EXPORT gboolean gst_nvquery_is_numStreams_size(GstQuery* query) { return is(stream_count, query); }
FLUVIAL_EXPORT void gst_nvquery_numStreams_size_set(GstQuery* query, guint count) {
  answer(stream_count, query, count);
}
FLUVIAL_EXPORT gboolean gst_nvquery_numStreams_size_parse(GstQuery* query, guint* count) {
  return read(stream_count, stream_count.answer, query, count);
}

FLUVIAL_EXPORT GstQuery* gst_nvquery_preprocess_poolsize_new(guint gie_id) {
  GstQuery* query = ask(pool_size);
  gst_structure_set(gst_query_writable_structure(query), model_id, G_TYPE_UINT, gie_id, nullptr);
  return query;
}
FLUVIAL_EXPORT gboolean gst_nvquery_is_preprocess_poolsize(GstQuery* query) { return is(pool_size, query); }
FLUVIAL_EXPORT void gst_nvquery_preprocess_poolsize_set(GstQuery* query, guint size) { answer(pool_size, query, size); }
FLUVIAL_EXPORT gboolean gst_nvquery_preprocess_poolsize_parse(GstQuery* query, guint* size) {
  return read(pool_size, pool_size.answer, query, size);
}
FLUVIAL_EXPORT gboolean gst_nvquery_preprocess_poolsize_gieid_parse(GstQuery* query, guint* gie_id) {
  return read(pool_size, model_id, query, gie_id);
}

}  // extern "C"
