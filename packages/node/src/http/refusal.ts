/** An answer with a status of HTTP itself, for a request that is no call; the header says what would be one. */
export interface Refusal {
	readonly status: number;
	readonly header: readonly [name: string, value: string];
}
