import { useEffect, useState } from 'preact/hooks';
import { onSchemeChange, readColours } from '../lib/colours.ts';

/** A drawing of the report as a picture, in the ink of the colour scheme. */
export function Chart({ title, svg }: { readonly title: string; readonly svg: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let made: string | null = null;
    const draw = () => {
      if (made !== null) URL.revokeObjectURL(made);
      const text = svg
        .replaceAll('currentColor', readColours().ink)
        .replace('<svg ', '<svg font-family="system-ui, sans-serif" ');
      made = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
      setUrl(made);
    };
    draw();
    const stop = onSchemeChange(draw);
    return () => {
      stop();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [svg]);
  return url === null ? null : <img class="chart" src={url} alt={title} width={460} height={396} />;
}
