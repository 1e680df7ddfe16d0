/** What Kafka takes as the name of a topic (`Topic.validate` of its clients, but for "." and ".."). */
export const topicNamePattern = /^[A-Za-z0-9._-]{1,249}$/;

/** A name as ClickHouse needs no quotes around it. */
export const plainNamePattern = /^[A-Za-z_]\w*$/;

/** `database.table` as Millrace's options and files take it: two such names. */
export const qualifiedTablePattern = /^[A-Za-z_]\w*\.[A-Za-z_]\w*$/;
