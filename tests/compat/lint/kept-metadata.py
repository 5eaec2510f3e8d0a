import pyds

last = None
seen = []
by_id = {}


class Counter:
    def __init__(self):
        self.objects = []
        self.labels = {}
        self.boxes = []

    def probe(self, obj_data, frame_data):
        frame_meta = pyds.NvDsFrameMeta.cast(frame_data)
        obj_meta = pyds.NvDsObjectMeta.cast(obj_data)
        self.frame = frame_meta  # finds: kept-metadata
        self.objects.append(obj_meta)  # finds: kept-metadata
        self.labels[obj_meta.object_id] = obj_meta.text_params  # finds: kept-metadata
        self.boxes.append((frame_meta.frame_num, obj_meta.rect_params))  # finds: kept-metadata
        self.walk = frame_meta.obj_meta_list  # finds: kept-metadata
        # values, and what stays in the function
        self.number = frame_meta.frame_num
        self.labels[obj_meta.object_id] = obj_meta.obj_label
        self.boxes.append((obj_meta.rect_params.left, obj_meta.rect_params.top))
        here = [obj_meta]
        here.append(obj_meta)
        self.best = max(here, key=len).confidence
        obj_meta.parent = obj_meta
        detection = pyds.NvDsInferObjectDetectionInfo()
        self.objects.append(detection)
        return here


def probe(data):
    global last
    obj_meta = pyds.NvDsObjectMeta.cast(data)
    last = obj_meta  # finds: kept-metadata
    seen.append(obj_meta)  # finds: kept-metadata
    by_id[obj_meta.object_id] = {"meta": obj_meta}  # finds: kept-metadata
    by_id[obj_meta.object_id] = {"label": obj_meta.obj_label}
    here = [obj_meta]
    return here


def shadowed(data, seen):
    seen.append(pyds.NvDsObjectMeta.cast(data))
