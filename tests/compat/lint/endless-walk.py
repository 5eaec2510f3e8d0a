import pyds


def skipped(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
        if obj_meta.class_id != 0:
            continue  # finds: endless-walk
        l_obj = l_obj.next


def swallowed(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        try:
            obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
            print(obj_meta.obj_label)
            l_obj = l_obj.next
        except Exception as e:  # finds: endless-walk
            print(e)


def tried_again(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        try:
            obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
            l_obj = l_obj.next
        except ValueError:  # finds: endless-walk
            continue


def stands(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj:  # finds: endless-walk
        print(pyds.NvDsObjectMeta.cast(l_obj.data).obj_label, l_obj.next)


def right(batch_meta):
    l_frame = batch_meta.frame_meta_list
    while l_frame is not None:
        try:
            frame_meta = pyds.NvDsFrameMeta.cast(l_frame.data)
        except StopIteration:
            continue
        l_obj = frame_meta.obj_meta_list
        while l_obj is not None:
            obj_meta = pyds.NvDsObjectMeta.cast(l_obj.data)
            l_obj = l_obj.next
            if obj_meta.class_id != 0:
                continue
            for _ in range(3):
                continue
        try:
            l_frame = l_frame.next
        except StopIteration:
            break


def first_alone(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        print(pyds.NvDsObjectMeta.cast(l_obj.data))
        break


def handled(frame_meta):
    l_obj = frame_meta.obj_meta_list
    while l_obj is not None:
        try:
            print(pyds.NvDsObjectMeta.cast(l_obj.data).obj_label)
        except Exception as e:
            print(e)
        l_obj = l_obj.next


def not_a_list(x):
    while x is not None:
        x.go_on()
