import { S } from '../strings.ts';
import { BaseRates } from './base-rates.tsx';

/** For people who are not engineers: what the score is, and what it is not. */
export function MeaningView() {
  const { title, intro, sections } = S.meaning;
  return (
    <article class="view meaning">
      <h1>{title}</h1>
      <p class="lead">{intro}</p>
      {sections.map(({ heading, paragraphs, points, id }) => (
        <section key={id} aria-labelledby={id}>
          <h2 id={id}>{heading}</h2>
          {paragraphs.map((text) => (
            <p key={text}>{text}</p>
          ))}
          {points.length > 0 && (
            <ul>
              {points.map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          )}
          {id === 'base-rates' && <BaseRates />}
        </section>
      ))}
    </article>
  );
}
