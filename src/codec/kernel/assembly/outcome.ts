/**
 * Lenient conversions since the last reset: what a writer says beside its outcome. Of a value that ends DECLINED or
 * rejected the count is void: the reference transcoder counts for itself.
 */
export let coercions: u32 = 0;

export function countCoercion(): void {
  coercions++;
}

export function resetCoercions(count: u32 = 0): void {
  coercions = count;
}
