const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes as text; undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A raw document for people: JSON with indents, other text as it is, anything else as a hex dump. */
export function describeRaw(bytes: Uint8Array): string {
  const text = textOf(bytes);
  if (text === undefined) return hexDump(bytes);
  try {
    const value: unknown = JSON.parse(text);
    // What would come out with other digits stays as it came.
    return /\d{16}|\d\.\d|\d[eE]/.test(text) ? text : JSON.stringify(value, undefined, 2);
  } catch {
    // Control characters would reach the terminal.
    return /(?![\t\n])\p{Cc}/u.test(text) ? hexDump(bytes) : text;
  }
}

/** Sixteen bytes a line: offset, hex, and the ASCII characters among them. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return lines.join("\n");
}
