"""A server of KServe's protocol v2 over gRPC, on loopback: runs one ONNX model with ONNX Runtime in its own process.

    python kserve_server.py MODEL.onnx [--name blobs] [--max-batch 0] [--typed] [--lying shape|type|missing]

It prints its port, and ends when its standard input does: with the test that started it, however that ends. Lines on
its input steer it: "stall" (answers to infer wait), "go on". Its output tells "stalled" of each call that waits.
"""

from __future__ import annotations

import argparse
import mmap
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TYPES = {"tensor(float)": "FP32", "tensor(int64)": "INT64", "tensor(uint8)": "UINT8", "tensor(float16)": "FP16"}


class Running:
    """The process, seen from the test."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.url = f"127.0.0.1:{self.line()}"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(model: Path, *options: str) -> Iterator[Running]:
    """Runs it as long as the body runs."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(model), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


def main() -> None:
    import grpc
    import numpy as np
    import onnxruntime
    from tritonclient.grpc import service_pb2 as pb
    from tritonclient.grpc import service_pb2_grpc as rpc
    from tritonclient.utils import np_to_triton_dtype, triton_to_np_dtype

    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--name", default="blobs")
    parser.add_argument("--max-batch", type=int, default=0)
    parser.add_argument("--typed", action="store_true", help="values as typed lists, not as raw bytes")
    parser.add_argument("--lying", choices=["", "shape", "type", "missing"], default="")
    said = parser.parse_args()
    session = onnxruntime.InferenceSession(said.model, providers=["CPUExecutionProvider"])
    may_answer = threading.Event()
    may_answer.set()
    regions: dict[str, mmap.mmap] = {}

    one_at_a_time = threading.Lock()

    def tell(word: str) -> None:
        with one_at_a_time:  # print writes a word and its end apart
            print(word, flush=True)

    def described(tensor: Any) -> Any:
        shape = [d if isinstance(d, int) else -1 for d in tensor.shape]
        if said.max_batch:
            shape[0] = -1
        return pb.ModelMetadataResponse.TensorMetadata(name=tensor.name, datatype=TYPES[tensor.type], shape=shape)

    def bytes_of(tensor: Any, raw: list[bytes]) -> Any:
        region = tensor.parameters["shared_memory_region"].string_param
        if not region:
            return raw.pop(0)
        at = tensor.parameters["shared_memory_offset"].int64_param
        return regions[region][at : at + tensor.parameters["shared_memory_byte_size"].int64_param]

    class Service(rpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
        def ServerLive(self, request: Any, context: Any) -> Any:
            return pb.ServerLiveResponse(live=True)

        def ModelReady(self, request: Any, context: Any) -> Any:
            return pb.ModelReadyResponse(ready=request.name == said.name)

        def ServerMetadata(self, request: Any, context: Any) -> Any:
            return pb.ServerMetadataResponse(name="tests", version="1.0")

        def RepositoryIndex(self, request: Any, context: Any) -> Any:
            return pb.RepositoryIndexResponse(models=[pb.RepositoryIndexResponse.ModelIndex(name=said.name)])

        def ModelConfig(self, request: Any, context: Any) -> Any:
            return pb.ModelConfigResponse(config={"name": said.name, "max_batch_size": said.max_batch})

        def ModelMetadata(self, request: Any, context: Any) -> Any:
            if request.name != said.name or request.version not in ("", "1"):
                what = f"'{request.name}' version {request.version or 'newest'}"
                context.abort(grpc.StatusCode.NOT_FOUND, f"Request for unknown model: {what} is not found")
            return pb.ModelMetadataResponse(
                name=said.name,
                versions=["1"],
                platform="onnxruntime_onnx",
                inputs=[described(t) for t in session.get_inputs()],
                outputs=[described(t) for t in session.get_outputs()],
            )

        def SystemSharedMemoryRegister(self, request: Any, context: Any) -> Any:
            file = os.open(f"/dev/shm{request.key}", os.O_RDWR)
            regions[request.name] = mmap.mmap(file, request.byte_size)
            os.close(file)
            return pb.SystemSharedMemoryRegisterResponse()

        def SystemSharedMemoryUnregister(self, request: Any, context: Any) -> Any:
            regions.pop(request.name).close()
            tell("forgotten")
            return pb.SystemSharedMemoryUnregisterResponse()

        def ModelInfer(self, request: Any, context: Any) -> Any:
            if not may_answer.is_set():
                tell("stalled")
                while not may_answer.wait(0.05) and context.is_active():
                    pass
            raw = list(request.raw_input_contents)
            feed = {
                t.name: np.frombuffer(bytes_of(t, raw), triton_to_np_dtype(t.datatype)).reshape(list(t.shape))
                for t in request.inputs
            }
            size = next(iter(feed.values())).shape[0]
            if said.max_batch and size > said.max_batch:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"batch {size} is above {said.max_batch}")
            return self.answer(request, session.run([t.name for t in request.outputs], feed))

        def answer(self, request: Any, arrays: list[Any]) -> Any:
            response = pb.ModelInferResponse(model_name=said.name, model_version="1")
            for asked, given in zip(request.outputs, arrays, strict=True):
                array = given.astype(np.int64) if said.lying == "type" else given
                array = array[:, :1] if said.lying == "shape" else array
                if said.lying == "missing" and asked.name == request.outputs[-1].name:
                    continue
                tensor = response.outputs.add(
                    name=asked.name, datatype=np_to_triton_dtype(array.dtype), shape=array.shape
                )
                region = asked.parameters["shared_memory_region"].string_param
                if region:
                    at = asked.parameters["shared_memory_offset"].int64_param
                    regions[region][at : at + array.nbytes] = array.tobytes()
                elif said.typed:
                    tensor.contents.fp32_contents.extend(array.ravel().tolist())
                else:
                    response.raw_output_contents.append(array.tobytes())
            return response

    server = grpc.server(futures.ThreadPoolExecutor(8))
    rpc.add_GRPCInferenceServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    tell(str(port))
    for line in sys.stdin:
        (may_answer.clear if line.strip() == "stall" else may_answer.set)()
    os._exit(0)


if __name__ == "__main__":
    main()
