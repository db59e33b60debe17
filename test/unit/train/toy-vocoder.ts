import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { OnnxGraph } from '../../../src/model/onnx-graph.ts';

/** A "vocoder" whose waveform is the mean of the bands, once a mel frame. @returns its file */
export function writeVocoder(folder: string, name: string): string {
  const graph = new OnnxGraph();
  graph.input('mel', [1, 80, 'frames']);
  graph.output('audio', [1, 'frames']);
  graph.node('ReduceMean', ['mel'], { axes: [1], keepdims: 0 }, 'audio');
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, onnxProto.onnx.ModelProto.encode(graph.model('vocoder')).finish());
  return path;
}
