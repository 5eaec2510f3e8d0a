import pyds


def never(batch_meta):
    pyds.nvds_acquire_meta_lock(batch_meta)  # finds: lock-kept
    print(batch_meta)


def sometimes(batch_meta):
    pyds.nvds_acquire_meta_lock(batch_meta)
    if not batch_meta.frame_meta_list:
        return None  # finds: lock-kept
    pyds.nvds_release_meta_lock(batch_meta)
    return 1


def right(batch_meta):
    if not batch_meta:
        return
    pyds.nvds_acquire_meta_lock(batch_meta)
    print(batch_meta)
    pyds.nvds_release_meta_lock(batch_meta)


def best(batch_meta):
    pyds.nvds_acquire_meta_lock(batch_meta)
    try:
        if not batch_meta.frame_meta_list:
            return None
        return 1
    finally:
        pyds.nvds_release_meta_lock(batch_meta)
