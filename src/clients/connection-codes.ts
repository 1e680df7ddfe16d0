/** What the operating system and the resolver say when a server cannot be reached, and whether that passes by itself. */
const codes: readonly { code: string; connecting: boolean; passes: boolean }[] = [
  { code: "ECONNREFUSED", connecting: true, passes: true },
  { code: "ETIMEDOUT", connecting: true, passes: true },
  { code: "ENETUNREACH", connecting: true, passes: true },
  { code: "EHOSTUNREACH", connecting: true, passes: true },
  // A name that is not known stays so: mostly it is misspelled.
  { code: "ENOTFOUND", connecting: true, passes: false },
  { code: "EAI_AGAIN", connecting: true, passes: false },
  // The server was there, and went; a pipe of our own ends so as well.
  { code: "ECONNRESET", connecting: false, passes: true },
  { code: "EPIPE", connecting: false, passes: true },
];

/** What node:http says, without a code, when the other side hangs up before it answers. */
export const HUNG_UP_TEXT = "socket hang up";

/** There was no connection: the address is to be checked. */
export function isConnectFailure(code: unknown): boolean {
  return codes.some((known) => known.code === code && known.connecting);
}

/** The connection failed, not the request: the same may work in a moment. */
export function isPassingConnectionError(error: { code?: unknown; message: string }): boolean {
  return error.message === HUNG_UP_TEXT || codes.some(({ code, passes }) => code === error.code && passes);
}
