/** Text as HTML or SVG content. */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A share as per cent; a dash when there is none. */
export function percentText(share: number): string {
  return Number.isFinite(share) ? (100 * share).toFixed(1) : '–';
}

/** A table; the first row of cells is the head. Numbers are set to the right. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]) =>
    row
      .map((cell) => {
        const isNumber = tag === 'td' && /^[-+–]?\d|^–$/.test(cell);
        return `<${tag}${isNumber ? ' class="n"' : ''}>${escapeMarkup(cell)}</${tag}>`;
      })
      .join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}
