/** 0.8712 → `87 %`; near the ends one decimal more, so that nothing reads as certain. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  const value = 100 * share;
  const digits = value > 99 || value < 1 ? 1 : 0;
  return `${value.toFixed(digits)} %`;
}

/** 3,723 s → `1:02:03`, 63 s → `1:03`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function seconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function dateTime(atMs: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    atMs,
  );
}

export function count(value: number): string {
  return new Intl.NumberFormat('en').format(value);
}
