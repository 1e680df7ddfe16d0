import { openClient, replayTopic } from "./letter-desk.ts";

/** A replay in a process of its own that sends itself a signal at a step: `<url> <topic> <step> <signal>`. */
const [url = "", topic = "", signalledStep = "", signal = "SIGKILL"] = process.argv.slice(2);

const client = openClient(url);
const report = await replayTopic(client, topic, {
  onStep(step) {
    if (step === signalledStep) process.kill(process.pid, signal);
  },
});
console.log(JSON.stringify(report));
await client.close();
