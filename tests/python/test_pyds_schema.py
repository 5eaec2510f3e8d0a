"""Events for messages: who owns their strings and objects, and what elements and copies see of them."""

from __future__ import annotations

import contextlib
import gc
import re
import sys
import threading

import numpy as np
import pytest

import pyds
from fluvial._core import StaleMetadataError, _testing
from needed import package

VEHICLE = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_VEHICLE
PERSON = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_PERSON
TIME_LENGTH = 32


@pytest.fixture
def buffer():
    return _testing.make_buffer(objects=3)


def batch_of(buffer):
    return pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))


def frame_of(buffer):
    return pyds.NvDsFrameMeta.cast(batch_of(buffer).frame_meta_list.data)


def walk(node, cls):
    while node is not None:
        yield cls.cast(node.data)
        node = node.next


def messages_on(buffer):
    for user in walk(frame_of(buffer).frame_user_meta_list, pyds.NvDsUserMeta):
        if user.base_meta.meta_type == pyds.NvDsMetaType.NVDS_EVENT_MSG_META:
            yield pyds.NvDsEventMsgMeta.cast(user.user_meta_data)


def attach(buffer, message, user=None):
    user = user or pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    user.user_meta_data = message
    user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_EVENT_MSG_META
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    return user


def new_message(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    return user, pyds.alloc_nvds_event_msg_meta(user)


def text(address):
    return pyds.get_string(address)


# --- as deepstream-test4's probe does it ------------------------------------------------------------------------------
def describe_vehicle(data):
    car = pyds.NvDsVehicleObject.cast(data)
    car.type, car.color, car.make = "sedan", "blue", "Bugatti"
    car.model, car.license, car.region = "M", "XX1234", "CA"
    return car


def describe_person(data):
    person = pyds.NvDsPersonObject.cast(data)
    person.age = 45
    person.cap, person.hair, person.gender, person.apparel = "none", "black", "male", "formal"
    return person


def describe_event(data, class_id):
    message = pyds.NvDsEventMsgMeta.cast(data)
    message.sensorId = message.placeId = message.moduleId = 0
    message.sensorStr = "sensor-0"
    message.ts = pyds.alloc_buffer(TIME_LENGTH + 1)
    pyds.generate_ts_rfc3339(message.ts, TIME_LENGTH)
    if class_id == 0:
        message.type = pyds.NvDsEventType.NVDS_EVENT_MOVING
        message.objType = VEHICLE
        message.objClassId = 0
        message.extMsg = describe_vehicle(pyds.alloc_nvds_vehicle_object())
        message.extMsgSize = sys.getsizeof(pyds.NvDsVehicleObject)
    if class_id == 2:
        message.type = pyds.NvDsEventType.NVDS_EVENT_ENTRY
        message.objType = PERSON
        message.objClassId = 2
        message.extMsg = describe_person(pyds.alloc_nvds_person_object())
        message.extMsgSize = sys.getsizeof(pyds.NvDsPersonObject)
    return message


def probe(buffer):
    """One message an object; test4 sends one for the first of every 30th frame."""
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    l_frame = batch.frame_meta_list
    while l_frame is not None:
        try:
            frame = pyds.NvDsFrameMeta.cast(l_frame.data)
        except StopIteration:
            continue
        l_obj = frame.obj_meta_list
        while l_obj is not None:
            obj = pyds.NvDsObjectMeta.cast(l_obj.data)
            obj.text_params.display_text = ["Vehicle", "TwoWheeler", "Person", "Roadsign"][obj.class_id]
            user = pyds.nvds_acquire_user_meta_from_pool(batch)
            message = pyds.alloc_nvds_event_msg_meta(user)
            message.bbox.top = obj.rect_params.top
            message.bbox.left = obj.rect_params.left
            message.bbox.width = obj.rect_params.width
            message.bbox.height = obj.rect_params.height
            message.frameId = frame.frame_num
            message.trackingId = obj.object_id & 0xFFFFFFFFFFFFFFFF
            message.confidence = obj.confidence
            message = describe_event(message, obj.class_id)
            user.user_meta_data = message
            user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_EVENT_MSG_META
            pyds.nvds_add_user_meta_to_frame(frame, user)
            try:
                l_obj = l_obj.next
            except StopIteration:
                break
        try:
            l_frame = l_frame.next
        except StopIteration:
            break


def check_probed(buffer):
    by_class = {m.objClassId if m.extMsg else None: m for m in messages_on(buffer)}
    car, person, nothing = by_class[0], by_class[2], by_class[None]
    for message in by_class.values():
        assert text(message.sensorStr) == "sensor-0"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text(message.ts))
        assert (message.bbox.top, message.bbox.width, message.bbox.height) == (5, 20, 30)
        assert (message.frameId, message.trackingId) == (7, 2**64 - 1)
    assert (car.type, car.objType) == (pyds.NvDsEventType.NVDS_EVENT_MOVING, VEHICLE)
    vehicle = pyds.NvDsVehicleObject.cast(car.extMsg)
    assert [text(t) for t in (vehicle.type, vehicle.make, vehicle.model)] == ["sedan", "Bugatti", "M"]
    assert [text(t) for t in (vehicle.color, vehicle.region, vehicle.license)] == ["blue", "CA", "XX1234"]
    human = pyds.NvDsPersonObject.cast(person.extMsg)
    assert [text(t) for t in (human.gender, human.hair, human.cap)] == ["male", "black", "none"]
    assert (text(human.apparel), human.age) == ("formal", 45)
    assert nothing.extMsg is None
    assert car.extMsgSize > 0
    return car, vehicle


def test_messages_of_test4s_probe_survive_copies_and_go_with_their_buffers(buffer):
    probe(buffer)
    check_probed(buffer)
    copy = buffer.copy()
    car, vehicle = check_probed(buffer)
    buffer.close()
    for use in (lambda: car.sensorStr, lambda: vehicle.color, lambda: car.bbox.top, lambda: car.extMsg):
        with pytest.raises(StaleMetadataError):
            use()
    again = copy.copy()
    check_probed(copy)
    copy.close()
    check_probed(again)
    again.close()


@pytest.mark.slow  # a stress of a second
def test_streaming_threads_copy_and_free_messages_while_python_writes_them():
    sources = [_testing.make_buffer(objects=3) for _ in range(4)]
    for source in sources:
        probe(source)
    done = threading.Event()
    failures = []

    def stream():
        try:
            for _ in range(100):
                for source in sources:
                    source.copy().close()
        except Exception as e:
            failures.append(e)
        finally:
            done.set()

    thread = threading.Thread(target=stream)
    thread.start()
    messages = [m for source in sources for m in messages_on(source)]
    count = 0
    while not done.is_set():
        for message in messages:
            count += 1
            message.sensorStr = f"sensor-{count}"
            if message.extMsg:
                message.extMsg = describe_vehicle(pyds.alloc_nvds_vehicle_object())
    thread.join()
    assert failures == []
    for source in sources:
        source.close()


@pytest.mark.slow  # a stress of a second
def test_memory_does_not_grow_with_messages(resident_kb):
    def round_of(n):
        for _ in range(n):
            buffer = _testing.make_buffer(objects=3)
            probe(buffer)
            copy = buffer.copy()
            buffer.close()
            copy.close()
            lost = describe_event(pyds.alloc_nvds_event_msg_meta(None), 0)  # never stored
            del lost

    round_of(200)
    gc.collect()
    before = resident_kb()
    round_of(1000)
    gc.collect()
    assert resident_kb() - before < 4000


# --- as programs of pyds 1.1 do it: callbacks in Python ---------------------------------------------------------------
def copy_event(data, _):
    source = pyds.NvDsEventMsgMeta.cast(pyds.NvDsUserMeta.cast(data).user_meta_data)
    address = pyds.memdup(pyds.get_ptr(source), sys.getsizeof(pyds.NvDsEventMsgMeta))
    twin = pyds.NvDsEventMsgMeta.cast(address)
    twin.ts = pyds.memdup(source.ts, TIME_LENGTH + 1)
    twin.sensorStr = pyds.get_string(source.sensorStr)
    if source.extMsgSize > 0 and source.objType == VEHICLE:
        vehicle = pyds.NvDsVehicleObject.cast(source.extMsg)
        copy = pyds.alloc_nvds_vehicle_object()
        for name in ("type", "color", "make", "model", "license", "region"):
            setattr(copy, name, pyds.get_string(getattr(vehicle, name)))
        twin.extMsg = copy
        twin.extMsgSize = sys.getsizeof(pyds.NvDsVehicleObject)
    return twin


def free_event(data, _):
    source = pyds.NvDsEventMsgMeta.cast(pyds.NvDsUserMeta.cast(data).user_meta_data)
    pyds.free_buffer(source.ts)
    pyds.free_buffer(source.sensorStr)
    if source.extMsgSize > 0:
        vehicle = pyds.NvDsVehicleObject.cast(source.extMsg)
        pyds.free_buffer(vehicle.type)
        pyds.free_gbuffer(source.extMsg)
        source.extMsgSize = 0


@pytest.mark.parametrize("release", [free_event, None], ids=["freed in Python", "freed natively"])
def test_callbacks_of_older_programs_copy_and_free_messages(buffer, release):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    message = describe_event(pyds.alloc_nvds_event_msg_meta(), 0)
    attach(buffer, message, user)
    pyds.user_copyfunc(user, copy_event)
    if release:
        pyds.user_releasefunc(user, release)
    copy = buffer.copy()
    buffer.close()
    (twin,) = messages_on(copy)
    assert (text(twin.sensorStr), len(text(twin.ts))) == ("sensor-0", 24)
    assert text(pyds.NvDsVehicleObject.cast(twin.extMsg).make) == "Bugatti"
    copy.close()


def test_what_a_copy_function_returns_is_freed_as_what_it_is(buffer):
    user, message = new_message(buffer)
    attach(buffer, message, user)
    rect = pyds.NvDsRect()
    rect.top = 4
    pyds.user_copyfunc(user, lambda data, _: rect)
    copy = buffer.copy()
    again = copy.copy()
    copy.close()
    (copied,) = walk(frame_of(again).frame_user_meta_list, pyds.NvDsUserMeta)
    assert pyds.NvDsRect.cast(copied.user_meta_data).top == 4
    with pytest.raises(TypeError, match="this is a NvDsRect"):
        pyds.NvDsEventMsgMeta.cast(copied.user_meta_data)
    again.close()
    assert rect.top == 4


# --- strings ----------------------------------------------------------------------------------------------------------
def test_a_buffers_address_makes_the_buffer_the_fields_own(buffer):
    user, message = new_message(buffer)
    address = pyds.alloc_buffer(33)
    message.ts = address
    assert message.ts == address
    pyds.generate_ts_rfc3339(address, 33)  # still known by its address
    assert len(text(message.ts)) == 24
    message.ts = message.ts  # nothing to do
    attach(buffer, message, user)
    pyds.generate_ts_rfc3339(address, 33)
    pyds.free_buffer(address)  # the metadata's by now: nothing happens
    assert len(text(message.ts)) == 24
    message.ts = "later"
    assert text(message.ts) == "later"
    with pytest.raises(ValueError, match="not an address from alloc_buffer"):
        pyds.generate_ts_rfc3339(address, 33)


def test_a_buffers_address_is_forgotten_with_its_message(buffer):
    user, message = new_message(buffer)
    message.ts = address = pyds.alloc_buffer(33)
    attach(buffer, message, user)
    buffer.close()
    with pytest.raises(ValueError, match="not an address from alloc_buffer"):
        pyds.generate_ts_rfc3339(address, 33)
    pyds.free_buffer(address)


def test_any_other_address_is_copied(buffer):
    _user, message = new_message(buffer)
    message.sensorStr = "one"
    message.objectId = message.sensorStr
    assert message.objectId != message.sensorStr
    message.sensorStr = 0
    assert (message.sensorStr, text(message.objectId)) == (0, "one")
    block = pyds.alloc_buffer(33)
    message.ts = block
    message.otherAttrs = block
    assert message.otherAttrs != block


@pytest.mark.parametrize("field", ["ts", "objectId", "sensorStr", "otherAttrs", "videoPath"])
def test_strings_of_a_message_refuse_what_is_none(field):
    message = pyds.alloc_nvds_event_msg_meta()
    for wrong in (1.5, b"x", None, []):
        with pytest.raises(TypeError, match=rf"NvDsEventMsgMeta\.{field}: expected str, not"):
            setattr(message, field, wrong)
    for wrong in (-1, 2**64):
        with pytest.raises(TypeError, match="is not an address"):
            setattr(message, field, wrong)
    with pytest.raises(ValueError, match="no string at address"):
        setattr(message, field, 16)
    with pytest.raises(TypeError, match="cannot be deleted"):
        delattr(message, field)
    assert getattr(message, field) == 0


@pytest.mark.parametrize(
    "cls", [pyds.NvDsVehicleObjectExt, pyds.NvDsPersonObjectExt, pyds.NvDsFaceObjectWithExt], ids=lambda c: c.__name__
)
def test_extended_objects_show_their_strings_as_str(cls):
    made = cls()
    names = [n for n in vars(cls) if n not in ("age", "mask", "cast") and not n.startswith("__")]
    for name in names:
        assert getattr(made, name) is None
        setattr(made, name, name)
    assert [getattr(made, n) for n in names] == names
    setattr(made, names[0], None)
    assert getattr(made, names[0]) is None
    with pytest.raises(TypeError, match="expected str"):
        setattr(made, names[0], 5)
    with pytest.raises(TypeError, match="cannot be deleted"):
        del made.mask
    made.mask = None
    assert made.mask is None
    with pytest.raises(ValueError, match="lists are made by elements"):
        made.mask = []


def test_a_time_needs_a_buffer_that_holds_it():
    address = pyds.alloc_buffer(25)
    pyds.generate_ts_rfc3339(address, 1000)
    assert len(text(address)) == 24
    with pytest.raises(ValueError, match="a time takes 25 bytes with its end, and there are 24"):
        pyds.generate_ts_rfc3339(address, 24)
    small = pyds.alloc_buffer(10)
    with pytest.raises(ValueError, match="there are 10"):
        pyds.generate_ts_rfc3339(small, 32)
    pyds.free_buffer(small)
    for wrong in (0, small, 4096, address + 1):
        with pytest.raises(ValueError, match="not an address from alloc_buffer"):
            pyds.generate_ts_rfc3339(wrong, 32)
    with pytest.raises(TypeError):
        pyds.generate_ts_rfc3339("x", 32)
    pyds.free_buffer(address)


# --- the object that a message is about -------------------------------------------------------------------------------
def seen_by_elements(buffer):
    return _testing.type_of_message_object(hash(buffer))


def test_elements_see_an_object_only_where_its_type_is_right(buffer):
    user, message = new_message(buffer)
    attach(buffer, message, user)
    person = pyds.alloc_nvds_person_object()
    person.gender = "female"
    message.extMsg = person
    message.extMsgSize = sys.getsizeof(pyds.NvDsPersonObject)
    assert seen_by_elements(buffer) is None  # objType still says vehicle, which is 0
    assert message.extMsgSize == sys.getsizeof(pyds.NvDsPersonObject)
    message.objType = PERSON
    assert seen_by_elements(buffer) == "female"
    assert seen_by_elements(buffer.copy()) == "female"
    message.objType = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_FACE
    assert seen_by_elements(buffer) is None
    message.objType = PERSON
    message.extMsgSize = 0
    assert seen_by_elements(buffer) is None
    copy = buffer.copy()
    (copied,) = messages_on(copy)
    assert (copied.extMsg, copied.extMsgSize) == (None, 0)  # as in pyds


def test_an_object_can_be_filled_after_it_was_given_away(buffer):
    user, message = new_message(buffer)
    car = pyds.alloc_nvds_vehicle_object()
    message.extMsg = car
    car.type = "van"
    attach(buffer, message, user)
    car.color = pyds.alloc_buffer(8)
    car.make = "Ford"
    same = pyds.NvDsVehicleObject.cast(message.extMsg)
    assert (text(same.type), text(same.make), same.color) == ("van", "Ford", car.color)
    del message, user, same
    gc.collect()
    assert text(car.type) == "van"
    buffer.close()
    with pytest.raises(StaleMetadataError, match="NvDsVehicleObject: its buffer is gone"):
        _ = car.type
    with pytest.raises(StaleMetadataError):
        car.type = "bus"


def test_an_object_of_a_lost_message_lives_as_long_as_somebody_has_it():
    car = pyds.alloc_nvds_vehicle_object()
    message = pyds.alloc_nvds_event_msg_meta()
    message.extMsg = car
    capsule = message.extMsg
    del message
    gc.collect()
    car.type = "van"
    assert text(pyds.NvDsVehicleObject.cast(capsule).type) == "van"


def test_an_object_has_one_owner(buffer):
    user, message = new_message(buffer)
    car = pyds.alloc_nvds_vehicle_object()
    message.extMsg = car
    message.extMsg = car  # nothing to do
    other = pyds.alloc_nvds_event_msg_meta()
    with pytest.raises(ValueError, match=r"NvDsEventMsgMeta\.extMsg: another message or user meta owns this"):
        other.extMsg = car
    attach(buffer, message, user)
    with pytest.raises(ValueError, match="another message or user meta owns this"):
        other.extMsg = message.extMsg
    (found,) = messages_on(buffer)
    for theirs in (found.extMsg, frame_of(buffer)):
        with pytest.raises(ValueError, match="lives in the metadata"):
            other.extMsg = theirs
    with pytest.raises(ValueError, match="another user meta owns this"):
        pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer)).user_meta_data = car


def test_a_message_is_not_about_messages():
    message = pyds.alloc_nvds_event_msg_meta()
    for wrong in (message, message.bbox, pyds.alloc_nvds_event_msg_meta()):
        with pytest.raises(ValueError, match="about an object, not about a message"):
            message.extMsg = wrong
    with pytest.raises(TypeError, match="expected a capsule"):
        message.extMsg = 5
    with pytest.raises(TypeError, match="cannot be deleted"):
        del message.extMsg
    with pytest.raises(TypeError, match="cannot be deleted"):
        del message.extMsgSize
    with pytest.raises(TypeError, match="expected NvDsObjectType, not int"):
        message.objType = 1


def test_an_object_that_is_replaced_is_kept_for_who_looks_at_it(buffer):
    user, message = new_message(buffer)
    attach(buffer, message, user)
    first = describe_vehicle(pyds.alloc_nvds_vehicle_object())
    message.extMsg = first
    capsule = message.extMsg
    message.extMsg = describe_person(pyds.alloc_nvds_person_object())
    assert text(first.make) == "Bugatti"
    assert text(pyds.NvDsVehicleObject.cast(capsule).make) == "Bugatti"
    with pytest.raises(TypeError, match=r"NvDsVehicleObject\.cast: this is a NvDsPersonObject"):
        pyds.NvDsVehicleObject.cast(message.extMsg)
    message.extMsg = None
    assert message.extMsg is None


def test_an_object_of_the_programs_own_kind_stays_alive_with_the_message(buffer):
    user, message = new_message(buffer)
    attach(buffer, message, user)
    message.objType = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_CUSTOM
    rect = pyds.NvDsRect()
    rect.left = 3
    message.extMsg = rect
    message.extMsgSize = 16
    del rect
    gc.collect()
    assert pyds.NvDsRect.cast(message.extMsg).left == 3
    copy = buffer.copy()
    (copied,) = messages_on(copy)
    assert copied.extMsg is None  # nobody knows how to copy it
    foreign = user.base_meta  # any wrapper of metadata is refused; a capsule of somebody else's is kept
    with pytest.raises(ValueError, match="lives in the metadata"):
        message.extMsg = foreign
    capsule = np.ctypeslib.ctypes.pythonapi.PyCapsule_New
    capsule.restype = np.ctypeslib.ctypes.py_object
    capsule.argtypes = [np.ctypeslib.ctypes.c_void_p, np.ctypeslib.ctypes.c_char_p, np.ctypeslib.ctypes.c_void_p]
    number = np.ctypeslib.ctypes.c_int(5)
    given = capsule(np.ctypeslib.ctypes.addressof(number), None, None)
    message.extMsg = given
    assert message.extMsg is given
    buffer.close()


def test_objects_can_lie_on_a_user_meta_themselves(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    user.user_meta_data = describe_person(pyds.alloc_nvds_person_object())
    user.base_meta.meta_type = pyds.nvds_get_user_meta_type("A.B.C")
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    copy = buffer.copy()
    buffer.close()
    (copied,) = walk(frame_of(copy).frame_user_meta_list, pyds.NvDsUserMeta)
    assert text(pyds.NvDsPersonObject.cast(copied.user_meta_data).hair) == "black"


def test_structs_made_by_their_class_are_as_good_as_allocated_ones(buffer):
    message = pyds.NvDsEventMsgMeta()
    face = pyds.NvDsFaceObject()
    face.name = "Ada"
    message.objType = pyds.NvDsObjectType.NVDS_OBJECT_TYPE_FACE
    message.extMsg = face
    message.extMsgSize = 1
    attach(buffer, message)
    copy = buffer.copy()
    buffer.close()
    (twin,) = messages_on(copy)
    assert text(pyds.NvDsFaceObject.cast(twin.extMsg).name) == "Ada"
    assert text(pyds.alloc_nvds_face_object().name) is None


# --- what elements made -----------------------------------------------------------------------------------------------
def test_an_elements_message_is_looked_at_and_keeps_its_object(buffer):
    _testing.add_message(hash(buffer))
    (message,) = messages_on(buffer)
    vehicle = pyds.NvDsVehicleObjectExt.cast(message.extMsg)
    assert vehicle.type == "truck"
    outline = vehicle.mask
    assert outline.next is None and outline.prev is None
    assert outline.data is not None
    for change in (
        lambda: setattr(message, "extMsg", None),
        lambda: setattr(message, "extMsgSize", 0),
        lambda: setattr(message, "objType", PERSON),
    ):
        with pytest.raises(ValueError, match="an element made this message"):
            change()
    message.type = pyds.NvDsEventType.NVDS_EVENT_EXIT
    assert message.type == 1
    assert message.extMsgSize == 56
    copy = buffer.copy()
    assert list(messages_on(copy)) == []  # its maker gave no copy function
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.NvDsVehicleObjectExt.cast(vehicle).type  # noqa: B018
    with pytest.raises(StaleMetadataError):
        pyds.NvDsVehicleObjectExt.cast(outline.data)


def test_an_elements_payload_is_looked_at(buffer):
    _testing.add_message(hash(buffer))
    (payload,) = (
        pyds.NvDsPayload.cast(u.user_meta_data)
        for u in walk(frame_of(buffer).frame_user_meta_list, pyds.NvDsUserMeta)
        if u.base_meta.meta_type == pyds.NvDsMetaType.NVDS_PAYLOAD_META
    )
    assert (payload.payloadSize, payload.componentId) == (5, 3)
    assert text(pyds.get_ptr(payload.payload)) == "hello"
    with pytest.raises(ValueError, match=r"NvDsPayload\.payload: an element made this struct"):
        payload.payload = None
    with pytest.raises(ValueError, match="it can only shrink"):
        payload.payloadSize = 6
    payload.payloadSize = 4


# --- payloads, events, signatures -------------------------------------------------------------------------------------
def test_a_payload_keeps_what_it_points_at_and_knows_its_size():
    payload = pyds.alloc_nvds_payload()
    rect = pyds.NvDsRect()
    rect.top = 2
    payload.payload = rect
    payload.payloadSize = 16
    del rect
    gc.collect()
    assert pyds.NvDsRect.cast(payload.payload).top == 2
    with pytest.raises(ValueError, match=r"NvDsPayload\.payloadSize: 17 bytes are not there"):
        payload.payloadSize = 17
    payload.payload = None
    payload.payloadSize = 1000  # may come first
    with pytest.raises(ValueError, match="1000 bytes are not there"):
        payload.payload = pyds.NvDsRect()
    assert payload.payloadSize == 0
    with pytest.raises(ValueError, match="a struct cannot point at itself"):
        payload.payload = payload
    with pytest.raises(TypeError, match="expected a capsule"):
        payload.payload = 4096
    for name in ("payload", "payloadSize"):
        with pytest.raises(TypeError, match="cannot be deleted"):
            delattr(payload, name)


def test_a_payload_travels_with_the_buffer_but_not_with_its_copy(buffer):
    user = pyds.nvds_acquire_user_meta_from_pool(batch_of(buffer))
    payload = pyds.alloc_nvds_payload()
    payload.componentId = 6
    user.user_meta_data = payload
    user.base_meta.meta_type = pyds.NvDsMetaType.NVDS_PAYLOAD_META
    pyds.nvds_add_user_meta_to_frame(frame_of(buffer), user)
    del payload
    gc.collect()
    (found,) = walk(frame_of(buffer).frame_user_meta_list, pyds.NvDsUserMeta)
    assert pyds.NvDsPayload.cast(found.user_meta_data).componentId == 6
    assert frame_of(buffer.copy()).frame_user_meta_list is None


def test_an_event_keeps_its_message():
    event = pyds.alloc_nvds_event()
    event.eventType = pyds.NvDsEventType.NVDS_EVENT_PARKED
    assert event.metadata is None
    message = pyds.alloc_nvds_event_msg_meta()
    message.sensorId = 4
    event.metadata = message
    assert event.metadata is message
    del message
    gc.collect()
    assert event.metadata.sensorId == 4
    with pytest.raises(TypeError, match=r"expected NvDsEventMsgMeta or None, not pyds\.NvDsRect"):
        event.metadata = pyds.NvDsRect()
    event.metadata = None
    assert event.metadata is None
    with pytest.raises(TypeError, match="cannot be deleted"):
        del event.metadata


def test_an_event_says_so_when_its_message_went(buffer):
    user, message = new_message(buffer)
    event = pyds.alloc_nvds_event()
    attach(buffer, message, user)
    event.metadata = message
    buffer.close()
    with pytest.raises(StaleMetadataError):
        _ = event.metadata.sensorId


def test_a_signature_owns_its_numbers(buffer):
    user, message = new_message(buffer)
    signature = message.objSignature
    assert (signature.signature, signature.size) == (None, 0)
    with pytest.raises(ValueError, match=r"NvDsObjectSignature\.size: 1, but there are 0"):
        signature.size = 1
    signature.signature = [0.5, 1.5, 2.5]
    assert (signature.signature, signature.size) == (0.5, 3)
    signature.size = 2
    with pytest.raises(ValueError, match="it can only shrink"):
        signature.size = 3
    with pytest.raises(TypeError, match="expected float, not str"):
        signature.signature = [1, "x"]
    with pytest.raises(TypeError, match="expected numbers"):
        signature.signature = object()
    with pytest.raises(TypeError, match="cannot be deleted"):
        del signature.signature
    other = pyds.NvDsObjectSignature()
    other.signature = 7
    assert other.size == 1
    attach(buffer, message, user)
    copy = buffer.copy()
    message.objSignature = other
    assert (signature.signature, signature.size) == (7.0, 1)
    buffer.close()
    (twin,) = messages_on(copy)
    assert (twin.objSignature.signature, twin.objSignature.size) == (0.5, 2)


def test_parts_of_a_message_write_through():
    message = pyds.NvDsEventMsgMeta()
    message.location.lat, message.location.lon, message.location.alt = 1, 2.5, -3
    message.coordinate.x = 0.25
    place = pyds.NvDsGeoLocation()
    place.alt = 9
    assert message.location.alt == -3
    message.location = place
    place.alt = 10
    assert (message.location.lat, message.location.alt) == (0, 9)
    message.trackingId = 2**64 - 1
    message.componentId = -4
    assert (message.trackingId, message.componentId) == (2**64 - 1, -4)
    with pytest.raises(TypeError, match=r"NvDsEventMsgMeta\.frameId: expected int, not float"):
        message.frameId = 1.0
    with pytest.raises(TypeError, match="does not fit"):
        message.trackingId = -1
    with pytest.raises(TypeError, match="expected NvDsRect"):
        message.bbox = place
    with pytest.raises(TypeError, match="expected NvDsEventType"):
        message.type = 3


def test_old_names_of_casts(buffer):
    message = pyds.alloc_nvds_event_msg_meta()
    message.extMsg = pyds.alloc_nvds_vehicle_object()
    assert pyds.glist_get_nvds_event_msg_meta(message) is message
    address = pyds.get_ptr(message)
    assert isinstance(pyds.glist_get_nvds_event_msg_meta(address), pyds.NvDsEventMsgMeta)
    assert isinstance(pyds.glist_get_nvds_vehicle_object(message.extMsg), pyds.NvDsVehicleObject)
    assert pyds.glist_get_nvds_person_object(None) is None
    with pytest.raises(TypeError, match="this is a NvDsVehicleObject"):
        pyds.glist_get_nvds_person_object(message.extMsg)
    with pytest.raises(TypeError):
        pyds.NvDsEventMsgMeta.cast(pyds.NvDsVehicleObject())


def test_messages_refuse_foreign_memory_and_dead_user_metas(buffer):
    block = pyds.alloc_buffer(100000)
    for cls in (pyds.NvDsEventMsgMeta, pyds.NvDsVehicleObject, pyds.NvDsEvent, pyds.NvDsPayload):
        with pytest.raises(TypeError, match="pointer of unknown kind"):
            cls.cast(block)
    pyds.free_buffer(block)
    user, _message = new_message(buffer)
    buffer.close()
    with pytest.raises(StaleMetadataError):
        pyds.alloc_nvds_event_msg_meta(user)
    with pytest.raises(TypeError), contextlib.suppress(KeyError):
        pyds.alloc_nvds_event_msg_meta(5)


# --- in a pipeline ----------------------------------------------------------------------------------------------------
def test_messages_pass_a_tee_whose_branch_writes():
    """Streaming threads copy and free the messages, as behind test4's tee."""
    gi = package("gi")
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst

    Gst.init(None)
    pipeline = Gst.parse_launch(
        "videotestsrc num-buffers=50 ! video/x-raw,width=16,height=16 ! tee name=t "
        "t. ! queue ! videobalance brightness=0.2 ! fakesink name=written t. ! queue ! fakesink name=read"
    )
    entrance = pipeline.get_by_name("t").get_static_pad("sink")
    _testing.tag_buffers(entrance, 3)
    seen = {"written": [], "read": []}
    failures, kept = [], []

    def on_buffer(_pad, info, step):
        try:
            step(info.get_buffer())
        except Exception as e:
            failures.append(e)
        return Gst.PadProbeReturn.OK

    def look(name):
        return lambda buffer: seen[name].append(check_probed(buffer)[0].ts)

    def add_messages(buffer):
        probe(buffer)
        kept.append(buffer)  # so that the branch that writes has to copy

    entrance.add_probe(Gst.PadProbeType.BUFFER, on_buffer, add_messages)
    for name in seen:
        sink = pipeline.get_by_name(name).get_static_pad("sink")
        sink.add_probe(Gst.PadProbeType.BUFFER, on_buffer, look(name))
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert failures == []
    assert message.type == Gst.MessageType.EOS
    assert (len(seen["written"]), len(seen["read"])) == (50, 50)
    assert not set(seen["written"]) & set(seen["read"])  # a copy of the texts, not the texts
    assert [len(list(messages_on(b))) for b in kept] == [3] * 50
