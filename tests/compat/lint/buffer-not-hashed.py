import pyds


def probe(pad, info, data):
    gst_buffer = info.get_buffer()
    pyds.gst_buffer_get_nvds_batch_meta(gst_buffer)  # finds: buffer-not-hashed
    pyds.gst_buffer_get_nvds_batch_meta(info.get_buffer())  # finds: buffer-not-hashed
    pyds.gst_buffer_get_nvds_batch_meta(hash(gst_buffer))
    address = hash(gst_buffer)
    return pyds.gst_buffer_get_nvds_batch_meta(address)
