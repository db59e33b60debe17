export { amplitudesAt, configureShape, emphasisAt, floorsAt, measureShape } from './shape';
export {
  computeLogEnergies,
  configureBands,
  firstBinsAt,
  logEnergiesAt,
  weightsAt,
  widthsAt,
} from './bands';
export {
  blockAt,
  computePower,
  configureSpectrum,
  halvesAt,
  powerAt,
  turnsAt,
  windowAt,
} from './spectrum';
