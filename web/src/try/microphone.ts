import Meyda from 'meyda';
import { openStream } from '../lib/stream.ts';
import { S } from '../strings.ts';
import { type Attempt, followStream } from './attempt.ts';
import workletUrl from './capture-worklet.ts?worker&url';
import { PCM_RATES_HZ } from './decode.ts';
import { formatOf, LossyLine, openEncoder, rateOfLine, samplesOfPacket } from './line.ts';
import { Pacer } from './pacer.ts';
import { fftSizeFor, Spectrogram } from './spectrogram.ts';

/** A recording that somebody forgot ends by itself. */
const LONGEST_MS = 600_000;
/** Where the line does not ask for another and the machine's own cannot be sent. */
const RATE_HZ = 48_000;

/** The microphone on its way to the service. `stop` ends it; the attempt goes on to its last score. */
export interface Recording {
  stop(): void;
  readonly ended: Promise<void>;
}

/** @throws Error in words for people when there is no microphone or it may not be used */
export async function record(attempt: Attempt): Promise<Recording> {
  // At the machine's own rate: not every browser connects a microphone to a context of another.
  const context = new AudioContext();
  let media: MediaStream | null = null;
  const release = () => {
    for (const track of media?.getTracks() ?? []) track.stop();
    void context.close();
  };
  try {
    media = await openMicrophone();
    await context.audioWorklet.addModule(workletUrl);
    const source = context.createMediaStreamSource(media);
    const ownRateHz = context.sampleRate;
    const plainRateHz = PCM_RATES_HZ.find((rateHz) => rateHz === ownRateHz) ?? RATE_HZ;
    const format = formatOf(attempt.line, rateOfLine(attempt.line) ?? plainRateHz, 1);
    const line = new LossyLine(attempt.line, format);
    const encoder = openEncoder(format, (packet) => {
      const arrived = line.pass(packet);
      if (arrived !== null) void stream.send(arrived);
    });
    const pacer = new Pacer(
      {
        inputRateHz: ownRateHz,
        outputRateHz: format.sampleRateHz,
        packetSamples: samplesOfPacket(format),
      },
      (samples) => encoder.push([samples]),
    );
    const stream = await openStream({ ...attempt.start(1), audio: format });
    const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      if (encoder.hasFailed) stop();
      else pacer.push(data);
    };
    source.connect(capture);
    const analyser = drawSpectrogram(attempt, context, source);
    attempt.become('streaming');
    let finished: Promise<void> | null = null;
    const stop = () => {
      if (finished !== null) return;
      clearTimeout(timer);
      analyser.stop();
      source.disconnect();
      capture.port.onmessage = null;
      release();
      // What the encoder still holds belongs to the call.
      finished = encoder.finish().finally(() => stream.control('stop'));
      finished.catch(() => {
        // `ended` tells.
      });
    };
    const timer = setTimeout(stop, LONGEST_MS);
    const ended = followStream(attempt, stream)
      .finally(stop)
      .then(() => finished)
      .then(
        () => attempt.become('done'),
        (error: unknown) => attempt.fail(error),
      );
    return { stop, ended };
  } catch (error) {
    release();
    throw error;
  }
}

async function openMicrophone(): Promise<MediaStream> {
  // Absent where the page came neither over HTTPS nor from this machine.
  if (navigator.mediaDevices === undefined) throw new Error(S.try.needsSecureContext);
  try {
    return await navigator.mediaDevices.getUserMedia({
      // What a voice assistant would mend is what the detector looks at.
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
  } catch (error) {
    const isRefused = error instanceof DOMException && error.name === 'NotAllowedError';
    throw new Error(isRefused ? S.try.microphoneRefused : S.try.noMicrophone);
  }
}

function drawSpectrogram(attempt: Attempt, context: AudioContext, source: AudioNode) {
  const { sampleRate } = context;
  const bufferSize = fftSizeFor(sampleRate);
  const picture = new Spectrogram(sampleRate, bufferSize, bufferSize / sampleRate);
  attempt.spectrogram = picture;
  const analyser = Meyda.createMeydaAnalyzer({
    audioContext: context,
    source,
    bufferSize,
    featureExtractors: ['amplitudeSpectrum'],
    callback: (features: { readonly amplitudeSpectrum?: Float32Array }) => {
      if (features.amplitudeSpectrum !== undefined) picture.add(features.amplitudeSpectrum);
      attempt.version++;
    },
  });
  analyser.start();
  return analyser;
}
