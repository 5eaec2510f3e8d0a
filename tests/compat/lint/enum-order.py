import pyds


def probe(data, number):
    user_meta = pyds.NvDsUserMeta.cast(data)
    kind = user_meta.base_meta.meta_type
    if kind > pyds.NvDsMetaType.NVDS_START_USER_META:  # finds: enum-order
        return 1
    if number < pyds.NVBUF_MEM_CUDA_UNIFIED:  # finds: enum-order
        return 2
    both = pyds.NvBufSurfaceMemMapFlags.NVBUF_MAP_READ | pyds.NVBUF_MAP_WRITE  # finds: enum-order
    if kind == pyds.NvDsMetaType.NVDS_USER_META or kind != 5 or kind in (1, 2):
        return 3
    if int(kind) > int(pyds.NvDsMetaType.NVDS_START_USER_META):
        return 4
    return "%s" % kind, both
