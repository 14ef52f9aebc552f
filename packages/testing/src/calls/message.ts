/** The shape of every message in the suite's contract. */
export interface Message {
	readonly text: string;
}
