import { NODE_ID } from "../broker.ts";
import { kafkaError } from "../error-codes.ts";
import { type KafkaApi, OPERATIONS_UNKNOWN } from "./api.ts";

/** DescribeCluster, version 0 (flexible from the start). */
export const describeCluster: KafkaApi = {
  key: 60,
  name: "DescribeCluster",
  versionMin: 0,
  versionMax: 0,
  flexibleFrom: 0,
  handle(broker, { advertised }, response) {
    response.appendInt32(0); // throttle time
    response.appendInt16(kafkaError.NONE).appendString(null);
    response.appendString(broker.clusterId).appendInt32(NODE_ID);
    response.appendArray([NODE_ID], (writer, nodeId) => {
      writer.appendInt32(nodeId).appendString(advertised.host).appendInt32(advertised.port).appendString(null);
    });
    response.appendInt32(OPERATIONS_UNKNOWN).appendTaggedFields();
    return undefined;
  },
};
