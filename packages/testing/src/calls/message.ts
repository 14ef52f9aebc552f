/** What every message of the suite's contract is. */
export interface Message {
	readonly text: string;
}
