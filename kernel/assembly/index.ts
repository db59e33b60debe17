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
  halvesAt,
  inputAt,
  powerAt,
  turnsAt,
} from './spectrum';
