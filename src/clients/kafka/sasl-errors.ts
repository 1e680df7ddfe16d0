import { createRequire } from "node:module";
import { brokerAwayNames } from "./classify-error.ts";

/**
 * The fourth seam in kafkajs: whose fault a login was.
 *
 * kafkajs 2.2.4 calls everything that goes wrong in a login a refused login, also a connection that broke meanwhile, and
 * keeps nothing of what it was. A broker that is restarted would end the process with "check the password". Here the
 * error of a connection stays what it is; what the broker said stays a refusal.
 */

interface Connection {
  send(request: object): Promise<unknown>;
  sendAuthRequest(request: object): Promise<unknown>;
}

interface SaslAuthenticator {
  connection: Connection;
  authenticate(): Promise<void>;
}

const require = createRequire(import.meta.url);
const prototype: SaslAuthenticator = require("kafkajs/src/broker/saslAuthenticator/index.js").prototype;
const { authenticate } = prototype;

prototype.authenticate = async function (this: SaslAuthenticator) {
  const { connection } = this;
  let away: unknown;
  const send = async (request: object) => {
    try {
      return await connection.send(request);
    } catch (error) {
      if (brokerAwayNames.has((error as Error).name)) away = error;
      throw error;
    }
  };
  // To brokers before Kafka 1.0, which say nothing and hang up, a broken connection is the refusal.
  const sendAuthRequest = connection.sendAuthRequest.bind(connection);
  this.connection = Object.create(connection, { send: { value: send }, sendAuthRequest: { value: sendAuthRequest } });
  try {
    await authenticate.call(this);
  } catch (error) {
    throw away ?? error;
  } finally {
    this.connection = connection;
  }
};
