// Runs on the audio thread: hands the microphone's samples over in packets of 20 ms.

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const PACKETS_A_SECOND = 50;

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #packet = new Float32Array(Math.round(sampleRate / PACKETS_A_SECOND));
  #filled = 0;

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    for (const sample of input?.[0] ?? []) {
      this.#packet[this.#filled++] = sample;
      if (this.#filled === this.#packet.length) {
        this.port.postMessage(this.#packet.slice());
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor('capture', CaptureProcessor);
