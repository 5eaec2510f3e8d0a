"""Batches of the program's own, functions on whole lists, and the old names of casts."""

from __future__ import annotations

import gc

import pytest

import pyds
from fluvial._core import _testing
from fluvial.errors import StaleMetadataError


def batch_of(buffer: _testing.Buffer) -> pyds.NvDsBatchMeta:
    return pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))


def items(glist: pyds.GList | None, cls: type) -> list:
    found = []
    while glist is not None:
        found.append(cls.cast(glist.data))
        glist = glist.next
    return found


def frames(batch: pyds.NvDsBatchMeta) -> list[pyds.NvDsFrameMeta]:
    return items(batch.frame_meta_list, pyds.NvDsFrameMeta)


def objects(frame: pyds.NvDsFrameMeta) -> list[pyds.NvDsObjectMeta]:
    return items(frame.obj_meta_list, pyds.NvDsObjectMeta)


def add_frame(batch: pyds.NvDsBatchMeta, number: int) -> pyds.NvDsFrameMeta:
    frame = pyds.nvds_acquire_frame_meta_from_pool(batch)
    frame.frame_num = number
    pyds.nvds_add_frame_meta_to_batch(batch, frame)
    return frame


def add_object(frame: pyds.NvDsFrameMeta, class_id: int) -> pyds.NvDsObjectMeta:
    found = pyds.nvds_acquire_obj_meta_from_pool(frame.base_meta.batch_meta)
    found.class_id = class_id
    pyds.nvds_add_obj_meta_to_frame(frame, found, None)
    return found


def test_a_batch_of_ones_own_is_like_a_buffers() -> None:
    batch = pyds.nvds_create_batch_meta(4)
    assert (batch.max_frames_in_batch, batch.num_frames_in_batch) == (4, 0)
    frame = add_frame(batch, 7)
    add_object(frame, 2)
    assert [o.class_id for f in frames(batch) for o in objects(f)] == [2]
    assert pyds.nvds_destroy_batch_meta(batch) == 1
    for use in (
        lambda: batch.num_frames_in_batch,
        lambda: frame.frame_num,
        lambda: pyds.nvds_destroy_batch_meta(batch),
    ):
        with pytest.raises(StaleMetadataError, match="its memory was freed"):
            use()


def test_a_forgotten_batch_goes_with_its_last_wrapper() -> None:
    released = []
    batch = pyds.nvds_create_batch_meta(1)
    frame = add_frame(batch, 3)
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    user.user_meta_data = pyds.NvDsObjectMeta()
    pyds.user_releasefunc(user, lambda meta, _: released.append(meta))
    pyds.nvds_add_user_meta_to_batch(batch, user)
    del batch, user
    gc.collect()
    assert frame.frame_num == 3
    assert not released
    del frame
    gc.collect()
    assert len(released) == 1


def test_a_batch_is_not_made_larger_than_a_mux_makes_it() -> None:
    with pytest.raises(ValueError, match=r"max_batch_size=1025 is not in 0\.\.1024"):
        pyds.nvds_create_batch_meta(1025)
    with pytest.raises(TypeError):
        pyds.nvds_create_batch_meta(-1)


def test_a_buffers_batch_is_not_destroyed_by_the_program() -> None:
    buffer = _testing.make_buffer()
    batch = batch_of(buffer)
    with pytest.raises(ValueError, match="a buffer owns this batch"):
        pyds.nvds_destroy_batch_meta(batch)
    with pytest.raises(ValueError, match="a buffer owns this batch"):
        pyds.nvds_batch_meta_release_func(batch, None)
    with pytest.raises(ValueError, match="has no pools"):
        pyds.nvds_destroy_batch_meta(pyds.NvDsBatchMeta())
    with pytest.raises(TypeError):
        pyds.nvds_batch_meta_release_func(None, None)
    assert len(frames(batch)) == 1


def test_a_copied_batch_is_deep_and_the_programs_own() -> None:
    buffer = _testing.make_buffer(frames=2, objects=3)
    copy = pyds.NvDsBatchMeta.cast(pyds.nvds_batch_meta_copy_func(batch_of(buffer), None))
    buffer.close()
    assert [f.frame_num for f in frames(copy)] == [7, 8]
    assert [o.class_id for o in objects(frames(copy)[0])] == [0, 1, 2]  # copying turns the order of objects round
    pyds.nvds_batch_meta_release_func(copy, None)
    with pytest.raises(StaleMetadataError):
        frames(copy)


def test_the_use_of_the_pools_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    buffer = _testing.make_buffer(frames=2, objects=3)
    assert pyds.nvds_get_current_metadata_info(batch_of(buffer)) == 1
    assert "object metadata: 6 in use" in capfd.readouterr().out


def test_metadata_of_gstreamers_own_kind_is_refused_as_in_pyds() -> None:
    buffer = _testing.make_buffer()
    with pytest.raises(TypeError, match="hang data on a batch, a frame or an object"):
        pyds.gst_buffer_add_nvds_meta(hash(buffer), None, None, None, None)


def test_the_nth_frame_counts_from_the_node_given() -> None:
    buffer = _testing.make_buffer(frames=3)
    first = batch_of(buffer).frame_meta_list
    assert [pyds.nvds_get_nth_frame_meta(first, i).frame_num for i in range(3)] == [7, 8, 9]
    assert pyds.nvds_get_nth_frame_meta(first.next, 1).frame_num == 9
    assert pyds.nvds_get_nth_frame_meta(first, 3) is None
    assert pyds.nvds_get_nth_frame_meta(None, 0) is None
    for wrong in (7, first.data, batch_of(buffer)):
        with pytest.raises(TypeError, match="expected a GList of NvDsFrameMeta or None"):
            pyds.nvds_get_nth_frame_meta(wrong, 0)
    with pytest.raises(TypeError):
        pyds.nvds_get_nth_frame_meta(first, -1)
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.nvds_get_nth_frame_meta(first, 0)


def test_frames_and_objects_are_copied_into_another_batch() -> None:
    buffer = _testing.make_buffer(frames=2, objects=2)
    mine = pyds.nvds_create_batch_meta(4)
    pyds.nvds_copy_frame_meta_list(batch_of(buffer).frame_meta_list, mine)
    assert [f.frame_num for f in frames(mine)] == [7, 8]
    target = add_frame(mine, 1)
    pyds.nvds_copy_obj_meta_list(frames(batch_of(buffer))[0].obj_meta_list, target)
    assert [o.class_id for o in objects(target)] == [0, 1]
    assert target.num_obj_meta == 2
    buffer.close()
    assert [o.obj_label for o in objects(target)] == ["class0", "class1"]


def test_a_list_may_be_copied_onto_its_own_owner() -> None:
    buffer = _testing.make_buffer(objects=3)
    frame = frames(batch_of(buffer))[0]
    pyds.nvds_copy_obj_meta_list(frame.obj_meta_list, frame)
    assert frame.num_obj_meta == 6


def test_what_was_removed_meanwhile_is_not_copied() -> None:
    buffer = _testing.make_buffer(frames=2, objects=3)
    first, second = frames(batch_of(buffer))
    before = first.obj_meta_list
    pyds.nvds_remove_obj_meta_from_frame(first, objects(first)[1])
    pyds.nvds_copy_obj_meta_list(before, second)
    assert second.num_obj_meta == 5


def test_display_and_user_metas_are_copied() -> None:
    buffer = _testing.make_buffer(frames=2)
    batch = batch_of(buffer)
    first, second = frames(batch)
    display = pyds.nvds_acquire_display_meta_from_pool(batch)
    display.num_labels = 1
    display.text_params[0].display_text = "hello"
    pyds.nvds_add_display_meta_to_frame(first, display)
    user = pyds.nvds_acquire_user_meta_from_pool(batch)
    user.user_meta_data = pyds.alloc_custom_struct(user)
    pyds.CustomDataStruct.cast(user.user_meta_data).structId = 9
    pyds.nvds_add_user_meta_to_frame(first, user)
    pyds.nvds_copy_display_meta_list(first.display_meta_list, second)
    pyds.nvds_copy_frame_user_meta_list(first.frame_user_meta_list, second)
    pyds.nvds_copy_batch_user_meta_list(first.frame_user_meta_list, batch)
    (copied,) = items(second.display_meta_list, pyds.NvDsDisplayMeta)
    assert pyds.get_string(copied.text_params[0].display_text) == "hello"
    for glist in (second.frame_user_meta_list, batch.batch_user_meta_list):
        (meta,) = items(glist, pyds.NvDsUserMeta)
        assert pyds.CustomDataStruct.cast(meta.user_meta_data).structId == 9


def test_lists_of_the_wrong_kind_are_refused() -> None:
    buffer = _testing.make_buffer(objects=1)
    batch = batch_of(buffer)
    frame = frames(batch)[0]
    with pytest.raises(TypeError, match="expected a GList of NvDsFrameMeta or None"):
        pyds.nvds_copy_frame_meta_list(frame.obj_meta_list, batch)
    with pytest.raises(TypeError, match="expected a GList of NvDsUserMeta or None"):
        pyds.nvds_copy_frame_user_meta_list(frame.obj_meta_list, frame)
    with pytest.raises(ValueError, match="made in Python"):
        pyds.nvds_copy_obj_meta_list(frame.obj_meta_list, pyds.NvDsFrameMeta())
    pyds.nvds_copy_obj_meta_list(None, frame)
    assert frame.num_obj_meta == 1


def test_clearing_a_list_takes_its_elements_out_of_whatever_holds_them() -> None:
    buffer = _testing.make_buffer(frames=2, objects=3)
    batch = batch_of(buffer)
    first, second = frames(batch)
    gone = objects(first)
    assert pyds.nvds_clear_meta_list(batch, first.obj_meta_list.next, batch.obj_meta_pool) is None
    assert (first.num_obj_meta, second.num_obj_meta) == (1, 3)
    with pytest.raises(StaleMetadataError, match="it was removed"):
        _ = gone[2].class_id
    classifier = pyds.nvds_acquire_classifier_meta_from_pool(batch)
    pyds.nvds_add_classifier_meta_to_object(gone[0], classifier)
    label = pyds.nvds_acquire_label_info_meta_from_pool(batch)
    pyds.nvds_add_label_info_meta_to_classifier(classifier, label)
    pyds.nvds_clear_meta_list(batch, classifier.label_info_list, batch.label_info_meta_pool)
    assert classifier.num_labels == 0
    pyds.nvds_clear_meta_list(batch, gone[0].classifier_meta_list, batch.classifier_meta_pool)
    assert gone[0].classifier_meta_list is None
    for owner, add in ((first, pyds.nvds_add_user_meta_to_frame), (gone[0], pyds.nvds_add_user_meta_to_obj)):
        user = pyds.nvds_acquire_user_meta_from_pool(batch)
        add(owner, user)
    pyds.nvds_clear_meta_list(batch, first.frame_user_meta_list, batch.user_meta_pool)
    pyds.nvds_clear_meta_list(batch, gone[0].obj_user_meta_list, batch.user_meta_pool)
    assert first.frame_user_meta_list is None
    assert gone[0].obj_user_meta_list is None
    pyds.nvds_add_display_meta_to_frame(first, pyds.nvds_acquire_display_meta_from_pool(batch))
    pyds.nvds_clear_meta_list(batch, first.display_meta_list, batch.display_meta_pool)
    assert first.display_meta_list is None
    pyds.nvds_clear_meta_list(batch, batch.frame_meta_list, batch.frame_meta_pool)
    assert batch.num_frames_in_batch == 0


def test_clearing_refuses_another_batchs_pool_and_list() -> None:
    one, other = _testing.make_buffer(objects=1), _testing.make_buffer(objects=1)
    frame = frames(batch_of(one))[0]
    with pytest.raises(ValueError, match="not one of this batch's pools"):
        pyds.nvds_clear_meta_list(batch_of(one), frame.obj_meta_list, batch_of(other).obj_meta_pool)
    with pytest.raises(ValueError, match="another batch's"):
        pyds.nvds_clear_meta_list(batch_of(other), frame.obj_meta_list, batch_of(other).obj_meta_pool)
    with pytest.raises(TypeError, match="expected a GList of NvDsUserMeta or None"):
        pyds.nvds_clear_meta_list(batch_of(one), frame.obj_meta_list, batch_of(one).user_meta_pool)
    assert frame.num_obj_meta == 1


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("batch_meta", pyds.NvDsBatchMeta),
        ("frame_meta", pyds.NvDsFrameMeta),
        ("object_meta", pyds.NvDsObjectMeta),
        ("user_meta", pyds.NvDsUserMeta),
        ("classifier_meta", pyds.NvDsClassifierMeta),
        ("display_meta", pyds.NvDsDisplayMeta),
        ("label_info", pyds.NvDsLabelInfo),
        ("tensor_meta", pyds.NvDsInferTensorMeta),
    ],
)
def test_the_old_names_of_casts_are_casts(name: str, cls: type) -> None:
    cast = getattr(pyds, f"glist_get_nvds_{name}")
    own = cls()
    assert cast(own) is own
    assert cast(None) is None
    with pytest.raises(TypeError):
        cast("frame")
    with pytest.raises(TypeError, match="this is a NvOSD_RectParams"):
        cast(pyds.NvOSD_RectParams())


def test_an_old_program_walks_with_the_old_names() -> None:
    buffer = _testing.make_buffer(objects=2)
    frame = pyds.glist_get_nvds_frame_meta(batch_of(buffer).frame_meta_list.data)
    assert frame.frame_num == 7
    found = pyds.glist_get_nvds_object_meta(frame.obj_meta_list.data)
    assert found.obj_label == "class1"
    stale = frame.obj_meta_list.data
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.glist_get_nvds_object_meta(stale)
