/** The node that the embedded broker does not have. */
const SECOND_NODE_ID = 2;

/**
 * A Metadata response (versions 5 and 6, https://kafka.apache.org/protocol#The_Messages_Metadata) of a one-node cluster,
 * told as one of two nodes at the same address, the second of which leads all partitions of `topics`.
 */
export function spreadLeaders(frame: Buffer, topics: readonly string[]): Buffer {
  if (topics.length === 0) return frame;
  // After size, correlation id and throttle time.
  const brokersAt = 12;
  if (frame.readInt32BE(brokersAt) !== 1) throw new Error("Cannot add a broker to a cluster of more than one");
  const brokerAt = brokersAt + 4;
  let at = brokerAt + 4;
  const int16 = () => {
    at += 2;
    return frame.readInt16BE(at - 2);
  };
  const int32 = () => {
    at += 4;
    return frame.readInt32BE(at - 4);
  };
  const text = () => {
    const byteLength = Math.max(0, int16());
    at += byteLength;
    return frame.toString("utf8", at - byteLength, at);
  };
  text(); // host
  int32(); // port
  text(); // rack
  const brokerEnd = at;
  const told = Buffer.from(frame);
  text(); // cluster id
  int32(); // controller
  for (let topicsLeft = int32(); topicsLeft > 0; topicsLeft -= 1) {
    int16(); // error
    const isSecond = topics.includes(text());
    at += 1; // is internal
    for (let partitionsLeft = int32(); partitionsLeft > 0; partitionsLeft -= 1) {
      int16(); // error
      int32(); // partition
      if (isSecond) told.writeInt32BE(SECOND_NODE_ID, at);
      int32(); // leader
      for (const _list of ["replicas", "in sync", "offline"]) for (let left = int32(); left > 0; left -= 1) int32();
    }
  }
  const second = Buffer.from(frame.subarray(brokerAt, brokerEnd));
  second.writeInt32BE(SECOND_NODE_ID);
  const spread = Buffer.concat([told.subarray(0, brokerEnd), second, told.subarray(brokerEnd)]);
  spread.writeInt32BE(spread.length - 4);
  spread.writeInt32BE(2, brokersAt);
  return spread;
}
