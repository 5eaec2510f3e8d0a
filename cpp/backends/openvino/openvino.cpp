// placeholder removed by the inference work
extern "C" int fluvial_openvino_placeholder() { return 0; }
