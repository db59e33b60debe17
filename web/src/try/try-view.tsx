export function TryView() {
  return null;
}
