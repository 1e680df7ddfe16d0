/**
 * Bytes that do not follow their format: a torn record batch, a bad compressed frame. The message names what was read
 * and where. It never leaves the transcoder: it becomes the `error_message` of dead letters.
 */
export class CodecError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CodecError";
  }
}
