import type { UploadBody, UploadSetup } from '../../src/uploads/upload-messages.ts';

/** What an upload process of tests is told at first. */
export function uploadSetup(detectorFolder: string, maxSeconds: number): UploadSetup {
  return {
    detectorFolders: [detectorFolder],
    engine: 'onnx',
    settings: { priorSynthetic: 0.5, falseAlertRate: 0.01 },
    maxSeconds,
  };
}

/** An upload of µ-law without a header: a second has 8,000 bytes. */
export const MULAW_BODY: Omit<UploadBody, 'blocks'> = {
  ...{ contentType: '', fileName: 'a', scoreIntervalMs: 500 },
  raw: { codec: 'mulaw', sampleRateHz: 8000 },
};
