/**
 * An answer with a status of HTTP itself, for a request that is not a call. The header says which request would be
 * accepted.
 */
export interface Refusal {
	readonly status: number;
	readonly header: readonly [name: string, value: string];
}
