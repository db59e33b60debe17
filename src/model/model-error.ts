export type ModelErrorCode =
  | 'MODEL_ERR_MISSING'
  | 'MODEL_ERR_MANIFEST'
  | 'MODEL_ERR_SCHEMA_VERSION'
  | 'MODEL_ERR_FILE_SIZE'
  | 'MODEL_ERR_FILE_HASH'
  | 'MODEL_ERR_SHAPE'
  | 'MODEL_ERR_FRONT_END'
  | 'MODEL_ERR_GRAPH'
  | 'MODEL_ERR_CHANGED';

export interface ModelErrorDetails {
  /** What was looked at: a path, a field, a tensor. */
  readonly subject: string;
  readonly expected: string;
  readonly actual: string;
}

/** A detector is not what its manifest says: what was expected, and what was found. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  readonly details: ModelErrorDetails;

  constructor(code: ModelErrorCode, details: ModelErrorDetails, options?: ErrorOptions) {
    const { subject, expected, actual } = details;
    super(`${code}: ${subject}: expected ${expected}, got ${actual}`, options);
    this.code = code;
    this.details = details;
  }
}
