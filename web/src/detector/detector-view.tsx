import { useEffect, useState } from 'preact/hooks';
import type { Detector, DetectorCard } from '../../../clients/typescript/client.ts';
import { askDetectors, detectors, probabilityAt } from '../lib/detectors.ts';
import { percent, seconds } from '../lib/format.ts';
import { ScrollRegion } from '../lib/scroll-region.tsx';
import { ask } from '../lib/session.ts';
import { useStore } from '../lib/store.ts';
import { TableHead } from '../lib/table-head.tsx';
import { S } from '../strings.ts';
import { Alerts } from './alerts.tsx';
import { Chart } from './chart.tsx';
import { Markdown } from './markdown.tsx';

/** What is loaded, how good it is, and what it raised. */
export function DetectorView() {
  const all = useStore(detectors);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    askDetectors().catch((error: unknown) => setProblem(String(error)));
  }, []);
  return (
    <div class="view detector-view">
      <div class="view-head">
        <h1>{S.detector.title}</h1>
        <p class="muted">{S.detector.intro}</p>
      </div>
      {problem !== null && <p class="note warn">{problem}</p>}
      <Alerts />
      {all.map((detector) => (
        <DetectorSection key={detector.id} detector={detector} />
      ))}
    </div>
  );
}

function DetectorSection({ detector }: { readonly detector: Detector }) {
  const [card, setCard] = useState<DetectorCard | null>(null);
  const { id, name, version, description } = detector;
  useEffect(() => {
    ask((client) => client.detectorCard(id)).then(setCard, () => {
      // The facts above stand without it.
    });
  }, [id]);
  return (
    <article class="card detector" aria-labelledby={`d-${name}`}>
      <h2 id={`d-${name}`}>
        {name} <span class="muted num">{version}</span>
      </h2>
      <p>{description}</p>
      <Facts detector={detector} />
      {card !== null && card.figures.length > 0 && <Figures figures={card.figures} />}
      {card !== null && card.charts.length > 0 && <Charts charts={card.charts} />}
      {card?.card != null && (
        <details class="model-card">
          <summary>{S.detector.card}</summary>
          <Markdown text={card.card} />
        </details>
      )}
    </article>
  );
}

function Facts({ detector }: { readonly detector: Detector }) {
  const { sampleRateHz, band, thresholdLlr, priorSynthetic, thresholds } = detector;
  const inUse = thresholds.find(({ llr }) => llr === thresholdLlr);
  const facts = [
    [S.detector.rate, `${sampleRateHz / 1000} kHz`],
    [S.detector.band, `${band.lowHz} – ${band.highHz} Hz`],
    [
      S.detector.threshold,
      S.detector.thresholdText(
        thresholdLlr.toFixed(2),
        percent(probabilityAt(thresholdLlr, priorSynthetic)),
        inUse === undefined ? null : percent(inUse.falseAlertRate),
      ),
    ],
    [S.detector.prior, percent(priorSynthetic)],
    [
      S.detector.speech,
      S.detector.speechText(
        seconds(detector.provisionalSpeechMs, 0),
        seconds(detector.firmSpeechMs, 0),
      ),
    ],
    [S.detector.identity, detector.id],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div class="fact" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Figures({ figures }: Pick<DetectorCard, 'figures'>) {
  return (
    <>
      <h3>{S.detector.figures}</h3>
      <p class="muted">{S.detector.figuresHint}</p>
      <ScrollRegion class="table-wide" label={S.detector.figures}>
        <table>
          <TableHead labels={S.detector.figureColumns} />
          <tbody>
            {figures.map((row) => (
              <tr key={`${row.split} ${row.channel}`}>
                <td>{row.split}</td>
                <td>{row.channel}</td>
                <td class="num">{row.clips}</td>
                <td class="num">
                  <Interval value={row.pageMacroEer['4 s'] ?? null} of={row.pageMacroEerInterval} />
                </td>
                <td class="num">{percent(row.pooledEer)}</td>
                <td class="num">{row.cllr.toFixed(2)}</td>
                <td class="num">{percent(row.falseAlertRate)}</td>
                <td class="num">{percent(row.missRate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </>
  );
}

/** A share with its interval, also drawn: 0 to 50 %, where guessing is. */
function Interval(props: {
  readonly value: number | null;
  readonly of: readonly [number, number];
}) {
  const { value, of } = props;
  const x = (share: number) => (Math.min(share, 0.5) * 160).toFixed(1);
  return (
    <span class="interval">
      {percent(value)}
      <span class="muted">
        {' '}
        ({percent(of[0])} – {percent(of[1])})
      </span>
      <svg viewBox="0 0 80 12" aria-hidden="true">
        <path class="interval-base" d="M0 6H80" />
        <path class="interval-range" d={`M${x(of[0])} 6H${x(of[1])}`} />
        {value !== null && <circle cx={x(value)} cy="6" r="3.5" />}
      </svg>
    </span>
  );
}

function Charts({ charts }: Pick<DetectorCard, 'charts'>) {
  const sections = [...new Set(charts.map(({ section }) => section))];
  return (
    <>
      {sections.map((section) => (
        <section key={section}>
          <h3>
            {S.detector.curves}: {section}
          </h3>
          <div class="charts">
            {charts
              .filter((chart) => chart.section === section)
              .map(({ title, svg }) => (
                <Chart key={title} title={`${title}, ${section}`} svg={svg} />
              ))}
          </div>
        </section>
      ))}
    </>
  );
}
