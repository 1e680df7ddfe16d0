import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatorStats } from "../run/simulator-report.ts";
import type { OpenServer } from "../server/serve.ts";
import { serveHttpApi } from "./http-api.ts";

const token = "a-token-of-the-test-0123";
let eventsPerSecond = 0;
const simulator = {
  stats: () => ({ state: "running" }) as SimulatorStats,
  setEventsPerSecond: (value: number) => {
    eventsPerSecond = value;
  },
};

describe("the HTTP control beyond loopback", () => {
  let control: OpenServer;
  beforeAll(async () => {
    control = await serveHttpApi(simulator, { port: 0, address: "0.0.0.0", token });
  });
  afterAll(() => control.close());

  it("does and tells nothing without the token, on any path", async () => {
    for (const [method, path] of [
      ...[
        ["GET", "/ping"],
        ["GET", "/simulator/stats"],
        ["GET", "/metrics"],
        ["GET", "/absent"],
      ],
      ["PATCH", "/simulator/eps?value=5"],
    ] as const) {
      const answer = await fetch(`http://127.0.0.1:${control.port}${path}`, { method });
      expect(answer.status, path).toBe(401);
    }
    expect(eventsPerSecond).toBe(0);
  });

  it("obeys with it", async () => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${control.port}/simulator/eps?value=5`, { method: "PATCH", headers });
    expect(answer.status).toBe(200);
    expect(eventsPerSecond).toBe(5);
  });

  it("ends a connection whose header is larger than any of a client", async () => {
    const status = await new Promise<string>((resolve) => {
      const socket = connect(control.port, "127.0.0.1");
      socket.setEncoding("latin1").on("data", (text) => resolve(String(text).split("\r\n")[0]!));
      socket.on("error", () => {});
      socket.write(`GET /ping HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
    });
    expect(status).toContain("431");
  });
});

it("without a token does not open beyond loopback", async () => {
  await expect(serveHttpApi(simulator, { port: 0, address: "0.0.0.0", token: undefined })).rejects.toMatchObject({
    code: "E_CONFIG",
    message: expect.stringContaining("MILLRACE_HTTP_TOKEN"),
  });
});
