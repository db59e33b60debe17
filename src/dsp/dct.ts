/**
 * Orthonormal DCT-II, the first `outputs` coefficients of `inputs` values:
 * `y[k] = s(k) Σ x[n] cos(πk(2n+1) / 2·inputs)` with `s(0) = √(1/inputs)`, else `√(2/inputs)`. The
 * same as `scipy.fft.dct(x, type=2, norm='ortho')`. Allocates at construction only.
 */
export class Dct {
  readonly inputs: number;
  readonly outputs: number;
  readonly #matrix: Float64Array;

  /** @throws RangeError when `outputs` is not an integer from 1 to `inputs`. */
  constructor(inputs: number, outputs: number) {
    if (!Number.isInteger(inputs) || inputs < 1) {
      throw new RangeError(`inputs must be an integer >= 1, got ${inputs}`);
    }
    if (!Number.isInteger(outputs) || outputs < 1 || outputs > inputs) {
      throw new RangeError(`outputs must be an integer from 1 to ${inputs}, got ${outputs}`);
    }
    this.inputs = inputs;
    this.outputs = outputs;
    this.#matrix = new Float64Array(inputs * outputs);
    for (let row = 0; row < outputs; row++) {
      const scale = Math.sqrt((row === 0 ? 1 : 2) / inputs);
      for (let column = 0; column < inputs; column++) {
        const angle = (Math.PI * row * (2 * column + 1)) / (2 * inputs);
        this.#matrix[row * inputs + column] = scale * Math.cos(angle);
      }
    }
  }

  /** Fills `coefficients[0 … outputs)` from `values[0 … inputs)`. */
  apply(values: Float32Array, coefficients: Float64Array): void {
    const matrix = this.#matrix;
    const { inputs, outputs } = this;
    let at = 0;
    for (let row = 0; row < outputs; row++) {
      let sum = 0;
      for (let column = 0; column < inputs; column++) sum += matrix[at++]! * values[column]!;
      coefficients[row] = sum;
    }
  }
}
