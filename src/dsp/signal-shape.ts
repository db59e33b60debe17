import type { SignalQuality } from './signal-quality.ts';

export type DominantSignal = 'speech' | 'silence' | 'tone' | 'music' | 'noise';

/** With this many voiced hops of the recent ones, the leg carries speech whatever else there is. */
const SPEECH_SHARE = 0.15;

/** What the leg's recent audio mostly is. Pure. */
export function dominantSignal(quality: SignalQuality): DominantSignal {
  const speech = quality.recentVoicedFrames;
  if (speech > 0 && speech >= SPEECH_SHARE * quality.recentFrames) return 'speech';
  const tone = quality.recentToneFrames;
  const music = quality.recentMusicFrames;
  const noise = quality.recentNoiseFrames;
  const sound = Math.max(tone, music, noise);
  if (sound === 0 || sound < 0.05 * quality.recentFrames) return 'silence';
  if (tone === sound) return 'tone';
  return music === sound ? 'music' : 'noise';
}
