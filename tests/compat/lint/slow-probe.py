import time
from time import sleep
from gi.repository import Gst


def probe(pad, info, data):
    time.sleep(1)  # finds: slow-probe
    sleep(1)  # finds: slow-probe
    input()  # finds: slow-probe
    return Gst.PadProbeReturn.OK


def elsewhere():
    time.sleep(1)


def main(pad):
    pad.add_probe(Gst.PadProbeType.BUFFER, probe, 0)
