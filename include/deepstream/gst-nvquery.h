// SPDX-License-Identifier: Apache-2.0
// Questions that an element asks those before it. nvstreammux answers the first two.
// Names follow DeepStream 9.1; the functions are in libfluvialmeta. Queries for changed caps and for embeddings of texts and
// pictures are left out: no element here asks or answers them.
#pragma once

#include <gst/gst.h>

#ifdef __cplusplus
extern "C" {
#endif

// How many frames a batch has at most.
GstQuery *gst_nvquery_batch_size_new(void);
gboolean gst_nvquery_is_batch_size(GstQuery *query);
void gst_nvquery_batch_size_set(GstQuery *query, guint batch_size);
gboolean gst_nvquery_batch_size_parse(GstQuery *query, guint *batch_size);

// How many sources the mux has now.
GstQuery *gst_nvquery_numStreams_size_new(void);
gboolean gst_nvquery_is_numStreams_size(GstQuery *query);
void gst_nvquery_numStreams_size_set(GstQuery *query, guint numStreams_size);
gboolean gst_nvquery_numStreams_size_parse(GstQuery *query, guint *numStreams_size);

// How many surfaces the preprocessing element of this model has.
GstQuery *gst_nvquery_preprocess_poolsize_new(guint gieid);
gboolean gst_nvquery_is_preprocess_poolsize(GstQuery *query);
void gst_nvquery_preprocess_poolsize_set(GstQuery *query, guint preprocess_poolsize);
gboolean gst_nvquery_preprocess_poolsize_parse(GstQuery *query, guint *preprocess_poolsize);
gboolean gst_nvquery_preprocess_poolsize_gieid_parse(GstQuery *query, guint *gieId);

#ifdef __cplusplus
}
#endif
