import pyds

EVENT = 9


def probe(batch_meta):
    user_meta = pyds.nvds_acquire_user_meta_from_pool(batch_meta)
    user_meta.base_meta.meta_type = 9  # finds: enum-from-number
    user_meta.base_meta.meta_type = EVENT  # finds: enum-from-number
    user_meta.base_meta.meta_type = pyds.NvDsMetaType.NVDS_USER_META
    user_meta.base_meta.meta_type = pyds.nvds_get_user_meta_type("A.B.C")
    arrow = pyds.nvds_acquire_display_meta_from_pool(batch_meta).arrow_params[0]
    arrow.arrow_head = 1  # finds: enum-from-number
    arrow.x1 = 1
