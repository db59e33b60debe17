import { RecordingError, readRecording } from '../audio-files/read-recording.ts';
import type { Clock } from '../clock.ts';
import { OfflineScreener } from '../replay/offline-screener.ts';
import { wireAudio } from '../replay/prepare-audio.ts';
import { steadyTimeline } from '../replay/timeline.ts';
import { callScoresOf } from './call-scores.ts';
import type { ReplayOutcome, ReplaySetup, ReplayTask } from './replay-messages.ts';

/** Replays recordings one after the other, through the same calls, ring, lane and events as `screen`. */
export class RecordingReplayer {
  readonly #setup: ReplaySetup;
  readonly #clock: Clock;
  readonly #screeners = new Map<number, OfflineScreener>();

  constructor(setup: ReplaySetup, clock: Clock) {
    this.#setup = setup;
    this.#clock = clock;
  }

  /** Never throws for what a file can cause. Not reentrant. */
  async replay({ path, codec, detectorSet }: ReplayTask): Promise<ReplayOutcome> {
    const { sampleRateHz, scoreIntervalMs } = this.#setup;
    try {
      const screener = await this.#screenerOf(detectorSet);
      const audio = wireAudio(await readRecording(path), { codec, sampleRateHz });
      const events = await screener.screen({
        audio,
        timeline: steadyTimeline(audio),
        stamped: false,
        callId: 'backtest',
        legs: Array.from({ length: audio.format.channels }, (_, channel) => ({
          id: String(channel),
          role: 'unknown',
        })),
        scoreIntervalMs,
      });
      return { kind: 'scored', scores: callScoresOf(events) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: isOfTheFile(error) ? 'unreadable' : 'failed', reason };
    }
  }

  async close(): Promise<void> {
    for (const screener of this.#screeners.values()) await screener.close();
    this.#screeners.clear();
  }

  async #screenerOf(detectorSet: number): Promise<OfflineScreener> {
    const known = this.#screeners.get(detectorSet);
    if (known !== undefined) return known;
    const { engine, settings, detectorSets } = this.#setup;
    const screener = await OfflineScreener.create({
      ...{ engine, settings, clock: this.#clock },
      detectorFolders: detectorSets[detectorSet]!,
    });
    this.#screeners.set(detectorSet, screener);
    return screener;
  }
}

/** No audio, a rate or a number of channels that no line has, or not to be opened. */
function isOfTheFile(error: unknown): boolean {
  if (error instanceof RecordingError || error instanceof RangeError) return true;
  return /^(ENOENT|EISDIR|EACCES|EPERM|EIO)$/.test(String((error as { code?: unknown })?.code));
}
