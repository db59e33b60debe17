"""Streams a file of 8 kHz mu-law through Deepgram's SDK for Python; prints what came back."""

import json
import sys
import threading

from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types import ListenV1Metadata, ListenV1Results

host, key, path = sys.argv[1:]
PACKET_BYTES = 160
FINALIZE_AFTER_PACKETS = 85

with open(path, "rb") as file:
    audio = file.read()
packets = [audio[at : at + PACKET_BYTES] for at in range(0, len(audio), PACKET_BYTES)]

environment = DeepgramClientEnvironment(
    base=f"http://{host}", production=f"ws://{host}", agent=f"ws://{host}", agent_rest=f"http://{host}"
)
client = DeepgramClient(api_key=key, environment=environment)
results, metadata, errors, others = [], [], [], []
finalized = threading.Event()


def take(message):
    if isinstance(message, ListenV1Results):
        results.append(message)
        if message.from_finalize:
            finalized.set()
    elif isinstance(message, ListenV1Metadata):
        metadata.append(message)
    else:
        others.append(str(message))


with client.listen.v1.connect(
    model="nova-3", encoding="mulaw", sample_rate=8000, channels=1, interim_results=True
) as socket:
    socket.on(EventType.MESSAGE, take)
    socket.on(EventType.ERROR, lambda error: errors.append(str(error)))
    listening = threading.Thread(target=socket.start_listening)
    listening.start()
    socket.send_keep_alive()
    for packet in packets[:FINALIZE_AFTER_PACKETS]:
        socket.send_media(packet)
    socket.send_finalize()
    if not finalized.wait(30):
        errors.append("no result answered Finalize")
    for packet in packets[FINALIZE_AFTER_PACKETS:]:
        socket.send_media(packet)
    socket.send_close_stream()
    listening.join(30)

print(
    json.dumps(
        {
            "finalized": [[one.start, one.duration] for one in results if one.from_finalize],
            "results": len(results),
            "channel": results[-1].channel_index if results else None,
            "metadata": [[one.duration, one.channels] for one in metadata],
            "others": others,
            "errors": errors,
        }
    )
)
