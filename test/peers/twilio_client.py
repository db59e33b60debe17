"""Streams a file of 8 kHz mu-law as Twilio does; prints how the service closed the socket."""

import base64
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

url, path = sys.argv[1:]
STREAM = "MZpython"
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}

with open(path, "rb") as file:
    audio = file.read()

with connect(url) as socket:
    sequence = 0

    def say(event, **fields):
        global sequence
        sequence += 1
        message = {"event": event, "sequenceNumber": str(sequence), **fields, "streamSid": STREAM}
        socket.send(json.dumps(message))

    socket.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
    start = {
        "streamSid": STREAM,
        "accountSid": "ACpython",
        "callSid": "CApython",
        "tracks": ["inbound"],
        "mediaFormat": FORMAT,
        "customParameters": {},
    }
    say("start", start=start)
    for index, at in enumerate(range(0, len(audio), 160)):
        payload = base64.b64encode(audio[at : at + 160]).decode()
        media = {"track": "inbound", "chunk": str(index + 1), "timestamp": str(20 * index)}
        say("media", media={**media, "payload": payload})
    say("stop", stop={"accountSid": "ACpython", "callSid": "CApython"})
    extensions = [extension.name for extension in socket.protocol.extensions]
    messages = 0
    try:
        while True:
            socket.recv()
            messages += 1
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else None

print(json.dumps({"code": code, "messages": messages, "extensions": extensions}))
