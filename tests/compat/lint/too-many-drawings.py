import pyds


def probe(batch_meta, boxes):
    display_meta = pyds.nvds_acquire_display_meta_from_pool(batch_meta)
    display_meta.num_rects = 17  # finds: too-many-drawings
    display_meta.num_rects = 16
    display_meta.rect_params[16].left = 1  # finds: too-many-drawings
    display_meta.rect_params[15].left = 1
    display_meta.num_labels = 0
    for box in boxes:
        display_meta.text_params[display_meta.num_labels].display_text = box
        display_meta.num_labels += 1  # finds: too-many-drawings
    display_meta.num_lines = 0
    for box in boxes:
        if display_meta.num_lines == 16:
            break
        display_meta.num_lines += 1
    display_meta.num_circles = 0
    for box in boxes[:16]:
        pass


def renewed(batch_meta, boxes):
    display_meta = pyds.nvds_acquire_display_meta_from_pool(batch_meta)
    for box in boxes:
        display_meta = pyds.nvds_acquire_display_meta_from_pool(batch_meta)
        display_meta.num_rects += 1
