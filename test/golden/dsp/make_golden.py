"""Writes golden.json: what numpy, scipy and librosa make of a small signal.

Run with: pip install numpy scipy librosa && python3 test/golden/dsp/make_golden.py
Made with numpy 2.4, scipy 1.17, librosa 0.11. Nothing here uses this project's code.
"""

import json
import pathlib

import librosa
import numpy as np
import scipy.fft
import scipy.signal

RANDOM = np.random.default_rng(20)
LOG_FLOOR = 1e-8


def numbers(values):
    return [float(f"{value:.9g}") for value in np.ravel(values)]


def signal(rate, count):
    """A rising tone, harmonics and noise, as 16-bit integers."""
    time = np.arange(count) / rate
    tone = np.sin(2 * np.pi * (300 * time + 4000 * time**2))
    harmonics = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 20))
    samples = 0.2 * tone + 0.1 * harmonics + 0.01 * RANDOM.normal(size=count)
    return np.round(samples * 32767).astype(int)


def linear_bank(rate, fft_size, bands, low, high):
    edges = np.linspace(low, high, bands + 2)
    bins = np.arange(fft_size // 2 + 1) * rate / fft_size
    return np.array(
        [np.interp(bins, edges[b : b + 3], [0, 1, 0], left=0, right=0) for b in range(bands)]
    )


def features(rate, window_samples, fft_size, high):
    samples = signal(rate, window_samples)
    frame = samples / 32768
    out = {"sampleRateHz": rate, "fftSize": fft_size, "highHz": high, "samples": samples.tolist()}
    for kind in ("hann", "hamming"):
        window = scipy.signal.get_window(kind, window_samples)
        power = np.abs(np.fft.rfft(frame * window, fft_size)) ** 2
        mel_bank = librosa.filters.mel(
            sr=rate, n_fft=fft_size, n_mels=40, fmin=60, fmax=high, htk=True, norm=None, dtype=float
        )
        mel = mel_bank @ power
        linear = linear_bank(rate, fft_size, 60, 60, high) @ power
        out[kind] = {
            "window": numbers(window),
            "power": numbers(power),
            "mel": numbers(mel),
            "linear": numbers(linear),
            "logLinear": numbers(np.log(np.maximum(linear, LOG_FLOOR))),
            "mfcc": numbers(
                scipy.fft.dct(np.log(np.maximum(mel, LOG_FLOOR)), type=2, norm="ortho")[:20]
            ),
            "lfcc": numbers(
                scipy.fft.dct(np.log(np.maximum(linear, LOG_FLOOR)), type=2, norm="ortho")[:20]
            ),
        }
    return out


def cleaning():
    samples = signal(8000, 400) + 3000
    pole = np.exp(-2 * np.pi * 20 / 8000)
    values = samples / 32768
    start = [-values[0]]
    without_dc, _ = scipy.signal.lfilter([1, -1], [1, -pole], values, zi=start)
    emphasised = scipy.signal.lfilter([1, -0.97], [1], without_dc)
    return {
        "samples": samples.tolist(),
        "output": numbers(emphasised),
        "energy": float(np.sum(without_dc**2)),
        "fourthPower": float(np.sum(without_dc**4)),
    }


def deltas():
    values = RANDOM.normal(size=12)
    span = 4
    padded = np.concatenate([np.full(span, values[0]), values])
    slopes = [np.polyfit(np.arange(span + 1), padded[i : i + span + 1], 1)[0] for i in range(12)]
    return {"span": span, "values": numbers(values), "slopes": numbers(slopes)}


def running():
    """The weight of every frame written out, instead of a recursion."""
    values = 5 + 2 * RANDOM.normal(size=40)
    slowest = 1 - np.exp(-10 / 200)
    expected = []
    for count in range(1, 41):
        weights = np.ones(0)
        for frame in range(1, count + 1):
            rate = max(slowest, 1 / frame)
            weights = np.append(weights * (1 - rate), rate)
        mean = np.sum(weights * values[:count])
        variance = np.sum(weights * (values[:count] - mean) ** 2)
        expected.append((values[count - 1] - mean) / np.sqrt(variance + 1e-4))
    return {"hopMs": 10, "timeConstantMs": 200, "values": numbers(values), "output": numbers(expected)}


def dct():
    values = RANDOM.normal(size=23)
    return {
        "values": numbers(values),
        "coefficients": numbers(scipy.fft.dct(values, type=2, norm="ortho")),
    }


GOLDEN = {
    "narrow": features(8000, 200, 256, 3800),
    "wide": features(16000, 400, 512, 7600),
    "cleaning": cleaning(),
    "deltas": deltas(),
    "running": running(),
    "dct": dct(),
}
TARGET = pathlib.Path(__file__).with_name("golden.json")
TARGET.write_text(json.dumps(GOLDEN, separators=(",", ":")) + "\n")
