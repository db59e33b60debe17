export function DetectorView() {
  return null;
}
