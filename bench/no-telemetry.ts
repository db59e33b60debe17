// For scripts that load onnxruntime without src/main.ts, which says the same.
Object.assign(process.env, { ORT_DISABLE_TELEMETRY: '1' });
