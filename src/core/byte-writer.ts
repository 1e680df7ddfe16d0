/**
 * A growing output buffer. It holds state only; every encoder is a free function `writeX(out, value)`.
 *
 * The row loop rewinds `out.offset` to the start of the row when a field is rejected, so an encoder may leave
 * a half-written row behind.
 */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  offset = 0;

  /** `buffer`: what to write into until it is full, instead of a new one. */
  constructor(capacityBytes: number, buffer = new ArrayBuffer(capacityBytes)) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  /** Makes room for `byteCount` more bytes. Growth doubles, so a row costs amortised constant copies. */
  reserve(byteCount: number): void {
    const needed = this.offset + byteCount;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(new ArrayBuffer(Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.offset));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}
