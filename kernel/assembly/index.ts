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
  computePower,
  configureSpectrum,
  evenAt,
  halvesAt,
  oddAt,
  powerAt,
  turnsAt,
} from './spectrum';
