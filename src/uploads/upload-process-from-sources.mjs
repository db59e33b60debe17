// Entry of the upload process when the service runs from its sources; not part of the build.
import { register } from 'tsx/esm/api';

register();
await import('./upload-process.ts');
