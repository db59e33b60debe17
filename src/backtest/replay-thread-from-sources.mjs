// Entry of a replay thread when the program runs from its sources; not part of the build.
import { register } from 'tsx/esm/api';

register();
await import('./replay-thread.ts');
