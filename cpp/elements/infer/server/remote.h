// The model of a server, as grpc { } of nvinferserver's config names it.
#pragma once

#include "elements/config_report.h"
#include "elements/infer/server/text_format.h"
#include "elements/infer/settings.h"
#include "types/model.h"

namespace fluvial {

// `backend` and `triton` are the messages around it. Problems go into the report.
RemoteModel read_remote_model(const TextField& backend, const TextField& triton, const TextField& grpc,
                              ConfigReport& report);

// What the config says of tensors that the server's model does not have so: all of it in one text, empty where it fits.
std::string unlike_the_config(const RemoteModel& said, const ModelInfo& model);

}  // namespace fluvial
