import type { ComponentChildren } from 'preact';

/** Something wider or longer than its place. It can be reached, and so scrolled, by keyboard. */
export function ScrollRegion(props: {
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}) {
  return (
    <section
      class={props.class}
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it could not be scrolled by keyboard
      tabIndex={0}
    >
      {props.children}
    </section>
  );
}
