/** `histogram_quantile` of Prometheus: the rank, interpolated between the two bounds where it lies. */
export function bucketQuantile(
  bounds: readonly number[],
  { counts, count }: { counts: readonly number[]; count: number },
  quantile: number,
): number {
  const rank = quantile * count;
  const index = counts.findIndex((below) => below >= rank);
  if (index === -1) return bounds.at(-1)!;
  const [lower, before] = index === 0 ? [0, 0] : [bounds[index - 1]!, counts[index - 1]!];
  return lower + ((bounds[index]! - lower) * (rank - before)) / (counts[index]! - before);
}
