import pyds
import pyds as ds
from pyds import NvDsFrameMeta, NvDsFramMeta  # finds: unknown-name


def probe(buffer):
    pyds.gst_buffer_get_nvds_batchmeta(hash(buffer))  # finds: unknown-name
    ds.NvDsPastFrameObjBatch.cast(buffer)  # finds: unknown-name
    pyds.NvDsMetaType.NVDS_NO_META  # finds: unknown-name
    pyds.NvDsFrameMeta.cats(buffer)  # finds: unknown-name
    return pyds.NvDsMetaType.NVDS_USER_META, ds.__version__, NvDsFrameMeta.cast(buffer), NvDsFramMeta
