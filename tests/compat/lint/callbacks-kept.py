import pyds


def copy_data(data, user_data):
    return None


def probe(batch_meta):
    user_meta = pyds.nvds_acquire_user_meta_from_pool(batch_meta)
    pyds.user_copyfunc(user_meta, copy_data)  # finds: callbacks-kept
    pyds.user_releasefunc(user_meta, copy_data)


pyds.register_user_copyfunc(copy_data)
