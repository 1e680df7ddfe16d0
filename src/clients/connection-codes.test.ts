import { connect } from "node:net";
import { expect, it } from "vitest";
import { isConnectFailure, isPassingConnectionError } from "./connection-codes.ts";

/** What the system says when the connection is tried. */
function errorOf(host: string, port: number): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => connect({ host, port }).once("error", resolve));
}

it("a server that does not listen is not reached, and may listen in a moment", async () => {
  const error = await errorOf("127.0.0.1", 1);
  expect([isConnectFailure(error.code), isPassingConnectionError(error)]).toEqual([true, true]);
});

it("a name that nobody knows is not reached, and stays unknown", async () => {
  const error = await errorOf("no-such-host.invalid", 1);
  expect([isConnectFailure(error.code), isPassingConnectionError(error)]).toEqual([true, false]);
});

it("a connection that broke says nothing of the address", () => {
  for (const error of [{ code: "ECONNRESET", message: "" }, { message: "socket hang up" }]) {
    expect([isConnectFailure(error.code), isPassingConnectionError(error)]).toEqual([false, true]);
  }
});
