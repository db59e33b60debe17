import { isFftSize } from './fft.ts';
import { filterbankProblem } from './filterbank.ts';
import { type FrontEndConfig, MAX_LOOK_BACK_MS } from './front-end-config.ts';

/** Whole samples of a duration. */
export function msToSamples(durationMs: number, sampleRateHz: number): number {
  return Math.round((durationMs * sampleRateHz) / 1000);
}

/** Values of one feature frame. */
export function featureCountOf(config: FrontEndConfig): number {
  const statics = config.cepstra === null ? config.filterbank.bands : config.cepstra.coefficients;
  return statics * (1 + config.deltaOrder);
}

/**
 * Checks a configuration. Throws one RangeError that lists every problem, each with what was
 * expected and what came.
 */
export function validateFrontEndConfig(config: FrontEndConfig): void {
  const problems = [
    ...framingProblems(config),
    ...filterbankProblems(config),
    ...sequenceProblems(config),
    ...normalisationProblems(config),
    ...voiceActivityProblems(config),
  ];
  if (problems.length > 0) throw new RangeError(`front end: ${problems.join('; ')}`);
}

/**
 * The configuration as canonical JSON: keys sorted, no white space. Two configurations give the same
 * features exactly when this text is the same; its hash is a manifest's fingerprint.
 */
export function frontEndFingerprint(config: FrontEndConfig): string {
  return canonicalJson(config);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    entries.sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

function framingProblems(config: FrontEndConfig): string[] {
  const { sampleRateHz, windowMs, hopMs, fftSize, preEmphasis } = config;
  const problems: string[] = [];
  if (!(Number.isInteger(sampleRateHz) && sampleRateHz >= 8000 && sampleRateHz <= 48_000)) {
    problems.push(`sampleRateHz must be an integer from 8000 to 48000, got ${sampleRateHz}`);
  }
  if (!(windowMs >= 5 && windowMs <= 100)) {
    problems.push(`windowMs must be from 5 to 100, got ${windowMs}`);
  }
  if (!(hopMs > 0 && hopMs <= windowMs)) {
    problems.push(`hopMs must be > 0 and <= windowMs (${windowMs}), got ${hopMs}`);
  }
  const hopSamples = (hopMs * sampleRateHz) / 1000;
  if (Math.abs(hopSamples - Math.round(hopSamples)) > 1e-9) {
    problems.push(`hopMs must be whole samples at ${sampleRateHz} Hz, got ${hopSamples} samples`);
  }
  const windowSamples = msToSamples(windowMs, sampleRateHz);
  if (!isFftSize(fftSize) || fftSize < windowSamples) {
    problems.push(
      `fftSize must be a power of two >= ${windowSamples} (the window), got ${fftSize}`,
    );
  }
  if (config.window !== 'hann' && config.window !== 'hamming') {
    problems.push(`window must be 'hann' or 'hamming', got '${String(config.window)}'`);
  }
  if (!(preEmphasis >= 0 && preEmphasis < 1)) {
    problems.push(`preEmphasis must be >= 0 and < 1, got ${preEmphasis}`);
  }
  return problems;
}

function filterbankProblems(config: FrontEndConfig): string[] {
  const { filterbank, sampleRateHz, fftSize, cepstra } = config;
  const problems: string[] = [];
  const { scale, bands, logFloor } = filterbank;
  if (scale !== 'mel' && scale !== 'linear') {
    problems.push(`filterbank.scale must be 'mel' or 'linear', got '${String(scale)}'`);
  }
  const problem = filterbankProblem({ ...filterbank, sampleRateHz, fftSize });
  if (problem !== null) problems.push(problem);
  if (!(logFloor > 0 && logFloor < Number.POSITIVE_INFINITY)) {
    problems.push(`filterbank.logFloor must be > 0 and finite, got ${logFloor}`);
  }
  if (cepstra !== null) {
    const { coefficients } = cepstra;
    if (!(Number.isInteger(coefficients) && coefficients >= 1 && coefficients <= bands)) {
      problems.push(
        `cepstra.coefficients must be an integer from 1 to bands (${bands}), got ${coefficients}`,
      );
    }
  }
  return problems;
}

function sequenceProblems(config: FrontEndConfig): string[] {
  const { deltaOrder, deltaFrames } = config;
  const problems: string[] = [];
  if (deltaOrder !== 0 && deltaOrder !== 1 && deltaOrder !== 2) {
    problems.push(`deltaOrder must be 0, 1 or 2, got ${String(deltaOrder)}`);
  }
  if (
    deltaOrder !== 0 &&
    !(Number.isInteger(deltaFrames) && deltaFrames >= 1 && deltaFrames <= 50)
  ) {
    problems.push(`deltaFrames must be an integer from 1 to 50, got ${deltaFrames}`);
  }
  return problems;
}

function normalisationProblems(config: FrontEndConfig): string[] {
  const { normalisation } = config;
  const problems: string[] = [];
  if (normalisation.kind === 'global') {
    const expected = featureCountOf(config);
    for (const name of ['mean', 'scale'] as const) {
      const values = normalisation[name];
      if (values.length !== expected) {
        problems.push(`normalisation.${name} must have ${expected} numbers, got ${values.length}`);
      }
      if (!values.every(Number.isFinite)) {
        problems.push(`normalisation.${name} must be finite numbers`);
      }
    }
  } else if (normalisation.kind === 'running') {
    const { timeConstantMs } = normalisation;
    if (!(timeConstantMs >= config.hopMs && timeConstantMs <= 600_000)) {
      problems.push(
        `normalisation.timeConstantMs must be from hopMs (${config.hopMs}) to 600000, got ${timeConstantMs}`,
      );
    }
  } else if (normalisation.kind !== 'none') {
    problems.push(`normalisation.kind must be 'none', 'global' or 'running'`);
  }
  return problems;
}

function voiceActivityProblems(config: FrontEndConfig): string[] {
  const { lookBackMs, hangoverMs, thresholdDb, minimumDbfs } = config.voiceActivity;
  const problems: string[] = [];
  if (!(lookBackMs >= 0 && lookBackMs <= MAX_LOOK_BACK_MS)) {
    problems.push(
      `voiceActivity.lookBackMs must be from 0 to ${MAX_LOOK_BACK_MS}, got ${lookBackMs}`,
    );
  }
  if (!(hangoverMs >= 0 && hangoverMs <= 2000)) {
    problems.push(`voiceActivity.hangoverMs must be from 0 to 2000, got ${hangoverMs}`);
  }
  if (!(thresholdDb >= 1 && thresholdDb <= 40)) {
    problems.push(`voiceActivity.thresholdDb must be from 1 to 40, got ${thresholdDb}`);
  }
  if (!(minimumDbfs >= -100 && minimumDbfs <= 0)) {
    problems.push(`voiceActivity.minimumDbfs must be from -100 to 0, got ${minimumDbfs}`);
  }
  return problems;
}
