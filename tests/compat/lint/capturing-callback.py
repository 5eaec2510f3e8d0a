import pyds


def copy_data(data, user_data):
    return pyds.NvDsUserMeta.cast(data).user_meta_data


def probe(batch_meta, frame_meta):
    user_meta = pyds.nvds_acquire_user_meta_from_pool(batch_meta)
    pyds.user_copyfunc(user_meta, lambda data, user_data: frame_meta)  # finds: capturing-callback

    def release(data, user_data):
        print(user_meta)

    pyds.user_releasefunc(user_meta, release)  # finds: capturing-callback
    pyds.user_copyfunc(user_meta, copy_data)
    pyds.user_releasefunc(user_meta, lambda data, user_data: print(data))


def main():
    pyds.unset_callback_funcs()
