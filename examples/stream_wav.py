"""Plays a 16-bit PCM WAV to bonafide in real time and prints the scores.

Usage: python3 examples/stream_wav.py call.wav [ws://127.0.0.1:8080/v1/stream]
Needs the package websockets, 14 or newer. The API key, when one is needed, comes from BONAFIDE_KEY.
"""
import asyncio
import json
import os
import sys
import time
import wave

import websockets


async def play(socket, recording):
    started_at = time.monotonic()
    packet_frames = recording.getframerate() // 50
    sent = 0
    while packet := recording.readframes(packet_frames):
        await asyncio.sleep(max(0.0, started_at + sent * 0.02 - time.monotonic()))
        await socket.send(packet)
        sent += 1
    await socket.send(json.dumps({"type": "stop"}))


async def main(path, url="ws://127.0.0.1:8080/v1/stream"):
    recording = wave.open(path)
    if recording.getsampwidth() != 2:
        sys.exit("the WAV must have 16 bits a sample")
    key = os.environ.get("BONAFIDE_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    audio = {
        "codec": "pcm16",
        "sampleRateHz": recording.getframerate(),
        "channels": recording.getnchannels(),
        "framing": "raw",
    }
    async with websockets.connect(
        url, subprotocols=["bonafide.v1"], additional_headers=headers, compression=None
    ) as socket:
        await socket.send(json.dumps({"type": "start", "audio": audio, "scoreIntervalMs": 500}))
        player = None
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "started":
                player = asyncio.create_task(play(socket, recording))
            elif message["type"] == "error":
                sys.exit(f"{message['code']}: {message['message']}")
            elif message["type"] in ("score", "verdict"):
                says = message["abstain"] or (
                    f"{message['verdict']}, synthetic {message['syntheticProbability']}"
                )
                print(f"{message['type']} {message['leg']} {message['streamTimeMs']} ms: {says}")
        if player is not None:
            await player


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: stream_wav.py FILE.wav [URL]")
    asyncio.run(main(*sys.argv[1:3]))
