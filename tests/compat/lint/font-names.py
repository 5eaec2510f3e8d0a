import pyds

FONT = "Serif"


def probe(data, size):
    obj_meta = pyds.NvDsObjectMeta.cast(data)
    font = obj_meta.text_params.font_params
    font.font_name = f"Sans {size}"  # finds: font-names
    font.font_name = "Sans %d" % size  # finds: font-names
    font.font_name = "Sans {}".format(size)  # finds: font-names
    font.font_name = "Serif"
    font.font_name = FONT
    obj_meta.text_params.display_text = f"{size}"
