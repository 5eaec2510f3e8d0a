import pyds


def probe(data, other):
    obj_meta = pyds.NvDsObjectMeta.cast(data)
    obj_meta.confidance  # finds: unknown-field
    obj_meta.rect_params.lefft = 1  # finds: unknown-field
    obj_meta.my_own = 1  # finds: unknown-field
    obj_meta.rect_params.left = obj_meta.__class__
    layer = pyds.get_nvds_LayerInfo(data, 0)
    return layer.inferDims.numDims, layer.size, other.size  # finds: unknown-field
