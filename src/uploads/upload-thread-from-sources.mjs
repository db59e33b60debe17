// Entry of the upload thread when the service runs from its sources; not part of the build.
import { register } from 'tsx/esm/api';

register();
await import('./upload-thread.ts');
