import pyds


def used(size):
    text = pyds.alloc_buffer(size)
    pyds.free_buffer(text)
    return pyds.get_string(text)  # finds: freed-string


def owned(data):
    obj_meta = pyds.NvDsObjectMeta.cast(data)
    pyds.free_buffer(obj_meta.text_params.display_text)  # finds: freed-string
    obj_meta.text_params.display_text = "car"


def right(size):
    text = pyds.alloc_buffer(size)
    said = pyds.get_string(text)
    pyds.free_buffer(text)
    text = pyds.alloc_buffer(size)
    return said, text
