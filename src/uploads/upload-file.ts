import type { UploadBody, UploadProblemCode } from './upload-messages.ts';

const FILE_FIELD = 'file';
const MAX_FILE_NAME = 255;
/** One of them is looked at; a body of nothing but parts would take minutes and all memory. */
const MAX_PARTS = 100;

/** An upload that is no recording, for a reason that its sender may know. */
export class UploadError extends Error {
  readonly code: UploadProblemCode;

  constructor(code: UploadProblemCode, message: string) {
    super(message);
    this.code = code;
  }
}

interface UploadedFile {
  readonly bytes: Uint8Array;
  readonly name: string | null;
}

/** The recording in a body: the body itself, or the file of a form. @throws UploadError */
export async function fileOf({ blocks, contentType, fileName }: UploadBody): Promise<UploadedFile> {
  const bytes = Buffer.concat(blocks.splice(0));
  if (!/^multipart\/form-data/i.test(contentType)) return { bytes, name: fileName };
  requireFewParts(bytes, contentType);
  const form = await new Response(bytes, { headers: { 'Content-Type': contentType } })
    .formData()
    .catch(() => {
      throw new UploadError('bad_request', 'The form cannot be read.');
    });
  const file = form.get(FILE_FIELD);
  if (file === null || typeof file === 'string') {
    throw new UploadError('bad_request', `The form must have a file in its field "${FILE_FIELD}".`);
  }
  return {
    bytes: new Uint8Array(await file.arrayBuffer()),
    name: file.name.slice(0, MAX_FILE_NAME),
  };
}

function requireFewParts(bytes: Buffer, contentType: string): void {
  const divider = dividerOf(contentType);
  if (divider === null) throw new UploadError('bad_request', 'The form cannot be read.');
  let parts = 0;
  for (let at = bytes.indexOf(divider); at >= 0; at = bytes.indexOf(divider, at + divider.length)) {
    if (++parts <= MAX_PARTS) continue;
    throw new UploadError('bad_request', `The form may have at most ${MAX_PARTS} fields.`);
  }
}

/** What each part of a form begins with (RFC 2046, 5.1.1); null where readers could differ about it. */
function dividerOf(contentType: string): Buffer | null {
  const [, value, ...more] = contentType.split(/boundary=/i);
  if (value === undefined || more.length > 0 || value.includes('\\')) return null;
  const boundary = /^(?:"([^"]+)"|([^;,\s"]+))/.exec(value);
  const text = boundary?.[1] ?? boundary?.[2];
  return text === undefined ? null : Buffer.from(`--${text}`, 'latin1');
}
