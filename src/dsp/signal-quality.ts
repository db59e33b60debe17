// What a frame is. Pause: too quiet against the background, or not long enough to be told.
export const CLASS_SILENCE = 0;
export const CLASS_PAUSE = 1;
export const CLASS_SPEECH = 2;
export const CLASS_TONE = 3;
export const CLASS_MUSIC = 4;
export const CLASS_NOISE = 5;

/** Level given before any speech was heard. */
export const UNKNOWN_LEVEL_DBFS = -100;

/**
 * Running figures of a leg, updated in place by its front end. Counters count hops. Those that start
 * with `recent` count the last 4 s only.
 */
export interface SignalQuality {
  /** Mean level of speech frames, time constant 1 s of speech; -100 before any. */
  levelDbfs: number;
  /** Highest frequency that carries speech energy; 0 = not measured yet. */
  bandwidthHz: number;
  /** Share of the samples at full scale among those of voiced hops, 0 … 1. */
  clippedShare: number;
  hops: number;
  keptFrames: number;
  voicedFrames: number;
  /** Below -70 dBFS. */
  silentFrames: number;
  /** Too near to the background, or undecided: the first 40 ms of a sound, a frame cut by a gap. */
  pauseFrames: number;
  /** Tones, music and noise that stood out from the background. */
  toneFrames: number;
  musicFrames: number;
  noiseFrames: number;
  recentFrames: number;
  recentVoicedFrames: number;
  recentSilentFrames: number;
  /** Of the last 4 s, the background's class counts too: what is steady becomes background. */
  recentToneFrames: number;
  recentMusicFrames: number;
  recentNoiseFrames: number;
}

export function createSignalQuality(): SignalQuality {
  return {
    levelDbfs: UNKNOWN_LEVEL_DBFS,
    bandwidthHz: 0,
    clippedShare: 0,
    hops: 0,
    keptFrames: 0,
    voicedFrames: 0,
    silentFrames: 0,
    pauseFrames: 0,
    toneFrames: 0,
    musicFrames: 0,
    noiseFrames: 0,
    recentFrames: 0,
    recentVoicedFrames: 0,
    recentSilentFrames: 0,
    recentToneFrames: 0,
    recentMusicFrames: 0,
    recentNoiseFrames: 0,
  };
}
