// Entry of a lane thread when the service runs from its sources; not part of the build.
import { register } from 'tsx/esm/api';

register();
await import('./lane-thread.ts');
