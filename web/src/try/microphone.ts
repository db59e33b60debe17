import Meyda from 'meyda';
import { openStream } from '../lib/stream.ts';
import { S } from '../strings.ts';
import { type Attempt, followStream } from './attempt.ts';
import workletUrl from './capture-worklet.ts?worker&url';
import { type Line, MULAW_RATE_HZ, mulawPacket, pcm16Packet } from './line.ts';
import { fftSizeFor, Spectrogram } from './spectrogram.ts';

/** A recording that somebody forgot ends by itself. */
const LONGEST_MS = 600_000;

/** The microphone on its way to the service. `stop` ends it; the attempt goes on to its last score. */
export interface Recording {
  stop(): void;
  readonly ended: Promise<void>;
}

/** @throws Error in words for people when there is no microphone or it may not be used */
export async function record(attempt: Attempt): Promise<Recording> {
  const media = await openMicrophone();
  const context = openContext(attempt.line);
  const stopMedia = () => {
    for (const track of media.getTracks()) track.stop();
    void context.close();
  };
  try {
    await context.audioWorklet.addModule(workletUrl);
    const source = context.createMediaStreamSource(media);
    const { sampleRate: sampleRateHz } = context;
    const isMulaw = attempt.line.codec === 'mulaw';
    const codec = isMulaw ? 'mulaw' : 'pcm16';
    const audio = { codec, sampleRateHz, channels: 1 } as const;
    const stream = await openStream({ ...attempt.start(1), audio });
    const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }: MessageEvent<Float32Array>) =>
      void stream.send(isMulaw ? mulawPacket([data]) : pcm16Packet([data]));
    source.connect(capture);
    const analyser = drawSpectrogram(attempt, context, source);
    attempt.become('streaming');
    let isStopped = false;
    const stop = () => {
      if (isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      analyser.stop();
      source.disconnect();
      capture.port.onmessage = null;
      stopMedia();
      stream.control('stop');
    };
    const timer = setTimeout(stop, LONGEST_MS);
    const ended = followStream(attempt, stream).then(
      () => attempt.become('done'),
      (error: unknown) => attempt.fail(error),
    );
    return { stop, ended: ended.finally(stop) };
  } catch (error) {
    stopMedia();
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

/** @throws Error where the browser cannot run its audio at the rate of the line */
function openContext({ codec }: Line): AudioContext {
  return codec === 'mulaw'
    ? new AudioContext({ sampleRate: MULAW_RATE_HZ })
    : new AudioContext({ sampleRate: 48_000 });
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
