"""Data of a program's own on the metadata: who keeps, copies and frees it."""

from __future__ import annotations

import gc
import weakref

import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing


@pytest.fixture
def buffer():
    return _testing.make_buffer(objects=1)


def batch_of(buffer):
    return pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))


def frame_of(buffer):
    return pyds.NvDsFrameMeta.cast(batch_of(buffer).frame_meta_list.data)


def user_metas(frame):
    node = frame.frame_user_meta_list
    while node is not None:
        yield pyds.NvDsUserMeta.cast(node.data)
        node = node.next


def add_custom(buffer, message="test message 7"):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    data = pyds.alloc_custom_struct(user)
    data.message = message
    data.message = pyds.get_string(data.message)
    data.structId, data.sampleInt = 7, 8
    user.user_meta_data = data
    user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_USER_META
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    return user, data


def read_custom(buffer):
    (user,) = user_metas(frame_of(buffer))
    assert user.base_meta.meta_type == pyds.NvDsMetaType.NVDS_USER_META
    data = pyds.CustomDataStruct.cast(user.user_meta_data)
    return data.structId, pyds.get_string(data.message), data.sampleInt


def test_a_custom_struct_travels_and_is_copied_with_the_buffer(buffer):
    _user, data = add_custom(buffer)
    assert read_custom(buffer) == (7, "test message 7", 8)
    copy = buffer.copy()
    data.structId = 70
    buffer.close()
    with pytest.raises(StaleMetadataError, match="CustomDataStruct"):
        _ = data.structId
    assert read_custom(copy) == (7, "test message 7", 8)


def test_a_struct_has_one_owner(buffer):
    user, data = add_custom(buffer)
    user.user_meta_data = data  # again: nothing to do
    other = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    with pytest.raises(ValueError, match="another user meta owns this"):
        other.user_meta_data = data
    with pytest.raises(ValueError, match="goes with it"):
        other.user_meta_data = user.user_meta_data
    with pytest.raises(ValueError, match="holds data already"):
        user.user_meta_data = None
    with pytest.raises(TypeError):
        other.user_meta_data = 5
    with pytest.raises(ValueError, match="lives in the metadata"):
        other.user_meta_data = frame_of(buffer)


def test_a_struct_that_is_never_stored_is_freed_with_its_wrapper(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    data = pyds.alloc_custom_struct(user)
    data.message = "lost"
    del data
    assert user.user_meta_data is None


def test_a_removed_meta_takes_its_data_along(buffer):
    user, data = add_custom(buffer)
    pyds.nvds_remove_user_meta_from_frame(frame_of(buffer), user)
    with pytest.raises(StaleMetadataError, match="it was removed"):
        _ = data.sampleInt
    assert list(user_metas(frame_of(buffer))) == []


def test_an_object_of_pythons_own_lives_as_long_as_the_meta(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    rect = pyds.NvOSD_RectParams()
    rect.left = 11
    user.user_meta_data = rect
    user.base_meta.meta_type = pyds.nvds_get_user_meta_type("A.B.C")
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    del rect
    gc.collect()
    (again,) = user_metas(frame_of(buffer))
    assert pyds.NvOSD_RectParams.cast(again.user_meta_data).left == 11
    with pytest.raises(TypeError, match="this is a NvOSD_RectParams"):
        pyds.CustomDataStruct.cast(again.user_meta_data)
    copy = buffer.copy()
    assert list(user_metas(frame_of(copy))) == []  # no copy function: it stays behind
    user.user_meta_data = None
    assert user.user_meta_data is None


@pytest.fixture
def calls():
    return []


def test_copy_and_release_functions_are_called_with_the_meta(buffer, calls):
    def copy_data(data, user_data):
        user = pyds.NvDsUserMeta.cast(data)
        source = pyds.NvOSD_RectParams.cast(user.user_meta_data)
        calls.append(("copy", source.left, user_data))
        twin = pyds.NvOSD_RectParams()
        twin.left = source.left + 1
        return twin

    def release_data(data, user_data):
        user = pyds.NvDsUserMeta.cast(data)
        calls.append(("release", pyds.NvOSD_RectParams.cast(user.user_meta_data).left, user_data))
        calls.append(user)

    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    rect = pyds.NvOSD_RectParams()
    rect.left = 1
    user.user_meta_data = rect
    pyds.user_copyfunc(user, copy_data)
    pyds.user_releasefunc(user, release_data)
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    copy = buffer.copy()
    buffer.close()
    (copied,) = user_metas(frame_of(copy))
    assert pyds.NvOSD_RectParams.cast(copied.user_meta_data).left == 2
    copy.close()
    kept = calls.pop(2)
    assert [c for c in calls if isinstance(c, tuple)] == [
        ("copy", 1.0, None),
        ("release", 1.0, None),
        ("release", 2.0, None),
    ]
    with pytest.raises(StaleMetadataError, match="callback it was given to is over"):
        _ = kept.user_meta_data


def test_an_exception_in_a_callback_is_reported_and_the_buffer_goes_on(buffer, monkeypatch):
    seen = []
    monkeypatch.setattr("sys.unraisablehook", lambda what: seen.append(what.exc_value))

    def broken(data, user_data):
        raise RuntimeError("in the callback")

    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    user.user_meta_data = pyds.NvOSD_RectParams()
    pyds.set_user_copyfunc(user, broken)
    pyds.set_user_releasefunc(user, broken)
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    copy = buffer.copy()
    (copied,) = user_metas(frame_of(copy))
    assert copied.user_meta_data is None
    copy.close()
    buffer.close()
    assert [str(e) for e in seen] == ["in the callback"] * 2


def test_a_copy_function_may_give_the_same_data(buffer):
    user, _data = add_custom(buffer)
    pyds.user_copyfunc(user, lambda data, _: pyds.NvDsUserMeta.cast(data).user_meta_data)
    copy = buffer.copy()
    buffer.close()
    assert read_custom(copy) == (7, "test message 7", 8)
    copy.close()


def test_wrong_functions_are_refused_and_old_names_do_nothing(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    with pytest.raises(TypeError):
        pyds.user_copyfunc(user, 5)
    with pytest.raises(TypeError):
        pyds.user_copyfunc(None, print)
    pyds.register_user_copyfunc(print)
    pyds.register_user_releasefunc(print)


def test_the_last_function_is_kept_alive_and_the_one_before_is_not(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))

    def first(data, user_data): ...

    seen = weakref.ref(first)
    pyds.user_copyfunc(user, first)
    del first
    gc.collect()
    assert seen() is not None
    pyds.user_copyfunc(user, print)
    gc.collect()
    assert seen() is None


def test_what_a_python_copy_function_returns_is_not_freed_as_the_native_struct(buffer):
    user, _data = add_custom(buffer)
    pyds.user_copyfunc(user, lambda capsule, _: capsule)  # the user meta itself, which no g_free() may get
    copy = buffer.copy()
    copy.close()
    assert read_custom(buffer) == (7, "test message 7", 8)


def test_held_data_is_not_given_to_functions_of_a_native_kind(buffer):
    user, _data = add_custom(buffer)
    pyds.user_copyfunc(user, lambda *_: None)  # the copy has the functions, and no data
    copy = buffer.copy()
    (again,) = user_metas(frame_of(copy))
    rect = pyds.NvOSD_RectParams()
    rect.left = 5
    again.user_meta_data = rect
    copy.close()
    assert rect.left == 5


def test_held_data_outlives_its_user_meta_but_not_its_object(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    user.user_meta_data = pyds.NvOSD_RectParams()
    rect = pyds.NvOSD_RectParams.cast(user.user_meta_data)
    buffer.close()
    rect.left = 6
    assert rect.left == 6


def test_only_data_with_a_release_function_in_python_is_announced_to_it(buffer):
    seen = []
    with_function = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    with_function.user_meta_data = pyds.NvOSD_RectParams()
    pyds.user_releasefunc(with_function, lambda capsule, _: seen.append(capsule))
    without = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    without.user_meta_data = pyds.NvOSD_RectParams()
    buffer.close()
    assert len(seen) == 1
