import { render } from 'preact';
import { App } from './app.tsx';
import { askSession } from './lib/session.ts';

void askSession();
render(<App />, document.getElementById('page')!);
