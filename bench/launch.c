// Runs a pipeline without a line of Python in the process, and says what it cost.
//
//     launch PIPELINE [--sample FRAMES] [--cycles COUNT]
//
// In PIPELINE the element called "count" is where frames are counted; the window of time and CPU runs from the first
// buffer that any source gives to the end of the stream, so that opening files and compiling models is outside and
// every frame's work inside.
//   --sample FRAMES  notes the resident memory each so many frames
//   --cycles COUNT   start, 5 buffers, stop; so many times in this process, the resident memory noted after each
// The result is one line of JSON on stdout; words go to stderr. Exit 1: an element failed, or nothing came through.
#include <gst/gst.h>
#include <gstnvdsmeta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  double wall_start, cpu_start;  // seconds; 0: no buffer yet
  guint64 frames, objects, buffers;
  guint64 sample_each, next_sample;
  GString* samples;  // "[frames, kB], ..."
  GMutex lock;
} Count;

static double wall_now(void) { return g_get_monotonic_time() / 1e6; }

static double cpu_now(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long resident_kb(void) {
  long pages = 0, ignored = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld %ld", &ignored, &pages) != 2) pages = 0;
  if (file) fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static GstPadProbeReturn on_source(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  Count* count = data;
  (void)pad, (void)info;
  g_mutex_lock(&count->lock);
  if (count->wall_start == 0) {
    count->wall_start = wall_now();
    count->cpu_start = cpu_now();
  }
  g_mutex_unlock(&count->lock);
  return GST_PAD_PROBE_REMOVE;
}

// A buffer with a batch on it counts as its frames, any other as one.
static void add(Count* count, GstBuffer* buffer) {
  NvDsBatchMeta* batch = gst_buffer_get_nvds_batch_meta(buffer);
  count->buffers += 1;
  if (!batch) {
    count->frames += 1;
    return;
  }
  count->frames += batch->num_frames_in_batch;
  for (GList* l = batch->frame_meta_list; l; l = l->next) count->objects += ((NvDsFrameMeta*)l->data)->num_obj_meta;
}

static GstPadProbeReturn on_frame(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  Count* count = data;
  (void)pad;
  g_mutex_lock(&count->lock);
  add(count, GST_PAD_PROBE_INFO_BUFFER(info));
  if (count->sample_each && count->frames >= count->next_sample) {
    g_string_append_printf(count->samples, "%s[%" G_GUINT64_FORMAT ", %ld]", count->samples->len ? ", " : "",
                           count->frames, resident_kb());
    count->next_sample += count->sample_each;
  }
  g_mutex_unlock(&count->lock);
  return GST_PAD_PROBE_OK;
}

static void watch(GstElement* element, const char* pad_name, GstPadProbeCallback call, Count* count) {
  GstPad* pad = gst_element_get_static_pad(element, pad_name);
  if (!pad) return;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, call, count, NULL);
  gst_object_unref(pad);
}

static void for_each_element(GstElement* pipeline, void (*call)(GstElement*, gpointer), gpointer data) {
  GstIterator* all = gst_bin_iterate_recurse(GST_BIN(pipeline));
  GValue item = G_VALUE_INIT;
  while (gst_iterator_next(all, &item) == GST_ITERATOR_OK) {
    call(g_value_get_object(&item), data);
    g_value_reset(&item);
  }
  gst_iterator_free(all);
}

static void watch_if_source(GstElement* element, gpointer count) {
  if (GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SOURCE)) watch(element, "src", on_source, count);
}

// Every element that writes pixels says how many bytes so far.
static void append_copied(GstElement* element, gpointer text) {
  guint64 bytes = 0;
  if (!g_object_class_find_property(G_OBJECT_GET_CLASS(element), "copied-bytes")) return;
  g_object_get(element, "copied-bytes", &bytes, NULL);
  g_string_append_printf(text, "%s\"%s\": %" G_GUINT64_FORMAT, ((GString*)text)->len ? ", " : "",
                         GST_OBJECT_NAME(element), bytes);
}

static GstElement* make(const char* description, Count* count) {
  GError* error = NULL;
  GstElement* pipeline = gst_parse_launch(description, &error);
  if (error) {
    fprintf(stderr, "launch: %s\n", error->message);
    return NULL;
  }
  GstElement* counted = gst_bin_get_by_name(GST_BIN(pipeline), "count");
  if (!counted) {
    fprintf(stderr, "launch: no element is called \"count\"\n");
    return NULL;
  }
  watch(counted, "sink", on_frame, count);
  gst_object_unref(counted);
  for_each_element(pipeline, watch_if_source, count);
  return pipeline;
}

static gboolean ended_well(GstMessage* message) {
  if (!message) return FALSE;
  gboolean is_end = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (!is_end) {
    GError* error = NULL;
    gchar* detail = NULL;
    gst_message_parse_error(message, &error, &detail);
    fprintf(stderr, "launch: %s: %s\n%s\n", GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), error->message,
            detail ? detail : "");
    g_clear_error(&error);
    g_free(detail);
  }
  gst_message_unref(message);
  return is_end;
}

static int run_once(const char* description, guint64 sample_each) {
  Count count = {.sample_each = sample_each, .next_sample = sample_each, .samples = g_string_new(NULL)};
  GstElement* pipeline = make(description, &count);
  if (!pipeline) return 1;
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  gboolean is_well =
      ended_well(gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const double seconds = wall_now() - count.wall_start, cpu = cpu_now() - count.cpu_start;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  GString* copied = g_string_new(NULL);
  for_each_element(pipeline, append_copied, copied);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  printf("{\"frames\": %" G_GUINT64_FORMAT ", \"objects\": %" G_GUINT64_FORMAT ", \"buffers\": %" G_GUINT64_FORMAT
         ", \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_kb\": %ld, \"copied\": {%s}, \"resident_kb\": [%s]}\n",
         count.frames, count.objects, count.buffers, seconds, cpu, usage.ru_maxrss, copied->str, count.samples->str);
  g_string_free(copied, TRUE);
  g_string_free(count.samples, TRUE);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return is_well && count.frames > 0 ? 0 : 1;
}

static gboolean cycle(const char* description) {
  Count count = {0};
  GstElement* pipeline = make(description, &count);
  if (!pipeline) return FALSE;
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  gboolean is_well = TRUE;
  for (guint64 seen = 0; seen < 5 && is_well;) {
    GstMessage* message = gst_bus_timed_pop_filtered(bus, GST_MSECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (message) is_well = ended_well(message) && count.buffers > 0;
    g_mutex_lock(&count.lock);
    seen = message ? 5 : count.buffers;
    g_mutex_unlock(&count.lock);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  return is_well;
}

static int run_cycles(const char* description, int cycles) {
  printf("{\"frames\": %d, \"resident_kb\": [", cycles);
  for (int i = 0; i < cycles; ++i) {
    if (!cycle(description)) return 1;
    printf("%s[%d, %ld]", i ? ", " : "", i + 1, resident_kb());
  }
  printf("]}\n");
  return 0;
}

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 2) {
    fprintf(stderr, "usage: launch PIPELINE [--sample FRAMES] [--cycles COUNT]\n");
    return 2;
  }
  guint64 sample_each = 0;
  int cycles = 0;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "--sample")) sample_each = g_ascii_strtoull(argv[i + 1], NULL, 10);
    if (!strcmp(argv[i], "--cycles")) cycles = atoi(argv[i + 1]);
  }
  return cycles ? run_cycles(argv[1], cycles) : run_once(argv[1], sample_each);
}
