/**
 * Calls each in its order, and the next whatever the one before came to: what cannot be closed must not keep the rest open.
 *
 * @throws the first error, after the last call.
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
  if (errors.length > 0) throw errors[0];
}
