import numpy
import numpy as np
from numpy import float_  # finds: numpy-removed


def probe(a):
    x = np.array(a, dtype=np.float)  # finds: numpy-removed
    y = numpy.Inf  # finds: numpy-removed
    return x, y, np.float32, np.inf, float_
