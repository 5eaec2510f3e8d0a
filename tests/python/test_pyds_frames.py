"""The Pythonic face of the metadata: Batch, Frame, Objects, Object."""

from __future__ import annotations

import numpy as np
import pytest

import pyds
from fluvial import _core
from fluvial._core import StaleMetadataError, _testing


@pytest.fixture
def buffer():
    return _testing.make_buffer(frames=2, objects=4)


@pytest.fixture
def batch(buffer):
    return _core.Batch.of(hash(buffer), ["door", "yard"])


@pytest.fixture
def frame(batch):
    return batch.frames[0]


def test_a_batch_is_a_sequence_of_frames(batch):
    assert len(batch) == 2
    assert [f.number for f in batch] == [f.number for f in batch.frames] == [7, 8]
    assert (batch[0].number, batch[-1].number) == (7, 8)
    with pytest.raises(IndexError):
        batch[2]
    assert batch.pts is None


def test_a_frame_says_where_and_when_it_is_from(batch):
    frame = batch[1]
    assert (frame.source, frame.source_id, frame.batch_id, frame.number) == ("yard", 1, 1, 8)
    assert (frame.pts, frame.time, frame.ntp_time) == (40_000_000, 0.04, None)
    assert (frame.size, frame.source_size, frame.is_inferred) == ((64, 48), (128, 96), False)


def test_without_names_the_source_is_its_number(buffer):
    assert [f.source for f in _core.Batch.of(hash(buffer), ["only one"])] == ["only one", 1]
    assert [f.source for f in _core.Batch.of(hash(buffer))] == [0, 1]


def test_objects_come_as_the_detector_found_them(frame):
    assert [o.class_id for o in frame.objects] == [0, 1, 2, 3]
    one = frame.objects[1]
    assert (one.label, one.box, one.detector_box) == ("class1", (10, 5, 20, 30), (10, 5, 20, 30))
    assert (one.track_id, one.parent, one.classifications, one.mask) == (None, None, [], None)
    assert one.confidence == pytest.approx(0.51)
    assert [o.class_id for o in frame.objects[1:3]] == [1, 2]
    assert frame.objects[-1].class_id == 3
    with pytest.raises(IndexError, match="the frame has 4 objects"):
        frame.objects[4]


def test_columns_are_arrays_of_one_pass(frame):
    frame.objects[2].track_id = 77
    objects = frame.objects
    assert objects.boxes.dtype == np.float32
    assert objects.boxes.tolist() == [[10 * i, 5, 20, 30] for i in range(4)]
    assert objects.confidences == pytest.approx([0.5, 0.51, 0.52, 0.53])
    assert (objects.class_ids.dtype, objects.class_ids.tolist()) == (np.int32, [0, 1, 2, 3])
    assert (objects.track_ids.dtype, objects.track_ids.tolist()) == (np.int64, [-1, -1, 77, -1])
    assert objects.labels == ["class0", "class1", "class2", "class3"]


def test_columns_of_nothing_have_their_shape():
    objects = _core.Batch.of(hash(buffer := _testing.make_buffer()))[0].objects
    assert (len(objects), objects.boxes.shape, objects.class_ids.shape, objects.labels) == (0, (0, 4), (0,), [])
    del buffer


def test_objects_are_chosen_by_what_they_are_or_by_a_mask(frame):
    objects = frame.objects
    objects[3].track_id = 5
    assert objects.where(label="class1").class_ids.tolist() == [1]
    assert objects.where(label=["class1", "class3"], is_tracked=True).class_ids.tolist() == [3]
    assert objects.where(class_id=2).class_ids.tolist() == [2]
    assert objects.where(class_id=(0, 2), min_confidence=0.51).class_ids.tolist() == [2]
    assert objects[objects.boxes[:, 0] >= 20].class_ids.tolist() == [2, 3]
    assert objects[[True, False, False, True]].class_ids.tolist() == [0, 3]
    for wrong in ([True], "abcd", 1.5, None):
        with pytest.raises((TypeError, IndexError)):
            objects[wrong]
    with pytest.raises(TypeError, match="label"):
        objects.where(label=5)
    with pytest.raises(TypeError):
        objects.where("class1")


def test_objects_can_be_written(frame):
    one = frame.objects[0]
    one.label, one.class_id, one.confidence, one.track_id = "train", 8, 0.75, 12
    one.box = np.array([1, 2, 3, 4])
    one.border_color, one.border_width, one.fill_color = (0, 1, 0), 5, (1, 0, 0, 0.5)
    again = frame.objects[0]
    assert (again.label, again.class_id, again.confidence, again.track_id) == ("train", 8, 0.75, 12)
    assert (again.box, again.border_color, again.border_width) == ((1, 2, 3, 4), (0, 1, 0, 1), 5)
    assert (again.fill_color, again.text) == ((1, 0, 0, 0.5), "train")
    again.label = "tram"
    assert again.text == "tram 12"
    again.text, again.fill_color, again.track_id = "free", None, None
    assert (one.text, one.fill_color, one.track_id) == ("free", None, None)
    assert one.label == pyds.NvDsObjectMeta.cast(one.meta).obj_label


BOX = "4 numbers are needed: left, top, width, height"
COLOR = "3 or 4 numbers are needed: red, green, blue, alpha, 0 to 1"
INT = "a whole number is needed, -2147483648 to 2147483647"
COUNT = "a whole number is needed, 0 to 4294967295"
POINTS = "an array [K, 3] or a list of K points is needed: x, y, confidence; [] for none"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("box", (1, 2, 3), f"box=(1, 2, 3): {BOX}"),
        ("box", "abcd", f"box='abcd': {BOX}"),
        ("box", None, f"box=None: {BOX}"),
        ("box", np.zeros(3), f"box=an array of shape (3,): {BOX}"),
        ("border_color", (1, 1), f"border_color=(1, 1): {COLOR}"),
        ("fill_color", "red", f"fill_color='red': {COLOR}, or None"),
        ("border_width", -1, f"border_width=-1: {COUNT}"),
        ("class_id", "x", f"class_id='x': {INT}"),
        ("class_id", 2**31, f"class_id=2147483648: {INT}"),
        ("confidence", None, "confidence=None: a number is needed"),
        ("track_id", 1.5, "track_id=1.5: a whole number of 64 bits is needed, or None"),
        ("label", None, "label=None: a str is needed"),
        ("text", 5, "text=5: a str is needed"),
        ("text", list(range(99)), f"text={str(list(range(99)))[:80]}... (list): a str is needed"),
        ("keypoints", [[1, 2]], f"keypoints=[[1, 2]]: {POINTS}"),
        ("keypoints", [[1, 2, "x"]], f"keypoints=[[1, 2, 'x']]: {POINTS}"),
        ("keypoints", "abc", f"keypoints='abc': {POINTS}"),
        ("keypoints", None, f"keypoints=None: {POINTS}"),
        ("keypoints", np.zeros((3, 2)), f"keypoints=an array of shape (3, 2): {POINTS}"),
        ("keypoints", np.zeros(3), f"keypoints=an array of shape (3,): {POINTS}"),
    ],
)
def test_wrong_values_are_type_errors_that_say_what_is_needed(frame, name, value, says):
    one = frame.objects[0]
    before = getattr(one, name)
    with pytest.raises(TypeError) as caught:
        setattr(one, name, value)
    assert str(caught.value) == says
    assert np.array_equal(getattr(one, name), before)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda frame: frame.add_object(None), f"box=None: {BOX}"),
        (lambda frame: frame.add_object((1, 2, 3)), f"box=(1, 2, 3): {BOX}"),
        (lambda frame: frame.add_object((1, 2, 3, 4), label=3), "label=3: a str is needed"),
        (lambda frame: frame.add_object((1, 2, 3, 4), class_id=None), f"class_id=None: {INT}"),
        (lambda frame: frame.add_object((1, 2, 3, 4), parent=3), "parent=3: an Object is needed"),
        (lambda frame: frame.remove(None), "obj=None: an Object is needed"),
        (lambda frame: frame.remove("x"), "obj='x': an Object is needed"),
        (lambda frame: frame.draw_text("x", None), "position=None: 2 numbers are needed: x, y"),
        (lambda frame: frame.draw_text("x", (1, 2), size="big"), f"size='big': {COUNT}"),
        (lambda frame: frame.draw_text("x", (1, 2), background="red"), f"background='red': {COLOR}, or None"),
        (lambda frame: frame.draw_line((1, 2), (3,)), "end=(3,): 2 numbers are needed: x, y"),
        (lambda frame: frame.draw_arrow("ab", (3, 4)), "start='ab': 2 numbers are needed: x, y"),
        (lambda frame: frame.draw_rectangle((1, 2, 3, 4), width=-1), f"width=-1: {COUNT}"),
        (lambda frame: frame.draw_circle((1, 2), None), "radius=None: a number is needed"),
        (lambda frame: frame.objects[None], "index=None: an int, a slice or one bool an object is needed"),
        (lambda frame: frame.objects.where(label=3), "label=3: a str or several are needed"),
        (lambda frame: frame.objects.where(class_id="x"), "class_id='x': an int or several are needed"),
        (lambda frame: frame.objects.where(min_confidence="x"), "min_confidence='x': a number is needed, or None"),
        (lambda frame: frame.objects.where(is_tracked=3), "is_tracked=3: True or False is needed, or None"),
    ],
)
def test_wrong_arguments_are_named_with_what_is_needed(frame, call, says):
    count = len(frame.objects)
    with pytest.raises(TypeError) as caught:
        call(frame)
    assert str(caught.value) == says
    assert len(frame.objects) == count


def test_a_value_whose_repr_fails_is_named_by_its_type(frame):
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError("no words")

    with pytest.raises(TypeError, match=r"^label=a \S*Silent: a str is needed$"):
        frame.objects[0].label = Silent()


@pytest.mark.parametrize("points", [[[1, 2, 0.5], (3, 4, 1)], ((1, 2, 0.5), np.array([3, 4, 1]))])
def test_key_points_may_be_a_list_or_an_array(frame, points):
    one = frame.objects[0]
    for given in (points, np.array(points), np.array(points, np.float32), np.array(points)[:, :]):
        one.keypoints = given
        assert one.keypoints.tolist() == [[1, 2, 0.5], [3, 4, 1]]
        one.keypoints = []
        assert one.keypoints.shape == (0, 3)
    one.keypoints = np.zeros((0, 3))
    assert one.keypoints.shape == (0, 3)


def test_objects_are_added_and_removed(frame):
    new = frame.add_object((1, 2, 3, 4), label="bag", class_id=9, confidence=0.5, track_id=3, parent=frame.objects[0])
    assert (new.label, new.text, new.track_id, new.parent.class_id) == ("bag", "bag", 3, 0)
    assert frame.objects.labels[-1] == "bag"
    frame.remove(frame.objects[0])
    assert new.parent is None
    assert len(frame.objects) == 4
    frame.remove(new)
    with pytest.raises(StaleMetadataError, match="Object: it was removed"):
        _ = new.label
    with pytest.raises(StaleMetadataError):
        frame.remove(new)


def test_an_object_of_another_frame_is_not_removed(batch):
    stranger = batch[1].objects[0]
    with pytest.raises(ValueError, match="not in this frame"):
        batch[0].remove(stranger)
    other = _core.Batch.of(hash(buffer := _testing.make_buffer(objects=1)))
    with pytest.raises(ValueError, match="another batch"):
        batch[0].add_object((0, 0, 1, 1), parent=other[0].objects[0])
    del buffer


def test_a_view_with_a_removed_object_is_stale(frame):
    objects = frame.objects
    frame.remove(objects[1])
    with pytest.raises(StaleMetadataError):
        _ = objects.boxes
    assert len(frame.objects) == 3


def test_classifications_in_order_of_arrival(buffer, frame):
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    meta = frame.objects[0].meta
    for name in ("red", "sedan"):
        classifier = pyds.nvds_acquire_classifier_meta_from_pool(batch)
        label = pyds.nvds_acquire_label_info_meta_from_pool(batch)
        label.result_label, label.result_prob = name, 0.5
        pyds.nvds_add_label_info_meta_to_classifier(classifier, label)
        pyds.nvds_add_classifier_meta_to_object(meta, classifier)
    assert frame.objects[0].classifications == [("", "red", 0.5), ("", "sedan", 0.5)]


def test_masks_are_copies_and_key_points_are_flat(frame):
    mask = frame.objects[0].meta.mask_params
    mask.width, mask.height = 3, 2
    mask.alloc_mask_array()[:] = range(6)
    assert frame.objects[0].mask.tolist() == [[0, 1, 2], [3, 4, 5]]
    mask.width = 100
    assert frame.objects[0].mask.shape == (6,)


def test_pixels_of_rgba_are_a_view(buffer, frame):
    pixels = frame.pixels()
    pixels[2, 3] = 99
    assert (pixels.shape, pixels.dtype) == ((48, 64, 4), np.uint8)
    assert buffer.pixel(0, 3, 2) == 99
    assert frame.pixels()[2, 3, 0] == 99


@pytest.mark.parametrize("pixel_format", ["NV12", "I420", "RGB", "BGRx", "GRAY8"])
def test_pixels_of_other_formats_are_converted_once_and_read_only(pixel_format):
    buffer = _testing.make_buffer(format=pixel_format)
    frame = _core.Batch.of(hash(buffer))[0]
    pixels = frame.pixels()
    assert (pixels.shape, pixels.flags.writeable) == ((48, 64, 4), False)
    assert pixels[..., :3].max() <= 1
    assert frame.pixels() is pixels
    buffer.close()
    assert pixels.shape == (48, 64, 4)


def test_drawings_share_display_metas_of_sixteen(frame):
    for i in range(20):
        frame.draw_text(f"text {i}", (i, -5), size=10, font="Serif", color=(1, 0, 0), background=None)
    frame.draw_line((0, 1), (2, 3), width=4)
    frame.draw_arrow((0, 1), (2, 3), color=(0, 1, 0, 1))
    frame.draw_rectangle((1, 2, 3, 4), fill=(0, 0, 1, 0.5))
    frame.draw_circle((5, 6), 7)
    newest = frame.meta.display_meta_list
    metas = [pyds.NvDsDisplayMeta.cast(n.data) for n in (newest, newest.next)]
    assert newest.next.next is None
    assert [m.num_labels for m in metas] == [4, 16]
    text = metas[1].text_params[15]
    assert (pyds.get_string(text.display_text), text.x_offset, text.y_offset, text.set_bg_clr) == ("text 15", 15, 0, 0)
    assert sum(m.num_lines + m.num_arrows + m.num_rects + m.num_circles for m in metas) == 4


def test_a_batch_that_is_kept_holds_its_buffer_until_it_is_closed(buffer):
    batch = _core.Batch.of(hash(buffer), keep=True)
    assert (batch.is_kept, buffer.references) == (True, 2)
    frame, objects = batch[0], batch[0].objects
    buffer.close()
    assert objects.labels[0] == "class0"
    assert frame.pixels().shape == (48, 64, 4)
    batch.close()
    with pytest.raises(StaleMetadataError, match=r"Frame: its batch was closed.*in test_a_batch_that_is_kept"):
        _ = frame.number
    with pytest.raises(StaleMetadataError, match="Objects: its batch was closed"):
        _ = objects.boxes
    batch.close()


def test_frames_alone_keep_a_kept_buffer(buffer):
    frame = _core.Batch.of(hash(buffer), keep=True)[0]
    assert buffer.references == 2
    del frame
    assert buffer.references == 1


def test_what_was_not_kept_is_stale_after_the_buffer(batch, frame, buffer):
    objects, one = frame.objects, frame.objects[0]
    boxes = objects.boxes
    buffer.close()
    for use in (
        lambda: batch.frames,
        lambda: batch.keep(),
        lambda: frame.objects,
        lambda: frame.pixels(),
        lambda: objects.labels,
        lambda: objects[0],
        lambda: one.label,
        lambda: frame.draw_text("x", (0, 0)),
        lambda: frame.add_object((0, 0, 1, 1)),
        lambda: setattr(one, "text", "x"),
    ):
        with pytest.raises(StaleMetadataError, match="its buffer is gone"):
            use()
    assert boxes.shape == (4, 4)
