export function MeaningView() {
  return null;
}
