import type { SignalQuality } from './signal-quality.ts';

export type DominantSignal = 'speech' | 'silence' | 'tone' | 'music' | 'noise';

/** With this share of speech in the last 4 s, the leg carries speech whatever else there is. */
const RECENT_SPEECH_SHARE = 0.2;
/** Speech that the leg must have carried for it to stay a leg of speech while the speaker listens. */
const LEAST_SPEECH_SHARE = 0.3;
const LEAST_SPEECH_FRAMES = 50;
/** Tones and music of the last 4 s are passed over when they fill less than this. */
const RECENT_SOUND_SHARE = 0.2;
/** Likewise of the whole leg: a ring-back tone may sound for a sixth of the time only. */
const WHOLE_SOUND_SHARE = 0.1;
const NOISE_SHARE = 0.05;

/**
 * What the leg's audio mostly is. Pure.
 *
 * `speech`: a fifth of the last 4 s is voiced; or over the whole leg at least 50 frames are, and they
 * are 30 % of all that stood out from the background. Otherwise tone or music, of the last 4 s with the
 * background, else of the whole leg; otherwise `noise`, and `silence` when there is none.
 */
export function dominantSignal(quality: SignalQuality): DominantSignal {
  if (isSpeech(quality)) return 'speech';
  const { recentToneFrames, recentMusicFrames, recentNoiseFrames, recentFrames } = quality;
  const recent = Math.max(recentToneFrames, recentMusicFrames);
  if (recent > RECENT_SOUND_SHARE * recentFrames && recent >= recentNoiseFrames) {
    return recentToneFrames === recent ? 'tone' : 'music';
  }
  const { toneFrames, musicFrames, noiseFrames, hops } = quality;
  const whole = Math.max(toneFrames, musicFrames);
  if (whole > WHOLE_SOUND_SHARE * hops && whole >= noiseFrames) {
    return toneFrames === whole ? 'tone' : 'music';
  }
  if (recentNoiseFrames > NOISE_SHARE * recentFrames) return 'noise';
  return noiseFrames > NOISE_SHARE * hops ? 'noise' : 'silence';
}

function isSpeech(quality: SignalQuality): boolean {
  const { voicedFrames, toneFrames, musicFrames, noiseFrames } = quality;
  const { recentVoicedFrames, recentFrames } = quality;
  if (recentVoicedFrames > 0 && recentVoicedFrames >= RECENT_SPEECH_SHARE * recentFrames) {
    return true;
  }
  const sounds = voicedFrames + toneFrames + musicFrames + noiseFrames;
  return voicedFrames >= LEAST_SPEECH_FRAMES && voicedFrames >= LEAST_SPEECH_SHARE * sounds;
}
