import pyds


def probe(data):
    frame_meta = pyds.NvDsFrameMeta.cast(data)
    frame_meta.obj_meta_list = None  # finds: read-only-field
    frame_meta.bInferDone = True
    frame_meta.misc_frame_info[0] = 5
    return frame_meta.obj_meta_list
