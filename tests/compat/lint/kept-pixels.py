import numpy as np
import pyds

frames = []


class Saver:
    def probe(self, gst_buffer, frame_meta, queue):
        view = pyds.get_nvds_buf_surface(hash(gst_buffer), 0)
        self.frame = view  # finds: kept-pixels
        self.crop = view[10:20, 10:20]  # finds: kept-pixels
        self.same = np.asarray(view)  # finds: kept-pixels
        self.also = np.array(view, copy=False)  # finds: kept-pixels
        frames.append(view)  # finds: kept-pixels
        copy = np.array(view, copy=True, order="C")
        self.copy = copy
        frames.append(copy[1:2])
        self.mean = view.mean()
        self.pixel = view[0, 0]
        queue.put(view.copy())
        pyds.unmap_nvds_buf_surface(hash(gst_buffer), 0)

    def masks(self, data):
        obj_meta = pyds.NvDsObjectMeta.cast(data)
        self.mask = obj_meta.mask_params.get_mask_array()  # finds: kept-pixels
        self.sum = obj_meta.mask_params.get_mask_array().sum()
