import { type DestinationStream, pino } from 'pino';

/** Structured log: a static message, values as attributes. Never audio, keys or tokens. */
export interface Logger {
  debug(values: object, message: string): void;
  info(values: object, message: string): void;
  warn(values: object, message: string): void;
  error(values: object, message: string): void;
}

const SECRET_NAMES = [
  'authorization',
  'key',
  'token',
  'resumeToken',
  'apiKey',
  'payload',
  'audio',
  'packet',
];

/** A logger in JSON lines, or a silent one. Attributes with the names of secrets are redacted. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
