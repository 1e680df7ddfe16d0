import { NODE_INNER, NODE_TYPE, TYPE_LOW_CARDINALITY, TYPE_NULLABLE } from "./layout";

@inline
export function typeOf(node: usize): u32 {
  return <u32>load<u8>(node, NODE_TYPE);
}

@inline
export function innerOf(node: usize): usize {
  return <usize>load<u32>(node, NODE_INNER);
}

/** True when a null is a value of this type. */
export function isNullable(node: usize): bool {
  const type = typeOf(node);
  return type == TYPE_NULLABLE || (type == TYPE_LOW_CARDINALITY && isNullable(innerOf(node)));
}
