import { isDeepStrictEqual } from 'node:util';
import type { Detector } from '../model/detector.ts';
import { planNetwork } from '../model/network.ts';
import type { NetworkSpec } from '../model/network-spec.ts';
import type { NetworkWeights } from '../model/weights.ts';
import { CorpusError } from './corpora/clip.ts';
import { hearsAs } from './prepare.ts';
import type { Recipe } from './recipe.ts';
import { networkOf, type TrainedNetwork } from './train-run.ts';

/**
 * One network with the mean of the weights of several, which must have gone on from one detector
 * with frozen batch norm (transfers that differ in their seed): others do not lie in one valley.
 * @param recipe what the mean is calibrated and published with
 * @throws CorpusError when they differ in network or front end, from each other or from the recipe
 */
export function averageDetectors(detectors: readonly Detector[], recipe: Recipe): TrainedNetwork {
  const [first, ...others] = detectors;
  if (first === undefined) throw new CorpusError('no detectors to average');
  const { frontEnd, network } = first.manifest;
  const same = comparable(first);
  const stranger = others.find((other) => comparable(other) !== same);
  if (stranger !== undefined) {
    throw new CorpusError(`${stranger.id} has another front end or network than ${first.id}`);
  }
  if (frontEnd.normalisation.kind !== 'global') {
    throw new CorpusError(`${first.id} has no global normalisation`);
  }
  if (
    !(hearsAs(first, recipe) && isDeepStrictEqual(layersOf(network), layersOf(networkOf(recipe))))
  ) {
    throw new CorpusError(
      `${first.id} has another front end or network than the recipe ${recipe.name}: --recipe and --from must be those of its training`,
    );
  }
  const { mean, scale } = frontEnd.normalisation;
  return {
    spec: network,
    plan: planNetwork(network),
    weights: meanWeights(detectors.map((detector) => detector.weights())),
    mean,
    scale,
    backend: 'mean of others',
    meanOf: detectors.map(({ id }) => id),
  };
}

/** Front end and network as trained: how each one is coded in integers is its own affair. */
function comparable({ manifest: { frontEnd, network } }: Detector): string {
  return JSON.stringify([frontEnd, { ...network, quantisation: undefined }]);
}

/** What of a network decides its weights, as JSON. */
function layersOf(spec: NetworkSpec) {
  const { framesPerStep: _, dropout: _dropout, quantisation: _quantisation, ...layers } = spec;
  return layers;
}

function meanWeights(all: readonly NetworkWeights[]): NetworkWeights {
  return new Map(
    [...all[0]!].map(([name, { shape }]) => {
      const parts = all.map((weights) => weights.get(name)!.values);
      const values = Float32Array.from(
        parts[0]!,
        (_, index) => parts.reduce((sum, part) => sum + part[index]!, 0) / parts.length,
      );
      return [name, { shape, values }];
    }),
  );
}
