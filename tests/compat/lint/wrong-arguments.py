import pyds


def probe(batch_meta, obj_meta, frame_meta, args, kwargs):
    pyds.nvds_add_obj_meta_to_frame(frame_meta, obj_meta)  # finds: wrong-arguments
    pyds.nvds_add_obj_meta_to_frame(frame_meta, obj_meta, None)
    pyds.user_copyfunc(print)  # finds: wrong-arguments
    pyds.alloc_buffer(length=5)  # finds: wrong-arguments
    pyds.alloc_buffer(size=5)
    pyds.nvds_add_obj_meta_to_frame(*args)
    pyds.nvds_add_obj_meta_to_frame(**kwargs)
    pyds.unset_callback_funcs()
