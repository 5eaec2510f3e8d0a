import pyds


def wrong(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
        if obj_meta.confidence < 0.5:
            pyds.nvds_remove_obj_meta_from_frame(frame_meta, obj_meta)  # finds: removed-before-next
        try:
            l_obj = l_obj.next
        except StopIteration:
            break


def right(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
        l_obj = l_obj.next
        if obj_meta.confidence < 0.5:
            pyds.nvds_remove_obj_meta_from_frame(frame_meta, obj_meta)


def later(frame_meta):
    unwanted = []
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        unwanted.append(pyds.NvDsObjectMeta.cast(l_obj.data))
        l_obj = l_obj.next
    for obj_meta in unwanted:
        pyds.nvds_remove_obj_meta_from_frame(frame_meta, obj_meta)
