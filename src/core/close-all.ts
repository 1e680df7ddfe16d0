/**
 * Calls each in its order, and the next whatever the one before came to: what cannot be closed must not keep the rest open.
 *
 * @throws after the last call: the error, or an AggregateError with all of them, whose cause is the first.
 */
export async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closers) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) {
    const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new AggregateError(errors, `${errors.length} could not be closed: ${texts.join("; ")}`, { cause: errors[0] });
  }
}
